"""The one graph that every source becomes: which layers there are, and which output feeds which input."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from lstmcalc.errors import Fault, Where
from lstmcalc.frozen import NamedTuple

__all__ = ["Call", "InputSpec", "LayerSpec", "Namer", "Ref", "Spec", "Where"]

#: What Keras itself calls the classes that it exports under another name; automatic names follow it.
OWN_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}
#: The place of what no file holds.
NOWHERE = Where()
NOTHING: Mapping[str, Any] = {}


class Ref:
    """One output of an input or a call: `enc` is `Ref("enc")`, `enc[1]` is `Ref("enc", 1)`.

    `call` counts the applications of a shared layer, from 0; `where` is the place of the reference, if it has one. Like
    `LayerSpec` it is no tuple, so that what holds values tells it from a list of them, and not changed once it is made.
    """

    __slots__ = ("call", "index", "name", "where")

    def __init__(self, name: str, index: int = 0, call: int = 0, where: Where | None = None) -> None:
        self.name, self.index, self.call, self.where = name, index, call, where

    def changed(self, **values: Any) -> Ref:
        """A copy with other values."""
        return Ref(**{**{slot: getattr(self, slot) for slot in self.__slots__}, **values})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, int, int]:
        return self.name, self.index, self.call

    def __str__(self) -> str:
        return f"{self.name}[{self.index}]" if self.index else self.name

    def __repr__(self) -> str:
        return f"Ref{self._key()}"


class InputSpec(NamedTuple):
    """A model input: its shape without the batch; a size is an int, None, or an expression as text (`"T"`, `"2*T"`)."""

    name: str
    shape: tuple[int | str | None, ...]
    dtype: str = "float32"
    where: Where = NOWHERE


class LayerSpec:
    """A layer as the source states it: class, name, and arguments in Keras's names, unchecked.

    A value is what the source held: a number, text, bool, None, list, mapping, or a `LayerSpec` where one layer wraps
    another. Text stands for a symbol where the argument wants a size. `class_name` may be the name of a nested model.
    `shared` identifies one layer object that stands at several places: inside wrappers, in several models and on its
    own; its weights count once. `unread` marks one of which the source's faults say that it cannot be read. `code` is
    the text of what functions and classes of the source calculate for it, by argument or attribute. `saved` is a
    Lambda's config with the byte code that a saved model holds; nothing takes that up but `verify --trust`.
    """

    __slots__ = (
        "argument_where", "arguments", "class_name", "code", "name", "saved", "shared", "unread", "where",
    )  # fmt: skip

    def __init__(
        self,
        class_name: str,
        name: str,
        arguments: Mapping[str, Any] = NOTHING,
        where: Where = NOWHERE,
        argument_where: Mapping[str, Where] = NOTHING,
        shared: str = "",
        unread: bool = False,
        code: Mapping[str, str] = NOTHING,
        saved: Mapping[str, Any] | None = None,
    ) -> None:
        self.class_name, self.name, self.arguments = class_name, name, arguments
        self.where, self.argument_where = where, argument_where
        self.shared, self.unread, self.code, self.saved = shared, unread, code, saved

    def changed(self, **values: Any) -> LayerSpec:
        """A copy with other values."""
        return LayerSpec(**{**{slot: getattr(self, slot) for slot in self.__slots__}, **values})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LayerSpec) and self._key() == other._key()

    __hash__ = None  # type: ignore[assignment]  # its arguments may be anything

    def _key(self) -> tuple[Any, ...]:
        return (self.class_name, self.name, self.arguments, self.where, self.argument_where, self.shared, self.unread)

    def __repr__(self) -> str:
        return f"LayerSpec({self.class_name!r}, {self.name!r}, {self.arguments!r})"


class Call(NamedTuple):
    """One application of a layer, by name, to outputs of earlier calls; a shared layer has several.

    `keywords` holds what else the call is told, by the names that Keras has for it: outputs (`mask=`) as `Ref`, several
    as a list of them, and anything else (`training=False`, `reverse=True`, the 2.0 in `2.0 * x`) as the source holds
    it. `stated` holds the shapes of the outputs, batch included, where the source itself states them, as a Keras config
    does.
    """

    layer: str
    inputs: tuple[Ref, ...]
    initial_state: tuple[Ref, ...] = ()
    where: Where = NOWHERE
    keywords: Mapping[str, Any] = {}
    stated: tuple[tuple[int | None, ...], ...] = ()

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Every output that the call takes, in the order in which Keras meets them."""
        if not self.keywords:
            return self.inputs + self.initial_state
        told = [value for _, value in sorted(self.keywords.items())]
        items = (item for value in told for item in (value if isinstance(value, (list, tuple)) else [value]))
        return (*self.inputs, *self.initial_state, *(item for item in items if isinstance(item, Ref)))


class Spec(NamedTuple):
    """A model: inputs, layers, the calls in order of definition, outputs, values of symbols, nested models.

    `sequential` tells whether Keras would hold it as a Sequential, which shows no InputLayer rows; `class_name` is that
    of a class of the user's own. `trainable` is false for a frozen model, which trains nothing, whatever its layers
    say. `stored` holds the shapes of the arrays that a saved model has for each layer, `adapted` names the layers whose
    vocabulary it holds, and `faults` is what is wrong with the source besides what the rest shows, `hints` what its
    reader took it to mean where it leaves that open. `resets` tells
    whether the source itself resets the states of stateful layers, `printed` whether it is a printed summary, which
    shows no activations, and `shows_trained` whether it tells what is trained.
    """

    name: str
    inputs: tuple[InputSpec, ...]
    layers: Mapping[str, LayerSpec]
    calls: tuple[Call, ...]
    outputs: tuple[Ref, ...]
    batch: int | str | None = None
    symbols: Mapping[str, int] = {}
    models: Mapping[str, Spec] = {}
    sequential: bool = False
    class_name: str = ""
    trainable: bool = True
    source: str = "-"
    where: Where = NOWHERE
    stored: Mapping[str, tuple[tuple[int, ...], ...]] = {}
    adapted: frozenset[str] = frozenset()
    resets: bool = False
    printed: bool = False
    shows_trained: bool = True
    faults: tuple[Fault, ...] = ()
    hints: tuple[Fault, ...] = ()


@lru_cache(maxsize=1024)
def snake_case(class_name: str) -> str:
    """Keras's name for a class without one of its own (keras/src/utils/naming.py, 3.15.1).

    >>> [snake_case(name) for name in ("LSTM", "GRUCell", "MaxPooling1D", "TimeDistributed")]
    ['lstm', 'gru_cell', 'max_pooling1d', 'time_distributed']
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", class_name.removeprefix("ops.")))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


class Namer:
    """Gives unnamed layers the names that Keras gives them: `lstm`, `lstm_1`, … in order of creation.

    >>> namer = Namer(taken={"lstm_1"})
    >>> [namer.name("LSTM"), namer.name("LSTM"), namer.name("Dense")]
    ['lstm', 'lstm_2', 'dense']
    """

    def __init__(self, taken: set[str] | None = None) -> None:
        self._taken = taken if taken is not None else set()
        self._counts: dict[str, int] = {}

    def name(self, class_name: str) -> str:
        """The next free name for a layer of this class."""
        base = snake_case(OWN_NAMES.get(class_name, class_name))
        while True:
            count = self._counts.get(base, 0)
            self._counts[base] = count + 1
            name = f"{base}_{count}" if count else base
            if name not in self._taken:
                return name
