"""The calls of layers in a Keras config, in all the forms that Keras 2 and 3 write them in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from lstmcalc.frozen import NamedTuple
from lstmcalc.layers import RULES, LayerRule
from lstmcalc.sources.config.values import excerpt, leaves, plain

__all__ = ["Arguments", "NodeError", "Tensor", "bind", "read_node", "tensors_in"]

CONSTANT = "_CONSTANT_VALUE"
#: The keys of a call as Keras 3 writes it.
NODE_KEYS = frozenset(("args", "kwargs"))
#: What Keras's layers call their first operand, where a call gives it by name.
FIRST = ("inputs", "x", "sequences", "sequence", "inputs_", "data", "value")


class NodeError(Exception):
    """A call that cannot be read: what was expected, and what is there."""

    def __init__(self, expected: str, got: str) -> None:
        self.expected, self.got = expected, got
        super().__init__(f"expected {expected}, got {got}")


@dataclass(slots=True)
class Tensor:
    """An output of a call as a config names it: the layer, which of its calls, which output, and its stated shape.

    No tuple, which would be taken for several values.
    """

    layer: str
    node: int
    index: int
    shape: tuple[int | None, ...] | None = None


class Arguments:
    """What a layer is called on, with `Tensor` for outputs; `legacy` where Keras 2 wrote it.

    `tensors` are the outputs among them, in the order in which Keras takes them.
    """

    __slots__ = ("args", "kwargs", "legacy", "tensors")

    def __init__(self, args: list[Any], kwargs: dict[str, Any], legacy: bool) -> None:
        self.args, self.kwargs, self.legacy = args, kwargs, legacy
        # What is told is mostly None or False.
        plain_call = len(args) == 1 and isinstance(args[0], Tensor) and not any(kwargs.values())
        self.tensors = args if plain_call else tensors_in([args, kwargs])


def tensors_in(value: Any) -> list[Tensor]:
    """The outputs in a value, in the order in which Keras takes them."""
    found: list[Tensor] = []
    _gather(value, found)
    return found


def _gather(value: Any, found: list[Tensor]) -> None:
    if isinstance(value, Tensor):
        found.append(value)
    elif isinstance(value, list):
        for item in value:
            _gather(item, found)
    elif isinstance(value, dict):
        for key in sorted(value):
            _gather(value[key], found)


def read_node(data: Any, names: Collection[str]) -> Arguments:
    """One entry of `inbound_nodes`; raises `NodeError`. `names` are the layers that there are.

    Keras 2 writes a list of outputs, `[["x", 0, 0, {}]]`, in which even a single one is.

    >>> read_node([["x", 0, 0, {}], ["y", 1, 0, {"training": True}]], ["x", "y"]).args
    [[Tensor(layer='x', node=0, index=0, shape=None), Tensor(layer='y', node=1, index=0, shape=None)]]
    """
    if isinstance(data, dict) and "args" in data and data.keys() <= NODE_KEYS:
        args, kwargs = data["args"], data.get("kwargs", {})
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            raise NodeError("`args` to be a list and `kwargs` a mapping", f"{excerpt(args)} and {excerpt(kwargs)}")
        return Arguments(_new(args), {key: _new(value) for key, value in kwargs.items()}, False)
    if not isinstance(data, (list, dict)) or not data:
        raise NodeError("the outputs that the layer is called on", excerpt(data))
    collected: dict[str, Any] = {}
    first = _old(data, collected)
    if isinstance(first, list) and len(first) == 1:
        first = first[0]
    return Arguments([first], {key: _old_value(value, names) for key, value in collected.items()}, True)


def _new(value: Any) -> Any:
    """A value of Keras 3's, with its outputs as `Tensor`."""
    if isinstance(value, list):
        return [_new(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__keras_tensor__":
        config = value.get("config")
        history = config.get("keras_history") if isinstance(config, dict) else None
        tensor = _tensor(history, config.get("shape") if isinstance(config, dict) else None)
        if tensor is None:
            raise NodeError("`keras_history` to be a layer, its call and its output, such as `[\"x\", 0, 0]`",
                            excerpt(history))  # fmt: skip
        return tensor
    if "class_name" in value or value.get("type") == "ellipsis":
        return plain(value)
    return {key: _new(item) for key, item in value.items()}


def _old(value: Any, collected: dict[str, Any]) -> Any:
    """Keras 2's first argument; the keywords, which stand beside every output in it, are collected."""
    if isinstance(value, dict):
        return {key: _old(item, collected) for key, item in value.items()}
    if not isinstance(value, list):
        raise NodeError('an output, such as `["x", 0, 0, {}]`', excerpt(value))
    if not value or not isinstance(value[0], str):
        return [_old(item, collected) for item in value]
    if len(value) == 4 and isinstance(value[3], dict):
        collected.update(value[3])
    if value[0] == CONSTANT and len(value) in (3, 4):
        return plain(value[2])
    tensor = _tensor(value[:3]) if len(value) in (3, 4) else None
    if tensor is None:
        raise NodeError('an output, such as `["x", 0, 0, {}]`', excerpt(value))
    return tensor


def _old_value(value: Any, names: Collection[str]) -> Any:
    """A keyword of Keras 2's, in which an output is a list that begins with the name of a layer."""
    if isinstance(value, list):
        if len(value) == 3 and isinstance(value[0], str) and (value[0] in names or value[0] == CONSTANT):
            return plain(value[2]) if value[0] == CONSTANT else _tensor(value) or plain(value)
        return [_old_value(item, names) for item in value]
    if isinstance(value, dict):
        if set(value) == {"start", "stop", "step"}:
            return plain({"class_name": "__slice__", "config": value})
        if "class_name" in value or "type" in value:
            return plain(value)
        return {key: _old_value(item, names) for key, item in value.items()}
    return value


def _tensor(history: Any, shape: Any = None) -> Tensor | None:
    if not isinstance(history, list) or len(history) != 3:
        return None
    name, node, index = history
    if not isinstance(name, str) or not is_count(node) or not is_count(index):
        return None
    return Tensor(name, node, index, stated_shape(shape))


def is_count(value: Any) -> bool:
    """Whether a value is a whole number of at least 0."""
    return type(value) is int and value >= 0


def stated_shape(value: Any) -> tuple[int | None, ...] | None:
    """A shape as a config states it; None where it states none that can be used.

    >>> stated_shape([None, 3]), stated_shape([None, -3]), stated_shape([None, True])
    ((None, 3), None, None)
    """
    if not isinstance(value, list):
        value = plain(value)
        if not isinstance(value, list):
            return None
    for size in value:
        # As `is_count` has it; most of what a large file holds besides names are sizes.
        if size is not None and (type(size) is not int or size < 0):
            # A size that is wrapped in something.
            value = plain(value)
            return tuple(value) if all(size is None or is_count(size) for size in value) else None
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
        return Bound(call.tensors, [], {})
    takes = _taken_by(rule)  # type: ignore[arg-type]  # mypy takes the class's own hash for its objects'
    if takes.one_operand and _has_one_operand(call, takes):
        return Bound(call.args, [], {})
    named = _by_name(call, rule, takes)
    bound = Bound([], [], {})
    if call.legacy and rule.takes_state and isinstance(named.get("inputs"), list):
        # Keras 2 writes the states into the list of inputs.
        inside = tensors_in(named.pop("inputs"))
        bound.inputs, bound.states = inside[:1], inside[1:]
    for state in ("initial_state", "states"):
        if rule.takes_state and state in named:
            bound.states += tensors_in(named.pop(state))
    for name in takes.operands:
        value = named.pop(name, None)
        inside = tensors_in(value)
        if inside and isinstance(value, (list, dict)) and len(inside) < len(list(leaves(value))):
            constant = next(leaf for leaf in leaves(value) if not isinstance(leaf, Tensor))
            raise NodeError("outputs of layers to be called on", f"{excerpt(constant)} among them")
        bound.inputs += inside
        if not inside and value is not None:
            named[name] = value
    for key, value in named.items():
        if not takes.is_layer or (value is not None and (key not in takes.outputs or _is_output(key, value))):
            bound.keywords[key] = value
    return bound


def _is_output(name: str, value: Any) -> bool:
    """Whether what a call is told is an output of a layer, or a list of them; not so a constant array.

    Raises `NodeError` for what is neither.
    """
    items = value if isinstance(value, list) else [value]
    if all(isinstance(item, Tensor) or item is None for item in items):
        return True
    if isinstance(value, list) and _is_array(value):
        return False
    raise NodeError(f"`{name}` to be an output of a layer", excerpt(value))


def _is_array(value: Any) -> bool:
    return all(map(_is_array, value)) if isinstance(value, list) else type(value) in (bool, int, float)


def operand_names(rule: type[LayerRule]) -> list[str]:
    """What a rule calls the operands of its call."""
    return [name.strip("[]*") for name in rule.operands.split()]


class _Taken(NamedTuple):
    """What a call of a rule takes: its operands, and everything, in the order in which it may stand without names."""

    operands: list[str]
    places: list[str]
    #: Whether what stands first, without a name, is an operand.
    one_operand: bool
    #: Whether it is a layer, which is not told what is None, rather than an operation.
    is_layer: bool
    #: What else than its operands is an output of a layer, such as a mask.
    outputs: frozenset[str]


@cache
def _taken_by(rule: type[LayerRule]) -> _Taken:
    operands = operand_names(rule)
    keywords = sorted(rule.keywords, key=lambda key: key in LayerRule.keywords)
    places = list(getattr(rule, "places", ())) or [*operands, *["initial_state"] * rule.takes_state, *keywords]
    outputs = frozenset(key for key, argument in rule.keywords.items() if argument.kind == "tensor")
    return _Taken(operands, places, places[:1] == operands[:1] != [], RULES.get(rule.__name__) is rule, outputs)


def _has_one_operand(call: Arguments, takes: _Taken) -> bool:
    """Whether a call has one operand and is told nothing, as most are."""
    told = call.kwargs
    if len(call.args) != 1 or not isinstance(call.args[0], Tensor):
        return False
    if not told:
        return True
    return takes.is_layer and takes.operands[0] not in told and list(told.values()).count(None) == len(told)


def _by_name(call: Arguments, rule: type[LayerRule], takes: _Taken) -> dict[str, Any]:
    operands, places = takes.operands, takes.places
    args = call.args
    if rule.operands.startswith("*"):
        args = [args] if args else []
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
