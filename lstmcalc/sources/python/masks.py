"""Where Keras has masks while a graph is built: it makes operations for them, which take part in naming."""

from __future__ import annotations

from collections.abc import Sequence

from lstmcalc.layers import ALIASES
from lstmcalc.sources.python.values import Layer, Model

__all__ = ["masked_outputs"]

#: Layers whose output has the mask of their first input (`supports_masking` in keras/src/layers, 3.15.1).
PASSING = frozenset(
    "Activation ActivityRegularization AlphaDropout Attention BatchNormalization Dense Dropout ELU GaussianDropout "
    "GaussianNoise GroupNormalization GroupQueryAttention Identity LayerNormalization LeakyReLU MultiHeadAttention "
    "Normalization PReLU ReLU Rescaling Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D TimeDistributed "
    "UnitNormalization".split()
)
RECURRENT = frozenset("LSTM GRU SimpleRNN RNN ConvLSTM1D ConvLSTM2D ConvLSTM3D".split())
MERGING = frozenset("Add Average Maximum Minimum Multiply Subtract".split())


def masked_outputs(layer: Layer | Model, inputs: Sequence[bool]) -> tuple[list[bool], list[str]]:
    """Which outputs have a mask, given which inputs have, and the classes of the operations that Keras makes for it.

    The outputs that are left out have none.

    >>> masked_outputs(Layer("Add", "add"), [True, True])
    ([True], ['LogicalOr'])
    """
    if isinstance(layer, Model):
        return [], []
    name, arguments = ALIASES.get(layer.class_name, layer.class_name), layer.arguments
    first = bool(inputs) and inputs[0]
    if name == "Embedding":
        return ([True], ["NotEqual"]) if arguments.get("mask_zero") is True else ([], [])
    if name == "Masking":
        return [True], ["NotEqual", "Any"]
    if name == "Bidirectional":
        inner = arguments.get("layer")
        keeps = isinstance(inner, Layer) and inner.arguments.get("return_sequences") is True
        return [first and keeps] * (1 + (arguments.get("merge_mode", "concat") is None)), []
    if name in RECURRENT:
        return [first and arguments.get("return_sequences") is True], []
    if name in MERGING:
        return ([True], ["LogicalOr"] * (len(inputs) - 1)) if inputs and all(inputs) else ([], [])
    if name == "Concatenate" and any(inputs):
        each = (["ExpandDims", "ZerosLike", "LogicalOr"] if masked else ["OnesLike"] for masked in inputs)
        return [True], [*(made for group in each for made in group), "Concatenate", "Any"]
    return [first and name in PASSING], []
