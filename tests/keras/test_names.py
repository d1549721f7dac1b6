"""The names that arguments are checked against are those that Keras knows."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras.src import activations, constraints, initializers, regularizers
from keras.src.backend.common import dtypes

from lstmcalc.layers import arguments as arg
from lstmcalc.spec import snake_case


@pytest.mark.parametrize(
    ("ours", "module"),
    [
        (arg.ACTIVATIONS, activations),
        (arg.INITIALIZERS, initializers),
        (arg.REGULARIZERS, regularizers),
        (arg.CONSTRAINTS, constraints),
    ],
    ids=["activations", "initializers", "regularizers", "constraints"],
)
def test_names_are_those_of_keras(ours: list[str], module: Any) -> None:
    # `threshold` needs arguments that a name cannot give: Keras takes the name, and fails when the layer is called.
    assert sorted(ours) == sorted(name for name in module.ALL_OBJECTS_DICT if name and name != "threshold")


def test_dtypes_are_those_of_keras() -> None:
    plain = {name for name in arg.DTYPES if not name.startswith("mixed_")}
    assert plain == {name for name in dtypes.ALLOWED_DTYPES if not name.startswith("float8")}
    for name in ("mixed_float16", "mixed_bfloat16"):
        assert keras.dtype_policies.get(name).variable_dtype == "float32"


def test_layers_are_named_as_keras_names_them() -> None:
    classes = {name for name in vars(keras.layers) if name[0].isupper()}
    from keras.src.utils.naming import to_snake_case

    assert {name: snake_case(name) for name in classes} == {name: to_snake_case(name) for name in classes}
