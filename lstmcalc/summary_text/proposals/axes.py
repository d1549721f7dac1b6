"""The axes that a layer works along, with the weights that span them: normalizations, `Concatenate`, `PReLU`, …"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.proposals.trying import accepts, agreeing, inputs_or_output, shows, standing_in
from lstmcalc.summary_text.solving import Seen

__all__ = ["PROPOSERS"]

#: Flags that add weights along the axes, with what leaving them out, or putting them in, costs.
USUAL = {"center": (True, 0.7), "scale": (True, 0.5), "renorm": (False, 2.0)}


def _axes(rule: type[LayerRule], ndim: int) -> Iterator[Proposal]:
    """The axes that people write: the default, the last, the first behind the batch, then others and several."""
    default = rule.arguments["axis"].default
    places = range(0 if rule.family == "operations" else 1, ndim)
    for axis in places:
        written = -1 if axis == ndim - 1 and default != axis else axis
        cost = 0.0 if written == default else 0.2 if written == -1 else 1.0 if axis == 1 else 1.1 if axis else 2.0
        yield Proposal({"axis": written}, cost)
    if accepts(rule, "axis", None):
        yield Proposal({"axis": None}, 0.0 if default is None else 1.0)
    if not accepts(rule, "axis", [1, 2]):
        return
    behind = range(1, ndim)
    for number in range(2, ndim):
        for axes in combinations(behind, number):
            yield Proposal({"axis": _written(axes, ndim)}, 0.9 + _oddness(axes, ndim))


def _written(axes: Sequence[int], ndim: int) -> list[int]:
    """The last axes as one counts them from the end, unless that is all of them."""
    last = tuple(range(ndim - len(axes), ndim))
    return [axis - ndim for axis in axes] if tuple(axes) == last and len(axes) < ndim - 1 else list(axes)


def _oddness(axes: Sequence[int], ndim: int) -> float:
    """How unusual it is to take these axes together: a run of them, at an end, is what one expects."""
    run = axes[-1] - axes[0] == len(axes) - 1
    at_end = axes[-1] == ndim - 1 or axes[0] == 1
    return (0.0 if run else 0.6) + (0.0 if at_end else 0.3)


def _ndim(seen: Seen) -> int:
    return len(seen.input) if seen.inputs else len(seen.output)


def _along(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """The axis, or axes, where the row tells them; with it the weights that lie along them, or the axes that stay."""
    # An operation may make an axis.
    ndim = max(len(seen.input), len(seen.output)) if rule.family == "operations" else _ndim(seen)
    axes = list(_axes(rule, ndim))
    # A group for each channel is what every axis takes.
    free = {**before, "groups": -1} if "groups" in rule.arguments else before
    if before.get("mean") is not None or not shows(rule, seen, free, axes):
        axes = [Proposal({})]
    options = list(axes)
    for flag, (usual, cost) in USUAL.items():
        if flag in rule.arguments:
            options = [
                Proposal({**each.arguments, flag: value}, each.cost + (0.0 if value is usual else cost))
                for each in options
                for value in (usual, not usual)
            ]
    if "keepdims" in rule.arguments:
        options = [
            Proposal({**each.arguments, "keepdims": value}, each.cost + 0.3 * value)
            for each in options
            for value in (False, True)
        ]
    if "groups" in rule.arguments:
        options = [_grouped(rule, seen, each) for each in options]
    options.sort(key=lambda each: each.cost)
    # Layers with these flags keep the shape.
    kept = seen if "center" not in rule.arguments else _with_inputs(seen)
    yield from agreeing(rule, kept, before, options)


def _with_inputs(seen: Seen) -> Seen:
    return seen._replace(inputs=inputs_or_output(seen))


def _stated_mean(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """Whether mean and variance are stated, so that no weight holds them."""
    if seen.params != 0:
        yield Proposal({})
    if not seen.params:
        yield standing_in({"mean": 0.0, "variance": 1.0}, cost=0.0 if seen.params == 0 else 1.0)


def _grouped(rule: type[LayerRule], seen: Seen, option: Proposal) -> Proposal:
    """With how many groups the channels fall into: the default unless it cannot be, then the most one would take."""
    inputs = inputs_or_output(seen)
    channels = inputs[0][option.arguments.get("axis", -1)] if inputs and inputs[0] else None
    if not isinstance(channels, int) or channels % rule.arguments["groups"].default == 0:
        return option
    groups = next(groups for groups in (16, 8, 4, 2, -1) if channels % groups == 0)
    return standing_in({**option.arguments, "groups": groups}, option.cost, ("groups",))


def _shared(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """The axes along which one weight serves all places: none, or all but the channels, or some."""
    ndim = _ndim(seen)
    options = [Proposal({})]
    for number in range(1, ndim):
        for axes in combinations(range(1, ndim), number):
            spatial = axes == tuple(range(1, ndim - 1))
            options.append(Proposal({"shared_axes": list(axes)}, 0.2 if spatial else 0.5 + _oddness(axes, ndim)))
    yield from agreeing(rule, _with_inputs(seen), before, options)


PROPOSERS = (
    Proposer(frozenset({"mean", "variance"}), _stated_mean),
    Proposer(frozenset({"axis"}), _along),
    Proposer(frozenset({"shared_axes"}), _shared),
)
