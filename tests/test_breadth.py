"""Models that are wide: the answer grows with the model, and not with a product of two of its sizes."""

from __future__ import annotations

import pytest
from limited import at_most
from runs import run

from lstmcalc import SpecError, infer, load
from lstmcalc.renderers.grid import MOST_COLUMN, Cell, Column, Grid, grid_lines
from lstmcalc.renderers.summary_text import render_summary

MANY = 1_000


def joined(number: int) -> str:
    """Inputs of symbolic sizes, and a layer that joins them all."""
    names = [f"i{place}" for place in range(number)]
    ports = ", ".join(f"{name}: [T{place}]" for place, name in enumerate(names))
    return f"{{inputs: {{{ports}}}, layers: [{{Concatenate: {{inputs: [{', '.join(names)}]}}}}]}}"


def test_without_a_width_a_column_wraps_and_nothing_is_cut() -> None:
    text = " ".join(f"word{place}" for place in range(300))
    grid = Grid([Column([Cell.of("a"), Cell.of("b")]), Column([Cell.of(text), Cell.of("short")])])
    lines = ["".join(part for part, _ in line) for line in grid_lines(grid, None)]
    assert max(map(len, lines)) <= MOST_COLUMN + 4
    assert " ".join(" ".join(lines).split()) == f"a {text} b short"


def test_a_column_of_the_greatest_width_does_not_wrap() -> None:
    lines = [*grid_lines(Grid([Column([Cell.of("x " * (MOST_COLUMN // 2 - 1) + "xx")])]), None)]
    assert len(lines) == 1


@pytest.mark.parametrize("words", [[], ["--cost"], ["--format", "markdown"], ["--weights"]])
def test_a_table_of_many_inputs_stays_small(words: list[str]) -> None:
    with at_most():
        done = run("summary", "-", *words, stdin=joined(MANY))
    assert done.exit_code == 0 and len(done.stdout) < 1_000_000
    assert f"T{MANY - 1}" in done.stdout and f"i{MANY - 1}" in done.stdout


def test_all_of_a_long_shape_is_shown() -> None:
    shown = render_summary(infer(load("m.yaml", text=joined(200))))
    table = shown[: shown.index("Total params")]
    assert all(f"T{place}" in table for place in range(200))


def test_of_very_many_faults_the_first_are_told_with_their_number() -> None:
    entries = "\n".join(f"  - {{Conv2D: {{filters: 2, kernel_size: 3, name: c{place}, inputs: input}}}}"
                        for place in range(5_000))  # fmt: skip
    with at_most(), pytest.raises(SpecError) as caught:
        infer(load("m.yaml", text=f"input: [4]\nlayers:\n{entries}"))
    faults = caught.value.faults
    assert (len(faults), faults[0].where and faults[0].where.line) == (101, 3)
    assert (faults[-1].code, faults[-1].got) == ("too-many-faults", "5,000")


def test_few_faults_are_all_told_in_the_order_of_the_model() -> None:
    entries = "\n".join(f"  - {{Conv2D: {{filters: 2, kernel_size: 3, name: c{place}, inputs: input}}}}"
                        for place in range(100))  # fmt: skip
    with pytest.raises(SpecError) as caught:
        infer(load("m.yaml", text=f"input: [4]\nlayers:\n{entries}"))
    assert [fault.layer and fault.layer[0] for fault in caught.value.faults] == [f"c{place}" for place in range(100)]
