"""Every rule of an operation against real Keras: examples, arguments, functions of `keras.ops`, what has no rule."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from operation_agreement import agree_on_operation
from operation_models import operation_cases

from lstmcalc.inference import infer
from lstmcalc.layers.operations import OPERATIONS
from lstmcalc.layers.rule import Example
from lstmcalc.sources import load
from lstmcalc.verification import verify
from lstmcalc.verification.keras_operation import constant, operation_class

#: Keras 3.15.1 asks `(-1).__ne__` about None in its Tensordot.
pytestmark = pytest.mark.filterwarnings("ignore:NotImplemented should not be used:DeprecationWarning")

PACKAGE = keras.ops.add.__module__.rpartition(".")[0]

#: What `keras.ops` has and lstmcalc has no rule for, with the reason. Inference stops there, and says so.
WITHOUT_RULE = {
    "Arange": "takes numbers only, so that it never stands in a model",
    "Argpartition": "fails on TensorFlow along any axis but the first, as it puts its results into another shape",
    "AssociativeScan": "runs a function, which no config holds",
    "Cond": "runs functions, which no config holds",
    "ConvTranspose": "fails on any data, as its `call` hands its arguments on in another order",
    "ForiLoop": "runs a function, which no config holds",
    "Function": "is Keras's name for a graph of operations",
    "Geomspace": "fails on TensorFlow along any axis but the first",
    "Histogram": "TensorFlow's backend has none",
    "JVP": "runs a function, which no config holds",
    "LuFactor": "fails on TensorFlow on more than one matrix",
    "Map": "runs a function, which no config holds",
    "Ndim": "gives a number that is no tensor, where it states a row of numbers",
    "Operation": "is the base of the others",
    "Rearrange": "is refused where the batch is open, as it multiplies its size",
    "ScaleAndTranslate": "takes the output's shape as an operand",
    "Scan": "runs a function, which no config holds",
    "SegmentReduction": "is the base of the others of its name",
    "Select": "takes two lists of tensors",
    "Switch": "runs functions, which no config holds",
    "VectorizedMap": "runs a function, which no config holds",
    "View": "gives a shape that depends on the dtype of what comes in",
    "ViewAsComplex": "fails on TensorFlow on any data, as it multiplies real numbers by an imaginary one",
    "WhileLoop": "runs functions, which no config holds",
}


def operation_classes() -> dict[str, Any]:
    """Every class of operations that Keras has."""
    return {
        name: found
        for module in [module for name, module in sys.modules.items() if name.startswith(f"{PACKAGE}.")]
        for name, found in vars(module).items()
        if inspect.isclass(found) and issubclass(found, keras.Operation) and found.__module__ == module.__name__
    }


def test_every_operation_of_keras_has_a_rule_or_a_reason() -> None:
    ruled = {name.removeprefix("ops.") for name in OPERATIONS}
    assert set(operation_classes()) == ruled | set(WITHOUT_RULE)
    assert ruled & set(WITHOUT_RULE) == set()


def test_what_fails_on_any_data_still_does() -> None:
    """The reasons that a rule is missing for are those of this Keras."""
    pictures = keras.ops.ones((2, 5, 5, 3))
    with pytest.raises(AttributeError):
        operation_class(keras, "nn", "ConvTranspose")()(pictures, keras.ops.ones((3, 3, 4, 3)))
    with pytest.raises(AttributeError):
        operation_class(keras, "numpy", "Histogram")()(keras.ops.ones((5,)))
    with pytest.raises(Exception, match="does not index into shape"):
        keras.ops.argpartition(pictures, 1)
    with pytest.raises(TypeError):
        operation_class(keras, "math", "ViewAsComplex")()(keras.ops.ones((3, 2)))
    with pytest.raises(TypeError):
        keras.ops.rearrange(keras.Input((4, 2)), "b h w -> b (h w)")


@pytest.mark.parametrize(("name", "example"), operation_cases(Example))
def test_example_is_what_keras_does(name: str, example: Any) -> None:
    assert agree_on_operation(name, example.arguments, example.inputs, keywords=example.keywords, dtype=example.dtype)


def parameters(function: Any) -> dict[str, inspect.Parameter]:
    found = inspect.signature(function).parameters
    return {name: each for name, each in found.items() if name not in ("self", "name")}


@pytest.mark.parametrize("name", OPERATIONS)
def test_arguments_and_operands_are_those_of_keras(name: str) -> None:
    rule = OPERATIONS[name]
    found = operation_class(keras, rule.module, rule.__name__)
    theirs = {
        key: each.default for key, each in parameters(found.__init__).items() if each.kind is each.POSITIONAL_OR_KEYWORD
    }
    ours = {
        key: inspect.Parameter.empty if repr(argument.default) == "REQUIRED" else argument.default
        for key, argument in rule.arguments.items()
    }
    assert list(ours.items()) == list(theirs.items())
    called = {key: each for key, each in parameters(found.call).items() if each.kind is not each.VAR_KEYWORD}
    assert list(rule.places) == list(called)
    several = {key for key, each in called.items() if each.kind is each.VAR_POSITIONAL}
    assert several == ({rule.places[0]} if rule.operands.startswith("*") else set())
    left_out = {key for key, each in called.items() if each.default is not inspect.Parameter.empty}
    assert left_out == set(rule.optional) | {key for key, argument in rule.plain.items() if key != "key"}


def makers() -> dict[str, list[Any]]:
    """For each class of operations, the functions of `keras.ops` that put it into a model."""
    found: dict[str, list[Any]] = {}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if not name.startswith(f"{PACKAGE}.") or not path:
            continue
        for function in ast.parse(Path(path).read_text(encoding="utf-8")).body:
            if isinstance(function, ast.FunctionDef) and not function.name.startswith("_"):
                for class_name in made_in(function):
                    found.setdefault(class_name, []).append(getattr(module, function.name))
    return found


def made_in(function: ast.FunctionDef) -> Iterator[str]:
    """The classes that a function makes and calls."""
    for node in ast.walk(function):
        called = node.func if isinstance(node, ast.Call) else None
        made = called.value if isinstance(called, ast.Attribute) and called.attr == "symbolic_call" else called
        if isinstance(made, ast.Call) and isinstance(made.func, ast.Name):
            yield made.func.id


MAKERS = makers()
#: What no function makes: second names for classes that have one.
WITHOUT_FUNCTION = {"Abs", "Conj"}


def test_every_other_operation_has_a_function() -> None:
    assert {name.removeprefix("ops.") for name in OPERATIONS} - set(MAKERS) == WITHOUT_FUNCTION


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name.removeprefix("ops.") not in WITHOUT_FUNCTION])
def test_the_function_of_keras_makes_what_the_rule_is_of(name: str) -> None:
    """A model of the function, written by Keras and read by lstmcalc, has the class and the shape that Keras states."""
    rule = OPERATIONS[name]
    example: Any = next(case for case in rule.examples if type(case) is Example)
    shapes = example.inputs if isinstance(example.inputs, list) else [example.inputs]
    tensors = [keras.Input(batch_shape=shape, dtype=example.dtype) for shape in shapes]
    built = rule(dict(example.arguments), "operation")
    constants = {key: constant(built, key, value) for key, value in example.keywords.items()}
    placed = built.placed(tensors, constants)
    given = {**placed, **{key: as_keras(value) for key, value in example.arguments.items()}}
    function = MAKERS[rule.__name__][0]
    outputs = call_by_name(function, given)
    made = keras.tree.flatten(outputs)
    operation = made[0]._keras_history.operation
    assert type(operation).__name__ == rule.__name__
    model = keras.Model(tensors, outputs)
    spec = load("model.json", text=model.to_json())
    row = next(layer for layer in infer(spec).layers if layer.name == operation.name)
    stated = row.calls[0].outputs if row.calls[0].believed is None else row.calls[0].believed
    assert list(stated or ()) == [tuple(tensor.shape) for tensor in made]


def as_keras(value: Any) -> Any:
    """Lists in the arguments as tuples, which some functions want."""
    return tuple(as_keras(item) for item in value) if isinstance(value, list) else value


def call_by_name(function: Any, given: dict[str, Any]) -> Any:
    """The function on what it takes of that; everything must be taken."""
    found = inspect.signature(function).parameters
    several = [name for name, each in found.items() if each.kind is each.VAR_POSITIONAL]
    missing = [name for name, value in given.items() if name not in found and value is not None]
    assert missing == []
    if several:
        leading = [given[name] for name in list(found)[: list(found).index(several[0])]]
        rest = {name: value for name, value in given.items() if name not in several and name not in list(found)[:1]}
        return function(*leading, *given[several[0]], **(rest if not leading else {}))
    return function(**{name: value for name, value in given.items() if value is not None})


def test_constants_of_a_config_keep_their_shape() -> None:
    x = keras.Input((3, 8))
    y = x * 2.0 + keras.ops.ones((8,)) - np.ones((3, 1), "float32")
    z = 1.0 - y[:, :2, None, ::-1]
    model = keras.Model(x, z)
    report = infer(load("model.json", text=model.to_json()))
    assert [layer.name for layer in report.layers] == [operation.name for operation in model.operations]
    assert report.outputs[0].shape == tuple(model.outputs[0].shape) == (None, 2, 1, 8)


YAML = """
name: with_operations
inputs: {x: [T, 8], y: [T, 8]}
layers:
  - ops.Add: {inputs: [x, y]}
  - ops.Multiply: {x2: 0.5}
  - ops.Subtract: {x1: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]}
  - ops.GetItem: {key: "[:, 2:]"}
  - LSTM: {units: 4, return_sequences: true, name: lstm}
  - ops.Split: {indices_or_sections: 2, axis: -1, name: parts}
  - ops.Einsum: {subscripts: "bij,bkj->bik", inputs: ["parts[0]", "parts[1]"]}
  - ops.Mean: {axis: 1, keepdims: true}
  - ops.Where: {inputs: [mean, mean], x2: 0.0}
outputs: [where]
"""


def test_verify_takes_operations() -> None:
    found = verify(load("model.yaml", text=YAML))
    assert found.agrees, found
    assert [layer.mismatches for layer in found.layers if layer.mismatches] == []
    assert {layer.name for layer in found.layers} >= {"add", "multiply", "subtract", "get_item", "parts", "einsum"}
    assert len(found.forward) == 2


def test_verify_finds_a_wrong_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OPERATIONS["ops.Mean"], "result", lambda self, call, x: x[:-1])
    found = verify(load("model.yaml", text="input: [5, 8]\nlayers:\n  - ops.Mean: 1\n"))
    assert [layer.mismatches for layer in found.layers] == [("output: Keras (None, 8), lstmcalc (None, 5)",)]
    assert not found.agrees


def test_unstated_names_are_keras_own() -> None:
    """Two operations of one class, and one with a name, are named as Keras names them."""
    keras.backend.clear_session()
    x = keras.Input((8,), name="x")
    model = keras.Model(x, keras.ops.concatenate([x + x, (x + x) * 2.0]))
    entries = "  - ops.Add: {inputs: [x, x]}\n" * 2 + "  - ops.Multiply: {x2: 2.0}\n"
    text = f"inputs: {{x: [8]}}\nlayers:\n{entries}  - ops.Concatenate: {{inputs: [add, multiply]}}\n"
    report = infer(load("model.yaml", text=text))
    assert [layer.name for layer in report.layers] == [operation.name for operation in model.operations]


KEPT = [name for name, rule in OPERATIONS.items() if {"axis", "keepdims"} <= set(rule.arguments)]


@pytest.mark.parametrize("name", KEPT)
def test_axes_of_reductions(name: str) -> None:
    """One axis, several, all, and one that is not there; kept or not."""
    keywords = {"q": 0.5} if "q" in OPERATIONS[name].places else {}
    for axis in (None, 0, 1, -1, [0, -1], [1, 2], 3):
        for keepdims in (False, True):
            if name == "ops.Norm" and axis is None:
                continue
            arguments = {"axis": axis, "keepdims": keepdims}
            accepted = agree_on_operation(name, arguments, (None, "T", 4), keywords=keywords)
            assert accepted == (axis != 3 and not (isinstance(axis, list) and "arg" in name.lower()))


SHAPES = [(None,), (None, 4), (None, 1), (None, "T"), (None, 3, 4), (None, 1, 4), (None, "T", 4), (None, "T", "U")]


@pytest.mark.parametrize("name", ["ops.Add", "ops.Power", "ops.LogicalAnd", "ops.Maximum", "ops.Isclose"])
@pytest.mark.parametrize("first", SHAPES)
def test_operands_that_are_repeated(first: Any, name: str) -> None:
    for second in SHAPES:
        values = [{"T": 4, "U": 4}, {"T": 3, "U": 1}]
        accepted = agree_on_operation(name, {}, [first, second], values, batches=(4, 3))
        assert accepted or 3 in (*first[1:], *second[1:])


KEYS = ["[:, 0]", "[0]", "[:, :3]", "[:, -3:]", "[:, 2:]", "[:, ::2]", "[:, ::-1]", "[..., 0]", "[:, None]",
        "[:, 1:-1]", "[:, 5:2]", "[:, -2:0:-1]", "[:, 3, 0]", "[None, ..., :1]", "[:, 9]", "[0, 0, 0, 0]"]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_keys(key: str) -> None:
    values = [{"T": 4}, {"T": 9}, {"T": 2}]
    for shape in ((None, 7, 4), (None, "T", 4), *([(None, None, 4)] if key != "[:, 9]" else [])):
        few = key == "[0, 0, 0, 0]" or (key == "[:, 9]" and shape[1] == 7)
        assert agree_on_operation("ops.GetItem", {}, shape, values, {"key": key}) == (not few)


@pytest.mark.parametrize("target", [[-1], [24], [-1, 4], [2, 12], [2, -1, 3], [4, 5], [-1, 7]])
@pytest.mark.parametrize("shape", [(2, 12), (None, 12), (2, "T", 4), (None, "T", 4), (2, 3, 4)])
def test_new_shapes(shape: Any, target: Any) -> None:
    batch = shape[0] or 2
    values = [{"T": 3}, {"T": 6}, {"T": 1}]
    accepted = agree_on_operation("ops.Reshape", {"newshape": target}, shape, values, batches=(batch, 6))
    never = [4, 5] if shape != (None, "T", 4) else None
    known = None not in shape and "T" not in shape
    assert accepted == (target != never and not (known and target == [-1, 7]))
