"""What a layer would be with another argument, held against Keras: it is built with that argument."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from lstmcalc.building import Builder
from lstmcalc.dims import lift, lower
from lstmcalc.explanation.choices import Choice, other_choices
from lstmcalc.layers.rule import Inputs
from lstmcalc.spec import LayerSpec

Arguments = dict[str, Any]
LAYERS: list[tuple[str, Arguments, tuple[int, ...]]] = [
    ("LSTM", {"units": 4}, (9, 3)),
    ("GRU", {"units": 4, "return_sequences": True, "return_state": True}, (9, 3)),
    ("SimpleRNN", {"units": 4, "use_bias": False}, (9, 3)),
    ("ConvLSTM1D", {"filters": 2, "kernel_size": 3}, (4, 9, 3)),
    ("Bidirectional", {"layer": ("LSTM", {"units": 4, "return_sequences": True})}, (9, 3)),
    ("Bidirectional", {"layer": ("GRU", {"units": 4}), "merge_mode": "sum"}, (9, 3)),
    ("TimeDistributed", {"layer": ("Dense", {"units": 4})}, (9, 3)),
    ("Dense", {"units": 4}, (9, 3)),
    ("Conv1D", {"filters": 2, "kernel_size": 3}, (9, 3)),
    ("Conv2D", {"filters": 2, "kernel_size": 3, "padding": "same"}, (9, 9, 3)),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2}, (9, 9, 3)),
    ("SeparableConv2D", {"filters": 2, "kernel_size": 3}, (9, 9, 3)),
    ("MaxPooling1D", {"pool_size": 2}, (9, 3)),
    ("GlobalAveragePooling1D", {}, (9, 3)),
    ("BatchNormalization", {}, (9, 3)),
    ("LayerNormalization", {"center": False}, (9, 3)),
]


def stated(class_name: str, arguments: Arguments) -> LayerSpec:
    read = {key: stated(*value) if isinstance(value, tuple) else value for key, value in arguments.items()}
    return LayerSpec(class_name, class_name.lower(), read)


def built(class_name: str, arguments: Arguments) -> Any:
    read = {key: built(*value) if isinstance(value, tuple) else value for key, value in arguments.items()}
    return getattr(keras.layers, class_name)(**read)


def with_choice(arguments: Arguments, choice: Choice, value: Any) -> Arguments:
    if not choice.inside:
        return {**arguments, choice.argument: value}
    inner, inner_arguments = arguments["layer"]
    return {**arguments, "layer": (inner, {**inner_arguments, choice.argument: value})}


@pytest.mark.parametrize(("class_name", "arguments", "shape"), LAYERS, ids=lambda each: str(each).replace(" ", ""))
def test_keras_gives_what_the_other_choice_says(class_name: str, arguments: Arguments, shape: tuple[int, ...]) -> None:
    rule = Builder().build(stated(class_name, arguments))
    assert rule is not None
    x = Inputs([lift((None, *shape))], rule.axis_names(len(shape) + 1))
    choices = other_choices(rule, x)
    assert choices
    for choice in choices:
        for value in choice.values:
            layer = built(class_name, with_choice(arguments, choice, value))
            outputs = layer(keras.Input(shape))
            shapes = [each.shape for each in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]
            assert (shapes, layer.count_params()) == ([*map(lower, choice.outputs)], choice.params), choice.text
