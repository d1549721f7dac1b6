"""Which diagrams a layer has: over its time steps, inside its cell, or between its inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstmcalc.building import Builder
from lstmcalc.explanation.diagrams import Arrow, Box, CellInside, Diagram, Graph
from lstmcalc.explanation.diagrams.cell import cell_inside
from lstmcalc.explanation.diagrams.unrolled import unrolled
from lstmcalc.explanation.keras_calls import call_text
from lstmcalc.explanation.named_axes import axis_list, named_outputs
from lstmcalc.explanation.rule_inputs import first_inputs
from lstmcalc.layers.kinds import is_layer
from lstmcalc.layers.rule import Inputs, LayerRule
from lstmcalc.report import LayerReport, Report
from lstmcalc.shapes import show_count, show_shape
from lstmcalc.spec import Call, Spec

__all__ = ["diagrams_of_layer"]


def diagrams_of_layer(spec: Spec, report: Report, name: str) -> tuple[Diagram, ...]:
    """The layer over its time steps, and the inside of its cell; any other layer between its inputs and outputs.

    Raises KeyError where the model has no such layer.

    >>> from lstmcalc.inference import infer
    >>> from lstmcalc.sources.layer_options import read_layer
    >>> spec = read_layer(["gru", "--units", "10"], ["20,30"])
    >>> [diagram.title for diagram in diagrams_of_layer(spec, infer(spec), "gru")]
    ['GRU(10) over 20 time steps', 'GRU(10): inside one step']
    """
    layer = next((layer for layer in report.layers if layer.name == name), None)
    if layer is None:
        raise KeyError(name)
    rule = Builder(spec.symbols).build(spec.layers[name]) if name in spec.layers else None
    call = next((call for call in spec.calls if call.layer == name), None)
    x = first_inputs(rule, layer, call)
    drawn = list(_over_time(rule, x, call)) if rule and x else []
    return tuple(drawn) or (_between(layer, rule, x),)


def _over_time(rule: LayerRule, x: Inputs, call: Call | None) -> Iterator[Diagram]:
    picture = unrolled(rule, x, call)
    if picture is not None:
        yield picture
    yield from _cells(rule, x)


def _cells(rule: Any, x: Inputs) -> Iterator[CellInside]:
    """The cells of a recurrent layer, of one direction, or of one that stands by itself."""
    if rule.class_name == "Bidirectional":
        from lstmcalc.layers.recurrent import view

        yield from _cells(rule.layer, view(x, rule.layer, x.shape))
    elif rule.class_name == "RNN":
        yield from _cells(rule.cell_rule(), rule.one_step(x))
    elif is_layer(rule, "StackedRNNCells"):
        for cell, inner in rule.each(x):
            yield from _cells(cell, inner)
    else:
        inside = cell_inside(rule, x)
        if inside is not None:
            yield inside


def _between(layer: LayerReport, rule: LayerRule | None, x: Inputs | None) -> Graph:
    """A layer as one box, with its inputs above and its outputs below, each with the names of its axes."""
    call = layer.calls[0] if layer.calls else None
    inputs: tuple[Any, ...] = call.inputs if call else ()
    outputs: tuple[Any, ...] = (call.outputs if call else None) or (None,)
    reads = [f"({', '.join(x.axes)})"] if x and not any(axis.startswith("axis_") for axis in x.axes) else []
    made = (named_outputs(rule, x) if rule and x else None) or ()
    gives = ["" if "axis_" in names else f"({names})" for names in map(axis_list, made)]
    count = show_count(layer.params) + (" param" if layer.params == 1 else " params") if layer.known else "not known"
    box = Box("layer", (call_text(rule) if rule else layer.class_name, count))
    above, below = _ends("input", inputs, reads), _ends("output", outputs, gives)
    arrows = [*(Arrow(end.key, "layer") for end in above), *(Arrow("layer", end.key) for end in below)]
    return Graph(f"{layer.name} ({layer.class_name})", (*above, box, *below), tuple(arrows))


def _ends(word: str, shapes: tuple[Any, ...], axes: list[str]) -> list[Box]:
    """What goes into a layer, or comes out of it."""
    boxes = []
    for number, shape in enumerate(shapes):
        called, shown = f"{word} {number + 1}" if len(shapes) > 1 else word, show_shape(shape)
        lines = [called, shown, *(names for names in axes[number : number + 1] if names not in ("", shown))]
        boxes.append(Box(f"{word} {number}", tuple(lines), word))
    return boxes
