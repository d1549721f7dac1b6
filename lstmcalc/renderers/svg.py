"""Diagrams as SVG: one element that needs nothing else, with text as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from textwrap import wrap

from lstmcalc.explanation.diagrams import CellInside, Diagram, Graph
from lstmcalc.renderers.cells import cell_len
from lstmcalc.renderers.layouts.cell import cell_scene
from lstmcalc.renderers.layouts.ranks import layered_scene
from lstmcalc.renderers.layouts.scene import Frame, Label, Path, Place, Scene
from lstmcalc.renderers.layouts.steps import unrolled_scene
from lstmcalc.renderers.lines import titled
from lstmcalc.steering import visible

__all__ = ["diagram_svg", "svg_of"]

#: The size of a place of the grid, the margin, and the size of the letters, in pixels.
COLUMN, LINE, MARGIN, LETTERS = 8, 18, 16, 13
#: Titles and notes are wrapped to the drawing's width, but not narrower than this.
LEAST_NOTES = 72
HEAD = 7
#: Colours in light, and in dark: what draws, and what fills.
STYLE = (
    ".lc text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace;"
    f"font-size:{LETTERS}px;fill:#1b2733}}"
    ".lc .paper{fill:#ffffff}.lc .title{font-weight:bold}.lc .name{font-weight:bold}"
    ".lc .note{fill:#52606d}.lc .frame{stroke:#52606d;stroke-width:1.2;fill:#eef3f8}"
    ".lc .input{fill:#e3f4e8;stroke:#2f7d4a}.lc .output{fill:#fdf1dc;stroke:#a86d10}"
    ".lc .gate{fill:#e9e7fb;stroke:#5b50b5}.lc .operation{fill:#ffffff}"
    ".lc .line{fill:none;stroke:#52606d;stroke-width:1.3;stroke-linecap:round}.lc .head{fill:#52606d}"
    "@media (prefers-color-scheme:dark){.lc text{fill:#e6edf3}.lc .paper{fill:#10161d}.lc .note{fill:#a9b6c2}"
    ".lc .frame{stroke:#a9b6c2;fill:#1d2834}.lc .input{fill:#16301f;stroke:#6fc28d}"
    ".lc .output{fill:#372810;stroke:#e0b05a}.lc .gate{fill:#262347;stroke:#a9a1f0}.lc .operation{fill:#10161d}"
    ".lc .line{stroke:#a9b6c2}.lc .head{fill:#a9b6c2}}"
)


def diagram_svg(diagram: Diagram) -> str:
    """One diagram as an `<svg>` element; of a model with models inside it, theirs stand below."""
    return svg_of([diagram])


def svg_of(diagrams: Sequence[Diagram]) -> str:
    """Several diagrams below each other as one `<svg>` element."""
    scene = Scene()
    for diagram in diagrams:
        _stack(scene, diagram)
    width, height = _pixels(scene.width, COLUMN), _pixels(scene.height, LINE)
    borders = {place for frame in scene.frames for place in _edge(frame)}
    titles = [diagram.title for diagram in diagrams]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lc" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">',
        f"<title>{_escaped('; '.join(titles))}</title>",
        f"<desc>{_escaped(' '.join(_description(diagram) for diagram in diagrams))}</desc>",
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}" rx="6"/>',
        *_lines(scene, borders),
        *_heads(scene, borders),
        *map(_frame, scene.frames),
        *map(_label, scene.labels),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _description(diagram: Diagram) -> str:
    """The diagram in words, for those who do not see it."""
    if isinstance(diagram, Graph):
        names = {box.key: box.lines[0] for box in diagram.boxes}
        boxes = "; ".join(", ".join(box.lines) for box in diagram.boxes)
        arrows = "; ".join(f"{names[arrow.source]} to {names[arrow.target]}" for arrow in diagram.arrows)
        inside = "".join(f" {_description(nested)}" for nested in diagram.nested)
        return f"{diagram.title}. {boxes}. Arrows: {arrows}.{inside}"
    notes = "; ".join(" ".join(filter(None, row)) for row in diagram.notes)
    return f"{diagram.title}. {notes}.".replace("`", "")


def _stack(scene: Scene, diagram: Diagram) -> None:
    """Puts a diagram with its title and notes below what is there."""
    y = scene.height + 2 if scene.frames or scene.labels else 0
    drawn = _scene(diagram)
    width = max(drawn.width, LEAST_NOTES)
    for line in titled(diagram.title, width):
        scene.text(0, y, line, "title")
        y += 1
    scene.add(drawn, 1, y + 1)
    y += drawn.height + 2
    for row in _notes(diagram, width):
        for x, text in row:
            scene.text(x, y, text, "note")
        y += 1
    if isinstance(diagram, Graph):
        for nested in diagram.nested:
            _stack(scene, nested)


def _scene(diagram: Diagram) -> Scene:
    if isinstance(diagram, Graph):
        return layered_scene(diagram)
    return cell_scene(diagram) if isinstance(diagram, CellInside) else unrolled_scene(diagram)


def _notes(diagram: Diagram, width: int) -> Iterator[list[tuple[int, str]]]:
    """The notes in columns, the last of which wraps: for each line its texts, and where they stand."""
    if not diagram.notes:
        return
    plain = [[visible(cell.replace("`", "")) for cell in row] for row in diagram.notes]
    starts = [0]
    for column in list(zip(*plain, strict=True))[:-1]:
        longest = max(map(cell_len, column))
        starts.append(starts[-1] + longest + 2 * bool(longest))
    for row in plain:
        first, *more = wrap(row[-1], max(width - starts[-1], 30), break_on_hyphens=False) or [""]
        yield list(zip(starts, [*row[:-1], first], strict=True))
        yield from ([(starts[-1], line)] for line in more)


def _pixels(places: int, size: int) -> int:
    return places * size + 2 * MARGIN


def _x(column: float) -> float:
    return MARGIN + (column + 0.5) * COLUMN


def _y(line: float) -> float:
    return MARGIN + (line + 0.5) * LINE


def _edge(frame: Frame) -> Iterator[Place]:
    """The places of a box's border."""
    for x in range(frame.x, frame.x + frame.width):
        yield x, frame.y
        yield x, frame.y + frame.height - 1
    for y in range(frame.y, frame.y + frame.height):
        yield frame.x, y
        yield frame.x + frame.width - 1, y


def _frame(frame: Frame) -> str:
    half = 0.0 if frame.height > 1 else 0.42
    x, y = _x(frame.x), _y(frame.y - half)
    width, height = (frame.width - 1) * COLUMN, (frame.height - 1 + 2 * half) * LINE
    round_ends = 4 if frame.height > 1 else height / 2
    return (f'<rect class="frame {frame.kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
            f'rx="{round_ends:g}"/>')  # fmt: skip


def _label(label: Label) -> str:
    # Each text has the room that the grid gives it, whatever letters the reader's machine has.
    length = label.width * COLUMN
    x, y = _x(label.x - 0.5), _y(label.y) + LETTERS * 0.35
    anchor = ' text-anchor="middle"' if label.centered else ""
    x += length / 2 if label.centered else 0
    return (f'<text class="{label.kind}" x="{x:g}" y="{y:g}" textLength="{length:g}"{anchor}>'
            f"{_escaped(label.text)}</text>")  # fmt: skip


def _lines(scene: Scene, borders: set[Place]) -> Iterator[str]:
    """The lines of each net, what is drawn twice once."""
    nets: dict[str, dict[tuple[str, float], list[tuple[float, float]]]] = {}
    for path in scene.paths:
        parts = nets.setdefault(path.net, {})
        places = [*path.places[:-1], _tip(path, borders)]
        for (x, y), (to_x, to_y) in pairwise(places):
            if x == to_x:
                parts.setdefault(("upright", x), []).append((min(y, to_y), max(y, to_y)))
            else:
                parts.setdefault(("level", y), []).append((min(x, to_x), max(x, to_x)))
    for parts in nets.values():
        drawn = ""
        for (direction, fixed), spans in parts.items():
            for low, high in _joined(spans):
                if direction == "level":
                    drawn += f"M{_x(low):g} {_y(fixed):g}H{_x(high):g}"
                else:
                    drawn += f"M{_x(fixed):g} {_y(low):g}V{_y(high):g}"
        yield f'<path class="line" d="{drawn}"/>'


def _tip(path: Path, borders: set[Place]) -> tuple[float, float]:
    """Where a line ends: at the border of a box, or where it points at a text, at a distance from it."""
    (before_x, before_y), (x, y) = path.places[-2:]
    if not path.arrow or (x, y) in borders:
        return x, y
    return x - 0.5 * ((x > before_x) - (x < before_x)), y - 0.5 * ((y > before_y) - (y < before_y))


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans that touch as one."""
    joined: list[tuple[float, float]] = []
    for low, high in sorted(spans):
        if joined and low <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(high, joined[-1][1])
        else:
            joined.append((low, high))
    return joined


def _heads(scene: Scene, borders: set[Place]) -> Iterator[str]:
    """The heads of the arrows."""
    for path in scene.paths:
        if path.arrow:
            (before_x, before_y), (x, y) = path.places[-2:]
            along_x, along_y = (x > before_x) - (x < before_x), (y > before_y) - (y < before_y)
            tip_x, tip_y = _tip(path, borders)
            end_x, end_y = _x(tip_x), _y(tip_y)
            base_x, base_y = end_x - along_x * HEAD, end_y - along_y * HEAD
            side_x, side_y = along_y * HEAD / 2, along_x * HEAD / 2
            yield (f'<path class="head" d="M{end_x:g} {end_y:g}L{base_x + side_x:g} {base_y + side_y:g}'
                   f'L{base_x - side_x:g} {base_y - side_y:g}Z"/>')  # fmt: skip


def _escaped(text: str) -> str:
    """A text for XML, which has no control characters; in what was laid out they are visible already."""
    return escape(visible(text))
