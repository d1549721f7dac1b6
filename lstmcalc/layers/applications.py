"""The layers of their own that the models of keras.applications bring along."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lstmcalc.dims import Dim, product
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.costs import SCALE, Cost
from lstmcalc.layers.rule import Example, Inputs, LayerRule, Rejected, Shape, Weight, Work, layer

__all__ = ["CustomScaleLayer", "LayerScale", "StochasticDepth"]


@layer(family="applications")
class StochasticDepth(LayerRule):
    """In training, leaves the whole input out by chance, and scales it up where it stays; otherwise passes it on.

    Huang et al. 2016, arXiv 1603.09382; keras/src/applications/convnext.py, 3.15.1.
    """

    returns_input = True

    drop_path_rate: float = arg.number()

    examples = [
        Example({"drop_path_rate": 0.1}, (None, 7, 7, 96), params=0, output=(None, 7, 7, 96)),
        Rejected({"drop_path_rate": "high"}, 'expected `drop_path_rate` to be a number, got "high"'),
    ]


@layer(family="applications", axes="batch ... channels")
class LayerScale(LayerRule):
    """Multiplies every channel by a number of its own, which is learned.

    Touvron et al. 2021, arXiv 2103.17239; keras/src/applications/convnext.py, 3.15.1. A single channel is repeated.
    """

    init_values: Any = arg.anything()
    projection_dim: Dim = arg.positive()

    def weights(self, x: Inputs) -> Iterable[Weight]:
        uses = product(x.shape[1:-1])
        yield Weight("variable", (self.projection_dim,), uses, "each channel has its own factor", cost=SCALE)

    def output_shape(self, x: Inputs) -> Any:
        return _broadcast(x, self.class_name, inputs=x.shape, gamma=(self.projection_dim,))

    examples = [
        Example({"init_values": 1e-6, "projection_dim": 96}, (None, 7, 7, 96), params=96, output=(None, 7, 7, 96)),
        Example({"init_values": 1e-6, "projection_dim": 8}, (None, 7, 1), params=8, output=(None, 7, 8)),
        Rejected({"init_values": 1e-6, "projection_dim": 0},
                 "expected `projection_dim` to be a positive integer, got 0"),
    ]  # fmt: skip


@layer(family="applications", arity=(2, 2))
class CustomScaleLayer(LayerRule):
    """Adds its second input, times `scale`, to its first.

    Szegedy et al. 2016, arXiv 1602.07261; keras/src/applications/inception_resnet_v2.py, 3.15.1.
    """

    scale: float = arg.number()

    def output_shape(self, x: Inputs) -> Any:
        return _broadcast(x, self.class_name, first=x.shapes[0], second=x.shapes[1])

    def work(self, x: Inputs) -> Iterable[Work]:
        scaled, added = product(x.shapes[1][1:]), product(self.output_shape(x)[1:])
        yield Work("addition", Cost(arithmetic=scaled + added), "the second input is scaled and added to the first")

    examples = [
        Example({"scale": 0.17}, [(None, 35, 35, 320)] * 2, params=0, output=(None, 35, 35, 320)),
        Rejected({"scale": 0.17}, "expected 2 inputs, got 1", [(None, 35, 35, 320)]),
    ]


def _broadcast(x: Inputs, class_name: str, **operands: Shape) -> Shape:
    """The shape of a value-by-value operation."""
    # Few models have operations, and their rules take their time to load.
    from lstmcalc.layers.operations.sizes import broadcast

    return broadcast(x, operands, class_name)
