"""The recurrent rules as far as they need no Keras: formulas, names, hints, whole error texts, symbols."""

from __future__ import annotations

from typing import Any

import pytest
from layer_examples import one_layer

from lstmcalc.dims import symbol
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.report import LayerReport, Report
from lstmcalc.sources.layer_call import read_call
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec


def report_of(class_name: str, arguments: dict[str, Any], inputs: Any, states: Any = ()) -> Report:
    return infer(one_layer(class_name, arguments, inputs, states))


def layer_of(class_name: str, arguments: dict[str, Any], inputs: Any, states: Any = ()) -> LayerReport:
    report = report_of(class_name, arguments, inputs, states)
    return next(layer for layer in report.layers if layer.name == "layer")


def hints_of(class_name: str, arguments: dict[str, Any], inputs: Any, states: Any = ()) -> list[str]:
    return [str(hint) for hint in report_of(class_name, arguments, inputs, states).hints]


def errors_of(class_name: str, arguments: dict[str, Any], inputs: Any, states: Any = ()) -> list[str]:
    with pytest.raises(SpecError) as caught:
        report_of(class_name, arguments, inputs, states)
    return [str(fault) for fault in caught.value.faults]


FORMULAS = [
    ("LSTM", {"units": 64}, (None, 9, 35), "4·units·(input_dim + units + 1)", "4·64·(35 + 64 + 1)"),
    ("LSTM", {"units": 64, "use_bias": False}, (None, 9, 35), "4·units·(input_dim + units)", "4·64·(35 + 64)"),
    ("GRU", {"units": 64}, (None, 9, 35), "3·units·(input_dim + units + 2)", "3·64·(35 + 64 + 2)"),
    ("GRU", {"units": 64, "reset_after": False}, (None, 9, 35), "3·units·(input_dim + units + 1)",
     "3·64·(35 + 64 + 1)"),
    ("SimpleRNN", {"units": 64}, (None, 9, 35), "units·(input_dim + units + 1)", "64·(35 + 64 + 1)"),
    ("RNN", {"cell": "LSTMCell(64)"}, (None, 9, 35), "4·units·(input_dim + units + 1)", "4·64·(35 + 64 + 1)"),
    ("RNN", {"cell": ["LSTMCell(64)", "SimpleRNNCell(8)"]}, (None, 9, 35),
     "4·units·(input_dim + units + 1) + units·(input_dim + units + 1)", "4·64·(35 + 64 + 1) + 8·(64 + 8 + 1)"),
    ("Bidirectional", {"layer": "LSTM(64)"}, (None, 9, 35), "2·4·units·(input_dim + units + 1)",
     "4·64·(35 + 64 + 1)·2"),
    ("Bidirectional", {"layer": "LSTM(64)", "backward_layer": "GRU(8, go_backwards=True)"}, (None, 9, 35),
     "4·units·(input_dim + units + 1) + 3·units·(input_dim + units + 2)",
     "4·64·(35 + 64 + 1) + 3·8·(35 + 8 + 2)"),
    ("TimeDistributed", {"layer": "Dense(40)"}, (None, 9, 80), "units·(input_dim + 1)", "40·(80 + 1)"),
    ("TimeDistributed", {"layer": "Bidirectional(LSTM(4))"}, (None, 9, 8, 2), "2·4·units·(input_dim + units + 1)",
     "4·4·(2 + 4 + 1)·2"),
    ("ConvLSTM1D", {"filters": 4, "kernel_size": 3}, (None, 5, 28, 1),
     "4·filters·(kernel_size·(channels + filters) + 1)", "4·4·(3·(1 + 4) + 1)"),
    ("ConvLSTM2D", {"filters": 4, "kernel_size": [3, 2]}, (None, 5, 28, 28, 1),
     "4·filters·(kernel_height·kernel_width·(channels + filters) + 1)", "4·4·(3·2·(1 + 4) + 1)"),
]  # fmt: skip


@pytest.mark.parametrize(("class_name", "arguments", "inputs", "names", "numbers"), FORMULAS)
def test_formula(class_name: str, arguments: dict[str, Any], inputs: Any, names: str, numbers: str) -> None:
    layer = layer_of(class_name, arguments, inputs)
    assert (layer.formula, layer.arithmetic) == (names, numbers)


NAMES = [
    ("LSTM", {"units": 2}, (None, 5, 3), "kernel recurrent_kernel bias"),
    ("RNN", {"cell": "GRUCell(2, name='c')"}, (None, 5, 3), "c/kernel c/recurrent_kernel c/bias"),
    ("RNN", {"cell": ["GRUCell(2, use_bias=False)", "StackedRNNCells([GRUCell(2, use_bias=False)])"]}, (None, 5, 3),
     "gru_cell/kernel gru_cell/recurrent_kernel "
     "stacked_rnn_cells/gru_cell_1/kernel stacked_rnn_cells/gru_cell_1/recurrent_kernel"),
    ("Bidirectional", {"layer": "GRU(2, use_bias=False)"}, (None, 5, 3),
     "forward_gru/kernel forward_gru/recurrent_kernel backward_gru/kernel backward_gru/recurrent_kernel"),
    ("Bidirectional", {"layer": "GRU(2, use_bias=False, name='forward_x')",
                       "backward_layer": "SimpleRNN(2, use_bias=False, go_backwards=True, name='y')"}, (None, 5, 3),
     "forward_x/kernel forward_x/recurrent_kernel y/kernel y/recurrent_kernel"),
    ("TimeDistributed", {"layer": "Dense(2)"}, (None, 5, 3), "dense/kernel dense/bias"),
]  # fmt: skip


@pytest.mark.parametrize(("class_name", "arguments", "inputs", "names"), NAMES)
def test_weights_are_named_after_the_layers_that_hold_them(
    class_name: str, arguments: dict[str, Any], inputs: Any, names: str
) -> None:
    assert [weight.name for weight in layer_of(class_name, arguments, inputs).weights] == names.split()


USES = [
    ("LSTM", {"units": 2}, (None, 7, 3), 7),
    ("LSTMCell", {"units": 2}, (None, 3), 1),
    ("RNN", {"cell": ["LSTMCell(2)", "LSTMCell(2)"]}, (None, 7, 3), 7),
    ("Bidirectional", {"layer": "LSTM(2)"}, (None, 7, 3), 7),
    ("TimeDistributed", {"layer": "LSTM(2)"}, (None, 5, 7, 3), 35),
    ("ConvLSTM1D", {"filters": 2, "kernel_size": 3}, (None, 7, 6, 3), 28),
]


@pytest.mark.parametrize(("class_name", "arguments", "inputs", "uses"), USES)
def test_how_often_one_sample_uses_each_weight(
    class_name: str, arguments: dict[str, Any], inputs: Any, uses: int
) -> None:
    states = [(None, 2)] * 2 if class_name == "LSTMCell" else ()
    assert {weight.uses for weight in layer_of(class_name, arguments, inputs, states).weights} == {uses}


def test_symbols_reach_every_shape() -> None:
    time, units, features = symbol("T"), symbol("U"), symbol("F")
    inner = "LSTM(U, return_sequences=True, return_state=True)"
    layer = layer_of("Bidirectional", {"layer": inner}, (None, "T", "F"))
    assert layer.output_shapes == ((None, time, 2 * units), *((None, units),) * 4)
    assert layer.params == 8 * units * (features + units + 1)


def test_two_symbolic_halves_are_merged_under_an_assumption() -> None:
    arguments = {"layer": "LSTM(U)", "backward_layer": "LSTM(V, go_backwards=True)", "merge_mode": "sum"}
    report = report_of("Bidirectional", arguments, (None, 5, 3))
    assert [held.text for held in report.assumptions] == ["U = V"]


def test_a_state_of_symbolic_size_needs_a_number_and_a_window_that_fits() -> None:
    report = report_of("ConvLSTM1D", {"filters": 2, "kernel_size": 3}, (None, 5, "W", 1))
    assert report.needs == ("W",)
    assert [held.text for held in report.assumptions] == ["W >= 3"]
    assert [str(hint) for hint in report.hints] == [
        'hint[size-needed] layer "layer" (ConvLSTM1D)\n'
        "  expected a number for `W` when Keras builds the model\n"
        "  because  the states of ConvLSTM1D have a fixed size"
    ]


ERRORS = [
    ("LSTM", {"units": 8, "stateful": True}, (None, 5, 3), (), """\
error[unknown-size] layer "layer" (LSTM)
  expected `batch` to be a number, since `stateful: true` keeps a state for every sample
  got      (None, 5, 3) from input "input_0"
  fix      state `batch: 32` in the spec, or `--batch 32`"""),
    ("LSTM", {"units": 8}, (None, 5, 3), [(None, 8)], """\
error[wrong-number-of-states] layer "layer" (LSTM)
  expected 2 states in `initial_state`: (None, 8), (None, 8)
  got      1
  fix      leave `initial_state` out"""),
    ("LSTM", {"units": 8}, (None, 5, 3), [(None, 8), (None, 9)], """\
error[wrong-size] layer "layer" (LSTM)
  expected `initial_state[1]` to be (None, 8)
  got      (None, 9)
  because  a state has the size that the layer gives it
  fix      leave `initial_state` out"""),
    ("GRU", {"units": 8}, (None, 5, 3), [(None, 5, 8)], """\
error[wrong-ndim] layer "layer" (GRU)
  expected `initial_state[0]` to be (None, 8)
  got      (None, 5, 8)
  because  that is 2 axes
  fix      if 5 is the batch, leave it out of the shape of input "input_1": [8]"""),
    ("Bidirectional", {"layer": "LSTM(8)"}, (None, 5, 3), [(None, 8)] * 3, """\
error[wrong-number-of-states] layer "layer" (Bidirectional)
  expected 4 states in `initial_state`, half of them for each direction
  got      3
  fix      leave `initial_state` out"""),
    ("Bidirectional", {"layer": "LSTM(8, return_state=True)",
                       "backward_layer": "GRU(8, go_backwards=True, return_state=True)"}, (None, 5, 3), (), """\
error[halves-differ] layer "layer" (Bidirectional)
  expected the `backward_layer` to return 2 states, as many as `layer` does
  got      1
  because  Keras counts on as many, builds the model, and fails on data
  fix      give both the same kind of cell, or leave `return_state` out"""),
    ("Bidirectional", {"layer": "LSTM(8)", "backward_layer": "LSTM(6, go_backwards=True)", "merge_mode": "mul"},
     (None, 5, 3), (), """\
error[halves-differ] layer "layer" (Bidirectional)
  expected both layers to give (None, 8), as `merge_mode: mul` multiplies them one by one
  got      (None, 6) from the `backward_layer`
  because  Keras builds this, and fails on data
  fix      give both the same width, or use `merge_mode: concat`"""),
    ("RNN", {"cell": "GRU(8)"}, (None, 5, 3), (), """\
error[wrong-value] layer "layer" (RNN)
  expected `cell` to be a cell or a list of cells: `LSTMCell`, `GRUCell`, `SimpleRNNCell` or `StackedRNNCells`
  got      a layer (GRU)
  fix      use `GRUCell`, or `GRU` without `RNN`"""),
    ("SimpleRNN", {"units": 8, "activation": "glu"}, (None, 5, 3), (), """\
error[wrong-value] layer "layer" (SimpleRNN)
  expected `activation` to give as many values as it gets
  got      "glu"
  because  `glu` halves them, and the states no longer fit"""),
    ("ConvLSTM2D", {"filters": 2, "kernel_size": 5}, (None, 5, 9, 4, 3), (), """\
error[window-too-large] layer "layer" (ConvLSTM2D)
  expected `width` of at least 5
  got      (None, 5, 9, 4, 3)
  because  `padding: valid` leaves no room for a window that reaches over 5
  fix      use `padding: same` or a smaller `kernel_size`"""),
]  # fmt: skip


@pytest.mark.parametrize(("class_name", "arguments", "inputs", "states", "text"), ERRORS)
def test_error(class_name: str, arguments: dict[str, Any], inputs: Any, states: Any, text: str) -> None:
    assert errors_of(class_name, arguments, inputs, states) == [text]


HINTS = [
    ("LSTM", {"units": 8, "recurrent_dropout": 0.2, "unroll": True}, (None, 5, 3), (), """\
hint[no-cudnn] layer "layer" (LSTM)
  expected `recurrent_dropout: 0` and `unroll: false` for the fused cuDNN kernel
  got      `recurrent_dropout: 0.2` and `unroll: true`
  because  without it a GPU runs the layer step by step
  fix      leave `recurrent_dropout` and `unroll` out; `dropout` does not matter to the kernel"""),
    ("GRU", {"units": 8, "reset_after": False}, (None, 5, 3), (), """\
hint[no-cudnn] layer "layer" (GRU)
  expected `reset_after: true` for the fused cuDNN kernel
  got      `reset_after: false`
  because  without it a GPU runs the layer step by step
  fix      leave `reset_after` out, unless you load weights that were trained with it"""),
    ("LSTM", {"units": 8, "use_cudnn": True}, (None, 5, 3), (), """\
hint[gpu-needed] layer "layer" (LSTM)
  expected a GPU
  got      `use_cudnn: true`
  because  Keras builds the layer anywhere, and fails on data where it has no GPU"""),
    ("SimpleRNN", {"units": 8, "unroll": True}, (None, None, 3), (), """\
hint[unroll-unknown-length] layer "layer" (SimpleRNN)
  expected a known number of timesteps with `unroll: true`
  got      (None, None, 3)
  because  Keras unrolls the loop for the length that it meets first, and refuses another one
  fix      state the number of timesteps, or leave `unroll` out"""),
    ("SimpleRNN", {"units": 8, "dropout": 50}, (None, 5, 3), (), """\
hint[clipped-dropout] layer "layer" (SimpleRNN)
  expected `dropout` from 0 to 1
  got      `dropout: 50`
  because  Keras takes it for 1 without a word"""),
    ("GRU", {"units": 8}, (None, 5, 3), [(None, 8)] * 2, """\
hint[unused-state] layer "layer" (GRU)
  expected 1 state in `initial_state`: (None, 8)
  got      2
  because  Keras ignores the rest"""),
    ("TimeDistributed", {"layer": "Dense(8)", "trainable": False}, (None, 5, 3), (), """\
hint[not-frozen] layer "layer" (TimeDistributed)
  expected `trainable: false` on the layer that holds the weights
  got      `trainable: false` on TimeDistributed
  because  Keras trains the weights of the layers inside regardless"""),
    ("Bidirectional", {"layer": "LSTM(64, return_sequences=True)"}, (None, 5, 3), (), """\
hint[doubled-width] layer "layer" (Bidirectional)
  got      128 values per step
  because  64 forward and 64 backward
  fix      where a paper says 64 for both together, it is `units: 32`"""),
    ("Bidirectional", {"layer": "ConvLSTM1D(2, 3, data_format='channels_first')"}, (None, 5, 1, 8), (), """\
hint[doubled-width] layer "layer" (Bidirectional)
  got      12 along the last axis
  because  6 forward and 6 backward, as `merge_mode: concat` joins the last axis, not the channels"""),
    ("Bidirectional", {"layer": "LSTM(6)", "backward_layer": "LSTM(8, go_backwards=True)"}, (None, 5, 3), (), """\
hint[other-shape-in-keras] layer "layer" (Bidirectional)
  expected (None, 12), which Keras states before it has data
  got      (None, 14)
  because  Keras takes the backward layer to be like the forward one
  fix      give both layers the same width and states"""),
]  # fmt: skip


@pytest.mark.parametrize(("class_name", "arguments", "inputs", "states", "text"), HINTS)
def test_hint(class_name: str, arguments: dict[str, Any], inputs: Any, states: Any, text: str) -> None:
    assert hints_of(class_name, arguments, inputs, states) == [text]


QUIET = [
    ("LSTM", {"units": 8, "dropout": 0.2}),
    ("LSTM", {"units": 8, "unroll": True, "use_cudnn": False}),
    ("SimpleRNN", {"units": 8, "activation": "relu"}),
    ("Bidirectional", {"layer": "LSTM(8)", "merge_mode": "sum"}),
]


@pytest.mark.parametrize(("class_name", "arguments"), QUIET)
def test_no_hint_where_nothing_is_amiss(class_name: str, arguments: dict[str, Any]) -> None:
    assert hints_of(class_name, arguments, (None, 5, 3)) == []


def chain(*layers: LayerSpec, models: dict[str, Spec] | None = None) -> Spec:
    """Layers one after the other, on an input of 10 steps of 4 values."""
    names = ["x", *(layer.name for layer in layers)]
    calls = tuple(Call(layer.name, (Ref(before),)) for before, layer in zip(names, layers, strict=False))
    held = {layer.name: layer for layer in layers}
    return Spec("m", (InputSpec("x", (10, 4)),), held, calls, (Ref(names[-1]),), models=models or {})


@pytest.mark.parametrize(
    ("call", "because", "fix"),
    [
        ("LSTM(8)", '"first" has `return_sequences: false`', 'set `return_sequences: true` on "first"'),
        (
            "Bidirectional(LSTM(8))",
            '"first" has an LSTM inside with `return_sequences: false`',
            'set `return_sequences: true` on the LSTM in "first"',
        ),
        (
            "Bidirectional(GRU(8))",
            '"first" has a GRU inside with `return_sequences: false`',
            'set `return_sequences: true` on the GRU in "first"',
        ),
    ],
)
def test_the_layer_that_drops_timesteps_is_named_with_the_change(call: str, because: str, fix: str) -> None:
    first = read_call(call).changed(name="first")
    with pytest.raises(SpecError) as caught:
        infer(chain(first, LayerSpec("LSTM", "second", {"units": 8})))
    (fault,) = caught.value.faults
    assert (fault.because, fault.fix) == (f"{because}, which drops timesteps", fix)


def test_a_nested_model_is_applied_to_every_step() -> None:
    inner = Spec(
        "inner",
        (InputSpec("step", (4,)),),
        {"dense": LayerSpec("Dense", "dense", {"units": 3})},
        (Call("dense", (Ref("step"),)),),
        (Ref("dense"),),
    )
    wrapper = LayerSpec("TimeDistributed", "td", {"layer": LayerSpec("inner", "inner_1")})
    layer = infer(chain(wrapper, models={"inner": inner})).layers[-1]
    assert layer.output_shapes == ((None, 10, 3),)
    assert [weight.name for weight in layer.weights] == ["inner_1/dense/kernel", "inner_1/dense/bias"]
    assert (layer.params, layer.formula) == (15, None)
