"""What is said to be often confused, held against what real Keras does."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

BATCH, STEPS, FEATURES, UNITS = 4, 5, 3, 2
RNG = np.random.default_rng(11)
DATA = RNG.standard_normal((BATCH, STEPS, FEATURES)).astype("float32")
layers = keras.layers


def value(variable: Any) -> Any:
    """A variable's value."""
    return variable.numpy().copy()


def built(layer: Any, shape: tuple[int, ...] = DATA.shape) -> Any:
    layer.build(shape)
    layer.set_weights([RNG.standard_normal(weight.shape).astype("float32") * 0.5 for weight in layer.get_weights()])
    return layer


def test_nothing_but_the_user_resets_the_states() -> None:
    tensor = keras.Input(batch_shape=(1, STEPS, FEATURES))
    layer = layers.LSTM(UNITS, stateful=True)
    resets: list[str] = []
    layer.reset_state = lambda: resets.append("reset")
    model = keras.Model(tensor, layer(tensor))
    model.compile("sgd", "mse")
    model.fit(DATA, np.zeros((BATCH, UNITS)), epochs=2, batch_size=1, shuffle=False, verbose=0)
    assert resets == []
    assert any(np.any(value(state)) for state in layer.states)
    before = value(layer.states[0])
    model.evaluate(DATA[:1], np.zeros((1, UNITS)), batch_size=1, verbose=0)
    assert resets == [] and not np.allclose(before, value(layer.states[0]))


@pytest.mark.parametrize("loss", ["mse", "sparse_categorical_crossentropy", "binary_crossentropy"])
def test_the_loss_has_no_say_in_what_comes_out(loss: str) -> None:
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), layers.LSTM(UNITS)])
    model.compile(loss=loss)
    assert model.predict(DATA, verbose=0).shape == (BATCH, UNITS)


def test_one_layer_in_each_direction_ends_at_its_own_end() -> None:
    short = built(layers.Bidirectional(layers.LSTM(UNITS)))
    every = built(layers.Bidirectional(layers.LSTM(UNITS, return_sequences=True)))
    every.set_weights(short.get_weights())
    last, steps = np.array(short(DATA)), np.array(every(DATA))
    np.testing.assert_allclose(last[:, :UNITS], steps[:, -1, :UNITS], rtol=1e-5)
    np.testing.assert_allclose(last[:, UNITS:], steps[:, 0, UNITS:], rtol=1e-5)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
def test_rnn_of_a_cell_does_what_the_layer_does(name: str) -> None:
    alone = built(getattr(layers, name)(UNITS))
    repeated = built(layers.RNN(getattr(layers, f"{name}Cell")(UNITS)))
    repeated.set_weights(alone.get_weights())
    np.testing.assert_allclose(np.array(repeated(DATA)), np.array(alone(DATA)), rtol=1e-4, atol=1e-6)


def test_running_averages_move_in_training_only() -> None:
    layer = layers.BatchNormalization()
    layer.build((None, FEATURES))
    rows = DATA[:, 0]
    layer(rows)
    np.testing.assert_array_equal(value(layer.moving_mean), np.zeros(FEATURES))
    layer(rows, training=True)
    np.testing.assert_allclose(value(layer.moving_mean), 0.01 * rows.mean(axis=0), rtol=1e-4, atol=1e-7)
    assert {weight.name for weight in layer.non_trainable_weights} == {"moving_mean", "moving_variance"}
    # What `predict` normalizes with.
    expected = (rows - value(layer.moving_mean)) / np.sqrt(value(layer.moving_variance) + layer.epsilon)
    np.testing.assert_allclose(np.array(layer(rows)), expected, rtol=1e-4, atol=1e-6)


def test_layer_normalization_does_the_same_in_training() -> None:
    layer = built(layers.LayerNormalization())
    np.testing.assert_array_equal(np.array(layer(DATA, training=True)), np.array(layer(DATA)))
    together, alone = np.array(layer(DATA))[:1], np.array(layer(DATA[:1]))
    np.testing.assert_allclose(together, alone, rtol=1e-5)
    assert layer.non_trainable_weights == []


def test_dropout_drops_its_rate_in_training_and_scales_the_rest() -> None:
    layer, ones = layers.Dropout(0.2, seed=3), np.ones((100, 100), "float32")
    dropped = np.array(layer(ones, training=True))
    assert abs((dropped == 0).mean() - 0.2) < 0.02
    np.testing.assert_allclose(dropped[dropped != 0], 1.25)
    np.testing.assert_array_equal(np.array(layer(ones)), ones)


@pytest.mark.parametrize("size", [(28, 28), (64, 48)])
@pytest.mark.parametrize(("name", "count"), [("Conv2D", 296), ("SeparableConv2D", 76)])
def test_a_picture_of_any_size_costs_the_same(name: str, count: int, size: tuple[int, int]) -> None:
    layer = getattr(layers, name)(8, 3)
    layer.build((None, *size, 4))
    assert layer.count_params() == count


@pytest.mark.parametrize("steps", [1, 200])
def test_a_layer_at_every_step_costs_the_same(steps: int) -> None:
    wrapped, alone = layers.TimeDistributed(layers.Dense(40)), layers.Dense(40)
    wrapped.build((None, steps, 80))
    alone.build((None, steps, 80))
    assert wrapped.count_params() == alone.count_params() == 3_240


def test_repeat_vector_gives_the_same_at_every_step() -> None:
    output = np.array(layers.RepeatVector(10)(DATA[:, 0]))
    assert output.shape == (BATCH, 10, FEATURES)
    assert (output == DATA[:, :1]).all()


def test_masking_changes_no_value() -> None:
    rows = np.array([[[0, 0], [0, 1], [2, 3]]], "float32")
    output = layers.Masking()(rows)
    np.testing.assert_array_equal(np.array(output), rows)
    assert np.array(output._keras_mask).tolist() == [[False, True, True]]


def test_reshape_keeps_the_order_and_permute_moves() -> None:
    rows = np.arange(6, dtype="float32").reshape(1, 2, 3)
    assert np.array(layers.Reshape((3, 2))(rows)).ravel().tolist() == [0, 1, 2, 3, 4, 5]
    assert np.array(layers.Permute((2, 1))(rows)).ravel().tolist() == [0, 3, 1, 4, 2, 5]


def test_dense_behind_flatten_weighs_every_value() -> None:
    model = keras.Sequential([keras.Input((10, 128)), layers.Flatten(), layers.Dense(1)])
    assert model.count_params() == 1_281
    with pytest.raises(Exception, match=r"10, 128|1280"):
        model(np.zeros((1, 11, 128), "float32"))


@pytest.mark.parametrize("name", ["GlobalAveragePooling1D", "GlobalMaxPooling1D"])
def test_dense_behind_global_pooling_takes_any_number_of_steps(name: str) -> None:
    model = keras.Sequential([keras.Input((None, FEATURES)), getattr(layers, name)(), layers.Dense(1)])
    for steps in (1, 7):
        assert model(np.zeros((2, steps, FEATURES), "float32")).shape == (2, 1)
