"""The image layers against real Keras, in use and while training.

A layer is accepted where Keras builds it and runs it both ways; what only fails while training is refused. All data is
run eagerly, but for what a compiled model makes of unknown sizes, which hints tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from agreement import agree, counted, fits, flat, holds, ours, same_weights, theirs
from drawing import data, drawn
from hypothesis import strategies as st
from keras.src.layers.preprocessing.image_preprocessing import aug_mix
from layer_examples import one_layer

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.layers.rule import RULES

VALUES = [{"T": t, "U": u} for t, u in ((2, 1), (3, 4))]
#: The arguments without which a layer cannot be, or does nothing.
NEEDED: dict[str, dict[str, Any]] = {
    "CenterCrop": {"height": 4, "width": 5},
    "RandomCrop": {"height": 4, "width": 5},
    "Resizing": {"height": 4, "width": 5},
    "MaxNumBoundingBoxes": {"max_number": 3},
    "RandomPosterization": {"factor": 3},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.2},
    "RandomZoom": {"height_factor": 0.3},
    "RandomColorJitter": {"brightness_factor": 0.1, "hue_factor": 0.3},
    "RandomShear": {"x_factor": 0.3, "y_factor": 0.2},
    "Solarization": {"addition_factor": 0.3, "threshold_factor": 0.3},
    "ContrastLimitedAdaptiveHistogramEqualization": {"tile_grid_size": [2, 3]},
    **{f"Random{kind}": {"factor": 0.3} for kind in (
        "Brightness", "ColorDegeneration", "Contrast", "Hue", "Rotation", "Saturation", "Sharpness")},
}  # fmt: skip
IMAGE_LAYERS = [name for name, rule in RULES.items() if rule.family == "image preprocessing"]
IN_MODELS = [name for name in IMAGE_LAYERS if name != "Equalization"]


@contextmanager
def every_chain(pick: str | None) -> Iterator[None]:
    """Lets AugMix choose one layer wherever it may, so that a failure of it is not left to chance."""

    class Chosen:
        @staticmethod
        def choice(options: list[Any]) -> Any:
            return pick if pick in options else "equalization"

    usual = aug_mix.py_random
    aug_mix.py_random = Chosen if pick else usual
    try:
        yield
    finally:
        aug_mix.py_random = usual


def run(model: Any, class_name: str, shape: Any, given: Mapping[str, int], training: bool) -> Any:
    """The output shape on data of these sizes; None where Keras fails."""
    sizes = [2 if size is None else given.get(size, size) for size in shape]
    images = np.random.default_rng(0).random(sizes, "float32") * 255
    picks = ["random_color_degeneration", "equalization"] if class_name == "AugMix" and training else [None]
    try:
        for pick in picks:
            with every_chain(pick):
                found = flat(model([images], training=training))
    except Exception:  # Keras raises whatever its backend raises.
        return None
    return found


def both_ways(class_name: str, arguments: dict[str, Any], shape: Any, values: Any = VALUES) -> bool:
    """Asserts that lstmcalc and Keras accept alike, in use and while training, with the shapes that each states.

    Names in the shape are unknown to Keras, and get each of `values` as data. Returns whether they accept.
    """
    label = f"{class_name}({arguments}) on {shape}"
    opened = tuple(None if isinstance(size, str) else size for size in shape)
    mine = ours(class_name, arguments, opened)
    try:
        layer, model = theirs(class_name, arguments, opened)
    except Exception as refusal:  # Keras raises whatever its backend raises.
        assert isinstance(mine, SpecError), f"{label}: Keras refuses it, lstmcalc accepts: {refusal}"
        return counted(False, class_name, arguments, shape, (), None)
    real = [[run(model, class_name, shape, given, training) for training in (False, True)] for given in values]
    if isinstance(mine, SpecError):
        assert all(None in ways for ways in real), f"{label}: Keras runs it, lstmcalc refuses:\n{mine}"
        return counted(False, class_name, arguments, shape, (), None)
    same_weights(mine, layer, label)
    assert not layer.weights and layer.count_params() == 0
    call = mine.calls[0]
    stated = call.believed or call.outputs
    assert list(stated or ()) == flat(model.outputs), f"{label}: {stated} != {flat(model.outputs)}"
    named = infer(one_layer(class_name, arguments, shape))
    call = next(found for found in named.layers if found.name == "layer").calls[0]
    for given, (used, trained) in zip(values, real, strict=True):
        # Of a batch that is taken for channels nobody knows the size beforehand.
        conditions = [assumption.condition for assumption in named.assumptions if not assumption.condition.has_unknown]
        if len(conditions) == len(named.assumptions) and all(holds(condition, given) for condition in conditions):
            assert used and trained, f"{label}: on {given} Keras gives {used} and {trained}"
            assert fits(call.outputs[0], used[0], given), f"{label}: {call.outputs}, and on {given} Keras gives {used}"
            cropped = (call.believed or call.outputs)[0]
            assert fits(cropped, trained[0], given), f"{label}: {cropped}, and training on {given} gives {trained}"
        elif conditions and not runs_on_grey(class_name, shape, given):
            assert None in (used, trained), f"{label}: {named.assumptions}, and Keras runs {given}"
    return counted(True, class_name, arguments, shape, (), None)


def runs_on_grey(class_name: str, shape: Any, given: Mapping[str, int]) -> bool:
    """Whether an assumption of 3 channels is stronger than it needs to be: 1 is right as well, on data."""
    greyish = class_name in ("AugMix", "RandAugment", "RandomGrayscale", "RandomColorDegeneration")
    return greyish and 1 in (given.get(shape[-1]), given.get(shape[-3]))


SHAPES = [
    (None,), (None, 6), (None, 6, 7, 3, 2), (None, 6, 3), (None, 6, 7), (None, "T", "U"), (None, 6, 7, 3),
    (None, 6, 7, 1), (None, 6, 7, 2), (None, "T", "U", 3), (None, 6, 7, "T"), (None, 3, 6, 7), (None, 1, 6, 7),
    (None, 2, 6, 7), (None, 3, "T", "U"), (None, "T", 6, 7), (None, 1, 6, 3), (None, 3, 1, 3), (2, 4, 5, 3), (2, 4, 5),
]  # fmt: skip


@pytest.mark.parametrize("data_format", [None, "channels_first"])
@pytest.mark.parametrize("class_name", IN_MODELS)
def test_shapes(class_name: str, data_format: str | None) -> None:
    """Every layer on images of any kind, with the number of axes and of channels that it takes."""
    accepted = {
        shape: both_ways(class_name, {**NEEDED.get(class_name, {}), "data_format": data_format}, shape)
        for shape in SHAPES
    }
    assert {shape for shape, fine in accepted.items() if len(shape) not in (3, 4) and fine} == set()
    assert accepted[(None, 3, 6, 7) if data_format else (None, 6, 7, 3)] == (
        class_name != "RandomColorJitter" or data_format is None
    )


@pytest.mark.parametrize("shape", [(None, 6, 7, 3), (None, 6, 3), (2, 6, 7, 1), (None, 6)])
def test_equalization(shape: Any) -> None:
    """Keras takes Equalization into no model, and its own works on data."""
    assert not agree("Equalization", {}, shape)
    with pytest.raises(ValueError, match="cycle"):
        theirs("Equalization", {}, shape)
    assert keras.layers.Equalization()(np.ones((2, 6, 7, 3), "float32"), training=True).shape == (2, 6, 7, 3)


@pytest.mark.parametrize("class_name", IN_MODELS)
def test_one_input(class_name: str) -> None:
    assert not agree(class_name, NEEDED.get(class_name, {}), [(None, 6, 7, 3), (None, 4)])
    assert "come with them in a dictionary" in str(ours(class_name, NEEDED.get(class_name, {}), [(None, 6, 7, 3)] * 2))


@pytest.mark.parametrize("class_name", IMAGE_LAYERS)
def test_config(class_name: str) -> None:
    """What Keras saves of a layer, the rule takes; but for RandomShear's, which Keras itself cannot load."""
    config = getattr(keras.layers, class_name)(**NEEDED.get(class_name, {})).get_config()
    saved = {key: value for key, value in config.items() if key not in ("name", "dtype")}
    assert set(saved) <= set(RULES[class_name].arguments)
    mine = ours(class_name, saved, (None, 6, 7, 3))
    if class_name == "RandomShear":
        assert [fault.fix for fault in mine.faults] == ["write `x_factor: 0.3`", "write `y_factor: 0.2`"]
        with pytest.raises(TypeError):
            keras.layers.RandomShear.from_config(config)
    elif class_name != "Equalization":
        assert mine.output_shapes


FACTORS = [
    *(-1, 0, 1, 1.5, -0.5, 9, None, "a", "ab"),
    *((0, 0.5), (0.5, 0), (-5, 5), (2, 3), (-3, -2), (0,), (0, 0.5, 1), ("a", "b")),
]
FACTOR_ARGUMENTS = [
    (name, key) for name in IN_MODELS for key, argument in RULES[name].arguments.items()
    if "factor" in key or key in ("sigma", "scale")
]  # fmt: skip


@pytest.mark.parametrize(("class_name", "key"), FACTOR_ARGUMENTS)
def test_factor(class_name: str, key: str) -> None:
    for value in FACTORS:
        # A negative scale bends by a negative blur, which fails for some sizes and random numbers.
        if (class_name, key, value) != ("RandomElasticTransform", "scale", (-5, 5)):
            both_ways(class_name, {**NEEDED.get(class_name, {}), key: value}, (None, 6, 7, 3), [{}])


@pytest.mark.parametrize("class_name", [name for name in IN_MODELS if "value_range" in RULES[name].arguments])
def test_value_range(class_name: str) -> None:
    different = class_name not in ("AugMix", "RandAugment")
    for value in [(0, 1), [1, 0], [-1.5, 1], (3, 3), (5,), "ab", None, 5, ["a", "b"], {"low": 0}]:
        accepted = both_ways(class_name, {**NEEDED.get(class_name, {}), "value_range": value}, (None, 6, 7, 3), [{}])
        assert accepted == (value in ((0, 1), [1, 0], [-1.5, 1]) or (value == (3, 3) and different)), value


WORDS = {
    "interpolation": ["nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "Bilinear", None],
    "fill_mode": ["reflect", "wrap", "constant", "nearest", "mirror", "Wrap", None],
    "data_format": ["Channels_First", "channels_last", "x", 5, None],
    "mode": ["horizontal", "vertical", "horizontal_and_vertical", "diagonal", None],
    "seed": [None, 0, -1, 2**40, 1.5, "a", [1]],
    "alpha": [0, -1, 0.5, 2, None, "a"],
    "num_chains": [0, 1, -1, 2.0, None],
    "chain_depth": [0, 1, -1, 2.0, None],
    "num_ops": [0, 1, 12, -1, 2.0, None],
    "clip_limit": [0, -1, 0.5, None, "a"],
    "tile_grid_size": [(1, 1), [6, 7], (12, 14), (13, 7), (6, 15), (0, 1), (-1, 2), (2,), 3, None, (2.0, 2.0), "ab"],
    "kernel_size": [1, 3, 9, 2, 0, -1, 3.5, (3, 5), (3, 2), (3,), (-1, 3), None, "a"],
    "max_number": [0, -1, 2.5, "5", "a", None, (1,)],
    "bounding_box_format": ["xyxy", "anything", 5],
}


@pytest.mark.parametrize(("class_name", "key"), [
    (name, key) for name in IN_MODELS for key in RULES[name].arguments if key in WORDS
])  # fmt: skip
def test_other_arguments(class_name: str, key: str) -> None:
    accepted = [
        both_ways(class_name, {**NEEDED.get(class_name, {}), key: value}, (None, 6, 7, 3), [{}]) for value in WORDS[key]
    ]
    assert any(accepted) and (not all(accepted) or key in ("bounding_box_format", "mode"))


@pytest.mark.parametrize("key", ["height", "width"])
@pytest.mark.parametrize("class_name", ["CenterCrop", "RandomCrop", "Resizing"])
def test_sizes(class_name: str, key: str) -> None:
    for value in [1, 6, 7, 20, -1, 2.0, 2.5, None, "4.5", (2,)]:
        for shape in [(None, 6, 7, 3), (None, 6, 3), (None, "T", "U", 1), (None, 20, 20, 2)]:
            accepted = both_ways(class_name, {"height": 6, "width": 7, key: value}, shape)
            assert accepted == (value in (1, 6, 7, 20)), (value, shape)
    # Keras lets a crop of nothing pass in the middle; lstmcalc gives out nothing empty.
    assert isinstance(ours(class_name, {"height": 6, "width": 7, key: 0}, (None, 6, 7, 3)), SpecError)


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize("pad", [False, True])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("antialias", [False, True])
def test_resizing(antialias: bool, data_format: str, pad: bool, crop: bool) -> None:
    arguments = {"crop_to_aspect_ratio": crop, "pad_to_aspect_ratio": pad, "antialias": antialias}
    for height, width in [(4, 5), (20, 3), (1, 1)]:
        for shape in [(None, 6, 7, 3), (None, "T", "U", 2), (None, 1, 8), (None, "T", 3)]:
            sizes = {"height": height, "width": width, "data_format": data_format}
            assert both_ways("Resizing", {**sizes, **arguments}, shape) == (not (pad and crop))


@pytest.mark.parametrize("fill_value", [None, 0, 1.5, [1, 2, 3], [1, 2], [], "a"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_erasing_with_a_value(data_format: str, fill_value: Any) -> None:
    found = {
        shape: both_ways("RandomErasing", {"fill_value": fill_value, "data_format": data_format}, shape)
        for shape in [(None, 6, 7, 3), (None, 3, 6, 7), (None, 6, 7, 1), (None, 6, 7, "T"), (None, 6, 3), (None, 6, 7)]
    }
    three = fill_value == [1, 2, 3]
    assert found[None, 6, 7, 3] == (fill_value in (None, 0, 1.5) or three)
    assert found[None, 3, 6, 7] == (fill_value in (None, 0, 1.5))


JITTERS = ["brightness_factor", "contrast_factor", "saturation_factor", "hue_factor"]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("key", JITTERS)
def test_jitter_looks_along_the_last_axis(key: str, data_format: str) -> None:
    for shape in [
        (None, 6, 7, 3),
        (None, 3, 6, 7),
        (None, 3, 6, 3),
        (None, 6, 7, 1),
        (None, 6, "T", "U"),
        (None, 6, 3),
    ]:
        accepted = both_ways("RandomColorJitter", {key: 0.2, "data_format": data_format}, shape)
        assert accepted == (key in JITTERS[:2] or shape[-1] in (3, "U")), shape


def hinted(class_name: str, shape: Any, **arguments: Any) -> dict[str, str]:
    """The hints on a layer, by code, with their reasons."""
    report = infer(one_layer(class_name, {**NEEDED.get(class_name, {}), **arguments}, shape))
    return {hint.code: hint.because for hint in report.hints}


OPEN = [(None, None, None, 3), (None, 6, 7, None), (None, 6, 3), (None, 6, 7, 3)]


@pytest.mark.parametrize("class_name", [name for name in IN_MODELS if name != "AugMix"])
def test_unknown_sizes_when_compiled(class_name: str) -> None:
    """The hint comes just where a compiled model fails; AugMix leaves that to chance."""
    for shape in OPEN:
        model = theirs(class_name, NEEDED.get(class_name, {}), shape)[1]
        failing = []
        for name, training in (("`fit`", True), ("`predict`", False)):
            compiled = tf.function(
                lambda images, model=model, training=training: model([images], training=training),
                input_signature=[tf.TensorSpec(shape, "float32")],
            )
            try:
                compiled(np.ones([{0: 2}.get(axis, size) or 3 for axis, size in enumerate(shape)], "float32"))
            except Exception:  # Keras raises whatever its backend raises.
                failing.append(name)
        reason = hinted(class_name, shape).get("size-when-compiled", "")
        assert [name for name in ("`fit`", "`predict`") if name in reason] == failing, (shape, reason)


def test_center_crop_when_compiled() -> None:
    model = theirs("CenterCrop", {"height": 4, "width": 5}, (None, None, None, 3))[1]
    images = np.ones((2, 3, 3, 3), "float32")
    unknown = [tf.TensorSpec((None, None, None, 3), "float32")]
    compiled = tf.function(lambda images: model([images]), input_signature=unknown)
    assert (model([images]).shape, compiled(images).shape) == ((2, 4, 5, 3), (2, 1, 1, 3))
    assert "makes one below the crop smaller still" in hinted("CenterCrop", (None, None, "T", 3))["smaller-image"]
    assert hinted("CenterCrop", (None, 3, 3, 3)) == {}


def test_other_hints() -> None:
    assert hinted("RandomFlip", (None, 6, 7, 3)) == {}
    assert "never flips" in hinted("RandomFlip", (None, 6, 7, 3), mode="horizontl")["no-effect"]
    assert hinted("RandomFlip", (None, 28, 28))["one-image"].endswith("and so the batch for its height")
    assert hinted("RandomFlip", (None, 28, 28), data_format="channels_first")["one-image"].endswith("its channels")


def test_random_crop_is_believed_to_crop() -> None:
    """Keras states the crop, which only training gives: what is built on it fails in use, and is refused."""
    layer = ours("RandomCrop", {"height": 4, "width": 5}, (None, 6, 7, 3))
    assert (layer.calls[0].outputs, layer.calls[0].believed) == (((None, 6, 7, 3),), ((None, 4, 5, 3),))
    assert hinted("RandomCrop", (None, 6, 7, 3)) == {"other-shape-in-keras":
        "RandomCrop crops while training only, and lets the images through when the model is used"}  # fmt: skip
    assert hinted("RandomCrop", (None, 4, 5, 3)) == {}
    layers = keras.layers
    model = keras.Sequential([keras.Input((6, 7, 3)), layers.RandomCrop(4, 5), layers.Flatten(), layers.Dense(2)])
    images = np.ones((2, 6, 7, 3), "float32")
    assert model(images, training=True).shape == (2, 2)
    # Without a word on training, Keras takes a call of the model for training.
    assert model(images).shape == (2, 2)
    with pytest.raises(ValueError, match="expected axis -1 of input shape"):
        model(images, training=False)


def mostly(usual: Any, other: Any, times: int = 12) -> st.SearchStrategy[Any]:
    """One of the usual values, and now and then one of the others."""
    return st.integers(0, times).flatmap(lambda pick: st.sampled_from(other if pick == times else usual))


FACTOR = mostly([0.3, 0.5, 0, 1, (0.1, 0.4), [0.5, 0.2], (0, 1)], [-0.4, -1, 1.2, (-5, 5), (2, 3), (0,), None, "a"])
ARGUMENTS = {
    "interpolation": mostly(["nearest", "bilinear"], WORDS["interpolation"]),
    "fill_mode": mostly(["constant"], WORDS["fill_mode"]),
    "data_format": mostly([None, "channels_last", "channels_first", "Channels_First"], ["x"]),
    "value_range": mostly([(0, 255), [0, 1], (1, -1)], [(5,), None, "ab", (3, 3)]),
    "seed": mostly([None, 1, 7], [1.5, "a"]),
    "fill_value": mostly([0, 1, -0.5], [7]),
    "height": mostly([1, 2, 4, 5, 9], [-1, 2.5, None]),
    "width": mostly([1, 2, 4, 5, 9], [-1, 2.5, None]),
    "crop_to_aspect_ratio": st.booleans(),
    "pad_to_aspect_ratio": st.booleans(),
    "antialias": st.booleans(),
    "all_ops": st.booleans(),
    "tile_grid_size": mostly([(1, 1), [2, 3], (4, 4), (5, 2), (8, 8)], [(0, 1), 3, (2, 2, 2)]),
    "kernel_size": mostly([1, 3, (3, 5), [5, 1]], [2, 0, (3,), (2, 3)]),
    **{key: mostly(values[:-2], values[-2:]) for key, values in WORDS.items() if key in ("alpha", "clip_limit")},
    **{key: mostly([1, 2], [0, -1, 2.0]) for key in ("num_chains", "chain_depth", "num_ops")},
    "max_number": mostly([0, 3, "5"], ["a", None]),
    "mode": st.sampled_from(WORDS["mode"]),
}
OF_ONE_CLASS = {
    ("RandomPosterization", "factor"): mostly([1, 3, 8, (2, 5), (6, 1)], [0, 9, 2.5, (9, 12), (0, -1), None]),
    ("RandomGrayscale", "factor"): mostly([0, 0.5, 1], [(0, 1), -0.5, 2, None]),
    ("RandomPerspective", "scale"): mostly([0, 0.5, 1], [(0, 1), -0.5, 2]),
    ("RandomElasticTransform", "scale"): mostly([0, 0.5, (0.1, 1)], [-0.5, 2, (2, 3), None]),
    ("RandomErasing", "fill_value"): mostly([None, 0, 1.5, [1, 2, 3]], [[1, 2], "a"]),
    ("Resizing", "interpolation"): mostly(WORDS["interpolation"][:6], WORDS["interpolation"][6:]),
}


@st.composite
def image_layers(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    class_name = draw(st.sampled_from(IN_MODELS))
    arguments = {}
    for key in RULES[class_name].arguments:
        is_factor = "factor" in key or key in ("sigma", "scale")
        values = OF_ONE_CLASS.get((class_name, key), FACTOR if is_factor else ARGUMENTS.get(key))
        if values is not None and (key in NEEDED.get(class_name, {}) or draw(st.booleans())):
            arguments[key] = draw(values)
    arguments = {**NEEDED.get(class_name, {}), **arguments}
    size = st.one_of(st.integers(1, 9), st.integers(2, 9), st.sampled_from(["T", "U"]))
    sizes = [draw(size), draw(size)]
    channels = draw(mostly([3, 3, 3, 1], [2, 4, "T", "U"], 6))
    first = str(arguments.get("data_format")).lower() == "channels_first"
    shape = (channels, *sizes) if first else (*sizes, channels)
    rank = draw(mostly([4, 4, 4, 3], [1, 2, 5]))
    return class_name, arguments, (None, *shape, 2)[:rank] if rank != 3 else (None, *shape[1:]), draw(data(9))


@drawn(image_layers(), short=60)
def test_drawn_image_layer(case: Any) -> bool:
    """Any arguments of any image layer."""
    return both_ways(*case)
