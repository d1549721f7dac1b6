"""What of a layer's arguments is worth writing down: those that differ from Keras's defaults, in their short form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lstmcalc.errors import Rejection
from lstmcalc.layers import find_rule
from lstmcalc.layers.arguments import Argument
from lstmcalc.layers.operations.constants import read_key
from lstmcalc.spec import LayerSpec, snake_case

__all__ = ["short_form", "telling_arguments", "written_key"]

#: Keras's shorter names of some objects, and what their configs hold where nothing was stated
#: (keras/src/initializers/random_initializers.py, 3.15.1).
SHORT_NAMES = {"random_uniform": "uniform", "random_normal": "normal"}
DEFAULT_CONFIGS: dict[str, dict[str, Any]] = {
    "orthogonal": {"gain": 1.0},
    "uniform": {"minval": -0.05, "maxval": 0.05},
    "normal": {"mean": 0.0, "stddev": 0.05},
    "truncated_normal": {"mean": 0.0, "stddev": 0.05},
    "variance_scaling": {"scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal"},
}
#: The kinds of arguments that hold an object of Keras's by name or config.
OBJECTS = ("activation", "initializer", "regularizer", "constraint", "dtype")


def telling_arguments(layer: LayerSpec) -> dict[str, Any]:
    """A layer's arguments in Keras's order, but those that repeat a default; objects are named where that will do.

    >>> telling_arguments(LayerSpec("Dense", "d", {"units": 3, "use_bias": True, "activation": "relu"}))
    {'units': 3, 'activation': 'relu'}
    """
    rule = find_rule(layer.class_name)
    kept = {}
    order = [*(rule.arguments if rule else ()), *layer.arguments]
    for key in dict.fromkeys(key for key in order if key in layer.arguments):
        value = layer.arguments[key]
        argument = rule.arguments.get(key) if rule else None
        value = short_form(value) if argument and argument.kind in OBJECTS else value
        if argument is None or not _is_default(argument, key, value):
            kept[key] = value
    return kept


def short_form(value: Any) -> Any:
    """An object's config as its name, where its own config says nothing; anything else as it is.

    >>> short_form({"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": None}})
    'glorot_uniform'
    >>> short_form({"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}})
    'mixed_float16'
    """
    if not isinstance(value, Mapping) or not isinstance(value.get("class_name"), str):
        return value
    config = value.get("config")
    if value["class_name"] in ("DTypePolicy", "Policy") and isinstance(config, Mapping):
        return config.get("name", value)
    name = snake_case(value["class_name"])
    name = SHORT_NAMES.get(name, name)
    stated = {key: item for key, item in config.items() if item is not None} if isinstance(config, Mapping) else None
    return name if stated == DEFAULT_CONFIGS.get(name, {}) else value


def _is_default(argument: Argument, key: str, value: Any) -> bool:
    if argument.kind == "dtype":
        return value in (None, "float32")
    if argument.kind in OBJECTS:
        default = "linear" if argument.kind == "activation" and argument.default is None else argument.default
        return bool(value == default or value == argument.default)
    if isinstance(value, (LayerSpec, list)) and argument.kind in ("layer", "layers"):
        return False
    try:
        return bool(argument.check(key, value) == argument.initial)
    except Rejection:
        return False


def written_key(value: Any) -> str:
    """What stands in the brackets of `x[...]`, with the brackets.

    >>> written_key([{"class_name": "__slice__", "config": {"start": None, "stop": None, "step": -1}}, 0, None])
    '[::-1, 0, None]'
    """
    return f"[{', '.join(map(_written_part, read_key('key', value)))}]"


def _written_part(part: Any) -> str:
    if not isinstance(part, slice):
        return "..." if part is Ellipsis else str(part)
    bounds = ["" if bound is None else str(bound) for bound in (part.start, part.stop)]
    return ":".join(bounds) + (f":{part.step}" if part.step is not None else "")
