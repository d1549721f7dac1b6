"""The memory of a training step as blocks, and as the JSON contract has it."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import Dim, lower_size
from lstmcalc.explanation.memory import MemoryTold, in_parts
from lstmcalc.renderers.document import Block, Heading, Prose, Table
from lstmcalc.renderers.summary_rows import show_bytes
from lstmcalc.shapes import size_to_json

__all__ = ["memory_blocks", "memory_json"]


def memory_blocks(told: MemoryTold) -> tuple[Block, ...]:
    """What stands below a summary: the parts, which batch fits, and what the figures mean."""
    rows = tuple((name, _shown(least), _shown(most), what) for name, least, most, what in told.rows)
    table = Table(rows, ("Part", "Least", "Most", "What it is"), (1, 2))
    fits = [Prose(told.fits)] if told.fits else []
    return (Heading(told.title), table, *fits, *map(Prose, told.basis))


def _shown(size: Dim) -> str:
    """Bytes exactly, and where they are a number in the unit that suits them."""
    human = f" ({show_bytes(size, 'i')})" if isinstance(size, int) and size >= 1024 else ""
    return in_parts(size) + human


def memory_json(told: MemoryTold) -> dict[str, Any]:
    """`memory` of `lstmcalc.report/1`: bytes, least and most."""
    document: dict[str, Any] = {
        "batch": size_to_json(lower_size(told.setting.batch)),
        "optimizer": told.setting.optimizer,
        "precision": told.setting.precision,
        "parts": {
            part.name: {"least": size_to_json(lower_size(part.least)), "most": size_to_json(lower_size(part.most))}
            for part in told.memory.parts
        },
        "least": size_to_json(lower_size(told.memory.least)),
        "most": size_to_json(lower_size(told.memory.most)),
        "basis": list(told.basis),
    }
    if told.fit is not None:
        document["fit"] = {
            "budget": told.fit.budget,
            "batch_least": told.fit.surely,
            "batch_most": told.fit.perhaps,
            "open": list(told.fit.open_sizes),
            "said": told.fits,
        }
    return document
