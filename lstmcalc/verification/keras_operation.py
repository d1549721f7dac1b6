"""Keras's operations, made and called as the rules say: by class, with tensors and constants at their places."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from lstmcalc.layers.operations.constants import array_value, is_array
from lstmcalc.layers.operations.rule import Operation
from lstmcalc.spec import snake_case

__all__ = ["constant", "operation_class", "operation_of", "packed"]


def operation_class(keras: Any, module: str, name: str) -> Any:
    """The class of an operation, which `keras.ops` itself does not export. Raises `ValueError` where there is none."""
    package = keras.ops.add.__module__.rpartition(".")[0]
    found = getattr(sys.modules.get(f"{package}.{module}"), name, None)
    if found is None:
        raise ValueError(f"Keras {keras.__version__} has no operation `{name}`")
    return found


def operation_of(keras: Any, rule: Operation, arguments: Mapping[str, Any]) -> Any:
    """The Keras operation of a rule."""
    # Keras numbers what it makes by itself, and does not count given names.
    keras.backend.get_uid(snake_case(rule.class_name))
    given = dict(arguments)
    if "data_format" in rule.arguments and given.get("data_format") is None:
        # The functions of `keras.ops` put it in; the classes read None as `channels_first` here and there.
        given["data_format"] = "channels_last"
    return operation_class(keras, rule.module, rule.class_name)(**given, name=rule.name or None)


def constant(rule: Operation, place: str, value: Any) -> Any:
    """A constant as Keras's `call` takes it: arrays as numpy holds them, slices as Python does."""
    if place in rule.plain:
        return rule.plain[place].check(place, value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    import numpy as np

    if isinstance(shape := getattr(value, "shape", None), tuple) and not hasattr(value, "__array__"):
        return np.ones([1 if size is None else size for size in shape], "float32")
    numbers = np.asarray(array_value(value), dtype=value["config"]["dtype"] if is_array(value) else None)
    # Numbers in lists have no dtype of their own; Keras's are float32 and int32.
    short = {"float64": "float32", "int64": "int32"}.get(str(numbers.dtype), numbers.dtype)
    return numbers if is_array(value) else numbers.astype(short)


def packed(rule: Operation, inputs: Sequence[Any], keywords: Mapping[str, Any]) -> list[Any]:
    """The arguments of Keras's `call`, in its order."""
    placed = rule.placed(inputs, keywords)
    if rule.operands.startswith("*"):
        return list(placed.pop(rule.places[0]))
    while placed and next(reversed(placed)) in rule.plain and placed[next(reversed(placed))] is None:
        placed.popitem()
    return list(placed.values())
