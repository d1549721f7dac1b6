"""A report as a table for the terminal: what Keras prints, and how each count comes about."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lstmcalc.dims import Size
from lstmcalc.errors import Fault
from lstmcalc.renderers.drawing import draw
from lstmcalc.report import Holds, LayerReport, Report
from lstmcalc.shapes import show_count, show_shape

__all__ = ["render_faults", "render_summary", "show_bytes"]

TITLES = ("Layer (type)", "Output Shape", "Param #", "Arithmetic")
#: From this width on, what a layer is connected to has a column of its own.
LEAST_WIDTH_TO_CONNECT = 110
#: No name or shape takes more than this from the other columns before it wraps.
MOST_WIDTH = 34


def render_summary(report: Report, *, weights: bool = False, width: int | None = None, colour: bool = False) -> str:
    """The summary of a model. Lines longer than `width` wrap, nothing is cut; without a width, nothing wraps."""
    table, totals = _table(report, weights, width), Padding(_totals(report), (0, 1))
    parts: list[RenderableType] = [_headline(report), Text(), table, Text(), totals]
    parts += [_assumption(held) for held in report.assumptions]
    parts += [Text("\n").append_text(hint) for hint in _hints(report.hints)]
    return draw(Group(*parts), width, colour)


def render_faults(faults: tuple[Fault, ...], *, width: int | None = None, colour: bool = False) -> str:
    """Errors or hints in their six slots, a blank line between two."""
    return draw(Text("\n\n").join(_fault(fault) for fault in faults), width, colour)


def show_bytes(size: Size) -> str:
    """Bytes in the unit that suits them, as Keras prints them.

    >>> show_bytes(435764), show_bytes(400)
    ('425.55 KB', '400 B')
    """
    if not isinstance(size, int):
        return f"{show_count(size)} bytes"
    if size < 1024:
        return f"{size} B"
    power = min((size.bit_length() - 1) // 10, 4)
    return f"{size / 1024**power:.2f} {('KB', 'MB', 'GB', 'TB')[power - 1]}"


def _headline(report: Report) -> Text:
    text = Text.assemble("Model: ", (report.name, "bold"))
    for port in report.inputs:
        text.append(f"\nInput: {show_shape(port.shape)}" + (f"  {port.name}" if len(report.inputs) > 1 else ""))
    return text


def _table(report: Report, weights: bool, width: int | None) -> Table:
    wide = width is None or width >= LEAST_WIDTH_TO_CONNECT
    rows = list(_rows(report, weights, connect=not report.sequential and not wide))
    table = Table(box=SIMPLE_HEAD, pad_edge=True, show_edge=False, header_style="bold")
    lines = [max([len(title), *(_longest_line(row[i]) for row in rows)]) for i, title in enumerate(TITLES)]
    name = shape = None
    if width is not None and sum(lines) + 3 * 4 > width:
        # The arithmetic wraps before names and shapes do.
        words = max((_longest_word(row[0]) for row in rows), default=1)
        name = max(words, min(lines[0], width - sum(lines[1:]) - 3 * 4))
        shape = lines[1]
    table.add_column(TITLES[0], overflow="fold", width=name and min(name, MOST_WIDTH))
    table.add_column(TITLES[1], overflow="fold", width=shape and min(shape, MOST_WIDTH))
    table.add_column(TITLES[2], justify="right", overflow="fold", min_width=7)
    table.add_column(TITLES[3], overflow="fold", style="cyan")
    connected = not report.sequential and wide
    if connected:
        table.add_column("Connected to", overflow="fold")
    for cells in rows:
        table.add_row(*cells if connected else cells[:-1])
    return table


def _longest_line(cell: Text) -> int:
    return max(map(len, cell.plain.splitlines()), default=1)


def _longest_word(cell: Text) -> int:
    """The width that a cell needs if it may break between words, its indent kept."""
    lines = [(len(line) - len(line.lstrip()), line.split()) for line in cell.plain.splitlines()]
    return max((indent + max(map(len, words), default=0) for indent, words in lines), default=1)


def _rows(report: Report, weights: bool, connect: bool, indent: str = "") -> Iterator[tuple[Text, ...]]:
    above = ""
    for layer in report.layers:
        yield _row(layer, indent, above if connect else None)
        above = layer.name
        if layer.nested is not None:
            yield from _rows(layer.nested, weights, connect and not layer.nested.sequential, indent + "  ")
        elif weights:
            for weight in layer.weights:
                cells = f"{indent}  {weight.name}", show_shape(weight.shape), show_count(weight.params)
                yield tuple(Text(cell, style="dim") for cell in (*cells, "" if weight.trainable else "not trained", ""))


def _row(layer: LayerReport, indent: str, above: str | None) -> tuple[Text, ...]:
    """The cells of a layer; with `above`, the row above, what else it is connected to stands below its name."""
    name = Text.assemble(indent, (layer.name, "bold"), f" ({layer.class_name})")
    if above is not None and layer.connected_to not in ((), (above,)):
        sources = f",\n{indent}       ".join(dict.fromkeys(layer.connected_to))
        name.append(f"\n{indent}  from {sources}")
    shapes = [show_shape(shape) for call in layer.distinct_calls for shape in call.outputs or (None,)]
    arithmetic = "sum of the rows below" if layer.nested else layer.arithmetic if layer.params != 0 else ""
    connected = ", ".join(layer.connected_to)
    return (name, Text("\n".join(shapes)), Text(show_count(layer.params)), Text(arithmetic or ""), Text(connected))


def _totals(report: Report) -> Table:
    totals = report.totals
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right", overflow="fold")
    table.add_column(overflow="fold")
    for label, params, size in (
        ("Total params" if report.complete else "Total params known", totals.params, totals.bytes),
        ("Trainable params", totals.trainable_params, totals.trainable_bytes),
        ("Non-trainable params", totals.non_trainable_params, totals.non_trainable_bytes),
    ):
        table.add_row(Text(label, "bold"), Text(show_count(params)), Text(f"({show_bytes(size)})"))
    return table


def _assumption(held: Holds) -> Text:
    text = Text.assemble("\n", (f"This holds only if {held.text}", "bold yellow"), f': in "{held.layer}"')
    return text.append(f", {held.because}." if held.because else ".")


def _hints(hints: tuple[Fault, ...]) -> Iterator[Text]:
    """Each kind of hint once, for the first layer that it is given to; the others are named below."""
    kinds: dict[str, list[Fault]] = {}
    for hint in hints:
        kinds.setdefault(hint.code, []).append(hint)
    for first, *others in kinds.values():
        text = _fault(first)
        names = dict.fromkeys(f'"{other.layer[0]}"' for other in others if other.layer and other.layer != first.layer)
        if names:
            text.append(f"\n  likewise {', '.join(names)}")
        yield text


def _fault(fault: Fault) -> Text:
    style = {"error": "bold red", "hint": "bold yellow"}[fault.severity]
    text = Text.assemble((f"{fault.severity}[{fault.code}]", style), " ", fault.headline())
    text.rstrip()
    for slot, content in fault.slots():
        text.append(f"\n  {slot:<8} ", "bold" if slot == "fix" else "").append(content)
    return text
