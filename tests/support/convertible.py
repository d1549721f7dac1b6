"""Models that say everything that a spec can hold, for the tests of the ways out."""

from __future__ import annotations

#: YAML texts by name.
MODELS = {
    "shared": """
        inputs: {a: [10, 8], b: [12, 8]}
        layers:
          - LSTM: {units: 4, return_state: true, name: enc, inputs: a}
          - {apply: enc, inputs: b, name: second}
          - Concatenate: {inputs: ["enc[1]", "second[2]"]}
          - Dense: 3
        outputs: [dense, second]
    """,
    "not_sequential_though_it_could_be": "{sequential: false, input: [10, 8], layers: [Flatten, Dense: 3]}",
    "stateful": "{input: [10, 8], batch: 4, layers: [{GRU: {units: 3, stateful: true, return_sequences: true}}]}",
    "frozen": "{input: [8], layers: [{Dense: {units: 3, trainable: false, dtype: float16}}, BatchNormalization]}",
    "names_of_keras": """
        input: [8]
        layers: [{Dense: {units: 3, name: dense_1}}, Dense: 4, {Dense: {units: 5, name: dense}}]
    """,
    "names_of_python": """
        input: [8]
        layers: [{Dense: {units: 3, name: class}}, {Dense: {units: 2, name: 2nd-layer.x}}]
    """,
    "objects": """
        input: [8]
        layers:
          - Dense: {units: 3, kernel_initializer: {class_name: RandomNormal, config: {stddev: 0.1}}, activation: relu}
          - Dense: {units: 3, kernel_regularizer: {class_name: L2, config: {l2: 0.01}}, kernel_constraint: non_neg}
    """,
    "nested": """
        inputs: {left: [10, 3], right: [10, 3]}
        models:
          tower: {input: [10, 3], layers: [LSTM: 4, Dense: 2]}
        layers:
          - tower: {inputs: left}
          - {apply: tower, inputs: right, name: other}
          - Subtract: {inputs: [tower, other]}
    """,
    "wrapped_model": """
        input: [5, 6, 4]
        models: {step: {input: [6, 4], layers: [GRU: 3]}}
        layers:
          - TimeDistributed: {layer: step}
          - Bidirectional: {layer: {GRU: 2}, backward_layer: {LSTM: {units: 2, go_backwards: true}}}
    """,
    "cells": "{input: [5, 4], layers: [{RNN: {cell: [LSTMCell(3), GRUCell(2)], return_state: true}}]}",
    "attention": """
        inputs: {q: [5, 8], v: [5, 8]}
        layers:
          - MultiHeadAttention: {num_heads: 2, key_dim: 4, inputs: [q, v], return_attention_scores: true, name: look}
        outputs: [look, "look[1]"]
    """,
    "operations": """
        inputs: {a: [10, 8], b: [10, 8]}
        layers:
          - ops.Add: {inputs: [a, b], name: sum}
          - ops.Multiply: {x1: 2.0, inputs: sum, name: twice}
          - ops.GetItem: {key: "[:, 0, 1::2]", inputs: twice, name: part}
          - ops.Mean: {axis: 1, inputs: twice, name: middle}
          - ops.Concatenate: {axis: 1, inputs: [part, middle], name: both}
          - Dense: {units: 3, inputs: both}
    """,
    "masked": """
        inputs: {x: [10, 8], m: {shape: [10], dtype: bool}}
        layers: [{LSTM: {units: 4, inputs: x, mask: m}}]
    """,
    "symbols": "{input: [T, 8], symbols: {U: 6}, layers: [{LSTM: {units: 2*U, return_sequences: true}}, Dense: U]}",
    "masks_in_a_list": """
        inputs: {q: [5, 8], v: [7, 8], a: {shape: [5], dtype: bool}, b: {shape: [7], dtype: bool}}
        layers: [Attention: {inputs: [q, v], mask: [a, b]}]
    """,
    "models_in_models": """
        input: [4]
        models:
          net_1.00_96: {input: [4], layers: [Dense: 3]}
          mid: {input: [4], layers: [net_1.00_96, Dense: 2]}
        layers: [mid, Dense: 1]
    """,
    "clashing_names": """
        input: [4]
        layers:
          - Dense: {units: 7, name: dense_1}
          - Dense: {units: 8, name: dense}
          - Dense: {units: 6, name: dense_4, inputs: input}
          - Dense: {units: 8, name: dense_3}
          - Add: {inputs: [dense, dense_3]}
    """,
    "scaled": "{input: [4], layers: [Rescaling: 0.5, Dense: 2]}",
    "einsum": """
        inputs: {a: [3, 4], b: [4, 5]}
        layers: [ops.Einsum: {subscripts: "bij,bjk->bik", inputs: [a, b]}]
    """,
    "text": """
        inputs: {words: {shape: [1], dtype: string}}
        layers:
          - TextVectorization: {vocabulary: [x, y], output_sequence_length: 5}
          - Embedding: {input_dim: 4, output_dim: 3}
    """,
}
