"""The rules, one module per Keras family; importing this package registers those of all layers."""

from __future__ import annotations

from lstmcalc.layers import (
    activations,
    adaptive_pooling,
    applications,
    attention,
    cells,
    conv_lstm,
    convolutional,
    core,
    depthwise,
    einsum_dense,
    images,
    legacy,
    merging,
    normalization,
    padding,
    pooling,
    preprocessing,
    quantization,
    regularization,
    reshaping,
    rnn,
    spectral,
    transposed,
    unknowable,
    wrappers,
)
from lstmcalc.layers.rule import ALIASES, RULES, Example, Inputs, LayerRule, Rejected, Weight
from lstmcalc.layers.unknowable import Stated

__all__ = [
    "ALIASES",
    "RULES",
    "Example",
    "Inputs",
    "LayerRule",
    "Rejected",
    "Stated",
    "Weight",
    "activations",
    "adaptive_pooling",
    "applications",
    "attention",
    "cells",
    "conv_lstm",
    "convolutional",
    "core",
    "depthwise",
    "einsum_dense",
    "find_rule",
    "images",
    "legacy",
    "merging",
    "normalization",
    "padding",
    "pooling",
    "preprocessing",
    "quantization",
    "regularization",
    "reshaping",
    "rnn",
    "spectral",
    "transposed",
    "unknowable",
    "wrappers",
]


def find_rule(class_name: str) -> type[LayerRule] | None:
    """The rule of a class by any of Keras's names for it, or of an operation, whose name starts with `ops.`.

    >>> find_rule("Convolution1D").__name__, find_rule("Nonsense")
    ('Conv1D', None)
    """
    if class_name.startswith("ops."):
        # Few models have operations, and their rules take their time to load.
        from lstmcalc.layers.operations import OPERATIONS

        return OPERATIONS.get(class_name)
    return RULES.get(ALIASES.get(class_name, class_name))
