"""What a quantised dtype makes of the weights of Dense, EinsumDense, Embedding and ReversibleEmbedding.

Keras 3.15.1, keras/src/layers/core/dense.py, einsum_dense.py, embedding.py and reversible_embedding.py. Two int4 values
are packed into one int8. Where a block size is given, as many weights share a scale and a zero point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lstmcalc.dims import Dim, ceil_div
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers.arguments import Argument, refuse, show
from lstmcalc.layers.costs import FREE
from lstmcalc.layers.policies import Policy, policy_of
from lstmcalc.layers.rule import LayerRule, Shape, Weight

__all__ = [
    "KERNEL_MODES",
    "TABLE_MODES",
    "as_stored",
    "check_low_rank",
    "config_argument",
    "kernel_weights",
    "quantization_hints",
    "quantized_policy",
    "reverse_weights",
    "table_weights",
]

#: The modes that a kernel has, and those that a table of embeddings has.
KERNEL_MODES = ("int8", "float8", "int4", "gptq", "awq")
TABLE_MODES = ("int8", "int4")
#: The modes whose weights stand for the kernel, instead of standing beside it.
REPLACING = ("int8", "int4", "gptq", "awq")
CONFIGS = {"Int8QuantizationConfig", "Int4QuantizationConfig", "Float8QuantizationConfig", "GPTQConfig", "AWQConfig"}

SCALE = "what a quantised weight is divided by"
ZERO = "which quantised value stands for zero"
GROUPS = "which group each place belongs to"


def config_argument() -> Any:
    """`quantization_config`: one of Keras's quantisation configs, as a mapping; without effect on other dtypes."""

    def read(name: str, value: Any) -> Any:
        if not isinstance(value, Mapping) or value.get("class_name") not in CONFIGS:
            raise refuse(name, "the config of one of Keras's quantisation configs", value)
        inner = value.get("config") or {}
        for key in ("block_size", "group_size", "weight_bits"):
            number = inner.get(key, -1)
            if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number == 0):
                raise refuse(name, f"a config whose `{key}` is a number of at least 1, -1 or null", value)
        return value

    return Argument(None, read)


def quantized_policy(rule: LayerRule) -> Policy:
    """A layer's policy, where its `quantization_config`, if it is of the same mode, goes before its `dtype`."""
    policy = policy_of(rule.dtype, rule.name)
    stated = getattr(rule, "quantization_config", None) or {}
    config = stated.get("config") or {}
    if policy.mode == "int4" and stated.get("class_name") == "Int4QuantizationConfig":
        return policy._replace(block=config.get("block_size") or -1)
    if policy.mode == "gptq" and stated.get("class_name") == "GPTQConfig":
        return policy._replace(block=config.get("group_size", 128), bits=config.get("weight_bits", 4))
    if policy.mode == "awq" and stated.get("class_name") == "AWQConfig":
        return policy._replace(block=config.get("group_size", 128))
    return policy


def as_stored(
    policy: Policy, own: Weight, others: Iterable[Weight], stored: Iterable[Weight], uses: Dim
) -> Iterator[Weight]:
    """A layer's weights in the order in which Keras holds them: those made to be trained, then the others.

    `own` is the weight as it is without quantisation, `others` what goes with it, `stored` what a quantising mode
    makes of it.
    """
    if policy.mode == "float8":
        yield from _float8(policy, uses)
    if policy.mode not in REPLACING:
        yield own
    yield from others
    if policy.mode in REPLACING:
        # What they cost is told of the products, since a number of theirs may stand for two, or be a scale.
        for weight in stored:
            yield weight._replace(cost=FREE)


def _float8(policy: Policy, uses: Dim) -> Iterator[Weight]:
    """The scales of float8, which gradients overwrite, and the greatest values they are made from."""
    for what, of in (("inputs", "the inputs"), ("kernel", "the kernel"), ("outputs_grad", "the outputs' gradient")):
        yield Weight(f"{what}_scale", (), uses, f"scales {of} to float8", dtype="float32", cost=FREE)
        why = f"the greatest values of {of} in the last steps of training"
        yield Weight(f"{what}_amax_history", (policy.history,), 0, why, dtype="float32")


def kernel_weights(
    policy: Policy,
    rows: Dim,
    columns: Dim,
    uses: Dim,
    shape: Shape | None = None,
    scale: Shape | None = None,
    zero_name: str = "kernel_zero",
) -> Iterator[Weight]:
    """What stands for a kernel of `rows` summed places and `columns` results.

    In int8 it keeps its `shape`, and its scales have the shape `scale`, where these are not plainly those of a matrix.
    """
    why = "the quantised kernel"
    if policy.mode == "int8":
        yield Weight("kernel", shape or (rows, columns), uses, why, False, "int8")
        yield Weight("kernel_scale", (columns,) if scale is None else scale, uses, SCALE, False)
    elif policy.mode == "int4":
        yield Weight("kernel", (rows, packed(columns)), uses, f"{why}, two values to a byte", False, "int8")
        yield from _grouped("kernel", policy, rows, (columns,), True, uses)
    elif policy.mode in ("gptq", "awq"):
        halved = policy.bits == 4
        stored = (packed(columns) if halved else columns, rows)
        groups = (columns, group_count(policy, rows))
        yield Weight("kernel", stored, uses, why + (", two values to a byte" if halved else ""), False, "uint8")
        yield Weight("kernel_scale", groups, uses, SCALE, False)
        yield Weight(zero_name, groups, uses, ZERO, False, "uint8")
        if policy.mode == "awq":
            yield Weight("awq_scales", (rows,), uses, "how much each input value counts for accuracy", False)
        yield Weight("g_idx", (rows,), uses, GROUPS, False, "float32")


def table_weights(policy: Policy, rows: Dim, width: Dim, uses: Dim) -> Iterator[Weight]:
    """What stands for a table of embeddings: a row of `width` values for each of `rows` numbers."""
    why = "a quantised row for every number"
    if policy.mode == "int8":
        yield Weight("embeddings", (rows, width), uses, why, False, "int8")
        yield Weight("embeddings_scale", (rows,), uses, SCALE, False)
    elif policy.mode == "int4":
        yield Weight("embeddings", (rows, packed(width)), uses, f"{why}, two values to a byte", False, "int8")
        yield from _grouped("embeddings", policy, width, (rows,), False, uses)


def reverse_weights(policy: Policy, rows: Dim, width: Dim, uses: Dim) -> Iterator[Weight]:
    """What stands for the weights of the way back, from `width` values to a score for each of `rows` numbers."""
    why = "the quantised weights of the way back"
    name = "reverse_embeddings"
    if policy.mode == "int8":
        yield Weight(name, (width, rows), uses, why, False, "int8")
        yield Weight(f"{name}_scale", (rows,), uses, SCALE, False)
    elif policy.mode == "int4":
        yield Weight(name, (packed(width), rows), uses, f"{why}, two values to a byte", False, "int8")
        grouped = policy.block != -1
        scale = (group_count(policy, width), rows) if grouped else (rows,)
        yield Weight(f"{name}_scale", scale, uses, SCALE, False)
        if grouped:
            yield Weight(f"{name}_zero", scale, uses, ZERO, False)


def _grouped(name: str, policy: Policy, summed: Dim, each: Shape, first: bool, uses: Dim) -> Iterator[Weight]:
    """The scales of int4, one for `each` result or one for each of its groups, and what groups need besides."""
    if policy.block == -1:
        yield Weight(f"{name}_scale", each, uses, SCALE, False)
        return
    groups = (group_count(policy, summed),)
    shape = groups + each if first else each + groups
    yield Weight(f"{name}_scale", shape, uses, SCALE, False)
    yield Weight(f"{name}_zero", shape, uses, ZERO, False, "int8")
    yield Weight("g_idx", (summed,), uses, GROUPS, False, "float32")


def packed(size: Dim) -> Dim:
    """How many bytes hold so many int4 values.

    >>> packed(5)
    3
    """
    return ceil_div(size, 2)


def group_count(policy: Policy, size: Dim) -> Dim:
    """How many groups of the policy's block size so many values make."""
    return 1 if policy.block == -1 else ceil_div(size, policy.block)


def check_low_rank(rule: LayerRule) -> None:
    """Refuses a `lora_rank` beside a mode that has no place for it."""
    mode = quantized_policy(rule).mode
    if getattr(rule, "lora_rank", None) is None or mode not in ("float8", "gptq", "awq"):
        return
    because = "Keras builds this, and fails on data" if mode == "float8" else f"{mode} keeps no kernel to add to"
    raise Rejection("wrong-value", f"no `lora_rank` beside a `dtype` of mode {mode}", "both", because,
                    "remove `lora_rank`, or use int8 or int4")  # fmt: skip


def quantization_hints(rule: LayerRule) -> Iterator[Fault]:
    """A hint where Keras can run a layer only with weights from a calibrated model."""
    if policy_of(rule.dtype, rule.name).mode in ("gptq", "awq"):
        because = "Keras builds the layer, and fails on data until such weights are loaded into it"
        yield Fault("not-calibrated", "weights from a calibrated model", f"`dtype: {_written(rule.dtype)}`", because)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else show(value)
