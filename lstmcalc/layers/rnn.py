"""Keras's recurrent layers over sequences of vectors: LSTM, GRU, SimpleRNN, and RNN over any cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import Dim
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.arguments import show
from lstmcalc.layers.cells import CELLS, GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from lstmcalc.layers.recurrent import Cell, Fused, Holder, Recurrent, held_weights, held_work, over_steps
from lstmcalc.layers.rule import Example, Formula, Inputs, Rejected, Weight, Work, layer, own_weights

__all__ = ["GRU", "LSTM", "RNN", "SimpleRNN"]


def cell_of(rule: Recurrent, cell: type[Cell]) -> Cell:
    """The cell that a layer makes for itself, from its own arguments, as Keras does; once, as it is asked for often."""
    if rule.own_cell is None:
        # Left out, an argument is the same for both: a test compares their defaults.
        rule.own_cell = cell({key: value for key, value in rule.given.items() if key in cell.arguments})
    return rule.own_cell


@layer(family="rnn", axes="batch timesteps input_dim")
class LSTM(Fused):
    """Reads a sequence step by step; three gates decide what its memory takes in, keeps and shows.

    Hochreiter and Schmidhuber 1997; keras/src/layers/rnn/lstm.py, 3.15.1.
    """

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
    dropout: float = arg.number(0.0)
    recurrent_dropout: float = arg.number(0.0)
    seed: Any = arg.anything(None)
    return_sequences: bool = arg.flag(False)
    return_state: bool = arg.flag(False)
    go_backwards: bool = arg.flag(False)
    stateful: bool = arg.flag(False)
    unroll: bool = arg.flag(False)
    use_cudnn: Any = arg.choice("auto", True, False, default="auto")
    zero_output_for_mask: bool = arg.flag(False, keyword_only=True)
    implementation: Any = arg.anything(2, keyword_only=True)

    def cell_rule(self) -> Cell:
        return cell_of(self, LSTMCell)

    examples = [
        Example({"units": 128}, (None, 10, 50), params=91_648, output=(None, 128)),
        Example({"units": 128, "return_sequences": True}, (None, 10, 50), params=91_648, output=(None, 10, 128)),
        Example({"units": 128, "return_state": True}, (None, 10, 50), params=91_648, output=[(None, 128)] * 3),
        Example({"units": 128}, (None, None, 50), params=91_648, output=(None, 128)),
        Example({"units": 128, "use_bias": False}, (None, 10, 50), params=91_136, output=(None, 128)),
        Example({"units": 8, "stateful": True}, (4, 5, 3), params=384, output=(4, 8)),
        Example({"units": 8, "trainable": False}, (None, 5, 3), 384, output=(None, 8), trainable_params=0),
        Rejected({"units": -3}, "expected `units` to be a positive integer, got -3"),
        Rejected({"units": 8}, "expected 3 axes (batch, timesteps, input_dim), got (None, 50) from input \"input_0\"",
                 inputs=(None, 50)),
        Rejected({"units": 8, "stateful": True}, "expected `batch` to be a number, since `stateful: true` keeps a "
                 "state for every sample, got (None, 10, 50) from input \"input_0\""),
        Rejected({"units": 8, "use_cudnn": True, "recurrent_dropout": 0.2},
                 "expected `recurrent_dropout: 0` with `use_cudnn: true`, got `recurrent_dropout: 0.2`: "
                 "the fused cuDNN kernel can do nothing else"),
    ]  # fmt: skip


@layer(family="rnn", axes="batch timesteps input_dim")
class GRU(Fused):
    """Reads a sequence step by step with two gates, which decide how much of its memory each step replaces.

    Cho et al. 2014, arXiv 1406.1078; keras/src/layers/rnn/gru.py, 3.15.1.
    """

    spare_states = True

    units: Dim = arg.positive()
    activation: Any = arg.activation("tanh")
    recurrent_activation: Any = arg.activation("sigmoid")
    use_bias: bool = arg.flag(True)
    kernel_initializer: Any = arg.initializer("glorot_uniform")
    recurrent_initializer: Any = arg.initializer("orthogonal")
    bias_initializer: Any = arg.initializer("zeros")
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
    unroll: bool = arg.flag(False)
    reset_after: bool = arg.flag(True)
    use_cudnn: Any = arg.choice("auto", True, False, default="auto")
    zero_output_for_mask: bool = arg.flag(False, keyword_only=True)
    implementation: Any = arg.anything(2, keyword_only=True)

    def cell_rule(self) -> Cell:
        return cell_of(self, GRUCell)

    examples = [
        Example({"units": 128}, (None, 10, 50), params=69_120, output=(None, 128)),
        Example({"units": 128, "reset_after": False}, (None, 10, 50), params=68_736, output=(None, 128)),
        Example({"units": 128, "return_sequences": True, "return_state": True}, (None, 10, 50), params=69_120,
                output=[(None, 10, 128), (None, 128)]),
        Rejected({"units": "64x"}, 'expected `units` to be a positive integer, got "64x"'),
        Rejected({"units": 8, "use_cudnn": True, "reset_after": False},
                 "expected `reset_after: true` with `use_cudnn: true`, got `reset_after: false`: "
                 "the fused cuDNN kernel can do nothing else"),
    ]  # fmt: skip


@layer(family="rnn", axes="batch timesteps input_dim")
class SimpleRNN(Recurrent):
    """Reads a sequence step by step; every output is a map from the input and the output before.

    Elman 1990; keras/src/layers/rnn/simple_rnn.py, 3.15.1.
    """

    units: Dim = arg.positive()
    activation: Any = arg.activation("tanh")
    use_bias: bool = arg.flag(True)
    kernel_initializer: Any = arg.initializer("glorot_uniform")
    recurrent_initializer: Any = arg.initializer("orthogonal")
    bias_initializer: Any = arg.initializer("zeros")
    kernel_regularizer: Any = arg.regularizer()
    recurrent_regularizer: Any = arg.regularizer()
    bias_regularizer: Any = arg.regularizer()
    activity_regularizer: Any = arg.regularizer()
    kernel_constraint: Any = arg.constraint()
    recurrent_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()
    dropout: float = arg.number(0.0)
    recurrent_dropout: float = arg.number(0.0)
    return_sequences: bool = arg.flag(False)
    return_state: bool = arg.flag(False)
    go_backwards: bool = arg.flag(False)
    stateful: bool = arg.flag(False)
    unroll: bool = arg.flag(False)
    seed: Any = arg.anything(None)
    zero_output_for_mask: bool = arg.flag(False, keyword_only=True)

    def cell_rule(self) -> Cell:
        return cell_of(self, SimpleRNNCell)

    examples = [
        Example({"units": 128}, (None, 10, 50), params=22_912, output=(None, 128)),
        Example({"units": 128, "return_state": True}, (None, 10, 50), params=22_912, output=[(None, 128)] * 2),
        Rejected({"units": 8, "return_sequences": "yes"}, 'expected `return_sequences` to be true or false, got "yes"'),
        Rejected({"units": 8}, "expected `input_dim` to be known, since `kernel` has that size, "
                 "got (None, 10, None) from input \"input_0\"", inputs=(None, 10, None)),
    ]  # fmt: skip


@layer(family="rnn", axes="batch timesteps input_dim")
class RNN(Holder, Recurrent):
    """Repeats a cell, or several cells on top of each other, over the time steps of a sequence.

    keras/src/layers/rnn/rnn.py, 3.15.1. Weights are named after their cells.
    """

    width = ""

    cell: Any = arg.layer_argument(several=True)
    return_sequences: bool = arg.flag(False)
    return_state: bool = arg.flag(False)
    go_backwards: bool = arg.flag(False)
    stateful: bool = arg.flag(False)
    unroll: bool = arg.flag(False)
    zero_output_for_mask: bool = arg.flag(False)

    def validate(self) -> None:
        cells = self.cell if isinstance(self.cell, tuple) else (self.cell,)
        wrong = next((cell for cell in cells if not isinstance(cell, Cell)), None)
        if wrong is not None:
            near = f"{wrong.class_name}Cell"
            fix = f"use `{near}`, or `{wrong.class_name}` without `RNN`" if f"`{near}`" in CELLS else ""
            raise Rejection("wrong-value", f"`cell` to be a cell or a list of cells: {CELLS}", show(self.cell), fix=fix)

    def cell_rule(self) -> Cell:
        return StackedRNNCells({"cells": self.cell}) if isinstance(self.cell, tuple) else self.cell

    def weights(self, x: Inputs) -> Iterable[Weight]:
        cell = self.cell_rule()
        weights: Iterable[Weight] = own_weights(cell, self.one_step(x))
        if not isinstance(cell, StackedRNNCells):
            weights = held_weights(cell.name, weights)
        for weight in weights:
            yield weight.repeated(x.timesteps)

    def work(self, x: Inputs) -> Iterable[Work]:
        cell, step = self.cell_rule(), self.one_step(x)
        if isinstance(cell, StackedRNNCells):
            return cell.looped(step, x.timesteps)
        return over_steps(held_work(cell.name, cell, step), x.timesteps, len(cell.state_shapes(step)))

    def formula(self, x: Inputs) -> Formula | None:
        return self.cell_rule().formula(self.one_step(x))

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        yield from self.cell_rule().hints(self.one_step(x))

    examples = [
        Example({"cell": "LSTMCell(128)"}, (None, 10, 50), params=91_648, output=(None, 128)),
        Example({"cell": ["LSTMCell(64)", "GRUCell(32)"], "return_sequences": True}, (None, 10, 50), params=38_848,
                output=(None, 10, 32)),
        Example({"cell": ["LSTMCell(64)", "GRUCell(32)"], "return_state": True}, (None, 10, 50), params=38_848,
                output=[(None, 32), (None, 64), (None, 64), (None, 32)]),
        Rejected({"cell": "LSTM(64)"}, f"expected `cell` to be a cell or a list of cells: {CELLS}, "
                 "got a layer (LSTM)"),
        Rejected({"cell": ["LSTMCell(8)"], "unroll": True}, "expected several cells in the list, or LSTMCell without "
                 "a list, got `LSTMCell` alone in a list, with `unroll: true`: Keras loses track of the states of a "
                 "lone cell, and fails on the second step"),
    ]  # fmt: skip
