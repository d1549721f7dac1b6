"""The order in which Keras lists a model's layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from lstmcalc.spec import Call, Ref, Spec

__all__ = ["CallKey", "Order", "Parents", "keras_order", "numbered_calls"]

#: A call: its layer's name, and how many times that layer was applied before. An input's is its name and 0.
CallKey = tuple[str, int]
#: What calls take besides what the spec states, and what that takes in turn: the operations that make masks.
Parents = Mapping[CallKey, Sequence[CallKey]]


class Order:
    """The calls of a model by their keys, and the orders that Keras gives them and their layers.

    What makes masks (`besides`) counts as a part of the way to the calls that take it, and is no layer.
    """

    def __init__(self, spec: Spec, calls: Mapping[CallKey, Call] | None = None, besides: Parents | None = None) -> None:
        self.spec = spec
        self.calls = numbered_calls(spec) if calls is None else calls
        self._besides = besides or {}

    @cached_property
    def layers(self) -> list[str]:
        """The layers and inputs that a functional model's outputs need, and all its inputs.

        Keras walks from the outputs to the inputs, gives every layer the greatest distance from an output, and lists
        the farthest first; among equals, the one met first in the walk (keras/src/ops/function.py, `map_graph`,
        3.15.1).
        """
        depths, _, met = self._depths
        ports = [port.name for port in self.spec.inputs]
        for name in ports:
            if name not in depths:
                depths[name], met[name] = 0, -1
        order = sorted(depths, key=lambda name: (-depths[name], met[name]))
        inputs = set(ports)
        return [name for name in order if name in self.spec.layers or name in inputs]

    @cached_property
    def runs(self) -> list[CallKey]:
        """The calls that a model's outputs need, in the order in which Keras runs them; then all others, as stated.

        The farthest from an output come first (keras/src/ops/function.py, `_run_through_graph`, 3.15.1).
        """
        if self.spec.sequential:
            return list(self.calls)
        depths = self._depths[1]
        needed = [key for key in sorted(depths, key=depths.__getitem__, reverse=True) if key in self.calls]
        return [*needed, *(key for key in self.calls if key not in depths)]

    @cached_property
    def _depths(self) -> tuple[dict[str, int], dict[CallKey, int], dict[str, int]]:
        """How far each layer and each call is from an output, and each name's place in the walk."""
        parents = self._parents()
        finished, met = _walk(parents, self.spec.outputs)
        key_depths: dict[CallKey, int] = {}
        depths: dict[str, int] = {}
        for key in reversed(finished):
            depth = max(key_depths.get(key, 0), depths.get(key[0], 0))
            key_depths[key] = depths[key[0]] = depth
            for parent in parents.get(key, ()):
                if key_depths.get(parent, 0) <= depth:
                    key_depths[parent] = depth + 1
        return depths, key_depths, met

    def _parents(self) -> dict[CallKey, list[CallKey]]:
        parents = {key: [(ref.name, ref.call) for ref in call.refs] for key, call in self.calls.items()}
        for key, taken in self._besides.items():
            parents[key] = [*parents.get(key, ()), *taken]
        return parents


def keras_order(spec: Spec, besides: Parents | None = None) -> list[str]:
    """The layers and inputs of a functional model in Keras's order (`Order.layers`)."""
    return Order(spec, besides=besides).layers


def numbered_calls(spec: Spec) -> dict[CallKey, Call]:
    """The calls of a spec by their keys, in order of definition."""
    counts: dict[str, int] = {}
    calls = {}
    for call in spec.calls:
        index = counts.get(call.layer, 0)
        counts[call.layer] = index + 1
        calls[call.layer, index] = call
    return calls


def _walk(parents: Parents, outputs: tuple[Ref, ...]) -> tuple[list[CallKey], dict[str, int]]:
    """Keys from inputs to outputs, and for each name its place in the depth-first walk; without recursion."""
    finished: list[CallKey] = []
    entered: set[CallKey] = set()
    met: dict[str, int] = {}
    for output in outputs:
        # A key that is left stands behind None.
        stack: list[CallKey | None] = [(output.name, output.call)]
        while stack:
            key = stack.pop()
            if key is None:
                finished.append(stack.pop())  # type: ignore[arg-type]  # what stands before None is a key
            elif key not in entered:
                entered.add(key)
                met.setdefault(key[0], len(met))
                stack += (key, None)
                stack += reversed(parents.get(key, ()))
    return finished, met
