"""The applications of a model's layers, each with what feeds it and what it feeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lstmcalc.dims import Dim, lift
from lstmcalc.errors import Fault, Where
from lstmcalc.graph import CallKey, numbered_calls
from lstmcalc.layers import LayerRule
from lstmcalc.report import CallReport, Report
from lstmcalc.spec import Call, Spec

__all__ = ["Flow", "Place"]


@dataclass(frozen=True)
class Place:
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
        while rule.class_name == "TimeDistributed":
            rule = rule.layer  # type: ignore[attr-defined]  # it wraps one
        return rule

    def hint(self, code: str, expected: str, got: str, because: str, fix: str = "") -> Fault:
        """A hint on this layer."""
        layer = (self.name, self.rule.class_name)
        return Fault(code, expected, got, because, fix, self.where, layer, severity="hint")


class Flow:
    """A model's layers as a graph; what is not known of it is left out."""

    def __init__(self, spec: Spec, rules: Mapping[str, LayerRule], report: Report) -> None:
        self.spec, self.report = spec, report
        self._calls = numbered_calls(spec)
        self._places: dict[CallKey, Place] = {}
        self._readers: dict[CallKey, list[CallKey]] = {}
        self._ends = {(ref.name, ref.call) for ref in spec.outputs}
        self._inputs = {port.name for port in spec.inputs}
        told = {(layer.name, number): call for layer in report.layers for number, call in enumerate(layer.calls)}
        for key, call in self._calls.items():
            for ref in call.refs:
                self._readers.setdefault((ref.name, ref.call), []).append(key)
            if key[0] in rules and key in told and _is_plain(told[key]):
                self._places[key] = _place(key, rules[key[0]], told[key], call)

    def __iter__(self) -> Iterator[Place]:
        return iter(self._places.values())

    def is_shared(self, place: Place) -> bool:
        """Whether the layer stands at several places."""
        return (place.name, 1) in self._calls

    def is_end(self, place: Place) -> bool:
        """Whether the model gives out what comes out here."""
        return (place.name, place.number) in self._ends

    def is_start(self, place: Place) -> bool:
        """Whether the layer takes an input of the model, and nothing else."""
        refs = self._calls[place.name, place.number].refs
        return len(refs) == 1 and refs[0].name in self._inputs

    def before(self, place: Place) -> Place | None:
        """What feeds a layer that takes nothing else."""
        refs = self._calls[place.name, place.number].refs
        return self._places.get((refs[0].name, refs[0].call)) if len(refs) == 1 and not refs[0].index else None

    def after(self, place: Place) -> Place | None:
        """The layer that alone takes what comes out here, and takes nothing else."""
        key = (place.name, place.number)
        readers = self._readers.get(key, [])
        if len(readers) != 1 or key in self._ends:
            return None
        found = self._places.get(readers[0])
        return found if found and self.before(found) is place else None


def _is_plain(call: CallReport) -> bool:
    return bool(call.inputs and call.inputs[0] is not None and call.outputs)


def _place(key: CallKey, rule: LayerRule, told: CallReport, call: Call) -> Place:
    return Place(*key, rule, lift(told.inputs[0] or ()), lift((told.outputs or ((),))[0]), call.where)
