"""Keras's SpectralNormalization, a wrapper that divides a kernel by its largest singular value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lstmcalc.dims import symbol, symbols_of
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.policies import policy_of
from lstmcalc.layers.recurrent import Cell, Holder, Recurrent, held_weights, held_work, view
from lstmcalc.layers.rule import Example, Formula, Inputs, Rejected, Shape, Term, Weight, Work, layer, own_weights

__all__ = ["SpectralNormalization"]

WITH_KERNEL = "`layer` to be a layer with a `kernel` or `embeddings`, such as Dense, EinsumDense, Conv2D or Embedding"


@layer(family="normalization")
class SpectralNormalization(Holder):
    """Divides the kernel of the layer inside by its largest singular value, which training estimates step by step.

    Miyato et al. 2018, arXiv 1802.05957; keras/src/layers/normalization/spectral_normalization.py, 3.15.1. Where the
    layer has a `kernel` or `embeddings` as an array, Keras lists it first; with `lora_rank` it has none.
    """

    states_mask = False

    layer: Any = arg.layer_argument()
    power_iterations: int = arg.number(1)

    def validate(self) -> None:
        if self.power_iterations <= 0:
            raise Rejection("wrong-value", "`power_iterations` to be above 0", arg.show(self.power_iterations))
        if isinstance(self.layer, (Recurrent, Cell)) or self.layer.arity != (1, 1):
            raise _without_kernel(self.layer)

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        return self.layer.axis_names(ndim)  # type: ignore[no-any-return]  # a rule's own

    def output_masks(self, x: Inputs) -> tuple[Shape | None, ...]:
        return self.layer.output_masks(x)  # type: ignore[no-any-return]  # a rule's own

    def weights(self, x: Inputs) -> Iterable[Weight]:
        own = list(own_weights(self.layer, view(x, self.layer, x.shape)))
        kernel, update = self._kernel(own)
        if "int8" in kernel.dtype and update is None:
            raise Rejection(
                "wrong-value",
                "a layer whose kernel is not quantised",
                f"`dtype: {arg.show(self.layer.dtype)}` on {self.layer.class_name}",
                "SpectralNormalization keeps a vector in the kernel's dtype, which must not be one of integers",
            )
        dtype = policy_of(self.layer.dtype, self.layer.name).compute if update else kernel.dtype
        width = (update or kernel).shape[-1]
        first = [] if update else [kernel]
        yield from held_weights(self.layer.name, first)
        yield Weight("vector_u", (1, width), 0, "estimates the largest singular value", False, dtype)
        yield from held_weights(self.layer.name, (weight for weight in own if weight not in first))

    def _kernel(self, own: Sequence[Weight]) -> tuple[Weight, Weight | None]:
        """The kernel among a layer's weights, and the last factor of its low-rank update, if it has one: then the
        kernel that is normalized is no array, but made anew, in the dtype of the arithmetic."""
        nested = isinstance(self.layer, SpectralNormalization)
        direct = [weight for weight in own if nested or "/" not in weight.name]
        named = {weight.name.rpartition("/")[2]: weight for weight in reversed(direct)}
        for name in ("kernel", "embeddings"):
            if name in named:
                return named[name], named.get(f"lora_{name}_b")
        raise _without_kernel(self.layer)

    def work(self, x: Inputs) -> Iterable[Work]:
        # The kernel is divided while training only, and then once per call.
        return held_work(self.layer.name, self.layer, view(x, self.layer, x.shape))

    def output_shape(self, x: Inputs) -> Any:
        return self.layer.output_shape(view(x, self.layer, x.shape))

    def keras_output_shape(self, x: Inputs) -> Any:
        return self.layer.keras_output_shape(view(x, self.layer, x.shape))

    def formula(self, x: Inputs) -> Formula | None:
        inner = self.layer.formula(view(x, self.layer, x.shape))
        if inner is None:
            return None
        rule, values = self.layer.named()
        axes = rule.axis_names(x.ndim)
        named = Inputs([tuple(map(symbol, axes))], axes)
        named.checked = False
        values.update(zip(axes, x.shape, strict=True))
        kernel, update = self._kernel(list(rule.weights(named)))
        width = (update or kernel).shape[-1]
        return Formula((*inner.terms, Term(width, {name: values[name] for name in symbols_of(width)})))

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        yield from self.layer.hints(view(x, self.layer, x.shape))

    examples = [
        Example({"layer": "Dense(10)"}, (None, 8), params=100, output=(None, 10), trainable_params=90),
        Example({"layer": "Conv2D(2, 3)"}, (None, 9, 9, 1), params=22, output=(None, 7, 7, 2), trainable_params=20),
        Example({"layer": "Embedding(100, 8)"}, (None, 5), params=808, output=(None, 5, 8), trainable_params=800),
        Example({"layer": "Dense(4, lora_rank=2)"}, (None, 3), params=34, output=(None, 4), trainable_params=18),
        Example({"layer": "Dense(4)", "trainable": False}, (None, 3), 20, output=(None, 4), trainable_params=16),
        Rejected({"layer": "ReLU()"}, f"expected {WITH_KERNEL}, got a layer (ReLU)"),
        Rejected({"layer": "LSTM(4)"}, f"expected {WITH_KERNEL}, got a layer (LSTM)", (None, 5, 3)),
        Rejected({"layer": "Dense(4)", "power_iterations": 0}, "expected `power_iterations` to be above 0, got 0"),
        Rejected({"layer": "Dense(4, dtype='int8_from_float32')"}, "expected a layer whose kernel is not quantised, "
                 'got `dtype: "int8_from_float32"` on Dense: SpectralNormalization keeps a vector in the kernel\'s '
                 "dtype, which must not be one of integers"),
    ]  # fmt: skip


def _without_kernel(rule: Any) -> Rejection:
    return Rejection("wrong-value", WITH_KERNEL, arg.show(rule))
