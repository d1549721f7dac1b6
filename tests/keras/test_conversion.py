"""What a model was converted to builds the same model with real Keras."""

from __future__ import annotations

import operator
from typing import Any

import keras
import pytest
from convertible import MODELS

from lstmcalc import load
from lstmcalc.conversion import convert
from lstmcalc.conversion.python_text import function_of
from lstmcalc.inference import infer
from lstmcalc.layers.operations import OPERATIONS
from lstmcalc.report import Report


def agrees(model: Any, report: Report, named: bool) -> None:
    """Asserts that a Keras model has the layers, weights and shapes of a report; operations have no names in Python."""
    found = list(model.layers if report.sequential else model.operations)
    assert len(found) == len(report.layers)
    for theirs, mine in zip(found, report.layers, strict=True):
        assert theirs.name == mine.name or not named
        assert type(theirs).__name__ == mine.class_name
        if mine.weights:
            assert theirs.count_params() == mine.params
    shapes = [tuple(tensor.shape) for tensor in keras.tree.flatten(model.outputs)]
    assert [port.shape for port in report.outputs] == shapes
    trainable = sum(weight.shape.num_elements() for weight in model.trainable_weights)
    assert trainable == report.totals.trainable_params


def opened(name: str) -> Any:
    """A model, with numbers for its names."""
    return load(f"{name}.yaml", text=MODELS[name].replace("[T, 8]", "[null, 8]"))


@pytest.mark.parametrize("name", MODELS)
def test_keras_builds_the_json(name: str) -> None:
    spec = opened(name)
    agrees(keras.models.model_from_json(convert(spec, "keras-json")), infer(spec), named=True)


@pytest.mark.parametrize("name", MODELS)
def test_keras_builds_the_python(name: str) -> None:
    spec = opened(name)
    keras.backend.clear_session()
    code: dict[str, Any] = {}
    exec(convert(spec, "python"), code)
    agrees(code["model"], infer(spec), named=name != "operations")


def built(text: str) -> Any:
    keras.backend.clear_session()
    code: dict[str, Any] = {}
    exec(text, code)
    return code["model"]


def test_a_model_in_two_models_is_one_object() -> None:
    text = """
        inputs: {i: [8], j: [8]}
        models:
          a: {input: [8], layers: [Dense: 4]}
          b: {input: [8], layers: [a, Dense: 2]}
        layers: [{a: {inputs: i}}, {b: {inputs: j}}]
        outputs: [a, b]
    """
    spec = load("m.yaml", text=text)
    assert built(convert(spec, "python")).count_params() == infer(spec).totals.params == 46


def test_a_layer_at_two_places_is_one_object() -> None:
    spec = load("m.yaml", text="{input: [5, 4], layers: [{TimeDistributed: {Dense: 4}}, Dense: 4]}")
    wrapper, dense = spec.layers.values()
    dense = dense.changed(shared="1")
    spec = spec._replace(layers={wrapper.name: wrapper.changed(arguments={"layer": dense}), dense.name: dense})
    assert built(convert(spec, "python")).count_params() == infer(spec).totals.params == 20


@pytest.mark.parametrize("target", ["keras-json", "python"])
def test_a_frozen_model_trains_nothing(target: str) -> None:
    spec = load("m.yaml", text=MODELS["models_in_models"])
    spec = spec._replace(models={name: model._replace(trainable=False) for name, model in spec.models.items()})
    if target == "keras-json":
        spec = spec._replace(models={"mid": spec.models["mid"]})
    text = convert(spec, target)
    model = built(text) if target == "python" else keras.models.model_from_json(text)
    trained = sum(weight.shape.num_elements() for weight in model.trainable_weights)
    assert trained == infer(spec).totals.trainable_params == 3


@pytest.mark.parametrize("class_name", OPERATIONS)
def test_every_operation_has_its_function(class_name: str) -> None:
    assert callable(operator.attrgetter(function_of(class_name).removeprefix("keras."))(keras))
