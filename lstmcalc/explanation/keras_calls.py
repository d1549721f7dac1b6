"""A rule as the Keras call that makes it, and the same layer with other arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from lstmcalc.dims import Expression, to_text
from lstmcalc.layers import Stated
from lstmcalc.layers.einsum import Equation
from lstmcalc.layers.rule import LayerRule

__all__ = ["call_text", "changed", "differs", "reduced", "written"]

#: A tuple of one number, which Keras takes as the number: `kernel_size=(3,)`.
ONE_OF_ITS_KIND = re.compile(r"\((\d+),\)")


def call_text(rule: LayerRule) -> str:
    """A rule as the Keras call that makes it.

    >>> from lstmcalc.layers import RULES
    >>> call_text(RULES["LSTM"]({"units": 64, "return_sequences": True}))
    'LSTM(64, return_sequences=True)'
    """
    given = [(index, key) for index, key in enumerate(rule.arguments) if key in rule.given]
    parts = [f"{key}=" * (index > 0) + _python(rule.given[key]) for index, key in given]
    # Keras exports one class under another name than its own.
    name = type(rule).__name__ if rule.family else rule.class_name
    return f"{name}({', '.join(parts)})" if parts else name


def _python(value: Any) -> str:
    if isinstance(value, LayerRule):
        return call_text(value)
    if isinstance(value, Equation):
        return repr(str(value))
    if isinstance(value, (list, tuple)):
        items = [_python(item) for item in value]
        return f"[{', '.join(items)}]" if isinstance(value, list) else f"({', '.join(items)}{',' * (len(items) == 1)})"
    return to_text(value) if isinstance(value, Expression) else repr(value)


def changed(rule: LayerRule, **arguments: Any) -> Any:
    """The same layer with other arguments."""
    return type(rule)({**rule.given, **arguments}, rule.name)


def written(rule: LayerRule, class_name: str, hidden: Sequence[str] = ()) -> str:
    """A rule as a Keras call, without arguments that equal Keras's defaults or that are `hidden`.

    >>> from lstmcalc.layers import RULES
    >>> written(RULES["Dropout"]({"rate": 0.5, "seed": None}), "Dropout")
    'Dropout(0.5)'
    """

    def shown(rule: LayerRule, key: str, value: Any) -> bool:
        return differs(rule, key, value) and key not in hidden and not isinstance(rule, Stated)

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
    if isinstance(rule, Stated) and isinstance(made, Stated):
        made.stated_class = rule.stated_class
    return made


def differs(rule: LayerRule, key: str, value: Any) -> bool:
    """Whether a value is another one than Keras's default."""
    return bool(value != rule.arguments[key].initial)
