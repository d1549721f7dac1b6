"""EinsumDense against real Keras."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import agree, agree_on_data, counted, flat, ours, real_shapes, same_weights, theirs
from drawing import NAMES, data, drawn
from hypothesis import strategies as st

from lstmcalc.errors import SpecError
from lstmcalc.layers.einsum import Equation
from lstmcalc.report import LayerReport

VALUES = [{"T": 2, "U": 3}, {"T": 5, "U": 1}, {"T": 3, "U": 3}]


@pytest.mark.parametrize("lora_rank", [None, 0, 2])
@pytest.mark.parametrize("bias", [None, "last", "first", "all", "none of them"])
@pytest.mark.parametrize(("equation", "output_shape", "inputs"), [
    ("ab,bc->ac", 5, (None, 3)), ("ab,bc->ac", [5], (2, 3)), ("abc,cd->abd", [None, 5], (None, "T", 3)),
    ("abc,cd->abd", [4, 5], (None, 4, 3)), ("abc,cd->abd", [4, 5], (None, "T", 3)), ("abc,cd->abd", [5], (None, 4, 3)),
    ("abc,cde->abde", [None, 2, 5], (None, "T", 3)), ("abcd,cde->abe", [None, 5], (None, "T", 2, 3)),
    ("ab,b->ab", 3, (None, 3)), ("ab,b->ab", [None], (None, 3)), ("ab,b->a", [], (None, 3)), ("a,b->ab", 3, (None,)),
    ("...x,xy->...y", 5, (None, 3)), ("...x,xy->...y", 5, (None, "T", 3)),
    ("...xy,yz->...xz", [None, 5], (None, "T", 3)), ("...xy,xyz->...z", 5, (None, 4, 2, 3)),
    ("ab...,bc->ac...", 5, (None, 3, "T")),
    ("ab...,bc->ac...", 5, (None, 3, "T", "U")), ("abc...,cd->abd...", [None, 5], (None, "U", 3, "T")),
    ("ab,bc->ca", 2, (2, 3)), ("ab,bc->ca", 2, (None, 3)), ("abb,bc->ac", 5, (None, 3, 3)),
    ("ab,bbc->ac", 5, (None, 3)), ("ab,bc->ac", 5, (None, None)), ("ab,bc->ac", 5, (None, 3, 4)),
    ("abc,cd->abd", [None, 5], (None, 3)),
])  # fmt: skip
def test_equations(equation: str, output_shape: Any, inputs: Any, bias: str | None, lora_rank: int | None) -> None:
    made = Equation.parse(equation).made
    bias_axes = {"last": made[-1], "first": made[0], "all": made[::-1], "none of them": "q"}.get(bias or "")
    arguments = {"equation": equation, "output_shape": output_shape, "bias_axes": bias_axes, "lora_rank": lora_rank}
    accepted = agree_on_data("EinsumDense", arguments, inputs, VALUES)
    assert not (accepted and bias == "none of them")


@pytest.mark.parametrize("equation", [
    "", "ab", "ab,bc", "ab->ac", "ab,bc->", "ab, bc->ac", "ab,bc -> ac", "ab,bc->ad", "ab,bd->ac", "ab,bc->acc",
    "ab,bc->ac,", "ab,bc->ac->", "ab,bc->ac1", "...ab,bc->ac", "a...,ac->c...", "....ab,bc->...ac", "a1,1c->ac",
    "ab,bc,cd->ad", "...ab,bc->...ac...",
])  # fmt: skip
def test_what_is_no_equation(equation: str) -> None:
    assert not agree("EinsumDense", {"equation": equation, "output_shape": 5}, (None, 3))
    assert not agree("EinsumDense", {"equation": equation, "output_shape": [5, 5]}, (None, 4, 3))


@pytest.mark.parametrize("extra", [
    {"bias_axes": ""}, {"bias_axes": "z"}, {"lora_rank": -1}, {"lora_rank": 2, "kernel_constraint": "non_neg"},
    {"output_shape": -1}, {"output_shape": 4.5},  {"output_shape": [4.0]}, {"output_shape": None},
    {"output_shape": [None]}, {"output_shape": []}, {"dtype": "int9_from_float32"}, {"bias_axes": 3},
])  # fmt: skip
def test_what_is_refused(extra: dict[str, Any]) -> None:
    assert not agree("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 4, **extra}, (None, 3))


@pytest.mark.parametrize("bias_axes", ["c", ["c"], ["c", "a"], "ca", "cc"])
def test_bias_axes(bias_axes: Any) -> None:
    assert agree("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 4, "bias_axes": bias_axes}, (2, 3))


@pytest.mark.parametrize("dtype", ["float32", "float8_from_float32"])
@pytest.mark.parametrize(("equation", "extra", "inputs"), [
    ("...x,xy->...y", {"output_shape": 6}, (2, 3, 4, 5)), ("...x,xy->...y", {"output_shape": 6}, (None, 3, 4, 2, 5)),
    ("...x,xy->...y", {"output_shape": [6, 7]}, (None, 5)), ("ab...,bc->ac...", {"output_shape": []}, (2, 3, 4)),
    ("ab,bc->c", {"output_shape": 9}, (2, 3)), ("ab,bc->ac", {"output_shape": 4, "activation": "glu"}, (None, 3)),
    ("abc,cd->abd", {"output_shape": [None, 4], "activation": "glu"}, (None, 2, 3)),
])  # fmt: skip
def test_what_keras_states_wrongly(equation: str, extra: dict[str, Any], inputs: Any, dtype: str) -> None:
    """Keras puts the shape together from `output_shape`; where that is wrong, we know both shapes."""
    arguments = {"equation": equation, "dtype": dtype, **extra}
    layer, model = theirs("EinsumDense", arguments, inputs)
    mine = ours("EinsumDense", arguments, inputs)
    assert isinstance(mine, LayerReport)
    same_weights(mine, layer, str(arguments))
    assert mine.calls[0].believed == tuple(flat(model.outputs))
    (real,) = real_shapes(model)
    assert all(size in (None, there) for size, there in zip(mine.output_shapes[0], real, strict=True))
    assert mine.output_shapes != mine.calls[0].believed
    counted(True, "EinsumDense", arguments, inputs, (), None)


@pytest.mark.parametrize(("arguments", "inputs", "formula", "arithmetic"), [
    ({"equation": "abc,cd->abd", "output_shape": [None, 64], "bias_axes": "d"}, (None, 7, 128), "d·(c + 1)",
     "64·(128 + 1)"),
    ({"equation": "abc,cde->abde", "output_shape": [None, 8, 16], "lora_rank": 2}, (None, 7, 128),
     "c·d·e + c·d·lora_rank + e·lora_rank", "128·8·16 + 128·8·2 + 16·2"),
    ({"equation": "...x,xy->...y", "output_shape": 64}, (None, 7, 128), "x·y", "128·64"),
    ({"equation": "abc,cde->abde", "output_shape": [None, 2, 3], "dtype": "gptq/8/-1_from_float32"}, (None, 7, 9),
     "c·d·e + 2·d·e + c", "9·2·3 + 2·2·3 + 9"),
    ({"equation": "abcd,cde->abe", "output_shape": [None, 9], "dtype": "gptq/8/-1_from_float32"}, (None, 7, 2, 3),
     "c·d·e + c·d + 2·e", "2·3·9 + 2·3 + 2·9"),
])  # fmt: skip
def test_formula(arguments: dict[str, Any], inputs: Any, formula: str, arithmetic: str) -> None:
    report = ours("EinsumDense", arguments, inputs)
    assert isinstance(report, LayerReport)
    assert (report.formula, report.arithmetic) == (formula, arithmetic)


@pytest.mark.parametrize(("arguments", "inputs", "uses"), [
    ({"equation": "abc,cd->abd", "output_shape": [None, 64], "bias_axes": "d"}, (None, 7, 128), [7, 7]),
    ({"equation": "abc,cd->abd", "output_shape": [7, 64], "bias_axes": "bd"}, (None, 7, 128), [7, 1]),
    ({"equation": "...x,xy->...y", "output_shape": 64, "bias_axes": "y"}, (None, 3, 5, 128), [15, 15]),
    ({"equation": "ab...,bc->ac...", "output_shape": 64, "bias_axes": "c"}, (None, 3, 5, 4), [20, 20]),
])  # fmt: skip
def test_uses(arguments: dict[str, Any], inputs: Any, uses: list[int]) -> None:
    """Every place of the output that a sample has needs the whole kernel, and the bias along the other axes."""
    report = ours("EinsumDense", arguments, inputs)
    assert isinstance(report, LayerReport)
    assert [weight.uses for weight in report.weights] == uses


def test_message() -> None:
    arguments = {"equation": "abc,cd->abd", "output_shape": [9, 64]}
    error = ours("EinsumDense", arguments, (None, 32, 128))
    assert isinstance(error, SpecError)
    assert str(error) == (
        'error[wrong-size] layer "layer" (EinsumDense)\n'
        "  expected `b` to be 9, as `output_shape` states\n"
        "  got      (None, 32, 128)\n"
        "  fix      write null for it in `output_shape`"
    )


def test_more_axes_than_letters() -> None:
    """TensorFlow takes `ab,bc->ac` for a matrix product of any number of axes, and Keras then states a wrong shape."""
    arguments = {"equation": "ab,bc->ac", "output_shape": 5}
    _, model = theirs("EinsumDense", arguments, (None, 4, 3))
    assert flat(model.outputs) == [(None, 5, 3)]
    assert isinstance(ours("EinsumDense", arguments, (None, 4, 3)), SpecError)


LETTERS = "abcd"


@st.composite
def einsums(draw: st.DrawFn, quantised: bool = False) -> tuple[str, dict[str, Any], Any, Any]:
    """Equations of every form, mostly with sizes that fit; never more than one axis under a left ellipsis."""
    chance = st.integers(0, 99)
    read = "".join(draw(st.permutations(LETTERS))[: draw(st.integers(1, 3))])
    pool = read + "xy"
    made = "".join(draw(st.permutations(pool))[: draw(st.integers(1, 4))])
    if draw(chance) < 85:
        made = read[0] + made.replace(read[0], "")
    new = [letter for letter in made if letter not in read]
    old = [letter for letter in read[1:] if draw(chance) < 60]
    kernel = "".join(draw(st.permutations(new + old))) or read[-1]
    ellipsis = draw(st.sampled_from(["", ""] if quantised and draw(chance) < 95 else ["", "left", "right"]))
    dots = {"left": ("...", ""), "right": ("", "..."), "": ("", "")}[ellipsis]
    equation = f"{dots[0]}{read}{dots[1]},{kernel}->{dots[0]}{made}{dots[1]}"
    size = st.integers(1, 4)
    sizes: dict[str, Any] = {letter: draw(size) for letter in pool}
    for letter in read[1:]:
        if letter not in kernel and draw(chance) < 40:
            sizes[letter] = draw(st.sampled_from(NAMES))
    more = [draw(size | st.sampled_from(NAMES))] if ellipsis and draw(st.booleans()) else []
    shape = [*more, *(sizes[letter] for letter in read)] if ellipsis == "left" else [*map(sizes.get, read), *more]
    shape[0] = draw(st.sampled_from([None, None, 2]))
    if not (ellipsis == "left" and more):
        sizes[read[0]] = shape[0]
    counted = made if ellipsis == "left" and more else made[1:]
    output_shape = [None if isinstance(sizes[letter], str) else sizes[letter] for letter in counted]
    if draw(chance) < 8 and output_shape:
        output_shape[draw(st.integers(0, len(output_shape) - 1))] = draw(st.none() | size)
    arguments: dict[str, Any] = {"equation": equation, "output_shape": output_shape}
    if draw(chance) < 40:
        arguments["bias_axes"] = "".join(draw(st.lists(st.sampled_from(made), min_size=1, max_size=2)))
    if draw(chance) < 25:
        arguments["lora_rank"] = draw(st.integers(1, 3))
    if quantised:
        modes = ["int8", "int4", "int4/2", "float8"]
        arguments["dtype"] = (
            f"{draw(st.sampled_from(modes))}_from_{draw(st.sampled_from(['float32', 'mixed_bfloat16']))}"
        )
    return "EinsumDense", arguments, tuple(shape), draw(data())


@drawn(einsums())
def test_drawn_einsum(case: Any) -> bool:
    """Any equation, with any bias and low-rank update."""
    return agree_on_data(*case)


@drawn(einsums(quantised=True))
def test_drawn_quantised_einsum(case: Any) -> bool:
    """The same with quantised weights."""
    return agree_on_data(*case)
