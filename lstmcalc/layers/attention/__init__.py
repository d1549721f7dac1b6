"""Keras's attention layers: every step of a query weighs all steps of a value, and takes their weighted mean."""

from __future__ import annotations

from lstmcalc.layers.attention import with_heads, without_heads

__all__ = ["with_heads", "without_heads"]
