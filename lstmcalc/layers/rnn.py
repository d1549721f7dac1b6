"""Keras's recurrent layers, their cells, and the wrappers that go over time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lstmcalc.dims import Dim
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.rule import Example, Inputs, LayerRule, Rejected, Remedy, Weight, layer


@layer(family="rnn", axes="batch timesteps input_dim")
class LSTM(LayerRule):
    """Four gates; each maps the input and the previous hidden state to `units` values."""

    takes_state = True

    units: Dim = arg.positive()
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
    dropout: float = arg.number(0.0, low=0, high=1)
    recurrent_dropout: float = arg.number(0.0, low=0, high=1)
    seed: Any = arg.anything(None)
    return_sequences: bool = arg.flag(False)
    return_state: bool = arg.flag(False)
    go_backwards: bool = arg.flag(False)
    stateful: bool = arg.flag(False)
    unroll: bool = arg.flag(False)
    use_cudnn: Any = arg.choice("auto", True, False, default="auto")

    def weights(self, x: Inputs) -> Iterable[Weight]:
        gates = 4 * self.units
        yield Weight("kernel", (x.input_dim, gates), x.timesteps, "every gate reads the input")
        yield Weight("recurrent_kernel", (self.units, gates), x.timesteps, "every gate reads the hidden state")
        if self.use_bias:
            yield Weight("bias", (gates,), x.timesteps, "every gate adds one offset per unit")

    def output_shape(self, x: Inputs) -> Any:
        state = (x.batch, self.units)
        sequence = (x.batch, x.timesteps, self.units) if self.return_sequences else state
        return (sequence, state, state) if self.return_state else sequence

    def remedy(self) -> Remedy | None:
        if self.return_sequences:
            return None
        return Remedy("`return_sequences: false`, which drops timesteps", "set `return_sequences: true`")

    examples = [
        Example({"units": 64}, (None, 10, 32), params=24_832, output=(None, 64)),
        Rejected({"units": -3}, "expected `units` to be a positive integer, got -3"),
    ]
