"""What a layer has to calculate: multiply-adds, other arithmetic, and functions, for one sample.

The convention, which every number here follows:

- a *MAC* is a multiplication whose result is added to a sum: of a matrix product, a convolution, a dot product;
- *arithmetic* is any other addition, subtraction, multiplication, division, comparison or choice of the greater of two
  numbers; a sum or a maximum over n numbers is n - 1 of them;
- a *function* is one exp, log, tanh, sigmoid, square root, power, sine and the like of one number;
- FLOPs are 2 · MACs + arithmetic + functions;
- counted is what grows with the batch, in a forward pass without training: not what is done once per call whatever the
  batch (to fold the statistics of a BatchNormalization into one factor), nor moving and choosing numbers (reshape,
  gather, where), nor random numbers, nor arithmetic on indices; a kernel's taps count also where they lie on padding.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lstmcalc.dims import UNKNOWN, Dim, total

__all__ = ["ADD", "FREE", "INSIDE", "MULTIPLY", "SCALE", "STATES", "TRAINED", "UNKNOWN_COST", "Cost", "Work"]


class Cost(NamedTuple):
    """Multiply-adds, other arithmetic, and functions.

    >>> Cost(macs=10, arithmetic=3, functions=2).flops
    25
    """

    macs: Dim = 0
    arithmetic: Dim = 0
    functions: Dim = 0

    @property
    def flops(self) -> Dim:
        """Floating-point operations: 2 for a MAC, 1 for everything else."""
        return 2 * self.macs + self.arithmetic + self.functions

    def times(self, number: Dim) -> Cost:
        """So many times as much.

        >>> Cost(1, 2).times(3)
        Cost(macs=3, arithmetic=6, functions=0)
        """
        return Cost(self.macs * number, self.arithmetic * number, self.functions * number)

    @classmethod
    def of(cls, costs: Iterable[Cost]) -> Cost:
        """All of them together.

        >>> Cost.of([Cost(1), Cost(2, functions=5)])
        Cost(macs=3, arithmetic=0, functions=5)
        """
        listed = list(costs)
        return cls(*(total(cost[place] for cost in listed) for place in range(3)))


#: What one use of one number of a weight costs: most are multiplied and added to a sum, a bias is added, a scale
#: multiplied; a table is only looked up.
MULTIPLY, ADD, SCALE, FREE = Cost(macs=1), Cost(arithmetic=1), Cost(arithmetic=1), Cost()
#: What cannot be known without running it.
UNKNOWN_COST = Cost(UNKNOWN, UNKNOWN, UNKNOWN)

#: What a product reads besides a weight: the inputs of the call by number, or these.
INSIDE = -1  # what the layer has calculated before, from inputs, states and weights
STATES = -2  # the states that the call is given
TRAINED = -3  # something that a trained weight made, in a model used as a layer


class Work(NamedTuple):
    """A step of what one sample has a layer calculate: a weight's uses, or what is done besides.

    What a training step costs follows from the rest. `operands` are the factors of its products that are no weights,
    each by what it depends on: inputs of the call by number, `INSIDE`, `STATES`; the gradient to a factor takes as many
    multiply-adds as the product. `trained` tells that a weight is a factor too, and is trained. `spared` is how many
    multiply-adds belong to states at the start of a loop: of no gradient where none is asked for the states given.
    """

    name: str
    cost: Cost
    why: str = ""
    operands: tuple[tuple[int, ...], ...] = ()
    trained: bool = False
    spared: Dim = 0

    def times(self, number: Dim) -> Work:
        """The same step so many times."""
        return self._replace(cost=self.cost.times(number), spared=self.spared * number)
