"""A row as layers with windows see it: the sizes before and behind along each spatial axis, and the channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from lstmcalc.errors import Rejection
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.printed import Cut, PrintedSize
from lstmcalc.summary_text.solving import Seen

__all__ = [
    "ANY",
    "Axis",
    "View",
    "accepts",
    "is_open",
    "is_round",
    "once",
    "rank_of",
    "surplus_of_axes",
    "view",
    "written",
]

#: A size of which the row tells nothing.
ANY = Cut("")

#: The printed sizes of one axis, of the input and of the output.
Axis = tuple[PrintedSize, PrintedSize]


F = TypeVar("F", bound=Callable[..., Any])


def once(function: F) -> F:
    """A function that remembers what it gave; mypy lets `functools.cache` be told no rule's class."""
    return cast(F, cache(function))


class View(NamedTuple):
    """The spatial axes of a layer, and the channels of its input and its output."""

    axes: tuple[Axis, ...]
    channels: PrintedSize
    filters: PrintedSize


def view(
    seen: Seen, rank: int, channels_first: bool = False, steps: bool = False, steps_out: bool = False
) -> View | None:
    """What is seen of a layer with `rank` spatial axes; None where the numbers of axes do not fit.

    `steps` tells that an axis of time steps stands before them, `steps_out` that it does in the output.

    >>> view(Seen(((None, 28, 28, 3),), ((None, 26, Cut("2")),), 896, cut=True), 2)
    View(axes=((28, 26), (28, Cut(digits='2'))), channels=3, filters=Cut(digits=''))
    """
    before = _parted(seen.inputs and seen.inputs[0], 1 + steps, rank, channels_first, False)
    is_last = seen.outputs is not None and len(seen.outputs) == 1
    behind = _parted(seen.outputs and seen.outputs[0], 1 + steps_out, rank, channels_first, seen.cut and is_last)
    if before is None or behind is None:
        return None
    axes = tuple(zip(before[0], behind[0], strict=True))
    return View(axes, before[1], behind[1])


def _parted(
    shape: Sequence[Any] | None, lead: int, rank: int, channels_first: bool, open_end: bool
) -> tuple[Sequence[PrintedSize], PrintedSize] | None:
    if not shape:
        return (ANY,) * rank, ANY
    length = lead + rank + 1
    if len(shape) > length or (len(shape) < length and not open_end):
        return None
    if any(isinstance(size, int) and size < 1 for size in shape[1:]):
        return None
    rest = tuple(size if size is None or isinstance(size, (int, Cut)) else ANY for size in shape[lead:])
    rest += (ANY,) * (rank + 1 - len(rest))
    return (rest[1:], rest[0]) if channels_first else (rest[:-1], rest[-1])


def is_open(size: PrintedSize) -> bool:
    """Whether nothing is known of a size, not even that Keras does not know it."""
    return isinstance(size, Cut) and not size.digits


def surplus_of_axes(seen: Seen, rank: int) -> int | None:
    """By how many axes the output has more than `rank` spatial ones would make; None where that is not printed."""
    if not seen.outputs or (seen.cut and len(seen.outputs) == 1):
        return None
    return len(seen.outputs[0]) - rank - 2


@once
def rank_of(rule: type[LayerRule], argument: str) -> int:
    """How many spatial axes a rule has, as the argument that holds a size for each of them tells."""
    value = rule.arguments[argument].check(argument, 1)
    return len(value) if isinstance(value, tuple) else 1


@once
def accepts(rule: type[LayerRule], argument: str, value: Any) -> bool:
    """Whether a rule has an argument, and takes this value for it."""
    try:
        return bool(argument in rule.arguments and rule.arguments[argument].check(argument, value) == value)
    except Rejection:
        return False


def written(sizes: Sequence[Any]) -> Any:
    """One size per axis as one writes it: a single number where all are equal.

    >>> written((3, 3)), written((3, 1))
    (3, [3, 1])
    """
    return sizes[0] if all(size == sizes[0] for size in sizes) else list(sizes)


def is_round(size: int) -> bool:
    """Whether a length is one that data mostly has.

    >>> [size for size in range(24, 33) if is_round(size)]
    [24, 25, 28, 30, 32]
    """
    return size % 8 == 0 or size % 25 == 0 or size % 10 == 0 or size in (1, 7, 14, 28, 299, 227, 60, 12)
