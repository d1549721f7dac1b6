"""Hints that any layer may get, as they are printed."""

from __future__ import annotations

import pytest

from lstmcalc import SpecError, infer, load
from lstmcalc.renderers.report_json import report_json
from lstmcalc.renderers.summary_text import render_faults


def hints(text: str) -> list[str]:
    return [str(hint) for hint in infer(load("m.yaml", text=text)).hints]


def test_an_input_shape_with_the_batch_in_it() -> None:
    assert hints("{input: [10, 8], layers: [{LSTM: {units: 4, input_shape: [null, 10, 8]}}]}") == [
        'hint[batch-in-input-shape] m.yaml:1:27  layer "lstm" (LSTM)\n'
        "  expected the shape of one sample\n"
        "  got      `input_shape: [null, 10, 8]`, where (None, 10, 8) comes in\n"
        "  because  `input_shape` does not count the batch\n"
        "  fix      write `input_shape: [10, 8]`, or leave it out"
    ]


def test_an_input_shape_on_a_layer_that_is_not_first() -> None:
    layers = "[{Dense: 3}, {LSTM: {units: 4, input_shape: [10, 8]}}]"
    assert hints(f"{{input: [10, 8], layers: {layers}}}") == [
        'hint[ignored-input-shape] m.yaml:1:39  layer "lstm" (LSTM)\n'
        "  expected no `input_shape`\n"
        "  got      `input_shape: [10, 8]`, where (None, 10, 3) comes in\n"
        "  because  Keras ignores it: the input is known\n"
        "  fix      leave it out"
    ]


def test_an_input_shape_that_is_right_by_chance_is_ignored_all_the_same() -> None:
    layers = "[{Dense: 8}, {LSTM: {units: 4, input_shape: [10, 8]}}]"
    assert [hint.split("]")[0] for hint in hints(f"{{input: [10, 8], layers: {layers}}}")] == [
        "hint[ignored-input-shape"
    ]


def test_an_input_shape_that_is_right_needs_no_word() -> None:
    assert hints("{input: [10, 8], layers: [{LSTM: {units: 4, input_shape: [10, 8]}}]}") == []


@pytest.mark.parametrize("layer", ["{Dense: 3}", "{LSTM: 3}"])
def test_a_free_size_in_a_weight_is_asked_for(layer: str) -> None:
    report = infer(load("m.yaml", text=f"{{input: [4, F], layers: [{layer}]}}"))
    assert report.needs == ("F",)
    assert [hint.expected for hint in report.hints] == ["a number for `F` when Keras builds the model"]


@pytest.mark.parametrize(
    "layers",
    [
        "input: [600, C], layers: [STFTSpectrogram]",
        "input: [5, 600, C], layers: ['TimeDistributed(STFTSpectrogram())']",
    ],
)
def test_a_free_size_that_a_layer_counts_is_asked_for_in_a_wrapper_too(layers: str) -> None:
    assert infer(load("m.yaml", text=f"{{{layers}}}")).needs == ("C",)


def test_a_free_size_that_no_weight_has_is_left_alone() -> None:
    report = infer(load("m.yaml", text="{input: [T, 4], layers: [{LSTM: U}]}"))
    assert (report.needs, report.hints) == ((), ())


def told(layers: str, shape: str = "[10, 8]", more: str = "") -> list[str]:
    """The hints on a stack of layers, in order, without the places in the text."""
    text = f"{{input: {shape}, {more}layers: [{layers}]}}"
    return [hint.replace(f"m.yaml:1:{hint.split(':')[2].split()[0]}", "m.yaml") for hint in hints(text)]


def codes(layers: str, shape: str = "[10, 8]", more: str = "") -> list[str]:
    return [hint.split("]")[0].removeprefix("hint[") for hint in told(layers, shape, more)]


WHOLE = [
    ("batch-on-a-later-layer", "{LSTM: 4}, {Dense: {units: 3, input_shape: [32, 50, 1]}}", "[10, 8]", """\
hint[ignored-input-shape] m.yaml  layer "dense" (Dense)
  expected no `input_shape`
  got      `input_shape: [32, 50, 1]`, where (None, 4) comes in
  because  Keras ignores it: the input is known
  fix      leave it out"""),
    ("dense-of-one", "{Dense: {units: 1, activation: softmax}}", "[8]", """\
hint[softmax-of-one] m.yaml  layer "dense" (Dense)
  expected several units, or another activation
  got      `units: 1` with `activation: softmax`
  because  softmax over one value is always 1
  fix      use `activation: sigmoid` for a yes or no"""),
    ("attention-of-one", "{Dense: {units: 1, activation: softmax}}", "[10, 8]", """\
hint[softmax-of-one] m.yaml  layer "dense" (Dense)
  expected several units, or another activation
  got      `units: 1` with `activation: softmax`
  because  softmax over one value is always 1
  fix      use `activation: sigmoid` for a yes or no at each step, or `Dense: 1` and then `Softmax: {axis: 1}` for \
shares over the steps"""),
    ("picture-of-one", "{Conv2D: {filters: 1, kernel_size: 1, activation: log_softmax}}", "[7, 7, 3]", """\
hint[softmax-of-one] m.yaml  layer "conv2d" (Conv2D)
  expected several units, or another activation
  got      `filters: 1` with `activation: log_softmax`
  because  log_softmax over one value is always 0
  fix      use `activation: sigmoid` for a yes or no"""),
    ("one-on-an-axis", "{Softmax: {axis: 1}}", "[1, 8]", """\
hint[softmax-of-one] m.yaml  layer "softmax" (Softmax)
  expected several units, or another activation
  got      (None, 1, 8)
  because  softmax over one value is always 1
  fix      use `activation: sigmoid` for a yes or no"""),
    ("relu-states", "{LSTM: {units: 4, activation: relu, use_cudnn: false}}", "[10, 8]", """\
hint[unbounded-state] m.yaml  layer "lstm" (LSTM)
  expected an `activation` with limits, such as `tanh`
  got      `activation: relu`
  because  `tanh` keeps the hidden state between -1 and 1; with `relu` it can grow from step to step
  fix      leave `activation` out, or put `Activation: relu` behind the layer"""),
    ("linear-states", "{GRU: {units: 4, activation: null, use_cudnn: false}}", "[10, 8]", """\
hint[unbounded-state] m.yaml  layer "gru" (GRU)
  expected an `activation` with limits, such as `tanh`
  got      `activation: null`
  because  `tanh` keeps the hidden state between -1 and 1; with `linear` it can grow from step to step
  fix      leave `activation` out"""),
    ("softmax-lstm", "{LSTM: {units: 4, activation: softmax, use_cudnn: false}}", "[10, 8]", """\
hint[no-shares] m.yaml  layer "lstm" (LSTM)
  expected `softmax` in a layer of its own
  got      `activation: softmax`
  because  the output gate scales it, so that the layer's values do not sum to 1
  fix      leave `activation` out, and put `Dense: {units: 4, activation: softmax}` behind the layer"""),
    ("softmax-gru", "{GRU: {units: 4, activation: softmax, use_cudnn: false}}", "[10, 8]", """\
hint[no-shares] m.yaml  layer "gru" (GRU)
  expected `softmax` in a layer of its own
  got      `activation: softmax`
  because  a GRU mixes it with the state before, so that the layer's values do not sum to 1
  fix      leave `activation` out, and put `Dense: {units: 4, activation: softmax}` behind the layer"""),
    ("gates", "{LSTM: {units: 4, recurrent_activation: tanh, use_cudnn: false}}", "[10, 8]", """\
hint[not-a-gate] m.yaml  layer "lstm" (LSTM)
  expected a `recurrent_activation` from 0 to 1, such as `sigmoid`
  got      `recurrent_activation: tanh`
  because  a gate says how much of a value passes: from 0, nothing, to 1, all of it
  fix      leave `recurrent_activation` out"""),
    ("three-obstacles", "{GRU: {units: 4, use_bias: false, unroll: true, reset_after: false}}", "[10, 8]", """\
hint[no-cudnn] m.yaml  layer "gru" (GRU)
  expected `use_bias: true`, `unroll: false` and `reset_after: true` for the fused cuDNN kernel
  got      `use_bias: false`, `unroll: true` and `reset_after: false`
  because  without it a GPU runs the layer step by step
  fix      leave `use_bias`, `unroll` and `reset_after` out, unless you load weights that were trained with it"""),
    ("keep-probability", "{Dropout: 0.85}, {Dense: 3}", "[8]", """\
hint[high-dropout] m.yaml  layer "dropout" (Dropout)
  expected `rate` as the share to drop
  got      `rate: 0.85`
  because  while training, 85 % of the values become 0, and 15 % are kept
  fix      if 0.85 was meant as the share to keep, write `rate: 0.15`"""),
    ("stateful", "{LSTM: {units: 4, stateful: true}}", "[10, 8], batch: 2", """\
hint[never-reset] m.yaml  layer "lstm" (LSTM)
  got      `stateful: true`
  because  the states go on from batch to batch and from epoch to epoch: Keras never resets them by itself
  fix      call the layer's `reset_state()` where a new sequence begins"""),
    ("one-step", "{LSTM: 16}", "[1, 30]", """\
hint[one-timestep] m.yaml  layer "lstm" (LSTM)
  expected several timesteps
  got      (None, 1, 30)
  because  the state is 0 on the first step, so that the recurrent weights (1,024 params) have no effect
  fix      if the 30 values are a series, make them 30 timesteps of 1 value: (30, 1)"""),
    ("flatten", "{Bidirectional: {layer: 'LSTM(16, return_sequences=True)', merge_mode: sum}}, {Dropout: 0.1}, "
     "Flatten, {Dropout: 0.1}, {Dense: 12}", "[10, 8]", """\
hint[params-per-step] m.yaml  layer "flatten" (Flatten)
  expected one vector for the whole sequence
  got      (None, 10, 16) from "bidirectional", as (None, 160)
  because  each time step costs 192 params of "dense", and another number of timesteps does not fit
  fix      for the last step only, set `return_sequences: false` on the LSTM in "bidirectional", and leave "flatten" \
out"""),
    ("softmax-twice", "{Dense: {units: 10, activation: softmax}}, {Activation: softmax}", "[8]", """\
hint[second-activation] m.yaml  layer "activation" (Activation)
  expected one activation
  got      softmax in "dense", then softmax in "activation"
  because  of 10 values from 0 to 1, softmax makes shares of which none exceeds 0.24
  fix      leave "activation" out"""),
    ("relu-then-sigmoid", "{Dense: {units: 1, activation: relu}}, {Activation: sigmoid}", "[8]", """\
hint[second-activation] m.yaml  layer "activation" (Activation)
  expected one activation
  got      relu in "dense", then sigmoid in "activation"
  because  relu gives no value below 0, and so sigmoid none below 0.5
  fix      keep one of the two: "activation", or the relu of "dense\""""),
    ("leaky-behind-relu", "{Conv1D: {filters: 4, kernel_size: 3, activation: relu}}, LeakyReLU", "[10, 8]", """\
hint[second-activation] m.yaml  layer "leaky_re_lu" (LeakyReLU)
  expected one activation
  got      relu in "conv1d", then leaky_relu in "leaky_re_lu"
  because  relu gives no value below 0, and leaky_relu changes no others
  fix      keep one of the two: "leaky_re_lu", or the relu of "conv1d\""""),
    ("sigmoid-twice", "'TimeDistributed(Dense(1, activation=\"sigmoid\"))', {Activation: sigmoid}", "[10, 8]", """\
hint[second-activation] m.yaml  layer "activation" (Activation)
  expected one activation
  got      sigmoid in "time_distributed", then sigmoid in "activation"
  because  of values from 0 to 1, sigmoid makes values from 0.5 to 0.73
  fix      leave "activation" out"""),
    ("softmax-inside", "{Dense: {units: 12, activation: softmax}}, {Dropout: 0.2}, {Dense: 3}", "[8]", """\
hint[hidden-softmax] m.yaml  layer "dense" (Dense)
  expected softmax at the output of the model only
  got      softmax in "dense", whose values "dense_1" reads
  because  its 12 values always sum to 1, so that one rises only where others fall
  fix      use `activation: relu` in "dense\""""),
    ("over-the-steps", "{Dense: 5}, {Softmax: {axis: 1}}", "[10, 8]", """\
hint[softmax-over-steps] m.yaml  layer "softmax" (Softmax)
  expected shares over the 5 values of each time step
  got      `axis: 1` of (None, 10, 5)
  because  that axis is the time: each of the 5 values sums to 1 over the 10 timesteps
  fix      leave `axis` out"""),
    ("two-sums", "{Dense: 25}, {Dense: 1}", "[50]", """\
hint[linear-stack] m.yaml  layer "dense" (Dense)
  expected an activation between "dense" and "dense_1"
  got      "dense" without an `activation`
  because  without one, "dense_1" alone could give the same values, with 51 params instead of 1,301
  fix      set `activation: relu` in "dense", or leave "dense" out"""),
    ("dropout-behind-softmax", "{Dense: {units: 5, activation: softmax}}, {Dropout: 0.3}", "[8]", """\
hint[behind-output] m.yaml  layer "dropout" (Dropout)
  expected "dense" as the last layer
  got      Dropout behind it
  because  while training, Dropout changes values at random, which then no longer sum to 1
  fix      put "dropout" in front of "dense", or leave it out"""),
    ("dropout-behind-the-prediction", "{Dense: 1}, {Dropout: 0.3}", "[8]", """\
hint[behind-output] m.yaml  layer "dropout" (Dropout)
  expected "dense" as the last layer
  got      Dropout behind it
  because  while training, Dropout changes predictions at random, and the loss is taken from those
  fix      put "dropout" in front of "dense", or leave it out"""),
    ("normalized-output", "{Dense: {units: 1, activation: sigmoid}}, BatchNormalization", "[8]", """\
hint[behind-output] m.yaml  layer "batch_normalization" (BatchNormalization)
  expected "dense" as the last layer
  got      BatchNormalization behind it
  because  BatchNormalization moves and scales the values, which then no longer lie between 0 and 1
  fix      put "batch_normalization" in front of "dense", or leave it out"""),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "shape", "text"), [case[1:] for case in WHOLE], ids=[case[0] for case in WHOLE])
def test_the_whole_text(layers: str, shape: str, text: str) -> None:
    assert told(layers, shape) == [text]


QUIET = [
    (
        "a classifier",
        "{LSTM: 8}, {Dense: {units: 4, activation: relu}}, {Dropout: 0.5}, {Dense: {units: 3, activation: softmax}}",
        "[10, 8]",
    ),
    ("logits and their function", "{Dense: 3}, {Activation: softmax}", "[8]"),
    (
        "a hidden function behind a normalization",
        "{Dense: 8}, BatchNormalization, {Activation: relu}, {Dense: 3}",
        "[8]",
    ),
    (
        "attention",
        "{LSTM: {units: 8, return_sequences: true}}, {Dense: {units: 1, activation: tanh}}, {Softmax: {axis: 1}}",
        "[10, 8]",
    ),
    (
        "attention over flat scores",
        "{LSTM: {units: 8, return_sequences: true}}, {Dense: {units: 1, activation: tanh}}, "
        "Flatten, {Activation: softmax}",
        "[10, 8]",
    ),
    ("a narrow middle", "{Dense: 2}, {Dense: 8}", "[8]"),
    ("a frozen layer", "{Dense: {units: 25, trainable: false}}, {Dense: 1}", "[50]"),
    ("no offset behind an offset", "{Dense: 25}, {Dense: {units: 1, use_bias: false}}", "[50]"),
    ("dropout between", "{Dense: 25}, {Dropout: 0.1}, {Dense: 1}", "[50]"),
    ("open sizes", "{Dense: U}, {Dense: 1}", "[50]"),
    ("half of it dropped", "{Dropout: 0.79}, {Dense: 3}", "[8]"),
    ("features that end in dropout", "{Dense: {units: 8, activation: relu}}, {Dropout: 0.5}", "[8]"),
    ("a relu network of the simplest kind", "{SimpleRNN: {units: 8, activation: relu}}", "[10, 8]"),
    ("a softmax that remembers", "{SimpleRNN: {units: 8, activation: softmax}}", "[10, 8]"),
    ("a piecewise gate", "{LSTM: {units: 8, recurrent_activation: hard_sigmoid, use_cudnn: false}}", "[10, 8]"),
    ("words made one vector", "{Embedding: {input_dim: 9, output_dim: 4}}, Flatten, {Dense: 3}", "[10]"),
    (
        "one step only, and so one cost",
        "{LSTM: {units: 8, return_sequences: true, stateful: true}}, Flatten, {Dense: 3}",
        "[1, 8], batch: 2",
    ),
    ("steps in pairs", "{LSTM: {units: 8, return_sequences: true}}, {MaxPooling1D: 2}, Flatten, {Dense: 3}", "[10, 8]"),
    ("lines of words, each made one vector", "'TimeDistributed(LSTM(8))', Flatten, {Dense: 3}", "[5, 6, 4]"),
    (
        "rows that a recurrent convolution leaves",
        "{ConvLSTM1D: {filters: 2, kernel_size: 3}}, Flatten, {Dense: 3}",
        "[5, 6, 1]",
    ),
    ("a recurrent convolution of one frame", "{ConvLSTM1D: {filters: 2, kernel_size: 3}}", "[1, 6, 1]"),
    ("flat from the start", "Flatten, {Dense: 3}", "[10, 8]"),
    ("a layer that decides", "{Dense: {units: 4, activation: relu}}, {Dense: {units: 1, activation: sigmoid}}", "[8]"),
    ("scores between -1 and 1", "{Dense: {units: 4, activation: tanh}}, {Activation: softmax}", "[8]"),
    ("shares over the steps that go on", "{Dense: 5}, {Softmax: {axis: 1}}, {Dense: 2}", "[10, 8]"),
    ("shares over the steps of turned data", "{Permute: [2, 1]}, {Softmax: {axis: 1}}", "[10, 8]"),
    ("shares over rows", "{Dense: 5}, {Softmax: {axis: 1}}", "[7, 7, 3]"),
    ("dropped shares that go on", "{Dense: {units: 5, activation: softmax}}, {Dropout: 0.3}, {RepeatVector: 3}", "[8]"),
    ("a map with holes", "{Conv1D: {filters: 1, kernel_size: 1}}, {Dropout: 0.3}", "[10, 8]"),
    ("a normalized score", "{Dense: 1}, BatchNormalization", "[8]"),
    ("a convolution first", "{Conv1D: {filters: 9, kernel_size: 3}}, {Dense: 1}", "[10, 8]"),
    ("a channel softmax", "{Conv2D: {filters: 3, kernel_size: 1}}, {Softmax: {axis: 1}}", "[7, 7, 3]"),
    ("one score per step", "{Dense: 1}, {Softmax: {axis: 1}}", "[10, 8]"),
    ("a capped relu first", "{ReLU: {max_value: 6}}, {Activation: sigmoid}", "[8]"),
    ("tanh, then relu", "{Dense: {units: 4, activation: tanh}}, ReLU", "[8]"),
    (
        "one shape for a softmax that is not known",
        "{Dense: {units: U, activation: softmax}}, {Activation: softmax}",
        "[8]",
    ),
]


@pytest.mark.parametrize(("layers", "shape"), [case[1:] for case in QUIET], ids=[case[0] for case in QUIET])
def test_nothing_is_said_of_what_is_mostly_right(layers: str, shape: str) -> None:
    assert set(codes(layers, shape)) <= {"never-reset"}


ALSO = [
    ("softmax-over-steps", "{LSTM: {units: 5, return_sequences: true}}, {Softmax: {axis: -2}}", "[10, 8]"),
    ("second-activation", "{Dense: {units: 5, activation: softmax}}, {Softmax: {axis: 1}}", "[8]"),
    ("behind-output", "{Dense: {units: 1, activation: relu}}, {Dropout: 0.3}, {Dropout: 0.3}", "[8]"),
    ("hidden-softmax", "{Dense: {units: 5, activation: softmax}}, {LSTM: 3}", "[10, 8]"),
    ("hidden-softmax", "{Conv1D: {filters: 5, kernel_size: 3, activation: softmax}}, {Dense: 3}", "[10, 8]"),
    ("hidden-softmax", "{Conv2D: {filters: 5, kernel_size: 3, activation: softmax}}, {Dense: 3}", "[10, 10, 8]"),
    ("hidden-softmax", "'TimeDistributed(Dense(5, activation=\"softmax\"))', {LSTM: 3}", "[10, 8]"),
    ("linear-stack", "'TimeDistributed(Dense(25))', {Dense: 1}", "[10, 50]"),
    ("high-dropout", "{SpatialDropout1D: 0.9}, {Dense: 3}", "[10, 8]"),
]


@pytest.mark.parametrize(("code", "layers", "shape"), ALSO, ids=[case[1] for case in ALSO])
def test_the_same_in_another_form(code: str, layers: str, shape: str) -> None:
    assert codes(layers, shape) == [code]


def test_the_states_of_a_layer_are_not_its_sequence() -> None:
    text = (
        "{input: [10, 8], layers: [{LSTM: {units: 4, return_sequences: true, return_state: true, name: l}}, "
        "{Flatten: {inputs: 'l[%d]'}}, {Dense: 3}]}"
    )
    assert [[hint[:21] for hint in hints(text % index)] for index in (0, 1)] == [["hint[params-per-step]"], []]


def test_two_sums_that_others_use_as_well_stay_two() -> None:
    text = """
inputs: {a: [50], b: [50]}
layers:
  - {layer: Dense(25), name: part, inputs: a}
  - {apply: part, inputs: b, name: again}
  - {layer: Dense(1), name: left, inputs: part}
  - {layer: 'Dense(1, activation="tanh")', name: right, inputs: again}
"""
    assert hints(f"{text}outputs: [left, right]\n") == []


def test_dropped_shares_that_two_layers_read_are_no_output() -> None:
    text = """
input: [8]
layers:
  - {layer: 'Dense(5, activation="softmax")', name: shares}
  - {layer: Dropout(0.3), name: fewer}
  - {layer: Dense(1), name: left, inputs: fewer}
  - {layer: Dense(1), name: right, inputs: fewer}
outputs: [left, right]
"""
    assert hints(text) == []


def test_a_single_step_is_no_matter_where_states_come_in_or_a_layer_made_it() -> None:
    decoder = """
inputs: {step: [1, 30], h: [4], c: [4]}
layers: [{layer: LSTM(4), inputs: step, initial_state: [h, c]}]
"""
    assert hints(decoder) == []
    assert codes("{RepeatVector: 1}, {LSTM: 4}", "[30]") == []
    assert codes("{LSTM: {units: 4, stateful: true}}", "[1, 30], batch: 2") == ["never-reset"]
    assert codes("{Reshape: [1, 30]}, {Bidirectional: LSTM(4)}", "[30]") == ["doubled-width", "one-timestep"]


def test_one_step_of_both_directions_counts_both() -> None:
    text = told("{Bidirectional: {layer: LSTM(4), merge_mode: sum}}", "[1, 30]")[0]
    assert "the recurrent weights (128 params) have no effect" in text


def test_a_single_value_on_a_single_step_is_no_series() -> None:
    assert "fix" not in told("{LSTM: 4}", "[1, 1]")[0]


def test_hidden_means_that_nobody_else_gets_the_shares() -> None:
    layers = """
  - {Dense: {units: 5, activation: softmax, name: gate}}
  - {Dense: {units: 3, name: more}}
"""
    text = f"input: [8]\nlayers:{layers}outputs: [OUT]\n"
    assert [hint[:20] for hint in hints(text.replace("OUT", "more"))] == ["hint[hidden-softmax]"]
    assert hints(text.replace("OUT", "gate, more")) == []


def test_what_a_shared_layer_does_is_said_once() -> None:
    text = """
inputs: {a: [8], b: [8]}
layers:
  - {layer: 'Dense(1, activation="softmax")', name: score, inputs: a}
  - {apply: score, inputs: b, name: again}
  - {layer: 'Activation("softmax")', name: act, inputs: score}
  - {apply: act, inputs: again, name: act_again}
  - {Add: {inputs: [act, act_again]}}
"""
    assert [hint.split("]")[0] for hint in hints(text)] == ["hint[softmax-of-one", "hint[softmax-of-one"]


def test_dropout_rates_inside_a_recurrent_layer() -> None:
    found = told("{LSTM: {units: 4, dropout: 0.9, recurrent_dropout: 0.85, use_cudnn: false}}")
    assert [hint.splitlines()[2:] for hint in found] == [
        [
            f"  got      `{key}: {rate}`",
            f"  because  while training, {dropped} % of the values become 0, and {kept} % are kept",
            f"  fix      if {rate} was meant as the share to keep, write `{key}: {fix}`",
        ]
        for key, rate, dropped, kept, fix in [("dropout", 0.9, 90, 10, 0.1), ("recurrent_dropout", 0.85, 85, 15, 0.15)]
    ]


def test_everything_dropped_is_said_too() -> None:
    assert "100 % of the values become 0, and 0 % are kept" in told("{Dropout: 1}, {Dense: 3}", "[8]")[0]


def test_hints_inside_wrappers_and_cells_are_told() -> None:
    assert codes('\'Bidirectional(LSTM(4, activation="relu", use_cudnn=False), merge_mode="sum")\'') == [
        "unbounded-state"
    ]
    assert codes("'RNN(GRUCell(4, activation=\"relu\"))'") == ["unbounded-state"]
    assert codes("'TimeDistributed(Dense(1, activation=\"softmax\"))'") == ["softmax-of-one"]


def test_code_that_resets_states_needs_no_word() -> None:
    code = """
model = Sequential([Input(batch_shape=(2, 5, 3)), LSTM(4, stateful=True)])
for epoch in range(9):
    model.fit(x, y, epochs=1, batch_size=2, shuffle=False)
    model.layers[0].reset_states()
"""
    for text, wanted in ((code, []), (code.replace(".reset_states", ".count_params"), ["never-reset"])):
        assert [hint.code for hint in infer(load("m.py", text=text)).hints] == wanted


def test_hints_of_a_nested_model_are_told_where_they_are() -> None:
    text = """
models: {tower: {input: [8], layers: [{Dense: 9}, {Dense: 1}]}}
input: [8]
layers: [tower, {Dense: 3}]
"""
    assert [(hint.code, hint.layer) for hint in infer(load("m.yaml", text=text)).hints] == [
        ("linear-stack", ("dense", "Dense"))
    ]


def test_hints_survive_a_model_that_is_wrong_elsewhere() -> None:
    with pytest.raises(SpecError) as caught:
        infer(load("m.yaml", text="{input: [8], layers: [{Dense: 9}, {Dense: 1}, {LSTM: 3}, {Dens: 3}, {Dense: 3}]}"))
    assert [hint.code for hint in caught.value.report.hints] == ["linear-stack"]


def test_what_the_source_does_not_show_is_not_called_missing() -> None:
    printed = """
Layer (type)                 Output Shape              Param #
=================================================================
dense (Dense)                (None, 25)                1275
dense_1 (Dense)              (None, 1)                 26
=================================================================
Total params: 1,301
"""
    assert infer(load("m.txt", text=printed)).hints == ()
    code = "model = Sequential([Input((10, 3)), LSTM(4, args.act, args.gate, use_cudnn=False)])"
    assert infer(load("m.py", text=code)).hints == ()
    code = "model = Sequential([Input((50,)), Dense(25, activation=args.act), Dense(1)])"
    assert infer(load("m.py", text=code)).hints == ()


def test_symbols_stand_in_for_numbers() -> None:
    lines = "input: [T, F]\nsymbols: {F: 3}\nlayers: [{LSTM: {units: U, return_sequences: true}}, Flatten, {Dense: 4}]"
    because = {
        steps: [hint.because for hint in infer(load("m.yaml", text=lines), {"T": steps}).hints] for steps in (1, 7)
    }
    assert because == {
        1: ["the state is 0 on the first step, so that the recurrent weights (4·U² params) have no effect"],
        7: ['each time step costs 4·U params of "dense", and another number of timesteps does not fit'],
    }


def test_json_holds_every_slot() -> None:
    report = infer(load("m.yaml", text="{input: [50], layers: [{Dense: 25}, {Dense: 1}]}"))
    assert report_json(report)["hints"] == [
        {
            "code": "linear-stack",
            "where": {"file": "m.yaml", "line": 1, "column": 24},
            "layer": "dense",
            "expected": 'an activation between "dense" and "dense_1"',
            "got": '"dense" without an `activation`',
            "because": 'without one, "dense_1" alone could give the same values, with 51 params instead of 1,301',
            "fix": 'set `activation: relu` in "dense", or leave "dense" out',
            "message": 'expected an activation between "dense" and "dense_1", got "dense" without an `activation`: '
            'without one, "dense_1" alone could give the same values, with 51 params instead of 1,301',
        }
    ]


def test_slots_hang_on_a_terminal_and_stay_whole_in_a_pipe() -> None:
    hints = infer(load("m.yaml", text="{input: [50], layers: [{Dense: 25}, {Dense: 1}]}")).hints
    assert render_faults(hints, width=80).splitlines()[3:] == [
        '  because  without one, "dense_1" alone could give the same values, with 51',
        "           params instead of 1,301",
        '  fix      set `activation: relu` in "dense", or leave "dense" out',
    ]
    assert len(render_faults(hints).splitlines()) == 5


def test_what_keras_3_no_longer_has() -> None:
    assert hints("{input: [10, 4], layers: [CuDNNLSTM: 4]}") == [
        'hint[not-in-keras-3] m.yaml:1:27  layer "cu_dnnlstm" (CuDNNLSTM)\n'
        "  expected a layer that Keras 3 has\n"
        "  got      `CuDNNLSTM`\n"
        "  because  only Keras 2 has it\n"
        "  fix      use `LSTM`, which runs the fused cuDNN kernel by itself where there is a GPU"
    ]
    text = "import keras\nm = keras.Sequential([LSTM(4, batch_input_shape=(16, 10, 4))])"
    assert [str(hint) for hint in infer(load("m.py", text=text)).hints] == [
        'hint[not-in-keras-3] m.py:2:49  layer "lstm" (LSTM)\n'
        "  expected an `Input` with `batch_shape` before the layer\n"
        "  got      `batch_input_shape`\n"
        "  because  Keras 3 refuses it; Keras 2 takes it for the shape of the input, batch included\n"
        "  fix      put `Input(batch_shape=...)` in front, with the same shape, and leave `batch_input_shape` out"
    ]
