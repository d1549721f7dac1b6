"""Sizes at many points at once: whole columns of numpy's integers where they cannot overflow, Python's elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from lstmcalc.dims import Condition, Dim, terms_of
from lstmcalc.dims.polynomial import Floor

__all__ = ["at_points", "bound", "evaluate", "holds", "numpy_or_none"]

#: What an int64 cannot reach.
OVERFLOW = 2**63


@cache
def numpy_or_none() -> Any:
    """numpy, or None where it is not installed."""
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def evaluate(size: Dim, values: Mapping[str, Any]) -> Any:
    """A size at values of its symbols, which may be columns.

    >>> from lstmcalc.dims import symbol
    >>> evaluate(4 * symbol("U") * (symbol("U") + 1) + (symbol("T") - 3) // 2, {"U": 10, "T": 8})
    442
    """
    if isinstance(size, int):
        return size
    total: Any = 0
    for monomial, coefficient in terms_of(size).items():
        product: Any = coefficient
        for atom in monomial:
            product = product * (_floor(atom, values) if isinstance(atom, Floor) else values[atom])
        total = total + product
    return total


def _floor(atom: Floor, values: Mapping[str, Any]) -> Any:
    divisor = evaluate(atom.divisor, values)
    if not isinstance(divisor, int):
        # The points at which it is 0 are marked by those who ask, as `divisors_of` names them.
        divisor = divisor + (divisor == 0)
    return evaluate(atom.numerator, values) // divisor


def bound(size: Dim, greatest: Mapping[str, int]) -> int:
    """What no step on the way to a size exceeds, for values from 1 to the greatest.

    >>> from lstmcalc.dims import symbol
    >>> bound(symbol("U") ** 2 - 3 * symbol("U"), {"U": 10})
    130
    """
    whole = 0
    for monomial, coefficient in terms_of(size).items():
        product = abs(coefficient)
        for atom in monomial:
            if isinstance(atom, Floor):
                # A divisor is reached on the way too, and a quotient is never greater than what is divided.
                product *= max(1, bound(atom.numerator, greatest), bound(atom.divisor, greatest) + 1)
            else:
                product *= greatest[atom]
        whole += product
    return whole


def at_points(size: Dim, columns: Mapping[str, Any], greatest: Mapping[str, int], length: int) -> Any:
    """A size at every point, as an array of int64, or of Python's integers where an int64 could overflow."""
    np = numpy_or_none()
    exact = bound(size, greatest) < OVERFLOW
    values = columns if exact else {name: column.astype(object) for name, column in columns.items()}
    found = evaluate(size, values)
    if isinstance(found, int):
        return np.full(length, found, dtype=np.int64 if abs(found) < OVERFLOW else object)
    return found


def holds(condition: Condition, left: Any, right: Any) -> Any:
    """Whether a condition holds of its sides, which may be columns.

    >>> from lstmcalc.dims import at_least, symbol
    >>> holds(at_least(symbol("T"), 3), 2, 3)
    False
    """
    if condition.relation == "=":
        return left == right
    if condition.relation == ">=":
        return left >= right
    return left % right == 0
