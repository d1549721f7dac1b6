"""What masks add to a model's graph: the operations that make them, and the calls that are handed them.

A mask that Keras states is made by operations, which are places of the graph as layers are, and a call that is handed
one takes it as another input. What stands before a Masking is thereby farther from the output than its arrays tell, and
comes earlier in `model.layers` (keras/src/layers/layer.py, `__call__`, and each layer's `compute_mask`, 3.15.1).
"""

from __future__ import annotations

from collections.abc import Mapping

from lstmcalc.applied import Applied
from lstmcalc.frozen import NamedTuple
from lstmcalc.graph import CallKey
from lstmcalc.layers.rule import Inputs, MaskStep
from lstmcalc.masks import Mask, decide, is_handed_mask, masked
from lstmcalc.spec import Call, Ref

__all__ = ["MaskGraph"]


class Stated(NamedTuple):
    """The mask that Keras states for an output, and what made it."""

    mask: Mask = None
    made: CallKey | None = None


class MaskGraph:
    """One pass over the calls as they are defined; an operation's key is of a name that no layer has.

    `parents` is what calls take because of masks, and what the operations take that make these masks; `idle` are the
    applications that state no mask where they get none.
    """

    def __init__(self, calls: Mapping[CallKey, Call], applied: Mapping[CallKey, Applied]) -> None:
        self.parents: dict[CallKey, list[CallKey]] = {}
        self.idle: set[Applied] = set()
        self._stated: dict[tuple[str, int, int], Stated] = {}
        for key, call in calls.items():
            if key in applied and not self._is_idle(call, applied[key]):
                self._apply(key, call, applied[key])

    def _is_idle(self, call: Call, found: Applied) -> bool:
        unmasked = not self._stated or all(self._of(ref).mask is None for ref in call.inputs)
        return found in self.idle and unmasked and not call.keywords

    def _apply(self, key: CallKey, call: Call, found: Applied) -> None:
        rule, x = found.rule, found.x
        came = [self._of(ref) for ref in call.inputs]
        if not rule.knows_masks():
            return
        if is_handed_mask(rule, x) and came[0].made is not None:
            self.parents[key] = [came[0].made]
        if found.follow is not None or not rule.states_mask:
            return
        masks = told_masks(call, x) or came
        went = decide(rule, x, [stated.mask for stated in masks])
        if not any(isinstance(mask, tuple) for mask in went):
            if all(stated.mask is None for stated in masks):
                self.idle.add(found)
            return
        view = masked(x, [stated.mask if isinstance(stated.mask, tuple) else None for stated in masks])
        step = rule.mask_step(view)
        made = self._make(step, call, masks) if step else masks[0].made
        for index, mask in enumerate(went):
            self._stated[key[0], key[1], index] = Stated(mask, made if isinstance(mask, tuple) else None)

    def _of(self, ref: Ref) -> Stated:
        return self._stated.get((ref.name, ref.call, ref.index), Stated())

    def _make(self, step: MaskStep, call: Call, masks: list[Stated]) -> CallKey:
        """The key of an operation; notes what it takes."""
        taken = [(call.inputs[i].name, call.inputs[i].call) for i in step.inputs]
        taken += [made for i in step.masks if (made := masks[i].made) is not None]
        taken += [self._make(inner, call, masks) for inner in step.steps]
        # No layer that Keras can save has such a name.
        key = (f"\0{len(self.parents)}", 0)
        self.parents[key] = taken
        return key


def told_masks(call: Call, x: Inputs) -> list[Stated]:
    """The masks that a call is told, one for each input; empty where it is told none."""
    told, shapes = call.keywords.get("mask"), x.keywords.get("mask")
    if not told or not shapes:
        return []
    if isinstance(told, Ref):
        told, shapes = [told], [shapes]
    masks = [
        Stated(shape, (ref.name, ref.call)) if isinstance(ref, Ref) else Stated()
        for ref, shape in zip(told, shapes, strict=True)
    ]
    return [*masks, *[Stated()] * len(call.inputs)][: len(call.inputs)]
