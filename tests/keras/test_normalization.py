"""Normalization against real Keras."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import agree, agree_on_data, flat, ours, real_shapes, theirs
from drawing import data, drawn, shapes, some
from hypothesis import strategies as st

from lstmcalc.errors import SpecError
from lstmcalc.report import LayerReport


@pytest.mark.parametrize("renorm", [False, True])
@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("axis", range(-4, 4))
def test_batch_normalization(axis: int, scale: bool, center: bool, renorm: bool) -> None:
    arguments = {"axis": axis, "scale": scale, "center": center, "renorm": renorm}
    assert agree("BatchNormalization", arguments, (2, 3, None)) == (axis in (0, 1, -2, -3))
    assert agree("BatchNormalization", arguments, (None, 3, 4)) == (axis in (1, 2, -1, -2))


@pytest.mark.parametrize(
    "clipping", [None, {}, {"rmax": 2, "rmin": 0.5, "dmax": 3}, {"rmax": 1, "rmin": 2}, {"dmax": -1}, {"r": 1}]
)
@pytest.mark.parametrize("renorm", [False, True])
def test_renorm_clipping(renorm: bool, clipping: Any) -> None:
    accepted = agree("BatchNormalization", {"renorm": renorm, "renorm_clipping": clipping}, (None, 3))
    assert accepted == (not renorm or clipping not in ({"rmax": 1, "rmin": 2}, {"dmax": -1}, {"r": 1}))


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("axis", [-1, 1, 0, 3, -4, [1, 2], [2, 1], [-1, 1], [-1, 2], [], [1, 1], [1, 3]])
def test_layer_normalization(axis: Any, scale: bool, center: bool) -> None:
    arguments = {"axis": axis, "scale": scale, "center": center}
    wrong = axis in (3, -4, [-1, 2], [1, 1], [1, 3]) or (axis == 0 and (scale or center))
    assert agree("LayerNormalization", arguments, (None, 4, 5)) == (not wrong)


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("groups", [-2, -1, 0, 1, 2, 3, 4, 8, 2.0])
@pytest.mark.parametrize("axis", range(-4, 4))
def test_group_normalization(axis: int, groups: Any, scale: bool, center: bool) -> None:
    arguments = {"axis": axis, "groups": groups, "scale": scale, "center": center}
    divides = {0: (-1, 1, 2), 1: (-1, 1, 2, 4), 2: (-1, 1, 3), -1: (-1, 1, 3), -2: (-1, 1, 2, 4)}
    accepted = isinstance(groups, int) and groups in divides.get(axis, ())
    assert agree("GroupNormalization", arguments, (2, 4, 3)) == accepted
    assert agree("GroupNormalization", arguments, (None, 4, 3)) == (accepted and axis != 0)


@pytest.mark.parametrize("arguments", [{"axis": [1]}, {"axis": None}, {"groups": None}, {"scale": 1.5}])
def test_group_normalization_refuses(arguments: dict[str, Any]) -> None:
    if "scale" in arguments:
        assert "true or false" in str(ours("GroupNormalization", arguments, (None, 64)))
    else:
        assert not agree("GroupNormalization", arguments, (None, 64))


@pytest.mark.parametrize(
    "axis", [-1, 1, 0, 2, 3, -4, [1, 2], [2, 1], [-2, -1], [-1, 1], [-1, 2], [], [1, 1], [0, 1, 2]]
)
@pytest.mark.parametrize("shape", [(2, 4, 5), (2, 4, 4), (None, "T", 4), (None, 4, "T")])
def test_rms_normalization(shape: Any, axis: Any) -> None:
    values = [{"T": size} for size in (2, 4, 5)]
    agree_on_data("RMSNormalization", {"axis": axis}, shape, values)


@pytest.mark.parametrize("trainable", [False, True])
def test_rms_normalization_on_the_last_axes(trainable: bool) -> None:
    arguments = {"axis": [1, 2], "trainable": trainable}
    assert agree("RMSNormalization", arguments, (None, 4, 5))
    assert not agree("RMSNormalization", {"axis": 1}, (None, 4, 5))


@pytest.mark.parametrize(
    ("inputs", "axis"), [((2, 3, 1), 1), ((2, 3, 1), -2), ((2, 3, 4, 1), [1, 2]), ((2, 1, 4), [-1, 1])]
)
def test_a_scale_that_widens(inputs: Any, axis: Any) -> None:
    """Keras lays the scale along the last axes, and does not know that this widens one of size 1."""
    mine = ours("RMSNormalization", {"axis": axis}, inputs)
    try:
        _, model = theirs("RMSNormalization", {"axis": axis}, inputs)
        real = real_shapes(model)
    except Exception:  # Keras raises whatever its backend raises.
        assert isinstance(mine, SpecError)
        return
    assert isinstance(mine, LayerReport)
    assert list(mine.output_shapes) == real
    assert mine.calls[0].believed == tuple(flat(model.outputs)) != mine.output_shapes


@pytest.mark.parametrize("axis", [-1, 1, 0, 2, 3, -4, [1, 2], [2, 1], [-1, 2], [], [1, 1], [0, 1, 2], None, "x"])
def test_unit_normalization(axis: Any) -> None:
    wrong = axis in (3, -4, [-1, 2], [1, 1], None, "x")
    assert agree("UnitNormalization", {"axis": axis}, (2, 4, 5)) == (not wrong)


@st.composite
def other_normalizations(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    axis: Any = st.integers(-5, 4)
    kind = draw(st.sampled_from(["GroupNormalization", "RMSNormalization", "UnitNormalization"]))
    arguments: Any = {"trainable": st.booleans(), "axis": axis | st.lists(axis, max_size=3)}
    if kind == "GroupNormalization":
        groups = st.sampled_from([-1, 1, 2, 3, 0])
        arguments |= {"axis": axis, "groups": groups, "center": st.booleans(), "scale": st.booleans()}
    stated = draw(some(**arguments))
    if draw(st.booleans()):
        stated.pop("axis", None)
    # An axis of size 1 is widened by the scale, which has a test of its own.
    shape = tuple(max(size, 2) if isinstance(size, int) else size for size in draw(shapes(2, 5)))
    return kind, stated, shape, draw(data())


@drawn(other_normalizations())
def test_drawn_other_normalization(case: Any) -> bool:
    """Any arguments of group, root mean square and unit normalization."""
    return agree_on_data(*case, lenient=case[0] == "RMSNormalization")


@st.composite
def normalizations(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    axis: Any = st.integers(-5, 4)
    kind = draw(st.sampled_from(["BatchNormalization", "LayerNormalization"]))
    arguments: Any = {"center": st.booleans(), "scale": st.booleans(), "trainable": st.booleans()}
    if kind == "BatchNormalization":
        arguments |= {"renorm": st.booleans(), "momentum": st.floats(0, 1), "axis": axis}
    else:
        arguments |= {"axis": axis | st.lists(axis, max_size=3)}
    shape = draw(shapes(2, 5))
    if draw(st.booleans()):
        shape = tuple(3 if isinstance(size, str) else size for size in shape)
    return kind, draw(some(**arguments)), shape, draw(data())


@drawn(normalizations())
def test_drawn_normalization(case: Any) -> bool:
    """Any arguments of a normalization layer."""
    return agree_on_data(*case)
