"""Polynomials with whole coefficients on whole numbers: exactly where they rise and where they fall.

A polynomial is its coefficients, the constant first: `(1, 0, 3)` is 3·n² + 1. On whole numbers it rises where the
difference to the next one is not negative, and that difference is a polynomial of one degree less, whose own rise and
fall tells where its sign changes. So everything is decided with whole numbers, whatever their size.
"""

from __future__ import annotations

from collections.abc import Sequence

from lstmcalc.frozen import NamedTuple

__all__ = ["Stretch", "difference", "positive_from", "stretches", "value"]

Polynomial = Sequence[int]


class Stretch(NamedTuple):
    """Whole numbers in a row, first and last, over which something rises (never falls), or falls (never rises)."""

    first: int
    last: int
    rises: bool


def value(polynomial: Polynomial, number: int) -> int:
    """The value at a number.

    >>> value((1, 0, 3), 10)
    301
    """
    found = 0
    for coefficient in reversed(polynomial):
        found = found * number + coefficient
    return found


def difference(polynomial: Polynomial) -> Polynomial:
    """What the polynomial gains from a number to the next.

    >>> difference((1, 0, 3))
    (3, 6)
    """
    ahead = list(polynomial)
    for start in range(len(ahead) - 1):
        for place in reversed(range(start, len(ahead) - 1)):
            ahead[place] += ahead[place + 1]
    return tuple(a - b for a, b in zip(ahead, polynomial, strict=True))[:-1]


def stretches(polynomial: Polynomial, first: int, last: int) -> list[Stretch]:
    """The numbers from `first` to `last`, at least 0, cut where the polynomial turns.

    >>> stretches((0, -7, 1), 1, 100)
    [Stretch(first=1, last=3, rises=False), Stretch(first=4, last=100, rises=True)]
    """
    if first >= last or all(coefficient >= 0 for coefficient in polynomial[1:]):
        return [Stretch(first, last, True)] if first <= last else []
    found: list[Stretch] = []
    for start, end, rises in _signs(difference(polynomial), first, last - 1):
        # A difference at `end` reaches to the number behind it; the number in front is that of the stretch before.
        begin = start if not found else found[-1].last + 1
        if begin <= end + 1:
            found.append(Stretch(begin, end + 1, rises))
    return found


def _signs(polynomial: Polynomial, first: int, last: int) -> list[Stretch]:
    """The same numbers, cut where the polynomial becomes negative (`rises` is false there) or ceases to be."""
    parts: list[Stretch] = []
    for start, end, rises in stretches(polynomial, first, last):
        # The first number from which on it is not negative where it rises, or negative where it falls.
        change = _first_where(polynomial, start, end, rises)
        parts += [Stretch(start, change - 1, not rises), Stretch(change, end, rises)]
    joined: list[Stretch] = []
    for part in parts:
        if part.first > part.last:
            continue
        if joined and joined[-1].rises == part.rises:
            joined[-1] = joined[-1]._replace(last=part.last)
        else:
            joined.append(part)
    return joined


def _first_where(polynomial: Polynomial, first: int, last: int, not_negative: bool) -> int:
    """The first number where this holds, which from there on it does; `last + 1` where it nowhere does."""
    low, high = first, last + 1
    while low < high:
        middle = (low + high) // 2
        if (value(polynomial, middle) >= 0) == not_negative:
            high = middle
        else:
            low = middle + 1
    return low


def positive_from(polynomial: Polynomial, last: int) -> int | None:
    """The number from which on, up to `last`, the polynomial is not negative; None where it is so nowhere up there.

    >>> positive_from((-50, 1, 1), 1000), positive_from((1, -1), 1000)
    (7, None)
    """
    signs = _signs(polynomial, 0, last)
    return signs[-1].first if signs and signs[-1].rises else None
