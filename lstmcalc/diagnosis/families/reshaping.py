"""Totals that do not divide as asked: Reshape, `tf.reshape`, `numpy.reshape`."""

from __future__ import annotations

from math import prod

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis, Shape
from lstmcalc.diagnosis.message import SHAPE, Found, family


def reshaped(total: int | None, target: Shape, by_keras: bool, given: str = "") -> Diagnosis | None:
    """So many values that do not fill a shape; `target` is that of a sample where Keras's layer asks."""
    known = [size for size in target if size is not None]
    if total is None or not known:
        return None
    wanted = prod(known)
    if None in target:
        left = f"{total:,} values do not divide by {wanted:,}" if wanted else "nothing divides by 0"
        meaning = f"{given or f'{total:,} values'} cannot be made {_written(target)}: {left}."
    else:
        meaning = f"{given or f'{total:,} values'} cannot be made {_written(target)}, which holds {wanted:,}."
    causes = [_fitting(total, target, by_keras)]
    if not by_keras and wanted and total % wanted == 0 and None not in target:
        many = total // wanted
        code = f"x = x.reshape{(-1, *target)}  # {many:,} samples of {target}"
        causes.insert(
            0, Cause(f"The data holds {many:,} samples of that shape.", "Leave room for the samples:", (code,))
        )
    if not by_keras and len(target) > 1 and target[0] is not None:
        rest = prod(size or 1 for size in target[1:])
        if rest and total % rest == 0 and target[0] != total // rest:
            code = f"x = x.reshape{(-1, *target[1:])}  # gives {(total // rest, *target[1:])}"
            causes.insert(
                0, Cause("The first size is not the number of samples there are.", "Let numpy count them:", (code,))
            )
    return Diagnosis("reshape-total", meaning, tuple(causes), expected=f"{wanted:,} values", got=f"{total:,}")


def _written(target: Shape) -> str:
    return str(tuple(-1 if size is None else size for size in target))


def _fitting(total: int, target: Shape, by_keras: bool) -> Cause:
    what = "`target_shape`" if by_keras else "the shape"
    rest = prod(size or 1 for size in target[1:])
    if rest and total % rest == 0 and len(target) > 1:
        fit = (total // rest, *(size or 1 for size in target[1:]))
        code = f"Reshape({fit})  # {total:,} values" if by_keras else f".reshape{fit}  # {total:,} values"
        return Cause(f"One size of {what} is wrong.", "The sizes must multiply to what is there:", (code,))
    fix = "Take sizes whose product is the number of values, or change what comes in."
    return Cause(
        f"No first size makes {what} right: {total:,} is no multiple of {rest:,}." if rest else "A size is 0.", fix
    )


@family(
    "reshape-total",
    (
        "total size of",
        r"total size of (?:the tensor|new array) must be unchanged.{0,140}?"
        rf"input_shape ?= ?(?P<shape>{SHAPE}), (?:target_shape|output_shape) ?= ?(?P<target>{SHAPE})",
    ),
)
def layer_total(found: Found) -> Diagnosis | None:
    """Keras's Reshape; the shapes are those of a sample."""
    shape, target = found.shape("shape"), found.shape("target")
    if shape is None or target is None or None in shape:
        return None
    total = prod(size or 1 for size in shape)
    diagnosis = reshaped(total, target, True, f"A sample of shape {shape} has {total:,} values. They")
    return diagnosis


@family("reshape-total", ("total size of new array must be unchanged", r"total size of new array must be unchanged"))
def bare_total(found: Found) -> Diagnosis:
    """The same in Keras 2, which states no shape."""
    cause = Cause(
        "A Reshape has a `target_shape` of another product than its input.",
        "Compare the two in the summary:",
        ("model.summary()",),
    )
    return Diagnosis("", "The number of values before and after a Reshape must be the same.", (cause,))


@family(
    "reshape-total",
    (
        "Cannot reshape a tensor with",
        r"Cannot reshape a tensor with (?P<total>\d{1,15}) elements to shape (?P<target>\[[-\d,?]{1,80}\])",
    ),
    (
        "cannot reshape array of size",
        r"cannot reshape array of size (?P<total>\d{1,15}) into shape "
        r"(?P<target>\((?:(?:-?\d{1,12}|newaxis),?){1,12}\))",
    ),
)
def array_total(found: Found) -> Diagnosis | None:
    """numpy and TensorFlow; the shape holds the batch."""
    text = found["target"].replace("newaxis", "None")
    target = Found("", "", {"target": text}).shape("target")
    return reshaped(found.number("total"), target or (), False)


@family(
    "reshape-total",
    (
        "but the requested shape",
        r"Input to reshape is a tensor with (?P<total>\d{1,15}) values, but the requested shape"
        r" (?:has (?P<wanted>\d{1,15})|requires a multiple of (?P<multiple>\d{1,15}))",
    ),
)
def eager_total(found: Found) -> Diagnosis | None:
    """TensorFlow, once the data is there."""
    total, wanted = found.number("total"), found.number("wanted") or found.number("multiple")
    if not total or not wanted:
        return None
    multiple = found["multiple"] != ""
    said = f"a multiple of {wanted:,}" if multiple else f"{wanted:,}"
    causes = [
        Cause(
            "The data has other sizes than the shape was written for.",
            "Write `-1` for the one size that follows from the others:",
            ("tf.reshape(x, (-1, ...))",),
        )
    ]
    if not multiple and (total % wanted == 0 or wanted % total == 0):
        causes.insert(
            0,
            Cause(
                "The batch has another size than the one written into the shape.",
                "Write `-1` for the batch, or drop the last, smaller batch:",
                ("dataset = dataset.batch(batch_size, drop_remainder=True)",),
            ),
        )
    return Diagnosis(
        "",
        f"{total:,} values were to fill a shape that holds {said}.",
        tuple(causes),
        expected=f"{said} values",
        got=f"{total:,}",
    )
