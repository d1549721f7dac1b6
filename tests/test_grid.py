"""Columns, cells and styles on a terminal, held against rich, which draws the same and loads for twice as long."""

from __future__ import annotations

import sys
from importlib.metadata import version
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich import cells as rich_cells
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lstmcalc import infer, load
from lstmcalc.renderers.cells import _is_narrow, cell_len, chop_cells
from lstmcalc.renderers.drawing import drawn, marked, parted
from lstmcalc.renderers.grid import Cell, Column, Grid, broken, grid_lines
from lstmcalc.renderers.summary_text import render_summary

#: Words as they stand in tables, some of them wide, long or with blanks around them.
WORDS = st.sampled_from(
    ["lstm", "(LSTM)", "recurrent_kernel", "4·64·(35", "+", "1)", "1,048,576", "模型", "入力データ", "é"]
)
LINES = st.lists(WORDS, max_size=6).map(" ".join)
TEXTS = st.one_of(LINES, st.tuples(LINES, LINES).map("\n".join), LINES.map("  {}".format))


#: Words that are longer than a line were not broken at the same places before.
as_rich_15 = pytest.mark.skipif(int(version("rich").partition(".")[0]) < 15, reason="an older rich breaks otherwise")


def by_rich(content: Text | Table, width: int) -> str:
    """What rich prints in colour."""
    file = StringIO()
    console = Console(file=file, width=width, force_terminal=True, color_system="standard", highlight=False,
                      legacy_windows=False)  # fmt: skip
    console.print(content)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def test_every_sign_that_is_taken_for_narrow_is() -> None:
    narrow = [chr(number) for number in range(sys.maxunicode) if _is_narrow(chr(number))]
    assert len(narrow) > 1_500
    assert [sign for sign in narrow if rich_cells.cell_len(sign) != 1] == []


@as_rich_15
@given(TEXTS.map(lambda text: text.replace("\n", " ")), st.integers(2, 30))
def test_texts_are_measured_and_chopped_as_rich_does(text: str, width: int) -> None:
    assert cell_len(text) == rich_cells.cell_len(text)
    assert not text or chop_cells(text, width) == rich_cells.chop_cells(text, width)


@as_rich_15
@given(TEXTS, TEXTS, st.integers(2, 60))
def test_lines_break_where_rich_breaks_them(first: str, second: str, width: int) -> None:
    expected = by_rich(Text.assemble((first, "bold"), second, overflow="fold"), width)
    lines = [line for whole in parted([(first, "bold"), (second, "")]) for line in broken(whole, width)]
    assert drawn(lines, True) == expected


@as_rich_15
@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=4), st.integers(24, 90), st.booleans(),
       st.integers(0, 9), st.sampled_from([None, 4, 12]))  # fmt: skip
def test_columns_are_those_of_rich(
    rows: list[tuple[str, str, str]], width: int, edges: bool, least: int, fixed: int | None
) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=edges, show_edge=False, header_style="bold")
    table.add_column("Layer (type)", overflow="fold", width=fixed)
    table.add_column("Param #", overflow="fold", justify="right", min_width=least or None)
    table.add_column("Arithmetic\nor so", overflow="fold", style="cyan")
    for name, count, text in rows:
        table.add_row(Text(name, "dim"), Text(count), Text.assemble((text, "bold"), " of it"))
    names = [Cell.of("Layer (type)"), *(Cell.of(name, "dim") for name, _, _ in rows)]
    counts = [Cell.of("Param #"), *(Cell.of(count) for _, count, _ in rows)]
    texts = [Cell.of("Arithmetic\nor so"), *(Cell(((text, "bold"), (" of it", ""))) for _, _, text in rows)]
    grid = Grid(
        [Column(names, width=fixed), Column(counts, True, least=least), Column(texts, style="cyan")], True, edges
    )
    lines = list(grid_lines(grid, width))
    expected = by_rich(table, width)
    # Where there is no room, rich cuts.
    if any(line.startswith("─" * width) for line in expected.splitlines()):
        assert all(sum(cell_len(text) for text, _ in line) <= width for line in lines)
        return
    assert drawn(lines, True) == expected


@pytest.mark.parametrize("width", [24, 32, 40, 56])
@pytest.mark.parametrize("name", ["many_to_many", "char_rnn", "seq2seq", "transformer_encoder"])
def test_no_width_cuts_anything(name: str, width: int) -> None:
    report = infer(load(f"specs/{name}.yaml"))
    whole, narrow = render_summary(report, weights=True), render_summary(report, weights=True, width=width)

    def signs(text: str) -> list[str]:
        # Below 110 columns, what a layer is connected to stands with its name, or nowhere where it is the row above.
        kept = text.partition("\n\n")[2].rpartition("\n\n Total")[0] if report.sequential else text
        return sorted("".join(kept.replace("─", "").split()))

    assert max(map(cell_len, narrow.splitlines())) <= width
    if report.sequential:
        assert signs(narrow) == signs(whole)
    for layer in report.layers:
        assert layer.name in narrow.replace("\n", "") or width < 56


def test_numbers_are_the_last_to_be_broken() -> None:
    shown = render_summary(infer(load("specs/char_rnn.yaml")), width=44)
    assert "5,246,976" in shown


def test_wide_names_take_their_columns() -> None:
    text = "{input: [5], layers: [Dense: {units: 3, name: 入力データ入力データ}]}"
    report = infer(load("m.yaml", text=text))
    assert " 入力データ入力データ (Dense)   (None, 3)           18   3·(5 + 1)\n" in render_summary(report)


def test_marks_go_over_lines() -> None:
    shown = drawn(marked(["the `units", "of it` and `T`  ", "a\tb"]), True)
    assert shown == "the \x1b[36m`units\x1b[0m\n\x1b[36mof it`\x1b[0m and \x1b[36m`T`\x1b[0m\na       b\n"
    assert drawn(marked(["the `T` \x1b[2J"]), False) == "the `T` \\x1b[2J\n"
