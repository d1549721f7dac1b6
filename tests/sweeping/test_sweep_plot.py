"""The plot of a sweep: what is drawn where, and the same bytes each time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from lstmcalc import load, sweep
from lstmcalc.sweeping import Sweep

pytest.importorskip("matplotlib")

from lstmcalc.renderers import sweep_plot as plots

ROOT = Path(__file__).parent.parent.parent
WINDOW = """
name: window $x_1$
input: [T, 8]
layers: [{Conv1D: {filters: U, kernel_size: 3}}, GlobalMaxPooling1D]
"""


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def window(**ranges: Any) -> Sweep:
    return sweep(load("-", text=WINDOW), ranges)


def seq2seq(**ranges: Any) -> Sweep:
    return sweep(load("specs/seq2seq.yaml"), ranges)


class Panel:
    """What is drawn on a panel, told without drawing."""

    def __init__(self) -> None:
        self.lines: list[tuple[list[float], list[float]]] = []
        self.said: dict[str, Any] = {}
        self.xaxis = self.yaxis = self

    def plot(self, across: list[float], heights: list[float], **_: Any) -> None:
        self.lines.append((across, heights))

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **options: self.said.update({name: (arguments, options)})


def panel(found: Sweep, measure: str) -> Panel:
    drawn = Panel()
    plots._panel(drawn, found, measure, plots.across(found), plots.lines_of(found)[0])
    return drawn


def test_a_line_for_every_value_of_the_other_symbol() -> None:
    found = seq2seq(T=(50, 100), width=range(1, 6), S=30)
    drawn = panel(found, "macs")
    macs = found.measures["macs"].tolist()
    assert drawn.lines == [([1, 2, 3, 4, 5], macs[:5]), ([1, 2, 3, 4, 5], macs[5:])]
    assert drawn.said["set_title"][0] == ("MACs forward, per sample",)
    assert (drawn.said["set_xlabel"][0], drawn.said["set_ylabel"][0]) == (("width",), ("MACs forward",))


def test_lines_of_which_the_right_one_changes_fastest_or_slowest() -> None:
    one, other = seq2seq(T=(50, 100), width=range(1, 6), S=30), seq2seq(width=range(1, 6), S=30, T=(50, 100))
    assert panel(one, "flops").lines == panel(other, "flops").lines
    assert [line.label for line in plots.lines_of(other)[0]] == ["T = 50", "T = 100"]


def test_lines_that_are_the_same_are_one() -> None:
    drawn = panel(seq2seq(T=(50, 100), width=range(1, 6), S=30), "params")
    assert len(drawn.lines) == 1
    assert drawn.said["set_title"][0] == ("params, the same for every T",)


def test_values_in_any_order_make_a_line_from_left_to_right() -> None:
    assert panel(window(U=(5, 1, 3), T=9), "params").lines == [([1, 3, 5], [25, 75, 125])]


def test_no_line_goes_where_the_model_does_not_hold() -> None:
    found = window(T=range(1, 6), U=5)
    ((across, heights),) = panel(found, "macs").lines
    assert across == [1, 2, 3, 4, 5]
    assert [height == height for height in heights] == [False, False, True, True, True]
    assert plots._remarks(found, *plots.lines_of(found)) == [
        "Not drawn: 2 of 5 points, as the model holds only if T >= 3."
    ]


def test_of_many_lines_some_are_drawn_and_it_is_said() -> None:
    found = seq2seq(width=range(1, 41), T=range(1, 101), S=30)
    lines, number = plots.lines_of(found)
    assert number == 40
    assert [line.label for line in lines] == [f"width = {n}" for n in (1, 5, 9, 14, 18, 22, 27, 31, 35, 40)]
    assert plots._remarks(found, lines, number) == ["10 of 40 lines: the values of width spread over their range."]


def test_a_line_of_many_points_keeps_its_ends() -> None:
    ((across, _),) = panel(window(T=range(3, 50_003), U=5), "macs").lines
    assert (len(across), across[0], across[-1]) == (plots.MOST_POINTS, 3, 50_002)


def test_a_picture_says_its_axes_and_lines() -> None:
    picture = plots.sweep_plot([window(T=range(1, 6), U=(5, 6))], "svg").decode()
    root = ElementTree.fromstring(picture)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    # matplotlib keeps a text beside the outlines that it draws of it.
    texts = re.findall(r"<!-- (.*?) -->", picture)
    assert {"window $x_1$", "params", "MACs forward, per sample", "T", "U = 5", "U = 6"} <= set(texts)
    assert "Not drawn: 4 of 10 points, as the model holds only if T &gt;= 3." in texts or any(
        text.startswith("Not drawn: 4 of 10 points") for text in texts
    )


@pytest.mark.parametrize("form", ["svg", "png"])
def test_the_same_sweep_gives_the_same_bytes(form: str, tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from lstmcalc import load, sweep\n"
        "from lstmcalc.renderers.sweep_plot import sweep_plot\n"
        "found = sweep(load('specs/seq2seq.yaml'), {'width': range(1, 9), 'T': (5, 6), 'S': 7})\n"
        f"pathlib.Path(sys.argv[1]).write_bytes(sweep_plot([found], '{form}'))"
    )
    pictures = []
    for seed in ("1", "2"):
        path = tmp_path / seed
        environment = {"PYTHONHASHSEED": seed, "MPLCONFIGDIR": str(tmp_path), "PATH": "/usr/bin"}
        subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=True, env=environment)
        pictures.append(path.read_bytes())
    assert pictures[0] == pictures[1]
    assert len(pictures[0]) > 10_000
    # No date: what is drawn tomorrow is the same.
    assert not re.search(rb"dc:date|Software|\b20\d\d-\d\d-\d\d", pictures[0])


def test_several_sources_stand_below_each_other() -> None:
    one = plots.sweep_plot([seq2seq(width=range(1, 9))], "svg")
    two = plots.sweep_plot([seq2seq(width=range(1, 9)), window(U=range(1, 9))], "svg")
    heights = [float(ElementTree.fromstring(each).attrib["height"].removesuffix("pt")) for each in (one, two)]
    assert heights[1] == 2 * heights[0]
