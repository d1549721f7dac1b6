"""What the installed Keras prints of models drawn at random is read whole, and contradicts nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import keras
import pytest
from drawing import LONG
from test_drawn_models import draw

from lstmcalc.summary_text import read_summary
from lstmcalc.summary_text.printed import Cut, PrintedRow
from lstmcalc.summary_text.reading import Reading

SEEDS = range(1200 if LONG else 40)


def printed(model: Any, **options: Any) -> str:
    """What `model.summary()` prints."""
    lines: list[str] = []
    model.summary(print_fn=lines.append, **options)
    return "\n".join(lines)


def options_for(seed: int) -> dict[str, Any]:
    rng = random.Random(seed)
    return {
        "line_length": rng.choice([70, 80, 100, 140, 200]),
        "expand_nested": rng.random() < 0.4,
        "show_trainable": rng.random() < 0.3,
    }


def layers_of(model: Any, expanded: bool, level: int = 0) -> Iterator[tuple[Any, int]]:
    """The layers in the order in which Keras prints them."""
    for layer in model.layers if isinstance(model, keras.Sequential) else model.operations:
        yield layer, level
        if expanded and isinstance(layer, keras.Model):
            yield from layers_of(layer, expanded, level + 1)


def misread(row: PrintedRow, layer: Any, level: int) -> list[str]:
    """What was read of a row otherwise than Keras has it; what is cut off may be anything that starts so."""
    found = []
    if not layer.name.startswith(row.name) or (row.name != layer.name and not row.name_cut):
        found.append(f"name {row.name!r} for {layer.name!r}")
    class_name = type(layer).__name__
    if not class_name.startswith(row.class_name) or (row.class_name != class_name and not row.class_cut):
        found.append(f"class {row.class_name!r} for {class_name!r}")
    count = layer.count_params() if isinstance(layer, keras.layers.Layer) else 0
    if row.params not in (None, count) or (row.params is None and row.built and row.fault is None):
        found.append(f"count {row.params} for {count}")
    if row.level != level:
        found.append(f"level {row.level} for {level}")
    return found


def contradictions(reading: Reading) -> list[str]:
    """Where a reading says that the table contradicts itself."""
    rows = [f"{row.fault}" for row in reading.rows if row.fault and row.fault.code == "no-layer-fits"]
    cut = any(isinstance(size, Cut) for row in reading.table.rows for shape in row.shapes or () for size in shape)
    return rows + ([] if cut else [str(fault) for fault in reading.problems])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawn_model_is_read_from_its_summary(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of a terminal that is narrower than the table, Keras prints the left part.
    monkeypatch.setenv("COLUMNS", "220")
    model, script = draw(seed)
    options = options_for(seed)
    text = printed(model, **options)
    [reading] = read_summary(text)
    layers = list(layers_of(model, options["expand_nested"]))
    assert len(reading.rows) == len(layers), f"{script}\n{text}"
    found = [
        problem
        for row, (layer, level) in zip(reading.table.rows, layers, strict=True)
        for problem in misread(row, layer, level)
    ]
    assert found + contradictions(reading) == [], f"{script}\n{text}"
