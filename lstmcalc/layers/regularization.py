"""Keras's regularization layers: they change values while training, and neither shape nor params."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstmcalc.errors import Fault
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.hints import high_dropout
from lstmcalc.layers.kept import Held, Kept, Made, per_sample
from lstmcalc.layers.rule import Example, Inputs, LayerRule, Rejected, layer

__all__ = [
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
]


class Dropping(LayerRule):
    """What the layers that set values to zero share."""

    passes_mask = True
    returns_input = True

    rate: float

    def kept(self, x: Inputs, made: Made) -> Kept:
        # Which values stay, and zeros for the others.
        values = per_sample(x.shape) if self.rate else 0
        return Kept(most=Held(values=values, bytes=values))

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from high_dropout("rate", self.rate)


@layer(family="regularization")
class Dropout(Dropping):
    """While training, sets a share `rate` of the values to zero; otherwise passes its input on.

    keras/src/layers/regularization/dropout.py, 3.15.1. Its random seed is not in Keras's parameter count.
    """

    rate: float = arg.number(low=0, high=1)
    noise_shape: Any = arg.open_shape(None)
    seed: Any = arg.anything(None)

    examples = [
        Example({"rate": 0.5}, (None, 10, 32), params=0, output=(None, 10, 32)),
        Rejected({"rate": 50}, "expected `rate` to be a number from 0 to 1, got 50"),
        Rejected(
            {"rate": 0.5, "noise_shape": [None, 0]},
            "expected `noise_shape` to be a list of positive integers, with null where unknown, got [null, 0]",
        ),
    ]


class SpatialDropout(Dropping):
    """What dropping whole channels shares: its constructor takes nothing that other layers take besides their own."""

    activity_regularizer: Any = None
    trainable: bool = True
    autocast: bool = True
    input_shape: Any = None


@layer(family="regularization", axes="batch timesteps channels")
class SpatialDropout1D(SpatialDropout):
    """While training, drops whole channels, the same at every time step.

    keras/src/layers/regularization/spatial_dropout.py, 3.15.1.
    """

    rate: float = arg.number(low=0, high=1)
    seed: Any = arg.anything(None)
    dtype: str | None = arg.dtype_policy()

    examples = [Example({"rate": 0.5}, (None, 10, 32), params=0, output=(None, 10, 32))]


@layer(family="regularization", axes="batch height width channels")
class SpatialDropout2D(SpatialDropout):
    """While training, drops whole channels of a picture.

    keras/src/layers/regularization/spatial_dropout.py, 3.15.1.
    """

    rate: float = arg.number(low=0, high=1)
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    seed: Any = arg.anything(None)
    dtype: str | None = arg.dtype_policy()

    examples = [Example({"rate": 0.5}, (None, 7, 7, 64), params=0, output=(None, 7, 7, 64))]


@layer(family="regularization", axes="batch depth height width channels")
class SpatialDropout3D(SpatialDropout):
    """While training, drops whole channels of a volume.

    keras/src/layers/regularization/spatial_dropout.py, 3.15.1.
    """

    rate: float = arg.number(low=0, high=1)
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    seed: Any = arg.anything(None)
    dtype: str | None = arg.dtype_policy()

    examples = [Example({"rate": 0.5}, (None, 4, 7, 7, 2), params=0, output=(None, 4, 7, 7, 2))]


@layer(family="regularization")
class GaussianNoise(LayerRule):
    """While training, adds random values with mean 0 and standard deviation `stddev`.

    keras/src/layers/regularization/gaussian_noise.py, 3.15.1.
    """

    passes_mask = True
    returns_input = True

    stddev: float = arg.number(low=0, high=1)
    seed: Any = arg.anything(None)

    examples = [
        Example({"stddev": 0.1}, (None, 20, 1), params=0, output=(None, 20, 1)),
        Rejected({"stddev": 2}, "expected `stddev` to be a number from 0 to 1, got 2"),
    ]


@layer(family="regularization")
class GaussianDropout(LayerRule):
    """While training, multiplies by random values with mean 1, spread as dropout of `rate` would.

    keras/src/layers/regularization/gaussian_dropout.py, 3.15.1.
    """

    passes_mask = True
    returns_input = True

    rate: float = arg.number(low=0, high=1)
    seed: Any = arg.anything(None)

    def kept(self, x: Inputs, made: Made) -> Kept:
        return Kept(most=Held(values=per_sample(x.shape)))

    examples = [Example({"rate": 0.5}, (None, 32), params=0, output=(None, 32))]


@layer(family="regularization")
class AlphaDropout(LayerRule):
    """While training, drops values and rescales so that mean and variance stay; made for `selu`.

    keras/src/layers/regularization/alpha_dropout.py, 3.15.1.
    """

    passes_mask = True
    returns_input = True

    rate: float = arg.number(low=0, high=1)
    noise_shape: Any = arg.anything(None)
    seed: Any = arg.anything(None)

    def kept(self, x: Inputs, made: Made) -> Kept:
        return Kept(most=Held(values=per_sample(x.shape)))

    examples = [Example({"rate": 0.5}, (None, 32), params=0, output=(None, 32))]


@layer(family="regularization")
class ActivityRegularization(LayerRule):
    """Adds a cost for large values to the loss, and passes its input on.

    keras/src/layers/regularization/activity_regularization.py, 3.15.1.
    """

    passes_mask = True
    returns_input = True

    l1: float = arg.number(0.0, low=0)
    l2: float = arg.number(0.0, low=0)

    examples = [
        Example({"l2": 0.01}, (None, 32), params=0, output=(None, 32)),
        Rejected({"l1": -1}, "expected `l1` to be a number of at least 0, got -1"),
    ]
