"""What backpropagation keeps of a whole model: the layers' own figures, each array once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lstmcalc.costs import Applied, applications
from lstmcalc.dims import Dim, at_least, lift, product, total
from lstmcalc.frozen import NamedTuple
from lstmcalc.held import BYTES
from lstmcalc.layers import find_rule
from lstmcalc.layers.kept import Held, Kept
from lstmcalc.report import CallReport, LayerReport, Report

__all__ = ["Activations", "activations_of", "bytes_of"]

#: Dtypes that a layer converts to the one of its arithmetic.
FLOATS = ("float16", "bfloat16", "float32", "float64")


def bytes_of(dtype: str) -> int:
    """The bytes of one number."""
    return BYTES.get(dtype, 4)


class Array(NamedTuple):
    """An array that a layer gives, or an input of the model with its dtype; `key` tells it from others.

    `moved` is the array whose numbers it has in another shape or order: one of both is all that need be kept.
    """

    key: tuple[object, ...]
    values: Dim
    dtype: str = ""
    moved: Array | None = None

    @property
    def first(self) -> Array:
        """The array that the numbers were in first."""
        return self if self.moved is None else self.moved.first


@dataclass
class Tally:
    """What is kept so far: arrays by what they are and the bytes of their numbers, and bytes besides."""

    arrays: dict[tuple[tuple[object, ...], int], Dim] = field(default_factory=dict)
    #: Inputs of the model that are kept as they are, and so take nothing more.
    inputs: dict[tuple[object, ...], Dim] = field(default_factory=dict)
    besides: list[Dim] = field(default_factory=list)

    def keep(self, array: Array, compute: str) -> None:
        """Keeps an array, as the arithmetic of a layer reads it."""
        size = bytes_of(compute)
        if array.dtype and (array.dtype not in FLOATS or bytes_of(array.dtype) == size):
            self.inputs[array.key] = array.values * bytes_of(array.dtype)
        else:
            self.arrays[array.key, size] = array.values * size

    @property
    def bytes(self) -> Dim:
        """All of it, but for inputs of the model."""
        return total([*self.arrays.values(), *self.besides])


class Activations(NamedTuple):
    """Bytes that backpropagation keeps for one sample, least and most; the inputs of the model that it reads again,
    which are there anyway; the most that the gradients to activations take on their way back; and the most that layers
    hold at a time of which nothing is kept, as no weight in or before them is trained.
    """

    least: Dim
    most: Dim
    reread: Dim
    passing: Dim
    forward: Dim


def activations_of(report: Report, compute: str = "float32") -> Activations:
    """What a training step keeps of one sample, the inputs of the model left out.

    >>> from lstmcalc import infer, load
    >>> activations_of(infer(load("specs/forecast.yaml"))).most
    289280
    """
    least, most = Tally(), Tally()
    feeds = [Array((port.name,), product(lift((port.shape or ())[1:])), port.dtype) for port in report.inputs]
    walk = _Walk(compute, least, most)
    walk.model(report, (), feeds, frozenset())
    return Activations(least.bytes, most.bytes, total(most.inputs.values()), total(walk.passing), walk.forward())


class _Walk:
    """A pass over a model and the models in it."""

    def __init__(self, compute: str, least: Tally, most: Tally) -> None:
        self.compute, self.least, self.most = compute, least, most
        self.passing: list[Dim] = []
        self._steps: list[_Step] = []

    def model(self, report: Report, path: tuple[object, ...], feeds: Sequence[Array], trained: frozenset[int]) -> dict[
        tuple[str, int, int], Array
    ]:  # fmt: skip
        """Keeps what a model's layers keep; gives its arrays. `trained` are the inputs that need a gradient."""
        arrays = {(port.name, 0, 0): feed for port, feed in zip(report.inputs, feeds, strict=True)}
        places = dict(_places(report))
        for applied in applications(report):
            layer, place = places[id(applied.call)]
            came = [arrays.get((ref.name, ref.call, ref.index)) for ref in applied.call.refs]
            inputs = [array or Array((*path, ref), 0) for array, ref in zip(came, applied.call.refs, strict=True)]
            key = (*path, layer.name, place)
            wanted = applied.inside.wants_gradient(trained)
            kept = applied.call.effort.kept
            if isinstance(kept.model, Report):
                places_in = frozenset(i for i, origin in enumerate(applied.inputs) if origin.wants_gradient(trained))
                inner = self.model(kept.model, key, inputs[: len(kept.model.inputs)], places_in)
                outputs = [
                    inner.get((port.ref.name, port.ref.call, port.ref.index)) if port.ref else None
                    for port in kept.model.outputs
                ]
                made = [array or Array((*key, i), 0) for i, array in enumerate(outputs)]
            else:
                made = _made(layer, applied.call, key, inputs)
                held: Dim = 0
                if wanted:
                    self._keep(applied, kept, inputs, made)
                else:
                    held = self._inside(kept, layer.class_name)
                self._steps.append(_Step({each.key for each in inputs}, () if wanted else tuple(made), held))
            arrays.update({(layer.name, place, index): array for index, array in enumerate(made)})
        return arrays

    def _inside(self, kept: Kept, class_name: str) -> Dim:
        """What a layer holds besides what it reads and gives, at most as much as it would keep."""
        rule = find_rule(class_name)
        if rule and rule.family == "image preprocessing":
            # That is not known, and said not to be counted; most models begin with such layers.
            return 0
        return kept.most.values * max(4, bytes_of(kept.compute or self.compute)) + kept.most.bytes

    def forward(self) -> Dim:
        """The most that is held at a time by layers of which nothing is kept: each array until it is read last."""
        last = {key: place for place, step in enumerate(self._steps) for key in step.read}
        most: Dim = 0
        there: dict[tuple[object, ...], Dim] = {}
        for place, step in enumerate(self._steps):
            there.update({array.key: array.values * max(4, bytes_of(self.compute)) for array in step.made})
            if step.made:
                most = _greater(most, total([*there.values(), step.held]))
            there = {key: size for key, size in there.items() if last.get(key, place + 1) > place}
        return most

    def _keep(self, applied: Applied, kept: Kept, inputs: Sequence[Array], made: Sequence[Array]) -> None:
        compute = kept.compute or self.compute
        trained = any(step.trained for step in applied.call.work or ())
        # Where no weight of its own is trained, no product with one needs its other factor.
        least = kept.least if trained else kept.least._replace(inputs=())
        size = bytes_of(compute)
        # An array that several layers read has a gradient from each, until they are added up.
        self.passing += [array.values * max(4, size) for array in (*inputs, *made)]
        self.passing.append(kept.passing * max(4, size))
        came, given = [array.first for array in inputs], [array.first for array in made]
        _hold(self.least, least, came, given, compute, size)
        _hold(self.most, kept.most, inputs, made, compute, max(4, size) if kept.wide else size)


class _Step(NamedTuple):
    """An application: the arrays that it reads, those that it gives where nothing is kept of it, and bytes inside."""

    read: set[tuple[object, ...]]
    made: tuple[Array, ...]
    held: Dim


def _greater(one: Dim, other: Dim) -> Dim:
    """The greater of two sizes; both together where that depends on symbols."""
    if at_least(one, other) is True:
        return one
    return other if at_least(other, one) is True else one + other


def _hold(tally: Tally, held: Held, inputs: Sequence[Array], made: Sequence[Array], compute: str, each: int) -> None:
    for place in held.inputs:
        tally.keep(inputs[place], compute)
    if held.output:
        tally.keep(made[0], compute)
    tally.besides += [held.values * each, held.bytes]


def _places(report: Report) -> Iterator[tuple[int, tuple[LayerReport, int]]]:
    for layer in report.layers:
        for place, call in enumerate(layer.calls):
            yield id(call), (layer, place)


def _made(layer: LayerReport, call: CallReport, key: tuple[object, ...], inputs: Sequence[Array]) -> list[Array]:
    """The arrays that come out."""
    outputs = call.numbers or [product(lift(shape[1:])) for shape in call.outputs or ()]
    moves = (
        call.work == () and not layer.weights and len(inputs) == len(outputs) == 1 and inputs[0].values == outputs[0]
    )
    return [Array((*key, index), values, moved=inputs[0] if moves else None) for index, values in enumerate(outputs)]
