"""Two models laid beside each other: what was added, removed and changed, and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lstmcalc.comparing.comparison import Comparison
from lstmcalc.comparing.difference import ASPECTS, Amounts, Change, Difference, LayerDifference, PortDifference
from lstmcalc.comparing.sides import in_same_names, side_of
from lstmcalc.inference import Walk, infer
from lstmcalc.opening import named_sizes
from lstmcalc.report import Report
from lstmcalc.spec import Spec

__all__ = [
    "ASPECTS",
    "Amounts",
    "Change",
    "Difference",
    "LayerDifference",
    "PortDifference",
    "compare",
    "laid_beside",
    "own_values",
    "with_named_sizes",
]


def compare(
    old: Spec,
    new: Spec,
    values: Mapping[str, int] | None = None,
    batch: int | None = None,
    aspects: Iterable[str] = ASPECTS,
) -> Difference:
    """What tells two models apart, by those of `ASPECTS` that count. Raises `SpecError` where one has faults.

    >>> from lstmcalc import load
    >>> old, new = (load(f"specs/many_to_many{name}.yaml") for name in ("", "_per_step"))
    >>> difference = compare(old, new)
    >>> [(layer.kind, layer.side.name, layer.delta.params) for layer in difference.changed]
    [('changed', 'lstm_1', 0), ('changed', 'time_distributed', 0)]
    >>> compare(old, old).equal
    True
    """
    old, new = both = with_named_sizes(old, new, values or {})
    reports = [infer(spec, own_values(spec, both, values or {}), batch) for spec in both]
    return laid_beside((old, reports[0]), (new, reports[1]), values, batch, aspects)


def laid_beside(
    old: tuple[Spec, Report],
    new: tuple[Spec, Report],
    values: Mapping[str, int] | None = None,
    batch: int | None = None,
    aspects: Iterable[str] = ASPECTS,
    whole: bool = True,
) -> Difference:
    """The same of models whose reports are there; they are not `whole` where they lack what their faults hide."""
    told = values or {}
    both = old[0], new[0]
    named = in_same_names(old[0], new[0], told), in_same_names(new[0], old[0], told)
    mine, theirs = (
        side_of(*each, spec, own_values(each[0], both, told), batch)
        for each, spec in zip((old, new), named, strict=True)
    )
    found = Comparison(mine, theirs, aspects).difference()
    return replace(found, whole=found.whole and whole)


def with_named_sizes(old: Spec, new: Spec, values: Mapping[str, int]) -> tuple[Spec, Spec]:
    """Two models, with names for unknown sizes of inputs where a value is given for one of those names."""
    named = named_sizes(in_same_names(old, new, {})), named_sizes(in_same_names(new, old, {}))
    stand_ins = {
        size
        for spec, other in zip((old, new), named, strict=True)
        for before, after in zip(spec.inputs, other.inputs, strict=True)
        for known, size in zip(before.shape, after.shape, strict=True)
        if known is None
    }
    return named if stand_ins & set(values) else (old, new)


def own_values(spec: Spec, specs: Iterable[Spec], values: Mapping[str, int]) -> Mapping[str, int]:
    """The values that are meant for one of several models: those whose symbols it has, and those that no model has."""
    if not values:
        return values
    elsewhere = {name for other in specs if other is not spec for name in _symbols(other)} - _symbols(spec)
    return {name: value for name, value in values.items() if name not in elsewhere}


def _symbols(spec: Spec) -> set[str]:
    walk = Walk(spec, {})
    walk.run()
    return walk.builder.symbols | set(spec.symbols)
