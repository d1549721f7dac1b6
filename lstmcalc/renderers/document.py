"""An answer as blocks, before it takes a form: what every renderer of words draws from.

A document holds no markup but backticks around what is Keras's or the user's, and calculates nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lstmcalc.errors import Fault
from lstmcalc.frozen import NamedTuple
from lstmcalc.renderers.marking import code

if TYPE_CHECKING:
    from lstmcalc.explanation.diagrams import Diagram

__all__ = [
    "Block",
    "Document",
    "Drawn",
    "Faults",
    "Heading",
    "Lines",
    "Prose",
    "Table",
    "counts_of",
    "depth",
    "fault_head",
    "fault_slots",
    "is_list",
    "with_diagrams",
]


class Heading(NamedTuple):
    """A heading; `level` 1 heads a layer or a row of a model, 2 a part of what is said of it.

    `warns` where it heads what the answer rests on.
    """

    text: str
    level: int = 2
    warns: bool = False


class Prose(NamedTuple):
    """A paragraph."""

    text: str


class Lines(NamedTuple):
    """Lines that stay as they are: pasted text, code, an equation."""

    lines: tuple[str, ...]


class Table(NamedTuple):
    """Rows of cells; the last column is the one that wraps.

    In a cell a line break is one, and blanks in front move it in. `counts` are the columns of counts, which stand to
    the right; without it, the ones below a header that hold nothing but numbers.
    """

    rows: tuple[tuple[str, ...], ...]
    header: tuple[str, ...] = ()
    counts: tuple[int, ...] | None = None


class Faults(NamedTuple):
    """Errors or hints, each in its six slots."""

    faults: tuple[Fault, ...]


class Drawn(NamedTuple):
    """A diagram."""

    diagram: Diagram


Block = Heading | Prose | Lines | Table | Faults | Drawn


class Document(NamedTuple):
    """A title and what stands below it."""

    title: str
    blocks: tuple[Block, ...]


def counts_of(table: Table) -> frozenset[int]:
    """The columns of a table that hold counts.

    >>> sorted(counts_of(Table((("kernel", "1,024"), ("bias", "4")), ("name", "params"))))
    [1]
    """
    if table.counts is not None:
        return frozenset(table.counts)
    columns = zip(*table.rows, strict=False) if table.header else ()
    return frozenset(place for place, column in enumerate(columns) if all(map(_is_count, column)))


def depth(heading: Heading, document: Document) -> int:
    """How deep a heading stands below the title, where there is one, which is 1: no level is left out.

    >>> part = Heading("States", 2)
    >>> depth(part, Document("a", (part,))), depth(part, Document("a", (Heading("lstm", 1), part)))
    (2, 3)
    """
    has_layers = any(isinstance(block, Heading) and block.level == 1 for block in document.blocks)
    return heading.level + has_layers - (not document.title)


def is_list(table: Table) -> bool:
    """Whether each row is a label and what is said under it."""
    return not table.header and not table.counts and all(len(row) == 2 for row in table.rows)


def fault_head(fault: Fault) -> str:
    """Which fault it is, and where: what stands behind its severity.

    >>> fault_head(Fault("wrong-ndim", layer=("both", "LSTM")))
    '`wrong-ndim` layer `both` (LSTM)'
    """
    place = code(str(fault.where or ""))
    layer = f"layer {code(fault.layer[0])} ({fault.layer[1]})" if fault.layer else ""
    return " ".join(filter(None, (code(fault.code), place, layer)))


def fault_slots(fault: Fault, others: tuple[str, ...]) -> list[tuple[str, str]]:
    """The slots of a fault, and the names of the other layers that it is given to."""
    return [*fault.slots(), *([("likewise", ", ".join(map(code, others)))] if others else [])]


def _is_count(cell: str) -> bool:
    return cell.replace(",", "").isdecimal()


def with_diagrams(document: Document, diagrams: Sequence[Diagram]) -> Document:
    """A document with pictures behind its last words, before what is wrong."""
    words = [block for block in document.blocks if not isinstance(block, Faults)]
    faults = [block for block in document.blocks if isinstance(block, Faults)]
    return document._replace(blocks=(*words, *map(Drawn, diagrams), *faults))
