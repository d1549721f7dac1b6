"""The printed equations are run on the real layer's weights; the sentences are held against what Keras does."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest

from lstmcalc.explanation.cells import CELLS
from lstmcalc.explanation.layer import Explanation, explain_layer
from lstmcalc.inference import infer
from lstmcalc.sources.layer_options import read_layer

BATCH, STEPS, FEATURES, UNITS = 3, 4, 5, 2
RNG = np.random.default_rng(7)
DATA = RNG.standard_normal((BATCH, STEPS, FEATURES)).astype("float32")


def explained(class_name: str, arguments: dict[str, Any]) -> Explanation:
    options = [f"--{key.replace('_', '-')}={value}" for key, value in arguments.items()]
    spec = read_layer([class_name, *options], [f"({BATCH}, {STEPS}, {FEATURES})"])
    return explain_layer(spec, infer(spec), next(iter(spec.layers)))


def section(explanation: Explanation, heading: str) -> list[tuple[str, ...]]:
    return next((list(each.lines) for each in explanation.sections if each.heading.startswith(heading)), [])


def built(class_name: str, arguments: dict[str, Any]) -> Any:
    """The real layer, its biases random too, so that a wrong column shows."""
    layer = getattr(keras.layers, class_name)(**arguments)
    layer.build(DATA.shape)
    layer.set_weights([RNG.standard_normal(weight.shape).astype("float32") * 0.5 for weight in layer.get_weights()])
    return layer


def blocks(class_name: str, explanation: Explanation, layer: Any) -> dict[str, Any]:
    """Every array that the equations name, cut out at the columns that the explanation states."""
    weights = dict(zip([weight.name for weight in layer.weights], layer.get_weights(), strict=True))
    rows = section(explanation, "Gates")[1:-1]
    ranges = {f"_{row[1]}": tuple(map(int, re.findall(r"\d+", row[0]))) for row in rows} or {"": (0, UNITS - 1)}
    assert len(ranges) == len(CELLS[class_name].gates)
    arrays = {}
    for mark, (first, last) in ranges.items():
        part = slice(first, last + 1)
        arrays[f"W{mark}"] = weights["kernel"][:, part]
        arrays[f"U{mark}"] = weights["recurrent_kernel"][:, part]
        bias = weights.get("bias")
        if bias is not None and bias.ndim == 2:
            arrays[f"b0{mark}"], arrays[f"b1{mark}"] = bias[0, part], bias[1, part]
        elif bias is not None:
            arrays[f"b{mark}"] = bias[part]
    return arrays


GRID = [
    (class_name, {"use_bias": use_bias, **more})
    for use_bias in (True, False)
    for class_name, more in [
        ("LSTM", {}),
        ("LSTM", {"activation": "relu", "recurrent_activation": "hard_sigmoid"}),
        ("LSTM", {"activation": "linear"}),
        ("GRU", {}),
        ("GRU", {"activation": "softsign", "recurrent_activation": "hard_sigmoid"}),
        ("GRU", {"reset_after": False}),
        ("GRU", {"reset_after": False, "activation": "linear"}),
        ("SimpleRNN", {}),
        ("SimpleRNN", {"activation": "relu"}),
    ]
]


@pytest.mark.parametrize(("class_name", "more"), GRID)
def test_the_printed_equations_are_what_keras_computes(class_name: str, more: dict[str, Any]) -> None:
    arguments = {"units": UNITS, "return_sequences": True, "return_state": True, **more}
    explanation, layer = explained(class_name, arguments), built(class_name, arguments)
    printed = [row[0] for row in section(explanation, "One step") if " = " in row[0]]
    states = {state: {0: np.zeros((BATCH, UNITS))} for state in CELLS[class_name].states}
    names: dict[str, Any] = {
        name: lambda z, name=name: np.array(keras.activations.get(name)(z))
        for name in ("tanh", "sigmoid", "relu", "hard_sigmoid", "softsign")
    }
    names |= {**blocks(class_name, explanation, layer), **states, "x": {t + 1: DATA[:, t] for t in range(STEPS)}}
    for names["t"] in range(1, STEPS + 1):
        for equation in printed:
            exec(equation, names)
    outputs, *last = (np.array(value) for value in layer(DATA))
    mine = np.stack([states["h"][t] for t in range(1, STEPS + 1)], axis=1)
    np.testing.assert_allclose(mine, outputs, rtol=1e-4, atol=1e-5)
    for kept, value in zip(states.values(), last, strict=True):
        np.testing.assert_allclose(kept[STEPS], value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("class_name", CELLS)
@pytest.mark.parametrize("go_backwards", [False, True])
def test_the_first_state_is_the_last_step_of_the_output(class_name: str, go_backwards: bool) -> None:
    layer = built(
        class_name,
        {"units": UNITS, "return_sequences": True, "return_state": True, "go_backwards": go_backwards},
    )
    outputs, h, *_ = (np.array(value) for value in layer(DATA))
    np.testing.assert_allclose(outputs[:, -1], h, rtol=1e-5)
    forward = built(class_name, {"units": UNITS, "return_sequences": True})
    forward.set_weights(layer.get_weights())
    read = DATA[:, ::-1] if go_backwards else DATA
    np.testing.assert_allclose(np.array(forward(read)), outputs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("class_name", CELLS)
def test_the_outputs_of_every_choice(class_name: str) -> None:
    lines = section(explained(class_name, {"units": UNITS}), "The whole sequence")
    rows = [line for line in lines if len(line) == 2]
    for (which, meaning), sequences, state in zip(rows, (0, 0, 1, 1), (0, 1, 0, 1), strict=True):
        layer = built(class_name, {"units": UNITS, "return_sequences": bool(sequences), "return_state": bool(state)})
        shapes = [tuple(tensor.shape) for tensor in keras.tree.flatten(layer(DATA))]
        stated = [tuple(map(int, text.split(", "))) for text in re.findall(r"\(([\d, ]+)\)", meaning)]
        assert which.removesuffix(" (this layer)") in ("neither", "return_state", "return_sequences", "both")
        assert stated[0] == shapes[0]
        assert set(stated[1:]) == set(shapes[1:])
        assert len(shapes) == 1 + state * len(CELLS[class_name].states)


@pytest.mark.parametrize("class_name", CELLS)
def test_stateful_keeps_its_states_until_reset(class_name: str) -> None:
    layer = getattr(keras.layers, class_name)(UNITS, stateful=True)
    model = keras.Model(tensor := keras.Input(batch_shape=DATA.shape), layer(tensor))
    first, second = np.array(model(DATA)), np.array(model(DATA))
    assert not np.allclose(first, second)
    layer.reset_state()
    np.testing.assert_allclose(np.array(model(DATA)), first, rtol=1e-5)
    with pytest.raises(Exception, match="batch size"):
        model(np.concatenate([DATA, DATA]))


def test_no_state_is_kept_without_stateful() -> None:
    layer = built("LSTM", {"units": UNITS})
    np.testing.assert_array_equal(np.array(layer(DATA)), np.array(layer(DATA)))


@pytest.mark.parametrize("shape", [(2, 3, 5), (2, 3, 4, 5)])
def test_dense_alone_equals_dense_at_every_step(shape: tuple[int, ...]) -> None:
    data = RNG.standard_normal(shape).astype("float32")
    wrapped, alone = keras.layers.TimeDistributed(keras.layers.Dense(4)), keras.layers.Dense(4)
    outputs = np.array(wrapped(data))
    alone.build(shape)
    alone.set_weights(wrapped.get_weights())
    np.testing.assert_allclose(np.array(alone(data)), outputs, rtol=1e-4, atol=1e-5)


MERGES = {
    "concat": lambda there, back: np.concatenate([there, back], axis=-1),
    "sum": lambda there, back: there + back,
    "mul": lambda there, back: there * back,
    "ave": lambda there, back: (there + back) / 2,
    None: lambda there, back: np.stack([there, back]),
}


@pytest.mark.parametrize("mode", MERGES)
def test_what_merge_mode_does(mode: str | None) -> None:
    layer = keras.layers.Bidirectional(keras.layers.LSTM(UNITS), merge_mode=mode)
    outputs = layer(DATA)
    there, back = np.array(layer.forward_layer(DATA)), np.array(layer.backward_layer(DATA))
    assert not np.allclose(there, back)
    np.testing.assert_allclose(np.array(outputs), MERGES[mode](there, back), rtol=1e-4, atol=1e-5)
