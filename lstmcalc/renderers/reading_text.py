"""A pasted summary as text for the terminal: each line with what is said of it below."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from lstmcalc.explanation.readings import ReadingExplanation
from lstmcalc.renderers.document import Document, Faults, Heading, Lines, Table
from lstmcalc.renderers.drawing import Line, drawn, marked
from lstmcalc.renderers.lines import GAP, LEAST_ROOM, table_lines, wrapped_lines
from lstmcalc.renderers.pasted_document import HEADED, clean, pasted_document
from lstmcalc.renderers.summary_text import render_faults
from lstmcalc.summary_text.reading import Reading

__all__ = ["render_reading"]

#: How far an explanation stands in from the line that it explains.
INDENT = 4
#: The width of the headings.
LABEL = max(map(len, HEADED.values()))


def render_reading(explanation: ReadingExplanation, width: int | None = 80, colour: bool = False) -> str:
    """A reading as text: every line as it was pasted, what it means below it, and then the whole.

    What is longer than `width` wraps, but for the pasted lines, which stay as they are; without a width, nothing wraps.
    """
    document = pasted_document(explanation)
    lines = [(line.rstrip(), bold) for line, bold in (*_title(explanation.reading), *_lines(document, width))]
    if colour:
        # What stands in backticks may go over two lines.
        parts = [(bold, [line for line, _ in part]) for bold, part in groupby(lines, key=itemgetter(1))]
        shown: list[Line] = []
        for bold, part in parts:
            shown += ([(line, "bold")] for line in part) if bold else marked(part)
        text = drawn(shown, colour)
    else:
        text = "".join(f"{line}\n" for line, _ in lines)
    faults = [
        render_faults(each.faults, width=width, colour=colour) for each in document.blocks if isinstance(each, Faults)
    ]
    return "\n".join((text, *faults))


def _title(reading: Reading) -> Iterator[tuple[str, bool]]:
    name = reading.table.name and f"Model: {reading.table.name}"
    if title := "  ".join(filter(None, (name, reading.source.removeprefix("-")))):
        yield from ((clean(title), True), ("", False))


def _lines(document: Document, width: int | None) -> Iterator[tuple[str, bool]]:
    """All lines below the title, and which are the bold ones."""
    is_whole = False
    for place, block in enumerate(document.blocks):
        if place and isinstance(block, (Heading, Lines)):
            yield "", False
        if isinstance(block, Lines):
            yield from ((line, True) for line in block.lines)
        elif isinstance(block, Heading):
            is_whole = True
            yield block.text, True
        elif isinstance(block, Table):
            made = table_lines(block.rows, width) if is_whole else _explained(block, width)
            yield from ((line, False) for line in made)


def _explained(said: Table, width: int | None) -> Iterator[str]:
    indent = INDENT + LABEL + GAP
    below = width is not None and width - indent < LEAST_ROOM
    for heading, text in said.rows:
        first, *more = wrapped_lines(text, width, INDENT + GAP if below else indent)
        if below:
            yield " " * INDENT + heading
            yield first
        else:
            yield f"{'':{INDENT}}{heading:{LABEL + GAP}}{first[indent:]}"
        yield from more
