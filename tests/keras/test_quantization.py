"""Dtype policies, and the weights of quantised layers, against real Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest
from agreement import agree, counted, flat, ours, theirs
from drawing import drawn, some
from hypothesis import strategies as st

from lstmcalc.building import Builder
from lstmcalc.errors import SpecError
from lstmcalc.layers.policies import PolicyError, policy_of
from lstmcalc.report import LayerReport
from lstmcalc.spec import LayerSpec

SOURCES = ["float32", "bfloat16", "mixed_bfloat16", "mixed_float16", "float64"]
NAMES = [
    *SOURCES, "int8_from_float32", "int8_from_mixed_bfloat16", "int8_from_mixed_float16", "int8_from_float16", "int8",
    "int8_from_int8", "int8_from_x", "int8x_from_float32", "int8/4_from_float32", "int8_from_", "int2_from_float32",
    "int4_from_float32", "int4/4_from_bfloat16", "int4/-1_from_float32", "int4/0_from_float32", "int4/x_from_float32",
    "int4/-2_from_float32", "int4/4/4_from_float32", "int4", "int16", "float8_from_float32", "float8_e4m3fn", "float8",
    "float8_from_mixed_float16", "gptq/4/4_from_float32", "gptq/8/-1_from_float32", "gptq/5/4_from_float32",
    "gptq/4_from_float32", "gptq_from_float32", "gptq/2/0_from_float32", "awq/4/4_from_bfloat16",
    "awq/8/4_from_float32", "awq/4/-3_from_float32", "awq_from_float32", "mixed_int8", "nonsense",
    "int8_from_float32_from_float32",
]  # fmt: skip
CONFIGS = [
    {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}, "module": "keras", "registered_name": None},
    {"class_name": "DTypePolicy", "config": {"name": None}},
    {"class_name": "DTypePolicy", "config": None},
    {"class_name": "FloatDTypePolicy", "config": {"name": "bfloat16"}},
    {"class_name": "DTypePolicy", "config": {"name": "int8_from_float32"}},
    {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8", "source_name": "bfloat16"}},
    {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int4", "source_name": None}},
    {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int7", "source_name": "float32"}},
    {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8", "source_name": "float16"}},
    {"class_name": "QuantizedFloat8DTypePolicy", "config": {"mode": "float8", "source_name": "float32",
                                                            "amax_history_length": 16}},
    {"class_name": "QuantizedFloat8DTypePolicy", "config": {"mode": "float8", "amax_history_length": "16"}},
    {"class_name": "Int4DTypePolicy", "config": {"mode": "int4/16", "source_name": "float32"}},
    {"class_name": "Int4DTypePolicy", "config": {"mode": "int4", "source_name": "float32"}},
    {"class_name": "GPTQDTypePolicy", "config": {"mode": "gptq/2/32", "source_name": "float32"}},
    {"class_name": "GPTQDTypePolicy", "config": {"mode": "awq/4/32", "source_name": "float32"}},
    {"class_name": "AWQDTypePolicy", "config": {"mode": "awq/4/32", "source_name": "mixed_bfloat16"}},
]  # fmt: skip


def read_alike(value: Any) -> bool:
    """Asserts that both sides read a `dtype` alike, or both refuse it; returns whether they read it."""
    try:
        mine = policy_of(value)
    except PolicyError as error:
        with pytest.raises((ValueError, TypeError)):
            keras.dtype_policies.get(value)
        assert error.expected
        return False
    theirs = keras.dtype_policies.get(value)
    assert (mine.compute, mine.variable) == (theirs.compute_dtype, theirs.variable_dtype)
    assert mine.mode == (theirs.quantization_mode or "")
    assert mine.block == getattr(theirs, "block_size", getattr(theirs, "group_size", -1))
    assert mine.bits == getattr(theirs, "weight_bits", 8)
    assert mine.history == getattr(theirs, "amax_history_length", 1024)
    return True


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    read_alike(name)


@pytest.mark.parametrize("config", CONFIGS)
def test_configs(config: dict[str, Any]) -> None:
    read_alike(config)


@st.composite
def policy_names(draw: st.DrawFn) -> str:
    mode = draw(st.sampled_from(["", "int8", "int4", "float8", "gptq", "awq", "int2"]))
    numbers = draw(st.lists(st.sampled_from(["4", "8", "-1", "0", "2", "3", "128", "x", "4.0"]), max_size=3))
    source = draw(st.sampled_from([*SOURCES, "float16", "int8", "x"]))
    if draw(st.booleans()):
        numbers = numbers[: {"int4": 1, "gptq": 2, "awq": 2}.get(mode, 0)]
    return f"{'/'.join([mode, *numbers])}_from_{source}" if mode else source


@drawn(policy_names())
def test_drawn_names(name: str) -> bool:
    """Any name of a policy."""
    return read_alike(name)


def test_what_keras_2_writes() -> None:
    """Keras 2 calls its policies Policy; Keras 3 no longer reads them."""
    policy = policy_of({"class_name": "Policy", "config": {"name": "mixed_float16"}})
    assert (policy.compute, policy.variable, policy.mode) == ("float16", "float32", "")


@pytest.mark.parametrize(("value", "message"), [
    ("int8", 'expected `dtype` to be a policy such as `int8_from_float32`, got "int8"'),
    ("floot32", 'expected `dtype` to be the name of a Keras dtype, got "floot32"'),
    ("int8_from_float16", "expected `dtype` to be `int8` from a dtype with a wider range than float16, got "
                          '"int8_from_float16"'),
    ("gptq/5/4_from_float32", 'expected `dtype` to be a policy of 2, 3, 4 or 8 bits, got "gptq/5/4_from_float32"'),
    (16, "expected `dtype` to be the name of a Keras dtype, or a policy, got 16"),
    ({"class_name": "Polizei"}, "expected `dtype` to be a policy of one of the classes `DTypePolicy`, "
     "`QuantizedDTypePolicy`, `QuantizedFloat8DTypePolicy`, `Int4DTypePolicy`, `GPTQDTypePolicy`, `AWQDTypePolicy`, "
     '`DTypePolicyMap`, got {class_name: "Polizei"}'),
])  # fmt: skip
def test_what_is_no_policy(value: Any, message: str) -> None:
    error = ours("Dense", {"units": 3, "dtype": value}, (None, 4))
    assert isinstance(error, SpecError)
    assert [fault.message for fault in error.faults] == [message]


def test_a_layer_without_a_quantised_form() -> None:
    error = ours("LSTM", {"units": 3, "dtype": "int8_from_float32"}, (None, 5, 4))
    assert str(error) == (
        'error[wrong-value] layer "layer" (LSTM)\n'
        "  expected `dtype` to be a dtype or a mixed policy\n"
        '  got      "int8_from_float32"\n'
        "  because  only Dense, EinsumDense and embeddings have quantised forms; others fail on data"
    )


def all_of(weights: Any) -> list[tuple[Any, ...]]:
    """Everything that is stated of weights, whichever side they are from."""
    return [(w.name.rpartition("/")[2], tuple(w.shape), w.dtype, w.trainable) for w in weights]


def quantised_alike(class_name: str, arguments: Mapping[str, Any], inputs: Any, **keywords: Any) -> bool:
    """Asserts the same weights to the dtype, and the same output; gptq and awq as if their weights were loaded."""
    mine = ours(class_name, dict(arguments), inputs, keywords=keywords)
    try:
        layer, model = theirs(class_name, dict(arguments), inputs, keywords=keywords)
        layer.is_gptq_calibrated = layer.is_awq_calibrated = True
        sizes = [2 if size is None else size for size in inputs]
        real = flat(model([np.zeros(sizes, "float32")], training=False))
    except Exception as refusal:  # Keras raises whatever its backend raises.
        assert isinstance(mine, SpecError), f"{class_name}({arguments}): Keras refuses it: {refusal}"
        return counted(False, class_name, arguments, inputs, (), keywords)
    assert isinstance(mine, LayerReport), f"{class_name}({arguments}): Keras accepts it: {mine}"
    assert all_of(mine.weights) == all_of(layer.weights)
    assert mine.params == layer.count_params()
    assert list(mine.output_shapes) == flat(model.outputs)
    sizes = zip(mine.output_shapes[0], real[0], strict=True)
    assert all(stated in (None, there) for stated, there in sizes), f"{mine.output_shapes} != {real}"
    return counted(True, class_name, arguments, inputs, (), keywords)


POLICIES = [
    *SOURCES, "int8_from_float32", "int8_from_mixed_bfloat16", "int8_from_bfloat16", "int4_from_float32",
    "int4/4_from_bfloat16", "int4/-1_from_float32", "int4/100_from_float32", "int4/1_from_mixed_float16",
    "float8_from_float32", "float8_from_mixed_bfloat16", "gptq/4/4_from_float32", "gptq/8/-1_from_float32",
    "gptq/2/4_from_bfloat16", "gptq/3/100_from_float32", "awq/4/4_from_float32", "awq/4/-1_from_bfloat16",
    *CONFIGS[5:7], CONFIGS[9], CONFIGS[11], CONFIGS[13], CONFIGS[15],
]  # fmt: skip


@pytest.mark.parametrize("lora_rank", [None, 2])
@pytest.mark.parametrize("units", [4, 5])
@pytest.mark.parametrize("policy", POLICIES)
def test_dense(policy: Any, units: int, lora_rank: int | None) -> None:
    mode = policy_of(policy).mode
    for use_bias in (False, True):
        arguments = {"units": units, "dtype": policy, "lora_rank": lora_rank, "use_bias": use_bias}
        accepted = quantised_alike("Dense", arguments, (None, 3, 6))
        assert accepted == (lora_rank is None or mode not in ("float8", "gptq", "awq"))


@pytest.mark.parametrize("lora_rank", [None, 2])
@pytest.mark.parametrize("equation", [
    ("ab,bc->ac", 5, (None, 6)), ("abc,cd->abd", [None, 5], (None, 3, 6)), ("abc,cde->abde", [3, 2, 5], (None, 3, 6)),
    ("abcd,cde->abe", [None, 7], (None, 3, 2, 5)), ("ab,bcd->acd", [9, 2], (None, 3)), ("a,b->ab", 3, (None,)),
    ("abc,bc->ab", [3], (None, 3, 4)), ("acb,cb->ab", [4], (None, 3, 4)), ("acb,bc->ab", [4], (None, 3, 4)),
    ("abc,cb->ab", [3], (None, 3, 4)), ("abcd,bcd->ab", [2], (None, 2, 3, 4)), ("acdb,cdb->ab", [4], (None, 2, 3, 4)),
    ("acb,cbd->abd", [4, 2], (None, 3, 4)), ("ab,bcde->acde", [2, 3, 2], (None, 3)),
])  # fmt: skip
@pytest.mark.parametrize("policy", POLICIES[6:])
def test_einsum_dense(policy: Any, equation: tuple[str, Any, Any], lora_rank: int | None) -> None:
    text, output_shape, inputs = equation
    arguments = {"equation": text, "output_shape": output_shape, "dtype": policy, "lora_rank": lora_rank}
    quantised_alike("EinsumDense", {**arguments, "bias_axes": text[-1]}, inputs)


@pytest.mark.parametrize("lora_rank", [None, 2])
@pytest.mark.parametrize("output_dim", [4, 5])
@pytest.mark.parametrize("policy", POLICIES)
def test_embeddings(policy: Any, output_dim: int, lora_rank: int | None) -> None:
    arguments = {"input_dim": 9, "output_dim": output_dim, "dtype": policy, "lora_rank": lora_rank}
    accepted = quantised_alike("Embedding", arguments, (None, 3))
    assert accepted == (policy_of(policy).mode in ("", "int8", "int4"))
    for tie_weights in (False, True):
        tied = {**arguments, "tie_weights": tie_weights}
        late = lora_rank is not None and not tie_weights and not policy_of(policy).mode
        there = quantised_alike("ReversibleEmbedding", tied, (None, 3))
        back = quantised_alike("ReversibleEmbedding", tied, (None, 3, output_dim), reverse=True)
        assert there == back == (accepted and not late)


QUANTIZERS = [
    ("int4_from_float32", {"class_name": "Int4QuantizationConfig", "config": {"block_size": 2}}),
    ("int4/3_from_float32", {"class_name": "Int4QuantizationConfig", "config": {"block_size": None}}),
    ("int4/3_from_float32", {"class_name": "Int4QuantizationConfig", "config": {"block_size": -1}}),
    ("int4/3_from_float32", {"class_name": "Int4QuantizationConfig", "config": {}}),
    ("int4/3_from_float32", {"class_name": "Int8QuantizationConfig", "config": {}}),
    ("gptq/4/3_from_float32", {"class_name": "GPTQConfig", "config": {"dataset": None, "tokenizer": None,
                                                                      "weight_bits": 8, "group_size": 2}}),
    ("gptq/8/3_from_float32", {"class_name": "GPTQConfig", "config": {"dataset": None, "tokenizer": None}}),
    ("awq/4/3_from_float32", {"class_name": "AWQConfig", "config": {"dataset": None, "tokenizer": None,
                                                                    "group_size": 2}}),
    ("float32", {"class_name": "Int4QuantizationConfig", "config": {"block_size": 2}}),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "config"), QUANTIZERS)
def test_quantization_config(policy: str, config: dict[str, Any]) -> None:
    """What a config says goes before what the policy says, if both are of one mode."""
    full = {"module": "keras.quantizers", "registered_name": None, **config}
    values = {"units": 5, "dtype": policy, "name": "dense"}
    layer = keras.layers.Dense.from_config({**values, "quantization_config": full})
    layer(keras.Input((300,)))
    mine = ours("Dense", {"units": 5, "dtype": policy, "quantization_config": full}, (None, 300))
    assert isinstance(mine, LayerReport)
    assert all_of(mine.weights) == all_of(layer.weights)


@pytest.mark.parametrize("config", ["int4", {"class_name": "Dense"}, {"class_name": "Int4QuantizationConfig",
                                                                      "config": {"block_size": 0}}])  # fmt: skip
def test_what_is_no_quantization_config(config: Any) -> None:
    assert isinstance(ours("Dense", {"units": 5, "quantization_config": config}, (None, 6)), SpecError)


@pytest.mark.parametrize(("entries", "mode"), [
    ({"inner": "int8_from_float32"}, "int8"), ({"inn.*": "int4_from_float32"}, "int4"), ({"inn": "int8_from_x"}, ""),
    ({"other": "int8_from_float32"}, ""), ({}, ""),
])  # fmt: skip
def test_policy_map(entries: dict[str, str], mode: str) -> None:
    """A map holds a policy for each layer, by its path or by a pattern of paths."""
    configs = {
        key: {"class_name": "QuantizedDTypePolicy", "config": {"mode": name[:4], "source_name": "float32"}}
        for key, name in entries.items()
        if not name.endswith("_x")
    }
    value = {"class_name": "DTypePolicyMap", "config": {"default_policy": None, "policy_map": configs}}
    assert policy_of(value, "inner").mode == mode
    registered = {"module": "keras.dtype_policies", "registered_name": None}
    full = {**value, **registered, "config": {"default_policy": None, "policy_map": {
        key: {**config, **registered} for key, config in configs.items()}}}  # fmt: skip
    layer = keras.layers.Dense(5, dtype=keras.dtype_policies.deserialize(full), name="inner")
    layer(keras.Input((6,)))
    rule = Builder().build(LayerSpec("Dense", "inner", {"units": 5, "dtype": value}))
    assert rule is not None
    assert (layer.quantization_mode or "") == mode


def test_a_map_that_matches_twice() -> None:
    entries = {"d.*": "bfloat16", "de.*": "float32"}
    value = {"class_name": "DTypePolicyMap", "config": {"default_policy": "float32", "policy_map": entries}}
    with pytest.raises(PolicyError, match='a DTypePolicyMap with one entry for "dense"'):
        policy_of(value, "dense")
    with pytest.raises(ValueError, match="matches multiple"):
        keras.dtype_policies.DTypePolicyMap("float32", {k: keras.DTypePolicy(v) for k, v in entries.items()})["dense"]


def test_bytes_of_what_is_packed() -> None:
    """Two int4 values take one byte; scales are in the layer's own dtype."""
    report = ours("Dense", {"units": 6, "use_bias": False, "dtype": "int4_from_bfloat16"}, (None, 4))
    assert isinstance(report, LayerReport)
    assert [weight.bytes for weight in report.weights] == [4 * 3 * 1, 6 * 2]


@st.composite
def quantised(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, dict[str, Any]]:
    kind = draw(st.sampled_from(["Dense", "Embedding", "ReversibleEmbedding"]))
    small = st.integers(1, 7)
    block = draw(small)
    modes = ["", "int8", "int4", f"int4/{block}", "float8", f"gptq/{draw(st.sampled_from([2, 4, 8]))}/{block}"]
    modes.append(f"awq/4/{block}")
    mode = draw(st.sampled_from(modes[:4] if kind != "Dense" and draw(st.booleans()) else modes))
    source = draw(st.sampled_from(SOURCES))
    arguments = draw(some(lora_rank=st.sampled_from([None, 1, 2]), trainable=st.booleans()))
    arguments["dtype"] = f"{mode}_from_{source}" if mode else source
    if kind == "Dense":
        arguments |= {"units": draw(small), **draw(some(use_bias=st.booleans()))}
        return kind, arguments, (None, *draw(st.lists(small, min_size=1, max_size=3))), {}
    arguments |= {"input_dim": draw(small), "output_dim": draw(small)}
    if kind == "ReversibleEmbedding":
        arguments |= draw(some(tie_weights=st.booleans(), logit_soft_cap=st.floats(0.5, 2)))
        if draw(st.booleans()):
            last = draw(st.sampled_from([arguments["output_dim"], arguments["output_dim"], 3]))
            return kind, arguments, (None, draw(small), last), {"reverse": True}
    return kind, arguments, (None, draw(small)), {}


@drawn(quantised())
def test_drawn_quantised(case: Any) -> bool:
    """Any quantised policy on the layers that may have one."""
    class_name, arguments, inputs, keywords = case
    return quantised_alike(class_name, arguments, inputs, **keywords)


@pytest.mark.parametrize("weights", [None, [[0.5], [1.5]]])
def test_reversible_embedding_refuses_weights(weights: Any) -> None:
    arguments = {"input_dim": 2, "output_dim": 1, "weights": weights}
    assert agree("ReversibleEmbedding", arguments, (None, 3), dtype="int32") == (weights is None)
