"""Diagrams in characters, for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from lstmcalc.explanation.diagrams import CellInside, Diagram, Graph, Unrolled
from lstmcalc.renderers.cells import cell_len
from lstmcalc.renderers.layouts.cell import cell_as_list, cell_scene
from lstmcalc.renderers.layouts.column import column_scene
from lstmcalc.renderers.layouts.scene import Frame, Path, Place, Scene
from lstmcalc.renderers.layouts.steps import unrolled_scene
from lstmcalc.renderers.lines import folded, table_lines, titled, wrapped_lines

__all__ = ["diagram_lines", "scene_lines"]

UP, RIGHT, DOWN, LEFT = 1, 2, 4, 8
#: The character for every set of directions in which lines leave a place.
SIGNS = {UP: "│", DOWN: "│", UP | DOWN: "│", LEFT: "─", RIGHT: "─", LEFT | RIGHT: "─", DOWN | RIGHT: "┌",
         DOWN | LEFT: "┐", UP | RIGHT: "└", UP | LEFT: "┘", UP | DOWN | RIGHT: "├", UP | DOWN | LEFT: "┤",
         DOWN | LEFT | RIGHT: "┬", UP | LEFT | RIGHT: "┴", UP | DOWN | LEFT | RIGHT: "┼"}  # fmt: skip
HEADS = {UP: "▲", RIGHT: "▶", DOWN: "▼", LEFT: "◀"}


def diagram_lines(diagram: Diagram, width: int | None = 80) -> Iterator[str]:
    """The lines of a diagram, no longer than `width`; what has no room as a picture is a list."""
    room = None if width is None else max(width, 8)
    for line in _titled(diagram, room):
        yield from folded(line, room)


def _titled(diagram: Diagram, width: int | None) -> Iterator[str]:
    yield from titled(diagram.title, width)
    yield ""
    yield from _picture(diagram, width)
    if diagram.notes:
        yield ""
        yield from _notes(diagram.notes, width)
    if isinstance(diagram, Graph):
        for inside in diagram.nested:
            yield ""
            yield from _titled(inside, width)


def _picture(diagram: Diagram, width: int | None) -> Iterator[str]:
    if isinstance(diagram, Graph):
        return scene_lines(column_scene(diagram, width))
    if isinstance(diagram, CellInside):
        scene = cell_scene(diagram)
        return scene_lines(scene) if _fits(scene, width) else _list(cell_as_list(diagram), width)
    return _unrolled(diagram, width)


def _unrolled(diagram: Unrolled, width: int | None) -> Iterator[str]:
    """The widest picture that has room: with two steps at the start, with one, then downwards."""
    for short in (False, True):
        scene = unrolled_scene(diagram, short)
        if _fits(scene, width):
            return scene_lines(scene)
    return _list(_steps_as_list(diagram), width)


def _steps_as_list(diagram: Unrolled) -> Iterator[tuple[str, ...]]:
    for row in diagram.rows:
        if row.heading:
            yield (row.heading,)
        for number, step in enumerate(row.steps):
            if diagram.elided and number == len(row.steps) - 1:
                yield ("...",)
            entering = [state.labels[_entering(row.leftward, diagram.elided, number, len(row.steps))]
                        for state in row.states]  # fmt: skip
            yield (f"{', '.join([*entering, step.reads])} ─▶ step {step.number}{' ─▶ ' if step.gives else ''}"
                   f"{step.gives}",)  # fmt: skip
    if diagram.merge:
        yield (f"{' and '.join(diagram.merge.parts)} ─▶ {diagram.merge.how} ─▶ {diagram.merge.result}",)


def _entering(leftward: bool, elided: bool, number: int, steps: int) -> int:
    """Which label stands at the side of a step from which states enter it."""
    late = elided and number == steps - 1
    return number + late + (1 if leftward else 0)


def _fits(scene: Scene, width: int | None) -> bool:
    return width is None or scene.width + 2 <= width


def _list(rows: Iterable[tuple[str, ...]], width: int | None) -> Iterator[str]:
    for row in rows:
        yield from wrapped_lines(row[0], width)


def _notes(notes: tuple[tuple[str, ...], ...], width: int | None) -> Iterator[str]:
    used = [any(column) for column in zip(*notes, strict=True)]
    return table_lines([tuple(cell for cell, wanted in zip(row, used, strict=True) if wanted) for row in notes], width)


def scene_lines(scene: Scene, indent: int = 2) -> Iterator[str]:
    """A drawing as lines of characters."""
    signs: dict[Place, str] = {}
    for place, mask in _masks(scene).items():
        signs[place] = SIGNS[mask]
    for path in scene.paths:
        if path.arrow:
            place, direction = _head(path)
            signs[place] = HEADS[direction]
    for frame in scene.frames:
        if frame.height == 1:
            signs[frame.x, frame.y], signs[frame.x + frame.width - 1, frame.y] = "(", ")"
    starts = {(label.x, label.y): label.text for label in scene.labels}
    width, height = scene.width, scene.height
    for y in range(height):
        line, x = "", 0
        while x < width:
            text = starts.get((x, y)) or signs.get((x, y), " ")
            line += text
            # A text may hold nothing but signs that take no room.
            x += cell_len(text) or 1
        yield (" " * indent + line).rstrip()


def _masks(scene: Scene) -> dict[Place, int]:
    """The directions in which lines leave each place; where two lines cross, the upright one is whole."""
    held: dict[Place, dict[str, int]] = {}
    borders: set[Place] = set()
    for frame in scene.frames:
        for place, mask in _border(frame) if frame.height > 1 else ():
            held.setdefault(place, {})["border"] = mask
            borders.add(place)
    for path in scene.paths:
        for place, mask in _steps(path):
            nets = held.setdefault(place, {})
            net = "border" if place in borders else path.net
            nets[net] = nets.get(net, 0) | mask
    return {place: _crossed(list(nets.values())) for place, nets in held.items()}


def _crossed(masks: list[int]) -> int:
    upright = [mask for mask in masks if mask & (UP | DOWN)]
    return upright[-1] if len(masks) > 1 and upright else masks[-1]


def _border(frame: Frame) -> Iterator[tuple[Place, int]]:
    left, top, right, bottom = frame.x, frame.y, frame.x + frame.width - 1, frame.y + frame.height - 1
    for x in range(left + 1, right):
        yield (x, top), LEFT | RIGHT
        yield (x, bottom), LEFT | RIGHT
    for y in range(top + 1, bottom):
        yield (left, y), UP | DOWN
        yield (right, y), UP | DOWN
    corners = ((left, top), DOWN | RIGHT), ((right, top), DOWN | LEFT), ((left, bottom), UP | RIGHT)
    yield from (*corners, ((right, bottom), UP | LEFT))


def _steps(path: Path) -> Iterator[tuple[Place, int]]:
    """Every place of a line with the directions in which it goes on; an arrow's last place is left out."""
    places = list(_places(path))
    for number, place in enumerate(places):
        mask = 0
        if number:
            mask |= _direction(place, places[number - 1])
        if number < len(places) - 1:
            mask |= _direction(place, places[number + 1])
        if not (path.arrow and number == len(places) - 1):
            yield place, mask


def _places(path: Path) -> Iterator[Place]:
    yield path.places[0]
    for (x, y), (to_x, to_y) in pairwise(path.places):
        while (x, y) != (to_x, to_y):
            x += (to_x > x) - (to_x < x)
            y += (to_y > y) - (to_y < y)
            yield x, y


def _direction(place: Place, other: Place) -> int:
    if place[0] == other[0]:
        return DOWN if other[1] > place[1] else UP
    return RIGHT if other[0] > place[0] else LEFT


def _head(path: Path) -> tuple[Place, int]:
    """Where an arrow's head stands, one place before what it points to, and its direction."""
    *_, before, last = _places(path)
    return before, _direction(before, last)
