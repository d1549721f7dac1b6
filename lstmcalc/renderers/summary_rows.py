"""The rows of a report's table as plain text: what the terminal and every other form of a summary draw from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lstmcalc.dims import UNKNOWN, Size
from lstmcalc.frozen import NamedTuple
from lstmcalc.renderers.bounds import layers_in
from lstmcalc.renderers.marking import visible
from lstmcalc.report import LayerReport, Report
from lstmcalc.shapes import show_count, show_shape

if TYPE_CHECKING:
    from lstmcalc.explanation.costs.model import ModelCost

__all__ = [
    "CONNECTED",
    "COSTS",
    "MASK",
    "TITLES",
    "SummaryRow",
    "show_bytes",
    "summary_rows",
    "summary_titles",
    "totals_rows",
]

TITLES = ("Layer (type)", "Output Shape", "Param #", "Arithmetic")
#: The title of the column that models with a mask have before the arithmetic.
MASK = "Mask"
#: The title of the column that models of more than one chain have besides.
CONNECTED = "Connected to"
#: The titles of the columns that stand in place of mask and arithmetic where costs are asked for.
COSTS = ("MACs", "FLOPs", "Training MACs")


class SummaryRow(NamedTuple):
    """A layer, or a weight (`class_name` empty) below its layer, `depth` levels in.

    `above` is the layer of the row above, in the same model.
    """

    depth: int
    name: str
    class_name: str
    shapes: tuple[str, ...]
    params: str
    arithmetic: str
    connected: tuple[str, ...] = ()
    above: str = ""
    sequential: bool = True
    mask: str = ""
    costs: tuple[str, ...] = ("", "", "")


def summary_titles(report: Report, cost: ModelCost | None = None) -> tuple[str, ...]:
    """The titles of the columns, but for `CONNECTED`: that of the mask where any layer has one."""
    if cost is not None:
        return (*TITLES[:-1], *COSTS)
    return (*TITLES[:-1], MASK, TITLES[-1]) if _has_mask(report) else TITLES


def _has_mask(report: Report) -> bool:
    calls = (call for layer in layers_in(report) for call in layer.calls)
    return any(call.mask.comes_in or call.mask.goes_out for call in calls)


def _mask(layer: LayerReport) -> str:
    """What the layer does with the mask; where it is applied several times, each different answer."""
    return "\n".join(dict.fromkeys(call.mask.role for call in layer.calls if call.mask.role != "none"))


def summary_rows(
    report: Report, weights: bool, depth: int = 0, cost: ModelCost | None = None, path: str = ""
) -> Iterator[SummaryRow]:
    """Every layer in Keras's order, those of nested models below them; with `weights`, each weight below its layer.

    `path` is that of the model whose layers they are, as `cost` calls it.
    """
    above = ""
    for layer in report.layers:
        shapes = tuple(show_shape(shape) for call in layer.distinct_calls for shape in call.outputs or (None,))
        arithmetic = "sum of the rows below" if layer.nested else layer.arithmetic if layer.params != 0 else ""
        count, connected = show_count(layer.params), tuple(map(visible, layer.connected_to))
        yield SummaryRow(
            depth,
            visible(layer.name),
            visible(layer.class_name),
            shapes,
            count,
            arithmetic or "",
            connected,
            above,
            report.sequential,
            _mask(layer),
            _figures(cost, path + layer.name) if cost else ("", "", ""),
        )
        above = visible(layer.name)
        if layer.nested is not None:
            yield from summary_rows(layer.nested, weights, depth + 1, cost, f"{path}{layer.name}/")
        elif weights:
            for weight in layer.weights:
                trained = "" if weight.trainable else "not trained"
                shape, count = show_shape(weight.shape), show_count(weight.params)
                yield SummaryRow(depth + 1, visible(weight.name), "", (shape,), count, trained)


def _figures(cost: ModelCost, path: str) -> tuple[str, ...]:
    from lstmcalc.explanation.costs.words import in_words

    return tuple(map(in_words, cost.layers[path]))


def totals_rows(report: Report, cost: ModelCost | None = None) -> Iterator[tuple[str, str, str]]:
    """What all layers have together: a label, the count, and its memory, or of a cost the number in short."""
    totals = report.totals
    for label, params, size in (
        ("Total params" if report.complete else "Total params known", totals.params, totals.bytes),
        ("Trainable params", totals.trainable_params, totals.trainable_bytes),
        ("Non-trainable params", totals.non_trainable_params, totals.non_trainable_bytes),
    ):
        yield label, show_count(params), show_bytes(size)
    if cost is not None:
        yield from _cost_rows(cost)


def _cost_rows(cost: ModelCost) -> Iterator[tuple[str, str, str]]:
    """The totals of one sample, and of a batch where that is known."""
    from lstmcalc.explanation.costs.words import in_short, in_words

    for figures, of in ((cost.known, ""), (cost.in_batch, f", batch of {show_count(cost.batch)}")):
        for title, figure, complete in zip(COSTS, figures or (), cost.complete, strict=False):
            label = f"{title if title == COSTS[-1] else f'Total {title}'}{' known' * (complete is UNKNOWN)}{of}"
            yield label, in_words(figure), in_short(figure)


def show_bytes(size: Size, binary: str = "") -> str:
    """Bytes in the unit that suits them, as Keras prints them; its units are powers of 1,024, which `binary="i"` says.

    >>> show_bytes(435764), show_bytes(435764, "i"), show_bytes(400)
    ('425.55 KB', '425.55 KiB', '400 B')
    """
    if not isinstance(size, int):
        return f"{show_count(size)} bytes"
    if size < 1024:
        return f"{size} B"
    power = min((size.bit_length() - 1) // 10, 4)
    return f"{size / 1024**power:.2f} {'KMGT'[power - 1]}{binary}B"
