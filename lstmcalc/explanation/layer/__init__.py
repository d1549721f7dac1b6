"""One layer explained: what it reads and gives, each axis and each weight with its reason, the count; as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lstmcalc.building import Builder
from lstmcalc.dims import UNKNOWN, Dim, Size, to_text
from lstmcalc.errors import Fault, Rejection
from lstmcalc.explanation.cells import output_names, states_of
from lstmcalc.explanation.choices import other_choices
from lstmcalc.explanation.costs.layer import COLUMNS, LayerCost, cost_lines, cost_of_layer
from lstmcalc.explanation.costs.words import in_words
from lstmcalc.explanation.keras_calls import call_text
from lstmcalc.explanation.layer.attention import attention_sections
from lstmcalc.explanation.layer.confusions import confusions
from lstmcalc.explanation.layer.recurrence import recurrent_sections
from lstmcalc.explanation.layer.wrapping import wrapper_sections
from lstmcalc.explanation.masking import mask_sentences
from lstmcalc.explanation.named_axes import Made, axis_list, axis_names_of, named_outputs, reason_of
from lstmcalc.explanation.purposes import fitting_purpose, purpose_of
from lstmcalc.explanation.rule_inputs import first_inputs
from lstmcalc.explanation.words import ROLES, Lines
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, as_shapes
from lstmcalc.report import Holds, LayerReport, Report, WeightReport
from lstmcalc.shapes import show_count, show_shape
from lstmcalc.spec import Call, Spec

if TYPE_CHECKING:
    from lstmcalc.explanation.frameworks import Counterpart

__all__ = ["Explanation", "Section", "explain_layer"]

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
SAID = ("size-needed", "doubled-width", "never-reset")


class Section(NamedTuple):
    """A heading with lines: a line of one cell is a sentence, lines of several cells are rows of a table.

    `header` names the cells of the rows, where that is needed.
    """

    heading: str
    lines: tuple[tuple[str, ...], ...]
    header: tuple[str, ...] = ()


class Explanation(NamedTuple):
    """Everything that is said of one layer; `written` is the layer as a Keras call, `purpose` what it does.

    `answer` holds the rows that come first: input, output, params with their arithmetic. `frameworks` holds the layer's
    counterparts in other frameworks, where they were asked for, `cost` what one sample costs in its first application.
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
    frameworks: tuple[Counterpart, ...] = ()
    cost: LayerCost | None = None


def explain_layer(spec: Spec, report: Report, name: str, compare: bool = False, alone: bool = True) -> Explanation:
    """Explains a layer of a model; `spec` is the one that the report was inferred from.

    `compare` sets the layer beside its counterparts in other frameworks; `alone` tells that the model is no layer of
    another one. Raises KeyError where the model has no such layer.

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
    x = first_inputs(rule, layer, call)
    cost = cost_of_layer(rule, x, report, name, alone) if rule and x else None
    sections = tuple(_sections(rule, x, layer, call, cost)) if rule and x else ()
    frameworks, beside = _compared(rule, x, cost) if compare and rule and x and cost else ((), ())
    return Explanation(
        layer.name,
        layer.class_name,
        call_text(rule) if rule else layer.class_name,
        _purpose(rule, x),
        layer.input_shapes,
        layer.output_shapes,
        layer.params,
        layer.formula,
        layer.arithmetic,
        tuple(layer.weights),
        tuple(_answer(rule, x, layer, _roles(rule, call))),
        (*beside, *sections),
        tuple(_hints(spec, report, name)),
        tuple(held for held in report.assumptions if held.layer == name),
        frameworks,
        cost,
    )


def _hints(spec: Spec, report: Report, name: str) -> Iterator[Fault]:
    """What its reader took for granted, and the report's hints on the layer."""
    for hint in report.hints:
        if hint.layer and hint.layer[0] == name and hint.code not in SAID:
            yield hint


def _purpose(rule: LayerRule | None, x: Inputs | None) -> str:
    if rule is None:
        return ""
    return fitting_purpose(rule, x) if x else purpose_of(type(rule))


def _compared(rule: LayerRule, x: Inputs, cost: LayerCost) -> tuple[tuple[Counterpart, ...], tuple[Section, ...]]:
    from lstmcalc.explanation.costs.compared import HEADING, LAYER_COLUMNS, layer_lines
    from lstmcalc.explanation.frameworks.comparison import comparison

    found, sections = comparison(rule, x)
    beside = [Section(heading, tuple(lines), header) for heading, header, lines in sections]
    if counts := tuple(layer_lines(rule, x, cost.cost)):
        beside.append(Section(HEADING, counts, LAYER_COLUMNS))
    return found, tuple(beside)


def _roles(rule: LayerRule | None, call: Call | None) -> tuple[str, ...]:
    """What each input of an attention layer is called; one name where a single input stands for all of them."""
    if rule is None or call is None or rule.family != "attention":
        return ()
    if len({*call.inputs}) == 1:
        return ("query, value and key",)
    return ROLES if len(call.inputs) == 3 else ("query", "value and key")


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
    gives = ", ".join(f"({axis_list(each)})" for each in made) if made and x else ""
    yield "input", inputs, _unless_same(reads, inputs)
    yield "output", outputs, _unless_same(gives, outputs)
    count = show_count(layer.params) if layer.known else "not known"
    steps = [text for text in (_arithmetic(rule, x, layer), layer.formula) if text and text != count]
    without = "" if layer.weights or not layer.known else "it has no weights"
    notes = [f"= {step}" for step in dict.fromkeys(steps)] or [without]
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


def _sections(
    rule: LayerRule,
    x: Inputs,
    layer: LayerReport,
    call: Call | None,
    cost: LayerCost | None,
) -> Iterator[Section]:
    roles = _roles(rule, call)
    for index, shape in enumerate(x.shapes[: len(roles)] if roles else x.shapes):
        number = f" {index + 1}" if len(x.shapes) > 1 and len(roles) != 1 else ""
        role = "" if not roles else f", as {roles[0]}" if len(roles) == 1 else f", the {roles[index]}"
        axes = x.axes if index == 0 else _other_axes(rule, shape)
        rows = [(axis, to_text(size), _axis(axis, size)) for axis, size in zip(axes, shape, strict=False)]
        yield Section(f"Input{number}{role} {show_shape(shape)}", tuple(rows))
    yield _output_section(rule, x)
    yield _weights_section(layer, cost)
    givers = list(dict.fromkeys(ref.name for ref in call.initial_state)) if call else []
    special = *recurrent_sections(rule, x, givers), *wrapper_sections(rule, x), *attention_sections(rule, x)
    yield from (Section(heading, tuple(lines)) for heading, lines in special)
    costs = tuple(cost_lines(cost, len(layer.calls))) if cost else ()
    if costs:
        yield Section("Cost of one sample, forward", costs, COLUMNS)
    mask = mask_sentences(rule, layer.calls[0])
    if mask:
        yield Section("Mask", tuple((sentence,) for sentence in mask))
    yield from _choices(rule, x)
    confused = confusions(rule, x)
    if confused:
        yield Section("Often confused", tuple(confused))


def _choices(rule: LayerRule, x: Inputs) -> Iterator[Section]:
    """What the layer would be with other arguments, but for those that a section of its own is about."""
    told = ["return_sequences", "return_state"] if states_of(rule) else []
    if getattr(rule, "reset_after", False):
        told.append("reset_after")
    texts = [choice.text for choice in other_choices(rule, x) if choice.argument not in told]
    if texts:
        yield Section("With other arguments", tuple((text,) for text in texts))


def _other_axes(rule: LayerRule, shape: Shape) -> tuple[str, ...]:
    try:
        axes = rule.axis_names(len(shape))
    except Rejection:
        axes = tuple(f"axis_{i}" for i in range(len(shape)))
    return ("batch", *axes[1:])


def _axis(axis: str, size: Dim) -> str:
    meaning = AXES.get(axis) or f"entries along axis {axis.removeprefix('axis_')}"
    return meaning if isinstance(size, int) else f"{meaning}: any number".removeprefix(": ")


def _output_section(rule: LayerRule, x: Inputs) -> Section:
    """Each axis of the output with its reason; of several outputs only the names of the axes."""
    outputs, made = as_shapes(rule.output_shape(x)), named_outputs(rule, x)
    rows: Lines = []
    if len(outputs) > 1:
        names = output_names(rule, len(outputs))
        for number, shape in enumerate(outputs):
            axes = axis_list(made[number]) if made else ""
            rows.append((str(number + 1), *names[number : number + 1], show_shape(shape), axes))
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


def _weights_section(layer: LayerReport, cost: LayerCost | None) -> Section:
    if not layer.weights:
        return Section("Weights", (("This layer has no weights.",),))
    # Of sizes that are left open, uses are told in the names of axes, as what they cost is.
    named = {weight.name: weight.uses for weight in (cost.weights if cost else ())}
    rows = []
    for weight in layer.weights:
        why = weight.why if weight.trainable else f"{weight.why}, not trained"
        uses = in_words(named.get(weight.name, UNKNOWN) if weight.uses is None else weight.uses)
        rows.append((weight.name, show_shape(weight.shape), show_count(weight.params), uses, why))
    header = ("name", "shape", "params", "uses", "why")
    return Section("Weights, and how often one sample uses each", tuple(rows), header)
