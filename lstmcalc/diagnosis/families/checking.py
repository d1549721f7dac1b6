"""Data that does not go into a model, or targets that do not agree with its output, as Keras checks them beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lstmcalc.diagnosis.apart import data_causes, fits, shape_causes
from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis, Shape
from lstmcalc.diagnosis.families.axes import INPUT, layer_of, ndim_causes
from lstmcalc.diagnosis.families.batches import batch_causes
from lstmcalc.diagnosis.message import SHAPE, Found, family, shown
from lstmcalc.diagnosis.missing_axis import data_without_axis
from lstmcalc.diagnosis.targets import loss_of, target_causes
from lstmcalc.diagnosis.words import after, axes_text, class_named, named

EXPECTED = rf"expected shape=(?P<wanted>{SHAPE}), found shape=(?P<shape>{SHAPE})"


@family(
    "wrong-input",
    ("found shape=", INPUT + EXPECTED),
    ("found shape=", EXPECTED),
    (
        "but input has incompatible shape",
        rf"Expected shape (?P<wanted>{SHAPE}), but input has incompatible shape (?P<shape>{SHAPE})",
    ),
    (
        "which has shape",
        rf"Cannot feed value of shape (?P<shape>{SHAPE}) for Tensor "
        r"[\"']?u?'?(?P<layer>[\w./-]{1,200}?)(?:_1)?:0[\"']?,"
        rf" which has shape '?(?P<wanted>{SHAPE})'?",
    ),
    (
        "was called on an input with incompatible shape",
        rf"Model was constructed with shape (?P<wanted>{SHAPE}) for input .{{0,300}}?"
        rf"was called on an input with incompatible shape (?P<shape>{SHAPE})",
    ),
)
def wrong_input(found: Found) -> Diagnosis | None:
    """`expected shape=(None, 50, 1), found shape=(None, 40, 2)`: data that a model was not built for."""
    wanted, got = found.shape("wanted"), found.shape("shape")
    if wanted is None or got is None:
        return None
    layer = layer_of(found)
    layer = layer.removesuffix("_input")
    who = named(layer) if layer else "The model"
    if wanted and got and wanted[0] and got[0] and wanted[0] != got[0] and fits(got[1:], wanted[1:]):
        causes = tuple(batch_causes(found, wanted[0], got[0]))
    else:
        causes = shape_causes(got, wanted)
    return Diagnosis(
        "wrong-input",
        f"{who} was built for {wanted} and was given {got}. {differences(got, wanted)}".rstrip(),
        causes,
        layer,
        class_named(layer),
        str(wanted),
        str(got),
        (got,),
    )


def differences(got: Shape, wanted: Shape) -> str:
    """Where two shapes differ, in a sentence."""
    if len(got) != len(wanted):
        return f"That is {axes_text('', len(got))} instead of {len(wanted)}."
    apart = [
        f"axis {place} has {one} instead of {other}"
        for place, (one, other) in enumerate(zip(got, wanted, strict=True))
        if one != other and other is not None
    ]
    text = ", ".join(apart)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


CHECKED = (
    r"Error when checking (?:model )?(?P<kind>input|target)?(?: \(.{0,100}?\))? ?: "
    r"expected (?P<name>[\w./-]{1,200}|no data)"
)


#: The same without its head, as titles of questions have it.
HEADLESS = r"expected (?P<name>[\w./-]{1,200})"


@family(
    "checking-input",
    (
        "but got array with shape",
        rf"{HEADLESS} to have (?P<ndim>\d{{1,3}}) dimensions?,? but got array with shape (?P<shape>{SHAPE})",
    ),
    (
        "but got array with shape",
        rf"{HEADLESS} to have shape (?P<wanted>{SHAPE}),? but got array with shape (?P<shape>{SHAPE})",
    ),
    (
        "Error when checking",
        rf"{CHECKED} to have (?P<ndim>\d{{1,3}}) dimensions?,? but got array with shape (?P<shape>{SHAPE})",
    ),
    (
        "Error when checking",
        rf"{CHECKED} to have shape (?P<wanted>{SHAPE}),? but got array with shape (?P<shape>{SHAPE})",
    ),
)
def checking_data(found: Found) -> Diagnosis | None:
    """`Error when checking input: expected lstm_1_input to have 3 dimensions, but got array with shape (1000, 50)`."""
    got, wanted, ndim = found.shape("shape"), found.shape("wanted"), found.number("ndim")
    if got is None or (wanted is None and ndim is None):
        return None
    name = found["name"]
    headless = found.message.startswith("expected")
    is_target = found["kind"] == "target" or (headless and "input" not in name)
    # Keras 1 names the input of `lstm_1` `lstm_input_1`.
    layer = re.sub(r"_input(?=_\d+$|$)", "", name)
    layer = layer if is_target or layer != name else ""
    class_name = class_named(layer)
    whole = len(wanted or ()) == len(got) and found.message.startswith("Error when checking model")
    if wanted is not None and len(wanted) in (len(got) - 1, len(got)) and wanted[:1] != (None,) and not whole:
        # Keras 2.2 and later print shapes without the batch.
        got_inner, wanted_all = (
            (got, (None, *wanted)) if len(wanted) == len(got) - 1 else ((None, *got), (None, *wanted))
        )
        got, wanted = got_inner, wanted_all
    axes = axes_text("" if is_target else class_name, ndim) if ndim is not None else ""
    expected = axes or shown(wanted)
    what = f"The targets for {named(layer)}" if is_target else f"The data for input `{name}`"
    meaning = (
        f"{what} must have {expected if axes else f'shape {expected}'}. They have {got}."
        if is_target
        else (f"{what} must have {expected if axes else f'shape {expected}'}. It has {got}.")
    )
    if is_target:
        output = wanted if wanted is not None else (got[0], *(None,) * ((ndim or 1) - 1))
        causes = target_causes(got, output, loss_of(found), layer)
    else:
        causes = _input_causes(class_name, got, wanted, ndim)
    code = "checking-target" if is_target else "checking-input"
    return Diagnosis(code, meaning, causes, layer, class_name, expected, str(got), (got,))


def _input_causes(class_name: str, got: Shape, wanted: Shape | None, ndim: int | None) -> tuple[Cause, ...]:
    if not got:
        return (NO_ARRAY,)
    if got[0] == 0:
        return (NO_SAMPLES,)
    if wanted is not None:
        return shape_causes(got, wanted)
    if ndim is not None and len(got) + 1 == ndim:
        # It is data: nothing stands before the first layer.
        return tuple(data_without_axis(class_name, got))
    if ndim == 2 and len(got) == 3 and 1 not in got[1:]:
        return tuple(_one_row(got))
    if ndim is not None and len(got) == ndim + 1 and (causes := data_causes(got, (None,) * ndim)):
        return causes
    return ndim_causes(class_name, ndim or 0, len(got), got)


def _one_row(got: Shape) -> Iterator[Cause]:
    """What to do with data that has steps, or one-hot columns, for a model that reads one row per sample."""
    numbers = after(got, got[:-1])
    said = "The samples are one-hot, and the model reads numbers of words or classes."
    yield Cause(said, "Take the numbers:", (f"x = x.argmax(axis=-1){numbers}",))
    if got[1] is not None and got[2] is not None:
        row = after(got, (got[0], got[1] * got[2]))
        said = "The model reads one row of values per sample."
        yield Cause(said, "Put the steps into one row:", (f"x = x.reshape(len(x), -1){row}",))


NO_ARRAY = Cause(
    "The data is one value or one object, no array.",
    "Make an array of it, whose first axis counts the samples:",
    ("x = np.asarray(x)", "print(x.shape, x.dtype)"),
)
NO_SAMPLES = Cause(
    "The array holds no samples: its first axis has the size 0.",
    "Look where it is read, cut or filtered, and nothing is left:",
    ("print(x.shape)",),
)
