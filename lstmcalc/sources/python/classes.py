"""Classes of the source: bundles of attributes, and layers and models of one's own, whose `call` is followed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from lstmcalc.dims import lift_size, product, to_python, total
from lstmcalc.errors import Fault, Where
from lstmcalc.layers.rule import Inputs
from lstmcalc.shapes import size_to_json
from lstmcalc.sources.python.graph import Graph, layers_of
from lstmcalc.sources.python.layers import call_layer, call_model
from lstmcalc.sources.python.operations import shape_of
from lstmcalc.sources.python.shapes import nodes_between
from lstmcalc.sources.python.values import (
    Arguments,
    Array,
    Class,
    Function,
    Instance,
    Layer,
    Method,
    Model,
    Node,
    Tensor,
    Unknown,
    flat_tensors,
)
from lstmcalc.spec import Namer

__all__ = ["Classes", "Super", "is_layer", "is_model"]


@dataclass(frozen=True, eq=False)
class Super:
    """What `super()` stands for in a method of `owner`."""

    this: Any
    owner: Class


def is_model(value: Class | None) -> bool:
    """Whether a class is a model of one's own."""
    return value is not None and value.is_a("Model")


def is_layer(value: Class | None) -> bool:
    """Whether a class is a layer or a model of one's own."""
    return value is not None and value.is_a("Model", "Layer")


def _decorators(function: Function) -> set[str]:
    return {getattr(decorator, "id", "") for decorator in getattr(function.node, "decorator_list", [])}


class Classes:
    """Makes and calls objects; `traced_as` holds what each layer or model of one's own has become."""

    graph: Graph
    #: The functions that are running, the innermost last.
    running: list[Function]

    def __init__(self) -> None:
        self.functions: dict[Layer, Any] = {}
        self.traced_as: dict[Instance, Model | Layer] = {}
        self.instances: list[Instance] = []

    def call(self, function: Any, given: Arguments) -> Any:
        """The result of a call."""
        raise NotImplementedError

    def run_function(self, function: Function, given: Arguments) -> Any:
        """What a function of the source returns."""
        raise NotImplementedError

    def counted(self, values: Iterator[Any]) -> Iterator[Any]:
        """The values, each of which takes a step."""
        raise NotImplementedError

    def unknown_result(self, function: Any, given: Arguments, because: str = "") -> Unknown:
        """What a call comes to that is not followed."""
        raise NotImplementedError

    def instantiate(self, made: Class, given: Arguments) -> Any:
        """A new object."""
        instance = Instance(made, {}, where=given.where)
        if is_layer(made):
            self.instances.append(instance)
        start = made.find("__init__")
        if isinstance(start, Function):
            self.run_function(replace(start, this=instance), given)
        elif made.fields:
            defaults = {name: made.find(name) for name in made.fields}
            instance.attributes.update({**defaults, **dict(zip(made.fields, given.positional, strict=False))})
            instance.attributes.update({key: value for key, value in given.keywords.items() if key in made.fields})
        elif not is_layer(made):
            instance.attributes.update(given.keywords)
        if is_layer(made):
            self._name_instance(instance, given)
        return instance

    def _name_instance(self, instance: Instance, given: Arguments) -> None:
        name = given.keywords.get("name")
        if "name" not in instance.attributes and instance.of:
            instance.attributes["name"] = name if isinstance(name, str) else self.graph.name(instance.of.name)

    def member(self, value: Instance | Class, name: str, where: Where) -> Any:
        """`value.name` of an object or a class of the source."""
        if isinstance(value, Class):
            found = value.find(name)
            if isinstance(found, Function) and "classmethod" in _decorators(found):
                return replace(found, this=value)
            missing = Unknown(f"{value.name}.{name}", ("member", value.name, name), where)
            return missing if found is None and name not in value.attributes else found
        if name in value.attributes:
            return value.attributes[name]
        found = value.of.find(name) if value.of else None
        if isinstance(found, Function):
            bound = replace(found, this=value)
            decorators = _decorators(found)
            if "property" in decorators:
                return self.call(bound, Arguments(where=where, text=name))
            return found if "staticmethod" in decorators else bound
        if found is not None:
            return found
        if is_layer(value.of) and name in ("trainable", "built", "dtype", "compute_dtype"):
            return {"trainable": True, "built": False}.get(name, "float32")
        if value.of is None and not value.name:
            return Unknown(f"args.{name}", ("argument", name), where)
        return Method(value, name)

    def super_of(self, values: tuple[Any, ...]) -> Any:
        """What `super()` gives in the function that is running."""
        function = self.running[-1] if self.running else None
        if function is None or function.owner is None:
            return Unknown("super()", ("super",))
        this = function.this if function.this is not None or len(values) < 2 else values[1]
        return Super(this, function.owner)

    def inherited(self, value: Super, name: str) -> Any:
        """`super().name`."""
        for base in value.owner.bases:
            found = base.find(name) if isinstance(base, Class) else None
            if isinstance(found, Function):
                return replace(found, this=value.this)
        return Method(value, name)

    def instance_method(self, method: Method, given: Arguments) -> Any:
        """A method that a layer or model of one's own has from Keras."""
        this = method.this.this if isinstance(method.this, Super) else method.this
        if not isinstance(this, Instance):
            return None
        if method.name == "__init__":
            if is_layer(this.of):
                self._name_instance(this, given)
            return None
        if method.name == "add_weight":
            shape = given.get(0, "shape")
            if isinstance(shape, str):
                shape = given.get(1, "shape")
            array = Array(tuple(shape) if isinstance(shape, (list, tuple)) else ())
            this.attributes.setdefault("(weights)", []).append(array)
            return array
        if method.name == "build" and is_model(this.of) and not isinstance(method.this, Super):
            shape = given.get(0, "input_shape")
            if isinstance(shape, (list, tuple)) and this not in self.traced_as:
                self.trace(this, Arguments((self.graph.input(shape[1:], shape[0], name="inputs"),), where=given.where))
            return None
        return None if isinstance(method.this, Super) else self.unknown_result(this, given)

    def call_instance(self, instance: Instance, given: Arguments) -> Any:
        """`instance(x)`."""
        if not is_layer(instance.of):
            method = instance.of.find("__call__") if instance.of else None
            if isinstance(method, Function):
                return self.run_function(replace(method, this=instance), given)
            return self.unknown_result(instance, given)
        if not any(isinstance(leaf, (Tensor, Unknown)) for leaf in flat_tensors(list(given.positional))):
            data = [leaf for leaf in flat_tensors(list(given.positional)) if isinstance(leaf, Array)]
            if data and instance not in self.traced_as:
                ports = tuple(self.graph.input(a.shape[1:], None, name=f"inputs_{i}") for i, a in enumerate(data))
                self.trace(instance, Arguments(ports, where=given.where))
            return Array(())
        found = self.traced_as.get(instance) or self.trace(instance, given)
        tensors = tuple(value for value in flat_tensors([given.positional, dict(given.keywords)])
                        if isinstance(value, (Tensor, Unknown)))  # fmt: skip
        if isinstance(found, Model):
            return call_model(self.graph, found, replace(given, positional=(list(tensors),), keywords={}))
        return call_layer(self.graph, found, replace(given, positional=(list(tensors),), keywords={}))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """A graph of its own, whose operations do not count in the names of others."""
        namer, self.graph.operations_namer = self.graph.operations_namer, Namer()
        try:
            yield
        finally:
            self.graph.operations_namer = namer

    def traced(self, function: Any, given: Arguments) -> Any:
        """What a function gives on tensors of the same shapes, made aside."""
        layers, nodes = len(self.graph.layers), len(self.graph.nodes)
        with self.aside():
            made = self.call(function, self._with_ports(given, []))
        del self.graph.layers[layers:], self.graph.nodes[nodes:]
        return made

    def _with_ports(self, given: Arguments, ports: list[Tensor]) -> Arguments:
        """The same with an input of its own in the place of each tensor."""

        def port(value: Any) -> Any:
            if isinstance(value, (list, tuple)):
                return type(value)(map(port, value))
            if isinstance(value, dict):
                return {key: port(item) for key, item in value.items()}
            tensor = self.graph.tensor(value, given.where) if isinstance(value, (Tensor, Unknown)) else None
            if not isinstance(tensor, Tensor):
                return value
            shape = shape_of(self.graph, tensor)
            name = f"inputs_{len(ports)}" if ports else "inputs"
            sizes = None if shape is None else shape[1:]
            ports.append(self.graph.input(sizes, shape and shape[0], name=name, where=given.where))
            return ports[-1]

        told = {key: port(value) for key, value in given.keywords.items()}
        return replace(given, positional=tuple(map(port, given.positional)), keywords=told)

    def trace(self, instance: Instance, given: Arguments) -> Model | Layer:
        """Follows the `call` of a layer or model of one's own, once, and keeps what it becomes."""
        assert instance.of is not None
        call, build = instance.of.find("call"), instance.of.find("build")
        name = str(instance.attributes.get("name", instance.of.name))
        ports: list[Tensor] = []
        inner = self._with_ports(given, ports)
        made: Any = None
        with self.aside():
            if isinstance(build, Function):
                shapes = [shape_of(self.graph, port) for port in ports]
                shape = shapes[0] if len(shapes) == 1 else shapes
                self.run_function(replace(build, this=instance), Arguments((shape,), where=given.where))
            if isinstance(call, Function):
                made = self.run_function(replace(call, this=instance), inner)
        model = Model(name, instance.of.name if instance.of else "Functional", instance.where, inputs=ports)
        leaves = flat_tensors(made)
        if leaves and all(isinstance(leaf, Tensor) for leaf in leaves):
            model.outputs.extend(leaves)
            model.results.append(made)
        found: Model | Layer = model
        if not model.outputs or not self._is_plain(instance, model):
            found = self._stand_in(instance, name, model, made, ports)
        self.traced_as[instance] = found
        return found

    def _is_plain(self, instance: Instance, model: Model) -> bool:
        """Whether a graph of layers says all that there is of a layer: no weights of its own, no data."""
        constants = [value for node in nodes_between(model.inputs, model.outputs) for value in node.keywords.values()]
        has_layers = any(
            isinstance(layer, Model) or not layer.class_name.startswith("ops.") for layer in layers_of(model)
        )
        own = "(weights)" in instance.attributes or any(isinstance(value, Array) for value in constants)
        return not own and (has_layers or is_model(instance.of))

    def _stand_in(self, instance: Instance, name: str, model: Model, made: Any, ports: list[Tensor]) -> Layer:
        """A layer of its class with the shape and params that it comes to, where they are known."""
        assert instance.of is not None
        shape = shape_of(self.graph, made) if isinstance(made, Tensor) else self._stated_shape(instance, ports)
        nodes = nodes_between(model.inputs, model.outputs)
        counts = [self._params(node) for node in {node.layer: node for node in nodes if node.inputs}.values()]
        held = any(isinstance(leaf, (Layer, Model, Instance)) for value in instance.attributes.values()
                   for leaf in flat_tensors(value))  # fmt: skip
        if shape is None or None in counts or (held and not model.outputs):
            fault = Fault(
                "unknown-layer",
                "a layer or model whose `call` can be followed",
                f"`{instance.of.name}`",
                "what it makes of its input exists only when it runs",
                "build it of Keras layers alone, or state its `output_shape` and `params` in a YAML model",
                instance.where,
            )
            return self.graph.layer(instance.of.name, {}, name, instance.where, faults=[fault])
        weights = [product(tuple(map(lift_size, array.shape))) for array in instance.attributes.get("(weights)", [])]
        params = total([*weights, *(count for count in counts if count is not None)])
        arguments: dict[str, Any] = {"output_shape": [size_to_json(size) for size in shape[1:]]}
        if params != 0:
            arguments["params"] = params if isinstance(params, int) else to_python(params)
        return self.graph.layer(instance.of.name, arguments, name, instance.where)

    def _stated_shape(self, instance: Instance, ports: list[Tensor]) -> Any:
        """What `compute_output_shape` says."""
        method = instance.of.find("compute_output_shape") if instance.of else None
        shapes = [shape_of(self.graph, port) for port in ports]
        if not isinstance(method, Function) or None in shapes or not shapes:
            return None
        shape = self.run_function(
            replace(method, this=instance), Arguments((shapes[0] if len(shapes) == 1 else shapes,))
        )
        known = isinstance(shape, (list, tuple)) and not any(isinstance(size, (Unknown, list, tuple)) for size in shape)
        return tuple(shape) if known else None

    def _params(self, node: Node) -> Any:
        """How many parameters a node's layer has; None where that is not known."""
        if isinstance(node.layer, Model):
            counts = [self._params(inner) for inner in nodes_between(node.layer.inputs, node.layer.outputs)]
            return None if None in counts else total(counts)
        rule = self.graph.shapes.rule(node.layer)
        shapes = [self.graph.shapes.of(tensor) for tensor in node.inputs]
        if rule is None or None in shapes:
            return 0 if node.layer.class_name == "InputLayer" else None
        x = Inputs([shape for shape in shapes if shape is not None])
        return rule.count(x.replace(x.shapes, rule.axis_names(x.ndim)))
