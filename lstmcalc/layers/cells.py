"""Keras's recurrent cells: what one time step does. `RNN` repeats a cell over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from lstmcalc.dims import Dim, product, total
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.activation_costs import activation_work
from lstmcalc.layers.arguments import show
from lstmcalc.layers.costs import ADD, FREE, INSIDE, MULTIPLY, Cost, state
from lstmcalc.layers.recurrent import Cell, Holder, held_weights, held_work, over_steps, view
from lstmcalc.layers.recurrent_kept import Step, candidate, gate, gated_step, one_step, together
from lstmcalc.layers.rule import Example, Formula, Inputs, Rejected, Shape, Weight, Work, layer, own_weights

__all__ = ["CELLS", "GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells", "gated_work"]

#: The classes that `RNN` and `StackedRNNCells` take, as messages name them.
CELLS = "`LSTMCell`, `GRUCell`, `SimpleRNNCell` or `StackedRNNCells`"


def gated_work(rule: Any, shape: Shape) -> Iterator[Work]:
    """What an LSTM's step calculates besides its products: the shape is that of a state."""
    values = product(shape[1:])
    yield Work("products", Cost(arithmetic=4 * values), "what comes from input and hidden state is added")
    for step in activation_work(rule.recurrent_activation, shape, name="recurrent_activation"):
        yield step.times(3)
    for step in activation_work(rule.activation, shape):
        yield step.times(2)
    yield Work("carry", Cost(arithmetic=3 * values), "the gates scale the carry and the candidate, which are added")
    yield Work("output", Cost(arithmetic=values), "the output gate scales what the carry shows")


@layer(family="rnn", axes="batch input_dim")
class LSTMCell(Cell):
    """One step of an LSTM: three gates and a candidate, each a map from the input and the hidden state to
    `units` values.

    Hochreiter and Schmidhuber 1997; keras/src/layers/rnn/lstm.py, 3.15.1. The columns of a kernel are the gates
    i, f, c, o; the states are the hidden state and the carry.
    """

    state_count = 2
    halves = 1

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
    kernel_constraint: Any = arg.constraint()
    recurrent_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()
    dropout: float = arg.number(0.0)
    recurrent_dropout: float = arg.number(0.0)
    seed: Any = arg.anything(None)
    implementation: Any = arg.anything(2, keyword_only=True)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        gates = 4 * self.units
        yield Weight("kernel", (x.input_dim, gates), 1, "gates and candidate read the input")
        yield Weight(
            "recurrent_kernel", (self.units, gates), 1, "gates and candidate read the hidden state", reads=(state(0),)
        )
        if self.use_bias:
            yield Weight("bias", (gates,), 1, "gates and candidate add one offset per unit", cost=ADD)

    def work(self, x: Inputs) -> Iterable[Work]:
        return gated_work(self, (x.batch, self.units))

    def kept_step(self, step: Inputs) -> Step:
        return gated_step(self, step, self.units)

    examples = [
        Example({"units": 64}, (None, 32), params=24_832, output=[(None, 64)] * 3, states=[(None, 64)] * 2),
        Example({"units": 8, "use_bias": False}, (None, 4), 384, [(None, 8)] * 3, states=[(None, 8)] * 2),
        Rejected(
            {"units": 64},
            "expected 2 states in `initial_state`: (None, 64), (None, 64), got none: "
            "a cell makes one step, from its states to new ones",
        ),
    ]


@layer(family="rnn", axes="batch input_dim")
class GRUCell(Cell):
    """One step of a GRU: an update gate, a reset gate and a candidate, each of `units` values.

    Cho et al. 2014, arXiv 1406.1078; keras/src/layers/rnn/gru.py, 3.15.1. The columns of a kernel are the gates
    z, r, h. With `reset_after` the reset gate applies to a product that has its own bias: there are two rows of biases.
    """

    halves = 2

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
    kernel_constraint: Any = arg.constraint()
    recurrent_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()
    dropout: float = arg.number(0.0)
    recurrent_dropout: float = arg.number(0.0)
    reset_after: bool = arg.flag(True)
    seed: Any = arg.anything(None)
    implementation: Any = arg.anything(2, keyword_only=True)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        gates = 3 * self.units
        yield Weight("kernel", (x.input_dim, gates), 1, "gates and candidate read the input")
        yield Weight(
            "recurrent_kernel",
            (self.units, gates),
            1,
            "gates and candidate read the hidden state",
            reads=(state(0),),
            # Without `reset_after` it reads two things, each a step of its own.
            cost=MULTIPLY if self.reset_after else FREE,
        )
        if self.use_bias and self.reset_after:
            yield Weight(
                "bias",
                (2, gates),
                1,
                "gates and candidate add one offset per unit to each of their two products",
                cost=ADD,
            )
        elif self.use_bias:
            yield Weight("bias", (gates,), 1, "gates and candidate add one offset per unit", cost=ADD)

    def work(self, x: Inputs) -> Iterable[Work]:
        units = self.units
        if not self.reset_after:
            square = MULTIPLY.times(units * units)
            name, trained = "recurrent_kernel", self.trainable
            yield Work(name, square.times(2), "the gates read the hidden state", ((state(0),),), trained)
            yield Work(name, square, "the candidate reads what the reset gate leaves of it", ((INSIDE,),), trained)
        yield Work("products", Cost(arithmetic=3 * units), "what comes from input and hidden state is added")
        shape = (x.batch, units)
        for step in activation_work(self.recurrent_activation, shape, name="recurrent_activation"):
            yield step.times(2)
        yield from activation_work(self.activation, shape)
        yield Work("reset", Cost(arithmetic=units), "the reset gate scales what the candidate reads")
        yield Work("state", Cost(arithmetic=4 * units), "the update gate mixes the state before with the candidate")

    def kept_step(self, step: Inputs) -> Step:
        each = together(gate(self.recurrent_activation).times(2), candidate(self.activation)).plus(3)
        return one_step(self, step, self.units, 5 if self.reset_after else 4, each)

    examples = [
        Example({"units": 64}, (None, 32), params=18_816, output=[(None, 64)] * 2, states=[(None, 64)]),
        Example({"units": 64, "reset_after": False}, (None, 32), 18_624, [(None, 64)] * 2, states=[(None, 64)]),
        Rejected({"units": 0}, "expected `units` to be a positive integer, got 0"),
    ]


@layer(family="rnn", axes="batch input_dim")
class SimpleRNNCell(Cell):
    """One step of a plain recurrent network: the output is a map from the input and the output before.

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
    kernel_constraint: Any = arg.constraint()
    recurrent_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()
    dropout: float = arg.number(0.0)
    recurrent_dropout: float = arg.number(0.0)
    seed: Any = arg.anything(None)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        yield Weight("kernel", (x.input_dim, self.units), 1, "each unit reads the input")
        yield Weight(
            "recurrent_kernel", (self.units, self.units), 1, "each unit reads the output before", reads=(state(0),)
        )
        if self.use_bias:
            yield Weight("bias", (self.units,), 1, "each unit adds one offset", cost=ADD)

    def work(self, x: Inputs) -> Iterable[Work]:
        yield Work("products", Cost(arithmetic=self.units), "what comes from input and output before is added")
        yield from activation_work(self.activation, (x.batch, self.units))

    def kept_step(self, step: Inputs) -> Step:
        return one_step(self, step, self.units, 1, gate(self.activation))

    examples = [
        Example({"units": 64}, (None, 32), params=6_208, output=[(None, 64)] * 2, states=[(None, 64)]),
        Rejected({"units": 2.5}, "expected `units` to be a positive integer, got 2.5"),
    ]


@layer(family="rnn", axes="batch input_dim")
class StackedRNNCells(Holder, Cell):
    """Cells on top of each other in one step: each reads the output of the one before.

    keras/src/layers/rnn/stacked_rnn_cells.py, 3.15.1.
    """

    spare_states = False

    cells: Any = arg.layer_argument(several=True)

    def validate(self) -> None:
        wanted = f"`cells` to be a list of cells: {CELLS}"
        if not isinstance(self.cells, tuple) or not all(isinstance(cell, Cell) for cell in self.cells):
            raise Rejection("wrong-value", wanted, show(self.cells))

    def each(self, step: Inputs) -> Iterator[tuple[Cell, Inputs]]:
        """The cells with the input that reaches each."""
        shape = step.shape
        for cell in self.cells:
            inner = view(step, cell, shape)
            yield cell, inner
            shape = cell.step_output(inner)

    def state_shapes(self, step: Inputs) -> tuple[Shape, ...]:
        return tuple(state for cell, inner in self.each(step) for state in cell.state_shapes(inner))

    def step_output(self, step: Inputs) -> Shape:
        *_, (cell, inner) = self.each(step)
        return cell.step_output(inner)

    def check_step(self, step: Inputs, unroll: bool = False) -> None:
        for cell, inner in self.each(step):
            cell.check_step(inner, unroll)
            if unroll and len(self.cells) == 1 and len(cell.state_shapes(inner)) > 1:
                raise Rejection(
                    "one-stacked-cell",
                    f"several cells in the list, or {cell.class_name} without a list",
                    f"`{cell.class_name}` alone in a list, with `unroll: true`",
                    "Keras loses track of the states of a lone cell, and fails on the second step",
                )

    def weights(self, x: Inputs) -> Iterable[Weight]:
        for cell, inner in self.each(x):
            yield from held_weights(cell.name, own_weights(cell, inner))

    def work(self, x: Inputs) -> Iterable[Work]:
        return self.looped(x, 1)

    def looped(self, x: Inputs, timesteps: Dim) -> Iterator[Work]:
        """What the cells calculate in a loop over so many steps; `x` is what comes in at each."""
        below: tuple[int, ...] = (0,)
        trained, states = False, 0
        for cell, inner in self.each(x):
            own = len(cell.state_shapes(inner))
            for step in over_steps(held_work(cell.name, cell, inner), timesteps, own):
                trained |= step.trained
                step = step.behind(states)
                read = ([below if place == 0 else (place,) for place in operand] for operand in step.operands)
                yield step._replace(operands=tuple(tuple(chain.from_iterable(each)) for each in read))
            states += own
            # A cell reads what the one before has calculated; of cells that are all frozen, that is what comes in.
            below = (INSIDE,) if trained else (0, *map(state, range(states)))

    def kept_step(self, step: Inputs) -> Step:
        least, held = zip(*(cell.kept_step(inner) for cell, inner in self.each(step)), strict=True)
        return Step(total(least), together(*held))

    def formula(self, x: Inputs) -> Formula | None:
        formulas = [cell.formula(inner) for cell, inner in self.each(x)]
        return Formula(tuple(term for formula in formulas if formula for term in formula.terms))

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        for cell, inner in self.each(x):
            yield from cell.hints(inner)

    examples = [
        Example(
            {"cells": ["LSTMCell(64)", "GRUCell(32)"]},
            (None, 10),
            params=28_608,
            output=[(None, 32), (None, 64), (None, 64), (None, 32)],
            states=[(None, 64), (None, 64), (None, 32)],
        ),
        Rejected(
            {"cells": ["LSTM(64)"]},
            f"expected `cells` to be a list of cells: {CELLS}, got [a layer (LSTM)]",
        ),
    ]
