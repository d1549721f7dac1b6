"""What is divided in a size, and by what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmcalc.dims.polynomial import Dim, Floor, terms_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["divisors_of", "floors_of"]


def floors_of(size: Dim) -> set[Floor]:
    """The divisions in a size, but for those within one another."""
    return {atom for monomial in terms_of(size) for atom in monomial if isinstance(atom, Floor)}


def divisors_of(size: Dim) -> Iterator[Dim]:
    """Everything that something in a size is divided by, numbers left out.

    >>> from lstmcalc.dims import symbol
    >>> [str(size) for size in divisors_of(symbol("T") // symbol("S") + symbol("T") // 2)]
    ['S']
    """
    for floor in floors_of(size):
        if not isinstance(floor.divisor, int):
            yield floor.divisor
        yield from divisors_of(floor.numerator)
        yield from divisors_of(floor.divisor)
