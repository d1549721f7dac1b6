"""What `explain` says: the figures, the sentences that depend on arguments, and whole pages as golden files."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from layer_examples import cases, one_layer

from lstmcalc.building import Builder
from lstmcalc.dims import UNKNOWN, lift, substitute
from lstmcalc.explanation.cells import CELLS, columns, equations
from lstmcalc.explanation.layer import Explanation, explain_layer
from lstmcalc.explanation.named_axes import named_outputs
from lstmcalc.inference import infer
from lstmcalc.layers.rule import RULES, Example, Inputs, as_shapes
from lstmcalc.renderers.explanation_json import explanation_json
from lstmcalc.renderers.explanation_text import render
from lstmcalc.sources.layer_options import read_layer

GOLDEN = Path(__file__).parent / "golden"
PAGES = {
    "lstm": (["lstm", "--units", "128"], ["300"]),
    "lstm_in_symbols": (["lstm"], []),
    "gru": (["gru", "--units", "64", "--return-sequences"], ["20,30"]),
    "bidirectional": (["Bidirectional(LSTM(64, return_sequences=True))"], ["200,35"]),
    "time_distributed": (["TimeDistributed(Dense(40))"], ["200,80"]),
    "dense": (["dense", "--units", "10"], ["32"]),
    "conv2d": (["conv2d", "--filters", "8", "--kernel-size", "3x3", "--strides", "2"], ["28,28,1"]),
}


def explained(*words: str, inputs: Any = ()) -> Explanation:
    """A layer explained from the words of a command line."""
    spec = read_layer(words, [inputs] if isinstance(inputs, str) else inputs)
    return explain_layer(spec, infer(spec), next(iter(spec.layers)))


def lines(explanation: Explanation, heading: str) -> list[str]:
    """The lines of one section, cells joined."""
    section = next(section for section in explanation.sections if section.heading.startswith(heading))
    return ["  ".join(line) for line in section.lines]


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("page", PAGES)
def test_page(page: str, width: int) -> None:
    words, inputs = PAGES[page]
    file = GOLDEN / f"explain_{page}_{width}.txt"
    text = render(explained(*words, inputs=inputs), width)
    if os.environ.get("LSTMCALC_UPDATE_GOLDEN") == "1":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_the_figures_of_lstm_10_on_20_steps_of_30() -> None:
    explanation = explained("lstm", "--units", "10", inputs="20,30")
    assert [(weight.name, weight.shape, weight.params) for weight in explanation.weights] == [
        ("kernel", (30, 40), 1200),
        ("recurrent_kernel", (10, 40), 400),
        ("bias", (40,), 40),
    ]
    assert explanation.answer == (
        ("input", "(None, 20, 30)", "(batch, timesteps, input_dim)"),
        ("output", "(None, 10)", "(batch, units)"),
        ("params", "1,640", "= 4·10·(30 + 10 + 1)"),
        ("", "", "= 4·units·(input_dim + units + 1)"),
    )


def test_the_figures_of_lstm_128_on_300() -> None:
    explanation = explained("lstm", "--units", "128", inputs="300")
    assert explanation.params == 219_648
    assert "Params of each block: units·(input_dim + units + 1) = 128·(300 + 128 + 1) = 54,912. " in " ".join(
        lines(explanation, "Gates")
    )


def test_the_layer_is_written_as_a_keras_call() -> None:
    assert explained("lstm", "--stateful", "--units", "3", inputs="(2, 5, 4)").written == "LSTM(3, stateful=True)"
    assert explained("lstm").written == "LSTM(units)"
    assert explained("add").written == "Add"
    written = explained("bidirectional(gru(3))", "--merge-mode", "none", inputs="5").written
    assert written == "Bidirectional(GRU(3), merge_mode=None)"
    assert explained("conv2d", "8", "3,5").written == "Conv2D(8, kernel_size=(3, 5))"


def test_columns_of_the_gates() -> None:
    assert lines(explained("lstm", "--units", "10", inputs="20,30"), "Gates")[1:5] == [
        "columns 0 to 9  i  input gate  how much of the candidate is taken in",
        "columns 10 to 19  f  forget gate  how much of the old cell state is kept",
        "columns 20 to 29  c  candidate  what could be taken in",
        "columns 30 to 39  o  output gate  how much of the cell state is shown",
    ]
    assert lines(explained("gru"), "Gates")[3] == "columns 2·units to 3·units - 1  h  candidate  what could replace it"
    assert columns(0, 1) == "column 0"


EQUATIONS = {
    ("LSTM", ""): [
        "i = sigmoid(x[t] @ W_i + h[t-1] @ U_i + b_i)",
        "f = sigmoid(x[t] @ W_f + h[t-1] @ U_f + b_f)",
        "ĉ = tanh(x[t] @ W_c + h[t-1] @ U_c + b_c)",
        "o = sigmoid(x[t] @ W_o + h[t-1] @ U_o + b_o)",
        "c[t] = f * c[t-1] + i * ĉ",
        "h[t] = o * tanh(c[t])",
    ],
    ("LSTM", "--no-use-bias --activation linear --recurrent-activation hard_sigmoid"): [
        "i = hard_sigmoid(x[t] @ W_i + h[t-1] @ U_i)",
        "f = hard_sigmoid(x[t] @ W_f + h[t-1] @ U_f)",
        "ĉ = x[t] @ W_c + h[t-1] @ U_c",
        "o = hard_sigmoid(x[t] @ W_o + h[t-1] @ U_o)",
        "c[t] = f * c[t-1] + i * ĉ",
        "h[t] = o * c[t]",
    ],
    ("GRU", ""): [
        "z = sigmoid(x[t] @ W_z + h[t-1] @ U_z + b0_z + b1_z)",
        "r = sigmoid(x[t] @ W_r + h[t-1] @ U_r + b0_r + b1_r)",
        "ĥ = tanh(x[t] @ W_h + b0_h + r * (h[t-1] @ U_h + b1_h))",
        "h[t] = z * h[t-1] + (1 - z) * ĥ",
    ],
    ("GRU", "--no-reset-after"): [
        "z = sigmoid(x[t] @ W_z + h[t-1] @ U_z + b_z)",
        "r = sigmoid(x[t] @ W_r + h[t-1] @ U_r + b_r)",
        "ĥ = tanh(x[t] @ W_h + (r * h[t-1]) @ U_h + b_h)",
        "h[t] = z * h[t-1] + (1 - z) * ĥ",
    ],
    ("GRU", "--no-use-bias"): [
        "z = sigmoid(x[t] @ W_z + h[t-1] @ U_z)",
        "r = sigmoid(x[t] @ W_r + h[t-1] @ U_r)",
        "ĥ = tanh(x[t] @ W_h + r * (h[t-1] @ U_h))",
        "h[t] = z * h[t-1] + (1 - z) * ĥ",
    ],
    ("SimpleRNN", "--activation relu"): ["h[t] = relu(x[t] @ W + h[t-1] @ U + b)"],
}


@pytest.mark.parametrize(("class_name", "options"), EQUATIONS)
def test_equations(class_name: str, options: str) -> None:
    spec = read_layer([class_name, *options.split()])
    layer = next(iter(spec.layers.values()))
    rule = RULES[class_name](layer.arguments)
    assert [line[0] for line in equations(rule)] == EQUATIONS[class_name, options]


def test_what_comes_out() -> None:
    explanation = explained("lstm", "5", "--return-sequences", "--go-backwards", inputs="7,3")
    assert lines(explanation, "The whole sequence")[1:] == [
        "What comes out depends on two arguments alone, not on the loss and not on the layers behind. Both are false "
        "by default, so that a sequence gives one output.",
        "neither  (None, 5): h after the last step read",
        "return_state  (None, 5): h after the last step read, then the states h and c: (None, 5) each",
        "return_sequences (this layer)  (None, 7, 5): h after every step, in the order read",
        "both  (None, 7, 5): h after every step, in the order read, then the states h and c after the last step read: "
        "(None, 5) each",
        "`go_backwards: true` changes no shape and no params. What comes out is in the order read: the input's last "
        "step first.",
    ]
    assert lines(explanation, "States")[:2] == [
        "h  hidden state  (None, 5)  the last step of the output",
        "c  cell state  (None, 5)  not returned",
    ]


def test_stateful_needs_and_names_its_batch() -> None:
    explanation = explained("simplernn", "4", "--stateful", inputs="(8, 5, 3)")
    assert lines(explanation, "States")[-1] == (
        "`stateful: true` keeps h from batch to batch: sample k of a batch goes on where sample k of the batch before "
        "ended. Every batch must have 8 samples, and `fit` needs `shuffle=False`. Only `reset_state()` sets it back to "
        "zeros; `fit` does not call it, not even between epochs."
    )
    assert not any(line.startswith("None") for line in lines(explanation, "Often confused"))


def test_two_biases_of_a_gru() -> None:
    assert lines(explained("gru", "--units", "8", inputs="5"), "Two biases") == [
        "`reset_after: true`, Keras's default, applies r after the product with `recurrent_kernel`, and gives that "
        "product a bias of its own: `bias` is (2, 24).",
        "The textbook's GRU (`reset_after: false`) has one bias, (24,): "
        "3·units·(input_dim + units + 1) = 3·8·(5 + 8 + 1) = 336 params. This layer has 24 more.",
    ]
    for option in ("--no-reset-after", "--no-use-bias"):
        assert "Two biases" not in [section.heading for section in explained("gru", option).sections]


def test_bidirectional_says_what_a_papers_units_mean() -> None:
    assert lines(explained("Bidirectional(LSTM(64))", inputs="200,35"), "Two directions") == [
        "Two layers read the sequence, one in each direction, and share no weights:",
        "forward  25,600 params",
        "backward  25,600 params",
        "`merge_mode: concat` puts the two outputs side by side, 64 + 64 = 128 wide: (None, 128).",
        "When a paper says 64, see which it means. 64 in each direction is this layer, 128 wide.",
        "64 in both together is `Bidirectional(LSTM(32))`: (None, 64), 17,408 params.",
        'What one direction does: `lstmcalc explain "LSTM(64)" --input 200,35`.',
    ]
    summed = lines(explained("Bidirectional(LSTM(7))", "--merge-mode", "sum", inputs="200,35"), "Two directions")
    assert summed[3:-1] == ["`merge_mode: sum` adds the two outputs value by value: (None, 7)."]


def test_words_on_the_number_of_steps() -> None:
    def repeated(shape: str) -> str:
        return lines(explained("lstm", "4", inputs=shape), "The whole sequence")[0].split(",")[0]

    assert [repeated(shape) for shape in ("9,3", "1,3", "T,3", "None,3")] == [
        "The step is repeated 9 times",
        "The step is repeated once",
        "The step is repeated `T` times",
        "The step is repeated at every time step",
    ]


@pytest.mark.parametrize(("class_name", "example"), cases(Example))
def test_every_layer_can_be_explained(class_name: str, example: Any) -> None:
    spec = one_layer(class_name, example.arguments, example.inputs, example.states)
    report = infer(spec)
    explanation = explain_layer(spec, report, "layer")
    layer = next(layer for layer in report.layers if layer.name == "layer")
    assert explanation.output_shapes == layer.output_shapes
    assert explanation.sections[0].heading.startswith("Input") and explanation.purpose
    assert any(section.heading.startswith("Output") for section in explanation.sections)
    document = explanation_json(explanation)
    assert json.loads(json.dumps(document)) == document
    assert document["params"] == layer.params
    wide = render(explanation, None)
    for weight in explanation.weights:
        assert weight.name in wide and weight.why in wide
    for narrow in (render(explanation, width) for width in (40, 80) + (1,) * (not explanation.hints)):
        assert set(wide.split()) - set(narrow.split()) <= {
            "name",
            "shape",
            "params",
            "uses",
            "why",
            "step",
            "MACs",
            "other",
            "how",
        }


@pytest.mark.parametrize(("class_name", "example"), cases(Example))
def test_output_sizes_in_names_give_the_output(class_name: str, example: Any) -> None:
    spec = one_layer(class_name, example.arguments, example.inputs, example.states)
    rule = Builder().build(spec.layers["layer"])
    assert rule is not None
    shapes = [lift(shape) for shape in (example.inputs if isinstance(example.inputs, list) else [example.inputs])]
    x = Inputs(shapes, rule.axis_names(len(shapes[0])), [lift(shape) for shape in example.states])
    made = named_outputs(rule, x)
    lost = any(UNKNOWN in shape[1:] for shape in as_shapes(rule.output_shape(x)))
    if made is None and (lost or any(1 in shape[1:] for shape in shapes)):
        return  # The layer forgets a size, or goes by a size of 1, for which a name does not stand.
    assert made is not None
    outputs = [tuple(substitute(size, each.values) for size in each.shape) for each in made]
    assert outputs == [tuple(shape) for shape in as_shapes(rule.output_shape(x))]


def test_a_convolution_gives_the_reason_for_each_axis() -> None:
    explanation = explained("conv2d", "8", "3", inputs="28,28,1")
    assert lines(explanation, "Output")[1] == "height  26  height - kernel_height + 1 = 28 - 3 + 1"
    assert lines(explanation, "Output")[3] == "filters  8  the layer's `filters`"


def test_frozen_weights_are_told_apart() -> None:
    explanation = explained("dense", "8", "--trainable", "false", inputs="4")
    assert explanation.answer[-1] == ("trained", "0", "40 are not trained")
    assert lines(explanation, "Weights")[0].endswith("each unit weighs every input value, not trained")


def test_what_else_it_could_be_is_said_once() -> None:
    assert lines(explained("lstm", "8", inputs="5"), "With other arguments") == ["`use_bias: false`: 32 params fewer."]
    # "Two biases" tells of `reset_after`.
    assert len(lines(explained("gru", "8", inputs="5"), "With other arguments")) == 1
    before = lines(explained("gru", "8", "--no-reset-after", inputs="5"), "With other arguments")
    assert before == ["`use_bias: false`: 24 params fewer.", "`reset_after: true`: 24 params more."]
    padded = lines(explained("conv2d", "8", "3", inputs="28,28,1"), "With other arguments")
    assert padded[0] == "`padding: same`: (None, 28, 28, 8) instead of (None, 26, 26, 8)."


def test_a_mask_has_a_section_where_there_is_one() -> None:
    made = lines(explained("embedding", "5000", "50", "--mask-zero", inputs="10"), "Mask")
    assert made[0].startswith("`mask_zero: true` makes a mask (None, 10)")
    without = explained("embedding", "5000", "50", inputs="10")
    assert "Mask" not in [section.heading for section in without.sections]


def test_assumptions_are_shown() -> None:
    text = render(explained("conv1d", "8", "3", inputs="T,5"), None)
    assert "This holds only if\n  T >= 3: " in text


def test_hints_are_shown_once() -> None:
    text = render(explained("dense", "1", "--activation", "softmax", inputs="5"), 80)
    assert text.count("hint[softmax-of-one]") == 1
    assert "hint[" not in render(explained("lstm"), 80)


def test_json() -> None:
    document = explanation_json(explained("lstm", "--units", "2*U", inputs="T,F"))
    sections = document.pop("sections")
    weights = document.pop("weights")
    assert document == {
        "schema": "lstmcalc.explanation/1",
        "layer": "lstm",
        "class_name": "LSTM",
        "input_shapes": [[None, "T", "F"]],
        "output_shapes": [[None, "2*U"]],
        "params": "8*U*(F + 2*U + 1)",
        "formula": "4·units·(input_dim + units + 1)",
        "arithmetic": "4·2·U·(F + 2·U + 1)",
        "macs": "8*T*U*(F + 2*U)",
        "flops": "2*T*U*(8*F + 16*U + 17)",
        "training_macs": "16*U*(F*T + 3*T*U - U)",
        "hints": [],
        "assumptions": [],
    }
    assert weights[0] == {
        "name": "kernel",
        "shape": ["F", "8*U"],
        "trainable": True,
        "params": "8*F*U",
        "uses": "T",
        "why": "gates and candidate read the input",
    }
    assert sections[0] == {
        "heading": "Input (None, T, F)",
        "lines": [
            "batch  None  samples at a time: any number",
            "timesteps  T  steps in time: any number",
            "input_dim  F  values read at once (features): any number",
        ],
    }


def test_colour_only_adds_codes() -> None:
    explanation = explained("gru", "8", inputs="5")
    plain, coloured = render(explanation, 80), render(explanation, 80, colour=True)
    assert "\x1b[" not in plain and "\x1b[1m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


@pytest.mark.parametrize("width", [80, 100, 200])
def test_lines_keep_to_the_width(width: int) -> None:
    for words, inputs in PAGES.values():
        for line in render(explained(*words, inputs=inputs), width).splitlines():
            assert len(line) <= width


def test_the_answer_is_on_the_first_screen() -> None:
    first = render(explained("lstm", "--units", "128", inputs="300"), 80).splitlines()[:8]
    assert any("(None, 128)" in line for line in first)
    assert any("219,648" in line and "4·128·(300 + 128 + 1)" in line for line in first)


def test_an_unknown_layer_name_is_a_key_error() -> None:
    spec = read_layer(["dense", "3"])
    with pytest.raises(KeyError):
        explain_layer(spec, infer(spec), "lstm")


def test_the_table_of_cells_is_that_of_the_rules() -> None:
    for class_name, cell in CELLS.items():
        rule = RULES[class_name]({"units": 4})
        x = Inputs([(2, 5, 3)], rule.axis_names(3))
        kernel = next(iter(rule.weights(x)))
        assert kernel.shape == (3, 4 * len(cell.gates))
        outputs = RULES[class_name]({"units": 4, "return_state": True}).output_shape(x)
        assert len(outputs) == 1 + len(cell.states)


def said(*words: str, inputs: str = "20,8") -> str:
    spec = read_layer(list(words), [inputs])
    return render(explain_layer(spec, infer(spec), spec.calls[-1].layer), None)


def test_states_are_not_said_to_be_merged() -> None:
    text = said("Bidirectional(LSTM(5, return_state=True), merge_mode='sum')")
    assert "`merge_mode: sum` adds the two outputs value by value: (None, 5).\n" in text
    assert "the forward ones come first, then the backward ones, (None, 5), (None, 5), (None, 5), (None, 5).\n" in text


def test_dropout_is_named_beside_the_equations_that_leave_it_out() -> None:
    text = said("lstm", "--units", "3", "--dropout", "0.2")
    assert "`dropout: 0.2`: in training, that share of x[t] is set to zero and the rest scaled up." in text
    assert "recurrent_dropout" not in text


def test_a_stateful_layer_starts_from_zeros_once() -> None:
    text = said("lstm", "--units", "3", "--stateful", "--batch", "4")
    assert "Zeros before the first step of the first batch, unless" in text


def test_the_command_that_is_pointed_to_works() -> None:
    text = said("Bidirectional(GRU(3, stateful=True))", "--batch", "2")
    command = re.search(r"`lstmcalc explain \"(.+)\" --input (\S+) --batch 2`", text)
    assert command is not None
    assert "GRU(3, stateful=True)" in said(command[1], "--batch", "2", inputs=command[2])


def test_resizing_tells_the_pictures_size_from_its_own() -> None:
    explanation = explained("resizing")
    assert explanation.answer[:2] == (
        ("input", "(None, input_height, input_width, channels)", "(batch, height, width, channels)"),
        ("output", "(None, height, width, channels)", "(batch, height, width, channels)"),
    )
    assert lines(explanation, "Output")[1] == "height  height  the layer's `height`"


def test_both_axes_are_explained_in_one_order() -> None:
    explanation = explained("conv2dtranspose", "8", "3", "--strides", "2", inputs="28,28,3")
    assert lines(explanation, "Output")[1:3] == [
        "height  57  height·vertical_stride + kernel_height - vertical_stride = 28·2 + 3 - 2",
        "width  57  width·horizontal_stride + kernel_width - horizontal_stride = 28·2 + 3 - 2",
    ]
    # The size says it already.
    assert lines(explained("conv2d"), "Output")[1:3] == [
        "height  height - kernel_height + 1  ",
        "width  width - kernel_width + 1  ",
    ]


def test_the_scores_have_no_parentheses_to_spare() -> None:
    assert lines(explained("attention"), "One sample")[0].startswith("scores = softmax(query @ key.T)")
    scaled = lines(explained("attention", "--use-scale"), "One sample")[0]
    assert scaled.startswith("scores = softmax(scale * (query @ key.T))")
