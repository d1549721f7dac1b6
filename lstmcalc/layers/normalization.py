"""Keras's normalization layers: values are brought to mean 0 and deviation 1, then scaled and shifted by weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lstmcalc.dims import Dim, product
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.axes import check_axes, usual_axes
from lstmcalc.layers.rule import Example, Inputs, LayerRule, Rejected, Weight, expand_axes, layer

__all__ = ["BatchNormalization", "LayerNormalization"]


@layer(family="normalization")
class BatchNormalization(LayerRule):
    """Normalizes each channel over the batch in training, and by moving statistics, which are not trained, after it.

    keras/src/layers/normalization/batch_normalization.py, 3.15.1.
    """

    axis: int = arg.integer(-1)
    momentum: float = arg.number(0.99)
    epsilon: float = arg.number(0.001)
    center: bool = arg.flag(True)
    scale: bool = arg.flag(True)
    beta_initializer: Any = arg.initializer("zeros")
    gamma_initializer: Any = arg.initializer("ones")
    moving_mean_initializer: Any = arg.initializer("zeros")
    moving_variance_initializer: Any = arg.initializer("ones")
    beta_regularizer: Any = arg.regularizer()
    gamma_regularizer: Any = arg.regularizer()
    beta_constraint: Any = arg.constraint()
    gamma_constraint: Any = arg.constraint()
    renorm: bool = arg.flag(False)
    renorm_clipping: Any = arg.anything(None)
    renorm_momentum: float = arg.number(0.99)
    synchronized: bool = arg.flag(False)

    def validate(self) -> None:
        if not self.renorm or not self.renorm_clipping:
            return
        clipping, keys = self.renorm_clipping, ("rmax", "rmin", "dmax")
        if not isinstance(clipping, Mapping) or set(clipping) - set(keys):
            raise Rejection("wrong-value", "`renorm_clipping` to have `rmax`, `rmin`, `dmax` only", arg.show(clipping))
        rmax, rmin, dmax = (clipping.get(key) for key in keys)
        if rmax is not None and rmin is not None and rmax < rmin:
            raise Rejection("wrong-value", "`rmax` to be at least `rmin`", arg.show(clipping))
        if dmax is not None and dmax < 0:
            raise Rejection("wrong-value", "`dmax` to be at least 0", arg.show(clipping))

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        check_axes((self.axis,), ndim)
        names = list(expand_axes("batch ...", ndim))
        names[self.axis] = "channels"
        return tuple(names)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        shape, uses = (x.channels,), _uses(x, (self.axis,))
        if self.scale:
            yield Weight("gamma", shape, uses, "scales each channel")
        if self.center:
            yield Weight("beta", shape, uses, "shifts each channel")
        yield Weight("moving_mean", shape, uses, "each channel's mean, as training met it", False)
        yield Weight("moving_variance", shape, uses, "each channel's variance, as training met it", False)
        if self.renorm:
            yield Weight("moving_stddev", shape, 0, "what moving_variance is kept from", False)
            yield Weight("renorm_mean", shape, 0, "corrects the mean while training", False)
            yield Weight("renorm_stddev", shape, 0, "corrects the deviation while training", False)

    examples = [
        Example({}, (None, 10, 128), params=512, output=(None, 10, 128), trainable_params=256),
        Example({"axis": 1}, (None, 3, 28, None), 12, (None, 3, 28, None), trainable_params=6),
        Example({"scale": False}, (None, 10), params=30, output=(None, 10), trainable_params=10),
        Example({"renorm": True}, (None, 10), params=70, output=(None, 10), trainable_params=20),
        Rejected({"axis": 3}, "expected `axis` from -3 to 2, got 3"),
        Rejected(
            {"renorm": True, "renorm_clipping": {"rmax": 1, "rmin": 2}},
            "expected `rmax` to be at least `rmin`, got {rmax: 1, rmin: 2}",
        ),
        Rejected(
            {"axis": 1},
            'expected `channels` to be known, since `gamma` has that size, got (None, None, 8) from input "input_0"',
            (None, None, 8),
        ),
    ]


@layer(family="normalization")
class LayerNormalization(LayerRule):
    """Normalizes each sample over the axes of `axis`, then scales and shifts every place along them.

    keras/src/layers/normalization/layer_normalization.py, 3.15.1. Keras sorts `axis` as it is written, so that
    `[1, -1]` puts the last axis first.
    """

    axis: tuple[int, ...] = arg.axis_list(-1)
    epsilon: float = arg.number(0.001)
    center: bool = arg.flag(True)
    scale: bool = arg.flag(True)
    beta_initializer: Any = arg.initializer("zeros")
    gamma_initializer: Any = arg.initializer("ones")
    beta_regularizer: Any = arg.regularizer()
    gamma_regularizer: Any = arg.regularizer()
    beta_constraint: Any = arg.constraint()
    gamma_constraint: Any = arg.constraint()

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        check_axes(self.axis, ndim)
        return usual_axes(ndim)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        shape, uses = tuple(x.shape[axis] for axis in sorted(self.axis)), _uses(x, self.axis)
        if self.scale:
            yield Weight("gamma", shape, uses, "scales each place along the normalized axes")
        if self.center:
            yield Weight("beta", shape, uses, "shifts each place along the normalized axes")

    examples = [
        Example({}, (None, 10, 128), params=256, output=(None, 10, 128)),
        Example({"axis": [1, 2, 3]}, (5, 20, 30, 40), params=48_000, output=(5, 20, 30, 40)),
        Example({"center": False}, (None, 10), params=10, output=(None, 10)),
        Rejected({"axis": [1, 3]}, "expected `axis` from -3 to 2, got 3"),
        Rejected({"axis": [2, -1]}, "expected every axis once in `axis`, got [2, -1]"),
    ]


def _uses(x: Inputs, axes: tuple[int, ...]) -> Dim:
    """How many places of one sample share a weight that spans these axes."""
    spanned = {0, *(axis % x.ndim for axis in axes)}
    return product(size for place, size in enumerate(x.shape) if place not in spanned)
