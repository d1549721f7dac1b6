"""A difference as blocks, for Markdown and HTML: one table of all that differs, one of the totals."""

from __future__ import annotations

from collections.abc import Iterator

from lstmcalc.comparing.difference import Difference
from lstmcalc.renderers.difference_rows import SIGNS, Entry, Row, caveats, entries, equal_line, notes, total_rows
from lstmcalc.renderers.document import Block, Document, Prose, Table
from lstmcalc.renderers.marking import code

__all__ = ["difference_document"]

HEADER = ("", "Layer (type)", "What", "Old", "New", "Difference")
#: The rows whose values are Keras's or the user's.
PLAIN = ("params", "trainable params", "non-trainable params", "bytes of weights", "MACs", "FLOPs", "shape", "place")


def difference_document(difference: Difference) -> Document:
    """What tells two models apart."""
    title = f"Difference: {code(difference.old_source)} → {code(difference.new_source)}"
    if difference.equal:
        return Document(title, tuple(map(Prose, (equal_line(difference), *caveats(difference)))))
    rows = [row for entry in entries(difference) for row in _rows(entry)]
    totals = tuple((row.what, row.old, row.new, row.delta) for row in total_rows(difference))
    blocks: list[Block] = [
        Table(tuple(rows), HEADER, (5,)),
        Table(totals, ("Total", "Old", "New", "Difference"), (1, 2, 3)),
    ]
    return Document(title, (*blocks, *map(Prose, notes(difference))))


def _rows(entry: Entry) -> Iterator[tuple[str, ...]]:
    """An entry as rows of a table: what became of the layer, then what differs."""
    name = " → ".join(map(code, entry.name.split(" → ")))
    title = f"{name} ({entry.class_name})" if entry.class_name else name
    for place, row in enumerate(entry.rows or (Row(""),)):
        yield (*((_state(entry), title) if place == 0 else ("", "")), *_cells(row))


def _state(entry: Entry) -> str:
    return entry.state if entry.kind == "changed" else f"{SIGNS[entry.kind]} {entry.state}"


def _cells(row: Row) -> tuple[str, ...]:
    def shown(text: str) -> str:
        return text if row.what in PLAIN else code(text)

    return row.what, shown(row.old), shown(row.new), row.delta
