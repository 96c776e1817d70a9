"""Print one table of all timings, with the bars they are held against: `make benchmark`.

`python -m benchmarks OLD NEW` compares two commits that were measured on this machine.
"""

import sys

from benchmarks import activations, browser, engine, jax_scan, kernel, notebooks, pages, record

SECONDS_A_NOTEBOOK = {"06": 240, "07": 150, "08": 120, "04": 90, "05": 90}

# A lab's first move in the kernel, and its next, where they have a bar.
SECONDS_A_MOVE = {
    "dense": ("", "at most 0.25 s"),
    "recurrent": ("", "at most 2 s"),
    "self_attention": ("at most 3 s", "at most 3 s"),
    "seq2seq": ("at most 10 s", ""),
}


class Table:
    """Rows, printed as they are measured and kept for the record."""

    def __init__(self):
        self.figures = {}

    def row(self, name, figure, bar="", unit="s"):
        """Print one line; a figure of None was not measured here."""
        self.figures[name] = [figure, unit, bar]
        print(f"{name:<72}{record.shown(figure, unit):>10}   {bar}".rstrip(), flush=True)


def measure_kernel(table):
    """Retraining in the kernel against `model.fit` and PyTorch; returns the seconds of the small job, by program."""
    print("Kernel: 369 parameters, 20 epochs")
    times = kernel.retraining()
    for name, figure in times.items():
        table.row(name, figure)
    fit, first, again, torch = times.values()
    table.row("  again, times faster than model.fit", fit / again, "at least 60, aim 100", "×")
    table.row("  first time, times faster than model.fit", fit / first, "at least 2", "×")
    table.row("  again, times faster than PyTorch", torch and torch / again, "at least 12", "×")
    alone, known, new = kernel.run_alone()
    table.row("the compiled run alone", alone)
    table.row("  the same seed again, times as long as this", known / alone, "at most 1.3", "×")
    table.row("  a new seed, times as long as this", new / alone, "", "×")
    table.row("ids looked through, share of one epoch", kernel.checking_ids(), "at most 5 %", "%")
    for job, bar, measured in (
        ("LSTM(32)", "at least 3, aim 6", kernel.recurrent),
        ("reverse by self-attention", "at least 2, aim 3", kernel.self_attention),
        ("reverse by encoder and decoder", "at least 1.7, aim 2.5", kernel.seq2seq),
    ):
        measure_against_fit(table, job, bar, *measured())
    table.row("growth of memory over 500 trainings", kernel.memory_growth(), "less than 50 MB", "MB")
    print("Kernel: all activations of a model, against predict")
    for row in activations.measure():
        table.row(*row)
    return {
        "Retrainer": again,
        "jit of a scan in JAX": jax_scan.seconds(),
        "model.fit": fit,
        "PyTorch": torch,
    }


def measure_against_fit(table, job, bar, first_fit, fit, first, again):
    """Print a job's seconds, and how many times faster a Retrainer is."""
    print(f"Kernel: {job}; the first time compiles")
    table.row(f"{job}, model.fit, first time", first_fit)
    table.row(f"{job}, model.fit, again", fit)
    table.row(f"{job}, Retrainer, first time", first)
    table.row(f"{job}, Retrainer, again", again)
    table.row(f"  {job}, first time, times faster than model.fit", first_fit / first, "", "×")
    table.row(f"  {job}, again, times faster than model.fit", fit / again, bar, "×")


def measure_lab_moves(table):
    """Every lab in the kernel; returns the seconds of a next move, by lab."""
    print("Kernel: labs, from a slider's move to the picture of a found answer")
    print("(set against model.fit are the four jobs above; all labs but dates train by the same Retrainer)")
    table.row("dense: the picture alone", kernel.picture())
    next_moves = {}
    for lab, first, again in kernel.lab_moves():
        first_bar, bar = SECONDS_A_MOVE.get(lab, ("", ""))
        table.row(f"{lab}: first move, compile included", first, first_bar)
        table.row(f"{lab}: next move", again, bar)
        next_moves[lab] = again
    return next_moves


# How many times faster the page must do the small job than each program does it in Python.
TIMES_FASTER = {"Retrainer": 1, "jit of a scan in JAX": 1, "model.fit": 100, "PyTorch": 12}


def measure_browser(table, small_job, next_moves):
    """The labs in the browser against the kernel, and the small job against other programs."""
    print("Browser")
    rows = browser.measure()
    for row in rows:
        table.row(*row)
    figures = {row.name: row.figure for row in rows}
    again = figures[browser.AGAIN]
    for name, seconds in small_job.items():
        table.row(f"369 parameters, 20 epochs, {name}", seconds)
        bar = f"at least {TIMES_FASTER[name]}"
        table.row(f"  the page, times faster than {name}", seconds and seconds / again, bar, "×")
    for lab, seconds in next_moves.items():
        found = figures[f"{lab}: {browser.FOUND}"]
        table.row(f"  {lab}: found answer over the kernel's next move", found / seconds, "at most 1.0", "×")


def measure_engine(table):
    """The labs' engine without a page."""
    print("Engine, in node: a step of each lab's job")
    for row in engine.measure():
        table.row(*row)
    print(f"How a step grows with width, batch and length: {engine.PICTURE}")


def measure_pages(table):
    """What each page loads."""
    print("Pages: first text; all that is loaded, and compressed as hosts send it")
    for name, (first_text, size, compressed) in pages.measure().items():
        table.row(f"{name}, first text", first_text)
        table.row(f"{name}, loaded", size / 1000, unit="kB")
        table.row(f"{name}, loaded, compressed", compressed / 1000, "less than 1,000 kB", "kB")


def measure_notebooks(table):
    """How long each notebook takes."""
    print("Notebooks")
    for name, figure in notebooks.measure():
        table.row(name, figure, f"at most {SECONDS_A_NOTEBOOK.get(name[:2], 60)} s")


def main():
    """Measure, print, and keep."""
    table = Table()
    small_job = measure_kernel(table)
    next_moves = measure_lab_moves(table)
    measure_browser(table, small_job, next_moves)
    measure_engine(table)
    measure_pages(table)
    measure_notebooks(table)
    record.append(table.figures)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        try:
            record.compare(*sys.argv[1:])
        except ValueError as error:
            sys.exit(str(error))
    else:
        main()
