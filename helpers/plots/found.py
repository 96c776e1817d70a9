"""Whether the attention is where the answer is: one rule a kind of picture, and the sentence that says so.

The labs in the browser follow the same rules; tests/found_cases.json holds both sides to them.

A **row** is n weights ≥ 0, and k of its places are the answer, mostly one. The answer's share is the sum of
its weights over the sum of all; an equal share is k / n. The margin says how far the share has come from an
equal share, 0, to all there is, 1: (share − k / n) / (1 − k / n). A row is

- **found** where the k largest weights are the answer's and the margin is at least 0.05,
- **not clear yet** where they are the answer's, but with a smaller margin: chance would do as well,
- **not found** elsewhere.

Of equal weights the first counts as the largest. Where all weights are 0 everybody has an equal share, and
where every place is the answer there is nothing to find: the margin is 0. Weights that are no finite numbers
are not found, with margin 0. All n places count, padding too.

A **picture** is found where every row with an answer is; its margin is the least of its rows'. Without a
known answer both are None. The kinds differ in what their rows are, and two in more:

- `bars`, `grid`, `trainings`: a row a panel. A training whose loss is no finite number diverged: not found.
- `effects`: two rows a panel, its weights and its effects.
- `cells`, `tokens`: the rows drawn that have an answer.
- `queries`: the rows of each panel that has answers of its own; else the rows of the panels' mean.
- `characters`: the rows with a known source. A name has many letters and one is enough to read it: the
  largest weight lies on *one* of the places, and the share is that of all of them.
- `keywords`: the samples, many and drawn by chance: 99 % of them are enough, for the margin too.
"""

from typing import NamedTuple

import numpy as np

CLEAR = 0.05
ENOUGH = 99  # percent of the samples


class Verdict(str):
    """A sentence that carries what it says.

    Attributes:
        found: True or False, or None where no answer is known.
        margin: how clearly, at most 1, or None.
    """

    def __new__(cls, sentence, found=None, margin=None):
        """Make a verdict of a sentence."""
        verdict = super().__new__(cls, sentence)
        verdict.found, verdict.margin = found, margin
        return verdict


class Row(NamedTuple):
    """What one row of weights says about its answer."""

    largest: int | None  # where the largest weight is; None where it is no number
    hits: int  # how many of the largest weights are the answer's
    is_largest: bool
    share: float
    equal: float

    @property
    def margin(self):
        """How far the share has come from an equal share, 0, to all there is, 1."""
        return (self.share - self.equal) / (1 - self.equal) if self.equal < 1 else 0.0


def look(weights, places, *, one_is_enough=False):
    """Look at the weights (n,) of a row whose answer is at `places`, a list of indices, each once."""
    weights = np.asarray(weights, "float64")
    equal = len(places) / len(weights)
    if not np.isfinite(weights).all():
        return Row(None, 0, False, equal, equal)
    total = weights.sum()
    share = float(weights[places].sum() / total) if total > 0 else equal
    order = np.argsort(-weights, kind="stable").tolist()
    hits = len({*order[: len(places)]} & {*places})
    is_largest = order[0] in places if one_is_enough else hits == len(places)
    return Row(order[0], hits, is_largest, share, equal)


def _word(rows):
    """Return "found", "not found" or "not clear yet" and why, for a dict from names to rows."""
    if not all(row.is_largest for row in rows.values()):
        return "not found"
    name, row = min(rows.items(), key=lambda item: item[1].margin)
    if row.margin >= CLEAR:
        return "found"
    where = f"{name}: " if name else ""
    return f"not clear yet ({where}{row.share:.2f} of all, an equal share is {row.equal:.2f})"


def _verdict(sentences, rows):
    margin = min((row.margin for row in rows), default=None)
    found = None if margin is None else margin >= CLEAR and all(row.is_largest for row in rows)
    return Verdict(" ".join(sentences), found, margin)


def bars(panels, answer, axis):
    """Judge a dict from titles to weights (n,), whose answer is at the index `answer`."""
    rows = {title: look(weights, [answer]) for title, weights in panels.items()}
    said = []
    for title, row in rows.items():
        if row.largest is None:
            sentence = "The weights are no finite numbers: not found."
        else:
            sentence = f"The largest weight, {panels[title][row.largest]:.2f}, is on {axis} {row.largest}"
            sentence += "" if row.is_largest else f", the answer on {axis} {answer}"
            sentence += f": {_word({'': row})}."
        said.append(f"{title}: {sentence}" if title else sentence)
    return _verdict(said, rows.values())


def grid(rows, answer, axis):
    """Judge a dict from titles of rows to dicts from titles of columns to weights (n,)."""
    looks = {
        f"{title}, {column}": look(weights, [answer])
        for title, row in rows.items()
        for column, weights in row.items()
    }
    said = [
        f"{name}: no finite numbers, not found."
        if row.largest is None
        else f"{name}: largest on {axis} {row.largest}, {_word({'': row})}."
        for name, row in looks.items()
    ]
    return _verdict(said, looks.values())


def cells(weights, answers, row):
    """Judge weights (rows, columns) by pairs (row, column); `row` is what the rows count."""
    answers = {(r, c) for r, c in answers}
    if not answers:
        return Verdict("")
    places = {r: sorted(c for other, c in answers if other == r) for r in sorted({r for r, _ in answers})}
    rows = {f"{row} {r}": look(weights[r], columns) for r, columns in places.items()}
    count = sum(each.hits for each in rows.values())
    said = f"Answers found, as the largest weights of their {row}: {count} of {len(answers)}"
    return _verdict([said + _unless_clear(rows) + "."], rows.values())


def queries(panels, alignment):
    """Judge a dict from titles to weights (queries, keys) by each query's key (queries,), or a dict of these."""
    if isinstance(alignment, dict):
        looks = {title: _aligned(weights, alignment[title]) for title, weights in panels.items()}
        said = [f"{title}: {_rows_found(rows)}" for title, rows in looks.items()]
        return _verdict(said, [row for rows in looks.values() for row in rows.values()])
    each = [f"{title}: {_count(_aligned(weights, alignment))}" for title, weights in panels.items()]
    rows = _aligned(np.mean(np.asarray(list(panels.values()), "float64"), axis=0), alignment)
    return _verdict([_rows_found(rows, f" ({', '.join(each)})" if len(panels) > 1 else "")], rows.values())


def _aligned(weights, alignment):
    return {
        f"row {r}": look(row, [int(key)]) for r, (row, key) in enumerate(zip(weights, alignment, strict=True))
    }


def _count(rows):
    return sum(row.is_largest for row in rows.values())


def _rows_found(rows, aside=""):
    return (
        f"The answer has the largest mean weight in {_count(rows)} of {len(rows)} rows{aside}: {_word(rows)}."
    )


def characters(weights, sources):
    """Judge weights (characters of a text, of another) by what says them, bool of the same shape."""
    rows = {
        f"character {r}": look(row, np.flatnonzero(places).tolist(), one_is_enough=True)
        for r, (row, places) in enumerate(zip(weights, sources, strict=True))
        if any(places)
    }
    if not rows:
        return Verdict("")
    count = f"{_count(rows)} of {len(rows)}"
    said = f"Of the characters with a known source {count} look at it: {_word(rows)}."
    return _verdict([said], rows.values())


def tokens(weights, answers):
    """Judge rows of weights by the index of the answer in each, None where none is known."""
    rows = {
        f"row {number}": look(row, [answer])
        for number, (row, answer) in enumerate(zip(weights, answers, strict=True), 1)
        if answer is not None
    }
    if not rows:
        return Verdict("")
    said = f"Largest weight on the answer: {_count(rows)} of {len(rows)}{_unless_clear(rows)}."
    return _verdict([said], rows.values())


def _unless_clear(rows):
    """Return what is to be added to a count that is complete, but by chance."""
    word = _word(rows)
    return f", {word}" if word.startswith("not clear") else ""


def keywords(weights, answers, padding):
    """Judge weights (samples, steps) by each sample's keyword (samples,); `padding` is True at padding."""
    rows = [look(row, [int(answer)]) for row, answer in zip(weights, answers, strict=True)]
    lost = np.where(padding, np.asarray(weights, "float64"), 0).sum(axis=1).mean()
    lost = "exactly 0" if lost == 0 else "below 0.01" if lost < 0.01 else f"{lost:.2f}"
    percent = 100 * sum(row.is_largest for row in rows) // len(rows)
    # Of the clearest 99 %, rounded up, the least clear.
    least = sorted(rows, key=lambda row: row.margin)[(100 - ENOUGH) * len(rows) // 100]
    word = _word({"": least._replace(is_largest=percent >= ENOUGH)})
    sentence = (
        f"Mean weight on padding: {lost}. Largest weight on the keyword in "
        f"{percent} % of held-out samples: {word}."
    )
    return Verdict(sentence, word == "found", least.margin)


def trainings(losses, weights, answer):
    """Judge dicts from trainings' names to their losses (epochs,) and to the weights (n,) they ended with."""
    rows = {
        name: look(
            weights[name] if np.isfinite(np.asarray(losses[name], "float64")).all() else [np.nan], [answer]
        )
        for name in losses
    }
    said = [
        f"{name}: diverged, not found."
        if row.largest is None
        else f"{name}: loss {losses[name][-1]:.2f} after {_epochs(len(losses[name]))}, {_word({'': row})}."
        for name, row in rows.items()
    ]
    return _verdict(said, rows.values())


def _epochs(count):
    return "1 epoch" if count == 1 else f"{count} epochs"


def effects(rows, axis, ablated=None):
    """Judge a dict from titles to triples: weights (n,), effects (n,), the index of the answer.

    Where the step `ablated` is taken out, its effect and the answer's are said as well.
    """
    said, looks = [], []
    for title, (weights, effects, answer) in rows.items():
        pair = {"weight": look(weights, [answer]), "effect": look(effects, [answer])}
        looks += pair.values()
        largest = ", ".join(
            f"largest {name} {'nowhere' if row.largest is None else f'on {axis} {row.largest}'}"
            for name, row in pair.items()
        )
        said.append(f"{title}: {largest}, {_word(pair)}.")
        if ablated is not None:
            of_answer = f"the answer, {axis} {answer},"
            said.append(
                f"Ablating {of_answer} changes the prediction by {effects[answer]:.1f}."
                if ablated == answer
                else f"Ablating {axis} {ablated} changes the prediction by {effects[ablated]:.1f}, "
                f"ablating {of_answer} by {effects[answer]:.1f}."
            )
    return _verdict(said, looks)
