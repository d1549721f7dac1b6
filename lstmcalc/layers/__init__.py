"""The rules, one module per Keras family; importing this package registers them all."""

from lstmcalc.layers import (
    activations,
    cells,
    conv_lstm,
    convolutional,
    core,
    merging,
    normalization,
    pooling,
    regularization,
    reshaping,
    rnn,
    wrappers,
)
from lstmcalc.layers.core import Stated
from lstmcalc.layers.rule import ALIASES, RULES, Example, Inputs, LayerRule, Rejected, Weight

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
    "cells",
    "conv_lstm",
    "convolutional",
    "core",
    "merging",
    "normalization",
    "pooling",
    "regularization",
    "reshaping",
    "rnn",
    "wrappers",
]
