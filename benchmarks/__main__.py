"""Print one table of all timings, with the bars they are held against: `make benchmark`.

`python -m benchmarks OLD NEW` compares two commits that were measured on this machine.
"""

import sys

from benchmarks import browser, kernel, notebooks, pages, record

SECONDS_A_NOTEBOOK = {"06": 240, "07": 150, "08": 120, "04": 90, "05": 90}


class Table:
    """Rows, printed as they are measured and kept for the record."""

    def __init__(self):
        self.figures = {}

    def row(self, name, figure, bar="", unit="s"):
        """Print one line; a figure of None was not measured here."""
        self.figures[name] = [figure, unit, bar]
        print(f"{name:<58}{record.shown(figure, unit):>14}   {bar}".rstrip(), flush=True)


def measure_kernel(table):
    """Retraining in the kernel against `model.fit` and PyTorch; returns the seconds of `model.fit`."""
    print("Kernel: 369 parameters, 20 epochs")
    times = kernel.retraining()
    for name, figure in times.items():
        table.row(name, figure)
    fit, first, again, torch = times.values()
    table.row("  again, times faster than model.fit", fit / again, "at least 60, aim 100", "×")
    table.row("  first time, times faster than model.fit", fit / first, "at least 2", "×")
    table.row("  again, times faster than PyTorch", torch and torch / again, "at least 12", "×")
    for chapter, job, bar, measured, limit in (
        (1, None, "", kernel.slider_move, 0.25),
        (2, "LSTM(32)", "at least 3, aim 6", kernel.recurrent, 2),
        (5, "reverse by self-attention", "at least 2, aim 3", kernel.self_attention, 3),
        (6, "reverse by encoder and decoder", "at least 1.7, aim 2.5", kernel.seq2seq, 10),
    ):
        print(f"Kernel: the lab of chapter {chapter}")
        times = measured()
        for name, figure in times.items():
            table.row(name, figure, f"at most {limit} s" if "lab" in name or "move" in name else "")
        if job:
            slow, again, *_ = times.values()
            table.row(f"  {job}, again, times faster than model.fit", slow / again, bar, "×")
    table.row("growth of memory over 500 trainings", kernel.memory_growth(), "less than 50 MB", "MB")
    return fit


def measure_browser(table, fit):
    """The labs in the browser, and the small job against `model.fit` in the kernel."""
    print("Browser")
    rows = browser.measure()
    for row in rows:
        table.row(*row)
    again = next(row.figure for row in rows if row.name.endswith("browser: again"))
    table.row("  369 parameters, again, share of model.fit", 100 * again / fit, "at most 50 %", "%")


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
    fit = measure_kernel(table)
    measure_browser(table, fit)
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
