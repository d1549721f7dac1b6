"""An explanation as lines for the terminal: the answer first, then the reasons; nothing is calculated here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from rich.cells import cell_len
from rich.text import Text

from lstmcalc.explanation import Explanation
from lstmcalc.renderers.drawing import draw
from lstmcalc.renderers.summary_text import render_faults

__all__ = ["render"]

Row = tuple[str, ...]

INDENT = 2
GAP = 2
#: The last column moves below its row where it would have less room than this.
LEAST_ROOM = 20
#: A terminal line gets hard to read beyond this; tables may be wider.
MOST_PROSE = 110
#: What is read as one thing and stays on one line: a shape, or what stands in backticks.
WHOLE = re.compile(r"`[^`]+`|\((?:[^\s(),]+(?: [+-] [^\s(),]+)*,\s?)+(?:[^\s(),]+(?: [+-] [^\s(),]+)*)?\)")
NO_BREAK = "\N{NO-BREAK SPACE}"


def render(explanation: Explanation, width: int | None = 80, colour: bool = False) -> str:
    """An explanation as text. What is longer than `width` wraps, nothing is cut; without a width, nothing wraps.

    In colour it carries the codes that a terminal understands.
    """
    lines = [Text(explanation.written, "bold"), Text()]
    lines += _block(explanation.answer, width)
    if explanation.purpose:
        lines += [Text(), *_block([(explanation.purpose,)], width)]
    for section in explanation.sections:
        lines += [Text(), Text(section.heading, "bold"), *_block(section.lines, width, section.header)]
    if explanation.assumptions:
        held = [f"{each.text}: {each.because}" if each.because else each.text for each in explanation.assumptions]
        lines += [Text(), Text("This holds only if", "bold yellow"), *_block([(text,) for text in held], width)]
    text = draw(Text("\n").join(lines), None, colour)
    if explanation.hints:
        text += "\n" + render_faults(explanation.hints, width=width, colour=colour)
    return text


def _block(rows: Iterable[Row], width: int | None, header: Row = ()) -> list[Text]:
    """Sentences, and tables of the rows between them."""
    lines: list[Text] = []
    for cells, group in groupby(rows, key=len):
        alike = list(group)
        made = (
            table_lines(alike, width, header)
            if cells > 1
            else (line for row in alike for line in wrapped_lines(row[0], width))
        )
        lines += [styled(line) for line in made if line.strip()]
    return lines


def wrapped_lines(text: str, width: int | None, indent: int = INDENT) -> Iterator[str]:
    """A sentence in lines of at most `width`, unless one word is longer."""
    if width is None:
        yield " " * indent + text
        return
    whole = WHOLE.sub(lambda match: match[0].replace(" ", NO_BREAK), text)
    room = max(min(width, MOST_PROSE + indent) - indent, 1)
    for line in wrap(whole, room, break_long_words=False, break_on_hyphens=False) or [""]:
        yield " " * indent + line.replace(NO_BREAK, " ")


def table_lines(rows: Sequence[Row], width: int | None, header: Row = ()) -> Iterator[str]:
    """Rows in columns, the last of which wraps; columns that have no room stand below their row."""
    table = [header, *rows] if header else list(rows)
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    starts = [INDENT + sum(widths[:i]) + GAP * i for i in range(len(widths))]
    fitting = len(widths)
    if width is not None and starts[-1] + min(widths[-1], LEAST_ROOM) > width:
        fitting = max(1, sum(start + size <= width for start, size in zip(starts[:-1], widths, strict=False)))
    last = fitting - 1
    right = [bool(header) and all(map(_is_count, column)) for column in zip(*rows, strict=True)]
    for row in table:
        cells = [_padded(*cell) + " " * GAP for cell in zip(row[:last], widths, right, strict=False)]
        first, *more = wrapped_lines(row[last], width, starts[last])
        yield " " * INDENT + "".join(cells) + first[starts[last] :]
        yield from more
        names = header or ("",) * len(row)
        for name, cell in zip(names[fitting:], row[fitting:], strict=True):
            if cell and row is not header:
                yield from wrapped_lines(f"{name}: {cell}" if name else cell, width, 2 * INDENT)


def _padded(cell: str, width: int, right: bool) -> str:
    blanks = " " * (width - cell_len(cell))
    return blanks + cell if right else cell + blanks


def _is_count(cell: str) -> bool:
    return cell.replace(",", "").isdecimal()


def styled(line: str) -> Text:
    text = Text(line.rstrip())
    text.highlight_regex(r"`[^`]+`", "cyan")
    return text
