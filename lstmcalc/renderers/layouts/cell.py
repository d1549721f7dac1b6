"""The inside of a cell, laid out on a grid: gates below each other, and the operations to their right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lstmcalc.explanation.diagrams import CellInside, Gate, Operation
from lstmcalc.renderers.cells import cell_len
from lstmcalc.renderers.layouts.scene import Scene

__all__ = ["cell_as_list", "cell_scene"]

#: The columns of the lines that bring the inputs, and the left edge of the gates.
RAILS = (1, 5)
LEFT = 11
GATE_HEIGHT = 4


@dataclass
class Placing:
    """Where values are: the row and the column in which each is made; column 0 holds gates and states."""

    rows: dict[str, float] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    uses: Counter[str] = field(default_factory=Counter)
    #: In each column the rows between which lines go up or down.
    upright: dict[int, list[tuple[float, float]]] = field(default_factory=dict)

    def place(self, operation: Operation) -> None:
        """Gives an operation a row that is free from there on, and the first column that has room."""
        self.uses.subtract(operation.inputs)
        rows = [self.rows[name] for name in operation.inputs]
        free = [self.rows[name] for name in operation.inputs if self.uses[name] <= 0]
        row = max(free) if free else max(rows) + 0.5
        span = min(*rows, row), max(*rows, row)
        column = max(self.columns[name] for name in operation.inputs) + 1
        while any(low <= span[1] and span[0] <= high for low, high in self.upright.get(column, ())):
            column += 1
        self.upright.setdefault(column, []).append(span)
        for name in filter(None, (operation.key, operation.result)):
            self.rows[name], self.columns[name] = row, column


def cell_as_list(diagram: CellInside) -> Iterator[tuple[str, ...]]:
    """The same in words, where a picture has no room."""
    labels = dict(diagram.labels)
    for gate in diagram.gates:
        reads = ", ".join(labels.get(name, name) for name in gate.reads)
        yield (f"{reads} ─▶ {gate.name} {_activation(gate)} ─▶ {gate.label}",)


def cell_scene(diagram: CellInside) -> Scene:
    """The picture."""
    placing = _placing(diagram)
    tops = _tops(diagram, placing)
    scene = Scene()
    frames = _draw_gates(scene, diagram, placing, tops)
    _draw_rails(scene, diagram, frames)
    starts = _starts(scene, diagram, placing, tops, frames)
    _draw_operations(scene, diagram, placing, tops, starts)
    return scene


def _placing(diagram: CellInside) -> Placing:
    """Gates and states from top to bottom as the operations use them, each before its reset gate; then operations."""
    placing = Placing()
    made = {name for operation in diagram.operations for name in (operation.key, operation.result)}
    used = [name for operation in diagram.operations for name in operation.inputs if name not in made]
    gates = {gate.symbol: gate for gate in diagram.gates}
    if diagram.operations and diagram.operations[0].inputs[-1] not in gates:
        # The state of the step before comes in above the gate that it meets.
        used.insert(0, diagram.operations[0].inputs[-1])
    order: list[str] = []
    for name in (*used, *gates):
        order += [name, *(each for each in gates[name].reads if each in gates)] if name in gates else [name]
    for name in dict.fromkeys(order):
        placing.rows[name], placing.columns[name] = len(placing.rows), 0
    for operation in diagram.operations:
        placing.uses.update(operation.inputs)
        placing.uses.update(filter(None, (operation.result,)))
    for operation in diagram.operations:
        placing.place(operation)
    return placing


def _tops(diagram: CellInside, placing: Placing) -> dict[float, int]:
    """The line of each row's wire."""
    gates = {gate.symbol: gate for gate in diagram.gates}
    names = {row: name for name, row in reversed(placing.rows.items())}
    tops, y = {}, 3
    for row in sorted(names):
        gate = gates.get(names[row])
        if gate:
            tops[row] = y + 2
            # The arrow from the reset gate, which comes below, needs room.
            y += GATE_HEIGHT + (2 if any(name in gates for name in gate.reads) else 0)
        else:
            tops[row] = y
            y += 2
    return tops


def _activation(gate: Gate) -> str:
    return gate.activation or "linear"


def _draw_gates(
    scene: Scene, diagram: CellInside, placing: Placing, tops: dict[float, int]
) -> dict[str, tuple[int, int, int]]:
    """Draws the boxes of the gates: their left and right edges, and the line of their wire."""
    inner = max(cell_len(text) for gate in diagram.gates for text in (gate.name, _activation(gate)))
    frames = {}
    for gate in diagram.gates:
        y = tops[placing.rows[gate.symbol]]
        frame = scene.box(LEFT, y - 2, (gate.name, _activation(gate)), "gate", inner + 4, GATE_HEIGHT)
        frames[gate.symbol] = (frame.x, frame.x + frame.width - 1, y)
    for gate in diagram.gates:
        for source in diagram.gates:
            if source.symbol in gate.reads:
                x, y = LEFT + inner // 2, frames[source.symbol][2] - 2
                scene.line((x, y), (x, frames[gate.symbol][2] + 1))
                scene.text(x + 2, y - 1, source.label)
    return frames


def _draw_rails(scene: Scene, diagram: CellInside, frames: dict[str, tuple[int, int, int]]) -> None:
    labels = dict(diagram.labels)
    for number, (name, rail) in enumerate(zip(diagram.inputs, RAILS, strict=True)):
        scene.text(rail - 1, number, labels[name])
        turns = [(frames[gate.symbol][0], frames[gate.symbol][2] - 1 + number)
                 for gate in diagram.gates if name in gate.reads]  # fmt: skip
        lowest = max(turn for _, turn in turns)
        for left, turn in turns:
            places = ((rail, turn), (left, turn))
            scene.line(*places if turn < lowest else ((rail, number + 1), *places), net=name)


def _starts(
    scene: Scene, diagram: CellInside, placing: Placing, tops: dict[float, int], frames: dict[str, tuple[int, int, int]]
) -> dict[str, int]:
    """Labels what comes out of gates and in from the step before: the column where each one's line starts."""
    labels = dict(diagram.labels)
    fed = {name for gate in diagram.gates for name in gate.reads}
    starts = {}
    for name, column in placing.columns.items():
        y = tops[placing.rows[name]]
        if name in frames:
            gate = next(gate for gate in diagram.gates if gate.symbol == name)
            starts[name] = frames[name][1]
            if name not in fed and name not in labels:
                scene.text(starts[name] + 2, y - 1, gate.label)
        elif column == 0:
            scene.text(LEFT, y, labels[name])
            starts[name] = LEFT + cell_len(labels[name]) + 1
    return starts


def _draw_operations(
    scene: Scene, diagram: CellInside, placing: Placing, tops: dict[float, int], starts: dict[str, int]
) -> None:
    labels = dict(diagram.labels)
    lefts, end = _lefts(diagram, placing, starts)
    for operation in diagram.operations:
        y, width = tops[placing.rows[operation.key]], cell_len(operation.text) + 2
        left = lefts[placing.columns[operation.key]]
        scene.box_of_one_line(left, y, operation.text)
        for name in operation.inputs:
            there = tops[placing.rows[name]]
            if there == y:
                scene.line((starts[name], y), (left, y), net=name)
            else:
                middle = left + width // 2
                scene.line((starts[name], there), (middle, there), (middle, y), net=name)
        for name in filter(None, (operation.key, operation.result)):
            starts[name] = left + width - 1
        if operation.result:
            scene.line((left + width - 1, y), (end, y), net=operation.result)
            scene.text(end + 1, y, labels[operation.result], "name")
    for gate in diagram.gates:
        if gate.symbol in labels:
            y = tops[placing.rows[gate.symbol]]
            scene.line((starts[gate.symbol], y), (end, y), net=gate.symbol)
            scene.text(end + 1, y, labels[gate.symbol], "name")


def _lefts(diagram: CellInside, placing: Placing, starts: dict[str, int]) -> tuple[dict[int, int], int]:
    """The left edge of each column of operations, and of what leaves the cell."""
    widths: dict[int, int] = {}
    for operation in diagram.operations:
        column = placing.columns[operation.key]
        widths[column] = max(widths.get(column, 0), cell_len(operation.text) + 2)
    # Behind the gates stand their labels.
    outside = {gate.symbol for gate in diagram.gates} - {name for name, _ in diagram.labels}
    longest = max((cell_len(gate.label) for gate in diagram.gates if gate.symbol in outside), default=0)
    edge = max(starts.values()) + 3
    gates = [starts[gate.symbol] + 3 + longest for gate in diagram.gates if gate.symbol in outside]
    x = max([edge, *gates])
    lefts = {}
    for column in sorted(widths):
        lefts[column] = x
        x += widths[column] + 3
    return lefts, x + 1
