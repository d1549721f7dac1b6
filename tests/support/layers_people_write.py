"""Layers as people write them, with their inputs, drawn for tests that read them back from a summary's row."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

__all__ = ["Drawn", "drawn_layers"]

WIDTHS = st.sampled_from([32, 50, 64, 100, 128, 200, 256, 300, 512, 768])
STEPS = st.sampled_from([None, 10, 20, 50, 100, 200])
#: A class, its arguments, and the shapes of its inputs.
Drawn = tuple[str, dict[str, Any], tuple[tuple[Any, ...], ...]]
Draw = Any


def a_shape(draw: Draw, *ndims: int) -> tuple[Any, ...]:
    ndim = draw(st.sampled_from(ndims))
    if ndim < 4:
        return (None, draw(STEPS), draw(WIDTHS))[-ndim:] if ndim == 3 else (None, draw(WIDTHS))
    side = draw(st.sampled_from([7, 14, 28, 32, 56, None]))
    return (None, *(side,) * (ndim - 2), draw(WIDTHS))


def rarely(draw: Draw, arguments: dict[str, Any], one_in: int = 8) -> dict[str, Any]:
    return arguments if draw(st.integers(1, one_in)) == 1 else {}


def normalization(draw: Draw) -> Drawn:
    name = draw(st.sampled_from(["BatchNormalization", "LayerNormalization", "GroupNormalization",
                                 "RMSNormalization", "UnitNormalization", "Normalization", "PReLU"]))  # fmt: skip
    shape = a_shape(draw, 2, 3, 4)
    if name in ("RMSNormalization", "UnitNormalization", "Normalization"):
        return name, {}, (shape,)
    if name == "PReLU":
        known = None not in shape[1:-1]
        shared = {"shared_axes": list(range(1, len(shape) - 1))} if len(shape) == 4 or not known else {}
        return name, shared, (shape,)
    if name == "LayerNormalization" and None not in shape[1:] and draw(st.integers(1, 8)) == 1:
        return name, {"axis": list(range(1, len(shape)))}, (shape,)
    if name == "GroupNormalization":
        return name, {"groups": draw(st.sampled_from([1, 2])), **rarely(draw, {"scale": False})}, (shape,)
    return name, {**rarely(draw, {"scale": False}), **rarely(draw, {"axis": 1 if shape[1] else -1}, 20)}, (shape,)


def attention(draw: Draw) -> Drawn:
    name = draw(st.sampled_from(["MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention"]))
    heads = draw(st.sampled_from([1, 2, 4, 8, 12, 16]))
    query = (None, draw(STEPS), draw(st.sampled_from([32, 64, 128, 256, 512, 768])))
    if name in ("Attention", "AdditiveAttention"):
        scale = {"use_scale": name == "Attention"} if draw(st.booleans()) else {}
        return name, scale, (query, (None, draw(STEPS), query[-1]))
    if name == "GroupQueryAttention":
        size = draw(st.sampled_from([16, 32, 64, 128]))
        sharing = draw(st.sampled_from([each for each in (1, 2, 4, 8) if heads % each == 0]))
        arguments = {"head_dim": size, "num_query_heads": heads, "num_key_value_heads": heads // sharing}
        return name, arguments, (query, query)
    size = draw(st.sampled_from([max(query[-1] // heads, 1), query[-1], 16, 32, 64]))
    arguments = {"num_heads": heads, "key_dim": size, **rarely(draw, {"use_bias": False})}
    arguments |= rarely(draw, {"value_dim": 2 * size}) or rarely(draw, {"output_shape": 48})
    return name, arguments, (query, (None, draw(STEPS), draw(st.sampled_from([query[-1], query[-1], 96]))))


def reshaping(draw: Draw) -> Drawn:
    name = draw(st.sampled_from(["Flatten", "Reshape", "Permute", "RepeatVector", "Dot", "Concatenate", "Add",
                                 "Multiply", "EinsumDense", "Softmax", "Dropout", "Masking"]))  # fmt: skip
    shape = a_shape(draw, 3, 4)
    if name == "Reshape":
        rows = draw(st.sampled_from([2, 4, 8, -1]))
        return name, {"target_shape": [rows, 16]}, ((None, 16 * draw(st.sampled_from([2, 4, 8])) * abs(rows)),) if (
            rows == -1) else ((None, rows * 16),)  # fmt: skip
    if name == "Permute":
        dims = draw(st.permutations(range(1, len(shape))).filter(lambda dims: list(dims) != sorted(dims)))
        return name, {"dims": list(dims) if len(shape) == 3 else [3, 1, 2]}, (shape,)
    if name == "RepeatVector":
        return name, {"n": draw(st.integers(1, 50))}, (a_shape(draw, 2),)
    if name == "Dot":
        width, steps = draw(WIDTHS), (None, 11, 22)
        flat = draw(st.booleans())
        shapes = ((None, width),) * 2 if flat else ((None, steps[1], width), (None, steps[2], width))
        return name, {"axes": draw(st.sampled_from([1, -1])) if flat else draw(st.sampled_from([2, -1]))}, shapes
    if name == "Concatenate":
        along = draw(st.sampled_from([-1, -1, -1, 1]))
        other = list(shape)
        other[along] = None if other[along] is None else draw(WIDTHS)
        return name, {"axis": along}, (shape, tuple(other))
    if name == "EinsumDense":
        return name, *draw(st.sampled_from([
            ({"equation": "abc,cd->abd", "output_shape": [None, 64], "bias_axes": "d"}, ((None, 20, 96),)),
            ({"equation": "...x,xy->...y", "output_shape": 128}, ((None, 20, 96),)),
            ({"equation": "ab,bc->ac", "output_shape": 10, "bias_axes": "c"}, ((None, 96),)),
            ({"equation": "abc,cde->abde", "output_shape": [None, 8, 16], "bias_axes": "de"}, ((None, 20, 96),)),
            ({"equation": "abcd,cde->abe", "output_shape": [None, 96], "bias_axes": "e"}, ((None, 20, 8, 12),)),
        ]))  # fmt: skip
    arguments = {"Dropout": {"rate": 0.3}}.get(name, {})
    return name, arguments, (shape, shape) if name in ("Add", "Multiply") else (shape,)


def encoding(draw: Draw) -> Drawn:
    name = draw(st.sampled_from(["CategoryEncoding", "Hashing", "Discretization", "StringLookup", "IntegerLookup",
                                 "TextVectorization", "Embedding", "HashedCrossing", "STFTSpectrogram"]))  # fmt: skip
    number = draw(st.integers(11, 3000))
    shape = (None, draw(st.sampled_from([1, 5, 7])))
    mode = draw(st.sampled_from(["int", "one_hot", "multi_hot"]))
    if name == "Embedding":
        return name, {"input_dim": number, "output_dim": draw(WIDTHS)}, ((None, draw(STEPS)),)
    if name == "STFTSpectrogram":
        frame = draw(st.sampled_from([256, 512, 1024, 400]))
        arguments = {"frame_length": frame, **rarely(draw, {"frame_step": frame // 4}, 2)}
        return name, {"window": None, **arguments}, ((None, draw(st.sampled_from([16000, 22050])), 1),)
    if name == "TextVectorization":
        length = {"vocabulary_size": 1000 + number}
        if mode == "int":
            length = {"output_sequence_length": draw(st.sampled_from([10, 50, 100, 250, 500]))}
        return name, {"output_mode": "int" if mode == "int" else "multi_hot", **length}, ((None, 1),)
    if name in ("CategoryEncoding", "HashedCrossing"):
        mode = {"CategoryEncoding": mode.replace("int", "multi_hot"), "HashedCrossing": mode.replace("multi", "one")}[
            name
        ]
    depth = {"CategoryEncoding": "num_tokens", "StringLookup": "vocabulary_size", "IntegerLookup": "vocabulary_size"}
    shapes = ((None, 1),) * 2 if name == "HashedCrossing" else (shape,)
    return name, {depth.get(name, "num_bins"): number, "output_mode": mode}, shapes


DRAWN = {each.__name__: each for each in (normalization, attention, reshaping, encoding)}


@st.composite
def layers(draw: Draw) -> Drawn:
    return draw(st.sampled_from([*DRAWN.values()]))(draw)  # type: ignore[no-any-return]  # the table's functions say


def drawn_layers(number: int) -> list[Drawn]:
    """So many layers, the same in every run."""
    found: list[Drawn] = []

    @seed(20)
    @settings(max_examples=number, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(layers())
    def collect(one: Drawn) -> None:
        found.append(one)

    collect()
    return found
