"""A parameter count as arithmetic: in the names of arguments and axes, and in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lstmcalc.dims import Dim, substitute, to_text, total
from lstmcalc.dims.notation import enclosed
from lstmcalc.frozen import NamedTuple

__all__ = ["Formula", "Term"]


class Term(NamedTuple):
    """A part of a parameter count: an exact expression in a layer's argument and axis names, `factor` times."""

    expression: Dim
    values: Mapping[str, Dim]
    factor: int = 1


class Formula(NamedTuple):
    """A layer's parameter count as a sum of terms, in names and in numbers.

    >>> from lstmcalc.dims import symbol
    >>> F, U = symbol("input_dim"), symbol("units")
    >>> formula = Formula((Term(4 * U * (F + U + 1), {"input_dim": 35, "units": 64}, 2),))
    >>> formula.in_names()
    '2·4·units·(input_dim + units + 1)'
    >>> formula.in_numbers()
    '4·64·(35 + 64 + 1)·2'
    """

    terms: tuple[Term, ...]

    def in_names(self) -> str:
        """The formula as the layer's arguments and axes are called."""
        return self._join(
            f"{term.factor}·{self._product(term, None)}" if term.factor != 1 else to_text(term.expression)
            for term in self.terms
        )

    def in_numbers(self) -> str:
        """The same arithmetic with this layer's numbers."""
        values = [{name: to_text(size) for name, size in term.values.items()} for term in self.terms]
        return self._join(
            f"{self._product(term, names)}·{term.factor}" if term.factor != 1 else to_text(term.expression, names)
            for term, names in zip(self.terms, values, strict=True)
        )

    @property
    def value(self) -> Dim:
        """The count itself."""
        return total(term.factor * substitute(term.expression, term.values) for term in self.terms)

    @staticmethod
    def _join(parts: Iterable[str]) -> str:
        return " + ".join(part for part in parts if part != "0") or "0"

    @staticmethod
    def _product(term: Term, names: Mapping[str, str] | None) -> str:
        return enclosed(to_text(term.expression, names), " ")
