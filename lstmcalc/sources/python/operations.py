"""Arithmetic with tensors, and functions of `keras.ops` and its like, as operations in the graph."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from lstmcalc.dims import Expression, lower_size
from lstmcalc.errors import Fault, Where
from lstmcalc.sources.python.graph import Graph
from lstmcalc.sources.python.values import Arguments, Array, Imported, Tensor, Unknown, flat_tensors
from lstmcalc.sources.python.wording import not_known

if TYPE_CHECKING:
    from lstmcalc.layers.operations.rule import Operation

__all__ = ["COMPARED", "call_operation", "has_tensor", "operate", "shape_of", "take", "transform"]

#: Keras's classes for Python's operators on tensors (keras/src/backend/common/keras_tensor.py, 3.15.1).
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "Add",
    ast.Sub: "Subtract",
    ast.Mult: "Multiply",
    ast.Div: "TrueDivide",
    ast.MatMult: "Matmul",
    ast.Pow: "Power",
    ast.FloorDiv: "FloorDivide",
    ast.Mod: "Mod",
    ast.BitAnd: "LogicalAnd",
    ast.BitOr: "LogicalOr",
    ast.BitXor: "LogicalXor",
}
COMPARED: dict[type[ast.AST], str] = {
    ast.Lt: "Less",
    ast.LtE: "LessEqual",
    ast.Gt: "Greater",
    ast.GtE: "GreaterEqual",
    ast.NotEq: "NotEqual",
}
UNARY: dict[type[ast.AST], str] = {ast.USub: "Negative", ast.Invert: "LogicalNot"}
#: Functions of `keras.ops`, of Keras 2's backend and of TensorFlow whose class is not their name in capitals.
CLASSES = {
    "abs": "Absolute",
    "concat": "Concatenate",
    "div": "TrueDivide",
    "hard_swish": "HardSilu",
    "l2_normalize": "Normalize",
    "permute_dimensions": "Transpose",
    "pow": "Power",
    "reduce_all": "All",
    "reduce_any": "Any",
    "reduce_max": "Max",
    "reduce_mean": "Mean",
    "reduce_min": "Min",
    "reduce_prod": "Prod",
    "reduce_sum": "Sum",
    "reverse": "Flip",
    "swish": "Silu",
}
#: What TensorFlow and Keras 2 call the first operand.
FIRST = ("input_tensor", "input", "inputs", "tensor", "tensors", "value", "values", "a", "x", "features", "logits")
#: The names of what TensorFlow takes by position behind the first operand, where code gives it so.
REST = {
    "cast": ("dtype",),
    "concat": ("axis",),
    "expand_dims": ("axis",),
    "gather": ("indices",),
    "matmul": ("b", "transpose_a", "transpose_b"),
    "one_hot": ("depth",),
    "pad": ("paddings", "mode"),
    "reduce": ("axis", "keepdims"),
    "reshape": ("shape",),
    "softmax": ("axis",),
    "split": ("num_or_size_splits", "axis"),
    "squeeze": ("axis",),
    "stack": ("axis",),
    "tile": ("multiples",),
    "transpose": ("perm",),
}
#: What is wrong with a step that belongs to a ready-made network, `mobilenet_v2.preprocess_input(x)`.
READY_MADE = Fault(
    "unknown-layer",
    "operations that stand in the code",
    "a step that belongs to a ready-made network",
    "each network has its own",
    "save the model with `model.save('model.keras')`, and read that file",
)
#: The classes that `keras.activations` has of its own.
ACTIVATIONS = {"relu": "ReLU"}


def has_tensor(*values: Any) -> bool:
    """Whether a tensor is among the values, or in one of them."""
    return any(isinstance(leaf, Tensor) for leaf in flat_tensors(list(values)))


def operate(graph: Graph, operator: ast.AST, left: Any, right: Any, where: Where) -> Any:
    """`left + right` and its like, where one of them is a tensor."""
    name = {**OPERATORS, **COMPARED}.get(type(operator))
    if name is None:
        raise TypeError("Keras has no such operation on tensors")
    return _apply(graph, name, {"x1": left, "x2": right}, {}, where)


def transform(graph: Graph, operator: ast.AST, value: Any, where: Where) -> Any:
    """`-x` and its like."""
    class_name = UNARY.get(type(operator))
    return value if class_name is None else _apply(graph, class_name, {"x": value}, {}, where)


def take(graph: Graph, value: Tensor, key: Any, where: Where) -> Any:
    """`x[:, -1]`."""
    parts = key if isinstance(key, tuple) else (key,)
    written = f"[{', '.join(_part(graph, part) for part in parts)}]"
    return _apply(graph, "GetItem", {"x": value, "key": written}, {}, where)


def _part(graph: Graph, part: Any) -> str:
    if isinstance(part, slice):
        bounds = ["" if bound is None else _part(graph, bound) for bound in (part.start, part.stop, part.step)]
        return ":".join(bounds if bounds[2] else bounds[:2])
    if part is Ellipsis:
        return "..."
    if isinstance(part, Imported) and part.last == "newaxis":
        return "None"
    if isinstance(part, (Unknown, Expression)):
        return str(graph.size(part))
    return str(part) if part is None or isinstance(part, int) else "an array"


def shape_of(graph: Graph, value: Any) -> tuple[Any, ...] | None:
    """The shape of a tensor or of data, None for each size that is not known; None where nothing is."""
    if isinstance(value, Array):
        return value.shape
    shape = graph.shapes.of(value) if isinstance(value, Tensor) else None
    return None if shape is None else tuple(map(lower_size, shape))


def call_operation(graph: Graph, path: str, given: Arguments) -> Any:
    """A function of `keras.ops` or the like on tensors; None where no tensor is given."""
    if not has_tensor(given.positional, dict(given.keywords)):
        return None
    name = path.rpartition(".")[2]
    if name in ("shape", "int_shape"):
        return shape_of(graph, given.get(0, "x", given.keywords.get("inputs")))
    class_name = CLASSES.get(name, "".join(part.capitalize() for part in name.split("_")))
    if ".activations." in path and _rule(f"ops.{ACTIVATIONS.get(name, '')}"):
        class_name = ACTIVATIONS[name]
    if path.startswith(("tensorflow.", "keras.backend.")) and (found := _translated(path, given)):
        class_name, operands, arguments = found
        return _apply(graph, class_name, operands, arguments, given.where)
    rule = _rule(f"ops.{class_name}")
    if rule is None:
        tensors = [leaf for leaf in flat_tensors([*given.positional, dict(given.keywords)]) if isinstance(leaf, Tensor)]
        faults = [READY_MADE._replace(where=given.where)] if ".applications." in path else []
        class_name = name if faults else f"ops.{class_name}"
        return _outputs(graph.node(graph.layer(class_name, {}, where=given.where, faults=faults), tensors))
    return _call(graph, class_name, rule, given)


def _rule(class_name: str) -> type[Operation] | None:
    # Few models have operations, and their rules take their time to load.
    from lstmcalc.layers.operations import OPERATIONS

    return OPERATIONS.get(class_name)


def _translated(function: str, given: Arguments) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
    """A function of TensorFlow as an operation of Keras 3: its class, operands and arguments, by Keras's names."""
    from lstmcalc.layers.operations.tensorflow_names import translate

    name = function.rpartition(".")[2]
    rest = REST.get("reduce" if name.startswith("reduce_") else name, ("y",))
    told = {"" if key in FIRST and not given.positional else key: value for key, value in given.keywords.items()}
    told.update(zip(("", *rest), given.positional, strict=False))
    told.pop("name", None)
    if name == "reshape" and isinstance(shape := told.get("shape"), (list, tuple)):
        # An unknown size, `tf.shape(x)[0]`, is known when data comes; it is what remains.
        told["shape"] = [-1 if size is None else size for size in shape]
    found = translate(function.removeprefix("tensorflow."), told)
    rule = _rule(found[0]) if found else None
    if found is None or rule is None:
        return None
    operands = {key: value for key, value in found[1].items() if key in rule.places}
    arguments = {key: value for key, value in found[1].items() if key not in rule.places}
    return found[0].removeprefix("ops."), operands, arguments


def _call(graph: Graph, class_name: str, rule: type[Operation], given: Arguments) -> Any:
    operands: dict[str, Any] = {}
    arguments: dict[str, Any] = {}
    first = rule.places[0] if rule.places else "x"
    positional = list(given.positional)
    if rule.operands.startswith("*"):
        # einsum(subscripts, *operands)
        leading = [key for key in rule.arguments if not has_tensor(positional[:1])][: len(rule.arguments)]
        arguments.update(zip(leading, positional, strict=False))
        operands[first] = positional[len(arguments) :]
    else:
        required = [name for name in rule.places if name not in rule.optional and name not in rule.plain]
        rest = [name for name in rule.places if name not in required]
        names = [*required, *rest, *rule.arguments] if rule.optional else [*required, *rule.arguments, *rest]
        for name, value in zip(names, positional, strict=False):
            (operands if name in rule.places else arguments)[name] = value
    for key, value in given.keywords.items():
        key = first if key in FIRST and key not in rule.arguments and first not in operands else key
        if key != "name":
            (operands if key in rule.places else arguments)[key] = value
    if class_name == "Reshape" and isinstance(shape := arguments.get("newshape"), (list, tuple)):
        # `ops.shape(x)[0]` is known when data comes; it is what remains.
        arguments["newshape"] = [-1 if size is None else size for size in shape]
    return _apply(graph, class_name, operands, arguments, given.where)


def _apply(graph: Graph, class_name: str, operands: dict[str, Any], arguments: dict[str, Any], where: Where) -> Any:
    faults: list[Fault] = []
    inputs: list[Tensor] = []
    keywords: dict[str, Any] = {}
    for name, value in operands.items():
        if isinstance(value, Tensor):
            inputs.append(value)
        elif isinstance(value, (list, tuple)) and has_tensor(value):
            tensors, wrong = graph.tensors(value, where)
            inputs += tensors
            faults += wrong
        elif isinstance(value, Unknown) and value.call and has_tensor(value.call[1].positional):
            inputs.append(graph.unknown_call(value, value.call[1])[0])
        elif isinstance(value, Unknown) and not (value.free or value.floor is not None):
            faults.append(not_known(value, "the output of a layer, or a number", where))
            inputs += value.parts
        else:
            keywords[name] = _constant(value)
    stated = {key: _argument(graph, value) for key, value in arguments.items() if value is not None}
    layer = graph.layer(f"ops.{class_name}", stated, where=where)
    return _outputs(graph.node(layer, inputs, (), keywords, where, faults))


def _outputs(tensors: list[Tensor]) -> Any:
    return tensors if len(tensors) > 1 else tensors[0]


def _constant(value: Any) -> Any:
    """A constant as a call holds it: where only its shape is known, numbers of that shape."""
    if isinstance(value, (Unknown, Expression)):
        return 1.0
    if isinstance(value, Array):
        return value
    return list(value) if isinstance(value, tuple) else value


def _argument(graph: Graph, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_argument(graph, item) for item in value]
    if isinstance(value, (Unknown, Expression)):
        return graph.size(value)
    return value.last if isinstance(value, Imported) else value
