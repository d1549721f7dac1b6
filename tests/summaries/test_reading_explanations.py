"""What is said of a reading: true sentences for every rule, the questions that people have, and how it is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import pairwise
from math import floor
from typing import Any

import pytest
from genuine import Genuine, genuine
from layer_examples import cases, wrap

from lstmcalc.building import Builder
from lstmcalc.dims import lift, lower
from lstmcalc.errors import Fault
from lstmcalc.explanation.readings import ReadingExplanation, RowExplanation, explain_reading, understood
from lstmcalc.layers.rule import Example, Inputs, as_shapes
from lstmcalc.renderers.reading_json import reading_json
from lstmcalc.renderers.reading_text import render_reading
from lstmcalc.sources.layer_call import read_call
from lstmcalc.spec import LayerSpec, Namer
from lstmcalc.summary_text import read_summary
from lstmcalc.summary_text.flow import Feed
from lstmcalc.summary_text.printed import Connection, Cut, PrintedRow, PrintedTable, PrintedTotals
from lstmcalc.summary_text.reading import Candidate, Nearest, Reading, RowReading

Shape = tuple[int | None, ...]


def candidate(layer: str | LayerSpec, *inputs: Shape, states: tuple[Shape, ...] = (), **more: Any) -> Candidate:
    """What the rules say of a layer, written as a Keras call, on some inputs."""
    spec = read_call(layer, Namer()) if isinstance(layer, str) else layer
    rule = Builder().build(spec)
    assert rule is not None, layer
    x = Inputs([lift(shape) for shape in inputs], rule.axis_names(len(inputs[0])), [lift(shape) for shape in states])
    outputs, count, formula = as_shapes(rule.output_shape(x)), rule.count(x), rule.formula(x)
    assert isinstance(count, int)
    texts = (formula.in_names(), formula.in_numbers()) if formula else (None, None)
    return Candidate(spec, (*inputs, *states), tuple(map(lower, outputs)), count, *texts, **more)


def row(
    layer: str,
    *inputs: Shape,
    name: str = "layer_1",
    sources: tuple[str, ...] = (),
    others: tuple[Candidate, ...] = (),
    printed: Mapping[str, Any] | None = None,
    **more: Any,
) -> RowReading:
    """A row that prints this layer. Its input is known from `sources`; without them it is solved."""
    found = candidate(layer, *inputs, **more)
    class_name = found.layer.class_name
    line = f"{name} ({class_name})   {found.outputs[0]}   {found.params}"
    plain = {"line": 1, "lines": (line,), "name": name, "class_name": class_name, "shapes": found.outputs}
    shown = PrintedRow(**{**plain, "params": found.params, "params_text": str(found.params), **(printed or {})})
    return RowReading(shown, class_name, (found, *others), found.inputs if sources else None, sources)


def explained(*rows: RowReading, totals: PrintedTotals | None = None, **more: Any) -> ReadingExplanation:
    counts = [each.row.params or 0 for each in rows]
    table = PrintedTable(1, more.pop("name", ""), tuple(each.row for each in rows), totals or PrintedTotals())
    computed = more.pop("computed", {"params": sum(counts)})
    return explain_reading(Reading("-", table, rows, computed, **more))


def said(layer: str, *inputs: Shape, **more: Any) -> tuple[str, ...]:
    return explained(row(layer, *inputs, **more)).rows[0].full


def whole(explanation: ReadingExplanation, about: str) -> list[str]:
    return [remark.text for remark in explanation.overview if remark.about == about]


def test_the_one_row_of_the_issue() -> None:
    assert said("LSTM(128, return_sequences=True)", (None, 10, 50)) == (
        "`LSTM(128, return_sequences=True)` reads (None, 10, 50): 10 steps of 50 features.",
        "The 50 features are not printed: they follow from the count.",
        "Reads a sequence step by step; three gates decide what its memory takes in, keeps and shows.",
        "The last axis is `units` = 128; `return_sequences: true` keeps the 10 steps.",
        "4·units·(input_dim + units + 1) = 4·128·(50 + 128 + 1) = 91,648 params.",
        "Its weights: `kernel` (50, 512), 25,600; `recurrent_kernel` (128, 512), 65,536; `bias` (512,), 512.",
        "The 4 counts three gates and a candidate, each with weights of its own; the `+ 1` is the bias.",
        "`units` = 128 is how many values it keeps and gives at each step; how many steps, the input decides.",
    )


@pytest.mark.parametrize(
    ("layer", "inputs", "sentence"),
    [
        ("LSTM(8)", [(None, 10, 5)],
         "`return_sequences: false` drops the 10 steps, which leaves 2 axes; the last axis is `units` = 8."),
        ("LSTM(8, return_state=True)", [(None, 10, 5)],
         "The first output, (None, 8), is the last step only, from `return_sequences: false`; behind it come the "
         "hidden state (None, 8) and the cell state (None, 8) of the last step, from `return_state: true`."),
        ("GRU(8, return_sequences=True, return_state=True)", [(None, 10, 5)],
         "The first output, (None, 10, 8), is every step, from `return_sequences: true`; behind it come the hidden "
         "state (None, 8) of the last step, from `return_state: true`."),
        ("GRU(8)", [(None, 10, 5)],
         "The 3 counts two gates and a candidate, each with weights of its own; the `+ 2` is two biases."),
        ("CuDNNLSTM(8)", [(None, 10, 5)],
         "The 4 counts three gates and a candidate, each with weights of its own; the `+ 2` is two biases."),
        ("GRU(8, reset_after=False)", [(None, 10, 5)],
         "The 3 counts two gates and a candidate, each with weights of its own; the `+ 1` is the bias."),
        ("GRU(8, use_bias=False)", [(None, 10, 5)],
         "The 3 counts two gates and a candidate, each with weights of its own."),
        ("Bidirectional(LSTM(64, return_sequences=True))", [(None, 9, 5)],
         "The last axis is 64 + 64 = 128: `merge_mode: concat` puts the two outputs side by side; "
         "`return_sequences: true` of the LSTM inside keeps the 9 steps."),
        ("Bidirectional(LSTM(64))", [(None, 9, 5)],
         "`return_sequences: false` of the LSTM inside drops the 9 steps, which leaves 2 axes; the last axis is "
         "64 + 64 = 128: `merge_mode: concat` puts the two outputs side by side."),
        ("Bidirectional(LSTM(64), merge_mode='sum')", [(None, 9, 5)],
         "`return_sequences: false` of the LSTM inside drops the 9 steps, which leaves 2 axes; the last axis is 64: "
         "`merge_mode: sum` adds the two outputs value by value."),
        ("Bidirectional(LSTM(64))", [(None, 9, 5)], "Each of the two directions has 17,920 params of its own."),
        ("Bidirectional(LSTM(3), backward_layer=GRU(4, go_backwards=True))", [(None, 9, 5)],
         "The two directions have 108 and 132 params of their own."),
        ("TimeDistributed(Dense(40))", [(None, 200, 80)],
         "All steps share these weights, so the number of steps is not in the count."),
        ("TimeDistributed(Dense(40))", [(None, 200, 80)], "The last axis is `units` = 40; the 200 steps stay."),
        ("TimeDistributed(LSTM(4))", [(None, 7, 6, 3)],
         "`return_sequences: false` of the LSTM inside drops the 6 steps, which leaves 3 axes; the last axis is "
         "`units` = 4; the 7 steps stay."),
        ("Dense(40)", [(None, 200, 80)], "The last axis is `units` = 40; the axis before it stays 200."),
        ("Dense(40)", [(None, None, 80)], "The last axis is `units` = 40; the axis before it stays open."),
        ("Dense(40)", [(None, 2, 3, 80)], "The last axis is `units` = 40; the axes before it stay."),
        ("Dense(40, use_bias=False)", [(None, 80)],
         "Every output value is a weighted sum of the last axis; other axes share the weights."),
        ("Embedding(5000, 50)", [(None, 10)],
         "Each of the 10 indices becomes a vector of `output_dim` = 50 values, so there is one axis more."),
        ("Embedding(5000, 50)", [(None, 10)],
         "The table has a row for each of 5,000 indices: the input holds whole numbers from 0 to 4,999."),
        ("Flatten()", [(None, 10, 128)], "10·128 = 1,280 values in one row."),
        ("Flatten()", [(None, None, 128)], "All axes but the batch become one."),
        ("Reshape((16, 80))", [(None, 10, 128)],
         "The 10·128 = 16·80 = 1,280 values of a sample are dealt into (16, 80)."),
        ("Dropout(0.5)", [(None, 10)], "The shape stays as it is."),
        ("Dropout(0.5)", [(None, 10)], "It has no weights."),
        ("BatchNormalization()", [(None, 10, 64)],
         "128 of them are not trained: `moving_mean` and `moving_variance`."),
        ("LayerNormalization(center=False)", [(None, 10, 64)],
         "Normalizes each sample over the axes of `axis`."),
        ("Concatenate()", [(None, 5, 64), (None, 5, 32)], "The last axis is 64 + 32 = 96; the other axes stay."),
        ("Concatenate(axis=1)", [(None, None, 64), (None, 5, 64)],
         "Axis 1 is as long as those of the inputs together."),
        ("Add()", [(None, 5), (None, 5)], "The output has the shape of the inputs."),
        ("Add()", [(None, 5, 3), (None, 1, 3)], "The output has the shape of the first input."),
        ("Permute((2, 1))", [(None, 5, 3)], "The axes change places."),
        ("RepeatVector(7)", [(None, 3)], "Axis 1 is `n` = 7; the 3 features stay."),
        ("Conv2D(8, 3)", [(None, 28, 28, 1)],
         "The height becomes height - kernel_height + 1 = 28 - 3 + 1 = 26; the width likewise; the last axis is "
         "`filters` = 8."),
        ("Conv1D(8, 3)", [(None, None, 4)],
         "The number of steps becomes timesteps - kernel_size + 1; the last axis is `filters` = 8."),
        ("MaxPooling1D(3)", [(None, 10, 4)],
         "The number of steps becomes floor(timesteps/pool_size) = floor(10/3) = 3; the 4 channels stay."),
        ("GlobalMaxPooling1D()", [(None, 10, 4)],
         "`keepdims: false` drops every axis but batch and channels, which leaves 2 axes; the 4 channels stay."),
        ("Resizing(4, 6)", [(None, 9, 9, 1)], "Axis 1 is `height` = 4; axis 2 is `width` = 6; the 1 channel stays."),
        ("RMSNormalization()", [(None, 2000)], "input_dim = 2,000 params."),
        ("PReLU()", [(None, 1)], "input_dim = 1 param."),
        ("LSTM(8)", [(64, 10, 5)],
         "The batch is fixed at 64 samples. A stateful layer needs that; whether one is stateful, a summary does not "
         "show."),
    ],
)  # fmt: skip
def test_sentences(layer: str, inputs: list[Shape], sentence: str) -> None:
    assert sentence in said(layer, *inputs, sources=tuple(f"in_{i}" for i in range(len(inputs))))


def test_what_no_row_tells_is_not_made_up() -> None:
    untold = said("LSTM(8)", (None, None, 5))
    assert untold[:3] == (
        "`LSTM(8)` reads (None, ?, 5): an unknown number of steps of 5 features.",
        "The 5 features are not printed: they follow from the count.",
        "How many steps it reads, nothing here tells; no weight depends on it.",
    )
    assert "`return_sequences: false` drops the steps, which leaves 2 axes; the last axis is `units` = 8." in untold
    # A size that the table itself leaves open is no unknown one.
    opened = said("LSTM(8, return_sequences=True)", (None, None, 5))
    assert opened[0].endswith("reads (None, None, 5): any number of steps of 5 features.")
    assert not any("nothing here tells" in text for text in opened)
    fed = said("LSTM(8)", (None, None, 5), sources=("words",))
    assert fed[0] == '`LSTM(8)` reads (None, None, 5) from "words": any number of steps of 5 features.'
    assert not any("not printed" in text or "nothing here tells" in text for text in fed)


def test_sizes_solved_from_the_shape_are_told_from_those_solved_from_the_count() -> None:
    assert said("Conv2D(8, 3)", (None, 28, 28, 1))[1:3] == (
        "The 1 channel is not printed: it follows from the count.",
        "The 28 rows and 28 columns are not printed: they lead to the printed shape.",
    )
    # `height` is an argument of Resizing as well: its output does not tell that of the input.
    assert "How many rows and columns it reads, nothing here tells; no weight depends on it." in said(
        "Resizing(4, 6)", (None, None, None, 3)
    )
    assert not any("lead to" in text for text in said("CenterCrop(4, 6)", (None, 9, 9, 3)))


@pytest.mark.parametrize(
    ("layer", "inputs", "sources", "beginning"),
    [
        ("Dense(3)", [(None, 4)], ("a",), '`Dense(3)` reads (None, 4) from "a": 4 values.'),
        ("Add()", [(None, 4)] * 3, ("a", "b", "c"), '`Add` reads 3 inputs of (None, 4) from "a", "b" and "c".'),
        ("Multiply()", [(None, 4)] * 2, ("a", "a"), '`Multiply` reads 2 inputs of (None, 4) from "a".'),
        ("Concatenate()", [(None, 4), (None, 5)], ("a", "b"),
         '`Concatenate` reads (None, 4) from "a" and (None, 5) from "b".'),
        ("Conv1D(8, 3)", [(None, 9, 1)], ("a",), '`Conv1D(8, kernel_size=3)` reads (None, 9, 1) from "a": 9 steps of '
         "1 channel."),
        ("ConvLSTM2D(2, 3)", [(None, 5, 8, 9, 1)], ("a",), '`ConvLSTM2D(2, kernel_size=(3, 3))` reads (None, 5, 8, 9, '
         '1) from "a": 5 steps of 8 rows by 9 columns of 1 channel.'),
    ],
)  # fmt: skip
def test_what_is_read_and_from_where(layer: str, inputs: list[Shape], sources: tuple[str, ...], beginning: str) -> None:
    assert said(layer, *inputs, sources=sources)[0] == beginning


def fed(
    layer: str, *inputs: Shape, sources: str, outputs: dict[str, tuple[Shape, ...]], tensors: tuple[int, ...]
) -> str:
    """The first paragraph on a layer that is connected to these outputs of the rows in `sources`."""
    names = list(outputs)
    above = [bare("Mine", shapes[0], 0, name=name, opaque=True) for name, shapes in outputs.items()]
    for place, name in enumerate(names):
        shown = above[place].row._replace(shapes=outputs[name])
        above[place] = above[place]._replace(row=shown)
    reading = row(layer, *inputs, sources=tuple(sources))
    feeds = tuple(Feed(names.index(name), tensor) for name, tensor in zip(sources, tensors, strict=True))
    texts = explained(*above, reading._replace(feeds=feeds)).rows[-1].sentences
    return " ".join(sentence.text for sentence in texts if sentence.kind == "layer")


WIDE, FLAT = (None, 10, 5), (None, 8)


def test_states_are_told_from_further_applications() -> None:
    outputs: dict[str, tuple[Shape, ...]] = {"w": (WIDE,), "v": (WIDE,), "e": (WIDE, FLAT, FLAT), "f": (FLAT,)}

    def said_of(layer: str, sources: str, *tensors: int) -> str:
        return fed(layer, WIDE, sources=sources, outputs=outputs, tensors=tensors)

    starts, used = ", and starts from the states that", "It is used 2 times, also on"
    assert said_of("LSTM(8)", "wee", 0, 1, 2) == (
        f'`LSTM(8)` reads (None, 10, 5) from "w"{starts} "e" gives: 10 steps of 5 features.'
    )
    assert f'{starts} "e" and "f" give:' in said_of("LSTM(8)", "wef", 0, 1, 0)
    assert f'{starts} "f" gives:' in said_of("GRU(8)", "wf", 0, 0)
    assert f'{starts} "f" gives:' in said_of("Bidirectional(GRU(8))", "wff", 0, 0, 0)
    for layer in ("LSTM(8)", "GRU(8)", "Bidirectional(GRU(8))"):
        assert said_of(layer, "wv", 0, 0).endswith(f'{used} "v", with the same weights, which count once.')
    # As many as there are states, but sequences themselves.
    three = said_of("LSTM(8)", "wvv", 0, 0, 0)
    assert starts not in three and 'It is used 3 times, also on "v",' in three
    # One state alone is neither.
    assert said_of("LSTM(8)", "wf", 0, 0) == '`LSTM(8)` reads (None, 10, 5) from "w": 10 steps of 5 features.'


def test_a_shared_layer_counts_once() -> None:
    def said_of(layer: str, sources: str, inputs: int = 1) -> str:
        outputs: dict[str, tuple[Shape, ...]] = dict.fromkeys(sources, ((None, 4),))
        return fed(layer, *[(None, 4)] * inputs, sources=sources, outputs=outputs, tensors=(0,) * len(sources))

    end = "with the same weights, which count once."
    assert (
        said_of("Dense(3)", "ab")
        == f'`Dense(3)` reads (None, 4) from "a": 4 values. It is used 2 times, also on "b", {end}'
    )
    assert f'It is used 2 times, each time on "a", {end}' in said_of("Dense(3)", "aa")
    for layer, sources in (("Add()", "abcd"), ("Subtract()", "ab"), ("Subtract()", "abcde")):
        assert "is used" not in said_of(layer, sources, inputs=2)
    assert f'It is used 2 times, also on "c" and "d", {end}' in said_of("Subtract()", "abcd", inputs=2)


def test_what_is_cut_off_or_called_otherwise() -> None:
    cut = {"class_name": "Bidirection", "class_cut": True, "shapes": ((None, 10, Cut("12")),)}
    texts = said("Bidirectional(LSTM(64, return_sequences=True))", (None, 10, 5), printed=cut)
    assert texts[:2] == (
        "`Bidirection` is cut off: it is Bidirectional.",
        "The shape is cut off; (None, 10, 128) fits what is left of it, and the count.",
    )
    again = row("Bidirectional(LSTM(4))", (None, 10, 5), printed={"class_name": "Bidi", "class_cut": True})
    assert not any("is cut off" in text for text in explained(again, again).rows[1].brief)
    assert said("Conv1D(8, 3)", (None, 9, 1), printed={"class_name": "Convolution1D"})[0] == (
        "`Convolution1D` is called Conv1D today."
    )
    assert said("Dense(8)", (None, 9), printed={"class_name": "", "class_cut": True})[0] == (
        "The text does not name the class; by the layer's name it is Dense."
    )
    assert said("Dense(8)", (None, 9), printed={"name_cut": True, "name": "dense_wi"})[0] == (
        "The name is cut off after `dense_wi`."
    )
    assert said("Dense(8)", (None, 9), printed={"params": None}, sources=("a",))[0] == (
        "The text does not show the count; this is the layer's."
    )
    unshaped = said("Dense(8)", (None, 9), printed={"shapes": None, "shape_text": "multiple"}, sources=("a",))
    assert unshaped[0] == "The text does not show the shape; (None, 8) follows from the input."


def test_of_a_count_alone_no_more_is_said_than_it_tells() -> None:
    shown: dict[str, Any] = {"shapes": None, "shape_text": "multiple"}
    guessed = row("LSTM(4)", (None, None, 10), printed=shown)._replace(sources=("words",))
    texts = explained(guessed, guessed).rows[0].full
    assert texts[:2] == (
        "The text does not show the shape. Layers of other sizes have this count as well; this is one of them.",
        "`LSTM(4)` reads (None, ?, 10): an unknown number of steps of 10 features.",
    )
    assert not any("follow" in text or "words" in text for text in texts)
    assert whole(explained(guessed, guessed), "time") == []
    linked = row("LSTM(4)", (None, None, 10), printed={**shown, "connections": (Connection("words"),)})
    assert 'from "words"' in explained(linked._replace(sources=("words",))).rows[0].full[1]
    empty = row("Dropout(0.5)", (None,), printed=shown, stand_ins=("rate",))
    assert explained(empty).rows[0].full == ("`Dropout`; nothing here tells what it reads.",)


def test_what_is_frozen() -> None:
    frozen = row("BatchNormalization()", (None, 3), printed={"trainable": False}, sources=("a",))
    one, two = explained(frozen, frozen).rows
    assert "None of them is trained: so the Trainable column says." in one.full
    assert "None of them is trained: so the Trainable column says." in two.brief


def bare(class_name: str, shape: Shape | None, params: int | None, **more: Any) -> RowReading:
    """A row for which there is no layer."""
    name, printed = more.pop("name", "x"), more.pop("printed", {})
    shapes = None if shape is None else (shape,)
    shown = PrintedRow(1, (f"{name} ({class_name})",), name, class_name, shapes=shapes, params=params, **printed)
    return RowReading(shown, class_name, **more)


@pytest.mark.parametrize(
    ("reading", "sentences"),
    [
        (bare("Functional", (None, 3), 73, opaque=True),
         ("A model, used as a layer.", "(None, 3) and 73 params are taken as printed.")),
        (bare("Lambda", (None, 3), 0, opaque=True),
         ("It runs a function of the user's, which a summary does not show.",
          "(None, 3) and 0 params are taken as printed.")),
        (bare("Mine", (None, 3), None, opaque=True),
         ("lstmcalc has no rule for a Mine, and a summary does not show what it does.",
          "(None, 3) is taken as printed.")),
        (bare("", (None, 3), 5),
         ("The text does not tell what layer this is.", "(None, 3) and 5 params are taken as printed.")),
        (bare("Multiply", (None, 3), 0, opaque=True),
         ("The text does not show which layers feed this Multiply.",
          "The product of its inputs, value by value.",
          "A Multiply gives the shape of its inputs, or the one that they broadcast to.",
          "It has no weights.", "(None, 3) is taken as printed.")),
        (bare("Concatenate", (None, 3), 7, opaque=True),
         ("The text does not show which layers feed this Concatenate.",
          "Lays its inputs one behind the other along `axis`; along every other axis they must agree.",
          "(None, 3) and 7 params are taken as printed.")),
        (bare("Add", (None, 3), None, fault=Fault("unknown-input", "the rows that feed the layer", "none")),
         ("What this line is, the text does not tell: expected the rows that feed the layer, got none.",)),
        (bare("SlicingOpLambda", None, 0, opaque=True),
         ("An operation, written into the model as code; a summary does not show its arguments.",
          "0 params are taken as printed.")),
        (bare("GetItem", (), None, opaque=True),
         ("An operation, written into the model as code; a summary does not show its arguments.",
          "() is taken as printed.")),
        (bare("TimeDistributed", (None, 9, 3), 5, opaque=True),
         ("Applies the same layer to every time step on its own: one set of weights, used once per step.",
          "A summary does not show what this TimeDistributed holds.",
          "(None, 9, 3) and 5 params are taken as printed.")),
        (bare("LSTM", None, None, printed={"built": False, "params_text": "0 (unbuilt)"}, fault=Fault("not-built")),
         ("Not built yet: Keras learns its shape and its params when the model is given an input shape, or data. So "
          "`0 (unbuilt)` is no count.",)),
        (bare("Dense", None, None, printed={"built": False, "params_text": "0 (unused)"}, fault=Fault("not-built")),
         ("The model's `call` does not use it, so it has no weights: `0 (unused)` is no count.",)),
        (bare("Dense", (None, 3), None, printed={"fault": Fault("wrong-count", "a count", "`9l`", fix="mend it")}),
         ("This line cannot be read: expected a count, got `9l`. Mend it.",)),
        (bare("Dense", (None, 3), 4, fault=Fault("no-layer-fits", "an output such as (None, 5)", "(None, 3)")),
         ("No layer prints this line: expected an output such as (None, 5), got (None, 3).",)),
        (bare("LSTM", (None, 3), 91_700, fault=Fault("no-layer-fits", because="the input is wider"),
              inputs=((None, None, 50),), nearest=Nearest(candidate("LSTM(128)", (None, None, 50)), 52, "a bias more")),
         ("No LSTM that reads (None, None, 50) prints this line.",
          "The nearest is `LSTM(128)` reading (None, None, 50): 4·units·(input_dim + units + 1) = 4·128·(50 + 128 + 1) "
          "= 91,648 params. The line has 52 more: a bias more.",
          "The input is wider.")),
    ],
)  # fmt: skip
def test_rows_without_a_layer(reading: RowReading, sentences: tuple[str, ...]) -> None:
    assert tuple(sorted(explained(reading).rows[0].full)) == tuple(sorted(sentences))


def test_a_model_whose_rows_stand_below() -> None:
    model = bare("Functional", (None, 3), 73, opaque=True, name="inner")
    rows = [
        row("Dense(5)", (None, 10), name="one", sources=("in",), printed={"level": 1}),
        row("Dense(3)", (None, 5), name="two", sources=("one",), printed={"level": 1}),
    ]
    explanation = explained(model, *rows, model, computed={"params": 146})
    assert explanation.rows[0].full == (
        "A model, used as a layer. Its own layers stand below.",
        "55 + 18 = 73 params, which count once in the total.",
    )
    edited = bare("Functional", (None, 3), 74, opaque=True, name="inner")
    assert explained(edited, *rows).rows[0].full == ("A model, used as a layer. Its own layers stand below.",)
    assert explanation.rows[3].full == ("A model, used as a layer.", "(None, 3) and 73 params are taken as printed.")
    # The rows of the model are not counted beside it.
    assert whole(explanation, "total") == ["73 + 73 = 146; no total is printed."]
    assert whole(explanation, "shapes") == []


def test_other_layers_that_print_the_row() -> None:
    others = (
        candidate("GRU(8, use_bias=False)", (None, 10, 7), tells="its weights would be (7, 24), (8, 24)."),
        candidate("GRU(8, go_backwards=True)", (None, 10, 5), tells="only its config would tell: `go_backwards: true`"),
    )
    assert said("GRU(8)", (None, 10, 5), others=others)[-2:] == (
        "It could also be `GRU(8, use_bias=False)` reading (None, 10, 7): 3·8·(7 + 8) = 360 params. Its weights would "
        "be (7, 24), (8, 24).",
        "It could also be `GRU(8, go_backwards=True)`: 3·8·(5 + 8 + 2) = 360 params. Only its config would tell.",
    )


def value(text: str) -> float | None:
    """The value of arithmetic as it is printed; None where it has names in it."""
    plain = re.sub(r"\b(\d{1,3}(?:,\d{3})+)\b", lambda found: found[1].replace(",", ""), text).replace("·", "*").strip()
    return float(eval(plain, {"floor": floor})) if re.fullmatch(r"(?:floor|[\d+\-*/() ])+", plain) else None


def equations(text: str) -> list[tuple[float, float]]:
    """The values on both sides of every `=` between numbers."""
    found = []
    for part in re.split(r"[;:] ", text.rstrip(".")):
        sides = re.sub(r"^(?:.* (?:is|becomes)|The|Axis \d) ", "", part).split(" = ")
        values = [value(re.sub(r" (?:values|params?)\b.*", "", side)) for side in sides] if len(sides) > 1 else []
        found += [(a, b) for a, b in pairwise(values) if a is not None and b is not None]
    return found


def test_the_check_of_equations_sees_a_wrong_one() -> None:
    assert equations("4·units = 4·128·(50 + 128 + 1) = 91,648 params.") == [(91_648.0, 91_648.0)]
    assert equations("The last axis is 64 + 64 = 127: `merge_mode: concat` puts them.") == [(128.0, 127.0)]
    assert equations("The height becomes a + 1 = floor(9/2) + 1 = 5; the width likewise.") == [(5.0, 5.0)]
    assert equations("The 10·128 = 16·80 = 1,280 values of a sample are dealt.") == [(1280.0, 1280.0), (1280.0, 1280.0)]


@pytest.mark.parametrize(("class_name", "example"), cases(Example))
def test_every_rule_is_explained_truly(class_name: str, example: Any) -> None:
    shapes = example.inputs if isinstance(example.inputs, list) else [example.inputs]
    if (
        not isinstance(example.params, int)
        or example.keywords
        or not all(isinstance(size, int | None) for shape in shapes for size in shape)
    ):
        return
    spec = LayerSpec(class_name, "layer", wrap(class_name, example.arguments))
    states = tuple(map(tuple, example.states))
    found = candidate(spec, *map(tuple, shapes), states=states)
    for known in (found.inputs, None):
        shown = PrintedRow(1, ("line",), "layer", class_name, shapes=found.outputs, params=found.params)
        explanation = explained(
            RowReading(shown, class_name, (found,), known, ("a",) * len(found.inputs) if known else ())
        )
        texts = explanation.rows[0].full
        for text in texts:
            assert text[0].isupper() or text[0] in "`(0123456789" or "·" in text.split(" = ")[0] or " = " in text, text
            assert text.endswith(".") and ".." not in text.replace("...", "") and "None +" not in text, text
            assert all(a == b for a, b in equations(text)), text
        assert any(text.endswith(f"{found.params:,} params.") for text in texts) or found.params in (0, 1)
        # The call is the layer again.
        call = explanation.rows[0].call
        if call and "..." not in call and class_name != "Lambda" and "vocabulary" not in example.arguments:
            again = candidate(call, *map(tuple, shapes), states=states)
            assert (again.params, again.outputs) == (found.params, found.outputs), call


@pytest.mark.parametrize("text", genuine()[::35], ids=str)
def test_genuine_summaries_are_explained_truly(text: Genuine) -> None:
    for reading in read_summary(text.text):
        explanation = explain_reading(reading)
        for each in explanation.rows:
            assert each.brief
            assert all(a == b for sentence in each.full for a, b in equations(sentence)), each.full
        for remark in explanation.overview:
            assert all(a == b for a, b in equations(remark.text)) or "where the table says" in remark.text, remark.text
        shown = render_reading(explanation, 80).splitlines()
        at = 0
        for line in (line.rstrip() for row in reading.table.rows for line in row.lines):
            at = shown.index(re.sub(r"\x1b\[[0-9;]*m", "", line), at) + 1
        document = reading_json(explanation)
        assert json.loads(json.dumps(document)) == document


def test_what_was_said_is_not_said_again() -> None:
    first = row("LSTM(8, return_sequences=True)", (None, 10, 5), name="one", sources=("a",))
    second = row("LSTM(16, return_sequences=True)", (None, 10, 8), name="two", sources=("one",))
    one, two = explained(first, second).rows
    assert one.brief == one.full
    assert two.brief == (
        '`LSTM(16, return_sequences=True)` reads (None, 10, 8) from "one".',
        "4·16·(8 + 16 + 1) = 1,600 params.",
    )
    assert len(two.full) == len(one.full)
    doubled = [
        row("Bidirectional(LSTM(4))", (None, 3, 2), sources=("a",)),
        row("Bidirectional(LSTM(5))", (None, 3, 2), sources=("a",)),
    ]
    # What is doubled is worth its numbers each time.
    assert "The last axis is 5 + 5 = 10." in explained(*doubled).rows[1].brief


def stack() -> list[RowReading]:
    return [
        row("Embedding(5000, 50)", (None, 10), name="words"),
        row("LSTM(64, return_sequences=True)", (None, 10, 50), name="low", sources=("words",)),
        row("Dropout(0.1)", (None, 10, 64), name="drop", sources=("low",), stand_ins=("rate",)),
        row("LSTM(64)", (None, 10, 64), name="high", sources=("drop",)),
        row("Dense(1)", (None, 64), name="out", sources=("high",)),
    ]


def test_the_flow_of_shapes_and_where_time_ends() -> None:
    explanation = explained(*stack())
    assert whole(explanation, "shapes") == ["(None, 10) → (None, 10, 50) → (None, 10, 64) → (None, 64) → (None, 1)"]
    assert whole(explanation, "time") == ['The 10 steps end at "high": `return_sequences: false` drops them.']
    assert whole(explanation, "params") == ['80 % in "words" and 10.6 % in "high".']
    assert "A summary does not show its `rate`." in explanation.rows[2].full
    assert explanation.rows[2].call == "Dropout"
    kept = explained(*stack()[:2], row("Dense(3)", (None, 10, 64), name="tags", sources=("low",)))
    assert whole(kept, "time") == ['The last layer, "tags", gives an output for each of the 10 steps.']
    flat = row("Flatten()", (None, 10, 64), name="flat", sources=("low",))
    assert whole(explained(*stack()[:2], flat), "time") == [
        'The 10 steps end at "flat": it lays all values of a sample in one row.'
    ]


def test_a_graph_has_no_one_flow() -> None:
    branches = [
        row("Dense(3)", (None, 4), name="a", sources=("in",)),
        row("Dense(5)", (None, 4), name="b", sources=("in",)),
        row("Concatenate()", (None, 3), (None, 5), name="c", sources=("a", "b")),
    ]
    assert whole(explained(*branches), "shapes") == []
    assert whole(explained(*branches[:2]), "shapes") == []
    straight = branches[1]._replace(sources=("a",))
    assert whole(explained(branches[0], straight), "shapes") == ["(None, 4) → (None, 3) → (None, 5)"]


@pytest.mark.parametrize(
    ("totals", "text"),
    [
        (PrintedTotals(300), "100 + 200 = 300, as the table says."),
        (PrintedTotals(310), "100 + 200 = 300, where the table says 310."),
        (PrintedTotals(), "100 + 200 = 300; no total is printed."),
        (PrintedTotals(902, optimizer_params=602), "100 + 200 = 300, as the table says without the optimizer's."),
    ],
)
def test_totals(totals: PrintedTotals, text: str) -> None:
    rows = [bare("Mine", (None, 2), 100, opaque=True), bare("Mine", (None, 2), 200, opaque=True)]
    assert whole(explained(*rows, totals=totals), "total") == [text]


@pytest.mark.parametrize(
    ("table", "share", "total"),
    [
        ({"elided": (1,), "totals": PrintedTotals(1000)}, ", of the 1,000 in the total",
         "; with the rows that are not here, the table says 1,000"),
        ({"cut_start": True, "totals": PrintedTotals(1602, optimizer_params=602)}, ", of the 1,000 in the total",
         "; with the rows that are not here, the table says 1,000"),
        ({"elided": (2,)}, ", of the rows that are here", "; no total is printed"),
        ({"cut_end": True}, ", of the rows that are here", "; no total is printed"),
        ({"elided": (1,), "totals": PrintedTotals(200)}, ", of the rows that are here",
         "; with the rows that are not here, the table says 200"),
        ({"cut_start": True, "totals": PrintedTotals(300)}, "", ", as the table says"),
        ({"totals": PrintedTotals(310)}, "", ", where the table says 310"),
    ],
)  # fmt: skip
def test_shares_are_of_what_is_known(table: dict[str, Any], share: str, total: str) -> None:
    rows = (bare("Mine", (None, 2), 100, opaque=True, name="a"), bare("Mine", (None, 2), 200, opaque=True, name="b"))
    shown = PrintedTable(1, "", tuple(each.row for each in rows), **table)
    said = explain_reading(Reading("-", shown, rows, {"params": 300}))
    parts = '20 % in "b" and 10 % in "a"' if "1,000" in share else '66.7 % in "b" and 33.3 % in "a"'
    assert whole(said, "params") == [f"{parts}{share}."]
    assert whole(said, "total") == [f"100 + 200 = 300{total}."]


@pytest.mark.parametrize(
    ("table", "which"),
    [({}, "layer"), ({"cut_end": True}, "row"), ({"elided": (2,)}, "row"), ({"elided": (1,)}, "layer")],
)
def test_the_last_row_of_a_cut_table_is_not_the_last_layer(table: dict[str, Any], which: str) -> None:
    rows = tuple(stack()[:2])
    shown = PrintedTable(1, "", tuple(each.row for each in rows), **table)
    assert whole(explain_reading(Reading("-", shown, rows, {"params": None})), "time") == [
        f'The last {which}, "low", gives an output for each of the 10 steps.'
    ]


def test_sizes_that_rest_on_the_choice_of_the_layer_are_said_to() -> None:
    def told(*others: Candidate) -> str:
        texts = explained(row("LSTM(8)", (None, 10, 5), others=others)).rows[0].full
        return next(text for text in texts if "from the count" in text)

    plain = "The 5 features are not printed: they follow from the count"
    assert told() == told(candidate("GRU(8)", (None, 10, 5))) == told(candidate("GRU(8)", (None, 9, 5))) == f"{plain}."
    assert told(candidate("LSTM(8, use_bias=False)", (None, 10, 6))) == f"{plain}, if this is the layer."
    # A layer on another number of axes says nothing of these.
    assert told(candidate("Dense(8)", (None, 5))) == f"{plain}, if this is the layer."


COUNTLESS = """Layer (type)                 Output Shape              Param #
=================================================================
lstm_1 (LSTM)                (None, 10, 128)
words (InputLayer)           (None, 10)                0
embedding (Embedding)        (None, 10, 16)
"""


def test_a_count_that_is_not_shown_is_no_number() -> None:
    [reading] = read_summary(COUNTLESS)
    explanation = explain_reading(reading)
    one, _, two = explanation.rows
    assert [each.reading.candidates[0].params for each in (one, two)] == [None, None]
    assert (
        "The text does not show the count; it depends on the size of the input: 4·units·(input_dim + units + 1)."
        in one.full
    )
    assert "The text does not show the count; it depends on `input_dim`: input_dim·output_dim." in two.full
    assert any("Its weights would be (?, 512)" in text for text in one.full)
    document = json.dumps(reading_json(explanation))
    for text in (*one.full, *two.full, document):
        assert "None, 512" not in text and "unknown number of params" not in text
    bare_dense = candidate("Dense(3)", (None, 4))._replace(inputs=(), params=None, formula=None, arithmetic=None)
    shown = PrintedRow(1, ("x",), "x", "Dense", shapes=((None, 3),))
    assert explained(RowReading(shown, "Dense", (bare_dense, bare_dense))).rows[0].full == (
        "`Dense(3)`; nothing here tells what it reads.",
        "The text does not show the count.",
        "It could also be `Dense(3)`.",
    )


ATTENTION = """Layer (type) Output Shape Param # Connected to
│ query (InputLayer) │ (None, 5, 16) │ 0 │ - │
│ value (InputLayer) │ (None, 7, 16) │ 0 │ - │
│ attention (MultiHeadAttention) │ [(None, 5, 16), (None, 2, 5, {})] │ 1,088 │ query[0][0], value[0][0] │
"""


def test_what_keras_prints_where_it_is_mistaken() -> None:
    again = ATTENTION.splitlines()[3].replace("│ attention", "│ second").format(5)
    [reading] = read_summary(f"{ATTENTION.format(7)}{again}")
    right, mistaken = explain_reading(reading).rows[2:]
    outputs = "The first output is (None, 5, 16); behind it come the scores, (None, 2, 5, 7)."
    wrong = "The line says (None, 2, 5, 5): Keras is mistaken until it has data, with which it is (None, 2, 5, 7)."
    shapes = [[each.text for each in read.sentences if each.kind == "shape"] for read in (mistaken, right)]
    assert shapes == [[outputs, wrong], [outputs]]
    for read in (mistaken, right):
        assert (
            "The call asks for the scores, with `return_attention_scores: true`; no argument of the layer does."
            in read.full
        )


@pytest.mark.parametrize("linked", [True, False])
def test_the_mask_that_keras_3_writes(linked: bool) -> None:
    def read(words: str, other: str, layer: str = "embedding (Embedding) │ (None, 10, 16) │ 1600") -> RowExplanation:
        link = (" Connected to", f" │ {words}[0][0]", f" │ {other}[0][0]") if linked else ("", "", "")
        text = (
            f"Layer (type) Output Shape Param #{link[0]}\n│ words (InputLayer) │ (None, 10) │ 0{' │ -' * linked} │\n"
            f"│ {layer}{link[1]} │\n│ not_equal (NotEqual) │ (None, 10) │ 0{link[2]} │\n"
        )
        return explain_reading(read_summary(text)[0]).rows[2]

    mask = (
        "Keras 3 writes this line by itself where a layer makes a mask, as an Embedding with `mask_zero: true` does: "
    )
    assert f"{mask}its output tells which steps count." in read("words", "words").full
    assert not any("by itself" in text for text in read("words", "words", "drop (Dropout) │ (None, 10) │ 0").full)
    if linked:
        assert not any("by itself" in text for text in read("words", "embedding").full)


def test_a_hint_on_a_row_is_a_note() -> None:
    [reading] = read_summary("x (Dense) (None, 10) 1.650")
    explanation = explain_reading(reading)
    fault = reading.rows[0].row.fault
    assert fault and fault.severity == "hint" and understood(reading)
    notes = [each.text for each in explanation.rows[0].sentences if each.kind == "note"]
    assert notes == ["`1.650` is read as 1,650, the point taken to separate thousands."]
    assert not any("cannot be read" in text for text in explanation.rows[0].full)
    assert reading_json(explanation)["rows"][0]["reading"]["fault"] is None
    assert understood(reading._replace(problems=(Fault("no-row", got="`x`", severity="hint"),)))
    assert not understood(reading._replace(problems=(Fault("no-row", got="`x`"),)))


def test_a_shape_that_is_open_is_not_said_to_stay() -> None:
    open_sizes = [candidate("TextVectorization()", (None, size)) for size in (1, None)]
    for found in open_sizes:
        shown = PrintedRow(1, ("x",), "x", "TextVectorization", shapes=((None, None),), params=0)
        texts = explained(RowReading(shown, "TextVectorization", (found,), found.inputs, ("in",))).rows[0].full
        assert "The last axis is left open." in texts and "The shape stays as it is." not in texts
    assert "The shape stays as it is." in said("Dropout(0.5)", (None, None, 3))


@pytest.mark.parametrize("layer", ["{}", "TimeDistributed({})"])
def test_a_long_call_breaks_behind_its_commas(layer: str) -> None:
    inner = "SeparableConv2D(64, (6, 6), (2, 2), padding='same', data_format='channels_first', use_bias=False)"
    shape = (None, 10, 64, 32) if layer == "{}" else (None, 3, 10, 64, 32)
    explanation = explained(row(layer.format(inner), shape))
    call = explanation.rows[0].call
    text = render_reading(explanation, 80)
    assert len(call) > 67 and all(len(line) <= 80 for line in text.splitlines()[1:])
    assert f"`{call}`" in " ".join(text.split())
    narrow = [render_reading(explanation, width).partition("reads")[0] for width in range(40, 70)]
    assert not any(re.search(r"\d,\n *\d", shown) for shown in narrow)
    assert "kernel_size=(6, 6)," in text and re.search(r",\n +\w+=", text)
    # In colour, all of it is.
    coloured = render_reading(explanation, 80, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text
    assert re.search(r"use_bias=False\)+`\x1b\[0m", coloured)


def test_layers_that_are_never_used_do_not_hide_the_total() -> None:
    unused = bare("Dense", None, None, name="u", printed={"built": False, "params_text": "0 (unused)"})
    flat = row("Flatten()", (None, 10, 4), name="flat")
    assert whole(explained(flat, unused, totals=PrintedTotals(0)), "total") == [
        "The rows add up to 0, as the table says."
    ]


def test_a_total_that_nothing_tells_is_not_made_up() -> None:
    assert whole(explained(*stack(), computed={"params": None}), "total") == []
    unbuilt = bare("LSTM", None, 0, printed={"built": False})
    unused = explained(unbuilt, *stack(), totals=PrintedTotals(312_529))
    assert whole(unused, "total") == ["250,000 + 29,440 + 33,024 + 65 = 312,529, as the table says."]
    assert whole(explained(unbuilt, unbuilt, totals=PrintedTotals(0)), "total") == [
        "There is no total yet: layers that are not built have no weights."
    ]


def test_notes_and_open_sizes() -> None:
    explanation = explained(*stack(), notes=("Something.",))
    assert whole(explanation, "note") == ["Something."]
    batch = "In front it is the batch: how many samples are taken at once is left open."
    assert whole(explanation, "`None`") == [batch]
    opened = explained(row("Dense(3)", (None, None, 4)))
    assert whole(opened, "`None`") == [f"{batch} Elsewhere it is a size that is left open as well."]
    assert whole(explained(row("Dense(3)", (8, 4))), "`None`") == []
    assert whole(explained(row("Dense(3)", (8, None, 4))), "`None`") == ["A size that is left open until data comes."]


def test_understood() -> None:
    def reading(*rows: RowReading, **more: Any) -> Reading:
        return Reading("-", PrintedTable(1, "", tuple(each.row for each in rows)), rows, **more)

    fine = row("Dense(3)", (None, 4), others=(candidate("Dense(3, use_bias=False)", (None, 5)),))
    assert understood(reading(fine, bare("Lambda", (None, 2), 0, opaque=True)))
    assert understood(reading(bare("LSTM", None, None, printed={"built": False}, fault=Fault("not-built"))))
    assert not understood(reading(fine, bare("Dense", (None, 2), 5, fault=Fault("no-layer-fits"))))
    partly = row("Dense(3)", (None, 4), printed={"fault": Fault("wrong-count", "a count")})
    assert not understood(reading(partly))
    assert explained(partly).rows[0].full[0] == "A part of this line cannot be read: expected a count."
    assert not understood(reading(fine, problems=(Fault("wrong-total"),)))


PASTED = "\x1b[1m│\x1b[0m  lstm (LSTM)\t│ (None, 8) │\x07   448 │\x9b\u202e"


def test_the_pasted_line_stays_but_for_what_steers_a_terminal() -> None:
    text = render_reading(explained(row("LSTM(8)", (None, 10, 5), printed={"lines": (PASTED, "│ two │")})), 80)
    assert text.splitlines()[:2] == ["│  lstm (LSTM)\t│ (None, 8) │   448 │", "│ two │"]
    named = render_reading(explained(row("Dense(3)", (None, 4), name="a\x1b]0;x\x07b", sources=("\x1b[2Jc",))), 80)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", named) and 'from "c"' in named


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120, 200])
def test_explanations_keep_to_the_width(width: int) -> None:
    explanation = explained(*stack(), name="model", totals=PrintedTotals(295_401))
    pasted = {line for each in explanation.rows for line in each.reading.row.lines}
    wide = render_reading(explanation, None)
    text = render_reading(explanation, width)
    for line in text.splitlines():
        # What is read as one thing stays on one line: a call, a shape.
        assert len(line) <= width or line in pasted or (width < 60 and re.search(r"[`(].* .*[`)]", line)), line
    assert wide.split() == text.split()
    assert pasted <= set(text.splitlines())


def test_colour_only_adds_codes() -> None:
    explanation = explained(*stack(), name="model")
    plain, coloured = render_reading(explanation, 80), render_reading(explanation, 80, colour=True)
    assert "\x1b[1m" in coloured and "\x1b[36m" in coloured and "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_a_long_model_stays_readable() -> None:
    rows = [row("Embedding(5000, 64)", (None, 10), name="words")]
    for number in range(29):
        above = rows[-1].row.name
        rows.append(row("LSTM(64, return_sequences=True)", (None, 10, 64), name=f"lstm_{number}", sources=(above,)))
    lines = render_reading(explained(*rows), 100).splitlines()
    assert len(lines) < 30 * 4 + 30


def test_only_the_likeliest_others_are_shown() -> None:
    others = tuple(candidate(f"LSTM({units})", (None, 10, 5)) for units in range(1, 8))
    explanation = explained(row("LSTM(8)", (None, 10, 5), others=others))
    text = render_reading(explanation, None)
    assert [f"`LSTM({units})`" in text for units in range(1, 8)] == [True] * 3 + [False] * 4
    assert "    or       4 more, less usual: `--json` lists them.\n" in text
    assert len(reading_json(explanation)["rows"][0]["reading"]["alternatives"]) == 7
    assert sum("could also be" in text for text in explanation.rows[0].full) == 7


def test_rows_that_are_left_out_show() -> None:
    rows = stack()
    table = PrintedTable(1, "", tuple(each.row for each in rows), elided=(0, 2, 5))
    text = render_reading(explain_reading(Reading("-", table, tuple(rows))), None)
    assert [index for index, line in enumerate(text.split("\n\n")) if line == "…"] == [0, 3, 7]


def test_problems_and_hints_stand_below() -> None:
    problem = Fault("wrong-total", "300", "310")
    hint = Fault("worth-a-word", got="something", severity="hint")
    explanation = explained(*stack(), problems=(problem,))._replace(hints=(hint,))
    text = render_reading(explanation, 80)
    assert text.endswith(
        "error[wrong-total]\n  expected 300\n  got      310\n\nhint[worth-a-word]\n  got      something\n"
    )


def test_a_hint_rests_on_what_the_rows_show() -> None:
    [reading] = read_summary("x (InputLayer) (None, 9, 5) 0\ngru (GRU) (None, 6) 216")
    [hint] = explain_reading(reading).hints
    assert (hint.code, hint.layer) == ("no-cudnn", ("gru", "GRU"))


def test_json() -> None:
    printed = {"name": "both", "shapes": ((None, 10, Cut("1")),), "shapes_cut": True, "name_cut": True, "level": 1,
               "connections": (Connection("words"), Connection("c", 1, 2, cut=True)), "trainable": True, "line": 7,
               "lines": ("a", "b")}  # fmt: skip
    layer = "Bidirectional(LSTM(8, return_sequences=True))"
    other = candidate("Bidirectional(GRU(8, return_sequences=True))", (None, 10, 5), tells="the count")
    explanation = explained(row(layer, (None, 10, 5), others=(other,), printed=printed, sources=("words",)))
    document = reading_json(explanation)
    assert json.loads(json.dumps(document)) == document
    (shown,) = document["rows"]
    reading = shown.pop("reading")
    assert shown.pop("explanation") == list(explanation.rows[0].full)
    assert shown == {
        "line": 7, "name": "both", "type": "Bidirectional", "output_shapes": [[None, 10, None]], "params": 896,
        "connected_to": ["words", "c"], "trainable": True, "level": 1, "built": True,
        "cut": ["name", "output_shapes", "connected_to"], "pasted": ["a", "b"],
    }  # fmt: skip
    assert [each["tells"] for each in reading.pop("alternatives")] == ["the count"]
    assert reading == {
        "exact": True, "opaque": False, "type": "Bidirectional", "call": layer,
        "arguments": {"layer": {"class_name": "LSTM", "config": {"units": 8, "return_sequences": True}}},
        "input_shapes": [[None, 10, 5]], "output_shapes": [[None, 10, 16]], "params": 896,
        "formula": "2·4·units·(input_dim + units + 1)", "arithmetic": "4·8·(5 + 8 + 1)·2", "sources": ["words"],
        "nearest": None, "fault": None,
    }  # fmt: skip


def test_json_of_what_no_layer_prints() -> None:
    near = Nearest(candidate("Dropout(0.3)", (None, 4), stand_ins=("rate",)), -5)
    reading = bare("Mine", None, None, nearest=near, fault=Fault("no-layer-fits", "a", "b"))
    (shown,) = reading_json(explained(reading))["rows"]
    assert (shown["output_shapes"], shown["params"], shown["connected_to"]) == (None, None, [])
    read = shown["reading"]
    assert (read["exact"], read["arguments"], read["formula"], read["alternatives"]) == (False, None, None, [])
    assert (read["nearest"]["difference"], read["nearest"]["arguments"], read["nearest"]["call"]) == (-5, {}, "Dropout")
    assert read["fault"]["code"] == "no-layer-fits"


def test_the_document_is_the_contract() -> None:
    totals = PrintedTotals(10, 8, 2)
    document = reading_json(explained(*stack(), totals=totals, name="sequential", computed={"params": 10}))
    assert {
        key: document[key] for key in ("schema", "source", "name", "printed_totals", "computed_totals", "problems")
    } == {
        "schema": "lstmcalc.reading/1",
        "source": "-",
        "name": "sequential",
        "printed_totals": {"params": 10, "trainable_params": 8, "non_trainable_params": 2, "optimizer_params": None},
        "computed_totals": {"params": 10},
        "problems": [],
    }
    assert [each["about"] for each in document["explanation"]] == ["shapes", "time", "total", "None"]


def test_rows_without_anything_new_still_say_something() -> None:
    inputs = [bare("InputLayer", (None, 3), 0, opaque=True, name=name) for name in "ab"]
    lambdas = [bare("Lambda", (None, 3), 0, opaque=True, name=name) for name in "cd"]
    rows: tuple[RowExplanation, ...] = explained(*inputs, *lambdas).rows
    assert all(each.brief for each in rows)
