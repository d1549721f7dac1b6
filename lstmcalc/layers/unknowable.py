"""Layers of which only running them would tell all: Lambda, Wrapper, and classes of your own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lstmcalc.dims import at_least
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.costs import FREE, UNKNOWN_COST
from lstmcalc.layers.rule import Example, Formula, Inputs, LayerRule, Rejected, Weight, Work, layer

__all__ = ["Lambda", "Stated", "Wrapper"]


@layer(family="core", arity=(1, None))
class Lambda(LayerRule):
    """Runs a function of yours; its shape is as `output_shape` states it, without the batch.

    keras/src/layers/core/lambda_layer.py, 3.15.1, where `function` is required. A file cannot hold one,
    so here it may be left out, or be any text.
    """

    takes_mask = True

    function: Any = arg.anything(None)
    output_shape_: Any = arg.open_shape(None)
    mask: Any = arg.anything(None)
    arguments_: Any = arg.anything(None)

    def output_shape(self, x: Inputs) -> Any:
        if self.output_shape_ is None:
            raise Rejection(
                "unknown-shape",
                "`output_shape`",
                "nothing",
                "only running the function would tell the shape",
                "state `output_shape`, without the batch",
            )
        return (x.shape[0], *self.output_shape_)

    def work(self, x: Inputs) -> Iterable[Work]:
        yield Work("function", UNKNOWN_COST, "only running the function would tell what it calculates")

    def knows_masks(self) -> bool:
        return self.mask is None

    def uses_mask(self, x: Inputs) -> bool:
        # A function that takes a mask may, which only running it would tell.
        return False

    examples = [
        Example({"output_shape": [5, None]}, (None, 10, 32), params=0, output=(None, 5, None)),
        Rejected({}, "expected `output_shape`, got nothing: only running the function would tell the shape"),
    ]


@layer(family="core")
class Wrapper(LayerRule):
    """The base of layers that hold a layer, which does nothing by itself: Keras cannot call it.

    keras/src/layers/core/wrapper.py, 3.15.1.
    """

    layer: Any = arg.layer_argument()

    def validate(self) -> None:
        raise Rejection(
            "abstract-layer",
            "a wrapper that says what it does with its layer",
            "`Wrapper`",
            "it is the base of other wrappers, and Keras cannot call it",
            "use `TimeDistributed` or `Bidirectional`",
        )

    examples = [
        Rejected(
            {"layer": "Dense(8)"},
            "expected a wrapper that says what it does with its layer, got `Wrapper`: "
            "it is the base of other wrappers, and Keras cannot call it",
            (None, 10, 32),
        ),
    ]


@layer(family="", arity=(1, None))
class Stated(LayerRule):
    """A layer that only running it would reveal, such as a class of your own: shape and params are as stated."""

    keywords = {"mask": arg.tensor()}

    output_shape_: Any = arg.open_shape()
    params: Any = arg.count(0)
    non_trainable_params: Any = arg.count(0)

    kinds = ("stated",)

    def validate(self) -> None:
        if at_least(self.params, self.non_trainable_params) is False:
            expected, got = "`non_trainable_params` to be a part of `params`", arg.show(self.non_trainable_params)
            raise Rejection("wrong-number", expected, f"{got} of {arg.show(self.params)}")

    def weights(self, x: Inputs) -> Iterable[Weight]:
        trained = self.params - self.non_trainable_params
        if trained != 0:
            yield Weight("params", (trained,), why="as stated", cost=FREE)
        if self.non_trainable_params != 0:
            shape = (self.non_trainable_params,)
            yield Weight("non_trainable_params", shape, why="as stated", trainable=False, cost=FREE)

    def work(self, x: Inputs) -> Iterable[Work]:
        yield Work("layer", UNKNOWN_COST, "only running the layer would tell what it calculates")

    def output_shape(self, x: Inputs) -> Any:
        return (x.shape[0], *self.output_shape_)

    def knows_masks(self) -> bool:
        return False

    def formula(self, x: Inputs) -> Formula | None:
        return None
