"""Calls: what becomes of a function, a class, a layer or a model that is given arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lstmcalc.dims import Expression, parse, to_python
from lstmcalc.shapes import size_to_json
from lstmcalc.sources.python.builtins import BUILTINS, FAILURES, call_builtin, call_method, items, reason_of
from lstmcalc.sources.python.classes import Classes, Super
from lstmcalc.sources.python.graph import layers_of
from lstmcalc.sources.python.layers import call_layer, call_model
from lstmcalc.sources.python.libraries import call_imported
from lstmcalc.sources.python.operations import call_operation, has_tensor, shape_of
from lstmcalc.sources.python.values import (
    Arguments,
    Array,
    Class,
    Function,
    Imported,
    Instance,
    Layer,
    Method,
    Model,
    Partial,
    Tensor,
    Unknown,
    flat_tensors,
    part_of,
)
from lstmcalc.sources.python.wording import identifier

__all__ = ["Calls"]


class Calls(Classes):
    """What a call comes to; an unknown value where that is not to be known."""

    def call(self, function: Any, given: Arguments) -> Any:
        """The result of a call."""
        try:
            return self._result_of(function, given)
        except FAILURES as error:
            return self.unknown_result(function, given, reason_of(error))

    def _result_of(self, function: Any, given: Arguments) -> Any:
        if isinstance(function, Imported):
            return self._call_imported(function, given)
        if isinstance(function, Layer):
            if function.class_name == "Lambda":
                self.trace_lambda(function, given.positional[:1])
            return call_layer(self.graph, function, given)
        if isinstance(function, Model):
            return call_model(self.graph, function, given)
        if isinstance(function, Function):
            return self.run_function(function, given)
        if isinstance(function, Class):
            return self.instantiate(function, given)
        if isinstance(function, Instance):
            return self.call_instance(function, given)
        if isinstance(function, Method):
            return self._call_method(function, given)
        if isinstance(function, Partial):
            first = function.given
            merged = Arguments((*first.positional, *given.positional), {**first.keywords, **given.keywords},
                               {**first.places, **given.places}, given.where, given.text)  # fmt: skip
            return self.call(function.function, merged)
        if isinstance(function, Unknown) and function.call and has_tensor(given.positional, dict(given.keywords)):
            made = self.graph.unknown_call(function, given)
            return made[0]
        return self.unknown_result(function, given)

    def unknown_result(self, function: Any, given: Arguments, because: str = "") -> Unknown:
        """What a call comes to that is not followed."""
        values = (*given.positional, *given.keywords.values())
        key = "call", given.text, self.identity(function), *map(self.identity, values)
        name = given.text.partition("(")[0].strip()
        parts = tuple(leaf for value in values for leaf in flat_tensors(value) if isinstance(leaf, Tensor))
        fix = ""
        if isinstance(function, Imported) and ".applications." in function.path:
            because = f"`{function.last}` is ready-made, and its layers do not stand in the code"
            fix = "save the model with `model.save('model.keras')`, and read that file"
        return Unknown(given.text, key, given.where, because, fix, (name, given), parts=parts)

    def _call_imported(self, function: Imported, given: Arguments) -> Any:
        root, _, name = function.path.partition(".")
        if root == "builtins":
            return self._call_builtin(name, given)
        if function.path in ("functools.partial", "partial") and given.positional:
            places = {key if isinstance(key, str) else key - 1: place for key, place in given.places.items()}
            rest = Arguments(given.positional[1:], given.keywords, places, given.where)
            return Partial(given.positional[0], rest)
        if function.path in ("functools.reduce", "reduce") and len(given.positional) > 1:
            return self._reduce(given)
        if function.last == "ArgumentParser":
            return Instance(None, {}, name="ArgumentParser")
        made = call_imported(self.graph, function, given)
        if isinstance(made, Layer) and made.class_name == "Lambda":
            self.functions[made] = given.get(0, "function")
        return self.unknown_result(function, given) if made is None else made

    def _reduce(self, given: Arguments) -> Any:
        """`functools.reduce(function, values, first)`."""
        function, values, *first = given.positional
        each = items(values)
        if each is None:
            return self.unknown_result(Imported("functools.reduce"), given)
        found = [*first, *self.counted(each)]
        result = found[0]
        for item in found[1:]:
            result = self.call(function, replace(given, positional=(result, item), keywords={}))
        return result

    def _call_builtin(self, name: str, given: Arguments) -> Any:
        values, keywords = given.positional, dict(given.keywords)
        if name == "print":
            return None
        if name == "super":
            return self.super_of(values)
        if name in ("map", "filter") and len(values) == 2 and (each := items(values[1])) is not None:
            made = [(item, self.call(values[0], replace(given, positional=(item,)))) for item in self.counted(each)]
            return [result for _, result in made] if name == "map" else [item for item, keep in made if keep is True]
        if name in ("getattr", "hasattr") and len(values) >= 2 and isinstance(values[1], str):
            found = self.attribute(values[0], values[1], given.where)
            return found if name == "getattr" else self.unknown_result(Imported(name), given)
        if name == "isinstance":
            return self._is_instance(given)
        if name in ("int", "len", "float", "max", "min", "round", "str", "abs", "range", "list", "tuple"):
            special = self._of_size(name, values)
            if special is not None:
                return special
        if name in ("abs", "pow", "round") and has_tensor(values):
            return call_operation(self.graph, f"keras.ops.{name}", given)
        if name not in BUILTINS:
            return self.unknown_result(Imported(name), given)
        if name != "len" and any(isinstance(value, Unknown) for value in (*values, *keywords.values())):
            return self.unknown_result(Imported(name), given)
        return call_builtin(name, values, keywords)

    def _of_size(self, name: str, values: tuple[Any, ...]) -> Any:
        """A function of numbers on a size that is a symbol; None where it is for others to say."""
        if len(values) != 1:
            return None
        value = values[0]
        if name == "int" and isinstance(value, Unknown) and value.floor is not None:
            return value.floor
        if name in ("int", "float", "round", "abs") and (
            isinstance(value, Expression) or (isinstance(value, Unknown) and value.free)
        ):
            return value
        if name == "str" and isinstance(value, (Unknown, Expression)):
            return self.in_words(value)
        if name == "len" and isinstance(value, Array) and value.shape:
            return value.shape[0]
        return None

    def _is_instance(self, given: Arguments) -> Any:
        value, kinds = given.positional
        kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        names = {kind.last for kind in kinds if isinstance(kind, Imported)}
        if isinstance(value, (Layer, Model)):
            own = {value.class_name, "Layer"} if isinstance(value, Layer) else {value.kind, "Model", "Layer"}
            return bool(names & own)
        if isinstance(value, (bool, int, float, str, list, tuple, dict)):
            return type(value).__name__ in names or (isinstance(value, bool) and "int" in names)
        return self.unknown_result(Imported("isinstance"), given)

    def _call_method(self, method: Method, given: Arguments) -> Any:
        this, name = method.this, method.name
        if isinstance(this, Model):
            return self._model_method(this, name, given)
        if isinstance(this, Instance) and this.name == "ArgumentParser":
            return self._parser_method(this, name, given)
        if isinstance(this, (Instance, Super)):
            return self.instance_method(method, given)
        if isinstance(this, (Layer, Tensor)):
            if name == "get_shape":
                return shape_of(self.graph, this)
            if name == "get_initial_state" and isinstance(this, Layer) and (states := self._initial_state(this, given)):
                return states
            return self.unknown_result(None, given)
        return call_method(this, name, given.positional, dict(given.keywords))

    def _initial_state(self, layer: Layer, given: Arguments) -> list[Any]:
        """The zeros that a layer starts from: nothing of its own, where it stands in a layer of one's own."""
        count = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1}.get(layer.class_name, 0)
        units = layer.arguments.get("units")
        sizes = None, parse(units) if isinstance(units, str) else units
        inside = self.graph.operations_namer is not None
        return [self.graph.constant(sizes, given.where) for _ in range(count)] if inside else []

    def _model_method(self, model: Model, name: str, given: Arguments) -> Any:
        if name == "add" and model.sequential:
            return self.graph.add(model, given.get(0, "layer"), given.place(0))
        if name == "pop" and model.sequential:
            return self.graph.pop(model)
        if name == "build":
            shape = given.get(0, "input_shape")
            known = isinstance(shape, (list, tuple)) and not any(
                isinstance(item, (list, tuple, dict)) for item in shape
            )
            shapes = [self.graph.data_shape(shape)] if known else []
            return self.graph.build(model, shapes)
        if name == "get_layer":
            layers = self.model_layers(model)
            index, label = given.keywords.get("index"), given.get(0, "name")
            found = [layers[index]] if isinstance(index, int) else [layer for layer in layers if layer.name == label]
            if found:
                return found[0]
        return self.unknown_result(None, given)

    def model_layers(self, model: Model) -> list[Any]:
        """`model.layers`, in the order in which they were applied; a stack's is without its input."""
        if model.sequential:
            if model.inputs or (model.layers and isinstance(first := model.layers[0], Model) and first.inputs):
                self.graph.build(model)
            return list(model.layers)
        inputs = [tensor.node.layer for tensor in model.inputs]
        return [*inputs, *layers_of(model)]

    def _parser_method(self, parser: Instance, name: str, given: Arguments) -> Any:
        """`add_argument` and `parse_args` of argparse."""
        if name == "add_argument" and given.positional:
            options = [option for option in given.positional if isinstance(option, str)]
            option = next((option for option in options if option.startswith("--")), options[0] if options else "")
            key = given.keywords.get("dest", option.lstrip("-").replace("-", "_"))
            action = given.keywords.get("action")
            default = {"store_true": False, "store_false": True}.get(action) if isinstance(action, str) else None
            parser.attributes[key] = given.keywords.get("default", default)
            return parser
        if name == "parse_known_args":
            return (self._parser_method(parser, "parse_args", given), [])
        if name == "parse_args":
            values = {
                key: Unknown(f"args.{key}", ("argument", key), given.where) if value is None else value
                for key, value in parser.attributes.items()
            }
            return Instance(None, values)
        return parser if name.startswith("add_") else None

    def trace_lambda(self, layer: Layer, inputs: Sequence[Any]) -> None:
        """States the shape that a Lambda's function gives, where it can be followed."""
        function = self.functions.get(layer)
        if "output_shape" in layer.arguments or not isinstance(function, (Function, Imported, Partial)):
            return
        made = self.traced(function, Arguments(tuple(inputs), where=layer.where, text="lambda"))
        shape = shape_of(self.graph, made) if isinstance(made, Tensor) else None
        if shape is not None:
            layer.arguments["output_shape"] = [size_to_json(size) for size in shape[1:]]
            self.graph.shapes.forget(layer)

    def attribute(self, value: Any, name: str, where: Any) -> Any:
        """`value.name`."""
        if isinstance(value, Imported):
            return Imported(f"{value.path}.{name}")
        if isinstance(value, Unknown):
            return part_of(value, f"{value.text}.{name}", ("attribute", self.graph.symbols.number(value.key), name))
        if isinstance(value, (Instance, Class)):
            return self.member(value, name, where)
        if isinstance(value, Super):
            return self.inherited(value, name)
        if isinstance(value, (Tensor, Array)) and name in ("shape", "ndim"):
            shape = shape_of(self.graph, value)
            if shape is not None:
                return shape if name == "shape" else len(shape)
        if isinstance(value, (Layer, Model)):
            found = self._of_layer(value, name)
            if found is not None:
                return found
        return Method(value, name)

    def _of_layer(self, value: Layer | Model, name: str) -> Any:
        if name == "name":
            return value.name
        if isinstance(value, Layer):
            if name not in ("output", "input"):
                return layer_argument(value, name)
            node = next((node for node in reversed(self.graph.nodes) if node.layer is value), None)
            if node is None:
                return None
            shapes = self.graph.shapes.of_call(node) or (None,)
            made = [Tensor(node, i, shape) for i, shape in enumerate(shapes)]
            found = made if name == "output" else list(node.inputs)
            return found[0] if len(found) == 1 else found
        if name == "layers":
            return self.model_layers(value)
        if name not in ("input", "inputs", "output", "outputs", "input_shape", "output_shape"):
            return None
        self.graph.build(value)
        tensors = {"input": value.inputs, "inputs": value.inputs, "output": value.outputs, "outputs": value.outputs}
        if name in tensors:
            ends = list(tensors[name])
            return ends if name.endswith("s") or len(ends) != 1 else ends[0]
        stated = [shape_of(self.graph, tensor) for tensor in tensors[name.partition("_")[0]]]
        return stated[0] if len(stated) == 1 else stated

    def assign_attribute(self, value: Any, name: str, new: Any) -> None:
        """`value.name = new`."""
        if isinstance(value, Instance):
            value.attributes[name] = new
            if name == "trainable" and isinstance(new, bool):
                self.freeze_instance(value, new)
        elif isinstance(value, Class):
            value.attributes[name] = new
        elif name == "trainable" and isinstance(new, bool):
            self.graph.freeze(value, new)

    def identity(self, value: Any) -> Any:
        """What tells two values apart in the key of an unknown one."""
        if isinstance(value, Unknown):
            return "unknown", self.graph.symbols.number(value.key)
        return value if isinstance(value, (bool, int, float, str, type(None))) else type(value).__name__

    def in_words(self, value: Any) -> str:
        """A value as part of a name."""
        return identifier(to_python(value) if isinstance(value, Expression) else value.text)


def layer_argument(layer: Layer, name: str) -> Any:
    """An argument of a layer, which it has as an attribute."""
    value = layer.arguments.get(name)
    return value if isinstance(value, (bool, int, float)) else None
