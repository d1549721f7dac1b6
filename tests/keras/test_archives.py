"""Models that real Keras saved, `.keras` and `.h5`, read without it: the same layers, weights of the same shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from lstmcalc import load
from lstmcalc.inference import infer
from lstmcalc.report import Report

#: Keras's own, as it turns its weights into arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def recurrent() -> Any:
    """Wrapped, stacked, nested and shared layers, with names in another order than the classes' numbers."""
    x = keras.Input((10, 8), name="x")
    h = layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both_ways")(x)
    h = layers.BatchNormalization(name="norm")(h)
    h = layers.TimeDistributed(layers.Dense(3), name="each")(h)
    inner = keras.Sequential([keras.Input((10, 3)), layers.Dense(2, name="zeta"), layers.Dropout(0.1)], name="inner")
    h = inner(h)
    h = layers.MultiHeadAttention(2, 4, name="look")(h, h)
    first, second = layers.Dense(5, name="zz"), layers.Dense(5, name="aa")
    h = second(first(h))
    h = layers.add([h, second(h)])
    h = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], name="cells")(h)
    return keras.Model(x, h, name="recurrent")


def convolutional() -> Any:
    """Statistics that are not trained, frozen layers, other dtypes."""
    frozen = layers.SeparableConv2D(5, 3, trainable=False)
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Rescaling(1 / 255),
            layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 1.0, 1.0]),
            layers.Conv2D(4, 3, dtype="mixed_float16"),
            layers.BatchNormalization(),
            frozen,
            layers.SpectralNormalization(layers.Conv2D(4, 3)),
            layers.GroupNormalization(2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, lora_rank=2),
        ],
        name="convolutional",
    )


def text() -> Any:
    return keras.Sequential([keras.Input((12,)), layers.Embedding(50, 6), layers.GRU(4), layers.Dense(1)], name="text")


def mobile() -> Any:
    return keras.applications.MobileNetV2(weights=None, input_shape=(64, 64, 3), alpha=0.35)


def assert_same(report: Report, model: Any) -> None:
    found = model.operations if not report.sequential else model.layers
    rows = [
        (layer.name, type(layer).__name__, layer.count_params()) for layer in found if hasattr(layer, "count_params")
    ]
    assert [(layer.name, layer.class_name, layer.params) for layer in report.layers] == rows
    stated = [shape for layer in report.layers for shape in layer.calls[0].outputs or ()]
    assert stated == [tuple(tensor.shape) for layer in found for tensor in keras.tree.flatten(layer.output)]
    assert report.outputs[0].shape == tuple(model.outputs[0].shape)
    sizes = [sum(w.shape.num_elements() for w in group) for group in (model.weights, model.trainable_weights)]
    assert [report.totals.params, report.totals.trainable_params] == sizes


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("build", [recurrent, convolutional, text, mobile])
def test_a_saved_model(build: Any, suffix: str, tmp_path: Path) -> None:
    model = build()
    path = tmp_path / f"model{suffix}"
    model.save(path)
    spec = load(path)
    assert_same(infer(spec), model)
    with_weights = {layer.name for layer in model.layers if layer.weights}
    assert {name for name, shapes in spec.stored.items() if shapes} == with_weights


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_trained_model_has_the_same_layers(suffix: str, tmp_path: Path) -> None:
    """The optimizer's variables, which Keras counts in its summary, are none of the model's."""
    model = text()
    model.compile("adam", "mse")
    model.train_on_batch(keras.ops.zeros((2, 12)), keras.ops.zeros((2, 1)))
    model.save(tmp_path / f"model{suffix}")
    assert_same(infer(load(tmp_path / f"model{suffix}")), model)


@pytest.mark.long
@pytest.mark.parametrize("name", ["ConvNeXtTiny", "DenseNet121", "EfficientNetV2B0", "MobileNetV3Small", "Xception"])
def test_a_saved_architecture(name: str, tmp_path: Path) -> None:
    model = getattr(keras.applications, name)(weights=None)
    model.save(tmp_path / "model.keras")
    assert_same(infer(load(tmp_path / "model.keras")), model)


def adapted() -> Any:
    """Layers of preprocessing that learned from data what they need, one of them in a nested model."""
    texts, words = keras.Input((), dtype="string", name="texts"), keras.Input((1,), dtype="string", name="words")
    vectors = layers.TextVectorization(output_mode="tf_idf")
    vectors.adapt(["a b", "b c d"])
    lookup = layers.StringLookup(output_mode="multi_hot")
    lookup.adapt(["x", "y"])
    inside = keras.Input((1,), dtype="string")
    inner = keras.Model(inside, lookup(inside), name="inner")
    bins = layers.Hashing(7, output_mode="int")
    found = [layers.Dense(2)(vectors(texts)), inner(words), layers.Embedding(7, 3)(bins(words))]
    numbers = keras.Input((4,), name="numbers")
    cut = layers.Discretization(num_bins=3, output_mode="multi_hot")
    cut.adapt(np.arange(12.0).reshape(3, 4))
    return keras.Model([texts, words, numbers], [*found, cut(numbers)], name="adapted")


def test_adapted_layers(tmp_path: Path) -> None:
    model = adapted()
    model.save(tmp_path / "model.keras")
    report = infer(load(tmp_path / "model.keras"))
    assert_same(report, model)
    assert [hint.code for hint in report.hints if hint.code == "adapt-first"] == []


def test_operations_in_an_h5_file(tmp_path: Path) -> None:
    """Keras writes no module there, which tells its operations from its layers."""
    x = keras.Input((7, 3))
    y = keras.ops.mean(x, axis=1, keepdims=True) * x + 1.0
    y = layers.Add()([keras.ops.cast(y, "float32"), x])
    model = keras.Model(x, layers.GRU(2)(layers.Masking()(y)), name="operations")
    model.save(tmp_path / "model.h5")
    rows = infer(load(tmp_path / "model.h5")).layers
    assert [(row.name, row.class_name, row.calls[0].outputs) for row in rows] == [
        (operation.name, type(operation).__name__, (tuple(operation.output.shape),)) for operation in model.operations
    ]
