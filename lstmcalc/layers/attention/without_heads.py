"""Keras's attention layers without heads: dot-product and additive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import Dim, equal, product, to_text
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.attention.calls import TOLD, broadcast, hint_on_other_shape, require_equal
from lstmcalc.layers.attention.costs import headless_work
from lstmcalc.layers.attention.kept import kept_without_heads
from lstmcalc.layers.attention.operands import operands
from lstmcalc.layers.axes import usual_axes
from lstmcalc.layers.costs import SCALE, Cost, Work
from lstmcalc.layers.kept import Held, Kept, Made, per_sample
from lstmcalc.layers.masks import one_per_place, refuse_mask
from lstmcalc.layers.rule import (
    Example,
    Inputs,
    LayerRule,
    MaskStep,
    Rejected,
    Shape,
    Weight,
    expand_axes,
    layer,
)
from lstmcalc.shapes import show_shape

__all__ = ["AdditiveAttention", "Attention"]

LEADING = "query, value and key whose axes before the last two are equal or 1"


def masks() -> Any:
    """Masks of query and value, and of the key where that is given too; rules see their shapes."""

    def read(name: str, value: Any) -> Any:
        if not isinstance(value, list) or not 2 <= len(value) <= 3:
            got = f"{len(value)}" if isinstance(value, list) else "one output"
            raise Rejection("wrong-value", f"`{name}` to be a list of two or three masks", got)
        return each(name, value)

    argument = arg.tensor()
    each, argument.read = argument.read, read
    return argument


class HeadlessAttention(LayerRule):
    """What Attention and AdditiveAttention share: no weights but scales, and sizes that are found out on data only.

    Keras states shapes as if nothing were repeated along the axes before the last two.
    """

    kinds = ("headless",)
    takes_mask = True
    passes_mask = True

    operands = "[inputs]"
    keywords = {**TOLD, "mask": masks()}
    dropout: float
    #: Whether scores are sums of products, which take as many values from query and key.
    multiplies = False

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        if ndim < 2:
            raise Rejection("wrong-ndim", "at least 2 axes (batch, ..., input_dim)")
        return usual_axes(ndim) if ndim > 2 else expand_axes("batch input_dim", 2)

    def scores(self, x: Inputs) -> Shape:
        """One score for each step of the query and each of the key."""
        query, _, key = operands(x)
        if len(key) < 2 or len(x.shapes[1]) < 2:
            short = next(shape for shape in x.shapes if len(shape) < 2)
            raise Rejection("wrong-ndim", "inputs of at least 2 axes (batch, ..., input_dim)", show_shape(short))
        named = ("query", query), ("key", key)
        if self.multiplies:
            require_equal(x, -1, *named, "a score sums up products of their values, one by one")
        else:
            widths = [(name, shape[-1:]) for name, shape in named]
            broadcast(x, widths, "query and key whose last sizes are equal or 1")
        leading = broadcast(x, [(name, shape[:-2]) for name, shape in named], LEADING)
        scores = (*leading, query[-2], key[-2])
        if x.keywords.get("use_causal_mask") and len(scores) == 2:
            return (1, *scores)
        return scores

    def output_shape(self, x: Inputs) -> Any:
        scores, value = self.scores(x), x.shapes[1]
        for name, shape, mask in zip(("query", "value"), x.shapes, x.keywords.get("mask") or (), strict=False):
            if mask is not None:
                expected = f"a mask with one entry for each of the {to_text(shape[-2])} steps of the {name}"
                x.require(equal(mask[-1], shape[-2]), "wrong-size", expected, show_shape(mask))
        require_equal(x, -2, ("key", x.shapes[-1]), ("value", value), "each key belongs to one value")
        leading = scores[:-2]
        if len(x.shapes) == 3:
            leading = broadcast(x, [("scores", leading), ("value", value[:-2])], LEADING)
        output = (*leading, scores[-2], value[-1])
        return (output, scores) if x.keywords.get("return_attention_scores") else output

    def width(self, x: Inputs) -> Dim:
        """How many values of query and key go into each score."""
        widths = [shape[-1] for shape in (x.shapes[0], x.shapes[-1])]
        return next((size for size in widths if size != 1), 1)

    def masks_scores(self, x: Inputs) -> bool:
        """Whether some scores may be masked: by a mask of the value, or because no step sees those behind it."""
        told = x.keywords.get("mask") or x.told
        return bool(x.keywords.get("use_causal_mask")) or (len(told) > 1 and told[1] is not None)

    def work(self, x: Inputs) -> Iterable[Work]:
        weighs = self.trainable and any(True for _ in self.weights(x))
        key, wide = len(x.shapes) - 1, x.shapes[1][-1]
        yield from headless_work(
            self.scores(x), self.width(x), wide, key, weighs, self.multiplies, self.masks_scores(x)
        )

    def kept(self, x: Inputs, made: Made) -> Kept:
        scores, masked = self.scores(x), made.masked or self.masks_scores(x)
        drops, weights = self.dropout > 0, {weight.name for weight in made.weights}
        number = product(scores[1:])
        if self.multiplies:
            # The key lies the other way round where it is multiplied, and so is an array of its own.
            held = Held((0, 1), values=per_sample(operands(x)[2]) + ("scale" in weights) * number)
            return kept_without_heads(scores, held, drops, masked)
        sums = number * self.width(x) * (3 if "concat_score_weight" in weights and "scale" in weights else 2)
        held = Held((1,), values=("concat_score_weight" in weights) * number)
        return kept_without_heads(scores, held, drops, masked, sums)

    def mask_step(self, x: Inputs) -> MaskStep | None:
        return MaskStep(masks=[0])

    def check_mask(self, x: Inputs) -> None:
        query, value = x.told[:2]
        one_per_place(query, x.shapes[0])
        one_per_place(value, x.shapes[1])
        if value is not None and x.ndim > 3:
            expected = "inputs of at most 3 axes where the value has a mask"
            raise refuse_mask(expected, f"the mask {show_shape(value)} with {show_shape(x.shapes[1])}")

    def keras_output_shape(self, x: Inputs) -> Any:
        """What Keras states: the query's axes, without those that value and key add or repeat."""
        query, value, key = operands(x)
        stated = (*query[:-1], value[-1])
        told = (stated, (*query[:-1], key[-2])) if x.keywords.get("return_attention_scores") else stated
        return None if told == self.output_shape(x) else told

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from hint_on_other_shape(self, x)


@layer(family="attention", axes="batch timesteps ... input_dim", arity=(2, 3))
class Attention(HeadlessAttention):
    """Lets every step of a query look at all steps of a value, and take their mean, weighted by how well they match.

    Luong et al. 2015, arXiv 1508.04025; keras/src/layers/attention/attention.py, 3.15.1.
    """

    use_scale: bool = arg.flag(False)
    score_mode: str = arg.exact_choice("dot", "concat", default="dot")
    dropout: float = arg.number(0.0)
    seed: Any = arg.anything(None)

    @property
    def multiplies(self) -> bool:  # type: ignore[override]  # what an argument decides here
        return self.score_mode == "dot"

    def weights(self, x: Inputs) -> Iterable[Weight]:
        uses = product(self.scores(x)[1:])
        if self.use_scale:
            within = self.score_mode == "concat"
            yield Weight("scale", (), uses * x.shape[-1] if within else uses, "one factor for all scores", cost=SCALE)
        if self.score_mode == "concat":
            yield Weight("concat_score_weight", (), uses, "one factor for the sum in each score", cost=SCALE)

    examples = [
        Example({}, [(None, 10, 32), (None, 20, 32)], params=0, output=(None, 10, 32)),
        Example({"use_scale": True}, [(None, 10, 32), (None, 20, 64), (None, 20, 32)], 1, (None, 10, 64)),
        Example({"use_scale": True, "score_mode": "concat"}, [(None, None, 32), (None, 20, 32)], 2, (None, None, 32)),
        Example({}, [(None, 10, 32), (None, 20, 32)], 0, [(None, 10, 32), (None, 10, 20)],
                keywords={"return_attention_scores": True}),
        Rejected({}, "expected the same size in query and key at axis 2, got (None, 10, 32) and (None, 20, 64): a "
                 "score sums up products of their values, one by one", [(None, 10, 32), (None, 20, 64)]),
        Rejected({}, "expected the same size in key and value at axis 1, got (None, 30, 32) and (None, 20, 32): each "
                 "key belongs to one value", [(None, 10, 32), (None, 20, 32), (None, 30, 32)]),
        Rejected({}, "expected 2 to 3 inputs, got 1", (None, 10, 32)),
        Rejected({"score_mode": "Dot"}, "expected `score_mode` to be one of `dot`, `concat`, got \"Dot\""),
    ]  # fmt: skip


@layer(family="attention", axes="batch timesteps ... input_dim", arity=(2, 3))
class AdditiveAttention(HeadlessAttention):
    """Attention whose scores come from the sum of query and key, squashed; `use_scale` weighs its values.

    Bahdanau et al. 2014, arXiv 1409.0473; keras/src/layers/attention/additive_attention.py, 3.15.1, which takes
    `score_mode` too, and ignores it.
    """

    use_scale: bool = arg.flag(True)
    dropout: float = arg.number(0.0)
    score_mode: str = arg.exact_choice("dot", "concat", default="dot")
    seed: Any = arg.anything(None, keyword_only=True)

    score_mode.keyword_only = True  # type: ignore[attr-defined]  # it is an Argument here

    def weights(self, x: Inputs) -> Iterable[Weight]:
        if self.use_scale:
            why = "one factor for each value in a sum"
            yield Weight("scale", x.shape[-1:], product(self.scores(x)[1:]), why, cost=SCALE)

    def work(self, x: Inputs) -> Iterable[Work]:
        if not self.use_scale:
            number = product(self.scores(x)[1:]) * self.width(x)
            yield Work(
                "scale", Cost(arithmetic=number), "without a scale, Keras multiplies every value in a sum with 1"
            )
        yield from super().work(x)

    examples = [
        Example({}, [(None, 10, 32), (None, 20, 32)], params=32, output=(None, 10, 32)),
        Example({"use_scale": False}, [(None, 10, 32), (None, 20, 8), (None, 20, 1)], params=0, output=(None, 10, 8)),
        Example({}, [(None, 10, 32), (None, None, 32)], 32, [(None, 10, 32), (None, 10, None)],
                keywords={"return_attention_scores": True}),
        Rejected({}, "expected query and key whose last sizes are equal or 1, got (32,) and (64,): axis -1 is 32 in "
                 "the query and 64 in the key", [(None, 10, 32), (None, 20, 64)]),
    ]  # fmt: skip
