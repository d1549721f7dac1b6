"""What layers and models cost: pinned numbers, symbols, and what must hold of all of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_examples import one_layer

from lstmcalc import infer, load
from lstmcalc.costs import training_macs
from lstmcalc.dims import UNKNOWN, Dim, parse, substitute, symbols_of
from lstmcalc.layers.activation_costs import PRICED, activation_name, activation_work
from lstmcalc.layers.costs import UNKNOWN_COST, Cost
from lstmcalc.opening import named_sizes, opened


def cost_of(class_name: str, arguments: dict[str, Any], inputs: Any, **more: Any) -> Cost:
    """What a layer costs on its own."""
    return infer(one_layer(class_name, arguments, inputs, **more)).cost


def trained(text: str) -> Dim:
    """The multiply-adds of a training step of a model."""
    return training_macs(infer(load("-", text=text)))


# U = 8, D = 5, T = 10: products 10 · g · 8 · 13, then for each unit and step what KERAS_FACTS says besides.
@pytest.mark.parametrize(
    ("class_name", "arguments", "cost"),
    [
        ("LSTM", {}, Cost(10 * 4 * 8 * 13, 10 * 8 * 12, 10 * 8 * 5)),
        ("LSTM", {"use_bias": False}, Cost(10 * 4 * 8 * 13, 10 * 8 * 8, 10 * 8 * 5)),
        ("LSTM", {"activation": "relu"}, Cost(10 * 4 * 8 * 13, 10 * 8 * 14, 10 * 8 * 3)),
        ("LSTM", {"recurrent_activation": "hard_sigmoid"}, Cost(10 * 4 * 8 * 13, 10 * 8 * 24, 10 * 8 * 2)),
        ("LSTM", {"return_sequences": True, "dropout": 0.5, "recurrent_dropout": 0.5}, Cost(4160, 960, 400)),
        ("GRU", {}, Cost(10 * 3 * 8 * 13, 10 * 8 * 14, 10 * 8 * 3)),
        ("GRU", {"reset_after": False}, Cost(10 * 3 * 8 * 13, 10 * 8 * 11, 10 * 8 * 3)),
        ("SimpleRNN", {}, Cost(10 * 8 * 13, 10 * 8 * 2, 10 * 8)),
    ],
)
def test_recurrent_layers(class_name: str, arguments: dict[str, Any], cost: Cost) -> None:
    assert cost_of(class_name, {"units": 8, **arguments}, (None, 10, 5)) == cost


@pytest.mark.parametrize(
    ("class_name", "arguments", "inputs", "cost"),
    [
        ("Dense", {"units": 3}, (None, 4, 5), Cost(60, 12)),
        ("Dense", {"units": 3, "activation": "softmax"}, (None, 4, 5), Cost(60, 12 + 4 * (4 * 3 - 2), 12)),
        ("Dense", {"units": 4, "activation": "glu"}, (None, 5), Cost(20, 4 + 2, 2)),
        ("Dense", {"units": 3, "lora_rank": 2}, (None, 5), Cost(15, 3)),
        ("Embedding", {"input_dim": 9, "output_dim": 4}, (None, 7), Cost()),
        ("ReversibleEmbedding", {"input_dim": 9, "output_dim": 4}, (None, 7), Cost()),
        ("Dropout", {"rate": 0.5}, (None, 7), Cost()),
        ("Flatten", {}, (None, 7, 2), Cost()),
        ("Concatenate", {}, [(None, 7), (None, 2)], Cost()),
        ("Add", {}, [(None, 4, 1), (None, 1, 3), (None, 4, 3)], Cost(0, 24)),
        ("Add", {}, [(None, 4, 1), (None, 4, 1), (None, 4, 3)], Cost(0, 4 + 12)),
        ("Average", {}, [(None, 4), (None, 4), (None, 4)], Cost(0, 12)),
        ("Dot", {"axes": 2}, [(None, 3, 5), (None, 4, 5)], Cost(60)),
        ("Resizing", {"height": 8, "width": 8}, (None, 4, 4, 3), Cost(8 * 8 * 3 * 2 * 2)),
        ("Resizing", {"height": 8, "width": 8, "interpolation": "bicubic"}, (None, 4, 4, 3), Cost(192 * 4 * 4)),
        ("Resizing", {"height": 8, "width": 8, "interpolation": "lanczos3"}, (None, 4, 4, 3), Cost(192 * 6 * 6)),
        ("UpSampling2D", {"interpolation": "bicubic"}, (None, 4, 4, 3), Cost(192 * 4 * 4)),
        ("TimeDistributed", {"layer": "Dense(3)"}, (None, 4, 5), Cost(60, 12)),
        ("Bidirectional", {"layer": "SimpleRNN(2)", "merge_mode": "ave"}, (None, 4, 3), Cost(80, 32 + 4, 16)),
        ("ConvLSTM1D", {"filters": 2, "kernel_size": 3}, (None, 4, 7, 1), Cost(4 * 5 * 72, 4 * 5 * 24, 4 * 5 * 10)),
    ],
)
def test_other_layers(class_name: str, arguments: dict[str, Any], inputs: Any, cost: Cost) -> None:
    assert cost_of(class_name, arguments, inputs) == cost


def test_the_way_back_of_an_embedding_scores_every_number() -> None:
    arguments = {"input_dim": 9, "output_dim": 4, "logit_soft_cap": 5.0}
    assert cost_of("ReversibleEmbedding", arguments, (None, 7, 4), keywords={"reverse": True}) == Cost(252, 126, 63)


@pytest.mark.parametrize("name", [*PRICED, "glu"])
def test_an_activation_costs_as_much_by_its_config(name: str) -> None:
    config = {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
    assert list(activation_work(config, (None, 4, 6))) == list(activation_work(name, (None, 4, 6))) != []


@pytest.mark.parametrize("activation", [{"class_name": "mine>swish", "config": {}}, "mine>swish", {"class_name": "X"}])
def test_what_an_activation_of_somebody_elses_calculates_is_not_known(activation: Any) -> None:
    assert activation_name(activation) is None
    assert [work.cost for work in activation_work(activation, (None, 4))] == [UNKNOWN_COST]


def test_no_activation_is_no_work() -> None:
    assert [*activation_work(None, (None, 4)), *activation_work("linear", (None, 4))] == []


def test_a_row_along_the_batch_takes_no_more_rows_for_more_samples() -> None:
    assert cost_of("Activation", {"activation": "softmax"}, (None,)) == Cost(0, 4, 1)


RECURRENT = [
    ("LSTM", {"units": 3}),
    ("GRU", {"units": 3}),
    ("GRU", {"units": 3, "reset_after": False, "activation": "softmax"}),
    ("SimpleRNN", {"units": 3, "use_bias": False}),
    ("RNN", {"cell": ["LSTMCell(3)", "GRUCell(2)"]}),
    ("Bidirectional", {"layer": "LSTM(3)"}),
    ("Bidirectional", {"layer": "GRU(3, return_sequences=True)", "merge_mode": "sum"}),
    ("TimeDistributed", {"layer": "Dense(3)"}),
]


@pytest.mark.parametrize(("class_name", "arguments"), RECURRENT)
def test_twice_the_steps_cost_twice_as_much(class_name: str, arguments: dict[str, Any]) -> None:
    named = cost_of(class_name, arguments, (None, "T", 5))
    for cost, ten, twenty in zip(
        named, *(cost_of(class_name, arguments, (None, steps, 5)) for steps in (10, 20)), strict=True
    ):
        assert twenty == 2 * ten
        assert substitute(cost, {"T": 10}) == ten and substitute(cost, {"T": 20}) == twenty
        assert symbols_of(cost) == ("T",) or cost == 0


@pytest.mark.parametrize("more", ["ConvLSTM1D", "ConvLSTM2D"])
def test_twice_the_steps_of_a_convolutional_lstm_cost_twice_as_much(more: str) -> None:
    sizes = (7,) * int(more[-2])
    ten, twenty = (cost_of(more, {"filters": 2, "kernel_size": 3}, (None, steps, *sizes, 1)) for steps in (10, 20))
    assert twenty == ten.times(2)


def test_a_merged_output_is_merged_once_whatever_the_steps() -> None:
    layer = {"layer": "LSTM(3)"}
    plain, summed = (
        cost_of("Bidirectional", {**layer, **more}, (None, "T", 5)) for more in ({}, {"merge_mode": "sum"})
    )
    assert summed.arithmetic - plain.arithmetic == 3


def test_costs_in_symbols() -> None:
    spec, _ = opened(named_sizes(load("-", text="input: [null, D]\nlayers: [LSTM: U]")), [])
    cost = infer(spec).cost
    assert cost == Cost(parse("4*T*U*(D + U)"), parse("12*T*U"), parse("5*T*U"))


def test_what_is_not_known_makes_the_whole_unknown() -> None:
    report = infer(load("-", text="input: [null, 5]\nlayers: [LSTM: 4, Dense: 2]"))
    assert report.cost == UNKNOWN_COST and training_macs(report) is UNKNOWN
    assert report.layers[-1].cost == Cost(8, 2)


MODEL = "[Embedding: {input_dim: 9, output_dim: 3}, LSTM: {units: 4, return_sequences: true}, GRU: 2, Dense: 5]"


def test_a_model_costs_the_same_as_its_layers_in_place() -> None:
    inputs = "inputs: {words: {shape: [6], dtype: int32}}"
    inner = f"models:\n  inner:\n    inputs: {{words: {{shape: [6], dtype: int32}}}}\n    layers: {MODEL}"
    flat = infer(load("-", text=f"{inputs}\nlayers: {MODEL}"))
    nested = infer(load("-", text=f"{inputs}\n{inner}\nlayers: [inner]"))
    assert nested.cost == flat.cost != Cost()
    assert training_macs(nested) == training_macs(flat)


IN_PLACE = [
    "Dense: UNITS",
    "Dense: {units: UNITS, trainable: false}",
    "LSTM: {units: UNITS, return_sequences: true}",
    "GRU: {units: UNITS, return_sequences: true, reset_after: false, trainable: false}",
    "Bidirectional: {layer: {SimpleRNN: {units: UNITS, return_sequences: true}}}",
    "TimeDistributed: {layer: {Dense: UNITS}}",
]


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 5), st.lists(st.sampled_from(IN_PLACE), min_size=1, max_size=4), st.integers(0, 3))
def test_drawn_models_cost_the_same_as_their_layers_in_place(units: int, layers: list[str], cut: int) -> None:
    stated = [layer.replace("UNITS", str(units)) for layer in layers]
    flat = f"input: [3, 2]\nlayers: [{', '.join(['Dense: 2', *stated])}]"
    first, rest = ["Dense: 2", *stated[:cut]], stated[cut:]
    width = infer(load("-", text=f"input: [3, 2]\nlayers: [{', '.join(first)}]")).outputs[0].shape
    assert width is not None
    inner = f"models:\n  inner:\n    input: [3, {width[-1]}]\n    layers: [{', '.join(rest)}]\n" if rest else ""
    whole = f"input: [3, 2]\n{inner}layers: [{', '.join([*first, *(['inner'] if rest else [])])}]"
    assert infer(load("-", text=whole)).cost == infer(load("-", text=flat)).cost
    assert trained(whole) == trained(flat)


def test_a_shared_layer_costs_what_its_applications_cost() -> None:
    text = """
        inputs: {a: [3, 2], b: [5, 2]}
        layers:
          - LSTM: {units: 4, name: reader, inputs: a}
          - {apply: reader, inputs: b, name: again}
          - Concatenate: {inputs: [reader, again]}"""
    report = infer(load("-", text=text))
    parts = [cost_of("LSTM", {"units": 4}, (None, steps, 2)) for steps in (3, 5)]
    reader = next(layer for layer in report.layers if layer.name == "reader")
    assert [call.cost for call in reader.calls] == parts
    assert reader.cost == report.cost == Cost.of(parts)


# D = 2, U = 4, T = 3: a step multiplies 4·4·2 = 32 with the input and 4·4·4 = 64 with the states.
@pytest.mark.parametrize(
    ("layers", "macs"),
    [
        # Gradients to both kernels, and to the states but the first.
        ("LSTM: 4", 3 * 96 * 2 + 2 * 64),
        ("LSTM: {units: 4, trainable: false}", 3 * 96),
        # Whatever stands above a trained layer hands its gradient down.
        ("Dense: 2, LSTM: {units: 4, trainable: false}", 2 * 12 + 3 * 96 + 3 * 32 + 2 * 64),
        ("Dense: {units: 2, trainable: false}, LSTM: 4", 12 + 3 * 96 * 2 + 2 * 64),
        # The candidate of such a GRU reads what its trained reset gate makes, at the first step already.
        ("GRU: {units: 4, reset_after: false}", 3 * 72 * 2 + 2 * 48 + 16),
        ("GRU: {units: 4, reset_after: false, trainable: false}", 3 * 72),
        # The second cell reads what the first has made; of a frozen one it needs no gradient.
        ("RNN: {cell: [SimpleRNNCell: 4, SimpleRNNCell: 1]}", 3 * (24 + 5) * 2 + 2 * (16 + 1) + 3 * 4),
        ("RNN: {cell: [SimpleRNNCell: {units: 4, trainable: false}, SimpleRNNCell: 1]}", 3 * (24 + 5 * 2) + 2),
    ],
)
def test_a_training_step(layers: str, macs: int) -> None:
    assert trained(f"input: [3, 2]\nlayers: [{layers}]") == macs


def test_a_table_is_trained_though_looking_up_costs_nothing() -> None:
    text = "inputs: {words: {shape: [3], dtype: int32}}\nlayers: [Embedding: {%s}, Dense: 4]"
    sizes = "input_dim: 9, output_dim: 2"
    assert trained(text % sizes) == 3 * 24
    assert trained(text % f"{sizes}, trainable: false") == 2 * 24


@pytest.mark.parametrize(("second", "gradients"), [("Dense: {units: 4", 2), ("Dense: {trainable: false, units: 4", 1)])
def test_a_product_of_data_hands_a_gradient_to_each_of_its_sides(second: str, gradients: int) -> None:
    text = f"""
        inputs: {{a: [3, 2], b: [5, 2]}}
        layers:
          - Dense: {{units: 4, name: left, inputs: a}}
          - {second}, name: right, inputs: b}}
          - Dot: {{axes: 2, inputs: [left, right]}}"""
    assert trained(text) == 24 * 2 + 40 * gradients + 60 * (1 + gradients)


def test_a_convolutional_lstm_needs_no_gradient_to_the_states_at_its_start() -> None:
    inside, states = 4 * 5 * 4 * 3 * 2, 5 * 3 * 2 * 8
    assert trained("input: [4, 7, 1]\nlayers: [ConvLSTM1D: {filters: 2, kernel_size: 3}]") == (
        2 * (inside + 4 * states) + 3 * states
    )


def test_a_frozen_model_trains_nothing() -> None:
    spec = load(
        "-",
        text="""
        models:
          inner: {input: [6], layers: [Dense: 3]}
        input: [5, 4]
        layers: [Masking: {}, LSTM: 6, inner: {}, Dense: 2]""",
    )
    report = infer(spec)
    assert training_macs(report) > report.cost.macs
    assert training_macs(infer(spec._replace(trainable=False))) == report.cost.macs
