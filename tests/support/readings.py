"""Whether a reading of a row holds the truth: the layer that Keras really had, as far as a summary can show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genuine_truth import TrueRow

from lstmcalc.layers import ALIASES, RULES, find_rule
from lstmcalc.spec import LayerSpec
from lstmcalc.summary_text.reading import Candidate, RowReading

#: What Keras 0 and 1 called arguments that have another name today.
FORMER_ARGUMENTS = {
    "nb_filter": "filters",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "pool_length": "pool_size",
    "stride": "strides",
    "filter_length": "kernel_size",
    "bias": "use_bias",
    "atrous_rate": "dilation_rate",
    "length": "size",
}


def holds_truth(reading: RowReading, row: TrueRow) -> bool:
    """Whether the truth is among the candidates."""
    return any(is_true(candidate, row) for candidate in reading.candidates)


def starts_with_truth(reading: RowReading, row: TrueRow) -> bool:
    """Whether the truth is the first candidate."""
    return bool(reading.candidates) and is_true(reading.candidates[0], row)


def is_true(candidate: Candidate, row: TrueRow) -> bool:
    """Whether a candidate is the layer that Keras had: its class, arguments and input."""
    if row.class_name == "InputLayer":
        return candidate.layer.class_name == "InputLayer" and candidate.outputs == row.outputs
    known = tuple(row.inputs or ())[: len(candidate.inputs)]
    if "input_length" in row.config and row.class_name == "Embedding" and row.config["input_length"]:
        # Keras 0 calls the vocabulary the input's size.
        known = ((known[0][0], row.config["input_length"]),)
    same_input = row.inputs is None or all(map(_agrees, candidate.inputs, known))
    return same_input and same_layer(
        candidate.layer, row.class_name, row.config, candidate.stand_ins, len((candidate.inputs or ((),))[0])
    )


def _agrees(read: Any, true: Any) -> bool:
    """Whether a shape is the true one; a size that nothing in the text tells is unknown."""
    return len(read) == len(true) and all(size in (None, known) for size, known in zip(read, true, strict=True))


def same_layer(
    layer: LayerSpec, class_name: str, config: Mapping[str, Any], hidden: tuple[str, ...] = (), ndim: int = 0
) -> bool:
    """Whether a layer is of this class and has these arguments, as far as both state them."""
    if class_name == "TimeDistributedDense":
        inner = layer.arguments.get("layer")
        return isinstance(inner, LayerSpec) and same_layer(inner, "Dense", config)
    if layer.class_name.removeprefix("ops.") != ALIASES.get(class_name, class_name):
        return False
    true = _arguments(layer.class_name, config)
    return all(
        _same_axes(value, true[key], ndim) if key in ("axis", "axes") else _same(value, true[key])
        for key, value in layer.arguments.items()
        if key in true and key not in hidden
    )


def _same_axes(read: Any, true: Any, ndim: int) -> bool:
    """Whether axes are the same, counted from the start or from the end."""

    def counted(value: Any) -> Any:
        return [axis % ndim for axis in (value if isinstance(value, (list, tuple)) else [value])] if ndim else value

    return bool(counted(read) == counted(true))


def _arguments(class_name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The config in today's names."""
    renamed = {FORMER_ARGUMENTS.get(key, key): value for key, value in config.items()}
    rule = find_rule(class_name)
    known = rule.arguments if rule else {}
    if "units" in known and "output_dim" in renamed:
        renamed["units"] = renamed.pop("output_dim")
        renamed.pop("input_dim", None)
    if "nb_row" in renamed:
        renamed["kernel_size"] = [renamed["nb_row"], renamed["nb_col"]]
    if "cells" in renamed:
        renamed["cell"] = renamed["cells"]
    return {key: _checked(class_name, key, value) for key, value in renamed.items() if key in known}


def _checked(class_name: str, key: str, value: Any) -> Any:
    """A value in the form that rules use, so that 3 and [3, 3] compare as the same window."""
    argument = RULES[class_name].arguments[key] if class_name in RULES else None
    if argument is None or argument.kind in ("layer", "layers") or value is None:
        return value
    try:
        return argument.check(key, value)
    except Exception:
        return value


def _same(read: Any, true: Any) -> bool:
    if isinstance(read, LayerSpec):
        return isinstance(true, Mapping) and same_layer(read, true["class"], true.get("config", {}))
    if isinstance(read, list) and read and isinstance(read[0], LayerSpec):
        inner = true if isinstance(true, list) else true.get("config", {}).get("cells", [])
        return len(read) == len(inner) and all(map(_same, read, inner))
    if isinstance(read, (list, tuple)) and isinstance(true, (list, tuple)):
        return len(read) == len(true) and all(map(_same, read, true))
    if isinstance(true, (list, tuple)) and isinstance(read, int) and not isinstance(read, bool):
        return all(_same(read, item) for item in true)
    return bool(read == true or str(read) == str(true))
