"""What layers that turn categories into numbers share: the shapes of `one_hot`, `multi_hot`, `count` and their like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import Dim, at_least, equal, product
from lstmcalc.errors import Fault, Rejection, with_article
from lstmcalc.layers.costs import Cost
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, Work, as_shapes
from lstmcalc.shapes import show_shape

__all__ = ["Encoder", "counted", "encoded", "refuse_arguments", "require_last", "stated_encoding", "stated_otherwise"]


def encoded(x: Inputs, shape: Shape, output_mode: str, depth: Dim) -> Shape:
    """The shape that data comes out in (keras/src/utils/numerical_utils.py, `encode_categorical_inputs`, 3.15.1).

    The modes that count look at a sample's first axis behind the batch, and at the whole of an input of one axis.
    """
    if output_mode == "int":
        return shape
    if output_mode == "one_hot":
        if len(shape) > 1 and equal(shape[-1], 1) is True:
            return (*shape[:-1], depth)
        if len(shape) > 1:
            because = "Keras leaves a last axis of size 1 out, and then the output has one axis less"
            x.require(at_least(shape[-1], 2), "wrong-size", "", because=because)
        return (*shape, depth)
    return (depth,) if len(shape) == 1 else (shape[0], *shape[2:], depth)


def stated_encoding(shape: Shape, output_mode: str, depth: Dim) -> Shape:
    """The shape that Keras states for it before it has data, which counts along the last axis."""
    if output_mode == "int":
        return shape
    if output_mode == "one_hot" and (len(shape) == 1 or equal(shape[-1], 1) is not True):
        return (*shape, depth)
    return (*shape[:-1], depth)


def counted(shape: Shape, output_mode: str, depth: Dim) -> Iterable[Work]:
    """What it costs to count numbers of this shape as ones among zeros, or to find the greater of them.

    Keras does so along the first axis behind the batch; in an input of one axis, which is one sample, along that.
    """
    if output_mode in ("multi_hot", "count"):
        joined = 1 if len(shape) == 1 else shape[1] - 1
        why = "the ones and zeros of all numbers of a sample are joined, place by place"
        yield Work(output_mode, Cost(arithmetic=joined * product(shape[2:]) * depth), why)


class Encoder(LayerRule):
    """A layer whose `output_mode` says how the numbers of categories are written."""

    output_mode: Any
    sparse: Any

    def depth(self) -> Dim:
        """How many categories there are."""
        raise NotImplementedError

    def work(self, x: Inputs) -> Iterable[Work]:
        # Looking up, hashing and counting take whole numbers and texts, and no arithmetic of numbers with fractions.
        made = as_shapes(self.output_shape(x))[0]
        if self.output_mode == "tf_idf" and not self.sparse and len(made) > 1:
            why = "how often each token comes is weighed by `idf_weights`"
            yield Work("tf_idf", Cost(arithmetic=product(made[1:])), why)

    def output_shape(self, x: Inputs) -> Any:
        return encoded(x, x.shape, self.output_mode, self.depth())

    def stated_shape(self, x: Inputs) -> Shape:
        """What Keras states before it has data."""
        return stated_encoding(x.shape, self.output_mode, self.depth())

    def keras_output_shape(self, x: Inputs) -> Any:
        stated = self.stated_shape(x)
        return None if stated == self.output_shape(x) else stated

    def hints(self, x: Inputs) -> Iterator[Fault]:
        stated = self.keras_output_shape(x)
        if stated is not None:
            yield stated_otherwise(stated, self.output_shape(x), self.because_otherwise())

    def because_otherwise(self) -> str:
        """Why Keras states another shape than data will have."""
        return "Keras counts along the first axis behind the batch, and states the shape as if along the last"

    def require_traceable(self, x: Inputs) -> None:
        """Refuses what Keras cannot run without data, as it does inside a Pipeline to learn the output's shape."""
        if self.output_mode == "one_hot" and x.ndim > 1:
            require_last(x, "Keras asks whether it is 1")
        if self.output_mode == "one_hot" and self.sparse:
            for axis, size in enumerate(x.shape):
                x.require_known(size, f"axis {axis}", "`sparse: true` inside a Pipeline needs every size")

    def refuse_sparse_int(self) -> None:
        """Refuses `sparse` where there is nothing that could be sparse."""
        if self.sparse and self.output_mode == "int":
            fix = "set another `output_mode`, or leave `sparse` out"
            raise Rejection("wrong-value", "no `sparse: true` with `output_mode: int`", "both", fix=fix)


def require_last(x: Inputs, because: str) -> None:
    """Refuses a last axis of unknown size where Keras builds a Pipeline."""
    x.require_known(x.shape[-1], "the last axis", f"inside a Pipeline {because} when it builds the model")


def stated_otherwise(stated: Shape, real: Shape, because: str) -> Fault:
    """The hint that Keras states another shape than data will have."""
    expected = f"{show_shape(stated)}, which Keras states before it has data"
    return Fault("other-shape-in-keras", expected, show_shape(real), because)


def refuse_arguments(rule: LayerRule, *keys: str) -> None:
    """Refuses arguments that all other layers have, and the constructor of this one does not."""
    for key in keys:
        if key in rule.given:
            expected = f"{with_article(rule.class_name)} argument"
            raise Rejection("unknown-argument", expected, f"`{key}`", fix="remove it")
