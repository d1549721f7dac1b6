"""What convolutions, poolings, normalizations and quantised layers cost with any arguments, against Keras on JAX."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from cost_agreement import Case, Oracle, differing, noted, of_spec, ours, questions, theirs
from cost_differences import NOT_KNOWN, OTHER_ARITHMETIC, OTHER_PRODUCTS

from lstmcalc import load

ACTIVATIONS = [None, None, "relu", "tanh", "softmax"]


def per_axis(rng: random.Random, rank: int, most: int) -> list[int]:
    """One number per spatial axis."""
    return [rng.randint(1, most) for _ in range(rank)]


def laid_out(rng: random.Random, rank: int, channels: int, arguments: dict[str, Any]) -> tuple[Any, ...]:
    """The shape of an input over space, big enough for every window, now and then with a size that is not known."""
    sizes = [None if rng.random() < 0.1 else rng.randint(7, 10) for _ in range(rank)]
    arguments["data_format"] = rng.choice(["channels_last", "channels_first"])
    return (None, channels, *sizes) if arguments["data_format"] == "channels_first" else (None, *sizes, channels)


def common(rng: random.Random) -> dict[str, Any]:
    """Arguments that every layer with a kernel has."""
    return {
        "padding": rng.choice(["valid", "same"]),
        "use_bias": rng.random() < 0.6,
        "activation": rng.choice(ACTIVATIONS),
        "trainable": rng.random() < 0.85,
    }


def convolution(rng: random.Random) -> Case:
    rank, groups, spread = rng.randint(1, 3), rng.choice([1, 1, 2, 3]), rng.choice(["strides", "dilation_rate"])
    arguments = {
        "filters": groups * rng.randint(1, 3),
        "kernel_size": per_axis(rng, rank, 3),
        "groups": groups,
        spread: per_axis(rng, rank, 2 if spread == "dilation_rate" else 3),
        "lora_rank": rng.choice([None, None, None, 2]),
        **common(rng),
    }
    if rank == 1 and rng.random() < 0.3:
        arguments["padding"] = "causal"
    return Case(f"Conv{rank}D", arguments, laid_out(rng, rank, groups * rng.randint(1, 3), arguments))


def channelwise(rng: random.Random) -> Case:
    rank, kind = rng.randint(1, 2), rng.choice(["DepthwiseConv", "SeparableConv"])
    # JAX takes unequal strides, and TensorFlow, which traces the model first, does not.
    arguments = {
        "kernel_size": per_axis(rng, rank, 3),
        "strides": rng.randint(1, 3),
        "dilation_rate": rng.randint(1, 2),
        "depth_multiplier": rng.randint(1, 3),
        **common(rng),
    }
    if kind == "SeparableConv":
        arguments["filters"] = rng.randint(1, 4)
    return Case(f"{kind}{rank}D", arguments, laid_out(rng, rank, rng.randint(1, 4), arguments))


def transposed(rng: random.Random) -> Case:
    rank, dilated = rng.randint(1, 3), rng.random() < 0.3
    strides = [1] * rank if dilated else per_axis(rng, rank, 3)
    arguments = {
        "filters": rng.randint(1, 3),
        "kernel_size": per_axis(rng, rank, 4),
        "strides": strides,
        "dilation_rate": per_axis(rng, rank, 2) if dilated else [1] * rank,
        **common(rng),
    }
    if rng.random() < 0.4:
        arguments["output_padding"] = [rng.randint(0, stride - 1) for stride in strides]
    case = Case(f"Conv{rank}DTranspose", arguments, laid_out(rng, rank, rng.randint(1, 3), arguments))
    return transposed(rng) if cuts(arguments) else case


def cuts(arguments: dict[str, Any]) -> bool:
    """Whether a transposed convolution has less places in its output than in its input along some axis.

    It has with `padding: same`, an even window that is not strided, and `output_padding: 0`.
    """
    none_spare = arguments["padding"] == "same" and "output_padding" in arguments
    sizes = zip(arguments["kernel_size"], arguments["strides"], arguments["dilation_rate"], strict=True)
    return none_spare and any(stride == 1 and (window - 1) * rate % 2 for window, stride, rate in sizes)


def pooling(rng: random.Random) -> Case:
    rank, kind = rng.randint(1, 3), rng.choice(["Max", "Average", "GlobalMax", "GlobalAverage"])
    arguments: dict[str, Any] = {"keepdims": rng.random() < 0.5}
    if not kind.startswith("Global"):
        arguments = {
            "pool_size": per_axis(rng, rank, 3),
            "strides": rng.choice([None, per_axis(rng, rank, 3)]),
            "padding": rng.choice(["valid", "same"]),
        }
    return Case(f"{kind}Pooling{rank}D", arguments, laid_out(rng, rank, rng.randint(1, 4), arguments))


def normalization(rng: random.Random) -> Case:
    name = rng.choice([f"{kind}Normalization" for kind in ("Batch", "Layer", "Group", "RMS", "Unit")])
    shape = [None, *(rng.randint(1, 4) for _ in range(rng.randint(1, 4)))]
    scaled = {"scale": rng.random() < 0.7, "center": rng.random() < 0.7}
    ndim = len(shape)
    axes = sorted(rng.sample(range(1, ndim), rng.randint(1, ndim - 1)))
    if name == "BatchNormalization":
        return Case(name, {"axis": rng.randint(1, ndim - 1), "renorm": rng.random() < 0.2, **scaled}, tuple(shape))
    if name == "GroupNormalization":
        axis, groups = rng.choice([-1, *range(1, ndim)]), rng.choice([-1, 1, 2, 3])
        shape[axis] = abs(groups) * rng.randint(1, 3)
        return Case(name, {"axis": axis, "groups": groups, **scaled}, tuple(shape))
    if name == "LayerNormalization":
        return Case(name, {"axis": axes, **scaled}, tuple(shape))
    if name == "RMSNormalization":
        # The scale goes along the last axes; where these have size 1 they are repeated.
        axes = list(range(rng.randint(1, ndim - 1), ndim))
        if rng.random() < 0.2 and ndim > 2:
            axes, shape[-1] = [ndim - 2], 1
    return Case(name, {"axis": axes}, tuple(shape))


MODES = ["int8", "int4", "int4/-1", "int4/2", "float8"]


def quantised(rng: random.Random) -> Case:
    name, mode = rng.choice(["Dense", "Dense", "EinsumDense", "Embedding", "ReversibleEmbedding"]), rng.choice(MODES)
    arguments: dict[str, Any] = {"trainable": rng.random() < 0.85}
    if mode != "float8" and rng.random() < 0.3:
        arguments["lora_rank"] = 2
    steps, width = rng.randint(1, 3), rng.randint(2, 5)
    if "Embedding" in name:
        mode = mode.replace("float8", "int8")
        arguments |= {"input_dim": 9, "output_dim": width, "dtype": f"{mode}_from_float32"}
        back = name == "ReversibleEmbedding" and rng.random() < 0.6
        if name == "ReversibleEmbedding":
            arguments["tie_weights"] = rng.random() < 0.5
        shape = (None, steps, width) if back else (None, steps)
        return Case(name, arguments, shape, (), "float32" if back else "int32", {"reverse": True} if back else {})
    arguments |= {"dtype": f"{mode}_from_float32", "activation": rng.choice(["relu", None])}
    if name == "Dense":
        return Case(
            name, {"units": rng.randint(1, 5), "use_bias": rng.random() < 0.5, **arguments}, (None, steps, width)
        )
    equation, made = rng.choice([("abc,cd->abd", [None, 4]), ("abc,cde->abde", [None, 2, 4]), ("abc,bcd->ad", 4)])
    return Case(name, {"equation": equation, "output_shape": made, **arguments}, (None, steps, width))


PREPROCESSING = """AutoContrast CategoryEncoding ContrastLimitedAdaptiveHistogramEqualization Discretization
    Normalization Rescaling Resizing STFTSpectrogram UpSampling2D""".split()


def preprocessing(rng: random.Random) -> Case:
    image = (None, rng.randint(3, 6), rng.randint(3, 6), rng.randint(1, 3))
    name = rng.choice(PREPROCESSING)
    rest: dict[str, Any] = {}
    if name == "AutoContrast":
        rest = {"value_range": rng.choice([[0, 255], [0, 1], [255, 0], [-1, 1]])}
    elif name == "ContrastLimitedAdaptiveHistogramEqualization":
        rest = {"value_range": rng.choice([[0, 255], [0, 1], [255, 0]]), "clip_limit": rng.choice([4.0, 0.0]),
                "tile_grid_size": per_axis(rng, 2, 3)}  # fmt: skip
    elif name == "Normalization":
        rest = rng.choice([{"axis": None}, {"axis": [1, 3]}, {}, {"mean": 1.0, "variance": 2.0}])
        rest = {**rest, "invert": rng.random() < 0.5}
    elif name == "Rescaling":
        image = (*image[:3], 1)
        rest = {"scale": rng.choice([0.5, [1.0, 2.0]]), "offset": rng.choice([0.0, 1.0, [3.0, 4.0]])}
    elif name == "CategoryEncoding":
        rest = {"num_tokens": 4, "output_mode": rng.choice(["one_hot", "multi_hot", "count"])}
        return Case(name, rest, image[: rng.randint(1, 4)], (), "int32")
    elif name == "STFTSpectrogram":
        rest = {"mode": rng.choice(["log", "magnitude", "psd", "real", "imag", "angle", "stft"]),
                "frame_length": rng.randint(2, 9), "frame_step": 2, "window": None, "expand_dims": rng.random() < 0.5,
                "padding": rng.choice(["valid", "same"])}  # fmt: skip
        return Case(name, rest, (None, rng.randint(9, 20), rng.randint(1, 3)))
    elif name == "UpSampling2D":
        rest = {"size": per_axis(rng, 2, 3), "interpolation": rng.choice(["nearest", "bilinear"])}
    elif name == "Resizing":
        rest = {"height": 4, "width": 5, "interpolation": rng.choice(["nearest", "bilinear", "bicubic"])}
    elif name == "Discretization":
        rest = {"bin_boundaries": sorted(rng.random() for _ in range(rng.randint(0, 9)))}
    return Case(name, rest, image)


DRAWS = [convolution, channelwise, transposed, pooling, normalization, quantised, preprocessing]


Draw = Callable[[random.Random], Case]


@pytest.mark.parametrize("draw", DRAWS)
def test_drawn_layers_cost_what_keras_calculates(oracle: Oracle, draw: Draw) -> None:
    hold(oracle, draw, 12)


@pytest.mark.long
@pytest.mark.parametrize("draw", DRAWS)
def test_many_drawn_layers_cost_what_keras_calculates(oracle: Oracle, draw: Draw) -> None:
    hold(oracle, draw, 300)


def hold(oracle: Oracle, draw: Draw, number: int) -> None:
    """Holds so many draws against JAX."""
    rng = random.Random(f"{draw.__name__} {number}")
    cases = [draw(rng) for _ in range(number)]
    answers = oracle.ask(questions(cases))
    mine = [ours(case) for case in cases]
    unequal = []
    for case, costs, answer in zip(cases, mine, answers(), strict=True):
        assert "error" not in answer, f"{case}: {answer['error']}"
        assert not costs.unknown or case.class_name in NOT_KNOWN, case
        real = theirs(answer, str(case))
        other = differing(costs, real)
        noted(case.class_name, (kind for kind in costs._fields if kind not in other))
        reasoned = case.class_name in OTHER_PRODUCTS
        by_arithmetic = case.class_name in OTHER_ARITHMETIC and (costs.macs, costs.training) == (0, 0)
        if other and not reasoned and not by_arithmetic:
            unequal.append(f"{case}: {costs}, which Keras on JAX has as {real}")
    assert not unequal, "\n".join(unequal)


@pytest.mark.parametrize(("window", "rate"), [(2, 1), (4, 1), (2, 3)])
def test_a_transposed_convolution_spreads_every_input_also_where_jax_cuts_some_off(
    oracle: Oracle, window: int, rate: int
) -> None:
    arguments = {"filters": 3, "kernel_size": [window], "strides": [1], "dilation_rate": [rate], "padding": "same",
                 "output_padding": [0], "use_bias": False}  # fmt: skip
    assert cuts(arguments)
    case = Case("Conv1DTranspose", arguments, (None, 9, 2))
    (answer,) = oracle.ask(questions([case]))()
    assert ours(case)[:1] == (9 * window * 2 * 3,)
    # JAX takes the 8 places of the output, where a convolution that spreads 9 inputs counts each of these.
    assert theirs(answer, str(case)).macs == 8 * window * 2 * 3


#: What is drawn too seldom for the short run.
SELDOM = [
    Case("RMSNormalization", {"axis": 1}, (None, 4, 1)),
    Case("EinsumDense", {"equation": "abc,cd->abd", "output_shape": [None, 4], "dtype": "int4/-1_from_float32"},
         (None, 3, 2)),
    Case("Dense", {"units": 5, "dtype": "int4/-1_from_float32"}, (None, 3, 2)),
    Case("Embedding", {"input_dim": 9, "output_dim": 4, "lora_rank": 2, "dtype": "int8_from_float32"}, (None, 3), (),
         "int32"),
    Case("Embedding", {"input_dim": 9, "output_dim": 4, "dtype": "int4/2_from_float32"}, (None, 3), (), "int32"),
    Case("ReversibleEmbedding", {"input_dim": 9, "output_dim": 4, "dtype": "int4/2_from_float32"}, (None, 3, 4), (),
         "float32", {"reverse": True}),
    Case("Conv2D", {"filters": 2, "kernel_size": 5, "padding": "same"}, (None, 2, 3, 1)),
    Case("LayerNormalization", {"axis": [1, 2], "scale": False}, (None, 3, 2, 4)),
    Case("LayerScale", {"init_values": 1e-6, "projection_dim": 8}, (None, 7, 1)),
    Case("CustomScaleLayer", {"scale": 0.5}, [(None, 3, 4), (None, 1, 4)]),
    Case("Rescaling", {"scale": 2.0, "offset": [3.0, 4.0]}, (None, 4, 1)),
    Case("AutoContrast", {"value_range": [255, 0]}, (None, 4, 5, 3)),
    Case("ContrastLimitedAdaptiveHistogramEqualization", {"clip_limit": 0.0, "tile_grid_size": [2, 3]},
         (None, 4, 5, 3)),
    Case("STFTSpectrogram", {"mode": "psd", "frame_length": 1, "frame_step": 1, "window": None}, (None, 9, 2)),
    Case("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}, (None,), (), "int32"),
]  # fmt: skip


def test_seldom_layers_cost_what_keras_calculates(oracle: Oracle) -> None:
    answers = oracle.ask(questions(SELDOM))
    mine = [ours(case) for case in SELDOM]
    for case, costs, answer in zip(SELDOM, mine, answers(), strict=True):
        assert costs == theirs(answer, str(case)), case


#: Models of these layers, whose training depends on what comes before.
MODELS = {
    "convolutions, one of them frozen": """
        input: [9, 9, 2]
        layers:
          - Conv2D: {filters: 4, kernel_size: 3, trainable: false}
          - SeparableConv2D: {filters: 3, kernel_size: 2}
          - BatchNormalization: {}
          - DepthwiseConv2D: {kernel_size: 3, strides: 2, trainable: false}
          - Conv2DTranspose: {filters: 2, kernel_size: 3, strides: 2}
          - Conv2D: {filters: 4, kernel_size: 3, groups: 2, padding: same, lora_rank: 2}""",
    "a pipeline, frozen at first": """
        input: [6, 3]
        layers:
          - Pipeline: {layers: ["Dense(4, trainable=False)", "Rescaling(2)", "Conv1D(5, 2)", "Dense(3, lora_rank=1)"]}
          - Dense: 2""",
    "a pipeline behind a trained layer": """
        input: [6, 3]
        layers:
          - Dense: 4
          - Pipeline: {layers: ["Conv1D(5, 2, trainable=False)", "SpectralNormalization(Dense(3))"]}""",
    "quantised, behind a trained layer": """
        input: [6, 3]
        layers:
          - Dense: 4
          - Dense: {units: 5, dtype: int8_from_float32, lora_rank: 2}
          - Dense: {units: 3, dtype: int4_from_float32}""",
}


@pytest.mark.parametrize("name", MODELS)
def test_models_cost_what_keras_calculates(oracle: Oracle, name: str) -> None:
    spec = load("-", text=MODELS[name])
    answers = oracle.ask([("spec", spec)])
    assert of_spec(spec) == theirs(*answers(), name)
