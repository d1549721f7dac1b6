"""Keras's preprocessing of sound: STFTSpectrogram and MelSpectrogram."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, at_least, product, symbol, to_text
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.costs import INSIDE, Cost
from lstmcalc.layers.preprocessing.arguments import frames, optional, window
from lstmcalc.layers.preprocessing.arrays import array_shape
from lstmcalc.layers.preprocessing.encoding import stated_otherwise
from lstmcalc.layers.rule import Example, Inputs, LayerRule, Rejected, Shape, Weight, Work, expand_axes, layer
from lstmcalc.layers.spatial import SpatialRule
from lstmcalc.shapes import show_shape

__all__ = ["MelSpectrogram", "STFTSpectrogram"]

#: The windows that SciPy makes from their name alone (scipy 1.17, `scipy.signal.get_window`).
WINDOWS = (
    "barthann bartlett blackman blackmanharris bohman boxcar cosine exponential flattop hamming hann lanczos nuttall "
    "parzen taylor triang tukey"
).split()


def _require_window(x: Inputs, window: Any, length: Dim, name: str) -> None:
    """Refuses a window in numbers that is not as long as a frame."""
    shape = None if isinstance(window, str) else array_shape(window)
    if shape is not None:
        fits = isinstance(length, int) and shape == (length,)
        expected = f"`window` to hold {to_text(length)} numbers, as `{name}` says"
        x.require(fits, "wrong-size", expected, show_shape(shape))


@layer(family="preprocessing")
class STFTSpectrogram(SpatialRule):
    """Tells how strong each frequency is in frames of a sound, by sliding waves of weights over it.

    keras/src/layers/preprocessing/stft_spectrogram.py, 3.15.1. The weights start as the short-time Fourier transform
    and are trained like others unless `trainable: false`. There are floor(`fft_length`/2) + 1 frequencies; `fft_length`
    is the power of two from `frame_length` on where it is not stated, and `frame_step` is half of `frame_length`.
    """

    rank = 1
    window_argument = "frame_length"

    mode: str = arg.exact_choice("log", "magnitude", "psd", "real", "imag", "angle", "stft", default="log")
    frame_length: Dim = arg.positive(256)
    frame_step: Dim | None = arg.positive(None)
    fft_length: Dim | None = arg.positive(None)
    window: Any = window(*WINDOWS)
    periodic: bool = arg.flag(False)
    scaling: str | None = optional(arg.exact_choice("density", "spectrum", default="density"))
    padding: str = arg.exact_choice("valid", "same", default="valid")
    expand_dims: bool = arg.flag(False)
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    def validate(self) -> None:
        if not isinstance(self.frame_length, int) and self.fft_length is None:
            raise Rejection("missing-argument", "`fft_length`, where `frame_length` is a name", "nothing",
                            "it is the next power of two, which no formula holds")  # fmt: skip
        if self.frame_length == 1 and self.frame_step is None:
            raise Rejection("missing-argument", "`frame_step`, where `frame_length` is 1", "nothing",
                            "half of 1 is no step", "set `frame_step: 1`")  # fmt: skip

    def windows(self) -> tuple[Shape, Shape, Shape]:
        step = self.frame_length // 2 if self.frame_step is None else self.frame_step
        return (self.frame_length,), (step,), (1,)

    def _fft_length(self) -> Dim:
        """The stated `fft_length`, or the power of two that Keras takes."""
        if self.fft_length is not None or not isinstance(self.frame_length, int):
            return self.fft_length  # type: ignore[return-value]  # validate has seen to it
        return 1 << (self.frame_length - 1).bit_length()

    def _frequencies(self) -> Dim:
        """How many frequencies the weights look for."""
        return self._fft_length() // 2 + 1

    def named(self) -> tuple[LayerRule, dict[str, Dim]]:
        rule, values = super().named()
        if self.fft_length is None:
            assert isinstance(rule, STFTSpectrogram)
            rule.fft_length, values["fft_length"] = symbol("fft_length"), self._fft_length()
        return rule, values

    def weights(self, x: Inputs) -> Iterable[Weight]:
        shape, uses = (self.frame_length, 1, self._frequencies()), product((*self.slid(x), x.channels))
        if self.mode != "imag":
            yield Weight("real_kernel", shape, uses, "a cosine of each frequency, weighed by the window")
        if self.mode != "real":
            yield Weight("imag_kernel", shape, uses, "a sine of each frequency, weighed by the window")

    def work(self, x: Inputs) -> Iterable[Work]:
        values = product(self.slid(x)) * x.channels * self._frequencies()
        if self.mode == "angle":
            yield Work("angle", Cost(functions=values), "the angle of every frequency's two parts")
        if self.mode not in ("log", "magnitude", "psd"):
            return
        yield Work("power", Cost(arithmetic=3 * values), "the squares of every frequency's two parts are added")
        if self.mode == "psd":
            made = product(self.output_shape(x)[1:])
            yield Work("density", Cost(arithmetic=made), "what is between the first and the last frequency is doubled")
            return
        why = "the root of every power that is not too small"
        yield Work("magnitude", Cost(arithmetic=values, functions=values), why)
        if self.mode == "log":
            why = "the logarithm of every magnitude that is not too small"
            yield Work("log", Cost(arithmetic=values, functions=values), why)

    def output_shape(self, x: Inputs) -> Any:
        self._check(x)
        frequencies = self._frequencies()
        if self.mode == "stft":
            frequencies = 2 * frequencies
        elif self.mode == "psd" and frequencies == 1:
            # Keras pads what is between the first and the last frequency, which here are the same.
            frequencies = 2
        return self._laid_out(x, frequencies)

    def keras_output_shape(self, x: Inputs) -> Any:
        one = self.mode == "psd" and self._frequencies() == 1
        return self._laid_out(x, 1) if one else None

    def _laid_out(self, x: Inputs, frequencies: Dim) -> Shape:
        if not self.expand_dims:
            return self.arranged(x, self.slid(x), x.channels * frequencies)
        sizes = (*self.slid(x), frequencies)
        return self.arranged(x, sizes, x.channels)

    def _check(self, x: Inputs) -> None:
        step, length = self.frame_step, self.frame_length
        if step is not None:
            expected = f"`frame_step` of at most `frame_length`, {to_text(length)}"
            x.require(at_least(length, step), "wrong-value", expected, to_text(step))
        if self.fft_length is not None:
            expected = f"`fft_length` of at least `frame_length`, {to_text(length)}"
            x.require(at_least(self.fft_length, length), "wrong-value", expected, to_text(self.fft_length))
        _require_window(x, self.window, length, "frame_length")
        x.require_known(x.channels, "`channels`", "each of them has its own frequencies in the output")
        self.require_windows(x)

    def hints(self, x: Inputs) -> Iterator[Fault]:
        if isinstance(self.window, str):
            because = "Keras has SciPy make the window, and fails where it is not installed"
            yield Fault("scipy-needed", "SciPy beside Keras", f"`window: {self.window}`", because)
        stated = self.keras_output_shape(x)
        if stated is not None:
            because = "with one frequency, `mode: psd` gives it twice"
            yield stated_otherwise(stated, self.output_shape(x), because)

    examples = [
        Example({"window": None}, (None, 1000, 2), params=66_048, output=(None, 6, 258)),
        Example({"frame_length": 4, "fft_length": 8, "window": None}, (None, None, 2), 40, (None, None, 10)),
        Example({"mode": "real", "window": None}, (None, 1000, 2), params=33_024, output=(None, 6, 258)),
        Example({"mode": "stft", "window": None}, (None, 1000, 2), params=66_048, output=(None, 6, 516)),
        Example({"frame_length": 8, "frame_step": 3, "fft_length": 16, "window": None, "padding": "same"},
                (None, 30, 1), params=144, output=(None, 10, 9)),
        Example({"expand_dims": True, "window": None}, (None, 1000, 2), 66_048, (None, 6, 129, 2)),
        Example({"data_format": "channels_first", "window": None}, (None, 2, 1000), 66_048, (None, 258, 6)),
        Example({"trainable": False, "window": None}, (None, 1000, 1), 66_048, (None, 6, 129), 0),
        Rejected({"frame_length": 8}, "expected timesteps of at least 8, got (None, 7, 1): `padding: valid` gives "
                 "floor((7 - 8)/4) + 1 = 0 time steps", (None, 7, 1)),
        Rejected({"frame_length": 8, "frame_step": 9}, "expected `frame_step` of at most `frame_length`, 8, got 9"),
        Rejected({"frame_length": 8, "fft_length": 7}, "expected `fft_length` of at least `frame_length`, 8, got 7"),
        Rejected({"frame_length": 1}, "expected `frame_step`, where `frame_length` is 1, got nothing: half of 1 is no "
                 "step"),
        Rejected({"frame_length": 4, "window": [1, 2]},
                 "expected `window` to hold 4 numbers, as `frame_length` says, got (2,)"),
        Rejected({}, "expected `channels` to be a number, since each of them has its own frequencies in the output, "
                 'got (None, 1000, None) from input "input_0"', (None, 1000, None)),
        Rejected({}, 'expected 3 axes (batch, timesteps, channels), got (None, 1000) from input "input_0"',
                 (None, 1000)),
    ]  # fmt: skip


@layer(family="preprocessing")
class MelSpectrogram(LayerRule):
    """Tells how strong each of `num_mel_bins` pitches, spaced as one hears them, is in frames of a sound.

    keras/src/layers/preprocessing/mel_spectrogram.py and `stft` in keras/src/backend/tensorflow/math.py, 3.15.1. The
    sound is mirrored at both ends, by half of `fft_length` samples. Keras states the number of frames by a formula of
    its own, which is often one too many, and knows of two axes at most.
    """

    fft_length: Dim = arg.positive(2048)
    sequence_stride: Dim = arg.positive(512)
    sequence_length: Dim | None = frames()
    window: Any = window("hann", "hamming")
    sampling_rate: float = arg.number(16000)
    num_mel_bins: Dim = arg.positive(128)
    min_freq: float = arg.number(20.0)
    max_freq: float | None = arg.number(None)
    power_to_db: bool = arg.flag(True)
    top_db: float | None = optional(arg.number(80.0))
    mag_exp: float = arg.number(2.0)
    min_power: float = arg.number(1e-10)
    ref_power: float = arg.number(1.0)

    def validate(self) -> None:
        if self.power_to_db and self.top_db is None:
            raise arg.refuse("top_db", "a number", None, "set one, or `power_to_db: false`")
        if self.power_to_db and self.dtype == "float64":
            raise Rejection("wrong-value", "`power_to_db: false` with `dtype: float64`", "`power_to_db: true`",
                            "Keras mixes two dtypes there: it builds this, and fails on data")  # fmt: skip

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        return ("samples",) if ndim == 1 else expand_axes("batch ... samples", ndim)

    def output_shape(self, x: Inputs) -> Any:
        fft = self.fft_length
        length, named = (
            (fft, "fft_length") if self.sequence_length is None else (self.sequence_length, "sequence_length")
        )
        expected = f"`fft_length` of at least `sequence_length`, {to_text(length)}"
        x.require(at_least(fft, length), "wrong-value", expected, to_text(fft))
        _require_window(x, self.window, length, named)
        samples, least = x.shape[-1], fft // 2 + 1
        because = f"half of `fft_length`, {to_text(fft // 2)} samples, are mirrored at each end"
        x.require(at_least(samples, least), "too-short", f"at least {to_text(least)} samples", show_shape(x.shape),
                  because, f"use a `fft_length` of at most {to_text(2 * samples - 1)}")  # fmt: skip
        frames = (samples + 2 * (fft // 2) - fft) // self.sequence_stride + 1
        return (*x.shape[:-1], self.num_mel_bins, frames)

    def work(self, x: Inputs) -> Iterable[Work]:
        why = "how many steps a fast Fourier transform takes depends on the backend"
        yield Work("Fourier transform", Cost(0, UNKNOWN, UNKNOWN), why)
        bands = product(self.output_shape(x)[1:]) if x.ndim > 1 else 0
        why = "every pitch is a weighted sum of the frequencies"
        yield Work("mel", Cost(macs=bands * (self.fft_length // 2 + 1)), why, ((INSIDE,),))

    def keras_output_shape(self, x: Inputs) -> Any:
        sizes = x.shape[:2]
        stated = (*sizes[:-1], self.num_mel_bins, (sizes[-1] + 1) // self.sequence_stride + 1)
        return None if stated == self.output_shape(x) else stated

    def hints(self, x: Inputs) -> Iterator[Fault]:
        stated = self.keras_output_shape(x)
        if stated is not None:
            because = "Keras counts the frames by another formula than it makes them"
            if x.ndim > 2:
                because = "Keras takes the second axis for the samples, and makes frames of the last"
            yield stated_otherwise(stated, self.output_shape(x), because)

    examples = [
        Example({}, (None, 16_000), params=0, output=(None, 128, 32)),
        Example({"num_mel_bins": 80, "sequence_stride": 128}, (None, 16_000), params=0, output=(None, 80, 126)),
        Example({"fft_length": 8, "sequence_length": 4, "num_mel_bins": 40}, (None, None), 0, (None, 40, None)),
        Rejected({"fft_length": 8, "sequence_length": 9}, "expected `fft_length` of at least `sequence_length`, 9, got "
                 "8", (None, 30)),
        Rejected({"fft_length": 8}, "expected at least 5 samples, got (None, 4): half of `fft_length`, 4 samples, are "
                 "mirrored at each end", (None, 4)),
        Rejected({"window": "blackman"}, 'expected `window` to be one of `hann`, `hamming`, got "blackman"'),
        Rejected({"num_mel_bins": 0}, "expected `num_mel_bins` to be a positive integer, got 0"),
        Rejected({"dtype": "float64"}, "expected `power_to_db: false` with `dtype: float64`, got `power_to_db: true`: "
                 "Keras mixes two dtypes there: it builds this, and fails on data"),
    ]  # fmt: skip
