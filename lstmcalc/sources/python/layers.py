"""Layers and models as Python calls them: what is given by position and by name, and what comes back."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import MAX_SIZE, Expression, lower_size, to_python
from lstmcalc.errors import Fault, Rejection, Where
from lstmcalc.layers import LayerRule, find_rule
from lstmcalc.layers.arguments import REQUIRED, Argument
from lstmcalc.layers.kinds import is_cell_class
from lstmcalc.sources.layer_call import OBJECTS, positional_arguments
from lstmcalc.sources.python.code import KNOWN, code_of
from lstmcalc.sources.python.graph import INPUT_ARGUMENTS, Graph
from lstmcalc.sources.python.text import shortened
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
)
from lstmcalc.sources.python.wording import described, identifier, not_known, wrong_name

__all__ = ["call_layer", "call_model", "make_input", "make_layer"]

#: What Keras 2 takes, and what changes neither shapes nor params.
IGNORED = ("implementation", "dynamic", "weights", "mutable")
#: What Keras 3 takes under another name too.
RENAMED = {("LeakyReLU", "alpha"): "negative_slope", ("ELU", "negative_slope"): "alpha"}
#: The names that Keras's layers have for their first argument in a call.
FIRST = ("inputs", "sequences", "sequence", "x", "input")
#: What a call cannot be told, as it is neither a tensor nor a constant.
NO_CONSTANTS = (Class, Function, Imported, Instance, Layer, Method, Model, Partial, Unknown)
#: Numbers of which an argument takes one if any number, or anything at all, will do.
PROBES = (0.5, 1.5)
#: How many values an argument may have.
MAX_VALUES = 10_000


def make_layer(graph: Graph, class_name: str, given: Arguments) -> Layer:
    """A layer from a call of its class."""
    reader = _Reader(graph, class_name)
    pairs: list[tuple[int | str, str, Any]] = []
    positional = list(positional_arguments(class_name))
    for i, value in enumerate(given.positional):
        if i < len(positional):
            pairs.append((i, positional[i], value))
        elif find_rule(class_name):
            number = f"at most {len(positional)} arguments by position for {class_name}"
            reader.fault("not-a-layer-call", number, str(len(given.positional)), given.place(i))
            break
    pairs += [(key, key, value) for key, value in given.keywords.items()]
    arguments: dict[str, Any] = {}
    places: dict[str, Where] = {}
    name = ""
    for where, key, value in pairs:
        key = RENAMED.get((class_name, key), key)
        if key == "name":
            places["name"] = given.place(where)
            name = reader.name(value, places["name"])
        elif key in arguments:
            reader.fault("not-a-layer-call", "every argument by name, once", f"`{key}` twice", given.place(where))
        elif key not in IGNORED or key in reader.arguments:
            places[key] = given.place(where)
            read = reader.read(key, value, places[key])
            if read is not _Reader.LEFT_OUT:
                arguments[key] = read
    layer = graph.layer(class_name, arguments, name, given.where, places, reader.faults)
    layer.code.update(reader.code)
    return layer


class _Reader:
    """Turns the values of one layer's arguments into what `LayerSpec` holds; `faults` collects what cannot be."""

    LEFT_OUT = object()

    def __init__(self, graph: Graph, class_name: str) -> None:
        rule = find_rule(class_name)
        self.graph, self.class_name = graph, class_name
        self.arguments: dict[str, Argument] = rule.arguments if rule else {}
        self.faults: list[Fault] = []
        self.code: dict[str, str] = {}
        self.count = 0

    def fault(self, code: str, expected: str, got: str, where: Where) -> None:
        """Notes a fault."""
        self.faults.append(Fault(code, expected, got, where=where))

    def name(self, value: Any, where: Where) -> str:
        """A layer's name; what is unknown in it is called as it is written."""
        name = identifier(value.text) if isinstance(value, Unknown) else value if isinstance(value, str) else ""
        self.faults += wrong_name(name, where)
        return name

    def read(self, key: str, value: Any, where: Where) -> Any:
        """A value as a spec has it, or `LEFT_OUT` where Keras's default will do."""
        argument = self.arguments.get(key)
        kind = argument.kind if argument else ""
        if key in INPUT_ARGUMENTS:
            kind = "size"
        if key in INPUT_ARGUMENTS and key != "input_dim" and isinstance(value, Unknown):
            return self.graph.size(value) if key == "input_length" else None
        return self._value(key, value, kind, argument, where)

    def _value(self, key: str, value: Any, kind: str, argument: Argument | None, where: Where) -> Any:
        if isinstance(value, (list, tuple, range)):
            found = [self._value(key, item, kind, argument, where) for item in self._within(value, where)]
            return self.LEFT_OUT if self.LEFT_OUT in found else found
        if isinstance(value, (Layer, Model)) and kind not in OBJECTS:
            return value
        if isinstance(value, Unknown):
            return self._unknown(key, value, kind, argument, where)
        if isinstance(value, Expression):
            return to_python(value)
        if kind in ("size", "sizes") and isinstance(value, str):
            # A text that is a number to us is none to Keras.
            self.fault("wrong-value", f"`{key}` to be a positive integer", f'"{shortened(value)}"', where)
            return self.LEFT_OUT
        if isinstance(value, dict):
            return {str(k): self._value(key, item, "", None, where) for k, item in value.items()}
        if isinstance(value, int) and abs(value) > MAX_SIZE:
            self.fault("wrong-number", f"an integer of at most {MAX_SIZE:,}", described(value), where)
            return None
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        known = isinstance(value, Imported) and value.path.partition(".")[0] in KNOWN
        if not known and (code := code_of(value)):
            self.code[key] = code
        return self._object(value, kind)

    def _within(self, values: Any, where: Where) -> Any:
        """The values, where they and all before them are not too many."""
        self.count += len(values)
        if self.count <= MAX_VALUES:
            return values
        self.fault("too-large", f"at most {MAX_VALUES:,} values in one argument", "more", where)
        return []

    def _unknown(self, key: str, value: Unknown, kind: str, argument: Argument | None, where: Where) -> Any:
        if kind in ("size", "sizes", "shape"):
            return self.graph.size(value)
        if kind in ("layer", "layers") and value.call:
            name, given = value.call
            return self.graph.layer(name.rpartition(".")[2], {}, where=given.where)
        if argument is None or kind == "dtype":
            # Nothing is known of it by name either: inference says so.
            return value.text if argument is None else self.LEFT_OUT
        if kind in OBJECTS:
            self.code[key] = f"from ? import {shortened(value.text)}"
            return {"class_name": identifier(value.text), "config": {}}
        for probe in PROBES if kind == "plain" else ():
            try:
                argument.check(key, probe)
            except Rejection:
                continue
            return probe if argument.default is REQUIRED else self.LEFT_OUT
        fix = f"write `{key}=True` or `{key}=False`" if kind == "flag" else "write its value"
        because = value.because or f"only running the code would tell what `{value.text}` is"
        fault = Fault("unknown-value", f"`{key}` to be known", f"`{value.text}`", because, value.fix or fix, where)
        self.faults.append(fault)
        return self.LEFT_OUT

    def _object(self, value: Any, kind: str) -> Any:
        name = _name_of(value)
        if isinstance(value, Imported) and (kind == "dtype" or _is_known(self.arguments, kind, name)):
            return name
        return {"class_name": name, "config": {}} if kind in OBJECTS else self.LEFT_OUT if kind == "dtype" else name


def _is_known(arguments: dict[str, Argument], kind: str, name: str) -> bool:
    argument = next((found for found in arguments.values() if found.kind == kind), None)
    try:
        return argument is not None and argument.check("", name) is not None
    except Rejection:
        return False


def _name_of(value: Any) -> str:
    if isinstance(value, Imported):
        return value.last
    if isinstance(value, Partial):
        return _name_of(value.function)
    if isinstance(value, Instance):
        return value.of.name if value.of else "object"
    if isinstance(value, Layer):
        return value.class_name
    return str(getattr(value, "name", "") or type(value).__name__.lower())


def make_input(graph: Graph, given: Arguments) -> Tensor:
    """An `Input` or `InputLayer`, in the spelling of Keras 2 or 3."""
    keywords = given.keywords
    tensor = keywords.get("tensor", keywords.get("input_tensor"))
    if isinstance(tensor, Tensor):
        return tensor
    shape = given.get(0, "shape", keywords.get("input_shape"))
    batch = given.get(1, "batch_size")
    full = keywords.get("batch_shape", keywords.get("batch_input_shape"))
    if isinstance(full, (list, tuple)) and full:
        batch, shape = full[0], full[1:]
    reader = _Reader(graph, "InputLayer")
    where = given.where
    name = reader.name(keywords.get("name"), given.place("name"))
    faults = list(reader.faults)
    if isinstance(shape, (int, Expression)) and not isinstance(shape, bool):
        fault = Fault("wrong-value", "`shape` to be a tuple", described(lower_size(shape)) if isinstance(shape, int)
                      else f"`{to_python(shape)}`", fix="write a comma behind it: `(10,)`",
                      where=given.place("shape" if "shape" in keywords else 0))  # fmt: skip
        faults.append(fault)
    sizes = list(shape) if isinstance(shape, (list, tuple)) else None
    for size in sizes or ():
        if size is not None and graph.dim(size) is None:
            faults.append(Fault("wrong-size", "every size of an input to be an integer or None", described(size),
                                where=where))  # fmt: skip
    dtype = keywords.get("dtype")
    dtype = dtype.last if isinstance(dtype, Imported) else dtype
    return graph.input(sizes, batch, dtype if isinstance(dtype, str) else "float32", name, where, faults)


def call_layer(graph: Graph, layer: Layer, given: Arguments) -> Any:
    """The output of a layer on what it is given: a tensor, or a list where there are several."""
    rule = find_rule(layer.class_name) or LayerRule
    operands, states, keywords, faults = _operands(graph, rule, given)
    tensors, wrong = graph.tensors(operands, given.where)
    known, wrong_states = graph.tensors(states, given.where)
    faults += wrong + wrong_states
    graph.settle(tensors, layer)
    for inner in layer.arguments.values():
        if isinstance(inner, Model):
            graph.build(inner)
    made: list[Any] = list(graph.node(layer, tensors, known, keywords, given.where, faults))
    if len(made) > 1 and is_cell_class(rule):
        return [made[0], made[1:]]
    return made[0] if len(made) == 1 else made


def _operands(
    graph: Graph, rule: type[LayerRule], given: Arguments
) -> tuple[list[Any], Any, dict[str, Any], list[Fault]]:
    """What a call is given, sorted: inputs, states, and what else it is told."""
    several = rule.operands.startswith("*")
    names = rule.operands.split() if " " in rule.operands else []
    limit = len(given.positional) if several else len(names) or 1
    operands = list(given.positional[:limit])
    states: Any = None
    faults: list[Fault] = []
    rest = given.positional[limit:]
    if rest and rule.takes_state:
        states, rest = rest[0], rest[1:]
    if rest:
        expected = f"at most {limit + rule.takes_state} arguments by position"
        faults.append(Fault("wrong-call", expected, str(len(given.positional)), where=given.where))
    told = {}
    by_name = {}
    for key, value in given.keywords.items():
        if key in ("initial_state", "states") and (rule.takes_state or value is not None):
            states = value
        elif key in names or (not names and not operands and key in FIRST):
            by_name[key] = value
        elif value is not None:
            strange = next((leaf for leaf in flat_tensors(value) if isinstance(leaf, NO_CONSTANTS)), None)
            if key == "mask" and isinstance(value, Array):
                # Data of the source's own, on which no shape depends.
                continue
            if strange is None:
                told[key] = tuple(value) if isinstance(value, tuple) else value
            elif not isinstance(strange, (Imported, Unknown)):
                faults.append(not_known(strange, f"`{key}` to be a tensor or a constant", given.place(key)))
            elif key not in ("training", "mask"):
                faults.append(not_known(strange, f"`{key}` to be known", given.place(key)))
    operands += [by_name[name] for name in (*names, *FIRST) if name in by_name]
    return operands, states, told, faults


def call_model(graph: Graph, model: Model, given: Arguments) -> Any:
    """The output of a model used as a layer, in the structure that it was made with."""
    value = given.get(0, "inputs")
    if isinstance(value, Array):
        graph.build(model, [graph.data_shape(value.shape)])
        return Array(())
    tensors, faults = graph.tensors(_in_order(model, value), given.where)
    known = [shape for tensor in tensors if (shape := graph.shapes.of(tensor)) is not None]
    graph.settle(tensors, model)
    graph.build(model, known if len(known) == len(tensors) else ())
    made = graph.node(model, tensors, where=given.where, faults=faults)
    node = made[0].node
    outputs = made + [Tensor(node, i) for i in range(len(made), len(model.outputs))]
    structure = model.results[0] if model.results else outputs
    return _like(structure, iter(outputs))


def _in_order(model: Model, value: Any) -> list[Any]:
    """What a model is given, in the order of its inputs; a mapping goes by their names."""
    names = [tensor.node.layer.name for tensor in model.inputs]
    if isinstance(value, dict) and set(names) == set(value):
        return [value[name] for name in names]
    return flat_tensors(value)


def _like(structure: Any, tensors: Any) -> Any:
    """Tensors in the structure of a model's outputs, in Keras's order: that of the keys in a mapping."""
    if isinstance(structure, dict):
        return {key: _like(structure[key], tensors) for key in sorted(structure, key=str)}
    if isinstance(structure, (list, tuple)):
        made = [_like(item, tensors) for item in structure]
        return made[0] if len(made) == 1 else made
    return next(tensors, None)
