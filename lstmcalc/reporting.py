"""What the walk over a model found, layer by layer, as the report holds it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property

from lstmcalc.applied import Applied
from lstmcalc.costs import inner_work
from lstmcalc.dims import UNKNOWN, Dim, lower
from lstmcalc.frozen import NamedTuple
from lstmcalc.graph import CallKey
from lstmcalc.layers.backward import kept_of_call
from lstmcalc.layers.batch import numbers
from lstmcalc.layers.kept import Held, Kept, Made
from lstmcalc.layers.rule import Cost, LayerRule, Work, all_work
from lstmcalc.layers.rule import Shape as Dims
from lstmcalc.masks import Mask, MaskFlow, Unknown, assumed, masked
from lstmcalc.report import UNCOUNTED, CallReport, Effort, LayerReport, MaskReport, Report, Shape, WeightReport
from lstmcalc.spec import Call, Spec

__all__ = ["Layer", "Unmade", "input_report", "layer_report"]


class Unmade(NamedTuple):
    """Of a call whose rule was not run, the shapes that came in and go out, as users see them."""

    came: tuple[Shape | None, ...]
    went: tuple[Shape, ...] | None


class Layer:
    """What the walk knows of one layer: its rule, what came of its calls, and of the first that could be made.

    `kind` is what it has in common with layers that are equal but for their names, if it may have such.
    """

    def __init__(self, rule: LayerRule | None, kind: Hashable | None = None) -> None:
        self.rule, self.kind = rule, kind
        self.first: Applied | None = None
        self.calls: list[tuple[Call, Applied | Unmade]] = []


def input_report(name: str, shape: Dims | None, flow: MaskFlow) -> LayerReport:
    """The row of an input; the mask is that of a model used as a layer."""
    mask = MaskReport(outputs=flow.came_with(name))
    return LayerReport(name, "InputLayer", (CallReport((), None if shape is None else (lower(shape),), (), mask=mask),))


def layer_report(spec: Spec, name: str, layer: Layer, flow: MaskFlow) -> LayerReport:
    """The row of a layer."""
    first, times = layer.first, len(layer.calls)
    nested = flow.nested.get((name, 0)) or (first.nested if first else None)
    weights: Sequence[WeightReport] = first.reported if first else ()
    return LayerReport(
        name,
        layer.rule.class_name if layer.rule else spec.layers[name].class_name,
        tuple([_call_report(call, made, (name, place), spec, flow) for place, (call, made) in enumerate(layer.calls)]),
        weights if spec.trainable else tuple(weight._replace(trainable=False) for weight in weights),
        first.counting if first else UNCOUNTED,
        (f"applied {times} times, with one set of weights",) if times > 1 else (),
        nested,
        first is not None,
    )


def _call_report(call: Call, made: Applied | Unmade, key: CallKey, spec: Spec, flow: MaskFlow) -> CallReport:
    """An application with its mask, and what it takes to calculate it."""
    refs, mask = call.refs, flow.reports[key]
    sources = tuple([ref.name for ref in refs])
    if isinstance(made, Unmade):
        return CallReport(made.came, made.went, sources, None, mask, refs, UNKNOWN_EFFORT)
    return CallReport(made.came, made.went, sources, made.stated, mask, refs, _effort(made, key, spec, flow))


def _effort(applied: Applied, key: CallKey, spec: Spec, flow: MaskFlow) -> Effort:
    """What an application takes to calculate; the very same for all that are equal, and that no mask reaches."""
    mask = flow.reports[key]
    if mask is not applied.unmasked:
        told, nested = flow.told.get(key, ()), flow.nested.get(key)
        return _Effort(applied, mask.comes_in, told, nested, spec.trainable)
    if applied.effort is None:
        applied.effort = _Effort(applied, False, (), None, spec.trainable)
    return applied.effort


#: Of a call whose layer is not known.
UNKNOWN_EFFORT = Effort().told(work=None, kept=Kept(most=Held(values=UNKNOWN)))


class _Effort(Effort):
    """What an application has one sample calculate, as its rule tells it.

    `told` are the masks that it is told, `nested` the report of a model used as a layer. A frozen model, which is not
    `trainable`, trains nothing.
    """

    def __init__(
        self,
        applied: Applied,
        masked: bool | None,
        told: Sequence[Mask],
        nested: Report | None,
        trainable: bool,
    ) -> None:
        self._applied, self._masked, self._masks = applied, masked, told
        self._nested, self._trainable = nested, trainable

    @cached_property
    def work(self) -> tuple[Work, ...] | None:
        steps = _masked_work(self._applied, self._masks, self._nested)
        return steps if self._trainable else tuple(step._replace(trained=False) for step in steps)

    @cached_property
    def passes_gradient(self) -> bool:
        return self._applied.rule.passes_gradient()

    @cached_property
    def batched(self) -> tuple[Shape | None, ...]:
        return self._applied.x.batched

    @cached_property
    def numbers(self) -> tuple[Dim, ...]:
        outputs = self._applied.outputs
        batched = self._applied.batched or (None,) * len(outputs)
        return tuple(numbers(*each) for each in zip(outputs, batched, strict=True))

    @cached_property
    def kept(self) -> Kept:
        applied = self._applied
        if self._nested is not None:
            return Kept(model=self._nested)
        weights = tuple(applied.rule.built_weights(applied.x))
        made = Made(applied.outputs, weights, applied.work, self._masked is not False, self.numbers)
        return kept_of_call(applied.rule, applied.x, made)


def _masked_work(applied: Applied, told: Sequence[Mask], nested: Report | None) -> tuple[Work, ...]:
    """What an application has one sample calculate, with the masks that it is told.

    Where it is not known whether there is one, what that adds is not either.
    """
    rule, x = applied.rule, applied.x
    if not (rule.takes_mask and any(told)) or any(x.batched):
        return applied.work
    if nested is not None:
        return tuple(inner_work(nested))
    steps = all_work(rule, masked(x, assumed(x, told)), rule.built_weights(x))
    if steps == applied.work or Unknown.MASK not in told:
        return steps
    added = Work("mask", Cost(arithmetic=UNKNOWN), "whether a mask comes in is not known")
    return (*applied.work, added)
