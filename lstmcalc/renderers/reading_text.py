"""A pasted summary with the explanation of each line below it; nothing is calculated here."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.text import Text

from lstmcalc.errors import Fault
from lstmcalc.explanation.readings import ReadingExplanation, RowExplanation
from lstmcalc.renderers.drawing import draw
from lstmcalc.renderers.explanation_text import GAP, LEAST_ROOM, styled, table_lines, wrapped_lines
from lstmcalc.renderers.summary_text import render_faults

__all__ = ["render_reading"]

#: How far an explanation stands in from the line that it explains.
INDENT = 4
#: What is said of a row, in this order, and what each kind of sentence is headed.
HEADED = {"fault": "wrong", "nearest": "nearest", "layer": "layer", "purpose": "does", "shape": "shape",
          "params": "params", "note": "note", "other": "or"}  # fmt: skip
#: The width of the headings.
LABEL = max(map(len, HEADED.values()))
#: Of the layers that are less likely than the first, these many are shown.
MOST_OTHERS = 3
#: What steers a terminal: escape sequences whole, then any other control character but the tab.
STEERING = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def render_reading(explanation: ReadingExplanation, width: int | None = 80, colour: bool = False) -> str:
    """A reading as text: every line as it was pasted, what it means below it, and then the whole.

    What is longer than `width` wraps, but for the pasted lines, which stay as they are; without a width, nothing wraps.
    """
    lines = [(_clean(line).rstrip(), bold) for line, bold in _lines(explanation, width)]
    if colour:
        text = draw(Text("\n").join(Text(line, "bold") if bold else styled(line) for line, bold in lines), None, colour)
    else:
        text = "".join(f"{line}\n" for line, _ in lines)
    reading = explanation.reading
    faults: tuple[Fault, ...] = (*reading.problems, *explanation.hints)
    return f"{text}\n{render_faults(faults, width=width, colour=colour)}" if faults else text


def _lines(explanation: ReadingExplanation, width: int | None) -> Iterator[tuple[str, bool]]:
    """All lines, and which are the bold ones."""
    reading = explanation.reading
    name = reading.table.name and f"Model: {reading.table.name}"
    if title := "  ".join(filter(None, (name, reading.source.removeprefix("-")))):
        yield from ((title, True), ("", False))
    elided = set(reading.table.elided)
    for place, row in enumerate(explanation.rows):
        if place:
            yield "", False
        if place in elided:
            yield from (("…", True), ("", False))
        yield from ((line, True) for line in row.reading.row.lines)
        yield from ((line, False) for line in _explained(row, width))
    if len(explanation.rows) in elided:
        yield from (("", False), ("…", True))
    if explanation.overview:
        yield from (("", False), ("The whole" if len(explanation.rows) > 1 else "The line", True))
        yield from (
            (line, False) for line in table_lines([(each.about, each.text) for each in explanation.overview], width)
        )


def _explained(row: RowExplanation, width: int | None) -> Iterator[str]:
    """What is said of a row, each part headed by what it is about."""
    indent = INDENT + LABEL + GAP
    below = width is not None and width - indent < LEAST_ROOM
    for kind, heading in HEADED.items():
        texts = [sentence.brief for sentence in row.sentences if sentence.brief and sentence.kind == kind]
        if kind != "other":
            texts = [" ".join(texts)] if texts else []
        elif len(texts) > MOST_OTHERS:
            texts[MOST_OTHERS:] = [f"{len(texts) - MOST_OTHERS} more, less usual: `--json` lists them."]
        for text in texts:
            first, *more = wrapped_lines(text, width, INDENT + GAP if below else indent)
            if below:
                yield " " * INDENT + heading
                yield first
            else:
                yield f"{'':{INDENT}}{heading:{LABEL + GAP}}{first[indent:]}"
            yield from more


def _clean(text: str) -> str:
    """A text without what would steer the terminal.

    >>> _clean("\\x1b[1mlstm\\x1b[0m\\t(LSTM)\\x07")
    'lstm\\t(LSTM)'
    """
    return STEERING.sub("", text)
