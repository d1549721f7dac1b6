"""What Keras takes a shape for where it is mistaken, and whether it then builds weights that no data fits."""

from __future__ import annotations

from collections.abc import Sequence

from lstmcalc.errors import Rejection
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, Weight, as_shapes
from lstmcalc.shapes import show_shape

__all__ = ["believed_outputs"]


def believed_outputs(
    rule: LayerRule, x: Inputs, believed: Sequence[Shape], weights: Sequence[Weight]
) -> tuple[Shape, ...] | None:
    """What Keras takes a layer's outputs for, given what it takes the inputs for; None where it is right.

    `weights` are those that the real inputs need. Raises `Rejection` where Keras makes others, and so a model that
    cannot run (keras/src/layers/rnn/bidirectional.py, 3.15.1, states such shapes).
    """
    if tuple(believed) == x.shapes:
        stated = rule.keras_output_shape(x)
        return None if stated is None else as_shapes(stated)
    misled = Inputs(believed, rule.axis_names(len(believed[0])), x.states)
    stated = rule.keras_output_shape(misled)
    outputs = as_shapes(rule.output_shape(misled) if stated is None else stated)
    if [weight.shape for weight in rule.built_weights(misled)] != [weight.shape for weight in weights]:
        raise Rejection(
            "shape-mistaken",
            f"{show_shape(believed[0])}, which Keras takes the input for",
            show_shape(x.shape),
            "Keras builds weights for the shape that it states, and then fails on data",
            "give both layers of the Bidirectional before it the same width",
        )
    return outputs
