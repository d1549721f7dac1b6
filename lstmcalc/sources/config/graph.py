"""The graph of a functional Keras config: which call takes which outputs, in an order in which they can be made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lstmcalc.errors import Where
from lstmcalc.layers import find_rule
from lstmcalc.layers.arguments import closest
from lstmcalc.sources.config.nodes import Arguments, NodeError, Tensor, bind, is_count, read_node, tensors_in
from lstmcalc.sources.config.operations import is_operation_layer, translated
from lstmcalc.sources.config.values import Notes, excerpt
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec

__all__ = ["Graph", "Member", "read_outputs"]

#: A call of a layer: its name, and which of its calls, from 0.
Key = tuple[str, int]


@dataclass
class Member:
    """A layer or an input of a model: as the config holds it, and as it was read; `layer` is None where it was not."""

    data: Mapping[str, Any]
    name: str
    class_name: str
    layer: LayerSpec | None = None
    port: InputSpec | None = None
    #: The nested model that the layer is, and whether Keras counts that as its first call.
    model: Spec | None = None
    counts_itself: bool = False
    calls: list[Arguments] = field(default_factory=list)

    @property
    def label(self) -> tuple[str, str]:
        """The layer as faults name it."""
        return self.name, self.class_name


def read_outputs(value: Any) -> list[Tensor] | None:
    """The outputs of `input_layers` or `output_layers`, in Keras's order; None where it holds anything else.

    >>> [output.layer for output in read_outputs({"b": ["x", 0, 0], "a": [["y", 0, 1]]})]
    ['y', 'x']
    """
    if isinstance(value, Mapping):
        parts: Iterable[Any] = [value[key] for key in sorted(value)]
    elif isinstance(value, (list, tuple)):
        if len(value) == 3 and isinstance(value[0], str):
            name, node, index = value
            return [Tensor(name, node, index)] if is_count(node) and is_count(index) else None
        parts = value
    else:
        return None
    outputs: list[Tensor] = []
    for part in parts:
        inner = read_outputs(part)
        if inner is None:
            return None
        outputs += inner
    return outputs


class Graph:
    """The calls of a functional model; what is wrong with them is noted."""

    def __init__(self, members: Mapping[str, Member], outputs: list[Tensor], notes: Notes) -> None:
        self.members, self.notes = members, notes
        self._read_nodes()
        self.is_legacy = any(call.legacy for member in members.values() for call in member.calls)
        self._shifts = self._count_from(outputs)
        self.stated: dict[Key, dict[int, tuple[int | None, ...]]] = {}
        self._collect_shapes()
        self.outputs = [self._ref(output, None, True) for output in outputs]

    def calls(self) -> list[Call]:
        """The calls, each behind those whose outputs it takes."""
        made = {
            (name, index): self._call(member, index, call)
            for name, member in self.members.items()
            for index, call in enumerate(member.calls)
        }
        return self._ordered({key: call for key, call in made.items() if call is not None})

    def _read_nodes(self) -> None:
        for member in self.members.values():
            nodes = member.data.get("inbound_nodes")
            if member.port is not None:
                continue
            if not isinstance(nodes, (list, tuple)):
                self.notes.add("wrong-value", "`inbound_nodes` to be a list of calls", excerpt(nodes),
                               layer=member.label)  # fmt: skip
                nodes = []
            for node in nodes:
                try:
                    member.calls.append(read_node(node, self.members))
                except NodeError as error:
                    self._note("wrong-node", error, member)
            if is_operation_layer(member.data) and member.layer is not None:
                member.layer, member.calls = translated(member.layer, member.data, member.calls)

    def _note(self, code: str, error: NodeError, member: Member) -> None:
        self.notes.add(code, error.expected, error.got, layer=member.label)

    def _count_from(self, outputs: list[Tensor]) -> dict[tuple[str, bool], int]:
        """What the first call of each nested model is called, by name, in calls and in `output_layers`.

        Keras 2 counts a nested model's own graph as its first call; Keras 3 does in `output_layers` alone, and for
        functional models alone (keras/src/models/functional.py, 3.15.1). A Sequential may have been called before it
        knew its input, and then has no such call: where a number cannot be right, the other way to count is.
        """
        used: dict[tuple[str, bool], list[int]] = {}
        for member in self.members.values():
            for call in member.calls:
                for tensor in tensors_in([call.args, call.kwargs]):
                    used.setdefault((tensor.layer, False), []).append(tensor.node)
        for output in outputs:
            used.setdefault((output.layer, True), []).append(output.node)
        shifts = {}
        for (name, at_end), numbers in used.items():
            target = self.members.get(name)
            if target is None or target.model is None:
                continue
            usual = 1 if self.is_legacy or (at_end and target.counts_itself) else 0
            fitting = [s for s in (usual, 1 - usual) if min(numbers) >= s and max(numbers) < len(target.calls) + s]
            shifts[name, at_end] = (fitting or [usual])[0]
        return shifts

    def _collect_shapes(self) -> None:
        for member in self.members.values():
            for call in member.calls:
                for tensor in tensors_in([call.args, call.kwargs]):
                    if tensor.shape is None:
                        continue
                    key = tensor.layer, tensor.node - self._shifts.get((tensor.layer, False), 0)
                    there = self.stated.setdefault(key, {}).setdefault(tensor.index, tensor.shape)
                    if there != tensor.shape:
                        self.notes.add(
                            "shape-contradiction",
                            f'one shape of the output of "{tensor.layer}"',
                            f"{excerpt(there)} and {excerpt(tensor.shape)}",
                            layer=member.label,
                        )

    def _stated(self, key: Key) -> tuple[tuple[int | None, ...], ...]:
        """The shapes of the outputs of a call, as far as they are stated one after the other."""
        shapes = self.stated.get(key, {})
        found: list[tuple[int | None, ...]] = []
        while len(found) in shapes:
            found.append(shapes[len(found)])
        return tuple(found)

    def _call(self, member: Member, index: int, call: Arguments) -> Call | None:
        layer = member.layer
        if layer is None:
            return None
        try:
            if member.model is not None:
                bound_inputs = _model_inputs(call, member.model)
                # The mask is none of its inputs, and yet what makes it stands in the graph.
                mask = call.kwargs.get("mask")
                states, keywords = [], {"mask": mask} if isinstance(mask, Tensor) else {}
            else:
                bound = bind(call, find_rule(layer.class_name))
                bound_inputs, states, keywords = bound.inputs, bound.states, bound.keywords
        except NodeError as error:
            self._note("wrong-node", error, member)
            return None
        inputs = [self._ref(tensor, member) for tensor in bound_inputs]
        state = [self._ref(tensor, member) for tensor in states]
        told = {key: self._keyword(value, member) for key, value in keywords.items()}
        if None in inputs or None in state:
            return None
        return Call(layer.name, tuple(filter(None, inputs)), tuple(filter(None, state)), Where(self.notes.source), told,
                    self._stated((member.name, index)))  # fmt: skip

    def _keyword(self, value: Any, member: Member) -> Any:
        if isinstance(value, Tensor):
            return self._ref(value, member)
        if isinstance(value, list):
            return [self._keyword(item, member) for item in value]
        return value

    def _ref(self, tensor: Tensor, user: Member | None, at_end: bool = False) -> Ref | None:
        """The output that a config names, or None after noting why there is none."""
        label = user.label if user else None
        member = self.members.get(tensor.layer)
        if member is None:
            few = len(self.members) < 1000 and len(self.notes.faults) < 20
            near = closest(tensor.layer, list(self.members)) if few else None
            fix = f"did you mean `{near}`?" if near else ""
            expected = "the name of a layer" if user else "`output_layers` to name layers"
            self.notes.add("unknown-reference", expected, excerpt(tensor.layer), fix=fix, layer=label)
            return None
        node = tensor.node - self._shifts.get((tensor.layer, at_end), 0)
        count = 1 if member.port else len(member.calls)
        if not 0 <= node < count:
            if not self._is_unread(member):
                times = "once" if count == 1 else f"{count} times" if count else "never"
                self.notes.add("unknown-reference", f'a call of "{tensor.layer}", which is called {times}',
                               f"call {tensor.node}", layer=label)  # fmt: skip
            return None
        return Ref(member.layer.name if member.layer else tensor.layer, tensor.index, node)

    @staticmethod
    def _is_unread(member: Member) -> bool:
        """Whether a call of the layer could not be read, which is a fault of its own."""
        nodes = member.data.get("inbound_nodes")
        return not isinstance(nodes, (list, tuple)) or len(nodes) > len(member.calls)

    def _ordered(self, calls: Mapping[Key, Call]) -> list[Call]:
        """Calls in order of definition, as far as that goes; notes a cycle where it does not go at all."""
        waiting: dict[Key, int] = {}
        users: dict[Key, list[Key]] = {}
        for key, call in calls.items():
            needed = {(ref.name, ref.call) for ref in call.refs} & calls.keys()
            if key[1] and (key[0], key[1] - 1) in calls:
                needed.add((key[0], key[1] - 1))
            waiting[key] = len(needed)
            for other in needed:
                users.setdefault(other, []).append(key)
        ready = [key for key, count in waiting.items() if not count]
        for key in ready:
            for user in users.get(key, ()):
                waiting[user] -= 1
                if not waiting[user]:
                    ready.append(user)
        if len(ready) < len(calls):
            self._note_cycle(calls, {key for key, count in waiting.items() if count})
        return [calls[key] for key in ready]

    def _note_cycle(self, calls: Mapping[Key, Call], stuck: set[Key]) -> None:
        """Notes one cycle among calls that wait for one another."""
        key = next(iter(calls.keys() & stuck)) if len(stuck) < 2 else min(stuck)
        path: dict[Key, int] = {}
        while key not in path:
            path[key] = len(path)
            needed = [(ref.name, ref.call) for ref in calls[key].refs]
            key = next((other for other in needed if other in stuck), (key[0], key[1] - 1))
        cycle = [*list(path)[path[key] :], key]
        names = [name for name, _ in cycle][:10]
        needs = f"`{names[0]}` needs " + ", which needs ".join(f"`{name}`" for name in names[1:])
        member = self.members[key[0]]
        self.notes.add("cycle", "layers that do not feed themselves", f"`{names[0]}` among its own inputs", needs,
                       layer=member.label)  # fmt: skip


def _model_inputs(call: Arguments, model: Spec) -> list[Tensor]:
    """The operands of a nested model's call, in the order of its inputs."""
    first = call.args[0] if call.args else call.kwargs.get("inputs", {})
    names = [port.name for port in model.inputs]
    if isinstance(first, Mapping) and set(names) <= set(first):
        return list(tensors_in([first[name] for name in names]))
    return list(tensors_in(first))
