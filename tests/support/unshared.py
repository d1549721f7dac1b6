"""Inference with nothing shared and nothing put off, and all that either finds, for holding one against the other."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from lstmcalc.applied import Applied, Kinds
from lstmcalc.errors import Fault, SpecError
from lstmcalc.inference import Walk, infer
from lstmcalc.layers.rule import Shape
from lstmcalc.mask_graph import MaskGraph
from lstmcalc.masks import MaskFlow
from lstmcalc.report import CallReport, LayerReport, Report
from lstmcalc.spec import Spec

__all__ = ["difference", "everything", "outcome", "unshared"]


class Forgetful(dict[Hashable, Walk]):
    """Walks over nested models, none of which is found again."""

    def get(self, key: Hashable, default: Any = None) -> Any:
        return default


@contextmanager
def unshared() -> Iterator[None]:
    """Every layer has a rule of its own, every call is applied, followed and asked for its work on the spot."""
    settle, over = Walk._settle, Walk._walk_over

    def at_once(walk: Walk, key: Any, call: Any, layer: Any, applied: Applied) -> None:
        _ = applied.work, applied.held, applied.reported, applied.counting.in_names, applied.counting.in_numbers
        settle(walk, key, call, layer, applied)

    def anew(walk: Walk, spec: Spec, shapes: Sequence[Shape] | None = None) -> Walk:
        if not isinstance(walk.inner, Forgetful):
            walk.inner = Forgetful(walk.inner)
        return over(walk, spec, shapes)

    with (
        patch.object(Kinds, "of", lambda kinds, layer: None),
        patch.object(MaskFlow, "_passes_blank", lambda flow, key: False),
        patch.object(MaskGraph, "_is_idle", lambda graph, call, found: False),
        patch.object(Walk, "_settle", at_once),
        patch.object(Walk, "_walk_over", anew),
    ):
        yield


def outcome(spec: Spec, values: Mapping[str, int] | None = None, batch: int | None = None) -> Any:
    """What `infer` gives, or refuses: the report, and the faults with all their slots."""
    try:
        return infer(spec, values, batch), ()
    except SpecError as error:
        return error.report, error.faults


def everything(found: tuple[Report | None, Sequence[Fault]]) -> Any:
    """All that an outcome says, with what is found when it is asked for."""
    report, faults = found
    return [tuple(fault) for fault in faults], report and _of_report(report)


def difference(one: Any, other: Any, path: str = "") -> str:
    """Where two of these first differ; empty where they do not."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(key, one[key], other[key]) for key in one]
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        pairs = [(number, *pair) for number, pair in enumerate(zip(one, other, strict=True))]
    else:
        return "" if one == other else f"{path}: {one!r} is not {other!r}"
    return next((found for key, *pair in pairs if (found := difference(*pair, f"{path}/{key}"))), "")


def _of_report(report: Report) -> dict[str, Any]:
    told = {key: value for key, value in report._asdict().items() if key not in ("layers", "hints")}
    layers = {f"layer {layer.name}": _of_layer(layer) for layer in report.layers}
    totals = report.totals, report.cost, report.weights
    return {**told, "hints": [tuple(hint) for hint in report.hints], "all": totals, **layers}


def _of_layer(layer: LayerReport) -> dict[str, Any]:
    plain = {key: value for key, value in layer._asdict().items() if key not in ("calls", "counting", "nested")}
    counted = layer.formula, layer.arithmetic, layer.totals, layer.cost
    nested = layer.nested and _of_report(layer.nested)
    calls = [_of_call(call) for call in layer.calls]
    return {**plain, "counted": counted, "nested": nested, "calls": calls}


def _of_call(call: CallReport) -> dict[str, Any]:
    plain = {key: value for key, value in call._asdict().items() if key != "effort"}
    effort, kept = call.effort, call.effort.kept
    found = effort.work, effort.passes_gradient, effort.batched, effort.numbers, call.cost
    return {**plain, "found": found, "kept": kept._replace(model=kept.model and _of_report(kept.model))}
