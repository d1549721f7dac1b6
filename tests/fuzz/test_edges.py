"""Every argument of every rule, and all that its calls may be told, with values that break what is careless."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from layer_examples import one_layer
from limited import at_most
from operation_models import one_operation
from properties import check_error

from lstmcalc import SpecError, infer
from lstmcalc.layers.operations.rule import OPERATIONS
from lstmcalc.layers.rule import RULES, Example
from lstmcalc.spec import Spec

EDGES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 3.5, -0.0, float("nan"), float("inf"), 1e300, 2**31, 2**63, -(2**70)),
    *("", "x", "T", "2*T", "same", "[]", "()", "[:, 0]", "[:, ::0]"),
    *([], [[]], [0], [-1], [1], [2, 2], [1, 2, 3], [None], [None, None], ["a"], [1.5], [[1, 2], [3, 4]], [[[1]]]),
    *([2**40] * 3, (), (2,), {}, {"class_name": "x"}, {"class_name": 3}, {"a": {"b": []}}),
    *(..., slice(None), slice(None, None, 0), b"x"),
)
SHAPES = ((None,), (None, 4), (None, 10, 8), (None, 6, 6, 3), (None, None, 8), (None, 0), (None, 3, 4, 4, 2))
#: How many cases of each rule are tried in a short run.
FEW = 25


def cases(name: str) -> list[tuple[Mapping[str, Any], Any, Mapping[str, Any], Any]]:
    """Arguments, inputs, what a call is told, and dtype: those of a rule's first example with one of them changed."""
    return list(_cases(OPERATIONS[name] if name in OPERATIONS else RULES[name]))


def _cases(rule: Any) -> Iterator[tuple[Mapping[str, Any], Any, Mapping[str, Any], Any]]:
    image = Example({}, (None, 6, 6, 3), params=0, output=(None, 6, 6, 3))
    example = next((case for case in rule.examples if type(case) is Example), image)
    told = example.keywords or {}
    for value in EDGES:
        for key in rule.arguments:
            yield {**example.arguments, key: value}, example.inputs, told, example.dtype
        for key in rule.keywords:
            yield example.arguments, example.inputs, {**told, key: value}, example.dtype
    for shape in SHAPES:
        yield example.arguments, shape, told, ""


def model(name: str, case: tuple[Mapping[str, Any], Any, Mapping[str, Any], Any]) -> Spec:
    """A model of one layer or operation."""
    arguments, inputs, told, dtype = case
    if name in OPERATIONS:
        return one_operation(name, arguments, inputs, told, dtype)
    return one_layer(name, arguments, inputs, keywords=told)


def check(name: str, number: int | None) -> None:
    """Tries that many cases of a rule, or all."""
    found = cases(name)
    for case in found if number is None else random.Random(name).sample(found, min(number, len(found))):
        with at_most(5):
            try:
                infer(model(name, case))
            except SpecError as error:
                check_error(error, repr(case))


@pytest.mark.parametrize("name", [*RULES, *OPERATIONS])
def test_some_strange_values_break_no_rule(name: str) -> None:
    check(name, FEW)


@pytest.mark.long
@pytest.mark.parametrize("name", [*RULES, *OPERATIONS])
def test_no_strange_value_breaks_a_rule(name: str) -> None:
    check(name, None)
