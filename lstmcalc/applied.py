"""A rule applied to what reaches a layer, once for all layers that are equal and get equal inputs."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from lstmcalc.checks import check_arity, check_keywords, check_sizes, check_weights
from lstmcalc.costs import inner_work
from lstmcalc.dims import lift, lift_size, lower, lower_size
from lstmcalc.errors import Fault
from lstmcalc.held import InnerWeights
from lstmcalc.layers.batch import moved, of_sample, used
from lstmcalc.layers.costs import FREE
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, Weight, Work, as_shapes, own_weights
from lstmcalc.report import UNCOUNTED, Counting, Effort, MaskReport, Report, WeightReport
from lstmcalc.report import Shape as Told
from lstmcalc.spec import LayerSpec

__all__ = ["Applied", "Kinds", "apply_rule", "checked_outputs", "inner_weight", "with_axes"]


class Applied:
    """What a rule made of the inputs of a call; one of these serves every call that is equal to it.

    `believed` is what Keras takes the outputs for, where it is mistaken; `follow` and `nested`, of a model used as a
    layer, what becomes of masks in it, and its report. What few ask for is found when it is first asked for.
    """

    def __init__(
        self,
        rule: LayerRule,
        x: Inputs,
        outputs: tuple[Shape, ...],
        weights: tuple[Weight, ...] = (),
    ) -> None:
        self.rule, self.x, self.outputs, self._weights = rule, x, outputs, weights
        self.believed: tuple[Shape, ...] | None = None
        self.nested: Report | None = None
        self._inner: InnerWeights | None = None
        self.follow: Callable[..., Any] | None = None
        #: The outputs with the batch by name (`layers/batch.py`); None where it is in front.
        self.batched: tuple[Shape | None, ...] = ()
        #: What it takes to calculate where no mask reaches it, as reports hold it.
        self.effort: Effort | None = None
        #: The hints on the layer, and the symbols that Keras needs a number for.
        self.hints: Sequence[Fault] = ()
        self.needs: Sequence[str] = ()

    def hold(self, report: Report, follow: Callable[..., Any], weights: InnerWeights) -> None:
        """Tells the model behind the rule, which itself knows its latest application alone."""
        self.nested, self.follow, self._inner = report, follow, weights
        if moved(self.x):
            self.__dict__["work"] = of_sample(self.rule, self.x, self.weights)

    @cached_property
    def weights(self) -> tuple[Weight, ...]:
        """The weights as the rule tells them."""
        return self._weights if self._inner is None else tuple(map(inner_weight, self._inner))

    @cached_property
    def came(self) -> tuple[Told, ...]:
        """The input shapes as users see them."""
        return tuple(map(lower, self.x.shapes))

    @cached_property
    def went(self) -> tuple[Told, ...]:
        """The output shapes as users see them."""
        return tuple(map(lower, self.outputs))

    @cached_property
    def stated(self) -> tuple[Told, ...] | None:
        """What Keras states for the outputs, where it is mistaken."""
        return None if self.believed is None else tuple(map(lower, self.believed))

    @cached_property
    def work(self) -> tuple[Work, ...]:
        """What one sample has the layer calculate."""
        if self.nested is not None:
            _find_inner_work(self.nested)
            return tuple(inner_work(self.nested))
        return of_sample(self.rule, self.x, self.weights)

    @cached_property
    def held(self) -> tuple[Weight, ...]:
        """The weights with how often one sample uses each."""
        return used(self.rule, self.x, self.weights)

    @cached_property
    def reported(self) -> Sequence[WeightReport]:
        """The weights as the report of a model holds them that can be trained."""
        if self._inner is not None and not moved(self.x):
            return self._inner
        return tuple(map(_weight_report, self.held))

    @cached_property
    def unmasked(self) -> MaskReport:
        """What is told of masks where none reaches the call, and it makes none."""
        number = len(self.outputs or ((),))
        return MaskReport((False,) * len(self.x.shapes), (False,) * number, "none", (None,) * number)

    @cached_property
    def counting(self) -> Counting:
        """The arithmetic of the parameter count."""
        return Counting(partial(self.rule.formula, self.x)) if self._weights else UNCOUNTED


def _find_inner_work(report: Report) -> None:
    """Has the models in a model find what they calculate, innermost first: however deep, without recursion."""
    stack = [(report, False)]
    while stack:
        model, leaving = stack.pop()
        nested = [layer for layer in model.layers if layer.nested and "work" not in vars(layer.calls[0].effort)]
        if leaving:
            for layer in nested:
                assert layer.calls[0].work is not None
        elif nested:
            stack.append((model, True))
            stack += [(layer.nested, False) for layer in nested if layer.nested]


def _weight_report(weight: Weight) -> WeightReport:
    return WeightReport(
        weight.name,
        lower(weight.shape),
        weight.trainable,
        lower_size(weight.params),
        weight.dtype,
        lower_size(weight.uses),
        weight.why,
        weight.origin,
    )


def inner_weight(told: WeightReport) -> Weight:
    """A weight of a layer in a model used as a layer; what its uses cost, the layers in that tell."""
    shape, uses = lift(told.shape), lift_size(told.uses)
    return Weight(told.name, shape, uses, told.why, told.trainable, told.dtype, told.origin, FREE)


def apply_rule(rule: LayerRule, x: Inputs, held: tuple[Weight, ...] | None) -> Applied:
    """What a rule makes of the inputs of a call; `held` are the weights that the layer has from an earlier one.

    Raises `Rejection`.
    """
    x, outputs = checked_outputs(rule, x)
    weights = tuple(own_weights(rule, x))
    check_weights(x, weights, held)
    return Applied(rule, x, outputs, weights)


def checked_outputs(rule: LayerRule, x: Inputs) -> tuple[Inputs, tuple[Shape, ...]]:
    """The inputs of a call with the rule's names for the axes, and the outputs; raises `Rejection`."""
    check_arity(rule, len(x.shapes), len(x.states))
    check_keywords(rule, x.keywords)
    x = with_axes(rule, x)
    outputs = as_shapes(rule.output_shape(x))
    check_sizes(outputs)
    return x, outputs


def with_axes(rule: LayerRule, x: Inputs) -> Inputs:
    """The inputs of a call with the axes as the rule names them; raises `Rejection` where they are too few or many."""
    view = x.replace(x.shapes, rule.axis_names(x.ndim) if x.shapes else (), x.states)
    view.batched = x.batched
    return view


class Kinds:
    """Tells which layers are equal but for their names, and so have one rule.

    >>> kinds = Kinds()
    >>> one, other = (kinds.of(LayerSpec("Dense", name, {"units": 3})) for name in ("one", "other"))
    >>> one is not None and one == other, kinds.of(LayerSpec("Dense", "third", {"units": 3.0})) == one
    (True, False)
    """

    def __init__(self, models: Iterable[str] = ()) -> None:
        self._models = frozenset(models)
        #: By identity, as sources hand on the very same arguments; those are kept, lest another takes their place.
        self._seen: dict[int, tuple[Mapping[str, Any], bytes | None]] = {}

    def of(self, layer: LayerSpec) -> Hashable | None:
        """What equal layers have in common; None for a layer that stands alone: one that is shared, or holds others."""
        if layer.shared or layer.unread or layer.class_name in self._models:
            return None
        found = self._seen.get(id(layer.arguments))
        if found is None:
            found = self._seen[id(layer.arguments)] = (layer.arguments, _written(layer.arguments))
        return None if found[1] is None else (layer.class_name, found[1])


def _written(arguments: Mapping[str, Any]) -> bytes | None:
    """Arguments as bytes that tell 1, 1.0 and True apart; None where they hold more than plain values.

    What a map of policies means for a layer depends on its name.
    """
    policy = arguments.get("dtype")
    if isinstance(policy, Mapping) and policy.get("class_name") == "DTypePolicyMap":
        return None
    try:
        # The second version of the format writes equal values alike, whichever of them are one object.
        return marshal.dumps(dict(arguments), 2)
    except ValueError:
        return None
