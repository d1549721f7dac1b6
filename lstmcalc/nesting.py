"""A nested model as a layer: a rule made from a spec."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lstmcalc.costs import inner_work
from lstmcalc.dims import Dim, lift, lift_size
from lstmcalc.layers import rule
from lstmcalc.layers.costs import FREE
from lstmcalc.layers.kept import Kept, Made
from lstmcalc.layers.rule import Assumption, Formula, Inputs, LayerRule, Shape, Weight, Work
from lstmcalc.masks import Follow
from lstmcalc.report import Report
from lstmcalc.spec import Spec

__all__ = ["ModelRule"]


@rule.layer(family="")
class ModelRule(LayerRule):
    """A model used as a layer. `run` infers it on given input shapes; its weights are those of its layers."""

    takes_mask = True

    #: What the model is on the shapes of its latest application, and what becomes of masks in it.
    report: Report
    follow: Follow

    def __init__(
        self, name: str, model: str, spec: Spec, run: Callable[[Sequence[Shape]], tuple[Report, Follow]]
    ) -> None:
        super().__init__({}, name)
        self._model = model
        self._run = run
        self._seen: tuple[Shape, ...] | None = None
        self._class_name = spec.class_name or ("Sequential" if spec.sequential else "Functional")
        self.arity = (len(spec.inputs), len(spec.inputs))  # type: ignore[misc]  # a model's is its own

    @property
    def class_name(self) -> str:
        return self._class_name

    def weights(self, x: Inputs) -> Iterable[Weight]:
        for layer in self.report.layers:
            for weight in layer.weights:
                name = f"{layer.name}/{weight.name}"
                shape = lift(weight.shape)
                origin = weight.origin or f"{self._model}/{name}"
                uses, trainable = lift_size(weight.uses), weight.trainable
                yield Weight(name, shape, uses, weight.why, trainable, weight.dtype, origin, FREE)

    def work(self, x: Inputs) -> Iterable[Work]:
        return inner_work(self.report)

    def kept(self, x: Inputs, made: Made) -> Kept:
        # The layers of the model keep theirs.
        return Kept(model=self.report)

    def output_shape(self, x: Inputs) -> Any:
        (self.report, self.follow), self._seen = self._run(x.shapes), x.shapes
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
