"""Columns of styled cells as lines: what has no room wraps within its column, and nothing is cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lstmcalc.frozen import NamedTuple
from lstmcalc.renderers.cells import cell_len, chop_cells
from lstmcalc.renderers.drawing import Line, Run, parted

__all__ = ["Cell", "Column", "Grid", "broken", "grid_lines"]

#: A word with the blanks around it; those in front are of the first one only.
WORD = r"\s*\S+\s*"
#: Where nothing says how wide a grid may be, no column is wider than this: each row is as wide as the widest one.
MOST_COLUMN = 200
#: Before texts get narrower than this, numbers are broken as well.
LEAST_TEXT = 6


class Cell(NamedTuple):
    """Runs, which may hold line breaks; `style` is that of the blanks beside them, within the cell."""

    runs: tuple[Run, ...]
    style: str = ""

    @classmethod
    def of(cls, text: str, style: str = "") -> Cell:
        """A cell of one run."""
        return cls(((text, style),), style)

    @property
    def plain(self) -> str:
        """The text alone."""
        return "".join(text for text, _ in self.runs)


class Column(NamedTuple):
    """Cells below each other; with `width` it has that, and else what it needs and can have, but `least` at any rate.

    `style` is that of all cells but the first, where that is a title.
    """

    cells: Sequence[Cell]
    right: bool = False
    width: int | None = None
    least: int = 0
    style: str = ""


class Grid(NamedTuple):
    """Columns; `titled` where the first row is one of titles, with a rule below. `edges` are blanks at both sides."""

    columns: Sequence[Column]
    titled: bool = False
    edges: bool = False


class _Part(NamedTuple):
    """A column as it is drawn: its inner width, and the blanks at its sides."""

    column: Column
    width: int
    left: int
    right: int

    @property
    def whole(self) -> int:
        """The width with the blanks."""
        return self.left + self.width + self.right


def grid_lines(grid: Grid, width: int | None) -> Iterator[Line]:
    """The lines of a grid that is at most `width` wide, where its columns can be."""
    parts = list(_parts(grid, width))
    gap = [(" ", "")] if grid.titled else []
    rows = len(grid.columns[0].cells)
    for row in range(rows):
        title = grid.titled and row == 0
        cells = [_cell_lines(part, row, "bold" if title else part.column.style) for part in parts]
        height = max(map(len, cells))
        for part, lines in zip(parts, cells, strict=True):
            blank = [(" " * part.whole, "bold" if title else part.column.style)]
            # Titles stand on the rule, all else hangs from the line above.
            lines[0 if title else len(lines) : 0 if title else len(lines)] = [blank] * (height - len(lines))
        for pieces in zip(*cells, strict=True):
            line: list[Run] = list(pieces[0])
            for piece in pieces[1:]:
                line += [*gap, *piece]
            yield line
        if title:
            yield [("─" * (sum(part.whole for part in parts) + len(parts) - 1), "")]


def _parts(grid: Grid, width: int | None) -> Iterator[_Part]:
    columns = grid.columns
    last = len(columns) - 1
    sides = [(int(grid.edges or place > 0), int(grid.edges or place < last)) for place in range(last + 1)]
    around = [sum(side) for side in sides]
    most = MOST_COLUMN if width is None else None
    needed = [max(_needed(column, most) + extra, 1) for column, extra in zip(columns, around, strict=True)]
    room = None if width is None else max(width - (last if grid.titled else 0), 0)
    for column, side, size in zip(columns, sides, _fitted(columns, needed, around, room), strict=True):
        yield _Part(column, max(size - sum(side), 0), *side)


def _needed(column: Column, most: int | None) -> int:
    if column.width is not None:
        return column.width if most is None else min(column.width, most)
    widest = max([column.least, *(cell_len(line) for cell in column.cells for line in cell.plain.split("\n"))])
    return widest if most is None else min(widest, most)


def _fitted(columns: Sequence[Column], needed: list[int], around: Sequence[int], room: int | None) -> list[int]:
    """The widths of columns: the widest of those that may wrap give way first, then all."""
    if room is None or sum(needed) <= room:
        return needed
    widths = list(needed)
    _narrow(widths, [place for place, column in enumerate(columns) if column.width is None], room)
    if sum(widths) > room:
        _shrink(widths, range(len(widths)), sum(widths) - room, max(widths))
    least = [column.least and column.least + extra for column, extra in zip(columns, around, strict=True)]
    widths = [max(*sizes) for sizes in zip(widths, least, strict=True)]
    return widths if sum(widths) <= room else _crowded(columns, needed, around, room)


def _crowded(columns: Sequence[Column], needed: Sequence[int], around: Sequence[int], room: int) -> list[int]:
    """The widths where no column can have what it should: texts are broken first, then numbers as well."""
    widths = list(needed)
    texts = [place for place, column in enumerate(columns) if not column.right]
    for places, least in ((texts, LEAST_TEXT), (range(len(columns)), 1)):
        floors = [min(size, side + least) for size, side in zip(widths, around, strict=True)]
        spare = [size - floor for size, floor in zip(widths, floors, strict=True)]
        _narrow(spare, places, room - sum(floors))
        widths = [floor + more for floor, more in zip(floors, spare, strict=True)]
    return widths


def _narrow(widths: list[int], places: Sequence[int], room: int) -> None:
    """Takes from the widest, then from the two widest, and so on, until all have room."""
    while places and sum(widths) > room:
        widest = max(widths[place] for place in places)
        if widest == 0:
            return
        below = max((widths[place] for place in places if widths[place] < widest), default=0)
        _shrink(widths, [place for place in places if widths[place] == widest], sum(widths) - room, widest - below)


def _shrink(widths: list[int], places: Iterable[int], excess: int, most: int) -> None:
    """Takes `excess` from some widths in equal parts, but no more than `most` or all from any."""
    waiting = list(places)
    for number, place in enumerate(waiting):
        part = min(round(excess / (len(waiting) - number)), most, widths[place])
        widths[place] -= part
        excess -= part


def _cell_lines(part: _Part, row: int, style: str) -> list[list[Run]]:
    """A cell in lines of the width of its column."""
    cell = part.column.cells[row]
    lines = []
    for line in parted(cell.runs):
        for piece in broken(line, max(part.width, 1)):
            runs = _placed(piece, part, cell.style)
            lines.append([(text, f"{own} {style}".strip()) for text, own in _edged(runs, part)])
    return lines


def _edged(runs: Line, part: _Part) -> Line:
    return [*([(" ", "")] * part.left), *runs, *([(" ", "")] * part.right)]


def _placed(line: Line, part: _Part, style: str) -> Line:
    """A line with blanks beside it, which are of its own run where that has the same style."""
    if part.column.right:
        line = _stripped(line)
    blanks = " " * (part.width - sum(cell_len(text) for text, _ in line))
    if part.column.right:
        first = line[0] if line else ("", style)
        return [(blanks + first[0], style), *line[1:]] if first[1] == style else [(blanks, style), *line]
    last = line[-1] if line else ("", style)
    return [*line[:-1], (last[0] + blanks, style)] if last[1] == style else [*line, (blanks, style)]


def _stripped(line: Line) -> Line:
    text = "".join(text for text, _ in line)
    return _sliced(line, 0, len(text.rstrip()))


def broken(line: Line, width: int | None) -> Iterator[Line]:
    """A line in lines of at most `width` columns: between words, and within one that is longer than a line.

    >>> list(broken([("four gates", "bold"), (" of it", "")], 6))
    [[('four ', 'bold')], [('gates', 'bold'), (' ', '')], [('of it', '')]]
    """
    text = "".join(text for text, _ in line)
    if width is None or cell_len(text) <= width:
        yield line
        return
    starts = list(_starts(text, width))
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        # Blanks at the end may go where they have no room.
        while end > start and text[end - 1].isspace() and cell_len(text[start:end]) > width:
            end -= 1
        yield _sliced(line, start, end)


def _starts(text: str, width: int) -> Iterator[int]:
    """Where the lines of a text begin."""
    yield 0
    used = 0
    for word in re.finditer(WORD, text):
        size = cell_len(word[0].rstrip())
        if used + size <= width:
            used += cell_len(word[0])
        elif size <= width:
            yield word.start()
            used = cell_len(word[0])
        else:
            start = word.start()
            for part in chop_cells(word[0], max(width, 1)):
                if start:
                    yield start
                start += len(part)
                used = cell_len(part)


def _sliced(line: Line, start: int, end: int) -> Line:
    runs: list[Run] = []
    place = 0
    for text, style in line:
        kept = text[max(start - place, 0) : max(end - place, 0)]
        if kept:
            runs.append((kept, style))
        place += len(text)
    return runs
