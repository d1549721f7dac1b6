"""What the families' sentences share: a layer, its axes, and shapes, as they are written."""

from __future__ import annotations

from functools import cache

from lstmcalc.diagnosis.diagnosis import Shape
from lstmcalc.errors import Rejection, with_article

__all__ = ["RECURRENT", "after", "axes_text", "class_named", "named", "values", "with_article"]

#: The classes that read time steps one after the other.
RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


@cache
def class_named(name: str) -> str:
    """The class that Keras gives such a name to; "" where none.

    >>> class_named("lstm_1"), class_named("max_pooling2d"), class_named("lstm_3_input"), class_named("encoder")
    ('LSTM', 'MaxPooling2D', '', '')
    """
    from lstmcalc.summary_text.classes import classes_of
    from lstmcalc.summary_text.printed import PrintedRow

    choices = classes_of(PrintedRow(1, (), name.rpartition("/")[2], "", class_cut=True)) if name else []
    return choices[0].class_name if len(choices) == 1 else ""


def named(layer: str, class_name: str = "") -> str:
    """A layer in a sentence.

    >>> named("lstm_1"), named("encoder"), named("")
    ('"lstm_1" (LSTM)', '"encoder"', 'the layer')
    """
    class_name = class_name or class_named(layer)
    if not layer:
        return with_article(class_name) if class_name else "the layer"
    return f'"{layer}" ({class_name})' if class_name else f'"{layer}"'


def axes_text(class_name: str, ndim: int) -> str:
    """So many axes, with the names that a class gives them.

    >>> axes_text("LSTM", 3), axes_text("", 3), axes_text("Dense", 1)
    ('3 axes (batch, timesteps, input_dim)', '3 axes', '1 axis')
    """
    from lstmcalc.layers import find_rule

    number = f"{ndim} {'axis' if ndim == 1 else 'axes'}"
    rule = find_rule(class_name) if class_name else None
    if class_name in RECURRENT[:5]:
        # What a wrapper reads is what it wraps.
        rule = find_rule("LSTM")
    try:
        names = rule({}).axis_names(ndim) if rule and rule.family != "wrappers" and rule.axes != "..." else ()
    except Rejection:
        names = ()
    return f"{number} ({', '.join(names)})" if names and not any("axis_" in name for name in names) else number


def values(number: int | None) -> str:
    """`1 value`, `5 values`."""
    return "values" if number is None else f"{number:,} {'value' if number == 1 else 'values'}"


def after(shape: Shape, made: Shape) -> str:
    """A change of shape as a comment behind code."""
    return f"  # {shape} -> {made}"
