"""Transposed convolutions against real Keras.

TensorFlow runs all of them on a CPU, in both `data_format`s, but for one case, which it refuses on any device: an even
window with `padding: same` and `output_padding: 0`. Keras builds those, and runs them on JAX in the very shape that it
states (keras 3.15.1, jax 0.10); here what it builds is compared, and that TensorFlow fails, of which a hint warns.
"""

from __future__ import annotations

from typing import Any

import pytest
from agreement import agree, agree_on_data, flat, on_data, ours, same_weights, theirs
from drawing import SPATIAL, VALUES, data, drawn, laid_out, mostly, per_axis, sizes, some
from hypothesis import strategies as st
from layer_examples import one_layer

from lstmcalc.building import Builder
from lstmcalc.dims import to_text
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.spec import LayerSpec


def agree_where_it_runs(class_name: str, arguments: dict[str, Any], inputs: Any, values: Any) -> bool:
    """Like `agree_on_data`; where TensorFlow alone refuses, compares what Keras builds."""
    opened = tuple(None if isinstance(size, str) else size for size in inputs)
    mine = ours(class_name, arguments, opened)
    if isinstance(mine, SpecError) or not fails_on_tensorflow(class_name, arguments):
        accepted = agree_on_data(class_name, arguments, inputs, values)
        assert isinstance(mine, SpecError) or not hinted(class_name, arguments, inputs), (arguments, inputs)
        return accepted
    layer, model = theirs(class_name, arguments, opened)
    same_weights(mine, layer, str(arguments))
    assert list(mine.output_shapes) == flat(model.outputs), (arguments, inputs)
    assert hinted(class_name, arguments, inputs), (arguments, inputs)
    for given in values:
        assert on_data(model, [inputs], given) is None, (arguments, inputs, given)
    return True


def fails_on_tensorflow(class_name: str, arguments: dict[str, Any]) -> bool:
    """Whether an axis has an even window, `padding: same` and `output_padding: 0`."""
    if class_name == "TimeDistributed":
        return fails_on_tensorflow(arguments["layer"].class_name, arguments["layer"].arguments)
    rank = int(class_name[4])
    spares = arguments.get("output_padding")
    if arguments.get("padding", "valid").lower() != "same" or spares is None:
        return False
    windows, dilations, spares = (
        each if isinstance(each, list) else [each] * rank
        for each in (arguments["kernel_size"], arguments.get("dilation_rate", 1), spares)
    )
    pairs = zip(windows, dilations, spares, strict=True)
    return any(spare == 0 and (window - 1) * dilation % 2 for window, dilation, spare in pairs)


def hinted(class_name: str, arguments: dict[str, Any], inputs: Any) -> bool:
    hints = infer(one_layer(class_name, arguments, inputs)).hints
    return "fails-on-tensorflow" in [hint.code for hint in hints]


@pytest.mark.parametrize("data_format", [None, "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("output_padding", [None, 0, 1, 2])
@pytest.mark.parametrize("spread", [{}, {"strides": 2}, {"strides": 3}, {"dilation_rate": 2}, {"dilation_rate": 3}])
@pytest.mark.parametrize("kernel_size", [1, 2, 3])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_grid(
    rank: int,
    kernel_size: int,
    spread: dict[str, Any],
    output_padding: int | None,
    padding: str,
    data_format: str | None,
) -> None:
    arguments = {"filters": 2, "kernel_size": kernel_size, "output_padding": output_padding, "padding": padding}
    shape = laid_out(SPATIAL[rank], 3, data_format)
    class_name = f"Conv{rank}DTranspose"
    accepted = agree_where_it_runs(class_name, {**arguments, **spread, "data_format": data_format}, shape, VALUES)
    assert accepted == (output_padding is None or output_padding < spread.get("strides", 1))


@pytest.mark.parametrize("extra", [{"use_bias": False}, {"trainable": False}, {"dtype": "mixed_float16"}])
@pytest.mark.parametrize("padding", ["Valid", "SAME", "causal", "full"])
def test_other_arguments(padding: str, extra: dict[str, Any]) -> None:
    arguments = {"filters": 2, "kernel_size": [3, 2], "strides": [1, 2], "padding": padding, **extra}
    assert agree("Conv2DTranspose", arguments, (None, 5, 4, 3)) == (padding in ("Valid", "SAME"))


def test_groups_are_none_of_its_arguments() -> None:
    assert not agree("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "groups": 1}, (None, 5, 4, 2))


@pytest.mark.parametrize("ndim", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_number_of_axes(rank: int, ndim: int) -> None:
    accepted = agree(f"Conv{rank}DTranspose", {"filters": 2, "kernel_size": 2}, (None, *[5] * (ndim - 1)))
    assert accepted == (ndim == rank + 2)


@pytest.mark.parametrize("shape", [(None, 4, 7, 3), (None, "T", 7, 3), (None, 4, "T", 3)])
def test_in_every_step(shape: Any) -> None:
    inner = LayerSpec("Conv1DTranspose", "inner", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"})
    assert agree_on_data("TimeDistributed", {"layer": inner}, shape, VALUES)


@pytest.mark.parametrize(("arguments", "length"), [
    ({"kernel_size": 3, "strides": 2}, "2·T + 1"),
    ({"kernel_size": 3, "strides": 2, "padding": "same"}, "2·T"),
    ({"kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 0}, "2·T - 1"),
    ({"kernel_size": 4, "strides": 3, "output_padding": 1}, "3·T + 2"),
    ({"kernel_size": 2, "strides": 5}, "5·T"),
    ({"kernel_size": 3, "dilation_rate": 2}, "T + 4"),
    ({"kernel_size": "K"}, "K + T - 1"),
    ({"kernel_size": 3, "strides": "S", "padding": "same"}, "S·T"),
])  # fmt: skip
def test_length_in_names(arguments: dict[str, Any], length: str) -> None:
    report = infer(one_layer("Conv1DTranspose", {"filters": 2, **arguments}, (None, "T", 3)))
    assert to_text((report.outputs[0].shape or ())[1]) == length
    assert report.assumptions == ()


@pytest.mark.parametrize(("arguments", "length", "assumed"), [
    ({"kernel_size": 3, "strides": "S"}, "S·T - S + 3", [
        ("S <= 3", "a window that is smaller than its stride would leave room, which `padding: valid` fills")]),
    ({"kernel_size": "K", "strides": 2}, "K + 2·T - 2", [
        ("K >= 2", "a window that is smaller than its stride would leave room, which `padding: valid` fills")]),
    ({"kernel_size": 2, "padding": "same", "output_padding": 0}, "T - 1", [
        ("T >= 2", "`padding: same` with `output_padding: 0` gives T - 1 time steps for T")]),
    ({"kernel_size": 3, "strides": "S", "output_padding": 1}, "S·T - S + 4", [
        ("S >= 2", "it says which of `strides` possible sizes is meant, counted from 0")]),
    ({"kernel_size": 3, "strides": "S", "dilation_rate": 2, "padding": "same"}, "S·T", [
        ("S = 1", "Keras spaces the input out or spreads the window, not both")]),
])  # fmt: skip
def test_assumptions(arguments: dict[str, Any], length: str, assumed: list[tuple[str, str]]) -> None:
    report = infer(one_layer("Conv1DTranspose", {"filters": 2, **arguments}, (None, "T", 3)))
    assert to_text((report.outputs[0].shape or ())[1]) == length
    assert [(held.text, held.because) for held in report.assumptions] == assumed


@pytest.mark.parametrize(
    "wrong", [{"strides": 2, "dilation_rate": 2}, {"strides": 2, "output_padding": 2}, {"output_padding": 1}]
)
def test_arguments_are_refused_before_any_input_is_known(wrong: dict[str, Any]) -> None:
    builder = Builder()
    assert builder.build(LayerSpec("Conv1DTranspose", "layer", {"filters": 2, "kernel_size": 3, **wrong})) is None
    assert [fault.code for fault in builder.faults] == ["wrong-value"]


HINT = """\
hint[fails-on-tensorflow] layer "layer" (Conv2DTranspose)
  expected an odd window for `padding: same` with `output_padding: 0`
  got      a window over 2
  because  Keras builds it, and TensorFlow fails on data, where JAX does not
  fix      leave `output_padding` out"""


def test_hint() -> None:
    arguments = {"filters": 2, "kernel_size": [3, 2], "padding": "same", "output_padding": 0}
    assert [str(hint) for hint in infer(one_layer("Conv2DTranspose", arguments, (None, 5, 5, 3))).hints] == [HINT]


def test_the_kernel_is_used_per_input_step_and_the_bias_per_output_step() -> None:
    report = infer(one_layer("Conv1DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2}, (None, 10, 4)))
    assert [weight.uses for weight in report.layers[-1].weights] == [10, 21]


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    rank = draw(st.sampled_from([1, 1, 2, 2, 3]))
    spread = draw(st.sampled_from(["strides", "strides", "dilation_rate"]))
    arguments = {
        "filters": draw(mostly(st.integers(1, 3), st.integers(-1, 0))),
        "kernel_size": draw(per_axis(rank, 4)),
        spread: draw(per_axis(rank, 3)),
        **draw(
            some(
                output_padding=st.none() | st.integers(0, 2) | st.lists(st.integers(0, 1), min_size=1, max_size=3),
                padding=mostly(st.sampled_from(["valid", "same", "Same"]), st.sampled_from(["causal", "full"])),
                data_format=mostly(
                    st.sampled_from([None, "channels_last", "channels_first", "CHANNELS_LAST"]), st.just("NHWC")
                ),
                use_bias=st.booleans(),
                activation=st.sampled_from([None, "relu"]),
                trainable=st.booleans(),
            )
        ),
        **draw(mostly(st.just({}), st.fixed_dictionaries({"strides": st.just(2), "dilation_rate": st.just(2)}))),
    }
    ndim = draw(mostly(st.just(rank + 2), st.sampled_from([rank + 1, rank + 3])))
    spatial = draw(st.lists(sizes(6), min_size=ndim - 2, max_size=ndim - 2))
    channels = draw(mostly(st.integers(1, 4), st.just("U")))
    shape = laid_out(spatial, channels, arguments.get("data_format"))
    name = f"Conv{rank}DTranspose"
    if draw(st.integers(0, 9)) == 9:
        return "TimeDistributed", {"layer": LayerSpec(name, "inner", arguments)}, (None, 2, *shape[1:]), draw(data())
    return name, arguments, shape, draw(data())


@drawn(convolutions())
def test_drawn_convolution(case: Any) -> bool:
    """Any arguments of a transposed convolution, now and then in every step of a sequence."""
    return agree_where_it_runs(*case)
