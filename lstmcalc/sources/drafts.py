"""A model as its author wrote it, with references by name, and how that becomes a `Spec`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

from lstmcalc.errors import Fault, Where
from lstmcalc.layers import ALIASES
from lstmcalc.layers.arguments import closest
from lstmcalc.sources.bounds import MAX_FAULTS, note
from lstmcalc.sources.layer_call import argument_kind, name_layer, split_keywords
from lstmcalc.spec import NOWHERE, Call, InputSpec, LayerSpec, Namer, Ref, Spec

__all__ = ["Draft", "Entry", "Linker", "Reference", "wrapped_layers"]

#: How many cycles of one model are reported; each is found by a walk over the whole model.
MAX_CYCLES = 10
#: How many names a sentence lists, and among how many the one that a misspelt name means is looked for.
MAX_LISTED = 8
MAX_KNOWN = 1_000
INDEXED = re.compile(r"(.+)\[([0-9]{1,9})\]", re.DOTALL)


class Reference:
    """A name that stands for an output, as written: `enc[1]`."""

    __slots__ = ("index", "name", "where")

    def __init__(self, name: str, index: int, where: Where) -> None:
        self.name, self.index, self.where = name, index, where

    @classmethod
    def parse(cls, text: str, where: Where) -> Reference:
        """The reference that a text is."""
        match = INDEXED.fullmatch(text) if text.endswith("]") else None
        return cls(match[1], int(match[2]), where) if match else cls(text, 0, where)

    def __str__(self) -> str:
        return f"{self.name}[{self.index}]" if self.index else self.name


class Entry:
    """One entry of `layers`: a layer, or one more application of the layer that `apply` names.

    `label` names the result of an `apply`, and of a nested model. `inputs` is None where the entry takes the one
    before it; `keywords` is what else its call is told. `layer` and `apply` are both None where the entry could not be
    read; `label` is then what it was to be called, if that could.
    """

    __slots__ = ("apply", "initial_state", "inputs", "keywords", "label", "label_where", "layer", "where")

    def __init__(self, where: Where, layer: LayerSpec | None = None) -> None:
        self.where, self.layer = where, layer
        self.apply: Reference | None = None
        self.label = ""
        self.label_where = NOWHERE
        self.inputs: tuple[Reference, ...] | None = None
        self.initial_state: tuple[Reference, ...] = ()
        self.keywords: dict[str, Any] = {}


class Draft:
    """A model before its references are looked up."""

    def __init__(self, name: str, where: Where, inputs: tuple[InputSpec, ...] = ()) -> None:
        self.name, self.where, self.inputs = name, where, inputs
        self.entries: list[Entry] = []
        self.outputs: tuple[Reference, ...] | None = None
        self.sequential: bool | None = None


def wrapped_layers(value: Any) -> Iterator[LayerSpec]:
    """The layers inside an argument's value, or inside a layer's arguments."""
    if isinstance(value, LayerSpec):
        yield value
        for argument in value.arguments.values():
            yield from wrapped_layers(argument)
    elif isinstance(value, list):
        for item in value:
            yield from wrapped_layers(item)


class Linker:
    """Looks up the references of one draft; what cannot be found joins `faults`.

    `models` are the nested models that the draft may use, `later` those that are defined after it.
    """

    def __init__(
        self, draft: Draft, namer: Namer, models: Mapping[str, Spec], later: Mapping[str, Where], faults: list[Fault]
    ) -> None:
        self.draft, self.models, self.later, self.faults = draft, models, later, faults
        self.layers: dict[str, LayerSpec] = {}
        #: The layers of all entries, also those whose name was taken.
        self.written: list[LayerSpec] = []
        #: Which layer each entry applies; empty where that is not known.
        self.applied: list[str] = []
        #: The how-manieth application of its layer each entry is.
        self.calls: list[int] = []
        #: For each layer, the entries that apply it, and those of them without a label; for each label, its entry.
        self.applications: dict[str, list[int]] = {}
        self.bare: dict[str, list[int]] = {}
        self.labels: dict[str, int] = {}
        self.places: dict[str, Where] = {}
        self.ports = {port.name for port in draft.inputs}
        #: The classes of all layers, those inside others included, of which nested models are some.
        self.used: set[str] = set()
        self._name(namer)
        self.later_uses: list[tuple[int, int, Reference]] = []
        self.needs: list[list[int]] = []

    def run(self) -> Spec:
        """The spec; usable as a model only if no fault joined `faults`."""
        calls = [self._call(i, entry) for i, entry in enumerate(self.draft.entries)]
        self._refuse_later_uses()
        end = len(calls)
        if self.draft.outputs is None:
            outputs = [self._ref(end - 1, 0)] if end else []
        else:
            outputs = [self._find(reference, end) for reference in self.draft.outputs]
        return Spec(
            self.draft.name,
            self.draft.inputs,
            self.layers,
            tuple(call for call in calls if call),
            tuple(ref for ref in outputs if ref),
            models={name: self.models[name] for name in sorted(self.used & self.models.keys(), key=self._position)},
            where=self.draft.where,
        )

    def _position(self, model: str) -> Where:
        return self.models[model].where

    def _name(self, namer: Namer) -> None:
        for port in self.draft.inputs:
            self._define(port.name, port.where)
        for i, entry in enumerate(self.draft.entries):
            name = ""
            if entry.apply and not entry.layer and entry.apply.name in self.models:
                # The first use of a nested model may be written like the others.
                entry.layer = LayerSpec(entry.apply.name, entry.apply.name, where=entry.apply.where)
            if entry.layer is not None:
                layer, keywords = split_keywords(name_layer(entry.layer, namer, self.models))
                entry.keywords.update(keywords)
                name = layer.name
                self._note_models(layer)
                self.written.append(layer)
                if name not in self.models or name not in self.layers:
                    name = name if self._define(name, layer.argument_where.get("name", layer.where), layer) else ""
                    self.layers.setdefault(layer.name, layer)
            elif entry.apply is not None:
                name = self._find_layer(entry.apply, i)
            if entry.label and self._define(entry.label, entry.label_where):
                self.labels.setdefault(entry.label, i)
            self.applied.append(name)
            self.calls.append(len(self.applications.get(name, ())))
            if name:
                self.applications.setdefault(name, []).append(i)
                if not entry.label:
                    self.bare.setdefault(name, []).append(i)

    def _define(self, name: str, where: Where, layer: LayerSpec | None = None) -> bool:
        """Takes a name for what stands at a place; whether it was free."""
        if layer is None or layer.class_name not in self.models:
            if name in self.later:
                self.places[name] = self.later[name]
            elif name in self.models:
                self.places[name] = self.models[name].where
        if name in self.places:
            got = f"`{name}` again"
            because = f"what stands at {_spot(self.places[name])} has this name"
            note(self.faults, Fault("duplicate-name", "a name of its own", got, because, where=where))
            return False
        self.places[name] = where
        return True

    def _note_models(self, layer: LayerSpec) -> None:
        """Notes the classes of a layer and of those inside it, and the models among them that come too late."""
        for inner in wrapped_layers(layer):
            self.used.add(inner.class_name)
            if inner.class_name in self.later:
                itself = inner.class_name == self.draft.name
                fault = (
                    Fault("cycle", "a model made of others", f"`{inner.class_name}` inside itself")
                    if itself
                    else Fault("defined-later", "a model defined before this one", f"`{inner.class_name}`",
                               f"it is defined at {_spot(self.later[inner.class_name])}", "move it up")
                )  # fmt: skip
                note(self.faults, fault.placed(inner.where))

    def _find_layer(self, reference: Reference, at: int) -> str:
        """The layer that an `apply` means, or nothing after noting why there is none."""
        name = reference.name
        if name in self.layers and not reference.index:
            return name
        if name in self.labels:
            real = self.applied[self.labels[name]]
            if not real:
                return ""
            self._note("wrong-apply", at, reference, "the name of a layer", f"`{reference}`, an output of `{real}`",
                       fix=f"apply `{real}`")  # fmt: skip
        elif name in self.ports or reference.index:
            what = "an input" if name in self.ports else "an output"
            self._note("wrong-apply", at, reference, "the name of a layer", f"`{reference}`, which is {what}")
        else:
            if name in self._stated_names:
                self._note("defined-later", at, reference, "a layer defined before this entry", f"`{name}`",
                           f"it is defined at {_spot(self._stated_names[name])}",
                           "move this entry behind it")  # fmt: skip
            else:
                known = [] if len(self.faults) > MAX_FAULTS else list(self.layers)[-MAX_KNOWN:]
                self._unknown(reference, at, "the name of a layer", known)
        return ""

    @cached_property
    def _stated_names(self) -> dict[str, Where]:
        """Where the layers stand whose entries state their names, the first of each name."""
        entries = reversed(self.draft.entries)
        return {entry.layer.name: entry.where for entry in entries if entry.layer and entry.layer.name}

    @cached_property
    def _has_unread(self) -> bool:
        """Whether an entry could not be read, so that any name may be its."""
        return any(entry.layer is None and entry.apply is None and not entry.label for entry in self.draft.entries)

    def _call(self, i: int, entry: Entry) -> Call | None:
        self.needs.append([])
        states = [self._find(reference, i) for reference in entry.initial_state]
        if entry.inputs is not None:
            inputs = [self._find(reference, i) for reference in entry.inputs]
        elif i:
            inputs = [self._ref(i - 1, 0)]
            self.needs[i].append(i - 1)
        else:
            inputs = [self._only_input(entry)]
        known = [ref for ref in inputs if ref], [ref for ref in states if ref]
        keywords = {key: self._keyword(key, value, i) for key, value in entry.keywords.items()}
        if not self.applied[i] or len(known[0]) < len(inputs) or len(known[1]) < len(states):
            return None
        return Call(self.applied[i], tuple(known[0]), tuple(known[1]), entry.where, keywords)

    def _keyword(self, key: str, value: Any, at: int) -> Any:
        """What a call is told: an output by its name, anything else as it is."""
        layer = self.layers.get(self.applied[at])
        if layer is None or argument_kind(layer.class_name, key) != "tensor":
            return value
        if isinstance(value, list):
            return [self._keyword(key, item, at) for item in value]
        where = layer.argument_where.get(key, self.draft.entries[at].where)
        return self._find(Reference.parse(value, where), at) if isinstance(value, str) else value

    def _only_input(self, entry: Entry) -> Ref | None:
        ports = self.draft.inputs
        if len(ports) == 1:
            return Ref(ports[0].name)
        if ports:
            names = listed([port.name for port in ports], ", ")
            fix = f"add `inputs: {ports[0].name}` to it, or a list of several"
            fault = Fault("missing-inputs", "`inputs` on the first layer", "nothing",
                          f"the model has several inputs, {names}", fix)  # fmt: skip
            self.faults.append(fault.placed(entry.where, self._layer_at(0)))
        return None

    def _ref(self, i: int, index: int, where: Where | None = None) -> Ref | None:
        return Ref(self.applied[i], index, self.calls[i], where) if self.applied[i] else None

    def _find(self, reference: Reference, at: int) -> Ref | None:
        """The output that a name means to entry `at`, or None after noting why there is none."""
        name = reference.name
        if name in self.ports:
            return Ref(name, reference.index, where=reference.where)
        if name in self.labels:
            i = self.labels[name]
        elif name in self.applications:
            uses, bare = self.applications[name], self.bare.get(name, [])
            # What has no label goes before what has one.
            found = bare if bare and bare[0] < at else uses
            if len(found) > 1 and found[1] < at:
                self._ambiguous(reference, at, uses[: bisect_left(uses, at)])
                return None
            i = found[0]
        else:
            self._unknown(reference, at, "the name of an input or a layer", self._known_before(at))
            return None
        if at < len(self.needs):
            self.needs[at].append(i)
        if i < at:
            return self._ref(i, reference.index, reference.where)
        self.later_uses.append((at, i, reference))
        return None

    def _ambiguous(self, reference: Reference, at: int, before: list[int]) -> None:
        lines = " and ".join(str(self.draft.entries[i].where.line) for i in before[-2:])
        self._note("ambiguous-reference", at, reference, "a name that stands for one result",
                   f"`{reference}`, which was applied {len(before)} times", f"it is applied at lines {lines}",
                   "give the `apply` entry a `name`, and use that")  # fmt: skip

    def _known_before(self, at: int) -> list[str]:
        """What a reference may mean at an entry; of very many names those that are nearest before it."""
        if len(self.faults) > MAX_FAULTS:
            return []
        earlier = [name for name, uses in self.applications.items() if uses[0] < at]
        labels = [label for label, i in self.labels.items() if i < at]
        return [*list(self.ports)[:MAX_KNOWN], *earlier[-MAX_KNOWN:], *labels[-MAX_KNOWN:]]

    def _unknown(self, reference: Reference, at: int, expected: str, known: list[str]) -> None:
        if self._has_unread:
            # The name may be that of the entry that could not be read, which has a fault of its own.
            return
        near = closest(reference.name, known)
        listed = ", ".join(f"`{name}`" for name in known[:MAX_LISTED])
        fix = f"did you mean `{near}`?" if near else f"there are {listed}" if 0 < len(known) <= MAX_LISTED else ""
        self._note("unknown-reference", at, reference, expected, f"`{reference}`", fix=fix)

    def _refuse_later_uses(self) -> None:
        """Notes every use of an entry that comes later: as a cycle where that entry needs this one."""
        found: set[tuple[int, int]] = set()
        if self.later_uses:
            uses = {(user, used): reference for user, used, reference in self.later_uses}
            for cycle in self._cycles(set(uses)):
                found.update(cycle)
                user, used = next(edge for edge in cycle if edge in uses)
                names = [self.applied[user], *(self.applied[needed] for _, needed in cycle)]
                needs = f"`{names[0]}` needs " + listed(names[1:], ", which needs ")
                reference = uses[user, used]
                self._note("cycle", user, reference, "layers that do not feed themselves", f"`{reference}`", needs)
        for user, used, reference in self.later_uses:
            if (user, used) not in found:
                place = _spot(self.draft.entries[used].where)
                self._note("defined-later", user, reference, "an input or a layer defined before this one",
                           f"`{reference}`", f"it is defined at {place}", "move it up")  # fmt: skip

    def _cycles(self, uses: set[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
        """Cycles as lists of (entry, the entry that it needs), each starting with a use of a later entry."""
        from graphlib import CycleError, TopologicalSorter

        graph = {i: set(needs) for i, needs in enumerate(self.needs)}
        for user in [i for i, needs in graph.items() if i in needs]:
            graph[user].discard(user)
            yield [(user, user)]
        for _ in range(MAX_CYCLES):
            try:
                TopologicalSorter(graph).prepare()
                return
            except CycleError as error:
                path = error.args[1]
            edges = [(user, needed) for needed, user in pairwise(path)][::-1]
            start = next(k for k, edge in enumerate(edges) if edge in uses)
            edges = edges[start:] + edges[:start]
            graph[edges[0][0]].discard(edges[0][1])
            yield edges

    def _layer_at(self, at: int) -> tuple[str, str] | None:
        if at >= len(self.applied) or not self.applied[at]:
            return None
        layer = self.layers[self.applied[at]]
        return layer.name, ALIASES.get(layer.class_name, layer.class_name)

    def _note(
        self, code: str, at: int, reference: Reference, expected: str, got: str, because: str = "", fix: str = ""
    ) -> None:
        fault = Fault(code, expected, got, because, fix, reference.where)
        note(self.faults, fault.placed(None, self._layer_at(at)))


def listed(names: Sequence[str], between: str) -> str:
    """Names in a sentence; of many the first and the last.

    >>> listed(["a", "b"], " and "), listed([f"d{i}" for i in range(999)], ", ")
    ('`a` and `b`', '`d0`, `d1`, `d2`, `d3`, `d4`, `d5`, and 992 more, `d998`')
    """
    shown = [f"`{name}`" for name in names]
    if len(shown) > 2 * MAX_LISTED:
        shown[MAX_LISTED - 2 : -1] = [f"and {len(shown) - MAX_LISTED + 1} more"]
    return between.join(shown)


def _spot(where: Where) -> str:
    return f"line {where.line}, column {where.column}"
