"""Operations that make one value of many along axes, or go along an axis step by step."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import UNKNOWN
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.operations.rule import Operation, made, operation
from lstmcalc.layers.operations.sizes import (
    axes,
    axes_of,
    axis,
    axis_of,
    broadcast,
    flat,
    put,
    require_ndim,
    require_same,
)
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape

__all__ = ["AllClose", "Average", "Moments", "Norm", "Quantile", "Reduction", "Running", "Trapezoid", "Vdot", "reduced"]


def reduced(shape: Shape, over: tuple[int, ...], keepdims: bool) -> Shape:
    """A shape without some axes, or with sizes of 1 there.

    >>> reduced((3, 4, 5), (1,), False), reduced((3, 4, 5), (1,), True)
    ((3, 5), (3, 1, 5))
    """
    if keepdims:
        return tuple(1 if place in over else size for place, size in enumerate(shape))
    return tuple(size for place, size in enumerate(shape) if place not in over)


class Reduction(Operation):
    """What makes one value of all along some axes, or of all there are (`reduce_shape` in operation_utils.py)."""

    axis: Any = None
    keepdims: bool = False

    def result(self, call: Inputs, /, x: Shape) -> Any:
        return reduced(x, axes_of(self.axis, len(x)), self.keepdims)


class Along(Operation):
    """What finds one place along one axis, or among all values."""

    axis: int | None
    keepdims: bool

    def result(self, call: Inputs, /, x: Shape) -> Any:
        over = tuple(range(len(x))) if self.axis is None else (axis_of(self.axis, len(x)),)
        return reduced(x, over, self.keepdims)


class Running(Operation):
    """What goes along one axis and keeps its size; along all values laid in one row, where `axis` is null."""

    axis: int | None

    def result(self, call: Inputs, /, x: Shape) -> Any:
        if self.axis is None:
            return (flat(x),)
        axis_of(self.axis, len(x))
        return x


USUAL = {"axis": axes(None), "keepdims": arg.flag(False)}
REDUCTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "All": ("whether all are true", USUAL),
    "Amax": ("the greatest", USUAL),
    "Amin": ("the least", USUAL),
    "Any": ("whether one is true", USUAL),
    "CountNonzero": ("how many are not 0", {"axis": axes(None)}),
    "Max": ("the greatest", {**USUAL, "initial": arg.anything(None)}),
    "Mean": ("the mean", USUAL),
    "Median": ("the one in the middle", USUAL),
    "Min": ("the least", {**USUAL, "initial": arg.anything(None)}),
    "Nanmax": ("the greatest that is a number", USUAL),
    "Nanmean": ("the mean of those that are numbers", USUAL),
    "Nanmedian": ("the one in the middle of those that are numbers", USUAL),
    "Nanmin": ("the least that is a number", USUAL),
    "Nanprod": ("the product of those that are numbers", USUAL),
    "Nanstd": ("the standard deviation of those that are numbers", USUAL),
    "Nansum": ("the sum of those that are numbers", USUAL),
    "Nanvar": ("the variance of those that are numbers", USUAL),
    "Prod": ("the product", {**USUAL, "dtype": arg.anything(None)}),
    "Ptp": ("the greatest minus the least", USUAL),
    "Std": ("the standard deviation", USUAL),
    "Sum": ("the sum", USUAL),
    "Var": ("the variance", USUAL),
}
ONE_AXIS = {"axis": axis(None), "keepdims": arg.flag(False)}
PLACES = {
    "Argmax": "the greatest",
    "Argmin": "the least",
    "Nanargmax": "the greatest that is a number",
    "Nanargmin": "the least that is a number",
}
TYPED = {"axis": axis(None), "dtype": arg.anything(None)}
RUNNING: dict[str, tuple[str, dict[str, Any]]] = {
    "Argsort": ("Gives the places of the values, the least first", {"axis": axis(-1)}),
    "Cumprod": ("Gives the product of each value and those before it", TYPED),
    "Cumsum": ("Gives the sum of each value and those before it", TYPED),
    "Nancumprod": ("Gives the product of each value and those before it that are numbers", TYPED),
    "Nancumsum": ("Gives the sum of each value and those before it that are numbers", TYPED),
    "Sort": ("Puts the values in order, the least first", {"axis": axis(-1)}),
}  # fmt: skip

for _name, (_text, _arguments) in REDUCTIONS.items():
    _examples: list[Example | Rejected] = [
        Example({"axis": 1}, (None, 10, 32), params=0, output=(None, 32)),
        Example({}, (None, 10, 32), params=0, output=()),
        Rejected({"axis": 3}, "expected `axis` from -3 to 2, got 3", (None, 10, 32)),
    ]
    if "keepdims" in _arguments:
        _examples.append(Example({"axis": [-2, -1], "keepdims": True}, (None, 10, 32), 0, (None, 1, 1)))
    made(_name, Reduction, "numpy", f"Of the values along the axes, {_text}.", _examples, **_arguments)
made("Logsumexp", Reduction, "math", "Of the values along the axes, the logarithm of the sum of their exponentials.",
     [Example({"axis": -1}, (None, 10, 32), 0, (None, 10))], **USUAL)  # fmt: skip
for _name, _text in PLACES.items():
    made(_name, Along, "numpy", f"Of the values along the axis, the place of {_text}.",
         [Example({"axis": -1}, (None, 10, 32), 0, (None, 10)), Example({}, (None, 10, 32), 0, ())],
         **ONE_AXIS)  # fmt: skip
for _name, (_text, _arguments) in RUNNING.items():
    made(_name, Running, "numpy", f"{_text}, along the axis.",
         [Example({"axis": 1}, (None, 10, 32), 0, (None, 10, 32)),
          Rejected({"axis": 3}, "expected `axis` from -3 to 2, got 3", (None, 10, 32))],
         **_arguments)  # fmt: skip


class Quantile(Operation):
    """What finds the values below which given shares lie: one for each of `q`, which then come first."""

    #: Whether a list of one share is one share.
    unpacks = True
    axis: Any
    keepdims: bool

    def result(self, call: Inputs, /, x: Shape, q: Shape) -> Any:
        return (*q, *reduced(x, axes_of(self.axis, len(x)), self.keepdims))


QUANTILE = {
    "Nanpercentile": "the values below which so many percent of the numbers among them lie",
    "Nanquantile": "the values below which such shares of the numbers among them lie",
    "Percentile": "the values below which so many percent of them lie",
    "Quantile": "the values below which such shares of them lie",
}
METHODS = ("linear", "lower", "higher", "midpoint", "nearest")
for _name, _text in QUANTILE.items():
    made(_name, Quantile, "numpy", f"Of the values along the axes, {_text}.",
         [Example({"axis": 1}, (None, 10, 32), 0, (None, 32), keywords={"q": 0.5}),
          Example({"axis": 1}, (None, 10, 32), 0, (2, None, 32), keywords={"q": [0.25, 0.75]})],
         "x q", axis=axes(None), method=arg.exact_choice(*METHODS, default="linear"),
         keepdims=arg.flag(False))  # fmt: skip


@operation("numpy", optional="weights")
class Average(Operation):
    """Of the values along the axis, the mean, to which each counts by its weight.

    keras/src/ops/numpy.py, 3.15.1. The weights are as many as the values, or as those along the axis.
    """

    axis: int | None = axis(None)

    def result(self, call: Inputs, /, x: Shape, weights: Shape | None) -> Any:
        over = tuple(range(len(x))) if self.axis is None else (axis_of(self.axis, len(x)),)
        if weights is not None:
            expected = "as many weights as values, or as those along the axis"
            because = "each weight belongs to a value"
            pairs = list(zip(over, range(1), strict=True)) if len(weights) == 1 and self.axis is not None else (
                [(place, place) for place in range(len(x))])  # fmt: skip
            if len(weights) != len(pairs):
                raise Rejection("wrong-ndim", expected, f"weights of {len(weights)} axes")
            for mine, theirs in pairs:
                require_same(call, ("x", x, mine), ("weights", weights, theirs), expected, because)
        return reduced(x, over, False)

    examples = [
        Example({"axis": 1}, (None, 10, 32), params=0, output=(None, 32)),
        Example({"axis": 1}, (None, 3, 32), params=0, output=(None, 32), keywords={"weights": [0.5, 0.3, 0.2]}),
    ]


@operation("nn")
class Moments(Operation):
    """Of the values along the axes, the mean and the variance.

    keras/src/ops/nn.py, 3.15.1.
    """

    axes_: Any = axes()
    keepdims: bool = arg.flag(False)
    synchronized: bool = arg.flag(False)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        over = axes_of(self.axes_, len(x), "axes")
        if not over:
            raise Rejection("wrong-value", "an axis in `axes`", "none")
        return (reduced(x, over, self.keepdims),) * 2

    examples = [
        Example({"axes": [0, 1]}, (None, 10, 32), params=0, output=[(32,), (32,)]),
        Rejected({"axes": [3]}, "expected `axes` from -3 to 2, got 3", (None, 10, 32)),
    ]


@operation("linalg")
class Norm(Operation):
    """Of the values along the axes, their length as a vector, or a norm of theirs as a matrix.

    keras/src/ops/linalg.py, 3.15.1.
    """

    ord: Any = arg.anything(None)
    axis: Any = axes(None)
    keepdims: bool = arg.flag(False)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        over = axes_of(self.axis, len(x))
        if len(over) not in (1, 2):
            raise Rejection("wrong-value", "one axis or two to take the norm over", str(len(over)))
        if len(over) == 1 and isinstance(self.ord, str):
            raise Rejection("wrong-value", "a number as `ord` along one axis", arg.show(self.ord))
        matrix = (None, "fro", "nuc", 1, -1, 2, -2, float("inf"), float("-inf"))
        if len(over) == 2 and self.ord not in matrix:
            raise Rejection("wrong-value", "`ord` of a matrix to be `fro`, `nuc`, 1, -1, 2, -2, or infinite",
                            arg.show(self.ord))  # fmt: skip
        return reduced(x, over, self.keepdims)

    examples = [
        Example({"axis": -1}, (None, 10, 32), params=0, output=(None, 10)),
        Example({"ord": "fro", "axis": [1, 2], "keepdims": True}, (None, 10, 32), 0, (None, 1, 1)),
        Rejected({"ord": "fro", "axis": 1}, 'expected a number as `ord` along one axis, got "fro"', (None, 10)),
    ]


@operation("numpy", "y")
class Trapezoid(Operation):
    """Of the values along the axis, the area below the line through them.

    keras/src/ops/numpy.py, 3.15.1.
    """

    x_: Any = arg.anything(None)
    dx: float = arg.number(1.0)
    axis: int = axis(-1)

    def result(self, call: Inputs, /, y: Shape) -> Any:
        return put(y, axis_of(self.axis, len(y)))

    examples = [Example({"axis": 1}, (None, 10, 32), params=0, output=(None, 32))]


@operation("numpy", "x1 x2")
class AllClose(Operation):
    """Tells whether all values of two operands are nearly equal.

    keras/src/ops/numpy.py, 3.15.1.
    """

    rtol: Any = arg.anything(1e-05)
    atol: Any = arg.anything(1e-08)
    equal_nan: bool = arg.flag(False)

    def result(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        broadcast(call, {"x1": x1, "x2": x2}, "AllClose")
        return ()

    examples = [Example({}, [(None, 10), (None, 10)], params=0, output=())]


@operation("numpy", "x1 x2")
class Vdot(Operation):
    """The sum of the products of all values of two operands, laid in a row each.

    keras/src/ops/numpy.py, 3.15.1.
    """

    def result(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        rows = (flat(x1),), (flat(x2),)
        require_same(call, ("x1", rows[0], 0), ("x2", rows[1], 0), "as many values in both", "each has one beside it")
        return ()

    examples = [Example({}, [(None, 10), (None, 10)], params=0, output=())]


@operation("numpy")
class Size(Operation):
    """How many values there are.

    keras/src/ops/numpy.py, 3.15.1.
    """

    def result(self, call: Inputs, /, x: Shape) -> Any:
        return ()

    examples = [Example({}, (None, 10, 32), params=0, output=())]


@operation("numpy")
class Bincount(Operation):
    """How often each number comes; as many as the greatest of them says, which only data tells.

    keras/src/ops/numpy.py, 3.15.1.
    """

    weights_: Any = arg.anything(None)
    minlength: int = arg.integer(0)
    sparse: bool = arg.flag(False)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        require_ndim(x, 1, 2)
        return put(x, len(x) - 1, UNKNOWN)

    examples = [Example({}, (None, 10), params=0, output=(None, None), dtype="int32")]
