"""Keras's attention layers with heads: every position weighs all others, and takes their weighted mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstmcalc.dims import Dim, is_multiple
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.arguments import show
from lstmcalc.layers.attention.calls import Named, check_masks, require_equal, require_known_alike
from lstmcalc.layers.attention.operands import operands
from lstmcalc.layers.attention.projections import HeadedAttention, Projection
from lstmcalc.layers.axes import usual_axes
from lstmcalc.layers.costs import INSIDE
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape, expand_axes, layer
from lstmcalc.shapes import show_shape

__all__ = ["GroupQueryAttention", "MultiHeadAttention"]

ASKS = "each head turns a step of the query into what it looks for"
OFFERS = "each head turns a step of the key into what can be found there"
GIVES = "each head turns a step of the value into what it passes on"
GATES = "each head tells from the query how much of what it found is let through"
JOINS = "what all heads found becomes the output"


def output_sizes() -> Any:
    """One size or a list of them; 0 and an empty list are nothing to Keras."""

    def read(name: str, value: Any) -> tuple[Dim, ...]:
        if value in (0, [], ()) and not isinstance(value, bool):
            return ()
        number = len(value) if isinstance(value, (list, tuple)) else 1
        try:
            return arg.sizes(number).read(name, value)  # type: ignore[no-any-return]  # sizes gives a tuple
        except Rejection:
            raise arg.refuse(name, "a positive integer or a list of them", value) from None

    argument = arg.Argument(None, read, "sizes")
    argument.optional = True
    return argument


@layer(family="attention", axes="batch timesteps ... input_dim", arity=(2, 3))
class MultiHeadAttention(HeadedAttention):
    """Lets every step of a query look at all steps of a value, several times at once, and take what it looks for.

    Vaswani et al. 2017, arXiv 1706.03762; keras/src/layers/attention/multi_head_attention.py, 3.15.1. `key_dim` and
    `value_dim` are the sizes of one head. Axes in `attention_axes` count those of the projected query, in which the
    heads stand before the last axis.
    """

    clears_masks = True

    num_heads: Dim = arg.positive()
    key_dim: Dim = arg.positive()
    value_dim: Dim | None = arg.positive(None)
    dropout: float = arg.number(0.0, low=0, high=1)
    use_bias: bool = arg.flag(True)
    output_shape_: Any = output_sizes()
    attention_axes: Any = arg.axis_list(None)
    sliding_window: int | None = arg.integer(None, least=1)
    flash_attention: Any = arg.choice(None, True, False, default=None)
    kernel_initializer: Any = arg.initializer("glorot_uniform")
    bias_initializer: Any = arg.initializer("zeros")
    kernel_regularizer: Any = arg.regularizer()
    bias_regularizer: Any = arg.regularizer()
    activity_regularizer: Any = arg.regularizer()
    kernel_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()
    use_gate: bool = arg.flag(False)
    seed: Any = arg.anything(None)

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        if ndim == 2 and self.attention_axes:
            return usual_axes(2)
        return usual_axes(ndim) if ndim > 2 else expand_axes(self.axes, ndim)

    def projections(self, x: Inputs) -> list[Projection]:
        query, value, key = operands(x)
        keys = (self.num_heads, self.key_dim)
        values = (self.num_heads, self.key_dim if self.value_dim is None else self.value_dim)
        joined = self.output_shape_ or query[-1:]
        return [
            Projection("query", query, keys, ASKS),
            Projection("key", key, keys, OFFERS, reads=len(x.shapes) - 1),
            *([Projection("gate", query, values, GATES)] if self.use_gate else []),
            Projection("value", value, values, GIVES, reads=1),
            Projection("attention_output", (*query[:-1], *values), joined, JOINS, 2, INSIDE),
        ]

    def looked_up(self, x: Inputs) -> tuple[Shape, int]:
        axes = (1,) if self.is_fused(x) else self.attended(x)
        return self._scores(x, axes), len(axes)

    def attended(self, x: Inputs) -> tuple[int, ...]:
        """The axes that attention goes along, counted in the projected query; raises `Rejection`."""
        ndim = x.ndim + 1
        if self.attention_axes is None:
            return tuple(range(1, x.ndim - 1))
        # Keras counts a negative axis from the last but one.
        axes = [axis if axis >= 0 else ndim - 1 + axis for axis in self.attention_axes]
        if not all(-ndim <= axis < ndim for axis in axes):
            expected = f"`attention_axes` from {1 - 2 * ndim} to {ndim - 1} for {show_shape(x.shape)}"
            raise Rejection("wrong-value", expected, show(self.attention_axes))
        return tuple(axis % ndim for axis in axes)

    def output_shape(self, x: Inputs) -> Any:
        query, value, key = operands(x)
        axes = self.attended(x)
        if len(value) != x.ndim and x.checked:
            shapes = f"{show_shape(query)} and {show_shape(value)}"
            raise Rejection("wrong-ndim", "query and value with the same number of axes", shapes)
        require_known_alike(x, value, key)
        self.check_scores(x)
        fused = self.is_fused(x)
        if not fused:
            self._check_axes(x, axes)
        scores = self._scores(x, (1,) if fused else axes)
        for axis in range(x.ndim - 1):
            if axis not in ((1,) if fused else axes):
                along = "axis 1" if fused else f"`attention_axes: {show(axes)}`"
                because = f"attention goes along {along} only" if axis else "a batch has one size"
                require_equal(x, axis, ("query", query), ("value", value), because)
        masks = self.masks(x)
        if not fused or [name for name, _ in masks] != ["use_causal_mask"]:
            check_masks(x, scores, masks, len(axes))
        output = (*query[:-1], *(self.output_shape_ or query[-1:]))
        return (output, scores) if self.returns_scores(x) else output

    def _check_axes(self, x: Inputs, axes: tuple[int, ...]) -> None:
        wrong = "none" if not axes else "one twice" if len({*axes}) < len(axes) else ""
        wrong = wrong or ("the last axis" if x.ndim in axes else "")
        if wrong and x.checked:
            expected = "`attention_axes` that name axes before the last, each once"
            got = f"{wrong} in `attention_axes: {show(self.attention_axes)}`"
            raise Rejection("wrong-value", expected, got)

    def _scores(self, x: Inputs, axes: tuple[int, ...]) -> Shape:
        """One score for each position of the query and each of the key that it looks at, for every head."""
        sizes = (*x.shape[:-1], self.num_heads)
        source = (*x.shapes[1][:-1], self.num_heads)
        kept = [size for axis, size in enumerate(sizes) if axis not in axes]
        return (*kept, *(sizes[axis] for axis in axes), *(source[axis] for axis in axes))

    def keras_output_shape(self, x: Inputs) -> Any:
        """What Keras states: scores for inputs of 3 axes, and as many steps in the key as in the query."""
        if not self.returns_scores(x):
            return None
        stated = (self.output_shape(x)[0], (x.shape[0], self.num_heads, x.shape[1], x.shape[1]))
        return None if stated == self.output_shape(x) else stated

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        if self.attention_axes is not None and self.is_fused(x) and self.attended(x) != (1,):
            yield Fault("ignored-argument", "attention along axis 1, which Keras's fused attention always goes along",
                        f"`attention_axes: {show(self.attention_axes)}`",
                        "with inputs of 3 axes, no `dropout` and no scores returned, Keras ignores it")  # fmt: skip

    examples = [
        Example({"num_heads": 2, "key_dim": 64}, [(None, 10, 128), (None, 10, 128)], 66_048, (None, 10, 128)),
        Example({"num_heads": 8, "key_dim": 64}, [(None, 20, 512), (None, 30, 256)], 788_480, (None, 20, 512)),
        Example({"num_heads": 2, "key_dim": 3, "value_dim": 4}, [(None, 5, 6), (None, 7, 8), (None, 7, 9)], 228,
                (None, 5, 6)),
        Example({"num_heads": 2, "key_dim": 3, "use_bias": False}, [(None, 5, 6), (None, None, 8)], 168,
                (None, 5, 6)),
        Example({"num_heads": 2, "key_dim": 3, "use_gate": True}, [(None, 5, 6), (None, 5, 6)], 210, (None, 5, 6)),
        Example({"num_heads": 2, "key_dim": 3, "output_shape": [7, 4]}, [(None, 5, 6), (None, 5, 6)], 322,
                (None, 5, 7, 4)),
        Example({"num_heads": 2, "key_dim": 3, "attention_axes": 2}, [(None, 5, 9, 6), (None, 5, 4, 6)], 168,
                (None, 5, 9, 6)),
        Example({"num_heads": 2, "key_dim": 3}, [(None, 5, 6), (None, 5, 6)], 168, [(None, 5, 6), (None, 2, 5, 5)],
                keywords={"return_attention_scores": True, "use_causal_mask": True}),
        Example({"num_heads": 2, "key_dim": 3, "trainable": False}, [(None, 5, 6), (None, 5, 6)], 168, (None, 5, 6),
                trainable_params=168),
        Rejected({"num_heads": 0, "key_dim": 64}, "expected `num_heads` to be a positive integer, got 0"),
        Rejected({"num_heads": 2, "key_dim": 3}, "expected 2 to 3 inputs, got 1", (None, 5, 6)),
        Rejected({"num_heads": 2, "key_dim": 3}, "expected at least 3 axes (batch, timesteps, ..., input_dim), got "
                 '(None, 6) from input "input_0"', [(None, 6), (None, 6)]),
        Rejected({"num_heads": 2, "key_dim": 3}, "expected query and value with the same number of axes, got "
                 "(None, 5, 6) and (None, 5, 5, 6)", [(None, 5, 6), (None, 5, 5, 6)]),
        Rejected({"num_heads": 2, "key_dim": 3}, "expected the same size in value and key at axis 1, got (None, 7, 6) "
                 "and (None, 8, 6): each key belongs to one value", [(None, 5, 6), (None, 7, 6), (None, 8, 6)]),
        Rejected({"num_heads": 2, "key_dim": 3}, "expected the same size in value and key at axis 1, or an unknown "
                 "one in both, got (None, None, 6) and (None, 8, 6): each key belongs to one value",
                 [(None, 5, 6), (None, None, 6), (None, 8, 6)]),
        Rejected({"num_heads": 2, "key_dim": 3, "attention_axes": [1]}, "expected the same size in query and value at "
                 "axis 2, got (None, 5, 9, 6) and (None, 5, 4, 6): attention goes along `attention_axes: [1]` only",
                 [(None, 5, 9, 6), (None, 5, 4, 6)]),
        Rejected({"num_heads": 2, "key_dim": 3, "attention_axes": [1, 1], "dropout": 0.1}, "expected `attention_axes` "
                 "that name axes before the last, each once, got one twice in `attention_axes: [1, 1]`"),
        Rejected({"num_heads": 2, "key_dim": 3, "flash_attention": True, "dropout": 0.1},
                 "expected no `dropout` beside `flash_attention`, got `dropout: 0.1`: Keras's flash attention drops "
                 "nothing"),
        Rejected({"num_heads": 2, "key_dim": 3, "output_shape": [7, -1]},
                 "expected `output_shape` to be a positive integer or a list of them, got [7, -1]"),
        Rejected({"num_heads": 2, "key_dim": 3}, "expected `use_causal_mask` to fit the attention scores "
                 "(None, 2, 5, 5, 5, 5), where sizes of 1 are repeated, got (1, 5, 5): attention goes along 2 axes of "
                 "the query and 2 of the key", [(None, 5, 5, 6), (None, 5, 5, 6)], keywords={"use_causal_mask": True}),
    ]  # fmt: skip


@layer(family="attention", axes="batch timesteps input_dim", aliases="GroupedQueryAttention", arity=(2, 3))
class GroupQueryAttention(HeadedAttention):
    """Multi-head attention in which several heads of the query share one head of key and value.

    Ainslie et al. 2023, arXiv 2305.13245; keras/src/layers/attention/grouped_query_attention.py, 3.15.1, where the
    class is called GroupedQueryAttention.
    """

    class_name = "GroupedQueryAttention"

    head_dim: Dim = arg.positive()
    num_query_heads: Dim = arg.positive()
    num_key_value_heads: Dim = arg.positive()
    dropout: float = arg.number(0.0, low=0, high=1)
    use_bias: bool = arg.flag(True)
    sliding_window: int | None = arg.integer(None, least=1)
    flash_attention: Any = arg.choice(None, True, False, default=None)
    kernel_initializer: Any = arg.initializer("glorot_uniform")
    bias_initializer: Any = arg.initializer("zeros")
    kernel_regularizer: Any = arg.regularizer()
    bias_regularizer: Any = arg.regularizer()
    activity_regularizer: Any = arg.regularizer()
    kernel_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()
    use_gate: bool = arg.flag(False)
    seed: Any = arg.anything(None)

    def projections(self, x: Inputs) -> list[Projection]:
        query, value, key = operands(x)
        heads, shared = (self.num_query_heads, self.head_dim), (self.num_key_value_heads, self.head_dim)
        return [
            Projection("query", query, heads, ASKS),
            Projection("key", key, shared, OFFERS, reads=len(x.shapes) - 1),
            *([Projection("gate", query, heads, GATES)] if self.use_gate else []),
            Projection("value", value, shared, GIVES, reads=1),
            Projection("attention_output", (*query[:-1], *heads), query[-1:], JOINS, 2, INSIDE),
        ]

    def looked_up(self, x: Inputs) -> tuple[Shape, int]:
        query, value, _ = operands(x)
        return (query[0], self.num_query_heads, query[1], value[1]), 1

    def masks(self, x: Inputs) -> list[Named]:
        mask = x.keywords.get("query_mask")
        return [*([] if mask is None else [("query_mask", (*mask, 1))]), *super().masks(x)]

    def output_shape(self, x: Inputs) -> Any:
        query, value, key = operands(x)
        heads = self.num_query_heads, self.num_key_value_heads
        x.require(is_multiple(*heads), "wrong-value", "`num_query_heads` to be a multiple of `num_key_value_heads`",
                  f"{show(heads[0])} and {show(heads[1])}", "as many heads of the query share each of the others",
                  unknown="`num_query_heads`")  # fmt: skip
        self._check_ndims(x)
        require_known_alike(x, value, key)
        because = "Keras's GroupedQueryAttention wants query and value equally wide"
        require_equal(x, -1, ("query", query), ("value", value), because)
        require_equal(x, 0, ("query", query), ("value", value), "a batch has one size")
        self.check_scores(x)
        scores, _ = self.looked_up(x)
        masks = self.masks(x)
        if not self.is_fused(x) or [name for name, _ in masks] != ["use_causal_mask"]:
            check_masks(x, scores, masks, 1)
        return (query, scores) if self.returns_scores(x) else query

    @staticmethod
    def _check_ndims(x: Inputs) -> None:
        wrong = next((shape for shape in x.shapes if len(shape) != 3), None)
        if wrong is not None and x.checked:
            raise Rejection("wrong-ndim", "inputs of 3 axes (batch, timesteps, input_dim)", show_shape(wrong))

    examples = [
        Example({"head_dim": 16, "num_query_heads": 8, "num_key_value_heads": 2}, [(None, 10, 64), (None, 10, 64)],
                20_736, (None, 10, 64)),
        Example({"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2, "use_bias": False, "use_gate": True},
                [(None, 5, 6), (None, 7, 6), (None, 7, 9)], 306, (None, 5, 6)),
        Example({"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 1}, [(None, 5, 6), (None, None, 6)],
                204, [(None, 5, 6), (None, 4, 5, None)], keywords={"return_attention_scores": True}),
        Rejected({"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 3}, "expected `num_query_heads` to be a "
                 "multiple of `num_key_value_heads`, got 4 and 3: as many heads of the query share each of the others"),
        Rejected({"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}, "expected the same size in query and "
                 "value at axis 2, got (None, 5, 6) and (None, 5, 7): Keras's GroupedQueryAttention wants query and "
                 "value equally wide", [(None, 5, 6), (None, 5, 7)]),
        Rejected({"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}, "expected inputs of 3 axes (batch, "
                 "timesteps, input_dim), got (None, 6)", [(None, 5, 6), (None, 6)]),
    ]  # fmt: skip
