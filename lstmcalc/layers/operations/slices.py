"""What `x[...]` leaves of a shape."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import UNKNOWN, Condition, Dim, at_least, ceil_div, range_length
from lstmcalc.errors import Rejection
from lstmcalc.layers.arguments import Argument
from lstmcalc.layers.operations.constants import read_key
from lstmcalc.layers.operations.rule import Operation, operation
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape, count_axes
from lstmcalc.shapes import show_shape

__all__ = ["GetItem", "show_key", "sliced"]


def show_key(key: tuple[Any, ...]) -> str:
    """A key as it is written.

    >>> show_key((slice(None), 0, slice(None, None, -2), ..., None))
    '[:, 0, ::-2, ..., None]'
    """
    return f"[{', '.join(map(_show_part, key))}]"


def _show_part(part: Any) -> str:
    if not isinstance(part, slice):
        return "..." if part is Ellipsis else str(part)
    start, stop, step = ("" if bound is None else str(bound) for bound in (part.start, part.stop, part.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")


def sliced(call: Inputs, size: Dim, part: slice, because: str) -> Dim:
    """How many places a slice takes of an axis.

    A slice that wants more than there is gets what there is, which only numbers decide. Of a name, it gives what it
    gives of a long axis where that depends on the name, and assumes such a length; a number that Keras does not know
    before there is data stays unknown.

    >>> from lstmcalc.dims import symbol
    >>> sliced(Inputs([]), symbol("T"), slice(1, None, 2), ""), sliced(Inputs([]), symbol("T"), slice(3), "")
    (T//2, UNKNOWN)
    """
    if isinstance(size, int):
        return range_length(*part.indices(size))
    if size is UNKNOWN:
        return UNKNOWN
    step = 1 if part.step is None else part.step
    if step > 0:
        first, end = _bound(size, part.start, 0), _bound(size, part.stop, size)
        places = ceil_div(end - first, step)
    else:
        first, end = _bound(size, part.start, size - 1), _bound(size, part.stop, -1)
        places = ceil_div(first - end, -step)
    needed = max(_reach(part.start, step < 0), _reach(part.stop, False))
    if isinstance(places, int):
        return 0 if places <= 0 else UNKNOWN
    condition = at_least(places, 0)
    longest = at_least(size, needed)
    if condition is False or longest is False:
        return UNKNOWN
    wanted = [each for each in (condition, longest) if isinstance(each, Condition)]
    if len(wanted) == 2 and wanted[0].left == wanted[1].left:
        # Of two lengths, the greater is enough.
        wanted.sort(key=lambda each: each.right if isinstance(each.right, int) else 0, reverse=True)
        wanted = wanted[:1]
    for each in wanted:
        call.require(each, "wrong-size", "", because=because)
    return places


def _bound(size: Dim, bound: int | None, default: Dim) -> Dim:
    return default if bound is None else bound if bound >= 0 else size + bound


def _reach(bound: int | None, inclusive: bool) -> int:
    """How long an axis must be for a bound to lie on it."""
    return 0 if bound is None else -bound if bound < 0 else bound + inclusive


@operation("numpy", "x", key=Argument(None, read_key))
class GetItem(Operation):
    """Takes out what `key` says, axis by axis: one place, a slice, or all; null puts a new axis in.

    keras/src/ops/numpy.py, 3.15.1, where a slice alone (`x[:3]`) is refused: a key is an integer, or several parts.
    """

    def result(self, call: Inputs, /, x: Shape, key: tuple[Any, ...] | None) -> Any:
        key = (None,) if key is None else key
        taking = sum(part is not None and part is not Ellipsis for part in key)
        if taking > len(x):
            raise Rejection("wrong-ndim", f"at least {count_axes(taking)}, as many as `key` counts", show_shape(x))
        if Ellipsis not in key:
            key = (*key, Ellipsis)
        sizes: list[Dim] = []
        rest = list(enumerate(x))
        for part in key:
            if part is None:
                sizes.append(1)
            elif part is Ellipsis:
                number = len(rest) - (taking - (len(x) - len(rest)))
                sizes += [size for _, size in rest[:number]]
                rest = rest[number:]
            else:
                place, size = rest.pop(0)
                if isinstance(part, slice):
                    because = f"`{_show_part(part)}` takes from the whole of its axis"
                    sizes.append(sliced(call, size, part, because))
                else:
                    self._require_place(call, x, place, part)
        return tuple(sizes)

    def _require_place(self, call: Inputs, x: Shape, place: int, index: int) -> None:
        least = index + 1 if index >= 0 else -index
        because = f"there is no place {index} in a shorter one"
        call.require(at_least(x[place], least), "wrong-size", f"at least {least} along axis {place}", show_shape(x),
                     because)  # fmt: skip

    examples = [
        Example({}, (None, 10, 8), params=0, output=(None, 3, 8), keywords={"key": "[:, :3]"}),
        Example({}, (None, 10, 8), params=0, output=(None, 8), keywords={"key": "[:, -1]"}),
        Example({}, (None, 10, 8), params=0, output=(None, 5, 1, 4), keywords={"key": "[:, ::2, None, 4:]"}),
        Example({}, (None, None, 8), params=0, output=(None, None, 8), keywords={"key": "[:, 1:]"}),
        Example({}, (None, 10, 8), 0, (None, 10), keywords={"key": [{"class_name": "__ellipsis__", "config": {}}, 0]}),
        Rejected(
            {},
            "expected at least 11 along axis 1, got (None, 10, 8): there is no place 10 in a shorter one",
            (None, 10, 8),
            keywords={"key": "[:, 10]"},
        ),
        Rejected(
            {},
            "expected at least 4 axes, as many as `key` counts, got (None, 10, 8)",
            (None, 10, 8),
            keywords={"key": [0, 0, 0, 0]},
        ),
        Rejected(
            {}, 'expected `key` to be an integer, or several parts, got "[1:]"', (None, 10), keywords={"key": "[1:]"}
        ),
        Rejected(
            {},
            "expected `key` to be integers, slices, null for a new axis and ... for the axes between, such as "
            '`[:, 0, ::2]`, got "[a:b]"',
            (None, 10),
            keywords={"key": "[a:b]"},
        ),
    ]
