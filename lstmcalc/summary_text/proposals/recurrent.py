"""The arguments of layers that read a sequence: what they return, their cells, and the layers around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.solving import Seen

__all__ = ["PROPOSERS", "returned"]


def returned(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
    """Whether all steps and the states are returned: the shapes decide it, where they are printed."""
    several = seen.several or (seen.outputs is not None and len(seen.outputs) > 1)
    if seen.outputs is None:
        # With no shape printed, the simplest is the likeliest.
        return [
            Proposal({"return_sequences": sequences, "return_state": state}, 0.5 * sequences + state)
            for sequences in (False, True)
            for state in ((True,) if several else (False, True))
        ]
    # All steps are one axis more than the state, which has as many axes as the input without its steps.
    sequences = len(seen.output) == len(rule.axes.split())
    states = (False, True) if seen.cut and not several else (several,)
    return [Proposal({"return_sequences": sequences, "return_state": state}, 0.2 * state) for state in states]


def _reset_after(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
    """Which GRU it is: since Keras 2.9 and TensorFlow 2.0 `reset_after` is on unless stated otherwise."""
    modern = seen.style in ("boxes", "blank lines", "")
    return [Proposal({"reset_after": value}, 0.0 if value is modern else 0.4) for value in (modern, not modern)]


PROPOSERS = (
    Proposer(frozenset({"return_sequences", "return_state", "units"}), returned),
    Proposer(frozenset({"reset_after"}), _reset_after),
)
