"""A layer's arguments as they count: defaults filled in, each in one form, with those of the layers that it wraps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lstmcalc.conversion.arguments import DEFAULT_CONFIGS, SHORT_NAMES, short_form
from lstmcalc.explanation.keras_calls import made_text
from lstmcalc.layers.arguments import Argument, show
from lstmcalc.layers.kinds import is_bidirectional, is_layer, is_stated
from lstmcalc.layers.policies import PolicyError, policies_in
from lstmcalc.layers.rule import LayerRule
from lstmcalc.report import Shape
from lstmcalc.spec import LayerSpec, snake_case

__all__ = ["resolved_arguments", "shown_value"]

#: What says no more than the model's inputs do, or nothing at all.
SAYS_NOTHING = ("input_shape", "input_dim", "input_length", "vocabulary_size")
#: What null stands for where an argument takes an object, by its kind.
NOTHING_SAID = {"activation": "linear", "dtype": "float32"}
#: The arguments that, left out, are what another one is, by name.
SAME_AS = {
    "strides": "pool_size",
    "value_dim": "key_dim",
    "lora_alpha": "lora_rank",
    "sequence_length": "fft_length",
}
#: What null stands for, by name.
UNSAID = {"data_format": "channels_last", "renorm_clipping": {}}
#: What a range of random numbers given as one number goes from, by layer; from 0 where none is listed
#: (keras/src/layers/preprocessing/image_preprocessing, 3.15.1).
SYMMETRIC = ("RandomBrightness", "RandomColorDegeneration", "RandomSaturation", "RandomRotation")
RANGES = ("factor", "addition_factor", "threshold_factor", "scale", "sigma")
#: Keras's other names for the same functions.
OTHER_NAMES = {"swish": "silu", "hard_swish": "hard_silu", "one": "ones", "zero": "zeros"}
#: What the classes of these objects hold where they are only named (keras/src/regularizers and constraints, 3.15.1).
OWN_CONFIGS: dict[str, dict[str, Any]] = {
    "l1": {"l1": 0.01},
    "l2": {"l2": 0.01},
    "max_norm": {"max_value": 2, "axis": 0},
    "unit_norm": {"axis": 0},
    "min_max_norm": {"min_value": 0.0, "max_value": 1.0, "rate": 1.0, "axis": 0},
}


def resolved_arguments(rule: LayerRule, spec: LayerSpec, trained: bool = True, shape: Shape = ()) -> dict[str, Any]:
    """The arguments of a layer by name, those of a layer that it wraps behind a dot; defaults are filled in.

    `trained` is false where the model around it is frozen, `shape` what the layer reads, on which some defaults depend.
    A wrapped layer stands for its class.

    >>> from lstmcalc.layers import RULES
    >>> rule = RULES["MaxPooling2D"]({"pool_size": (2, 2)})
    >>> found = resolved_arguments(rule, LayerSpec("MaxPooling2D", "m"))
    >>> found["pool_size"], found["strides"], found["padding"]
    ((2, 2), (2, 2), 'valid')
    """
    found = dict(_own(rule, trained))
    found |= {key: value for key, value in _derived(rule, found, shape).items() if key in found}
    if is_bidirectional(rule):
        _zeroed(found)
    if rule.family == "image preprocessing":
        found |= {key: _range(rule, found[key]) for key in RANGES if isinstance(found.get(key), (int, float))}
    if is_stated(rule):
        # A class of the user's own has arguments of its own.
        found |= {key: value for key, value in spec.arguments.items() if key not in rule.arguments}
    return found


def _derived(rule: LayerRule, found: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """What Keras makes of arguments that leave a choice to it (as its layers write them in their configs, 3.15.1)."""
    made: dict[str, Any] = {}
    if found.get("attention_axes", ...) is None and shape:
        made["attention_axes"] = tuple(range(1, len(shape) - 1))
    if rule.class_name == "Normalization" and found.get("axis") is None:
        made["axis"] = ()
    if rule.class_name == "GroupNormalization" and found["groups"] == -1 and shape:
        made["groups"] = shape[found["axis"]]
    if rule.class_name == "MelSpectrogram" and found["max_freq"] is None:
        made["max_freq"] = found["sampling_rate"] // 2
    return made


def _zeroed(found: dict[str, Any]) -> None:
    """Bidirectional has its layers give zeros for masked steps (keras/src/layers/rnn/bidirectional.py, 3.15.1)."""
    for name in ("layer", "backward_layer"):
        key = f"{name}.zero_output_for_mask"
        if key in found:
            found[key] = found[key] or found.get(f"{name}.return_sequences", False)


def _range(rule: LayerRule, most: float) -> tuple[float, float]:
    """What a layer takes one number for, where it takes random numbers from a range."""
    if rule.class_name in SYMMETRIC:
        return -most, most
    return (1 if rule.class_name == "RandomPosterization" else 0), most


def _own(rule: LayerRule, trained: bool) -> Iterator[tuple[str, Any]]:
    trained = trained and bool(rule.trainable)
    for key, argument in rule.arguments.items():
        value = getattr(rule, argument.attribute)
        if _says_nothing(rule, key, argument):
            continue
        if key == "trainable":
            yield key, trained
        elif value is None and key in SAME_AS and SAME_AS[key] in rule.arguments:
            yield key, getattr(rule, rule.arguments[SAME_AS[key]].attribute)
        elif argument.kind in ("layer", "layers"):
            yield from _wrapped(key, value, trained)
        else:
            yield key, _one_form(key, value, argument)


def _says_nothing(rule: LayerRule, key: str, argument: Argument) -> bool:
    if key == "input_dim":
        return argument is vars(LayerRule).get(key)
    # The one layer that draws a seed where none is stated.
    return key in SAYS_NOTHING or (key == "seed" and rule.class_name == "RandomCrop")


def _wrapped(key: str, value: Any, trained: bool) -> Iterator[tuple[str, Any]]:
    """A wrapped layer by its class, and its arguments behind the name of the argument that holds it."""
    if is_layer(value, "StackedRNNCells"):
        # A list of cells is the same.
        value, trained = value.cells, trained and value.trainable
    if isinstance(value, (list, tuple)):
        for place, item in enumerate(value):
            yield from _wrapped(f"{key}[{place}]", item, trained)
    elif isinstance(value, LayerRule):
        yield key, value.class_name
        yield from ((f"{key}.{name}", inner) for name, inner in _own(value, trained))
    else:
        yield key, value


def _one_form(key: str, value: Any, argument: Argument) -> Any:
    """A value in the form that all ways of writing it come to."""
    if value is None:
        return UNSAID.get(key, NOTHING_SAID.get(argument.kind))
    if argument.kind == "dtype":
        return _policy(value)
    if argument.kind in ("regularizer", "constraint", "initializer", "activation"):
        return _object(value)
    return _rounded(value)


def _object(value: Any) -> Any:
    """One of Keras's objects by name where its config says nothing more, else with all that it holds."""
    value = short_form(value)
    if isinstance(value, str):
        value = OTHER_NAMES.get(value, value)
        name = snake_case(value)
        return {"class_name": name, "config": OWN_CONFIGS[name]} if name in OWN_CONFIGS else name
    if not isinstance(value, Mapping):
        return value
    config, class_name = value.get("config"), value.get("class_name")
    if class_name == "function" and isinstance(config, str):
        return OTHER_NAMES.get(config, config)
    name = snake_case(str(class_name).rpartition(">")[2])
    if not isinstance(config, Mapping):
        return {"class_name": name, "config": config}
    held = {key: _rounded(item) for key, item in config.items() if item is not None}
    own = OWN_CONFIGS.get(name) or DEFAULT_CONFIGS.get(SHORT_NAMES.get(name, name), {})
    return {"class_name": name, "config": {**own, **held}}


def _policy(value: Any) -> Any:
    """A dtype policy by name, in whichever form it is stated."""
    try:
        policies = policies_in(value)
    except PolicyError:
        return value
    if len(policies) > 1:
        return value
    (policy,) = policies
    if policy.mode:
        widths = f"/{policy.bits}/{policy.block}" if policy.mode in ("gptq", "awq") else f"/{policy.block}"
        return f"{policy.mode}{widths if policy.block != -1 else ''}_from_{policy.variable}"
    return policy.variable if policy.compute == policy.variable else f"mixed_{policy.compute}"


def _rounded(value: Any) -> Any:
    """Numbers as exactly as 32 bits hold them, since some configs were rounded to that."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, (list, tuple)):
        return tuple(map(_rounded, value))
    return value


def shown_value(value: Any) -> str:
    """A value as a YAML model states it; one of Keras's objects as the call that makes it.

    >>> shown_value(True), shown_value((2, 3)), shown_value("relu"), shown_value(None)
    ('true', '[2, 3]', 'relu', 'null')
    >>> shown_value({"class_name": "l2", "config": {"l2": 0.01}})
    'l2(0.01)'
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and "class_name" in value:
        text = made_text(value)
        return re.sub(r"\b(l[12])=", "", text) if text.count("=") == 1 else text
    return show(value)
