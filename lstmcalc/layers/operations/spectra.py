"""Operations on waves: spectra, of whole rows and of windows of them."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import Dim, at_least, to_text
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.operations.places import lesser
from lstmcalc.layers.operations.rule import Operation, made, operation
from lstmcalc.layers.operations.sizes import put, require_ndim, require_same, whole
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape
from lstmcalc.shapes import show_shape

__all__ = ["ISTFT", "STFT", "ExtractSequences", "Spectrum"]


class Spectrum(Operation):
    """What takes real and imaginary parts, two tensors of one shape, whose last axes must be known."""

    known = 1

    def check(self, call: Inputs, x: list[Shape]) -> Shape:
        """The shape of both parts."""
        if len(x) != 2:
            raise Rejection("wrong-number-of-inputs", "two, the real and the imaginary part", str(len(x)))
        one, other = x
        if [isinstance(size, int) for size in one] != [isinstance(size, int) for size in other]:
            got = f"{show_shape(one)} and {show_shape(other)}"
            raise Rejection("wrong-size", "two parts of one shape", got)
        require_ndim(one, max(self.known, 1))
        for place in range(len(one)):
            left, right = ("input 1", one, place), ("input 2", other, place)
            require_same(call, left, right, "two parts of one shape", "each value has two parts")
        for place in range(len(one) - self.known, len(one)):
            call.require_known(one[place], f"the size of axis {place}", "Keras must know how long a wave is")
        return one

    def result(self, call: Inputs, /, x: list[Shape]) -> Any:
        return (self.check(call, x),) * 2


WAVES: list[Example | Rejected] = [
    Example({}, [(None, 8, 6), (None, 8, 6)], params=0, output=[(None, 8, 6)] * 2),
    Rejected({}, "expected two parts of one shape, got (None, 8, 6) and (None, 8, 7): "
             "axis 2 of input 1 is 6, axis 2 of input 2 is 7", [(None, 8, 6), (None, 8, 7)]),
]  # fmt: skip
made("FFT", Spectrum, "math", "The spectrum of rows, real and imaginary parts.", WAVES, operands="[x]")
made("FFT2", Spectrum, "math", "The spectrum of planes, real and imaginary parts.", WAVES, operands="[x]", known=2)
made("IFFT2", Spectrum, "math", "The planes that have this spectrum.", WAVES, operands="[x]", known=2)


@operation("math")
class RFFT(Operation):
    """The spectrum of real rows, real and imaginary parts.

    keras/src/ops/math.py, 3.15.1.
    """

    fft_length: Dim | None = whole(None, least=1)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        require_ndim(x, 1)
        length = x[-1] if self.fft_length is None else self.fft_length
        return (put(x, len(x) - 1, length // 2 + 1),) * 2

    examples = [Example({}, (None, 8), params=0, output=[(None, 5), (None, 5)])]


@operation("math", "[x]")
class IRFFT(Spectrum):
    """The real rows that have this spectrum.

    keras/src/ops/math.py, 3.15.1.
    """

    known = 0
    fft_length: Dim | None = whole(None, least=1)

    def result(self, call: Inputs, /, x: list[Shape]) -> Any:
        part = self.check(call, x)
        return put(part, len(part) - 1, 2 * (part[-1] - 1) if self.fft_length is None else self.fft_length)

    examples = [Example({}, [(None, 5), (None, 5)], params=0, output=(None, 8))]


def _windowed(call: Inputs, x: Shape, length: Dim, window: Dim, stride: Dim) -> Dim:
    """How many windows a row of a length has room for; that may be none."""
    expected = f"a length of at least {to_text(window - stride)}"
    because = "less than that gives fewer windows than none"
    call.require(at_least(length, window - stride), "window-too-large", expected, show_shape(x), because)
    return (length - window) // stride + 1


@operation("math")
class ExtractSequences(Operation):
    """Cuts rows into windows that may overlap.

    keras/src/ops/math.py, 3.15.1.
    """

    sequence_length: Dim = whole(least=1)
    sequence_stride: Dim = whole(least=1)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        require_ndim(x, 1)
        number = _windowed(call, x, x[-1], self.sequence_length, self.sequence_stride)
        return (*x[:-1], number, self.sequence_length)

    examples = [Example({"sequence_length": 4, "sequence_stride": 2}, (None, 16), params=0, output=(None, 7, 4))]


@operation("math")
class STFT(Operation):
    """The spectra of windows of rows, real and imaginary parts.

    keras/src/ops/math.py, 3.15.1.
    """

    sequence_length: int = arg.integer(least=1)
    sequence_stride: int = arg.integer(least=1)
    fft_length: int = arg.integer(least=1)
    window: Any = arg.anything("hann")
    center: bool = arg.flag(True)

    def validate(self) -> None:
        check_lengths(self.sequence_length, self.fft_length)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        require_ndim(x, 1)
        around = self.fft_length // 2 if self.center else 0
        if around:
            expected = f"more than {around} along the last axis"
            because = "`center: true` mirrors so much at each end"
            call.require(at_least(x[-1], around + 1), "wrong-size", expected, show_shape(x), because)
        number = _windowed(call, x, x[-1] + 2 * around, self.fft_length, self.sequence_stride)
        return ((*x[:-1], number, self.fft_length // 2 + 1),) * 2

    examples = [
        Example({"sequence_length": 4, "sequence_stride": 2, "fft_length": 6}, (None, 16), 0, [(None, 9, 4)] * 2),
        Rejected({"sequence_length": 4, "sequence_stride": 2, "fft_length": 3},
                 "expected `fft_length` to be at least `sequence_length`, 4, got 3", (None, 16)),
    ]  # fmt: skip


def check_lengths(sequence_length: int, fft_length: int) -> None:
    """Refuses a window that is longer than what is transformed."""
    if fft_length < sequence_length:
        expected = f"`fft_length` to be at least `sequence_length`, {sequence_length}"
        raise Rejection("wrong-value", expected, str(fft_length))


@operation("math", "[x]")
class ISTFT(Spectrum):
    """The real rows that have these spectra of windows.

    keras/src/ops/math.py, 3.15.1, which states a `length` also where there is not so much.
    """

    known = 0
    sequence_length: int = arg.integer(least=1)
    sequence_stride: int = arg.integer(least=1)
    fft_length: int = arg.integer(least=1)
    length: int | None = arg.integer(None, least=1)
    window: Any = arg.anything("hann")
    center: bool = arg.flag(True)

    def validate(self) -> None:
        check_lengths(self.sequence_length, self.fft_length)

    def _lengths(self, call: Inputs, x: list[Shape]) -> tuple[Shape, Dim, Dim]:
        part = self.check(call, x)
        require_ndim(part, 2)
        around = self.fft_length // 2 if self.center else 0
        there = (part[-2] - 1) * self.sequence_stride + self.fft_length - around
        return part[:-2], there, there - around

    def result(self, call: Inputs, /, x: list[Shape]) -> Any:
        before, most, usual = self._lengths(call, x)
        return (*before, usual if self.length is None else lesser(most, self.length))

    def believed(self, call: Inputs, /, x: list[Shape]) -> Any:
        before, _, usual = self._lengths(call, x)
        return (*before, usual if self.length is None else self.length)

    examples = [
        Example({"sequence_length": 4, "sequence_stride": 2, "fft_length": 6}, [(None, 8, 4), (None, 8, 4)], 0,
                (None, 14)),
    ]  # fmt: skip


@operation("math")
class ViewAsReal(Operation):
    """Puts the real and the imaginary part of every value side by side, along a new axis.

    keras/src/ops/math.py, 3.15.1.
    """

    def result(self, call: Inputs, /, x: Shape) -> Any:
        return (*x, 2)

    examples = [Example({}, (None, 4), params=0, output=(None, 4, 2), dtype="complex64")]
