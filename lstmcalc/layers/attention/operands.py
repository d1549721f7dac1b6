"""What the attention layers are called on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lstmcalc.layers.rule import Inputs, Shape

__all__ = ["operands"]


def operands(x: Inputs) -> tuple[Shape, Shape, Shape]:
    """The shapes of query, value and key; without a key, the value is the key as well."""
    return (*x.shapes[:2], x.shapes[-1])  # type: ignore[return-value]  # a call takes two or three inputs
