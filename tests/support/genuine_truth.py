"""The truth beside the genuine summaries, as typed data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Shape = tuple["int | None", ...]


@dataclass(frozen=True)
class TrueRow:
    """One layer as Keras had it. `config` holds its arguments as far as a summary can show them.

    `outputs` is None where Keras itself states none (`multiple`, `?`); `printed_shape` and `printed_params` are what
    Keras writes for them, cut by nothing. `connected_to` is None where the version or the model has no such thing.
    """

    name: str
    class_name: str
    level: int
    config: Mapping[str, Any]
    inputs: tuple[Shape, ...] | None
    outputs: tuple[Shape, ...] | None
    keys: tuple[str, ...]
    params: int
    built: bool
    trainable: bool
    trainable_params: int
    connected_to: tuple[tuple[str, int, int], ...] | None
    weights: tuple[Shape, ...]
    printed_shape: str
    printed_params: str


@dataclass(frozen=True)
class Truth:
    """A model as Keras had it, its rows in the order in which they are printed, those of nested models among them."""

    name: str
    class_name: str
    rows: tuple[TrueRow, ...]


def truth_from(document: Mapping[str, Any]) -> Truth:
    return Truth(document["name"], document["class"], tuple(_row(row) for row in document["rows"]))


def _row(row: Mapping[str, Any]) -> TrueRow:
    output, keys = row.get("output"), ()
    if isinstance(output, dict):
        keys, output = tuple(output), list(output.values())
    connections = row.get("connected_to")
    return TrueRow(
        name=row["name"],
        class_name=row["class"],
        level=row.get("level", 0),
        config=row.get("config", {}),
        inputs=_shapes(row["input"]) if "input" in row else None,
        outputs=None if output is None else _shapes(output),
        keys=keys,
        params=row["params"],
        built=row.get("built", True),
        trainable=row.get("trainable", True),
        trainable_params=row.get("trainable_params", row["params"]),
        connected_to=None if connections is None else tuple((c[0], c[1], c[2]) for c in connections),
        weights=tuple(tuple(shape) for shape in row.get("weights", ())),
        printed_shape=row.get("shape_text") or _printed(output),
        printed_params=row.get("params_text") or str(row["params"]),
    )


def _shapes(shapes: Any) -> tuple[Shape, ...]:
    """One shape or nested lists of them, as a flat tuple."""
    if isinstance(shapes, dict):
        shapes = list(shapes.values())
    if not any(isinstance(size, (list, dict)) for size in shapes):
        return (tuple(shapes),)
    return tuple(shape for part in shapes for shape in _shapes(part))


def _printed(output: Any) -> str:
    return ", ".join(f"({', '.join(map(str, shape))})" for shape in _shapes(output))
