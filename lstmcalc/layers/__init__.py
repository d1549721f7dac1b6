"""The rules, one module per Keras family; that of a layer is loaded when its rule is first asked for."""

from __future__ import annotations

from lstmcalc.layers.registry import ALIASES, RULES, find_rule, stated_rule
from lstmcalc.layers.rule import Example, Inputs, LayerRule, Rejected, Weight

__all__ = [
    "ALIASES",
    "RULES",
    "Example",
    "Inputs",
    "LayerRule",
    "Rejected",
    "Weight",
    "find_rule",
    "stated_rule",
]
