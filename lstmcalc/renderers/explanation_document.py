"""The explanation of one layer as blocks: the answer first, then the reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from lstmcalc.explanation.layer import Explanation
from lstmcalc.renderers.document import Block, Document, Faults, Heading, Prose, Table
from lstmcalc.renderers.marking import code

__all__ = ["explanation_document", "section_blocks"]


def explanation_document(explanation: Explanation) -> Document:
    """What is said of a layer; its title is the layer as a Keras call."""
    blocks: list[Block] = [*section_blocks(explanation.answer)]
    if explanation.purpose:
        blocks.append(Prose(explanation.purpose))
    for section in explanation.sections:
        blocks += [Heading(section.heading), *section_blocks(section.lines, section.header)]
    if explanation.assumptions:
        blocks += [Heading("This holds only if", warns=True), *(Prose(str(held)) for held in explanation.assumptions)]
    if explanation.hints:
        blocks.append(Faults(explanation.hints))
    return Document(code(explanation.written), tuple(blocks))


def section_blocks(lines: Iterable[tuple[str, ...]], header: tuple[str, ...] = ()) -> Iterator[Block]:
    """Lines of one cell as sentences, and the rows between them as tables.

    >>> list(section_blocks([("One.",), ("a", "1"), ("b", "2")]))
    [Prose(text='One.'), Table(rows=(('a', '1'), ('b', '2')), header=(), counts=None)]
    """
    for cells, group in groupby(lines, key=len):
        if cells == 1:
            yield from (Prose(text) for (text,) in group)
        else:
            yield Table(tuple(group), header)
