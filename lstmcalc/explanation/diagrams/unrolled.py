"""A layer over its time steps: what each step reads, hands on and gives, with the sizes that this layer has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, symbol, symbols_of, to_text
from lstmcalc.explanation.cells import states_of
from lstmcalc.explanation.diagrams import Merge, Row, State, Step, Unrolled
from lstmcalc.explanation.keras_calls import call_text
from lstmcalc.layers.kinds import is_layer, is_recurrent
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, as_shapes
from lstmcalc.shapes import show_shape
from lstmcalc.spec import Call

__all__ = ["size_text", "unrolled"]

#: A longer number of steps has a letter of its own in the picture.
LONGEST_INDEX = 5
#: With more steps than these, some are left out of the picture.
MOST_STEPS = 3
#: What each `merge_mode` does with the two directions, at each place.
MERGED = {"concat": "side by side", "sum": "added", "mul": "multiplied", "ave": "averaged"}


@dataclass(frozen=True)
class Steps:
    """The time steps of an input, and which of them are shown, counted from 1; `count` is a name where it is open."""

    count: Dim
    shown: tuple[Dim, ...]

    @classmethod
    def of(cls, timesteps: Dim, shapes: Sequence[Shape]) -> Steps:
        """The steps that are shown of so many: all, or the first two and the last."""
        if timesteps is UNKNOWN or len(to_text(timesteps)) > LONGEST_INDEX:
            taken = {name for shape in shapes for size in shape for name in symbols_of(size)}
            timesteps = symbol(next(name for name in ("T", "n", "steps", "time_steps") if name not in taken))
        if isinstance(timesteps, int) and timesteps <= MOST_STEPS:
            return cls(timesteps, tuple(range(1, timesteps + 1)))
        return cls(timesteps, (1, 2, timesteps))

    @property
    def elided(self) -> bool:
        """Whether steps are left out before the last one."""
        return len(self.shown) != self.count

    def mirrored(self) -> Steps:
        """The same places, counted from the end."""
        return Steps(self.count, tuple(self.count + 1 - place for place in self.shown))

    def listed(self, name: str) -> str:
        """`h_1, h_2, ..., h_10`."""
        names = [_indexed(name, place) for place in self.shown]
        return ", ".join([*names[:-1], "...", names[-1]] if self.elided else names)


def unrolled(rule: Any, x: Inputs, call: Call | None = None) -> Unrolled | None:
    """A recurrent layer, Bidirectional or TimeDistributed over its time steps; None for any other layer."""
    if x.ndim < 3:
        return None
    steps = Steps.of(x.shape[1], x.shapes)
    title = f"{call_text(rule)} over {_how_many(x.shape[1])}"
    if rule.class_name == "Bidirectional":
        return _both_directions(rule, x, steps, title, call)
    if rule.class_name == "TimeDistributed":
        return _distributed(rule, x, steps, title)
    if not is_recurrent(rule):
        return None
    # The picture goes in the order in which the steps are read.
    row = _row(rule, x, steps, steps.mirrored() if rule.go_backwards else steps)
    notes = (*_outputs(rule, x, steps), *_states(rule, x, steps, call), *_reading(x, steps))
    if rule.go_backwards:
        notes = (*notes, ("order", "", f"`go_backwards: true` reads from {_indexed('x', steps.count)} to x_1"))
    return Unrolled(title, (row,), steps.elided, None, notes)


def _how_many(timesteps: Dim) -> str:
    if timesteps is UNKNOWN:
        return "any number of time steps"
    if to_text(timesteps) == "timesteps":
        return "its time steps"
    return f"{to_text(timesteps)} time step{'s' * (timesteps != 1)}"


def _indexed(name: str, index: Dim) -> str:
    """A name with an index: `h_10`, `h_(T-1)`."""
    text = to_text(index).replace(" ", "")
    return f"{name}_{text}" if text.isalnum() or text.isidentifier() else f"{name}_({text})"


def size_text(shape: Shape) -> str:
    """How many values one sample has: `128`, or `26×26×8`."""
    return "×".join(to_text(size) for size in shape[1:])


def _state_names(rule: Any) -> tuple[str, ...]:
    """What the states of a cell or a recurrent layer are called, those of stacked cells with the cell's number."""
    if known := states_of(rule):
        return tuple(known)
    cell = rule.cell_rule() if hasattr(rule, "cell_rule") else rule
    if is_layer(cell, "StackedRNNCells"):
        cells = enumerate(cell.cells, start=1)
        return tuple(f"{name}{number}" for number, each in cells for name in _state_names(each))
    return tuple(states_of(cell)) or ("h",)


def _row(rule: Any, x: Inputs, read: Steps, places: Steps, heading: str = "", leftward: bool = False) -> Row:
    """One direction: `read` counts the shown steps in the order read, `places` in the input's order."""
    names, shapes = _state_names(rule), rule.state_shapes(x)
    output = as_shapes(rule.output_shape(x))[0]
    gives = size_text((output[0], *output[2:]) if rule.return_sequences else output)
    reads = size_text((x.shape[0], *x.shape[2:]))
    out = _output_name(names)
    steps = tuple(
        Step(
            to_text(number),
            f"{_indexed('x', place)}: {reads}",
            f"{_indexed(out, number)}: {gives}" if rule.return_sequences or number == read.count else "",
        )
        for number, place in zip(read.shown, places.shown, strict=True)
    )
    leaves = rule.return_state or rule.stateful
    states = tuple(State(name, tuple(_slots(name, size_text(shape), read, leaves, leftward)))
                   for name, shape in zip(names, shapes, strict=False))  # fmt: skip
    return Row(heading, steps, states, leftward)


def _output_name(names: tuple[str, ...]) -> str:
    """The state that is the output: the hidden state, of stacked cells that of the last."""
    return next(name for name in reversed(names) if name.startswith("h"))


def _slots(name: str, size: str, read: Steps, leaves: bool, falling: bool) -> Iterator[str]:
    """The labels between the steps from left to right; `read.shown` is `falling` where the row is read leftward."""
    numbers = list(read.shown)
    ordered = numbers[::-1] if falling else numbers
    indices: list[Dim | None] = [0]
    gap = (0 if falling else len(ordered) - 2) if read.elided else -1
    for place, number in enumerate(ordered):
        last = place == len(ordered) - 1
        indices.append(number if not last or leaves else None)
        if place == gap:
            indices.append(ordered[place + 1] - 1)
    for index in reversed(indices) if falling else indices:
        yield "" if index is None else f"{_indexed(name, index)}: {size}"


def _outputs(rule: Any, x: Inputs, steps: Steps) -> Iterator[tuple[str, ...]]:
    names = _state_names(rule)
    out = _output_name(names)
    first, *states = as_shapes(rule.output_shape(x))
    if rule.return_sequences:
        order = ", in the order read" if rule.go_backwards else ""
        yield "output", show_shape(first), f"{steps.listed(out)}{order}: `return_sequences: true`"
    else:
        yield "output", show_shape(first), f"{_indexed(out, steps.count)}, the last: `return_sequences: false`"
    for name, shape in zip(names, states, strict=False):
        yield f"state {name}", show_shape(shape), f"{_indexed(name, steps.count)}: `return_state: true`"


def _states(rule: Any, x: Inputs, steps: Steps, call: Call | None) -> Iterator[tuple[str, ...]]:
    """What the states begin with, and what becomes of those that are not returned."""
    names = _state_names(rule)
    begin = ", ".join(f"{name}_0" for name in names)
    given = ", ".join(f"`{ref}`" for ref in call.initial_state) if call else ""
    if given:
        yield begin, "", f"given as `initial_state`: {given}"
    elif rule.stateful:
        yield begin, "", "zeros at first, then what the batch before left: `stateful: true`"
    else:
        yield begin, "", "zeros"
    if rule.stateful:
        kept = ", ".join(_indexed(name, steps.count) for name in names)
        until = "kept for the next batch, until `reset_state()`"
        yield kept, "", "not used: the next batch is given its own" if given else until


def _reading(x: Inputs, steps: Steps) -> Iterator[tuple[str, ...]]:
    letter, timesteps = to_text(steps.count), x.shape[1]
    if timesteps is UNKNOWN:
        yield letter, "", "the number of steps, which is open until data comes"
    elif letter != to_text(timesteps):
        yield letter, "", f"the number of steps, {to_text(timesteps)}"


def _both_directions(rule: Any, x: Inputs, steps: Steps, title: str, call: Call | None) -> Unrolled:
    from lstmcalc.layers.recurrent import view

    rows, parts = [], []
    for heading, half in (("forward", rule.layer), ("backward", rule.other)):
        inner = view(x, half, x.shape)
        # Keras turns a copy of the layer around where no `backward_layer` is given.
        leftward = half.go_backwards or (half is rule.layer and heading == "backward")
        rows.append(_row(half, inner, steps.mirrored() if leftward else steps, steps, heading, leftward))
        parts.append(f"{heading} {show_shape(as_shapes(half.output_shape(inner))[0])}")
    outputs = as_shapes(rule.output_shape(x))
    merge = Merge(tuple(parts), rule.merge_mode, show_shape(outputs[0])) if rule.merge_mode else None
    notes = (*_merged(rule, outputs, steps), *_states(rule.layer, x, steps, call), *_reading(x, steps))
    return Unrolled(title, tuple(rows), steps.elided, merge, notes)


def _merged(rule: Any, outputs: tuple[Shape, ...], steps: Steps) -> Iterator[tuple[str, ...]]:
    """What a Bidirectional returns: one output or two, then the states of one direction and of the other."""
    when = "at every step" if rule.layer.return_sequences else "after its last step"
    written = "null" if rule.merge_mode is None else rule.merge_mode
    if rule.merge_mode is None:
        yield "output", show_shape(outputs[0]), f"the forward h {when}: `merge_mode: {written}`"
        yield "output", show_shape(outputs[1]), f"the backward h {when}"
    else:
        how = f"{MERGED[rule.merge_mode]}: `merge_mode: {written}`"
        yield "output", show_shape(outputs[0]), f"the h of each direction {when}, {how}"
    states = outputs[2 if rule.merge_mode is None else 1 :]
    count = len(states) // 2
    for number, shape in enumerate(states):
        direction, half = ("forward", rule.layer) if number < count else ("backward", rule.other)
        name = _state_names(half)[number % count]
        yield f"state {name}", show_shape(shape), f"the {direction} {_indexed(name, steps.count)}"


def _distributed(rule: Any, x: Inputs, steps: Steps, title: str) -> Unrolled:
    output = as_shapes(rule.output_shape(x))[0]
    reads, gives = (size_text((shape[0], *shape[2:])) for shape in (x.shape, output))
    made = tuple(
        Step(to_text(place), f"{_indexed('x', place)}: {reads}", f"{_indexed('y', place)}: {gives}")
        for place in steps.shown
    )
    inner: LayerRule = rule.layer
    notes: list[tuple[str, ...]] = [
        ("step", "", f"each is `{call_text(inner)}`, with the same weights; nothing goes from step to step"),
        ("output", show_shape(output), steps.listed("y")),
        *_reading(x, steps),
    ]
    return Unrolled(title, (Row("", made, ()),), steps.elided, None, tuple(notes))
