"""Why no layer prints a row: what comes closest, and what would have to be otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from lstmcalc.errors import Fault, Rejection, with_article
from lstmcalc.layers import RULES
from lstmcalc.layers.rule import expand_axes
from lstmcalc.shapes import show_count, show_shape
from lstmcalc.spec import LayerSpec
from lstmcalc.summary_text.arrivals import whole_shapes
from lstmcalc.summary_text.candidates import find_candidates
from lstmcalc.summary_text.classes import ClassChoice
from lstmcalc.summary_text.printed import PrintedRow
from lstmcalc.summary_text.reading import Candidate, Nearest, RowReading
from lstmcalc.summary_text.solving import Miss, Seen, with_arithmetic
from lstmcalc.summary_text.telling import weights_of

__all__ = ["explain_misfit", "input_not_shown", "inputs_not_shown", "may_be_anything", "not_built"]

#: The classes that are taken for one another, and whose counts differ in one weight.
ALIKE = (
    ("LSTM", "CuDNNLSTM", "GRU", "CuDNNGRU", "SimpleRNN", "Bidirectional"),
    ("Dense", "TimeDistributed", "EinsumDense"),
    ("Conv1D", "SeparableConv1D", "DepthwiseConv1D", "Conv1DTranspose", "LocallyConnected1D"),
    ("Conv2D", "SeparableConv2D", "DepthwiseConv2D", "Conv2DTranspose", "LocallyConnected2D"),
    ("BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization"),
    ("MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention"),
)
#: A layer of another class is mentioned where it is no more unusual than this.
USUAL = 0.6
#: A count is close to another that differs by less than one part in so many.
CLOSE = 20


def not_built(row: PrintedRow) -> Fault:
    """Why a row of a model without weights has no count."""
    if "unused" in row.params_text:
        because = "the model's `call` never calls it, so that it has no weights"
        layer = (row.name, row.class_name)
        return Fault("not-built", "a layer that the model uses", f"`{row.params_text}`", because, layer=layer)
    return Fault(
        "not-built",
        "a layer that has its weights",
        f"`{row.params_text or row.shape_text}`",
        "the model had not been built when it was printed, so Keras knew neither its shapes nor its weights",
        "give the model an `Input`, or call it on data, and print the summary again",
        layer=(row.name, row.class_name),
    )


def input_not_shown(row: PrintedRow) -> Fault:
    """Why the shape of an input stays open."""
    return Fault(
        "unknown-shape",
        "the whole shape of an input",
        f"`{row.shape_text}`",
        "its end is cut off, and no row that takes it tells the rest",
        layer=(row.name, row.class_name),
    )


def inputs_not_shown(row: PrintedRow) -> Fault:
    """Why a layer that merges several inputs cannot be held against its row."""
    return Fault(
        "unknown-input",
        "the rows that feed the layer",
        "none that the text shows",
        "its output alone does not tell what is merged",
        'paste the table with its column "Connected to"',
        layer=(row.name, row.class_name),
    )


def may_be_anything(choices: Sequence[ClassChoice], seen: Seen, misses: Sequence[Miss]) -> bool:
    """Whether a row that no rule prints may be right all the same.

    A frozen layer of Keras 1.0 has no count, a class of one's own may be called as an operation is, and a
    TimeDistributed may hold a model of any shape and count; but a count next to that of a Dense is that layer's, and
    wrong.
    """
    if seen.params == 0 and seen.style == "underscores" and misses:
        # Keras 1.0 counts what trains only, so that a frozen layer has nothing.
        return True
    if all(choice.rule is None or choice.class_name.startswith("ops.") for choice in choices):
        return True
    if [choice.class_name for choice in choices] != ["TimeDistributed"] or not seen.params:
        return False
    dense = [miss for miss in misses if seen.inputs is not None and _holds_dense(miss)]
    return all(abs(miss.difference) * CLOSE > seen.params for miss in dense)


def _holds_dense(miss: Miss) -> bool:
    inner = miss.candidate.layer.arguments.get("layer")
    return isinstance(inner, LayerSpec) and inner.class_name == "Dense"


def explain_misfit(
    reading: RowReading, choices: Sequence[ClassChoice], seen: Seen, misses: Sequence[Miss]
) -> RowReading:
    """The reading of a row that no layer of its class prints, with the nearest one and the fault."""
    row = reading.row
    if not choices:
        fault = Fault("unknown-layer", "the class of a Keras layer", f"`{row.class_name}…`", layer=_layer(reading))
        return reading._replace(fault=row.fault or fault)
    if row.fault is not None and (row.params is None or row.shapes is None):
        return reading._replace(fault=row.fault)
    nearest = _nearest(misses)
    if nearest is None:
        return reading._replace(fault=_wrong_shape(reading, choices, seen))
    found = nearest.candidate
    fault = Fault(
        "no-layer-fits",
        f"{show_count(found.params)} params" + (f" = {found.arithmetic}" if found.arithmetic else ""),
        f"{show_count(row.params)}, which is {_difference(nearest.difference)}",
        _because(reading, choices, seen),
        layer=_layer(reading),
    )
    return reading._replace(nearest=nearest._replace(explained=_as_large_as(nearest)), fault=fault)


def _layer(reading: RowReading) -> tuple[str, str]:
    return reading.row.name, reading.class_name


def _difference(difference: int) -> str:
    return f"{show_count(abs(difference))} {'more' if difference > 0 else 'fewer'}"


def _nearest(misses: Sequence[Miss]) -> Nearest | None:
    """The miss that is least far off; of equals the most usual layer."""
    if not misses:
        return None
    best = min(misses, key=lambda miss: (abs(miss.difference), miss.candidate.cost))
    usual = min(misses, key=lambda miss: (miss.candidate.cost, abs(miss.difference)))
    # Bare chance brings an odd layer close; the usual one is meant, unless it is much farther off.
    chosen = best if abs(usual.difference) > 4 * abs(best.difference) else usual
    return Nearest(with_arithmetic(chosen.candidate), chosen.difference)


def _because(reading: RowReading, choices: Sequence[ClassChoice], seen: Seen) -> str:
    """What else would print the row: another input, or another class."""
    reasons = []
    free = find_candidates(choices, seen._replace(inputs=None)).candidates if seen.inputs is not None else ()
    if free:
        source = f'"{reading.sources[0]}"' if any(reading.sources[:1]) else "what comes before"
        wanted, there = show_shape(free[0].inputs[0]), show_shape(seen.input)
        reasons.append(f"the count fits an input of {wanted}, and {source} gives {there}")
    other = next((each for each in _others(choices, seen) if each.arithmetic and each.cost < USUAL), None)
    if other is not None:
        reasons.append(f"{with_article(other.layer.class_name)} has exactly as many: {other.arithmetic}")
    if not reasons and seen.inputs is None:
        only_sizes = all(choice.rule is not None and choice.rule.family in ("rnn", "core") for choice in choices)
        usual = "" if only_sizes else ", with the arguments that such layers usually have"
        reasons.append(f"no input of whatever size gives this count{usual}")
    return "; ".join(reasons)


def _others(choices: Sequence[ClassChoice], seen: Seen) -> list[Candidate]:
    """Layers of a class that is easily taken for this one, and that print exactly this row."""
    names = {choice.class_name for choice in choices}
    found: list[Candidate] = []
    for group in ALIKE:
        if names & set(group):
            others = [ClassChoice(name, RULES[name]) for name in group if name not in names]
            found += find_candidates(others, seen).candidates
    return found


def _as_large_as(nearest: Nearest) -> str:
    """Which weight of the nearest layer has as many params as the difference; empty where none has."""
    weights = weights_of(nearest.candidate) or []
    names = [weight.name for weight in weights if weight.params == abs(nearest.difference)]
    return f"as many as its `{names[0]}` has" if names else ""


def _wrong_ndim(reading: RowReading, choices: Sequence[ClassChoice], seen: Seen) -> Fault | None:
    """The fault of a row that cannot take its input, for the number of axes; None where it can."""
    rule = choices[0].rule
    if rule is None or not seen.inputs:
        return None
    try:
        expand_axes(rule.axes, len(seen.input))
    except Rejection as refusal:
        source = f' from "{reading.sources[0]}"' if any(reading.sources[:1]) else ""
        drops = len(seen.input) == 2 and rule.family == "rnn"
        because = "a recurrent layer with `return_sequences: false` drops the steps" if drops and source else ""
        return Fault("wrong-ndim", refusal.fault.expected, f"{show_shape(seen.input)}{source}", because,
                     layer=_layer(reading))  # fmt: skip
    return None


def _wrong_shape(reading: RowReading, choices: Sequence[ClassChoice], seen: Seen) -> Fault:
    """The fault of a row whose shape its layer cannot give."""
    row = reading.row
    refused = _wrong_ndim(reading, choices, seen)
    if refused is not None:
        return refused
    given = find_candidates(choices, seen._replace(outputs=None)).candidates
    expected = (
        f"an output such as {', '.join(map(show_shape, given[0].outputs))}"
        if given
        else f"an output that {with_article(reading.class_name or choices[0].class_name)} can give"
    )
    source = f' of "{reading.sources[0]}"' if any(reading.sources[:1]) else ""
    because = f"the input is {', '.join(map(show_shape, seen.inputs))}{source}" if seen.inputs else ""
    got = row.shape_text or ", ".join(show_shape(shape) for shape in whole_shapes(row) or ()) or "none"
    return Fault("no-layer-fits", expected, got, because, layer=_layer(reading))
