"""Padding, cropping and upsampling against real Keras."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import agree, agree_on_data, flat, ours, real_shapes, theirs
from drawing import SPATIAL, data, drawn, laid_out, mostly, sizes, some
from hypothesis import strategies as st
from layer_examples import one_layer

from lstmcalc.dims import to_text
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.spec import LayerSpec

VALUES = [{"T": size, "U": 9 - size} for size in (1, 2, 3, 4, 8)]
LAYERS = {"ZeroPadding": "padding", "Cropping": "cropping"}
#: What a list of pairs may be, and whether Keras takes it where there are so many axes.
EDGES: list[tuple[Any, tuple[int, ...]]] = [
    (0, (1, 2, 3)),
    (2, (1, 2, 3)),
    (-1, ()),
    (1.5, ()),
    (None, ()),
    ([2], ()),
    ([1, 0], (1, 2)),
    ([0, -1], ()),
    ([1, 2, 0], (3,)),
    ([[0, 2]], ()),
    ([[0, 1], [2, 0]], (2,)),
    ([[0, 1], 1], (2,)),
    ([0, [0, 1], [2, 0]], (3,)),
    ([[0, 1, 2], 1], ()),
    ([[0, -1], [0, 0]], ()),
    ([1, 1, 1, 1], ()),
    ([], ()),
    ("same", ()),
]


def free(class_name: str) -> bool:
    """Whether the layer knows where the channels are told to be."""
    return class_name not in ("Cropping1D", "UpSampling1D")


@pytest.mark.parametrize("data_format", [None, "channels_first"])
@pytest.mark.parametrize(("edges", "ranks"), EDGES)
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("kind", LAYERS)
def test_edges(kind: str, rank: int, edges: Any, ranks: tuple[int, ...], data_format: str | None) -> None:
    class_name = f"{kind}{rank}D"
    arguments = {LAYERS[kind]: edges, **({"data_format": data_format} if free(class_name) else {})}
    shape = laid_out(SPATIAL[rank], "U", arguments.get("data_format"))
    assert agree_on_data(class_name, arguments, shape, VALUES) == (rank in ranks)


@pytest.mark.parametrize("data_format", [None, "channels_first", "Channels_Last", "NHWC"])
@pytest.mark.parametrize("size", [1, 3, 0, -1, [2], [2, 3], [1, 2, 3], [2, 0], "2x", None])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_upsampling(rank: int, size: Any, data_format: str | None) -> None:
    class_name = f"UpSampling{rank}D"
    arguments = {"size": size, **({"data_format": data_format} if free(class_name) else {})}
    shape = laid_out(SPATIAL[rank], "U", arguments.get("data_format"))
    right = size in (1, 3) or (isinstance(size, list) and len(size) == rank > 1 and 0 not in size)
    accepted = agree_on_data(class_name, arguments, shape, VALUES)
    assert accepted == (right and (data_format != "NHWC" or not free(class_name)))


@pytest.mark.parametrize("data_format", [None, "channels_first"])
@pytest.mark.parametrize(
    "interpolation", ["nearest", "Bilinear", "bicubic", "lanczos3", "LANCZOS5", "area", "linear", None]
)
def test_interpolation(interpolation: Any, data_format: str | None) -> None:
    arguments = {"size": [2, 3], "interpolation": interpolation, "data_format": data_format}
    accepted = agree_on_data("UpSampling2D", arguments, laid_out([3, "T"], 2, data_format), VALUES)
    assert accepted == (interpolation not in ("linear", None))


@pytest.mark.parametrize("class_name", ["Cropping1D", "UpSampling1D"])
def test_one_axis_alone_has_no_data_format(class_name: str) -> None:
    assert not agree(class_name, {"data_format": "channels_last"}, (None, 5, 3))


@pytest.mark.parametrize("ndim", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("kind", ["ZeroPadding", "Cropping", "UpSampling"])
def test_number_of_axes(kind: str, rank: int, ndim: int) -> None:
    assert agree(f"{kind}{rank}D", {}, (None, *[5] * (ndim - 1))) == (ndim == rank + 2)


@pytest.mark.parametrize("shape", [(None, 4, 7, 7, 3), (None, "T", 7, 7, 3), (None, 4, "T", 7, "U")])
@pytest.mark.parametrize(("class_name", "arguments"), [
    ("ZeroPadding2D", {"padding": [[0, 1], 2]}),
    ("Cropping2D", {"cropping": [[2, 1], 1]}),
    ("UpSampling2D", {"size": [1, 3]}),
    ("UpSampling2D", {"interpolation": "bilinear"}),
])  # fmt: skip
def test_in_every_step(class_name: str, arguments: dict[str, Any], shape: Any) -> None:
    assert agree_on_data("TimeDistributed", {"layer": LayerSpec(class_name, "inner", arguments)}, shape, VALUES)


@pytest.mark.parametrize(("class_name", "stated", "real"), [
    ("UpSampling1D", (None, 4, 10, 6), (2, 4, 10, 6, 3)),
    ("Cropping1D", (None, 4, 3, 6), (2, 4, 3, 6, 3)),
])  # fmt: skip
def test_an_axis_too_many_in_every_step_is_refused_where_keras_contradicts_itself(
    class_name: str, stated: Any, real: Any
) -> None:
    """TimeDistributed does not ask how many axes its layer takes, and states a shape that data does not have."""
    arguments = {"layer": LayerSpec(class_name, "inner", {})}
    _, model = theirs("TimeDistributed", arguments, (None, 4, 5, 6, 3))
    assert flat(model.outputs) == [stated]
    assert real_shapes(model) == [real]
    mine = ours("TimeDistributed", arguments, (None, 4, 5, 6, 3))
    assert isinstance(mine, SpecError)
    assert [fault.code for fault in mine.faults] == ["wrong-ndim"]


@pytest.mark.parametrize(("class_name", "arguments", "size"), [
    ("ZeroPadding1D", {"padding": [1, 2]}, "T + 3"),
    ("Cropping1D", {"cropping": [1, 2]}, "T - 3"),
    ("UpSampling1D", {"size": 3}, "3·T"),
    ("UpSampling1D", {"size": "S"}, "S·T"),
])  # fmt: skip
def test_length_in_names(class_name: str, arguments: dict[str, Any], size: str) -> None:
    report = infer(one_layer(class_name, arguments, (None, "T", 3)))
    assert to_text((report.outputs[0].shape or ())[1]) == size
    held = [(held.text, held.because) for held in report.assumptions]
    assert held == ([("T >= 4", "`cropping` takes 1 + 2 time steps away")] if class_name == "Cropping1D" else [])


REFUSAL = """\
error[crop-too-large] layer "layer" (Cropping2D)
  expected width of at least 5
  got      (None, 28, 4, 3)
  because  `cropping` takes 1 + 3 columns away
  fix      crop at most 3"""


def test_whole_refusal() -> None:
    with pytest.raises(SpecError) as caught:
        infer(one_layer("Cropping2D", {"cropping": [0, [1, 3]]}, (None, 28, 4, 3)))
    assert str(caught.value) == REFUSAL


def pairs(rank: int) -> st.SearchStrategy[Any]:
    """What stands before and behind each axis, in any of the forms, and seldom in none of them."""
    number = st.integers(0, 2)
    pair = st.lists(number, min_size=2, max_size=2)
    usual = number | (pair if rank == 1 else st.lists(number | pair, min_size=rank, max_size=rank))
    wrong = st.integers(-2, -1) | st.lists(st.integers(-1, 2), max_size=4) | st.lists(pair, min_size=1, max_size=3)
    return mostly(usual, wrong)


@st.composite
def layers(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    kind, rank = draw(st.sampled_from(["ZeroPadding", "Cropping", "UpSampling"])), draw(st.integers(1, 3))
    name = f"{kind}{rank}D"
    if kind == "UpSampling":
        factor = st.integers(1, 3)
        many = mostly(st.lists(factor, min_size=rank, max_size=rank), st.lists(st.integers(0, 3), max_size=3))
        arguments = draw(some(size=mostly(factor, st.integers(-1, 0)) if rank == 1 else factor | many))
        if rank == 2:
            methods = st.sampled_from(["nearest", "bilinear", "Bicubic", "lanczos3", "lanczos5", "area"])
            arguments |= draw(some(interpolation=mostly(methods, st.just("cubic"))))
    else:
        arguments = draw(some(**{LAYERS[kind]: pairs(rank)}))
    if free(name):
        formats = st.sampled_from([None, "channels_last", "channels_first", "Channels_First"])
        arguments |= draw(some(data_format=mostly(formats, st.just("NCHW"))))
    ndim = draw(mostly(st.just(rank + 2), st.sampled_from([rank + 1, rank + 3])))
    spatial = draw(st.lists(sizes(), min_size=ndim - 2, max_size=ndim - 2))
    shape = laid_out(spatial, draw(sizes()), arguments.get("data_format"))
    if ndim == rank + 2 and draw(st.integers(0, 9)) == 9:
        return "TimeDistributed", {"layer": LayerSpec(name, "inner", arguments)}, (None, 2, *shape[1:]), draw(data())
    return name, arguments, shape, draw(data())


@drawn(layers())
def test_drawn_layer(case: Any) -> bool:
    """Any arguments of padding, cropping or upsampling, now and then in every step of a sequence."""
    return agree_on_data(*case)
