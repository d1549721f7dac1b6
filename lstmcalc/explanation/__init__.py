"""One layer explained: what it reads and gives, each axis and each weight with its reason, the count; as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from lstmcalc.building import Builder
from lstmcalc.dims import UNKNOWN, Dim, Size, lift, substitute, symbol, symbols_of, to_text
from lstmcalc.errors import Fault, Rejection
from lstmcalc.explanation.attention import ROLES, attention_sections
from lstmcalc.explanation.recurrence import Lines, call_text, recurrent_sections
from lstmcalc.explanation.wrapping import wrapper_sections
from lstmcalc.layers.recurrent import Cell
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, as_shapes
from lstmcalc.report import Holds, LayerReport, Report, WeightReport
from lstmcalc.shapes import shape_to_json, show_count, show_shape, size_to_json
from lstmcalc.spec import Call, Ref, Spec

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
#: Hints that would only repeat what the sections say.
SAID = ("size-needed", "doubled-width")


@dataclass(frozen=True)
class Section:
    """A heading with lines: a line of one cell is a sentence, lines of several cells are rows of a table.

    `header` names the cells of the rows, where that is needed.
    """

    heading: str
    lines: tuple[tuple[str, ...], ...]
    header: tuple[str, ...] = ()


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


def explain_layer(spec: Spec, report: Report, name: str) -> Explanation:
    """Explains a layer of a model; `spec` is the one that the report was inferred from.

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
    rule = Builder(spec.symbols).build(spec.layers[name]) if name in spec.layers else None
    call = next((call for call in spec.calls if call.layer == name), None)
    x = _inputs(rule, layer, call)
    roles = _roles(rule, call)
    sections = tuple(_sections(rule, x, layer, roles)) if rule and x else ()
    return Explanation(
        layer.name,
        layer.class_name,
        call_text(rule) if rule else layer.class_name,
        purpose_of(rule),
        layer.input_shapes,
        layer.output_shapes,
        layer.params,
        layer.formula,
        layer.arithmetic,
        layer.weights,
        tuple(_answer(rule, x, layer, roles)),
        sections,
        tuple(hint for hint in report.hints if hint.layer and hint.layer[0] == name and hint.code not in SAID),
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
            {
                "heading": section.heading,
                "lines": ["  ".join(filter(None, line)) for line in (section.header, *section.lines) if line],
            }
            for section in explanation.sections
        ],
        "hints": [hint.to_json() for hint in explanation.hints],
        "assumptions": [held.to_json() for held in explanation.assumptions],
    }


def _inputs(rule: LayerRule | None, layer: LayerReport, call: Call | None) -> Inputs | None:
    """What the rule sees of the layer's first application; None where that is not known."""
    first = layer.calls[0] if layer.calls else None
    if rule is None or first is None or not first.inputs or first.outputs is None or None in first.inputs:
        return None
    shapes = [lift(shape) for shape in first.inputs if shape is not None]
    told = {key: value for key, value in call.keywords.items() if not isinstance(value, Ref)} if call else {}
    x = Inputs(shapes, input_axes_of(rule, len(shapes[0])), keywords=told)
    if isinstance(rule, Cell):
        x.states = rule.state_shapes(x)
    x.checked = False
    return x


def _roles(rule: LayerRule | None, call: Call | None) -> tuple[str, ...]:
    """What each input of an attention layer is called; one name where a single input stands for all of them."""
    if rule is None or call is None or rule.family != "attention":
        return ()
    if len({*call.inputs}) == 1:
        return ("query, value and key",)
    return ROLES if len(call.inputs) == 3 else ("query", "value and key")


def input_axes_of(rule: LayerRule, ndim: int) -> tuple[str, ...]:
    """The names of the input's axes; those that a wrapper leaves open are called as the wrapped layer calls them."""
    axes = rule.axis_names(ndim)
    axes = ("batch", *axes[1:]) if axes[:1] == ("axis_0",) else axes
    wrapped = getattr(rule, "layer", None)
    if axes[2:3] != ("axis_2",) or not isinstance(wrapped, LayerRule):
        return axes
    named = (*axes[:2], *wrapped.axis_names(ndim - 1)[1:])
    return named if len(set(named)) == ndim else axes


def purpose_of(rule: LayerRule | None) -> str:
    """The first sentence of the rule's docstring."""
    text = " ".join((type(rule).__doc__ or "").split()) if rule else ""
    return text.partition(". ")[0].rstrip(".") + "." if text else ""


def _answer(
    rule: LayerRule | None, x: Inputs | None, layer: LayerReport, roles: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    calls = layer.distinct_calls
    shown = [show_shape(shape) for call in calls for shape in call.inputs]
    inputs = ", ".join(shown[:1] if len(roles) == 1 else shown)
    outputs = ", ".join(show_shape(shape) for call in calls for shape in call.outputs or (None,))
    reads = f"({', '.join(x.axes)})" if x and 1 in (len(x.shapes), len(roles)) else ""
    reads += f", as {roles[0]}" if len(roles) == 1 else ""
    made = named_outputs(rule, x) if rule and x else None
    gives = ", ".join(f"({_axis_list(each)})" for each in made) if made and x else ""
    yield "input", inputs, _unless_same(reads, inputs)
    yield "output", outputs, _unless_same(gives, outputs)
    count = show_count(layer.params) if layer.known else "not known"
    steps = [text for text in (_arithmetic(rule, x, layer), layer.formula) if text and text != count]
    notes = [f"= {step}" for step in dict.fromkeys(steps)] or ["" if layer.weights else "it has no weights"]
    yield "params", count, notes[0]
    for note in notes[1:]:
        yield "", "", note
    if isinstance(layer.params, int) and layer.totals.non_trainable_params != 0:
        trained, frozen = layer.totals.trainable_params, layer.totals.non_trainable_params
        yield "trained", show_count(trained), f"{show_count(frozen)} are not trained"


def _arithmetic(rule: LayerRule | None, x: Inputs | None, layer: LayerReport) -> str | None:
    """The count in numbers; None where all of them are names, and the formula says the same."""
    formula = rule.formula(x) if rule and x and layer.formula else None
    values = [item for term in formula.terms for item in term.values.items()] if formula else []
    return None if values and all(name == to_text(value) for name, value in values) else layer.arithmetic


def _unless_same(text: str, other: str) -> str:
    return "" if text == other else text


class Made(NamedTuple):
    """A shape in names, what each name stands for, and which of them are the names of the input's axes."""

    shape: Shape
    values: Mapping[str, Dim]
    axes: tuple[str, ...] = ()


def named_outputs(rule: LayerRule, x: Inputs) -> list[Made] | None:
    """The output shapes in the names of axes and of the arguments that were given, with what each name stands for.

    They come from running the same `output_shape` on names, and are held against the real shapes; None where that
    does not give them.
    """
    named, given, defaults = _named(rule)
    given = {name: size for name, size in given.items() if size is not UNKNOWN}
    # Resizing has a `height`, and so have its images.
    axes = tuple(f"input_{axis}" if axis in given else axis for axis in x.axes)
    given = {**given, **dict(zip(axes, x.shape, strict=False))}
    names = tuple(map(symbol, axes))
    view = x.replace([names, *(_named_beside(rule, x, names, shape) for shape in x.shapes[1:])], x.axes, x.states)
    view.checked = False
    try:
        shapes = as_shapes(named.output_shape(view))
    except Rejection:
        return None
    made = [tuple(substitute(size, defaults) for size in shape) for shape in shapes]
    real = [tuple(shape) for shape in as_shapes(rule.output_shape(x))]
    if [tuple(substitute(size, given) for size in shape) for shape in made] != real:
        return None
    return [Made(shape, given, axes) for shape in made]


def _named_beside(rule: LayerRule, x: Inputs, names: Shape, shape: Shape) -> Shape:
    """Another input with the names of the first, where an attention layer takes both to be one, or equally wide."""
    if rule.family != "attention":
        return shape
    if shape == x.shape:
        return names
    return (*shape[:-1], names[-1]) if isinstance(shape[-1], int) and shape[-1] == x.shape[-1] else shape


def _named(rule: LayerRule) -> tuple[LayerRule, dict[str, Dim], dict[str, Dim]]:
    """The rule with names for its sizes, and for those of the one layer that it wraps; what the names stand for: those
    of arguments that were given, and those of arguments left at their defaults.
    """
    named, values = rule.named()
    arguments = {key: getattr(rule, argument.attribute) for key, argument in rule.arguments.items()}
    left = [rule.arguments[key].named(key, value)[1] for key, value in arguments.items() if key not in rule.given]
    defaults = {name: value for names in left for name, value in names.items()}
    given = {name: value for name, value in values.items() if name not in defaults}
    wrapped = [key for key, value in arguments.items() if isinstance(value, LayerRule)]
    if len(wrapped) == 1:
        inner, inner_given, inner_defaults = _named(arguments[wrapped[0]])
        named = type(rule)({**named.given, wrapped[0]: inner}, rule.name)
        given, defaults = {**inner_given, **given}, {**inner_defaults, **defaults}
    return named, given, defaults


def _sections(rule: LayerRule, x: Inputs, layer: LayerReport, roles: tuple[str, ...]) -> Iterator[Section]:
    for index, shape in enumerate(x.shapes[: len(roles)] if roles else x.shapes):
        number = f" {index + 1}" if len(x.shapes) > 1 and len(roles) != 1 else ""
        role = "" if not roles else f", as {roles[0]}" if len(roles) == 1 else f", the {roles[index]}"
        axes = x.axes if index == 0 else _other_axes(rule, shape)
        rows = [(axis, to_text(size), _axis(axis, size)) for axis, size in zip(axes, shape, strict=False)]
        yield Section(f"Input{number}{role} {show_shape(shape)}", tuple(rows))
    yield _output_section(rule, x)
    yield _weights_section(layer)
    for heading, lines in (*recurrent_sections(rule, x), *wrapper_sections(rule, x), *attention_sections(rule, x)):
        yield Section(heading, tuple(lines))


def _other_axes(rule: LayerRule, shape: Shape) -> tuple[str, ...]:
    try:
        axes = rule.axis_names(len(shape))
    except Rejection:
        axes = tuple(f"axis_{i}" for i in range(len(shape)))
    return ("batch", *axes[1:])


def _axis(axis: str, size: Dim) -> str:
    meaning = AXES.get(axis, "")
    return meaning if isinstance(size, int) else f"{meaning}: any number".removeprefix(": ")


def _output_section(rule: LayerRule, x: Inputs) -> Section:
    """Each axis of the output with its reason; of several outputs only the names of the axes."""
    outputs, made = as_shapes(rule.output_shape(x)), named_outputs(rule, x)
    rows: Lines = []
    if len(outputs) > 1:
        for number, shape in enumerate(outputs, start=1):
            rows.append((str(number), show_shape(shape), _axis_list(made[number - 1]) if made else ""))
    else:
        each = made[0] if made else Made(outputs[0], {})
        for position, name in enumerate(axis_names_of(each)):
            size = outputs[0][position]
            place = "last axis" if position == len(outputs[0]) - 1 else f"axis {position}"
            rows.append((name or place, to_text(size), reason_of(each, position, size)))
    remedy = rule.remedy()
    if remedy and len(outputs[0]) < x.ndim:
        rows.append((f"It has fewer axes than the input because of {remedy.because}. To keep them, {remedy.fix}.",))
    return Section("Outputs" if len(outputs) > 1 else f"Output {show_shape(outputs[0])}", tuple(rows))


def axis_names_of(made: Made) -> tuple[str, ...]:
    """What the axes of an output are called: as the argument or axis they are the size of, or as the one axis of the
    input that they are made from; empty for any other.
    """
    names = []
    for size in made.shape:
        text = to_text(size)
        sources = [axis for axis in made.axes if axis in symbols_of(size)]
        names.append(text if text in made.values else sources[0] if len(sources) == 1 else "")
    return tuple(names)


def _axis_list(made: Made) -> str:
    """The axes of an output on one line; one without a name as the expression of its size."""
    return ", ".join(name or to_text(size) for name, size in zip(axis_names_of(made), made.shape, strict=True))


def reason_of(made: Made, position: int, size: Dim) -> str:
    """Where a size of the output comes from."""
    expression = made.shape[position]
    written = to_text(expression)
    if written in made.axes:
        return "as in the input"
    if written in made.values:
        return f"the layer's `{written}`"
    ordered, names = _in_order(expression, made)
    known = {key: to_text(value) for key, value in made.values.items()}
    numbers = to_text(ordered, {key: known[name] for key, name in names.items()})
    # What the column of sizes says already is not said again, whatever the order.
    texts = {written: to_text(ordered, names), to_text(expression, known): numbers}
    return " = ".join(dict.fromkeys(text for plain, text in texts.items() if plain != to_text(size)))


def _in_order(expression: Dim, made: Made) -> tuple[Dim, Mapping[str, str]]:
    """The expression with stand-ins that sort as a reader expects, the input's axes first and then the arguments, and
    their names: `height·vertical_stride` and `width·horizontal_stride`, not the letters' `horizontal_stride·width`.
    """
    names = dict.fromkeys((*made.axes, *made.values))
    stand_ins = {f"s{place:03}": name for place, name in enumerate(names) if name in made.values}
    return substitute(expression, {name: symbol(key) for key, name in stand_ins.items()}), stand_ins


def _weights_section(layer: LayerReport) -> Section:
    if not layer.weights:
        return Section("Weights", (("This layer has no weights.",),))
    rows = []
    for weight in layer.weights:
        why = weight.why if weight.trainable else f"{weight.why}, not trained"
        rows.append((weight.name, show_shape(weight.shape), show_count(weight.params), show_count(weight.uses), why))
    header = ("name", "shape", "params", "uses", "why")
    return Section("Weights, and how often one sample uses each", tuple(rows), header)
