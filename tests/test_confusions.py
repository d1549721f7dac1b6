"""What is often confused: whole texts, and that every class that is spoken of says something true of its numbers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from layer_examples import cases, one_layer

from lstmcalc.explanation.layer import explain_layer
from lstmcalc.explanation.layer.confusions import BY_CLASS
from lstmcalc.inference import infer
from lstmcalc.layers.rule import RULES, Example
from lstmcalc.sources.layer_options import read_layer


def section(heading: str, *words: str, inputs: Any = ()) -> dict[str, str]:
    """The rows of a section by their first cell; a sentence stands under itself."""
    spec = read_layer(words, [inputs] if isinstance(inputs, str) else inputs)
    explanation = explain_layer(spec, infer(spec), next(iter(spec.layers)))
    found = [each.lines for each in explanation.sections if each.heading == heading]
    return {line[0]: "  ".join(line[1:]) for line in (found[0] if found else ())}


def confused(*words: str, inputs: Any = ()) -> dict[str, str]:
    return section("Often confused", *words, inputs=inputs)


def test_lstm() -> None:
    assert confused("lstm", "--units", "128", inputs="10,300") == {
        "units = 128": "how many values h has, and so how wide the output is. Papers call each of them a cell, Keras "
        "all of them together: `LSTMCell(128)`. It is not the number of time steps, and not the number of layers: the "
        "same ones serve every step.",
        "timesteps = 10": "how often the step is repeated. The input decides it; no weight depends on it.",
        "input_dim = 300": "how many values one step reads. It sets the number of rows of `kernel`, (300, 512), and "
        "changes no other weight. 1 is enough: h and c carry what came before, so that no step has to hold earlier "
        "values (lags) too.",
        "order": "samples, then time steps, then features: the data of 32 samples has the shape (32, 10, 300).",
        "None": "a size left open until data comes, here batch. No weight depends on it.",
    }


def test_one_state_carries_and_two_carry() -> None:
    assert "1 is enough: h carries what came before" in confused("gru", "8", inputs="10,3")["input_dim = 3"]
    assert "data of 4 samples has the shape (4, 10, 3)" in confused("gru", "8", "--batch", "4", inputs="10,3")["order"]
    assert "None" not in confused("gru", "8", "--batch", "4", inputs="10,3")
    assert "here batch and timesteps." in confused("gru", "8", inputs="None,3")["None"]


def test_cudnn() -> None:
    assert list(section("Two biases", "CuDNNLSTM(128)", inputs="10,50")) == [
        "cuDNN adds one bias to what the gates and the candidate read of the input, and another to what they read of "
        "the hidden state. `bias` holds all of them in one row, (1024,).",
        "`LSTM(128)` has `bias` (512,) and 91,648 params, 512 fewer.",
        "Here the two only add up, so that one bias can do what both do.",
        "Keras 3 has no CuDNNLSTM: its LSTM uses cuDNN by itself where it can.",
    ]
    gru = list(section("Two biases", "CuDNNGRU(128)", inputs="10,50"))
    assert gru[1:] == [
        "`GRU(128)` has `bias` (2, 384) and 69,120 params, just as many.",
        "Keras 3 has no CuDNNGRU: its GRU uses cuDNN by itself where it can.",
    ]
    states = section("States", "CuDNNLSTM(8)", "--stateful", "--batch", "2", inputs="10,50")
    assert any("Only `reset_states()` sets them back" in line for line in states)


def test_a_convolution_over_time_keeps_pictures() -> None:
    assert confused("convlstm2d", "8", "3", inputs="10,28,28,1") == {
        "filters = 8": "how many channels h and c have: each is (None, 26, 26, 8), where an LSTM keeps one vector.",
        "height and width": "are not in the count: the same 2,624 params serve every place of the output, 26·26 = 676 "
        "here. A larger input takes more time, not more params.",
        "timesteps = 10": "how often the step is repeated. No weight depends on it.",
    }
    first = confused("convlstm2d", "8", "3", "--data-format", "channels_first", inputs="10,1,28,20")
    assert "26·18 = 468 here" in first["height and width"]
    assert section("States", "convlstm2d", "8", "3", inputs="10,28,28,1")["h"].startswith("hidden state  (None, 26, 26")


def test_dense() -> None:
    assert confused("dense", "10", inputs="20,30") == {
        "units = 10": "how many values come out, each a weighted sum of 30 values.",
        "TimeDistributed": "is not needed: Dense works on the last axis only, with the same 310 params at each of 20 "
        "places. `TimeDistributed(Dense(10))` gives the same.",
        "Flatten": "before it, every unit would weigh all 600 values of a sample: (None, 10), 6,010 params.",
    }
    assert list(confused("dense", "10", inputs="30")) == ["units = 10"]
    assert "at every place. " in confused("dense", "10", inputs="None,30")["TimeDistributed"]


TEXTS = {
    ("repeatvector", "10", "64"): {
        "what for": "A layer that gives one vector, such as LSTM, (None, 64), cannot feed one that reads a sequence. "
        "RepeatVector stands between an encoder and a decoder: (None, 10, 64), the same vector at every step.",
        "n = 10": "how many steps the next layer reads, for instance as many as the decoder is to give.",
    },
    ("embedding", "5000 50 --mask-zero", "10"): {
        "input_dim = 5000": "how many different numbers the input may hold: 0 to 4,999. It is not the length of the "
        "input, 10.",
        "output_dim = 50": "how many values stand for each number.",
    },
    ("flatten", "", "10,128"): {
        "params": "It has none, but a Dense behind it weighs each of the 1,280 values by itself: `Dense(1)` has 1,281 "
        "params there, and their number grows with every size of the input.",
    },
    ("conv2d", "8 3", "28,28,4"): {
        "height and width": "are not in the count: the same 296 params serve every place of the output, 26·26 = 676 "
        "here. A larger input takes more time, not more params.",
        "filters = 8": "how many channels the output has. The size of the window is `kernel_size`, (3, 3).",
        "channels = 4": "every filter reads all of them, so that they are in the count.",
    },
    ("separableconv2d", "8 3", "28,28,4"): {
        "height and width": "are not in the count: the same 76 params serve every place of the output, 26·26 = 676 "
        "here. A larger input takes more time, not more params.",
        "filters = 8": "how many channels the output has. The size of the window is `kernel_size`, (3, 3).",
        "Conv2D": "with the same arguments has 296 params, since each of its filters has a window for every channel.",
    },
    ("depthwiseconv1d", "3 --depth-multiplier 2", "28,4"): {
        "timesteps": "is not in the count: the same 32 params serve every place of the output, 26 here. A larger "
        "input takes more time, not more params.",
        "depth_multiplier = 2": "how many windows each channel has. Channels are not mixed, so that the output has 8 "
        "of them.",
    },
    ("maxpooling2d", "", "28,28,8"): {
        "channels = 8": "stay as many: each is pooled by itself, and nothing is learned.",
    },
    ("globalaveragepooling2d", "", "28,28,8"): {
        "channels = 8": "stay as many: each is pooled by itself, and nothing is learned.",
        "Flatten": "would give 6,272 values, and would tie a Dense behind it to one number of rows and columns. Behind "
        "this layer it takes any.",
    },
    ("dropout", "0.2", "10,8"): {
        "rate = 0.2": "the share that is dropped, not the share that is kept. What is kept is multiplied by "
        "1/(1 - 0.2) = 1.25, so that sums stay about as large.",
        "training": "Nothing is dropped but in training: `predict` and `evaluate` pass the input on as it is.",
    },
    ("batchnormalization", "", "10,8"): {
        "not trained": "`moving_mean` and `moving_variance`: no gradient changes them. They are running averages: "
        "every batch in training moves them 0.01 of the way (1 - `momentum`) to its own; `predict` normalizes with "
        "them.",
        "channels = 8": "the only size in the count: each weight holds one value per channel.",
    },
    ("layernormalization", "", "10,8"): {
        "BatchNormalization": "takes mean and variance over the batch and all other axes but one, this layer of each "
        "sample by itself: so it keeps no running averages, and `predict` does as `fit` does.",
    },
    ("masking", "", "10,8"): {
        "values": "pass as they are: nothing is cut out. A mask goes with them, one true or false for each step.",
        "mask_value": "One value that equals it masks nothing: all of a step must (8 values).",
    },
    ("RNN(LSTMCell(8), return_sequences=True)", "", "10,5"): {
        "LSTM": "`LSTM(8, return_sequences=True)` does the same with 448 params and may use the fused kernel of cuDNN "
        "on a GPU, which RNN never does.",
    },
    ("Bidirectional(LSTM(64))", "", "200,35"): {
        "last step": "The forward layer gives h after the last time step, the backward layer after the first, where "
        "it ends. Every step of both: `LSTM(64, return_sequences=True)` inside.",
    },
    ("Bidirectional(LSTM(64, return_sequences=True))", "", "200,35"): {},
    ("permute", "(2,1)", "3,4"): {
        "dims": "counts the axes from 1, since the batch, axis 0, stays. The values move with their axes; `Reshape` "
        "would leave them in their order.",
    },
    ("reshape", "(10,8)", "80"): {
        "order": "The values stay in their order, row by row: nothing is transposed. `Permute` swaps axes.",
    },
}  # fmt: skip


@pytest.mark.parametrize(("layer", "options", "inputs"), TEXTS)
def test_text(layer: str, options: str, inputs: str) -> None:
    assert confused(layer, *options.split(), inputs=inputs) == TEXTS[layer, options, inputs]


def test_places_of_a_picture_whose_channels_come_first() -> None:
    rows = confused("conv2d", "8", "3", "--data-format", "channels_first", inputs="4,28,20")
    assert "26·18 = 468 here" in rows["height and width"] and "channels = 4" in rows


def test_layers_of_several_inputs() -> None:
    assert confused("add", inputs=["3", "3"]) == {
        "Concatenate": "puts the inputs side by side, and adds up their sizes along one axis; Add works value by "
        "value, and adds up no sizes.",
        "sizes": "must be equal along every axis, but for a size of 1, which is stretched to that of the others.",
    }
    assert confused("concatenate", inputs=["3", "4"]) == {
        "Add": "adds the inputs up value by value, which leaves the width as it is; Concatenate changes no value.",
    }


def test_a_layer_at_every_step_costs_the_same_for_any_number() -> None:
    lines = list(section("The same layer at every step", "TimeDistributed(Dense(40))", inputs="200,80"))
    assert lines[0].endswith("one set of weights: 3,240 params, for 1 step as for 200.")


@pytest.mark.parametrize(("class_name", "example"), cases(Example))
def test_params_that_are_named_are_the_layers_own(class_name: str, example: Example) -> None:
    if class_name not in BY_CLASS:
        return
    spec = one_layer(class_name, example.arguments, example.inputs, example.states)
    explanation = explain_layer(spec, infer(spec), "layer")
    rows = {row[0]: row for each in explanation.sections if each.heading == "Often confused" for row in each.lines}
    assert all(len(row) == 2 and re.search(r"[.]$", row[1]) for row in rows.values())
    for name in ("height and width", "timesteps"):
        if name in rows and "the same" in rows[name][1]:
            assert f"the same {explanation.params:,} params" in rows[name][1]


def test_every_class_that_is_spoken_of_exists() -> None:
    assert set(BY_CLASS) <= set(RULES)
