"""A pasted summary with the explanation of each line below it; nothing is calculated here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from textwrap import wrap

from rich.text import Text

from lstmcalc.errors import Fault
from lstmcalc.explanation.readings import ReadingExplanation, RowExplanation
from lstmcalc.renderers.drawing import draw
from lstmcalc.renderers.explanation_text import (
    GAP,
    LEAST_ROOM,
    MOST_PROSE,
    NO_BREAK,
    WHOLE,
    table_lines,
    wrapped_lines,
)
from lstmcalc.renderers.summary_text import render_faults

__all__ = ["clean", "render_reading", "told"]

#: How far an explanation stands in from the line that it explains.
INDENT = 4
#: What is said of a row, in this order, and what each kind of sentence is headed.
HEADED = {"fault": "wrong", "nearest": "nearest", "layer": "layer", "purpose": "does", "shape": "shape",
          "params": "params", "note": "note", "other": "or"}  # fmt: skip
#: The width of the headings.
LABEL = max(map(len, HEADED.values()))
#: Of the layers that are less likely than the first, these many are shown.
MOST_OTHERS = 3
#: An argument of several numbers, which stays on one line.
NUMBERS = re.compile(r"[(\[][\d, ]+[)\]]")
#: What steers a terminal: escape sequences whole, then any other control character but the tab.
STEERING = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def render_reading(explanation: ReadingExplanation, width: int | None = 80, colour: bool = False) -> str:
    """A reading as text: every line as it was pasted, what it means below it, and then the whole.

    What is longer than `width` wraps, but for the pasted lines, which stay as they are; without a width, nothing wraps.
    """
    lines = [(clean(line).rstrip(), bold) for line, bold in _lines(explanation, width)]
    if colour:
        # What stands in backticks may go over two lines.
        parts = [(bold, "\n".join(line for line, _ in part)) for bold, part in groupby(lines, key=itemgetter(1))]
        text = draw(
            Text("\n").join(Text(part, "bold") if bold else _styled(part) for bold, part in parts), None, colour
        )
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


def told(row: RowExplanation) -> Iterator[tuple[str, str]]:
    """What is said of a row, each part behind what it is about."""
    for kind, heading in HEADED.items():
        texts = [sentence.brief for sentence in row.sentences if sentence.brief and sentence.kind == kind]
        if kind != "other":
            texts = [" ".join(texts)] if texts else []
        elif len(texts) > MOST_OTHERS:
            texts[MOST_OTHERS:] = [f"{len(texts) - MOST_OTHERS} more, less usual: `--json` lists them."]
        yield from ((heading, text) for text in texts)


def _explained(row: RowExplanation, width: int | None) -> Iterator[str]:
    indent = INDENT + LABEL + GAP
    below = width is not None and width - indent < LEAST_ROOM
    for heading, text in told(row):
        first, *more = _wrapped(text, width, INDENT + GAP if below else indent)
        if below:
            yield " " * INDENT + heading
            yield first
        else:
            yield f"{'':{INDENT}}{heading:{LABEL + GAP}}{first[indent:]}"
        yield from more


def _wrapped(text: str, width: int | None, indent: int) -> Iterator[str]:
    """A text in lines, as `wrapped_lines` has it, but that a call which no line holds breaks behind its commas.

    >>> list(_wrapped("`Conv1D(8, kernel_size=(3, 3), strides=2)` reads", 24, 0))
    ['`Conv1D(8,', 'kernel_size=(3, 3),', 'strides=2)` reads']
    """
    room = (width or 0) - indent
    if width is None or all(len(part) <= room for part in WHOLE.findall(text)):
        yield from wrapped_lines(text, width, indent)
        return

    def kept(part: re.Match[str]) -> str:
        if len(part[0]) <= room:
            return part[0].replace(" ", NO_BREAK)
        return NUMBERS.sub(lambda numbers: numbers[0].replace(" ", NO_BREAK), part[0])

    lines = wrap(WHOLE.sub(kept, text), max(min(room, MOST_PROSE), 1), break_long_words=False, break_on_hyphens=False)
    yield from (" " * indent + line.replace(NO_BREAK, " ") for line in lines)


def _styled(part: str) -> Text:
    text = Text(part)
    text.highlight_regex(r"`[^`]+`", "cyan")
    return text


def clean(text: str) -> str:
    """A text without what would steer the terminal.

    >>> clean("\\x1b[1mlstm\\x1b[0m\\t(LSTM)\\x07")
    'lstm\\t(LSTM)'
    """
    return STEERING.sub("", text)
