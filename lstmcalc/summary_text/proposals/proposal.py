"""What a proposal is, and who makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lstmcalc.frozen import NamedTuple
from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.solving import Seen

__all__ = ["Proposal", "Proposer", "flags"]


class Proposal(NamedTuple):
    """Values for some arguments, and how unusual they are: 0 where one would expect nothing else.

    `stand_ins` names those that stand for what no summary shows, and the layer cannot do without.
    """

    arguments: Mapping[str, Any]
    cost: float = 0.0
    stand_ins: tuple[str, ...] = ()


class Proposer(NamedTuple):
    """Proposes values for the arguments that it names, to every rule that has all of them.

    `propose` is told the rule, what is seen, and the arguments that were proposed before; giving nothing means that
    the layer cannot be one of these.
    """

    arguments: frozenset[str]
    propose: Callable[[type[LayerRule], Seen, Mapping[str, Any]], Iterable[Proposal]]


def flags(name: str, likely: bool, cost: float) -> list[Proposal]:
    """Both values of a flag, the likely one first."""
    return [Proposal({name: likely}), Proposal({name: not likely}, cost)]
