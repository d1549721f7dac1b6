"""What mends a fault, found by trying: of the changes that might, the first after which the rules have no objection."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

from lstmcalc.errors import Fault
from lstmcalc.graph import CallKey
from lstmcalc.layers.rule import Shape
from lstmcalc.repairs import repairs
from lstmcalc.sources.bounds import MAX_FAULTS, first_faults
from lstmcalc.spec import Ref, Spec

__all__ = ["Inferred", "all_mended", "mended"]

#: No more changes are tried for one fault, and for all of them no more than take so many calls.
MOST_TRIALS = 60
MOST_CALLS = 2000


class Inferred(Protocol):
    """A walk over a model's calls: what it found."""

    spec: Spec
    faults: list[Fault]

    @property
    def outputs(self) -> Mapping[CallKey, Sequence[Shape] | None]: ...

    @property
    def assumptions(self) -> Collection[Any]: ...

    @property
    def needs(self) -> Collection[str]: ...

    def run(self) -> Any: ...


def all_mended(faults: Sequence[Fault], walk: Inferred, again: Callable[[Spec], Inferred]) -> Sequence[Fault]:
    """The faults with what mends each, where any change does; of very many the first ones, as they are."""
    if len(faults) > MAX_FAULTS:
        return first_faults(faults)
    return [mended(fault, walk, again) for fault in faults]


def mended(fault: Fault, walk: Inferred, again: Callable[[Spec], Inferred]) -> Fault:
    """The fault with what mends it, if any change does; `again` prepares a walk over a changed model."""

    def shape(ref: Ref) -> Shape | None:
        outputs = walk.outputs.get((ref.name, ref.call))
        return outputs[ref.index] if outputs and ref.index < len(outputs) else None

    # Of many faults none is mended, and they are not compared with one another.
    affordable = MOST_CALLS // (len(walk.spec.calls) * len(walk.faults) or 1)
    if not affordable:
        return fault
    others = [other for other in walk.faults if other != fault]
    second = ""
    for repair in islice(repairs(walk.spec, fault, shape), min(MOST_TRIALS, affordable)):
        trial = again(repair.spec)
        trial.run()
        if len(trial.assumptions) > len(walk.assumptions) or len(trial.needs) > len(walk.needs):
            continue
        if all(found in others for found in trial.faults):
            return fault._replace(fix=repair.text)
        if not second and all(found.layer != fault.layer for found in trial.faults):
            second = repair.text
    return fault._replace(fix=fault.fix or second)
