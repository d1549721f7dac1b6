"""Diagrams in characters, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from lstmcalc.explanation.diagrams import Diagram

__all__ = ["diagram_lines"]


def diagram_lines(diagram: Diagram, width: int | None = 80) -> Iterator[str]:
    """The lines of a diagram, no longer than `width`."""
    yield diagram.title
