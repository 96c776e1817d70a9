"""Text as integers, a character each, and back."""

import numpy as np

from helpers import checks

PADDING, START, END = 0, 1, 2


class CharacterTokenizer:
    """Number characters from 3 on; 0 is padding, 1 the start of a text and 2 its end.

    Args:
        characters: a string of all characters to know, in any order, repeated or not; so
            `CharacterTokenizer("".join(texts))` knows those of `texts`.

    Attributes:
        characters: the known characters, sorted, each once. With them the tokenizer can be made again.
        num_tokens: how many different tokens there are, the three special ones included.

    Raises:
        TypeError: `characters` is no string.
        ValueError: it is empty.

    >>> tokenizer = CharacterTokenizer("abba")
    >>> tokenizer.encode(["ab", "b"], length=5).tolist()
    [[1, 3, 4, 2, 0], [1, 4, 2, 0, 0]]
    >>> tokenizer.decode([[1, 3, 4, 2, 0]])
    ['ab']
    """

    def __init__(self, characters):
        if not isinstance(characters, str):
            raise TypeError(f"characters must be a string, got {type(characters).__name__}")
        if not characters:
            raise ValueError("characters must hold at least one character, got ''")
        self.characters = "".join(sorted(set(characters)))
        self.num_tokens = len(self.characters) + 3
        self._tokens = {character: token for token, character in enumerate(self.characters, 3)}

    def encode(self, texts, length):
        """Return int32 (num_texts, length): start, the text's characters, end, padding.

        Args:
            texts: a list or tuple of strings.
            length: how many tokens each row gets, 2 or more; start and end are two of them.

        Raises:
            TypeError: `texts` is no list or tuple of strings, or `length` no integer.
            ValueError: no text, one with a character that is not known, or longer than `length` − 2;
                `length` is below 2, or so large that the array would be too large for a lesson.
        """
        length = checks.integer("length", length, 2)
        if not isinstance(texts, (list, tuple)):
            raise TypeError(f"texts must be a list of strings, got {type(texts).__name__}")
        for index, text in enumerate(texts):
            if not isinstance(text, str):
                raise TypeError(f"texts must be a list of strings, got {text!r} at {index}")
        if not texts:
            raise ValueError("texts must hold at least one text, got none")
        checks.sizes(texts=len(texts), length=length)
        tokens = np.full((len(texts), length), PADDING, "int32")
        for row, text in zip(tokens, texts, strict=True):
            unknown = "".join(sorted(set(text) - set(self._tokens)))
            if unknown:
                raise ValueError(
                    f"texts must be written with the characters {self.characters!r}; got {unknown!r} in {text!r}"
                )
            if len(text) > length - 2:
                raise ValueError(
                    f"texts must have at most {length - 2} characters, got {len(text)} in {text!r}"
                )
            row[: len(text) + 2] = [START, *(self._tokens[character] for character in text), END]
        return tokens

    def decode(self, tokens):
        """Return the texts of `tokens` (num_texts, length): what stands before the first end, no start or padding.

        Raises:
            TypeError: tokens that are no integers.
            ValueError: another number of dimensions, or a token that is none of this tokenizer's.
        """
        tokens = checks.finite_array("tokens", tokens, (2,))
        if tokens.dtype.kind not in "iu":
            raise TypeError(f"tokens must be integers, got {tokens.dtype}")
        if tokens.min() < 0 or tokens.max() >= self.num_tokens:
            raise ValueError(
                f"tokens must be from 0 to {self.num_tokens - 1}, got {tokens.min()} to {tokens.max()}"
            )
        return [self._text(row.tolist()) for row in tokens]

    def _text(self, tokens):
        until_end = tokens[: tokens.index(END)] if END in tokens else tokens
        return "".join(self.characters[token - 3] for token in until_end if token > END)
