"""From a spec to a report: every layer's rule is run on the shapes that reach it, and every fault is collected."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from lstmcalc.applied import Applied, Kinds, apply_rule, with_axes
from lstmcalc.beliefs import believed_outputs, contradiction
from lstmcalc.building import Builder
from lstmcalc.checks import stored_otherwise, unknown_output
from lstmcalc.collector import uncollected
from lstmcalc.dims import UNKNOWN, Dim, lift_size, lower, symbols_of
from lstmcalc.entering import enter
from lstmcalc.errors import Fault, Rejection, SpecError, Where
from lstmcalc.graph import CallKey, Order, numbered_calls
from lstmcalc.hints import hints_on_input_shape, hints_on_sizes, is_on_mask
from lstmcalc.layers.batch import Batches
from lstmcalc.layers.rule import Assumption, Inputs, LayerRule, Shape
from lstmcalc.mask_graph import MaskGraph
from lstmcalc.masks import Array, Follow, Followed, MaskFlow
from lstmcalc.model_hints import hints_on_model
from lstmcalc.nesting import ModelRule, apply_model, innermost_first
from lstmcalc.report import Holds, Port, Report
from lstmcalc.reporting import Layer, Unmade, input_report, layer_report
from lstmcalc.spec import Call, LayerSpec, Ref, Spec

if TYPE_CHECKING:
    from lstmcalc.causes import Step

__all__ = ["infer"]


@uncollected
def infer(spec: Spec, values: Mapping[str, int] | None = None, batch: int | None = None) -> Report:
    """Every shape and parameter of a model.

    `values` gives symbols a value, over those that the spec states, and unknown sizes of inputs, called `T`, or `T1`,
    `T2`, …; `batch` fixes the batch size. Raises `SpecError` with every independent fault; `report` holds the rest.

    >>> from lstmcalc import load
    >>> report = infer(load("specs/surname_classifier.yaml"))
    >>> report.totals.params
    88018
    """
    known: dict[str, Dim] = {**spec.symbols, **(values or {})}
    if values:
        from lstmcalc.opening import filled, unknown_values

        spec = filled(spec, values)
    if batch is not None:
        spec = spec._replace(batch=batch)
    walk = Walk(spec, known)
    report = walk.run()
    strange = unknown_values(spec, walk.builder.symbols, values) if values else ()
    faults = list(dict.fromkeys([*spec.faults, *strange, *walk.faults]))
    if spec.faults:
        faults.sort(key=_position)
    if faults:
        from lstmcalc.mending import all_mended

        raise SpecError(all_mended(faults, walk, partial(Walk, values=known)), report)
    return _with_fixes(report, spec, known) if any(map(is_on_mask, report.hints)) else report


def _with_fixes(report: Report, spec: Spec, known: Mapping[str, Dim]) -> Report:
    """The report with fixes of hints on masks that depend on sizes which the model leaves unknown."""
    from lstmcalc.mask_hints import with_fixes_of
    from lstmcalc.opening import named_sizes, stand_ins

    if not stand_ins(spec):
        return report
    named = Walk(named_sizes(spec), known).run()
    return report._replace(hints=with_fixes_of(report.hints, named.hints))


def _position(fault: Fault) -> tuple[int, int]:
    where = fault.where or Where()
    return where.line or 0, where.column or 0


class Walk:
    """One pass over a model's calls in order; `faults`, `assumptions` and `hints` collect what it meets."""

    def __init__(
        self,
        spec: Spec,
        values: Mapping[str, Dim],
        shapes: Sequence[Shape] | None = None,
        inner: dict[Hashable, Walk] | None = None,
    ) -> None:
        self.spec = spec
        #: The walks over nested models, by what they were given; one for all models in one another.
        self.inner = {} if inner is None else inner
        self.builder = Builder(values, {name: partial(self._model_rule, name) for name in spec.models})
        self.faults = self.builder.faults
        self.assumptions: dict[Holds, None] = {}
        self.hints: list[Fault] = []
        self.layers: dict[str, Layer] = {}
        self.outputs: dict[CallKey, tuple[Shape, ...] | None] = {}
        #: What Keras takes outputs for, where it is mistaken.
        self.believed: dict[CallKey, tuple[Shape, ...]] = {}
        self.batches = Batches()
        self.given = shapes
        self.calls = numbered_calls(spec)
        self.ports = {port.name for port in spec.inputs}
        self.kinds = Kinds(spec.models)
        #: The rule of each kind of layer, and what came of it on each kind of call.
        self.rules: dict[Hashable, LayerRule | None] = {}
        self.made: dict[Hashable, Applied] = {}
        self._model_rules: dict[str, ModelRule] = {}
        self.applied: dict[CallKey, Applied] = {}
        #: The symbols of the input shapes, and those among them that Keras needs a number for.
        self.free: set[str] = set()
        self.needs: set[str] = set()

    def run(self) -> Report:
        """The report; incomplete where `faults` is not empty."""
        # The outermost walk finds none made yet.
        for model in innermost_first(self.spec) if not self.inner else ():
            self._walk_over(model)
        for name in self.spec.models:
            self._check_model(name)
        entered = enter(self.spec, self.builder, self.given)
        self.entered = entered.shapes
        self.outputs.update({(name, 0): None if shape is None else (shape,) for name, shape in entered.shapes.items()})
        self.free = {name for shape in entered.shapes.values() for size in shape or () for name in symbols_of(size)}
        for name, assumption in entered.assumptions:
            self._assume(name, assumption)
        for key, call in self.calls.items():
            self._apply(key, call)
        for name, assumption in self.builder.assumptions:
            self._assume(name, assumption)
        self.masking = MaskGraph(self.calls, self.applied)
        self.order = Order(self.spec, self.calls, self.masking.parents)
        self.flow = self._masks()
        self.found = self._report(self.flow)
        return self.found

    def follow(self, arrays: Sequence[Array]) -> Followed:
        """What becomes of masks that the inputs carry, where the model is used as a layer."""
        if not any(array.mask for array in arrays):
            # Each use has arrays of its own, which it may be told masks of.
            made = {id(array): Array(array.mask) for array in self.flow.outputs}
            return Followed(tuple(made[id(array)] for array in self.flow.outputs), self.found)
        from copy import copy

        # What one use has to say is not said of the next.
        use = copy(self)
        use.faults, use.hints, use.assumptions = [], [*self.hints], {**self.assumptions}
        flow = use._masks(arrays)
        return Followed(flow.outputs, use._report(flow), use.faults, use.hints[len(self.hints) :])

    def _masks(self, given: Sequence[Array] = ()) -> MaskFlow:
        """The way of the masks, with the faults, assumptions and hints on it."""
        flow = MaskFlow(self.spec, self.applied, self.order, given, self.masking.idle)
        for key, fault in flow.faults:
            self._note(fault, flow.calls[key], self.layers[key[0]].rule)
        self._add(flow.inner_faults)
        for key, assumption in flow.assumptions:
            self._assume(key[0], assumption)
        self._note_hints(flow.inner_hints)
        if flow.has_masks:
            from lstmcalc.mask_hints import hints_on_masks

            rules = {name: layer.rule for name, layer in self.layers.items() if layer.rule}
            self._note_hints(hints_on_masks(flow, rules))
        return flow

    def _note_hints(self, hints: Iterable[Fault]) -> None:
        noted = set(self.hints)
        self.hints += [hint for hint in hints if hint not in noted]

    def _apply(self, key: CallKey, call: Call) -> None:
        layer = self.layers.get(call.layer)
        if layer is None:
            layer = self.layers[call.layer] = self._layer(self.spec.layers[call.layer])
        inputs = self._fetch(call.inputs, call)
        like = self._like(layer, call, inputs)
        applied = self.made.get(like)
        if applied is None or layer.first not in (None, applied):
            applied = self._run(layer, key, call, inputs)
            if applied and like is not None:
                self.made[like] = applied
        if applied is not None:
            self._settle(key, call, layer, applied)
            layer.calls.append((call, applied))
            return
        outputs = self._stated(call, inputs) if layer.rule is None else None
        self.outputs[key] = outputs
        came = tuple(None if shape is None else lower(shape) for shape in inputs)
        layer.calls.append((call, Unmade(came, None if outputs is None else tuple(map(lower, outputs)))))

    def _layer(self, spec: LayerSpec) -> Layer:
        """A layer with its rule; layers that are equal but for the name, and have nothing to be told, have one."""
        kind = self.kinds.of(spec)
        if kind in self.rules:
            return Layer(self.rules[kind], kind)
        noted = len(self.faults) + len(self.builder.assumptions)
        rule = self.builder.build(spec)
        if kind is None or rule is None or noted < len(self.faults) + len(self.builder.assumptions):
            return Layer(rule)
        self.rules[kind] = rule
        return Layer(rule, kind)

    def _like(self, layer: Layer, call: Call, inputs: Sequence[Shape | None]) -> Hashable | None:
        """What a call has in common with those of which the same comes; None where more is told than shapes."""
        told = call.initial_state or call.keywords or self.believed or self.batches.moved
        if layer.kind is None or told or None in inputs:
            return None
        return (layer.kind, *inputs, call.stated, bool(call.inputs) and call.inputs[0].name in self.ports)

    def _fetch(self, refs: Sequence[Ref], call: Call) -> list[Shape | None]:
        """The shapes behind references; None where they are not known."""
        shapes: list[Shape | None] = []
        for ref in refs:
            outputs = self.outputs.get((ref.name, ref.call))
            if outputs is not None and ref.index >= len(outputs):
                self._note(unknown_output(ref, len(outputs)), call)
                outputs = None
            shapes.append(None if outputs is None else outputs[ref.index])
        return shapes

    def _keywords(self, call: Call) -> dict[str, Any] | None:
        """What else a call is told, with shapes for outputs; None where the shape of one is not known."""
        seen: dict[str, Any] = {}
        for key, value in call.keywords.items():
            items = value if isinstance(value, (list, tuple)) else [value]
            shapes = iter(self._fetch([item for item in items if isinstance(item, Ref)], call))
            told = [next(shapes) if isinstance(item, Ref) else item for item in items]
            if any(shape is None and isinstance(item, Ref) for shape, item in zip(told, items, strict=True)):
                return None
            seen[key] = told if isinstance(value, (list, tuple)) else told[0]
        return seen

    def _run(self, layer: Layer, key: CallKey, call: Call, inputs: Sequence[Shape | None]) -> Applied | None:
        """One application of a rule, or None after noting why there is none."""
        rule, states, keywords = layer.rule, self._fetch(call.initial_state, call), self._keywords(call)
        if rule is None or None in inputs or None in states or keywords is None:
            return None
        x = Inputs([s for s in inputs if s is not None], (), [s for s in states if s is not None], keywords)
        try:
            applied = self._applied(layer, rule, x, call)
        except Rejection as refusal:
            stated = self._stated(call, x.shapes)
            if stated is None or refusal.fault.code != "unknown-shape":
                self._note(self._blame(refusal.fault, call, rule), call, rule)
                return None
            applied = Applied(rule, with_axes(rule, x), stated)
        except SpecError as error:
            self._add(error.faults)
            return None
        applied.batched = self.batches.follow(key, rule, applied.x, applied.outputs)
        self._hint(applied, call)
        return applied

    def _applied(self, layer: Layer, rule: LayerRule, x: Inputs, call: Call) -> Applied:
        x.batched = self.batches.seen(call.inputs)
        if isinstance(rule, ModelRule):
            applied = apply_model(rule, x, layer.first)
        else:
            applied = apply_rule(rule, x, layer.first.held if layer.first else None)
        applied.believed = believed_outputs(applied, self._believed(call, x.shapes))
        return applied

    def _settle(self, key: CallKey, call: Call, layer: Layer, applied: Applied) -> None:
        """Takes what came of a call into the model."""
        self.outputs[key], self.applied[key] = applied.outputs, applied
        if applied.believed is not None:
            self.believed[key] = applied.believed
        if call.stated and self.given is None and call.stated != applied.went:
            fault = contradiction(applied.believed or applied.outputs, call.stated)
            if fault:
                self._note(fault, call, applied.rule)
        for assumption in applied.x.assumptions:
            self._assume(call.layer, assumption)
        if layer.first is None:
            layer.first = applied
            self.needs.update(applied.needs)
            for hint in applied.hints:
                if hint.code != "adapt-first" or call.layer not in self.spec.adapted:
                    self.hints.append(hint.placed(call.where, (call.layer, applied.rule.class_name)))

    def _stated(self, call: Call, inputs: Sequence[Shape | None]) -> tuple[Shape, ...] | None:
        """The output shapes that the source states; they are of no use where a nested model is given other inputs."""
        if not call.stated or self.given is not None:
            return None
        batch = inputs[0][0] if inputs and inputs[0] else UNKNOWN
        return tuple((batch, *map(lift_size, shape[1:])) for shape in call.stated)

    def _believed(self, call: Call, shapes: Sequence[Shape]) -> list[Shape]:
        """What Keras takes the inputs of a call for: mostly what they are."""
        beliefs = [(self.believed.get((ref.name, ref.call)), ref.index) for ref in call.inputs]
        return [b[i] if b and i < len(b) else shape for (b, i), shape in zip(beliefs, shapes, strict=True)]

    def _blame(self, fault: Fault, call: Call, rule: LayerRule) -> Fault:
        from lstmcalc.causes import explained

        return explained(fault, call, rule, self._trace)

    def _trace(self, ref: Ref) -> Step | None:
        """How an output came about; None where it is not known."""
        from lstmcalc.causes import Step

        outputs, call = self.outputs.get((ref.name, ref.call)), self.calls.get((ref.name, ref.call))
        rule = self.layers[ref.name].rule if call else None
        if not outputs or ref.index >= len(outputs) or (call and rule is None):
            return None
        if call is None:
            return Step(ref.name, None, outputs[ref.index])
        shapes = tuple(shape for shape in self._fetch(call.inputs, call) if shape is not None)
        return Step(ref.name, rule, outputs[ref.index], shapes, call.inputs[0] if call.inputs else None)

    def _note(self, fault: Fault, call: Call, rule: LayerRule | None = None) -> None:
        class_name = rule.class_name if rule else self.spec.layers[call.layer].class_name
        self.faults.append(fault.placed(call.where, (call.layer, class_name)))

    def _assume(self, layer: str, assumption: Assumption) -> None:
        self.assumptions[Holds(layer, assumption.text, assumption.because, assumption.condition)] = None

    def _hint(self, applied: Applied, call: Call) -> None:
        """Notes the hints on a layer in what came of its call, without their place."""
        rule, x = applied.rule, applied.x
        is_first = bool(call.inputs) and call.inputs[0].name in self.ports
        on_sizes = dict(hints_on_sizes(x, applied.weights, self.free)) if self.free else {}
        hints = (*rule.hints(x), *hints_on_input_shape(rule, x, is_first), *dict.fromkeys(on_sizes.values()))
        applied.hints, applied.needs = [hint._replace(severity="hint") for hint in hints], tuple(on_sizes)

    def _model_rule(self, name: str, layer: str) -> ModelRule:
        """The one rule of a nested model: using its name again shares its weights."""
        if name not in self._model_rules:
            spec = self.spec.models[name]
            self._model_rules[name] = ModelRule(layer, name, spec, partial(self._run_model, spec))
        return self._model_rules[name]

    def _run_model(self, spec: Spec, shapes: Sequence[Shape] | None = None) -> tuple[Report, Follow]:
        walk = self._walk_over(spec, shapes)
        self.builder.symbols |= walk.builder.symbols
        if spec.faults or walk.faults:
            raise SpecError([*spec.faults, *walk.faults], walk.found)
        return walk.found, walk.follow

    def _walk_over(self, spec: Spec, shapes: Sequence[Shape] | None = None) -> Walk:
        """A walk over a nested model; the same model on the same shapes is walked over once."""
        key = (id(spec), shapes and tuple(shapes), frozenset(self.builder.values.items()))
        walk = self.inner.get(key)
        if walk is None:
            walk = Walk(spec, self.builder.values, shapes, self.inner)
            walk.run()
            # Behind the run, which a model refuses where the shapes are not its own.
            self.inner[key] = walk
        return walk

    def _check_model(self, name: str) -> None:
        """Finds the faults and hints of a nested model on its own inputs, also where it is not used."""
        try:
            hints = self._run_model(self.spec.models[name])[0].hints
            # What size its inputs have is for those to say who use it.
            self.hints += [hint for hint in hints if hint.code != "size-needed"]
        except SpecError as error:
            self._add(error.faults)

    def _add(self, faults: Sequence[Fault]) -> None:
        noted = set(self.faults) if faults else ()
        self.faults.extend(fault for fault in faults if fault not in noted)

    def _report(self, flow: MaskFlow) -> Report:
        spec = self.spec
        names = list(self.layers) if spec.sequential else self.order.layers
        listed = set(names)
        unused = [name for name in self.layers if name not in listed]
        self._note_hints(Fault("unused-layer", "a layer that leads to an output", f'"{name}", which leads to none',
                               "Keras leaves it out of the model", where=spec.layers[name].where,
                               layer=(name, spec.layers[name].class_name), severity="hint")
                         for name in unused)  # fmt: skip
        layers = [
            input_report(name, self.entered[name], flow)
            if name in self.ports
            else layer_report(spec, name, self.layers[name], flow)
            for name in names
        ]
        self.faults += stored_otherwise(spec, [layer for layer in layers if layer.known])
        inputs = tuple(Port(p.name, (shape := self.entered[p.name]) and lower(shape), p.dtype) for p in spec.inputs)
        outputs = tuple(self._port(ref) for ref in spec.outputs)
        report = Report(spec.source, spec.name, inputs, outputs, tuple(layers), tuple(self.assumptions),
                        tuple(self.hints), spec.sequential, tuple(sorted(self.needs)))  # fmt: skip
        hints = (*spec.hints, *report.hints, *hints_on_model(spec, self.calls, self.applied))
        kept = (hint.readable() for hint in hints if hint.code != "never-reset" or not spec.resets)
        return report._replace(hints=tuple(kept))

    def _port(self, ref: Ref) -> Port:
        shapes = self.outputs.get((ref.name, ref.call))
        if shapes is None:
            return Port(ref.name, None, ref=ref)
        if ref.index >= len(shapes):
            self._add([unknown_output(ref, len(shapes)).placed(self.spec.where)])
            return Port(ref.name, None, ref=ref)
        shape, believed = lower(shapes[ref.index]), self.believed.get((ref.name, ref.call))
        return Port(ref.name, shape, believed=lower(believed[ref.index]) if believed else None, ref=ref)
