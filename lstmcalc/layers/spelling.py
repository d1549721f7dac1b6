"""Which known name a misspelt one means: loaded when one is met, and quick where thousands are."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Letters = frozenset[tuple[str, int]]

#: How alike two words must be, from 0 to 1, as difflib counts it.
CUTOFF = 0.6


def closest(name: str, known: Sequence[str]) -> str | None:
    """The known name that a misspelt one most likely means, whatever its letters' case.

    >>> closest("Unit", ["units", "use_bias"]), closest("Bias", ["units", "use_bias"]), closest("x", ["units"])
    ('units', 'use_bias', None)
    """
    folded, letters = _folded(tuple(known))
    name = name.lower()
    mine = _letters(name)
    # The bound that difflib asks of each word before it compares it, without its loop over the letters.
    near = [word for word, its in letters.items() if 2.0 * len(mine & its) >= CUTOFF * (len(mine) + len(its))]
    matches = get_close_matches(name, near, 1, CUTOFF)
    if not matches:
        matches = [word for word in folded if len(word) > 3 and (word in name or name in word)][:1]
    return folded[matches[0]] if matches else None


# A model asks for the same few lists again and again, and one may hold all its layers' names.
@lru_cache(maxsize=4)
def _folded(known: tuple[str, ...]) -> tuple[dict[str, str], dict[str, Letters]]:
    """The known names by how they read in small letters, and the letters of each."""
    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(candidate.lower(), candidate)
    return folded, {word: _letters(word) for word in folded}


def _letters(word: str) -> Letters:
    """Each letter of a word, with how often it stood there before."""
    before: dict[str, int] = {}
    found = []
    for letter in word:
        before[letter] = before.get(letter, -1) + 1
        found.append((letter, before[letter]))
    return frozenset(found)
