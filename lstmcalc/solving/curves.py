"""A size as it changes with one symbol: cut into pieces that rise or fall, proven from its coefficients.

A floor division by a number repeats itself: with `T = m·q + r`, and m a multiple of all divisors, it is a polynomial in
q for each remainder r. A floor division by something with the symbol in it settles: from some number on it is 0 or -1.
Where neither tells, the first numbers are tried one by one, and the curve says how far.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from math import lcm

from lstmcalc.dims import Dim, Expression, substitute, symbol, symbols_of, terms_of
from lstmcalc.dims.divisions import floors_of
from lstmcalc.dims.polynomial import Floor, replace_atoms
from lstmcalc.frozen import NamedTuple
from lstmcalc.solving.polynomials import Stretch, positive_from, stretches, value
from lstmcalc.solving.ranges import EVERY, between, meet, next_in

__all__ = ["MOST_REMAINDERS", "MOST_TRIED", "Curve", "Piece", "period_of"]

#: How many numbers are tried one by one, where there is no other way.
MOST_TRIED = 20_000
#: Of how many remainders the polynomials are looked at.
MOST_REMAINDERS = 4096


class Piece(NamedTuple):
    """Numbers, in steps, over which something rises (never falls), or falls."""

    numbers: range
    rises: bool


class Curve:
    """A size in one symbol over the numbers that the symbol may have.

    `searched` is the last number that was looked at, where not all could be.

    >>> T = symbol("T")
    >>> curve = Curve(T * T - 7 * T, "T", [range(1, 1000)])
    >>> curve.where(None, -10), curve.at(6)
    ([range(2, 4), range(4, 6)], -6)
    """

    def __init__(self, size: Dim, name: str, numbers: Sequence[range] = (EVERY,), most: int = MOST_TRIED) -> None:
        self.size, self.name, self.numbers = size, name, numbers
        self.most = most
        self.searched: int | None = None
        self._coefficients = _in_quotient(size, name, 1, 0)
        self._known: dict[int, int] = {}

    def at(self, number: int) -> int:
        """The size at a number."""
        if self._coefficients is not None:
            return value(self._coefficients, number)
        if number not in self._known:
            found = substitute(self.size, {self.name: number})
            assert isinstance(found, int), found
            self._known[number] = found
        return self._known[number]

    @property
    def effort(self) -> int:
        """How many pieces and polynomials it took to know the curve, besides the first."""
        return len(self.pieces) + min(period_of(self.size), self.most) - 2

    def where(self, least: int | None, most: int | None) -> list[range]:
        """The numbers at which the size is from `least` to `most`."""
        found = (between(piece.numbers, self.at, piece.rises, least, most) for piece in self.pieces)
        return [numbers for numbers in found if numbers]

    @cached_property
    def pieces(self) -> Sequence[Piece]:
        """The numbers in pieces that rise or fall."""
        found: list[Piece] = []
        for numbers in self.numbers:
            if len(numbers[:3]) < 3:
                found += _one_by_one(numbers)
            else:
                pieces = _pieces(self.size, self.name, numbers[0], numbers[-1], self.most)
                if pieces is None:
                    pieces = self._tried(numbers)
                found += [Piece(meet(piece.numbers, numbers), piece.rises) for piece in pieces]
        return [piece for piece in found if piece.numbers]

    def _tried(self, numbers: range) -> list[Piece]:
        few = numbers[: self.most]
        if next_in([numbers], few[-1]) is not None:
            self.searched = few[-1]
        return _one_by_one(few)


def _one_by_one(numbers: range) -> list[Piece]:
    return [Piece(range(number, number + 1), True) for number in numbers]


def _pieces(size: Dim, name: str, first: int, last: int, most: int) -> list[Piece] | None:
    """The numbers from first to last in pieces that rise or fall; None where that cannot be told."""
    settled = _settled_from(size, name)
    if settled is None:
        return None
    if settled <= first:
        return _repeating(_settled(size, name), name, first, last, most)
    if settled - first > most:
        return None
    head = _one_by_one(range(first, min(settled, last + 1)))
    tail = _repeating(_settled(size, name), name, settled, last, most) if settled <= last else []
    return None if tail is None else [*head, *tail]


def _repeating(size: Dim, name: str, first: int, last: int, most: int) -> list[Piece] | None:
    """The pieces of a size whose divisions are all by numbers."""
    period = period_of(size)
    if period > min(MOST_REMAINDERS, most):
        return None
    rows = []
    for remainder in range(period + 1):
        row = _in_quotient(size, name, period, remainder)
        if row is None:
            return None
        rows.append(row)
    for rises in (True, False):
        if all(
            _never(_gain(rows[place], rows[place + 1], rises), _quotients(first, last - 1, place, period))
            for place in range(period)
        ):
            return [Piece(range(first, last + 1), rises)]
    return [piece for place in range(period) for piece in _row(rows[place], place, period, first, last)]


def _gain(one: Sequence[int], other: Sequence[int], rises: bool) -> Sequence[int]:
    degree = max(len(one), len(other))
    pairs = zip([*one, *[0] * (degree - len(one))], [*other, *[0] * (degree - len(other))], strict=True)
    return [b - a if rises else a - b for a, b in pairs]


def _never(gain: Sequence[int], quotients: range) -> bool:
    """Whether something is negative for none of these numbers."""
    if not quotients or all(coefficient >= 0 for coefficient in gain):
        return True
    ends = (end for part in stretches(gain, quotients[0], quotients[-1]) for end in (part.first, part.last))
    return all(value(gain, end) >= 0 for end in ends)


def _quotients(first: int, last: int, remainder: int, period: int) -> range:
    """The q for which `period·q + remainder` is from first to last."""
    return range(max(0, -((remainder - first) // period)), (last - remainder) // period + 1)


def _row(polynomial: Sequence[int], remainder: int, period: int, first: int, last: int) -> Iterator[Piece]:
    """The pieces of the numbers that leave one remainder."""
    quotients = _quotients(first, last, remainder, period)
    parts: list[Stretch] = stretches(polynomial, quotients[0], quotients[-1]) if quotients else []
    for start, end, rises in parts:
        yield Piece(range(start * period + remainder, end * period + remainder + 1, period), rises)


def _in_quotient(size: Dim, name: str, period: int, remainder: int) -> Sequence[int] | None:
    """The coefficients of the size in q, where the symbol is `period·q + remainder`; None where a division is left."""
    inside = substitute(size, {name: period * symbol(name) + remainder})
    if floors_of(inside):
        return None
    terms = terms_of(inside)
    return [terms.get((name,) * power, 0) for power in range(max(map(len, terms), default=0) + 1)]


def period_of(size: Dim) -> int:
    """After how many numbers all divisions by numbers repeat themselves; divisions within one another multiply."""
    floors = floors_of(size)
    return lcm(*(period_of(floor.numerator) * floor.divisor for floor in floors if isinstance(floor.divisor, int)))


def _settled_from(size: Dim, name: str) -> int | None:
    """The number from which on every division by something with the symbol in it is 0 or -1; None if none is known."""
    found = 1
    for floor in floors_of(size):
        inner = _settled_from(floor.numerator, name)
        here = 1 if isinstance(floor.divisor, int) else _constant_from(floor, name)
        if inner is None or here is None:
            return None
        found = max(found, inner, here)
    return found


def _constant_from(floor: Floor, name: str) -> int | None:
    if floors_of(floor.numerator) or floors_of(floor.divisor) or {*symbols_of(floor.numerator)} - {name}:
        return None
    below = _positive(floor.divisor - floor.numerator - 1, name), _positive(floor.numerator, name)
    above = _positive(-1 - floor.numerator, name), _positive(floor.divisor + floor.numerator, name)
    for one, other in (below, above):
        if one is not None and other is not None:
            return max(one, other)
    return None


def _positive(size: Dim, name: str) -> int | None:
    polynomial = _in_quotient(size, name, 1, 0)
    return None if polynomial is None else positive_from(polynomial, EVERY[-1])


def _settled(size: Dim, name: str) -> Dim:
    """The size with 0 or -1 for the divisions that settle."""

    def image(atom: str) -> Dim:
        if not isinstance(atom, Floor):
            return symbol(atom)
        if isinstance(atom.divisor, int):
            return _settled(atom.numerator, name) // atom.divisor
        return 0 if _positive(atom.numerator, name) is not None else -1

    return replace_atoms(size, image) if isinstance(size, Expression) else size
