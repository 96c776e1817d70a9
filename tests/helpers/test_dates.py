"""Dates: written as Babel's locales do, the same day in ISO, and what says each digit."""

import datetime
import doctest
import re

import babel.dates
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import font_manager

from helpers import dates
from helpers.plots import letters


def read(text, locale):
    """Read a written date by hand: numbers and month names, in the language's own order."""
    names = {
        name.lower(): month
        for kind in ("wide", "abbreviated")
        for month, name in babel.dates.get_month_names(kind, locale=locale).items()
    }
    numbers = re.findall(r"\d+", text)
    order = re.sub(r"[^yMd]", "", str(babel.dates.get_date_format("short", locale)))
    fields = dict(zip(dict.fromkeys(order), numbers, strict=False))
    if len(numbers) == 2:  # the month has a name
        found = [name for name in names if name in text.lower() and not name.isdigit()]
        fields = dict(zip([field for field in dict.fromkeys(order) if field != "M"], numbers, strict=True))
        # The last one, as "mar" is Tuesday and March in Italian, and then the longest.
        fields["M"] = names[max(found, key=lambda name: (text.lower().rfind(name), len(name)))]
    year = int(fields["y"])
    if year < 100:
        year += 1900 if year >= 70 else 2000
    return datetime.date(year, int(fields["M"]), int(fields["d"])).isoformat()


@pytest.mark.parametrize("locale", dates.LOCALES)
def test_every_locale_round_trips_by_an_independent_reading(locale):
    texts, targets, _ = dates.get_dates(2_000, locale, seed=0)
    wrong = [(t, y) for t, y in zip(texts, targets, strict=True) if read(t, locale) != y]
    assert wrong == []


@pytest.mark.parametrize("locale", dates.LOCALES)
def test_babel_itself_writes_the_same(locale):
    texts, targets, _ = dates.get_dates(300, locale, seed=1)
    for text, target in zip(texts, targets, strict=True):
        day = datetime.date.fromisoformat(target)
        ways = [babel.dates.format_date(day, style, locale) for style in dates.STYLES]
        skeletons = babel.Locale.parse(locale).datetime_skeletons
        ways += [
            babel.dates.format_skeleton(skeleton, day, locale=locale)
            for skeleton in dates.SKELETONS
            if skeleton in skeletons
        ]
        assert text in ways


@given(st.integers(0, 2**31), st.sampled_from(dates.LOCALES), st.integers(1, 20))
def test_shapes_range_and_sources(seed, locale, num_samples):
    texts, targets, sources = dates.get_dates(num_samples, locale, seed=seed)
    assert len(texts) == len(targets) == num_samples
    assert sources.dtype == bool
    assert sources.shape == (num_samples, 10, max(map(len, texts)))
    for text, target, says in zip(texts, targets, sources, strict=True):
        assert dates.FIRST <= datetime.date.fromisoformat(target) <= dates.LAST
        assert not says[:, len(text) :].any()
        assert not says[[4, 7]].any()  # nothing says the hyphens
        assert says[[2, 3, 5, 6, 8, 9]].any(axis=1).all()
        assert says[0].any() == says[1].any() == (target[:4] in text)
        for digit, row in zip(target, says, strict=True):
            if row.sum() == 1 and (character := text[row.argmax()]) != digit:
                assert digit == "0"  # of a day or month written with a single digit
                assert character.isdigit()


def test_names_say_both_digits_and_single_digits_too():
    texts, targets, sources = dates.get_dates(500, "en", seed=0)
    for text, target, says in zip(texts, targets, sources, strict=True):
        said = ["".join(c for c, s in zip(text, row, strict=False) if s) for row in says]
        if numbers := re.search(r"(\d+)/(\d+)/", text):
            month, day = numbers.groups()
            assert said[5:7] == (list(month) if len(month) == 2 else [month] * 2), text
            assert said[8:] == (list(day) if len(day) == 2 else [day] * 2), text
        else:
            assert said[5] == said[6], text
            assert said[5].startswith(datetime.date.fromisoformat(target).strftime("%b")), text


def test_the_same_seed_gives_the_same_and_another_another():
    first, second, other = (dates.get_dates(20, "fr", seed=seed) for seed in (3, 3, 4))
    assert first[:2] == second[:2]
    assert np.array_equal(first[2], second[2])
    assert first[0] != other[0]


def test_all_ways_of_writing_come_about_equally_often():
    texts, _, _ = dates.get_dates(7_000, "en", seed=0)
    assert 850 < sum(re.fullmatch(r"\d+/\d+/\d\d", text) is not None for text in texts) < 1_150


@pytest.mark.parametrize("locale", ["xx", "EN", "", "en_US"])
def test_unknown_locale_names_those_there_are(locale):
    with pytest.raises(ValueError, match="locale must be one of de, en, es, fr, it, ja, nl, pt, ru, zh; got"):
        dates.get_dates(1, locale, seed=0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, "en", 0), ValueError, "num_samples must be from 1 to 1000000, got 0"),
        ((1.5, "en", 0), TypeError, "num_samples must be an integer"),
        ((1, None, 0), TypeError, "locale must be a string, got None"),
        ((1, "en", -1), ValueError, "seed must be at least 0"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    num_samples, locale, seed = arguments
    with pytest.raises(error, match=message):
        dates.get_dates(num_samples, locale, seed=seed)


def test_every_character_has_a_glyph_that_travels_with_the_book():
    """No date is drawn with empty boxes, whatever fonts the machine has."""
    files = [font_manager.findfont("DejaVu Sans"), letters.OWN_FONT]
    known = set().union(*(TTFont(file).getBestCmap() for file in files))
    for locale in dates.LOCALES:
        texts, targets, _ = dates.get_dates(3_000, locale, seed=0)
        shown = letters.visible("".join(texts + targets))
        assert {character for character in shown if ord(character) not in known} == set(), locale


def test_docstring():
    assert doctest.testmod(dates).failed == 0
    assert doctest.testmod(dates).attempted >= 3
