"""A report as a table for the terminal: what Keras prints, and how each count comes about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from lstmcalc.errors import Fault
from lstmcalc.renderers.cells import cell_len
from lstmcalc.renderers.drawing import Line, Run, drawn, parted
from lstmcalc.renderers.grid import Cell, Column, Grid, broken, grid_lines
from lstmcalc.renderers.likewise import likewise
from lstmcalc.renderers.marking import visible
from lstmcalc.renderers.summary_rows import (
    CONNECTED,
    COSTS,
    MASK,
    SummaryRow,
    summary_rows,
    summary_titles,
    totals_rows,
)
from lstmcalc.report import Holds, Report
from lstmcalc.shapes import show_shape

if TYPE_CHECKING:
    from lstmcalc.explanation.costs.model import ModelCost

__all__ = ["render_faults", "render_summary"]

#: From this width on, what a layer is connected to has a column of its own.
LEAST_WIDTH_TO_CONNECT = 110
#: No name or shape takes more than this from the other columns before it wraps.
MOST_WIDTH = 34
#: Where a column has no room.
NO_ROOM = f"{COSTS[-1]} of each layer are left out for want of room: a wider terminal or `--json` shows them."
#: Where the text of a slot begins.
SLOT = 11


def render_summary(
    report: Report,
    *,
    weights: bool = False,
    width: int | None = None,
    colour: bool = False,
    cost: ModelCost | None = None,
) -> str:
    """The summary of a model. Lines longer than `width` wrap, nothing is cut; without a width, nothing wraps."""
    table = _cost_table(report, weights, width, cost) if cost else _table(report, weights, width)
    missing = cost is not None and len(table.columns) < len(summary_titles(report, cost))
    inside = None if width is None else width - 2
    lines = [*_wrapped_runs(_headline(report), width), (), *grid_lines(table, width), ()]
    lines += ([(" ", ""), *line] for line in grid_lines(_totals(report, cost), inside))
    said: list[list[Run]] = [[(NO_ROOM, "")]] if missing else []
    said += [[(visible(remark), "")] for remark in (cost.remarks if cost else ())]
    said += map(_assumption, report.assumptions)
    for runs in (*said, *_faults(report.hints, width)):
        lines += [(), *_wrapped_runs(runs, width)]
    return drawn(lines, colour)


def render_faults(faults: tuple[Fault, ...], *, width: int | None = None, colour: bool = False) -> str:
    """Errors or hints in their six slots, a blank line between two; hints of one kind as one."""
    lines: list[Line] = []
    for runs in _faults(faults, width):
        lines += [*([()] if lines else []), *_wrapped_runs(runs, width)]
    return drawn(lines, colour)


def _wrapped_runs(runs: Sequence[Run], width: int | None) -> Iterator[Line]:
    for line in parted(runs):
        yield from broken(line, width)


def _headline(report: Report) -> list[Run]:
    runs = [("Model: ", ""), (visible(report.name), "bold")]
    for port in report.inputs:
        name = f"  {visible(port.name)}" if len(report.inputs) > 1 else ""
        runs.append((f"\nInput: {show_shape(port.shape)}{name}", ""))
    return runs


def _cost_table(report: Report, weights: bool, width: int | None, cost: ModelCost) -> Grid:
    """The layers with what they cost."""
    wide = width is None or width >= LEAST_WIDTH_TO_CONNECT
    connected = not report.sequential and wide
    titles = summary_titles(report, cost)
    rows = list(_rows(report, titles, weights, not report.sequential and not wide, cost))
    if width is not None and not wide:
        titles = _fitting(titles, rows, width)
        rows = [(*row[: len(titles)], row[-1]) for row in rows]
    shown = (*titles, CONNECTED) if connected else titles
    columns = [[Cell.of(title), *(row[place] for row in rows)] for place, title in enumerate(shown)]
    widths = [max(map(_longest_line, column)) for column in columns]
    words = [max(map(_longest_word, column)) for column in columns]
    room = None if width is None else width - 3 * len(shown) + 1
    has_edge = room is None or sum(widths) < room
    # Names wrap first, then what is long of the figures, then shapes; where that is not enough, names are broken.
    order = (0, *range(len(shown) - 1, 2, -1), 1)
    for place, least in (*((i, min(words[i], MOST_WIDTH)) for i in order), (0, 8), (1, 6)):
        if room is not None and sum(widths) > room:
            widths[place] = max(least, widths[place] - (sum(widths) - room))
    right = [title.replace("\n", " ") in (*COSTS, "Param #") for title in shown]
    made = [Column(cells, at_right, max(1, size)) for cells, at_right, size in zip(columns, right, widths, strict=True)]
    return Grid(made, titled=True, edges=has_edge)


def _fitting(titles: tuple[str, ...], rows: Sequence[tuple[Cell, ...]], width: int) -> tuple[str, ...]:
    """The titles where there is little room: the last in two lines, or left out where figures would have to break."""
    columns = [[row[place] for row in rows] for place in range(len(titles))]
    borders = 3 * len(titles)
    lines = [max(map(_longest_line, (Cell.of(title), *column))) for title, column in zip(titles, columns, strict=True)]
    words = [max(map(_longest_word, (Cell.of(title), *column))) for title, column in zip(titles, columns, strict=True)]
    if sum(lines) + borders <= width:
        return titles
    in_two = (*titles[:-1], titles[-1].replace(" ", "\n"))
    return in_two if sum(words) + borders <= width + 2 else titles[:-1]


def _table(report: Report, weights: bool, width: int | None) -> Grid:
    wide = width is None or width >= LEAST_WIDTH_TO_CONNECT
    titles = summary_titles(report)
    rows = list(_rows(report, titles, weights, not report.sequential and not wide))
    lines = [max([len(title), *(_longest_line(row[i]) for row in rows)]) for i, title in enumerate(titles)]
    borders = 3 * len(titles)
    name = shape = None
    has_edge = True
    if width is not None and sum(lines) + borders > width:
        # The arithmetic wraps before names and shapes do.
        words = max((_longest_word(row[0]) for row in rows), default=1)
        name = max(words, min(lines[0], width - sum(lines[1:]) - borders))
        shape = lines[1]
        # Before a title is broken, the blanks at the edges go.
        has_edge = min(name, MOST_WIDTH) + sum(lines[1:-1]) + len(titles[-1]) + borders <= width
    shown = (*titles, CONNECTED) if wide and not report.sequential else titles
    cells = [[Cell.of(title), *(row[place] for row in rows)] for place, title in enumerate(shown)]
    columns = [
        Column(cells[0], width=name and min(name, MOST_WIDTH)),
        Column(cells[1], width=shape and min(shape, MOST_WIDTH)),
        Column(cells[2], right=True, least=7),
        *(Column(cells[place], least=lines[3]) for place in range(3, len(titles) - 1)),
        Column(cells[len(titles) - 1], style="cyan"),
        *map(Column, cells[len(titles) :]),
    ]
    return Grid(columns, titled=True, edges=has_edge)


def _longest_line(cell: Cell) -> int:
    return max(map(cell_len, cell.plain.splitlines()), default=1)


def _longest_word(cell: Cell) -> int:
    """The width that a cell needs if it may break between words, its indent kept."""
    lines = [(len(line) - len(line.lstrip()), line.split()) for line in cell.plain.splitlines()]
    return max((indent + max(map(cell_len, words), default=0) for indent, words in lines), default=1)


def _rows(
    report: Report, titles: tuple[str, ...], weights: bool, connect: bool, cost: ModelCost | None = None
) -> Iterator[tuple[Cell, ...]]:
    """The cells of each row; with `connect`, what a layer is connected to stands below its name."""
    for row in summary_rows(report, weights, cost=cost):
        middle = row.costs[: len(titles) - 3] if cost else (*((row.mask,) if MASK in titles else ()), row.arithmetic)
        cells = ("\n".join(row.shapes), row.params, *middle, ", ".join(row.connected))
        if not row.class_name:
            yield tuple(Cell.of(cell, "dim") for cell in ("  " * row.depth + row.name, *cells))
        else:
            yield (_name(row, connect and not row.sequential), *map(Cell.of, cells))


def _name(row: SummaryRow, connect: bool) -> Cell:
    """The first cell of a layer; with `connect`, what else than the row above it is connected to stands below."""
    indent = "  " * row.depth
    name = [(indent, ""), (row.name, "bold"), (f" ({row.class_name})", "")]
    if connect and row.connected not in ((), (row.above,)):
        sources = f",\n{indent}       ".join(dict.fromkeys(row.connected))
        name.append((f"\n{indent}  from {sources}", ""))
    return Cell(tuple(name))


def _totals(report: Report, cost: ModelCost | None = None) -> Grid:
    labels, counts, sizes = zip(*totals_rows(report, cost), strict=True)
    said = [Cell.of(size and f"({size})") for size in sizes]
    labelled = [Cell.of(label, "bold") for label in labels]
    return Grid([Column(labelled), Column([*map(Cell.of, counts)], right=True), Column(said)])


def _assumption(held: Holds) -> list[Run]:
    because = f", {visible(held.because)}." if held.because else "."
    return [(f"This holds only if {held.text}", "bold yellow"), (f': in "{visible(held.layer)}"{because}', "")]


def _faults(faults: tuple[Fault, ...], width: int | None) -> Iterator[list[Run]]:
    """Each fault, and below it the other layers that it is given to."""
    for fault, others in likewise(faults):
        runs = _fault(fault, width)
        if others:
            names = ", ".join(f'"{name}"' for name in others)
            runs.append((f"\n  likewise {_wrapped(names, width)}", ""))
        yield runs


def _fault(fault: Fault, width: int | None) -> list[Run]:
    style = {"error": "bold red", "hint": "bold yellow"}[fault.severity]
    runs = [(f"{fault.severity}[{fault.code}]", style), (f" {visible(fault.headline())}".rstrip(), "")]
    for slot, content in fault.slots():
        runs += [(f"\n  {slot:<8} ", "bold" if slot == "fix" else ""), (_wrapped(content, width), "")]
    return runs


def _wrapped(content: str, width: int | None) -> str:
    """What stands in a slot; on a terminal, further lines begin below the first."""
    content = visible(content)
    if width is None:
        return content
    room = max(width - SLOT, 1)
    lines = wrap(content, room, break_long_words=False, break_on_hyphens=False)
    return f"\n{' ' * SLOT}".join(lines)
