"""Sets of whole numbers as ranges, which may have steps, and be as long as sizes can be great."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import gcd

from lstmcalc.dims import MAX_SIZE

__all__ = ["EVERY", "between", "meet", "meet_all", "next_in", "number_of"]

#: Every size that there can be.
EVERY = range(1, MAX_SIZE + 1)


def meet(one: range, other: range) -> range:
    """The numbers that are in both.

    >>> meet(range(1, 100, 4), range(3, 50, 6))
    range(9, 46, 12)
    """
    if not one or not other:
        return range(0)
    common = gcd(one.step, other.step)
    apart, rest = divmod(other.start - one.start, common)
    if rest:
        return range(0)
    step = one.step // common * other.step
    # one.start + k·one.step is in the other's row for this k, and for every other.step / common after it.
    k = apart * pow(one.step // common, -1, other.step // common) if other.step > common else 0
    start = one.start + (k % (other.step // common)) * one.step
    low = max(one.start, other.start)
    start -= (start - low) // step * step
    stop = min(one[-1], other[-1]) + 1
    return range(start, stop, step) if start < stop else range(0)


def meet_all(ones: Iterable[range], others: Sequence[range]) -> list[range]:
    """The numbers that are in both sets, in order of their beginnings.

    >>> meet_all([range(1, 10)], [range(2, 4), range(8, 20)])
    [range(2, 4), range(8, 10)]
    """
    found = (meet(one, other) for one in ones for other in others)
    return sorted((each for each in found if each), key=lambda each: each.start)


def number_of(ranges: Iterable[range]) -> int:
    """How many numbers there are in ranges that have none in common."""
    return sum((each[-1] - each.start) // each.step + 1 for each in ranges if each)


def next_in(ranges: Iterable[range], number: int, up: bool = True) -> int | None:
    """The number of the set that comes next above, or below; None where there is none.

    >>> next_in([range(1, 20, 5)], 7), next_in([range(1, 20, 5)], 6, up=False), next_in([range(1, 5)], 4)
    (11, 1, None)
    """
    found = []
    for each in ranges:
        if not each:
            continue
        if up and number < each[-1]:
            found.append(max(each.start, each.start + ((number - each.start) // each.step + 1) * each.step))
        elif not up and number > each.start:
            found.append(min(each[-1], each.start + (number - 1 - each.start) // each.step * each.step))
    return min(found) if up and found else max(found, default=None)


def between(numbers: range, at: Callable[[int], int], rises: bool, least: int | None, most: int | None) -> range:
    """The numbers at which something that rises, or falls, over all of them is from `least` to `most`.

    >>> between(range(1, 100), lambda n: n * n, True, 10, 50)
    range(4, 8)
    """
    # Not `len`, which stops at what a machine's index can hold.
    last = number_of([numbers])

    def first(reached: Callable[[int], bool]) -> int:
        low, high = 0, last
        while low < high:
            middle = (low + high) // 2
            if reached(at(numbers.start + middle * numbers.step)):
                high = middle
            else:
                low = middle + 1
        return low

    if rises:
        begin = 0 if least is None else first(lambda found: found >= least)
        end = last if most is None else first(lambda found: found > most)
    else:
        begin = 0 if most is None else first(lambda found: found <= most)
        end = last if least is None else first(lambda found: found < least)
    if begin >= end:
        return range(0)
    return range(numbers.start + begin * numbers.step, numbers.start + (end - 1) * numbers.step + 1, numbers.step)
