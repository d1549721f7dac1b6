"""What may reach a row: the outputs of the rows that feed it, application by application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

from lstmcalc.frozen import NamedTuple
from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.flow import Feed, Feeds
from lstmcalc.summary_text.printed import Cut, PrintedRow, PrintedShape
from lstmcalc.summary_text.reading import Shape

__all__ = [
    "MOST_WAYS",
    "Arrival",
    "Gives",
    "Outputs",
    "applications",
    "arrivals_at",
    "fits",
    "leaves_open",
    "merges",
    "ways_of",
    "whole_shapes",
]

#: How many combinations of what reaches a row are tried, and how many different outputs of a row are followed.
MOST_WAYS = 24

Outputs = tuple[Shape, ...]


class Gives(NamedTuple):
    """What a row may give, each with its cost; None where nothing tells.

    `nodes` holds for each application of a layer with several what it may give, and what the first gives then. `loose`
    tells that a size that is printed as unknown may be known: of a model used as a layer, Keras prints its own shapes.
    """

    options: Mapping[Outputs, float] | None = None
    nodes: tuple[Mapping[Outputs, Outputs], ...] = ()
    loose: bool = False

    def at(self, node: int) -> Mapping[Outputs, float] | None:
        """What one application may give."""
        if node >= len(self.nodes) or not self.nodes[node]:
            return self.options
        return {outputs: (self.options or {}).get(first, 0.0) for outputs, first in self.nodes[node].items()}

    def first(self, node: int, outputs: Outputs) -> Outputs:
        """What the first application gives where one gives this."""
        return self.nodes[node].get(outputs, outputs) if node < len(self.nodes) else outputs


class Arrival(NamedTuple):
    """One way in which a row may be fed: the input shapes (None: nothing tells), what it takes of which rows.

    `more` tells that the next arrival is another way of the same application, which may be as good.
    """

    shapes: tuple[Shape, ...] | None = None
    taken: dict[int, Outputs] = {}
    cost: float = 0.0
    more: bool = False


def arrivals_at(
    rule: type[LayerRule], feeds: Feeds, gives: Sequence[Gives], stated: Sequence[PrintedShape] = ()
) -> Iterator[Arrival]:
    """What may reach a row, likeliest first; `stated` are the input shapes that the table has above its first row."""
    if not gives and stated:
        yield Arrival(tuple(whole(shape) for shape in stated))
    if not feeds or feeds == (None,):
        # Keras 0 states the vocabulary of an Embedding for its input, so that the statement may be wrong.
        yield Arrival()
        return
    for used in applications(rule, feeds):
        yield from ways_of(used, gives)


def applications(rule: type[LayerRule], feeds: Feeds) -> Iterator[Feeds]:
    """The inputs of one application after the other: tables list those of all, and the states, without a mark."""
    least, most = rule.arity
    if len(feeds) < least:
        # Of a sequence that attends to itself, some tables show just one.
        if rule.family == "attention":
            yield feeds + feeds[-1:] * (least - len(feeds))
        return
    if most is None and merges(rule):
        if len(feeds) == 1:
            # With one input only, it is no merging layer but an operation with a number.
            return
        yield feeds
        if len(feeds) % 2 == 0 and len(feeds) > 2:
            yield feeds[: len(feeds) // 2]
        return
    most = most or 1
    for start in range(0, len(feeds), most):
        if len(feeds[start : start + most]) >= least:
            yield feeds[start : start + most]


def merges(rule: type[LayerRule]) -> bool:
    """Whether a layer is there to merge several inputs; image layers take several too, one is what they have."""
    return rule.arity[1] != 1 and (rule.arity[0] > 1 or rule.family in ("merging", "operations"))


def ways_of(used: Feeds, gives: Sequence[Gives]) -> Iterator[Arrival]:
    """What one application may be fed with, where rows may give several things."""
    rows = list(dict.fromkeys((feed.row, feed.node) for feed in used if feed is not None))
    options = [gives[row].at(node) for row, node in rows]
    if None in used or None in options:
        yield Arrival()
        return
    ways = islice(product(*(list((each or {}).items()) for each in options)), MOST_WAYS * 10)
    cheapest = sorted(ways, key=lambda way: sum(cost for _, cost in way))[:MOST_WAYS]
    for number, way in enumerate(cheapest, start=1):
        there = {source: outputs for source, (outputs, _) in zip(rows, way, strict=True)}
        shapes = tuple(_tensor(there[feed.row, feed.node], feed) for feed in used if feed is not None)
        known = tuple(shape for shape in shapes if shape is not None)
        taken = {row: gives[row].first(node, outputs) for (row, node), outputs in there.items()}
        cost = sum(cost for _, cost in way)
        yield Arrival(known if len(known) == len(shapes) else None, taken, cost, number < len(cheapest))
    if any(gives[row].loose for row, _ in rows):
        yield Arrival()


def _tensor(outputs: Outputs, feed: Feed) -> Shape | None:
    """One output; a lone one stands for all, since tables print the shape of a shared layer just once."""
    return outputs[feed.tensor] if feed.tensor < len(outputs) else outputs[0] if len(outputs) == 1 else None


def fits(shape: Shape, printed: PrintedShape) -> bool:
    """Whether a shape is one of which the end may be cut off in print."""
    return len(shape) >= len(printed) and all(
        there.allows(size if isinstance(size, int) else None) if isinstance(there, Cut) else there == size
        for size, there in zip(shape, printed, strict=False)
    )


def leaves_cut(row: PrintedRow) -> bool:
    """Whether a size in the printed shapes has no end."""
    return any(isinstance(size, Cut) for shape in row.shapes or () for size in shape)


def leaves_open(outputs: Outputs, row: PrintedRow) -> bool:
    """Whether outputs have an unknown size where the table shows none, so that it is not known to be unknown."""
    for index, shape in enumerate(outputs):
        printed = (row.shapes or ())[index : index + 1]
        shown = printed[0] if printed else ()
        for place, size in enumerate(shape):
            if size is None and place > 0 and (place >= len(shown) or isinstance(shown[place], Cut)):
                return True
    return False


def whole_shapes(row: PrintedRow) -> Outputs | None:
    """The printed shapes, where all of them are printed whole."""
    if not row.shapes or row.shapes_cut or leaves_cut(row):
        return None
    return tuple(map(whole, row.shapes))


def whole(shape: PrintedShape) -> Shape:
    return tuple(size for size in shape if not isinstance(size, Cut))
