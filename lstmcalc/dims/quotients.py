"""Divisions of sizes, rounded down: long division, what cancels, and the bounds that tell what a division comes to."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import gcd, prod

from lstmcalc.dims.polynomial import (
    Dim,
    Expression,
    Floor,
    Monomial,
    Terms,
    atoms_of,
    from_terms,
    leads_negative,
    linear_floors,
    reading_order,
    replace_atoms,
    sorted_terms,
    terms_of,
)

# Long division by a sum of many names can go on for ages; past this many steps the quotient stays unwritten.
MAX_DIVISION_STEPS = 1_000
# Multiplying out a bound can take 2**degree terms; past this degree the bound is not looked for.
MAX_BOUND_DEGREE = 8


def floor_divide(numerator: Dim, divisor: Dim) -> Dim:
    """The quotient, rounded down; raises ValueError for a negative number, and ZeroDivisionError."""
    if isinstance(divisor, int) and divisor < 0:
        raise ValueError(f"a size can only be divided by a positive number, got {divisor}")
    if divisor == 0:
        raise ZeroDivisionError("a size cannot be divided by zero")
    if leads_negative(divisor):
        numerator, divisor = -numerator, -divisor
    quotient, remainder = divide(numerator, divisor)
    return quotient + _proper_floor(*_lowest_terms(remainder, divisor))


def divide(numerator: Dim, divisor: Dim) -> tuple[Dim, Dim]:
    """`(quotient, remainder)` with `numerator == quotient * divisor + remainder`, the remainder reduced.

    In the remainder, no monomial that the divisor's first one divides has a coefficient outside `0 … c - 1`, `c` being
    the divisor's first coefficient. That makes it unique: numerators that differ by a multiple leave the same one.
    """
    if isinstance(divisor, int):
        terms = terms_of(numerator).items()
        return from_terms({m: k // divisor for m, k in terms}), from_terms({m: k % divisor for m, k in terms})
    (lead, c), *rest = sorted_terms(divisor)
    quotient: Terms = {}
    remainder = dict(terms_of(numerator))
    waiting = [reading_order(monomial) for monomial in remainder if _without(monomial, lead) is not None]
    heapify(waiting)
    steps = 0
    while waiting:
        # Highest first, so that what a step adds below is dealt with once, when it is complete.
        monomial = heappop(waiting)[1]
        cofactor = _without(monomial, lead)
        if cofactor is None:
            continue
        factor, remainder[monomial] = divmod(remainder[monomial], c)
        if factor == 0:
            continue
        quotient[cofactor] = factor
        for other, coefficient in rest:
            lower = tuple(sorted(cofactor + other))
            if lower not in remainder:
                heappush(waiting, reading_order(lower))
            remainder[lower] = remainder.get(lower, 0) - factor * coefficient
        steps += len(rest)
        if steps > MAX_DIVISION_STEPS:
            return 0, numerator
    return from_terms(quotient), from_terms(remainder)


def _without(monomial: Monomial, factor: Monomial) -> Monomial | None:
    """The monomial divided by `factor`; None where that leaves a fraction."""
    left = list(monomial)
    for atom in factor:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)


def common_monomial(*sizes: Dim) -> Monomial:
    """The greatest monomial that divides every term of every size."""
    monomials = [monomial for size in sizes for monomial in terms_of(size)]
    least = min(monomials, key=len, default=())
    powers = {atom: min(monomial.count(atom) for monomial in monomials) for atom in least}
    return tuple(atom for atom, power in powers.items() for _ in range(power))


def content(size: Dim, *, constant: bool = True) -> int:
    """The greatest common divisor of the coefficients, with or without the constant term."""
    return gcd(*(coefficient for monomial, coefficient in terms_of(size).items() if monomial or constant))


def divide_out(size: Dim, number: int, monomial: Monomial = ()) -> Dim:
    """The size divided by a number and a monomial that divides each term; a constant term is rounded down."""
    if number == 1 and not monomial:
        return size
    return from_terms({_without(m, monomial) or (): coefficient // number for m, coefficient in terms_of(size).items()})


def _lowest_terms(numerator: Dim, divisor: Dim) -> tuple[Dim, Dim]:
    common = common_monomial(numerator, divisor)
    numerator, divisor = divide_out(numerator, 1, common), divide_out(divisor, 1, common)
    # floor((2*T + 1)/4) is floor(T/2), since what 1/2 adds to a whole number never reaches the next one. That takes a
    # positive divisor.
    number = gcd(content(numerator, constant=not is_positive(divisor)), content(divisor))
    return (divide_out(numerator, number), divide_out(divisor, number)) if number > 1 else (numerator, divisor)


def _proper_floor(numerator: Dim, divisor: Dim) -> Dim:
    """`numerator // divisor` where nothing more can be cancelled or taken out."""
    if divisor == 1 or numerator == 0:
        return numerator
    if isinstance(numerator, int) and isinstance(divisor, int):
        return numerator // divisor
    if is_positive(numerator + 1) and is_positive(divisor - numerator):
        return 0
    if is_positive(-numerator) and is_positive(divisor + numerator + 1):
        return -1
    floors = [atom for atom, coefficient in linear_floors(numerator) if coefficient == 1]
    # floor((floor(n/m) + b) / d) is floor((n + m*b) / (m*d)), for whole b and positive m and d.
    if len(floors) == 1 and is_positive(divisor) and is_positive(floors[0].divisor):
        n, m, b = floors[0].numerator, floors[0].divisor, numerator - Expression({(floors[0],): 1})
        return (n + m * b) // (m * divisor)
    return Expression({(Floor(numerator, divisor),): 1})


def least_value(size: Dim) -> int | None:
    """A number that the size is never below, every symbol being at least 1; None where there is none in sight.

    Each atom is written as its own least value and a surplus that is not negative; if then no term is negative, the
    constant is the bound, and it is attained where no division is involved.

    >>> from lstmcalc.dims import symbol
    >>> T, U = symbol("T"), symbol("U")
    >>> least_value(T * U - T + 3), least_value(T - U)
    (3, None)
    """
    if isinstance(size, int):
        return size
    terms = terms_of(size)
    lows = {atom: _least_atom(atom) for atom in atoms_of(size)}
    known = {atom: low for atom, low in lows.items() if low is not None}
    if len(known) < len(lows):
        return None
    degree = max(map(len, terms))
    if all(c > 0 for m, c in terms.items() if m) and (degree == 1 or all(low >= 0 for low in known.values())):
        return sum(c * prod(known[atom] for atom in m) for m, c in terms.items())
    if degree == 1 or degree > MAX_BOUND_DEGREE:
        return None
    surplus = replace_atoms(size, lambda atom: Expression({(atom,): 1}) + known[atom])
    if any(c < 0 for m, c in terms_of(surplus).items() if m):
        return None
    return terms_of(surplus).get((), 0)


def _least_atom(atom: str) -> int | None:
    if not isinstance(atom, Floor):
        return 1
    least = least_value(atom.numerator)
    if least is None or not is_positive(atom.divisor):
        return None
    return least // atom.divisor if isinstance(atom.divisor, int) else min(least, 0)


def is_positive(size: Dim) -> bool:
    """Whether the size is certainly at least 1."""
    least = least_value(size)
    return least is not None and least >= 1
