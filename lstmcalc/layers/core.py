"""Keras's core layers: Dense, Embedding, Masking and their like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import Dim, product
from lstmcalc.errors import Fault
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.rule import Example, Formula, Inputs, LayerRule, Rejected, Weight, layer

__all__ = ["Dense", "Stated"]


@layer(family="core", axes="batch ... input_dim")
class Dense(LayerRule):
    """Every output value is a weighted sum of the last axis, plus an offset; other axes share the weights."""

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

    def weights(self, x: Inputs) -> Iterable[Weight]:
        uses = product(x.shape[1:-1])
        frozen = self.lora_rank is not None
        yield Weight("kernel", (x.input_dim, self.units), uses, "each unit weighs every input value", not frozen)
        if self.use_bias:
            yield Weight("bias", (self.units,), uses, "each unit adds one offset")
        if self.lora_rank is not None:
            yield Weight("lora_kernel_a", (x.input_dim, self.lora_rank), uses, "the low-rank update's first factor")
            yield Weight("lora_kernel_b", (self.lora_rank, self.units), uses, "the low-rank update's second factor")

    def output_shape(self, x: Inputs) -> Any:
        return (*x.shape[:-1], self.units)

    def hints(self, x: Inputs) -> Iterator[Fault]:
        if self.units == 1 and self.activation == "softmax":
            yield Fault(
                "softmax-of-one",
                "several units, or another activation",
                "`units: 1` with `activation: softmax`",
                "softmax over one value is always 1",
                "use `activation: sigmoid` for a yes or no",
                severity="hint",
            )

    examples = [
        Example({"units": 64}, (None, 32), params=2_112, output=(None, 64)),
        Example({"units": 40}, (None, 200, 80), params=3_240, output=(None, 200, 40)),
        Example({"units": 8, "use_bias": False}, (None, 3), params=24, output=(None, 8)),
        Example({"units": 8, "lora_rank": 2}, (None, 4), params=64, output=(None, 8), trainable_params=32),
        Rejected({"units": -3}, "expected `units` to be a positive integer, got -3"),
    ]


@layer(family="")
class Stated(LayerRule):
    """A layer that only running it would reveal, such as a class of your own: shape and params are as stated."""

    output_shape_: Any = arg.shape(least=1)
    params: Any = arg.count(0)

    stated_class = "Stated"
    arity = (1, None)

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
