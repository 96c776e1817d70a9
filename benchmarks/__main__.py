"""Print one table of all timings, with the bars they are held against: `make benchmark`."""

from benchmarks import browser, kernel, pages


def row(name, figure, bar="", unit="s"):
    """Print one line of the table; a figure of None was not measured here."""
    shown = (
        "not measured"
        if figure is None
        else f"{figure:.3f} {unit}"
        if unit == "s"
        else f"{figure:.1f} {unit}"
    )
    print(f"{name:<58}{shown:>14}   {bar}", flush=True)


def main():
    """Measure, print, and say the ratios that the bars speak of."""
    print("Kernel: 369 parameters, 20 epochs")
    times = kernel.retraining()
    for name, figure in times.items():
        row(name, figure)
    fit, first, again, torch = times.values()
    row("  again, times faster than model.fit", fit / again, "at least 60, aim 100", "×")
    row("  first time, times faster than model.fit", fit / first, "at least 2", "×")
    row("  again, times faster than PyTorch", torch and torch / again, "at least 12", "×")
    print("Kernel: the lab of chapter 1")
    for name, figure in kernel.slider_move().items():
        row(name, figure, "at most 0.250 s" if "move" in name else "")
    print("Kernel: the lab of chapter 2")
    times = kernel.recurrent()
    for name, figure in times.items():
        row(name, figure, "at most 2 s" if "move" in name else "")
    recurrent_fit, recurrent_again, _ = times.values()
    row("  LSTM(32), again, times faster", recurrent_fit / recurrent_again, "at least 3, aim 6", "×")
    print("Kernel: the reverse job and the lab of chapter 5")
    times = kernel.self_attention()
    for name, figure in times.items():
        row(name, figure, "at most 3 s" if "lab" in name else "")
    reverse_fit, reverse_again, *_ = times.values()
    row(
        "  reverse, again, times faster than model.fit", reverse_fit / reverse_again, "at least 2, aim 3", "×"
    )
    print("Kernel: the reverse job and the lab of chapter 6")
    times = kernel.seq2seq()
    for name, figure in times.items():
        row(name, figure, "at most 10 s" if "lab" in name else "")
    seq2seq_fit, seq2seq_again, _ = times.values()
    row(
        "  reverse, again, times faster than model.fit",
        seq2seq_fit / seq2seq_again,
        "at least 1.7, aim 2.5",
        "×",
    )
    row("growth of memory over 500 trainings", kernel.memory_growth(), "less than 50 MB", "MB")
    print("Browser")
    figures = dict(browser.measure())
    for name, figure in figures.items():
        unit = "kB" if "(kB)" in name else "ms" if "(ms" in name else "s"
        row(name, figure, unit=unit)
    again = next(figure for name, figure in figures.items() if name.endswith("browser: again"))
    row("  369 parameters, again, share of model.fit", 100 * again / fit, "at most 50 %", "%")
    print("Pages: first text; all that is loaded, and compressed as hosts send it")
    for name, (first_text, size, compressed) in pages.measure().items():
        row(f"{name}, first text", first_text)
        row(f"{name}, loaded", size / 1000, unit="kB")
        row(f"{name}, loaded, compressed", compressed / 1000, "less than 1,000 kB", "kB")


if __name__ == "__main__":
    main()
