"""What tells two models apart, as frozen data: layer by layer, and in all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, total
from lstmcalc.frozen import NamedTuple
from lstmcalc.report import Holds, LayerReport, Port

__all__ = ["ASPECTS", "Amounts", "Change", "Difference", "LayerDifference", "LayerSide", "PortDifference"]

#: What can differ between two models.
ASPECTS = ("layers", "names", "order", "arguments", "code", "connections", "shapes", "params", "cost")


class Amounts(NamedTuple):
    """What a layer or a model takes; MACs and FLOPs are those of one sample, forward.

    A weight that several layers hold is counted at the first of them.

    >>> Amounts(3, 2, 1, 12, 5, 10) - Amounts(1, 1, 0, 4, 5, 10)
    Amounts(params=2, trainable_params=1, non_trainable_params=1, bytes=8, macs=0, flops=0)
    """

    params: Dim = 0
    trainable_params: Dim = 0
    non_trainable_params: Dim = 0
    bytes: Dim = 0
    macs: Dim = 0
    flops: Dim = 0

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))

    @classmethod
    def of(cls, amounts: Iterable[Amounts]) -> Amounts:
        """All of them together."""
        listed = list(amounts)
        return cls(*(total(each[place] for each in listed) for place in range(len(cls._fields))))


@dataclass(frozen=True)
class Change:
    """One thing that is another in the new model; None on a side that does not have it.

    `aspect` is which of `ASPECTS` it is, `what` the name of an argument, or `shape`, `name`, `connected to` and the
    like.
    """

    aspect: str
    what: str
    old: Any
    new: Any


@dataclass(frozen=True)
class LayerSide:
    """A layer in one of the models: its place among the layers, counted from 1, and what it takes.

    `call` is the layer as it is called in Python, `connected_to` what each of its applications reads.
    """

    layer: LayerReport
    place: int
    amounts: Amounts
    call: str
    connected_to: tuple[str, ...]

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.layer.name

    @property
    def class_name(self) -> str:
        """The layer's class."""
        return self.layer.class_name


@dataclass(frozen=True)
class LayerDifference:
    """A layer of the old model, and the one that is its counterpart in the new one; None where there is none.

    `inside` compares what they hold, where both are models. `aspects` is which of `ASPECTS` differ; of `changes` those
    are told, and what the two take is in `delta`. `untold` tells that there is code which not both sources hold.
    """

    old: LayerSide | None
    new: LayerSide | None
    changes: tuple[Change, ...] = ()
    inside: Difference | None = None
    aspects: frozenset[str] = frozenset()
    untold: bool = False

    @property
    def kind(self) -> str:
        """Whether it was added, removed or changed, or is the same."""
        if self.old is None or self.new is None:
            return "removed" if self.new is None else "added"
        return "changed" if self.aspects else "same"

    @property
    def delta(self) -> Amounts:
        """What the new model takes more for it than the old one."""
        old, new = (side.amounts if side else Amounts() for side in (self.old, self.new))
        return new - old

    @property
    def side(self) -> LayerSide:
        """The layer in the new model, or else in the old one."""
        side = self.new or self.old
        assert side is not None
        return side


@dataclass(frozen=True)
class PortDifference:
    """An input or output of the old model, and the one that stands for it in the new one."""

    what: str
    old: Port | None
    new: Port | None
    changes: tuple[Change, ...] = ()
    aspects: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        """Whether it was added, removed or changed, or is the same."""
        if self.old is None or self.new is None:
            return "removed" if self.new is None else "added"
        return "changed" if self.aspects else "same"


@dataclass(frozen=True)
class Difference:
    """Two models beside each other; `layers` holds every layer of both, also those that are the same.

    The layers stand in the order of the new model, removed ones where they stood. The deltas of all layers sum to that
    of the totals; the known ones to that of the known totals. `compared` is which of `ASPECTS` were looked at.
    `printed` tells that one of the two is a printed summary, and `sequential` that both are Sequential. `stand_ins` are
    the symbols that stand for sizes of inputs which are not known, in what the models cost, `conditions` those under
    which the models hold, each with whose it is (old, new or both), and `whole` tells that all of both models is known.
    """

    old_source: str
    new_source: str
    old_name: str
    new_name: str
    ports: tuple[PortDifference, ...]
    layers: tuple[LayerDifference, ...]
    compared: tuple[str, ...] = ASPECTS
    sequential: bool = False
    printed: bool = False
    stand_ins: tuple[str, ...] = ()
    conditions: tuple[tuple[str, Holds], ...] = ()
    whole: bool = True

    @property
    def aspects(self) -> frozenset[str]:
        """Which of `ASPECTS` differ anywhere; a condition is one on shapes."""
        parts: tuple[PortDifference | LayerDifference, ...] = (*self.ports, *self.layers)
        found = {aspect for part in parts for aspect in part.aspects}
        if "shapes" in self.compared and any(whose != "both" for whose, _ in self.conditions):
            found.add("shapes")
        return frozenset(found)

    @property
    def untold(self) -> tuple[str, ...]:
        """The layers whose code is not in both sources, so that it was not compared; those of models inside by path."""
        return tuple(
            path
            for layer in self.layers
            if layer.untold
            for path in (
                (f"{layer.side.name}.{name}" for name in layer.inside.untold) if layer.inside else (layer.side.name,)
            )
        )

    @property
    def equal(self) -> bool:
        """Whether nothing that was compared differs."""
        return not self.aspects

    @property
    def changed(self) -> tuple[LayerDifference, ...]:
        """The layers that differ."""
        return tuple(layer for layer in self.layers if layer.aspects)

    @property
    def old_totals(self) -> Amounts:
        """What the old model takes."""
        return Amounts.of(layer.old.amounts for layer in self.layers if layer.old)

    @property
    def new_totals(self) -> Amounts:
        """What the new model takes."""
        return Amounts.of(layer.new.amounts for layer in self.layers if layer.new)

    @property
    def delta(self) -> Amounts:
        """What the new model takes more than the old one."""
        return self.new_totals - self.old_totals

    @property
    def known_totals(self) -> tuple[Amounts, Amounts]:
        """What the old model takes and what the new one does, each amount without the layers in `without`."""
        deltas = [(layer, layer.delta) for layer in self.layers]
        sides = []
        for which in ("old", "new"):
            columns = (
                total(
                    getattr(layer, which).amounts[place]
                    for layer, delta in deltas
                    if getattr(layer, which) and delta[place] is not UNKNOWN
                )
                for place in range(len(Amounts._fields))
            )
            sides.append(Amounts(*columns))
        return sides[0], sides[1]

    def without(self, *keys: str) -> tuple[LayerDifference, ...]:
        """The layers of which one of these amounts is not known in a model that has them."""
        return tuple(layer for layer in self.layers if any(getattr(layer.delta, key) is UNKNOWN for key in keys))
