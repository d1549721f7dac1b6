"""Exact integer arithmetic with names in it: the algebra below `dims`.

An expression is a sum of terms, kept as `{monomial: coefficient}`. A monomial is a sorted tuple of atoms, repeated for
powers: `3*T*U**2 - 4` is `{("T", "U", "U"): 3, (): -4}`. An atom is a symbol's name or a `Floor`, a division that does
not come out even. Every operation ends in one canonical form, so equal polynomials have equal terms, and a result
without names is a plain `int` again.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from keyword import iskeyword
from math import gcd, prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Monomial = tuple[str, ...]
Terms = dict[Monomial, int]

# Long division by a sum of many names can go on for ages; past this many steps the quotient stays unwritten.
MAX_DIVISION_STEPS = 1_000
# Multiplying out a bound can take 2**degree terms; past this degree the bound is not looked for.
MAX_BOUND_DEGREE = 8


class Expression:
    """An immutable, exact, integer-valued expression over named positive integers.

    Made by `symbol` and by arithmetic with ints or expressions on either side: `+ - * //`, and `**` with a plain
    non-negative power. Expressions are equal when they are the same polynomial, however they were built. They have no
    order and no truth value, since either could depend on the names: ask `dims.equal` or `dims.at_least` instead.

    >>> T, U = symbol("T"), symbol("U")
    >>> (T + U) * 2 - 2 * U == T + T
    True
    >>> T + U - T - U
    0
    >>> (2 * T + 3) // 2 == T + 1
    True
    """

    __slots__ = ("_hash", "_terms")

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._hash: int | None = None

    def __add__(self, other: Dim) -> Dim:
        return total((self, other)) if isinstance(other, (int, Expression)) else NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return Expression({monomial: -coefficient for monomial, coefficient in self._terms.items()})

    def __pos__(self) -> Dim:
        return self

    def __sub__(self, other: Dim) -> Dim:
        return total((self, -other)) if isinstance(other, (int, Expression)) else NotImplemented

    def __rsub__(self, other: Dim) -> Dim:
        return total((other, -self)) if isinstance(other, (int, Expression)) else NotImplemented

    def __mul__(self, other: Dim) -> Dim:
        return _multiply(self, other) if isinstance(other, (int, Expression)) else NotImplemented

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        return _floor_divide(self, other) if isinstance(other, (int, Expression)) else NotImplemented

    def __rfloordiv__(self, other: Dim) -> Dim:
        return _floor_divide(other, self) if isinstance(other, (int, Expression)) else NotImplemented

    def __pow__(self, power: int) -> Dim:
        if not isinstance(power, int):
            return NotImplemented
        if power < 0:
            raise ValueError("the power of a size must not be negative")
        return product([self] * power)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Expression) and self._terms == other._terms)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self._terms.items()))
        return self._hash

    def __bool__(self) -> bool:
        raise TypeError(f"cannot decide whether {self!r} is true: it depends on values that are not known yet")

    def __repr__(self) -> str:
        from lstmcalc.dims.notation import to_python

        return to_python(self)

    def __reduce__(self) -> str | tuple[object, ...]:
        return Expression, (self._terms,)


Dim = int | Expression


class _Unknown(Expression):
    """Keras's `None`: whatever is calculated with it is unknown too."""

    __slots__ = ()

    def _absorb(self, other: object = None) -> Dim:
        return self

    # Python asks the right operand first when its class is the more special one, so these win on either side.
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _absorb
    __floordiv__ = __rfloordiv__ = __pow__ = __rpow__ = __neg__ = __pos__ = _absorb

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __reduce__(self) -> str:
        return "UNKNOWN"  # copies and pickles are this very object


UNKNOWN: Expression = _Unknown({})


class Floor(str):
    """A floor division that does not come out even, as an atom.

    As a string it is its own canonical text, which makes atoms compare, hash and sort as fast as names do. The `~` lets
    divisions sort after names.
    """

    __slots__ = ("divisor", "numerator")
    numerator: Dim
    divisor: Dim

    def __new__(cls, numerator: Dim, divisor: Dim) -> Floor:
        atom = super().__new__(cls, f"~({_spell(numerator)})//({_spell(divisor)})")
        atom.numerator, atom.divisor = numerator, divisor
        return atom

    def __getnewargs__(self) -> tuple[Dim, Dim]:  # type: ignore[override]
        return self.numerator, self.divisor


def _spell(size: Dim) -> str:
    return " + ".join("*".join((str(coefficient), *monomial)) for monomial, coefficient in sorted_terms(size))


def symbol(name: str) -> Expression:
    """The positive integer called `name`.

    Raises ValueError where `name` is not a Python identifier, or is one of Python's keywords.

    >>> 4 * symbol("units")
    4*units
    """
    if not name.isidentifier() or iskeyword(name):
        raise ValueError(f"expected a name as Python allows it, got `{name}`")
    return Expression({(name,): 1})


def terms_of(size: Dim) -> Terms:
    """The terms of a known size, to be read and not changed."""
    if isinstance(size, Expression):
        return size._terms
    return {(): size} if size else {}


def sorted_terms(size: Dim) -> list[tuple[Monomial, int]]:
    """The terms in reading order."""
    return sorted(terms_of(size).items(), key=lambda term: reading_order(term[0]))


def reading_order(monomial: Monomial) -> tuple[int, Monomial]:
    """What sorts monomials: higher degree first, then alphabetically."""
    return -len(monomial), monomial


def linear_floors(size: Dim) -> list[tuple[Floor, int]]:
    """The terms that are a floor division and a coefficient, in reading order."""
    return [(m[0], c) for m, c in sorted_terms(size) if len(m) == 1 and isinstance(m[0], Floor)]


def from_terms(terms: Terms) -> Dim:
    """The size with these terms, zeros dropped; an int where no name is left."""
    if 0 in terms.values():
        terms = {monomial: coefficient for monomial, coefficient in terms.items() if coefficient}
    if any(terms):
        return Expression(terms)
    return terms.get((), 0)


def total(sizes: Iterable[Dim]) -> Dim:
    """The sum of all sizes, in one pass.

    Adding a long list one by one would copy the growing sum each time. The empty sum is 0.

    >>> total([1, symbol("T"), symbol("T"), 2])
    2*T + 3
    """
    terms: Terms = {}
    for size in sizes:
        if size is UNKNOWN:
            return UNKNOWN
        for monomial, coefficient in terms_of(size).items():
            terms[monomial] = terms.get(monomial, 0) + coefficient
    return from_terms(terms)


def product(sizes: Iterable[Dim]) -> Dim:
    """The product of all sizes; the empty product is 1.

    >>> product([2, symbol("T"), 3])
    6*T
    """
    result: Dim = 1
    for size in sizes:
        result = result * size
    return result


def _multiply(left: Dim, right: Dim) -> Dim:
    terms: Terms = {}
    for a, m in terms_of(left).items():
        for b, n in terms_of(right).items():
            monomial = tuple(sorted(a + b))
            terms[monomial] = terms.get(monomial, 0) + m * n
    return from_terms(terms)


def replace_atoms(size: Dim, image: Callable[[str], Dim]) -> Dim:
    """The size with `image(atom)` put in the place of every atom."""
    terms = terms_of(size)
    images = {atom: image(atom) for atom in {atom for monomial in terms for atom in monomial}}
    return total(coefficient * product(images[atom] for atom in monomial) for monomial, coefficient in terms.items())


def _floor_divide(numerator: Dim, divisor: Dim) -> Dim:
    if isinstance(divisor, int) and divisor < 0:
        raise ValueError(f"a size can only be divided by a positive number, got {divisor}")
    if divisor == 0:
        raise ZeroDivisionError("a size cannot be divided by zero")
    if sorted_terms(divisor)[0][1] < 0:
        numerator, divisor = -numerator, -divisor
    quotient, remainder = divide(numerator, divisor)
    return quotient + _proper_floor(*_lowest_terms(remainder, divisor))


def divide(numerator: Dim, divisor: Dim) -> tuple[Dim, Dim]:
    """`(quotient, remainder)` with `numerator == quotient * divisor + remainder`, the remainder reduced.

    In the remainder, no monomial that the divisor's first one divides has a coefficient outside `0 … c - 1`, `c` being
    the divisor's first coefficient. That makes it unique: numerators that differ by a multiple leave the same one.
    """
    (lead, c), *rest = sorted_terms(divisor)
    quotient: Terms = {}
    remainder = dict(terms_of(numerator))
    waiting = [reading_order(monomial) for monomial in remainder]
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

    >>> T, U = symbol("T"), symbol("U")
    >>> least_value(T * U - T + 3), least_value(T - U)
    (3, None)
    """
    if isinstance(size, int):
        return size
    terms = terms_of(size)
    lows = {atom: _least_atom(atom) for atom in {atom for monomial in terms for atom in monomial}}
    known = {atom: low for atom, low in lows.items() if low is not None}
    if len(known) < len(lows):
        return None
    if all(low >= 0 for low in known.values()) and all(c > 0 for m, c in terms.items() if m):
        return sum(c * prod(known[atom] for atom in m) for m, c in terms.items())
    if max(map(len, terms)) > MAX_BOUND_DEGREE:
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
