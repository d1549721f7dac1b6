"""One layer explained: what it reads and gives, each axis and each weight with its reason, the count; as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lstmcalc.building import Builder
from lstmcalc.dims import Dim, Size, lift, lower, lower_size, substitute, symbol, to_text
from lstmcalc.errors import Fault, Rejection
from lstmcalc.inference import as_shapes
from lstmcalc.layers.recurrent import Cell
from lstmcalc.layers.rule import Inputs, LayerRule, Shape
from lstmcalc.recurrence import Lines, call_text, count_text, recurrent_sections
from lstmcalc.report import Holds, LayerReport, Report, WeightReport
from lstmcalc.shapes import shape_to_json, show_shape, size_to_json
from lstmcalc.spec import Spec

__all__ = ["Explanation", "Section", "explain_layer", "to_json"]

#: What an axis holds, by its name in the rules.
AXES = {
    "batch": "samples at a time",
    "timesteps": "steps in time",
    "input_dim": "values read at once (features)",
    "channels": "values at each place",
    "depth": "planes",
    "height": "rows",
    "width": "columns",
}


@dataclass(frozen=True)
class Section:
    """A heading with lines: a line of one cell is a sentence, lines of several cells are rows of a table."""

    heading: str
    lines: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Explanation:
    """Everything that is said of one layer; `written` is the layer as a Keras call, `purpose` what it does.

    `answer` holds the rows that come first: input, output, params with their arithmetic.
    """

    layer: str
    class_name: str
    written: str
    purpose: str
    input_shapes: tuple[tuple[Size, ...] | None, ...]
    output_shapes: tuple[tuple[Size, ...], ...]
    params: Size
    formula: str | None
    arithmetic: str | None
    weights: tuple[WeightReport, ...]
    answer: tuple[tuple[str, ...], ...]
    sections: tuple[Section, ...]
    hints: tuple[Fault, ...]
    assumptions: tuple[Holds, ...]


def explain_layer(spec: Spec, report: Report, name: str, values: Mapping[str, int] | None = None) -> Explanation:
    """Explains a layer of a model; `spec` and `values` are those that the report was inferred from.

    Raises KeyError where the model has no such layer.

    >>> from lstmcalc.inference import infer
    >>> from lstmcalc.sources.layer_options import read_layer
    >>> spec = read_layer(["lstm", "--units", "10"], ["20,30"])
    >>> explain_layer(spec, infer(spec), "lstm").arithmetic
    '4·10·(30 + 10 + 1)'
    """
    layer = next((layer for layer in report.layers if layer.name == name), None)
    if layer is None:
        raise KeyError(name)
    rule = Builder({**spec.symbols, **(values or {})}).build(spec.layers[name]) if name in spec.layers else None
    x = _inputs(rule, layer)
    sections = _sections(rule, x, layer) if rule and x else iter(())
    return Explanation(
        layer.name,
        layer.class_name,
        call_text(rule) if rule else layer.class_name,
        _purpose(rule),
        layer.input_shapes,
        layer.output_shapes,
        layer.params,
        layer.formula,
        layer.arithmetic,
        layer.weights,
        tuple(_answer(rule, x, layer)),
        tuple(Section(heading, tuple(lines)) for heading, lines in sections if lines),
        tuple(hint for hint in report.hints if hint.layer and hint.layer[0] == name and hint.code != "size-needed"),
        tuple(held for held in report.assumptions if held.layer == name),
    )


def to_json(explanation: Explanation) -> dict[str, Any]:
    """`lstmcalc.explanation/1`: an explanation in the JSON contract; the cells of a row are joined by two spaces."""
    return {
        "schema": "lstmcalc.explanation/1",
        "layer": explanation.layer,
        "class_name": explanation.class_name,
        "input_shapes": [shape_to_json(shape) for shape in explanation.input_shapes],
        "output_shapes": [shape_to_json(shape) for shape in explanation.output_shapes],
        "params": size_to_json(explanation.params),
        "formula": explanation.formula,
        "arithmetic": explanation.arithmetic,
        "weights": [
            {
                "name": weight.name,
                "shape": shape_to_json(weight.shape),
                "trainable": weight.trainable,
                "params": size_to_json(weight.params),
                "uses": size_to_json(weight.uses),
                "why": weight.why,
            }
            for weight in explanation.weights
        ],
        "sections": [
            {"heading": section.heading, "lines": ["  ".join(filter(None, line)) for line in section.lines]}
            for section in explanation.sections
        ],
        "hints": [hint.to_json() for hint in explanation.hints],
        "assumptions": [
            {"layer": held.layer, "holds_if": held.text, "because": held.because} for held in explanation.assumptions
        ],
    }


def _inputs(rule: LayerRule | None, layer: LayerReport) -> Inputs | None:
    """What the rule sees of the layer's first application; None where that is not known."""
    call = layer.calls[0] if layer.calls else None
    if rule is None or call is None or not call.inputs or call.outputs is None or None in call.inputs:
        return None
    shapes = [lift(shape) for shape in call.inputs if shape is not None]
    x = Inputs(shapes, rule.axis_names(len(shapes[0])))
    if isinstance(rule, Cell):
        x.states = rule.state_shapes(x)
    x.checked = False
    return x


def _purpose(rule: LayerRule | None) -> str:
    """The first sentence of the rule's docstring."""
    text = " ".join((type(rule).__doc__ or "").split()) if rule else ""
    return text.partition(". ")[0].rstrip(".") + "." if text else ""


def _answer(rule: LayerRule | None, x: Inputs | None, layer: LayerReport) -> Iterator[tuple[str, ...]]:
    calls = layer.distinct_calls
    inputs = ", ".join(show_shape(shape) for call in calls for shape in call.inputs)
    outputs = ", ".join(show_shape(shape) for call in calls for shape in call.outputs or (None,))
    reads = f"({', '.join(x.axes)})" if x and len(x.shapes) == 1 else ""
    made = named_outputs(rule, x) if rule and x else None
    gives = ", ".join(show_shape(lower(shape)) for shape, _ in made) if made else ""
    yield "input", inputs, _unless_same(reads, inputs)
    yield "output", outputs, _unless_same(gives, outputs)
    count = count_text(layer.params) if layer.known else "not known"
    steps = [text for text in (layer.arithmetic, layer.formula) if text and text != count]
    for label, text, step in zip(("params", ""), (count, ""), [*dict.fromkeys(steps), ""], strict=False):
        if text or step:
            yield label, text, f"= {step}" if step else ""
    if isinstance(layer.params, int) and layer.totals.non_trainable_params != 0:
        trained, frozen = layer.totals.trainable_params, layer.totals.non_trainable_params
        yield "trained", count_text(trained), f"{count_text(frozen)} are not trained"


def _unless_same(text: str, other: str) -> str:
    return "" if text == other else text


def named_outputs(rule: LayerRule, x: Inputs) -> list[tuple[Shape, Mapping[str, Dim]]] | None:
    """The output shapes in the names of arguments and axes, with what each name stands for.

    They come from running the same `output_shape` on names, and are held against the real shapes; None where that
    does not give them.
    """
    named, values = rule.named()
    values = {**values, **dict(zip(x.axes, x.shape, strict=False))}
    view = Inputs([tuple(map(symbol, x.axes)), *x.shapes[1:]], x.axes, x.states)
    view.checked = False
    try:
        shapes = as_shapes(named.output_shape(view))
    except Rejection:
        return None
    real = as_shapes(rule.output_shape(x))
    same = [tuple(substitute(size, values) for size in shape) for shape in shapes] == list(map(tuple, real))
    return [(shape, values) for shape in shapes] if same else None


def _sections(rule: LayerRule, x: Inputs, layer: LayerReport) -> Iterator[tuple[str, Lines]]:
    for index, shape in enumerate(x.shapes):
        number = f" {index + 1}" if len(x.shapes) > 1 else ""
        axes = x.axes if index == 0 else _other_axes(rule, shape)
        rows = [(axis, to_text(lower_size(size)), _axis(axis, size)) for axis, size in zip(axes, shape, strict=False)]
        yield f"Input{number} {show_shape(lower(shape))}", rows
    yield _output_lines(rule, x)
    yield "Weights, and how often one sample uses each", _weights(layer)
    yield from recurrent_sections(rule, x)


def _other_axes(rule: LayerRule, shape: Shape) -> tuple[str, ...]:
    try:
        return rule.axis_names(len(shape))
    except Rejection:
        return tuple(f"axis_{i}" for i in range(len(shape)))


def _axis(axis: str, size: Dim) -> str:
    meaning = AXES.get(axis, "")
    return meaning if isinstance(size, int) else f"{meaning}: any number".lstrip(": ")


def _output_lines(rule: LayerRule, x: Inputs) -> tuple[str, Lines]:
    """Each axis of the output with its reason; of several outputs only the names of the axes."""
    outputs, made = as_shapes(rule.output_shape(x)), named_outputs(rule, x)
    rows: Lines = []
    if len(outputs) > 1:
        for number, shape in enumerate(outputs, start=1):
            names = ", ".join(map(to_text, made[number - 1][0])) if made else ""
            rows.append((str(number), show_shape(lower(shape)), names))
    else:
        shape, values = made[0] if made else (outputs[0], {})
        for position, (size, named) in enumerate(zip(outputs[0], shape, strict=True)):
            text = to_text(lower_size(size))
            rows.append((_axis_name(position, named, values, x, len(shape)), text, _reason(named, size, values, x.axes)))
    remedy = rule.remedy()
    if remedy:
        rows.append((f"It has fewer axes than the input because of {remedy.because}. To keep them, {remedy.fix}.",))
    return "Outputs" if len(outputs) > 1 else f"Output {show_shape(lower(outputs[0]))}", rows


def _axis_name(position: int, named: Dim, values: Mapping[str, Dim], x: Inputs, ndim: int) -> str:
    text = to_text(named)
    if text in values:
        return text
    return x.axes[position] if ndim == len(x.axes) else f"axis_{position}"


def _reason(expression: Dim, size: Dim, values: Mapping[str, Dim], axes: tuple[str, ...]) -> str:
    """Where a size of the output comes from."""
    text = to_text(expression)
    if text in axes:
        return "as in the input"
    if text in values:
        return f"the layer's `{text}`"
    numbers = to_text(expression, {name: to_text(value) for name, value in values.items()})
    return " = ".join(part for part in dict.fromkeys((text, numbers)) if part != to_text(size))


def _weights(layer: LayerReport) -> Lines:
    if not layer.weights:
        return [("This layer has no weights.",)]
    rows: Lines = [("name", "shape", "params", "uses", "why")]
    for weight in layer.weights:
        why = weight.why if weight.trainable else f"{weight.why}, not trained"
        uses = "?" if weight.uses is None else count_text(weight.uses)
        rows.append((weight.name, show_shape(weight.shape), count_text(weight.params), uses, why))
    return rows

