"""Keras's operations: every rule's examples hold, and what files and configs say of them is read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from operation_models import one_operation, operation_cases
from yaml_models import read

from lstmcalc.dims import to_text
from lstmcalc.errors import Rejection, SpecError
from lstmcalc.inference import infer
from lstmcalc.layers import find_rule
from lstmcalc.layers.operations import OPERATIONS
from lstmcalc.layers.operations.constants import constant_shape, read_key
from lstmcalc.layers.operations.tensorflow_names import BACKEND_FUNCTIONS, FUNCTIONS, translate
from lstmcalc.layers.rule import Example, Rejected
from lstmcalc.shapes import show_shape

SLICE = "__slice__"


def outputs(name: str, arguments: Any, inputs: Any, keywords: Any = None, dtype: Any = "") -> tuple[Any, ...]:
    report = infer(one_operation(name, arguments, inputs, keywords, dtype))
    return next(layer for layer in report.layers if layer.name == "operation").output_shapes


def messages(name: str, arguments: Any, inputs: Any, keywords: Any = None) -> list[str]:
    with pytest.raises(SpecError) as caught:
        infer(one_operation(name, arguments, inputs, keywords))
    return [fault.message for fault in caught.value.faults]


@pytest.mark.parametrize(("name", "example"), operation_cases(Example))
def test_example(name: str, example: Any) -> None:
    report = infer(one_operation(name, example.arguments, example.inputs, example.keywords, example.dtype))
    layer = next(layer for layer in report.layers if layer.name == "operation")
    expected = tuple(example.output) if isinstance(example.output, list) else (example.output,)
    assert layer.calls[0].outputs == expected
    assert (layer.params, layer.weights, layer.class_name) == (0, (), name.removeprefix("ops."))


@pytest.mark.parametrize(("name", "rejected"), operation_cases(Rejected))
def test_rejected(name: str, rejected: Any) -> None:
    inputs = rejected.inputs or OPERATIONS[name].examples[0].inputs
    assert messages(name, rejected.arguments, inputs, rejected.keywords) == [rejected.message]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_rule_says_what_it_does_and_where_that_stands(name: str) -> None:
    rule = OPERATIONS[name]
    assert Example in {type(case) for case in vars(rule)["examples"]}
    first, *rest = (rule.__doc__ or "").strip().splitlines()
    assert first.endswith(".") and re.search(rf"keras/src/ops/{rule.module}\.py.*, 3\.15\.1", "\n".join(rest))
    assert find_rule(name) is rule and find_rule(name.removeprefix("ops.")) is not rule


T, U = "T", "U"


@pytest.mark.parametrize(
    ("name", "arguments", "inputs", "keywords", "output", "assumed"),
    [
        ("Add", {}, [(None, T, 8), (None, 1, 8)], {}, "(None, T, 8)", []),
        ("Add", {}, [(None, T, 8), (None, U, 8)], {}, "(None, T, 8)", ["T = U"]),
        ("Add", {}, [(None, T, 8), (None, 5, 1)], {}, "(None, 5, 8)", ["T = 5"]),
        ("Add", {}, [(None, None, 8), (None, 5, 8)], {}, "(None, 5, 8)", ["axis -2 of x1 is 5"]),
        ("Add", {}, [(None, T), (None, "2*T")], {}, "(None, 2·T)", ["T = 1"]),
        ("Multiply", {}, (None, T), {"x1": [[1.0], [2.0]]}, "(2, T)", ["axis -2 of x2 is 2"]),
        ("Reshape", {"newshape": [-1, T, 4]}, (2, T, 8), {}, "(4, T, 4)", []),
        ("Reshape", {"newshape": [-1, 4]}, (None, T, 8), {}, "(None, 4)", []),
        ("Reshape", {"newshape": [-1, 5]}, (None, T, 8), {}, "(None, 5)", ["axis 0 * 8·T is a multiple of 5"]),
        ("Reshape", {"newshape": [3, 8]}, (None, 8), {}, "(3, 8)", ["axis 0 is 3"]),
        ("GetItem", {}, (None, T, 8), {"key": "[:, 1:]"}, "(None, T - 1, 8)", []),
        ("GetItem", {}, (None, T, 8), {"key": "[:, 3:-1]"}, "(None, T - 4, 8)", ["T >= 4"]),
        ("GetItem", {}, (None, T, 8), {"key": "[:, ::-2]"}, "(None, floor((T + 1)/2), 8)", []),
        ("GetItem", {}, (None, T, 8), {"key": "[:, :3]"}, "(None, None, 8)", []),
        ("GetItem", {}, (None, T, 8), {"key": "[:, 4]"}, "(None, 8)", ["T >= 5"]),
        ("GetItem", {}, (None, T, 8), {"key": "[..., None, :2]"}, "(None, T, 1, 2)", []),
        ("Squeeze", {}, (None, T, 1), {}, "(None, T)", ["T >= 2"]),
        ("Split", {"indices_or_sections": 2, "axis": 1}, (None, T), {}, "(None, floor(T/2))", ["T a multiple of 2"]),
        ("Split", {"indices_or_sections": [4], "axis": 1}, (None, T), {}, "(None, 4)", ["T >= 4"]),
        ("ArraySplit", {"indices_or_sections": 2, "axis": 1}, (None, T), {}, "(None, floor((T + 1)/2))", []),
        ("Concatenate", {"axis": 1}, [(None, T, 4), (None, U, 4)], {}, "(None, T + U, 4)", []),
        ("Repeat", {"repeats": 3, "axis": 1}, (None, T), {}, "(None, 3·T)", []),
        ("Pad", {"pad_width": [[0, 0], [2, 1]]}, (None, T), {}, "(None, T + 3)", []),
        ("Ravel", {}, (2, T, 3), {}, "(6·T,)", []),
        ("Einsum", {"subscripts": "bij,bkj->bik"}, [(None, T, 8), (None, U, 8)], {}, "(None, T, U)", []),
        ("Matmul", {}, [(None, T, 8), (None, U, 5)], {}, "(None, T, 5)", ["U = 8"]),
        ("MaxPool", {"pool_size": 2}, (None, T, 8), {}, "(None, floor(T/2), 8)", ["T >= 2"]),
        ("DepthToSpace", {"block_size": 2}, (None, T, U, 8), {}, "(None, 2·T, 2·U, 2)", []),
        ("Glu", {}, (None, T), {}, "(None, floor(T/2))", ["T a multiple of 2"]),
    ],
)  # fmt: skip
def test_names_come_through(
    name: str, arguments: Any, inputs: Any, keywords: Any, output: str, assumed: list[str]
) -> None:
    report = infer(one_operation(f"ops.{name}", arguments, inputs, keywords))
    call = next(layer for layer in report.layers if layer.name == "operation").calls[0]
    assert call.outputs is not None
    assert show_shape(call.outputs[0]) == output
    assert [assumption.text for assumption in report.assumptions] == assumed


def test_what_keras_takes_a_shape_for_is_told_apart() -> None:
    report = infer(one_operation("ops.BitwiseAnd", {}, [(None, 1), (None, 5)], dtype="int32"))
    call = next(layer for layer in report.layers if layer.name == "operation").calls[0]
    assert (call.outputs, call.believed) == (((None, 5),), ((None, 1),))


@pytest.mark.parametrize(
    ("keywords", "inputs", "message"),
    [
        ({}, (None, 3), "expected `x1` and `x2`, as tensors or constants, got 1, without `x2`"),
        ({"x2": 1.0}, [(None, 3), (None, 3)], "expected `x1` and `x2`, as tensors or constants, got 3"),
        ({"y": 1.0}, (None, 3), "expected what a call of Add takes, got `y`"),
        ({"x2": "two"}, (None, 3), "expected `x2` to be an output of a layer, a number, or lists of numbers of one "
                                   'length, got "two"'),
        ({"x2": [[1], [2, 3]]}, (None, 3), "expected `x2` to be an output of a layer, a number, or lists of numbers of "
                                           "one length, got [[1], [2, 3]]"),
        ({"x2": None}, (None, 3), "expected `x2` to be an output of a layer, a number, or lists of numbers of one "
                                  "length, got null"),
    ],
)  # fmt: skip
def test_operands_that_are_none(keywords: Any, inputs: Any, message: str) -> None:
    assert messages("ops.Add", {}, inputs, keywords) == [message]


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (2, ()),
        (True, ()),
        ([], (0,)),
        ([[1, 2, 3]], (1, 3)),
        ({"class_name": "__numpy__", "config": {"value": [[1.0], [2.0]], "dtype": "float32"}}, (2, 1)),
        ({"class_name": "__tensor__", "config": {"value": 3.0, "dtype": "float32"}}, ()),
    ],
)
def test_shape_of_a_constant(value: Any, shape: Any) -> None:
    assert constant_shape("x", value) == shape


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("[:, 1:-1, ::2]", (slice(None), slice(1, -1), slice(None, None, 2))),
        (":, 0", (slice(None), 0)),
        ("[..., None]", (Ellipsis, None)),
        ("[1:,]", (slice(1, None),)),
        (-1, (-1,)),
        ([":", 0], (slice(None), 0)),
        ([{"class_name": SLICE, "config": {"start": None, "stop": 3, "step": None}}, 2], (slice(None, 3), 2)),
        ([None, {"class_name": "__ellipsis__", "config": {}}], (None, Ellipsis)),
    ],
)
def test_key(value: Any, key: Any) -> None:
    assert read_key("key", value) == key


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("[1:]", 'expected `key` to be an integer, or several parts, got "[1:]"'),
        ("[..., ...]", 'expected one ... at most in `key`, got "[..., ...]"'),
        ("[::0, 1]", 'expected no step of 0 in `key`, got "[::0, 1]"'),
    ],
)
def test_key_that_is_none(value: Any, message: str) -> None:
    with pytest.raises(Rejection) as caught:
        read_key("key", value)
    assert caught.value.fault.message == message


YAML = """
name: with_operations
inputs: {x: [T, 8], y: [T, 8]}
layers:
  - ops.Add: {inputs: [x, y]}
  - ops.Multiply: {x2: 0.5}
  - ops.Subtract: {x1: 1.0}
  - ops.GetItem: {key: "[:, 1:]"}
  - Dense: 4
  - ops.Mean: 1
  - {layer: ops.Add, inputs: [mean, mean], name: twice}
"""


def test_operations_in_yaml() -> None:
    report = infer(read(YAML))
    rows = [(layer.name, layer.class_name, show_shape(layer.output_shapes[0])) for layer in report.layers[2:]]
    assert rows == [
        ("add", "Add", "(None, T, 8)"),
        ("multiply", "Multiply", "(None, T, 8)"),
        ("subtract", "Subtract", "(None, T, 8)"),
        ("get_item", "GetItem", "(None, T - 1, 8)"),
        ("dense", "Dense", "(None, T - 1, 4)"),
        ("mean", "Mean", "(None, 4)"),
        ("twice", "Add", "(None, 4)"),
    ]
    assert to_text(report.totals.params) == "36"


def test_an_operation_without_a_rule_ends_what_is_known() -> None:
    text = "input: [8]\nlayers:\n  - Dense: 4\n  - ops.Histogram\n  - Dense: 2\n"
    with pytest.raises(SpecError) as caught:
        infer(read(text))
    assert [fault.code for fault in caught.value.faults] == ["unknown-layer"]
    known = [(layer.name, layer.params) for layer in caught.value.report.layers]
    assert known == [("dense", 36), ("histogram", None), ("dense_1", None)]


@pytest.mark.parametrize(("function", "entry"), [*FUNCTIONS.items(), *BACKEND_FUNCTIONS.items()])
def test_every_function_of_tensorflow_has_its_operation(function: str, entry: list[str]) -> None:
    class_name, first, *others = entry
    rule = OPERATIONS[f"ops.{class_name}"]
    assert first == rule.places[0]
    assert {word.partition(":")[0].partition("=")[0] for word in others} <= {*rule.places, *rule.arguments}


@pytest.mark.parametrize(
    ("function", "arguments", "translated"),
    [
        ("__operators__.add", {"": "x", "y": 2.0}, ("ops.Add", {"x1": "x", "x2": 2.0})),
        ("math.subtract", {"": 1.0, "y": "x"}, ("ops.Subtract", {"x1": 1.0, "x2": "x"})),
        ("compat.v1.nn.softmax", {"": "x", "axis": -1}, ("ops.Softmax", {"x": "x", "axis": -1})),
        ("math.reduce_sum", {"": "x", "axis": 1, "keep_dims": True},
         ("ops.Sum", {"x": "x", "axis": 1, "keepdims": True})),
        ("math.argmax", {"": "x"}, ("ops.Argmax", {"x": "x", "axis": 0})),
        ("keras.backend.argmax", {"": "x"}, ("ops.Argmax", {"x": "x", "axis": -1})),
        ("split", {"": "x", "num_or_size_splits": [2, 3, 5], "axis": -1},
         ("ops.Split", {"x": "x", "indices_or_sections": [2, 5], "axis": -1})),
        ("split", {"": "x", "num_or_size_splits": 4, "axis": 1},
         ("ops.Split", {"x": "x", "indices_or_sections": 4, "axis": 1})),
        ("transpose", {"": "x", "perm": [0, 2, 1]}, ("ops.Transpose", {"x": "x", "axes": [0, 2, 1]})),
        ("compat.v1.transpose", {"": "x"}, ("ops.Transpose", {"x": "x"})),
        ("pad", {"": "x", "paddings": [[0, 0], [1, 1]], "mode": "REFLECT", "constant_values": 0},
         ("ops.Pad", {"x": "x", "pad_width": [[0, 0], [1, 1]], "mode": "reflect"})),
        ("squeeze", {"": "x", "axis": []}, ("ops.Squeeze", {"x": "x"})),
        ("one_hot", {"": "x", "depth": 7, "on_value": 2}, ("ops.OneHot", {"x": "x", "num_classes": 7})),
        ("image.resize", {"": "x", "size": [4, 4], "method": "nearest", "preserve_aspect_ratio": False},
         ("ops.Resize", {"images": "x", "size": [4, 4], "interpolation": "nearest"})),
        ("image.resize", {"": "x", "size": [4, 4], "preserve_aspect_ratio": True}, None),
        ("linalg.matmul", {"": "x", "b": "y", "transpose_b": False}, ("ops.Matmul", {"x1": "x", "x2": "y"})),
        ("linalg.matmul", {"": "x", "b": "y", "transpose_b": True}, None),
        ("gather", {"": "x", "indices": [1, 2], "axis": 1}, ("ops.Take", {"x": "x", "indices": [1, 2], "axis": 1})),
        ("gather", {"": "x", "indices": [1, 2], "batch_dims": 1}, None),
        ("reshape", {"": "x", "shape": [-1, 4]}, ("ops.Reshape", {"x": "x", "newshape": [-1, 4]})),
        ("reshape", {"": "x", "shape": [object(), 4]}, None),
        ("where", {"": "x"}, None),
        ("image.reshape", {"": "x", "shape": [1]}, None),
        ("__operators__.getitem", {"": "x", "slice_spec": [slice(None), 0]},
         ("ops.GetItem", {"x": "x", "key": [slice(None), 0]})),
        ("__operators__.getitem", {"": "x", "slice_spec": slice(1, None)},
         ("ops.GetItem", {"x": "x", "key": [slice(1, None)]})),
        ("__operators__.getitem", {"": "x", "slice_spec": {"start": 1, "stop": None, "step": None}},
         ("ops.GetItem", {"x": "x", "key": [
             {"class_name": SLICE, "config": {"start": 1, "stop": None, "step": None}}]})),
        ("__operators__.getitem", {"": "x", "slice_spec": [object()]}, None),
    ],
)  # fmt: skip
def test_translated_from_tensorflow(function: str, arguments: Any, translated: Any) -> None:
    assert translate(function, arguments) == translated
