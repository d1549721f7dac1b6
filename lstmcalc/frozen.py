"""Frozen data with named fields: `typing.NamedTuple`, made in a fifth of the time.

Python's own compiles the type of every field, which only readers and mypy ask for, and the constructor of every class.
An answer needs some eighty such classes: that would be a sixth of all that it calculates. What an instance can do, and
how fast, is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from operator import itemgetter
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar

try:
    # What `collections.namedtuple` reads a field with, where this Python has it: twice as fast.
    from _collections import _tuplegetter as _field  # type: ignore[import-not-found]
except ImportError:

    def _field(place: int, doc: str) -> property:
        return property(itemgetter(place), doc=doc)


__all__ = ["NamedTuple"]


class _Frozen(tuple[Any, ...]):
    """What tuples with named fields can do, under the names that Python gives it."""

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def _make(cls, values: Iterable[Any]) -> _Frozen:
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"expected {len(cls._fields)} values, got {len(made)}")
        return made

    def _replace(self, **changes: Any) -> _Frozen:
        made = self._make(map(changes.pop, self._fields, self))
        if changes:
            raise ValueError(f"no such fields: {', '.join(changes)}")
        return made

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
        return f"{type(self).__name__}({told})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)


@cache
def _constructor(number: int) -> Any:
    """What makes a tuple of so many fields, whatever they are called."""
    places = "".join(f"_{place}, " for place in range(number))
    return eval(f"lambda _cls, {places}: _new(_cls, ({places}))", {"_new": tuple.__new__, "__builtins__": {}})


class _Naming(type):
    """Makes a tuple with names for its fields of what looks like a class with annotations."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: Mapping[str, Any]) -> Any:
        fields = tuple(body.get("__annotations__", ()))
        defaults = {field: body[field] for field in fields if field in body}
        if tuple(defaults) != fields[len(fields) - len(defaults) :]:
            raise TypeError(f"{name}: a field without a default stands behind one with a default")
        made = _constructor(len(fields))
        # The same code with the fields' names for its arguments.
        code = made.__code__.replace(co_varnames=("_cls", *fields))
        new = FunctionType(code, made.__globals__, "__new__", tuple(defaults.values()))
        new.__qualname__ = f"{name}.__new__"
        named = {field: _field(place, "") for place, field in enumerate(fields)}
        own = {"__slots__": (), "__new__": new, "__match_args__": fields, "_fields": fields}
        return type(name, (_Frozen,), {**body, **named, **own, "_field_defaults": defaults})


if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    NamedTuple = type.__new__(_Naming, "NamedTuple", (), {"__doc__": "A tuple whose fields are the annotations."})
