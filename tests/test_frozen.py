"""Tuples with named fields do what Python's own do."""

from __future__ import annotations

import copy
import pickle
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lstmcalc
from lstmcalc.frozen import NamedTuple


class Ours(NamedTuple):
    """A size."""

    name: str
    size: int = 3
    more: tuple[int, ...] = ()

    @property
    def doubled(self) -> int:
        return 2 * self.size

    @classmethod
    def of(cls, name: str) -> Ours:
        return cls(name, more=(1,))

    def __str__(self) -> str:
        return self.name


class Pythons(typing.NamedTuple):
    """A size."""

    name: str
    size: int = 3
    more: tuple[int, ...] = ()

    @property
    def doubled(self) -> int:
        return 2 * self.size

    @classmethod
    def of(cls, name: str) -> Pythons:
        return cls(name, more=(1,))

    def __str__(self) -> str:
        return self.name


class Empty(NamedTuple):
    """Nothing."""


def matched(value: Any) -> Any:
    match value:
        case Ours(name, 4) | Pythons(name, 4):
            return name
    return None


BOTH: list[Callable[[Any], Any]] = [
    lambda made: made("a"),
    lambda made: made(name="a", more=(1, 2)),
    lambda made: made.of("b"),
    lambda made: made("a")._replace(size=5),
    lambda made: made("a")._asdict(),
    lambda made: made._make(["a", 1, ()]),
    lambda made: (made("a").name, made("a").doubled, str(made("a"))),
    lambda made: repr(made("a", 1.5)).partition("(")[2],
    lambda made: {made("a"): 1}[made("a")],
    lambda made: (made("a") == ("a", 3, ()), made("a") < made("b"), len(made("a")), hash(made("a"))),
    lambda made: copy.deepcopy(made("a", more=(1,))),
    lambda made: pickle.loads(pickle.dumps(made("a", 7))),
    lambda made: (made._fields, made._field_defaults, made.__match_args__),
    lambda made: (made.__doc__, made.__module__),
    lambda made: matched(made("a", 4)),
    lambda made: hasattr(made("a"), "__dict__"),
]


@pytest.mark.parametrize("asked", BOTH)
def test_all_that_pythons_own_does(asked: Callable[[Any], Any]) -> None:
    assert asked(Ours) == asked(Pythons)


def test_what_is_made_is_of_its_class() -> None:
    assert repr(Ours("a")) == "Ours(name='a', size=3, more=())"
    for value in (Ours("a")._replace(size=4), copy.copy(Ours("a")), pickle.loads(pickle.dumps(Ours("a")))):
        assert type(value) is Ours
    assert (Ours.__qualname__, Empty(), repr(Empty())) == ("Ours", (), "Empty()")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda made: made(),
        lambda made: made("a", 1, (), 4),
        lambda made: made("a", colour=1),
        lambda made: made("a")._replace(colour=1),
        lambda made: made._make(["a"]),
        lambda made: setattr(made("a"), "size", 4),
        lambda made: setattr(made("a"), "colour", 4),
    ],
)
def test_what_neither_does(wrong: Callable[[Any], Any]) -> None:
    for made in (Ours, Pythons):
        with pytest.raises((TypeError, ValueError, AttributeError)):
            wrong(made)


def test_the_class_is_named_where_a_value_is_missing() -> None:
    with pytest.raises(TypeError, match=r"^Ours\.__new__\(\) missing 1 required positional argument: 'name'$"):
        Ours()  # type: ignore[call-arg]


def test_a_field_without_a_default_comes_first() -> None:
    with pytest.raises(TypeError, match="Wrong: a field without a default stands behind one with a default"):
        type(NamedTuple)("Wrong", (NamedTuple,), {"__annotations__": {"a": "int", "b": "int"}, "a": 1})


#: What runs in a process of its own, which loads nothing of ours.
APART = {"sources/hdf5.py"}


def test_no_module_has_pythons_own() -> None:
    package = Path(lstmcalc.__file__).parent
    asked = "from typing import"
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith(asked) and "NamedTuple" in line
    }
    assert found <= APART
