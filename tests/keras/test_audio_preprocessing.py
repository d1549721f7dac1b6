"""Spectrograms against real Keras."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import keras
import pytest
from drawing import data, drawn, some
from hypothesis import strategies as st
from layer_examples import one_layer
from typed_agreement import agree_on_values, believed

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.layers.preprocessing.audio import WINDOWS

pytestmark = pytest.mark.filterwarnings("ignore:`fft_length` is recommended:UserWarning")

VALUES = [{"T": 40, "U": 3}, {"T": 8, "U": 1}, {"T": 7, "U": 2}, {"T": 1, "U": 2}]
MODES = ["log", "magnitude", "psd", "real", "imag", "angle", "stft"]


def stft(arguments: dict[str, Any], shape: Any, values: Any = ({},)) -> bool:
    """Whether both take a spectrogram; by default without a window, which would need SciPy."""
    return agree_on_values("STFTSpectrogram", {"window": None, **arguments}, shape, values, unsafe=True)


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("data_format", [None, "channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("mode", MODES)
def test_layouts(mode: str, padding: str, data_format: str | None, expand: bool) -> None:
    arguments = {"mode": mode, "frame_length": 8, "padding": padding, "data_format": data_format, "expand_dims": expand}
    first = data_format == "channels_first"
    assert stft(arguments, (None, 2, "T") if first else (None, "T", 2), VALUES)
    assert not stft(arguments, (None, "T", 40) if first else (None, 40, "T"), VALUES)


@pytest.mark.parametrize(("key", "value", "right"), [
    ("mode", "Log", False), ("mode", "x", False), ("padding", "causal", False), ("padding", "Same", False),
    ("data_format", "Channels_First", True), ("data_format", "NCHW", False), ("scaling", "x", False),
    ("scaling", None, True), ("scaling", "spectrum", True), ("periodic", True, True),
])  # fmt: skip
def test_words(key: str, value: Any, right: bool) -> None:
    assert stft({"frame_length": 8, key: value}, (None, 10, 12)) == right


@pytest.mark.parametrize("fft", [None, 1, 3, 8, 9, 0])
@pytest.mark.parametrize("step", [None, 1, 3, 9, 0, -1])
@pytest.mark.parametrize("length", [1, 2, 3, 8, 0, -2])
def test_lengths(length: int, step: int | None, fft: int | None) -> None:
    right = length > 0 and (1 <= step <= length if step is not None else length > 1) and (fft is None or fft >= length)
    arguments = {"frame_length": length, "frame_step": step, "fft_length": fft, "mode": "psd"}
    assert stft(arguments, (None, 30, 2)) == right


@pytest.mark.parametrize("shape", [(None,), (None, 30), (None, 30, 2, 1), (None, 7, 2), (None, 8, 2)])
def test_input(shape: Any) -> None:
    assert stft({"frame_length": 8}, shape) == (shape == (None, 8, 2))


@pytest.mark.parametrize("scaling", [None, "density", "spectrum", "x"])
@pytest.mark.parametrize("window", [None, [1.0] * 8, [1.0] * 7, [[1.0] * 8], "x"])
def test_windows(window: Any, scaling: Any) -> None:
    arguments = {"frame_length": 8, "window": window, "scaling": scaling, "periodic": True}
    assert stft(arguments, (None, 30, 2)) == (window in (None, [1.0] * 8) and scaling != "x")


@pytest.mark.skipif(find_spec("scipy") is None, reason="Keras needs SciPy for a window by its name")
@pytest.mark.parametrize("window", [*WINDOWS, "kaiser", "gaussian", "x"])
def test_windows_by_name(window: str) -> None:
    assert stft({"frame_length": 8, "window": window}, (None, 30, 2)) == (window in WINDOWS)


def test_a_window_by_name_needs_scipy() -> None:
    report = infer(one_layer("STFTSpectrogram", {}, (None, 1000, 2)))
    assert [str(hint) for hint in report.hints] == [
        """\
hint[scipy-needed] layer "layer" (STFTSpectrogram)
  expected SciPy beside Keras
  got      `window: hann`
  because  Keras has SciPy make the window, and fails where it is not installed"""
    ]
    assert infer(one_layer("STFTSpectrogram", {"window": None}, (None, 1000, 2))).hints == ()
    if find_spec("scipy") is None:
        with pytest.raises(ImportError, match="scipy"):
            keras.layers.STFTSpectrogram()


@pytest.mark.parametrize("dtype", ["float16", "float64", "mixed_float16"])
@pytest.mark.parametrize("trainable", [False, True])
def test_kernels(trainable: bool, dtype: str) -> None:
    arguments = {"frame_length": 8, "trainable": trainable, "dtype": dtype, "window": None}
    assert stft(arguments, (None, 30, 2))
    layer = keras.layers.STFTSpectrogram(**arguments)
    layer.build((None, 30, 2))
    found = infer(one_layer("STFTSpectrogram", arguments, (None, 30, 2))).layers[-1].weights
    assert [(w.name, w.dtype, w.trainable) for w in found] == [(w.name, w.dtype, w.trainable) for w in layer.weights]


def test_formula_and_uses() -> None:
    layer = infer(one_layer("STFTSpectrogram", {"frame_length": 8, "window": None}, (None, 30, 2))).layers[-1]
    assert (layer.formula, layer.arithmetic) == ("2·frame_length·(floor(fft_length/2) + 1)", "2·8·(floor(8/2) + 1)")
    assert [weight.uses for weight in layer.weights] == [12, 12]


def test_one_frequency_is_given_twice() -> None:
    arguments = {"frame_length": 1, "frame_step": 1, "mode": "psd", "window": None}
    report = infer(one_layer("STFTSpectrogram", arguments, (None, 30, 2)))
    assert (report.layers[-1].output_shapes, believed(report.layers[-1])) == (((None, 30, 4),), [(None, 30, 2)])
    assert [hint.because for hint in report.hints] == ["with one frequency, `mode: psd` gives it twice"]
    assert stft(arguments, (None, 30, 2))


def mel(arguments: dict[str, Any], shape: Any, values: Any = ({},)) -> bool:
    return agree_on_values("MelSpectrogram", {"num_mel_bins": 4, **arguments}, shape, values)


@pytest.mark.parametrize("stride", [1, 3, 20])
@pytest.mark.parametrize("fft", [1, 7, 8])
@pytest.mark.parametrize("shape", [(30,), (None, 30), (None, "T"), (None, 3, "T"), (2, 3, 4, 30), (3, "T", 9)])
def test_frames(shape: Any, fft: int, stride: int) -> None:
    assert mel({"fft_length": fft, "sequence_stride": stride}, shape, VALUES)


@pytest.mark.parametrize("samples", range(1, 9))
@pytest.mark.parametrize("fft", [1, 6, 7])
def test_how_many_samples_there_must_be(fft: int, samples: int) -> None:
    assert mel({"fft_length": fft, "sequence_stride": 3}, (None, samples)) == (samples > fft // 2)


@pytest.mark.parametrize(("arguments", "accepted"), [
    ({"sequence_length": 9}, False), ({"sequence_length": 8}, True), ({"sequence_length": 3}, True),
    ({"sequence_length": 0}, True), ({"sequence_length": -1}, False), ({"fft_length": 0}, False),
    ({"fft_length": -2}, False), ({"sequence_stride": 0}, False), ({"sequence_stride": -1}, False),
    ({"num_mel_bins": 1}, True), ({"num_mel_bins": 0}, False), ({"num_mel_bins": -1}, False), ({"window": None}, True),
    ({"window": "hamming"}, True), ({"window": "blackman"}, False), ({"window": [1.0] * 8}, True),
    ({"window": [1.0] * 7}, False), ({"window": [[1.0] * 8]}, False),
    ({"window": [1.0] * 4, "sequence_length": 4}, True), ({"dtype": "float16"}, True), ({"dtype": "float64"}, False),
    ({"dtype": "float64", "power_to_db": False}, True), ({"dtype": "mixed_float16"}, True), ({"top_db": None}, False),
    ({"top_db": None, "power_to_db": False}, True), ({"min_freq": 10.0, "max_freq": 100.0}, True),
    ({"sampling_rate": 8000, "mag_exp": 1.0, "min_power": 1e-5, "ref_power": 2.0}, True),
])  # fmt: skip
def test_mel_arguments(arguments: dict[str, Any], accepted: bool) -> None:
    assert mel({"fft_length": 8, "sequence_stride": 3, **arguments}, (None, 30)) == accepted


def test_keras_counts_frames_by_another_formula() -> None:
    report = infer(one_layer("MelSpectrogram", {}, (None, 2047)))
    assert (report.layers[-1].output_shapes, believed(report.layers[-1])) == (((None, 128, 4),), [(None, 128, 5)])
    assert [str(hint) for hint in report.hints] == [
        """\
hint[other-shape-in-keras] layer "layer" (MelSpectrogram)
  expected (None, 128, 5), which Keras states before it has data
  got      (None, 128, 4)
  because  Keras counts the frames by another formula than it makes them"""
    ]
    stereo = infer(one_layer("MelSpectrogram", {}, (None, 2, 16_000)))
    assert (stereo.layers[-1].output_shapes, believed(stereo.layers[-1])) == (((None, 2, 128, 32),), [(None, 128, 1)])
    assert [hint.because for hint in stereo.hints] == [
        "Keras takes the second axis for the samples, and makes frames of the last"
    ]


def test_names_instead_of_numbers() -> None:
    report = infer(one_layer("MelSpectrogram", {"fft_length": 8, "sequence_stride": "S"}, (None, "T")))
    assert str(report.layers[-1].output_shapes[0][-1]) == "T//S + 1"
    assert [held.text for held in report.assumptions] == ["T >= 5"]
    with pytest.raises(SpecError) as caught:
        infer(one_layer("STFTSpectrogram", {"frame_length": "L"}, (None, "T", 2)))
    assert (
        str(caught.value)
        == """\
error[missing-argument] layer "layer" (STFTSpectrogram)
  expected `fft_length`, where `frame_length` is a name
  got      nothing
  because  it is the next power of two, which no formula holds"""
    )
    named = infer(one_layer("STFTSpectrogram", {"frame_length": "L", "fft_length": 16, "frame_step": 2, "window": None},
                            (None, "T", 2)))  # fmt: skip
    assert [held.text for held in named.assumptions] == ["L >= 2", "L <= 16", "T >= L"]


SAMPLES = st.sampled_from([1, 4, 9, 16, 16, 25, "T", "T"])
FEW = st.sampled_from([1, 2, 2, 3, "U"])


@st.composite
def mel_spectrograms(draw: st.DrawFn) -> tuple[Any, ...]:
    fft = draw(st.integers(1, 9))
    fixed = {"fft_length": st.just(fft), "sequence_stride": st.integers(1, 6), "num_mel_bins": st.integers(1, 4)}
    windows = st.sampled_from([None, "hann", [1.0] * fft])
    free = some(sequence_length=st.integers(0, fft + 1), window=windows, power_to_db=st.booleans())
    before = draw(st.lists(FEW, max_size=2))
    arguments = {**draw(st.fixed_dictionaries(fixed)), **draw(free)}
    return "MelSpectrogram", arguments, (None, *before, draw(SAMPLES)), draw(data(12))


@drawn(mel_spectrograms())
def test_drawn_mel_spectrogram(case: Any) -> bool:
    """Any arguments of MelSpectrogram."""
    return agree_on_values(*case)


@st.composite
def stft_spectrograms(draw: st.DrawFn) -> tuple[Any, ...]:
    length = draw(st.integers(1, 9))
    arguments = {"frame_length": length, "window": draw(st.sampled_from([None, None, [1.0] * length]))}
    arguments |= draw(
        some(
            mode=st.sampled_from(MODES),
            frame_step=st.integers(1, length + 1),
            fft_length=st.integers(max(1, length - 1), 12),
            padding=st.sampled_from(["valid", "same"]),
            expand_dims=st.booleans(),
            data_format=st.sampled_from([None, "channels_last", "channels_first"]),
            trainable=st.booleans(),
        )
    )
    place = (draw(SAMPLES), draw(FEW))
    shape = (None, *(place[::-1] if arguments.get("data_format") == "channels_first" else place))
    return "STFTSpectrogram", arguments, shape, draw(data(12))


@drawn(stft_spectrograms())
def test_drawn_stft_spectrogram(case: Any) -> bool:
    """Any arguments of STFTSpectrogram."""
    return agree_on_values(*case, unsafe=True)
