"""Sentences, rows and headings as lines of the terminal: what is too long for one goes on in the next."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from textwrap import wrap

from lstmcalc.patterns import lazily
from lstmcalc.renderers.cells import cell_len, chop_cells
from lstmcalc.renderers.document import Table, counts_of
from lstmcalc.renderers.marking import visible

__all__ = ["GAP", "LEAST_ROOM", "folded", "table_lines", "titled", "wrapped_lines"]

Row = tuple[str, ...]

INDENT = 2
GAP = 2
#: The last column moves below its row where it would have less room than this.
LEAST_ROOM = 20
#: A terminal line gets hard to read beyond this; tables may be wider.
MOST_PROSE = 110
#: What is read as one thing and stays on one line: a shape, a share, or what stands in backticks.
WHOLE = lazily(r"[\d.]+ %|`[^`]+`|\((?:[^\s(),]+(?: [+-] [^\s(),]+)*,\s?)+(?:[^\s(),]+(?: [+-] [^\s(),]+)*)?\)")
#: An argument of several numbers, which stays on one line even where its call does not.
NUMBERS = lazily(r"[(\[][\d, ]+[)\]]")
NO_BREAK = "\N{NO-BREAK SPACE}"


def wrapped_lines(text: str, width: int | None, indent: int = INDENT) -> Iterator[str]:
    """A sentence in lines of at most `width`, unless one word is longer; a call that no line holds is broken.

    >>> list(wrapped_lines("`Conv1D(8, kernel_size=(3, 3), strides=2)` reads", 24, 0))
    ['`Conv1D(8,', 'kernel_size=(3, 3),', 'strides=2)` reads']
    """
    text = visible(text)
    if width is None:
        yield " " * indent + text
        return

    def kept(part: re.Match[str]) -> str:
        if len(part[0]) <= width - indent:
            return part[0].replace(" ", NO_BREAK)
        return NUMBERS.sub(lambda numbers: numbers[0].replace(" ", NO_BREAK), part[0])

    room = max(min(width, MOST_PROSE + indent) - indent, 1)
    for line in wrap(WHOLE.sub(kept, text), room, break_long_words=False, break_on_hyphens=False) or [""]:
        yield " " * indent + line.replace(NO_BREAK, " ")


def table_lines(rows: Sequence[Row], width: int | None, header: Row = ()) -> Iterator[str]:
    """Rows in columns, the last of which wraps; columns that have no room stand below their row."""
    rows = [tuple(map(visible, row)) for row in rows]
    table = [header, *rows] if header else rows
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    starts = [INDENT + sum(widths[:i]) + GAP * i for i in range(len(widths))]
    fitting = len(widths)
    if width is not None and starts[-1] + min(widths[-1], LEAST_ROOM) > width:
        fitting = max(1, sum(start + size <= width for start, size in zip(starts[:-1], widths, strict=False)))
    last = fitting - 1
    counts = counts_of(Table(tuple(rows), header))
    for row in table:
        cells = [_padded(row[i], widths[i], i in counts) + " " * GAP for i in range(last)]
        first, *more = wrapped_lines(row[last], width, starts[last])
        line = " " * INDENT + "".join(cells) + first[starts[last] :]
        # A row may have nothing in the columns that have room.
        if line.strip():
            yield line
        yield from more
        names = header or ("",) * len(row)
        for name, cell in zip(names[fitting:], row[fitting:], strict=True):
            if cell and row is not header:
                yield from wrapped_lines(f"{name}: {cell}" if name else cell, width, 2 * INDENT)


def _padded(cell: str, width: int, right: bool) -> str:
    blanks = " " * (width - cell_len(cell))
    return blanks + cell if right else cell + blanks


def folded(line: str, width: int | None) -> Iterator[str]:
    """A line in parts of at most `width` columns, broken anywhere."""
    line = visible(line.rstrip())
    if width is None or not line:
        yield line
    else:
        yield from chop_cells(line, max(width, 2))


def titled(text: str, width: int | None) -> list[str]:
    """A heading in lines, broken between words where it can be."""
    text = visible(text)
    if width is None:
        return [text]
    return wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
