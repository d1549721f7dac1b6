"""A document as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from lstmcalc.renderers.document import Block, Document, Drawn, Faults, Heading, Lines, Prose
from lstmcalc.renderers.drawing import drawn, marked
from lstmcalc.renderers.lines import table_lines, titled, wrapped_lines
from lstmcalc.renderers.summary_text import render_faults

__all__ = ["document_text"]


def document_text(document: Document, width: int | None = 80, colour: bool = False) -> str:
    """A document as text. What is longer than `width` wraps, nothing is cut; without a width, nothing wraps.

    What stands above the first heading stands apart, as what is below one belongs together.
    """
    parts = [_title(document.title, width, "bold", colour)] if document.title else []
    is_above = True
    for block in document.blocks:
        is_above = is_above and not isinstance(block, Heading)
        if parts and (is_above or isinstance(block, (Heading, Faults, Drawn))):
            parts.append("\n")
        parts.append(_text(block, width, colour))
    return "".join(parts)


def _title(text: str, width: int | None, style: str, colour: bool) -> str:
    return drawn(([(line, style)] for line in titled(text, width)), colour)


def _text(block: Block, width: int | None, colour: bool) -> str:
    if isinstance(block, Faults):
        return render_faults(block.faults, width=width, colour=colour)
    if isinstance(block, Heading):
        return _title(block.text, width, "bold yellow" if block.warns else "bold", colour)
    if isinstance(block, Prose):
        return _marked(wrapped_lines(block.text, width), colour)
    if isinstance(block, Lines):
        return _marked((f"  {line}" for line in block.lines), colour)
    if isinstance(block, Drawn):
        from lstmcalc.renderers.diagram_text import diagram_lines

        return _marked(diagram_lines(block.diagram, width), colour)
    rows = [tuple(cell.replace("\n", ", ") for cell in row) for row in block.rows]
    return _marked(table_lines(rows, width, block.header), colour)


def _marked(lines: Iterable[str], colour: bool) -> str:
    return drawn(marked(lines), colour)
