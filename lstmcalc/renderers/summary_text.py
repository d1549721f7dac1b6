"""A report as a table for the terminal: what Keras prints, and how each count comes about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lstmcalc.errors import Fault
from lstmcalc.renderers.document import likewise
from lstmcalc.renderers.drawing import draw
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
NO_ROOM = f"\n{COSTS[-1]} of each layer are left out for want of room: a wider terminal or `--json` shows them."
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
    totals = Padding(_totals(report, cost), (0, 1))
    parts: list[RenderableType] = [_headline(report), Text(), table, Text(), totals]
    parts += [Text(NO_ROOM)] if missing else []
    parts += [Text(f"\n{visible(remark)}") for remark in (cost.remarks if cost else ())]
    parts += [_assumption(held) for held in report.assumptions]
    parts += [Text("\n").append_text(hint) for hint in _faults(report.hints, width)]
    return draw(Group(*parts), width, colour)


def render_faults(faults: tuple[Fault, ...], *, width: int | None = None, colour: bool = False) -> str:
    """Errors or hints in their six slots, a blank line between two; hints of one kind as one."""
    return draw(Text("\n\n").join(_faults(faults, width)), width, colour)


def _headline(report: Report) -> Text:
    text = Text.assemble("Model: ", (report.name, "bold"))
    for port in report.inputs:
        text.append(f"\nInput: {show_shape(port.shape)}" + (f"  {port.name}" if len(report.inputs) > 1 else ""))
    return text


def _cost_table(report: Report, weights: bool, width: int | None, cost: ModelCost) -> Table:
    """The layers with what they cost."""
    wide = width is None or width >= LEAST_WIDTH_TO_CONNECT
    connected = not report.sequential and wide
    titles = summary_titles(report, cost)
    rows = list(_rows(report, titles, weights, not report.sequential and not wide, cost))
    if width is not None and not wide:
        titles = _fitting(titles, rows, width)
        rows = [(*row[: len(titles)], row[-1]) for row in rows]
    shown = (*titles, CONNECTED) if connected else titles
    columns = [[Text(title), *(row[place] for row in rows)] for place, title in enumerate(shown)]
    widths = [max(map(_longest_line, column)) for column in columns]
    words = [max(map(_longest_word, column)) for column in columns]
    room = None if width is None else width - 3 * len(shown) + 1
    has_edge = room is None or sum(widths) < room
    # Names wrap first, then what is long of the figures, then shapes; where that is not enough, names are broken.
    order = (0, *range(len(shown) - 1, 2, -1), 1)
    for place, least in (*((i, min(words[i], MOST_WIDTH)) for i in order), (0, 8), (1, 6)):
        if room is not None and sum(widths) > room:
            widths[place] = max(least, widths[place] - (sum(widths) - room))
    table = Table(box=SIMPLE_HEAD, pad_edge=has_edge, show_edge=False, header_style="bold")
    for title, size in zip(shown, widths, strict=True):
        justify = "right" if title.replace("\n", " ") in (*COSTS, "Param #") else "left"
        table.add_column(title, justify=justify, overflow="fold", width=max(1, size))  # type: ignore[arg-type]
    for cells in rows:
        table.add_row(*cells[: len(shown)])
    return table


def _fitting(titles: tuple[str, ...], rows: Sequence[tuple[Text, ...]], width: int) -> tuple[str, ...]:
    """The titles where there is little room: the last in two lines, or left out where figures would have to break."""
    columns = [[row[place] for row in rows] for place in range(len(titles))]
    borders = 3 * len(titles)
    lines = [max(map(_longest_line, (Text(title), *column))) for title, column in zip(titles, columns, strict=True)]
    words = [max(map(_longest_word, (Text(title), *column))) for title, column in zip(titles, columns, strict=True)]
    if sum(lines) + borders <= width:
        return titles
    in_two = (*titles[:-1], titles[-1].replace(" ", "\n"))
    return in_two if sum(words) + borders <= width + 2 else titles[:-1]


def _table(report: Report, weights: bool, width: int | None) -> Table:
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
    table = Table(box=SIMPLE_HEAD, pad_edge=has_edge, show_edge=False, header_style="bold")
    table.add_column(titles[0], overflow="fold", width=name and min(name, MOST_WIDTH))
    table.add_column(titles[1], overflow="fold", width=shape and min(shape, MOST_WIDTH))
    table.add_column(titles[2], justify="right", overflow="fold", min_width=7)
    if MASK in titles:
        table.add_column(MASK, overflow="fold", min_width=lines[3])
    table.add_column(titles[-1], overflow="fold", style="cyan")
    connected = not report.sequential and wide
    if connected:
        table.add_column(CONNECTED, overflow="fold")
    for cells in rows:
        table.add_row(*cells if connected else cells[:-1])
    return table


def _longest_line(cell: Text) -> int:
    return max(map(len, cell.plain.splitlines()), default=1)


def _longest_word(cell: Text) -> int:
    """The width that a cell needs if it may break between words, its indent kept."""
    lines = [(len(line) - len(line.lstrip()), line.split()) for line in cell.plain.splitlines()]
    return max((indent + max(map(len, words), default=0) for indent, words in lines), default=1)


def _rows(
    report: Report, titles: tuple[str, ...], weights: bool, connect: bool, cost: ModelCost | None = None
) -> Iterator[tuple[Text, ...]]:
    """The cells of each row; with `connect`, what a layer is connected to stands below its name."""
    for row in summary_rows(report, weights, cost=cost):
        middle = row.costs[: len(titles) - 3] if cost else (*((row.mask,) if MASK in titles else ()), row.arithmetic)
        cells = ("\n".join(row.shapes), row.params, *middle, ", ".join(row.connected))
        if not row.class_name:
            yield tuple(Text(cell, "dim") for cell in ("  " * row.depth + row.name, *cells))
        else:
            yield (_name(row, connect and not row.sequential), *map(Text, cells))


def _name(row: SummaryRow, connect: bool) -> Text:
    """The first cell of a layer; with `connect`, what else than the row above it is connected to stands below."""
    indent = "  " * row.depth
    name = Text.assemble(indent, (row.name, "bold"), f" ({row.class_name})")
    if connect and row.connected not in ((), (row.above,)):
        sources = f",\n{indent}       ".join(dict.fromkeys(row.connected))
        name.append(f"\n{indent}  from {sources}")
    return name


def _totals(report: Report, cost: ModelCost | None = None) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right", overflow="fold")
    table.add_column(overflow="fold")
    for label, count, size in totals_rows(report, cost):
        table.add_row(Text(label, "bold"), Text(count), Text(size and f"({size})"))
    return table


def _assumption(held: Holds) -> Text:
    text = Text.assemble("\n", (f"This holds only if {held.text}", "bold yellow"), f': in "{held.layer}"')
    return text.append(f", {held.because}." if held.because else ".")


def _faults(faults: tuple[Fault, ...], width: int | None) -> Iterator[Text]:
    """Each fault, and below it the other layers that it is given to."""
    for fault, others in likewise(faults):
        text = _fault(fault, width)
        if others:
            names = ", ".join(f'"{name}"' for name in others)
            text.append(f"\n  likewise {_wrapped(names, width)}")
        yield text


def _fault(fault: Fault, width: int | None) -> Text:
    style = {"error": "bold red", "hint": "bold yellow"}[fault.severity]
    text = Text.assemble((f"{fault.severity}[{fault.code}]", style), " ", fault.headline())
    text.rstrip()
    for slot, content in fault.slots():
        text.append(f"\n  {slot:<8} ", "bold" if slot == "fix" else "").append(_wrapped(content, width))
    return text


def _wrapped(content: str, width: int | None) -> str:
    """What stands in a slot; on a terminal, further lines begin below the first."""
    if width is None:
        return content
    room = max(width - SLOT, 1)
    lines = wrap(content, room, break_long_words=False, break_on_hyphens=False)
    return f"\n{' ' * SLOT}".join(lines)
