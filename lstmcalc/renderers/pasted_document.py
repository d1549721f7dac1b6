"""A pasted summary as blocks: every line with what it means below it, and then the whole."""

from __future__ import annotations

from collections.abc import Iterator

from lstmcalc.explanation.readings import ReadingExplanation, RowExplanation
from lstmcalc.renderers.document import Block, Document, Faults, Heading, Lines, Table
from lstmcalc.renderers.marking import code
from lstmcalc.renderers.reading_text import clean, told

__all__ = ["pasted_document"]

ELIDED = Lines(("…",))


def pasted_document(explanation: ReadingExplanation) -> Document:
    """A reading; its pasted lines stay as they are, but for what would steer a terminal."""
    reading = explanation.reading
    blocks: list[Block] = []
    for place, row in enumerate(explanation.rows):
        if place in reading.table.elided:
            blocks.append(ELIDED)
        blocks += _row(row)
    if len(explanation.rows) in reading.table.elided:
        blocks.append(ELIDED)
    if explanation.overview:
        blocks.append(Heading("The whole" if len(explanation.rows) > 1 else "The line", 1))
        blocks.append(Table(tuple((clean(each.about), clean(each.text)) for each in explanation.overview)))
    if faults := (*reading.problems, *explanation.hints):
        blocks.append(Faults(faults))
    return Document(_title(clean(reading.table.name), clean(reading.source.removeprefix("-"))), tuple(blocks))


def _title(name: str, source: str) -> str:
    place = f" in {code(source)}" if source else ""
    return f"Model: {code(name)}{place}" if name else f"Summary{place}" if place else "A pasted summary"


def _row(row: RowExplanation) -> Iterator[Block]:
    yield Lines(tuple(clean(line).rstrip() for line in row.reading.row.lines))
    said = tuple((heading, clean(text)) for heading, text in told(row))
    if said:
        yield Table(said)
