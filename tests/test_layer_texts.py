"""What rules say: formulas in names and numbers, assumptions, hints, and whole refusals."""

from __future__ import annotations

from typing import Any

import pytest
from layer_examples import one_layer

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.report import LayerReport, Report


def inferred(class_name: str, arguments: dict[str, Any], inputs: Any) -> Report:
    return infer(one_layer(class_name, arguments, inputs))


def the_layer(report: Report) -> LayerReport:
    return next(layer for layer in report.layers if layer.name == "layer")


@pytest.mark.parametrize(("class_name", "arguments", "inputs", "formula", "arithmetic"), [
    ("Dense", {"units": 8}, (None, 3), "units·(input_dim + 1)", "8·(3 + 1)"),
    ("Embedding", {"input_dim": 500, "output_dim": 16}, (None, 10), "input_dim·output_dim", "500·16"),
    ("Conv1D", {"filters": 32, "kernel_size": 5}, (None, 9, 4), "filters·(channels·kernel_size + 1)", "32·(4·5 + 1)"),
    ("Conv2D", {"filters": 32, "kernel_size": 5}, (None, 9, 9, 3),
     "filters·(channels·kernel_height·kernel_width + 1)", "32·(3·5·5 + 1)"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "use_bias": False}, (None, 9, 9, 3),
     "channels·filters·kernel_height·kernel_width", "3·8·3·3"),
    ("Conv1D", {"filters": 32, "kernel_size": 5, "groups": 2}, (None, 9, 4),
     "filters·(channels_per_group·kernel_size + 1)", "32·(2·5 + 1)"),
    ("BatchNormalization", {}, (None, 10, 128), "4·channels", "4·128"),
    ("LayerNormalization", {"axis": [1, 2]}, (None, 10, 128), "2·input_dim·timesteps", "2·128·10"),
    ("PReLU", {"shared_axes": [1]}, (None, 10, 128), "input_dim", "128"),
])  # fmt: skip
def test_formula(class_name: str, arguments: dict[str, Any], inputs: Any, formula: str, arithmetic: str) -> None:
    layer = the_layer(inferred(class_name, arguments, inputs))
    assert (layer.formula, layer.arithmetic) == (formula, arithmetic)


@pytest.mark.parametrize(("class_name", "arguments", "inputs", "text", "because"), [
    ("Conv1D", {"filters": 2, "kernel_size": 5}, (None, "T", 3),
     "T >= 5", "`padding: valid` gives T - 5 + 1 = T - 4 time steps"),
    ("Conv1D", {"filters": 2, "kernel_size": 5, "strides": 2}, (None, "T", 3),
     "T >= 5", "`padding: valid` gives floor((T - 5)/2) + 1 time steps"),
    ("Concatenate", {}, [(None, 1, 128), (None, "T", 128)],
     "T = 1", "axis 1 is 1 in input 1 and T in input 2; Concatenate joins along axis 2 only"),
    ("Concatenate", {}, [(None, 1, 128), (None, None, 128)],
     "axis 1 of input 2 is 1", "axis 1 is 1 in input 1 and None in input 2; Concatenate joins along axis 2 only"),
    ("Add", {}, [(None, "T", 4), (None, 1, 4), (None, 5, 4)],
     "T = 5", "axis 1 is T in input 1 and 5 in input 3; Add goes value by value, and repeats only along sizes of 1"),
    ("Dot", {"axes": 1}, [(None, 5), (None, "T")],
     "T = 5", "axis 1 is 5 in input 1 and T in input 2; a sum of products takes as many values from each input"),
    ("Reshape", {"target_shape": [3, 4]}, (None, None, 6),
     "axis 1 is 2", "`target_shape: [3, 4]` deals the values into 12 places"),
    ("Reshape", {"target_shape": [-1, 4]}, (None, None, 6),
     "axis 1 * 6 is a multiple of 4", "`target_shape: [-1, 4]` deals the values into rows of 4"),
    ("Reshape", {"target_shape": [3, 4]}, (None, None, None, 2),
     "the product of axes 1 and 2 is 6", "`target_shape: [3, 4]` deals the values into 12 places"),
])  # fmt: skip
def test_assumption(class_name: str, arguments: dict[str, Any], inputs: Any, text: str, because: str) -> None:
    assumptions = inferred(class_name, arguments, inputs).assumptions
    assert [(held.text, held.because) for held in assumptions] == [(text, because)]


@pytest.mark.parametrize(("class_name", "arguments", "inputs"), [
    ("Concatenate", {"axis": 1}, [(None, 1, 4), (None, None, 4)]),
    ("Add", {}, [(None, 1, 4), (None, None, 4)]),
    ("Reshape", {"target_shape": [-1, 3]}, (None, None, 6)),
    ("Conv1D", {"filters": 2, "kernel_size": 5, "padding": "same"}, (None, "T", 3)),
])  # fmt: skip
def test_nothing_to_assume(class_name: str, arguments: dict[str, Any], inputs: Any) -> None:
    assert inferred(class_name, arguments, inputs).assumptions == ()


@pytest.mark.parametrize(("class_name", "arguments", "inputs", "code"), [
    ("Dense", {"units": 1, "activation": "softmax"}, (None, 4), "softmax-of-one"),
    ("Activation", {"activation": "softmax"}, (None, 1), "softmax-of-one"),
    ("Softmax", {"axis": [1, 2]}, (None, 1, 1), "softmax-of-one"),
    ("Softmax", {"axis": [1, 2]}, (None, 1, 2), None),
    ("Add", {}, [(None, 4)], "one-input"),
    ("Add", {}, [(None, 4), (None, 4)], None),
])  # fmt: skip
def test_hint(class_name: str, arguments: dict[str, Any], inputs: Any, code: str | None) -> None:
    assert [hint.code for hint in inferred(class_name, arguments, inputs).hints] == ([code] if code else [])


REFUSALS = {
    ("Conv2D", (None, 28, 3, 1)): ({"filters": 2, "kernel_size": 5}, """\
error[window-too-large] layer "layer" (Conv2D)
  expected width of at least 5
  got      (None, 28, 3, 1)
  because  `padding: valid` gives 3 - 5 + 1 = -1 columns
  fix      use `padding: same` or a `kernel_size` of at most 3"""),
    ("Lambda", (None, 4)): ({}, """\
error[unknown-shape] layer "layer" (Lambda)
  expected `output_shape`
  got      nothing
  because  only running the function would tell the shape
  fix      state `output_shape`, without the batch"""),
    ("Wrapper", (None, 4)): ({"layer": "Dense(4)"}, """\
error[abstract-layer] layer "layer" (Wrapper)
  expected a wrapper that says what it does with its layer
  got      `Wrapper`
  because  it is the base of other wrappers, and Keras cannot call it
  fix      use `TimeDistributed` or `Bidirectional`"""),
    ("MaxPooling1D", (None, 4, 2)): ({"padding": "SAME"}, """\
error[wrong-value] layer "layer" (MaxPooling1D)
  expected `padding` to be one of `valid`, `same`
  got      "SAME"
  fix      did you mean `same`?"""),
}  # fmt: skip


@pytest.mark.parametrize(("class_name", "inputs"), REFUSALS)
def test_refusal(class_name: str, inputs: Any) -> None:
    arguments, text = REFUSALS[class_name, inputs]
    with pytest.raises(SpecError) as caught:
        inferred(class_name, arguments, inputs)
    assert str(caught.value) == text
