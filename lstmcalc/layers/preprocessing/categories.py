"""Keras's preprocessing of categories: Discretization, CategoryEncoding, Hashing and HashedCrossing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import Dim, at_least, equal, product
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.costs import UNKNOWN_COST, Cost
from lstmcalc.layers.policies import policy_of
from lstmcalc.layers.preprocessing.arguments import boundaries, modes, salt
from lstmcalc.layers.preprocessing.arrays import broadcast
from lstmcalc.layers.preprocessing.encoding import Encoder, counted, encoded, refuse_arguments, require_last
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape, Work, layer
from lstmcalc.shapes import show_shape

__all__ = ["CategoryEncoding", "Discretization", "HashedCrossing", "Hashing"]


@layer(family="preprocessing", axes="batch ...")
class Discretization(Encoder):
    """Puts the number of the bin that a value falls in in its place; `bin_boundaries` divide them.

    keras/src/layers/preprocessing/discretization.py, 3.15.1. n boundaries make n + 1 bins. With `num_bins` it is
    `adapt` that finds the boundaries: that many bins, or fewer where it sees fewer values.
    """

    bin_boundaries: tuple[float, ...] | None = boundaries()
    num_bins: Dim | None = arg.positive(None)
    epsilon: float = arg.number(0.01)
    output_mode: str = arg.exact_choice("int", "one_hot", "multi_hot", "count", default="int")
    sparse: bool = arg.flag(False)
    dtype: Any = arg.dtype_policy()

    def validate(self) -> None:
        refuse_arguments(self, "activity_regularizer", "trainable", "autocast", "input_shape", "input_dim")
        self.refuse_sparse_int()
        if (self.num_bins is None) == (self.bin_boundaries is None):
            got = "neither" if self.num_bins is None else "both"
            raise Rejection("wrong-value", "`bin_boundaries` or `num_bins`", got)

    def depth(self) -> Dim:
        if self.bin_boundaries is not None:
            return len(self.bin_boundaries) + 1
        return self.num_bins  # type: ignore[return-value]  # validate has seen to it

    def work(self, x: Inputs) -> Iterable[Work]:
        if self.bin_boundaries is None:
            why = "how many boundaries there are is not known before `adapt` finds them"
            yield Work("search", UNKNOWN_COST, why)
            return
        steps, values = len(self.bin_boundaries).bit_length(), product(x.shape[1:])
        why = f"every value is compared with {steps} of the boundaries, halving what is left of them each time"
        yield Work("search", Cost(arithmetic=steps * values), why)
        if not self.sparse:
            yield from counted(x.shape, self.output_mode, self.depth())

    def stated_shape(self, x: Inputs) -> Shape:
        return encoded(x, x.shape, self.output_mode, self.depth())

    def require_traceable(self, x: Inputs) -> None:
        super().require_traceable(x)
        if self.bin_boundaries is None:
            raise Rejection("adapt-first", "`bin_boundaries` inside a Pipeline", "`num_bins`",
                            "Keras runs the layer when it builds the Pipeline")  # fmt: skip

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        if self.bin_boundaries is None:
            yield Fault("adapt-first", "`bin_boundaries`, or `adapt` before there is data to work on", "`num_bins`",
                        "Keras builds the layer, and fails on data as long as it knows no boundaries")  # fmt: skip

    examples = [
        Example({"bin_boundaries": [0.0, 1.0]}, (None, 5), params=0, output=(None, 5)),
        Example({"bin_boundaries": [0.0, 1.0], "output_mode": "one_hot"}, (None, 5), params=0, output=(None, 5, 3)),
        Example({"bin_boundaries": [0.0, 1.0], "output_mode": "one_hot"}, (None, 1), params=0, output=(None, 3)),
        Example({"bin_boundaries": [0.0, 1.0], "output_mode": "count"}, (None, 5), params=0, output=(None, 3)),
        Example({"bin_boundaries": [0.0], "output_mode": "multi_hot"}, (None, 5, 4), params=0, output=(None, 4, 2)),
        Rejected({}, "expected `bin_boundaries` or `num_bins`, got neither"),
        Rejected({"bin_boundaries": [1], "num_bins": 2}, "expected `bin_boundaries` or `num_bins`, got both"),
        Rejected({"bin_boundaries": [2, 1]},
                 "expected `bin_boundaries` to be a list of numbers, the least first, got [2, 1]"),
        Rejected({"bin_boundaries": [1], "sparse": True},
                 "expected no `sparse: true` with `output_mode: int`, got both"),
        Rejected({"bin_boundaries": [1], "output_mode": "tf_idf"},
                 'expected `output_mode` to be one of `int`, `one_hot`, `multi_hot`, `count`, got "tf_idf"'),
        Rejected({"bin_boundaries": [1], "trainable": False}, "expected a Discretization argument, got `trainable`"),
    ]  # fmt: skip


@layer(family="preprocessing", axes="batch ...")
class CategoryEncoding(Encoder):
    """Writes whole numbers below `num_tokens` as ones among zeros: one for each number, or one row for a sample.

    keras/src/layers/preprocessing/category_encoding.py, 3.15.1. With more than two axes, Keras counts along the first
    behind the batch, and states the shape as if it counted along the last. `count_weights` tell what each counts.
    """

    keywords = {"count_weights": arg.tensor()}

    num_tokens: Dim | None = arg.positive(None)
    output_mode: str = modes("multi_hot", "count", "one_hot", default="multi_hot", binary="multi_hot")
    sparse: bool = arg.flag(False)

    def validate(self) -> None:
        if self.num_tokens is None:
            fix = "where the number is not known beforehand, use `IntegerLookup`"
            raise Rejection("missing-argument", "`num_tokens`, which CategoryEncoding cannot do without", "nothing",
                            fix=fix)  # fmt: skip

    def depth(self) -> Dim:
        return self.num_tokens  # type: ignore[return-value]  # validate has seen to it

    def output_shape(self, x: Inputs) -> Any:
        weights = x.keywords.get("count_weights")
        if weights is None:
            return super().output_shape(x)
        if self.output_mode != "count":
            raise Rejection("wrong-value", "`count_weights` with `output_mode: count` only",
                            f"`output_mode: {self.output_mode}`", "Keras builds this, and fails on data")  # fmt: skip
        return encoded(x, self._weighted(x, weights), "count", self.depth())

    def work(self, x: Inputs) -> Iterable[Work]:
        weights, shape = x.keywords.get("count_weights"), x.shape
        if self.sparse:
            return
        if weights is not None:
            shape = self._weighted(x, weights)
            made = product(shape[1:]) * self.depth()
            yield Work("weights", Cost(arithmetic=made), "the ones and zeros of every number are weighed")
        yield from counted(shape, self.output_mode, self.depth())

    def _weighted(self, x: Inputs, weights: Shape) -> Shape:
        """The shape of the numbers beside their weights (`encode_categorical_inputs` and `tf_utils.py`, 3.15.1)."""
        repeats = x.ndim > 2
        if repeats and not self.sparse:
            return broadcast(x, x.shape, weights, "count_weights")
        aligned = (1,) * (x.ndim - len(weights)) + weights if repeats else weights
        expected, got = f"`count_weights` of {show_shape(x.shape)}, one for each number", show_shape(weights)
        x.require(len(aligned) == x.ndim, "wrong-ndim", expected, got)
        for axis, (size, there) in enumerate(zip(x.shape, aligned, strict=True)):
            fits = (repeats and there == 1) or equal(size, there)
            x.require(fits, "wrong-size", expected, got, unknown=f"axis {axis}")
        return x.shape

    examples = [
        Example({"num_tokens": 4}, (None, 5), params=0, output=(None, 4), dtype="int32"),
        Example({"num_tokens": 4, "output_mode": "one_hot"}, (None, 5), params=0, output=(None, 5, 4), dtype="int32"),
        Example({"num_tokens": 4, "output_mode": "one_hot"}, (None, 1), params=0, output=(None, 4), dtype="int32"),
        Example({"num_tokens": 4, "output_mode": "count", "sparse": True}, (None, None), 0, (None, 4), dtype="int32"),
        Rejected({}, "expected `num_tokens`, which CategoryEncoding cannot do without, got nothing"),
        Rejected({"num_tokens": 0}, "expected `num_tokens` to be a positive integer, got 0"),
        Rejected({"num_tokens": 4, "output_mode": "int"}, "expected `output_mode` to be one of `multi_hot`, `count`, "
                 '`one_hot`, `binary`, got "int"'),
    ]  # fmt: skip


@layer(family="preprocessing", axes="batch ...")
class Hashing(Encoder):
    """Puts the number of a bin in the place of every text or number, by a hash of it: equal ones share a bin.

    keras/src/layers/preprocessing/hashing.py, 3.15.1, where `one_hot` states a shape as if it counted.
    """

    num_bins: Dim = arg.positive()
    mask_value: Any = arg.anything(None)
    salt: Any = salt()
    output_mode: str = arg.exact_choice("int", "one_hot", "multi_hot", "count", default="int")
    sparse: bool = arg.flag(False)

    def validate(self) -> None:
        self.refuse_sparse_int()
        # Keras's own default is int64 here, not that of other layers.
        name = "int64" if self.dtype is None else policy_of(self.dtype).compute
        if self.output_mode == "int" and name not in ("int32", "int64"):
            expected = "`dtype` to be `int32` or `int64` with `output_mode: int`"
            got = arg.show(self.dtype if isinstance(self.dtype, str) else name)
            raise Rejection("wrong-value", expected, got, "the output are numbers of bins")

    def depth(self) -> Dim:
        return self.num_bins

    def output_shape(self, x: Inputs) -> Any:
        # With one_hot, Keras leaves a last axis of size 1 out here, and then once more where it encodes.
        twice = self.output_mode == "one_hot" and x.ndim > 2 and equal(x.shape[-1], 1) is True
        return encoded(x, x.shape[:-1] if twice else x.shape, self.output_mode, self.num_bins)

    def stated_shape(self, x: Inputs) -> Shape:
        return x.shape if self.output_mode == "int" else (*x.shape[:-1], self.num_bins)

    def because_otherwise(self) -> str:
        if self.output_mode != "one_hot":
            return super().because_otherwise()
        return "Keras states `one_hot` as if it were `multi_hot`"

    examples = [
        Example({"num_bins": 3, "output_mode": "one_hot"}, (None, 1), params=0, output=(None, 3), dtype="string"),
        Example({"num_bins": 3, "output_mode": "multi_hot"}, (None, 5), params=0, output=(None, 3), dtype="string"),
        Example({"num_bins": 3, "output_mode": "count", "salt": [1, 2]}, (None, None), 0, (None, 3), dtype="string"),
        Example({"num_bins": 3, "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "int64"}}},
                (None, 5), 0, (None, 5), dtype="string"),
        Rejected({"num_bins": 0}, "expected `num_bins` to be a positive integer, got 0"),
        Rejected({"num_bins": 3, "salt": [1]}, "expected `salt` to be an integer or two of them, got [1]"),
        Rejected({"num_bins": 3, "sparse": True}, "expected no `sparse: true` with `output_mode: int`, got both"),
        Rejected({"num_bins": 3, "dtype": "float32"}, "expected `dtype` to be `int32` or `int64` with "
                 '`output_mode: int`, got "float32": the output are numbers of bins'),
    ]  # fmt: skip


@layer(family="preprocessing", arity=(2, 2))
class HashedCrossing(Encoder):
    """Puts the number of one bin in the place of each pair of values of two inputs, by a hash of both.

    keras/src/layers/preprocessing/hashed_crossing.py, 3.15.1. Each sample has one value in each input: (batch,) or
    (batch, 1).
    """

    num_bins: Dim = arg.count()
    output_mode: str = arg.exact_choice("int", "one_hot", default="int")
    sparse: bool = arg.flag(False)
    dtype: Any = arg.dtype_policy()

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        if ndim > 2:
            raise Rejection("wrong-ndim", "one value in a sample, (batch,) or (batch, 1)")
        return ("batch", "value")[:ndim]

    def depth(self) -> Dim:
        return self.num_bins

    def output_shape(self, x: Inputs) -> Any:
        first, second = x.shapes
        expected, got = "two inputs of one shape", f"{show_shape(first)} and {show_shape(second)}"
        # Keras compares what it knows of the last sizes, and a known one is not an unknown one.
        known = [size if isinstance(size, int) else None for size in (first[-1], second[-1])]
        x.require(len(first) == len(second) and known[0] == known[1], "wrong-size", expected, got)
        for size, there in zip(first, second, strict=True):
            x.require(equal(size, there), "wrong-size", expected, got)
        if len(first) == 2:
            expected = "one value in a sample, (batch,) or (batch, 1)"
            x.require(equal(first[1], 1), "wrong-size", expected, show_shape(first), unknown="the last axis")
        if self.output_mode == "int":
            return first
        x.require(at_least(self.num_bins, 1), "wrong-value", "`num_bins` to be a positive integer", "0")
        return (first[0], self.num_bins)

    def require_traceable(self, x: Inputs) -> None:
        super().require_traceable(x)
        if x.ndim == 2:
            require_last(x, "it must be 1")

    def stated_shape(self, x: Inputs) -> Shape:
        if self.output_mode == "int":
            return x.shape
        return (*(x.shape[:-1] if x.shape[-1] == 1 else x.shape), self.num_bins)

    def because_otherwise(self) -> str:
        return "the last size of an input must be 1, and Keras states the shape before it knows"

    examples = [
        Example({"num_bins": 5, "output_mode": "one_hot"}, [(None, 1), (None, 1)], 0, (None, 5), dtype="int32"),
        Example({"num_bins": 5, "output_mode": "one_hot"}, [(None,), (None,)], 0, (None, 5), dtype="int32"),
        Rejected({"num_bins": 5}, "expected 2 inputs, got 1", (None, 1)),
        Rejected({"num_bins": 5}, "expected two inputs of one shape, got (None, 1) and (None,)", [(None, 1), (None,)]),
        Rejected({"num_bins": 5}, "expected one value in a sample, (batch,) or (batch, 1), got (None, 3)",
                 [(None, 3), (None, 3)]),
        Rejected({"num_bins": -1}, "expected `num_bins` to be a number of at least 0, got -1"),
        Rejected({"num_bins": 5, "output_mode": "count"},
                 'expected `output_mode` to be one of `int`, `one_hot`, got "count"'),
    ]  # fmt: skip
