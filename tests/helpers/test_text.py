"""The character tokenizer: special tokens, there and back, bad input by name."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import text
from helpers.text import END, PADDING, START, CharacterTokenizer


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8).filter(any))
def test_round_trip(texts):
    tokenizer = CharacterTokenizer("".join(texts))
    tokens = tokenizer.encode(texts, 14)
    assert tokens.dtype == np.int32
    assert tokens.shape == (len(texts), 14)
    assert tokenizer.decode(tokens) == texts
    assert CharacterTokenizer(tokenizer.characters).encode(texts, 14).tolist() == tokens.tolist()


def test_special_tokens_stand_where_they_should():
    tokenizer = CharacterTokenizer("cab")
    assert (PADDING, START, END) == (0, 1, 2)
    assert tokenizer.characters == "abc"
    assert tokenizer.num_tokens == 6
    assert tokenizer.encode(["", "abc"], 5).tolist() == [[1, 2, 0, 0, 0], [1, 3, 4, 5, 2]]


def test_decode_stops_at_the_first_end_and_takes_what_has_none():
    tokenizer = CharacterTokenizer("ab")
    assert tokenizer.decode(np.array([[3, 2, 4, 2], [1, 3, 4, 3]])) == ["a", "aba"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: CharacterTokenizer(["a"]), TypeError, "characters must be a string, got list"),
        (lambda t: CharacterTokenizer(""), ValueError, "characters must hold at least one"),
        (lambda t: t.encode(["abx"], 9), ValueError, "characters 'ab'; got 'x' in 'abx'"),
        (lambda t: t.encode(["abab"], 5), ValueError, "at most 3 characters, got 4 in 'abab'"),
        (lambda t: t.encode("ab", 5), TypeError, "texts must be a list of strings, got str$"),
        (lambda t: t.encode(["a", 1, 2], 5), TypeError, "texts must be a list of strings, got 1 at 1$"),
        (lambda t: t.encode([], 5), ValueError, "texts must hold at least one text"),
        (lambda t: t.encode(["a"], 1), ValueError, "length must be at least 2"),
        (lambda t: t.encode(["a"], 2.0), TypeError, "length must be an integer"),
        (lambda t: t.encode(["a"], 2**29), ValueError, "texts × length must be at most"),
        (lambda t: t.decode([[1.0, 3.0]]), TypeError, "tokens must be integers"),
        (lambda t: t.decode([[1, 9]]), ValueError, "tokens must be from 0 to 4, got 1 to 9"),
        (lambda t: t.decode([[1, -1]]), ValueError, "tokens must be from 0 to 4, got -1 to 1"),
        (lambda t: t.decode([1, 3]), ValueError, r"tokens must have 2 dimension\(s\)"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(CharacterTokenizer("ab"))


def test_docstring():
    assert doctest.testmod(text).failed == 0
    assert doctest.testmod(text).attempted >= 3
