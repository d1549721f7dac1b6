"""A model's graph laid out in layers: every box below all that feed it, side by side where none feeds the other.

What goes past a layer of boxes takes a place of its own in it, so that no line runs through a box.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from lstmcalc.explanation.diagrams import Box, Graph
from lstmcalc.renderers.cells import cell_len
from lstmcalc.renderers.layouts.channels import Link, tracks_of
from lstmcalc.renderers.layouts.scene import Scene

__all__ = ["layered_scene"]

#: Blank columns between boxes, and how often the order and the places are improved.
APART, SWEEPS = 4, 8


@dataclass
class Place:
    """A box in its rank, or a line that passes; `net` tells what a line carries, `up` and `down` what it is tied to."""

    width: int
    height: int
    box: Box | None = None
    net: str = ""
    up: list[Place] = field(default_factory=list)
    down: list[Place] = field(default_factory=list)
    rank: int = 0
    order: float = 0.0
    middle: float = 0.0
    y: int = 0

    @property
    def left(self) -> int:
        """The left edge on the grid."""
        return round(self.middle) - self.width // 2


@dataclass
class Tie:
    """What goes from a rank to the next."""

    source: Place
    target: Place
    net: str
    label: str = ""
    leaves: int = 0
    enters: int = 0


def layered_scene(graph: Graph) -> Scene:
    """The picture."""
    leaving: dict[str, set[str]] = {box.key: set() for box in graph.boxes}
    for arrow in graph.arrows:
        leaving[arrow.source].add(arrow.label)
    entering = Counter(arrow.target for arrow in graph.arrows)
    places = {box.key: _sized(box, leaving[box.key], entering[box.key]) for box in graph.boxes}
    _rank(graph, places)
    ranks: list[list[Place]] = [[] for _ in range(max((place.rank for place in places.values()), default=-1) + 1)]
    for place in places.values():
        ranks[place.rank].append(place)
    ties = list(_ties(graph, places, ranks))
    for tie in ties:
        tie.source.down.append(tie.target)
        tie.target.up.append(tie.source)
    _order(ranks)
    _spread(ranks)
    return _drawn(ranks, ties)


def _sized(box: Box, leaving: set[str], entering: int) -> Place:
    """The box with room for the labels that leave it and for so many arrows that enter it."""
    room = max(sum(cell_len(_short(label)) + 4 for label in leaving), 3 * entering)
    return Place(max(*map(cell_len, box.lines), room) + 4, len(box.lines) + 2, box)


def _short(label: str) -> str:
    """Which output it is; its shape stands in the box."""
    return label.partition(" ")[0]


def _rank(graph: Graph, places: dict[str, Place]) -> None:
    """Every box one rank below the last that feeds it; what nothing feeds right above what it feeds first."""
    fed: dict[str, list[str]] = {}
    feeds: dict[str, list[str]] = {}
    for arrow in graph.arrows:
        fed.setdefault(arrow.target, []).append(arrow.source)
        feeds.setdefault(arrow.source, []).append(arrow.target)
    for box in graph.boxes:
        places[box.key].rank = max((places[source].rank + 1 for source in fed.get(box.key, ())), default=0)
    for box in graph.boxes:
        if box.key not in fed and box.key in feeds:
            places[box.key].rank = min(places[target].rank for target in feeds[box.key]) - 1


def _ties(graph: Graph, places: dict[str, Place], ranks: list[list[Place]]) -> Iterator[Tie]:
    """The arrows, cut at every rank that they pass; what one output brings to several boxes passes once."""
    passing: dict[tuple[str, str, int], Place] = {}
    for arrow in graph.arrows:
        net = f"{arrow.source} {arrow.label}"
        above, target = places[arrow.source], places[arrow.target]
        label = _short(arrow.label)
        for rank in range(above.rank + 1, target.rank):
            key = (arrow.source, arrow.label, rank)
            if key not in passing:
                passing[key] = Place(1, 1, None, net, rank=rank)
                ranks[rank].append(passing[key])
                yield Tie(above, passing[key], net, label)
            above, label = passing[key], ""
        yield Tie(above, target, net, label)


def _order(ranks: list[list[Place]]) -> None:
    """Sorts each rank by the middle of what its boxes are tied to, downwards and upwards in turns."""
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        for rank in ranks if downwards else reversed(ranks):
            for number, place in enumerate(rank):
                tied = place.up if downwards else place.down
                place.order = sum(other.order for other in tied) / len(tied) if tied else float(number)
            rank.sort(key=lambda place: place.order)
            for number, place in enumerate(rank):
                place.order = float(number)


def _spread(ranks: list[list[Place]]) -> None:
    """Moves every box as near to the middle of what it is tied to as its neighbours allow."""
    for sweep in range(SWEEPS):
        for rank in ranks if sweep % 2 == 0 else reversed(ranks):
            wanted = []
            for place in rank:
                tied = (place.up if sweep % 2 == 0 else place.down) or [*place.up, *place.down]
                wanted.append(sum(other.middle for other in tied) / len(tied) if tied else place.middle)
            for place, middle in zip(rank, _apart(rank, wanted), strict=True):
                place.middle = middle
    least = min((place.middle - place.width // 2 for rank in ranks for place in rank), default=0)
    for place in (place for rank in ranks for place in rank):
        place.middle = float(round(place.middle - least) + 1)


def _apart(rank: list[Place], wanted: list[float]) -> list[float]:
    """The places nearest to those that are wanted, in order and without overlap (isotonic regression)."""
    offsets = [0.0]
    for left, right in pairwise(rank):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + APART)
    groups: list[tuple[float, int]] = []
    for middle, offset in zip(wanted, offsets, strict=True):
        total, count = middle - offset, 1
        while groups and groups[-1][0] / groups[-1][1] > total / count:
            before = groups.pop()
            total, count = total + before[0], count + before[1]
        groups.append((total, count))
    starts = [total / count for total, count in groups for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _drawn(ranks: list[list[Place]], ties: list[Tie]) -> Scene:
    scene = Scene()
    below: dict[int, list[Tie]] = {}
    for tie in ties:
        below.setdefault(tie.source.rank, []).append(tie)
    y = 0
    for number, rank in enumerate(ranks):
        height = max(place.height for place in rank)
        for place in rank:
            place.y = y
            if place.box:
                scene.box(place.left, y, place.box.lines, place.box.kind, place.width)
            elif place.down:
                middle = round(place.middle)
                scene.line((middle, y), (middle, y + height - 1), net=place.net, arrow=False)
        y += height
        if number + 1 < len(ranks):
            y += _draw_channel(scene, below.get(number, []), y, height)
    return scene


def _draw_channel(scene: Scene, ties: list[Tie], top: int, height: int) -> int:
    """What goes on between two ranks; the lines that it takes."""
    _leave(ties)
    _enter(ties)
    tracks = tracks_of([Link(tie.net, tie.leaves, tie.enters) for tie in ties])
    labelled = any(tie.label for tie in ties)
    first = top + labelled
    for tie in ties:
        track = first + tracks.get(tie.net, 0)
        bottom = top + labelled + max(tracks.values(), default=-1) + 3
        start = (tie.source.y + tie.source.height - 1) if tie.source.box else tie.source.y + height - 1
        places = ((tie.leaves, start), (tie.leaves, track), (tie.enters, track), (tie.enters, bottom))
        if tie.leaves == tie.enters:
            places = (places[0], places[0], places[3], places[3])
        scene.line(*places, net=tie.net, arrow=tie.target.box is not None)
    for tie in {(tie.leaves, tie.label): tie for tie in ties if tie.label}.values():
        scene.text(tie.leaves + 1, tie.source.y + tie.source.height, tie.label)
    return max(tracks.values(), default=-1) + 3 + labelled


def _leave(ties: list[Tie]) -> None:
    """Where each output leaves its box: one place for each net, in the order of where they go."""
    boxes: dict[int, dict[str, list[Tie]]] = {}
    for tie in ties:
        boxes.setdefault(id(tie.source), {}).setdefault(tie.net, []).append(tie)
    for nets in boxes.values():
        ordered = sorted(nets.values(), key=lambda net: sum(tie.target.middle for tie in net) / len(net))
        for number, net in enumerate(ordered):
            for tie in net:
                tie.leaves = _port(tie.source, number, len(ordered))


def _enter(ties: list[Tie]) -> None:
    """Where each line enters a box, side by side in the order of where they come from, or passes it.

    No line enters in a column where another leaves, as both would look like one.
    """
    targets: dict[int, list[Tie]] = {}
    for tie in ties:
        targets.setdefault(id(tie.target), []).append(tie)
    leaving = {tie.leaves: tie.net for tie in ties}
    taken: set[int] = set()
    for group in targets.values():
        group.sort(key=lambda tie: tie.leaves)
        for number, tie in enumerate(group):
            place, wanted = tie.target, _port(tie.target, number, len(group))
            room = (place.left + 1, place.left + place.width - 2) if place.box else (wanted - 2, wanted + 2)
            free = (column for column in _outwards(wanted, *room)
                    if column not in taken and leaving.get(column, tie.net) == tie.net)  # fmt: skip
            tie.enters = next(free, wanted)
            taken.add(tie.enters)
            if not place.box:
                place.middle = float(tie.enters)


def _outwards(wanted: int, low: int, high: int) -> Iterator[int]:
    """The columns from `low` to `high`, the nearest to `wanted` first, the left one of two as near."""
    for away in range(max(wanted - low, high - wanted) + 1):
        if low <= wanted - away <= high:
            yield wanted - away
        if away and low <= wanted + away <= high:
            yield wanted + away


def _port(place: Place, number: int, count: int) -> int:
    """One of so many places along the edge of a box."""
    if place.box is None or count == 1:
        return round(place.middle)
    return place.left + (number + 1) * place.width // (count + 1)
