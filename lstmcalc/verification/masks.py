"""The masks of a report beside those that Keras states and those that arrays carry when data runs through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lstmcalc.graph import CallKey
from lstmcalc.layers.rule import LayerRule
from lstmcalc.report import CallReport, LayerReport
from lstmcalc.shapes import show_shape
from lstmcalc.verification.keras_model import KerasModel

__all__ = ["compare_masks"]


def compare_masks(
    keras: Any, model: KerasModel, layers: Iterable[LayerReport], real: Mapping[CallKey, Sequence[Any]]
) -> Iterator[tuple[str, str]]:
    """Every output that has a mask on one side only: the layer's name, and the difference in words.

    What is not known in the report is not compared, nor what is not followed: the scores of attention with heads.
    """
    # It takes the masks off its inputs when data runs through, so that they are gone when there is time to look.
    taken_off = any(rule.clears_masks for rule in model.rules.values())
    for layer in layers:
        rule = model.rules.get(layer.name)
        for index, call in enumerate(layer.calls):
            held = zip(model.tensors[layer.name, index], real[layer.name, index], strict=True)
            there = [[has_mask(keras, tensor) for tensor in pair] for pair in held]
            if rule is not None:
                there = there[: rule.followed_outputs]
            for place, (stated, carried) in enumerate(there):
                mine = call.mask.outputs[place] if place < len(call.mask.outputs) else None
                if mine is None or mine == (stated or carried) or (mine and taken_off and not stated):
                    continue
                yield layer.name, _difference(keras, rule, call, place)


def has_mask(keras: Any, tensor: Any) -> bool:
    """Whether a tensor carries a mask; where Keras keeps it depends on its version."""
    find = getattr(keras.src.backend, "get_keras_mask", None)
    return (find(tensor) if find else getattr(tensor, "_keras_mask", None)) is not None


def _difference(keras: Any, rule: LayerRule | None, call: CallReport, place: int) -> str:
    what = "mask" if len(call.mask.outputs) == 1 else f"mask of output {place}"
    shape = call.mask.shapes[place] if place < len(call.mask.shapes) else None
    text = f"{what}: Keras {'one' if shape is None else 'none'}, lstmcalc {show_shape(shape) if shape else 'none'}"
    until = rule.passes_mask_until if rule is not None else ""
    if rule is not None and shape is not None and until and _numbers(keras.__version__) > _numbers(until):
        text += f"; up to {until}, Keras passes it on from {rule.class_name}, and {keras.__version__} does not"
    return text


def _numbers(version: str) -> tuple[int, ...]:
    """A version as numbers, so that 3.9 comes before 3.15.

    >>> _numbers("3.16.0.dev2026") > _numbers("3.15.1")
    True
    """
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
