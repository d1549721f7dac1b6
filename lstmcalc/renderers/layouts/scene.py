"""A drawing on a grid of characters: what the terminal and SVG both draw, each in its own way.

Places are (column, line). A line goes from place to place, and each of its parts is level or upright.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lstmcalc.frozen import NamedTuple
from lstmcalc.renderers.cells import cell_len

__all__ = ["Frame", "Label", "Path", "Place", "Scene"]

Place = tuple[int, int]


class Frame(NamedTuple):
    """A box: its left upper corner, its size with the border, and what kind of thing it stands for."""

    x: int
    y: int
    width: int
    height: int
    kind: str = "layer"


class Label(NamedTuple):
    """A text that begins at a place; `kind` is title, name, size or note, `centered` whether it stands in a middle."""

    x: int
    y: int
    text: str
    kind: str = "size"
    centered: bool = False

    @property
    def width(self) -> int:
        """How many columns it takes."""
        return cell_len(self.text)


class Path(NamedTuple):
    """A line through places; with `arrow` its last place is where the arrow points to.

    Lines of the same `net` carry the same value: where they meet they join, and others cross.
    """

    places: tuple[Place, ...]
    net: str
    arrow: bool = True


@dataclass
class Scene:
    """Boxes, texts and lines; `width` and `height` follow from them."""

    frames: list[Frame] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)

    @property
    def width(self) -> int:
        """How many columns the drawing takes."""
        ends = [frame.x + frame.width for frame in self.frames] + [label.x + label.width for label in self.labels]
        return max([*ends, *(x + 1 for path in self.paths for x, _ in path.places)], default=0)

    @property
    def height(self) -> int:
        """How many lines the drawing takes."""
        ends = [frame.y + frame.height for frame in self.frames] + [label.y + 1 for label in self.labels]
        return max([*ends, *(y + 1 for path in self.paths for _, y in path.places)], default=0)

    def box(self, x: int, y: int, lines: Sequence[str], kind: str = "layer", width: int = 0, height: int = 0) -> Frame:
        """A box around lines, the first of which is a name; it is as wide as they are, or as `width` says."""
        inner = max([width - 4, *(cell_len(line) for line in lines)])
        frame = Frame(x, y, inner + 4, max(len(lines) + 2, height), kind)
        self.frames.append(frame)
        top = y + 1 + (frame.height - 2 - len(lines)) // 2
        for number, line in enumerate(lines):
            self.centered(x + frame.width // 2, top + number, line, "size" if number else "name")
        return frame

    def text(self, x: int, y: int, text: str, kind: str = "size") -> None:
        """A text; an empty one leaves nothing."""
        if text:
            self.labels.append(Label(x, y, text, kind))

    def centered(self, middle: int, y: int, text: str, kind: str = "size") -> None:
        """A text around a column."""
        if text:
            self.labels.append(Label(middle - cell_len(text) // 2, y, text, kind, True))

    def line(self, *places: Place, net: str = "", arrow: bool = True) -> None:
        """A line through places, without those that it would not turn at."""
        kept = [place for number, place in enumerate(places) if number == 0 or place != places[number - 1]]
        if len(kept) > 1:
            self.paths.append(Path(tuple(kept), net or f"line {len(self.paths)}", arrow))

    def add(self, other: Scene, x: int = 0, y: int = 0) -> None:
        """Puts another drawing into this one, so far to the right and down."""
        mark = len(self.paths)
        self.frames += [frame._replace(x=frame.x + x, y=frame.y + y) for frame in other.frames]
        self.labels += [label._replace(x=label.x + x, y=label.y + y) for label in other.labels]
        self.paths += [
            Path(tuple((left + x, top + y) for left, top in path.places), f"{mark} {path.net}", path.arrow)
            for path in other.paths
        ]

    def box_of_one_line(self, x: int, y: int, text: str) -> Frame:
        """An operation: its sign between round ends."""
        frame = Frame(x, y, cell_len(text) + 2, 1, "operation")
        self.frames.append(frame)
        self.centered(x + frame.width // 2, y, text, "name")
        return frame
