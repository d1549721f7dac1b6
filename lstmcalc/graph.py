"""The order in which Keras lists a model's layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lstmcalc.spec import Call, Ref, Spec

__all__ = ["CallKey", "Parents", "keras_order", "numbered_calls", "run_order"]

#: A call: its layer's name, and how many times that layer was applied before. An input's is its name and 0.
CallKey = tuple[str, int]
#: What calls take besides what the spec states, and what that takes in turn: the operations that make masks.
Parents = Mapping[CallKey, Sequence[CallKey]]


def keras_order(spec: Spec, besides: Parents | None = None) -> list[str]:
    """The layers and inputs that a functional model's outputs need, and all its inputs, in Keras's order.

    Keras walks from the outputs to the inputs, gives every layer the greatest distance from an output, and lists the
    farthest first; among equals, the one met first in the walk (keras/src/ops/function.py, `map_graph`, 3.15.1). What
    makes masks (`besides`) counts as a part of the way, and is no layer.
    """
    depths, _, met = _depths(spec, besides or {})
    for port in spec.inputs:
        if port.name not in depths:
            depths[port.name], met[port.name] = 0, -1
    names = {*spec.layers, *(port.name for port in spec.inputs)}
    order = sorted(depths, key=lambda name: (-depths[name], met[name]))
    return [name for name in order if name in names]


def run_order(spec: Spec, besides: Parents | None = None) -> list[CallKey]:
    """The calls that a model's outputs need, in the order in which Keras runs them; then all others, as stated.

    The farthest from an output come first (keras/src/ops/function.py, `_run_through_graph`, 3.15.1).
    """
    calls = numbered_calls(spec)
    if spec.sequential:
        return list(calls)
    key_depths = _depths(spec, besides or {})[1]
    needed = [key for key in sorted(key_depths, key=lambda key: -key_depths[key]) if key in calls]
    return [*needed, *(key for key in calls if key not in key_depths)]


def _depths(spec: Spec, besides: Parents) -> tuple[dict[str, int], dict[CallKey, int], dict[str, int]]:
    """How far each layer and each call is from an output, and each name's place in the walk."""
    parents = {key: [*_parents(call), *besides.get(key, ())] for key, call in numbered_calls(spec).items()}
    parents |= {key: list(taken) for key, taken in besides.items() if key not in parents}
    finished, met = _walk(parents, spec.outputs)
    key_depths: dict[CallKey, int] = {}
    depths: dict[str, int] = {}
    for key in reversed(finished):
        depth = max(key_depths.get(key, 0), depths.get(key[0], 0))
        key_depths[key] = depths[key[0]] = depth
        for parent in parents.get(key, ()):
            key_depths[parent] = max(depth + 1, key_depths.get(parent, 0))
    return depths, key_depths, met


def numbered_calls(spec: Spec) -> dict[CallKey, Call]:
    """The calls of a spec by their keys, in order of definition."""
    counts: dict[str, int] = {}
    calls = {}
    for call in spec.calls:
        index = counts.get(call.layer, 0)
        counts[call.layer] = index + 1
        calls[call.layer, index] = call
    return calls


def _parents(call: Call) -> list[CallKey]:
    return [(ref.name, ref.call) for ref in call.refs]


def _walk(parents: dict[CallKey, list[CallKey]], outputs: tuple[Ref, ...]) -> tuple[list[CallKey], dict[str, int]]:
    """Keys from inputs to outputs, and for each name its place in the depth-first walk; without recursion."""
    finished: list[CallKey] = []
    entered: set[CallKey] = set()
    met: dict[str, int] = {}
    for output in outputs:
        stack: list[tuple[CallKey, bool]] = [((output.name, output.call), False)]
        while stack:
            key, leaving = stack.pop()
            if leaving:
                finished.append(key)
            elif key not in entered:
                entered.add(key)
                met.setdefault(key[0], len(met))
                stack.append((key, True))
                stack.extend((parent, False) for parent in reversed(parents.get(key, [])))
    return finished, met
