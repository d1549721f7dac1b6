"""What Keras's wrappers say of the layer inside, and how Bidirectional merges what its two give."""

from __future__ import annotations

from typing import Any

from lstmcalc.errors import with_article
from lstmcalc.layers.recurrent import Cell
from lstmcalc.layers.rule import LayerRule, Remedy

__all__ = ["MERGING", "RECURRENT", "inner_remedy", "instead"]

#: How much of each value of the output a way of merging takes, and why.
MERGING = {
    "sum": (1, "the two outputs are added"),
    "mul": (1, "the two outputs are multiplied"),
    "ave": (2, "the two outputs are added, and the sum is halved"),
}
RECURRENT = "a recurrent layer: LSTM, GRU, SimpleRNN, RNN, ConvLSTM1D, ConvLSTM2D or ConvLSTM3D"


def inner_remedy(rule: LayerRule) -> Remedy | None:
    """The remedy of a wrapped layer, told of the wrapper."""
    remedy = rule.remedy()
    if remedy is None:
        return None
    inside = f"{with_article(rule.class_name)} inside with {remedy.because}"
    return Remedy(inside, f"{remedy.fix} {remedy.place} the {rule.class_name}", "in")


def instead(wrapper: LayerRule, wrapped: Any) -> str:
    """What to write for a layer that a wrapper does not take."""
    if isinstance(wrapped, Cell) and wrapped.class_name.removesuffix("Cell") in RECURRENT:
        return f"write `{wrapped.class_name.removesuffix('Cell')}` for `{wrapped.class_name}`"
    return f"leave {wrapper.class_name} out" if isinstance(wrapped, LayerRule) else ""
