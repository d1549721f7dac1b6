"""Layers with a kernel: convolutions of every kind, their transposes, locally connected layers and ConvLSTM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lstmcalc.errors import Rejection
from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.proposals.counts import Case, cases, kernel_shapes
from lstmcalc.summary_text.proposals.local import held_otherwise
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.proposals.views import View, accepts, once, rank_of, surplus_of_axes, view, written
from lstmcalc.summary_text.proposals.windows import Slide, slides, stretches
from lstmcalc.summary_text.solving import Seen

__all__ = ["PROPOSERS"]

#: How many kernels are tried for a layer, and how many proposals are given at most.
MOST_KERNELS = 200
MOST = 16
#: What channels_last may cost before channels_first is tried too.
LIKELY = 2.0
CHANNELS_FIRST = 3.0
#: What it costs that a layer looks at every channel by itself and at one place only.
POINT = 1.0
#: How many ways to slide are given for each kernel where the input is not known, the likeliest kernel first.
UNSEEN = (4, 2, 1, 1, 1)
#: The same for three spatial axes, along each of which a stride leaves several input sizes.
UNSEEN_VOLUMES = (3, 1, 1)


def _returned(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """Whether a layer with a kernel gives every step, and its states; the shapes tell it, where they are printed."""
    surplus = surplus_of_axes(seen, rank_of(rule, "kernel_size"))
    shapes = None if seen.outputs is None else len(seen.outputs)
    for sequences in (False, True):
        if surplus is not None and surplus != sequences:
            continue
        for state in (False, True):
            if state and shapes is None:
                continue
            if shapes is not None and state != (shapes > 1) and not (state and seen.cut and surplus is not None):
                continue
            yield Proposal({"return_sequences": sequences, "return_state": state}, 0.5 * sequences + 1.0 * state)


def _kernels(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
    """The kernel, its channels and how it slides, all at once, since shapes and count tell them together."""
    found: list[Proposal] = []
    for first in (False, True):
        if first and (not accepts(rule, "data_format", "channels_first") or (found and found[0].cost <= LIKELY)):
            break
        given = {"data_format": "channels_first"} if first else {}
        looked = _view(rule, seen, before, first)
        if looked is not None:
            options = _options(rule, seen, looked, before)
            if accepts(rule, "implementation", 2) and "filters" in rule.arguments:
                options += held_otherwise(rule, looked, seen.params, before.get("use_bias") is not False)
            found += [Proposal({**each.arguments, **given}, each.cost + CHANNELS_FIRST * first) for each in options]
        found.sort(key=lambda proposal: proposal.cost)
    return found[:MOST] or _nearest(rule, seen, before)


def _view(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any], channels_first: bool) -> View | None:
    steps = "return_sequences" in rule.arguments
    return view(seen, rank_of(rule, "kernel_size"), channels_first, steps, bool(before.get("return_sequences")))


def _options(rule: type[LayerRule], seen: Seen, looked: View, before: Mapping[str, Any]) -> list[Proposal]:
    """Every kernel that the count allows, with every way in which it can slide."""
    rank = rank_of(rule, "kernel_size")
    found: list[Proposal] = []
    tried = 0
    is_unknown = not seen.inputs
    is_vague = is_unknown or not isinstance(looked.filters, int)
    unseen = UNSEEN if rank < 3 else UNSEEN_VOLUMES
    for number, case in enumerate(_cases(rule, seen, looked, before)):
        if is_unknown and number >= len(unseen):
            break
        for sides, cost in kernel_shapes(case.places, rank):
            tried += 1
            if tried > MOST_KERNELS:
                break
            if "output_padding" not in rule.arguments and _much_wider(looked, sides):
                continue
            ways = _ways(rule, looked, sides)
            ways = ways[: unseen[number]] if is_unknown else ways
            cost += (
                case.cost + _beyond(looked, sides) + POINT * (case.places == 1 and "depth_multiplier" in case.arguments)
            )
            shown = {"kernel_size": written(sides), **case.arguments}
            found += [Proposal(_ordered(rule, {**shown, **way.arguments}), cost + way.cost) for way in ways]
            if is_vague and len(set(sides)) == 1:
                break
    return found


def _beyond(looked: View, sides: tuple[int, ...]) -> float:
    """What a kernel costs that is wider than the input; an axis that the row does not tell is taken for wide."""
    return sum(0.8 for (size, _), side in zip(looked.axes, sides, strict=True) if isinstance(size, int) and side > size)


def _much_wider(looked: View, sides: tuple[int, ...]) -> bool:
    """Whether a kernel is so much wider than the input that most of it would never meet a value."""
    pairs = zip(looked.axes, sides, strict=True)
    return any(isinstance(size, int) and side > 2 * size + 1 for (size, _), side in pairs)


def _cases(rule: type[LayerRule], seen: Seen, looked: View, before: Mapping[str, Any]) -> list[Case]:
    if seen.params is None:
        return list(_uncounted(rule, looked))
    return cases(rule, looked, seen.params, {key: before[key] for key in ("use_bias",) if key in before})


def _uncounted(rule: type[LayerRule], looked: View) -> Iterator[Case]:
    """Usual kernels, whatever the count is."""
    rank = rank_of(rule, "kernel_size")
    shown: dict[str, Any] = {}
    if "filters" in rule.arguments:
        width = int(looked.filters.digits or 0) if isinstance(looked.filters, Cut) else looked.filters
        shown = {"filters": width} if width else {}
    elif isinstance(looked.channels, int) and isinstance(looked.filters, int):
        shown = {"depth_multiplier": max(looked.filters // looked.channels, 1)}
    for side in (3, 1, 5, 7, 2, 4):
        yield Case(side**rank, shown, 0.0)


def _ordered(rule: type[LayerRule], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments in the order in which Keras lists them."""
    return {key: arguments[key] for key in rule.arguments if key in arguments}


def _ways(rule: type[LayerRule], looked: View, sides: tuple[int, ...]) -> list[Slide]:
    if "output_padding" in rule.arguments:
        found = stretches(looked.axes, sides)
    else:
        paddings = [each for each in ("valid", "same", "causal") if accepts(rule, "padding", each)]
        found = slides(looked.axes, sides, paddings, _spreads_twice(rule))
    return (
        found if "dilation_rate" in rule.arguments else [way for way in found if "dilation_rate" not in way.arguments]
    )


@once
def _spreads_twice(rule: type[LayerRule]) -> bool:
    """Whether a rule takes strides and a dilation together."""
    if "dilation_rate" not in rule.arguments:
        return False
    sizes = {key: rule.arguments[key].check(key, 2) for key in ("strides", "dilation_rate")}
    try:
        rule(sizes).validate()
    except Rejection:
        return False
    return True


def _nearest(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
    """Where no kernel makes the count: usual kernels that make the shapes, to say how far off they are."""
    looked = _view(rule, seen, before, False)
    if looked is None or seen.params is None or before.get("use_bias") is False:
        return []
    if not isinstance(looked.filters, int) or (not seen.inputs and "dilation_rate" not in rule.arguments):
        return []
    rank = rank_of(rule, "kernel_size")
    found = []
    for case in _uncounted(rule, looked):
        [(sides, cost), *_] = kernel_shapes(case.places, rank)
        shown = {"kernel_size": written(sides), **case.arguments}
        ways = _ways(rule, looked, sides)[:1]
        found += [Proposal(_ordered(rule, {**shown, **way.arguments}), 9.0 + cost + way.cost) for way in ways]
    return found


PROPOSERS = (
    Proposer(frozenset({"return_sequences", "return_state", "kernel_size"}), _returned),
    Proposer(frozenset({"kernel_size", "strides", "padding"}), _kernels),
)
