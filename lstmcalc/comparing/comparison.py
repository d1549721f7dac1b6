"""Two models beside each other: matched layers are compared one by one, and so are inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

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
from lstmcalc.report import LayerReport, Port, Shape
from lstmcalc.spec import Ref

__all__ = ["Comparison"]


class Comparison:
    """Compares two models. Of a printed summary it looks at what one shows."""

    def __init__(self, old: Side, new: Side, aspects: Iterable[str] = ASPECTS) -> None:
        self.old, self.new = old, new
        self.printed = old.spec.printed or new.spec.printed
        wanted = set(aspects)
        self.aspects = tuple(
            aspect for aspect in ASPECTS if aspect in wanted and not (self.printed and aspect == "cost")
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
                          self.aspects, self.sequential, self.printed, self._stand_ins())  # fmt: skip

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
        if here is None or there is None or old is None or new is None:
            alone = LayerDifference(old, new)
            return self._with_aspects(alone, {"layers"} | _amounts_differ(alone))
        mine, theirs = self.old.parts[here], self.new.parts[there]
        inside = self._inside(mine, theirs)
        shapes = tuple(_shape_changes(old.layer, new.layer, self.printed))
        named = () if old.name == new.name or (mine.automatic and theirs.automatic) else (
            Change("name", old.name, new.name),)  # fmt: skip
        places = (Change("place", old.place, new.place),) if moved else ()
        found = LayerDifference(old, new, named, places, shapes=shapes, inside=inside,
                                connections=tuple(self._connections(mine, theirs)))  # fmt: skip
        amounts = _amounts_differ(found)
        arguments = tuple(_arguments(mine, theirs))
        if self.printed and mine.kind == theirs.kind and not shapes and "params" not in amounts:
            arguments = ()
        return self._with_aspects(_replace(found, arguments), self._aspects(found, arguments) | amounts)

    def _aspects(self, found: LayerDifference, arguments: Sequence[Change]) -> set[str]:
        parts = {"names": found.named, "order": found.moved, "arguments": arguments,
                 "connections": found.connections, "shapes": found.shapes}  # fmt: skip
        aspects = {aspect for aspect, changes in parts.items() if changes}
        return aspects | (found.inside.aspects if found.inside else set())

    def _with_aspects(self, found: LayerDifference, aspects: set[str]) -> LayerDifference:
        """The difference without what is not compared."""
        seen = frozenset(aspects & set(self.aspects))
        return LayerDifference(
            found.old,
            found.new,
            found.named if "names" in seen else (),
            found.moved if "order" in seen else (),
            found.arguments if "arguments" in seen else (),
            found.connections if "connections" in seen else (),
            found.shapes if "shapes" in seen else (),
            found.inside,
            seen,
        )

    def _side(self, side: Side, place: int) -> LayerSide:
        part = side.parts[place]
        told = tuple(map(_told, side.refs_of(part.name)))
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
            yield Change("connected to", _spoken(here), _spoken(there))

    def _ports(self) -> Iterator[PortDifference]:
        yield from self._side_by_side("input", self.old.report.inputs, self.new.report.inputs)
        yield from self._side_by_side("output", self.old.report.outputs, self.new.report.outputs)

    def _side_by_side(self, what: str, olds: Sequence[Port], news: Sequence[Port]) -> Iterator[PortDifference]:
        for place in range(max(len(olds), len(news))):
            old = olds[place] if place < len(olds) else None
            new = news[place] if place < len(news) else None
            changes = tuple(self._port_changes(what, old, new)) if old and new else ()
            aspects = {_ASPECT_OF[change.what] for change in changes} if old and new else {"layers"}
            seen = frozenset(aspects & set(self.aspects))
            kept = tuple(change for change in changes if _ASPECT_OF[change.what] in seen)
            yield PortDifference(what, old, new, kept, seen)

    def _port_changes(self, what: str, old: Port, new: Port) -> Iterator[Change]:
        if not _same_shape(old.shape, new.shape, self.printed):
            yield Change("shape", old.shape, new.shape)
        if what == "input":
            own = all(automatic(port.name, "InputLayer") for port in (old, new))
            if old.name != new.name and not own and not self.printed:
                yield Change("name", old.name, new.name)
            if old.dtype != new.dtype and not self.printed:
                yield Change("dtype", old.dtype, new.dtype)
        elif old.ref and new.ref and not self.sequential and _in_name(old.ref, self.names) != _in_name(new.ref, {}):
            yield Change("from", str(old.ref), str(new.ref))


#: Which of `ASPECTS` a change of an input or output is.
_ASPECT_OF = {"shape": "shapes", "name": "names", "dtype": "arguments", "from": "connections"}

Told = tuple[tuple[str, tuple[Any, ...]], ...]


def _replace(found: LayerDifference, arguments: tuple[Change, ...]) -> LayerDifference:
    return LayerDifference(found.old, found.new, found.named, found.moved, arguments, found.connections, found.shapes,
                           found.inside)  # fmt: skip


def _arguments(mine: Part, theirs: Part) -> Iterator[Change]:
    """The arguments that have other values; the whole call where the class is another.

    A model is one, whether it is Sequential, functional, or of a class of its own.
    """
    if mine.kind != theirs.kind:
        yield Change("layer", mine.call, theirs.call)
    elif mine.layer.nested is None:
        for key in dict.fromkeys((*mine.arguments, *theirs.arguments)):
            if (old := mine.arguments.get(key)) != (new := theirs.arguments.get(key)):
                yield Change(key, old, new)


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
    mine, theirs = ([shape for call in layer.calls for shape in call.outputs or ()] for layer in (old, new))
    if len(mine) != len(theirs) or not all(_same_shape(*pair, printed) for pair in zip(mine, theirs, strict=True)):
        yield Change("shape", old.output_shapes, new.output_shapes)


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


def _told(told: Told) -> str:
    """What an application reads, in words."""
    parts = (f"{f'{key}: ' if key else ''}{', '.join(map(str, values))}" for key, values in told)
    return ", ".join(parts)


def _spoken(applications: Sequence[Told]) -> str:
    return "; ".join(map(_told, applications))
