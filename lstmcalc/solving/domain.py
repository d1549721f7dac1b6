"""The numbers that a symbol may have: those for which a model's conditions hold, as far as they can be decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lstmcalc.dims import MAX_SIZE, Condition, Dim
from lstmcalc.dims.divisions import divisors_of
from lstmcalc.solving.curves import MOST_REMAINDERS, MOST_TRIED, Curve, period_of
from lstmcalc.solving.ranges import EVERY, meet_all

__all__ = ["allowed", "holding"]


def allowed(conditions: Iterable[Condition], name: str, numbers: Sequence[range] = (EVERY,)) -> list[range]:
    """The numbers that the conditions leave, those that say something of this symbol alone.

    >>> from lstmcalc.dims import at_least, is_multiple, symbol
    >>> T = symbol("T")
    >>> allowed([at_least(T, 9), is_multiple(T, 4)], "T", [range(1, 30)])
    [range(12, 30, 4)]
    """
    found = list(numbers)
    for condition in conditions:
        if condition.symbols == {name} and not condition.has_unknown:
            found = holding(condition, name, found)
    return found


def holding(condition: Condition, name: str, numbers: Sequence[range]) -> list[range]:
    """The numbers for which a condition holds; all of them where that cannot be told, so that `infer` has to."""
    if condition.relation == "multiple of":
        return _multiples(condition.left, condition.right, name, numbers)
    curve = Curve(condition.left - condition.right, name, numbers)
    found = curve.where(0, 0 if condition.relation == "=" else None)
    return list(numbers) if curve.searched is not None else sorted(found, key=lambda each: each.start)


def _multiples(left: Dim, right: Dim, name: str, numbers: Sequence[range]) -> list[range]:
    if isinstance(right, int):
        # The left side repeats itself modulo `right`, at the latest behind so many numbers.
        period = right * period_of(left)
        if period > MOST_REMAINDERS or next(divisors_of(left), None) is not None:
            return list(numbers)
        remainder = Curve(left, name)
        fitting = [place or period for place in range(period) if remainder.at(place or period) % right == 0]
        if len(fitting) == period:
            return list(numbers)
        return meet_all(numbers, [range(place, MAX_SIZE + 1, period) for place in fitting])
    if isinstance(left, int) and 0 < left <= MOST_TRIED:
        # Nothing greater than a number divides it.
        divisor = Curve(right, name)
        small = (number for each in divisor.where(1, left) for number in each[:MOST_TRIED])
        fitting = [number for number in small if left % divisor.at(number) == 0]
        return meet_all(numbers, [range(number, number + 1) for number in fitting])
    return list(numbers)
