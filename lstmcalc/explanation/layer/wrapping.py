"""What is special to the layers that hold another layer and take it over time: RNN, Bidirectional, TimeDistributed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstmcalc.dims import UNKNOWN, to_python, to_text, total
from lstmcalc.explanation.keras_calls import call_text, changed
from lstmcalc.explanation.words import MERGED, Lines, amount
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, as_shapes, show_shapes
from lstmcalc.shapes import show_count

__all__ = ["wrapper_sections"]


def wrapper_sections(rule: Any, x: Inputs) -> Iterator[tuple[str, Lines]]:
    """What a layer around another one needs said besides its shapes; nothing for any other layer."""
    if rule.class_name == "RNN" and isinstance(rule.cell, LayerRule):
        yield "One step", [(_pointer("What the cell does at each step", rule.cell, (x.shape[0], *x.shape[2:])),)]
    elif rule.class_name == "Bidirectional":
        yield "Two directions", _directions(rule, x)
    elif rule.class_name == "TimeDistributed":
        yield "The same layer at every step", _distributed(rule, x)


def _directions(rule: Any, x: Inputs) -> Lines:
    there, back = rule.layer, rule.other
    counts = {"forward": there.count(x), "backward": back.count(x)}
    lines: Lines = [("Two layers read the sequence, one in each direction, and share no weights:",)]
    lines += [(direction, f"{show_count(count)} params") for direction, count in counts.items()]
    mode = "null" if rule.merge_mode is None else rule.merge_mode
    widths = [as_shapes(half.output_shape(x))[0][-1] for half in (there, back)]
    wide = (
        f", {' + '.join(map(to_text, widths))} = {to_text(total(widths))} wide" if rule.merge_mode == "concat" else ""
    )
    outputs = as_shapes(rule.output_shape(x))
    merged = outputs[: 2 if rule.merge_mode is None else 1]
    lines.append((f"`merge_mode: {mode}` {MERGED[rule.merge_mode]}{wide}: {show_shapes(merged)}.",))
    if len(outputs) > len(merged):
        lines.append((f"The states are not merged: the forward ones come first, then the backward ones, "
                      f"{show_shapes(outputs[len(merged) :])}.",))  # fmt: skip
    lines += _half(rule, x)
    lines.append((_pointer("What one direction does", rule.layer, x.shape),))
    return lines


def _half(rule: Any, x: Inputs) -> Lines:
    """What to write where a paper counts both directions together."""
    units = getattr(rule.layer, "units", None)
    if rule.merge_mode != "concat" or rule.backward_layer is not None or not isinstance(units, int):
        return []
    lines: Lines = [(f"When a paper says {units}, see which it means. {units} in each direction is this layer, "
                     f"{2 * units} wide.",)]  # fmt: skip
    if units % 2 == 0:
        half = changed(rule, layer=changed(rule.layer, units=units // 2))
        shape, params = show_shapes(half.output_shape(x)), show_count(half.count(x))
        lines.append((f"{units} in both together is `{call_text(half)}`: {shape}, {params} params.",))
    return lines


def _pointer(what: str, rule: LayerRule, shape: Shape) -> str:
    """Where another layer is explained."""
    sizes = ",".join("None" if size is UNKNOWN else to_python(size) for size in shape[1:]).replace(" ", "")
    batch = f" --batch {shape[0]}" if isinstance(shape[0], int) else ""
    return f'{what}: `lstmcalc explain "{call_text(rule)}" --input {sizes}{batch}`.'


def _distributed(rule: Any, x: Inputs) -> Lines:
    inner = call_text(rule.layer)
    params = {show_count(rule.count(x.replace([(x.batch, steps, *x.shape[2:])], x.axes))) for steps in (1, 200)}
    where = f"`{inner}` is applied at every step, {amount(x.shape[1], 'step')}"
    if params == {"0"}:
        return [(f"{where}; it has no weights.",)]
    count = f"{' or '.join(sorted(params))} param{'s' * (params != {'1'})}"
    lines: Lines = [(f"{where}, with one set of weights: {count}, for 1 step as for 200.",)]
    if rule.layer.class_name == "Dense":
        lines.append((f"`{inner}` without TimeDistributed gives the same: Dense works on the last axis and shares its "
                      "weights over all others.",))  # fmt: skip
    return lines
