"""What is to say of a row as it is printed: what is cut off, cannot be read, is not built, or no rule knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lstmcalc.dims import to_text
from lstmcalc.errors import Fault, with_article
from lstmcalc.explanation.purposes import purpose_of
from lstmcalc.explanation.words import Sentence, as_sentence, capitalized, joined, listed
from lstmcalc.layers import find_rule
from lstmcalc.shapes import show_count, show_shape
from lstmcalc.summary_text.arrivals import leaves_cut, merges
from lstmcalc.summary_text.printed import Cut, PrintedRow, PrintedShape
from lstmcalc.summary_text.reading import RowReading, Shape

__all__ = [
    "INPUT",
    "MOST_ADDED",
    "is_guessed",
    "is_unused",
    "mask_sentences",
    "printed_sentences",
    "show_printed",
    "unknown_sentences",
    "whole_shapes",
    "wrong",
]

#: What an InputLayer's row is told.
INPUT = "An input of the model: it takes the data in, and has no weights."
#: More counts than these are not written as a sum.
MOST_ADDED = 4
#: The classes of a model that is used as a layer.
MODELS = ("Model", "Functional", "Sequential")
#: The classes that tf.keras makes of operations.
OPERATIONS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")

#: The layers that merge value by value.
VALUE_BY_VALUE = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
#: The faults of rows that may be right all the same.
UNTOLD = ("unknown-input", "unknown-shape")


def printed_sentences(reading: RowReading) -> Iterator[Sentence]:
    """What of the row cannot be read, is cut off, or was called otherwise."""
    row = reading.row
    if row.fault and row.fault.severity == "hint":
        yield Sentence("note", _hinted(row.fault), _hinted(row.fault))
    elif row.fault:
        what = "A part of this line" if reading.candidates else "This line"
        text = f"{what} cannot be read: {_said(row.fault)}"
        yield Sentence("fault", text, text)
    if not row.class_name and reading.class_name:
        yield Sentence("note", f"The text does not name the class; by the layer's name it is {reading.class_name}.")
    elif row.class_cut and reading.class_name and reading.class_name != row.class_name:
        text = f"`{row.class_name}` is cut off: it is {reading.class_name}."
        yield Sentence("note", text, subject=f"cut {reading.class_name}")
    elif row.class_name and reading.class_name not in ("", row.class_name):
        yield Sentence("note", f"`{row.class_name}` is called {reading.class_name} today.")
    if row.name_cut:
        yield Sentence("note", f"The name is cut off after `{row.name}`.", subject="cut name")
    if row.built and reading.candidates and row.params is None and reading.candidates[0].params:
        yield Sentence("params", "The text does not show the count; this is the layer's.")
    if reading.candidates and row.built and row.shapes is None:
        yield from _without_shape(reading)
    if reading.candidates and (row.shapes_cut or leaves_cut(row)):
        outputs = listed(map(show_shape, reading.candidates[0].outputs))
        verb = "fits" if len(reading.candidates[0].outputs) == 1 else "fit"
        yield Sentence("note", f"The shape is cut off; {outputs} {verb} what is left of it, and the count.")


def is_guessed(reading: RowReading) -> bool:
    """Whether the count alone is known of a row: then layers of many sizes print it, and which one it is, is open."""
    return reading.row.shapes is None and reading.inputs is None and reading.row.class_name != "InputLayer"


def _without_shape(reading: RowReading) -> Iterator[Sentence]:
    if not is_guessed(reading):
        outputs = listed(map(show_shape, reading.candidates[0].outputs))
        yield Sentence("note", f"The text does not show the shape; {outputs} follows from the input.")
    elif reading.candidates[0].params != 0:
        text = "The text does not show the shape. Layers of other sizes have this count as well; this is one of them."
        yield Sentence("layer", text, text)


def unknown_sentences(reading: RowReading, inside: Sequence[RowReading] = ()) -> Iterator[Sentence]:
    """What is known of a row for which there is no layer; `inside` are the rows of the model that it is."""
    row, fault = reading.row, wrong(reading.fault)
    if is_unused(row):
        text = f"The model's `call` does not use it, so it has no weights: `{row.params_text}` is no count."
        yield Sentence("layer", text, text)
    elif not row.built:
        text = "Not built yet: Keras learns its shape and its params when the model is given an input shape, or data."
        zero = f" So `{row.params_text}` is no count." if row.params_text else ""
        yield Sentence("layer", text + zero, "Not built yet.")
    elif inside:
        yield from _model(reading, inside)
    elif reading.opaque:
        yield from _opaque(reading)
    elif reading.nearest is not None:
        reads = f" that reads {listed(map(show_shape, reading.inputs))}" if reading.inputs else ""
        text = f"No {reading.class_name}{reads} prints this line."
        yield Sentence("fault", text, text)
    elif fault is not None and fault is not row.fault:
        what = "What this line is, the text does not tell" if fault.code in UNTOLD else "No layer prints this line"
        text = f"{what}: {_said(fault)}"
        yield Sentence("fault", text, text)
    elif fault is None and wrong(row.fault) is None:
        yield from _nameless(row)


def _model(reading: RowReading, inside: Sequence[RowReading]) -> Iterator[Sentence]:
    """A model that is used as a layer, and whose rows are printed."""
    yield Sentence("layer", "A model, used as a layer. Its own layers stand below.", "A model; its layers stand below.")
    counts = [row.row.params for row in inside if row.row.params]
    if counts and sum(counts) == reading.row.params:
        steps = f"{' + '.join(map(show_count, counts))} =" if 1 < len(counts) <= MOST_ADDED else "They have"
        text = f"{steps} {show_count(sum(counts))} params, which count once in the total."
        yield Sentence("params", text, text)


def _opaque(reading: RowReading) -> Iterator[Sentence]:
    """What is known of a class without a rule, or of one whose arguments no summary shows."""
    row, name = reading.row, reading.class_name
    rule = find_rule(name)
    if name == "InputLayer":
        text = INPUT
    elif name in MODELS:
        text = "A model, used as a layer."
    elif name == "Lambda":
        text = "It runs a function of the user's, which a summary does not show."
    elif rule is not None and merges(rule) and not row.connections:
        yield from _merging(row, name, purpose_of(rule))
        return
    elif rule is not None and "layer" in rule.arguments:
        text = f"A summary does not show what this {name} holds."
    elif rule is not None:
        text = f"The text does not show on what, or with which arguments, this {name} works."
    elif name in OPERATIONS or find_rule(f"ops.{name}"):
        text = "An operation, written into the model as code; a summary does not show its arguments."
    else:
        text = f"lstmcalc has no rule for {with_article(name)}, and a summary does not show what it does."
    yield Sentence("layer", text, text)
    if rule is not None and name != "Lambda":
        yield Sentence("purpose", purpose_of(rule))
    yield from _taken(row)


def _merging(row: PrintedRow, name: str, purpose: str) -> Iterator[Sentence]:
    """What is known of a layer that merges what the text does not show."""
    text = f"The text does not show which layers feed this {name}."
    yield Sentence("layer", text, text)
    yield Sentence("purpose", purpose)
    if name in VALUE_BY_VALUE:
        shape = f"{with_article(name)} gives the shape of its inputs, or the one that they broadcast to."
        yield Sentence("shape", capitalized(shape))
    if row.params == 0:
        yield Sentence("params", "It has no weights.")
        row = row._replace(params=None)
    yield from _taken(row)


def mask_sentences(row: PrintedRow) -> Iterator[Sentence]:
    """What is known of the operation with which Keras 3 makes a mask."""
    text = (
        "Keras 3 writes this line by itself where a layer makes a mask, as an Embedding with `mask_zero: true` does: "
        "its output tells which steps count."
    )
    yield Sentence("layer", text, "It tells which steps count.")
    yield from _taken(row)


def _nameless(row: PrintedRow) -> Iterator[Sentence]:
    """A row of which not even the class is known."""
    text = "The text does not tell what layer this is."
    yield Sentence("layer", text, text)
    yield from _taken(row)


def _taken(row: PrintedRow) -> Iterator[Sentence]:
    """What of the row is taken as it stands."""
    parts = [show_printed(each, row.shapes_cut) for each in row.shapes or ()]
    verb = "is" if len(parts) == 1 and row.params is None else "are"
    parts += [] if row.params is None else [f"{show_count(row.params)} params"]
    if parts:
        yield Sentence("shape", f"{listed(parts)} {verb} taken as printed.")


def whole_shapes(row: PrintedRow) -> tuple[Shape, ...]:
    """The printed shapes up to the first that is cut off."""
    whole: list[Shape] = []
    for shape in row.shapes or ():
        sizes = tuple(size for size in shape if not isinstance(size, Cut))
        if len(sizes) < len(shape):
            break
        whole.append(sizes)
    return tuple(whole[:-1] if row.shapes_cut else whole)


def is_unused(row: PrintedRow) -> bool:
    """Whether tf.keras marks a layer as one that the model's `call` never uses."""
    return not row.built and "unused" in row.params_text


def wrong(fault: Fault | None) -> Fault | None:
    """The fault, unless it is a hint: what a hint is on was read."""
    return None if fault is None or fault.severity == "hint" else fault


def _hinted(fault: Fault) -> str:
    """A hint on how a part of the line was read: `` `1.650` is read as 1,650, … ``."""
    link = " is " if fault.because.startswith("read as ") else ": "
    text = link.join(filter(None, (fault.got, fault.because))) or fault.expected
    return f"{text.rstrip('.')}."


def _said(fault: Fault) -> str:
    """A fault as the end of a sentence, with what to do about it."""
    return joined(f"{fault.message.rstrip('.')}.", as_sentence(fault.fix))


def show_printed(shape: PrintedShape, cut: bool) -> str:
    """A printed shape as far as it can be read.

    >>> show_printed((None, 10, Cut("12")), True), show_printed((None, 10), True), show_printed((None,), False)
    ('(None, 10, 12…', '(None, 10, …', '(None,)')
    """
    sizes = [f"{size.digits}…" if isinstance(size, Cut) else to_text(size) for size in shape]
    if not cut:
        return f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"
    return f"({', '.join(sizes)}" + ("" if sizes and sizes[-1].endswith("…") else ", …" if sizes else "…")
