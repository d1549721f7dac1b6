"""What a layer is for, in a sentence: the first one of its rule's docstring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmcalc.layers.rule import LayerRule

if TYPE_CHECKING:
    from lstmcalc.explanation.facts import Facts

__all__ = ["purpose_of", "true_purpose"]


def purpose_of(rule: type[LayerRule]) -> str:
    """The first sentence of a rule's docstring.

    >>> from lstmcalc.layers import RULES
    >>> purpose_of(RULES["Flatten"])
    'Lays all values of a sample in one row.'
    """
    text = " ".join((rule.__doc__ or "").split())
    return text.partition(". ")[0].rstrip(".") + "." if text else ""


def true_purpose(facts: Facts) -> str:
    """What the layer is for, without the parts that its arguments switch off."""
    rule, text = facts.rule, purpose_of(type(facts.rule))
    if getattr(rule, "use_bias", True) is False:
        text = text.replace(", plus an offset", "")
    if not (getattr(rule, "scale", True) and getattr(rule, "center", True)):
        text = text.partition(", then scales")[0].rstrip(".") + "."
    return text
