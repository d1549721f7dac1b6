"""Normalization against real Keras."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import agree, agree_on_data
from drawing import data, drawn, shapes, some
from hypothesis import strategies as st


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
