"""The calls of layers in a Keras config, in all the forms that Keras 2 and 3 write them in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lstmcalc.layers import RULES, LayerRule
from lstmcalc.sources.config.values import excerpt, leaves, plain

__all__ = ["Arguments", "NodeError", "Tensor", "bind", "read_node", "tensors_in"]

CONSTANT = "_CONSTANT_VALUE"
#: What Keras's layers call their first operand, where a call gives it by name.
FIRST = ("inputs", "x", "sequences", "sequence", "inputs_", "data", "value")


class NodeError(Exception):
    """A call that cannot be read: what was expected, and what is there."""

    def __init__(self, expected: str, got: str) -> None:
        self.expected, self.got = expected, got
        super().__init__(f"expected {expected}, got {got}")


@dataclass(frozen=True)
class Tensor:
    """An output of a call as a config names it: the layer, which of its calls, which output, and its stated shape."""

    layer: str
    node: int
    index: int
    shape: tuple[int | None, ...] | None = None


@dataclass
class Arguments:
    """What a layer is called on, with `Tensor` for outputs; `legacy` where Keras 2 wrote it."""

    args: list[Any]
    kwargs: dict[str, Any]
    legacy: bool


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The outputs in a value, in the order in which Keras takes them."""
    return (leaf for leaf in leaves(value) if isinstance(leaf, Tensor))


def read_node(data: Any, names: Collection[str]) -> Arguments:
    """One entry of `inbound_nodes`; raises `NodeError`. `names` are the layers that there are.

    Keras 2 writes a list of outputs, `[["x", 0, 0, {}]]`, in which even a single one is.

    >>> read_node([["x", 0, 0, {}], ["y", 1, 0, {"training": True}]], ["x", "y"]).args
    [[Tensor(layer='x', node=0, index=0, shape=None), Tensor(layer='y', node=1, index=0, shape=None)]]
    """
    if isinstance(data, Mapping) and "args" in data and set(data) <= {"args", "kwargs"}:
        args, kwargs = data["args"], data.get("kwargs", {})
        if not isinstance(args, (list, tuple)) or not isinstance(kwargs, Mapping):
            raise NodeError("`args` to be a list and `kwargs` a mapping", f"{excerpt(args)} and {excerpt(kwargs)}")
        return Arguments(_new(list(args)), {key: _new(value) for key, value in kwargs.items()}, False)
    if not isinstance(data, (list, tuple, Mapping)) or not data:
        raise NodeError("the outputs that the layer is called on", excerpt(data))
    collected: dict[str, Any] = {}
    first = _old(data, collected)
    if isinstance(first, list) and len(first) == 1:
        first = first[0]
    return Arguments([first], {key: _old_value(value, names) for key, value in collected.items()}, True)


def _new(value: Any) -> Any:
    """A value of Keras 3's, with its outputs as `Tensor`."""
    if isinstance(value, (list, tuple)):
        return [_new(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get("class_name") == "__keras_tensor__":
        config = value.get("config")
        history = config.get("keras_history") if isinstance(config, Mapping) else None
        tensor = _tensor(history, config.get("shape") if isinstance(config, Mapping) else None)
        if tensor is None:
            raise NodeError("`keras_history` to be a layer, its call and its output, such as `[\"x\", 0, 0]`",
                            excerpt(history))  # fmt: skip
        return tensor
    if "class_name" in value or value.get("type") == "ellipsis":
        return plain(value)
    return {key: _new(item) for key, item in value.items()}


def _old(value: Any, collected: dict[str, Any]) -> Any:
    """Keras 2's first argument; the keywords, which stand beside every output in it, are collected."""
    if isinstance(value, Mapping):
        return {key: _old(item, collected) for key, item in value.items()}
    if not isinstance(value, (list, tuple)):
        raise NodeError('an output, such as `["x", 0, 0, {}]`', excerpt(value))
    if not value or not isinstance(value[0], str):
        return [_old(item, collected) for item in value]
    if len(value) == 4 and isinstance(value[3], Mapping):
        collected.update(value[3])
    if value[0] == CONSTANT and len(value) in (3, 4):
        return plain(value[2])
    tensor = _tensor(value[:3]) if len(value) in (3, 4) else None
    if tensor is None:
        raise NodeError('an output, such as `["x", 0, 0, {}]`', excerpt(value))
    return tensor


def _old_value(value: Any, names: Collection[str]) -> Any:
    """A keyword of Keras 2's, in which an output is a list that begins with the name of a layer."""
    if isinstance(value, (list, tuple)):
        if len(value) == 3 and isinstance(value[0], str) and (value[0] in names or value[0] == CONSTANT):
            return plain(value[2]) if value[0] == CONSTANT else _tensor(value) or plain(value)
        return [_old_value(item, names) for item in value]
    if isinstance(value, Mapping):
        if set(value) == {"start", "stop", "step"}:
            return plain({"class_name": "__slice__", "config": value})
        if "class_name" in value or "type" in value:
            return plain(value)
        return {key: _old_value(item, names) for key, item in value.items()}
    return value


def _tensor(history: Any, shape: Any = None) -> Tensor | None:
    if not isinstance(history, (list, tuple)) or len(history) != 3:
        return None
    name, node, index = history
    if not isinstance(name, str) or not is_count(node) or not is_count(index):
        return None
    return Tensor(name, node, index, stated_shape(shape))


def is_count(value: Any) -> bool:
    """Whether a value is a whole number of at least 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def stated_shape(value: Any) -> tuple[int | None, ...] | None:
    """A shape as a config states it; None where it states none that can be used."""
    value = plain(value)
    if not isinstance(value, list) or not all(size is None or is_count(size) for size in value):
        return None
    return tuple(value)


@dataclass
class Bound:
    """A call's arguments by what they are to it: operands, states, and the rest by name."""

    inputs: list[Tensor]
    states: list[Tensor]
    keywords: dict[str, Any]


def bind(call: Arguments, rule: type[LayerRule] | None) -> Bound:
    """Tells the operands of a call from what else it is told, by what its rule takes; raises `NodeError`.

    Without a rule every output is an operand. Keywords that are None are left out, as Keras does not tell them.
    """
    if rule is None:
        return Bound([*tensors_in(call.args), *tensors_in(call.kwargs)], [], {})
    named = _by_name(call, rule)
    bound = Bound([], [], {})
    if call.legacy and rule.takes_state and isinstance(named.get("inputs"), list):
        # Keras 2 writes the states into the list of inputs.
        inside = list(tensors_in(named.pop("inputs")))
        bound.inputs, bound.states = inside[:1], inside[1:]
    for state in ("initial_state", "states"):
        if rule.takes_state and state in named:
            bound.states += tensors_in(named.pop(state))
    for name in operand_names(rule):
        value = named.pop(name, None)
        inside = list(tensors_in(value))
        if inside and isinstance(value, (list, Mapping)) and len(inside) < len(list(leaves(value))):
            constant = next(leaf for leaf in leaves(value) if not isinstance(leaf, Tensor))
            raise NodeError("outputs of layers to be called on", f"{excerpt(constant)} among them")
        bound.inputs += inside
        if not inside and value is not None:
            named[name] = value
    is_layer = RULES.get(rule.__name__) is rule
    for key, value in named.items():
        if value is not None or not is_layer:
            bound.keywords[key] = value
    return bound


def operand_names(rule: type[LayerRule]) -> list[str]:
    """What a rule calls the operands of its call."""
    return [name.strip("[]*") for name in rule.operands.split()]


def _by_name(call: Arguments, rule: type[LayerRule]) -> dict[str, Any]:
    operands = operand_names(rule)
    args = call.args
    if rule.operands.startswith("*"):
        args = [args] if args else []
    places = list(getattr(rule, "places", ())) or [
        *operands,
        *(["initial_state"] if rule.takes_state else []),
        *sorted(rule.keywords, key=lambda key: key in LayerRule.keywords),
    ]
    if len(args) > len(places):
        raise NodeError(f"at most {len(places)} arguments for a call of {rule.__name__}", str(len(args)))
    named = dict(zip(places, args, strict=False))
    kwargs = dict(call.kwargs)
    if not args and operands[0] not in kwargs:
        first = next((key for key in kwargs if key in FIRST and key not in rule.keywords), None)
        if first:
            named[operands[0]] = kwargs.pop(first)
    named.update(kwargs)
    return named
