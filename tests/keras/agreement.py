"""One layer in lstmcalc and in Keras, side by side: accept or reject, weights, shapes, forward pass."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import pytest
from layer_examples import one_layer, wrap

from lstmcalc.dims import UNKNOWN, Condition, lift_size, substitute
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.layers import RULES
from lstmcalc.report import LayerReport
from lstmcalc.spec import LayerSpec
from lstmcalc.verification.keras_model import class_of

#: For each layer, in how many cases lstmcalc and Keras both accepted, and both refused, in this run of the tests.
CHECKED: dict[str, list[int]] = {}
#: Some of these cases, as arguments of `one_layer`: any change of a rule that changes an answer on one would be caught.
CASES: dict[str, list[tuple[Any, ...]]] = {}
MOST_CASES = 300


def keras_value(value: Any) -> Any:
    """An argument as Keras takes it."""
    if isinstance(value, LayerSpec):
        return getattr(keras.layers, value.class_name)(**{k: keras_value(v) for k, v in value.arguments.items()})
    if isinstance(value, (list, tuple)):
        return type(value)(keras_value(item) for item in value)
    return value


def with_function(output_shape: Any = None, **values: Any) -> dict[str, Any]:
    """A Lambda's arguments with a function that gives the shape it states, where None is 7."""

    def function(inputs: Any) -> Any:
        first = inputs[0] if isinstance(inputs, list) else inputs
        return keras.ops.zeros([first.shape[0] or 2, *(7 if size is None else size for size in output_shape)])

    # Keras takes a tuple here, and fails on a list.
    return {"function": function, "output_shape": None if output_shape is None else tuple(output_shape), **values}


def ours(
    class_name: str,
    arguments: Mapping[str, Any],
    inputs: Any,
    states: Any = (),
    dtype: str = "float32",
    keywords: Mapping[str, Any] | None = None,
) -> LayerReport | SpecError:
    """lstmcalc's answer: the layer's report, or the error."""
    try:
        report = infer(one_layer(class_name, arguments, inputs, states, keywords=keywords, dtype=dtype))
    except SpecError as error:
        return error
    return next(layer for layer in report.layers if layer.name == "layer")


def theirs(
    class_name: str,
    arguments: Mapping[str, Any],
    inputs: Any,
    states: Any = (),
    dtype: str = "float32",
    keywords: Mapping[str, Any] | None = None,
) -> Any:
    """Keras's answer: the layer and its symbolic outputs; raises what Keras raises."""
    shapes = inputs if isinstance(inputs, list) else [inputs]
    tensors = [keras.Input(batch_shape=shape, dtype=dtype) for shape in shapes]
    state = [keras.Input(batch_shape=shape) for shape in states]
    values = {key: keras_value(value) for key, value in wrap(class_name, arguments).items()}
    if class_name == "Lambda":
        values = with_function(**values)
    layer = class_of(keras, class_name)(**values)
    keyword = "states" if class_name.endswith(("Cell", "Cells")) else "initial_state"
    kwargs = {**(keywords or {}), **({keyword: nested(layer, state)} if state else {})}
    separate = " " in RULES[class_name].operands
    operands = tensors if separate else [tensors if isinstance(inputs, list) else tensors[0]]
    outputs = layer(*operands, **kwargs)
    model = keras.Model([*tensors, *state], outputs)
    return layer, model


def nested(layer: Any, states: list[Any]) -> list[Any]:
    """States in the structure that Keras takes them in: those of stacked cells as a list for each cell."""
    if hasattr(layer, "forward_layer"):
        half = len(states) // 2
        return nested(layer.forward_layer, states[:half]) + nested(layer.backward_layer, states[half:])
    cells = getattr(getattr(layer, "cell", layer), "cells", None)
    if cells is None:
        return states
    counts = [len(keras.tree.flatten(cell.state_size)) for cell in cells]
    if sum(counts) != len(states):
        return states
    starts = [sum(counts[:i]) for i in range(len(cells))]
    return [
        nested(cell, states[start : start + count]) for cell, start, count in zip(cells, starts, counts, strict=True)
    ]


def flat(shapes: Any) -> list[tuple[Any, ...]]:
    """Shapes from whatever structure Keras returns them in."""
    return [tuple(leaf.shape) for leaf in keras.tree.flatten(shapes)]


def real_shapes(model: Any, batch: int = 2, free: int = 7) -> list[tuple[Any, ...]]:
    """The shapes of a forward pass on random data; every unknown size but the batch is `free`."""
    rng = np.random.default_rng(0)
    data = []
    for tensor in model.inputs:
        sizes = [size or (free if axis else batch) for axis, size in enumerate(tensor.shape)]
        if tensor.dtype == "string":
            data.append(np.full(sizes, "some words"))
        elif "int" in tensor.dtype:
            data.append(rng.integers(0, 2, sizes).astype(tensor.dtype))
        else:
            data.append(rng.standard_normal(sizes).astype(tensor.dtype))
    return flat(model(data, training=False))


def agree(
    class_name: str,
    arguments: Mapping[str, Any],
    inputs: Any,
    states: Any = (),
    dtype: str = "float32",
    keywords: Mapping[str, Any] | None = None,
) -> bool:
    """Asserts that lstmcalc and Keras accept alike, with the same weights and shapes; returns whether they accept.

    Unknown sizes in our output must be unknown in Keras's; a forward pass must have the shape that both stated.
    """
    label = f"{class_name}({arguments}) on {inputs}"
    mine = ours(class_name, arguments, inputs, states, dtype, keywords)
    try:
        layer, model = theirs(class_name, arguments, inputs, states, dtype, keywords)
        real = real_shapes(model)
    except Exception as refusal:  # Keras raises whatever its backend raises.
        assert isinstance(mine, SpecError), f"{label}: Keras refuses it, lstmcalc accepts: {refusal}"
        return counted(False, class_name, arguments, inputs, states, keywords, dtype)
    assert not isinstance(mine, SpecError), f"{label}: Keras accepts it, lstmcalc refuses:\n{mine}"
    same_weights(mine, layer, label)
    assert stated_by_keras(mine) == flat(model.outputs), f"{label}: {stated_by_keras(mine)} != {flat(model.outputs)}"
    for shape, actual in zip(mine.output_shapes, real, strict=True):
        assert len(shape) == len(actual) and all(s in (None, a) for s, a in zip(shape, actual, strict=True)), label
    return counted(True, class_name, arguments, inputs, states, keywords, dtype)


def stated_by_keras(mine: LayerReport) -> list[Any]:
    """The output shapes that lstmcalc says Keras states."""
    return list(mine.calls[0].believed or mine.calls[0].outputs or ())


def counted(accepted: bool, class_name: str, *case: Any) -> bool:
    """Notes that lstmcalc and Keras agreed on one more case of a layer, and on what."""
    CHECKED.setdefault(class_name, [0, 0])[0 if accepted else 1] += 1
    cases = CASES.setdefault(class_name, [])
    if len(cases) < MOST_CASES:
        cases.append(case)
    return accepted


def same_weights(mine: LayerReport, layer: Any, label: str) -> None:
    """Asserts the same weights: names, order, shapes, trainability and number of parameters."""
    stated = [(w.shape, w.trainable) for w in mine.weights]
    held = [(tuple(w.shape), w.trainable) for w in layer.weights]
    assert sorted(stated, key=str) == sorted(held, key=str), f"{label}: weights {stated} != Keras's {held}"
    # What has no name of its own, Keras numbers in the order of its making.
    names = [re.sub(r"^variable_\d+$", "variable", weight.name) for weight in layer.weights]
    assert [w.name.rpartition("/")[2] for w in mine.weights] == names, label
    assert mine.params == layer.count_params(), label


def agree_on_data(
    class_name: str,
    arguments: Mapping[str, Any],
    inputs: Any,
    values: Sequence[Mapping[str, int]],
    lenient: bool = False,
    unsafe: bool = False,
    keywords: Mapping[str, Any] | None = None,
) -> bool:
    """Like `agree`, with names in the input shapes: they are unknown to Keras, and get each of `values` as data.

    What lstmcalc refuses, no data may run through; what it accepts must run through on exactly the data for which its
    assumptions hold, and come out in the shape that it states. Its output is a name or unknown exactly where Keras's is
    None. An empty output counts as refused, as Keras refuses it where it knows the size. `lenient` allows assumptions
    that are stronger than they need be. Where wrong data is `unsafe`, Keras is asked to build a model for its sizes
    instead.
    """
    label = f"{class_name}({arguments}) on {inputs}"
    shapes = inputs if isinstance(inputs, list) else [inputs]
    opened = [tuple(None if isinstance(size, str) else size for size in shape) for shape in shapes]
    unknown = opened if isinstance(inputs, list) else opened[0]
    mine = ours(class_name, arguments, unknown, keywords=keywords)
    try:
        layer, model = theirs(class_name, arguments, unknown, keywords=keywords)
    except Exception as refusal:  # Keras raises whatever its backend raises.
        assert isinstance(mine, SpecError), f"{label}: Keras refuses it, lstmcalc accepts: {refusal}"
        return counted(False, class_name, arguments, inputs, (), keywords)
    if isinstance(mine, SpecError):
        for given in values:
            assert on_data(model, shapes, given) is None, f"{label}: Keras runs {given}, lstmcalc refuses:\n{mine}"
        return counted(False, class_name, arguments, inputs, (), keywords)
    same_weights(mine, layer, label)
    printed = flat(model.outputs)
    assert stated_by_keras(mine) == printed, f"{label}: {stated_by_keras(mine)} != {printed}"
    named = infer(one_layer(class_name, arguments, inputs, keywords=keywords))
    layer_report = next(found for found in named.layers if found.name == "layer")
    outputs = layer_report.output_shapes
    for stated, shown in zip(stated_by_keras(layer_report), printed, strict=True):
        assert [s if isinstance(s, int) else None for s in stated] == list(shown), f"{label}: {stated} != {shown}"
    for given in values:
        held = all(holds(assumption.condition, given) for assumption in named.assumptions)
        if unsafe and not held:
            numbers = [tuple(given.get(size, size) for size in shape) for shape in shapes]
            with pytest.raises(ValueError):
                theirs(class_name, arguments, numbers if isinstance(inputs, list) else numbers[0], keywords=keywords)
            continue
        real = on_data(model, shapes, given)
        if real is None or not (held or lenient):
            assert held == (real is not None), f"{label}: {named.assumptions}, and on {given} Keras gives {real}"
        if held:
            right = all(fits(shape, actual, given) for shape, actual in zip(outputs, real, strict=True))
            assert right, f"{label}: {outputs}, and on {given} Keras gives {real}"
    return counted(True, class_name, arguments, inputs, (), keywords)


def holds(condition: Condition, values: Mapping[str, int]) -> bool:
    """Whether a condition is true of these values."""
    answer = condition.substitute(values)
    assert isinstance(answer, bool), f"{condition} is open for {values}"
    return answer


def fits(shape: Any, real: tuple[int, ...], values: Mapping[str, int]) -> bool:
    """Whether a stated shape is the real one for these values; what is unknown may be anything."""
    sizes = [substitute(lift_size(size), values) for size in shape]
    return len(sizes) == len(real) and all(s is UNKNOWN or s == r for s, r in zip(sizes, real, strict=True))


def on_data(model: Any, shapes: Any, values: Mapping[str, int], batch: int = 2) -> list[tuple[Any, ...]] | None:
    """The output shapes on data of these sizes; None where Keras fails, or gives nothing."""
    rng = np.random.default_rng(0)
    sizes = [[batch if size is None else values.get(size, size) for size in shape] for shape in shapes]
    try:
        real = flat(model([rng.random(shape, "float32") for shape in sizes], training=False))
    except Exception:  # Keras raises whatever its backend raises.
        return None
    return None if any(0 in shape for shape in real) else real
