"""Two shapes that should agree and do not: the changes to the data that make one of the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from math import prod

from lstmcalc.diagnosis.diagnosis import Cause, Shape
from lstmcalc.diagnosis.words import after

__all__ = ["data_causes", "fits", "shape_causes", "size_causes"]


def fits(got: Shape, wanted: Shape) -> bool:
    """Whether a shape agrees with another; what is unknown agrees with all."""
    return len(got) == len(wanted) and all(
        one is None or other is None or one == other for one, other in zip(got, wanted, strict=True)
    )


def data_causes(got: Shape, wanted: Shape, name: str = "x") -> tuple[Cause, ...]:
    """Why data has a shape that does not agree with the wanted one, with the line of numpy that mends it.

    >>> [cause] = data_causes((1000, 50), (None, 50, 1))
    >>> cause.code
    ('x = x[..., None]  # (1000, 50) -> (1000, 50, 1)',)
    """
    by_code = {cause.code: cause for cause in reversed(list(_causes(got, wanted, name)))}
    return tuple(reversed(by_code.values()))


def _causes(got: Shape, wanted: Shape, name: str) -> Iterator[Cause]:
    if len(got) + 1 == len(wanted):
        yield from _missing_axis(got, wanted, name)
    if len(got) == len(wanted) + 1:
        yield from _spare_axis(got, wanted, name)
    if len(got) == len(wanted) and len(got) <= 5:
        yield from _swapped(got, wanted, name)
    yield from _reshaped(got, wanted, name)


def _missing_axis(got: Shape, wanted: Shape, name: str) -> Iterator[Cause]:
    last = (*got, 1)
    first = (1, *got)
    known = sum(size is not None for size in wanted[1:])
    if fits(last, wanted) and (known or got[:1] == (None,)):
        yield Cause("The data has no last axis.", code=(f"{name} = {name}[..., None]{after(got, last)}",))
    if fits(first, wanted) and None not in got:
        yield Cause("One sample was given without the batch axis.", code=(f"{name} = {name}[None]{after(got, first)}",))
    if fits(last, wanted) and not known:
        yield Cause("The data has no last axis.", code=(f"{name} = {name}[..., None]{after(got, last)}",))
    for axis in range(1, len(got)):
        made = (*got[:axis], 1, *got[axis:])
        if fits(made, wanted) and known:
            code = f"{name} = np.expand_dims({name}, {axis}){after(got, made)}"
            yield Cause(f"The data has no axis {axis}.", code=(code,))


def _spare_axis(got: Shape, wanted: Shape, name: str) -> Iterator[Cause]:
    known = any(size is not None for size in wanted[1:])
    for axis in range(len(got) - 1, -1, -1):
        made = (*got[:axis], *got[axis + 1 :])
        # Axis 0 is the batch, also of one sample, where no size says otherwise.
        if got[axis] == 1 and fits(made, wanted) and (axis or known):
            code = f"{name} = {name}.squeeze(axis={axis}){after(got, made)}"
            yield Cause(f"The data has an axis of size 1 too many (axis {axis}).", code=(code,))


def _swapped(got: Shape, wanted: Shape, name: str) -> Iterator[Cause]:
    axes = tuple(range(len(got)))
    for order in permutations(axes[1:]):
        made = (got[0], *(got[axis] for axis in order))
        if order != axes[1:] and None not in made[1:] and made[1:] == wanted[1:]:
            code = f"{name} = {name}.transpose{(0, *order)}{after(got, made)}"
            yield Cause("The axes stand in another order.", code=(code,))
            return


def _reshaped(got: Shape, wanted: Shape, name: str) -> Iterator[Cause]:
    inner = [size for size in got[1:] if size is not None]
    sizes = [size for size in wanted[1:] if size is not None]
    if not inner or not sizes or len(inner) + 1 < len(got) or len(sizes) + 1 < len(wanted) or fits(got, wanted):
        return
    # Shapes that differ in axes of size 1, or in their order, have a change of their own.
    same = sorted(size for size in inner if size != 1) == sorted(size for size in sizes if size != 1)
    if not same and prod(inner) == prod(sizes):
        made = (got[0], *sizes)
        code = f"{name} = {name}.reshape{(-1, *sizes)}{after(got, made)}"
        yield Cause("Each sample has the right number of values in another shape.", code=(code,))


def shape_causes(got: Shape, wanted: Shape, is_words: bool = False) -> tuple[Cause, ...]:
    """Why data has another shape than the one that is wanted; where it only lies otherwise, nothing else is said."""
    return data_causes(got, wanted) or tuple(size_causes(got, wanted, is_words))


def size_causes(got: Shape, wanted: Shape, is_words: bool = False) -> list[Cause]:
    """What to do where data has other sizes than a model was built for; words are numbers for an Embedding."""
    if len(got) != len(wanted):
        fix = "Reshape the data, or build the model for it:"
        return [
            Cause(
                "The data has another number of axes.", fix, (f"Input({got[1:]})  # not {wanted[1:]}",), about="input"
            )
        ]
    apart = [
        place for place in range(1, len(got)) if None not in (got[place], wanted[place]) and got[place] != wanted[place]
    ]
    causes = []
    if apart == [1] and len(got) == 3:
        steps = wanted[1]
        cut = f"x = keras.utils.pad_sequences(x, maxlen={steps}, dtype=x.dtype)"
        causes.append(
            Cause(f"The sequences have {got[1]} steps, the model was built for {steps}.", "Pad or cut them:", (cut,))
        )
        open_ = f"Input((None, {wanted[2]}))  # any number of steps"
        causes.append(
            Cause("The model states a length that it may not need.", "A recurrent layer takes any:", (open_,))
        )
    elif apart == [1] and len(got) == 2 and is_words:
        cut = f"x = keras.utils.pad_sequences(x, maxlen={wanted[1]})"
        said = f"The sequences have {got[1]} words, the model was built for {wanted[1]}."
        causes.append(Cause(said, "Pad or cut them:", (cut,)))
    elif apart:
        fix = "Prepare the data as for training, or build the model for it:"
        code = (f"Input({got[1:]})  # not {wanted[1:]}",)
        said = "The data has other sizes than the model was built for."
        causes.append(Cause(said, fix, code, about="input"))
    return causes
