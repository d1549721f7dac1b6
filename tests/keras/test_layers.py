"""Every example of every rule, and the arguments of every rule, against the real Keras layer."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import pytest
from agreement import agree
from layer_examples import cases

from lstmcalc.layers.rule import RULES, Example
from lstmcalc.verification.keras_model import class_of

#: The layers of Keras 2 that Keras 3 has not are held against what Keras 2 wrote (`tests/models/keras2`).
GONE = {name for name, rule in RULES.items() if rule.family == "legacy"}


@pytest.mark.parametrize(("class_name", "example"), [pair for pair in cases(Example) if pair[0] not in GONE])
def test_example_is_what_keras_does(class_name: str, example: Any) -> None:
    keywords = dict(example.keywords)
    assert agree(class_name, example.arguments, example.inputs, example.states, example.dtype, keywords)


@pytest.mark.parametrize("class_name", [name for name in RULES if name not in GONE])
def test_arguments_and_defaults_are_those_of_keras(class_name: str) -> None:
    signature = inspect.signature(class_of(keras, class_name).__init__)
    theirs = {
        name: parameter.default
        for name, parameter in signature.parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and name not in ("self", "name")
    }
    ours = {
        key: inspect.Parameter.empty if repr(argument.default) == "REQUIRED" else argument.default
        for key, argument in RULES[class_name].arguments.items()
        if not argument.keyword_only
    }
    if class_name == "Lambda":
        # A spec cannot hold a function, so that a model may leave it out.
        theirs["function"] = None
    assert list(ours.items()) == list(theirs.items())
