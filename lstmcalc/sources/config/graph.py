"""The graph of a functional Keras config: which call takes which outputs, in an order in which they can be made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lstmcalc.layers import LayerRule, find_rule
from lstmcalc.layers.arguments import closest
from lstmcalc.sources.config.nodes import Arguments, NodeError, Tensor, bind, is_count, read_node, tensors_in
from lstmcalc.sources.config.operations import is_operation_layer, translated
from lstmcalc.sources.config.values import MAX_FAULTS, Notes, excerpt
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec

__all__ = ["Graph", "Member", "read_outputs"]

#: What most calls are told besides their operands.
NOTHING: Mapping[str, Any] = {}
#: A call of a layer: its name, and which of its calls, from 0.
Key = tuple[str, int]


@dataclass(slots=True)
class Member:
    """A layer or an input of a model, as it was read; `layer` is None where it was not."""

    name: str
    class_name: str
    layer: LayerSpec | None = None
    port: InputSpec | None = None
    #: The nested model that the layer is, and whether Keras counts that as its first call.
    model: Spec | None = None
    counts_itself: bool = False
    calls: list[Arguments] = field(default_factory=list)
    #: What is wrong with calls that could not be read, as far as it is told: code, what was expected, what is there.
    unread: dict[tuple[str, str, str], None] = field(default_factory=dict)

    @property
    def label(self) -> tuple[str, str]:
        """The layer as faults name it."""
        return self.name, self.class_name

    def read_calls(self, data: Mapping[str, Any], names: Collection[str]) -> None:
        """Reads the calls of the layer that a config states; `names` are the layers that there are."""
        nodes = data.get("inbound_nodes")
        if not isinstance(nodes, list):
            self.unread["wrong-value", "`inbound_nodes` to be a list of calls", excerpt(nodes)] = None
            nodes = []
        for node in nodes:
            try:
                self.calls.append(read_node(node, names))
            except NodeError as error:
                if len(self.unread) < MAX_FAULTS:
                    self.unread["wrong-node", error.expected, error.got] = None
        if self.layer is not None and is_operation_layer(data):
            self.layer, self.calls = translated(self.layer, data, self.calls)


def read_outputs(value: Any) -> list[Tensor] | None:
    """The outputs of `input_layers` or `output_layers`, in Keras's order; None where it holds anything else.

    >>> [output.layer for output in read_outputs({"b": ["x", 0, 0], "a": [["y", 0, 1]]})]
    ['y', 'x']
    """
    if isinstance(value, dict):
        parts: Iterable[Any] = [value[key] for key in sorted(value)]
    elif isinstance(value, list):
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
        for member in members.values():
            for code, expected, got in member.unread:
                self.notes.add(code, expected, got, layer=member.label)
        self.is_legacy = any(call.legacy for member in members.values() for call in member.calls)
        self._shifts = self._count_from(outputs)
        #: The rules of the classes met so far.
        self._rules: dict[str, type[LayerRule] | None] = {}
        #: The shapes that are stated: by layer, which of its calls, and which output.
        self.stated: dict[tuple[str, int, int], tuple[int | None, ...]] = {}
        self._collect_shapes()
        #: The most outputs that any call has of which a shape is stated.
        self._outputs = 1 + max((index for _, _, index in self.stated), default=-1)
        self.outputs = [self._ref(output, None, True) for output in outputs]

    def calls(self) -> list[Call]:
        """The calls, each behind those whose outputs it takes."""
        made: dict[Key, Call] = {}
        for name, member in self.members.items():
            for index, arguments in enumerate(member.calls):
                call = self._call(member, index, arguments)
                if call is not None:
                    made[name, index] = call
        return self._ordered(made)

    def _note(self, code: str, error: NodeError, member: Member) -> None:
        self.notes.add(code, error.expected, error.got, layer=member.label)

    def _count_from(self, outputs: list[Tensor]) -> dict[tuple[str, bool], int]:
        """What the first call of each nested model is called, by name, in calls and in `output_layers`.

        Keras 2 counts a nested model's own graph as its first call; Keras 3 does in `output_layers` alone, and for
        functional models alone (keras/src/models/functional.py, 3.15.1). A Sequential may have been called before it
        knew its input, and then has no such call: where a number cannot be right, the other way to count is.
        """
        models = {name for name, member in self.members.items() if member.model is not None}
        if not models:
            return {}
        used: dict[tuple[str, bool], list[int]] = {}
        for member in self.members.values():
            for call in member.calls:
                for tensor in call.tensors:
                    if tensor.layer in models:
                        used.setdefault((tensor.layer, False), []).append(tensor.node)
        for output in outputs:
            if output.layer in models:
                used.setdefault((output.layer, True), []).append(output.node)
        shifts = {}
        for (name, at_end), numbers in used.items():
            target = self.members[name]
            usual = 1 if self.is_legacy or (at_end and target.counts_itself) else 0
            fitting = [s for s in (usual, 1 - usual) if min(numbers) >= s and max(numbers) < len(target.calls) + s]
            shifts[name, at_end] = (fitting or [usual])[0]
        return shifts

    def _collect_shapes(self) -> None:
        for member in self.members.values():
            for call in member.calls:
                for tensor in call.tensors:
                    if tensor.shape is None:
                        continue
                    key = tensor.layer, self._number(tensor, False), tensor.index
                    there = self.stated.setdefault(key, tensor.shape)
                    if there != tensor.shape:
                        self.notes.add(
                            "shape-contradiction",
                            f'one shape of the output of "{tensor.layer}"',
                            f"{excerpt(there)} and {excerpt(tensor.shape)}",
                            layer=member.label,
                        )

    def _stated(self, name: str, number: int) -> tuple[tuple[int | None, ...], ...]:
        """The shapes of the outputs of a call, as far as they are stated one after the other."""
        shape, found = self.stated.get((name, number, 0)), []
        while shape is not None:
            found.append(shape)
            shape = self.stated.get((name, number, len(found))) if self._outputs > 1 else None
        return tuple(found)

    def _number(self, tensor: Tensor, at_end: bool) -> int:
        """Which call of its layer an output is of, counted from 0."""
        return tensor.node - self._shifts.get((tensor.layer, at_end), 0) if self._shifts else tensor.node

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
                bound = bind(call, self._rule(layer.class_name))
                bound_inputs, states, keywords = bound.inputs, bound.states, bound.keywords
        except NodeError as error:
            self._note("wrong-node", error, member)
            return None
        inputs = self._refs(bound_inputs, member)
        state = self._refs(states, member) if states else ()
        told = {key: self._keyword(value, member) for key, value in keywords.items()} if keywords else NOTHING
        if inputs is None or state is None:
            return None
        return Call(layer.name, inputs, state, self.notes.where, told,
                    self._stated(member.name, index))  # fmt: skip

    def _rule(self, class_name: str) -> type[LayerRule] | None:
        if class_name not in self._rules:
            self._rules[class_name] = find_rule(class_name)
        return self._rules[class_name]

    def _keyword(self, value: Any, member: Member) -> Any:
        if isinstance(value, Tensor):
            return self._ref(value, member)
        if isinstance(value, list):
            return [self._keyword(item, member) for item in value]
        return value

    def _refs(self, tensors: list[Tensor], user: Member) -> tuple[Ref, ...] | None:
        """The outputs that a config names, or None after noting which there are not."""
        found = []
        for tensor in tensors:
            ref = self._ref(tensor, user)
            if ref is not None:
                found.append(ref)
        return tuple(found) if len(found) == len(tensors) else None

    def _ref(self, tensor: Tensor, user: Member | None, at_end: bool = False) -> Ref | None:
        """The output that a config names, or None after noting why there is none."""
        member = self.members.get(tensor.layer)
        if member is None:
            few = len(self.members) < 1000 and self.notes.count < 20
            near = closest(tensor.layer, list(self.members)) if few else None
            fix = f"did you mean `{near}`?" if near else ""
            expected = "the name of a layer" if user else "`output_layers` to name layers"
            self.notes.add("unknown-reference", expected, excerpt(tensor.layer), fix=fix,
                           layer=user.label if user else None)  # fmt: skip
            return None
        node = self._number(tensor, at_end)
        count = 1 if member.port else len(member.calls)
        if not 0 <= node < count:
            if not member.unread:  # That is a fault of its own.
                times = "once" if count == 1 else f"{count} times" if count else "never"
                self.notes.add("unknown-reference", f'a call of "{tensor.layer}", which is called {times}',
                               f"call {tensor.node}", layer=user.label if user else None)  # fmt: skip
            return None
        return Ref(member.layer.name if member.layer else tensor.layer, tensor.index, node)

    def _ordered(self, calls: Mapping[Key, Call]) -> list[Call]:
        """Calls in order of definition, as far as that goes; notes a cycle where it does not go at all."""
        if _are_ordered(calls):
            return list(calls.values())
        waiting: dict[Key, int] = {}
        users: dict[Key, list[Key]] = {}
        for key, call in calls.items():
            needed = dict.fromkeys([(ref.name, ref.call) for ref in call.refs])
            if key[1]:
                needed[key[0], key[1] - 1] = None
            waiting[key] = 0
            for other in needed:
                if other in calls:
                    waiting[key] += 1
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


def _are_ordered(calls: Mapping[Key, Call]) -> bool:
    """Whether each call stands behind those whose outputs it takes, as Keras writes them."""
    passed: set[Key] = set()
    for key, call in calls.items():
        for ref in call.refs:
            needed = ref.name, ref.call
            if needed not in passed and needed in calls:
                return False
        passed.add(key)
    return True


def _model_inputs(call: Arguments, model: Spec) -> list[Tensor]:
    """The operands of a nested model's call, in the order of its inputs."""
    first = call.args[0] if call.args else call.kwargs.get("inputs", {})
    names = [port.name for port in model.inputs]
    if isinstance(first, dict) and set(names) <= set(first):
        return tensors_in([first[name] for name in names])
    return tensors_in(first)
