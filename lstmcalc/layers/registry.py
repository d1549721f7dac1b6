"""Every rule by its class name; the module of a rule is loaded when the rule is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar

from lstmcalc.layers import index

if TYPE_CHECKING:
    from lstmcalc.layers.operations.rule import Operation
    from lstmcalc.layers.rule import LayerRule
    from lstmcalc.layers.unknowable import Stated

__all__ = ["ALIASES", "OPERATIONS", "RULES", "Rules", "find_rule", "stated_rule"]

R = TypeVar("R")


class Rules(MutableMapping[str, R], Generic[R]):
    """Rules by name, of which the names are there from the start: to list them, or to ask for one, loads nothing.

    `modules` tells which module of `lstmcalc.layers` puts the rule of a name here, when it is loaded.

    >>> "LSTM" in RULES, RULES["LSTM"].__module__
    (True, 'lstmcalc.layers.rnn')
    """

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = dict(modules)
        self._loaded: dict[str, R] = {}

    def __getitem__(self, name: str) -> R:
        if name not in self._loaded:
            import_module(f"lstmcalc.layers.{self._modules[name]}")
        return self._loaded[name]

    def find(self, name: str) -> R | None:
        """The rule of a name, if there is one: `get` without an exception for each name that has none."""
        found = self._loaded.get(name)
        return self[name] if found is None and name in self._modules else found

    def __setitem__(self, name: str, rule: R) -> None:
        self._loaded[name] = rule
        # A rule that the index does not have yet is known from here on.
        self._modules.setdefault(name, "")

    def __delitem__(self, name: str) -> None:
        del self._modules[name], self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


def _by_class(names: Mapping[str, str], prefix: str = "") -> dict[str, str]:
    return {prefix + name: module for module, words in names.items() for name in words.split()}


#: Every rule by its Keras class name, and Keras's other names for the same classes.
RULES: Rules[type[LayerRule]] = Rules(_by_class(index.LAYERS))
ALIASES: dict[str, str] = index.ALIASES
#: Every operation's rule by its Keras class, with `ops.` in front: `ops.Add` is no `Add` layer.
OPERATIONS: Rules[type[Operation]] = Rules(_by_class(index.OPERATIONS, "ops."))


def find_rule(class_name: str) -> type[LayerRule] | None:
    """The rule of a class by any of Keras's names for it, or of an operation, whose name starts with `ops.`.

    >>> find_rule("Convolution1D").__name__, find_rule("Nonsense")
    ('Conv1D', None)
    """
    if class_name.startswith("ops."):
        return OPERATIONS.find(class_name)
    return RULES.find(ALIASES.get(class_name, class_name))


def stated_rule() -> type[Stated]:
    """The rule of a layer of which no more is known than its source states."""
    from lstmcalc.layers.unknowable import Stated

    return Stated
