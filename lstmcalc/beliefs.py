"""What Keras takes a shape for where it is mistaken, and whether it then builds weights that no data fits."""

from __future__ import annotations

from collections.abc import Sequence

from lstmcalc.applied import Applied
from lstmcalc.dims import Dim
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers.rule import Inputs, Shape, as_shapes, show_shapes
from lstmcalc.shapes import show_shape

__all__ = ["believed_outputs", "contradiction"]


def believed_outputs(applied: Applied, believed: Sequence[Shape]) -> tuple[Shape, ...] | None:
    """What Keras takes a layer's outputs for, given what it takes the inputs for; None where it is right.

    Raises `Rejection` where Keras makes other weights than the real inputs need, and so a model that cannot run
    (keras/src/layers/rnn/bidirectional.py, 3.15.1, states such shapes).
    """
    rule, x = applied.rule, applied.x
    if tuple(believed) == x.shapes:
        stated = rule.keras_output_shape(x)
        return None if stated is None else as_shapes(stated)
    misled = Inputs(believed, rule.axis_names(len(believed[0])), x.states, x.keywords)
    stated = rule.keras_output_shape(misled)
    outputs = as_shapes(rule.output_shape(misled) if stated is None else stated)
    if [weight.shape for weight in rule.built_weights(misled)] != [weight.shape for weight in applied.weights]:
        raise Rejection(
            "shape-mistaken",
            f"{show_shape(believed[0])}, which Keras takes the input for",
            show_shape(x.shape),
            "Keras builds weights for the shape that it states, and then fails on data",
            "give the layer before it whose shape Keras mistakes the shape that it states",
        )
    return outputs


def contradiction(outputs: Sequence[Shape], stated: Sequence[Sequence[int | None]]) -> Fault | None:
    """The fault of a file that states other shapes for a layer's outputs than its arguments make; None if they agree.

    A size that either leaves open, and the batch, contradict nothing.

    >>> print(contradiction([(4, 10, 64)], [(None, 12, 64)]).got)
    (None, 12, 64)
    """
    alike = len(outputs) >= len(stated) and all(map(_may_be, outputs, stated))
    if alike:
        return None
    expected = f"{show_shapes(tuple(outputs))}, which its input and its arguments give"
    shown = ", ".join(show_shape(shape) for shape in stated)
    return Fault("shape-contradiction", expected, shown, "the file states this shape where the output is used",
                 "save the model again; the file was changed since")  # fmt: skip


def _may_be(shape: Sequence[Dim], stated: Sequence[int | None]) -> bool:
    if len(shape) != len(stated):
        return False
    known = [(a, b) for a, b in zip(shape[1:], stated[1:], strict=True) if isinstance(a, int) and isinstance(b, int)]
    return all(a == b for a, b in known)
