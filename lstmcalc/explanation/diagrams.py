"""Diagrams as data: boxes, arrows and their labels, before they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Diagram"]


@dataclass(frozen=True)
class Diagram:
    """One picture: what it shows, and its parts."""

    title: str
