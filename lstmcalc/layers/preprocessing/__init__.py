"""Keras's preprocessing of numbers, categories, text and sound."""

from __future__ import annotations

from lstmcalc.layers.preprocessing import audio, categories, lookups, numbers, text

__all__ = ["audio", "categories", "lookups", "numbers", "text"]
