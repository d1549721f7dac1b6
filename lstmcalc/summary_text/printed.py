"""What a pasted `model.summary()` prints, as frozen data: tables of rows, nothing inferred and nothing guessed."""

from __future__ import annotations

from lstmcalc.errors import Fault
from lstmcalc.frozen import NamedTuple

__all__ = ["Connection", "Cut", "PrintedRow", "PrintedShape", "PrintedSize", "PrintedTable", "PrintedTotals"]


class Cut(NamedTuple):
    """A size of which the end was cut off: it starts with these digits, and may have more; with none it is any size.

    >>> Cut("12").allows(128), Cut("12").allows(13), Cut("").allows(None), Cut("1").allows(None)
    (True, False, True, False)
    """

    digits: str

    def allows(self, size: int | None) -> bool:
        """Whether the size may be this one."""
        return not self.digits if size is None else str(size).startswith(self.digits)


PrintedSize = int | None | Cut
PrintedShape = tuple[PrintedSize, ...]


class Connection(NamedTuple):
    """What a row is connected to: output `tensor` of application `node` of a layer.

    `cut` tells that the name may go on; `open` that the name is whole and of the numbers the end is cut off.
    """

    name: str
    node: int = 0
    tensor: int = 0
    cut: bool = False
    open: bool = False


class PrintedRow(NamedTuple):
    """One layer's row.

    `line` and `lines` are where it stands in the text, and how it was pasted. `name_cut`, `class_cut` mark texts of
    which the end is missing; `class_name` is empty where none was printed. `shapes` holds the output shapes, batch
    included, None where the table shows none of them (`shape_text` keeps what stands there: `multiple`, `?`);
    `shapes_cut` tells that more axes or more shapes may follow the last one, `keys` names the shapes of a dict.
    `params` is None where no number can be read. `connections` is None where the table has no such column. `level` is
    the depth in nested models. `fault` is why the row, or a part of it, cannot be read.
    """

    line: int
    lines: tuple[str, ...]
    name: str
    class_name: str
    name_cut: bool = False
    class_cut: bool = False
    shapes: tuple[PrintedShape, ...] | None = None
    shape_text: str = ""
    shapes_cut: bool = False
    keys: tuple[str, ...] = ()
    params: int | None = None
    params_text: str = ""
    built: bool = True
    connections: tuple[Connection, ...] | None = None
    connections_cut: bool = False
    trainable: bool | None = None
    level: int = 0
    fault: Fault | None = None


class PrintedTotals(NamedTuple):
    """The numbers below a table, each None where it is not printed. Keras 3 counts the optimizer's in `params`."""

    params: int | None = None
    trainable_params: int | None = None
    non_trainable_params: int | None = None
    optimizer_params: int | None = None


class PrintedTable(NamedTuple):
    """One summary: the model's name where it is printed, its rows in order, its totals.

    `style` is how it is drawn: `boxes` (Keras 3), `blank lines` (tf.keras from 2.7), `underscores` (Keras 1, 2 and
    tf.keras up to 2.6), `dashes` (Keras 0), or empty where the paste does not show it. `elided` holds, for every place
    where the text leaves rows out (`…`), how many rows stand before it. `cut_start` and `cut_end` tell that the paste
    begins or ends inside the table. `input_shapes` are those stated above the rows, as Keras 0 does. `faults` is what
    else in the table cannot be read.
    """

    line: int
    name: str
    rows: tuple[PrintedRow, ...]
    totals: PrintedTotals = PrintedTotals()
    style: str = ""
    elided: tuple[int, ...] = ()
    cut_start: bool = False
    cut_end: bool = False
    input_shapes: tuple[PrintedShape, ...] = ()
    faults: tuple[Fault, ...] = ()
