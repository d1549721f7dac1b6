"""Hints on masks: lost before a layer that would have used it, or made of numbers that are no padding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from lstmcalc.dims import UNKNOWN, at_least, to_text
from lstmcalc.errors import Fault
from lstmcalc.hints import is_on_mask
from lstmcalc.layers.kinds import is_embedding, is_layer, is_lookup
from lstmcalc.layers.rule import RULES, LayerRule
from lstmcalc.masks import Harm, MaskFlow

if TYPE_CHECKING:
    from lstmcalc.layers.core import Embedding

__all__ = ["hints_on_masks", "with_fixes_of"]


#: Keras pools padded steps like all others; a vector that no word has may well have the greatest value.
POOLED = Fault(
    "mask-unused", "a layer that uses the mask", "a maximum over all steps, the masked ones too",
    "GlobalMaxPooling1D does not look at the mask", "use `GlobalAveragePooling1D`, which leaves masked steps out",
    severity="hint",
)  # fmt: skip


def hints_on_masks(flow: MaskFlow, rules: Mapping[str, LayerRule]) -> Iterator[Fault]:
    """A hint for every layer that loses a mask, with the first layer behind it that would have used the mask."""
    told: set[str] = set()
    for harm in flow.harms:
        name = harm.lost[0]
        if name not in told and name in rules:
            told.add(name)
            yield _lost(harm, flow, rules)
    for (name, place), call in flow.calls.items():
        rule = rules.get(name)
        if place == 0 and rule and is_layer(rule, "GlobalMaxPooling1D") and flow.reports[name, 0].role == "lost":
            yield POOLED.placed(call.where, (name, rule.class_name))
        if place == 0 and is_embedding(rule) and rule.mask_zero and call.inputs:
            for hint in _on_numbers(rule, call.inputs[0].name, rules.get(call.inputs[0].name)):
                yield hint.placed(call.where, (name, rule.class_name))


def _lost(harm: Harm, flow: MaskFlow, rules: Mapping[str, LayerRule]) -> Fault:
    loser, victim = rules[harm.lost[0]], harm.victim[0]
    made = f'the mask from "{harm.made[0]}"' if harm.made else "the mask"
    reason = flow.reports[harm.lost].reason
    at_once = harm.lost == harm.victim
    fault = Fault(
        "mask-unused" if at_once else "mask-reversed" if reason == "reversed" else "mask-lost",
        f"{made} to reach " + ("the layer" if at_once else f'"{victim}", which would use it'),
        _found(at_once, reason),
        _because(loser, reason),
        _fix(loser, reason, harm, flow),
        severity="hint",
    )
    return fault.placed(flow.calls[harm.lost].where, (harm.lost[0], loser.class_name))


def _found(at_once: bool, reason: str) -> str:
    if at_once:
        return "a call that is given states, and so not the mask"
    if reason == "reversed":
        return "a mask in the order of the input, with outputs in reverse order"
    return "a mask that masks nothing" if reason == "void" else "a layer that does not pass it on"


def _because(loser: LayerRule, reason: str) -> str:
    if reason == "initial_state":
        return "beside `initial_state` Keras does not look for the mask of the input, and padding counts as data"
    if reason == "missing" and loser.family == "merging":
        return f"another input has no mask, and {loser.class_name} then gives none"
    if reason == "void":
        return "another input has no mask, so that every step counts"
    if reason == "reversed":
        return "with `go_backwards: true` the last step comes out first, so that the mask is laid over other steps"
    if loser.family == "operations":
        return "what an operation gives carries no mask"
    return f"{loser.class_name} has no mask for what it gives, so that padding counts as data behind it"


def _fix(loser: LayerRule, reason: str, harm: Harm, flow: MaskFlow) -> str:
    """What would help: a mask in the call where it still fits, or another order."""
    name, victim = harm.lost[0], harm.victim[0]
    if reason == "reversed":
        return f'leave `go_backwards` out of "{name}"'
    found = flow.applied[harm.victim]
    give = f'give "{victim}" the mask in its call, as `mask`'
    if harm.made and flow.sequential:
        give = f'in a functional model, call "{victim}" with `mask={harm.made[0]}.compute_mask(…)`'
    if not (found.rule and found.rule.takes_mask) or not _fits(harm, flow):
        give = f'put "{victim}", or another layer that uses the mask, before "{name}"'
    instead = RULES.get(loser.class_name.removeprefix("ops."))
    if reason in ("missing", "void"):
        return f"give every input a mask, or {give}"
    if loser.family == "operations" and instead is not None and instead.family == "merging":
        return f"use the layer `{instead.__name__}`, which merges masks, or {give}"
    return give


def _fits(harm: Harm, flow: MaskFlow) -> bool:
    """Whether the layer that misses the mask has the steps that the mask was made for."""
    x = flow.applied[harm.victim].x
    masks = [track.mask for track in flow.tracks.get(harm.made, ())] if harm.made else []
    steps = {mask[1] for mask in masks if isinstance(mask, tuple) and len(mask) > 1}
    if x is None or len(x.shape) < 3:
        return False
    return not steps or (UNKNOWN not in steps and steps == {x.shape[1]})


def with_fixes_of(hints: Iterable[Fault], named: Iterable[Fault]) -> tuple[Fault, ...]:
    """The hints with the fixes of those on the same model with names for its unknown sizes, which tell what fits."""
    fixes = {(hint.code, hint.where, hint.layer): hint.fix for hint in named if is_on_mask(hint)}
    return tuple(hint._replace(fix=fixes.get((hint.code, hint.where, hint.layer), hint.fix)) for hint in hints)


def _on_numbers(rule: Embedding, source: str, lookup: LayerRule | None) -> Iterator[Fault]:
    """What `mask_zero` makes of the numbers that come in, where it is known what they are."""
    if rule.input_dim == 1:
        yield Fault("no-room-for-mask", "`input_dim` of at least 2 with `mask_zero: true`", "1",
                    "0 is the only number that there is a row for, and it is masked",
                    "count one more than the numbers that stand for something", severity="hint")  # fmt: skip
    if not is_lookup(lookup) or lookup.output_mode != "int" or lookup.invert:
        return
    first = "the first of the vocabulary" if lookup.num_oov_indices == 0 else "all that are not in the vocabulary"
    if lookup.mask_token is None:
        yield Fault("zero-is-no-padding", f'a `mask_token` on "{source}" with `mask_zero: true`', "none",
                    f"without one it gives 0 to {first}, and the mask takes them for padding",
                    f'set `mask_token` on "{source}" to what the padding is', severity="hint")  # fmt: skip
    size = lookup.size()
    if at_least(rule.input_dim, size) is False:
        yield Fault("no-room-for-mask", f"`input_dim` of at least {to_text(size)}", to_text(rule.input_dim),
                    f'"{source}" gives the numbers 0 to {to_text(size - 1)}, and each needs a row',
                    f"set `input_dim: {to_text(size)}`", severity="hint")  # fmt: skip
