"""Keras's core layers: Dense, Embedding, Masking and their like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import Dim, product
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.activations import softmax_of_one
from lstmcalc.layers.rule import Example, Formula, Inputs, LayerRule, Rejected, Weight, layer

__all__ = ["Dense", "Embedding", "Identity", "Lambda", "Masking", "Stated", "Wrapper"]

LORA = "the low-rank update's first factor", "the low-rank update's second factor"


@layer(family="core", axes="batch ... input_dim")
class Dense(LayerRule):
    """Every output value is a weighted sum of the last axis, plus an offset; other axes share the weights.

    keras/src/layers/core/dense.py, 3.15.1. With `lora_rank` the kernel is frozen, and two small factors train instead.
    """

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
    lora_rank: Dim | None = arg.positive(None)
    lora_alpha: float | None = arg.number(None)
    quantization_config: Any = arg.anything(None)

    def validate(self) -> None:
        check_lora(self.lora_rank, "kernel_constraint", self.kernel_constraint)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        uses = product(x.shape[1:-1])
        frozen = self.lora_rank is not None
        yield Weight("kernel", (x.input_dim, self.units), uses, "each unit weighs every input value", not frozen)
        if self.use_bias:
            yield Weight("bias", (self.units,), uses, "each unit adds one offset")
        if self.lora_rank is not None:
            yield Weight("lora_kernel_a", (x.input_dim, self.lora_rank), uses, LORA[0], dtype="float32")
            yield Weight("lora_kernel_b", (self.lora_rank, self.units), uses, LORA[1], dtype="float32")

    def output_shape(self, x: Inputs) -> Any:
        return (*x.shape[:-1], self.units)

    def hints(self, x: Inputs) -> Iterator[Fault]:
        if self.units == 1 and self.activation == "softmax":
            yield softmax_of_one("`units: 1` with `activation: softmax`")

    examples = [
        Example({"units": 64}, (None, 32), params=2_112, output=(None, 64)),
        Example({"units": 40}, (None, 200, 80), params=3_240, output=(None, 200, 40)),
        Example({"units": 8, "use_bias": False}, (None, 3), params=24, output=(None, 8)),
        Example({"units": 8, "lora_rank": 2}, (None, 4), params=64, output=(None, 8), trainable_params=32),
        Rejected({"units": -3}, "expected `units` to be a positive integer, got -3"),
        Rejected(
            {"units": 8, "lora_rank": 2, "kernel_constraint": "non_neg"},
            "expected no `kernel_constraint` beside `lora_rank`, got both",
        ),
    ]


@layer(family="core", axes="batch ...")
class Embedding(LayerRule):
    """Looks every whole number up in a table of `input_dim` rows, and puts the row of `output_dim` values in its place.

    keras/src/layers/core/embedding.py, 3.15.1. `input_length` is Keras 2's, and without effect.
    """

    input_dim: Dim = arg.positive()
    output_dim: Dim = arg.positive()
    embeddings_initializer: Any = arg.initializer("uniform")
    embeddings_regularizer: Any = arg.regularizer()
    embeddings_constraint: Any = arg.constraint()
    mask_zero: bool = arg.flag(False)
    weights_: Any = arg.anything(None)
    lora_rank: Dim | None = arg.positive(None)
    lora_alpha: float | None = arg.number(None)
    quantization_config: Any = arg.anything(None)
    input_length: Any = arg.anything(None, keyword_only=True)

    def validate(self) -> None:
        check_lora(self.lora_rank, "embeddings_constraint", self.embeddings_constraint)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        uses, frozen = product(x.shape[1:]), self.lora_rank is not None
        yield Weight("embeddings", (self.input_dim, self.output_dim), uses, "a row for every number", not frozen)
        if self.lora_rank is not None:
            yield Weight("lora_embeddings_a", (self.input_dim, self.lora_rank), uses, LORA[0], dtype="float32")
            yield Weight("lora_embeddings_b", (self.lora_rank, self.output_dim), uses, LORA[1], dtype="float32")

    def output_shape(self, x: Inputs) -> Any:
        return (*x.shape, self.output_dim)

    examples = [
        Example({"input_dim": 5000, "output_dim": 50}, (None, 10), params=250_000, output=(None, 10, 50)),
        Example({"input_dim": 65, "output_dim": 256}, (64, None), params=16_640, output=(64, None, 256)),
        Example({"input_dim": 100, "output_dim": 8, "lora_rank": 2}, (None, 4), 1_016, (None, 4, 8), 216),
        Rejected(
            {"input_dim": 0, "output_dim": 8},
            "expected `input_dim` to be a positive integer, got 0",
        ),
    ]


@layer(family="core")
class Masking(LayerRule):
    """Marks the time steps whose values all equal `mask_value`, so that later layers skip them.

    keras/src/layers/core/masking.py, 3.15.1.
    """

    mask_value: float = arg.number(0.0)

    examples = [Example({"mask_value": -1.0}, (None, 50, 1), params=0, output=(None, 50, 1))]


@layer(family="core")
class Identity(LayerRule):
    """Passes its input on.

    keras/src/layers/core/identity.py, 3.15.1.
    """

    examples = [Example({}, (None, 10, 32), params=0, output=(None, 10, 32))]


@layer(family="core", arity=(1, None))
class Lambda(LayerRule):
    """Runs a function of yours; its shape is as `output_shape` states it, without the batch.

    keras/src/layers/core/lambda_layer.py, 3.15.1, where `function` is required. A file cannot hold one,
    so here it may be left out, or be any text.
    """

    function: Any = arg.anything(None)
    output_shape_: Any = arg.open_shape(None)
    mask: Any = arg.anything(None)
    arguments_: Any = arg.anything(None)

    def output_shape(self, x: Inputs) -> Any:
        if self.output_shape_ is None:
            raise Rejection(
                "unknown-shape",
                "`output_shape`",
                "nothing",
                "only running the function would tell the shape",
                "state `output_shape`, without the batch",
            )
        return (x.shape[0], *self.output_shape_)

    examples = [
        Example({"output_shape": [5, None]}, (None, 10, 32), params=0, output=(None, 5, None)),
        Rejected({}, "expected `output_shape`, got nothing: only running the function would tell the shape"),
    ]


@layer(family="core")
class Wrapper(LayerRule):
    """The base of layers that hold a layer, which does nothing by itself: Keras cannot call it.

    keras/src/layers/core/wrapper.py, 3.15.1.
    """

    layer: Any = arg.layer_argument()

    def validate(self) -> None:
        raise Rejection(
            "abstract-layer",
            "a wrapper that says what it does with its layer",
            "`Wrapper`",
            "it is the base of other wrappers, and Keras cannot call it",
            "use `TimeDistributed` or `Bidirectional`",
        )

    examples = [
        Rejected(
            {"layer": "Dense(8)"},
            "expected a wrapper that says what it does with its layer, got `Wrapper`: "
            "it is the base of other wrappers, and Keras cannot call it",
            (None, 10, 32),
        ),
    ]


@layer(family="", arity=(1, None))
class Stated(LayerRule):
    """A layer that only running it would reveal, such as a class of your own: shape and params are as stated."""

    output_shape_: Any = arg.open_shape()
    params: Any = arg.count(0)

    stated_class = "Stated"

    @property
    def class_name(self) -> str:
        return self.stated_class

    def weights(self, x: Inputs) -> Iterable[Weight]:
        if self.params != 0:
            yield Weight("params", (self.params,), why="as stated")

    def output_shape(self, x: Inputs) -> Any:
        return (x.shape[0], *self.output_shape_)

    def formula(self, x: Inputs) -> Formula | None:
        return None


def check_lora(rank: Dim | None, constraint: str, value: Any) -> None:
    """Refuses a constraint on the weight that low-rank factors stand in for."""
    if rank is not None and value is not None:
        raise Rejection("wrong-value", f"no `{constraint}` beside `lora_rank`", "both", fix=f"remove `{constraint}`")
