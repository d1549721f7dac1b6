"""Keras's operations (`keras.ops`), which stand in a functional model beside its layers."""

from __future__ import annotations

from lstmcalc.layers.registry import OPERATIONS

__all__ = ["OPERATIONS"]
