"""Arguments worth trying for a layer, likeliest first, from what a summary prints of it.

Proposals are made by argument, not by class: whatever layer has `units`, gets them from its last output size; whatever
has a `kernel_size`, `strides` and `padding` gets those that lead from its input to its output. So a new rule is read
without a line here where its arguments are called as Keras calls them. A proposal may be wrong, and may hold a name for
a size to be solved for: the rules decide (`solving`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lstmcalc.frozen import NamedTuple
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.proposals.trying import missing

if TYPE_CHECKING:
    from lstmcalc.layers import LayerRule
    from lstmcalc.summary_text.solving import Seen

__all__ = ["MODULES", "Proposed", "propose", "proposers_of", "telling_words"]

#: The modules of proposers in the order of asking, each with its signs: each of its proposers names one of these
#: arguments at least, so that a module is loaded for a rule that has one.
MODULES = {
    "sizes": {"lora_rank", "input_dim", "units", "use_bias"},
    "recurrent": {"return_sequences", "reset_after"},
    "wrappers": {"layer", "cell"},
    "attention": {"use_gate", "num_heads", "num_query_heads", "score_mode"},
    "axes": {"mean", "axis", "shared_axes"},
    "einsum": {"equation"},
    "encoding": {"layers", "output_mode", "tie_weights"},
    "reshaping": {"target_shape", "newshape", "dims", "axes", "n", "num_classes", "projection_dim", "function"},
    "sound": {"fft_length"},
    "images": {"bounding_box_format"},
    "kernels": {"kernel_size"},
    "pooling": {"pool_size", "keepdims", "output_size"},
    "spatial": {"size", "padding", "cropping", "height"},
}

#: No layer gets more proposals than this.
MOST = 2000


class Proposed(NamedTuple):
    """Arguments to try, how unusual they are, and which of them only stand in for what no summary shows."""

    arguments: dict[str, Any]
    cost: float
    stand_ins: tuple[str, ...] = ()


def proposers_of(rule: type[LayerRule]) -> tuple[Proposer, ...]:
    """Who is asked for a rule, in the order of asking: every proposer of which the rule has all arguments."""
    modules = [name for name, signs in MODULES.items() if not signs.isdisjoint(rule.arguments)]
    proposers = (each for name in modules for each in import_module(f"{__name__}.{name}").PROPOSERS)
    return tuple(each for each in proposers if each.arguments <= rule.arguments.keys())


def propose(rule: type[LayerRule], seen: Seen) -> list[Proposed]:
    """Every set of arguments that is worth trying, likeliest first."""
    found: list[Proposal] = [Proposal({})]
    for proposer in proposers_of(rule):
        found = [
            Proposal({**before.arguments, **more.arguments}, before.cost + more.cost, before.stand_ins + more.stand_ins)
            for before in found
            for more in proposer.propose(rule, seen, before.arguments)
        ]
    found.sort(key=lambda each: each.cost)
    return [_filled(rule, each) for each in found[:MOST]]


def telling_words(name: str) -> str:
    """What of a layer's name may tell what it holds, where it is one that holds another.

    >>> telling_words("my_time_distributed_7"), telling_words("encoder_3_max_pooling2d")
    ('', 'max_pooling2d')
    """
    from lstmcalc.summary_text.proposals.wrappers import TELLING

    words = [word if word in TELLING else "" for word in name.lower().split("_")]
    return "_".join(word for word, before in zip(words, ["", *words], strict=False) if word or before)


def _filled(rule: type[LayerRule], proposal: Proposal) -> Proposed:
    """The proposal with a stand-in, from the rule's first example, for what the layer cannot do without."""
    needed = missing(rule, proposal.arguments)
    return Proposed({**proposal.arguments, **needed}, proposal.cost, (*proposal.stand_ins, *needed))
