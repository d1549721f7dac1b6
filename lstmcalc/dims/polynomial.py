"""Exact integer arithmetic with names in it: the algebra below `dims`.

An expression is a sum of terms, kept as `{monomial: coefficient}`. A monomial is a sorted tuple of atoms, repeated for
powers: `3*T*U**2 - 4` is `{("T", "U", "U"): 3, (): -4}`. An atom is a symbol's name or a `Floor`, a division that does
not come out even. Every operation ends in one canonical form, so equal polynomials have equal terms, and a result
without names is a plain `int` again.
"""

from __future__ import annotations

from itertools import chain
from keyword import iskeyword
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Monomial = tuple[str, ...]
Terms = dict[Monomial, int]

# A product of two sums that comes to more stays unknown: no model that people write comes near, and a file of 1 kB
# could ask for a second, one of 50 kB for a gigabyte. What has one term makes no sum longer.
MAX_TERMS = 50_000


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

    # One of Python's own takes a tenth of the time, and shapes that are keys ask it for every layer.
    __hash__ = object.__hash__

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


def leads_negative(size: Dim) -> bool:
    """Whether the first term has a minus; no size of 0 is meant."""
    terms = terms_of(size)
    return terms[min(terms, key=reading_order)] < 0


def reading_order(monomial: Monomial) -> tuple[int, Monomial]:
    """What sorts monomials: higher degree first, then alphabetically."""
    return -len(monomial), monomial


def linear_floors(size: Dim) -> list[tuple[Floor, int]]:
    """The terms that are a floor division and a coefficient, in reading order."""
    found = [(m[0], c) for m, c in terms_of(size).items() if len(m) == 1 and isinstance(m[0], Floor)]
    return sorted(found) if len(found) > 1 else found


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
    constant = 0
    terms: Terms = {}
    for size in sizes:
        if isinstance(size, int):
            constant += size
            continue
        if size is UNKNOWN:
            return UNKNOWN
        for monomial, coefficient in size._terms.items():
            terms[monomial] = terms.get(monomial, 0) + coefficient
    if not terms:
        return constant
    if constant:
        terms[()] = terms.get((), 0) + constant
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
    sizes = len(terms_of(left)), len(terms_of(right))
    if min(sizes) > 1 and sizes[0] * sizes[1] > MAX_TERMS:
        return UNKNOWN
    terms: Terms = {}
    for a, m in terms_of(left).items():
        for b, n in terms_of(right).items():
            monomial = tuple(sorted(a + b))
            terms[monomial] = terms.get(monomial, 0) + m * n
    return from_terms(terms)


def atoms_of(size: Dim) -> set[str]:
    """The names and the divisions in a size, but for what is within a division."""
    return set(chain.from_iterable(terms_of(size)))


def replace_atoms(size: Dim, image: Callable[[str], Dim | None]) -> Dim:
    """The size with `image(atom)` put in the place of every atom, those left as they are where that is None."""
    images = {atom: new for atom in atoms_of(size) if (new := image(atom)) is not None}
    if not images:
        return size
    same: Terms = {}
    parts: list[Dim] = []
    for monomial, coefficient in terms_of(size).items():
        if images.keys().isdisjoint(monomial):
            same[monomial] = coefficient
        else:
            factors = (images[atom] if atom in images else Expression({(atom,): 1}) for atom in monomial)
            parts.append(coefficient * product(factors))
    return total((from_terms(same), *parts))


def _floor_divide(numerator: Dim, divisor: Dim) -> Dim:
    # It is written with this arithmetic, and few sizes are divided.
    from lstmcalc.dims.quotients import floor_divide

    return floor_divide(numerator, divisor)
