"""Models of every kind that Keras 3 can write down: lstmcalc reads their JSON as Keras has them, layer by layer."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
from config_agreement import disagreements, keras_rows
from keras import layers as L
from keras import ops

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.sources.config import read_config

MODELS: dict[str, Callable[[], Any]] = {}


def model(make: Callable[[], Any]) -> Callable[[], Any]:
    MODELS[make.__name__] = make
    return make


@keras.saving.register_keras_serializable("mine")
def doubled(x: Any) -> Any:
    return 2 * x


@keras.saving.register_keras_serializable("mine")
class Doubling(L.Layer):
    """A layer of a user's own, of which only the shape is told."""

    def call(self, x: Any) -> Any:
        return ops.concatenate([x, x], axis=-1)


@keras.saving.register_keras_serializable("mine")
class Own(keras.Model):
    """A functional model of a user's own class."""


@model
def stacked() -> Any:
    return keras.Sequential([
        keras.Input((10, 3), name="words"),
        L.Bidirectional(L.LSTM(4, return_sequences=True)),
        L.Bidirectional(L.GRU(3), merge_mode="sum"),
        L.Dense(3, activation="relu", kernel_regularizer="l2", dtype="mixed_float16"),
    ])  # fmt: skip


@model
def every_wrapping_of_values() -> Any:
    return keras.Sequential([
        keras.Input((8, 8, 2), batch_size=2),
        L.Conv2D(4, (3, 2), padding="same", kernel_initializer=keras.initializers.Constant(2.0)),
        L.BatchNormalization(axis=1),
        L.LayerNormalization(axis=[1, 2]),
        L.Activation(doubled),
        L.Dense(2, activation=ops.tanh),
        L.Dense(2, activation=L.LeakyReLU(), kernel_constraint=keras.constraints.MaxNorm(1)),
        L.TimeDistributed(L.Conv1D(2, 3)),
        L.Reshape((-1, 4)),
        L.Lambda(lambda x: x, output_shape=(24, 4)),
        L.RNN([L.LSTMCell(3), L.GRUCell(2)], return_sequences=True, stateful=True),
        L.RNN(L.SimpleRNNCell(2)),
    ])  # fmt: skip


@model
def built_later() -> Any:
    later = keras.Sequential([L.Dense(3), L.Dropout(0.5), L.Dense(2)])
    later.build((None, 4))
    return later


@model
def encoder_and_decoder() -> Any:
    source, target = keras.Input((10, 8), name="source"), keras.Input((None, 8), name="target")
    outputs, *states = L.LSTM(4, return_state=True, return_sequences=True)(source)
    decoded = L.LSTM(4, return_sequences=True)(target, initial_state=states, training=False)
    attended, scores = L.MultiHeadAttention(2, 3)(decoded, outputs, key=source, return_attention_scores=True)
    additive = L.AdditiveAttention()([decoded, outputs])
    return keras.Model([target, source], [L.Concatenate()([attended, additive]), scores])


@model
def states_through_wrappers() -> Any:
    x = keras.Input((5, 4))
    both, *states = L.Bidirectional(L.LSTM(2, return_state=True), merge_mode="ave")(x)
    again = L.Bidirectional(L.LSTM(2))(x, initial_state=states)
    cell, (hidden, carry) = L.LSTMCell(2)(both, states[:2])
    stack = L.StackedRNNCells([L.GRUCell(2), L.GRUCell(3)])
    y, first, _ = L.RNN(stack, return_state=True)(x)
    return keras.Model(x, {"b": again, "a": cell, "c": [hidden, (carry, y)], "d": L.Add()([first, hidden])})


@model
def masked() -> Any:
    x = keras.Input((10,), name="a")
    first, second = (L.Embedding(5, 4, mask_zero=True)(x) for _ in range(2))
    attended = L.Attention()([first, second])
    heads = L.MultiHeadAttention(2, 3)(first, second)
    joined = L.LSTM(3, return_sequences=True)(L.Concatenate()([first, second]))
    pooled = L.GlobalAveragePooling1D()(L.BatchNormalization()(L.Masking()(joined)))
    return keras.Model(x, [attended, heads, pooled])


@model
def arithmetic() -> Any:
    x = keras.Input((10, 8), name="x")
    y = L.Dense(8)(x) + x * 2.0 - (1.0 / x)
    mean = ops.mean(y, axis=1, keepdims=True)
    cut = y[:, 0, None, ..., 1:]
    parts = ops.split(ops.concatenate([y, mean], axis=1), [3, 5], axis=1)
    product = ops.matmul(y, ops.transpose(y, (0, 2, 1)))
    return keras.Model(x, {"cut": cut, "parts": parts, "product": ops.reshape(product, (-1, 100))})


@model
def called_by_name() -> Any:
    a, b = keras.Input((4, 6), name="a"), keras.Input((5, 6), name="b")
    heads = L.MultiHeadAttention(2, 3)(query=a, value=b, training=True)
    return keras.Model([b, a], L.Dense(2)(inputs=heads))


@model
def shared_and_nested() -> Any:
    x = keras.Input((10, 3))
    inner = keras.Model(x, L.Dense(3)(L.Dense(5)(x)), name="inner")
    chain = keras.Sequential([keras.Input((10, 3)), L.LSTM(4), L.Dense(3)], name="chain")
    a, b = keras.Input((10, 3), name="a"), keras.Input((10, 3), name="b")
    total = L.Add()([inner(a), inner(b)])
    shared = L.Dense(2)
    return keras.Model({"b": b, "a": a}, [chain(inner(total)), shared(chain(total)), shared(total)])


@model
def three_deep() -> Any:
    def wrap(layer: Any, name: str) -> Any:
        x = keras.Input((6,))
        return keras.Model(x, L.Dense(6, name="last")(layer(x)), name=name)

    chain = keras.Sequential([wrap(wrap(L.Dense(6), "inner"), "middle"), L.Dense(2)], name="LSTM")
    x = keras.Input((6,), name="x")
    return keras.Model(x, [chain(x), chain(L.Dense(6)(x))], name="outer")


@model
def model_over_time() -> Any:
    x = keras.Input((6, 4))
    inner = keras.Model(x, L.LSTM(3)(x), name="inner")
    y = keras.Input((5, 6, 4))
    return keras.Model(y, L.LSTM(2)(L.TimeDistributed(inner)(y)))


@model
def named_inputs_and_outputs() -> Any:
    p, q = keras.Input((4,), name="p"), keras.Input((5,), name="q")
    inner = keras.Model({"q": q, "p": p}, {"z": L.Dense(2)(p), "y": L.Dense(3)(q)}, name="inner")
    listed = keras.Model([q, p], L.Concatenate()([p, q]), name="listed")
    a, b = keras.Input((4,), name="a"), keras.Input((5,), name="b")
    made = inner({"p": a, "q": b})
    return keras.Model([b, a], [made["z"], L.Dense(1)(made["y"]), listed({"p": a, "q": b})])


@model
def two_calls_of_one_model() -> Any:
    x = keras.Input((4,))
    inner = keras.Model(x, [L.Dense(4)(x), L.Dense(3)(x)], name="inner")
    y = keras.Input((4,), name="y")
    first = inner(inner(y)[0])
    return keras.Model(y, [*first, inner(y)[1]])


@model
def part_of_a_model() -> Any:
    x = keras.Input((4,))
    hidden = L.Dense(5, name="hidden")(x)
    whole = keras.Model(x, L.Dense(2)(hidden))
    return keras.Model(whole.input, whole.get_layer("hidden").output)


@model
def frozen() -> Any:
    x = keras.Input((4,))
    inner = keras.Sequential([keras.Input((4,)), L.Dense(3), L.BatchNormalization()], name="inner")
    inner.trainable = False
    return keras.Model(x, L.Dense(2)(L.Dense(2, trainable=False)(inner(x))))


@model
def preprocessed() -> Any:
    return keras.Sequential([
        keras.Input((32, 32, 3)),
        L.Rescaling(1 / 255),
        L.RandomFlip("horizontal"),
        L.RandomRotation((-0.1, 0.2)),
        L.Resizing(24, 20),
        L.CenterCrop(16, 16),
        L.Normalization(mean=0.0, variance=1.0),
        L.DepthwiseConv2D(3, depth_multiplier=2),
        L.SeparableConv2D(4, 3),
        L.Conv2DTranspose(3, 2, strides=2),
        L.GlobalAveragePooling2D(),
    ])  # fmt: skip


@model
def of_own_class() -> Any:
    x = keras.Input((4,))
    return Own(x, L.Dense(2)(x), name="own")


@model
def wide_table() -> Any:
    ports = [keras.Input((1,), name=f"column_{i}") for i in range(30)]
    parts = [L.Flatten()(L.Embedding(7, 3)(port)) for port in ports[:15]]
    return keras.Model(ports, L.Dense(1)(L.Concatenate()([*parts, *ports[15:]])))


STORED = Path(__file__).parent.parent / "models" / "keras3.json"
#: What a Lambda's function is written down as depends on the version of Python.
UNSTORED = "every_wrapping_of_values"


@pytest.mark.parametrize("name", MODELS)
def test_config_reads_as_keras_has_the_model(name: str) -> None:
    keras.backend.clear_session()
    assert disagreements(MODELS[name]()) == []


def stored(name: str) -> dict[str, Any]:
    """A model as the tests without Keras have it, in `tests/models/keras3.json`."""
    keras.backend.clear_session()
    made = MODELS[name]()
    trainable = sum(math.prod(weight.shape) for weight in made.trainable_weights)
    rows = [[row.name, [list(map(list, call)) for call in row.calls], row.params, row.trainable]
            for row in keras_rows(made)]  # fmt: skip
    return {
        "model": name,
        "total": made.count_params(),
        "trainable": trainable,
        "layers": rows,
        "json": made.to_json().replace(__name__, "my.models"),
    }


@pytest.mark.parametrize("name", [name for name in MODELS if name != UNSTORED])
def test_stored_model_is_what_keras_writes(name: str) -> None:
    there = next(case for case in json.loads(STORED.read_text()) if case["model"] == name)
    here = json.loads(json.dumps(stored(name)))
    assert json.loads(there.pop("json")) == json.loads(here.pop("json"))
    assert there == here


def test_shape_of_a_layer_of_ones_own_is_told_by_what_takes_it() -> None:
    x = keras.Input((4,))
    text = keras.Model(x, L.Dense(2)(Doubling(name="own")(x))).to_json()
    with pytest.raises(SpecError) as caught:
        infer(read_config(text, "model.json"))
    assert [fault.code for fault in caught.value.faults] == ["unknown-layer"]
    found = {layer.name: layer for layer in caught.value.report.layers}
    assert found["own"].params is None
    assert next(layer for layer in found.values() if layer.class_name == "Dense").params == 18


def test_shape_of_a_layer_of_ones_own_in_a_sequential_model() -> None:
    text = keras.Sequential([keras.Input((4,)), Doubling(name="own"), L.Dense(2)]).to_json()
    with pytest.raises(SpecError) as caught:
        infer(read_config(text, "model.json"))
    assert [layer.params for layer in caught.value.report.layers] == [None, 18]


def test_changed_shape_is_a_contradiction() -> None:
    x = keras.Input((4,))
    text = keras.Model(x, L.Dense(2)(L.Dense(3, name="first")(x))).to_json()
    data = json.loads(text)
    next(layer for layer in data["config"]["layers"] if layer["name"] == "first")["config"]["units"] = 5
    with pytest.raises(SpecError) as caught:
        infer(read_config(json.dumps(data), "model.json"))
    assert caught.value.faults[0].code == "shape-contradiction"
    assert caught.value.faults[0].layer == ("first", "Dense")


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask:UserWarning")
def test_a_mask_that_goes_into_a_nested_model_is_in_the_graph() -> None:
    x, y = keras.Input((4, 3)), keras.Input((4, 3))
    inner = keras.Model(y, keras.layers.LSTM(3)(y))
    model = keras.Model(x, inner(keras.layers.Masking()(x)))
    report = infer(read_config(model.to_json(), "m.json"))
    assert [layer.name for layer in report.layers] == [operation.name for operation in model.operations]


def test_a_frozen_model_trains_nothing() -> None:
    x = keras.Input((4, 3))
    model = keras.Model(x, keras.layers.MultiHeadAttention(2, 2)(x, x))
    model.trainable = False
    assert infer(read_config(model.to_json(), "m.json")).totals.trainable_params == 0
