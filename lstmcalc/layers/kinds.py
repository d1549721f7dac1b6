"""Of what kind a rule is, asked without its module: a rule can only be there where its module is loaded already."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from lstmcalc.layers.attention.projections import HeadedAttention
    from lstmcalc.layers.attention.without_heads import HeadlessAttention
    from lstmcalc.layers.core import Embedding, Masking
    from lstmcalc.layers.einsum import Equation
    from lstmcalc.layers.merging import Concatenate, Merge
    from lstmcalc.layers.preprocessing.lookups import Lookup
    from lstmcalc.layers.recurrent import Cell, Fused, Recurrent
    from lstmcalc.layers.unknowable import Stated
    from lstmcalc.layers.wrappers import Bidirectional, TimeDistributed

__all__ = [
    "is_bidirectional",
    "is_cell",
    "is_cell_class",
    "is_concatenate",
    "is_embedding",
    "is_equation",
    "is_fused",
    "is_headed",
    "is_headless",
    "is_layer",
    "is_lookup",
    "is_masking",
    "is_merge",
    "is_recurrent",
    "is_stated",
    "is_time_distributed",
    "kinds_of",
]


def is_recurrent(rule: object) -> TypeGuard[Recurrent]:
    """Whether it repeats a cell over the time steps.

    >>> from lstmcalc.layers import RULES
    >>> is_recurrent(RULES["LSTM"]({"units": 3})), is_recurrent(RULES["LSTMCell"]({"units": 3}))
    (True, False)
    """
    return "recurrent" in kinds_of(rule)


def is_fused(rule: object) -> TypeGuard[Fused]:
    """Whether it is a recurrent layer that has a cuDNN kernel."""
    return "fused" in kinds_of(rule)


def is_cell(rule: object) -> TypeGuard[Cell]:
    """Whether it makes one step."""
    return "cell" in kinds_of(rule)


def is_cell_class(rule: type) -> TypeGuard[type[Cell]]:
    """Whether the layers of a class make one step.

    >>> from lstmcalc.layers import RULES
    >>> is_cell_class(RULES["LSTMCell"])
    True
    """
    return "cell" in kinds_of(rule)


def is_merge(rule: object) -> TypeGuard[Merge]:
    """Whether it makes one array of several."""
    return "merge" in kinds_of(rule)


def is_lookup(rule: object) -> TypeGuard[Lookup]:
    """Whether it looks words or numbers up in a vocabulary."""
    return "lookup" in kinds_of(rule)


def is_headed(rule: object) -> TypeGuard[HeadedAttention]:
    """Whether it is an attention layer with heads."""
    return "headed" in kinds_of(rule)


def is_headless(rule: object) -> TypeGuard[HeadlessAttention]:
    """Whether it is an attention layer without heads."""
    return "headless" in kinds_of(rule)


def is_embedding(rule: object) -> TypeGuard[Embedding]:
    """Whether it looks rows up in a table."""
    return "embedding" in kinds_of(rule)


def is_stated(rule: object) -> TypeGuard[Stated]:
    """Whether all that is known of the layer is what the source states."""
    return "stated" in kinds_of(rule)


def is_masking(rule: object) -> TypeGuard[Masking]:
    """Whether it is the layer `Masking`."""
    return is_layer(rule, "Masking")


def is_concatenate(rule: object) -> TypeGuard[Concatenate]:
    """Whether it is the layer `Concatenate`."""
    return is_layer(rule, "Concatenate")


def is_bidirectional(rule: object) -> TypeGuard[Bidirectional]:
    """Whether it is the layer `Bidirectional`."""
    return is_layer(rule, "Bidirectional")


def is_time_distributed(rule: object) -> TypeGuard[TimeDistributed]:
    """Whether it is the layer `TimeDistributed`."""
    return is_layer(rule, "TimeDistributed")


def is_layer(rule: object, name: str) -> bool:
    """Whether it is the layer with this name, and no operation that is called so too.

    >>> from lstmcalc.layers import find_rule
    >>> is_layer(find_rule("Concatenate")({}), "Concatenate"), is_layer(find_rule("ops.Concatenate")({}), "Concatenate")
    (True, False)
    """
    return type(rule).__name__ == name and getattr(rule, "family", "") != "operations"


def is_equation(value: object) -> TypeGuard[Equation]:
    """Whether a value is the equation of an EinsumDense."""
    return type(value).__name__ == "Equation"


def kinds_of(rule: object) -> tuple[str, ...]:
    """What a rule, or its class, says that it is."""
    kinds: tuple[str, ...] = getattr(rule, "kinds", ())
    return kinds
