"""The harm behind each hint, in real Keras: what it says happens, happens, and its fix mends it."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from lstmcalc import infer, load
from lstmcalc.errors import Fault
from lstmcalc.layers.arguments import ACTIVATIONS
from lstmcalc.layers.hints import OF_ONE
from lstmcalc.layers.recurrent_hints import GATES, UNBOUNDED

RANDOM = np.random.default_rng(5)


def hint(code: str, *lines: str, batch: int | None = None) -> Fault:
    """The only hint of that code on a stack of layers, written as Keras calls behind an input's shape."""
    shape, *calls = lines
    stack = "".join(f"\n  - {call!r}" for call in calls)
    text = f"input: {shape}\nbatch: {batch or 'null'}\nlayers:{stack}\n"
    (found,) = (each for each in infer(load("m.yaml", text=text)).hints if each.code == code)
    return found


def data(*shape: int) -> Any:
    return RANDOM.normal(size=shape).astype("float32")


def stack(*parts: Any) -> Any:
    return keras.Sequential(list(parts))


# Keras itself warns of one of them, once it runs.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", OF_ONE)
def test_one_value_of_a_softmax_never_changes_and_never_learns(name: str) -> None:
    told = hint("softmax-of-one", "[8]", f"Dense(1, activation='{name}')")
    assert told.because == f"{name} over one value is always {OF_ONE[name]}"
    layer = layers.Dense(1, activation=name)
    with tf.GradientTape() as tape:
        out = layer(data(6, 8))
        loss = tf.reduce_sum((out - 0.25) ** 2)
    assert np.abs(np.array(out) - OF_ONE[name]).max() < 1e-6
    assert np.abs(tape.gradient(loss, layer.kernel.value)).max() < 1e-6


def test_the_advice_for_attention_gives_shares_over_the_steps() -> None:
    told = hint("softmax-of-one", "[5, 8]", "Dense(1, activation='softmax')")
    assert "`Dense: 1` and then `Softmax: {axis: 1}`" in told.fix
    shares = np.array(stack(layers.Dense(1), layers.Softmax(axis=1))(data(2, 5, 8)))
    assert shares.shape == (2, 5, 1) and np.allclose(shares.sum(axis=1), 1) and shares.std() > 0


def values_of(name: str) -> Any:
    given = np.linspace(-60, 60, 241).astype("float32")[:, None]
    # A second value of 0 beside each, for the functions that compare values.
    return np.array(keras.activations.get(name)(np.concatenate([given, 0 * given], axis=1)))


def test_the_functions_without_limits_and_those_that_suit_a_gate() -> None:
    values = {name: values_of(name) for name in ACTIVATIONS if name != "glu"}
    assert {name for name, there in values.items() if np.abs(there).max() > 10} == UNBOUNDED
    assert {name for name, there in values.items() if there.min() >= 0 and there.max() <= 1} == set(GATES)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_states_of_relu_grow_with_the_steps(kind: str) -> None:
    told = hint("unbounded-state", "[10, 1]", f"{kind}(1, activation='relu')")
    assert told.because.startswith("`tanh` keeps the hidden state between -1 and 1; with `relu` it can grow")
    ends = {}
    for activation in ("tanh", "relu"):
        layer = getattr(layers, kind)(1, activation=activation)
        layer.build((1, None, 1))
        weights = [np.full(weight.shape, 1.5, "float32") for weight in layer.get_weights()]
        if kind == "GRU":
            # The update gate, half open.
            for weight in weights:
                weight[..., :1] = 0
        layer.set_weights(weights)
        ends[activation] = [float(np.array(layer(np.ones((1, steps, 1), "float32")))[0, 0]) for steps in (3, 10, 40)]
    assert max(ends["tanh"]) <= 1
    small, more, most = ends["relu"]
    assert 1 < small < more < most and most > 100


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_a_softmax_inside_gives_no_shares(kind: str) -> None:
    told = hint("no-shares", "[1, 4]", f"{kind}(3, activation='softmax')")
    assert "do not sum to 1" in told.because
    inside = np.array(getattr(layers, kind)(3, activation="softmax")(data(9, 1, 4))).sum(axis=-1)
    assert (np.abs(inside - 1) > 0.05).all()
    behind = np.array(stack(getattr(layers, kind)(3), layers.Dense(3, activation="softmax"))(data(9, 1, 4)))
    assert np.allclose(behind.sum(axis=-1), 1)


def test_most_of_it_is_dropped() -> None:
    assert "85 % of the values become 0" in hint("high-dropout", "[8]", "Dropout(0.85)").because
    zeros = (np.array(layers.Dropout(0.85, seed=1)(np.ones((1000, 100), "float32"), training=True)) == 0).mean()
    assert abs(zeros - 0.85) < 0.01


def test_states_are_kept_until_they_are_reset() -> None:
    told = hint("never-reset", "[5, 3]", "LSTM(4, stateful=True)", batch=2)
    assert "never resets them by itself" in told.because and "`reset_state()`" in told.fix
    layer = layers.LSTM(4, stateful=True)
    model = stack(keras.Input(batch_shape=(2, 5, 3)), layer)
    x = data(2, 5, 3)
    first, second = (model.predict(x, verbose=0) for _ in range(2))
    assert np.abs(first - second).max() > 1e-3
    layer.reset_state()
    assert np.allclose(model.predict(x, verbose=0), first, atol=1e-6)
    model.compile(loss="mse", optimizer="sgd")
    model.fit(x, np.zeros((2, 4)), batch_size=2, epochs=2, verbose=0)
    model.evaluate(x, np.zeros((2, 4)), batch_size=2, verbose=0)
    assert np.abs(layer.states[0].numpy()).max() > 1e-3


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_recurrent_weights_are_idle_on_a_single_step(kind: str) -> None:
    layer = getattr(layers, kind)(4)
    x = data(6, 1, 3)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x) ** 2)
    names = [weight.name for weight in layer.trainable_weights]
    slopes = dict(zip(names, tape.gradient(loss, [w.value for w in layer.trainable_weights]), strict=True))
    assert np.abs(slopes["recurrent_kernel"]).max() == 0 < np.abs(slopes["kernel"]).max()
    idle = layer.cell.recurrent_kernel.shape
    assert f"({math.prod(idle)} params)" in hint("one-timestep", "[1, 3]", f"{kind}(4)").because


def test_flatten_ties_the_params_to_the_steps() -> None:
    lines = "LSTM(16, return_sequences=True)", "Flatten()", "Dense(12)"
    told = hint("params-per-step", "[10, 8]", *lines)
    counts = {}
    for steps in (10, 11):
        model = stack(
            keras.Input((steps, 8)), layers.LSTM(16, return_sequences=True), layers.Flatten(), layers.Dense(12)
        )
        counts[steps] = model.count_params()
    assert f"each time step costs {counts[11] - counts[10]} params" in told.because
    with pytest.raises(ValueError, match="incompatible"):
        model.layers[2](np.zeros((2, 9 * 16)))
    free = stack(keras.Input((None, 8)), layers.LSTM(16), layers.Dense(12))
    assert free(np.zeros((2, 9, 8))).shape == free(np.zeros((2, 30, 8))).shape == (2, 12)


LOGITS = np.concatenate([np.eye(10) * 2000 - 1000, RANDOM.normal(size=(50, 10)) * 9]).astype("float32")


@pytest.mark.parametrize("first", ["softmax", "sigmoid"])
def test_a_softmax_of_shares_is_flat(first: str) -> None:
    told = hint("second-activation", "[8]", f"Dense(10, activation='{first}')", "Softmax()")
    most = float(told.because.rpartition(" ")[2])
    once = np.array(layers.Softmax()(LOGITS))
    twice = np.array(layers.Softmax()(layers.Activation(first)(LOGITS)))
    assert once.max() > 0.999 and most - 0.011 < twice.max() <= most


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ("relu", "sigmoid", 0.5, 1),
        ("sigmoid", "sigmoid", 0.5, 0.7311),
        ("softmax", "sigmoid", 0.5, 0.7311),
        ("tanh", "sigmoid", 0.2689, 0.7311),
        ("tanh", "tanh", -0.7616, 0.7616),
        ("sigmoid", "tanh", 0, 0.7616),
    ],
)
def test_a_second_function_loses_part_of_its_range(first: str, second: str, low: float, high: float) -> None:
    told = hint("second-activation", "[8]", f"Dense(10, activation='{first}')", f"Activation('{second}')").because
    values = np.array(layers.Activation(second)(layers.Activation(first)(LOGITS)))
    assert values.min() >= low - 1e-4 and values.max() <= high + 1e-4
    assert values.min() < low + 1e-3 and values.max() > high - 1e-3
    assert told.endswith(f"none below {low:g}" if first == "relu" else f"from {low:.2g} to {high:.2g}")


@pytest.mark.parametrize("first", ["relu", "sigmoid", "softmax"])
@pytest.mark.parametrize("second", ["ReLU()", "LeakyReLU()", "PReLU()", "ELU()", "Activation('relu')"])
def test_a_function_of_what_is_below_0_has_nothing_to_do(first: str, second: str) -> None:
    assert "changes no others" in hint("second-activation", "[8]", f"Dense(10, activation='{first}')", second).because
    values = np.array(layers.Activation(first)(LOGITS))
    layer = getattr(layers, second.partition("(")[0])(*(["relu"] if "Activation" in second else []))
    assert np.array_equal(np.array(layer(values)), values)


def test_two_sums_are_one() -> None:
    told = hint("linear-stack", "[50]", "Dense(25)", "Dense(1)")
    two, one = stack(layers.Dense(25), layers.Dense(1)), layers.Dense(1)
    x = data(7, 50)
    expected = np.array(two(x))
    one.build(x.shape)
    (kernel, bias), (last, offset) = (layer.get_weights() for layer in two.layers)
    one.set_weights([kernel @ last, (bias + 1) @ last + offset])
    assert not np.allclose(np.array(one(x)), expected, atol=1e-4)
    one.set_weights([kernel @ last, bias @ last + offset])
    assert np.allclose(np.array(one(x)), expected, atol=1e-4)
    assert f"with {one.count_params():,} params instead of {two.count_params():,}" in told.because


BEHIND = [
    ("Dropout(0.3)", "softmax", "no longer sum to 1"),
    ("Dropout(0.3)", "sigmoid", "no longer lie between 0 and 1"),
    ("BatchNormalization()", "softmax", "no longer sum to 1"),
    ("LayerNormalization()", "sigmoid", "no longer lie between 0 and 1"),
]


@pytest.mark.parametrize(("line", "function", "harm"), BEHIND)
def test_what_stands_behind_the_output_spoils_it(line: str, function: str, harm: str) -> None:
    assert hint("behind-output", "[8]", f"Dense(5, activation='{function}')", line).because.endswith(harm)
    values = np.array(layers.Activation(function)(data(64, 5) * 4))
    layer = getattr(layers, line.partition("(")[0])(*([0.3] if "Dropout" in line else []))
    spoilt = np.array(layer(values, training=True) if "Layer" not in line else layer(values))
    if function == "softmax":
        assert np.allclose(values.sum(axis=-1), 1, atol=1e-5)
        assert (np.abs(spoilt.sum(axis=-1) - 1) > 0.05).mean() > 0.5
    else:
        assert values.min() >= 0 and values.max() <= 1
        assert spoilt.min() < 0 or spoilt.max() > 1


def test_a_softmax_along_the_time_axis() -> None:
    told = hint("softmax-over-steps", "[10, 8]", "Dense(5)", "Softmax(axis=1)")
    shares = np.array(stack(layers.Dense(5), layers.Softmax(axis=1))(data(2, 10, 8)))
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5) and not np.allclose(shares.sum(axis=2), 1, atol=1e-2)
    assert told.because.endswith("each of the 5 values sums to 1 over the 10 timesteps")


@pytest.mark.filterwarnings("ignore")
def test_a_stated_shape_on_a_later_layer_is_ignored_and_one_with_the_batch_is_refused() -> None:
    hint("ignored-input-shape", "[10, 8]", "LSTM(4)", "Dense(3, input_shape=(32, 50, 1))")
    model = stack(keras.Input((10, 8)), layers.LSTM(4), layers.Dense(3, input_shape=(32, 50, 1)))
    assert model.output_shape == (None, 3)
    with pytest.raises(ValueError, match="batch_input_shape"):
        layers.Dense(3, batch_input_shape=(32, 50, 1))


@pytest.mark.filterwarnings("ignore:Layer 'global_max_pooling1d'")
def test_a_maximum_over_padding() -> None:
    words = layers.Embedding(9, 4, mask_zero=True)
    model = stack(words, layers.GlobalMaxPooling1D())
    words.build(None)
    # Of the padding's vector every value is the greatest.
    words.set_weights([np.concatenate([np.full((1, 4), 5.0), np.random.default_rng(0).random((8, 4))])])
    sentence = np.array([[3, 1, 7]])
    padded = np.pad(sentence, ((0, 0), (0, 2)))
    assert not np.allclose(model(sentence), model(padded))
