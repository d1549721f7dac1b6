"""Every example of every rule, and the arguments of every rule, against the real Keras layer."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import pytest
from agreement import agree
from layer_examples import cases

from lstmcalc.layers.rule import RULES, Example


@pytest.mark.parametrize(("class_name", "example"), cases(Example))
def test_example_is_what_keras_does(class_name: str, example: Any) -> None:
    assert agree(class_name, example.arguments, example.inputs, example.states)


@pytest.mark.parametrize("class_name", RULES)
def test_arguments_and_defaults_are_those_of_keras(class_name: str) -> None:
    signature = inspect.signature(getattr(keras.layers, class_name).__init__)
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
