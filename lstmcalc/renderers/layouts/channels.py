"""Lines between two ranks of boxes: each level part on a track of its own, so that no two run over each other."""

from __future__ import annotations

from lstmcalc.frozen import NamedTuple

__all__ = ["Link", "tracks_of"]


class Link(NamedTuple):
    """A line of a net from a column above to a column below."""

    net: str
    above: int
    below: int


def tracks_of(links: list[Link]) -> dict[str, int]:
    """The track of every net that has a level part, counted from the top: the first that is free all along it.

    >>> tracks_of([Link("a", 0, 8), Link("b", 4, 12), Link("c", 20, 20), Link("d", 30, 9)])
    {'a': 0, 'b': 1, 'd': 0}
    """
    spans: dict[str, tuple[int, int]] = {}
    for net, above, below in links:
        if above != below:
            low, high = spans.get(net, (above, above))
            spans[net] = min(low, above, below), max(high, above, below)
    ends: list[int] = []
    tracks: dict[str, int] = {}
    for net in sorted(spans, key=lambda net: spans[net]):
        low, high = spans[net]
        tracks[net] = next((track for track, end in enumerate(ends) if end < low), len(ends))
        ends[tracks[net] : tracks[net] + 1] = [high]
    return tracks
