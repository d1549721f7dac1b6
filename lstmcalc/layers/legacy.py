"""Layers of Keras 2 that Keras 3 no longer has; models that were saved then still have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from lstmcalc.dims import UNKNOWN, Dim, product
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.activation_costs import activation_work
from lstmcalc.layers.cells import GRUCell, LSTMCell
from lstmcalc.layers.convolutional import KernelRule
from lstmcalc.layers.costs import ADD, Cost
from lstmcalc.layers.recurrent import Cell, Recurrent
from lstmcalc.layers.rule import Example, Inputs, LayerRule, Rejected, Shape, Weight, Work, layer
from lstmcalc.shapes import show_shape

__all__ = [
    "CuDNNGRU",
    "CuDNNLSTM",
    "LocallyConnected1D",
    "LocallyConnected2D",
    "RandomHeight",
    "RandomWidth",
    "ThresholdedReLU",
]

BIAS = "gates and candidate add one offset per unit to each of their two products"


class TwoBiasesLSTM(LSTMCell):
    """An LSTM's step as cuDNN computes it: the product with the input and the one with the state add a bias each."""

    def weights(self, x: Inputs) -> Iterable[Weight]:
        yield from super().weights(x)
        yield Weight("bias", (8 * self.units,), 1, BIAS, cost=ADD)


class TwoBiasesGRU(GRUCell):
    """A GRU's step as cuDNN computes it, with both biases in one row."""

    def weights(self, x: Inputs) -> Iterable[Weight]:
        yield from super().weights(x)
        yield Weight("bias", (6 * self.units,), 1, BIAS, cost=ADD)


class Gone(LayerRule):
    """What only Keras 2 has; `successor` is the advice what to use instead, where there is a layer."""

    successor: ClassVar[str] = ""

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield Fault("not-in-keras-3", "a layer that Keras 3 has", f"`{self.class_name}`", "only Keras 2 has it",
                    self.successor)  # fmt: skip
        yield from super().hints(x)


class CuDNN(Gone, Recurrent):
    """What both layers share; neither takes a mask or dropout (keras/layers/cudnn_recurrent.py, Keras 2.2.4)."""

    takes_mask = False
    passes_mask_until = ""

    cell: type[Cell]
    units: Dim

    kernel_regularizer: Any = arg.regularizer()
    recurrent_regularizer: Any = arg.regularizer()
    bias_regularizer: Any = arg.regularizer()
    activity_regularizer: Any = arg.regularizer()
    kernel_constraint: Any = arg.constraint()
    recurrent_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()
    return_sequences: bool = arg.flag(False)
    return_state: bool = arg.flag(False)
    go_backwards: bool = arg.flag(False)
    stateful: bool = arg.flag(False)
    unroll: bool = arg.flag(False, keyword_only=True)

    def output_masks(self, x: Inputs) -> tuple[Shape | None, ...]:
        return ()

    def cell_rule(self) -> Cell:
        # The cell's own bias is left out for the two that cuDNN has.
        return self.cell({"units": self.units, "use_bias": False})


@layer(family="legacy", axes="batch timesteps input_dim")
class CuDNNLSTM(CuDNN):
    """Reads a sequence step by step as LSTM does, on a GPU only, and with two biases.

    keras/layers/cudnn_recurrent.py, Keras 2.2.4.
    """

    successor = "use `LSTM`, which runs the fused cuDNN kernel by itself where there is a GPU"
    cell = TwoBiasesLSTM

    units: Dim = arg.positive()
    kernel_initializer: Any = arg.initializer("glorot_uniform")
    recurrent_initializer: Any = arg.initializer("orthogonal")
    bias_initializer: Any = arg.initializer("zeros")
    unit_forget_bias: bool = arg.flag(True)

    examples = [
        Example({"units": 128}, (None, 10, 50), params=92_160, output=(None, 128)),
        Example({"units": 8, "return_sequences": True, "return_state": True}, (None, 10, 4), params=448,
                output=[(None, 10, 8), (None, 8), (None, 8)]),
        Rejected({"units": 0}, "expected `units` to be a positive integer, got 0"),
    ]  # fmt: skip


@layer(family="legacy", axes="batch timesteps input_dim")
class CuDNNGRU(CuDNN):
    """Reads a sequence step by step as GRU does, on a GPU only, and with two biases.

    keras/layers/cudnn_recurrent.py, Keras 2.2.4.
    """

    successor = "use `GRU`, which runs the fused cuDNN kernel by itself where there is a GPU"
    cell = TwoBiasesGRU

    units: Dim = arg.positive()
    kernel_initializer: Any = arg.initializer("glorot_uniform")
    recurrent_initializer: Any = arg.initializer("orthogonal")
    bias_initializer: Any = arg.initializer("zeros")

    examples = [
        Example({"units": 128}, (None, 10, 50), params=69_120, output=(None, 128)),
        Example({"units": 8, "return_state": True}, (None, 10, 4), params=336, output=[(None, 8), (None, 8)]),
        Rejected({"units": 8}, 'expected 3 axes (batch, timesteps, input_dim), got (None, 50) from input "input_0"',
                 inputs=(None, 50)),
    ]  # fmt: skip


@layer(family="legacy")
class ThresholdedReLU(Gone):
    """Keeps what is above `theta`, and makes the rest 0.

    keras/src/layers/activation/thresholded_relu.py, Keras 2.15.0.
    """

    successor = "use `ReLU` with its `threshold`"
    passes_mask = True

    theta: float = arg.number(1.0, low=0)

    def work(self, x: Inputs) -> Iterable[Work]:
        cost = Cost(arithmetic=2).times(product(x.shape[1:]))
        yield Work("activation", cost, "every value is compared with `theta`, and multiplied by 1 or 0")

    examples = [
        Example({"theta": 0.5}, (None, 10, 32), params=0, output=(None, 10, 32)),
        Rejected({"theta": -1}, "expected `theta` to be a number of at least 0, got -1"),
    ]


class LocallyConnected(Gone, KernelRule):
    """A window that slides over the input, with weights of its own at every place.

    keras/src/layers/locally_connected, Keras 2.15.0. `implementation` decides in what form the weights are held, and
    with 2 how many: those between places that are not connected are held too, and stay 0.
    """

    filters: Dim

    padding: str = arg.choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    activation: Any = arg.activation(None)
    use_bias: bool = arg.flag(True)
    kernel_initializer: Any = arg.initializer("glorot_uniform")
    bias_initializer: Any = arg.initializer("zeros")
    kernel_regularizer: Any = arg.regularizer()
    bias_regularizer: Any = arg.regularizer()
    activity_regularizer: Any = arg.regularizer()
    kernel_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()
    implementation: int = arg.choice(1, 2, 3, default=1)

    def windows(self) -> tuple[Shape, Shape, Shape]:
        return self.kernel_size, self.strides, (1,) * self.rank

    def validate(self) -> None:
        if self.padding == "same" and self.implementation == 1:
            raise Rejection("wrong-value", "`padding: valid` with `implementation: 1`", "`padding: same`",
                            fix="use `implementation: 2` or 3")  # fmt: skip

    def weights(self, x: Inputs) -> Iterable[Weight]:
        places = self.slid(x)
        yield Weight("kernel", self._kernel(x, places), 1, "each place has its own weights for its window")
        if self.use_bias:
            why = "each place adds its own offset per filter"
            yield Weight("bias", (*places, self.filters), 1, why, cost=ADD)

    def work(self, x: Inputs) -> Iterable[Work]:
        yield from activation_work(self.activation, self.arranged(x, self.slid(x), self.filters))

    def _kernel(self, x: Inputs, places: Shape) -> Shape:
        if self.implementation == 1:
            return (product(places), product(self.kernel_size) * x.channels, self.filters)
        if self.implementation == 2:
            ends = (x.channels, *self.spatial_sizes(x)), (self.filters, *places)
            if not self.channels_first:
                ends = (*self.spatial_sizes(x), x.channels), (*places, self.filters)
            return (*ends[0], *ends[1])
        pairs = product(self._connections(x, axis) for axis in range(self.rank))
        return (pairs * x.channels * self.filters,)

    def _connections(self, x: Inputs, axis: int) -> Dim:
        """How many pairs of an input place and an output place along an axis a window connects."""
        length, window, stride = self.spatial_sizes(x)[axis], self.kernel_size[axis], self.strides[axis]
        places = self.slid(x)[axis]
        if self.padding == "valid":
            return places * window
        if not (isinstance(length, int) and isinstance(places, int) and isinstance(window, int)):
            return UNKNOWN
        if not isinstance(stride, int):
            return UNKNOWN
        before = window // 2
        starts = [place * stride - before for place in range(places)]
        return sum(min(length, start + window) - max(0, start) for start in starts)

    def output_shape(self, x: Inputs) -> Any:
        if UNKNOWN in self.spatial_sizes(x):
            raise Rejection("unknown-size", "its sizes to be known, since each place has its own weights",
                            show_shape(x.shape))  # fmt: skip
        self.require_windows(x)
        return self.arranged(x, self.slid(x), self.filters)


@layer(family="legacy", axes="batch timesteps channels")
class LocallyConnected1D(LocallyConnected):
    """Every output step is a weighted sum of a window of time steps, with weights of its own.

    keras/src/layers/locally_connected/locally_connected1d.py, Keras 2.15.0.
    """

    rank = 1

    filters: Dim = arg.positive()
    kernel_size: Shape = arg.sizes(1)
    strides: Shape = arg.sizes(1, 1)

    examples = [
        Example({"filters": 3, "kernel_size": 2}, (None, 10, 7), params=405, output=(None, 9, 3)),
        Example({"filters": 3, "kernel_size": 2, "implementation": 2}, (None, 10, 7), 1_917, (None, 9, 3)),
        Rejected({"filters": 3, "kernel_size": 2}, "expected its sizes to be known, since each place has its own "
                 'weights, got (None, None, 7) from input "input_0"', (None, None, 7)),
        Rejected({"filters": 3, "kernel_size": 2, "padding": "same"},
                 "expected `padding: valid` with `implementation: 1`, got `padding: same`"),
    ]  # fmt: skip


@layer(family="legacy", axes="batch height width channels")
class LocallyConnected2D(LocallyConnected):
    """Every output place is a weighted sum of a window of rows and columns, with weights of its own.

    keras/src/layers/locally_connected/locally_connected2d.py, Keras 2.15.0.
    """

    rank = 2

    filters: Dim = arg.positive()
    kernel_size: Shape = arg.sizes(2)
    strides: Shape = arg.sizes(2, 1)

    examples = [
        Example({"filters": 4, "kernel_size": 3}, (None, 8, 6, 2), params=1_824, output=(None, 6, 4, 4)),
        Rejected(
            {"filters": 4, "kernel_size": 9},
            "expected height of at least 9, got (None, 8, 6, 2): `padding: valid` gives 8 - 9 + 1 = 0 rows",
            (None, 8, 6, 2),
        ),
    ]


class RandomSize(Gone):
    """Makes images higher or wider by chance in training (keras/src/layers/preprocessing, Keras 2.15.0).

    The size is unknown then, and Keras takes it for unknown always.
    """

    #: The axis that changes, counted from the end.
    changed = -3

    factor: Any = arg.anything()
    interpolation: str = arg.choice(
        "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic",
        default="bilinear",
    )  # fmt: skip
    seed: Any = arg.anything(None)

    def output_shape(self, x: Inputs) -> Any:
        sizes = list(x.shape)
        sizes[self.changed] = UNKNOWN
        return tuple(sizes)


@layer(family="legacy", axes="batch height width channels")
class RandomHeight(RandomSize):
    """In training, stretches the images by a random share of their height.

    keras/src/layers/preprocessing/image_preprocessing.py, Keras 2.15.0.
    """

    examples = [Example({"factor": 0.2}, (None, 32, 32, 3), params=0, output=(None, None, 32, 3))]


@layer(family="legacy", axes="batch height width channels")
class RandomWidth(RandomSize):
    """In training, stretches the images by a random share of their width.

    keras/src/layers/preprocessing/image_preprocessing.py, Keras 2.15.0.
    """

    changed = -2

    examples = [Example({"factor": 0.2}, (None, 32, 32, 3), params=0, output=(None, 32, None, 3))]
