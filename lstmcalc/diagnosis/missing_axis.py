"""Data that lacks an axis: which one, as far as the layer and the sizes tell."""

from __future__ import annotations

from lstmcalc.diagnosis.diagnosis import Cause, Shape
from lstmcalc.diagnosis.words import RECURRENT, after, values

__all__ = ["data_without_axis", "last_axis"]


def last_axis(class_name: str, shape: Shape) -> str:
    """Which axis is missing at the end, in a sentence."""
    if class_name.startswith(("Conv2D", "MaxPooling2D", "AveragePooling2D")):
        return "The pictures have no axis of channels; a grey picture has 1."
    if len(shape) == 2 and shape[1] is not None and class_name in (*RECURRENT, "Conv1D", ""):
        steps = f"{shape[1]:,} time {'step' if shape[1] == 1 else 'steps'}"
        return f"The data has no axis of features. A series of {values(shape[1])} is {steps} of 1 value."
    return "The data has no last axis."


def data_without_axis(class_name: str, got: Shape) -> list[Cause]:
    """What to do with data that lacks one axis, where nothing stands before the layer that reads it."""
    with_last = Cause(last_axis(class_name, got), code=(f"x = x[..., None]{after(got, (*got, 1))}",))
    change = after(got, (1, *got)) if got[0] is not None else ""
    alone = Cause("One sample was given without the batch axis.", code=(f"x = x[None]{change}",))
    causes = [with_last, alone]
    if len(got) == 2 and class_name in RECURRENT and got[1] == 1:
        causes[:1] = [*_one_value(got), with_last]
    elif len(got) == 2 and class_name in RECURRENT:
        made = (got[0], 1, got[1])
        one_step = f"The {values(got[1])} are the features of one time step."
        causes.insert(1, Cause(one_step, code=(f"x = x[:, None, :]{after(got, made)}",)))
    if class_name.startswith(("Conv2D",)) and got[-1] in (1, 3, 4):
        causes.reverse()
    return causes


def _one_value(got: Shape) -> list[Cause]:
    """One value per sample for a layer that reads time steps."""
    cut = "x = np.lib.stride_tricks.sliding_window_view(x[:, 0], timesteps)[..., None]"
    pad = 'x = keras.utils.pad_sequences(samples, padding="post", dtype="float32")'
    return [
        Cause(f"It is one series of {got[0]} values, and each sample should be a window of it.", "Cut them:", (cut,)),
        Cause("The samples have different lengths, so numpy made an array of objects.", "Pad them:", (pad,)),
    ]
