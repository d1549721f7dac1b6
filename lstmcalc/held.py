"""The weights that layers hold, with their totals; those of a model used as a layer, found when first asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from lstmcalc.dims import Size, lift_size, lower_size, total
from lstmcalc.frozen import NamedTuple

if TYPE_CHECKING:
    from lstmcalc.report import Report, Shape

__all__ = ["BYTES", "InnerWeights", "Totals", "WeightReport"]

#: Bytes of one number of a weight, by dtype; float32 where a dtype is not listed.
BYTES = {"float16": 2, "bfloat16": 2, "float64": 8, "int8": 1, "uint8": 1, "bool": 1, "int16": 2, "uint16": 2,
         "int64": 8, "uint64": 8, "complex64": 8, "complex128": 16}  # fmt: skip


class WeightReport(NamedTuple):
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


class Totals(NamedTuple):
    """Parameters and bytes of a layer or a model, each weight counted once."""

    params: Size
    trainable_params: Size
    non_trainable_params: Size
    bytes: Size
    trainable_bytes: Size
    non_trainable_bytes: Size

    @classmethod
    def of(cls, weights: Sequence[WeightReport]) -> Totals:
        """The totals over some weights."""
        if isinstance(weights, InnerWeights):
            return weights.totals
        trainable = [weight for weight in weights if weight.trainable]
        frozen = [weight for weight in weights if not weight.trainable]
        groups = (weights, trainable, frozen)
        params = [lower_size(total(lift_size(weight.params) for weight in group)) for group in groups]
        sizes = [lower_size(total(lift_size(weight.bytes) for weight in group)) for group in groups]
        return cls(*params, *sizes)

    @classmethod
    def together(cls, parts: Iterable[Totals]) -> Totals:
        """The totals over all of these."""
        columns = zip(cls(0, 0, 0, 0, 0, 0), *parts, strict=True)
        return cls(*(lower_size(total(map(lift_size, column))) for column in columns))


class InnerWeights(Sequence[WeightReport]):
    """The weights of a model used as a layer, as the model around it names them: by their path.

    Of models deep in one another these names are long, and all models but the outermost can do without.
    """

    def __init__(self, model: str, report: Report) -> None:
        self._model, self._report = model, report
        #: Found now, since those of the models inside are: found later, all of them would be, one in another.
        self.totals = Totals.together(layer.totals for layer in report.layers)
        self._count = sum(len(layer.weights) for layer in report.layers)
        #: How many letters their names have.
        self.letters = sum(_letters(layer.weights, len(layer.name) + 1) for layer in report.layers)

    @cached_property
    def _found(self) -> tuple[WeightReport, ...]:
        return tuple(self._named())

    def _named(self) -> Iterator[WeightReport]:
        waiting = [("", self._model, iter(self._report.layers))]
        while waiting:
            path, model, layers = waiting[-1]
            layer = next(layers, None)
            if layer is None:
                waiting.pop()
            elif isinstance(layer.weights, InnerWeights):
                inner = layer.weights
                waiting.append((f"{path}{layer.name}/", inner._model, iter(inner._report.layers)))
            else:
                for weight in layer.weights:
                    origin = weight.origin or f"{model}/{layer.name}/{weight.name}"
                    yield weight._replace(name=f"{path}{layer.name}/{weight.name}", origin=origin)

    @overload
    def __getitem__(self, place: int) -> WeightReport: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[WeightReport, ...]: ...

    def __getitem__(self, place: int | slice) -> WeightReport | tuple[WeightReport, ...]:
        return self._found[place]

    def __iter__(self) -> Iterator[WeightReport]:
        return iter(self._found)

    def __len__(self) -> int:
        return self._count

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (tuple, InnerWeights)) and self._found == tuple(other)

    def __hash__(self) -> int:
        return hash(self._found)

    def __repr__(self) -> str:
        return repr(self._found)

    def __reduce__(self) -> tuple[Any, ...]:
        return InnerWeights, (self._model, self._report)


def _letters(weights: Sequence[WeightReport], before: int) -> int:
    """The letters of weights' names, with so many before each."""
    own = weights.letters if isinstance(weights, InnerWeights) else sum(len(weight.name) for weight in weights)
    return own + before * len(weights)
