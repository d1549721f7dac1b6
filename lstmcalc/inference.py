"""From a spec to a report: every layer's rule is run on the shapes that reach it, and every fault is collected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from lstmcalc.beliefs import believed_outputs, contradiction
from lstmcalc.building import Builder
from lstmcalc.causes import Step, explain_ndim, explain_number, explain_unknown
from lstmcalc.checks import MAX_NDIM, check_arity, check_keywords, check_sizes, check_weights, stored_otherwise
from lstmcalc.dims import (
    UNKNOWN,
    Dim,
    Expression,
    equal,
    lift_size,
    lower,
    substitute,
    symbol,
    symbols_of,
)
from lstmcalc.errors import Fault, Rejection, SpecError, Where
from lstmcalc.graph import CallKey, keras_order, numbered_calls
from lstmcalc.hints import hints_on_input_shape, hints_on_sizes
from lstmcalc.layers.batch import Batches, of_sample, used
from lstmcalc.layers.rule import Assumption, Inputs, LayerRule, Shape, Weight, as_shapes, own_weights
from lstmcalc.mask_graph import mask_parents
from lstmcalc.mask_hints import hints_on_masks, is_on_mask, with_fixes_of
from lstmcalc.masks import Applied, Array, Follow, Followed, MaskFlow
from lstmcalc.mending import mended
from lstmcalc.model_hints import hints_on_model
from lstmcalc.nesting import ModelRule
from lstmcalc.opening import filled, named_sizes, stand_ins
from lstmcalc.report import CallReport, Holds, Port, Report
from lstmcalc.reporting import Layer, input_report, layer_report
from lstmcalc.shapes import show_shape
from lstmcalc.spec import Call, Ref, Spec

__all__ = ["infer"]


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
    spec = filled(spec, values or {})
    if batch is not None:
        spec = replace(spec, batch=batch)
    walk = Walk(spec, known)
    report = walk.run()
    faults = list(dict.fromkeys([*spec.faults, *walk.unknown_values(values or {}), *walk.faults]))
    if spec.faults:
        faults.sort(key=_position)
    if faults:
        raise SpecError([mended(fault, walk, partial(Walk, values=known)) for fault in faults], report)
    if any(map(is_on_mask, report.hints)) and stand_ins(spec):
        named = Walk(named_sizes(spec), known).run()
        return replace(report, hints=with_fixes_of(report.hints, named.hints))
    return report


def _position(fault: Fault) -> tuple[int, int]:
    where = fault.where or Where()
    return where.line or 0, where.column or 0


class Walk:
    """One pass over a model's calls in order; `faults`, `assumptions` and `hints` collect what it meets."""

    def __init__(self, spec: Spec, values: Mapping[str, Dim], shapes: Sequence[Shape] | None = None) -> None:
        self.spec = spec
        self.values = dict(values)
        self.builder = Builder(values, {name: partial(self._model_rule, name) for name in spec.models})
        self.faults = self.builder.faults
        self.assumptions: dict[Holds, None] = {}
        self.hints: list[Fault] = []
        self.layers: dict[str, Layer] = {}
        self.outputs: dict[CallKey, tuple[Shape, ...] | None] = {}
        self.steps: dict[CallKey, Step] = {}
        #: What Keras takes outputs for, where it is mistaken.
        self.believed: dict[CallKey, tuple[Shape, ...]] = {}
        self.batches = Batches()
        self.given = shapes
        self.calls = numbered_calls(spec)
        self._model_rules: dict[str, ModelRule] = {}
        self.applied: dict[CallKey, Applied] = {}
        #: The symbols of the input shapes, and those among them that Keras needs a number for.
        self.free: set[str] = set()
        self.needs: set[str] = set()

    def run(self) -> Report:
        """The report; incomplete where `faults` is not empty."""
        for name in self.spec.models:
            self._check_model(name)
        self._read_inputs()
        for key, call in self.calls.items():
            self._apply(key, call)
        for name, assumption in self.builder.assumptions:
            self._assume(name, assumption)
        self.mask_parents = mask_parents(self.spec, self.applied)
        self.flow = self._masks()
        self.found = self._report(self.flow)
        return self.found

    def follow(self, arrays: Sequence[Array]) -> Followed:
        """What becomes of masks that the inputs carry, where the model is used as a layer."""
        if not any(array.mask for array in arrays):
            return Followed(self.flow.outputs, self.found)
        faults, hints = len(self.faults), len(self.hints)
        flow = self._masks(arrays)
        return Followed(flow.outputs, self._report(flow), self.faults[faults:], self.hints[hints:])

    def _masks(self, given: Sequence[Array] = ()) -> MaskFlow:
        """The way of the masks, with the faults, assumptions and hints on it."""
        flow = MaskFlow(self.spec, self.applied, given, self.mask_parents)
        for key, fault in flow.faults:
            self._note(fault, flow.calls[key], self.layers[key[0]].rule)
        self._add(flow.inner_faults)
        for key, assumption in flow.assumptions:
            self._assume(key[0], assumption)
        rules = {name: layer.rule for name, layer in self.layers.items() if layer.rule}
        self.hints += [hint for hint in (*flow.inner_hints, *hints_on_masks(flow, rules)) if hint not in self.hints]
        return flow

    def unknown_values(self, values: Mapping[str, int]) -> list[Fault]:
        """A fault for every value whose symbol the model does not have."""
        there = self.builder.symbols | set(self.spec.symbols)
        named = [f"`{name}` ({where})" for name, where in stand_ins(self.spec).items()]
        listed = ", ".join([*(f"`{name}`" for name in sorted(there)), *named])
        return [
            Fault("unknown-symbol", f"one of {listed}" if listed else "no value, since the model has no symbols", name)
            .placed(Where(self.spec.source))
            for name in values
            if name not in there
        ]  # fmt: skip

    def _size(self, value: Any, what: str, where: Where) -> Dim:
        """A size of an input or the batch; what cannot be read is a fault, and unknown from there on."""
        if value is None:
            return UNKNOWN
        try:
            size = self.builder.size(value)
        except ValueError as error:
            self.faults.append(Fault("wrong-size", f"{what} to be an integer, null, or arithmetic with names",
                                     f"`{value}`", str(error), where=where))  # fmt: skip
            return UNKNOWN
        if isinstance(size, int) and size < 1:
            self.faults.append(Fault("wrong-size", f"{what} to be at least 1", str(size), where=where))
            return UNKNOWN
        return size

    def _read_inputs(self) -> None:
        batch = self._size(self.spec.batch, "`batch`", self.spec.where)
        if isinstance(batch, Expression) and batch is not UNKNOWN:
            names = " and ".join(f"`{name}`" for name in symbols_of(batch))
            fix = f"give {names} a value, or state the number"
            got = f"`{self.spec.batch}`"
            self.faults.append(Fault("unset-symbol", "`batch` to be a number", got, fix=fix, where=self.spec.where))
            batch = UNKNOWN
        for index, port in enumerate(self.spec.inputs):
            if len(port.shape) >= MAX_NDIM:
                fault = Fault("too-large", f"an input of at most {MAX_NDIM} axes", str(len(port.shape) + 1))
                self.faults.append(fault.placed(port.where))
                port = replace(port, shape=())
            what = f'every size of input "{port.name}"'
            shape: Shape = (batch, *(self._size(size, what, port.where) for size in port.shape))
            if self.given is not None:
                shape = self._take(port.name, shape, self.given[index])
            self.outputs[port.name, 0] = (shape,)
            self.steps[port.name, 0] = Step(port.name, None, shape)
            self.free.update(name for size in shape for name in symbols_of(size))

    def _take(self, name: str, declared: Shape, given: Shape) -> Shape:
        """The shape that a nested model's input takes on; a free symbol of its own stands for what is given."""
        if len(declared) != len(given):
            raise Rejection("wrong-ndim", f'{show_shape(declared)}, the shape of its input "{name}"', show_shape(given))
        x = Inputs([given])
        for size, actual in zip(declared[1:], given[1:], strict=True):
            size = substitute(size, self.values)
            free = symbols_of(size)
            if len(free) == 1 and size == symbol(free[0]):
                self.values[free[0]] = self.builder.values[free[0]] = actual
            elif size is not UNKNOWN and actual is not UNKNOWN:
                x.require(equal(size, actual), "wrong-size", f"{show_shape(declared)}, its input \"{name}\"",
                          show_shape(given))  # fmt: skip
        for assumption in x.assumptions:
            self._assume(name, assumption)
        return given

    def _apply(self, key: CallKey, call: Call) -> None:
        layer = self.layers.get(call.layer)
        if layer is None:
            layer = self.layers[call.layer] = Layer(self.builder.build(self.spec.layers[call.layer]))
        inputs, states = self._fetch(call.inputs, call), self._fetch(call.initial_state, call)
        outputs: tuple[Shape, ...] | None = None
        keywords = self._keywords(call)
        if layer.rule and None not in inputs and None not in states and keywords is not None:
            x = Inputs([s for s in inputs if s is not None], (), [s for s in states if s is not None], keywords)
            outputs = self._run(layer, key, call, x)
        elif layer.rule is None:
            outputs = self._stated(call, inputs)
        self.outputs[key] = outputs
        if outputs is not None and layer.rule:
            shapes = tuple(shape for shape in inputs if shape is not None)
            self.steps[key] = Step(call.layer, layer.rule, outputs[0], shapes, call.inputs[0] if call.inputs else None)
        sources = tuple(ref.name for ref in call.refs)
        lowered = tuple(None if shape is None else lower(shape) for shape in inputs)
        made = None if outputs is None else tuple(lower(shape) for shape in outputs)
        stated = self.believed.get(key)
        believed = None if stated is None else tuple(map(lower, stated))
        layer.calls.append(CallReport(lowered, made, sources, believed, refs=call.refs))

    def _fetch(self, refs: Sequence[Ref], call: Call) -> list[Shape | None]:
        """The shapes behind references; None where they are not known."""
        shapes: list[Shape | None] = []
        for ref in refs:
            outputs = self.outputs.get((ref.name, ref.call))
            if outputs is not None and ref.index >= len(outputs):
                self._note(_unknown_output(ref, len(outputs)), call)
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

    def _run(self, layer: Layer, key: CallKey, call: Call, x: Inputs) -> tuple[Shape, ...] | None:
        """One application of a rule: its outputs, or None after noting why there are none."""
        rule = layer.rule
        assert rule is not None
        try:
            check_arity(rule, len(x.shapes), len(x.states))
            check_keywords(rule, x.keywords)
            x = x.replace(x.shapes, rule.axis_names(x.ndim) if x.shapes else (), x.states)
            x.batched = self.batches.seen(call.inputs)
            outputs = as_shapes(rule.output_shape(x))
            check_sizes(outputs)
            weights = tuple(own_weights(rule, x))
            check_weights(x, weights, layer.weights)
            # The model behind the rule, before it is asked what Keras takes it for.
            nested, follow = (rule.report, rule.follow) if isinstance(rule, ModelRule) else (None, None)
            believed = believed_outputs(rule, x, self._believed(call, x.shapes), weights)
        except Rejection as refusal:
            stated = self._stated(call, x.shapes)
            if stated is None or refusal.fault.code != "unknown-shape":
                self._note(self._blame(refusal.fault, call, rule), call, rule)
                return None
            outputs, weights, nested, follow, believed = stated, (), None, None, None
        except SpecError as error:
            self._add(error.faults)
            return None
        if self._stated(call, x.shapes) and (fault := contradiction(believed or outputs, call.stated)):
            self._note(fault, call, rule)
        if layer.weights is None:
            layer.weights = used(rule, x, weights)
            layer.formula = rule.formula(x) if weights else None
            layer.nested = nested
            self._hint(rule, x, weights, call)
        for assumption in x.assumptions:
            self._assume(call.layer, assumption)
        if believed is not None:
            self.believed[key] = believed
        work, batched = of_sample(rule, x, weights), self.batches.follow(key, rule, x, outputs)
        self.applied[key] = Applied(rule, x, outputs, follow, work, batched)
        return outputs

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
        source = (*call.inputs, Ref(""))[0]
        if fault.code == "wrong-ndim" and not fault.got:
            return explain_ndim(fault, call.layer, rule, source, self._trace)
        if fault.code == "unknown-size":
            return explain_unknown(fault, source, self._trace)
        if fault.code == "wrong-number-of-inputs":
            return explain_number(fault, call.inputs, self._trace)
        return fault

    def _trace(self, ref: Ref) -> Step | None:
        step = self.steps.get((ref.name, ref.call))
        outputs = self.outputs.get((ref.name, ref.call))
        return replace(step, shape=outputs[ref.index]) if step and outputs and ref.index < len(outputs) else None

    def _note(self, fault: Fault, call: Call, rule: LayerRule | None = None) -> None:
        class_name = rule.class_name if rule else self.spec.layers[call.layer].class_name
        self.faults.append(fault.placed(call.where, (call.layer, class_name)))

    def _assume(self, layer: str, assumption: Assumption) -> None:
        self.assumptions[Holds(layer, assumption.text, assumption.because, assumption.condition)] = None

    def _hint(self, rule: LayerRule, x: Inputs, weights: tuple[Weight, ...], call: Call) -> None:
        is_first = bool(call.inputs) and call.inputs[0].name in {port.name for port in self.spec.inputs}
        hints = [*rule.hints(x), *hints_on_input_shape(rule, x, is_first)]
        for name, hint in hints_on_sizes(x, weights, self.free):
            self.needs.add(name)
            hints.append(hint)
        for hint in hints:
            if hint.code == "adapt-first" and call.layer in self.spec.adapted:
                continue
            placed = replace(hint, severity="hint").placed(call.where, (call.layer, rule.class_name))
            self.hints.append(placed)

    def _model_rule(self, name: str, layer: str) -> ModelRule:
        """The one rule of a nested model: using its name again shares its weights."""
        if name not in self._model_rules:
            spec = self.spec.models[name]
            self._model_rules[name] = ModelRule(layer, name, spec, partial(self._run_model, spec))
        return self._model_rules[name]

    def _run_model(self, spec: Spec, shapes: Sequence[Shape] | None = None) -> tuple[Report, Follow]:
        walk = Walk(spec, self.values, shapes)
        report = walk.run()
        self.builder.symbols |= walk.builder.symbols
        if spec.faults or walk.faults:
            raise SpecError([*spec.faults, *walk.faults], report)
        return report, walk.follow

    def _check_model(self, name: str) -> None:
        """Finds the faults and hints of a nested model on its own inputs, also where it is not used."""
        try:
            hints = self._run_model(self.spec.models[name])[0].hints
            # What size its inputs have is for those to say who use it.
            self.hints += [hint for hint in hints if hint.code != "size-needed"]
        except SpecError as error:
            self._add(error.faults)

    def _add(self, faults: Sequence[Fault]) -> None:
        self.faults.extend(fault for fault in faults if fault not in self.faults)

    def _report(self, flow: MaskFlow) -> Report:
        spec = self.spec
        names = list(self.layers) if spec.sequential else keras_order(spec, self.mask_parents)
        unused = [name for name in self.layers if name not in names]
        for name in unused:
            self.hints.append(Fault("unused-layer", "a layer that leads to an output", f'"{name}", which leads to none',
                                    "Keras leaves it out of the model", where=spec.layers[name].where,
                                    layer=(name, spec.layers[name].class_name), severity="hint"))  # fmt: skip
        ports = {port.name: port for port in spec.inputs}
        layers = [
            input_report(name, self._shape_of_input(name), flow)
            if name in ports
            else layer_report(spec, name, self.layers[name], flow, self.applied)
            for name in names
        ]
        self.faults += stored_otherwise(spec, [layer for layer in layers if layer.known])
        inputs = tuple(Port(p.name, lower(self._shape_of_input(p.name)), p.dtype) for p in spec.inputs)
        outputs = tuple(self._port(ref) for ref in spec.outputs)
        report = Report(spec.source, spec.name, inputs, outputs, tuple(layers), tuple(self.assumptions),
                        tuple(self.hints), spec.sequential, tuple(sorted(self.needs)))  # fmt: skip
        rules = {name: layer.rule for name, layer in self.layers.items() if layer.rule}
        hints = (*spec.hints, *report.hints, *hints_on_model(spec, rules, report))
        return replace(report, hints=tuple(hint for hint in hints if hint.code != "never-reset" or not spec.resets))

    def _shape_of_input(self, name: str) -> Shape:
        return (self.outputs[name, 0] or ((),))[0]

    def _port(self, ref: Ref) -> Port:
        shapes = self.outputs.get((ref.name, ref.call))
        if shapes is None:
            return Port(ref.name, None, ref=ref)
        if ref.index >= len(shapes):
            self._add([_unknown_output(ref, len(shapes)).placed(self.spec.where)])
            return Port(ref.name, None, ref=ref)
        shape, believed = lower(shapes[ref.index]), self.believed.get((ref.name, ref.call))
        return Port(ref.name, shape, believed=lower(believed[ref.index]) if believed else None, ref=ref)


def _unknown_output(ref: Ref, number: int) -> Fault:
    expected = f"one of the {number} outputs" if number > 1 else "the only output"
    return Fault("unknown-output", f'{expected} of "{ref.name}", counted from 0', f"`{ref}`", where=ref.where)
