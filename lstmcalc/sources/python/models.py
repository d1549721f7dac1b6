"""Which of a file's models is meant, and that model as a `Spec`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.sources.bounds import first_faults
from lstmcalc.sources.python.graph import Graph
from lstmcalc.sources.python.shapes import nodes_between, told, wrapped
from lstmcalc.sources.python.values import Array, Layer, Model, Node, Tensor
from lstmcalc.sources.python.wording import not_known
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec

__all__ = ["independent", "note_shared", "to_spec"]

#: How many layer calls a model may come to when every nested model is written out at every use.
MAX_CALLS = 100_000
#: An array of more numbers than this is not written out.
MAX_NUMBERS = 10_000


def independent(graph: Graph, models: list[Model], others: Iterable[Model] = ()) -> list[Model]:
    """The models that are no part of another, or of `others`: not used there, nor made of some of its layer calls."""
    for model in models:
        graph.build(model)
    calls = {model: _calls(model) for model in (*models, *others)}
    inside = {inner for nodes in calls.values() for node in nodes for inner in wrapped(node.layer)}
    held = {value for layer in graph.layers for item in layer.arguments.values() for value in wrapped(item)}
    left = [model for model in models if model not in inside and model not in held]
    return [
        model for i, model in enumerate(left)
        if not any(_is_part(calls[model], calls[other], i > j) for j, other in enumerate(left) if other is not model)
    ]  # fmt: skip


def _calls(model: Model) -> set[Node]:
    return {node for node in nodes_between(model.inputs, model.outputs) if node.inputs}


def _is_part(calls: set[Node], others: set[Node], later: bool) -> bool:
    return bool(calls) and calls <= others and (calls != others or later)


def to_spec(graph: Graph, model: Model, source: str, faults: Iterable[Fault] = ()) -> Spec:
    """The spec of a model; its `faults` are those met in it. Raises SpecError where nothing is left to look at."""
    found: dict[Fault, None] = dict.fromkeys(faults)
    inner = _innermost_first(graph, model)
    note_shared(graph, model)
    written: dict[Model, Spec] = {}
    for each in inner:
        _Writer(graph, source, {}, written).nested(each)
    spec = _Writer(graph, source, found, written).write(model)
    known = first_faults(found)
    if known and all(spec.layers[call.layer].unread for call in spec.calls):
        raise SpecError(known)
    # Keras asks only the model that one looks at whether it is frozen; in one it is used in, its layers say.
    return spec._replace(trainable=model not in graph.frozen, faults=tuple(known))


def note_shared(graph: Graph, model: Model) -> None:
    """Notes which layers stand at several places in a model: in wrappers, in models in it, and on their own."""
    places: dict[Layer, dict[Layer | Model, None]] = {}
    stack, visited = [model], {model}
    while stack:
        owner = stack.pop()
        graph.build(owner)
        for layer in dict.fromkeys(node.layer for node in nodes_between(owner.inputs, owner.outputs)):
            for inner, place in placed(layer, owner):
                if isinstance(inner, Layer):
                    places.setdefault(inner, {})[place] = None
                elif inner not in visited:
                    visited.add(inner)
                    stack.append(inner)
    several = [layer for layer, found in places.items() if len(found) > 1]
    for layer in several:
        graph.shapes.shared.setdefault(layer, f"{layer.name}#{len(graph.shapes.shared) + 1}")
        graph.shapes.forget(layer)
    for layer in places:
        if any(inner in several for inner in wrapped(layer)):
            graph.shapes.forget(layer)


def placed(value: Any, place: Layer | Model) -> list[tuple[Layer | Model, Layer | Model]]:
    """The layers and models in a value, itself included, and what each stands in."""
    if isinstance(value, Layer):
        return [(value, place), *(pair for item in value.arguments.values() for pair in placed(item, value))]
    if isinstance(value, Model):
        return [(value, place)]
    return [pair for item in value for pair in placed(item, place)] if isinstance(value, list) else []


def _innermost_first(graph: Graph, model: Model) -> list[Model]:
    """The models in a model, each behind those in it; raises SpecError where all of them come to too many calls."""
    counts: dict[Model, int] = {}
    stack = [model]
    while stack:
        top = stack[-1]
        graph.build(top)
        nodes = nodes_between(top.inputs, top.outputs)
        inner = [value for node in nodes for value in wrapped(node.layer) if isinstance(value, Model)]
        waiting = [value for value in inner if value not in counts and value not in stack]
        if waiting:
            stack.append(waiting[0])
            continue
        stack.pop()
        counts[top] = len(nodes) + sum(counts.get(value, 0) for value in inner)
    if counts[model] > MAX_CALLS:
        expected = f"at most {MAX_CALLS:,} layer calls, with every nested model written out"
        raise SpecError([Fault("too-large", expected, f"{counts[model]:,}", where=model.where)])
    return [inner for inner in counts if inner is not model]


class _Writer:
    """Writes one model, and the models in it; `faults` collects what is wrong with what they are made of."""

    def __init__(self, graph: Graph, source: str, faults: dict[Fault, None], written: dict[Model, Spec]) -> None:
        self.graph, self.source, self.faults, self.written = graph, source, faults, written

    def write(self, model: Model) -> Spec:
        """The spec of a model; the layers that a fault keeps from being read are marked."""
        self.graph.build(model)
        self.faults.update(dict.fromkeys(model.faults))
        nodes = nodes_between(model.inputs, model.outputs)
        self.ports = {(tensor.node, tensor.index): self._input(tensor) for tensor in model.inputs}
        self.refs: dict[Node, tuple[str, int]] = {}
        self.layers: dict[str, LayerSpec] = {}
        self.models: dict[str, Spec] = {}
        self.counts: dict[str, int] = {}
        self.makers: dict[str, Any] = {}
        calls = [call for node in nodes if (call := self._call(node))]
        outputs = [ref for tensor in model.outputs if (ref := self._ref(tensor))]
        if len(outputs) < len(model.outputs):
            outputs = self._ends(calls)
        inputs = tuple(self.ports.values())
        batch = next((tensor.node.layer.arguments.get("batch") for tensor in model.inputs
                      if isinstance(tensor.node.layer, Layer)), None)  # fmt: skip
        own = "" if model.kind in ("Sequential", "Functional") else model.kind
        return Spec(model.name, inputs, self.layers, tuple(calls), tuple(outputs), batch, models=self.models,
                    sequential=model.sequential, class_name=own, source=self.source, where=model.where)  # fmt: skip

    def _input(self, tensor: Tensor) -> InputSpec:
        layer = tensor.node.layer
        self.faults.update(dict.fromkeys(tensor.node.faults))
        if isinstance(layer, Layer) and layer.class_name == "InputLayer":
            sizes = layer.arguments["shape"]
            shape = ["input_dim"] if sizes is None else sizes
            return InputSpec(layer.name, tuple(shape), layer.arguments["dtype"], layer.where)
        found = self.graph.shapes.of(tensor) or ()
        sizes = [self.graph.size(size) for size in found[1:]]
        return InputSpec(f"{layer.name}_input", tuple(sizes), "float32", tensor.node.where)

    def _call(self, node: Node) -> Call | None:
        """A node as a call, of a layer that counts as not read where it, or what goes in, is at fault."""
        layer = node.layer
        faults = self._faults_of(node)
        self.faults.update(dict.fromkeys(faults))
        sources = {tensor: self._ref(tensor) for tensor in node.sources}
        refs = {tensor: ref for tensor, ref in sources.items() if ref}
        unread = bool(faults) or len(refs) < len(sources)
        name = self._layer(layer, node, unread)
        if not name:
            return None
        index = self.counts.get(name, 0)
        self.counts[name] = index + 1
        self.refs[node] = name, index
        inputs, states = (tuple(refs[tensor] for tensor in group if tensor in refs)
                          for group in (node.inputs, node.states))  # fmt: skip
        keywords = {} if unread else {key: told(value, refs, _constant) for key, value in node.keywords.items()}
        return Call(name, inputs, states, node.where, keywords)

    def _faults_of(self, node: Node) -> list[Fault]:
        layer = node.layer
        label = layer.name, layer.class_name if isinstance(layer, Layer) else layer.kind
        faults = [fault.placed(None, label) for fault in node.faults]
        for inner in wrapped(layer):
            if isinstance(inner, Layer):
                faults += [fault.placed(None, (inner.name, inner.class_name)) for fault in inner.faults]
        if node in self.graph.unset:
            faults.append(not_known(self.graph.unset[node], "the output of a layer", node.where))
        elif isinstance(layer, Layer) and layer.class_name == "InputLayer":
            names = ", ".join(f"`{port.name}`" for port in self.ports.values()) or "those of the model"
            because = "the model is not told of it"
            faults.append(Fault("disconnected-graph", f"outputs that need no input but {names}", f"`{layer.name}`",
                                because, "add it to `inputs`", node.where, label))  # fmt: skip
        return faults

    def _ref(self, tensor: Tensor) -> Ref | None:
        if (port := self.ports.get((tensor.node, tensor.index))) is not None:
            return Ref(port.name)
        if tensor.node not in self.refs:
            return None
        name, call = self.refs[tensor.node]
        return Ref(name, tensor.index, call)

    def _layer(self, layer: Layer | Model, node: Node, unread: bool) -> str:
        """The name of a layer in this model, under which it stands in `layers` from then on."""
        for inner in wrapped(layer):
            if isinstance(inner, Model):
                self.models[self.graph.key(inner)] = self.nested(inner)
        name = self.graph.key(layer) if isinstance(layer, Model) else layer.name
        taken = self.makers.setdefault(name, layer)
        if taken is not layer or any(port.name == name for port in self.ports.values()):
            place = taken.where if taken is not layer else Where()
            because = f"what stands at line {place.line}, column {place.column} has this name" if place.line else (
                "an input has this name")  # fmt: skip
            where = layer.where
            fault = Fault("duplicate-name", "a name of its own", f"`{name}` again", because, where=where)
            self.faults[fault] = None
            return ""
        if name in self.layers:
            return "" if unread and not self.layers[name].unread else name
        made = LayerSpec(name, name, {}, node.where) if isinstance(layer, Model) else self.graph.shapes.spec(layer)
        self.layers[name] = made.changed(unread=unread)
        return name

    def nested(self, model: Model) -> Spec:
        """The spec of a model in this one, which is written once."""
        if model not in self.written:
            faults: dict[Fault, None] = {}
            spec = _Writer(self.graph, self.source, faults, self.written).write(model)
            self.written[model] = spec._replace(faults=tuple(first_faults(faults)))
        self.faults.update(dict.fromkeys(self.written[model].faults))
        return self.written[model]

    def _ends(self, calls: list[Call]) -> list[Ref]:
        """The outputs that nothing takes, where those of the model are at fault."""
        taken = {(ref.name, ref.call) for call in calls for ref in call.refs}
        return [
            Ref(*found)
            for name, index in self.refs.values()
            if (found := (name, 0, index)) and (name, index) not in taken
        ]


def _constant(value: Any) -> Any:
    """A constant of a call; data of a known shape is written as numbers."""
    if not isinstance(value, Array):
        return value
    count = 1
    for size in value.shape:
        count *= size if isinstance(size, int) else MAX_NUMBERS + 1
    return _zeros(value.shape) if count <= MAX_NUMBERS else "an array"


def _zeros(shape: tuple[Any, ...]) -> Any:
    return [_zeros(shape[1:]) for _ in range(shape[0])] if shape else 0.0
