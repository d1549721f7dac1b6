"""Operations of TensorFlow in a Keras 2 config (`x + y`, `tf.concat`), which Keras 2 wraps in layers of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lstmcalc.layers import find_rule
from lstmcalc.sources.config.nodes import Arguments, operand_names
from lstmcalc.spec import LayerSpec, snake_case

__all__ = ["is_operation_layer", "translated"]

CLASSES = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
#: Operations as TensorFlow's graph names them, where that is not the function's name, and what their inputs are called.
GRAPH_NAMES = {
    "AddV2": ("math.add", "x y"),
    "BatchMatMul": ("linalg.matmul", "a b"),
    "BatchMatMulV2": ("linalg.matmul", "a b"),
    "MatMul": ("linalg.matmul", "a b"),
    "Add": ("math.add", "x y"),
    "BiasAdd": ("nn.bias_add", "value bias"),
    "ConcatV2": ("concat", "values... axis"),
    "ExpandDims": ("expand_dims", "input axis"),
    "Maximum": ("math.maximum", "x y"),
    "Minimum": ("math.minimum", "x y"),
    "Mul": ("math.multiply", "x y"),
    "Neg": ("math.negative", "x"),
    "Pow": ("math.pow", "x y"),
    "RealDiv": ("math.divide", "x y"),
    "Reshape": ("reshape", "tensor shape"),
    "SquaredDifference": ("math.squared_difference", "x y"),
    "Sub": ("math.subtract", "x y"),
    "Transpose": ("transpose", "a perm"),
    **{
        name: (f"math.reduce_{function}", "input_tensor axis")
        for name, function in (("Max", "max"), ("Mean", "mean"), ("Min", "min"), ("Prod", "prod"), ("Sum", "sum"))
    },
    **{name: (f"nn.{name.lower()}", "features") for name in ("Elu", "Relu", "Relu6", "Selu", "Softplus", "Softsign")},
    **{
        name: (f"math.{snake_case(name)}", "x")
        for name in ("Abs", "Cos", "Erf", "Exp", "Log", "Rsqrt", "Sigmoid", "Sign", "Sin", "Sqrt", "Square", "Tanh")
    },
}


def is_operation_layer(data: Mapping[str, Any]) -> bool:
    """Whether a layer of a config stands for an operation of TensorFlow."""
    return data.get("class_name") in CLASSES


def translated(layer: LayerSpec, data: Mapping[str, Any], calls: list[Arguments]) -> tuple[LayerSpec, list[Arguments]]:
    """The layer as the operation of Keras 3 that does the same, and its calls as that takes them.

    Both stay as they are where there is no such operation. `tensorflow_names.translate` gets the function's arguments
    under TensorFlow's names, the first one, whose name no config holds, under an empty one; it returns them, values
    untouched, under the names of the Keras operation's constructor and of its `call`.
    """
    # Few models have operations, and their rules take their time to load.
    from lstmcalc.layers.operations.tensorflow_names import translate

    class_name = ""
    stated: dict[str, Any] = {}
    made = []
    for call in calls:
        function, arguments = _function(data, call)
        found = _transposed(function, arguments) or translate(function, arguments)
        rule = find_rule(found[0]) if found else None
        if found is None or rule is None:
            return layer, calls
        operands = {*operand_names(rule), *getattr(rule, "places", ())}
        constructor = {key: value for key, value in found[1].items() if key not in operands}
        if class_name and (class_name, stated) != (found[0], constructor):
            return layer, calls
        class_name, stated = found[0], constructor
        made.append(Arguments([], {key: value for key, value in found[1].items() if key in operands}, True))
    return (layer.changed(class_name=class_name, arguments=stated), made) if made else (layer, calls)


def _transposed(function: str, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """A product of matrices that are turned before; None for any other function."""
    turned = [any(arguments.get(f"{how}_{side}") for how in ("transpose", "adjoint")) for side in "ab"]
    if function.rpartition(".")[2] != "matmul" or not any(turned) or "b" not in arguments:
        return None
    subscripts = f"...{'ji' if turned[0] else 'ij'},...{'kj' if turned[1] else 'jk'}->...ik"
    return "ops.Einsum", {"subscripts": subscripts, "operands": [arguments[""], arguments["b"]]}


def _function(data: Mapping[str, Any], call: Arguments) -> tuple[str, dict[str, Any]]:
    """The function of TensorFlow that a layer runs, and its arguments by name."""
    config = data.get("config")
    config = config if isinstance(config, dict) else {}
    if data.get("class_name") == "TensorFlowOpLayer":
        return _graph_function(config, call)
    function = config.get("function")
    first = call.args[0] if call.args else None
    kwargs = {key: value for key, value in call.kwargs.items() if key != "name"}
    return (function if isinstance(function, str) else ""), {"": first, **kwargs}


def _graph_function(config: Mapping[str, Any], call: Arguments) -> tuple[str, dict[str, Any]]:
    """The same for an operation of TensorFlow's graph, whose constants stand in the config by their place."""
    node = config.get("node_def")
    name = _operation_name(node)
    function, names = GRAPH_NAMES.get(name, ("", ""))
    constants = config.get("constants")
    constants = dict(constants) if isinstance(constants, dict) else {}
    first = call.args[0] if call.args else []
    tensors = list(first) if isinstance(first, list) else [first]
    values: list[Any] = []
    while tensors or str(len(values)) in constants:
        place = str(len(values))
        values.append(constants.pop(place) if place in constants else tensors.pop(0))
    if name == "StridedSlice" and len(values) == 4:
        key = _slices(node, *values[1:])
        return ("__operators__.getitem", {"": values[0], "slice_spec": key}) if key else ("", {})
    parameters = names.split()
    if parameters and parameters[0].endswith("..."):
        values = [values[:-1], *values[-1:]]
    if not function or len(values) != len(parameters):
        return "", {}
    arguments = {"": values[0], **dict(zip(parameters[1:], values[1:], strict=True))}
    if "math.reduce_" in function:
        arguments["keepdims"] = _is_set(node, "keep_dims")
    for side, word in (("a", "x"), ("b", "y")) if function == "linalg.matmul" else ():
        arguments[f"transpose_{side}"] = _is_set(node, f"adj_{word}") or _is_set(node, f"transpose_{side}")
    return function, arguments


def _operation_name(node: Any) -> str:
    name = node.get("op") if isinstance(node, dict) else None
    return name if isinstance(name, str) else ""


def _slices(node: Any, begins: Any, ends: Any, steps: Any) -> list[Any] | None:
    """What stood in the brackets of `x[...]`, from TensorFlow's bounds and the bits that say which of them count."""
    attributes = node.get("attr") if isinstance(node, dict) else None
    bounds = [begins, ends, steps]
    alike = all(isinstance(b, list) and len(b) == len(begins) and all(type(i) is int for i in b) for b in bounds)
    if not isinstance(attributes, dict) or not alike:
        return None
    masks = {
        name: _mask(attributes.get(f"{name}_mask")) for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    key: list[Any] = []
    for place, (begin, end, step) in enumerate(zip(*bounds, strict=True)):
        on = {name for name, mask in masks.items() if mask >> place & 1}
        if "ellipsis" in on:
            key.append(...)
        elif "new_axis" in on:
            key.append(None)
        elif "shrink_axis" in on:
            key.append(begin)
        else:
            key.append(slice(None if "begin" in on else begin, None if "end" in on else end, step))
    return key


def _mask(value: Any) -> int:
    number = value.get("i") if isinstance(value, dict) else None
    return int(number) if isinstance(number, (int, str)) and str(number).isdecimal() and len(str(number)) < 10 else 0


def _is_set(node: Any, name: str) -> bool:
    """Whether an attribute of a TensorFlow node is true."""
    attributes = node.get("attr") if isinstance(node, dict) else None
    value = attributes.get(name) if isinstance(attributes, dict) else None
    return isinstance(value, dict) and value.get("b") is True
