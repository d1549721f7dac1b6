"""What layers cost that are told a mask, against what Keras calculates on JAX."""

from __future__ import annotations

import pytest
from cost_agreement import Oracle, of_spec, theirs

from lstmcalc import infer, load
from lstmcalc.dims import UNKNOWN
from lstmcalc.layers.costs import Cost

#: Words behind a table that makes a mask of them, which takes no arithmetic on numbers with fractions.
WORDS = """
        inputs: {words: {shape: [5], dtype: int32}}
        layers:
          - Embedding: {input_dim: 9, output_dim: 4, mask_zero: true, name: table}"""
TWO = """
        inputs: {words: {shape: [5], dtype: int32}, others: {shape: [3], dtype: int32}}
        layers:
          - Embedding: {input_dim: 9, output_dim: 4, mask_zero: true, name: table, inputs: words}
          - {apply: table, inputs: others, name: again}"""

MASKED = {
    "a mean of the steps that are left": f"{WORDS}\n          - GlobalAveragePooling1D: {{}}",
    "a mean, and the steps counted, without a mask": """
        inputs: {words: {shape: [5], dtype: int32}}
        layers: [Embedding: {input_dim: 9, output_dim: 4}, GlobalAveragePooling1D: {}]""",
    "a mean behind a layer that loses the mask": f"""{WORDS}
          - Conv1D: {{filters: 2, kernel_size: 2}}
          - GlobalAveragePooling1D: {{keepdims: true}}""",
    "a mean behind recurrent layers": f"""{WORDS}
          - Bidirectional: {{layer: {{LSTM: {{units: 2, return_sequences: true}}}}}}
          - GRU: {{units: 3, return_sequences: true}}
          - GlobalAveragePooling1D: {{}}""",
    "the greatest": f"{WORDS}\n          - GlobalMaxPooling1D: {{}}",
    "normalized": f"{WORDS}\n          - BatchNormalization: {{}}\n          - LayerNormalization: {{}}",
    "added": f"""{TWO}
          - Dense: {{units: 4, inputs: table, name: left}}
          - Add: {{inputs: [left, table], name: sum}}
          - GlobalAveragePooling1D: {{inputs: sum}}""",
    "joined": f"""{TWO}
          - Concatenate: {{axis: 1, inputs: [table, again]}}
          - GlobalAveragePooling1D: {{}}""",
    "attention": f"{TWO}\n          - Attention: {{inputs: [table, again]}}\n          - GlobalAveragePooling1D: {{}}",
    "attention, where only the query has a mask": f"""{TWO}
          - Conv1D: {{filters: 4, kernel_size: 1, inputs: again, name: bare}}
          - Attention: {{inputs: [table, bare]}}""",
    "additive attention": f"{TWO}\n          - AdditiveAttention: {{inputs: [table, again]}}",
    "attention with heads": f"""{TWO}
          - MultiHeadAttention: {{num_heads: 2, key_dim: 3, inputs: [table, again]}}""",
    "attention in groups": f"""{TWO}
          - GroupQueryAttention: {{head_dim: 2, num_query_heads: 4, num_key_value_heads: 2, inputs: [table, again]}}""",
    "in a pipeline": f"""{WORDS}
          - Pipeline: {{layers: ["Dense(3)", "GlobalAveragePooling1D()"]}}""",
    "a mean of each step": """
        input: [3, 5, 2]
        layers: [Masking: {}, TimeDistributed: {layer: GlobalAveragePooling1D()}]""",
    "in a model used as a layer": f"""
        models:
          reader:
            input: [5, 4]
            layers: [Dense: 3, GlobalAveragePooling1D: {{}}]
{WORDS}
          - reader: {{}}""",
    "made in a model used as a layer": """
        models:
          reader:
            inputs: {words: {shape: [5], dtype: int32}}
            layers: [Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}, GlobalAveragePooling1D: {}]
        inputs: {words: {shape: [5], dtype: int32}}
        layers: [reader: {}]""",
}
#: Masking compares its values once more where its mask is used, as Keras asks it twice; compilers merge the two.
COMPARED_TWICE = {"a mean of each step": 3 * 5 * 2}


@pytest.fixture(scope="module")
def answers(oracle: Oracle) -> dict[str, dict[str, object]]:
    asked = oracle.ask([("spec", load("-", text=text)) for text in MASKED.values()])
    return dict(zip(MASKED, asked(), strict=True))


def test_layers_that_are_told_a_mask_cost_what_keras_calculates(answers: dict[str, dict[str, object]]) -> None:
    unequal = []
    for name, text in MASKED.items():
        if "error" in answers[name]:
            unequal.append(f"{name}: {answers[name]['error']}")
            continue
        mine, real = of_spec(load("-", text=text)), theirs(answers[name], name)
        mine = mine._replace(arithmetic=mine.arithmetic + COMPARED_TWICE.get(name, 0))
        if mine != real:
            unequal.append(f"{name}: {mine}, which Keras on JAX has as {real}")
    assert not unequal, "\n".join(unequal)


def test_a_mask_of_which_nothing_is_known_leaves_the_arithmetic_open() -> None:
    text = """
        inputs: {words: {shape: [5], dtype: int32}}
        layers:
          - Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}
          - Lambda: {function: f, output_shape: [5, 4], mask: g}
          - GlobalAveragePooling1D: {name: mean}
          - GlobalMaxPooling1D: {name: greatest, inputs: lambda}
          - Add: {inputs: [mean, greatest]}"""
    layers = {layer.name: layer for layer in infer(load("-", text=text)).layers}
    assert layers["mean"].cost == Cost(0, UNKNOWN, 0)
    assert layers["greatest"].cost == Cost(0, 16, 0)
