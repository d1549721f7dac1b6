"""What stands around the rows of a table and tells how to read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lstmcalc.frozen import NamedTuple
from lstmcalc.summary_text.pieces import SEPARATORS, Column, Piece
from lstmcalc.summary_text.printed import PrintedTotals

__all__ = ["Frame", "printed_widths"]


class Frame(NamedTuple):
    """What stands around a table's rows: its header, its totals (`ended` if there are any), the width of its rules.

    `wrapped` tells that its cells go on in the next line, as in tf.keras from 2.7, and are not cut, `fixed` that they
    are cut; with neither the paste does not show it.
    """

    header: Piece | None
    totals: PrintedTotals
    ended: bool
    width: int
    wrapped: bool
    fixed: bool = False

    @property
    def drawn(self) -> str:
        """The header as it stands there."""
        return self.header.text if self.header else ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that the header announces."""
        return self.header.columns if self.header else ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the columns hold."""
        return tuple(column.kind for column in self.columns)

    @property
    def class_first(self) -> bool | None:
        """Whether the class stands before the name, as in Keras 0; None where no header tells."""
        return "(name)" in self.drawn.lower() if self.header else None

    @property
    def barred(self) -> bool:
        """Whether lines part the titles of the header."""
        return any(separator in self.drawn for separator in SEPARATORS)

    @property
    def typed(self) -> bool:
        """Whether the header promises a class beside each name."""
        return "(t" in self.drawn.lower()

    @property
    def widths(self) -> Mapping[str, int]:
        """How wide the columns were printed, empty where that is not known or where nothing was cut."""
        kinds = self.kinds or (_WITH_CONNECTIONS if self.touching else ())
        return {} if self.wrapped or self.barred else printed_widths(kinds, self.width)

    @property
    def touching(self) -> bool:
        """Whether nothing parts a cell that fills its column from the next, as in Keras 1.0."""
        return "#C" in self.drawn or (self.totals.params is not None and self.totals.trainable_params is None)


_WITH_CONNECTIONS = ("layer", "shape", "params", "connected")
_PLACES = {_WITH_CONNECTIONS[:3]: (0.45, 0.85, 1.0), _WITH_CONNECTIONS: (0.33, 0.55, 0.67, 1.0)}


def printed_widths(kinds: Sequence[str], width: int) -> dict[str, int]:
    """How wide Keras prints the columns of a table as wide as this if nobody tells it otherwise.

    >>> printed_widths(("layer", "shape", "params", "connected"), 60)
    {'layer': 19, 'shape': 14, 'params': 7, 'connected': 20}
    """
    ends = [int(width * place) for place in _PLACES.get(tuple(kinds), ())]
    if not ends or width < 30:
        return {}
    return {kind: end - start for kind, start, end in zip(kinds, [0, *ends], ends, strict=False)}
