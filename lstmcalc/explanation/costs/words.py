"""The words for costs: the convention in two sentences, and large numbers as people say them."""

from __future__ import annotations

import re

from lstmcalc.dims import Dim, Size, symbols_of, to_sum
from lstmcalc.shapes import separated, show_count

__all__ = ["CONVENTION", "TRAINING", "as_factor", "in_short", "in_words", "told"]

#: What the figures mean, and what they leave out.
CONVENTION = (
    "Forward, for one sample. A MAC multiplies two numbers and adds the product to a sum. FLOPs are 2 for a MAC, and 1 "
    "for every other addition, multiplication, comparison, tanh, sigmoid and the like. Not counted: moving and picking "
    "numbers, random numbers, and what is done once however large the batch."
)
TRAINING = (
    "A training step calculates forwards, then the gradients to the trained weights and to what those need. Its MACs "
    "are those of the model alone, without the loss and the optimizer."
)
#: From this number on it is said in short as well, and in which units.
LEAST = 1_000_000
UNITS = ((10**15, "P"), (10**12, "T"), (10**9, "G"), (10**6, "M"))


def in_short(number: Size) -> str:
    """A large number in three digits; empty for a small one, or one that is not a number.

    >>> in_short(10_137_600), in_short(999_999_999), in_short(4_398)
    ('10.1 M', '1 G', '')
    """
    if not isinstance(number, int) or number < LEAST:
        return ""
    place = 10 ** (len(str(number)) - 3)
    rounded = (number + place // 2) // place * place
    unit, letter = next((unit, letter) for unit, letter in UNITS if rounded >= unit)
    return f"{rounded / unit:.3g} {letter}" if rounded < 1000 * unit else f"{rounded // unit:,} {letter}"


def in_words(number: Dim) -> str:
    """A count with separators, also within an expression; one in a single symbol is not factored, to be compared.

    >>> from lstmcalc.dims import symbol
    >>> in_words(50_688), in_words(4 * (3_840 * symbol("T1000") - 1)), in_words(None)
    ('50,688', '15,360·T1000 - 4', '?')
    """
    is_in_one = number is not None and len(symbols_of(number)) == 1
    return separated(to_sum(number)) if is_in_one else show_count(number)


def as_factor(number: Dim) -> str:
    """A count in words as it stands before or behind a `·`: a sum in parentheses.

    >>> from lstmcalc.dims import symbol
    >>> as_factor(16 * symbol("F") + 127), as_factor(2 * symbol("T")), as_factor(10)
    ('(16·F + 127)', '2·T', '10')
    """
    text = in_words(number)
    return f"({text})" if re.search(r" [+-] (?![^(]*\))", text) else text


def told(number: Dim) -> str:
    """A count, and in brackets what it is in short.

    >>> told(10_137_600), told(4_398)
    ('10,137,600 (10.1 M)', '4,398')
    """
    short = in_short(number)
    return f"{in_words(number)} ({short})" if short else in_words(number)
