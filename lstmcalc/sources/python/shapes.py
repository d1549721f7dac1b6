"""The shapes of a graph while it is read: code asks for them (`x.shape[-1]`), and unpacks outputs by their number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from lstmcalc.building import Builder
from lstmcalc.dims import MAX_SIZE, Dim, lift_size, terms_of
from lstmcalc.errors import Rejection
from lstmcalc.layers import rule
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, as_shapes
from lstmcalc.sources.layer_call import SharedArguments, plain_key
from lstmcalc.sources.python.values import Array, Layer, Model, Node, Tensor
from lstmcalc.spec import LayerSpec

__all__ = ["Shapes", "nodes_between", "told", "wrapped"]

#: The shapes of all outputs; None where they are not known.
Outputs = tuple[Shape, ...] | None
#: A tensor by where it comes from.
Output = tuple[Node, int]


@rule.layer(family="", arity=(1, None))
class _Nested(LayerRule):
    """A model inside a wrapper: what it makes of a shape, and nothing else."""

    def __init__(self, run: Callable[[Sequence[Shape]], Outputs], name: str) -> None:
        super().__init__({}, name)
        self._run = run

    def output_shape(self, x: Inputs) -> Any:
        shapes = self._run(x.shapes)
        if shapes is None:
            raise Rejection("unknown-shape")
        return shapes[0] if len(shapes) == 1 else shapes


class Shapes:
    """Runs the rules of layers on shapes; `key` gives the name under which a nested model is known."""

    def __init__(self, key: Callable[[Model], str], build: Callable[[Model, Sequence[Shape]], None]) -> None:
        self.builder = Builder()
        self._key, self._build = key, build
        #: What identifies a layer that stands at several places, and holds one set of weights.
        self.shared: dict[Layer, str] = {}
        self._rules: dict[Layer, LayerRule | None] = {}
        #: What layers that are alike make of shapes.
        self._made: dict[tuple[Any, tuple[Shape, ...], tuple[Shape, ...]], Outputs] = {}
        self._shared = SharedArguments()
        self._known: dict[tuple[Model, tuple[Tensor, ...], tuple[Shape, ...]], Outputs] = {}

    def rule(self, layer: Layer) -> LayerRule | None:
        """The rule of a layer; None where it has none, or has wrong arguments."""
        if layer not in self._rules:
            self._rules[layer] = self.builder.build(self.spec(layer))
        return self._rules[layer]

    def forget(self, layer: Layer) -> None:
        """Reads the rule of a layer again, whose arguments have changed."""
        self._rules.pop(layer, None)

    def spec(self, layer: Layer) -> LayerSpec:
        """The layer as inference takes it, wrapped ones included."""
        arguments = self._shared.of({key: self._value(value) for key, value in layer.arguments.items()})
        shared = self.shared.get(layer, "")
        return LayerSpec(layer.class_name, layer.name, arguments, layer.where, layer.places, shared, code=layer.code)

    def _value(self, value: Any) -> Any:
        if isinstance(value, Layer):
            return self.spec(value)
        if isinstance(value, Model):
            key = self._key(value)
            run = partial(self.of_model, value)
            self.builder.models = {**self.builder.models, key: partial(_Nested, run)}
            return LayerSpec(key, value.name, {}, value.where)
        return [self._value(item) for item in value] if isinstance(value, list) else value

    def size(self, value: Any) -> Dim:
        """A size as rules calculate with it; unknown where it is no size."""
        try:
            return self.builder.size(value) if isinstance(value, str) else lift_size(value)
        except ValueError:
            return lift_size(None)

    def of_input(self, layer: Layer) -> Shape | None:
        """The shape of an input, with the batch; None while it is not known."""
        sizes = layer.arguments.get("shape")
        return None if sizes is None else tuple(map(self.size, (layer.arguments.get("batch"), *sizes)))

    def of(self, tensor: Tensor) -> Shape | None:
        """The shape of a tensor."""
        node = tensor.node
        if isinstance(node.layer, Layer) and node.layer.class_name == "InputLayer":
            return self.of_input(node.layer)
        return tensor.shape

    def of_call(self, node: Node, known: Mapping[Output, Shape | None] | None = None) -> Outputs:
        """The shapes of a node's outputs; `known` holds those of tensors where they are not the tensors' own."""

        def shape_of(tensor: Tensor) -> Shape | None:
            return self.of(tensor) if known is None else known.get((tensor.node, tensor.index))

        sources = {tensor: shape_of(tensor) for tensor in node.sources}
        if None in sources.values():
            return None
        inputs = [shape for tensor in node.inputs if (shape := sources[tensor]) is not None]
        states = [shape for tensor in node.states if (shape := sources[tensor]) is not None]
        if isinstance(node.layer, Model):
            return self.of_model(node.layer, inputs)
        if node.layer.class_name == "InputLayer":
            shape = self.of_input(node.layer)
            return None if shape is None else (shape,)
        keywords = {key: told(value, sources, _constant) for key, value in node.keywords.items()}
        alike = None if keywords else _alike(node.layer)
        if alike is None:
            return self._run(node.layer, inputs, states, keywords)
        key = alike, tuple(inputs), tuple(states)
        if key not in self._made:
            self._made[key] = self._run(node.layer, inputs, states, keywords)
        return self._made[key]

    def _run(self, layer: Layer, shapes: list[Shape], states: list[Shape], keywords: Mapping[str, Any]) -> Outputs:
        rule = self.rule(layer)
        if rule is None:
            return None
        least, most = rule.arity
        if len(shapes) < least or (most is not None and len(shapes) > most) or set(keywords) - set(rule.keywords):
            return None
        x = Inputs(shapes, (), states, keywords)
        try:
            x = x.replace(shapes, rule.axis_names(x.ndim) if shapes else (), states)
            outputs = as_shapes(rule.output_shape(x))
        except (Rejection, ValueError):
            return None
        large = any(abs(number) > MAX_SIZE for shape in outputs for size in shape for number in terms_of(size).values())
        return None if large else outputs

    def of_model(self, model: Model, shapes: Sequence[Shape]) -> Outputs:
        """What a model makes of inputs of these shapes."""
        self._build(model, shapes)
        key = model, tuple(model.outputs), tuple(shapes)
        if key not in self._known:
            ports = [(tensor.node, tensor.index) for tensor in model.inputs]
            known: dict[Output, Shape | None] = dict(zip(ports, shapes, strict=False))
            for node in nodes_between(model.inputs, model.outputs):
                for index, shape in enumerate(self.of_call(node, known) or ()):
                    known[node, index] = shape
            outputs = [known.get((tensor.node, tensor.index)) for tensor in model.outputs]
            known_all = bool(outputs) and None not in outputs
            self._known[key] = tuple(shape for shape in outputs if shape is not None) if known_all else None
        return self._known[key]


def told(value: Any, found: Mapping[Tensor, Any], constant: Callable[[Any], Any]) -> Any:
    """What a call is told: tensors, also those in a list, as what `found` has for them, anything else as `constant`."""
    if isinstance(value, list) and any(isinstance(item, Tensor) for item in value):
        return [told(item, found, constant) for item in value]
    return found[value] if isinstance(value, Tensor) else constant(value)


def _constant(value: Any) -> Any:
    return tuple(map(lift_size, value.shape)) if isinstance(value, Array) else value


def _alike(layer: Layer) -> Any:
    """What only layers of the same class and arguments have in common; None where an argument is no plain data."""
    try:
        return layer.class_name, tuple([(name, _key(value)) for name, value in layer.arguments.items()])
    except TypeError:
        return None


def _key(value: Any) -> Any:
    # Asked once for each layer inside others, whose number would double with every level.
    alike = _alike(value) if isinstance(value, Layer) else None
    return (Layer, alike) if alike else plain_key(value)


def nodes_between(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Node]:
    """The applications that lead from inputs to outputs, in the order in which they were made."""
    found: dict[Node, None] = {}
    ports = {(tensor.node, tensor.index) for tensor in inputs}
    stack = list(outputs)
    while stack:
        tensor = stack.pop()
        if tensor.node not in found and (tensor.node, tensor.index) not in ports:
            found[tensor.node] = None
            stack.extend(tensor.node.sources)
    return sorted(found, key=lambda node: node.order)


def wrapped(value: Any) -> list[Layer | Model]:
    """The layers and models in an argument's value, the innermost first."""
    if isinstance(value, Layer):
        held = [item for item in value.arguments.values() if isinstance(item, (Layer, Model, list))]
        return [*(inner for item in held for inner in wrapped(item)), value]
    if isinstance(value, Model):
        return [value]
    return [inner for item in value for inner in wrapped(item)] if isinstance(value, list) else []
