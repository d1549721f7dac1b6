"""What a layer is for, in a sentence: the first one of its rule's docstring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmcalc.layers.rule import Inputs, LayerRule

if TYPE_CHECKING:
    from lstmcalc.explanation.facts import Facts

__all__ = ["fitting_purpose", "purpose_of", "true_purpose"]


def purpose_of(rule: type[LayerRule]) -> str:
    """The first sentence of a rule's docstring.

    >>> from lstmcalc.layers import RULES
    >>> purpose_of(RULES["Flatten"])
    'Lays all values of a sample in one row.'
    """
    text = " ".join((rule.__doc__ or "").split())
    return text.partition(". ")[0].rstrip(".") + "." if text else ""


def true_purpose(facts: Facts) -> str:
    """What the layer is for, without the parts that do not hold for it."""
    return fitting_purpose(facts.rule, facts.x)


def fitting_purpose(rule: LayerRule, x: Inputs) -> str:
    """What a layer is for on this input, without the parts that its arguments switch off.

    >>> from lstmcalc.layers import RULES
    >>> fitting_purpose(RULES["Dense"]({"units": 4, "use_bias": False}), Inputs([(None, 3)], ("batch", "input_dim")))
    'Every output value is a weighted sum of the last axis; other axes share the weights.'
    """
    text = purpose_of(type(rule))
    if getattr(rule, "use_bias", True) is False:
        text = text.replace(", plus an offset", "")
    if not (getattr(rule, "scale", True) and getattr(rule, "center", True)):
        text = text.partition(", then scales")[0].rstrip(".") + "."
    if rule.class_name == "TimeDistributed" and not any(True for _ in rule.weights(x)):
        text = text.partition(": one set of weights")[0] + "."
    return text
