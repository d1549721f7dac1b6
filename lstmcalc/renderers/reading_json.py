"""A reading as the document of the JSON contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lstmcalc.explanation.readings import ReadingExplanation, RowExplanation
from lstmcalc.explanation.readings.candidates import call_of
from lstmcalc.explanation.readings.printed import wrong
from lstmcalc.shapes import shape_to_json
from lstmcalc.spec import LayerSpec
from lstmcalc.summary_text.printed import Cut, PrintedRow, PrintedShape
from lstmcalc.summary_text.reading import Candidate, RowReading

__all__ = ["reading_json"]


def reading_json(explanation: ReadingExplanation) -> dict[str, Any]:
    """`lstmcalc.reading/1`: the rows as printed, the layers that they show, and what is said of them."""
    reading = explanation.reading
    totals = reading.table.totals
    return {
        "schema": "lstmcalc.reading/1",
        "source": reading.source,
        "name": reading.table.name,
        "line": reading.table.line,
        "rows": [_row(row) for row in explanation.rows],
        "printed_totals": {
            "params": totals.params,
            "trainable_params": totals.trainable_params,
            "non_trainable_params": totals.non_trainable_params,
            "optimizer_params": totals.optimizer_params,
        },
        "computed_totals": dict(reading.computed),
        "problems": [fault.to_json() for fault in reading.problems],
        "hints": [fault.to_json() for fault in explanation.hints],
        "explanation": [remark.to_json() for remark in explanation.overview],
    }


def _row(explained: RowExplanation) -> dict[str, Any]:
    row, reading = explained.reading.row, explained.reading
    return {
        "line": row.line,
        "name": row.name,
        "type": reading.class_name or row.class_name,
        "output_shapes": None if row.shapes is None else [_printed(shape) for shape in row.shapes],
        "params": row.params,
        "connected_to": [connection.name for connection in row.connections or ()],
        "trainable": row.trainable,
        "level": row.level,
        "built": row.built,
        "cut": _cut(row),
        "pasted": list(row.lines),
        "reading": _reading(reading, explained.call),
        "explanation": list(explained.full),
    }


def _printed(shape: PrintedShape) -> list[int | None]:
    return [None if isinstance(size, Cut) else size for size in shape]


def _cut(row: PrintedRow) -> list[str]:
    """Which parts of the row are cut off."""
    sizes = any(isinstance(size, Cut) for shape in row.shapes or () for size in shape)
    links = row.connections_cut or any(connection.cut for connection in row.connections or ())
    parts = {
        "name": row.name_cut,
        "type": row.class_cut,
        "output_shapes": row.shapes_cut or sizes,
        "connected_to": links,
    }
    return [part for part, cut in parts.items() if cut]


def _reading(reading: RowReading, call: str) -> dict[str, Any]:
    fault = wrong(reading.row.fault) or wrong(reading.fault)
    first = (
        _candidate(reading.candidates[0], call)
        if reading.candidates
        else dict.fromkeys(
            ("type", "call", "arguments", "input_shapes", "output_shapes", "params", "formula", "arithmetic")
        )
    )
    document = {
        "exact": reading.exact,
        "opaque": reading.opaque,
        **first,
        "sources": list(reading.sources),
        "alternatives": [{**_candidate(each), "tells": each.tells or None} for each in reading.candidates[1:]],
        "nearest": None,
        "fault": fault.to_json() if fault else None,
    }
    if reading.nearest:
        near = reading.nearest
        document["nearest"] = {
            **_candidate(near.candidate),
            "difference": near.difference,
            "explained": near.explained or None,
        }
    return document


def _candidate(candidate: Candidate, call: str = "") -> dict[str, Any]:
    return {
        "type": candidate.layer.class_name,
        "call": call or call_of(candidate),
        "arguments": _arguments(candidate.layer, candidate.stand_ins),
        "input_shapes": [shape_to_json(shape) for shape in candidate.inputs],
        "output_shapes": [shape_to_json(shape) for shape in candidate.outputs],
        "params": candidate.params,
        "formula": candidate.formula,
        "arithmetic": candidate.arithmetic,
    }


def _arguments(layer: LayerSpec, hidden: tuple[str, ...]) -> dict[str, Any]:
    return {key: _plain(value, hidden) for key, value in layer.arguments.items() if key not in hidden}


def _plain(value: Any, hidden: tuple[str, ...]) -> Any:
    """An argument as JSON holds it; a wrapped layer as Keras's own configs write one."""
    if isinstance(value, LayerSpec):
        return {"class_name": value.class_name, "config": _arguments(value, hidden)}
    if isinstance(value, (list, tuple)):
        return [_plain(item, hidden) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item, hidden) for key, item in value.items()}
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
