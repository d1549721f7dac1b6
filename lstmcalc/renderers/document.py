"""An answer as blocks, before it takes a form: what every renderer of words draws from.

A document holds no markup but backticks around what is Keras's or the user's, and calculates nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from lstmcalc.errors import Fault
from lstmcalc.explanation.diagrams import Diagram

__all__ = ["Block", "Document", "Drawn", "Faults", "Heading", "Lines", "Prose", "Table"]


@dataclass(frozen=True)
class Heading:
    """A heading; `level` 1 heads a layer or a row of a model, 2 a part of what is said of it."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Lines:
    """Lines that stay as they are: pasted text, code, an equation."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells; the last column is the one that wraps."""

    rows: tuple[tuple[str, ...], ...]
    header: tuple[str, ...] = ()


@dataclass(frozen=True)
class Faults:
    """Errors or hints, each in its six slots."""

    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Drawn:
    """A diagram."""

    diagram: Diagram


Block = Heading | Prose | Lines | Table | Faults | Drawn


@dataclass(frozen=True)
class Document:
    """A title and what stands below it."""

    title: str
    blocks: tuple[Block, ...]
