"""Diagrams as data: boxes, arrows and their labels, before they are drawn.

A diagram holds every label as text, so that whatever draws it calculates nothing; `notes` are rows of cells that stand
below the picture.
"""

from __future__ import annotations

from lstmcalc.frozen import NamedTuple

__all__ = ["Arrow", "Box", "CellInside", "Diagram", "Gate", "Graph", "Merge", "Operation", "Row", "State", "Step",
           "Unrolled"]  # fmt: skip

Notes = tuple[tuple[str, ...], ...]


class Step(NamedTuple):
    """One time step: its number in the order read, what it reads, and what it gives to the output, if anything."""

    number: str
    reads: str
    gives: str = ""


class State(NamedTuple):
    """What goes from step to step: a label for each place between the steps, from left to right.

    The first and the last place are the row's ends, empty where nothing enters or leaves; the place where steps are
    left out has two labels.
    """

    name: str
    labels: tuple[str, ...]


class Row(NamedTuple):
    """The steps of one direction, in the order of the input's steps; `leftward` where they are read from the end."""

    heading: str
    steps: tuple[Step, ...]
    states: tuple[State, ...]
    leftward: bool = False


class Merge(NamedTuple):
    """How the outputs of two directions become one: the parts with their shapes, what is done, and what results."""

    parts: tuple[str, ...]
    how: str
    result: str


class Unrolled(NamedTuple):
    """A layer over its time steps. With `elided`, the last step that is shown is not the next one."""

    title: str
    rows: tuple[Row, ...]
    elided: bool
    merge: Merge | None = None
    notes: Notes = ()


class Gate(NamedTuple):
    """A box inside a cell: the name of its result, what it is called, its activation, and what it reads.

    `reads` holds names of `CellInside.inputs` and of other gates.
    """

    symbol: str
    name: str
    activation: str
    reads: tuple[str, ...]
    label: str


class Operation(NamedTuple):
    """What is done with gates and states, value by value: `text` is its sign, `result` the state it makes, if any.

    `inputs` holds symbols of gates, names of states, and the keys of other operations.
    """

    key: str
    text: str
    inputs: tuple[str, ...]
    result: str = ""


class CellInside(NamedTuple):
    """One step of a cell. `labels` holds each input and state with its size: `h[t-1]` is `h[t-1]: 128`."""

    title: str
    inputs: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    gates: tuple[Gate, ...]
    operations: tuple[Operation, ...]
    notes: Notes = ()


class Box(NamedTuple):
    """One application of a layer, or an input or output of the model, in lines: name, shapes, params."""

    key: str
    lines: tuple[str, ...]
    kind: str = "layer"


class Arrow(NamedTuple):
    """From a box to a box, by their keys; `label` tells which of several outputs it is."""

    source: str
    target: str
    label: str = ""


class Graph(NamedTuple):
    """A model: its boxes in an order in which every arrow points forwards, and the models that stand inside it."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    nested: tuple[Graph, ...] = ()
    notes: Notes = ()


Diagram = Unrolled | CellInside | Graph
