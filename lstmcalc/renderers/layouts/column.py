"""A model's graph in one column: box below box, and what skips boxes in lanes at the side."""

from __future__ import annotations

from dataclasses import dataclass, field

from lstmcalc.explanation.diagrams import Arrow, Box, Graph
from lstmcalc.renderers.cells import cell_len
from lstmcalc.renderers.layouts.scene import Frame, Scene
from lstmcalc.renderers.lines import folded

__all__ = ["column_scene"]

#: A lane's line and the gap beside it.
LANE = 2
#: Without a width, boxes are no wider than this, and no more lanes than these stand beside them.
MOST_WIDTH, MOST_LANES = 100, 24


@dataclass
class Net:
    """What one output brings to boxes that are not the next: the places of its source and of its targets."""

    source: int
    label: str
    targets: list[int] = field(default_factory=list)
    lane: int = 0


def column_scene(graph: Graph, width: int | None = 80) -> Scene:
    """The picture, no wider than `width` where that leaves any room for the boxes."""
    places = {box.key: number for number, box in enumerate(graph.boxes)}
    straight, nets = _nets(graph, places)
    most = MOST_LANES if width is None else max(0, width - 30) // (2 * LANE)
    kept, written = _in_lanes(nets, most)
    lanes = max((net.lane + 1 for net in kept), default=0)
    left = lanes * LANE
    room = MOST_WIDTH if width is None else max(width - left - 6, 8)
    scene = Scene()
    frames = _draw_boxes(scene, graph, kept, written, (left, room))
    labels = {arrow.target: arrow.label for arrow in straight}
    for arrow in straight:
        above, below = frames[places[arrow.source]], frames[places[arrow.target]]
        x = left + 4
        scene.line((x, above.y + above.height - 1), (x, below.y))
        scene.text(x + 2, below.y - 1, labels[arrow.target])
    _draw_lanes(scene, kept, frames, left)
    return scene


def _nets(graph: Graph, places: dict[str, int]) -> tuple[list[Arrow], list[Net]]:
    """The arrows to the next box, one for each, and all others, those from one output together."""
    straight: dict[int, Arrow] = {}
    nets: dict[tuple[int, str], Net] = {}
    for arrow in graph.arrows:
        source, target = places[arrow.source], places[arrow.target]
        if target == source + 1 and source not in straight:
            straight[source] = arrow
        else:
            nets.setdefault((source, arrow.label), Net(source, arrow.label)).targets.append(target)
    return list(straight.values()), list(nets.values())


def _in_lanes(nets: list[Net], most: int) -> tuple[list[Net], list[Net]]:
    """Gives each the lane nearest to the boxes that is free all along it; what finds none is written instead."""
    ends: list[int] = []
    kept, written = [], []
    for net in sorted(nets, key=lambda net: net.source):
        lane = next((lane for lane, end in enumerate(ends) if end < net.source), len(ends))
        if lane >= most:
            written.append(net)
            continue
        ends += [0] * (lane + 1 - len(ends))
        net.lane, ends[lane] = lane, max(net.targets)
        kept.append(net)
    return kept, written


def _draw_boxes(scene: Scene, graph: Graph, kept: list[Net], written: list[Net], place: tuple[int, int]) -> list[Frame]:
    left, room = place
    texts = [[*_lines(box, room)] for box in graph.boxes]
    for net in written:
        name = graph.boxes[net.source].lines[0]
        for target in net.targets:
            texts[target] += folded(f"from {name}{' ' if net.label else ''}{net.label}", room)
    inner = max((cell_len(line) for lines in texts for line in lines), default=0)
    frames, y = [], 0
    for number, lines in enumerate(texts):
        ends = sum(net.source == number for net in kept) + sum(net.targets.count(number) for net in kept)
        height = max(len(lines), ends) + 2
        scene.frames.append(Frame(left, y, inner + 4, height, graph.boxes[number].kind))
        for line, text in enumerate(lines):
            scene.text(left + 2, y + 1 + line, text, "size" if line else "name")
        frames.append(scene.frames[-1])
        y += height + 1
    return frames


def _lines(box: Box, room: int) -> list[str]:
    return [part for line in box.lines for part in folded(line, room)]


def _draw_lanes(scene: Scene, kept: list[Net], frames: list[Frame], left: int) -> None:
    """Lines that leave a box at its left, where they can at the line of the output that they carry."""
    taken: dict[int, set[int]] = {number: set() for number in range(len(frames))}
    texts = {(label.text, label.y) for label in scene.labels}
    leaving = {}
    for net in kept:
        frame = frames[net.source]
        named = (line for line in range(frame.height - 2) if (net.label, frame.y + 1 + line) in texts)
        leaving[id(net)] = _free(taken[net.source], next(named, min(1, frame.height - 3)), frame)
    for net in sorted(kept, key=lambda net: net.lane):
        x = left - 2 - net.lane * LANE
        start = frames[net.source].y + 1 + leaving[id(net)]
        for target in net.targets:
            end = frames[target].y + 1 + _free(taken[target], 0, frames[target])
            scene.line((left, start), (x, start), (x, end), (left, end), net=f"net {net.source} {net.label}")


def _free(taken: set[int], wanted: int, frame: Frame) -> int:
    """The free line of a box that is nearest to the one that is wanted."""
    line = min((line for line in range(frame.height - 2) if line not in taken), key=lambda line: abs(line - wanted))
    taken.add(line)
    return line
