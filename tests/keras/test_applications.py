"""Every model of keras.applications, read from its JSON: each layer's name, shapes and params, and the totals."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Iterator
from typing import Any

import keras
import pytest
from agreement import agree_on_data
from config_agreement import disagreements, keras_rows
from drawing import data, drawn, shapes
from hypothesis import strategies as st
from keras.src.applications.convnext import LayerScale, StochasticDepth
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

ARCHITECTURES = {name: make for name, make in vars(keras.applications).items() if inspect.isfunction(make)}
SHORT = ("MobileNet", "MobileNetV3Small", "EfficientNetB0")
#: Without their classifiers, and with other inputs.
BACKBONES = {
    "ConvNeXtTiny": {"input_shape": (64, 96, 3), "pooling": "avg"},
    "DenseNet121": {"input_shape": (None, None, 3)},
    "InceptionResNetV2": {"pooling": "max"},
    "MobileNetV2": {"input_shape": (96, 96, 3), "alpha": 0.35},
    "NASNetMobile": {"input_shape": (224, 224, 3)},
    "ResNet50V2": {"input_shape": (65, 65, 1)},
    "VGG16": {"input_shape": (None, None, 3), "pooling": "avg"},
    "Xception": {"input_shape": (128, 128, 3)},
}


@pytest.fixture(autouse=True)
def _freed() -> Iterator[None]:
    """One model at a time: the largest of them takes more than 1 GB."""
    yield
    keras.backend.clear_session()
    gc.collect()


def check(name: str, **arguments: Any) -> None:
    model = ARCHITECTURES[name](weights=None, **arguments)
    rows, wrong = keras_rows(model), disagreements(model)
    agreed = len(rows) - len([text for text in wrong if text.startswith("Row")])
    what = "" if not arguments else f" {arguments}"
    print(f"| {name}{what} | {len(rows)} | {model.count_params():,} | {agreed}/{len(rows)} |")
    assert wrong == []


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts these layers where Keras's own are."""
    for layer in (LayerScale, StochasticDepth, CustomScaleLayer):
        monkeypatch.setattr(keras.layers, layer.__name__, layer, raising=False)


@st.composite
def layers(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, list[dict[str, int]]]:
    shape = draw(shapes(least=2))
    class_name = draw(st.sampled_from(["LayerScale", "StochasticDepth", "CustomScaleLayer"]))
    if class_name == "LayerScale":
        sizes = [size for size in (shape[-1], 1, 3, -1) if isinstance(size, int)]
        arguments = {"init_values": 0.5, "projection_dim": draw(st.sampled_from(sizes))}
        return class_name, arguments, shape, draw(data())
    if class_name == "StochasticDepth":
        return class_name, {"drop_path_rate": draw(st.sampled_from([0, 0.1, 1]))}, shape, draw(data())
    other = draw(st.sampled_from([shape, shape, (*shape[:-1], 1), (*shape[:-1], 4)]))
    return class_name, {"scale": 0.5}, [shape, other], draw(data())


@drawn(layers())
def test_layers_agree_with_keras(case: Any) -> bool:
    class_name, arguments, inputs, values = case
    # Keras numbers weights without a name of their own.
    keras.backend.clear_session()
    return agree_on_data(class_name, arguments, inputs, values, lenient=True)


test_layers_agree_with_keras = pytest.mark.usefixtures("exported")(test_layers_agree_with_keras)


@pytest.mark.parametrize("name", SHORT)
def test_small_architecture(name: str) -> None:
    check(name)


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name not in SHORT])
def test_architecture(name: str) -> None:
    check(name)


@pytest.mark.long
@pytest.mark.parametrize("name", BACKBONES)
def test_backbone(name: str) -> None:
    check(name, include_top=False, **BACKBONES[name])


def test_nothing_is_left_out() -> None:
    assert len(ARCHITECTURES) >= 38
