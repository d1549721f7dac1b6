"""The applications of a model's layers, each with what feeds it and what it feeds."""

from __future__ import annotations

from collections.abc import Mapping

from lstmcalc.applied import Applied
from lstmcalc.dims import Dim
from lstmcalc.errors import Fault, Where
from lstmcalc.frozen import NamedTuple
from lstmcalc.graph import CallKey
from lstmcalc.layers import LayerRule
from lstmcalc.layers.kinds import is_time_distributed
from lstmcalc.spec import Call, Spec

__all__ = ["Flow", "Place"]


class Place(NamedTuple):
    """One application of a known layer: what comes in first and goes out first."""

    name: str
    number: int
    rule: LayerRule
    came: tuple[Dim, ...]
    went: tuple[Dim, ...]
    where: Where

    def __str__(self) -> str:
        return f'"{self.name}"'

    @property
    def held(self) -> LayerRule:
        """The layer, or the one that it applies to every time step."""
        rule = self.rule
        while is_time_distributed(rule):
            rule = rule.layer
        return rule

    def hint(self, code: str, expected: str, got: str, because: str, fix: str = "") -> Fault:
        """A hint on this layer."""
        layer = (self.name, self.rule.class_name)
        return Fault(code, expected, got, because, fix, self.where, layer, severity="hint")


class Flow:
    """A model's layers as a graph; what is not known of it is left out."""

    def __init__(self, spec: Spec, calls: Mapping[CallKey, Call], applied: Mapping[CallKey, Applied]) -> None:
        self.spec, self.calls = spec, calls
        self._applied = applied
        self._places: dict[CallKey, Place | None] = {}
        self._readers: dict[CallKey, list[CallKey]] = {}
        self._ends = {(ref.name, ref.call) for ref in spec.outputs}
        self._inputs = {port.name for port in spec.inputs}
        for key, call in self.calls.items():
            for ref in call.refs:
                self._readers.setdefault((ref.name, ref.call), []).append(key)

    def place(self, key: CallKey) -> Place | None:
        """A call; None where it is not known what comes in and goes out."""
        if key not in self._places:
            self._places[key] = self._found(key)
        return self._places[key]

    def _found(self, key: CallKey) -> Place | None:
        found = self._applied.get(key)
        if found is None or not found.x.shapes or key not in self.calls:
            return None
        return Place(*key, found.rule, found.x.shape, found.outputs[0], self.calls[key].where)

    def is_shared(self, place: Place) -> bool:
        """Whether the layer stands at several places."""
        return (place.name, 1) in self.calls

    def is_end(self, place: Place) -> bool:
        """Whether the model gives out what comes out here."""
        return (place.name, place.number) in self._ends

    def is_start(self, place: Place) -> bool:
        """Whether the layer takes an input of the model, and nothing else."""
        refs = self.calls[place.name, place.number].refs
        return len(refs) == 1 and refs[0].name in self._inputs

    def before(self, place: Place) -> Place | None:
        """What feeds a layer that takes nothing else."""
        refs = self.calls[place.name, place.number].refs
        return self.place((refs[0].name, refs[0].call)) if len(refs) == 1 and not refs[0].index else None

    def after(self, place: Place) -> Place | None:
        """The layer that alone takes what comes out here, and takes nothing else."""
        key = (place.name, place.number)
        readers = self._readers.get(key, [])
        if len(readers) != 1 or key in self._ends:
            return None
        found = self.place(readers[0])
        return found if found and self.before(found) is place else None
