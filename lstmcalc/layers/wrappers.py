"""Keras's wrappers over time: Bidirectional and TimeDistributed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import Dim, at_least, equal, product
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.arguments import show
from lstmcalc.layers.costs import Cost
from lstmcalc.layers.kept import Kept, Made
from lstmcalc.layers.masks import FAILS, MISFIT, refuse_mask
from lstmcalc.layers.recurrent import Cell, Holder, Recurrent, held_weights, held_work, view
from lstmcalc.layers.rule import (
    Example,
    Formula,
    Inputs,
    Rejected,
    Remedy,
    Shape,
    Weight,
    Work,
    as_shapes,
    layer,
    own_weights,
    show_shapes,
)
from lstmcalc.layers.wrapping import MERGING, RECURRENT, inner_remedy, instead, kept_by_both, kept_over_time
from lstmcalc.shapes import show_shape

__all__ = ["Bidirectional", "TimeDistributed"]


@layer(family="rnn", axes="batch timesteps ...")
class Bidirectional(Holder):
    """Reads a sequence twice, from its start and from its end, with two layers of their own, and merges what they give.

    Schuster and Paliwal 1997; keras/src/layers/rnn/bidirectional.py, 3.15.1.
    """

    takes_mask = True
    passes_mask_until = "3.15.1"

    takes_state = True

    layer: Any = arg.layer_argument()
    merge_mode: str | None = arg.choice("sum", "mul", "ave", "concat", None, default="concat")
    weights_: Any = arg.anything(None)
    backward_layer: Any = arg.layer_argument(None)

    def validate(self) -> None:
        for key in ("layer", "backward_layer"):
            value = getattr(self, key)
            if not isinstance(value, Recurrent) and (value is not None or key == "layer"):
                raise Rejection("wrong-value", f"`{key}` to be {RECURRENT}", show(value), fix=instead(self, value))
        if self.layer.stateful and self.layer.return_state:
            raise Rejection(
                "stateful-with-state",
                "`stateful` or `return_state` inside Bidirectional, not both",
                "both",
                "Keras 3.15.1 fails on the two together, when it asks for the masks of the states",
                "leave one of them out",
            )
        if self.backward_layer is None:
            if self.layer.go_backwards:
                raise Rejection(
                    "both-backwards",
                    "`go_backwards: false` on the wrapped layer",
                    "`go_backwards: true`",
                    "Bidirectional itself makes the layer that goes backwards, and needs one that goes forwards",
                )
        else:
            self._check_pair(self.layer, self.backward_layer)

    @staticmethod
    def _check_pair(forward: Recurrent, backward: Recurrent) -> None:
        if forward.go_backwards == backward.go_backwards:
            raise Rejection(
                "both-backwards",
                "`go_backwards` to differ between `layer` and `backward_layer`",
                f"`go_backwards: {show(forward.go_backwards)}` on both",
                fix=f"set `go_backwards: {show(not forward.go_backwards)}` on the `backward_layer`",
            )
        for key in ("stateful", "return_sequences", "return_state"):
            here, there = getattr(forward, key), getattr(backward, key)
            if here != there:
                raise Rejection(
                    "halves-differ",
                    f"`{key}` to be the same on `layer` and `backward_layer`",
                    f"{show(here)} and {show(there)}",
                    fix=f"set `{key}: {show(here)}` on the `backward_layer`",
                )

    @property
    def other(self) -> Recurrent:
        """The layer that reads from the end."""
        return self.backward_layer or self.layer  # type: ignore[no-any-return]  # validate has seen to it

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        return self.layer.axis_names(ndim)  # type: ignore[no-any-return]  # a rule's own

    def _names(self) -> tuple[str, str]:
        """What Keras calls the two layers."""
        forward = f"forward_{self.layer.name.removeprefix('forward_')}"
        backward = f"backward_{self.layer.name.removeprefix('backward_')}"
        return forward, backward if self.backward_layer is None else self.backward_layer.name

    def weights(self, x: Inputs) -> Iterable[Weight]:
        for name, rule in zip(self._names(), (self.layer, self.other), strict=True):
            yield from held_weights(name, rule.built_weights(x))

    def work(self, x: Inputs) -> Iterable[Work]:
        for place, (name, rule) in enumerate(zip(self._names(), (self.layer, self.other), strict=True)):
            for step in held_work(name, rule, view(x, rule, x.shape)):
                yield step.behind(place * (len(x.states) // 2))
        if self.merge_mode in MERGING:
            steps, why = MERGING[self.merge_mode]
            values = product(as_shapes(self.output_shape(x))[0][1:])
            yield Work("merge", Cost(arithmetic=steps * values), why)

    def kept(self, x: Inputs, made: Made) -> Kept:
        halves = [(rule, view(x, rule, x.shape)) for rule in (self.layer, self.other)]
        return kept_by_both(halves, x, made, self.merge_mode == "mul")

    def _halves(self, x: Inputs) -> tuple[tuple[Shape, ...], tuple[Shape, ...]]:
        """The outputs of the two layers; each takes half of the states, as Keras splits them."""
        half = len(x.states) // 2
        forward, backward = x.states[:half], x.states[half:]
        if x.states:
            self._check_number(x, len(forward), len(backward))
        return (
            as_shapes(self.layer.output_shape(view(x, self.layer, x.shape, forward))),
            as_shapes(self.other.output_shape(view(x, self.other, x.shape, backward))),
        )

    def _check_number(self, x: Inputs, *given: int) -> None:
        layers = (self.layer, self.other)
        wanted = [len(rule.state_shapes(view(x, rule, x.shape))) for rule in layers]
        for rule, number, there in zip(layers, wanted, given, strict=True):
            if there < number or (there > number and not rule.takes_spare()):
                expected = f"{2 * max(wanted)} states in `initial_state`, half of them for each direction"
                raise Rejection("wrong-number-of-states", expected, str(len(x.states)))

    def output_shape(self, x: Inputs) -> Any:
        (there, *states), (back, *back_states) = self._halves(x)
        if len(back_states) < len(states):
            raise Rejection(
                "halves-differ",
                f"the `backward_layer` to return {len(states)} states, as many as `layer` does",
                str(len(back_states)),
                "Keras counts on as many, builds the model, and fails on data",
                "give both the same kind of cell, or leave `return_state` out",
            )
        # Keras states as many as the forward layer has twice, and cuts what the backward layer has more.
        returned = (*states, *back_states)[: 2 * len(states)]
        if self.merge_mode is None:
            return (there, back, *returned)
        merged = self._concat(x, there, back) if self.merge_mode == "concat" else self._combine(x, there, back)
        return (merged, *returned) if returned else merged

    def _concat(self, x: Inputs, there: Shape, back: Shape) -> Shape:
        for mine, other in zip(there[:-1], back[:-1], strict=True):
            x.require(
                equal(mine, other),
                "halves-differ",
                f"both layers to give {show_shape(there)}, but for the last axis",
                f"{show_shape(back)} from the `backward_layer`",
                "Keras builds this, and fails on data",
            )
        return (*there[:-1], there[-1] + back[-1])

    def _combine(self, x: Inputs, there: Shape, back: Shape) -> Shape:
        return tuple(self._broadcast(x, pair, there, back) for pair in zip(there, back, strict=True))

    def _broadcast(self, x: Inputs, pair: tuple[Dim, Dim], there: Shape, back: Shape) -> Dim:
        if equal(pair[0], 1) is True:
            return pair[1]
        if equal(pair[1], 1) is not True:
            x.require(
                equal(*pair),
                "halves-differ",
                f"both layers to give {show_shape(there)}, as `merge_mode: {self.merge_mode}` "
                f"{'multiplies them' if self.merge_mode == 'mul' else 'adds them up'} one by one",
                f"{show_shape(back)} from the `backward_layer`",
                "Keras builds this, and fails on data",
                "give both the same width, or use `merge_mode: concat`",
            )
        return pair[0]

    def output_masks(self, x: Inputs) -> tuple[Shape | None, ...]:
        masks: tuple[Shape | None, ...] = self.layer.output_masks(x)
        return masks * 2 if self.merge_mode is None else masks

    def check_mask(self, x: Inputs) -> None:
        for rule in (self.layer, self.other):
            rule.check_mask(x)

    def keras_output_shape(self, x: Inputs) -> Any:
        """What Keras states, which takes the backward layer's outputs to be like the forward layer's."""
        real = self.output_shape(x)
        there, *states = self._halves(x)[0]
        merged: tuple[Shape, ...] = (there, there) if self.merge_mode is None else (there,)
        if self.merge_mode == "concat":
            merged = ((*there[:-1], 2 * there[-1]),)
        stated = (*merged, *states, *states)
        return None if stated in (real, (real,)) else stated[0] if len(stated) == 1 else stated

    def formula(self, x: Inputs) -> Formula | None:
        forward, backward = self.layer.formula(x), self.other.formula(x)
        if forward is None or backward is None:
            return None
        if forward == backward:
            return Formula(tuple(term._replace(factor=2 * term.factor) for term in forward.terms))
        return Formula((*forward.terms, *backward.terms))

    def remedy(self) -> Remedy | None:
        return inner_remedy(self.layer)

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        seen = []
        half = len(x.states) // 2
        for rule, states in ((self.layer, x.states[:half]), (self.other, x.states[half:])):
            for hint in rule.hints(view(x, rule, x.shape, states)):
                if hint not in seen:
                    seen.append(hint)
                    yield hint
        (there, *_), (back, *_) = self._halves(x)
        stated = self.keras_output_shape(x)
        if stated is not None:
            real = self.output_shape(x)
            yield Fault(
                "other-shape-in-keras",
                f"{show_shapes(stated)}, which Keras states before it has data",
                show_shapes(real),
                "Keras takes the backward layer to be like the forward one",
                "give both layers the same width and states",
            )
        elif self.merge_mode == "concat":
            yield self._doubled(there, back)

    def _doubled(self, there: Shape, back: Shape) -> Fault:
        width = there[-1]
        kind = "values per step" if self.layer.return_sequences else "values"
        argument = getattr(self.layer, self.layer.width, None) if self.layer.width else None
        because, fix = f"{show(width)} forward and {show(back[-1])} backward", ""
        if argument != width and self.layer.width == "filters":
            kind = "along the last axis"
            because += ", as `merge_mode: concat` joins the last axis, not the channels"
        elif isinstance(width, int) and width % 2 == 0 and argument is not None:
            fix = f"where a paper says {width} for both together, it is `{self.layer.width}: {width // 2}`"
        return Fault("doubled-width", "", f"{show(width + back[-1])} {kind}", because, fix)

    examples = [
        Example({"layer": "LSTM(64, return_sequences=True)"}, (None, 200, 35), 51_200, output=(None, 200, 128)),
        Example({"layer": "LSTM(64)"}, (None, 200, 35), params=51_200, output=(None, 128)),
        Example({"layer": "LSTM(64)", "merge_mode": "sum"}, (None, 200, 35), params=51_200, output=(None, 64)),
        Example({"layer": "LSTM(64)", "merge_mode": "mul"}, (None, 200, 35), params=51_200, output=(None, 64)),
        Example({"layer": "LSTM(64)", "merge_mode": "ave"}, (None, 200, 35), params=51_200, output=(None, 64)),
        Example({"layer": "LSTM(64)", "merge_mode": None}, (None, 200, 35), 51_200, output=[(None, 64), (None, 64)]),
        Example({"layer": "GRU(8, return_state=True)"}, (None, 10, 4), 672, [(None, 16), (None, 8), (None, 8)]),
        Example({"layer": "LSTM(8)", "backward_layer": "GRU(8, go_backwards=True)"}, (None, 10, 4), 752, (None, 16)),
        Example({"layer": "RNN([LSTMCell(8), GRUCell(4)])"}, (None, 10, 4), params=1_168, output=(None, 8)),
        Example({"layer": "LSTM(8, stateful=True)"}, (2, 10, 4), params=832, output=(2, 16)),
        Example({"layer": "LSTM(8, trainable=False)"}, (None, 10, 4), 832, (None, 16), trainable_params=0),
        Rejected({"layer": "Dense(8)"}, f"expected `layer` to be {RECURRENT}, got a layer (Dense)"),
        Rejected({"layer": "LSTM(8, go_backwards=True)"}, "expected `go_backwards: false` on the wrapped layer, got "
                 "`go_backwards: true`: Bidirectional itself makes the layer that goes backwards, and needs one that "
                 "goes forwards"),
        Rejected({"layer": "LSTM(8)", "backward_layer": "LSTM(8)"}, "expected `go_backwards` to differ between "
                 "`layer` and `backward_layer`, got `go_backwards: false` on both"),
        Rejected({"layer": "LSTM(8)", "backward_layer": "LSTM(8, go_backwards=True, return_sequences=True)"},
                 "expected `return_sequences` to be the same on `layer` and `backward_layer`, got false and true"),
        Rejected({"layer": "LSTM(4)", "backward_layer": "LSTM(6, go_backwards=True)", "merge_mode": "sum"},
                 "expected both layers to give (None, 4), as `merge_mode: sum` adds them up one by one, got (None, 6) "
                 "from the `backward_layer`: Keras builds this, and fails on data"),
        Rejected({"layer": "LSTM(8, stateful=True, return_state=True)"}, "expected `stateful` or `return_state` inside "
                 "Bidirectional, not both, got both: Keras 3.15.1 fails on the two together, when it asks for the "
                 "masks of the states", inputs=(2, 10, 4)),
        Rejected({"layer": "LSTM(8)", "merge_mode": "average"}, "expected `merge_mode` to be one of `sum`, `mul`, "
                 '`ave`, `concat`, `null`, got "average"'),
    ]  # fmt: skip


@layer(family="rnn", axes="batch timesteps ...")
class TimeDistributed(Holder):
    """Applies the same layer to every time step on its own: one set of weights, used once per step.

    keras/src/layers/rnn/time_distributed.py, 3.15.1.
    """

    takes_mask = True
    passes_mask = True
    passes_mask_until = "3.15.1"

    layer: Any = arg.layer_argument()

    def validate(self) -> None:
        several = self.layer.arity[0] != 1 or self.layer.family == "merging"
        if several or isinstance(self.layer, Cell) or self.layer.class_name == "InputLayer":
            fix = instead(self, self.layer)
            raise Rejection("wrong-value", "`layer` to be a layer that takes one input", show(self.layer), fix=fix)

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        if at_least(ndim, 3) is not True:
            raise Rejection("wrong-ndim", "at least 3 axes (batch, timesteps, …)")
        try:
            self.layer.axis_names(ndim - 1)
        except Rejection as refusal:
            fault, inner = refusal.fault, self.layer.class_name
            goes_over_time = self.layer.family == "rnn" and ndim == 3
            fix = f"leave TimeDistributed out: {inner} itself goes over the steps" if goes_over_time else ""
            expected = f"{fault.expected} in each step, for the wrapped {inner}"
            raise Rejection(fault.code, expected, because=fault.because, fix=fix) from None
        return super().axis_names(ndim)

    def _step(self, x: Inputs) -> Inputs:
        """What the wrapped layer sees: the input without its time axis."""
        return view(x, self.layer, (x.shape[0], *x.shape[2:]))

    def weights(self, x: Inputs) -> Iterable[Weight]:
        yield from held_weights(self.layer.name, own_weights(self.layer, self._step(x)), x.shape[1])

    def work(self, x: Inputs) -> Iterable[Work]:
        return held_work(self.layer.name, self.layer, self._masked_step(x), x.shape[1])

    def kept(self, x: Inputs, made: Made) -> Kept:
        return kept_over_time(self.layer, self._step(x), x, made.masked)

    def output_shape(self, x: Inputs) -> Any:
        outputs = as_shapes(self.layer.output_shape(self._step(x)))
        if len(outputs) > 1:
            raise Rejection(
                "several-outputs",
                "a wrapped layer with one output",
                f"{len(outputs)} from {self.layer.class_name}",
                "TimeDistributed stacks one output per step",
            )
        return (outputs[0][0], x.shape[1], *outputs[0][1:])

    def _masked_step(self, x: Inputs) -> Inputs:
        """What the wrapped layer sees, with the mask of a single step."""
        step, mask = self._step(x), x.told[0]
        step.masks = step.told = (None if mask is None else (mask[0], *mask[2:]),)
        return step

    def uses_mask(self, x: Inputs) -> bool:
        return bool(self.layer.takes_mask and self.layer.uses_mask(self._masked_step(x)))

    def check_mask(self, x: Inputs) -> None:
        mask = x.told[0]
        if mask is None:
            return
        got = f"the mask {show_shape(mask)} with {show_shape(x.shape)}"
        if len(mask) < 2:
            raise refuse_mask("a mask that has at least 2 axes (batch, timesteps, …)", got)
        x.require(equal(mask[1], x.shape[1]), MISFIT, "a mask with one entry for each step", got, FAILS)
        if self.layer.takes_mask:
            self._check_inside(self._masked_step(x), got)

    def _check_inside(self, step: Inputs, got: str) -> None:
        try:
            self.layer.check_mask(step)
        except Rejection as refusal:
            inside = f"{refusal.fault.expected} in each step, for the wrapped {self.layer.class_name}"
            raise Rejection(refusal.fault.code, inside, got, refusal.fault.because, refusal.fault.fix) from None

    def keras_output_shape(self, x: Inputs) -> Any:
        stated = self.layer.keras_output_shape(self._step(x))
        return None if stated is None else (stated[0], x.shape[1], *stated[1:])

    def formula(self, x: Inputs) -> Formula | None:
        return self.layer.formula(self._step(x))  # type: ignore[no-any-return]  # a rule's own

    def remedy(self) -> Remedy | None:
        return inner_remedy(self.layer)

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        yield from self.layer.hints(self._step(x))

    examples = [
        Example({"layer": "Dense(40)"}, (None, 200, 80), params=3_240, output=(None, 200, 40)),
        Example({"layer": "Dense(40)"}, (None, None, 80), params=3_240, output=(None, None, 40)),
        Example({"layer": "LSTM(8)"}, (None, 5, 6, 3), params=384, output=(None, 5, 8)),
        Example({"layer": "TimeDistributed(Dense(4))"}, (None, 5, 6, 3), params=16, output=(None, 5, 6, 4)),
        Example({"layer": "Bidirectional(LSTM(4))"}, (None, 5, 6, 3), params=256, output=(None, 5, 8)),
        Example({"layer": "Dense(4, trainable=False)"}, (None, 5, 3), 16, (None, 5, 4), trainable_params=0),
        Rejected({"layer": "Dense(4)"}, 'expected at least 3 axes (batch, timesteps, …), got (None, 5) from input '
                 '"input_0"', inputs=(None, 5)),
        Rejected({"layer": "LSTM(4)"}, "expected 3 axes (batch, timesteps, input_dim) in each step, for the wrapped "
                 'LSTM, got (None, 5, 3) from input "input_0"', inputs=(None, 5, 3)),
        Rejected({"layer": "LSTM(4, return_state=True)"}, "expected a wrapped layer with one output, got 3 from LSTM: "
                 "TimeDistributed stacks one output per step", inputs=(None, 5, 6, 3)),
        Rejected({"layer": "LSTMCell(4)"}, "expected `layer` to be a layer that takes one input, got a layer "
                 "(LSTMCell)"),
        Rejected({"layer": 64}, "expected `layer` to be a layer, got 64"),
    ]  # fmt: skip
