"""The mask on its way through a model: what every call gets and passes on, as Keras states it and as data has it.

Keras computes masks twice: when it builds the model, where a layer's `mask` argument gets what is stated, and again on
data, where each array carries its own. They differ behind a model used as a layer, which states none, and where
MultiHeadAttention takes the masks off its inputs (keras/src/layers/layer.py, `__call__`, 3.15.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum

from lstmcalc.applied import Applied
from lstmcalc.dims import lower
from lstmcalc.errors import Fault, Rejection
from lstmcalc.frozen import NamedTuple
from lstmcalc.graph import CallKey, Order
from lstmcalc.layers.rule import Assumption, Inputs, LayerRule, Shape
from lstmcalc.report import MaskReport, Report
from lstmcalc.spec import Call, Ref, Spec

__all__ = [
    "Array",
    "Follow",
    "Followed",
    "Harm",
    "Mask",
    "MaskFlow",
    "Unknown",
    "assumed",
    "decide",
    "is_handed_mask",
    "masked",
    "masks_seen",
]


class Unknown(Enum):
    """Stands for a mask of which it is not known whether there is one."""

    MASK = "unknown"


Mask = Shape | None | Unknown


class Array:
    """The mask that an array carries when data runs through; layers that pass an array on pass this on."""

    __slots__ = ("mask",)

    def __init__(self, mask: Mask = None) -> None:
        self.mask = mask


class Followed(NamedTuple):
    """What becomes of the masks of a model used as a layer: its outputs, its report, and what is to be said of it."""

    outputs: tuple[Array, ...]
    report: Report
    faults: Sequence[Fault] = ()
    hints: Sequence[Fault] = ()


#: What a model used as a layer makes of the arrays that are its inputs.
Follow = Callable[[Sequence[Array]], Followed]


class Harm(NamedTuple):
    """A mask that was made, that is gone behind `lost`, and that `victim` would have used."""

    made: CallKey | None
    lost: CallKey
    victim: CallKey


class Track:
    """The mask of one output: as Keras states it, on data, who made it, and the calls that passed it on so far.

    `lost` is the call that lost it, where it is gone.
    """

    __slots__ = ("array", "lost", "made", "stated", "via")

    def __init__(self, stated: Mask = None, array: Array | None = None, made: CallKey | None = None) -> None:
        self.stated, self.array, self.made = stated, array or Array(), made
        self.lost: CallKey | None = None
        self.via: frozenset[CallKey] = frozenset()

    @property
    def is_blank(self) -> bool:
        """Whether there is no mask here, and was none."""
        return self.stated is None and self.array.mask is None and self.lost is None

    @property
    def mask(self) -> Mask:
        """The mask that a layer finds here, by either way."""
        return first_known(self.stated, self.array.mask)


def first_known(stated: Mask, real: Mask) -> Mask:
    """The mask that is there for sure, otherwise one that may be."""
    masks = (stated, real)
    return next((mask for mask in masks if isinstance(mask, tuple)), Unknown.MASK if Unknown.MASK in masks else None)


def present(mask: Mask) -> bool | None:
    """Whether there is a mask; None where that is not known."""
    return None if mask is Unknown.MASK else mask is not None


class Seen(NamedTuple):
    """The masks of a call: what it gets itself, and from which those of its outputs come, stated and on data."""

    told: tuple[Mask, ...]
    stated: tuple[Mask, ...]
    real: tuple[Mask, ...]
    given: bool = False
    hidden: bool = False


class MaskFlow:
    """One pass over a model's calls, in the order in which Keras runs them."""

    def __init__(
        self,
        spec: Spec,
        applied: Mapping[CallKey, Applied],
        order: Order,
        given: Sequence[Array] = (),
        idle: Iterable[Applied] = (),
    ) -> None:
        self.calls = order.calls
        self.sequential = spec.sequential
        self.applied = applied
        self.tracks: dict[CallKey, tuple[Track, ...]] = {}
        self.reports: dict[CallKey, MaskReport] = {}
        self.nested: dict[CallKey, Report] = {}
        #: The masks that calls get themselves.
        self.told: dict[CallKey, tuple[Mask, ...]] = {}
        self.faults: list[tuple[CallKey, Fault]] = []
        #: What models used as layers have to say.
        self.inner_faults: list[Fault] = []
        self.inner_hints: list[Fault] = []
        self.assumptions: list[tuple[CallKey, Assumption]] = []
        self.harms: list[Harm] = []
        self._given: dict[str, Mask] = {}
        #: Whether any output so far has a mask, or had one.
        self.has_masks = any(array.mask is not None for array in given)
        #: What becomes of a call that no mask reaches and that makes none; most models have no others.
        self._blank = {one: one.unmasked for one in idle if type(one.rule).check_mask is LayerRule.check_mask}
        for index, port in enumerate(spec.inputs):
            array = given[index] if index < len(given) else Array()
            self._given[port.name] = array.mask
            self.tracks[port.name, 0] = (Track(array=array, made=(port.name, 0)),)
        for key in order.runs:
            if not self._passes_blank(key):
                self._apply(key, self.calls[key])
        self.outputs = tuple(self._track(ref).array for ref in spec.outputs)

    def came_with(self, name: str) -> tuple[bool | None, ...]:
        """Whether an input of the model carries a mask."""
        return (present(self._given[name]),)

    def _track(self, ref: Ref) -> Track:
        tracks = self.tracks.get((ref.name, ref.call), ())
        return tracks[ref.index] if ref.index < len(tracks) else Track(Unknown.MASK, Array(Unknown.MASK))

    def _passes_blank(self, key: CallKey) -> bool:
        """Does what the same application did before without masks; False where there was none, or there are masks."""
        found = self._blank.get(self.applied[key]) if key in self.applied else None
        if found is None:
            return False
        if self.has_masks and not all(self._track(ref).is_blank for ref in self.calls[key].inputs):
            return False
        self.tracks[key] = tuple([Track() for _ in found.outputs])
        if self.applied[key].rule.returns_input:
            # The very array, which a later call can be told a mask of.
            self.tracks[key][0].array = self._track(self.calls[key].inputs[0]).array
        self.reports[key] = found
        return True

    def _apply(self, key: CallKey, call: Call) -> None:
        applied = self.applied.get(key)
        came = tuple(self._track(ref) for ref in call.inputs)
        if applied is None or not applied.rule.knows_masks():
            self._leave_open(key, came, applied)
            return
        rule, x = applied.rule, applied.x
        noted = len(self.faults) + len(self.assumptions) + len(self.nested)
        seen = masks_seen(rule, x, came)
        self.told[key] = seen.told
        went = self._went(key, applied, seen, came)
        self._check(key, rule, x, seen, came)
        role = self._role(key, rule, x, seen, [track.mask for track in went])
        if role in ("used", "ended", "merged"):
            self._need(came)
        self._pass_on(key, role, came, went, applied.outputs)
        self._note_harm(key, rule, x, seen, came)
        self.tracks[key] = tuple(went)
        inputs = tuple(present(mask) for mask in self._arriving(seen, came))
        outputs = tuple(present(track.mask) for track in went)
        shapes = tuple(lower(track.mask) if isinstance(track.mask, tuple) else None for track in went)
        reason = _reason(rule, masked(x, assumed(x, seen.told)), seen, role, inputs)
        if reason in ("void", "reversed"):
            for track in went:
                track.lost = key
        self.reports[key] = MaskReport(inputs, outputs, role, shapes, reason, seen.given)
        if rule.clears_masks:
            for track in came:
                track.array.mask = None
        silent = noted == len(self.faults) + len(self.assumptions) + len(self.nested)
        blank = all(track.is_blank for track in went)
        self.has_masks |= seen.given or not blank
        if silent and blank and not x.keywords and all(track.is_blank for track in came):
            self._blank[applied] = self.reports[key]

    @staticmethod
    def _arriving(seen: Seen, came: Sequence[Track]) -> tuple[Mask, ...]:
        masks = tuple(track.mask for track in came)
        return tuple(map(first_known, seen.told, masks)) if len(seen.told) == len(masks) else masks

    def _leave_open(self, key: CallKey, came: Sequence[Track], applied: Applied | None) -> None:
        number = len((applied and applied.outputs) or ((),))
        self.has_masks = True
        self.tracks[key] = tuple(Track(Unknown.MASK, Array(Unknown.MASK)) for _ in range(number))
        inputs = tuple(present(track.mask) for track in came)
        self.reports[key] = MaskReport(inputs, (None,) * number, "unknown", (None,) * number)

    def _went(self, key: CallKey, applied: Applied, seen: Seen, came: Sequence[Track]) -> list[Track]:
        """The tracks of a call's outputs."""
        rule, x, number = applied.rule, applied.x, len(applied.outputs or ((),))
        if applied.follow is not None:
            for track, told in zip(came, seen.told, strict=True):
                track.array.mask = first_known(told, track.mask)
            followed = applied.follow([track.array for track in came])
            self.nested[key] = followed.report
            self.inner_faults += followed.faults
            self.inner_hints += followed.hints
            return [Track(array=array) for array in followed.outputs]
        stated = decide(rule, x, seen.stated) if rule.states_mask else ()
        real = decide(rule, x, seen.real)
        went = []
        for index in range(number):
            pair = [masks[index] if index < len(masks) else None for masks in (stated, real)]
            went.append(Track(pair[0], Array(pair[1])))
        if rule.returns_input and came:
            went[0].array = came[0].array
        return went

    def _check(self, key: CallKey, rule: LayerRule, x: Inputs, seen: Seen, came: Sequence[Track]) -> None:
        if Unknown.MASK in seen.told:
            return
        view = masked(x, assumed(x, seen.told))
        try:
            rule.check_mask(view)
        except Rejection as refusal:
            fault, made = refusal.fault, next((track.made for track in came if track.mask is not None), None)
            source = f', from "{made[0]}"' if made and not seen.given else ""
            self.faults.append((key, fault._replace(got=fault.got + source)))
        self.assumptions += [(key, assumption) for assumption in view.assumptions]

    def _role(self, key: CallKey, rule: LayerRule, x: Inputs, seen: Seen, went: Sequence[Mask]) -> str:
        tracks = [self._track(ref).mask for ref in self.calls[key].inputs]
        came = [*seen.told, *tracks]
        some_in = True if any(isinstance(mask, tuple) for mask in came) else None if Unknown.MASK in came else False
        some_out = True if any(isinstance(mask, tuple) for mask in went) else None if Unknown.MASK in went else False
        if key in self.nested:
            makes, uses = not some_in and bool(some_out), uses_inside(self.nested[key])
        else:
            makes = any(mask is not None for mask in decide(rule, x, (None,) * len(x.masks)))
            uses = rule.uses_mask(masked(x, assumed(x, seen.told)))
        if makes and some_out:
            return "made"
        if some_in is None or some_out is None:
            return "unknown"
        if not some_in:
            return "none"
        if some_out:
            if rule.family == "merging" and len(tracks) > 1:
                return "merged"
            return "used" if uses else "passed"
        # What merges masks has none to give where one is missing, whatever it does with the others.
        return "ended" if uses and rule.family != "merging" else "lost"

    def _need(self, came: Sequence[Track]) -> None:
        """Marks the calls whose passing on served a later one."""
        for key in {key for track in came for key in track.via}:
            self.reports[key] = self.reports[key]._replace(needed=True)

    def _pass_on(
        self, key: CallKey, role: str, came: Sequence[Track], went: Sequence[Track], outputs: Sequence[Shape]
    ) -> None:
        made = key if role == "made" else next((track.made for track in came if track.mask or track.lost), None)
        lost = next((track.lost for track in came if track.lost), None)
        via = frozenset({key}).union(*(track.via for track in came))
        for track, shape in zip(went, outputs, strict=False):
            track.made = made
            if track.mask is not None:
                track.via = frozenset() if role == "made" else via
                track.lost = None if role == "made" else lost
            elif role in ("lost", "none") and len(shape) > 2:
                # Behind fewer axes there are no steps left that a mask could be of.
                track.lost = lost or (key if role == "lost" else None)

    def _note_harm(self, key: CallKey, rule: LayerRule, x: Inputs, seen: Seen, came: Sequence[Track]) -> None:
        """Notes a mask that this layer would have used, had it come."""
        if seen.given:
            return
        if seen.hidden:
            made = next((track.made for track in came if track.mask is not None), None)
            if made is not None and not reads_padding_last(rule):
                self.harms.append(Harm(made, key, key))
            return
        gone = [track if track.lost else None for track in came]
        wished = tuple(shape[:-1] if track else None for track, shape in zip(gone, x.shapes, strict=False))
        for track in filter(None, gone):
            if rule.uses_mask(masked(x, wished)) and track.lost is not None:
                self.harms.append(Harm(track.made, track.lost, key))


def _reason(rule: LayerRule, x: Inputs, seen: Seen, role: str, inputs: Sequence[bool | None]) -> str:
    """Why a mask is of no use at a call, as its report has it."""
    if seen.hidden:
        return "initial_state"
    if role == "lost" and False in inputs:
        return "missing"
    if role == "merged" and rule.voids_mask(x):
        return "void"
    return "reversed" if role in ("used", "passed") and rule.reverses_steps() else ""


def masks_seen(rule: LayerRule, x: Inputs, came: Sequence[Track]) -> Seen:
    """The masks that a call gets: those it is told, or otherwise those that its inputs carry."""
    stated, real = tuple(track.stated for track in came), tuple(track.array.mask for track in came)
    given = x.keywords.get("mask")
    if given:
        told = tuple(given) if isinstance(given, list) else (given,)
        told = (*told, *(None,) * len(came))[: len(came)]
        return Seen(told, told, real if not rule.takes_mask else told, True)
    if not rule.takes_mask:
        told = tuple(map(first_known, stated, real))
        return Seen(real[:1] + told[1:] if rule.clears_masks else told, stated, real)
    if x.states:
        # Beside other arrays Keras looks for an argument of another name, and finds none.
        hidden = any(isinstance(track.mask, tuple) for track in came)
        return Seen((None,) * len(came), stated, real, hidden=hidden)
    # What is stated was put into the call before there was data.
    told = stated if any(stated) and is_handed_mask(rule, x) else real
    return Seen(told, stated, told)


def is_handed_mask(rule: LayerRule, x: Inputs) -> bool:
    """Whether Keras puts the mask that it states for the input into the call, so that the call depends on it.

    It does where the call is told nothing else, and its input is no list.
    """
    return rule.takes_mask and rule.operands == "inputs" and len(x.shapes) == 1 and not x.keywords and not x.states


def reads_padding_last(rule: LayerRule) -> bool:
    """Whether padding at the end cannot change what a recurrent layer gives for the steps before it."""
    choices = {key: getattr(rule, key, None) for key in ("return_sequences", "return_state", "go_backwards")}
    return choices == {"return_sequences": True, "return_state": False, "go_backwards": False}


def decide(rule: LayerRule, x: Inputs, masks: Sequence[Mask]) -> tuple[Mask, ...]:
    """The masks of a call's outputs; not known where they depend on one that is not."""
    with_all = rule.output_masks(masked(x, assumed(x, masks)))
    if Unknown.MASK not in masks:
        return with_all
    without = rule.output_masks(masked(x, [None if mask is Unknown.MASK else mask for mask in masks]))
    without = (*without, *(None,) * len(with_all))[: len(with_all)]
    pairs = zip(with_all, without, strict=True)
    return tuple(one if present(one) == present(other) else Unknown.MASK for one, other in pairs)


def assumed(x: Inputs, masks: Sequence[Mask]) -> tuple[Shape | None, ...]:
    """The masks, with the usual shape for one that is not known."""
    return tuple(x.shapes[i][:-1] if isinstance(mask, Unknown) else mask for i, mask in enumerate(masks))


def masked(x: Inputs, masks: Sequence[Shape | None]) -> Inputs:
    """The inputs of a call with masks, and with assumptions of their own."""
    view = Inputs(x.shapes, x.axes, x.states, x.keywords)
    view.checked = x.checked
    view.masks = view.told = tuple(masks)
    return view


def uses_inside(report: Report) -> bool:
    """Whether a layer of a model uses a mask."""
    roles = {call.mask.role for layer in report.layers for call in layer.calls}
    return bool(roles & {"used", "ended"})
