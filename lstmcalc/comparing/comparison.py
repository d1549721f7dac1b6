"""Two models beside each other: matched layers are compared one by one, and so are inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import pairwise
from typing import Any

from lstmcalc.comparing.code import code_changes, is_untold
from lstmcalc.comparing.difference import (
    ASPECTS,
    Change,
    Difference,
    LayerDifference,
    LayerSide,
    PortDifference,
)
from lstmcalc.comparing.matching import in_order, matched
from lstmcalc.comparing.sides import Part, Side, automatic
from lstmcalc.dims import UNKNOWN, Dim
from lstmcalc.report import Holds, LayerReport, Port, Shape
from lstmcalc.spec import Ref

__all__ = ["Comparison"]

#: The arguments besides sizes that a printed summary shows, by the shape or the count that they make.
PRINTED = ("return_sequences", "return_state", "use_bias", "padding", "data_format", "merge_mode", "axis", "scale",
           "center", "keepdims", "reset_after", "depth_multiplier", "groups", "strides", "kernel_size")  # fmt: skip


class Comparison:
    """Compares two models. Of a printed summary it looks at what one shows."""

    def __init__(self, old: Side, new: Side, aspects: Iterable[str] = ASPECTS) -> None:
        self.old, self.new = old, new
        self.printed = old.spec.printed or new.spec.printed
        wanted = set(aspects)
        self.aspects = tuple(
            aspect for aspect in ASPECTS if aspect in wanted and not (self.printed and aspect in ("code", "cost"))
        )
        self.sequential = old.report.sequential and new.report.sequential
        self.pairs = matched(old.parts, new.parts)
        #: The name in the new model of what the old one calls otherwise.
        self.names = {old.parts[here].name: new.parts[there].name for here, there in self.pairs.items()}
        self.names |= {
            mine.name: theirs.name for mine, theirs in zip(old.report.inputs, new.report.inputs, strict=False)
        }

    def difference(self) -> Difference:
        """What tells the two apart."""
        old, new = self.old.report, self.new.report
        return Difference(old.source, new.source, old.name, new.name, tuple(self._ports()), tuple(self._layers()),
                          self.aspects, self.sequential, self.printed, self._stand_ins(), tuple(self._conditions()),
                          whole=old.complete and new.complete)  # fmt: skip

    def _conditions(self) -> Iterator[tuple[str, Holds]]:
        """The conditions under which the models hold, each with whose it is: old, new or both."""
        old, new = self.old.costed.assumptions, self.new.costed.assumptions
        mine = {(self.names.get(held.layer, held.layer), held.text): held for held in old}
        theirs = {(held.layer, held.text): held for held in new}
        for key, held in {**mine, **theirs}.items():
            yield "both" if key in mine and key in theirs else "old" if key in mine else "new", held

    def _stand_ins(self) -> tuple[str, ...]:
        """The symbols that costs are told in and that neither model has."""
        return tuple(sorted({*self.old.stand_ins} | {*self.new.stand_ins}))

    def _layers(self) -> Iterator[LayerDifference]:
        """Every layer in the order of the new model; those that were removed stand where they stood."""
        kept = in_order(sorted(self.pairs.items()))
        back = {there: here for here, there in self.pairs.items()}
        ends = [(-1, -1), *kept, (len(self.old.parts), len(self.new.parts))]
        for (old_from, new_from), (old_to, new_to) in pairwise(ends):
            for here in range(old_from + 1, old_to):
                if here not in self.pairs:
                    yield self._one(here, None)
            for there in range(new_from + 1, new_to):
                yield self._one(back.get(there), there, there in back and self.sequential)
            if new_to < len(self.new.parts):
                yield self._one(old_to, new_to)

    def _one(self, here: int | None, there: int | None, moved: bool = False) -> LayerDifference:
        old = None if here is None else self._side(self.old, here)
        new = None if there is None else self._side(self.new, there)
        amounts = _amounts_differ(LayerDifference(old, new))
        if here is None or there is None or old is None or new is None:
            return LayerDifference(old, new, aspects=self._compared({"layers"} | amounts))
        mine, theirs = self.old.parts[here], self.new.parts[there]
        inside = self._inside(mine, theirs)
        changes = [*_name_changes(mine, theirs)]
        if moved:
            changes += self._order_changes(old, new)
        shapes = list(_shape_changes(old.layer, new.layer, self.printed))
        if not self.printed:
            changes += _argument_changes(mine, theirs)
            changes += _code_changes(mine, theirs, changes)
        elif mine.kind != theirs.kind or shapes or "params" in amounts:
            changes += (change for change in _argument_changes(mine, theirs) if self._is_printed(mine, change))
        changes += [*shapes, *self._connections(mine, theirs)]
        aspects = amounts.union((change.aspect for change in changes), inside.aspects if inside else ())
        untold = "code" in self.aspects and mine.kind == theirs.kind and is_untold(mine.code, theirs.code)
        untold |= inside is not None and bool(inside.untold)
        return LayerDifference(old, new, self._told(changes), inside, self._compared(aspects), untold)

    def _is_printed(self, part: Part, change: Change) -> bool:
        """Whether a printed summary shows an argument, in what goes out or in the count."""
        if change.what == "trainable":
            return self.old.spec.shows_trained and self.new.spec.shows_trained
        name = change.what.rpartition(".")[2]
        argument = part.kinds.get(name)
        return change.what == "layer" or name in PRINTED or argument in ("size", "sizes", "shape", "layer", "layers")

    def _order_changes(self, old: LayerSide, new: LayerSide) -> Iterator[Change]:
        """Where a layer stands that others have passed; where it has the same number, what it stands behind."""
        if old.place != new.place:
            yield Change("order", "place", old.place, new.place)
            return
        before = [side.parts[one.place - 2].name if one.place > 1 else None
                  for side, one in ((self.old, old), (self.new, new))]  # fmt: skip
        if self.names.get(before[0] or "", before[0]) != before[1]:
            yield Change("order", "behind", *before)

    def _compared(self, aspects: Set[str]) -> frozenset[str]:
        return frozenset(aspects & set(self.aspects))

    def _told(self, changes: Iterable[Change]) -> tuple[Change, ...]:
        """The changes in what is compared."""
        return tuple(change for change in changes if change.aspect in self.aspects)

    def _side(self, side: Side, place: int) -> LayerSide:
        part = side.parts[place]
        told = tuple(map(_spoken, side.refs_of(part.name)))
        return LayerSide(part.layer, place + 1, side.amounts[part.name], part.call, told)

    def _inside(self, mine: Part, theirs: Part) -> Difference | None:
        old, new = self.old.inner(mine.name), self.new.inner(theirs.name)
        return Comparison(old, new, self.aspects).difference() if old and new else None

    def _connections(self, mine: Part, theirs: Part) -> Iterator[Change]:
        """What the layer reads, where that is another; in a Sequential model it is what stands before."""
        if self.sequential:
            return
        here, there = list(self.old.refs_of(mine.name)), list(self.new.refs_of(theirs.name))
        if [_in_names(told, self.names) for told in here] != [_in_names(told, {}) for told in there]:
            old, new = ("; ".join(map(_spoken, told)) for told in (here, there))
            if old == new:
                old = "; ".join(_spoken(each, self._old_text) for each in here)
                new = "; ".join(_spoken(each, self._new_text) for each in there)
            yield Change("connections", "connected to", old, new)

    def _old_text(self, ref: Any) -> str:
        """What is read in the old model, where its name alone does not tell it from what is read in the new one."""
        now = self.names.get(ref.name, "") if isinstance(ref, Ref) else ""
        return _told_apart(ref, "(removed)" if not now else f"(now {now})")

    def _new_text(self, ref: Any) -> str:
        """The same of the new model."""
        names = [old for old, new in self.names.items() if isinstance(ref, Ref) and new == ref.name]
        return _told_apart(ref, f"(was {names[0]})" if names else "(added)")

    def _ports(self) -> Iterator[PortDifference]:
        yield from self._side_by_side("input", self.old.report.inputs, self.new.report.inputs)
        yield from self._side_by_side("output", self.old.report.outputs, self.new.report.outputs)

    def _side_by_side(self, what: str, olds: Sequence[Port], news: Sequence[Port]) -> Iterator[PortDifference]:
        for place in range(max(len(olds), len(news))):
            old = olds[place] if place < len(olds) else None
            new = news[place] if place < len(news) else None
            changes = tuple(self._port_changes(what, old, new)) if old and new else ()
            aspects = {change.aspect for change in changes} if old and new else {"layers"}
            yield PortDifference(what, old, new, self._told(changes), self._compared(aspects))

    def _port_changes(self, what: str, old: Port, new: Port) -> Iterator[Change]:
        if not _same_shape(old.shape, new.shape, self.printed):
            yield Change("shapes", "shape", old.shape, new.shape)
        if what == "input":
            own = all(automatic(port.name, "InputLayer") for port in (old, new))
            if old.name != new.name and not own and not self.printed:
                yield Change("names", "name", old.name, new.name)
            if old.dtype != new.dtype and not self.printed:
                yield Change("arguments", "dtype", old.dtype, new.dtype)
        elif old.ref and new.ref and not self.sequential and _in_name(old.ref, self.names) != _in_name(new.ref, {}):
            same = str(old.ref) == str(new.ref)
            told = (self._old_text(old.ref), self._new_text(new.ref)) if same else (str(old.ref), str(new.ref))
            yield Change("connections", "from", *told)


Told = tuple[tuple[str, tuple[Any, ...]], ...]


def _name_changes(mine: Part, theirs: Part) -> Iterator[Change]:
    """The name, where it is another, and a person chose one of the two."""
    if mine.name != theirs.name and not (mine.automatic and theirs.automatic):
        yield Change("names", "name", mine.name, theirs.name)


def _argument_changes(mine: Part, theirs: Part) -> Iterator[Change]:
    """The arguments that have other values; the whole call where the class is another.

    A model is one, whether it is Sequential, functional, or of a class of its own.
    """
    if mine.kind != theirs.kind:
        yield Change("arguments", "layer", mine.call, theirs.call)
    elif mine.layer.nested is None:
        for key in _comparable(mine, theirs):
            if (old := mine.arguments.get(key)) != (new := theirs.arguments.get(key)):
                yield Change("arguments", key, old, new)


def _comparable(mine: Part, theirs: Part) -> Iterable[str]:
    """The arguments that can be compared: where no rule has taken them, those that are stated there."""
    stated = [part.arguments for part in (mine, theirs) if not part.read] or [mine.arguments, theirs.arguments]
    return dict.fromkeys(key for arguments in stated for key in arguments)


def _code_changes(mine: Part, theirs: Part, others: Iterable[Change]) -> Iterator[Change]:
    """The code that is other, but for that of an argument of which this is said already."""
    if mine.kind == theirs.kind:
        told = {change.what for change in others}
        yield from (change for change in code_changes(mine.code, theirs.code) if change.what not in told)


def _amounts_differ(found: LayerDifference) -> set[str]:
    """Whether params and cost differ, as far as both are known."""
    delta = found.delta
    aspects = {"params": delta[:4], "cost": delta[4:]}
    return {aspect for aspect, parts in aspects.items() if any(_differs(part) for part in parts)}


def _differs(delta: Dim) -> bool:
    return delta is not UNKNOWN and delta != 0


def _shape_changes(old: LayerReport, new: LayerReport, printed: bool) -> Iterator[Change]:
    """The shapes of what each application gives, where they are known and differ."""
    if any(call.outputs is None for call in (*old.calls, *new.calls)):
        return
    mine, theirs = ([call.outputs or () for call in layer.calls] for layer in (old, new))
    if len(mine) != len(theirs):
        # How often a layer is applied is told by what it is connected to.
        mine, theirs = list(dict.fromkeys(mine)), list(dict.fromkeys(theirs))
    here, there = (tuple(shape for outputs in calls for shape in outputs) for calls in (mine, theirs))
    if len(here) != len(there) or not all(_same_shape(*pair, printed) for pair in zip(here, there, strict=True)):
        shown = old.output_shapes, new.output_shapes
        yield Change("shapes", "shape", *(shown if shown[0] != shown[1] else (here, there)))


def _same_shape(old: Shape | None, new: Shape | None, printed: bool) -> bool:
    """Whether two shapes are the same; a size that is open on one side has any name on the other."""
    if old is None or new is None:
        return True
    if len(old) != len(new):
        return False
    for mine, theirs in zip(old, new, strict=True):
        open_side = mine is None or theirs is None
        numbers = [size for size in (mine, theirs) if isinstance(size, int)]
        if mine != theirs and not (open_side and (printed or not numbers)):
            return False
    return True


def _in_name(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Ref):
        return names.get(value.name, value.name), value.index, value.call
    return str(value)


def _in_names(told: Told, names: Mapping[str, str]) -> Any:
    return [(key, [_in_name(value, names) for value in values]) for key, values in told]


def _spoken(told: Told, text: Callable[[Any], str] = str) -> str:
    """What an application reads, in words."""
    parts = (f"{f'{key}: ' if key else ''}{', '.join(map(text, values))}" for key, values in told)
    return ", ".join(parts)


def _told_apart(value: Any, mark: str) -> str:
    """A reference with what tells it from another of the same name: which application it is, or what became of it."""
    if not isinstance(value, Ref):
        return str(value)
    same = mark in (f"(now {value.name})", f"(was {value.name})")
    return f"{value} {f'(call {value.call + 1})' if same else mark}"
