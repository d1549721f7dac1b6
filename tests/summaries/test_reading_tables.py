"""Tables that contradict themselves, that leave things open, and the models that readings become."""

from __future__ import annotations

import pytest

from lstmcalc import infer, load, read_summary
from lstmcalc.errors import SpecError
from lstmcalc.summary_text import Reading
from lstmcalc.summary_text.model import to_spec
from lstmcalc.summary_text.reading import RowReading


def read(*lines: str) -> Reading:
    [reading] = read_summary("\n".join(lines))
    return reading


def row(*lines: str) -> RowReading:
    return read(*lines).rows[-1]


def arguments(found: RowReading) -> list[dict[str, object]]:
    return [dict(candidate.layer.arguments) for candidate in found.candidates]


def test_one_row_tells_its_input() -> None:
    found = row("lstm_1 (LSTM) (None, 10, 128) 91648")
    assert [candidate.inputs for candidate in found.candidates] == [((None, 10, 50),), ((None, 10, 51),)]
    assert arguments(found)[0] == {"units": 128, "use_bias": True, "return_sequences": True, "return_state": False}
    assert found.candidates[1].tells == (
        "its weights would be (51, 512), (128, 512), not (50, 512), (128, 512), (512,)"
    )


def test_a_known_input_leaves_one_layer() -> None:
    [found] = row("e (Embedding) (None, 10, 50) 5000", "lstm (LSTM) (None, 128) 91648").candidates
    assert (found.inputs, found.arithmetic) == (((None, 10, 50),), "4·128·(50 + 128 + 1)")


MISFITS = {
    "a fraction": (
        ["lstm_1 (LSTM) (None, 10, 128) 91649"],
        "error[no-layer-fits] layer \"lstm_1\" (LSTM)\n"
        "  expected 91,648 params = 4·128·(50 + 128 + 1)\n"
        "  got      91,649, which is 1 more\n"
        "  because  no input of whatever size gives this count",
    ),
    "another input": (
        ["e (Embedding) (None, 10, 60) 60000", "lstm_1 (LSTM) (None, 10, 128) 91648"],
        "error[no-layer-fits] layer \"lstm_1\" (LSTM)\n"
        "  expected 96,768 params = 4·128·(60 + 128 + 1)\n"
        "  got      91,648, which is 5,120 fewer\n"
        '  because  the count fits an input of (None, 10, 50), and "e" gives (None, 10, 60)',
    ),
    "another class": (
        ["e (Embedding) (None, 10, 50) 60000", "lstm_1 (LSTM) (None, 10, 128) 92160"],
        "error[no-layer-fits] layer \"lstm_1\" (LSTM)\n"
        "  expected 91,648 params = 4·128·(50 + 128 + 1)\n"
        "  got      92,160, which is 512 more\n"
        '  because  the count fits an input of (None, 10, 51), and "e" gives (None, 10, 50); a CuDNNLSTM has exactly '
        "as many: 4·128·(50 + 128 + 2)",
    ),
    "another shape": (
        ["e (Embedding) (None, 10, 50) 60000", "flatten (Flatten) (None, 501) 0"],
        "error[no-layer-fits] layer \"flatten\" (Flatten)\n"
        "  expected an output such as (None, 500)\n"
        "  got      (None, 501)\n"
        '  because  the input is (None, 10, 50) of "e"',
    ),
    "not built": (
        ["Layer (type)  Output Shape  Param #", "dense (Dense)  multiple  0 (unbuilt)"],
        "error[not-built] layer \"dense\" (Dense)\n"
        "  expected a layer that has its weights\n"
        "  got      `0 (unbuilt)`\n"
        "  because  the model had not been built when it was printed, so Keras knew neither its shapes nor its "
        "weights\n"
        "  fix      give the model an `Input`, or call it on data, and print the summary again",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISFITS)
def test_a_row_that_no_layer_prints(name: str) -> None:
    lines, text = MISFITS[name]
    found = row(*lines)
    assert not found.exact
    assert str(found.fault) == text


def test_two_changes_that_cancel_out_are_found() -> None:
    right = ["e (Embedding) (None, 10, 50) 5000", "lstm (LSTM) (None, 64) 29440", "dense (Dense) (None, 3) 195"]
    wrong = [right[0], right[1].replace("29440", "29450"), right[2].replace("195", "185")]
    total = ["Total params: 34635"]
    assert [each.exact for each in read(*right, *total).rows] == [True] * 3
    assert [each.exact for each in read(*wrong, *total).rows] == [True, False, False]
    assert read(*wrong, *total).problems == ()


def test_totals_are_added_up_again() -> None:
    rows = ["dense (Dense)  (None, 3)  15", "dense_1 (Dense)  (None, 2)  8"]
    reading = read("Layer (type)  Output Shape  Param #", "=====", *rows, "=====", "Total params: 24",
                   "Trainable params: 23", "Non-trainable params: 0")  # fmt: skip
    assert reading.computed == {"params": 23, "trainable_params": 23, "non_trainable_params": 0}
    assert [str(fault) for fault in reading.problems] == [
        "error[wrong-total] -:1\n  expected 23, the sum of the rows\n  got      24\n"
        "  because  the rows have 1 fewer than the total says: a row or the total was changed, or rows are missing or "
        "share weights",
        "error[wrong-total] -:1\n  expected 23, the trainable and the non-trainable params together\n"
        "  got      24 as the total",
    ]


def test_a_total_of_rows_that_may_be_missing_is_no_error() -> None:
    reading = read("dense (Dense) (None, 3) 15", "dense_1 (Dense) (None, 2) 8", "Total params: 24")
    assert reading.problems == ()
    assert reading.notes == (
        "The rows add up to 23, 1 fewer than the total: rows are missing where the text is cut, or a number was "
        "changed.",
    )


def test_what_no_layer_trains_is_told_from_what_is_frozen() -> None:
    rows = ["dense (Dense) (None, 4) 20", "batch_normalization (BatchNormalization) (None, 4) 16"]
    totals = ["Total params: 36", "Trainable params: 28", "Non-trainable params: 8"]
    assert read(*rows, *totals).notes == ()
    frozen = read(*rows, "Total params: 36", "Trainable params: 8", "Non-trainable params: 28")
    assert frozen.notes == ('Of the 28 non-trainable params, this layer is frozen (`trainable: false`): "dense".',)


FROZEN = """\
embedding (Embedding)  (None, 20, 10)  2000
lstm (LSTM)            (None, 6)       408
dense (Dense)          (None, 1)       7
Total params: 2415
"""


def test_the_only_layers_that_can_be_frozen_are_frozen() -> None:
    [reading] = read_summary(FROZEN + "Trainable params: 408\nNon-trainable params: 2007\n")
    assert reading.problems == ()
    assert reading.notes == (
        'Of the 2,007 non-trainable params, these layers are frozen (`trainable: false`): "embedding", "dense".',
    )
    totals = infer(to_spec(reading)).totals
    assert (totals.trainable_params, totals.non_trainable_params) == (408, 2007)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "error[wrong-total] -:1\n  expected as many non-trainable params as whole layers have\n  got      1\n"
            "  because  0 are never trained, and no set of layers has the other 1"),
        (7, ""),
    ],
)  # fmt: skip
def test_a_part_of_a_layer_is_not_frozen(number: int, text: str) -> None:
    [reading] = read_summary(FROZEN + f"Trainable params: {2415 - number}\nNon-trainable params: {number}\n")
    assert "\n".join(map(str, reading.problems)) == text


def test_fewer_than_what_is_never_trained_is_wrong() -> None:
    rows = ["dense (Dense) (None, 4) 20", "batch_normalization (BatchNormalization) (None, 4) 16"]
    [fault] = read(*rows, "Total params: 36", "Trainable params: 36", "Non-trainable params: 0").problems
    assert str(fault) == (
        "error[wrong-total] -:1\n  expected at least 8 non-trainable params, which its layers never train\n  got      0"
    )


def test_a_layer_on_too_few_axes_is_told_so() -> None:
    found = row("lstm_1 (LSTM) (None, 128) 91648", "lstm_2 (LSTM) (None, 64) 49408")
    assert str(found.fault) == (
        'error[wrong-ndim] layer "lstm_2" (LSTM)\n  expected 3 axes (batch, timesteps, input_dim)\n'
        '  got      (None, 128) from "lstm_1"\n'
        "  because  a recurrent layer with `return_sequences: false` drops the steps"
    )


OPAQUE = {
    "a model in a TimeDistributed": "td (TimeDistributed) (None, 20, 7, 7, 512) 14714688",
    "a class of one's own": "Layer (type)        Output Shape    Param #\ntoken_and_pos (Transf (None, 40, 32) 641280",
    "inputs that are not shown": "add_1 (Add) (None, 28, 28, 16) 0",
}


@pytest.mark.parametrize("name", OPAQUE)
def test_what_a_row_cannot_show_is_not_called_wrong(name: str) -> None:
    found = row(OPAQUE[name])
    assert (found.opaque, found.fault, found.candidates) == (True, None, ())


def test_the_optimizer_is_told_from_the_model() -> None:
    reading = read("dense (Dense) (None, 3) 15", "Total params: 47", "Trainable params: 15", "Non-trainable params: 0",
                   "Optimizer params: 32")  # fmt: skip
    assert reading.problems == ()
    assert reading.notes == (
        "Of the 47 that Keras 3 calls total params, 32 are the optimizer's own; the model has 15.",
        "32 = 2·15 + 2: two numbers for every trainable param, as Adam keeps, and 2 of its own.",
    )


def test_rows_left_out_make_no_difference_an_error() -> None:
    reading = read("Layer (type)  Output Shape  Param #", "dense (Dense)  (None, 3)  15", "...",
                   "dense_9 (Dense)  (None, 2)  8", "=====", "Total params: 100")  # fmt: skip
    assert reading.problems == ()
    assert reading.computed["params"] == 23
    assert reading.notes == ("The rows that are not in the text have 77 params together.",)
    # What feeds the row behind the gap, nothing tells.
    assert reading.rows[1].inputs is None


def test_a_cut_shape_is_solved_with_its_neighbours() -> None:
    reading = read("Layer (type)       Output Shape  Param  ", "bidirectional_1 (B (None, 200, 1 51200",
                   "bidirectional_2 (B (None, 200, 8 54080", "timedistributed_1  (None, 200, 4 3240")  # fmt: skip
    assert [each.candidates[0].outputs for each in reading.rows] == [
        ((None, 200, 128),), ((None, 200, 80),), ((None, 200, 40),)
    ]  # fmt: skip


AMBIGUOUS = {
    "gru_1 (Bidirectional) (None, 128) 75264": "GRU",
    "both (Bidirectional) (None, 128) 75264": "LSTM",
}


@pytest.mark.parametrize("line", AMBIGUOUS)
def test_a_name_is_a_hint_and_no_proof(line: str) -> None:
    inner = [candidate.layer.arguments["layer"].class_name for candidate in row(line).candidates]
    assert inner[0] == AMBIGUOUS[line]
    assert {"GRU", "LSTM"} <= set(inner)


def test_merge_modes_that_print_the_same_are_all_listed() -> None:
    found = row("lstm_1 (LSTM) (None, 10, 8) 1024", "b (Bidirectional) (None, 8) 1088")
    modes = [(each.layer.arguments["merge_mode"], each.tells) for each in found.candidates]
    assert [mode for mode, _ in modes[:3]] == ["sum", "ave", "mul"]
    assert modes[1][1] == 'only its config would tell: `merge_mode: "ave"`, not `"sum"`'


TABLE = """\
Model: "translator"
__________________________________________________________________________________________________
Layer (type)                    Output Shape         Param #     Connected to
==================================================================================================
source (InputLayer)             [(None, None)]       0
target (InputLayer)             [(None, None)]       0
words (Embedding)               multiple             4800        source[0][0]
                                                                 target[0][0]
encoder (LSTM)                  [(None, 24), (None,  3936        words[0][0]
decoder (LSTM)                  (None, None, 24)     3936        words[1][0]
                                                                 encoder[0][1]
                                                                 encoder[0][2]
next_word (TimeDistributed)     (None, None, 300)    7500        decoder[0][0]
==================================================================================================
Total params: 20,172
"""


def test_a_functional_model_comes_round() -> None:
    [reading] = read_summary(TABLE)
    spec = to_spec(reading)
    assert [port.dtype for port in spec.inputs] == ["int32", "int32"]
    assert [(call.layer, [str(ref) for ref in call.refs]) for call in spec.calls] == [
        ("words", ["source"]),
        ("words", ["target"]),
        ("encoder", ["words"]),
        ("decoder", ["words", "encoder[1]", "encoder[2]"]),
        ("next_word", ["decoder"]),
    ]
    assert spec.calls[3].inputs[0].call == 1
    report = infer(spec)
    assert report.totals.params == 20172
    assert [layer.params for layer in report.layers if layer.name == "words"] == [4800]


def test_a_text_is_a_source_like_any_other(tmp_path: object) -> None:
    report = infer(load("summary.txt", text=TABLE))
    assert (report.name, report.totals.params) == ("translator", 20172)


def test_what_is_no_whole_model_becomes_none() -> None:
    with pytest.raises(SpecError) as error:
        load("t.txt", text="dense (Dense) (None, 3) 15\n...\ndense_1 (Dense) (None, 2) 8")
    assert str(error.value) == (
        "error[rows-missing] t.txt:1\n  expected every row of the model\n  got      a table with rows left out\n"
        "  fix      paste the whole summary, from its header to its totals"
    )


def test_of_several_tables_one_is_picked() -> None:
    one = 'Model: "a"\ndense (Dense) (None, 3) 15\nTotal params: 15\n'
    text = one + 'Model: "b"\ndense (Dense) (None, 2) 8\nTotal params: 8\n'
    assert infer(load("t.txt", text=text, model="b")).totals.params == 8
    with pytest.raises(SpecError) as error:
        load("t.txt", text=text)
    assert str(error.value) == (
        "error[several-models] t.txt\n  expected one model\n  got      2: `a` (line 1), `b` (line 4)\n"
        "  fix      pick one: `--model a`"
    )
    with pytest.raises(SpecError) as error:
        load("t.txt", text=text, model="c")
    assert (
        str(error.value) == "error[unknown-model] t.txt\n  expected one of `a` (line 1), `b` (line 4)\n  got      `c`"
    )
