"""A pasted summary as blocks: every line with what it means below it, and then the whole."""

from __future__ import annotations

from collections.abc import Iterator

from lstmcalc.explanation.readings import ReadingExplanation, RowExplanation
from lstmcalc.patterns import lazily
from lstmcalc.renderers.document import Block, Document, Faults, Heading, Lines, Table
from lstmcalc.renderers.marking import code

__all__ = ["HEADED", "clean", "pasted_document", "told"]

#: What is said of a row, in this order, and what each kind of sentence is headed.
HEADED = {"fault": "wrong", "nearest": "nearest", "layer": "layer", "purpose": "does", "shape": "shape",
          "params": "params", "note": "note", "other": "or"}  # fmt: skip
#: Of the layers that are less likely than the first, these many are shown.
MOST_OTHERS = 3
#: What steers a terminal: escape sequences whole, then any other control character but the tab.
STEERING = lazily(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
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


def told(row: RowExplanation) -> Iterator[tuple[str, str]]:
    """What is said of a row, each part behind what it is about."""
    for kind, heading in HEADED.items():
        texts = [sentence.brief for sentence in row.sentences if sentence.brief and sentence.kind == kind]
        if kind != "other":
            texts = [" ".join(texts)] if texts else []
        elif len(texts) > MOST_OTHERS:
            texts[MOST_OTHERS:] = [f"{len(texts) - MOST_OTHERS} more, less usual: `--json` lists them."]
        yield from ((heading, text) for text in texts)


def clean(text: str) -> str:
    """A text without what would steer the terminal.

    >>> clean("\\x1b[1mlstm\\x1b[0m\\t(LSTM)\\x07")
    'lstm\\t(LSTM)'
    """
    return text if text.isprintable() else STEERING.sub("", text)
