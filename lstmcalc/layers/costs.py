"""What a layer has to calculate: multiply-adds, other arithmetic, and functions, for one sample.

The convention, which every number here follows:

- a *MAC* is a multiplication and the addition of its result to a sum, in a matrix product, a convolution, a dot
  product, or the weighted sum of pixels that a resized image is made of; elsewhere both are arithmetic, as in the mean
  of squares that a variance is;
- *arithmetic* is any other addition, subtraction, multiplication, division, remainder or comparison of two numbers, the
  choice of the greater of them, and the absolute value, the sign, the negation or the rounding of one; a sum or a
  maximum over n numbers is n - 1 of them, a whole power n - 1 multiplications;
- a *function* is one exp, log, tanh, sigmoid, square root, power, sine and the like of one number;
- FLOPs are 2 · MACs + arithmetic + functions, whatever the dtype: rules see none, so whole numbers count as others do;
- counted is what grows with the batch, in a forward pass without training: not what is done once per call whatever the
  batch (to fold the statistics of a BatchNormalization into one factor), nor moving and choosing numbers (reshape,
  gather, where, the sort in a sparsemax), nor random numbers, nor what is done to indices, words, and what is true or
  false (a mask of words, the joining of masks); a kernel's taps count also where they lie on padding;
- what a mask adds counts where a layer is told one: the scores that are lowered, the steps that are counted; what Keras
  asks for twice, and gets the same, as the comparisons of Masking, counts once.
"""

from __future__ import annotations

from collections.abc import Iterable

from lstmcalc.dims import UNKNOWN, Dim, total
from lstmcalc.frozen import NamedTuple

__all__ = ["ADD", "FREE", "INSIDE", "MULTIPLY", "SCALE", "STATES", "TRAINED", "UNKNOWN_COST", "Cost", "Work",
           "state", "states_in"]  # fmt: skip


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
_FIRST_STATE = -10


def state(number: int) -> int:
    """A single one of the states that the call is given, counted from 0.

    >>> state(1), states_in((0, state(1), INSIDE))
    (-11, (1,))
    """
    return _FIRST_STATE - number


def states_in(operand: tuple[int, ...]) -> tuple[int, ...]:
    """The numbers of the single states in a factor."""
    return tuple(_FIRST_STATE - place for place in operand if place <= _FIRST_STATE)


class Work(NamedTuple):
    """A step of what one sample has a layer calculate: a weight's uses, or what is done besides.

    What a training step costs follows from the rest. `operands` are the factors of its products that are no weights,
    each by what it depends on: inputs of the call by number, `INSIDE`, `STATES`; the gradient to a factor takes as many
    multiply-adds as the product. `trained` tells that a weight is a factor too, and is trained. `spared` is how many
    multiply-adds read the states `start`, at the start of a loop: of no gradient where none is asked for these.
    """

    name: str
    cost: Cost
    why: str = ""
    operands: tuple[tuple[int, ...], ...] = ()
    trained: bool = False
    spared: Dim = 0
    start: tuple[int, ...] = (STATES,)

    def times(self, number: Dim) -> Work:
        """The same step so many times."""
        return self._replace(cost=self.cost.times(number), spared=self.spared * number)

    def behind(self, states: int) -> Work:
        """The same step of a layer whose states follow so many others."""

        def shifted(operand: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(place - states if place <= _FIRST_STATE else place for place in operand)

        return self._replace(operands=tuple(map(shifted, self.operands)), start=shifted(self.start))
