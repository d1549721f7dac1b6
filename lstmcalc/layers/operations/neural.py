"""Operations that neural networks are made of: shares, normalisation, attention, losses."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import equal, is_multiple, to_text
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.operations.rule import Operation, made, operation
from lstmcalc.layers.operations.sizes import (
    axes,
    axes_of,
    axis,
    axis_of,
    broadcast,
    put,
    require_multiple,
    require_ndim,
    require_same,
)
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape
from lstmcalc.shapes import show_shape

__all__ = ["BatchNorm", "DotProductAttention", "Glu", "LayerNorm", "Normalize", "RMSNorm", "Shares"]


class Shares(Operation):
    """What makes shares of the values along the axis, or of all where it is null; TensorFlow takes no list of axes."""

    axis: int | None

    def result(self, call: Inputs, /, x: Shape) -> Any:
        if self.axis is not None:
            axis_of(self.axis, len(x))
        return x


def _one_or_all(name: str, value: Any) -> int | None:
    """An axis, or None for all values."""
    return None if value is None else axis().read(name, value)


_AXIS = arg.Argument(-1, _one_or_all)
_SHARES: list[Example | Rejected] = [
    Example({"axis": 1}, (None, 10, 32), params=0, output=(None, 10, 32)),
    Example({"axis": None}, (None, 10, 32), params=0, output=(None, 10, 32)),
    Rejected({"axis": [1, 2]}, "expected `axis` to be an integer, got [1, 2]", (None, 10, 32)),
]
made("Softmax", Shares, "nn", "Turns the values along the axis into shares that sum to 1.", _SHARES, axis=_AXIS)
made("LogSoftmax", Shares, "nn", "Gives the logarithm of the softmax along the axis.", _SHARES, axis=_AXIS)
_SHARES = [Example({}, (None, 10), params=0, output=(None, 10))]
made("Sparsemax", Shares, "nn", "Turns the values along the axis into shares that sum to 1, many of them 0.", _SHARES,
     axis=arg.integer(-1))  # fmt: skip


@operation("nn")
class Glu(Operation):
    """Multiplies one half of the values along the axis by the sigmoid of the other.

    keras/src/ops/nn.py, 3.15.1.
    """

    axis: int = arg.integer(-1)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        place = axis_of(self.axis, len(x))
        require_multiple(call, x, place, 2, "it takes two halves")
        return put(x, place, x[place] // 2)

    examples = [
        Example({}, (None, 10, 32), params=0, output=(None, 10, 16)),
        Rejected({}, "expected axis 1 to be a multiple of 2, got (None, 9)", (None, 9)),
    ]


@operation("nn")
class Normalize(Operation):
    """Scales the values along the axes so that their norm is 1.

    keras/src/ops/nn.py, 3.15.1.
    """

    axis: Any = axes(-1)
    order: Any = arg.integer(2, least=1)
    epsilon: float | None = arg.number(None)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        axes_of(self.axis, len(x))
        return x

    examples = [Example({"axis": [1, 2]}, (None, 10, 32), params=0, output=(None, 10, 32))]


@operation("nn", "x mean variance", optional="offset scale")
class BatchNorm(Operation):
    """Takes the mean away and divides by the deviation, channel by channel; then scales and moves.

    keras/src/ops/nn.py, 3.15.1, which fails on an `offset` without a `scale`.
    """

    axis: int = arg.integer()
    epsilon: float = arg.number(1e-3)

    def result(
        self, call: Inputs, /, x: Shape, mean: Shape, variance: Shape, offset: Shape | None, scale: Shape | None
    ) -> Any:
        place = axis_of(self.axis, len(x))
        if offset is not None and scale is None:
            raise Rejection("wrong-number-of-inputs", "`scale` beside `offset`", "none")
        given = {"mean": mean, "variance": variance, "offset": offset, "scale": scale}
        call.require_known(x[place], f"the size of axis {place}", "Keras compares it with those of mean and variance")
        for name, shape in given.items():
            if shape is not None:
                require_ndim(shape, 1, 1, name)
                expected = f"one value for each of axis {place} in `{name}`"
                require_same(call, ("x", x, place), (name, shape, 0), expected, "each has its own")
        return x

    examples = [
        Example({"axis": -1}, (None, 10, 2), 0, (None, 10, 2), keywords={"mean": [0.0, 1.0], "variance": [1.0, 1.0]}),
        Rejected(
            {"axis": -1},
            "expected one value for each of axis 1 in `mean`, got (None, 3) and (2,): "
            "axis 1 of x is 3, axis 0 of mean is 2",
            (None, 3),
            keywords={"mean": [0.0, 1.0], "variance": [1.0, 1.0]},
        ),
    ]


@operation("nn", "x", optional="scale")
class RMSNorm(Operation):
    """Divides the values by their quadratic mean along the axes; then scales.

    keras/src/ops/nn.py, 3.15.1.
    """

    axis: Any = axes(-1)
    epsilon: float | None = arg.number(None)

    def result(self, call: Inputs, /, x: Shape, scale: Shape | None) -> Any:
        axes_of(self.axis, len(x))
        return x if scale is None else broadcast(call, {"x": x, "scale": scale}, self.class_name)

    def believed(self, call: Inputs, /, x: Shape, scale: Shape | None) -> Any:
        return x

    examples = [Example({}, (None, 10, 2), params=0, output=(None, 10, 2), keywords={"scale": [1.0, 2.0]})]


@operation("nn", "x", optional="gamma beta")
class LayerNorm(Operation):
    """Takes the mean along the axes away and divides by the deviation; then scales and moves.

    keras/src/ops/nn.py, 3.15.1.
    """

    axis: Any = axes(-1)
    epsilon: float | None = arg.number(None)
    rms_scaling: bool = arg.flag(False)

    def result(self, call: Inputs, /, x: Shape, gamma: Shape | None, beta: Shape | None) -> Any:
        over = axes_of(self.axis, len(x))
        sizes = tuple(x[place] for place in over)
        for name, shape in (("gamma", gamma), ("beta", beta)):
            if shape is not None:
                require_ndim(shape, len(over), len(over), name)
                for number in range(len(over)):
                    expected = f"one value for each of the normalised ones in `{name}`"
                    require_same(call, ("the axes", sizes, number), (name, shape, number), expected, "each has its own")
        return x

    examples = [
        Example({}, (None, 10, 2), 0, (None, 10, 2), keywords={"gamma": [1.0, 2.0], "beta": [0.0, 0.0]}),
    ]


@operation("nn", "query key value", optional="bias mask scale")
class DotProductAttention(Operation):
    """Weighs values by how much their keys are like the query, head by head.

    Vaswani et al. 2017; keras/src/ops/nn.py, 3.15.1. Axes are batch, time, heads and width; queries may share the heads
    of keys and values, and Keras states the query's shape, whatever the width of the values.
    """

    is_causal: bool = arg.flag(False)
    flash_attention: bool | None = arg.anything(None)
    attn_logits_soft_cap: float | None = arg.number(None)

    def result(
        self,
        call: Inputs,
        /,
        query: Shape,
        key: Shape,
        value: Shape,
        bias: Shape | None,
        mask: Shape | None,
        scale: Shape | None,
    ) -> Any:
        for name, shape in (("query", query), ("key", key), ("value", value)):
            require_ndim(shape, 4, 4, name)
        ours, theirs, values = ("query", query), ("key", key), ("value", value)
        same = "one batch size, one length of keys and values, and one width of queries and keys"
        for left, right, place in ((ours, theirs, 0), (theirs, values, 0), (theirs, values, 1), (ours, theirs, 3),
                                   (theirs, values, 2)):  # fmt: skip
            require_same(call, (*left, place), (*right, place), same, "each query is compared with each key")
        self._require_heads(call, query, key)
        scores = (query[0], query[2], query[1], key[1])
        for name, given in {"bias": bias, "mask": mask}.items():
            if given is not None:
                require_ndim(given, 4, 4, name)
                broadcast(call, {name: given, "the scores": scores}, self.class_name)
        return (*query[:3], value[3])

    def _require_heads(self, call: Inputs, query: Shape, key: Shape) -> None:
        """Refuses heads of keys that cannot be shared out; TensorFlow shares no lone one."""
        shared = key[2] != 1
        heads = is_multiple(query[2], key[2]) if shared else equal(query[2], 1)
        expected = f"heads of the query to be a multiple of {to_text(key[2])}" if shared else "one head of the query"
        because = "each head of the keys serves as many of the queries" if shared else "TensorFlow shares no lone head"
        call.require(heads, "wrong-size", expected, show_shape(query), because)

    def believed(self, call: Inputs, /, query: Shape, value: Shape, **operands: Any) -> Any:
        return None if value[3] == query[3] else query

    examples = [
        Example({}, [(None, 5, 2, 4), (None, 7, 2, 4), (None, 7, 2, 4)], params=0, output=(None, 5, 2, 4)),
        Rejected({}, "expected 4 axes in `query`, got (None, 5, 4)", [(None, 5, 4), (None, 7, 4), (None, 7, 4)]),
    ]


def _require_alike(call: Inputs, target: Shape, output: Shape) -> None:
    """Requires two operands of a loss to have one shape, also where Keras knows a size of one only."""
    known = [[isinstance(size, int) for size in shape] for shape in (target, output)]
    if known[0] != known[1]:
        raise Rejection("wrong-size", "`target` and `output` of one shape",
                        f"{show_shape(target)} and {show_shape(output)}")  # fmt: skip
    for place in range(len(target)):
        left, right = ("target", target, place), ("output", output, place)
        require_same(call, left, right, "`target` and `output` of one shape", "each value has one to hit")


@operation("nn", "target output")
class BinaryCrossentropy(Operation):
    """How far each predicted probability is from what it should be.

    keras/src/ops/nn.py, 3.15.1.
    """

    from_logits: bool = arg.flag(False)

    def result(self, call: Inputs, /, target: Shape, output: Shape) -> Any:
        _require_alike(call, target, output)
        return output

    examples = [
        Example({}, [(None, 3), (None, 3)], params=0, output=(None, 3)),
        Rejected({}, "expected `target` and `output` of one shape, got (None, 3) and (None, 1): "
                 "axis 1 of target is 3, axis 1 of output is 1", [(None, 3), (None, 1)]),
    ]  # fmt: skip


@operation("nn", "target output")
class CategoricalCrossentropy(Operation):
    """How far the predicted shares along the axis are from what they should be.

    keras/src/ops/nn.py, 3.15.1, which states the last axis away, also where it is another that goes.
    """

    from_logits: bool = arg.flag(False)
    axis: int = arg.integer(-1)

    def result(self, call: Inputs, /, target: Shape, output: Shape) -> Any:
        _require_alike(call, target, output)
        return put(output, axis_of(self.axis, len(output)))

    def believed(self, call: Inputs, /, target: Shape, output: Shape) -> Any:
        return output[:-1]

    examples = [Example({}, [(None, 10, 3), (None, 10, 3)], params=0, output=(None, 10))]


@operation("nn", "target output")
class SparseCategoricalCrossentropy(Operation):
    """How far the predicted shares of the classes, along the last axis, are from the class that each should be.

    keras/src/ops/nn.py, 3.15.1; TensorFlow takes no other axis.
    """

    from_logits: bool = arg.flag(False)
    axis: int = arg.integer(-1)

    def result(self, call: Inputs, /, target: Shape, output: Shape) -> Any:
        require_ndim(output, 2, name="output")
        if axis_of(self.axis, len(output)) != len(output) - 1 or self.axis >= 0:
            raise Rejection("wrong-value", "`axis: -1`", str(self.axis), "TensorFlow takes no other")
        if len(target) == len(output) and target[-1] == 1:
            target = target[:-1]
        require_ndim(target, len(output) - 1, len(output) - 1, "target")
        _require_alike(call, target, output[:-1])
        return output[:-1]

    examples = [Example({}, [(None,), (None, 3)], params=0, output=(None,))]


@operation("nn", "target output target_length output_length")
class CTCLoss(Operation):
    """How far predicted sequences are from shorter ones, whose symbols may come at any time.

    Graves et al. 2006; keras/src/ops/nn.py, 3.15.1.
    """

    mask_index: int = arg.integer(0)

    def result(self, call: Inputs, /, target: Shape, output: Shape, target_length: Shape, output_length: Shape) -> Any:
        shapes = {"target": (target, 2), "output": (output, 3), "target_length": (target_length, 1),
                  "output_length": (output_length, 1)}  # fmt: skip
        for name, (shape, ndim) in shapes.items():
            require_ndim(shape, ndim, ndim, name)
            if isinstance(shape[0], int) != isinstance(target[0], int):
                raise Rejection("wrong-size", "one batch size, stated everywhere or nowhere", show_shape(shape))
            require_same(call, ("target", target, 0), (name, shape, 0), "one batch size", "a batch has one size")
        return (target[0],)

    examples = [Example({}, [(2, 3), (2, 5, 4)], params=0, output=(2,),
                        keywords={"target_length": [2, 2], "output_length": [4, 4]})]  # fmt: skip


@operation("nn", "inputs sequence_lengths")
class CTCDecode(Operation):
    """The likeliest sequences of symbols behind predictions, and how likely they are.

    Graves et al. 2006; keras/src/ops/nn.py, 3.15.1.
    """

    strategy: str = arg.exact_choice("greedy", "beam_search", default="greedy")
    beam_width: int = arg.integer(100, least=1)
    top_paths: int = arg.integer(1, least=1)
    merge_repeated: bool = arg.flag(True)
    mask_index: int = arg.integer(0)

    def result(self, call: Inputs, /, inputs: Shape, sequence_lengths: Shape) -> Any:
        require_ndim(inputs, 3, 3, "inputs")
        require_ndim(sequence_lengths, 1, 1, "sequence_lengths")
        require_same(call, ("inputs", inputs, 0), ("sequence_lengths", sequence_lengths, 0), "one length for each",
                     "each sequence has one")  # fmt: skip
        paths = 1 if self.strategy == "greedy" else self.top_paths
        return (paths, inputs[0], inputs[1]), (inputs[0], paths)

    examples = [Example({}, (2, 5, 4), params=0, output=[(1, 2, 5), (2, 1)], keywords={"sequence_lengths": [4, 4]})]


@operation("nn", "x1 x2")
class PSNR(Operation):
    """The peak signal-to-noise ratio of two pictures, as one number.

    keras/src/ops/nn.py, 3.15.1.
    """

    max_val: float = arg.number()

    def result(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        require_ndim(x2, len(x1), len(x1), "x2")
        for place in range(len(x1)):
            require_same(call, ("x1", x1, place), ("x2", x2, place), "two pictures of one size", "they are compared")
        return ()

    examples = [Example({"max_val": 1.0}, [(None, 4, 3), (None, 4, 3)], params=0, output=())]
