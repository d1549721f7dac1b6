"""A genuine text while damage is done to it, and what is left of its table afterwards."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from genuine_layout import TOTALS, Layout, layout, plain

#: Whether the table's columns still stand below each other; are lost; or are lost while every cell is set apart.
INTACT, LOST, APART = "intact", "lost", "apart"
FIELDS = frozenset(("name", "class_name", "shapes", "keys", "connections"))


@dataclass(frozen=True)
class Item:
    """One line of a text, its role in the genuine one, and the row that it belongs to; `joined` are lines put in it."""

    text: str
    role: str
    row: int | None = None
    joined: tuple[Item, ...] = ()


@dataclass(frozen=True)
class State:
    """A text while damage is done to it; several kinds of damage can follow each other."""

    source: str
    items: tuple[Item, ...]
    columns: str = INTACT
    styled: bool = True
    header: bool = True
    start: bool | None = False
    end: bool | None = False
    elided: tuple[int, ...] = ()
    newline: str = "\n"

    @property
    def random(self) -> Random:
        return Random(zlib.crc32(self.source.encode()))

    def each(self, change: Callable[[Item], str]) -> State:
        """The same with every line's text changed."""
        return replace(self, items=tuple(replace(item, text=change(item)) for item in self.items))

    def without(self, *roles: str) -> State:
        """The same without the lines that have these roles."""
        return replace(self, items=tuple(item for item in self.items if item.role not in roles))


Change = Callable[[State], State]


@dataclass(frozen=True)
class Left:
    """A row that is left: which one of the genuine text, on which line, and what of it cannot be demanded any more."""

    row: int
    line: int
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Damaged:
    """A damaged text and what is left of the genuine one; `start`, `end`: whether the table begins, ends cut off."""

    text: str
    rows: tuple[Left, ...]
    title: bool = True
    styled: bool = True
    totals: frozenset[str] = frozenset()
    input_shapes: bool = True
    start: bool | None = False
    end: bool | None = False
    elided: tuple[int, ...] = ()


def begin(text: str) -> State:
    raw = text.split("\n")
    lines = layout(text).lines
    return State(text, tuple(Item(own, line.role, line.row) for own, line in zip(raw, lines, strict=True)))


def bare(state: State) -> State:
    """The same without colours and a notebook's HTML: where these are lost together with what is done next."""
    texts = plain("\n".join(item.text for item in state.items)).split("\n")
    return replace(state, items=tuple(replace(item, text=text) for item, text in zip(state.items, texts, strict=True)))


def end(state: State) -> Damaged:
    found = layout(state.source)
    lines: dict[int, int] = {}
    totals: set[str] = set()
    roles: set[str] = set()
    above = False
    number = 1
    for line in state.items:
        for item in line.joined or (line,):
            if item.row is not None:
                lines.setdefault(item.row, number)
            text = " ".join(plain(item.text).split())
            totals |= {key for label, key in TOTALS.items() if item.role == "total" and f"{label} params" in text}
            roles.add(item.role)
            above = above or "Initial input shape" in text
        number += 1 + line.text.count("\n")
    return Damaged(
        text=state.newline.join(item.text.replace("\n", state.newline) for item in state.items),
        rows=tuple(Left(row, line, _optional(state, found, row)) for row, line in sorted(lines.items())),
        title="title" in roles,
        styled=state.styled,
        totals=frozenset(totals),
        input_shapes=above,
        start=state.start,
        end=state.end,
        elided=state.elided,
    )


def _optional(state: State, found: Layout, row: int) -> frozenset[str]:
    """What cannot be demanded of a row: what only its place in the line, or the header, would tell."""
    optional: set[str] = set()
    if not state.header:
        optional |= {"trainable", "no header"} | ({"swapped"} if found.style == "dashes" else set())
    if state.columns == APART or state.items[0].joined or (state.columns == LOST and found.boxed):
        optional |= {"level"}
    if found.boxed:
        return frozenset(optional)
    if state.columns != INTACT or not state.header:
        optional |= {"name end"}
        if "params" in found.columns and not found.ends(row, "params"):
            optional |= {"params", "as shown"}
        if state.columns != APART:
            optional |= {"columns"}
    if state.columns == LOST and found.style == "blank lines":
        continued = {column for column, pieces in found.cells(row).items() if len(pieces) > 1}
        if len(continued) > 1 or "params" in continued:
            optional |= FIELDS | (continued & {"params"})
    return frozenset(optional)
