"""The equations that `EinsumDense` may have: which axes are summed over, and which are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from lstmcalc.frozen import NamedTuple
from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.proposals.trying import agreeing, whole
from lstmcalc.summary_text.reading import Shape
from lstmcalc.summary_text.solving import Seen

__all__ = ["PROPOSERS"]

LETTERS = "abcdefghijklmnop"
#: What an equation may cost that is tried where nothing tells the input.
USUAL_COST = 0.1
#: With more axes there are no usual equations.
MOST_AXES = 5


class Sum(NamedTuple):
    """An equation's letters: those of the input, summed over, made, and kept ones that the kernel has too."""

    read: str
    summed: str
    made: str
    at: int
    shared: str = ""

    @property
    def output(self) -> str:
        kept = [letter for letter in self.read if letter not in self.summed]
        return "".join((*kept[: self.at], *self.made, *kept[self.at :]))

    @property
    def text(self) -> str:
        """The equation as people write it."""
        return f"{self.read},{self.shared}{self.summed}{self.made}->{self.output}"


def _equations(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """Sums over axes next to each other that lead from the input to the output, with and without a bias."""
    output = whole(seen)
    if output is None and seen.inputs and 1 < len(seen.input) <= MOST_AXES:
        yield from _widened(seen)
    if output is None or not 1 < len(output) <= MOST_AXES:
        return
    shapes: Sequence[Shape] = seen.inputs[:1] if seen.inputs else _likely_inputs(output)
    options = [
        Proposal({"equation": one.text, "output_shape": list(output[1:]), **bias}, cost + more)
        for shape in shapes
        for one, cost in _sums(shape, output)
        for bias, more in _biases(one)
        # Without the input, only what people write is worth trying.
        if seen.inputs is not None or cost + more <= USUAL_COST
    ]
    yield from agreeing(rule, seen, before, sorted(options, key=lambda each: each.cost))


def _widened(seen: Seen) -> Iterator[Proposal]:
    """The most usual equation, where a size is cut off: the last axis becomes another, whose size the count tells."""
    read, printed = LETTERS[: len(seen.input)], seen.output
    made = LETTERS[len(read)]
    kept = [
        size if place >= len(printed) or isinstance(printed[place], Cut) else printed[place]
        for place, size in enumerate(seen.input[:-1])
    ]
    for open_sizes in (False, True):
        sizes = [None if open_sizes else size for size in kept[1:]]
        arguments = {
            "equation": f"{read},{read[-1]}{made}->{read[:-1]}{made}",
            "output_shape": [*sizes, "output_shape"],
        }
        yield Proposal({**arguments, "bias_axes": made}, 0.1 * open_sizes)
        yield Proposal(arguments, 0.1 + 0.1 * open_sizes)


def _likely_inputs(output: Shape) -> list[Shape]:
    """Inputs of which one size is summed over: as many axes as the output has, or one less."""
    same = (*output[:-1], None)
    return [same] if len(output) == 2 else [same, (*output[:-2], None)]


def _sums(shape: Shape, output: Shape) -> Iterator[tuple[Sum, float]]:
    ndim = len(shape)
    if not 1 < ndim <= MOST_AXES:
        return
    read = LETTERS[:ndim]
    for number in (1, 2):
        made = len(output) - (ndim - number)
        if made < 1:
            continue
        for at in range(ndim - number, 0, -1):
            summed = read[at : at + number]
            kept = read[1:at] + read[at + number :]
            one = Sum(read, summed, LETTERS[ndim : ndim + made], at)
            if not _keeps(one, shape, output):
                continue
            cost = 0.0 if at == ndim - number else 0.6
            yield one, cost
            for many in range(1, len(kept) + 1):
                for shared in combinations(kept, many):
                    yield one._replace(shared="".join(shared)), cost + 1.5


def _keeps(one: Sum, shape: Shape, output: Shape) -> bool:
    """Whether the kept axes have the sizes that the output shows, or it leaves them open."""
    sizes = dict(zip(one.read, shape, strict=True))
    return all(
        size is None or sizes[letter] in (None, size)
        for letter, size in zip(one.output, output, strict=True)
        if letter in sizes
    )


def _biases(one: Sum) -> Iterator[tuple[dict[str, str], float]]:
    """The letters that a bias goes along: all that are made, none, the last, or a kept one with them."""
    yield {"bias_axes": one.made}, 0.0
    yield {}, 0.1
    if len(one.made) > 1:
        yield {"bias_axes": one.made[-1]}, 0.4
    kept = [letter for letter in one.output[1:] if letter not in one.made]
    for letter in kept:
        letters = "".join(each for each in one.output if each in (*one.made, letter))
        yield {"bias_axes": letters}, 0.8
        yield {"bias_axes": letter}, 1.2


PROPOSERS = (Proposer(frozenset({"equation", "output_shape", "bias_axes"}), _equations),)
