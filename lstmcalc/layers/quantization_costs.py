"""What a quantised layer calculates: whole numbers are multiplied as others are, and scales bring the results back.

Keras 3.15.1, keras/src/layers/core/dense.py, einsum_dense.py, embedding.py and reversible_embedding.py. What is made of
the kernel alone, once per call, is not counted: unpacking it, or turning it back into numbers with fractions.
"""

from __future__ import annotations

from collections.abc import Iterator

from lstmcalc.dims import Dim
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.costs import INSIDE, TRAINED, Cost
from lstmcalc.layers.quantization import quantized_policy
from lstmcalc.layers.rule import LayerRule, Work

__all__ = ["Products", "product_work", "reverse_work", "table_work"]

#: The config of each mode that may say how the inputs are quantised.
CONFIGS = {"int8": "Int8QuantizationConfig", "int4": "Int4QuantizationConfig"}


class Products(NamedTuple):
    """What one sample has a quantised layer multiply."""

    macs: Dim
    #: The values that come in, and how many groups of them share a scale.
    values: Dim
    rows: Dim
    #: The values that come out.
    made: Dim


def product_work(
    rule: LayerRule, products: Products, last: Dim, rank: Dim | None, early: bool = False
) -> Iterator[Work]:
    """What Dense and EinsumDense calculate besides bias and activation, where their dtype is quantised.

    `last` is the kernel's last size; with `early`, int4 scales the kernel before the product and not the result.
    """
    policy = quantized_policy(rule)
    if policy.mode == "float8":
        yield Work("inputs", Cost(arithmetic=4 * products.values), "every input value is brought to float8 and back")
    if policy.mode in ("", "float8"):
        return
    whole = _quantizes_inputs(rule, ("int8",))
    divisions = int(whole)
    if policy.mode == "int8" or (policy.mode == "int4" and policy.block == -1 and not early):
        divisions += 1
    elif policy.block != -1:
        divisions = 0
    yield from _scaled("kernel", products, whole, divisions)
    if rank is not None:
        why = "the low-rank update is a product of its own beside the quantised kernel"
        yield Work("lora_kernel_a", Cost(macs=products.macs // last * rank), why, ((0,),), rule.trainable)
        yield Work("lora_kernel_b", Cost(macs=products.made * rank), why, ((INSIDE,),), rule.trainable)
        yield _added(products.made)


def table_work(rule: LayerRule, made: Dim, rank: Dim | None) -> Iterator[Work]:
    """What Embedding calculates where its dtype is quantised, of so many values."""
    policy = quantized_policy(rule)
    if not policy.mode:
        return
    grouped = policy.block != -1 and policy.mode == "int4"
    why = "every value less its zero is scaled" if grouped else "every value is divided by its scale"
    yield Work("scales", Cost(arithmetic=(2 if grouped else 1) * made), why)
    if rank is not None:
        why = "the low-rank update is a product of its own beside the quantised table"
        factors = ((TRAINED,),) if rule.trainable else ()
        yield Work("lora_embeddings_b", Cost(macs=made * rank), why, factors, rule.trainable)
        yield _added(made)


def reverse_work(rule: LayerRule, products: Products) -> Iterator[Work]:
    """What ReversibleEmbedding calculates on its way back, where its dtype is quantised; without a low-rank update."""
    policy = quantized_policy(rule)
    if policy.mode:
        whole = _quantizes_inputs(rule, ("int8", "int4"))
        grouped = policy.mode == "int4" and policy.block != -1
        yield from _scaled("embeddings", products, whole, 1 if grouped else 1 + whole)


def _scaled(name: str, products: Products, whole: bool, divisions: int) -> Iterator[Work]:
    """A product with quantised weights, the inputs' way to whole numbers, and the results' way back."""
    if whole:
        # abs, max, times the scale, round, and two comparisons to stay in range; the greatest plus epsilon is divided.
        why = "the greatest of the values that are summed is found, and these are scaled by it and rounded"
        yield Work("inputs", Cost(arithmetic=6 * products.values + products.rows), why)
    yield Work(name, Cost(macs=products.macs), "the quantised weights weigh the inputs", ((0,),))
    if divisions:
        both = "the scales of weights and inputs are multiplied, and the results divided by them"
        why = both if divisions == 2 else "the results are divided by a scale"
        yield Work("scales", Cost(arithmetic=divisions * products.made), why)


def _added(made: Dim) -> Work:
    return Work("low-rank update", Cost(arithmetic=2 * made), "what the low-rank update makes is scaled and added")


def _quantizes_inputs(rule: LayerRule, default: tuple[str, ...]) -> bool:
    """Whether the inputs are quantised as well, as a `quantization_config` says or else Keras does by itself."""
    mode = quantized_policy(rule).mode
    stated = getattr(rule, "quantization_config", None)
    if stated and stated.get("class_name") == CONFIGS.get(mode):
        return (stated.get("config") or {}).get("activation_quantizer") is not None
    return mode in default
