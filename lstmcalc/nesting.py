"""A nested model as a layer: a rule made from a spec."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lstmcalc.applied import Applied, checked_outputs, inner_weight
from lstmcalc.checks import check_weights
from lstmcalc.costs import inner_work
from lstmcalc.dims import Dim, lift
from lstmcalc.held import InnerWeights
from lstmcalc.layers import rule
from lstmcalc.layers.kept import Kept, Made
from lstmcalc.layers.rule import Assumption, Formula, Inputs, LayerRule, Shape, Weight, Work
from lstmcalc.masks import Follow
from lstmcalc.report import Report
from lstmcalc.spec import Spec

__all__ = ["ModelRule", "apply_model", "innermost_first"]


def innermost_first(spec: Spec) -> list[Spec]:
    """All models in a model, each behind those that it uses itself; however deep, without recursion."""
    found: dict[int, Spec] = {}
    stack = [(model, False) for model in spec.models.values()]
    while stack:
        model, leaving = stack.pop()
        if leaving:
            found.setdefault(id(model), model)
        elif id(model) not in found:
            stack.append((model, True))
            stack += [(inner, False) for inner in model.models.values()]
    return list(found.values())


@rule.layer(family="")
class ModelRule(LayerRule):
    """A model used as a layer. `run` infers it on given input shapes; its weights are those of its layers."""

    takes_mask = True

    #: What the model is on the shapes of its latest application, and what becomes of masks in it.
    report: Report
    follow: Follow
    #: What it is on all shapes that it was applied to: costs are asked for when others may have come since.
    _reports: dict[tuple[Shape, ...], Report]

    def __init__(
        self, name: str, model: str, spec: Spec, run: Callable[[Sequence[Shape]], tuple[Report, Follow]]
    ) -> None:
        super().__init__({}, name)
        self.model = model
        self._run = run
        self._seen: tuple[Shape, ...] | None = None
        self._reports = {}
        self.class_name = spec.class_name or ("Sequential" if spec.sequential else "Functional")
        self.arity = (len(spec.inputs), len(spec.inputs))  # type: ignore[misc]  # a model's is its own

    def weights(self, x: Inputs) -> Iterable[Weight]:
        return map(inner_weight, InnerWeights(self.model, self._report_on(x)))

    def work(self, x: Inputs) -> Iterable[Work]:
        return inner_work(self._report_on(x))

    def kept(self, x: Inputs, made: Made) -> Kept:
        # The layers of the model keep theirs.
        return Kept(model=self._report_on(x))

    def _report_on(self, x: Inputs) -> Report:
        return self._reports.get(x.shapes, self.report)

    def output_shape(self, x: Inputs) -> Any:
        (self.report, self.follow), self._seen = self._run(x.shapes), x.shapes
        self._reports[x.shapes] = self.report
        x.needed.update(dict.fromkeys(self.report.needs, "a layer in the model must know its size"))
        if x.checked:
            for held in self.report.assumptions:
                x.assumptions.append(Assumption(held.condition, held.text, f'in "{held.layer}": {held.because}'))
        shapes = tuple(lift(port.shape or ()) for port in self.report.outputs)
        return shapes[0] if len(shapes) == 1 else shapes

    def keras_output_shape(self, x: Inputs) -> Any:
        """What Keras states, where a layer inside misleads it."""
        if x.shapes != self._seen:
            self.output_shape(x)
        shapes = tuple(lift(port.believed or port.shape or ()) for port in self.report.outputs)
        return shapes if any(port.believed for port in self.report.outputs) else None

    def formula(self, x: Inputs) -> Formula | None:
        return None

    def named(self) -> tuple[LayerRule, dict[str, Dim]]:
        return self, {}


def apply_model(rule: ModelRule, x: Inputs, first: Applied | None) -> Applied:
    """What a model makes of the inputs of a call; `first` is what came of the first one. Raises `Rejection`."""
    x, outputs = checked_outputs(rule, x)
    applied = Applied(rule, x, outputs)
    # Before it is asked what Keras takes it for.
    applied.hold(rule.report, rule.follow, InnerWeights(rule.model, rule.report))
    # On the same shapes it is the very same model.
    if first is not None and first.nested is not rule.report:
        check_weights(x, applied.weights, first.held)
    return applied
