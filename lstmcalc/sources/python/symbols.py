"""What is kept beside the graph: the symbols of unknown values, and how deep layers are in one another."""

from __future__ import annotations

from typing import Any

from lstmcalc.errors import Fault, SpecError
from lstmcalc.sources.python.values import Layer, Unknown, flat_tensors
from lstmcalc.sources.python.wording import identifier, shortest

__all__ = ["Nesting", "Symbols"]

#: How many layers may be inside one another, each counted wherever it stands, and how deep.
MAX_INSIDE = 10_000
MAX_DEPTH = 100


class Symbols:
    """The symbols that stand for unknown values, each for one."""

    def __init__(self) -> None:
        #: The keys by their symbols, and the reverse; how often a name was wanted; the numbers of keys.
        self._keys: dict[str, tuple[Any, ...]] = {}
        self._names: dict[tuple[Any, ...], str] = {}
        self._counts: dict[str, int] = {}
        self._numbers: dict[tuple[Any, ...], int] = {}

    def name(self, unknown: Unknown) -> str:
        """The symbol of an unknown value."""
        if unknown.key in self._names:
            return self._names[unknown.key]
        base = name = identifier(shortest(unknown))
        while name in self._keys:
            self._counts[base] = self._counts.get(base, 1) + 1
            name = f"{base}_{self._counts[base]}"
        self._keys[name], self._names[unknown.key] = unknown.key, name
        return name

    def number(self, key: tuple[Any, ...]) -> int:
        """What stands for the key of an unknown value in the keys of others, which would grow with one another."""
        return self._numbers.setdefault(key, len(self._numbers))

    def is_anonymous(self, name: str) -> bool:
        """Whether a symbol stands for something that has no name in the source."""
        return self._keys.get(name, ("name",))[0] not in ("name", "free", "argument")


class Nesting:
    """How many layers each layer is with those in it, and how deep they are."""

    def __init__(self) -> None:
        self._known: dict[Any, tuple[int, int]] = {}

    def check(self, layer: Layer) -> None:
        """Refuses layers that are too many or too deep in one another."""
        held = [value for value in layer.arguments.values() if isinstance(value, (Layer, list))]
        inner = [self._known[leaf] for value in held for leaf in flat_tensors(value) if leaf in self._known]
        if not inner:
            self._known[layer] = 1, 1
            return
        count, depth = 1 + sum(count for count, _ in inner), 1 + max(depth for _, depth in inner)
        if count > MAX_INSIDE or depth > MAX_DEPTH:
            expected = f"at most {MAX_INSIDE:,} layers inside one another, and at most {MAX_DEPTH} deep"
            raise SpecError([Fault("too-large", expected, "more", where=layer.where)])
        self._known[layer] = count, depth
