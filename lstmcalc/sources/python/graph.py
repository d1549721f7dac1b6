"""What the source makes with Keras: layers, their applications and models, named as Keras names them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lstmcalc.dims import Dim, Expression, lift_size, lower_size, parse, symbol, to_python
from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.layers import ALIASES, RULES
from lstmcalc.layers.rule import Shape
from lstmcalc.shapes import size_to_json
from lstmcalc.sources.input_shapes import symbolic_shapes
from lstmcalc.sources.python.masks import masked_outputs
from lstmcalc.sources.python.shapes import Shapes, nodes_between, wrapped
from lstmcalc.sources.python.symbols import Nesting, Symbols
from lstmcalc.sources.python.values import (
    Arguments,
    Array,
    Instance,
    Layer,
    Model,
    Node,
    Tensor,
    Unknown,
    copied,
    flat_tensors,
    is_own_layer,
)
from lstmcalc.sources.python.wording import batch_input_shape_hint, identifier, not_known, wrong_name
from lstmcalc.spec import Namer

__all__ = ["INPUT_ARGUMENTS", "Graph", "layers_of"]

#: How many layers, and how many applications of layers, one source may make.
MAX_LAYERS = 100_000
MAX_NODES = 110_000
#: How a first layer states the input's shape, in Keras 2 and 3.
INPUT_ARGUMENTS = ("input_shape", "batch_input_shape", "input_dim", "input_length", "batch_size")
#: What these layers make inside them, and name, when they are applied for the first time.
INNER = dict.fromkeys(("MultiHeadAttention", "GroupQueryAttention"), ("Softmax", "Dropout"))
#: Where the name that Keras exports is not the one of the class, from which it derives the names of layers.
REAL_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}


class Graph:
    """Everything that was made, in order; `models` holds the models, `nodes` the applications of layers."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.namer = Namer()
        #: Names operations where they stand inside a layer, which has no names for them.
        self.operations_namer: Namer | None = None
        self.models: list[Model] = []
        self.nodes: list[Node] = []
        self.layers: list[Layer] = []
        self.hints: list[Fault] = []
        self.shapes = Shapes(self.key, self.build)
        self._keys: dict[str, Model] = {}
        self.symbols = Symbols()
        self._free: dict[tuple[Any, ...], Tensor] = {}
        self._nesting = Nesting()
        #: The inputs that stand for a name that the source sets nowhere.
        self.unset: dict[Node, Unknown] = {}
        #: The models that are themselves not trainable, whatever their layers are.
        self.frozen: set[Model] = set()
        #: Applies an object of a class of one's own; states what a Lambda's function gives.
        self.apply_own: Callable[[Instance, Sequence[Tensor]], tuple[Layer | Model, list[Tensor]]] | None = None
        self.before_lambda: Callable[[Layer, Sequence[Tensor]], None] | None = None
        self._applied: set[Layer] = set()
        #: The outputs that have a mask.
        self._masked: set[tuple[Node, int]] = set()

    def key(self, model: Model) -> str:
        """The name of a nested model, which no other has and no layer's class."""
        name, count = model.name, 1
        while name in RULES or name in ALIASES or self._keys.setdefault(name, model) is not model:
            count += 1
            name = f"{model.name}_{count}"
        return name

    def name(self, class_name: str) -> str:
        """The next name for a layer or operation of a class."""
        namer = (self.operations_namer or self.namer) if class_name.startswith("ops.") else self.namer
        class_name = ALIASES.get(class_name, class_name).removeprefix("ops.")
        return namer.name(REAL_NAMES.get(class_name, class_name))

    def dim(self, value: Any) -> Dim | None:
        """A value as a size to calculate with; None where it cannot be one."""
        if isinstance(value, Unknown):
            return symbol(self.symbols.name(value))
        is_size = isinstance(value, Expression) or (isinstance(value, int) and not isinstance(value, bool))
        return value if is_size else None

    def size(self, value: Any) -> int | str | None:
        """A value as a size in a spec; None where it is none or is not known."""
        size = self.dim(value)
        return size if isinstance(size, int) or size is None else to_python(size)

    def data_shape(self, sizes: Sequence[Any]) -> Shape:
        """Sizes, the batch first, as rules have a shape."""
        return tuple(lift_size(self.dim(size)) for size in sizes)

    def layer(
        self,
        class_name: str,
        arguments: Mapping[str, Any],
        name: str = "",
        where: Where | None = None,
        places: Mapping[str, Where] | None = None,
        faults: Iterable[Fault] = (),
    ) -> Layer:
        """A new layer."""
        where = where or Where(self.source)
        if len(self.layers) >= MAX_LAYERS:
            raise SpecError([Fault("too-large", f"at most {MAX_LAYERS:,} layers", "more", where=where)])
        cells = arguments.get("cell")
        if class_name == "RNN" and isinstance(cells, list):
            self.name("StackedRNNCells")
        name = name or self.name(class_name)
        layer = Layer(class_name, name, dict(arguments), where, places or {}, tuple(faults))
        if class_name == "Bidirectional" and isinstance(inner := arguments.get("layer"), Layer):
            # It makes its own two of the layer's config (keras/src/layers/rnn/bidirectional.py, 3.15.1).
            layer.arguments["layer"] = copied(inner)
        self._nesting.check(layer)
        self.layers.append(layer)
        return layer

    def node(
        self,
        layer: Layer | Model,
        inputs: Sequence[Tensor] = (),
        states: Sequence[Tensor] = (),
        keywords: Mapping[str, Any] | None = None,
        where: Where | None = None,
        faults: Iterable[Fault] = (),
    ) -> list[Tensor]:
        """Applies a layer; its outputs, one where their number is not known."""
        where = where or layer.where
        if len(self.nodes) >= MAX_NODES:
            expected = f"at most {MAX_NODES:,} applications of layers"
            raise SpecError([Fault("too-large", expected, "more", where=where)])
        self._name_inner(layer)
        node = Node(layer, tuple(inputs), tuple(states), keywords or {}, where, len(self.nodes), tuple(faults))
        self.nodes.append(node)
        self._mask(node)
        shapes = None if node.faults else self.shapes.of_call(node)
        return [Tensor(node, i, shape) for i, shape in enumerate(shapes)] if shapes else [Tensor(node)]

    def _mask(self, node: Node) -> None:
        """Notes which outputs have a mask, and names the operations that Keras makes for it."""
        masked = [(tensor.node, tensor.index) in self._masked for tensor in node.inputs]
        outputs, made = masked_outputs(node.layer, masked)
        self._masked.update((node, i) for i, has_mask in enumerate(outputs) if has_mask)
        for class_name in made:
            self.name(f"ops.{class_name}")

    def _name_inner(self, layer: Layer | Model) -> None:
        for inner in wrapped(layer):
            if isinstance(inner, Layer) and inner not in self._applied:
                self._applied.add(inner)
                for class_name in INNER.get(inner.class_name, ()):
                    self.name(class_name)

    def input(
        self,
        sizes: Sequence[Any] | None,
        batch: Any = None,
        dtype: str = "float32",
        name: str = "",
        where: Where | None = None,
        faults: Iterable[Fault] = (),
    ) -> Tensor:
        """A model input; without `sizes` they become those that the first layer it goes to expects."""
        shape = None if sizes is None else [self.size(size) for size in sizes]
        arguments = {"shape": shape, "batch": self.size(batch), "dtype": dtype}
        layer = Layer("InputLayer", name or self.name("InputLayer"), arguments, where or Where(self.source), {})
        node = Node(layer, where=layer.where, order=len(self.nodes), faults=tuple(faults))
        self.nodes.append(node)
        return Tensor(node)

    def constant(self, sizes: Sequence[Any], where: Where) -> Tensor:
        """Data that a layer of one's own makes itself."""
        return self.input(sizes[1:], sizes[0] if sizes else None, name="constant", where=where)

    def tensor(self, value: Any, where: Where) -> Tensor | Fault:
        """A value as a tensor; where it cannot be one, what is wrong with it."""
        if isinstance(value, Tensor):
            return value
        if isinstance(value, Unknown) and value.free:
            if value.key not in self._free:
                made = self.input(None, name=identifier(value.text), where=value.where)
                self._free[value.key], self.unset[made.node] = made, value
            return self._free[value.key]
        if isinstance(value, Unknown) and value.call:
            return self.unknown_call(value, value.call[1])[0]
        if isinstance(value, Array) and value.shape and self.operations_namer is not None:
            return self.constant(value.shape, where)
        return not_known(value, "the output of a layer", where)

    def tensors(self, values: Any, where: Where) -> tuple[list[Tensor], list[Fault]]:
        """All values in a structure as tensors, and what is wrong with those that are none.

        What an unknown value was made of stands in its place, so that what comes before it is not lost.
        """
        tensors: list[Tensor] = []
        faults: list[Fault] = []
        for value in flat_tensors(values):
            found = self.tensor(value, where)
            if isinstance(found, Fault):
                faults.append(found)
                tensors.extend(value.parts if isinstance(value, Unknown) else ())
            else:
                tensors.append(found)
        return tensors, faults

    def unknown_layer(self, value: Unknown, where: Where) -> Layer:
        """What an unknown call made, as a layer of its name; at fault where it is known why."""
        name = value.call[0].rpartition(".")[2] if value.call else value.text
        faults = []
        if value.fix:
            faults.append(Fault("unknown-layer", "a model whose layers stand in the code", f"`{name}`", value.because,
                                value.fix, value.where))  # fmt: skip
        return self.layer(name, {}, where=where, faults=faults)

    def unknown_call(self, value: Unknown, arguments: Arguments) -> list[Tensor]:
        """A call that only running it would reveal, as a layer of its name."""
        given = (*arguments.positional, *arguments.keywords.values())
        tensors = [leaf for value in given for leaf in flat_tensors(value) if isinstance(leaf, Tensor)]
        layer = self.unknown_layer(value, arguments.where)
        return self.node(layer, tensors, where=arguments.where)

    def settle(self, tensors: Iterable[Tensor], layer: Any) -> None:
        """Gives inputs of unknown shape the one that a layer expects, its sizes named as the layer's axes."""
        while isinstance(layer, Model) and layer.layers and not layer.inputs:
            layer = layer.layers[0]
        for i, tensor in enumerate(tensors):
            origin = tensor.node.layer
            if isinstance(origin, Layer) and origin.arguments.get("shape", 0) is None:
                origin.arguments["shape"] = self._expected(layer, i)

    def _expected(self, layer: Any, index: int) -> list[Any]:
        if isinstance(layer, Model):
            shape = self.shapes.of(layer.inputs[index]) if index < len(layer.inputs) else None
            return ["input_dim"] if shape is None else [size_to_json(lower_size(size)) for size in shape[1:]]
        class_name = ALIASES.get(layer.class_name, layer.class_name) if isinstance(layer, Layer) else ""
        if class_name not in RULES:
            return ["input_dim"]
        shapes = symbolic_shapes(self.shapes.spec(layer).changed(class_name=class_name))
        return shapes[min(index, len(shapes) - 1)]

    def sequential(self, layers: Iterable[Any], name: str, where: Where) -> Model:
        """A new stack of layers."""
        model = Model(name or self.name("Sequential"), "Sequential", where, faults=wrong_name(name, where))
        self.models.append(model)
        for layer in layers:
            self._push(model, layer, where)
        self._rebuild(model)
        return model

    def add(self, model: Model, layer: Any, where: Where) -> None:
        """Puts a layer on top of a stack."""
        self._push(model, layer, where)
        self._rebuild(model)

    def pop(self, model: Model) -> Any:
        """Takes the last layer off a stack."""
        layer = model.layers.pop() if model.layers else None
        self._rebuild(model)
        return layer

    def _rebuild(self, model: Model) -> None:
        model.outputs.clear()
        model.results.clear()
        if model.layers and (model.inputs or isinstance(model.layers[0], Model)):
            self.name("Functional")

    def _push(self, model: Model, value: Any, where: Where) -> None:
        if isinstance(value, Unknown) and value.call:
            value = self.unknown_layer(value, value.call[1].where)
        if isinstance(value, Tensor) and not model.layers and not value.node.inputs:
            model.inputs[:] = [value]
        elif isinstance(value, (Layer, Model)) or is_own_layer(value):
            if not model.layers and not model.inputs and isinstance(value, Layer):
                model.inputs.extend(self._stated_input(value))
            model.layers.append(value)
        else:
            model.faults.append(not_known(value, "a layer", where))

    def _stated_input(self, layer: Layer) -> list[Tensor]:
        """The input that a first layer states in its arguments, which are those of the input from then on."""
        given = {key: layer.arguments.pop(key) for key in INPUT_ARGUMENTS if key in layer.arguments}
        if layer.class_name == "Embedding" and "input_dim" in given:
            layer.arguments["input_dim"] = given.pop("input_dim")
        self.shapes.forget(layer)
        batch = given.get("batch_size")
        if isinstance(full := given.get("batch_input_shape"), list) and full:
            self.hints.append(batch_input_shape_hint(layer))
            batch, shape = full[0], full[1:]
        elif "input_shape" in given:
            shape = given["input_shape"]
        elif "input_dim" in given:
            shape = [given["input_dim"]]
            shape = [given["input_length"], *shape] if "input_length" in given else shape
        elif "input_length" in given:
            shape = [given["input_length"]]
        else:
            return []
        shape = shape if isinstance(shape, list) else None
        return [self.input(self._read(shape), self._read([batch])[0], where=layer.where)]  # type: ignore[index]

    @staticmethod
    def _read(sizes: list[Any] | None) -> list[Any] | None:
        """Sizes as they are calculated with, from how arguments have them."""
        return None if sizes is None else [parse(size) if isinstance(size, str) else size for size in sizes]

    def build(self, model: Model, shapes: Sequence[Shape] = ()) -> None:
        """Applies the layers of a stack one after another, on an input of the shape that comes in first."""
        if not model.sequential or model.outputs:
            return
        if not model.layers:
            # One of an input alone gives back what it gets.
            model.outputs.extend(model.inputs)
            return
        first = model.layers[0]
        if not model.inputs:
            if isinstance(first, Model):
                self.build(first, shapes)
            if not shapes and isinstance(first, Model) and first.inputs:
                shape = self.shapes.of(first.inputs[0])
                shapes = [] if shape is None else [shape]
            sizes = [lower_size(size) for size in shapes[0]] if shapes else None
            model.inputs.append(self.input(sizes and sizes[1:], sizes and sizes[0], where=model.where))
            self.name("Functional")
        self.settle(model.inputs, first)
        tensors = [model.inputs[0]]
        for i, layer in enumerate(model.layers):
            if isinstance(layer, Instance) and self.apply_own:
                model.layers[i], tensors = self.apply_own(layer, tensors)
            else:
                tensors = self.apply(layer, tensors)
        model.outputs[:] = tensors
        model.results[:] = tensors if len(tensors) == 1 else [tensors]

    def apply(self, layer: Layer | Model, tensors: Sequence[Tensor], where: Where | None = None) -> list[Tensor]:
        """The outputs of a layer or model on tensors, and on nothing else."""
        self.settle(tensors, layer)
        if isinstance(layer, Layer) and layer.class_name == "Lambda" and self.before_lambda:
            self.before_lambda(layer, tensors)
        if isinstance(layer, Model):
            known = [shape for tensor in tensors if (shape := self.shapes.of(tensor)) is not None]
            self.build(layer, known)
        return self.node(layer, tensors, where=where)

    def functional(self, inputs: Any, outputs: Any, name: str, where: Where) -> Model:
        """A new model from inputs to outputs, each a tensor or a structure of them."""
        model = Model(name or self.name("Functional"), "Functional", where, faults=wrong_name(name, where))
        self.models.append(model)
        for values, found in ((inputs, model.inputs), (outputs, model.outputs)):
            tensors, faults = self.tensors(values, where)
            found.extend(tensors)
            model.faults.extend(faults)
        model.results.append(outputs)
        return model

    def freeze(self, value: Any, trainable: bool) -> None:
        """Sets `trainable` on a layer and on those in it, or on a model and on all its layers, as Keras does.

        A wrapper has no weights that could be trained, but those of what it wraps (keras/src/layers/layer.py, 3.15.1).
        """
        if isinstance(value, Layer):
            inner = wrapped(value)[:-1]
            for layer in inner:
                self.freeze(layer, trainable)
            if not inner and not value.class_name.startswith("ops."):
                value.arguments["trainable"] = trainable
            self.shapes.forget(value)
        elif isinstance(value, Model):
            (self.frozen.discard if trainable else self.frozen.add)(value)
            for layer in value.layers if value.sequential else layers_of(value):
                self.freeze(layer, trainable)
        elif is_own_layer(value):
            value.attributes["trainable"] = trainable
            for leaf in flat_tensors(list(value.attributes.values())):
                if leaf is not value:
                    self.freeze(leaf, trainable)


def layers_of(model: Model) -> list[Layer | Model]:
    """The layers of a model, each once, in the order in which they were applied; without its inputs."""
    found = nodes_between(model.inputs, model.outputs)
    return list(dict.fromkeys(node.layer for node in found if node.inputs or node.keywords))
