"""What a summary shows of image layers that keep the shape: what the images could not do without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.proposals.trying import agreeing, inputs_or_output, standing_in
from lstmcalc.summary_text.solving import Seen

__all__ = ["PROPOSERS"]


def _options(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """The defaults, unless the layer could not work on the images with them."""
    if "height" in rule.arguments:
        yield Proposal({})
        return
    options = [Proposal({}), Proposal({"data_format": "channels_first"}, 1.0)]
    if "all_ops" in rule.arguments:
        options.append(Proposal({"all_ops": False}, 1.0))
    if "tile_grid_size" in rule.arguments:
        options.append(standing_in({"tile_grid_size": [1, 1]}, 1.0))
    kept = seen._replace(inputs=inputs_or_output(seen))
    yield next(agreeing(rule, kept, before, options))


PROPOSERS = (Proposer(frozenset({"data_format", "bounding_box_format"}), _options),)
