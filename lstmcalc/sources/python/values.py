"""What names stand for while Python source is read: plain Python data, and the few things below."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lstmcalc.errors import Fault, Where
from lstmcalc.layers.rule import Shape
from lstmcalc.spec import NOWHERE

__all__ = [
    "Arguments",
    "Array",
    "Class",
    "Function",
    "Imported",
    "Instance",
    "Layer",
    "Method",
    "Model",
    "Node",
    "Partial",
    "Tensor",
    "Unknown",
    "copied",
    "flat_tensors",
    "is_open",
    "is_own_layer",
    "part_of",
]


#: How long the text of an unknown value may be, of which names take less.
MAX_TEXT = 400


@dataclass(frozen=True)
class Arguments:
    """What a call is given: values by position and by name, the place of each, and that of the call."""

    positional: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[int | str, Where] = field(default_factory=dict)
    where: Where = NOWHERE
    text: str = ""

    def place(self, key: int | str) -> Where:
        """The place of one argument."""
        return self.places.get(key, self.where)

    def get(self, position: int, name: str, default: Any = None) -> Any:
        """An argument that may be given by position or by name."""
        return self.positional[position] if position < len(self.positional) else self.keywords.get(name, default)


@dataclass(frozen=True)
class Unknown:
    """A value that the source does not tell; it may stand for a size, and then becomes a symbol.

    `key` is the same for two that are the same value; of other unknown values in it, it has the numbers that the graph
    gives their keys, so that it stays as small as the expression. `call` holds the name and arguments where an unknown
    function made it, `floor` the whole size below a fraction, `parts` the tensors that it was made of. `free` marks a
    name that the source sets nowhere. `because` and `fix` say why it is unknown, where the text alone does not.
    """

    text: str
    key: tuple[Any, ...]
    where: Where = NOWHERE
    because: str = ""
    fix: str = ""
    call: tuple[str, Arguments] | None = None
    floor: Any = None
    free: bool = False
    parts: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Imported:
    """Something of a library, by its dotted path: `keras.layers.Dense`."""

    path: str

    @property
    def last(self) -> str:
        """The last name of the path."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True)
class Array:
    """Data of a known shape, None where a size is not known."""

    shape: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer that was made; `arguments` is as `LayerSpec` has them, but with layers and models as such.

    `code` is as there.
    """

    class_name: str
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    where: Where = NOWHERE
    places: Mapping[str, Where] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    code: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, eq=False)
class Node:
    """One application of a layer or a model; an input is one of `InputLayer`. `order` counts them."""

    layer: Layer | Model
    inputs: tuple[Tensor, ...] = ()
    states: tuple[Tensor, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    where: Where = NOWHERE
    order: int = 0
    faults: tuple[Fault, ...] = ()

    @property
    def sources(self) -> tuple[Tensor, ...]:
        """Every tensor that goes in."""
        told = (item for value in self.keywords.values() for item in (value if isinstance(value, list) else [value]))
        return (*self.inputs, *self.states, *(item for item in told if isinstance(item, Tensor)))


@dataclass(frozen=True, eq=False)
class Tensor:
    """One output of a node; its shape is None where that cannot be known."""

    node: Node
    index: int = 0
    shape: Shape | None = None


@dataclass(frozen=True, eq=False)
class Model:
    """A model: a graph from `inputs` to `outputs`, or a stack of `layers` that gets its graph when it is built.

    `results` holds the outputs in the structure that a call returns. The lists are empty until they are known.
    """

    name: str
    kind: str
    where: Where = NOWHERE
    layers: list[Any] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def sequential(self) -> bool:
        """Whether it is a stack of layers."""
        return self.kind == "Sequential"


@dataclass(frozen=True, eq=False)
class Function:
    """A function or lambda of the source, with the scopes it was defined in; `this` is what it is bound to."""

    name: str
    node: ast.FunctionDef | ast.Lambda
    scopes: tuple[dict[str, Any], ...]
    defaults: Mapping[str, Any]
    this: Any = None
    owner: Class | None = None


@dataclass(frozen=True, eq=False)
class Class:
    """A class of the source: its bases and what it defines, functions among it."""

    name: str
    bases: tuple[Any, ...]
    attributes: dict[str, Any]
    fields: tuple[str, ...] = ()
    where: Where = NOWHERE

    def find(self, name: str) -> Any:
        """What the class, or a base of it in the source, calls so; None for nothing."""
        if name in self.attributes:
            return self.attributes[name]
        found = (each.attributes[name] for each in self.ancestors() if name in each.attributes)
        return next((value for value in found if value is not None), None)

    def is_a(self, *names: str) -> bool:
        """Whether a library's class of one of these names is among the bases."""
        bases = (base for each in self.ancestors() for base in each.bases if not isinstance(base, Class))
        return any(getattr(base, "last", getattr(base, "text", "")) in names for base in bases)

    def ancestors(self) -> Iterator[Class]:
        """The class and those of the source that it is made from, each once, in the order in which they are asked."""
        stack: list[Class] = [self]
        seen: set[Class] = set()
        while stack:
            each = stack.pop()
            if each not in seen:
                seen.add(each)
                yield each
                stack.extend(base for base in reversed(each.bases) if isinstance(base, Class))


@dataclass(frozen=True, eq=False)
class Instance:
    """An object of a class of the source, or a bare bundle of attributes; a layer of one's own has a `name`."""

    of: Class | None
    attributes: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    where: Where = NOWHERE


@dataclass(frozen=True, eq=False)
class Method:
    """A method of a value that is not of the source: of text, of a list, of a layer or model."""

    this: Any
    name: str


@dataclass(frozen=True, eq=False)
class Partial:
    """A function some of whose arguments are given."""

    function: Any
    given: Arguments


def part_of(whole: Unknown, text: str, key: tuple[Any, ...]) -> Unknown:
    """What an unknown value has in it: an item or an attribute."""
    text = text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
    return replace(whole, text=text, key=key, call=None, floor=None, free=False)


def copied(value: Any) -> Any:
    """A layer of the same arguments, and those in it, too."""
    if isinstance(value, list):
        return list(map(copied, value))
    if not isinstance(value, Layer):
        return value
    return replace(value, arguments={key: copied(item) for key, item in value.arguments.items()})


def is_own_layer(value: Any) -> bool:
    """Whether a value is a layer or model of a class of the source."""
    return isinstance(value, Instance) and value.of is not None and value.of.is_a("Model", "Layer")


#: How many values may be in one another.
MAX_LEAVES = 20_000


def flat_tensors(value: Any) -> list[Any]:
    """What is in lists, tuples and mappings, in Keras's order: that of the keys in a mapping.

    Raises ValueError where it is too much.

    >>> flat_tensors({"b": [1, (2, None)], "a": 3})
    [3, 1, 2]
    """
    leaves: list[Any] = []
    stack, visited = [value], 0
    while stack:
        item, visited = stack.pop(), visited + 1
        if visited > MAX_LEAVES:
            raise ValueError("too many values in one another")
        if isinstance(item, dict):
            item = [item[key] for key in sorted(item, key=str)]
        if isinstance(item, (list, tuple)):
            stack.extend(reversed(item[: MAX_LEAVES + 1]))
        elif item is not None:
            leaves.append(item)
    return leaves


def is_open(value: Any) -> bool:
    """Whether a value, or a part of it, is unknown."""
    return any(isinstance(leaf, Unknown) for leaf in flat_tensors(value))
