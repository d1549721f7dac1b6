"""A rule as the Keras call that makes it, and the same layer with other arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lstmcalc.conversion.arguments import DEFAULT_CONFIGS, OBJECTS, SHORT_NAMES, short_form
from lstmcalc.dims import Expression, to_text
from lstmcalc.layers.kinds import is_equation, is_stated
from lstmcalc.layers.rule import LayerRule
from lstmcalc.spec import snake_case

__all__ = ["call_text", "changed", "differs", "reduced", "written"]

#: A tuple of one number, which Keras takes as the number: `kernel_size=(3,)`.
ONE_OF_ITS_KIND = re.compile(r"\((\d+),\)")
#: What null stands for where an argument takes an object.
NOTHING_SAID = {"activation": "linear", "dtype": "float32"}
#: Where Keras has the classes of objects, by the kind of the argument.
MODULES = {"initializer": "initializers.", "regularizer": "regularizers.", "constraint": "constraints."}
#: The argument that a class takes first (keras/src/initializers, regularizers and constraints, 3.15.1).
FIRST = {
    "Constant": "value", "Identity": "gain", "Orthogonal": "gain", "L1": "l1", "L2": "l2", "l1": "l1", "l2": "l2",
    "MaxNorm": "max_value", "max_norm": "max_value",
}  # fmt: skip


def call_text(rule: LayerRule) -> str:
    """A rule as the Keras call that makes it, without arguments that equal Keras's defaults.

    >>> from lstmcalc.layers import RULES
    >>> call_text(RULES["LSTM"]({"units": 64, "return_sequences": True}))
    'LSTM(64, return_sequences=True)'
    """
    given = [(index, key, rule.given[key]) for index, key in enumerate(rule.arguments) if key in rule.given]
    told = [each for each in given if is_stated(rule) or differs(rule, each[1], each[2])]
    parts = [f"{key}=" * (index > 0) + _python(value, rule.arguments[key].kind) for index, key, value in told]
    # Keras exports one class under another name than its own.
    name = type(rule).__name__ if rule.family else rule.class_name
    return f"{name}({', '.join(parts)})" if parts else name


def _python(value: Any, kind: str = "") -> str:
    if isinstance(value, Mapping):
        short = short_form(value)
        return made_text(short, kind) if isinstance(short, Mapping) else repr(short)
    if isinstance(value, LayerRule):
        return call_text(value)
    if is_equation(value):
        return repr(str(value))
    if isinstance(value, (list, tuple)):
        items = [_python(item) for item in value]
        return f"[{', '.join(items)}]" if isinstance(value, list) else f"({', '.join(items)}{',' * (len(items) == 1)})"
    return to_text(value) if isinstance(value, Expression) else repr(value)


def made_text(value: Mapping[str, Any], kind: str = "") -> str:
    """The config of one of Keras's objects as the call that makes it, without what it holds by itself.

    >>> made_text({"class_name": "Constant", "config": {"value": 0.1}}, "initializer")
    'initializers.Constant(0.1)'
    >>> made_text({"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.02, "seed": None}}, "initializer")
    'initializers.RandomNormal(stddev=0.02)'
    """
    name, config = str(value.get("class_name")), value.get("config")
    if not isinstance(config, Mapping):
        # A function is stated by its name.
        return str(config) if isinstance(config, str) else name
    plain = snake_case(name)
    own = DEFAULT_CONFIGS.get(SHORT_NAMES.get(plain, plain), {})
    told = {key: item for key, item in config.items() if item is not None and own.get(key, ...) != item}
    texts = [_python(item) if key == FIRST.get(name) else f"{key}={_python(item)}" for key, item in told.items()]
    return f"{MODULES.get(kind, '')}{name}({', '.join(texts)})"


def changed(rule: LayerRule, **arguments: Any) -> Any:
    """The same layer with other arguments."""
    return type(rule)({**rule.given, **arguments}, rule.name)


def written(rule: LayerRule, class_name: str, hidden: Sequence[str] = ()) -> str:
    """A rule as it is called in a model: an operation as one, nothing of what is stated, nothing that is `hidden`.

    >>> from lstmcalc.layers import RULES
    >>> written(RULES["Dropout"]({"rate": 0.5, "seed": None}), "Dropout")
    'Dropout(0.5)'
    """

    def shown(rule: LayerRule, key: str, value: Any) -> bool:
        return differs(rule, key, value) and key not in hidden and not is_stated(rule)

    text = ONE_OF_ITS_KIND.sub(r"\1", call_text(reduced(rule, shown)))
    return f"ops.{text}" if class_name.startswith("ops.") else text


def reduced(rule: LayerRule, kept: Callable[[LayerRule, str, Any], bool]) -> LayerRule:
    """The same layer with some of its arguments, and so the layers that it wraps."""
    if not rule.given:
        return rule

    def inside(value: Any) -> Any:
        if isinstance(value, LayerRule):
            return reduced(value, kept)
        return [inside(item) for item in value] if isinstance(value, list) else value

    given = {key: inside(value) for key, value in rule.given.items() if kept(rule, key, value)}
    made = type(rule)(given, rule.name)
    if is_stated(rule) and is_stated(made):
        made.class_name = rule.class_name
    return made


def differs(rule: LayerRule, key: str, value: Any) -> bool:
    """Whether a value is another one than Keras's default, in whatever form it is stated.

    >>> from lstmcalc.layers import RULES
    >>> rule = RULES["Dense"]({"units": 4})
    >>> differs(rule, "kernel_initializer", {"class_name": "GlorotUniform", "config": {"seed": None}})
    False
    """
    argument = rule.arguments[key]
    if argument.kind not in OBJECTS:
        return bool(value != argument.initial)
    unsaid = NOTHING_SAID.get(argument.kind)
    short, default = (each if (each := short_form(one)) is not None else unsaid for one in (value, argument.initial))
    return bool(short != default)
