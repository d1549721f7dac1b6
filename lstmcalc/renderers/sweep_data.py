"""A sweep for programs: JSON with a list for every column, and CSV."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from lstmcalc.shapes import size_to_json
from lstmcalc.sweeping import Sweep

__all__ = ["sweep_csv", "sweep_json"]

PIECE = 50_000


def sweep_json(sweep: Sweep) -> dict[str, Any]:
    """`lstmcalc.sweep/1`: columns of the same length, a place for every point.

    `fails` holds for each point 0, or the number of the first of `conditions` that fails there, counted from 1; the
    measures are null there.
    """
    return {
        "schema": "lstmcalc.sweep/1",
        "source": sweep.source,
        "name": sweep.name,
        "points": len(sweep),
        "sizes": {name: column.tolist() for name, column in sweep.sizes.items()},
        "measures": {_key(name): column.tolist() for name, column in sweep.measures.items()},
        "formulas": {_key(name): size_to_json(size) for name, size in sweep.formulas.items()},
        "conditions": [held.to_json() for held in sweep.conditions],
        "fails": sweep.fails.tolist() if sweep.conditions else [],
        "assumptions": [held.to_json() for held in sweep.undecided],
        "left_out": {_key(name): reason.replace("`", "") for name, reason in sweep.left_out.items()},
    }


def sweep_csv(sweep: Sweep) -> str:
    """A line of names, and a line for every point; with `holds_only_if` where the model does not hold everywhere."""
    columns = [*sweep.sizes.items(), *((_key(name), column) for name, column in sweep.measures.items())]
    names = [name for name, _ in columns]
    texts: list[str] = []
    if any(sweep.failing):
        names.append("holds_only_if")
        texts = ["", *(_line([held.text]) for held in sweep.conditions)]
    parts = [_line(names) + "\n"]
    # In pieces: as many texts as there are cells would take ten times the room of the file.
    for start in range(0, len(sweep), PIECE):
        stop = start + PIECE
        cells = [["" if number is None else str(number) for number in column[start:stop]] for _, column in columns]
        if texts:
            cells.append([texts[number or 0] for number in sweep.fails[start:stop]])
        parts += ["\n".join(map(",".join, zip(*cells, strict=True))), "\n"]
    return "".join(parts)


def _line(texts: list[str]) -> str:
    file = StringIO()
    csv.writer(file, lineterminator="").writerow(texts)
    return file.getvalue()


def _key(name: str) -> str:
    return name.replace("-", "_")
