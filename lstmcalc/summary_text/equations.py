"""Solving for one name: the whole numbers for which an expression that never falls has a given value."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt

from lstmcalc.dims import Dim, substitute, terms_of
from lstmcalc.dims.polynomial import Floor, from_terms

__all__ = ["nearest_root", "put", "root", "roots"]

#: No size that is solved for is greater; a vocabulary or a flattened image can have millions.
MOST_SIZE = 10**9


def put(expression: Dim, name: str, value: int) -> Dim:
    """The expression with a number for one name; quicker than `substitute`, which any number of names can be given.

    >>> from lstmcalc.dims import symbol
    >>> put(4 * symbol("U") * (symbol("F") + symbol("U") + 1), "U", 64)
    256*(F + 65)
    """
    if isinstance(expression, int):
        return expression
    terms: dict[tuple[str, ...], int] = {}
    for monomial, coefficient in terms_of(expression).items():
        if any(isinstance(atom, Floor) for atom in monomial):
            return substitute(expression, {name: value})
        left = tuple(atom for atom in monomial if atom != name)
        power = len(monomial) - len(left)
        terms[left] = terms.get(left, 0) + coefficient * value**power
    return from_terms(terms)


def roots(expression: Dim, name: str, target: int) -> list[int]:
    """The values of a name for which the expression is `target`: none, one, or the ends of a run of them.

    >>> from lstmcalc.dims import symbol
    >>> T = symbol("T")
    >>> roots((T - 3) // 2 + 1, "T", 13), roots(2 * T, "T", 7)
    ([27, 28], [])
    """
    value = _evaluator(expression, name)
    low = _first(value, target)
    high = _first(value, target + 1) - 1
    return [] if high < low else [low] if high == low else [low, high]


def root(expression: Dim, name: str, target: int) -> int | None:
    """The value of a name for which a growing expression is `target`; None where no whole number gives it.

    >>> from lstmcalc.dims import symbol
    >>> F = symbol("F")
    >>> root(512 * F + 66048, "F", 91648), root(512 * F + 66048, "F", 91649), root(4 * F * (F + 51), "F", 91648)
    (50, None, 128)
    """
    terms = terms_of(expression)
    if set(terms) == {(), (name,)} or set(terms) == {(name,)}:
        # Most counts are straight lines, and are asked for often.
        size, rest = divmod(target - terms.get((), 0), terms[(name,)])
        return size if rest == 0 and size > 0 else None
    if terms.keys() <= {(), (name,), (name, name)} and terms.get((name, name), 0) > 0:
        return _root_of_square(terms[name, name], terms.get((name,), 0), terms.get((), 0) - target)
    value = _evaluator(expression, name)
    low = _first(value, target)
    return low if value(low) == target else None


def _root_of_square(a: int, b: int, c: int) -> int | None:
    """The whole number above 0 for which a·n² + b·n + c is 0, the greater of two; None where there is none."""
    square = b * b - 4 * a * c
    if square < 0 or isqrt(square) ** 2 != square:
        return None
    size, rest = divmod(isqrt(square) - b, 2 * a)
    return size if rest == 0 and size > 0 else None


def nearest_root(expression: Dim, name: str, target: int) -> int:
    """The value of a name for which a growing expression comes closest to `target`."""
    value = _evaluator(expression, name)
    low = _first(value, target)
    return min((max(low - 1, 1), low), key=lambda size: abs(value(size) - target))


def _evaluator(expression: Dim, name: str) -> Callable[[int], int]:
    """What gives the expression's value; -1, which no size has, where it is not known."""
    terms = terms_of(expression)
    if any(atom != name for monomial in terms for atom in monomial):

        def run(size: int) -> int:
            found = substitute(expression, {name: size})
            return found if isinstance(found, int) else -1

        return run
    powers = {len(monomial): coefficient for monomial, coefficient in terms.items()}
    return lambda size: sum(coefficient * size**power for power, coefficient in powers.items())


def _first(value: Callable[[int], int], target: int) -> int:
    """The least size whose value is at least `target`, by halving."""
    low, high = 1, 1
    while high < MOST_SIZE and value(high) < target:
        low, high = high + 1, high * 2
    while low < high:
        middle = (low + high) // 2
        if value(middle) >= target:
            high = middle
        else:
            low = middle + 1
    return low
