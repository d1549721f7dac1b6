"""What inference found: every shape and every parameter of a model, as frozen data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

from lstmcalc.dims import Dim, Size, lift_size, lower_size, total
from lstmcalc.errors import Fault
from lstmcalc.frozen import NamedTuple
from lstmcalc.held import InnerWeights, Totals, WeightReport
from lstmcalc.layers.costs import UNKNOWN_COST, Cost, Work
from lstmcalc.layers.formula import Formula
from lstmcalc.layers.kept import Kept
from lstmcalc.spec import Ref

__all__ = [
    "CallReport",
    "Counting",
    "Effort",
    "Holds",
    "LayerReport",
    "MaskReport",
    "Port",
    "Report",
    "Shape",
    "Totals",
    "WeightReport",
]

Shape = tuple[Size, ...]


class Port(NamedTuple):
    """An input or output of a model: its name, its shape with the batch, its dtype.

    `believed` is what Keras states for the shape before it has data, where it is mistaken.
    """

    name: str
    shape: Shape | None
    dtype: str = "float32"
    believed: Shape | None = None
    #: Which output of which application an output of the model is.
    ref: Ref | None = None


class MaskReport(NamedTuple):
    """What a call does with masks: which inputs carry one, which outputs do (None: not known), and the call's role.

    `role` is none, made, passed, used (and passed on), ended (used, not passed on), lost, merged, or unknown. `shapes`
    are those of the outputs' masks. `reason` says why a mask is of no use here: `initial_state` where the call is
    given states, and so not the mask; `missing` where another input has none, `void` where what goes out masks nothing,
    `reversed` where the steps go out in reverse order and the mask does not. `given` tells that the call is told a
    mask, and `needed` that a later layer uses the one that goes out.
    """

    inputs: tuple[bool | None, ...] = ()
    outputs: tuple[bool | None, ...] = ()
    role: str = "none"
    shapes: tuple[Shape | None, ...] = ()
    reason: str = ""
    given: bool = False
    needed: bool = False

    @property
    def comes_in(self) -> bool | None:
        """Whether any input carries a mask; None where that is not known."""
        return _any(self.inputs)

    @property
    def goes_out(self) -> bool | None:
        """Whether any output carries a mask; None where that is not known."""
        return _any(self.outputs)


def _any(present: tuple[bool | None, ...]) -> bool | None:
    return True if True in present else None if None in present else False


class Effort:
    """What a call has one sample calculate and keep, found when it is first asked for; few who want shapes ask."""

    @cached_property
    def work(self) -> tuple[Work, ...] | None:
        """Step by step; None where that is not known."""
        return ()

    @cached_property
    def passes_gradient(self) -> bool:
        """Whether gradients go back through it."""
        return True

    @cached_property
    def batched(self) -> tuple[Any, ...]:
        """The inputs with the batch by name, where it is not in front (`layers/batch.py`)."""
        return ()

    @cached_property
    def numbers(self) -> tuple[Dim, ...]:
        """How many numbers of each output belong to one sample."""
        return ()

    @cached_property
    def kept(self) -> Kept:
        """What backpropagation keeps of it."""
        return Kept()

    def told(self, **values: Any) -> Effort:
        """The same with some of it told, whatever would be found."""
        copy = object.__new__(type(self))
        copy.__dict__.update({**self.__dict__, **values})
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        # Found in full: what it is found from, the whole walk over the model, is of no more use.
        names = ("work", "passes_gradient", "batched", "numbers", "kept")
        return _told_effort, ({name: getattr(self, name) for name in names},)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Effort) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self._told())

    def _told(self) -> tuple[Any, ...]:
        return self.work, self.passes_gradient, self.batched, self.numbers


NO_EFFORT = Effort()


def _told_effort(values: dict[str, Any]) -> Effort:
    return NO_EFFORT.told(**values)


class CallReport(NamedTuple):
    """One application of a layer: what came in, from where, and what went out (None where that cannot be known).

    `believed` is what Keras states for the outputs before it has data, where it is mistaken.
    """

    inputs: tuple[Shape | None, ...]
    outputs: tuple[Shape, ...] | None
    connected_to: tuple[str, ...]
    believed: tuple[Shape, ...] | None = None
    mask: MaskReport = MaskReport()
    #: The outputs behind `connected_to`: which one, of which application.
    refs: tuple[Ref, ...] = ()
    #: What it takes to calculate it.
    effort: Effort = NO_EFFORT

    @property
    def work(self) -> tuple[Work, ...] | None:
        """What one sample has the layer calculate, step by step; None where that is not known."""
        return self.effort.work

    @property
    def passes_gradient(self) -> bool:
        """Whether gradients go back through it."""
        return self.effort.passes_gradient

    @property
    def numbers(self) -> tuple[Dim, ...]:
        """How many numbers of each output belong to one sample."""
        return self.effort.numbers

    @property
    def cost(self) -> Cost:
        """What one sample costs in a forward pass; `UNKNOWN` where that is not known."""
        return UNKNOWN_COST if self.work is None else Cost.of(step.cost for step in self.work)


class Counting:
    """The arithmetic of a parameter count, found when it is first asked for.

    `formula` is None where the count is a sum over a nested model, or not known.
    """

    def __init__(self, find: Callable[[], Formula | None]) -> None:
        self._find = find

    @cached_property
    def formula(self) -> Formula | None:
        """The count as an expression in names, with their values."""
        return self._find()

    @cached_property
    def in_names(self) -> str | None:
        """The formula in the names of arguments and axes."""
        return self.formula.in_names() if self.formula else None

    @cached_property
    def in_numbers(self) -> str | None:
        """The formula in this layer's numbers."""
        return self.formula.in_numbers() if self.formula else None

    def __reduce__(self) -> tuple[Any, ...]:
        return Counting, (partial(_found_before, self.formula),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counting) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self._told())

    def _told(self) -> tuple[Any, ...]:
        return self.in_names, self.in_numbers


def _found_before(formula: Formula | None) -> Formula | None:
    return formula


#: Of a layer that has nothing to count, or of which it is not known how many weights it has.
UNCOUNTED = Counting(lambda: None)


class LayerReport(NamedTuple):
    """A layer with all its applications: weights, and the arithmetic of their count."""

    name: str
    class_name: str
    calls: tuple[CallReport, ...]
    weights: Sequence[WeightReport] = ()
    counting: Counting = UNCOUNTED
    notes: tuple[str, ...] = ()
    nested: Report | None = None
    known: bool = True

    @property
    def formula(self) -> str | None:
        """The count in the names of arguments and axes; None where it is a sum over a nested model, or not known."""
        return self.counting.in_names

    @property
    def arithmetic(self) -> str | None:
        """The count in this layer's numbers; None where it is a sum over a nested model, or not known."""
        return self.counting.in_numbers

    @property
    def totals(self) -> Totals:
        """Parameters and bytes of this layer."""
        return Totals.of(self.weights)

    @property
    def params(self) -> Size:
        """The parameter count, as in "Param #"; None where the layer is not known."""
        if not self.known:
            return None
        weights = self.weights
        if isinstance(weights, InnerWeights):
            return weights.totals.params
        return lower_size(total(lift_size(weight.params) for weight in weights))

    @property
    def cost(self) -> Cost:
        """What one sample costs in a forward pass, all applications together; `UNKNOWN` where that is not known."""
        return Cost.of(call.cost for call in self.calls)

    @property
    def distinct_calls(self) -> tuple[CallReport, ...]:
        """The applications that differ in their shapes."""
        seen = {(call.inputs, call.outputs): call for call in reversed(self.calls)}
        return tuple(reversed(seen.values()))

    @property
    def input_shapes(self) -> tuple[Shape | None, ...]:
        """The shapes of all inputs, application by application."""
        return tuple(shape for call in self.distinct_calls for shape in call.inputs)

    @property
    def output_shapes(self) -> tuple[Shape, ...]:
        """The shapes of all outputs, application by application."""
        return tuple(shape for call in self.distinct_calls for shape in call.outputs or ())

    @property
    def connected_to(self) -> tuple[str, ...]:
        """The names of the layers that feed this one."""
        return tuple(name for call in self.calls for name in call.connected_to)


class Holds(NamedTuple):
    """A condition that could not be decided: the model is right only where it is true (`T = 1`)."""

    layer: str
    text: str
    because: str
    condition: Any = None

    def __str__(self) -> str:
        return f"{self.text}: {self.because}" if self.because else self.text

    def to_json(self) -> dict[str, str]:
        """The condition as the JSON contract spells it."""
        return {"layer": self.layer, "holds_if": self.text, "because": self.because}


class Report(NamedTuple):
    """A whole model: its layers in Keras's order, totals, the assumptions it rests on, and hints."""

    source: str
    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    layers: tuple[LayerReport, ...]
    assumptions: tuple[Holds, ...] = ()
    hints: tuple[Fault, ...] = ()
    sequential: bool = False
    #: The symbols in input shapes that must have a value when Keras builds the model.
    needs: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every layer is known; where not, totals are those of the known ones."""
        return all(layer.known for layer in self.layers)

    @property
    def weights(self) -> tuple[WeightReport, ...]:
        """Every weight of the model, once; it is trained where any of its places is."""
        weights = [weight for layer in self.layers for weight in layer.weights]
        first: dict[str, WeightReport] = {}
        for weight in sorted(weights, key=lambda weight: not weight.trainable):
            first.setdefault(weight.origin, weight)
        return tuple(weight for weight in weights if not weight.origin or first[weight.origin] is weight)

    @property
    def apart(self) -> tuple[LayerReport, ...]:
        """The layers, each with the weights that count for it: one that several hold stays with one of them."""
        counted = {id(weight) for weight in self.weights}
        return tuple(
            layer._replace(weights=tuple(weight for weight in layer.weights if id(weight) in counted))
            for layer in self.layers
        )

    @property
    def cost(self) -> Cost:
        """What one sample costs in a forward pass; `UNKNOWN` where that is not known."""
        return Cost.of(layer.cost for layer in self.layers)

    @property
    def totals(self) -> Totals:
        """Parameters and bytes of the model."""
        return Totals.of(self.weights)
