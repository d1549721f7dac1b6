"""The order in which Keras lists a model's layers, and which of them its outputs need."""

from __future__ import annotations

from lstmcalc.spec import Call, Ref, Spec

__all__ = ["Order", "keras_order"]

Node = tuple[str, int]


class Order:
    """A model as Keras walks it: `names` is the order of `model.layers`, `calls` are those that an output needs."""

    def __init__(self, names: list[str], calls: set[Node]) -> None:
        self.names = names
        self.calls = calls


def keras_order(spec: Spec) -> Order:
    """The layers and inputs of a functional model in Keras's order (keras/src/ops/function.py, `map_graph`, 3.15.1).

    Keras walks from the outputs to the inputs, gives every layer the greatest distance from an output, and lists the
    farthest first; among equals, the one met first in the walk.
    """
    calls = numbered_calls(spec)
    parents = {node: _parents(call) for node, call in calls.items()}
    finished, met = _walk(parents, spec.outputs)
    node_depths: dict[Node, int] = {}
    depths: dict[str, int] = {}
    for node in reversed(finished):
        depth = max(node_depths.get(node, 0), depths.get(node[0], 0))
        node_depths[node] = depths[node[0]] = depth
        for parent in parents.get(node, ()):
            node_depths[parent] = max(depth + 1, node_depths.get(parent, 0))
    for port in spec.inputs:
        if port.name not in depths:
            depths[port.name], met[port.name] = 0, -1
    names = sorted(depths, key=lambda name: (-depths[name], met[name]))
    return Order(names, {node for node in finished if node in calls})


def numbered_calls(spec: Spec) -> dict[Node, Call]:
    """The calls of a spec by layer name and how many times that layer was applied before."""
    counts: dict[str, int] = {}
    calls = {}
    for call in spec.calls:
        index = counts.get(call.layer, 0)
        counts[call.layer] = index + 1
        calls[call.layer, index] = call
    return calls


def _parents(call: Call) -> list[Node]:
    return [(ref.name, ref.call) for ref in (*call.inputs, *call.initial_state)]


def _walk(parents: dict[Node, list[Node]], outputs: tuple[Ref, ...]) -> tuple[list[Node], dict[str, int]]:
    """Nodes from inputs to outputs, and for each name its place in the depth-first walk; without recursion."""
    finished: list[Node] = []
    entered: set[Node] = set()
    met: dict[str, int] = {}
    for output in outputs:
        stack: list[tuple[Node, bool]] = [((output.name, output.call), False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                finished.append(node)
            elif node not in entered:
                entered.add(node)
                met.setdefault(node[0], len(met))
                stack.append((node, True))
                stack.extend((parent, False) for parent in reversed(parents.get(node, [])))
    return finished, met
