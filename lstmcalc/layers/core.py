"""Keras's core layers: Dense, Embedding, Masking and their like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import Dim, equal, product
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.activation_costs import activation_work
from lstmcalc.layers.costs import ADD, FREE, MULTIPLY, Cost
from lstmcalc.layers.halving import HALVES, activated, other_shape
from lstmcalc.layers.hints import of_one
from lstmcalc.layers.kept import Held, Kept, Made, multiplied, per_sample
from lstmcalc.layers.lora import check_lora, low_rank, rank_argument
from lstmcalc.layers.quantization import (
    KERNEL_MODES,
    TABLE_MODES,
    as_stored,
    check_low_rank,
    config_argument,
    kernel_weights,
    quantization_hints,
    quantized_policy,
    reverse_weights,
    table_weights,
)
from lstmcalc.layers.quantization_costs import Products, product_work, reverse_work, table_work
from lstmcalc.layers.rule import Example, Inputs, LayerRule, MaskStep, Rejected, Shape, Weight, Work, layer
from lstmcalc.shapes import show_shape

__all__ = ["Dense", "Embedding", "Identity", "Masking", "ReversibleEmbedding"]

WEIGHS = "each unit weighs every input value"


def by_name(argument: Any) -> Any:
    """The same argument, not taken by position."""
    argument.keyword_only = True
    return argument


@layer(family="core", axes="batch ... input_dim")
class Dense(LayerRule):
    """Every output value is a weighted sum of the last axis, plus an offset; other axes share the weights.

    keras/src/layers/core/dense.py, 3.15.1. With `lora_rank` the kernel is frozen, and two small factors train instead.
    """

    passes_mask = True

    units: Dim = arg.positive()
    activation: Any = arg.activation(None)
    use_bias: bool = arg.flag(True)
    kernel_initializer: Any = arg.initializer("glorot_uniform")
    bias_initializer: Any = arg.initializer("zeros")
    kernel_regularizer: Any = arg.regularizer()
    bias_regularizer: Any = arg.regularizer()
    activity_regularizer: Any = arg.regularizer()
    kernel_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()
    lora_rank: Dim | None = rank_argument()
    lora_alpha: float | None = arg.number(None)
    quantization_config: Any = config_argument()
    dtype: Any = arg.dtype_policy(True, KERNEL_MODES)

    def validate(self) -> None:
        check_lora(self.lora_rank, "kernel_constraint", self.kernel_constraint)
        check_low_rank(self)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        policy, uses = quantized_policy(self), product(x.shape[1:-1])
        frozen = self.lora_rank is not None
        # What a low-rank update makes of the kernel once per call is what the input is weighed with.
        cost = FREE if frozen else MULTIPLY
        kernel = Weight("kernel", (x.input_dim, self.units), uses, WEIGHS, not frozen, cost=cost)
        others = [Weight("bias", (self.units,), uses, "each unit adds one offset", cost=ADD)] if self.use_bias else []
        others += low_rank("kernel", kernel.shape, self.lora_rank, uses)
        stored = kernel_weights(policy, x.input_dim, self.units, uses)
        yield from as_stored(policy, kernel, others, stored, uses)

    def work(self, x: Inputs) -> Iterable[Work]:
        if self.lora_rank is not None and not quantized_policy(self).mode:
            cost = MULTIPLY.times(product(x.shape[1:]) * self.units)
            yield Work("kernel", cost, WEIGHS, ((0,),), self.trainable)
        rows, values = product(x.shape[1:-1]), product(x.shape[1:])
        products = Products(values * self.units, values, rows, rows * self.units)
        yield from product_work(self, products, self.units, self.lora_rank)
        yield from activation_work(self.activation, (*x.shape[:-1], self.units))

    def kept(self, x: Inputs, made: Made) -> Kept:
        return multiplied(self.activation, x.shapes, made)

    def output_shape(self, x: Inputs) -> Any:
        return activated(x, (*x.shape[:-1], self.units), self.activation)

    def keras_output_shape(self, x: Inputs) -> Any:
        return (*x.shape[:-1], self.units) if self.activation == "glu" else None

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from quantization_hints(self)
        shape = (*x.shape[:-1], self.units)
        yield from of_one(self.activation, shape, f"`units: 1` with `activation: {self.activation}`")
        if self.activation == "glu":
            yield other_shape(self, x, HALVES)

    examples = [
        Example({"units": 64}, (None, 32), params=2_112, output=(None, 64)),
        Example({"units": 40}, (None, 200, 80), params=3_240, output=(None, 200, 40)),
        Example({"units": 8, "use_bias": False}, (None, 3), params=24, output=(None, 8)),
        Example({"units": 8, "lora_rank": 2}, (None, 4), params=64, output=(None, 8), trainable_params=32),
        Example({"units": 5, "dtype": "int8_from_float32"}, (None, 6), 40, output=(None, 5), trainable_params=5),
        Example({"units": 5, "dtype": "int4/4_from_float32"}, (None, 6), 49, output=(None, 5), trainable_params=5),
        Example({"units": 5, "dtype": "float8_from_float32"}, (None, 6), params=3_110, output=(None, 5)),
        Rejected({"units": -3}, "expected `units` to be a positive integer, got -3"),
        Rejected(
            {"units": 8, "lora_rank": 2, "kernel_constraint": "non_neg"},
            "expected no `kernel_constraint` beside `lora_rank`, got both",
        ),
        Rejected(
            {"units": 8, "lora_rank": 2, "dtype": "float8_from_float32"},
            "expected no `lora_rank` beside a `dtype` of mode float8, got both: Keras builds this, and fails on data",
        ),
        Rejected({"units": 3, "activation": "glu"}, "expected an even number of values for `activation: glu`, got 3: "
                 "it halves them"),
        Rejected({"units": 3, "dtype": "int8"}, 'expected `dtype` to be a policy such as `int8_from_float32`, '
                 'got "int8"'),
    ]  # fmt: skip


@layer(family="core", axes="batch ...")
class Embedding(LayerRule):
    """Looks every whole number up in a table of `input_dim` rows, and puts the row of `output_dim` values in its place.

    keras/src/layers/core/embedding.py, 3.15.1. `input_length` is Keras 2's, and without effect.
    """

    kinds = ("embedding",)

    input_dim: Dim = arg.positive()
    output_dim: Dim = arg.positive()
    embeddings_initializer: Any = arg.initializer("uniform")
    embeddings_regularizer: Any = arg.regularizer()
    embeddings_constraint: Any = arg.constraint()
    mask_zero: bool = arg.flag(False)
    weights_: Any = arg.anything(None)
    lora_rank: Dim | None = rank_argument()
    lora_alpha: float | None = arg.number(None)
    quantization_config: Any = config_argument()
    input_length: Any = arg.anything(None, keyword_only=True)
    dtype: Any = arg.dtype_policy(True, TABLE_MODES)

    def validate(self) -> None:
        check_lora(self.lora_rank, "embeddings_constraint", self.embeddings_constraint)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        policy, uses = quantized_policy(self), product(x.shape[1:])
        frozen = self.lora_rank is not None
        shape = (self.input_dim, self.output_dim)
        table = Weight("embeddings", shape, uses, "a row for every number", not frozen, cost=FREE)
        others = low_rank("embeddings", shape, self.lora_rank, uses)
        yield from as_stored(policy, table, others, table_weights(policy, *shape, uses), uses)

    def work(self, x: Inputs) -> Iterable[Work]:
        # Nothing is calculated, and yet a training step wants the gradient to what is looked up.
        trained = any(weight.trainable for weight in self.built_weights(x))
        yield Work("embeddings", Cost(), "rows are looked up", trained=trained)
        yield from table_work(self, product(x.shape[1:]) * self.output_dim, self.lora_rank)

    def kept(self, x: Inputs, made: Made) -> Kept:
        if len(made.weights) != 1 or x.keywords.get("reverse"):
            return super().kept(x, made)
        # The rows that were looked up, as whole numbers of 4 bytes.
        return Kept(most=Held(bytes=4 * per_sample(x.shape)))

    def output_shape(self, x: Inputs) -> Any:
        return (*x.shape, self.output_dim)

    def output_masks(self, x: Inputs) -> tuple[Shape | None, ...]:
        return (x.shape,) if self.mask_zero else ()

    def mask_step(self, x: Inputs) -> MaskStep | None:
        return MaskStep(inputs=[0])

    examples = [
        Example({"input_dim": 5000, "output_dim": 50}, (None, 10), params=250_000, output=(None, 10, 50)),
        Example({"input_dim": 65, "output_dim": 256}, (64, None), params=16_640, output=(64, None, 256)),
        Example({"input_dim": 100, "output_dim": 8, "lora_rank": 2}, (None, 4), 1_016, (None, 4, 8), 216),
        Rejected(
            {"input_dim": 0, "output_dim": 8},
            "expected `input_dim` to be a positive integer, got 0",
        ),
    ]


@layer(family="core", axes="batch ...")
class ReversibleEmbedding(Embedding):
    """Looks whole numbers up in a table, and on the way back, `reverse`, scores every number against each vector.

    Press and Wolf 2016, arXiv 1608.05859; keras/src/layers/core/reversible_embedding.py, 3.15.1. With `tie_weights`
    both ways share the table.
    """

    states_mask = False

    keywords = {"reverse": arg.flag(False)}

    input_dim: Dim = arg.positive()
    output_dim: Dim = arg.positive()
    tie_weights: bool = arg.flag(True)
    embeddings_initializer: Any = arg.initializer("uniform")
    embeddings_regularizer: Any = arg.regularizer()
    embeddings_constraint: Any = arg.constraint()
    mask_zero: bool = arg.flag(False)
    reverse_dtype: Any = arg.known("dtype", arg.DTYPES, None)
    logit_soft_cap: float | None = arg.number(None)
    weights_: Any = arg.anything(None, keyword_only=True)
    lora_rank: Dim | None = by_name(rank_argument())
    lora_alpha: float | None = by_name(arg.number(None))
    quantization_config: Any = by_name(config_argument())

    def validate(self) -> None:
        super().validate()
        if self.weights_ is not None:
            because = "Keras sets them before it knows whether they are tied, and fails"
            raise Rejection("wrong-value", "no `weights`", "some", because, "set them on the layer once it is built")
        if self.lora_rank is not None and not self.tie_weights and not quantized_policy(self).mode:
            because = "Keras closes the layer for new weights before the way back has its own"
            raise Rejection("wrong-value", "`tie_weights: true` beside `lora_rank`", "false", because)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        policy, shape = quantized_policy(self), (self.input_dim, self.output_dim)
        back = bool(x.keywords.get("reverse"))
        uses = product(x.shape[1:-1] if back else x.shape[1:])
        cost = MULTIPLY if back and self.lora_rank is None and not policy.mode else FREE
        for weight in super().weights(x):
            yield weight._replace(uses=0 if back and not self.tie_weights else uses, cost=cost)
        if self.tie_weights:
            return
        uses = uses if back else 0
        if policy.mode:
            yield from (weight._replace(cost=FREE) for weight in reverse_weights(policy, *shape, uses))
        else:
            yield Weight("reverse_embeddings", shape[::-1], uses, "a score for every number, on the way back")

    def work(self, x: Inputs) -> Iterable[Work]:
        if not x.keywords.get("reverse"):
            yield from super().work(x)
            return
        if self.lora_rank is not None and not quantized_policy(self).mode:
            cost = MULTIPLY.times(product(x.shape[1:]) * self.input_dim)
            yield Work("embeddings", cost, "a score for every number", ((0,),), self.trainable)
        scores, values = product(x.shape[1:-1]) * self.input_dim, product(x.shape[1:])
        yield from reverse_work(self, Products(values * self.input_dim, values, product(x.shape[1:-1]), scores))
        if self.logit_soft_cap is not None:
            cost = Cost(arithmetic=2 * scores, functions=scores)
            yield Work("cap", cost, "tanh keeps every score below `logit_soft_cap`")

    def output_shape(self, x: Inputs) -> Any:
        if not x.keywords.get("reverse"):
            return super().output_shape(x)
        x.require(
            equal(x.shape[-1], self.output_dim),
            "wrong-size",
            f"`output_dim: {arg.show(self.output_dim)}` values on the last axis, on the way back",
            show_shape(x.shape),
            "the way back starts from what the way there gives",
        )
        return (*x.shape[:-1], self.input_dim)

    def output_masks(self, x: Inputs) -> tuple[Shape | None, ...]:
        return () if x.keywords.get("reverse") else super().output_masks(x)

    examples = [
        Example({"input_dim": 5000, "output_dim": 50}, (None, 10), params=250_000, output=(None, 10, 50)),
        Example({"input_dim": 5000, "output_dim": 50}, (None, 10, 50), 250_000, output=(None, 10, 5000),
                keywords={"reverse": True}),
        Example({"input_dim": 5000, "output_dim": 50, "tie_weights": False}, (None, 10), 500_000, (None, 10, 50)),
        Example({"input_dim": 100, "output_dim": 8, "lora_rank": 2}, (None, 4), 1_016, (None, 4, 8), 216),
        Example({"input_dim": 9, "output_dim": 5, "tie_weights": False, "dtype": "int4/4_from_float32"}, (None, 4), 131,
                (None, 4, 5), 0),
        Rejected({"input_dim": 9, "output_dim": 5}, "expected `output_dim: 5` values on the last axis, on the way "
                 "back, got (None, 4): the way back starts from what the way there gives", (None, 4),
                 keywords={"reverse": True}),
        Rejected({"input_dim": 9, "output_dim": 5, "weights": [0.5]}, "expected no `weights`, got some: Keras sets "
                 "them before it knows whether they are tied, and fails"),
        Rejected({"input_dim": 9, "output_dim": 5, "lora_rank": 2, "tie_weights": False}, "expected `tie_weights: "
                 "true` beside `lora_rank`, got false: Keras closes the layer for new weights before the way back has "
                 "its own"),
        Rejected({"input_dim": 9, "output_dim": 5, "dtype": "float8_from_float32"}, "expected `dtype` to be a dtype or "
                 'a mixed policy or one of the modes int8, int4, got "float8_from_float32": the layer has no other '
                 "quantised form"),
    ]  # fmt: skip


@layer(family="core")
class Masking(LayerRule):
    """Marks the time steps whose values all equal `mask_value`, so that later layers skip them.

    keras/src/layers/core/masking.py, 3.15.1.
    """

    mask_value: float = arg.number(0.0)

    def work(self, x: Inputs) -> Iterable[Work]:
        yield Work("mask", Cost(arithmetic=product(x.shape[1:])), "every value is compared with `mask_value`")

    def kept(self, x: Inputs, made: Made) -> Kept:
        return Kept(most=Held(values=per_sample(x.shape), bytes=per_sample(x.shape)))

    def output_masks(self, x: Inputs) -> tuple[Shape | None, ...]:
        return (x.shape[:-1],)

    def mask_step(self, x: Inputs) -> MaskStep | None:
        return MaskStep(steps=[MaskStep(inputs=[0])])

    examples = [Example({"mask_value": -1.0}, (None, 50, 1), params=0, output=(None, 50, 1))]


@layer(family="core")
class Identity(LayerRule):
    """Passes its input on.

    keras/src/layers/core/identity.py, 3.15.1.
    """

    passes_mask = True
    returns_input = True

    examples = [Example({}, (None, 10, 32), params=0, output=(None, 10, 32))]
