"""The dtypes and the trainability of every layer's weights, under every kind of dtype policy, against real Keras."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from agreement import counted, ours, real_shapes, theirs
from layer_examples import cases

from lstmcalc.errors import SpecError
from lstmcalc.layers.rule import RULES, Example

#: The first example of every layer that Keras 3 exports.
FIRST = {name: example for name, example in reversed(cases(Example)) if hasattr(keras.layers, name)}
DTYPES = ["mixed_float16", "mixed_bfloat16", "float16", "bfloat16", "float64"]
#: The quantised dtypes that only some layers have; each with the layers that do.
KERNELS = {"Dense", "EinsumDense"}
QUANTISED = {
    "int8_from_float32": {*KERNELS, "Embedding", "ReversibleEmbedding"},
    "int4/2_from_mixed_bfloat16": {*KERNELS, "Embedding", "ReversibleEmbedding"},
    "float8_from_float32": KERNELS,
}


def held(weights: Any) -> list[tuple[str, str, bool]]:
    """Name, dtype and trainability of weights, whichever side they are from."""
    return [(weight.name.rpartition("/")[2], weight.dtype, weight.trainable) for weight in weights]


def compared(class_name: str, **extra: Any) -> None:
    """Asserts that both sides hold the same weights in the same dtypes, or that both refuse.

    What we refuse, Keras may build and then fail on; what we accept, TensorFlow may lack a kernel for.
    """
    example = FIRST[class_name]
    arguments = {**example.arguments, **extra}
    if extra.get("dtype") == "bfloat16" and "recurrent_initializer" in RULES[class_name].arguments:
        # TensorFlow has no QR decomposition of bfloat16, which the default initializer would need.
        arguments["recurrent_initializer"] = "zeros"
    mine = ours(class_name, arguments, example.inputs, example.states, example.dtype, example.keywords)
    try:
        layer, model = theirs(class_name, arguments, example.inputs, example.states, example.dtype, example.keywords)
        if isinstance(mine, SpecError):
            real_shapes(model)
    except Exception as refusal:  # Keras raises whatever its backend raises.
        assert isinstance(mine, SpecError), f"Keras refuses it, lstmcalc accepts: {refusal}"
        counted(False, class_name, arguments, example.inputs, example.states, example.keywords, example.dtype)
        return
    assert not isinstance(mine, SpecError), f"Keras accepts it, lstmcalc refuses:\n{mine}"
    assert held(mine.weights) == held(layer.weights)
    counted(True, class_name, arguments, example.inputs, example.states, example.keywords, example.dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("class_name", FIRST)
def test_dtype(class_name: str, dtype: str) -> None:
    compared(class_name, dtype=dtype)


@pytest.mark.parametrize("class_name", FIRST)
def test_not_trainable(class_name: str) -> None:
    compared(class_name, trainable=False)


@pytest.mark.parametrize("class_name", FIRST)
def test_no_autocast(class_name: str) -> None:
    compared(class_name, autocast=False)


@pytest.mark.parametrize("dtype", QUANTISED)
@pytest.mark.parametrize("class_name", FIRST)
def test_quantised(class_name: str, dtype: str) -> None:
    """Only some layers have a quantised form; Keras builds the others, and fails on data."""
    example = FIRST[class_name]
    arguments = {**example.arguments, "dtype": dtype}
    if class_name in QUANTISED[dtype]:
        compared(class_name, dtype=dtype)
        return
    mine = ours(class_name, arguments, example.inputs, example.states, example.dtype, example.keywords)
    assert isinstance(mine, SpecError)
    assert [(fault.code, "`dtype` to be a dtype or a mixed policy" in fault.expected) for fault in mine.faults] == [
        ("wrong-value", True)
    ]
