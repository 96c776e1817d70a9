"""Letters of any script: what can be drawn here, how wide it is, and what fits."""

import functools
import textwrap
import warnings
from pathlib import Path

import matplotlib.figure
from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.ft2font import FT2Font

FONT_SIZE = 11
DOTS_PER_INCH = 144
OWN_FONT = Path(__file__).parents[1] / "fonts" / "dates-cjk.ttf"
SANS, MONOSPACE = "DejaVu Sans", "DejaVu Sans Mono"
# What draws what those lack. The first two are here on every machine, the others where they are installed.
OTHERS = (
    *(SANS, "Dates CJK"),
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "PingFang SC", "Hiragino Sans"),
    *("Microsoft YaHei", "Malgun Gothic", "Apple SD Gothic Neo", "WenQuanYi Zen Hei", "Arial Unicode MS"),
    *("Noto Sans Arabic", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Emoji", "Segoe UI Symbol"),
)

fontManager.addfont(OWN_FONT)


def fonts(text, first=SANS):
    """Return the names of the fonts that a text needs, in their order."""
    return [first] if set(map(ord, text)) <= _characters(first) else [first, *_others()]


def readable(text):
    """Return a text with each character that no font here has as its number, such as U+6211.

    Lines stay lines; other characters that cannot be seen are numbers too.
    """
    if text.isascii() and text.isprintable():
        return text
    missing = sorted({c for c in text if c not in "\n\u200d\ufe0f" and not _has(c)})
    if missing:
        named = " ".join(f"U+{ord(c):04X}" for c in missing)
        warnings.warn(f"no font here has {named}: drawn as numbers", stacklevel=2)
    return "".join(f"U+{ord(c):04X}" if c in missing else c for c in text)


def visible(text):
    """Return a text with a sign for each space, that it can be seen."""
    return "".join("␣" if c.isspace() else c for c in text)


def width(text, first=SANS, weight="normal"):
    """Return how wide the longest line of a readable text is, in inches."""
    families = tuple(fonts(text.replace("\n", ""), first))
    return max(_pixels(line, families, weight) for line in text.split("\n")) / DOTS_PER_INCH


def shortened(text, inches, first=SANS, weight="normal"):
    """Return a text, or as much of it as fits with an ellipsis."""
    if width(text, first, weight) <= inches:
        return text
    length = next(
        (n for n in range(len(text) - 1, 0, -1) if width(f"{text[:n]}…", first, weight) <= inches), 0
    )
    return f"{text[:length]}…"


def in_lines(title):
    """Return a title in short, readable lines, broken at its commas and where it is long."""
    parts = readable(title).split(", ")
    lines = [line for part in parts for line in textwrap.wrap(part, 18, max_lines=3, placeholder="…")]
    return "\n".join(shortened(line, 1.6) for line in lines)


def write(artist):
    """Have a Matplotlib text draw what it says: no mathematics, and no box for a missing letter."""
    artist.set_parse_math(False)
    text = readable(artist.get_text())
    artist.set_text(text)
    if artist.get_fontfamily() == rcParams["font.family"]:
        artist.set_fontfamily(fonts(text.replace("\n", "")))


@functools.cache
def _others():
    known = set(fontManager.get_font_names())
    return [name for name in OTHERS if name in known]


@functools.cache
def _characters(font):
    return set(FT2Font(findfont(font)).get_charmap())


def _has(character):
    return character.isprintable() and any(ord(character) in _characters(font) for font in _others())


@functools.cache
def _renderer():
    return FigureCanvasAgg(matplotlib.figure.Figure(dpi=DOTS_PER_INCH)).get_renderer()


@functools.lru_cache(10_000)
def _pixels(line, families, weight):
    letters = FontProperties(family=list(families), size=FONT_SIZE, weight=weight)
    return _renderer().get_text_width_height_descent(line, letters, ismath=False)[0]
