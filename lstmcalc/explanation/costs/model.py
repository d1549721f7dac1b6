"""What a model costs, layer by layer and in all, with what is to be said of the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lstmcalc.costs import inner_training, training_macs, training_of_layers
from lstmcalc.dims import UNKNOWN, Dim, total
from lstmcalc.explanation.costs.words import CONVENTION, TRAINING, in_words, told
from lstmcalc.explanation.words import listed, named_up_to, quoted
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.costs import Cost
from lstmcalc.report import LayerReport, Report
from lstmcalc.shapes import show_shape

if TYPE_CHECKING:
    from lstmcalc.explanation.costs.compared import ToolTotal

__all__ = ["Figures", "ModelCost", "cost_of_model", "cost_remark", "cost_sentence"]

#: More layers than these are not named in a sentence.
MOST_NAMED = 4
#: Of one layer, and of several.
UNKNOWN_WORK = ("what it calculates is not known", "what they calculate is not known")


class Figures(NamedTuple):
    """MACs and FLOPs forward, and the MACs of a training step; `UNKNOWN` where not known."""

    macs: Dim = 0
    flops: Dim = 0
    training: Dim = 0

    def times(self, number: Dim) -> Figures:
        """So many times as much."""
        return Figures(*(figure * number for figure in self))


@dataclass(frozen=True)
class ModelCost:
    """The figures of every layer by its path (`encoder/reader`), those of all layers together, and what is to be said.

    `known` are the totals over the layers whose figures are known. `batch` is how many samples `in_batch` is for, where
    that is known; all else is for one sample. `tools` is what other tools print, where that was asked for.
    """

    layers: Mapping[str, Figures]
    known: Figures
    complete: Figures
    batch: int | None
    remarks: tuple[str, ...]
    tools: tuple[ToolTotal, ...] | None = None

    @property
    def in_batch(self) -> Figures | None:
        """The totals of a whole batch."""
        return None if self.batch is None else self.known.times(self.batch)


def cost_of_model(report: Report, batch: int | None = None, named: Mapping[str, str] | None = None) -> ModelCost:
    """The figures of a model; `named` tells of symbols that stand for sizes that the source leaves open.

    >>> from lstmcalc import infer, load
    >>> cost = cost_of_model(infer(load("specs/forecast.yaml")))
    >>> cost.layers["lstm"].macs
    7224000
    """
    layers = dict(_figures(report))
    outer = [layers[layer.name] for layer in report.layers]
    complete = Figures(*(total(column) for column in zip(*outer, strict=True))) if outer else Figures()
    known = (total(each for each in column if each is not UNKNOWN) for column in zip(*outer, strict=True))
    remarks = (*_named(named or {}), *_repeated(report, ""), *_unknown(report, layers, ""), CONVENTION, TRAINING)
    return ModelCost(layers, Figures(*known), complete, batch, remarks)


def cost_sentence(layer: LayerReport) -> str:
    """What a layer costs in a line; empty where that is nothing, or not known.

    >>> from lstmcalc import infer, load
    >>> cost_sentence(infer(load("specs/forecast.yaml")).layers[1])
    '6,000 MACs, 12,020 FLOPs for one sample, forward.'
    """
    cost = layer.cost
    if cost.flops == 0 or cost.flops is UNKNOWN:
        return ""
    macs = "" if cost.macs == 0 else f"{in_words(cost.macs)} MACs, "
    times = f", in {len(layer.calls)} uses" if len(layer.calls) > 1 else ""
    return f"{macs}{in_words(cost.flops)} FLOPs for one sample, forward{times}."


def cost_remark(report: Report, alone: bool = True) -> str:
    """What a whole model costs in a line; empty where it is nothing. `alone` where it is no layer of another one."""
    cost = report.cost
    if cost.flops == 0:
        return ""
    if cost.flops is UNKNOWN:
        shapes = [port.shape or () for port in report.inputs]
        opened = any(size is None for shape in shapes for size in shape[1:])
        return "`summary --cost` tells it in names for the sizes that are left open." if opened else _known_part(report)
    macs = f"{told(cost.macs)} MACs, " if cost.macs != 0 else ""
    step = training_macs(report)
    training = f"; a training step takes {told(step)} MACs" if alone and step is not UNKNOWN and step != 0 else ""
    return f"{macs}{told(cost.flops)} FLOPs for one sample, forward{training}."


def _known_part(report: Report) -> str:
    """What the layers cost of which that is known, and which others there are."""
    known = Cost.of(layer.cost for layer in report.layers if UNKNOWN not in layer.cost)
    if known.flops == 0:
        return ""
    macs = f"{told(known.macs)} MACs, " if known.macs != 0 else ""
    names = [quoted(layer.name) for layer in report.layers if UNKNOWN in layer.cost]
    others = listed(named_up_to(names, MOST_NAMED))
    return f"{macs}{told(known.flops)} FLOPs for one sample, forward, without {others}: {UNKNOWN_WORK[len(names) > 1]}."


def _figures(report: Report, path: str = "", wanted: frozenset[int] = frozenset()) -> Iterator[tuple[str, Figures]]:
    """The figures of every layer; those of a model used as a layer for one use of it."""
    training = training_of_layers(report, wanted)
    for layer in report.layers:
        cost = layer.cost
        yield f"{path}{layer.name}", Figures(cost.macs, cost.flops, training[layer.name].macs)
        if layer.nested is not None:
            inner = inner_training(report, layer.name, wanted)
            yield from _figures(layer.nested, f"{path}{layer.name}/", inner)


def _named(named: Mapping[str, str]) -> Iterator[str]:
    """What stands for a size that is left open."""
    for name, where in named.items():
        yield f"`{name}` is a size that the source leaves open: {where}. `--set {name}=10` gives it a value."


def _repeated(report: Report, path: str) -> Iterator[str]:
    """Layers that are used several times, whose figures are those of all uses."""
    for layer in report.layers:
        below = layer.nested is not None and layer.nested.layers
        if len(layer.calls) > 1 and layer.cost.flops != 0:
            shown = "; the rows below it are those of the first" if below else ""
            name, uses = quoted(path + layer.name), len(layer.calls)
            yield f"{name} is used {uses} times: its figures are those of all uses{shown}."
        if layer.nested is not None:
            yield from _repeated(layer.nested, f"{path}{layer.name}/")


def _unknown(report: Report, layers: Mapping[str, Figures], path: str) -> Iterator[str]:
    """Which figures are not known, and why."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for layer in report.layers:
        if UNKNOWN in layers[path + layer.name]:
            reasons.setdefault(_why(layer), []).append(f"{quoted(path + layer.name)} ({layer.class_name})")
    for (alone, together), names in reasons.items():
        why = alone if len(names) == 1 else together
        yield f"`?` at {listed(named_up_to(names, MOST_NAMED))}: {why}."


def _why(layer: LayerReport) -> tuple[str, str]:
    """Why a figure of a layer is not known, as it is said of one layer and of several."""
    steps = [step for call in layer.calls for step in call.work or ()]
    untold = [step for step in steps if UNKNOWN in step.cost]
    inputs = [shape for call in layer.calls for shape in call.inputs]
    if not layer.known or any(call.work is None for call in layer.calls):
        return UNKNOWN_WORK
    told = next((step.why for step in untold if step.why and "not known" in step.why), "")
    if told:
        return told, told
    opened = next((shape for shape in inputs if shape is None or None in shape[1:]), ())
    if opened is None or opened:
        what, shape = "on a size that is not known", show_shape(opened)
        return f"it depends {what}: it reads {shape}", f"they depend {what}: they read {shape}"
    return UNKNOWN_WORK
