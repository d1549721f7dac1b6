"""Keras's preprocessing of numbers: Normalization, Rescaling, and Pipeline, which runs layers one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import equal, product
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.axes import check_axes, usual_axes
from lstmcalc.layers.costs import ADD, INSIDE, SCALE, TRAINED, Cost
from lstmcalc.layers.kept import Kept, Made
from lstmcalc.layers.preprocessing.arguments import array, layer_list, optional
from lstmcalc.layers.preprocessing.arrays import array_shape, broadcast
from lstmcalc.layers.preprocessing.categories import CategoryEncoding, Discretization, HashedCrossing, Hashing
from lstmcalc.layers.preprocessing.encoding import Encoder, refuse_arguments, stated_otherwise
from lstmcalc.layers.recurrent import Holder, held_weights, held_work
from lstmcalc.layers.rule import (
    Example,
    Formula,
    Inputs,
    LayerRule,
    Rejected,
    Shape,
    Weight,
    Work,
    as_shapes,
    layer,
    own_weights,
)
from lstmcalc.shapes import show_shape

__all__ = [
    "CategoryEncoding",
    "Discretization",
    "HashedCrossing",
    "Hashing",
    "Normalization",
    "Pipeline",
    "Rescaling",
]


@layer(family="preprocessing")
class Normalization(LayerRule):
    """Subtracts a mean and divides by a deviation, which `adapt` finds in data, each place along `axis` for itself.

    keras/src/layers/preprocessing/normalization.py, 3.15.1. What `adapt` finds is kept in weights that are not trained;
    a stated `mean` and `variance` are not. `axis: null` has one mean for all values.
    """

    passes_mask = True

    axis: tuple[int, ...] | None = optional(arg.axis_list(-1))
    mean: Any = array(None)
    variance: Any = array(None)
    invert: bool = arg.flag(False)

    def validate(self) -> None:
        if (self.mean is None) != (self.variance is None):
            stated = "mean" if self.variance is None else "variance"
            raise Rejection("wrong-value", "`mean` and `variance` together", f"`{stated}` only")
        shape, other = array_shape(self.mean), array_shape(self.variance)
        if shape is None or other is None:
            return
        if shape != other:
            got = f"{show_shape(shape)} and {show_shape(other)}"
            raise Rejection("wrong-value", "`mean` and `variance` of one shape", got)
        axes = self.axis or ()
        if len(shape) > len(axes):
            expected = f"`mean` with at most as many axes as `axis` names, which is {len(axes)}"
            raise Rejection("wrong-value", expected, show_shape(shape))

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        for axis in self.axis or ():
            check_axes((axis,), ndim)
        return usual_axes(ndim)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        if self.mean is not None:
            return
        kept = self._kept(x)
        shape = tuple(x.shape[axis] for axis in kept)
        uses = product(size for axis, size in enumerate(x.shape) if axis and axis not in kept)
        yield Weight("mean", shape, uses, "what is subtracted, as `adapt` finds it", False, cost=ADD)
        why = "the square of what is divided by, as `adapt` finds it"
        yield Weight("variance", shape, uses, why, False, cost=SCALE)
        yield Weight("count", (), 0, "kept for models saved by older versions", False, "int64")

    def work(self, x: Inputs) -> Iterable[Work]:
        if self.mean is not None:
            why = "the mean is subtracted from every value, which is divided by the deviation"
            if self.invert:
                why = "every value is multiplied by the deviation, and the mean added"
            yield Work("normalization", Cost(arithmetic=2).times(product(x.shape[1:])), why)

    def output_shape(self, x: Inputs) -> Any:
        kept = self._kept(x)
        for axis in kept:
            since = "each place along it has a mean of its own"
            x.require_known(x.shape[axis], f"`{x.axes[axis]}`", since, "use `axis: null` for one mean of all values")
        if self.mean is None:
            for axis in {axis for axis in kept if kept.count(axis) > 1}:
                x.require(equal(x.shape[axis], 1), "wrong-value", "every axis once in `axis`", arg.show(self.axis))
        else:
            self._spread(x, kept)
        return x.shape

    def _kept(self, x: Inputs) -> list[int]:
        """The axes whose places have a mean each, in Keras's order."""
        return sorted(axis % x.ndim for axis in self.axis or ())

    def _spread(self, x: Inputs, kept: list[int]) -> None:
        """Refuses a `mean` that cannot be laid along the kept axes, counted from the last one."""
        shape = array_shape(self.mean) or ()
        laid = {kept[-place]: shape[-place] for place in range(1, len(shape) + 1)}
        if product(shape) != product(laid.values()):
            raise Rejection("wrong-value", "every axis once in `axis`", arg.show(self.axis))
        for axis, size in laid.items():
            x.require(
                size == 1 or equal(x.shape[axis], size),
                "wrong-size",
                f"one `mean`, or as many as axis {axis} is long",
                f"{size}, for {show_shape(x.shape)}",
                f"`mean` goes along `axis: {arg.show(self.axis)}`",
            )

    examples = [
        Example({}, (None, 5), params=11, output=(None, 5), trainable_params=0),
        Example({"axis": None}, (None, 28, 28, 1), params=3, output=(None, 28, 28, 1), trainable_params=0),
        Example({"axis": [1, 2]}, (None, 4, 5), params=41, output=(None, 4, 5), trainable_params=0),
        Example({"mean": [0.5, 2.0], "variance": [1.0, 4.0]}, (None, 10, 2), params=0, output=(None, 10, 2)),
        Rejected({}, 'expected `input_dim` to be a number, since each place along it has a mean of its own, got '
                 '(None, None) from input "input_0"', (None, None)),
        Rejected({"axis": 3}, "expected `axis` from -2 to 1, got 3"),
        Rejected({"axis": [1, -1]}, "expected every axis once in `axis`, got [1, -1]"),
        Rejected({"mean": 1.0}, "expected `mean` and `variance` together, got `mean` only"),
        Rejected({"mean": [1, 2], "variance": 1}, "expected `mean` and `variance` of one shape, got (2,) and ()"),
        Rejected({"mean": [[1]], "variance": [[1]]},
                 "expected `mean` with at most as many axes as `axis` names, which is 1, got (1, 1)"),
        Rejected({"mean": [1, 2], "variance": [1, 1]}, "expected one `mean`, or as many as axis 1 is long, got 2, for "
                 "(None, 5): `mean` goes along `axis: [-1]`"),
        Rejected({"mean": [[1], 2], "variance": 1},
                 "expected `mean` to be a number, or a list of numbers, got [[1], 2]"),
    ]  # fmt: skip


@layer(family="preprocessing")
class Rescaling(LayerRule):
    """Multiplies every value by `scale` and adds `offset`: `Rescaling(1./255)` brings pixels to between 0 and 1.

    keras/src/layers/preprocessing/rescaling.py, 3.15.1. Either may be a list, which goes along the last axes; Keras
    states the input's shape even where a list makes it wider.
    """

    passes_mask = True

    scale: Any = array()
    offset: Any = array(0.0)

    def output_shape(self, x: Inputs) -> Any:
        scaled = broadcast(x, x.shape, array_shape(self.scale) or (), "scale")
        return broadcast(x, scaled, array_shape(self.offset) or (), "offset")

    def work(self, x: Inputs) -> Iterable[Work]:
        scaled = broadcast(x, x.shape, array_shape(self.scale) or (), "scale")
        cost = Cost(arithmetic=product(scaled[1:]) + product(self.output_shape(x)[1:]))
        yield Work("rescaling", cost, "every value is scaled, and an offset added")

    def kept(self, x: Inputs, made: Made) -> Kept:
        return Kept()

    def keras_output_shape(self, x: Inputs) -> Any:
        return None if self.output_shape(x) == x.shape else x.shape

    def hints(self, x: Inputs) -> Iterator[Fault]:
        real = self.output_shape(x)
        if len(real) != x.ndim or any(isinstance(s, int) and s != r for s, r in zip(x.shape, real, strict=True)):
            because = "a list in `scale` or `offset` is longer than the axis it goes along, which is repeated"
            yield stated_otherwise(x.shape, real, because)

    examples = [
        Example({"scale": 0.5, "offset": -1}, (None, 28, 28, 3), params=0, output=(None, 28, 28, 3)),
        Example({"scale": [1, 2, 3]}, (None, None, 3), params=0, output=(None, None, 3)),
        Rejected({"scale": [1, 2, 3]}, "expected an input that `scale` of shape (3,) fits, got (None, 4): sizes must "
                 "be equal or 1, counted from the last axis", (None, 4)),
        Rejected({"scale": []}, "expected `scale` to be a number, or a list of numbers, got []"),
        Rejected({"scale": "x"}, 'expected `scale` to be a number, or a list of numbers, got "x"'),
    ]  # fmt: skip


def _seen(operand: tuple[int, ...], comes_in: tuple[int, ...], inside: tuple[int, ...]) -> tuple[int, ...]:
    """A factor in a layer of a pipeline as the pipeline sees it: of what `comes_in` there, or is made there."""
    special: dict[int, tuple[int, ...]] = {INSIDE: inside, TRAINED: (TRAINED,)}
    told = (special.get(part, comes_in if part >= 0 else ()) for part in operand)
    return tuple(dict.fromkeys(place for part in told for place in part))


@layer(family="preprocessing", arity=(1, None))
class Pipeline(Holder):
    """Runs layers one after the other, each on what the one before gives.

    keras/src/layers/preprocessing/pipeline.py, 3.15.1. Keras states what a run of its layers would give, so that the
    shapes that they state wrongly are right here.
    """

    takes_mask = True
    states_mask = False

    layers: tuple[LayerRule, ...] = layer_list()

    def validate(self) -> None:
        refuse_arguments(self, "activity_regularizer", "trainable", "dtype", "autocast", "input_shape", "input_dim")

    def _views(self, x: Inputs) -> Iterator[tuple[LayerRule, Inputs]]:
        """Each layer with what it sees, and last the pipeline itself with its outputs."""
        shapes = x.shapes
        for rule in self.layers:
            least, most = rule.arity
            if rule.family == "merging":
                least = max(2, least)
            if len(shapes) < least or (most is not None and len(shapes) > most):
                expected = f"{least} inputs" if len(shapes) < least else "one input"
                got = str(len(shapes)) if len(shapes) > 1 else show_shape(shapes[0])
                raise Rejection("wrong-number-of-inputs", f"{expected}, for the {rule.class_name} in the pipeline", got)
            view = x.replace(shapes, self._axes(rule, shapes))
            if isinstance(rule, Encoder):
                rule.require_traceable(view)
            yield rule, view
            shapes = as_shapes(rule.output_shape(view))
        yield self, x.replace(shapes)

    @staticmethod
    def _axes(rule: LayerRule, shapes: tuple[Shape, ...]) -> tuple[str, ...]:
        try:
            return rule.axis_names(len(shapes[0]))
        except Rejection as refusal:
            expected = f"{refusal.fault.expected} for the {rule.class_name} in the pipeline"
            raise Rejection(refusal.fault.code, expected, show_shape(shapes[0]), refusal.fault.because) from None

    def weights(self, x: Inputs) -> Iterable[Weight]:
        for rule, view in self._views(x):
            if rule is not self:
                yield from held_weights(rule.name, own_weights(rule, view))

    def work(self, x: Inputs) -> Iterable[Work]:
        comes_in: tuple[int, ...] = tuple(range(len(x.shapes)))
        for rule, view in self._masked(x):
            if rule is self:
                return
            steps = list(held_work(rule.name, rule, view))
            trained = any(step.trained for step in steps)
            inside = comes_in if TRAINED in comes_in or not trained else (*comes_in, TRAINED)
            for step in steps:
                seen = (_seen(operand, comes_in, inside) for operand in step.operands)
                yield step._replace(operands=tuple(seen))
            comes_in = inside

    def output_shape(self, x: Inputs) -> Any:
        *_, (_, last) = self._views(x)
        return last.shapes if len(last.shapes) > 1 else last.shape

    def _masked(self, x: Inputs) -> Iterator[tuple[LayerRule, Inputs]]:
        """Each layer with what it sees, and the masks of that; last the pipeline itself."""
        masks = x.told
        for rule, view in self._views(x):
            view.masks = view.told = (*masks, *(None,) * len(view.shapes))[: len(view.shapes)]
            yield rule, view
            masks = () if rule is self else rule.output_masks(view)

    def output_masks(self, x: Inputs) -> tuple[Shape | None, ...]:
        *_, (_, last) = self._masked(x)
        return last.masks

    def uses_mask(self, x: Inputs) -> bool:
        return any(rule is not self and rule.uses_mask(view) for rule, view in self._masked(x))

    def check_mask(self, x: Inputs) -> None:
        for rule, view in self._masked(x):
            if rule is not self:
                rule.check_mask(view)

    def formula(self, x: Inputs) -> Formula | None:
        formulas = [rule.formula(view) for rule, view in self._views(x) if rule is not self]
        known = [formula for formula in formulas if formula is not None]
        return Formula(tuple(term for one in known for term in one.terms)) if len(known) == len(formulas) else None

    def hints(self, x: Inputs) -> Iterator[Fault]:
        for rule, view in self._views(x):
            if rule is self:
                continue
            yield from (hint for hint in rule.hints(view) if hint.code != "other-shape-in-keras")
            if isinstance(rule, Normalization):
                because = "Keras loses its mean where the pipeline builds it, and then fails on data"
                yield Fault("adapt-first", "`adapt` on the Normalization before it is put into the Pipeline", "",
                            because, "adapt it first, or put it in front of the Pipeline")  # fmt: skip

    examples = [
        Example({"layers": ["Rescaling(2)", "Dense(3)"]}, (None, 4), params=15, output=(None, 3)),
        Example({"layers": ["Dense(8)", "LSTM(4)"]}, (None, 10, 3), params=240, output=(None, 4)),
        Example({"layers": ["Dense(3, trainable=False)"]}, (None, 3), 12, (None, 3), trainable_params=0),
        Example({"layers": ["Pipeline([Dense(3)])", "Dense(3)"]}, (None, 3), params=24, output=(None, 3)),
        Example({"layers": ["Add()", "Dense(4)"]}, [(None, 3), (None, 3)], params=16, output=(None, 4)),
        Rejected({"layers": []}, "expected `layers` to be a list of layers, got []"),
        Rejected({"layers": "Dense(3)"}, "expected `layers` to be a list of layers, got a layer (Dense)"),
        Rejected({"layers": ["LSTM(4)", "LSTM(4)"]}, "expected 3 axes (batch, timesteps, input_dim) for the LSTM in "
                 "the pipeline, got (None, 4)", (None, 10, 3)),
        Rejected({"layers": ["Dense(3)"]}, "expected one input, for the Dense in the pipeline, got 2",
                 [(None, 3), (None, 3)]),
        Rejected({"layers": ["Add()"]}, "expected 2 inputs, for the Add in the pipeline, got (None, 3)", (None, 3)),
        Rejected({"layers": ["Dense(3)"], "trainable": False}, "expected a Pipeline argument, got `trainable`"),
    ]  # fmt: skip
