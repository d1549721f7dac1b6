"""Arguments worth trying for a layer, likeliest first, from what a summary prints of it.

Proposals are made by argument, not by class: whatever layer has `units`, gets them from its last output size; whatever
has a `kernel_size`, `strides` and `padding` gets those that lead from its input to its output. So a new rule is read
without a line here where its arguments are called as Keras calls them. A proposal may be wrong, and may hold a name for
a size to be solved for: the rules decide (`solving`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.proposals import (
    attention,
    axes,
    einsum,
    encoding,
    images,
    kernels,
    pooling,
    recurrent,
    reshaping,
    sizes,
    sound,
    spatial,
    wrappers,
)
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.proposals.trying import missing
from lstmcalc.summary_text.solving import Seen

__all__ = ["Proposed", "propose"]

#: Which proposer stands for which arguments; a rule that has all of them is asked it. In the order of asking.
PROPOSERS: tuple[Proposer, ...] = (
    *sizes.PROPOSERS,
    *recurrent.PROPOSERS,
    *wrappers.PROPOSERS,
    *attention.PROPOSERS,
    *axes.PROPOSERS,
    *einsum.PROPOSERS,
    *encoding.PROPOSERS,
    *reshaping.PROPOSERS,
    *sound.PROPOSERS,
    *images.PROPOSERS,
    *kernels.PROPOSERS,
    *pooling.PROPOSERS,
    *spatial.PROPOSERS,
)

#: No layer gets more proposals than this.
MOST = 2000


class Proposed(NamedTuple):
    """Arguments to try, how unusual they are, and which of them only stand in for what no summary shows."""

    arguments: dict[str, Any]
    cost: float
    stand_ins: tuple[str, ...] = ()


def propose(rule: type[LayerRule], seen: Seen) -> list[Proposed]:
    """Every set of arguments that is worth trying, likeliest first."""
    asked = [each for each in PROPOSERS if each.arguments <= rule.arguments.keys()]
    found: list[Proposal] = [Proposal({})]
    for proposer in asked:
        found = [
            Proposal({**before.arguments, **more.arguments}, before.cost + more.cost, before.stand_ins + more.stand_ins)
            for before in found
            for more in proposer.propose(rule, seen, before.arguments)
        ]
    found.sort(key=lambda each: each.cost)
    return [_filled(rule, each) for each in found[:MOST]]


def _filled(rule: type[LayerRule], proposal: Proposal) -> Proposed:
    """The proposal with a stand-in, from the rule's first example, for what the layer cannot do without."""
    needed = missing(rule, proposal.arguments)
    return Proposed({**proposal.arguments, **needed}, proposal.cost, (*proposal.stand_ins, *needed))
