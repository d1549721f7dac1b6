"""Keras's activation layers: a function of every value, which keeps the shape; PReLU alone has weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import Dim, equal, product
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.activation_costs import activation_work
from lstmcalc.layers.axes import check_axes, usual_axes
from lstmcalc.layers.costs import Cost
from lstmcalc.layers.halving import HALVES, activated, other_shape
from lstmcalc.layers.hints import of_one
from lstmcalc.layers.kept import Held, Kept, Made, kept_by_function, per_sample
from lstmcalc.layers.masks import FAILS, MISFIT, refuse_mask
from lstmcalc.layers.rule import Example, Inputs, LayerRule, Rejected, Shape, Weight, Work, count_axes, layer
from lstmcalc.shapes import show_shape

__all__ = ["ELU", "Activation", "LeakyReLU", "PReLU", "ReLU", "Softmax"]


def _activation_or_none() -> Any:
    argument = arg.activation()
    argument.optional = True
    return argument


@layer(family="activations")
class Activation(LayerRule):
    """Applies a function to every value, but for `glu`, which halves the last axis; `null` leaves them as they are.

    keras/src/layers/activations/activation.py, 3.15.1.
    """

    passes_mask = True

    activation: Any = _activation_or_none()

    def output_shape(self, x: Inputs) -> Any:
        return activated(x, x.shape, self.activation)

    def keras_output_shape(self, x: Inputs) -> Any:
        return x.shape if self.activation == "glu" else None

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from of_one(self.activation, x.shape)
        if self.activation == "glu":
            yield other_shape(self, x, HALVES)

    def work(self, x: Inputs) -> Iterable[Work]:
        return activation_work(self.activation, x.shape)

    def kept(self, x: Inputs, made: Made) -> Kept:
        return kept_by_function(self.activation, made.outputs[0])

    examples = [
        Example({"activation": "relu"}, (None, 10, 32), params=0, output=(None, 10, 32)),
        Example({"activation": "glu"}, (None, 10, 8), params=0, output=(None, 10, 4)),
        Rejected({"activation": "glu"}, "expected an even number of values for `activation: glu`, got 7: it halves "
                 "them", (None, 7)),
        Rejected({"activation": "rellu"}, 'expected `activation` to be the name of a Keras activation, got "rellu"'),
    ]  # fmt: skip


@layer(family="activations")
class ReLU(LayerRule):
    """Keeps what is above `threshold`, scales what is below by `negative_slope`, and caps at `max_value`.

    keras/src/layers/activations/relu.py, 3.15.1.
    """

    passes_mask = True

    max_value: float | None = arg.number(None, low=0)
    negative_slope: float = arg.number(0.0, low=0)
    threshold: float = arg.number(0.0, low=0)

    def work(self, x: Inputs) -> Iterable[Work]:
        steps = 2
        if self.negative_slope == 0 or self.max_value is not None or self.threshold != 0:
            # What is below: negated, shifted by a threshold, cut, scaled and taken off.
            below = 4 + (self.threshold != 0) if self.negative_slope != 0 else 0
            cut = 0 if self.max_value is None else 1 if self.max_value == 6 and self.threshold == 0 else 2
            steps = 1 + cut + below
        yield Work("relu", Cost(arithmetic=steps * product(x.shape[1:])), "every value is compared and scaled")

    def kept(self, x: Inputs, made: Made) -> Kept:
        stated = {name for name in ("max_value", "negative_slope", "threshold") if getattr(self, name)}
        if len(stated) < 2 and self.max_value in (None, 6):
            return kept_by_function("leaky_relu" if self.negative_slope else "relu", x.shape)
        values = per_sample(x.shape)
        return Kept(most=Held(values=4 * values, bytes=2 * values))

    examples = [
        Example({"max_value": 6.0}, (None, 32), params=0, output=(None, 32)),
        Rejected({"max_value": -1.0}, "expected `max_value` to be a number of at least 0, got -1.0"),
    ]


@layer(family="activations")
class LeakyReLU(LayerRule):
    """Keeps positive values and scales negative ones by `negative_slope`.

    keras/src/layers/activations/leaky_relu.py, 3.15.1, where `alpha` is the old name of `negative_slope`.
    """

    passes_mask = True

    negative_slope: float = arg.number(0.3, low=0)
    alpha: Any = arg.anything(None, keyword_only=True)

    def work(self, x: Inputs) -> Iterable[Work]:
        return activation_work("leaky_relu", x.shape)

    def kept(self, x: Inputs, made: Made) -> Kept:
        return kept_by_function("leaky_relu", x.shape)

    examples = [
        Example({"negative_slope": 0.1}, (None, 32), params=0, output=(None, 32)),
        Rejected({"negative_slope": -0.1}, "expected `negative_slope` to be a number of at least 0, got -0.1"),
    ]


@layer(family="activations")
class PReLU(LayerRule):
    """Keeps positive values and scales negative ones by a learned factor, one for each place of the input.

    keras/src/layers/activations/prelu.py, 3.15.1. Along `shared_axes`, counted from 1, one factor serves all places.
    """

    passes_mask = True

    alpha_initializer: Any = arg.initializer("Zeros")
    alpha_regularizer: Any = arg.regularizer()
    alpha_constraint: Any = arg.constraint()
    shared_axes: tuple[int, ...] | None = arg.axis_list(None)

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        last = ndim - 1
        for axis in self.shared_axes or ():
            if not 1 - last <= axis <= last:
                range_text = f"from 1 to {last}" if last else f"none, as there is only {count_axes(ndim)}"
                raise Rejection("wrong-value", f"`shared_axes` {range_text}", str(axis))
        return usual_axes(ndim)

    def _sizes(self, x: Inputs) -> tuple[Shape, list[Dim]]:
        sizes, shared = list(x.shape[1:]), []
        # Keras writes into the sizes at `axis - 1`, so that -1 means the last axis but one.
        for place in {(axis - 1) % len(sizes) for axis in self.shared_axes or ()}:
            shared.append(sizes[place])
            sizes[place] = 1
        return tuple(sizes), shared

    def weights(self, x: Inputs) -> Iterable[Weight]:
        own, shared = self._sizes(x)
        scales = Cost(arithmetic=1)
        yield Weight("alpha", own, product(shared), "each place scales its negative values", cost=scales)

    def work(self, x: Inputs) -> Iterable[Work]:
        cost = Cost(arithmetic=4 * product(x.shape[1:]))
        yield Work("parts", cost, "every value is negated, cut at 0 both ways, and the two parts are added")

    def kept(self, x: Inputs, made: Made) -> Kept:
        values = per_sample(x.shape)
        return Kept(most=Held(values=3 * values, bytes=2 * values))

    examples = [
        Example({}, (None, 10, 32), params=320, output=(None, 10, 32)),
        Example({"shared_axes": [1]}, (None, None, 32), params=32, output=(None, None, 32)),
        Rejected({"shared_axes": 3}, "expected `shared_axes` from 1 to 2, got 3"),
    ]


@layer(family="activations")
class ELU(LayerRule):
    """Keeps positive values and bends negative ones towards `-alpha`.

    keras/src/layers/activations/elu.py, 3.15.1.
    """

    passes_mask = True

    alpha: float = arg.number(1.0)

    def work(self, x: Inputs) -> Iterable[Work]:
        return activation_work("elu", x.shape)

    def kept(self, x: Inputs, made: Made) -> Kept:
        return kept_by_function("elu", x.shape)

    examples = [Example({}, (None, 32), params=0, output=(None, 32))]


@layer(family="activations")
class Softmax(LayerRule):
    """Turns the values along `axis` into shares that sum to 1.

    keras/src/layers/activations/softmax.py, 3.15.1; an axis that the input does not have fails only on data there.
    """

    takes_mask = True
    passes_mask = True

    axis: tuple[int, ...] = arg.integers(-1)

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        check_axes(self.axis, ndim)
        return super().axis_names(ndim)

    def check_mask(self, x: Inputs) -> None:
        """Refuses a mask of fewer axes, which Softmax lays along the last axes, though it goes along the first."""
        mask = x.told[0]
        if mask is None:
            return
        got = f"the mask {show_shape(mask)} with {show_shape(x.shape)}"
        if len(mask) == x.ndim:
            for size, there in zip(mask[1:], x.shape[1:], strict=True):
                x.require(size == 1 or equal(size, there), MISFIT, "a mask of the input's shape", got, FAILS)
            return
        pairs = zip(mask[::-1], x.shape[::-1], strict=False)
        if not all(size == 1 or equal(size, there) is True for size, there in pairs):
            because = "Softmax lays the mask along the last axes of the input"
            fix = "use `Activation: softmax`, which does the same without a mask"
            raise refuse_mask(f"no mask, or one of the input's {count_axes(x.ndim)}", got, fix, because)

    def work(self, x: Inputs) -> Iterable[Work]:
        axes = {axis % x.ndim for axis in self.axis}
        if len(axes) == 1:
            return activation_work("softmax", x.shape, axes.pop())
        values = product(x.shape[1:])
        rows = product(size for place, size in enumerate(x.shape) if place not in {0, *axes})
        cost = Cost(arithmetic=4 * values, functions=2 * values + rows)
        return [Work("softmax", cost, "exp of every value, less the log of the sum of its row's")]

    def kept(self, x: Inputs, made: Made) -> Kept:
        if made.masked:
            return super().kept(x, made)
        axes, values = {axis % x.ndim for axis in self.axis}, per_sample(x.shape)
        rows = product(size for place, size in enumerate(x.shape) if place not in {0, *axes})
        if len(axes) > 1:
            return Kept(Held(output=True), Held(values=2 * values + rows, bytes=rows))
        return Kept(Held(output=True), Held(values=values + 2 * rows))

    def hints(self, x: Inputs) -> Iterator[Fault]:
        if all(x.shape[axis] == 1 for axis in self.axis):
            is_last = self.axis in ((-1,), (x.ndim - 1,))
            yield from of_one("softmax", x.shape if is_last else (x.shape[0], 1), show_shape(x.shape))

    examples = [
        Example({}, (None, 10), params=0, output=(None, 10)),
        Example({"axis": [1, 2]}, (None, 4, 5), params=0, output=(None, 4, 5)),
        Rejected({"axis": 2}, "expected `axis` from -2 to 1, got 2"),
        Rejected({"axis": [1, -1]}, "expected every axis once in `axis`, got [1, -1]"),
    ]
