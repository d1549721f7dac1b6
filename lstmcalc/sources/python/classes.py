"""Classes of the source: bundles of attributes, and layers and models of one's own, whose `call` is followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from lstmcalc.dims import Dim, lift_size, product, to_python, total
from lstmcalc.errors import Fault, Rejection, Where
from lstmcalc.layers.rule import Inputs, Weight, own_weights
from lstmcalc.shapes import size_to_json
from lstmcalc.sources.python.code import attributes_of, code_of
from lstmcalc.sources.python.graph import Graph, layers_of
from lstmcalc.sources.python.layers import call_layer, call_model
from lstmcalc.sources.python.models import note_shared
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
        #: The inputs that each was followed with.
        self.ports_of: dict[Instance, list[Tensor]] = {}

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
            if start is None:
                self._freeze_new(instance, given)
        return instance

    def _name_instance(self, instance: Instance, given: Arguments) -> None:
        name = given.keywords.get("name")
        if "name" not in instance.attributes and instance.of:
            instance.attributes["name"] = name if isinstance(name, str) else self.graph.name(instance.of.name)

    @staticmethod
    def _freeze_new(instance: Instance, given: Arguments) -> None:
        if given.keywords.get("trainable") is False:
            # It does not tell its layers (keras/src/layers/layer.py, 3.15.1).
            instance.attributes["trainable"] = False

    def freeze_instance(self, instance: Instance, trainable: bool) -> None:
        """`instance.trainable = trainable`."""
        self.graph.freeze(instance, trainable)
        self.graph.freeze(self.traced_as.get(instance), trainable)

    def apply_own(self, instance: Instance, tensors: Sequence[Tensor]) -> tuple[Layer | Model, list[Tensor]]:
        """What an object of one's own has become, and its outputs on tensors."""
        made = self.call_instance(
            instance, Arguments((tensors[0] if len(tensors) == 1 else list(tensors),), where=instance.where)
        )
        return self.traced_as[instance], [leaf for leaf in flat_tensors(made) if isinstance(leaf, Tensor)]

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
                self._freeze_new(this, given)
            return None
        if method.name == "add_weight":
            shape = given.get(0, "shape")
            if isinstance(shape, str):
                shape = given.get(1, "shape")
            array = Array(tuple(shape) if isinstance(shape, (list, tuple)) else ())
            trainable = given.keywords.get("trainable", True) is not False
            this.attributes.setdefault("(weights)" if trainable else "(frozen weights)", []).append(array)
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
        self.traced_as[instance], self.ports_of[instance] = found, ports
        return found

    def _is_plain(self, instance: Instance, model: Model) -> bool:
        """Whether a graph of layers says all that there is of a layer: no weights of its own, no data."""
        nodes = nodes_between(model.inputs, model.outputs)
        ports = {tensor.node for tensor in model.inputs}
        has_layers = any(
            isinstance(layer, Model) or not layer.class_name.startswith("ops.") for layer in layers_of(model)
        )
        # What it takes from nowhere, it makes itself.
        made = any(not node.sources and node not in ports and not node.faults for node in nodes)
        data = any(isinstance(value, Array) for node in nodes for value in node.keywords.values())
        own = made or data or bool({"(weights)", "(frozen weights)"} & set(instance.attributes))
        return not own and (has_layers or is_model(instance.of))

    def _stand_in(self, instance: Instance, name: str, model: Model, made: Any, ports: list[Tensor]) -> Layer:
        """A layer of its class with the shape and params that it comes to, where they are known."""
        assert instance.of is not None
        shape = shape_of(self.graph, made) if isinstance(made, Tensor) else self._stated_shape(instance, ports)
        nodes = nodes_between(model.inputs, model.outputs)
        note_shared(self.graph, model)
        weights = self._weights_of(instance, nodes)
        held = any(isinstance(leaf, (Layer, Model, Instance)) for value in instance.attributes.values()
                   for leaf in flat_tensors(value))  # fmt: skip
        if shape is None or weights is None or (held and not model.outputs):
            fault = Fault(
                "unknown-layer",
                "a layer or model whose `call` can be followed",
                f"`{instance.of.name}`",
                "what it makes of its input exists only when it runs",
                "build it of Keras layers alone, or state its `output_shape` and `params` in a YAML model",
                instance.where,
            )
            return self.graph.layer(instance.of.name, {}, name, instance.where, faults=[fault])
        arguments: dict[str, Any] = {"output_shape": [size_to_json(size) for size in shape[1:]]}
        counts = {"params": total(count for count, _ in weights),
                  "non_trainable_params": total(count for count, trained in weights if not trained)}  # fmt: skip
        for key, count in counts.items():
            if count != 0:
                arguments[key] = count if isinstance(count, int) else to_python(count)
        layer = self.graph.layer(instance.of.name, arguments, name, instance.where)
        layer.code.update({"class": code_of(instance.of), **attributes_of(instance)})
        return layer

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

    def _weights_of(self, instance: Instance, nodes: Sequence[Node]) -> list[tuple[Dim, bool]] | None:
        """How many numbers each weight has, and whether it is trained, each once; None where that is not known."""
        found: list[tuple[Dim, bool]] = []
        for key, trained in (("(weights)", instance.attributes.get("trainable", True) is not False),
                             ("(frozen weights)", False)):  # fmt: skip
            arrays = instance.attributes.get(key, [])
            found += [(product(tuple(map(lift_size, array.shape))), trained) for array in arrays]
        weights = self._weights(nodes)
        if weights is None:
            return None
        return [*found, *((weight.params, weight.trainable) for weight in weights.values())]

    def _weights(self, nodes: Sequence[Node]) -> dict[Any, Weight] | None:
        """The weights of the layers that nodes apply, by what tells each from others; None where they are not known."""
        found: dict[Any, Weight] = {}
        for node in nodes:
            made = self._weights_at(node)
            if made is None:
                return None
            found = {**made, **found}
        return found

    def _weights_at(self, node: Node) -> dict[Any, Weight] | None:
        if isinstance(node.layer, Model):
            return self._weights(nodes_between(node.layer.inputs, node.layer.outputs))
        if node.layer.class_name == "InputLayer":
            return {}
        rule = self.graph.shapes.rule(node.layer)
        shapes = [self.graph.shapes.of(tensor) for tensor in node.inputs]
        if rule is None or None in shapes or node.faults or len(shapes) < rule.arity[0]:
            return None
        x = Inputs([shape for shape in shapes if shape is not None])
        try:
            weights = own_weights(rule, x.replace(x.shapes, rule.axis_names(x.ndim) if shapes else ()))
        except (Rejection, ValueError):
            return None
        return {weight.origin or (node.layer, weight.name): weight for weight in weights}
