"""A layer over its time steps, laid out on a grid."""

from __future__ import annotations

from collections.abc import Iterator

from lstmcalc.explanation.diagrams import Merge, Row, Unrolled
from lstmcalc.frozen import NamedTuple
from lstmcalc.renderers.cells import cell_len
from lstmcalc.renderers.layouts.scene import Scene

__all__ = ["unrolled_scene"]

#: The place of what is left out where the picture has little room: the second step, and the label behind it.
SECOND, BEHIND_SECOND = 1, 2
#: What stands where steps are left out, and its room with a blank at each side.
DOTS = "..."
DOTS_ROOM = len(DOTS) + 2


class Columns(NamedTuple):
    """Where boxes stand: their left edges, their width, the place of the dots, and both ends of the states' lines."""

    lefts: tuple[int, ...]
    width: int
    dots: int
    start: int
    end: int

    def center(self, number: int) -> int:
        """The middle of a box."""
        return self.lefts[number] + self.width // 2


def unrolled_scene(diagram: Unrolled, short: bool = False) -> Scene:
    """The picture; `short` leaves out the second of three steps, where steps are left out anyway."""
    short = short and diagram.elided and len(diagram.rows[0].steps) > 2
    rows = [_shortened(row) for row in diagram.rows] if short else list(diagram.rows)
    columns = _columns(rows, diagram.elided)
    scene = Scene()
    above = any(step.gives for step in rows[0].steps)
    top = 3 if above else 0
    height = max(2, *(2 * len(row.states) for row in rows)) + 2
    reads = top + height + 2
    _draw_row(scene, rows[0], columns, top, height, diagram.elided)
    for number, step in enumerate(rows[0].steps):
        middle = columns.center(number)
        scene.centered(middle, reads, step.reads)
        scene.line((middle, reads - 1), (middle, top + height - 1))
        if step.gives:
            scene.line((middle, top), (middle, top - 3))
            scene.centered(middle, top - 3, step.gives)
    if len(rows) > 1:
        _draw_below(scene, rows[1], columns, reads, height, diagram.elided)
    if diagram.elided:
        scene.text(columns.dots + 1, reads, DOTS)
    if diagram.merge:
        _draw_merge(scene, diagram.merge)
    return scene


def _draw_below(scene: Scene, row: Row, columns: Columns, reads: int, height: int, elided: bool) -> None:
    """The second direction, below what both read."""
    top = reads + 3
    _draw_row(scene, row, columns, top, height, elided)
    for number, step in enumerate(row.steps):
        middle = columns.center(number)
        scene.line((middle, reads + 1), (middle, top))
        if step.gives:
            scene.line((middle, top + height - 1), (middle, top + height + 2))
            scene.centered(middle, top + height + 2, step.gives)


def _draw_row(scene: Scene, row: Row, columns: Columns, top: int, height: int, elided: bool) -> None:
    if row.heading:
        scene.text(0, top, row.heading, "title")
    for number, step in enumerate(row.steps):
        scene.box(columns.lefts[number], top, ("step", step.number), "step", columns.width, height)
    for number, state in enumerate(row.states):
        y = top + 2 + 2 * number
        for (left, right), text in zip(_slots(columns, elided), state.labels, strict=True):
            if text:
                scene.text(left + 1, y - 1, text)
                start, end = (right, left) if row.leftward else (left, right)
                # A blank stands between the dots and the line that goes on behind them.
                start += (start == columns.dots + DOTS_ROOM - 1) - (start == columns.dots)
                scene.line((start, y), (end, y))
        if elided:
            scene.text(columns.dots + 1, y, DOTS)


def _slots(columns: Columns, elided: bool) -> Iterator[tuple[int, int]]:
    """The lines between the boxes as pairs of columns, from left to right."""
    left = columns.start
    for number, box in enumerate(columns.lefts):
        if elided and number == len(columns.lefts) - 1:
            yield left, columns.dots
            left = columns.dots + DOTS_ROOM - 1
        yield left, box
        left = box + columns.width - 1
    yield left, columns.end


def _columns(rows: list[Row], elided: bool) -> Columns:
    steps = rows[0].steps
    inner = max(cell_len(text) for row in rows for step in row.steps for text in ("step", step.number))
    width = inner + 4
    places = len(steps) + 1 + elided
    wide = [max((cell_len(state.labels[place]) + 2 for row in rows for state in row.states if state.labels[place]),
                default=1) for place in range(places)]  # fmt: skip
    texts = [max(cell_len(text) for row in rows for text in (row.steps[number].reads, row.steps[number].gives))
             for number in range(len(steps))]  # fmt: skip
    headings = max(cell_len(row.heading) for row in rows)
    left = max(wide[0] + 1, headings + 1 if headings else 0, texts[0] // 2 - width // 2)
    lefts, dots = [left], 0
    for number in range(1, len(steps)):
        least = (texts[number - 1] + texts[number]) // 2 + 3 - width
        before = lefts[-1] + width
        if elided and number == len(steps) - 1:
            first = max(wide[number], least // 2, 2)
            dots = before + first
            before = dots + DOTS_ROOM
            lefts.append(before + max(wide[number + 1], least - first - DOTS_ROOM, 2))
        else:
            lefts.append(before + max(wide[number], least, 1))
    return Columns(tuple(lefts), width, dots, 0, lefts[-1] + width + wide[-1])


def _shortened(row: Row) -> Row:
    """The row without its second step."""
    steps = tuple(step for number, step in enumerate(row.steps) if number != SECOND)
    states = tuple(
        type(state)(state.name, tuple(text for number, text in enumerate(state.labels) if number != BEHIND_SECOND))
        for state in row.states
    )
    return Row(row.heading, steps, states, row.leftward)


def _draw_merge(scene: Scene, merge: Merge) -> None:
    """Two lines that become one, below the picture."""
    top = scene.height + 1
    first, second = merge.parts
    join = max(map(cell_len, merge.parts)) + 3
    scene.text(0, top, first)
    scene.text(0, top + 2, second)
    box = scene.box(join + 3, top, (merge.how,), "step")
    scene.line((cell_len(first) + 1, top), (join, top), (join, top + 1), (box.x, top + 1), net="merge")
    scene.line((cell_len(second) + 1, top + 2), (join, top + 2), (join, top + 1), net="merge", arrow=False)
    end = box.x + box.width + 3
    scene.line((end - 4, top + 1), (end, top + 1))
    scene.text(end + 1, top + 1, merge.result, "name")
