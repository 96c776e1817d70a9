"""Make room for a new chapter: after `python -m tools.renumber 4` today's chapter 4 is the fifth, and so on.

A chapter's number stands in the name of its notebook. Wherever words repeat it, they follow: links,
"chapter 4", "exercises 4.1 and 4.2", "equation 4.1" and its tag, the ids of cells. What is left to do is
the new chapter itself (`book/README.md`), and `make run`, as a longer number may break a printed line
at another word.
"""

import re
import subprocess
import sys
from pathlib import Path

from tools.run import replace

NOTEBOOK = re.compile(r"(\d\d)_(\w+)\.ipynb")
# What a number of a chapter follows: a word, where it is a plural before a list …
AND = r"(?:, and |, or |, | and | or | to |–)"
WORDS = re.compile(
    rf"(?i)(?<![a-z])(?:chapter[ _]?\d+|chapters \d+(?:{AND}\d+)*"
    rf"|(?:exercise|equation) \d+\.\d+|(?:exercises|equations) \d+\.\d+(?:{AND}\d+\.\d+)*)(?!\d)"
)
# … or the start of an id, of a tag, of the argument of a check, or of an entry in a table of chapters.
SIGNS = re.compile(
    r"\b((?:starter|solution|exercise)-)(\d+)(?=-\d)"
    r"|(\btag\{)(\d+)(?=\.\d+\})"
    r'|(\bcheck\(\\?")(\d+)(?=\.\d+\\?")'
    r"|(\[)(\d+)(?=\. [^\]\n]+\]\(\d\d_)"
)


def make_room(root, number):
    """Give `number` free for a new chapter of the book at `root`, a git repository.

    Args:
        root: the repository's folder. Its text files, tracked or new, are rewritten in place.
        number: from 1 to one more than there are chapters; chapters from this one on move up by one.

    Raises:
        ValueError: there is no such place.
    """
    notebooks = sorted((root / "book").glob("[0-9]*.ipynb"), reverse=True)
    if not 1 <= number <= len(notebooks) + 1:
        raise ValueError(f"number must be from 1 to {len(notebooks) + 1}, got {number}")
    topics = {int(match[1]): match[2] for match in (NOTEBOOK.fullmatch(path.name) for path in notebooks)}
    listed = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0")
    for path in sorted({root / name for name in names if name}):
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        moved = renumbered(text, topics, number)
        if moved != text:
            replace(path, moved)
    for path in notebooks:  # the last one first, so that none is written over
        path.rename(path.with_name(renumbered(path.stem, topics, number) + ".ipynb"))


def renumbered(text, topics, number):
    """Return `text` with chapters from `number` on moved up by one.

    Args:
        text: the text of any file.
        topics: today's chapters as {number: its notebook's name without number and ending}.
        number: that of the first chapter that moves.
    """

    def moved(old):
        return int(old) + (int(old) in topics and int(old) >= number)

    def in_list(match):
        return re.sub(r"\d+(\.\d+)?", lambda one: str(moved(one[0].split(".")[0])) + (one[1] or ""), match[0])

    def after_sign(match):
        before, old = (part for part in match.groups() if part is not None)
        return f"{before}{moved(old)}"

    text = SIGNS.sub(after_sign, WORDS.sub(in_list, text))
    files = "|".join(f"{old:02}_{topic}" for old, topic in topics.items())
    return re.sub(rf"\b({files})\b", lambda match: f"{moved(match[0][:2]):02}{match[0][2:]}", text)


if __name__ == "__main__":
    try:
        make_room(Path(__file__).parents[1], int(sys.argv[1]))
    except (ValueError, IndexError) as error:
        sys.exit(f"renumber: {error}")
