"""What inference found: every shape and every parameter of a model, as frozen data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from lstmcalc.dims import Dim, Size, lift_size, lower_size, total
from lstmcalc.errors import Fault
from lstmcalc.layers.costs import UNKNOWN_COST, Cost, Work
from lstmcalc.layers.kept import Kept
from lstmcalc.spec import Ref

__all__ = ["CallReport", "Holds", "LayerReport", "MaskReport", "Port", "Report", "Shape", "Totals", "WeightReport"]

Shape = tuple[Size, ...]

#: Bytes of one number of a weight, by dtype; float32 where a dtype is not listed.
BYTES = {"float16": 2, "bfloat16": 2, "float64": 8, "int8": 1, "uint8": 1, "bool": 1, "int16": 2, "uint16": 2,
         "int64": 8, "uint64": 8, "complex64": 8, "complex128": 16}  # fmt: skip


@dataclass(frozen=True)
class Port:
    """An input or output of a model: its name, its shape with the batch, its dtype.

    `believed` is what Keras states for the shape before it has data, where it is mistaken.
    """

    name: str
    shape: Shape | None
    dtype: str = "float32"
    believed: Shape | None = None
    #: Which output of which application an output of the model is.
    ref: Ref | None = None


@dataclass(frozen=True)
class WeightReport:
    """A named array of a layer; `uses` is how often one sample applies it, `why` what it is for.

    Weights of the same `origin`, where they have one, are the same array, held by several layers.
    """

    name: str
    shape: Shape
    trainable: bool
    params: Size
    dtype: str
    uses: Size
    why: str
    origin: str = ""

    @property
    def bytes(self) -> Size:
        """The memory that the array takes."""
        return lower_size(lift_size(self.params) * BYTES.get(self.dtype, 4))


@dataclass(frozen=True)
class MaskReport:
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


@dataclass(frozen=True)
class CallReport:
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
    #: What one sample has the layer calculate, step by step; None where that is not known.
    work: tuple[Work, ...] | None = ()
    #: Whether gradients go back through it.
    passes_gradient: bool = True
    #: The inputs with the batch by name, where it is not in front (`layers/batch.py`).
    batched: tuple[Any, ...] = ()
    #: How many numbers of each output belong to one sample.
    numbers: tuple[Dim, ...] = ()
    #: Finds what backpropagation keeps of it.
    keeps: Callable[[], Kept] = field(default=Kept, compare=False, repr=False)

    @property
    def cost(self) -> Cost:
        """What one sample costs in a forward pass; `UNKNOWN` where that is not known."""
        return UNKNOWN_COST if self.work is None else Cost.of(step.cost for step in self.work)


@dataclass(frozen=True)
class Totals:
    """Parameters and bytes of a layer or a model, each weight counted once."""

    params: Size
    trainable_params: Size
    non_trainable_params: Size
    bytes: Size
    trainable_bytes: Size
    non_trainable_bytes: Size

    @classmethod
    def of(cls, weights: tuple[WeightReport, ...]) -> Totals:
        """The totals over some weights."""
        trainable = [weight for weight in weights if weight.trainable]
        frozen = [weight for weight in weights if not weight.trainable]
        groups = (weights, trainable, frozen)
        params = [lower_size(total(lift_size(weight.params) for weight in group)) for group in groups]
        sizes = [lower_size(total(lift_size(weight.bytes) for weight in group)) for group in groups]
        return cls(*params, *sizes)


@dataclass(frozen=True)
class LayerReport:
    """A layer with all its applications: weights, and the arithmetic of their count.

    `formula` is in the names of arguments and axes, `arithmetic` in this layer's numbers; both None where the count
    is a sum over a nested model, or not known.
    """

    name: str
    class_name: str
    calls: tuple[CallReport, ...]
    weights: tuple[WeightReport, ...] = ()
    formula: str | None = None
    arithmetic: str | None = None
    notes: tuple[str, ...] = ()
    nested: Report | None = None
    known: bool = True

    @property
    def totals(self) -> Totals:
        """Parameters and bytes of this layer."""
        return Totals.of(self.weights)

    @property
    def params(self) -> Size:
        """The parameter count, as in "Param #"; None where the layer is not known."""
        return self.totals.params if self.known else None

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


@dataclass(frozen=True)
class Holds:
    """A condition that could not be decided: the model is right only where it is true (`T = 1`)."""

    layer: str
    text: str
    because: str
    condition: Any = field(repr=False, default=None)

    def __str__(self) -> str:
        return f"{self.text}: {self.because}" if self.because else self.text

    def to_json(self) -> dict[str, str]:
        """The condition as the JSON contract spells it."""
        return {"layer": self.layer, "holds_if": self.text, "because": self.because}


@dataclass(frozen=True)
class Report:
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
            replace(layer, weights=tuple(weight for weight in layer.weights if id(weight) in counted))
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
