"""What a pasted summary means, as frozen data: for each row the layers that would print it, likeliest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lstmcalc.dims import Size
from lstmcalc.frozen import NamedTuple

if TYPE_CHECKING:
    from lstmcalc.errors import Fault
    from lstmcalc.spec import LayerSpec
    from lstmcalc.summary_text.flow import Feeds
    from lstmcalc.summary_text.printed import PrintedRow, PrintedTable

__all__ = ["Candidate", "Nearest", "Reading", "RowReading", "Shape"]

Shape = tuple[Size, ...]


class Candidate(NamedTuple):
    """A layer that prints exactly this row, on these inputs: the rules gave these shapes and this count.

    `layer` holds the arguments that the row shows, also those that equal Keras's defaults; arguments that no summary
    can show (a dropout rate) are in it only where the layer cannot do without them, and are then named in `stand_ins`.
    The layer of an InputLayer row has `shape`. `inputs` has None for a size that nothing in the text tells, and
    `params` is None where the count depends on one. `cost` is how unusual the layer is, 0 for the most usual. `tells`
    says what would tell it from the first candidate. `keywords` is what the call must have been told. `believed` is
    what Keras prints where that is not what data then has, and `untrained` how many of its params no training changes,
    such as running means; None where that is not known.

    Rows that are alike share their candidates, whatever the rows are called: the name of `layer` tells nothing.
    """

    layer: LayerSpec
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    params: int | None
    formula: str | None = None
    arithmetic: str | None = None
    cost: float = 0.0
    tells: str = ""
    stand_ins: tuple[str, ...] = ()
    keywords: Mapping[str, bool] = {}
    believed: tuple[Shape, ...] | None = None
    untrained: int | None = None


class Nearest(NamedTuple):
    """The layer that comes closest to a row that no layer prints; `difference` is the row's count minus its own."""

    candidate: Candidate
    difference: int
    explained: str = ""


class RowReading(NamedTuple):
    """One row understood: its candidates, or why there is none (`fault`), with the nearest miss.

    `inputs` holds the shapes that reach the layer, as far as the rows before it tell (None: nothing tells); `sources`
    are the names of the rows that they come from, and `feeds` says which output of which row. `class_name` is the row's
    class with the missing end put on, where that is certain, and in today's spelling. `opaque` tells that the row's
    class is one whose arguments a summary cannot show (a nested model, a Lambda, a class of the user's own): its shape
    and count are taken as they stand.
    """

    row: PrintedRow
    class_name: str
    candidates: tuple[Candidate, ...] = ()
    inputs: tuple[Shape, ...] | None = None
    sources: tuple[str, ...] = ()
    feeds: Feeds = ()
    nearest: Nearest | None = None
    fault: Fault | None = None
    opaque: bool = False

    @property
    def exact(self) -> bool:
        """Whether some layer prints exactly this row."""
        return bool(self.candidates)


class Reading(NamedTuple):
    """A whole summary understood.

    `computed` holds the totals as the rows give them (`params`, and `trainable_params`, `non_trainable_params` where
    the rows tell them), None where they do not; `problems` is what contradicts itself, `notes` are sentences on the
    totals that are worth knowing, such as the optimizer's share; `frozen` are the places of the rows that must be
    frozen for the totals to be right.
    """

    source: str
    table: PrintedTable
    rows: tuple[RowReading, ...]
    computed: Mapping[str, int | None] = {}
    problems: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    frozen: tuple[int, ...] = ()
