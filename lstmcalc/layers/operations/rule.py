"""What an operation of `keras.ops` is to lstmcalc: a rule without weights, whose call takes tensors and constants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from lstmcalc.errors import Rejection
from lstmcalc.layers.arguments import Argument, own_arguments
from lstmcalc.layers.operations.constants import constant_shape
from lstmcalc.layers.operations.costs import work_of
from lstmcalc.layers.operations.prices import STEPWISE
from lstmcalc.layers.registry import OPERATIONS
from lstmcalc.layers.rule import Example, Formula, Inputs, LayerRule, Rejected, Weight, Work

__all__ = ["Operation", "made", "operation"]


class Operation(LayerRule):
    """The base of every operation's rule, which is named as Keras's Operation class and has its constructor arguments.

    The operands are what Keras's `call` takes, in its order: `operands` first, as for layers, then those that may be
    missing. An operand is the output of a layer, or a constant in the call's keywords. `result` gets each by its name:
    its shape, a list of shapes where Keras takes a list, None where it is missing, and the value itself where it is
    never a tensor (`plain`).
    """

    family = "operations"
    #: The module of `keras.src.ops` that has the class.
    module: ClassVar[str] = ""
    #: The names of all operands, and which of them may be missing, or are no tensors.
    places: ClassVar[tuple[str, ...]] = ()
    optional: ClassVar[frozenset[str]] = frozenset()
    plain: ClassVar[Mapping[str, Argument]] = {}

    activity_regularizer: Any = None
    trainable: Any = True
    dtype: Any = None
    autocast: Any = True
    input_shape: Any = None

    #: The shape of the output on operands by name, or a tuple of shapes; raises `Rejection`.
    result: ClassVar[Callable[..., Any]]
    #: The shape that Keras states before it has data; None where it is the real one.
    believed: ClassVar[Callable[..., Any]] = lambda self, call, **operands: None

    def weights(self, x: Inputs) -> Iterable[Weight]:
        return ()

    def built_weights(self, x: Inputs) -> Iterator[Weight]:
        yield from ()

    def formula(self, x: Inputs) -> Formula | None:
        return None

    def passes_gradient(self) -> bool:
        return self.class_name not in STEPWISE

    def work(self, x: Inputs) -> Iterable[Work]:
        return work_of(self, x)

    def output_shape(self, x: Inputs) -> Any:
        return self.result(x, **self.seen(x))

    def keras_output_shape(self, x: Inputs) -> Any:
        return self.believed(x, **self.seen(x))

    def placed(self, inputs: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
        """Every operand by its name, in Keras's order: those of a call's keywords, and its inputs in what is left."""
        first = self.operands.strip("[]*")
        if first != self.operands:
            return {first: list(inputs), **{name: keywords.get(name) for name in self.places[1:]}}
        rest = list(inputs)
        values = {}
        for name in self.places:
            if name in keywords:
                values[name] = keywords[name]
            elif rest and name not in self.plain:
                values[name] = rest.pop(0)
            elif name in self.optional or not self._is_required(name):
                values[name] = None
        missing = [f"`{name}`" for name in self.places if name not in values]
        if rest or missing:
            needed = " and ".join(f"`{name}`" for name in self.places if self._is_required(name))
            number = len(self.places) - len(missing) + len(rest)
            got = f"{number}, without {' and '.join(missing)}" if missing else str(number)
            raise Rejection("wrong-number-of-inputs", f"{needed}, as tensors or constants", got)
        return values

    def _is_required(self, name: str) -> bool:
        plain = self.plain.get(name)
        return name not in self.optional and (plain is None or not plain.optional)

    def seen(self, x: Inputs) -> dict[str, Any]:
        """Every operand by its name, as `result` gets it."""
        return {name: self._seen(name, value) for name, value in self.placed(x.shapes, x.keywords).items()}

    def _seen(self, name: str, value: Any) -> Any:
        """An operand as `result` sees it."""
        if name in self.plain:
            return self.plain[name].check(name, value)
        if isinstance(value, tuple) or (value is None and name in self.optional):
            return value
        # Of tensors in a list there may be none, where the operation takes a list of them.
        tensors = isinstance(value, list) and all(isinstance(item, tuple) for item in value)
        if tensors and name == self.places[0] and (value or self.operands[0] in "[*"):
            return value
        return constant_shape(name, value)


R = TypeVar("R", bound=type[Operation])


def operand() -> Argument:
    """An output of a layer, or data; `seen` tells what it is."""
    return Argument(None, lambda name, value: value, "tensor")


def operation(module: str, operands: str = "x", optional: str = "", **plain: Argument) -> Callable[[R], R]:
    """Registers a rule under its class's name; `operands`, `optional` name tensors, `plain` what never is one."""

    def register(rule: R) -> R:
        names = operands.replace("[", "").replace("]", "").replace("*", "").split()
        rule.module, rule.operands, rule.arity = module, operands, (0, None)
        rule.optional, rule.plain = frozenset(optional.split()), plain
        rule.places = (*names, *optional.split(), *plain)
        tensors = {name: operand() for name in rule.places if name not in plain and operands[0] not in "[*"}
        rule.keywords = {**tensors, **plain}
        rule.arguments = {}
        for base in rule.__mro__[: rule.__mro__.index(Operation)]:
            for key, argument in own_arguments(base).items():
                rule.arguments.setdefault(key, argument)
        OPERATIONS[f"ops.{rule.__name__}"] = rule
        return rule

    return register


def made(
    name: str,
    base: type[Operation],
    module: str,
    text: str,
    examples: Sequence[Example | Rejected],
    /,
    operands: str = "x",
    optional: str = "",
    plain: Mapping[str, Argument] | None = None,
    **arguments: Any,
) -> type[Operation]:
    """A rule that is one of many alike: `text` says what it does, `base` has what it shares with the others."""
    doc = f"{text}\n\n    keras/src/ops/{module}.py, 3.15.1.\n    "
    members = {"__doc__": doc, "__module__": base.__module__, "examples": list(examples), **arguments}
    return operation(module, operands, optional, **(plain or {}))(type(name, (base,), members))
