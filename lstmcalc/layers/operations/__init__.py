"""Keras's operations (`keras.ops`), which stand in a functional model beside its layers."""

from __future__ import annotations

from lstmcalc.layers.operations import (
    elementwise,
    image_borders,
    images,
    indexing,
    joining,
    linear_algebra,
    neural,
    places,
    products,
    rearranging,
    reductions,
    repeating,
    slices,
    spectra,
    windows,
)
from lstmcalc.layers.operations.rule import OPERATIONS

__all__ = [
    "OPERATIONS",
    "elementwise",
    "image_borders",
    "images",
    "indexing",
    "joining",
    "linear_algebra",
    "neural",
    "places",
    "products",
    "rearranging",
    "reductions",
    "repeating",
    "slices",
    "spectra",
    "windows",
]
