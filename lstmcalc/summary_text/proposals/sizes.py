"""The width of what a layer gives, and the weights that a flag adds: `units`, `use_bias`, `center`, `scale`, …"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer, flags
from lstmcalc.summary_text.solving import Seen

__all__ = ["PROPOSERS"]


def _last_size(argument: str) -> Proposer:
    """A size that is solved for: as the last axis of the output, or by the count where that is cut."""

    def propose(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
        yield Proposal({argument: argument})

    return Proposer(frozenset({argument}), propose)


def _flag(argument: str, likely: bool, cost: float) -> Proposer:
    def propose(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
        return flags(argument, likely, cost)

    return Proposer(frozenset({argument}), propose)


def _lookup(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """An embedding's table; where its width is printed, the count gives its length."""
    yield Proposal({"input_dim": "input_dim", "output_dim": "output_dim"})


def _lora(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """Low-rank factors beside the weights, as fine-tuning adds them; the count gives their rank."""
    yield Proposal({})
    if seen.inputs is not None and seen.params:
        yield Proposal({"lora_rank": "lora_rank"}, 2.2)


PROPOSERS = (
    Proposer(frozenset({"lora_rank"}), _lora),
    Proposer(frozenset({"input_dim", "output_dim"}), _lookup),
    _last_size("units"),
    _flag("use_bias", True, 1.0),
)
