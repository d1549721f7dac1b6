"""A difference as text for the terminal: a sign in front of each layer, and what differs below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lstmcalc.comparing.difference import Difference
from lstmcalc.renderers.difference_rows import SIGNS, Entry, Row, caveats, entries, equal_line, notes, total_rows
from lstmcalc.renderers.drawing import Line, drawn
from lstmcalc.renderers.lines import wrapped_lines

__all__ = ["difference_text"]

#: How an entry is coloured, by what became of the layer; the sign in front says the same.
STYLES = {"added": "green", "removed": "red", "changed": "yellow"}
#: How far the rows of an entry stand in, and where their text begins at the least.
INDENT, LABEL = 4, 12


def difference_text(difference: Difference, width: int | None = None, colour: bool = False) -> str:
    """A difference as text. What is longer than `width` wraps, nothing is cut."""
    if difference.equal:
        told = [equal_line(difference), *(each.replace("`", "") for each in caveats(difference))]
        return drawn(([(line, "")] for text in told for line in wrapped_lines(text, width, 0)), colour)
    lines: list[Line] = [
        [("--- ", "red"), (difference.old_source, "")],
        [("+++ ", "green"), (difference.new_source, "")],
    ]
    for entry in entries(difference):
        lines += [(), *_entry_lines(entry, width)]
    lines += [(), *_total_lines(tuple(total_rows(difference)), width)]
    for note in notes(difference):
        lines += [(), *([(line, "")] for line in wrapped_lines(note.replace("`", ""), width, 0))]
    return drawn(lines, colour)


def _entry_lines(entry: Entry, width: int | None) -> Iterator[Line]:
    style = STYLES[entry.kind]
    head, *more = wrapped_lines(f"{entry.title}  {entry.state}".replace("`", ""), width, 2)
    yield [(f"{SIGNS[entry.kind]} {head[2:]}", f"bold {style}")]
    yield from ([(line, f"bold {style}")] for line in more)
    label = max([LABEL, *(len(row.what) + 2 for row in entry.rows)])
    for row in entry.rows:
        yield from _row_lines(row, label, width)


def _row_lines(row: Row, label: int, width: int | None) -> Iterator[Line]:
    start = INDENT + label
    first, *more = wrapped_lines(row.text, width, start)
    yield [(" " * INDENT, ""), (row.what.ljust(label), "bold"), (first[start:], "")]
    yield from ([(line, "")] for line in more)


def _total_lines(rows: Sequence[Row], width: int | None) -> Iterator[Line]:
    """The totals in columns; where there is no room for them, one below the other."""
    table = [("Total", "old", "new", "difference"), *((row.what, row.old, row.new, row.delta) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    if width is not None and sum(widths) + 8 > width:
        yield [("Total", "bold")]
        label = max(len(row.what) + 2 for row in rows)
        for row in rows:
            yield from _row_lines(row, label, width)
        return
    for place, (what, *cells) in enumerate(table):
        text = "".join(f"  {cell.rjust(size)}" for cell, size in zip(cells, widths[1:], strict=True))
        yield [("  ", ""), (what.ljust(widths[0]), "bold"), (text, "bold" if place == 0 else "")]
