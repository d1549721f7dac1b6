"""What Keras writes down of a model is no difference to it: every default that it fills in is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest
from convertible import MODELS
from layer_examples import cases, one_layer

from lstmcalc import compare, load
from lstmcalc.conversion import convert
from lstmcalc.errors import SpecError
from lstmcalc.layers.rule import Example
from lstmcalc.spec import Spec

SPECS = sorted((Path(__file__).parent.parent.parent / "specs").glob("*.yaml"))
#: A backend without sparse arrays changes the one by itself; of the other Keras writes what it does not take again.
NOT_AS_STATED = ("CategoryEncoding", "RandomShear")


def differs(spec: Spec) -> list[Any]:
    """What Keras's own JSON of a model is told to have otherwise."""
    built = keras.models.model_from_json(convert(spec, "keras-json"))
    difference = compare(spec, load("keras.json", text=built.to_json()))
    return [(layer.side.name, layer.changes, layer.aspects) for layer in difference.changed]


@pytest.mark.parametrize("spec", [*(pytest.param(load(path), id=path.stem) for path in SPECS), *(
    pytest.param(load(f"{name}.yaml", text=text), id=name) for name, text in MODELS.items()
)])  # fmt: skip
def test_keras_writes_the_same_model(spec: Spec) -> None:
    assert differs(spec) == []


@pytest.mark.parametrize(
    ("name", "example"),
    [pytest.param(name, example, id=f"{name}-{place}") for place, (name, example) in enumerate(cases(Example))],
)
def test_keras_writes_the_same_layer(name: str, example: Example) -> None:
    spec = one_layer(name, example.arguments, example.inputs)
    try:
        convert(spec, "keras-json")
    except SpecError:
        pytest.skip("Keras's JSON cannot say it")
    if name in NOT_AS_STATED:
        pytest.skip("Keras writes another layer")
    try:
        found = differs(spec)
    except (TypeError, ValueError, AttributeError) as error:
        # The example may need inputs of another dtype, or states; the tests of layers see to that.
        pytest.skip(f"Keras does not build it so: {type(error).__name__}")
    assert found == []
