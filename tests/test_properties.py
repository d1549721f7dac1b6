"""What must hold of every rule, whatever its numbers: the three ways to state a count agree."""

from __future__ import annotations

import math
from typing import Any

import pytest
from layer_examples import cases, one_layer

from lstmcalc.dims import Expression, lift_size, lower_size, substitute, total
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.layers.rule import RULES, Example
from lstmcalc.report import LayerReport

EXAMPLES = [pytest.param(name, case, id=f"{name}-{i}") for i, (name, case) in enumerate(cases(Example))]


def row(class_name: str, arguments: Any, inputs: Any, states: Any) -> LayerReport:
    report = infer(one_layer(class_name, arguments, inputs, states))
    return next(layer for layer in report.layers if layer.name == "layer")


@pytest.mark.parametrize(("class_name", "example"), EXAMPLES)
def test_the_arithmetic_shown_is_the_count(class_name: str, example: Example) -> None:
    layer = row(class_name, example.arguments, example.inputs, example.states)
    if layer.arithmetic and isinstance(layer.params, int):
        plain = layer.arithmetic.replace("·", "*").replace("²", "**2").replace("³", "**3")
        assert eval(plain, {"__builtins__": {}, "floor": math.floor}) == layer.params
    assert layer.params == lower_size(total(lift_size(weight.params) for weight in layer.weights))


@pytest.mark.parametrize(("class_name", "example"), EXAMPLES)
def test_an_unknown_size_changes_no_count(class_name: str, example: Example) -> None:
    known = row(class_name, example.arguments, example.inputs, example.states)
    shapes = example.inputs if isinstance(example.inputs, list) else [example.inputs]
    for axis in range(1, len(shapes[0])):
        opened = [tuple(None if i == axis else size for i, size in enumerate(shape)) for shape in shapes]
        try:
            layer = row(
                class_name, example.arguments, opened if isinstance(example.inputs, list) else opened[0], example.states
            )
        except SpecError:
            continue
        assert layer.params == known.params


def sizes_of(class_name: str, example: Example) -> dict[str, int]:
    """The arguments of an example that a name can stand for."""
    arguments = RULES[class_name].arguments
    return {
        key: value
        for key, value in example.arguments.items()
        if arguments[key].kind == "size" and isinstance(value, int) and value > 0
    }


@pytest.mark.parametrize(("class_name", "example"), [p for p in EXAMPLES if sizes_of(*p.values)])
def test_a_symbol_with_a_value_is_that_value(class_name: str, example: Example) -> None:
    sizes = sizes_of(class_name, example)
    known = row(class_name, example.arguments, example.inputs, example.states)
    names = {key: f"its_{key}" for key in sizes}
    named = row(class_name, {**example.arguments, **names}, example.inputs, example.states)
    values = {f"its_{key}": value for key, value in sizes.items()}
    assert lower_size(substitute(lift_size(named.params), values)) == known.params
    shapes = [tuple(lower_size(substitute(lift_size(s), values)) for s in shape) for shape in named.output_shapes]
    assert shapes == list(known.output_shapes)
    # RandomCrop cuts in training only, and Hashing makes numbers below `num_bins`: their sizes are in no answer.
    in_answer = any(isinstance(size, Expression) for size in (named.params, *named.output_shapes[0]))
    assert in_answer or class_name in ("RandomCrop", "Hashing")
