"""Damage to texts and bytes: by tokens, lines and characters, always the same for the same random numbers."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from strange_words import NAMES, NUMBERS, SIGNS, WORDS

__all__ = ["damaged_bytes", "damaged_text", "damaged_words"]

TOKEN = re.compile(r"\w+|[^\S\n]+|\n[ ]*|[^\w\s]")
WORD = re.compile(r"\w*[^\W\d]\w*")
#: How large a damaged text may get: what costs time is better tried on many small ones.
MOST = 6_000
OPENING = ("(", "[", "{", "{a: ", "- ", "LSTM(", "Bidirectional(", "-", "not ", "lambda: ", "[{'a': ", "\n ",
           "((None, ", '{"config": ', '"', "f'{", "&a [*a, ")  # fmt: skip

Tokens = list[str]


@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[str, ...]:
    return tuple(TOKEN.findall(text))


def damaged_text(rng: random.Random, text: str, others: Sequence[str]) -> str:
    """A text after one to five changes; parts of `others`, texts of the same kind, may get into it."""
    tokens = list(_tokens(text))
    # One change alone finds what a second would hide.
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
        rng.choice(CHANGES)(rng, tokens, others)
    made = "".join(tokens)
    if rng.random() < 0.1:
        made = _cut(rng, made)
    return made[:MOST]


def damaged_bytes(rng: random.Random, data: bytes) -> bytes:
    """Bytes that are flipped, cut, doubled or overwritten in one to four places."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        if not made:
            break
        at = rng.randrange(len(made))
        length = min(rng.choice((1, 1, 2, 4, 8, 64)), len(made) - at)
        change = rng.randrange(6)
        if change == 0:
            made[at] ^= 1 << rng.randrange(8)
        elif change == 1:
            del made[at:]
        elif change == 2:
            made[at : at + length] = rng.choice((b"\0", b"\xff", b"\x7f", b"\x80")) * length
        elif change == 3:
            del made[at : at + length]
        elif change == 4:
            made[at:at] = made[at : at + length]
        else:
            made[at : at + length] = rng.randbytes(length)
    return bytes(made)


def damaged_words(rng: random.Random, words: Sequence[str], others: Sequence[Sequence[str]]) -> list[str]:
    """The words of a command line, some left out, doubled, taken from another, or damaged in themselves."""
    made = list(words)
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        at = rng.randrange(len(made) + 1)
        change = rng.randrange(6)
        if change == 0 and len(made) > 1:
            del made[at - 1 if at == len(made) else at]
        elif change == 1:
            made.insert(at, rng.choice(rng.choice(others)))
        elif change == 2:
            made.insert(at, rng.choice((*NUMBERS, *NAMES)))
        elif made:
            at %= len(made)
            made[at] = damaged_text(rng, made[at], rng.choice(others)) if change < 5 else rng.choice(NUMBERS)
    return made


def _delete(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    at, end = _span(rng, tokens)
    del tokens[at:end]


def _double(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    at, end = _span(rng, tokens)
    tokens[at:at] = tokens[at:end] * rng.choice((1, 1, 1, 2, 60))


def _swap(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    if tokens:
        first, second = rng.randrange(len(tokens)), rng.randrange(len(tokens))
        tokens[first], tokens[second] = tokens[second], tokens[first]


def _move(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    at, end = _span(rng, tokens)
    moved = tokens[at:end]
    del tokens[at:end]
    place = rng.randint(0, len(tokens))
    tokens[place:place] = moved


def _splice(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    taken = list(_tokens(rng.choice(others)))
    at, end = _span(rng, taken)
    place = rng.randint(0, len(tokens))
    tokens[place : place + rng.choice((0, 0, 1, end - at))] = taken[at:end]


def _number(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    _replace(rng, tokens, str.isdigit, NUMBERS)


def _name(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    _replace(rng, tokens, _is_word, NAMES)


def _word(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    _replace(rng, tokens, _is_word, WORDS)


def _same_word(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    """Another word of the text itself, which makes doubles, cycles and names of the wrong thing."""
    _replace(rng, tokens, _is_word, [token for token in tokens if _is_word(token)] or ["x"])


def _rename(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    """One word, everywhere."""
    words = [token for token in tokens if _is_word(token)]
    if words:
        old, new = rng.choice(words), rng.choice(NAMES)
        tokens[:] = [new if token == old else token for token in tokens]


def _sign(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    at = rng.randint(0, len(tokens))
    tokens[at : at + rng.randint(0, 1)] = [rng.choice(SIGNS)]


def _letter(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    """A letter of a word lost, doubled or swapped, as fingers do."""
    places = [at for at, token in enumerate(tokens) if len(token) > 2 and _is_word(token)]
    if places:
        at = rng.choice(places)
        word, place = tokens[at], rng.randrange(len(tokens[at]))
        tokens[at] = word[:place] + rng.choice(("", word[place] * 2, word[place].swapcase())) + word[place + 1 :]


def _nest(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    at = rng.randint(0, len(tokens))
    tokens.insert(at, rng.choice(OPENING) * rng.choice((1, 2, 10, 40, 200, 1000)))


def _insert_name(rng: random.Random, tokens: Tokens, others: Sequence[str]) -> None:
    tokens.insert(rng.randint(0, len(tokens)), rng.choice(NAMES))


CHANGES: tuple[Callable[[random.Random, Tokens, Sequence[str]], None], ...] = (
    _delete, _double, _swap, _move, _splice, _splice, _number, _number, _number, _name, _word, _word, _same_word,
    _same_word, _rename, _sign, _letter, _nest, _insert_name,
)  # fmt: skip


def _replace(rng: random.Random, tokens: Tokens, which: Callable[[str], bool], values: Sequence[str]) -> None:
    places = [at for at, token in enumerate(tokens) if which(token)]
    if places:
        tokens[rng.choice(places)] = rng.choice(values)


def _is_word(token: str) -> bool:
    return WORD.fullmatch(token) is not None


def _span(rng: random.Random, tokens: Sequence[str]) -> tuple[int, int]:
    at = rng.randint(0, max(len(tokens) - 1, 0))
    return at, at + rng.choice((1, 1, 2, 3, 5, 12))


def _cut(rng: random.Random, text: str) -> str:
    at = rng.randint(0, len(text))
    return text[:at] if rng.random() < 0.8 else text[at:]
