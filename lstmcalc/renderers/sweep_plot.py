"""A sweep as a picture, SVG or PNG: a panel for every measure, a line for every value of a second symbol."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from itertools import product
from math import prod
from typing import Any

from lstmcalc.frozen import NamedTuple
from lstmcalc.measures import MEASURES
from lstmcalc.sweeping import Sweep, kept_for

__all__ = ["PlotMissing", "Wanting", "sweep_plot"]

#: No row has more panels.
MOST_BESIDE = 3
#: A panel with more lines cannot be read.
MOST_LINES = 10
#: More points than pixels make a file large and no line finer.
MOST_POINTS = 1_000
COLOURS = ("#1b6ca8", "#c4501b", "#2f7d4a", "#7a4fb5", "#a8862a", "#c23b78", "#3aa1a8", "#5b6770", "#8a4b2d", "#1b2733")
MARKERS = "osD^vPX*<>"
#: The colour of a line that stands alone, and up to how many points they are marked.
SINGLE, MARKED = "#1b2733", 40
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.edgecolor": "#52606d",
    "axes.labelcolor": "#1b2733",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#d9dfe5",
    "grid.linewidth": 0.7,
    "xtick.color": "#52606d",
    "ytick.color": "#52606d",
    "text.color": "#1b2733",
    # A `$` in a name is one.
    "text.parse_math": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "lstmcalc",
    "svg.fonttype": "path",
}
#: What would say when the file was made, and by which version of what.
METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": "lstmcalc", "Format": None, "Type": None},
    "png": {"Software": None},
}


class PlotMissing(Exception):
    """What draws is not installed; the text says what to install."""


class Wanting(ValueError):
    """Why a sweep cannot be drawn, as a sentence for the user."""


class Line(NamedTuple):
    """A line: which places of the columns it goes through, and what it is called."""

    label: str
    places: range


def sweep_plot(sweeps: Sequence[Sweep], form: str) -> bytes:
    """Sweeps below each other as one picture, `svg` or `png`; the same sweeps give the same bytes.

    Raises `Wanting` where no symbol has two values or the model holds nowhere, and `PlotMissing`.
    """
    for each in sweeps:
        if max(map(len, each.axes.values())) < 2:
            raise Wanting(f"expected a symbol with at least two values to draw {each.name} over, got single ones")
        if not each.holding:
            raise Wanting(f"expected a model that holds at some of the points, got {each.name}, which holds at none")
    try:
        from matplotlib import style
        from matplotlib.figure import Figure
    except ImportError:
        raise PlotMissing("a plot needs matplotlib, which is not installed: pip install 'lstmcalc[plot]'") from None
    widest = max(grid_of(len(each.measures))[1] for each in sweeps)
    heights = [grid_of(len(each.measures))[0] for each in sweeps]
    with style.context(["default", STYLE]):
        figure = Figure(figsize=(max(4.6 * widest, 6.4), 4.2 * sum(heights)), layout="constrained", dpi=110)
        parts = figure.subfigures(len(sweeps), 1, squeeze=False, height_ratios=heights)[:, 0]
        for part, each in zip(parts, sweeps, strict=True):
            _draw(part, each)
        file = BytesIO()
        figure.savefig(file, format=form, metadata=METADATA[form])
    return file.getvalue()


def grid_of(panels: int) -> tuple[int, int]:
    """The rows and columns of panels: at most three beside each other, and rows as full as they get.

    >>> [grid_of(panels) for panels in (1, 3, 4, 7)]
    [(1, 1), (1, 3), (2, 2), (3, 3)]
    """
    rows = -(-panels // MOST_BESIDE)
    return rows, -(-panels // rows)


def across(sweep: Sweep) -> str:
    """The symbol that goes to the right: the first of those with the most values.

    >>> from lstmcalc import load, sweep
    >>> across(sweep(load("specs/seq2seq.yaml"), {"T": (50, 100), "width": range(1, 9), "S": 30}))
    'width'
    """
    return max(sweep.axes, key=lambda name: len(sweep.axes[name]))


def lines_of(sweep: Sweep) -> tuple[list[Line], int]:
    """The lines of a panel, one for each combination of the other symbols' values, and how many there would be.

    >>> from lstmcalc import load, sweep
    >>> lines, number = lines_of(sweep(load("specs/seq2seq.yaml"), {"T": (50, 100), "width": range(1, 9), "S": 30}))
    >>> [(line.label, line.places) for line in lines], number
    ([('T = 50', range(0, 8)), ('T = 100', range(8, 16))], 2)
    """
    names, along = list(sweep.axes), across(sweep)
    inner = {name: kept_for(sweep.axes, name) for name in names}
    others = [name for name in names if name != along]
    number = prod(len(sweep.axes[name]) for name in others)
    wanted = _spread(number, MOST_LINES)
    lines = []
    for place, values in enumerate(product(*(range(len(sweep.axes[name])) for name in others))):
        if place not in wanted:
            continue
        start = sum(inner[name] * value for name, value in zip(others, values, strict=True))
        stated = [
            f"{name} = {sweep.axes[name][value]:,}"
            for name, value in zip(others, values, strict=True)
            if len(sweep.axes[name]) > 1
        ]
        length = len(sweep.axes[along])
        lines.append(Line(", ".join(stated), range(start, start + length * inner[along], inner[along])))
    return lines, number


def _spread(number: int, most: int) -> Sequence[int]:
    """Places spread over a range, its ends among them.

    >>> _spread(5, 10), _spread(101, 3)
    (range(0, 5), [0, 50, 100])
    """
    if number <= most:
        return range(number)
    return [place * (number - 1) // (most - 1) for place in range(most)]


def _draw(part: Any, sweep: Sweep) -> None:
    """The panels of one sweep, with its title above and its remarks below."""
    along = across(sweep)
    lines, number = lines_of(sweep)
    every = part.subplots(*grid_of(len(sweep.measures)), squeeze=False).flatten()
    panels = every[: len(sweep.measures)]
    for panel, name in zip(panels, sweep.measures, strict=True):
        _panel(panel, sweep, name, along, lines)
    for panel in every[len(panels) :]:
        panel.set_axis_off()
    drawn = max((panel.get_lines() for panel in panels), key=len)
    if len(drawn) > 1:
        part.legend(drawn, [line.label for line in lines], loc="outside right upper", frameon=False)
    single = [f"{name} = {values[0]:,}" for name, values in sweep.axes.items() if len(values) == 1]
    part.suptitle(", ".join((sweep.name, *single)), fontsize=12, fontweight="bold")
    if remarks := _remarks(sweep, lines, number):
        part.supxlabel("\n".join(remarks), fontsize=8, color="#52606d", x=0.01, ha="left")


def _remarks(sweep: Sweep, lines: Sequence[Line], number: int) -> list[str]:
    remarks = []
    if failing := sum(sweep.failing):
        conditions = [held.text for held, times in zip(sweep.conditions, sweep.failing, strict=True) if times]
        remarks.append(
            f"Not drawn: {failing:,} of {len(sweep):,} points, as the model holds only if {' and '.join(conditions)}."
        )
    if len(lines) < number:
        others = _others(sweep, across(sweep))
        remarks.append(f"{len(lines)} of {number:,} lines: the values of {others} spread over their range.")
    return remarks


def _panel(panel: Any, sweep: Sweep, name: str, along: str, lines: Sequence[Line]) -> None:
    """A measure over a symbol; one line where all are the same."""
    from matplotlib.ticker import EngFormatter, MaxNLocator

    measure = MEASURES[name]
    title = measure.label
    drawn = [_points(sweep, name, along, line) for line in lines]
    if len(drawn) > 1 and all(points == drawn[0] for points in drawn):
        drawn = drawn[:1]
        title += f", the same for every {_others(sweep, along)}"
    for place, points in enumerate(drawn):
        panel.plot(
            [across for across, _ in points],
            [float("nan") if height is None else height for _, height in points],
            color=COLOURS[place % len(COLOURS)] if len(drawn) > 1 else SINGLE,
            linewidth=1.6,
            marker=MARKERS[place % len(MARKERS)] if len(points) <= MARKED else "",
            markersize=3.5,
        )
    panel.set_title(title, fontsize=10)
    panel.set_xlabel(along)
    panel.set_ylabel(f"{measure.noun}{f' ({measure.unit})' if measure.unit else ''}")
    panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    panel.xaxis.set_major_formatter("{x:,.0f}")
    panel.yaxis.set_major_formatter(EngFormatter(sep=" "))
    panel.set_ylim(bottom=0)
    panel.set_axisbelow(True)


def _points(sweep: Sweep, name: str, along: str, line: Line) -> list[tuple[float, float | None]]:
    """The points of a line; without a height where the model does not hold."""
    found = []
    for place in (line.places[each] for each in _spread(len(line.places), MOST_POINTS)):
        number = sweep.measures[name][place]
        found.append((float(sweep.sizes[along][place] or 0), None if number is None else float(number)))
    return sorted(found, key=lambda point: point[0])


def _others(sweep: Sweep, along: str) -> str:
    return " and ".join(name for name, values in sweep.axes.items() if name != along and len(values) > 1)
