"""The oracle for costs, held against sums done by hand, and against what XLA counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from jax_costs import counted

jax = pytest.importorskip("jax")
jnp, lax = jax.numpy, jax.lax


def shape(*sizes: int) -> Any:
    """An array of numbers that nothing is known of but its shape."""
    return jax.ShapeDtypeStruct(sizes, "float32")


def convolved(strides: int = 1, groups: int = 1, padding: str = "VALID", **more: Any) -> Callable[[Any, Any], Any]:
    return lambda data, kernel: lax.conv_general_dilated(
        data, kernel, (strides,), padding, dimension_numbers=("NWC", "WIO", "NWC"), feature_group_count=groups, **more
    )


def of_all(function: Callable[..., Any], *places: int) -> Callable[..., Any]:
    """The gradients of the sum of what a function gives, to these of its inputs."""
    return jax.grad(lambda *data: jnp.sum(function(*data)), places or (0, 1))


def looped(steps: int) -> Callable[[Any, Any], Any]:
    return lambda state, kernel: lax.scan(lambda here, _: (jnp.tanh(here @ kernel), None), state, length=steps)[0]


@pytest.mark.parametrize(
    ("function", "shapes", "found"),
    [
        (lambda a, b: a @ b, [(2, 3), (3, 4)], {"macs": 24}),
        (lambda a, b: a @ b, [(5, 2, 3), (5, 3, 4)], {"macs": 120}),
        (lambda a, b: a * b + 1, [(5,), (5,)], {"arithmetic": 10}),
        (lambda a: jnp.tanh(a) - a, [(2, 3)], {"functions": 6, "arithmetic": 6}),
        (lambda a: jnp.sum(a, 1), [(2, 3)], {"arithmetic": 4}),
        (lambda a: jnp.max(a), [(2, 3)], {"arithmetic": 5}),
        (lambda a: jnp.cumsum(a, 1), [(2, 3)], {"arithmetic": 4}),
        (lambda a: a**3, [(5,)], {"arithmetic": 10}),
        (lambda a: jnp.clip(a, 0, 1), [(5,)], {"arithmetic": 10}),
        (lambda a: jnp.where(a > 0, a, 0)[::-1].reshape(5, 1), [(5,)], {"arithmetic": 5}),
        (lambda a: jnp.take(a, jnp.arange(3) * 2), [(9,)], {}),
        (jax.nn.softmax, [(2, 3)], {"arithmetic": 20, "functions": 6}),
        (looped(7), [(2, 3), (3, 3)], {"macs": 7 * 18, "functions": 7 * 6}),
        (lambda a: lax.cond(True, jnp.tanh, lambda one: one, a), [(5,)], {"functions": 5}),
        (lambda a: lax.while_loop(lambda one: one[0] < 9, lambda one: one + 1, a), [(5,)], {"while": 1}),
        (lambda a: jnp.abs(jnp.fft.rfft(a)), [(8,)], {"fft": 1, "arithmetic": 5}),
        # What nothing depends on is not calculated.
        (lambda a, b: (a @ b, a)[1] + 1, [(2, 3), (3, 4)], {"arithmetic": 6}),
        (convolved(), [(1, 9, 2), (3, 2, 4)], {"macs": 7 * 3 * 2 * 4}),
        (convolved(2), [(1, 9, 2), (3, 2, 4)], {"macs": 4 * 3 * 2 * 4}),
        (convolved(padding="SAME"), [(1, 9, 2), (3, 2, 4)], {"macs": 9 * 3 * 2 * 4}),
        (convolved(groups=2), [(1, 9, 2), (3, 1, 4)], {"macs": 7 * 3 * 4}),
        (convolved(rhs_dilation=(2,)), [(1, 9, 2), (3, 2, 4)], {"macs": 5 * 3 * 2 * 4}),
        (convolved(padding=((2, 2),), lhs_dilation=(2,)), [(1, 4, 2), (3, 2, 5)], {"macs": 4 * 3 * 2 * 5}),
    ],
)
def test_counts_by_hand(function: Callable[..., Any], shapes: list[Any], found: dict[str, int]) -> None:
    counts = counted(function, *(shape(*sizes) for sizes in shapes))
    assert {kind: number for kind, number in counts.items() if number} == found


@pytest.mark.parametrize("strides", [1, 2, 3])
@pytest.mark.parametrize("padding", ["VALID", "SAME"])
def test_each_gradient_of_a_product_takes_as_many_multiply_adds(strides: int, padding: str) -> None:
    for function, shapes in (
        (convolved(strides, padding=padding), [(2, 11, 3), (3, 3, 4)]),
        (lambda a, b: a @ b, [(2, 3), (3, 4)]),
    ):
        arrays = [shape(*sizes) for sizes in shapes]
        forward = counted(function, *arrays)["macs"]
        to_kernel, to_both = (counted(of_all(function, *places), *arrays)["macs"] for places in ((1,), (0, 1)))
        assert (to_kernel, to_both) == (forward, 2 * forward)


def test_a_loop_is_counted_as_often_as_it_runs_also_backwards() -> None:
    arrays = shape(2, 3), shape(3, 3)
    ten, twenty = (counted(of_all(looped(steps), 1), *arrays)["macs"] for steps in (10, 20))
    assert twenty == 2 * ten == 20 * 18 * 3


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (lambda a, b: jnp.tanh(a @ b) * 2 + 1, [(2, 3), (3, 4)]),
        (lambda a, b: a @ b - jnp.exp(a @ b), [(5, 6), (6, 7)]),
        (convolved(), [(2, 9, 2), (3, 2, 4)]),
        (convolved(2), [(2, 9, 2), (3, 2, 4)]),
    ],
)
def test_xla_counts_the_same(function: Callable[..., Any], shapes: list[Any]) -> None:
    arrays = [shape(*sizes) for sizes in shapes]
    ours, theirs = counted(function, *arrays), jax.jit(function).lower(*arrays).cost_analysis()
    assert theirs["flops"] == 2 * ours["macs"] + ours["arithmetic"]
    assert theirs.get("transcendentals", 0) == ours["functions"]
