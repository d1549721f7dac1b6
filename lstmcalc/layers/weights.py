"""A layer's named array: its shape, how it is used, and what a use costs."""

from __future__ import annotations

from lstmcalc.dims import Dim, product
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.costs import MULTIPLY, Cost, Work

__all__ = ["Weight"]

Shape = tuple[Dim, ...]


class Weight(NamedTuple):
    """A named array of a layer: its shape, how often one sample uses it, why it is there, whether it is trained.

    `origin` identifies a weight that several layers may hold, which those of a model used as a layer can be. `cost` is
    what one use of one number costs, and `reads` what it is multiplied with (see `Work.operands`).
    """

    name: str
    shape: Shape
    uses: Dim = 1
    why: str = ""
    trainable: bool = True
    dtype: str = ""
    origin: str = ""
    cost: Cost = MULTIPLY
    reads: tuple[int, ...] = (0,)

    @property
    def params(self) -> Dim:
        """How many numbers the array holds."""
        return product(self.shape)

    def repeated(self, times: Dim) -> Weight:
        """The same weight, used so many times more."""
        return self._replace(uses=self.uses * times)

    def held(self, trainable: bool, dtype: str) -> Weight:
        """The same weight as a layer holds it: of the layer's dtype where it has none, frozen where the layer is."""
        name, shape, uses, why, own, stated, origin, cost, reads = self
        # Every weight of every layer comes by here, and `_replace` takes four times as long.
        return Weight(name, shape, uses, why, own and trainable, stated or dtype, origin, cost, reads)

    @property
    def work(self) -> Work:
        """What all uses of the weight have one sample calculate."""
        cost = self.cost.times(self.params * self.uses)
        operands = (self.reads,) if self.cost.macs else ()
        return Work(self.name, cost, self.why, operands, self.trainable)
