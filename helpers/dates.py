"""Dates as people write them, and which letters of them each digit of the answer comes from."""

import datetime

import babel
import babel.dates
import numpy as np

from helpers import checks

LOCALES = ("de", "en", "es", "fr", "it", "ja", "nl", "pt", "ru", "zh")
FIRST, LAST = datetime.date(1970, 1, 1), datetime.date(2069, 12, 31)  # two digits name one year of these
STYLES = ("short", "medium", "long", "full")
SKELETONS = ("yMd", "yMEd", "yMMMd", "yMMMEd")
ISO_FIELDS = {"y": slice(0, 4), "M": slice(5, 7), "d": slice(8, 10)}


def get_dates(num_samples, locale, *, seed):
    """Write random days from 1970 to 2069 as people do, and as ISO 8601.

    The ways of writing are those of the Unicode CLDR, which Babel brings along: from 9/5/25 to
    Friday, September 5, 2025. All ways of a language are equally frequent.

    Args:
        num_samples: how many dates, from 1 to a million.
        locale: a language of `LOCALES`, such as "en".
        seed: an integer ≥ 0; the same seed gives the same dates.

    Returns:
        `texts`: a list of str, the dates as written in the language.
        `targets`: a list of str, the same days as "2025-09-05".
        `sources`: bool (num_samples, 10, longest text), True where a character of the text says
            what a character of the target is. A month's name says both digits of the month; a
            single digit both digits of its day. Nothing says the hyphens, nor the century where
            the year has two digits.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: `num_samples` out of range, or a locale that is not there (the message lists them).

    >>> texts, targets, sources = get_dates(1, "en", seed=4)
    >>> texts[0], targets[0]
    ('Sun, Aug 24, 2042', '2042-08-24')
    >>> [character for character, says in zip(texts[0], sources[0, 5], strict=True) if says]
    ['A', 'u', 'g']
    """
    num_samples = checks.integer("num_samples", num_samples, 1, 10**6)
    checks.choice("locale", locale, LOCALES)
    generator = np.random.default_rng(checks.integer("seed", seed, 0))

    patterns = _patterns(locale)
    days = generator.integers(0, (LAST - FIRST).days + 1, num_samples).tolist()
    choices = generator.integers(0, len(patterns), num_samples).tolist()
    dates = [FIRST + datetime.timedelta(days=day) for day in days]
    written = [_write(date, patterns[choice], locale) for date, choice in zip(dates, choices, strict=True)]
    texts = [text for text, _ in written]
    sources = np.zeros((num_samples, 10, max(map(len, texts))), bool)
    for sample, (text, fields) in zip(sources, written, strict=True):
        for field, start, end in fields:
            _mark_source(sample[ISO_FIELDS[field], start:end], text[start:end])
    return texts, [date.isoformat() for date in dates], sources


def _patterns(locale):
    """Return the language's ways to write a date, each once, as [("field", ("d", 1)), ("chars", ". "), …]."""
    language = babel.Locale.parse(locale)
    skeletons = language.datetime_skeletons
    patterns = [language.date_formats[style] for style in STYLES]
    patterns += [skeletons[skeleton] for skeleton in SKELETONS if skeleton in skeletons]
    unique = dict.fromkeys(pattern.pattern for pattern in patterns)
    return [babel.dates.tokenize_pattern(pattern) for pattern in unique]


def _write(date, pattern, locale):
    """Return the text and (field, start, end) of its year, month and day."""
    formatted = babel.dates.DateTimeFormat(date, locale)
    text, fields = "", []
    for kind, value in pattern:
        start = len(text)
        text += value if kind == "chars" else formatted[value[0] * value[1]]
        field = {"L": "M"}.get(value[0], value[0])
        if kind == "field" and field in ISO_FIELDS:
            fields.append((field, start, len(text)))
    return text, fields


def _mark_source(block, field):
    """Mark in the block (digits of the target, characters of the field) what says what."""
    digits = len(block)
    if field.isdigit() and len(field) in (digits, digits - 2):  # the century of a short year is not said
        np.fill_diagonal(block[-len(field) :], True)
    else:  # a single digit of a month or day, or a name
        block[:] = True
