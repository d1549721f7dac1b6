"""What all recurrent layers share: a cell makes one step, a recurrent layer repeats it over the time steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from lstmcalc.dims import Dim, equal, product, total
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers.costs import FREE, INSIDE, state
from lstmcalc.layers.kept import Held, Kept, Made
from lstmcalc.layers.masks import one_per_step
from lstmcalc.layers.recurrent_hints import (
    FUSED,
    activation_hints,
    argument_text,
    dropout_hints,
    fused_fix,
    listed,
    stateful_hint,
)
from lstmcalc.layers.recurrent_kept import Step
from lstmcalc.layers.rule import (
    Inputs,
    LayerRule,
    Remedy,
    Shape,
    Weight,
    Work,
    all_work,
    as_shapes,
    count_axes,
    own_weights,
    variable_dtype,
)
from lstmcalc.shapes import show_shape

__all__ = [
    "Cell",
    "Fused",
    "Holder",
    "Recurrent",
    "check_states",
    "held_weights",
    "held_work",
    "over_steps",
    "prefixed",
    "view",
]


class Cell(LayerRule):
    """One step: from an input and the states to an output and the next states, all of `units` values."""

    kinds = ("cell",)
    takes_state = True
    #: How many states the cell keeps.
    state_count: ClassVar[int] = 1
    #: Whether Keras leaves states unused that are more than these, instead of refusing them.
    spare_states: ClassVar[bool] = True
    #: How many activations may halve what they get where there are 2 units: the one value left fits by broadcasting.
    halves: ClassVar[int] = 0
    units: Any

    def state_shapes(self, step: Inputs) -> tuple[Shape, ...]:
        """The shapes of the states; those of stacked cells one cell after the other."""
        return ((step.batch, self.units),) * self.state_count

    def step_output(self, step: Inputs) -> Shape:
        """The shape of the output of one step."""
        return (step.batch, self.units)

    def kept_step(self, step: Inputs) -> Step:
        """What one step keeps for backpropagation."""
        raise NotImplementedError

    def kept(self, x: Inputs, made: Made) -> Kept:
        least, most = self.kept_step(x)
        return Kept(Held(made.needed, values=least), most)

    def check_step(self, step: Inputs, unroll: bool = False) -> None:
        """Refuses what Keras builds and cannot run."""
        halved = [key for key in ("activation", "recurrent_activation") if getattr(self, key, None) == "glu"]
        if halved:
            step.require(
                equal(self.units, 2) if len(halved) <= self.halves else False,
                "wrong-value",
                f"`{halved[0]}` to give as many values as it gets",
                '"glu"',
                "`glu` halves them, and the states no longer fit",
            )

    def output_shape(self, x: Inputs) -> Any:
        self.check_step(x)
        states = self.state_shapes(x)
        if not x.states:
            raise Rejection("missing-state", _counted(states), "none", "a cell makes one step, from its states to new "
                            "ones", "pass them as `initial_state`, or use the cell inside `RNN`")  # fmt: skip
        check_states(x, states, self.spare_states)
        return (self.step_output(x), *states)

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from dropout_hints(self)
        yield from activation_hints(self)
        yield from _spare_hints(x, self.state_shapes(x), self.spare_states)


class Recurrent(LayerRule):
    """A cell repeated over the time steps; the last output, or with `return_sequences` all of them."""

    kinds: ClassVar[tuple[str, ...]] = ("recurrent",)
    takes_mask = True
    passes_mask_until = "3.15.1"

    takes_state = True
    spare_states: ClassVar[bool] = False
    #: The argument that sets the width of the output, where one does.
    width: ClassVar[str] = "units"
    #: The cell that the layer has made of its own arguments.
    own_cell: Cell | None = None
    return_sequences: Any
    return_state: Any
    go_backwards: Any
    stateful: Any
    unroll: Any

    def cell_rule(self) -> Cell:
        """The rule of the cell, in the arguments of this layer."""
        raise NotImplementedError

    def one_step(self, x: Inputs) -> Inputs:
        """What the cell sees of the input."""
        return view(x, self.cell_rule(), (x.shape[0], *x.shape[2:]))

    def state_shapes(self, x: Inputs) -> tuple[Shape, ...]:
        """The shapes of the states, in the order of `initial_state`."""
        return self.cell_rule().state_shapes(self.one_step(x))

    def takes_spare(self) -> bool:
        """Whether Keras ignores states that are more than the layer has: an unrolled loop does not look at them."""
        return self.spare_states or (self.unroll and self.cell_rule().spare_states)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        for weight in self.cell_rule().weights(self.one_step(x)):
            # What they cost is told of the cell's whole step, in `work`.
            yield weight._replace(uses=weight.uses * x.timesteps, cost=FREE)

    def work(self, x: Inputs) -> Iterable[Work]:
        cell, step = self.cell_rule(), self.one_step(x)
        return over_steps(all_work(cell, step, own_weights(cell, step)), x.timesteps, len(cell.state_shapes(step)))

    def kept_step(self, x: Inputs) -> Step:
        """What one step keeps for backpropagation."""
        return self.cell_rule().kept_step(self.one_step(x))

    def kept(self, x: Inputs, made: Made) -> Kept:
        states = [product(state[1:]) for state in self.state_shapes(x)]
        least, most = self.kept_step(x)
        if made.masked:
            # What was chosen between at each step, for the output and every state, and which.
            chosen = 2 * (total(states) + states[0])
            most = most.plus(chosen, chosen)
        hidden = total(states[: 1 if len(states) < 3 else None])
        # The hidden states are what comes out, where all of them do.
        values = least * x.timesteps - (hidden * x.timesteps if self.return_sequences or not made.needed else hidden)
        held = Held(made.needed, bool(self.return_sequences and made.needed), values)
        # The gradients to the hidden state at all steps, and to all that is kept of one.
        return Kept(held, most.times(x.timesteps), passing=states[0] * x.timesteps + most.values)

    def output_shape(self, x: Inputs) -> Any:
        cell, step = self.cell_rule(), self.one_step(x)
        cell.check_step(step, self.unroll and x.timesteps != 1)
        self.check_batch(x)
        states = cell.state_shapes(step)
        if x.states:
            check_states(x, states, self.takes_spare())
        return self.over_time(x, cell.step_output(step), states)

    def check_batch(self, x: Inputs) -> None:
        """Refuses an unknown batch where the states outlive it."""
        if self.stateful:
            since = "`stateful: true` keeps a state for every sample"
            x.require_known(x.batch, "`batch`", since, "state `batch: 32` in the spec, or `--batch 32`")

    def over_time(self, x: Inputs, output: Shape, states: tuple[Shape, ...]) -> Any:
        """The layer's outputs, given those of its last step."""
        if self.return_sequences:
            output = (output[0], x.timesteps, *output[1:])
        return (output, *states) if self.return_state else output

    def output_masks(self, x: Inputs) -> tuple[Shape | None, ...]:
        return x.masks[:1] if self.return_sequences else ()

    def reverses_steps(self) -> bool:
        return bool(self.return_sequences and self.go_backwards)

    def check_mask(self, x: Inputs) -> None:
        # Without the states, which a wrapper hands to two layers.
        output = as_shapes(self.output_shape(x.replace(x.shapes, x.axes)))[0]
        one_per_step(x, x.told[0], x.shape[1], output[2 if self.return_sequences else 1 :])

    def remedy(self) -> Remedy | None:
        if self.return_sequences:
            return Remedy("`return_sequences: true`, which keeps timesteps", "set `return_sequences: false`")
        return Remedy("`return_sequences: false`, which drops timesteps", "set `return_sequences: true`")

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from dropout_hints(self)
        yield from activation_hints(self)
        yield from _spare_hints(x, self.state_shapes(x), self.takes_spare())
        if self.stateful and not x.states:
            # States that are given start every call.
            yield stateful_hint()
        if self.unroll and not isinstance(x.timesteps, int):
            yield Fault(
                "unroll-unknown-length",
                "a known number of timesteps with `unroll: true`",
                show_shape(x.shape),
                "Keras unrolls the loop for the length that it meets first, and refuses another one",
                "state the number of timesteps, or leave `unroll` out",
            )


class Holder(LayerRule):
    """A layer whose weights belong to the layers in it. Its own `trainable: false` does not freeze them.

    Measured on Keras 3.15.1: given to the constructor, it leaves the weights in `model.trainable_weights`.
    """

    def built_weights(self, x: Inputs) -> Iterator[Weight]:
        dtype = variable_dtype(self.dtype)
        for weight in self.weights(x):
            yield weight._replace(dtype=weight.dtype or dtype)

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        if not self.trainable:
            yield Fault(
                "not-frozen",
                "`trainable: false` on the layer that holds the weights",
                f"`trainable: false` on {self.class_name}",
                "Keras trains the weights of the layers inside regardless",
            )


class Fused(Recurrent):
    """A recurrent layer that cuDNN can run as one kernel on a GPU, if its arguments allow."""

    kinds = ("recurrent", "fused")
    use_cudnn: Any

    def obstacles(self) -> list[tuple[str, str, str]]:
        """What rules the fused kernel out: (the argument, what it needs, what was asked for)."""
        found = []
        for key, needed in FUSED.items():
            value = getattr(self, key, needed)
            if key == "recurrent_dropout":
                value = max(0, value)
            if value != needed:
                found.append((key, argument_text(key, needed), argument_text(key, value)))
        return found

    def validate(self) -> None:
        obstacles = self.obstacles()
        if self.use_cudnn is True and obstacles:
            _, needed, got = (listed(texts) for texts in zip(*obstacles, strict=True))
            raise Rejection(
                "no-cudnn",
                f"{needed} with `use_cudnn: true`",
                got,
                "the fused cuDNN kernel can do nothing else",
                "set `use_cudnn: auto`",
            )

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        obstacles = self.obstacles()
        if self.use_cudnn == "auto" and obstacles:
            _, needed, got = (listed(texts) for texts in zip(*obstacles, strict=True))
            because = "without it a GPU runs the layer step by step"
            fix = fused_fix(key for key, _, _ in obstacles)
            yield Fault("no-cudnn", f"{needed} for the fused cuDNN kernel", got, because, fix)
        if self.use_cudnn is True:
            because = "Keras builds the layer anywhere, and fails on data where it has no GPU"
            yield Fault("gpu-needed", "a GPU", "`use_cudnn: true`", because)


def over_steps(steps: Iterable[Work], timesteps: Dim, states: int) -> Iterator[Work]:
    """A cell's work as a loop does it: what reads a state reads the one given once, and the cell's own from then on."""
    trained, given = False, tuple(map(state, range(states)))
    for step in steps:
        trained |= step.trained
        # Where nothing so far is trained, what the cells have calculated depends on what comes in alone.
        inside = (INSIDE,) if trained else (0, *given)
        start = next((operand for operand in step.operands if operand and set(operand) <= {*given}), ())
        operands = tuple(inside if operand and operand in (start, (INSIDE,)) else operand for operand in step.operands)
        yield step.times(timesteps)._replace(operands=operands, spared=step.cost.macs if start else 0, start=start)


def view(x: Inputs, rule: LayerRule, shape: Shape, states: Iterable[Shape] = ()) -> Inputs:
    """The inputs as a wrapped rule sees them."""
    return x.replace([shape], rule.axis_names(len(shape)), tuple(states))


def prefixed(prefix: str, weights: Iterable[Weight], times: Dim = 1) -> Iterator[Weight]:
    """Weights under the name of the layer that holds them, each used so many times more."""
    for weight in weights:
        yield weight.repeated(times)._replace(name=f"{prefix}/{weight.name}")


def held_weights(prefix: str, weights: Iterable[Weight], times: Dim = 1) -> Iterator[Weight]:
    """Weights as `prefixed`, of a layer whose work tells what they cost."""
    for weight in prefixed(prefix, weights, times):
        yield weight._replace(cost=FREE)


def held_work(prefix: str, rule: LayerRule, x: Inputs, times: Dim = 1) -> Iterator[Work]:
    """All that a layer in another one calculates, so many times, under its name."""
    for step in all_work(rule, x, own_weights(rule, x)):
        yield step.times(times)._replace(name=f"{prefix}/{step.name}")


def check_states(x: Inputs, states: tuple[Shape, ...], spare: bool = False) -> None:
    """Refuses an `initial_state` of another number or shape than the states have."""
    given, wanted = len(x.states), len(states)
    if given < wanted or (given > wanted and not spare):
        raise Rejection("wrong-number-of-states", _counted(states), str(given))
    for index, (given_state, needed) in enumerate(zip(x.states, states, strict=False)):
        expected, got = f"`initial_state[{index}]` to be {show_shape(needed)}", show_shape(given_state)
        if len(given_state) != len(needed):
            raise Rejection("wrong-ndim", expected, got, f"that is {count_axes(len(needed))}")
        for size, there in zip(needed[1:], given_state[1:], strict=True):
            x.require(equal(size, there), "wrong-size", expected, got, "a state has the size that the layer gives it")


def _spare_hints(x: Inputs, states: tuple[Shape, ...], spare: bool) -> Iterator[Fault]:
    if spare and len(x.states) > len(states):
        yield Fault("unused-state", _counted(states), str(len(x.states)), "Keras ignores the rest")


def _counted(states: tuple[Shape, ...]) -> str:
    number = "1 state" if len(states) == 1 else f"{len(states)} states"
    return f"{number} in `initial_state`: {', '.join(map(show_shape, states))}"
