"""What layers and models cost, against what Keras calculates on JAX, and against TensorFlow's profiler."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import keras
import pytest
import tensorflow as tf
from cost_agreement import Case, Costs, Oracle, differing, noted, of_spec, ours, questions, theirs
from cost_differences import NOT_KNOWN, NOT_ON_JAX, OTHER_ARITHMETIC, OTHER_PRODUCTS
from layer_examples import cases, one_layer

from lstmcalc import infer, load
from lstmcalc.dims import lift_size, total
from lstmcalc.layers import RULES, Example
from lstmcalc.layers.activation_costs import PRICED
from lstmcalc.spec import Spec

#: The layers of Keras 2 that Keras 3 has not.
GONE = {name for name, rule in RULES.items() if rule.family == "legacy"}
NAMES = [name for name in dict.fromkeys(name for name, _ in cases(Example)) if name not in GONE]


def examples(class_name: str) -> Iterator[Case]:
    """A layer's examples, the long sequences among them shortened: what is written out is written for every step."""
    for example in RULES[class_name].examples:
        if isinstance(example, Example):
            inputs, long = example.inputs, RULES[class_name].family == "rnn"
            if long and isinstance(inputs, tuple) and (inputs[1] or 0) > 12:
                inputs = (inputs[0], 9, *inputs[2:])
            yield Case(class_name, example.arguments, inputs, example.states, example.dtype, example.keywords)


def hold(oracle: Oracle, asked: list[Case]) -> set[str]:
    """Holds cases against JAX, and returns which reasons for a difference they gave."""
    answers = oracle.ask(questions(asked))
    mine = [ours(case) for case in asked]
    reasons = set()
    for case, costs, answer in zip(asked, mine, answers(), strict=True):
        found = told(case, costs, answer)
        noted(case.class_name, found)
        reasons |= {*found} & {"not on JAX", "not known", "other arithmetic", "other products"}
    return reasons


def told(case: Case, costs: Costs, answer: dict[str, Any]) -> list[str]:
    """The kinds of cost that agree in one case, or why they do not; a difference without a reason fails."""
    name = case.class_name
    if "error" in answer:
        assert name in NOT_ON_JAX, f"{case}: {answer['error']}"
        return ["not on JAX"]
    if costs.unknown:
        assert name in NOT_KNOWN, f"{case}: the cost is not known"
        return ["not known"]
    real = theirs(answer, str(case))
    other = differing(costs, real)
    message = f"{case}: {', '.join(other)} of {costs}, which Keras on JAX has as {real}"
    if other and name in OTHER_PRODUCTS:
        return [*(kind for kind in Costs._fields if kind not in other), "other products"]
    assert not {"macs", "training"} & {*other}, message
    assert not other or name in OTHER_ARITHMETIC, message
    return [*(kind for kind in Costs._fields if kind not in other), *(["other arithmetic"] if other else [])]


@pytest.mark.parametrize("class_name", NAMES)
def test_every_example_costs_what_keras_calculates(oracle: Oracle, class_name: str) -> None:
    reasons = hold(oracle, list(examples(class_name)))
    listed = {"not on JAX": NOT_ON_JAX, "not known": NOT_KNOWN, "other arithmetic": OTHER_ARITHMETIC}
    listed["other products"] = OTHER_PRODUCTS
    # A reason that none of the examples needs any more is none.
    assert reasons == {reason for reason, names in listed.items() if class_name in names}


ACTIVATIONS = sorted(PRICED)
PLAIN = ["tanh", "sigmoid", "relu", "linear", None]


def drawn_recurrent(rng: random.Random) -> Case:
    name = rng.choice(["LSTM", "GRU", "SimpleRNN"])
    units, steps = rng.randint(1, 4), rng.choice([None, 1, 2, 3])
    arguments = {
        "units": units,
        "activation": rng.choice([*PLAIN, *ACTIVATIONS]),
        "use_bias": rng.random() < 0.7,
        "return_sequences": rng.random() < 0.5,
        "return_state": rng.random() < 0.3,
        "go_backwards": rng.random() < 0.2,
        "dropout": rng.choice([0.0, 0.2]),
        "recurrent_dropout": rng.choice([0.0, 0.2]),
        "trainable": rng.random() < 0.85,
    }
    if name != "SimpleRNN":
        arguments["recurrent_activation"] = rng.choice([*PLAIN, *ACTIVATIONS])
    if name == "GRU":
        arguments["reset_after"] = rng.random() < 0.5
    given = rng.random() < 0.25
    states = [(None, units)] * (2 if name == "LSTM" else 1) if given else []
    return Case(name, arguments, (None, steps, rng.randint(1, 4)), states)


def drawn_call(rng: random.Random, backwards: bool, **fixed: Any) -> str:
    """A recurrent layer as a Keras call, for a wrapper."""
    cell = rng.choice(["LSTM", "GRU", "SimpleRNN"])
    stated = {"use_bias": rng.random() < 0.7, "trainable": rng.random() < 0.6, "go_backwards": backwards, **fixed}
    if cell == "GRU":
        stated["reset_after"] = rng.random() < 0.5
    return f"{cell}({rng.randint(1, 4)}, {', '.join(f'{key}={value}' for key, value in stated.items())})"


def drawn_wrapper(rng: random.Random) -> Case:
    inputs = (None, rng.choice([1, 2, 3]), rng.randint(1, 4))
    if rng.random() < 0.25:
        return Case("TimeDistributed", {"layer": drawn_call(rng, False)}, (None, 2, *inputs[1:]))
    if rng.random() < 0.25:
        # Of a list with one cell in it, Keras loses the states where the loop is written out.
        cells = [drawn_cell(rng) for _ in range(rng.randint(1, 3))]
        cell = cells if len(cells) > 1 else cells[0]
        return Case("RNN", {"cell": cell, "return_sequences": rng.random() < 0.5}, inputs)
    merge = rng.choice(["concat", "sum", "mul", "ave", None])
    sequences = rng.random() < 0.5
    forward = drawn_call(rng, False, return_sequences=sequences)
    arguments: dict[str, Any] = {"layer": forward, "merge_mode": merge}
    if merge in ("concat", None) and rng.random() < 0.5:
        arguments["backward_layer"] = drawn_call(rng, True, return_sequences=sequences)
    return Case("Bidirectional", arguments, inputs)


def drawn_cell(rng: random.Random) -> str:
    cell = rng.choice(["LSTMCell", "GRUCell", "SimpleRNNCell"])
    more = f", reset_after={rng.random() < 0.5}" if cell == "GRUCell" else ""
    return f"{cell}({rng.randint(1, 4)}, use_bias={rng.random() < 0.7}, trainable={rng.random() < 0.6}{more})"


def drawn_dense(rng: random.Random) -> Case:
    arguments = {
        "units": 2 * rng.randint(1, 4),
        "activation": rng.choice([None, "glu", *ACTIVATIONS]),
        "use_bias": rng.random() < 0.7,
        "lora_rank": rng.choice([None, None, 2]),
        "trainable": rng.random() < 0.85,
    }
    between = [rng.choice([None, 1, 3]) for _ in range(rng.randint(0, 2))]
    return Case("Dense", arguments, (None, *between, rng.randint(1, 5)))


def drawn_conv_lstm(rng: random.Random) -> Case:
    rank = rng.choice([1, 1, 2])
    first, strided = rng.random() < 0.3, rng.random() < 0.5
    arguments = {
        "filters": rng.randint(1, 3),
        "kernel_size": [rng.randint(1, 3) for _ in range(rank)],
        "strides": [rng.randint(1, 2) if strided else 1 for _ in range(rank)],
        "dilation_rate": [1 if strided else rng.randint(1, 2) for _ in range(rank)],
        "padding": rng.choice(["valid", "same"]),
        "data_format": "channels_first" if first else "channels_last",
        "use_bias": rng.random() < 0.7,
        "activation": rng.choice([*PLAIN, "softmax"]),
        "return_sequences": rng.random() < 0.5,
        "trainable": rng.random() < 0.85,
    }
    sizes, channels = [rng.randint(5, 7) for _ in range(rank)], rng.randint(1, 3)
    inner = [channels, *sizes] if first else [*sizes, channels]
    return Case(f"ConvLSTM{rank}D", arguments, (None, rng.choice([1, 2, 3]), *inner))


def drawn_merge(rng: random.Random) -> Case:
    name = rng.choice(["Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract", "Dot"])
    if name == "Dot":
        sizes = [rng.randint(1, 4) for _ in range(3)]
        inputs = [(None, sizes[0], sizes[1]), (None, sizes[2], sizes[1])]
        return Case("Dot", {"axes": 2, "normalize": rng.random() < 0.5}, inputs)
    whole = [rng.randint(1, 4) for _ in range(rng.randint(1, 3))]
    number = 2 if name == "Subtract" else rng.randint(1, 4)
    inputs = []
    for _ in range(number):
        kept = whole[rng.randint(0, len(whole) - 1) :] if rng.random() < 0.4 else whole
        inputs.append((None, *(size if rng.random() < 0.6 else 1 for size in kept)))
    return Case(name, {}, inputs)


def drawn_activation(rng: random.Random) -> Case:
    inputs = (None, *(rng.randint(1, 4) for _ in range(rng.randint(1, 3))))
    name = rng.choice(["Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax"])
    if name == "Activation":
        return Case(name, {"activation": rng.choice(ACTIVATIONS)}, inputs)
    if name == "Softmax":
        axes = list(range(1, len(inputs)))
        return Case(name, {"axis": rng.sample(axes, rng.randint(1, len(axes)))}, inputs)
    if name == "PReLU":
        return Case(name, {"shared_axes": [1] if rng.random() < 0.5 else None}, inputs)
    if name == "ReLU":
        cut = {"max_value": rng.choice([None, 6.0, 2.0]), "threshold": rng.choice([0.0, 1.0])}
        return Case(name, {**cut, "negative_slope": rng.choice([0.0, 0.1])}, inputs)
    return Case(name, {"alpha": 0.5} if name == "ELU" else {"negative_slope": rng.choice([0.0, 0.1])}, inputs)


DRAWS = [drawn_recurrent, drawn_wrapper, drawn_dense, drawn_conv_lstm, drawn_merge, drawn_activation]


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("number", [12, pytest.param(200, marks=pytest.mark.long)])
def test_drawn_layers_cost_what_keras_calculates(oracle: Oracle, draw: Any, number: int) -> None:
    rng = random.Random(f"{draw.__name__} {number}")
    assert hold(oracle, [draw(rng) for _ in range(number)]) == set()


def test_every_activation_costs_what_keras_calculates(oracle: Oracle) -> None:
    shape = (None, 3, 4)
    asked = [Case("Activation", {"activation": name}, shape) for name in ("linear", *ACTIVATIONS)]
    asked += [Case("Dense", {"units": 6, "activation": name}, shape) for name in ("glu", *ACTIVATIONS)]
    assert hold(oracle, asked) == set()


def test_a_loop_also_computes_a_gradient_that_nothing_needs(oracle: Oracle) -> None:
    asked = [
        Case(name, {"units": 3, **more}, (None, 4, 2))
        for name in ("LSTM", "GRU", "SimpleRNN")
        for more in ({}, {"use_bias": False})
    ]
    asked.append(
        Case("Bidirectional", {"layer": "LSTM(3)", "backward_layer": "GRU(2, go_backwards=True)"}, (None, 4, 2))
    )
    for case, answer in zip(asked, oracle.ask(questions(asked, unrolled=False))(), strict=True):
        report = infer(one_layer(case.class_name, case.arguments, case.inputs))
        spared = total(step.spared for step in report.layers[1].calls[0].work or ())
        mine, real = ours(case), theirs(answer)
        assert spared > 0
        assert (real.macs, real.training) == (mine.macs, mine.training + spared), case


#: Models whose layers depend on each other in ways that a training step goes by.
MODELS = {
    "frozen, below and above": """
        input: [3, 2]
        layers:
          - Dense: {units: 3, trainable: false}
          - LSTM: {units: 4, return_sequences: true}
          - LSTM: {units: 3, trainable: false, return_sequences: true}
          - GRU: {units: 2, reset_after: false}
          - Dense: {units: 5, trainable: false}""",
    "a frozen GRU behind a trained layer": """
        input: [3, 2]
        layers: [Dense: 3, GRU: {units: 4, reset_after: false, trainable: false}, Dense: 1]""",
    "frozen all": """
        input: [3, 2]
        layers: [LSTM: {units: 4, trainable: false}, Dense: {units: 1, trainable: false}]""",
    "shared, on two lengths": """
        inputs: {a: [3, 2], b: [5, 2]}
        layers:
          - LSTM: {units: 4, name: reader, inputs: a}
          - {apply: reader, inputs: b, name: again}
          - Concatenate: {inputs: [reader, again]}
          - Dense: 1""",
    "looked up": """
        inputs: {words: {shape: [4], dtype: int32}}
        layers:
          - Embedding: {input_dim: 9, output_dim: 3}
          - Bidirectional: {layer: {GRU: 2}}
          - Dense: {units: 9, activation: softmax}""",
    "looked up in a frozen table": """
        inputs: {words: {shape: [4], dtype: int32}}
        layers: [Embedding: {input_dim: 9, output_dim: 3, trainable: false}, LSTM: 2]""",
    "masked": """
        input: [4, 3]
        layers: [Masking: {}, LSTM: {units: 2, return_sequences: true}, TimeDistributed: {layer: {Dense: 2}}]""",
    "states, of which one is trained": """
        inputs: {a: [3, 2], b: [4]}
        layers:
          - Dense: {units: 3, name: start, inputs: b}
          - GRU: {units: 3, name: reader, inputs: a, initial_state: [start]}""",
    "a carry that is trained, and a hidden state that is not": """
        inputs: {a: [3, 2], b: [3], c: [4]}
        layers:
          - Dense: {units: 3, name: carry, inputs: c}
          - LSTM: {units: 3, inputs: a, initial_state: [b, carry]}""",
    "a hidden state that is trained, and a frozen layer": """
        inputs: {a: [3, 2], b: [4], c: [3]}
        layers:
          - Dense: {units: 3, name: hidden, inputs: b}
          - LSTM: {units: 3, inputs: a, initial_state: [hidden, c], trainable: false}""",
    "a trained carry into a frozen layer": """
        inputs: {a: [3, 2], b: [3], c: [4]}
        layers:
          - Dense: {units: 3, name: carry, inputs: c}
          - LSTM: {units: 3, inputs: a, initial_state: [b, carry], trainable: false}""",
    "states of one direction that are trained": """
        inputs: {a: [3, 2], b: [3], c: [4]}
        layers:
          - Dense: {units: 3, name: backwards, inputs: c}
          - Bidirectional: {layer: GRU(3), inputs: a, initial_state: [b, backwards]}""",
    "a state of the upper cell that is trained": """
        inputs: {a: [3, 2], h: [3], c: [3], d: [4]}
        layers:
          - Dense: {units: 2, name: upper, inputs: d}
          - RNN: {cell: ["LSTMCell(3)", "SimpleRNNCell(2)"], inputs: a, initial_state: [h, c, upper]}""",
    "a trained state of the lower cell, and frozen cells": """
        inputs: {a: [3, 2], d: [4], u: [2]}
        layers:
          - Dense: {units: 3, name: lower, inputs: d}
          - RNN: {cell: ["GRUCell(3, trainable=False)", "SimpleRNNCell(2, trainable=False)"], inputs: a,
                  initial_state: [lower, u]}""",
    "a trained state of the upper cell, and frozen cells": """
        inputs: {a: [3, 2], d: [4], u: [3]}
        layers:
          - Dense: {units: 2, name: upper, inputs: d}
          - RNN: {cell: ["GRUCell(3, trainable=False)", "SimpleRNNCell(2, trainable=False)"], inputs: a,
                  initial_state: [u, upper]}""",
    "a carry that is trained, into a model used as a layer": """
        models:
          decoder:
            inputs: {a: [3, 2], b: [3], c: [3]}
            layers: [LSTM: {units: 3, inputs: a, initial_state: [b, c]}]
        inputs: {a: [3, 2], b: [3], c: [4]}
        layers:
          - Dense: {units: 3, name: carry, inputs: c}
          - decoder: {inputs: [a, b, carry]}""",
    "states that nothing trains": """
        inputs: {a: [3, 2], b: [3], c: [3]}
        layers: [LSTM: {units: 3, inputs: a, initial_state: [b, c]}]""",
    "a product of two branches": """
        inputs: {a: [3, 2], b: [4, 2]}
        layers:
          - Dense: {units: 5, name: left, inputs: a}
          - Dense: {units: 5, name: right, inputs: b, trainable: false}
          - Dot: {axes: 2, inputs: [left, right]}""",
}


#: Masking compares its values once more where its mask is used, as Keras asks it twice; compilers merge the two.
COMPARED_TWICE = {"masked": 4 * 3, "masked_binary": 50 * 1}


def with_mask(costs: Costs, name: str) -> Costs:
    """What Keras calculates where Masking is asked twice."""
    return costs._replace(arithmetic=costs.arithmetic + COMPARED_TWICE.get(name, 0))


def test_models_cost_what_keras_calculates(oracle: Oracle) -> None:
    specs = {name: load("-", text=text) for name, text in MODELS.items()}
    answers = oracle.ask([("spec", spec) for spec in specs.values()])
    mine = {name: with_mask(of_spec(spec), name) for name, spec in specs.items()}
    assert mine == {name: theirs(answer, name) for name, answer in zip(specs, answers(), strict=True)}


SPECS = ["char_rnn", "forecast", "many_to_many", "masked_binary", "sentence_encoder", "seq2seq", "speaker_change",
         "surname_classifier", "target_token", "transformer_encoder"]  # fmt: skip


def shortened(spec: Spec, steps: int) -> Spec:
    """A model on inputs of fewer steps, since every step is written out."""
    cut = [one._replace(shape=(steps, *one.shape[1:])) if one.shape[0] == 200 else one for one in spec.inputs]
    return spec._replace(inputs=tuple(cut))


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("steps", [9, pytest.param(200, marks=pytest.mark.long)])
def test_our_own_models_cost_what_keras_calculates(oracle: Oracle, name: str, steps: int) -> None:
    spec = shortened(load(f"specs/{name}.yaml"), steps)
    answers = oracle.ask([("spec", spec)])
    assert with_mask(of_spec(spec), name) == theirs(*answers(), name)


def profiled(layer: Any, steps: int) -> int:
    """What TensorFlow's profiler counts in a call of the layer, for one sample."""
    inputs = keras.Input((steps, 5), batch_size=1)
    model = keras.Model(inputs, layer(inputs))
    function = tf.function(lambda data: model(data, training=False))
    concrete = function.get_concrete_function(tf.TensorSpec((1, steps, 5), "float32"))
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    return int(tf.compat.v1.profiler.profile(concrete.graph, cmd="op", options=options).total_float_ops)


@pytest.mark.parametrize(
    ("name", "use_bias", "besides"),
    [("LSTM", True, 12), ("LSTM", False, 8), ("GRU", True, 14), ("GRU", False, 8), ("SimpleRNN", True, 2),
     ("SimpleRNN", False, 1)],
)  # fmt: skip
def test_tensorflows_profiler_counts_the_same_where_the_loop_is_written_out(
    name: str, use_bias: bool, besides: int
) -> None:
    units, steps = 7, 4
    cost = infer(one_layer(name, {"units": units, "use_bias": use_bias}, (None, steps, 5))).cost
    layer = getattr(keras.layers, name)(units, unroll=True, use_bias=use_bias)
    assert profiled(layer, steps) == 2 * cost.macs + cost.arithmetic
    assert cost.arithmetic == besides * units * steps


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
def test_tensorflows_profiler_counts_a_loop_once_however_often_it_runs(name: str) -> None:
    short, long = (profiled(getattr(keras.layers, name)(7), steps) for steps in (10, 20))
    ten, twenty = (infer(one_layer(name, {"units": 7}, (None, steps, 5))).cost for steps in (10, 20))
    assert short == long
    assert short < ten.flops and 2 * lift_size(ten.flops) == twenty.flops
