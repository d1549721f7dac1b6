"""The arguments of layers that turn categories and text into numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lstmcalc.dims import lift_size
from lstmcalc.layers import LayerRule
from lstmcalc.layers.arguments import REQUIRED
from lstmcalc.spec import LayerSpec
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.proposals.trying import accepts, standing_in
from lstmcalc.summary_text.solving import Seen, matches

__all__ = ["PROPOSERS"]

#: The ways to write categories, with what each costs where it is not the default.
MODES = {"int": 0.0, "one_hot": 0.2, "multi_hot": 0.3, "count": 0.6, "tf_idf": 0.8}
#: What tells how many categories there are, and a value that stands in where the row does not show it.
DEPTHS = ("num_tokens", "num_bins", "vocabulary_size")
ANY_DEPTH = 2
#: A size from which a row of words is rather a vocabulary.
LONG_TEXT = 1000


def _encoded(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """How categories are written; all ways but `int` print as many as there are."""
    depth = next((name for name in DEPTHS if name in rule.arguments), None)
    default = rule.arguments["output_mode"].default
    for mode, unusual in MODES.items():
        if not accepts(rule, "output_mode", mode):
            continue
        cost = 0.0 if mode == default else unusual
        chosen = {"output_mode": mode}
        if mode == "int":
            yield from _plain(rule, seen, chosen, cost, depth)
        elif depth is not None and not (depth == "vocabulary_size" and _ends_open(seen)):
            yield Proposal({**chosen, depth: depth}, cost)
        else:
            yield Proposal(chosen, cost)


def _plain(
    rule: type[LayerRule], seen: Seen, chosen: Mapping[str, Any], cost: float, depth: str | None
) -> Iterator[Proposal]:
    """Categories as their numbers, of which the row does not show how many there are."""
    if depth == "num_bins" and rule.arguments[depth].default is not REQUIRED:
        yield standing_in({**chosen, depth: ANY_DEPTH}, cost)
        return
    if "output_sequence_length" not in rule.arguments or _ends_open(seen):
        yield Proposal(chosen, cost)
        return
    last = seen.output[-1]
    # Texts have hundreds of words, vocabularies thousands.
    unlikely = isinstance(last, int) and last >= LONG_TEXT
    yield Proposal({**chosen, "output_sequence_length": "output_sequence_length"}, cost + 0.5 * unlikely)
    if seen.outputs is None or not isinstance(last, int):
        yield Proposal(chosen, cost + 0.1)


def _ends_open(seen: Seen) -> bool:
    return not seen.output or seen.output[-1] is None


def _split(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """Whether texts are split into words: only a single one can be, and a row of words is not."""
    words = bool(seen.inputs) and len(seen.input) > 1 and seen.input[-1] != 1
    if seen.inputs is None or not words:
        yield Proposal({})
    if words:
        yield Proposal({"split": None}, 0.3)


def _tied(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
    """Whether the way back has a table of its own."""
    return [Proposal({"tie_weights": True}), Proposal({"tie_weights": False}, 1.0)]


def _keeping(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """Layers inside that leave the shape as it is and have no weights; any others could be anything."""
    if not seen.params and seen.outputs is not None and _keeps_shape(seen):
        yield standing_in({"layers": [LayerSpec("Identity", "identity")]})


def _keeps_shape(seen: Seen) -> bool:
    return seen.inputs is None or matches([tuple(map(lift_size, shape)) for shape in seen.inputs], seen)


PROPOSERS = (
    Proposer(frozenset({"layers"}), _keeping),
    Proposer(frozenset({"output_mode", "sparse"}), _encoded),
    Proposer(frozenset({"output_mode", "split"}), _split),
    Proposer(frozenset({"tie_weights"}), _tied),
)
