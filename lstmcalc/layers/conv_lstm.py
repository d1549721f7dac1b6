"""Keras's convolutional LSTMs, for sequences of rows, images and volumes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from lstmcalc.dims import Dim, at_least, conv_length, product, to_text
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.arguments import show
from lstmcalc.layers.cells import gated_work
from lstmcalc.layers.costs import ADD, FREE, state
from lstmcalc.layers.recurrent import Holder, Recurrent, check_states, over_steps
from lstmcalc.layers.recurrent_kept import Step, gated_step
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape, Weight, Work, layer
from lstmcalc.shapes import show_shape

__all__ = ["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"]


class ConvLSTM(Holder, Recurrent):
    """An LSTM whose gates are convolutions; strides and padding touch the input's convolution only.

    Shi et al. 2015, arXiv 1506.04214, without its peephole weights; keras/src/layers/rnn/conv_lstm.py, 3.15.1.
    """

    width = "filters"
    #: The names of the spatial axes.
    spatial: ClassVar[tuple[str, ...]]

    filters: Dim
    kernel_size: Shape
    strides: Shape
    padding: str
    data_format: str | None
    dilation_rate: Shape

    activation: Any = arg.activation("tanh")
    recurrent_activation: Any = arg.activation("sigmoid")
    use_bias: bool = arg.flag(True)
    kernel_initializer: Any = arg.initializer("glorot_uniform")
    recurrent_initializer: Any = arg.initializer("orthogonal")
    bias_initializer: Any = arg.initializer("zeros")
    unit_forget_bias: bool = arg.flag(True)
    kernel_regularizer: Any = arg.regularizer()
    recurrent_regularizer: Any = arg.regularizer()
    bias_regularizer: Any = arg.regularizer()
    activity_regularizer: Any = arg.regularizer()
    kernel_constraint: Any = arg.constraint()
    recurrent_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()
    dropout: float = arg.number(0.0)
    recurrent_dropout: float = arg.number(0.0)
    seed: Any = arg.anything(None)
    return_sequences: bool = arg.flag(False)
    return_state: bool = arg.flag(False)
    go_backwards: bool = arg.flag(False)
    stateful: bool = arg.flag(False)
    unroll: bool = arg.flag(False, keyword_only=True)
    zero_output_for_mask: bool = arg.flag(False, keyword_only=True)

    @property
    def channels_first(self) -> bool:
        """Whether the channels come before the spatial axes."""
        return self.data_format == "channels_first"

    def validate(self) -> None:
        if max(map(_least, self.strides)) > 1 and max(map(_least, self.dilation_rate)) > 1:
            raise Rejection(
                "wrong-value",
                "`strides` or `dilation_rate` to be 1",
                f"`strides: {show(self.strides)}` and `dilation_rate: {show(self.dilation_rate)}`",
                "Keras skips places or spreads the window, not both",
            )

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        names = super().axis_names(ndim)
        return (*names[:2], names[-1], *names[2:-1]) if self.channels_first else names

    def _sizes(self, x: Inputs) -> Iterator[tuple[str, Dim, Dim, Dim, Dim]]:
        """For each spatial axis its name and size, and the kernel's size, stride and dilation along it."""
        sizes = x.shape[3:] if self.channels_first else x.shape[2:-1]
        return zip(self.spatial, sizes, self.kernel_size, self.strides, self.dilation_rate, strict=True)

    def _spatial(self, x: Inputs) -> Shape:
        """The spatial sizes of the output."""
        return tuple(
            conv_length(size, kernel, stride, self.padding, dilation)
            for _, size, kernel, stride, dilation in self._sizes(x)
        )

    def state_shapes(self, x: Inputs) -> tuple[Shape, ...]:
        spatial = self._spatial(x)
        rest = (self.filters, *spatial) if self.channels_first else (*spatial, self.filters)
        return ((x.shape[0], *rest),) * 2

    def _step_weights(self, x: Inputs) -> Iterator[Weight]:
        """The weights as a single step uses them."""
        uses = product(self._spatial(x))
        gates = 4 * self.filters
        yield Weight("kernel", (*self.kernel_size, x.channels, gates), uses, "gates and candidate look at the input")
        shape = (*self.kernel_size, self.filters, gates)
        why = "gates and candidate look at the hidden state"
        yield Weight("recurrent_kernel", shape, uses, why, reads=(state(0),))
        if self.use_bias:
            yield Weight("bias", (gates,), uses, "gates and candidate add one offset per filter", cost=ADD)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        for weight in self._step_weights(x):
            yield weight.repeated(x.timesteps)._replace(cost=FREE)

    def work(self, x: Inputs) -> Iterable[Work]:
        used = (weight.work for weight in self._step_weights(x))
        return over_steps([*used, *gated_work(self, self.state_shapes(x)[0])], x.timesteps, 2)

    def kept_step(self, x: Inputs) -> Step:
        return gated_step(self, x.replace([(x.shape[0], *x.shape[2:])]), product(self.state_shapes(x)[0][1:]))

    def takes_spare(self) -> bool:
        return bool(self.unroll)

    def output_shape(self, x: Inputs) -> Any:
        self.check_batch(x)
        for axis, size, kernel, _, dilation in self._sizes(x):
            x.require_known(size, f"`{axis}`", f"the states of {self.class_name} have a fixed size")
            if self.padding == "valid":
                self._check_window(x, axis, size, kernel, dilation)
        states = self.state_shapes(x)
        if x.states:
            check_states(x, states, self.takes_spare())
        return self.over_time(x, states[0], states)

    def _check_window(self, x: Inputs, axis: str, size: Dim, kernel: Dim, dilation: Dim) -> None:
        reach = (kernel - 1) * dilation + 1
        x.require(
            at_least(size, reach),
            "window-too-large",
            f"`{axis}` of at least {to_text(reach)}",
            show_shape(x.shape),
            f"`padding: valid` leaves no room for a window that reaches over {to_text(reach)}",
            "use `padding: same` or a smaller `kernel_size`",
        )


def _least(size: Dim) -> int:
    """A size where it is a number; a symbol may be 1."""
    return size if isinstance(size, int) else 1


@layer(family="rnn", axes="batch timesteps width channels")
class ConvLSTM1D(ConvLSTM):
    """Reads a sequence of rows step by step with an LSTM whose gates are convolutions.

    Shi et al. 2015, arXiv 1506.04214; keras/src/layers/rnn/conv_lstm1d.py, 3.15.1.
    """

    spatial = ("width",)

    filters: Dim = arg.positive()
    kernel_size: Shape = arg.sizes(1)
    strides: Shape = arg.sizes(1, 1)
    padding: str = arg.choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    dilation_rate: Shape = arg.sizes(1, 1)

    examples = [
        Example({"filters": 4, "kernel_size": 3}, (None, 5, 28, 1), params=256, output=(None, 26, 4)),
        Example({"filters": 4, "kernel_size": 3, "return_sequences": True, "padding": "same"}, (None, None, 28, 1), 256,
                output=(None, None, 28, 4)),
        Rejected({"filters": 4, "kernel_size": 3, "strides": 2, "dilation_rate": 2}, "expected `strides` or "
                 "`dilation_rate` to be 1, got `strides: [2]` and `dilation_rate: [2]`: Keras skips places or spreads "
                 "the window, not both"),
        Rejected({"filters": 4, "kernel_size": 3, "padding": "causal"}, "expected `padding` to be one of `valid`, "
                 '`same`, got "causal"'),
    ]  # fmt: skip


@layer(family="rnn", axes="batch timesteps height width channels")
class ConvLSTM2D(ConvLSTM):
    """Reads a sequence of images step by step with an LSTM whose gates are convolutions.

    Shi et al. 2015, arXiv 1506.04214; keras/src/layers/rnn/conv_lstm2d.py, 3.15.1.
    """

    spatial = ("height", "width")

    filters: Dim = arg.positive()
    kernel_size: Shape = arg.sizes(2, names=("kernel_height", "kernel_width"))
    strides: Shape = arg.sizes(2, 1)
    padding: str = arg.choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    dilation_rate: Shape = arg.sizes(2, 1)

    examples = [
        Example({"filters": 8, "kernel_size": 3}, (None, 5, 28, 28, 1), params=2_624, output=(None, 26, 26, 8)),
        Example({"filters": 8, "kernel_size": [3, 2], "strides": 2, "return_state": True}, (None, 5, 28, 28, 1), 1_760,
                output=[(None, 13, 14, 8)] * 3),
        Example({"filters": 8, "kernel_size": 3, "data_format": "channels_first", "return_sequences": True},
                (None, 5, 1, 28, 28), params=2_624, output=(None, 5, 8, 26, 26)),
        Rejected({"filters": 8, "kernel_size": 5}, "expected `width` of at least 5, got (None, 5, 28, 3, 1): `padding: "
                 "valid` leaves no room for a window that reaches over 5", inputs=(None, 5, 28, 3, 1)),
        Rejected({"filters": 8, "kernel_size": 3}, "expected `height` to be a number, since the states of ConvLSTM2D "
                 'have a fixed size, got (None, 5, None, 28, 1) from input "input_0"', inputs=(None, 5, None, 28, 1)),
    ]  # fmt: skip


@layer(family="rnn", axes="batch timesteps depth height width channels")
class ConvLSTM3D(ConvLSTM):
    """Reads a sequence of volumes step by step with an LSTM whose gates are convolutions.

    Shi et al. 2015, arXiv 1506.04214; keras/src/layers/rnn/conv_lstm3d.py, 3.15.1.
    """

    spatial = ("depth", "height", "width")

    filters: Dim = arg.positive()
    kernel_size: Shape = arg.sizes(3, names=("kernel_depth", "kernel_height", "kernel_width"))
    strides: Shape = arg.sizes(3, 1)
    padding: str = arg.choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    dilation_rate: Shape = arg.sizes(3, 1)

    examples = [
        Example({"filters": 2, "kernel_size": 2}, (None, 3, 4, 5, 6, 1), params=200, output=(None, 3, 4, 5, 2)),
        Rejected({"filters": 2, "kernel_size": [2, 2]}, "expected `kernel_size` to be a positive integer or 3 of them, "
                 "got [2, 2]"),
    ]  # fmt: skip
