"""What backpropagation keeps of a layer's call, for one sample: the least and the most that backends do.

*Least* is what the gradients read and cannot be had from something else that is kept: the input of a product with a
trained weight, what comes out of a smooth activation, the gates of a recurrent layer. *Most* is what Keras on JAX keeps
(the residuals of `jax.vjp`, 3.15.1 on JAX 0.10), which fuses nothing: of most operations one or two arrays as large as
what they give. Where that is not stated for a layer it is bounded: two numbers for each arithmetic operation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from lstmcalc.dims import UNKNOWN, Dim, product, total
from lstmcalc.layers.costs import Work
from lstmcalc.layers.weights import Weight

__all__ = ["ACTIVATIONS", "Held", "Kept", "activated", "bounded", "needed_inputs", "per_sample"]

Shape = tuple[Dim, ...]


class Held(NamedTuple):
    """Numbers that are held: inputs of the call by their places, the first output, other values, and bytes.

    A value takes as many bytes as the layer's arithmetic has; `bytes` are those of what is held in another dtype, as
    conditions and indices are. An input or output that several layers hold is one array.
    """

    inputs: tuple[int, ...] = ()
    output: bool = False
    values: Dim = 0
    bytes: Dim = 0

    def plus(self, values: Dim, bytes_: Dim = 0) -> Held:
        """The same and so much more.

        >>> Held(values=3).plus(4, 1)
        Held(inputs=(), output=False, values=7, bytes=1)
        """
        return self._replace(values=self.values + values, bytes=self.bytes + bytes_)

    def times(self, number: Dim) -> Held:
        """What a step holds, so many times; inputs and outputs are held as they are."""
        return self._replace(values=self.values * number, bytes=self.bytes * number)


class Kept(NamedTuple):
    """What a call keeps, least and most; `model` is the report of a model used as a layer, whose layers keep theirs.

    `compute` is the dtype of the layer's arithmetic where it states one; `wide` tells that parts of it may be done in
    float32 regardless. `passing` is how many values the backward pass holds at a time, at most, besides the gradients
    to what the layer reads and gives.
    """

    least: Held = Held()
    most: Held = Held()
    compute: str = ""
    model: Any = None
    wide: bool = False
    passing: Dim = 0


#: What JAX keeps of an activation for each number that comes out: (values, bytes of conditions, values for each row
#: along the last axis). Measured with `jax.vjp`, as tests/keras/test_memory.py does.
ACTIVATIONS: dict[str, tuple[int, int, int]] = {
    "celu": (3, 0, 0), "elu": (2, 2, 0), "exponential": (1, 0, 0), "gelu": (3, 0, 0), "glu": (3, 0, 0),
    "hard_shrink": (1, 1, 0), "hard_sigmoid": (1, 1, 0), "hard_silu": (3, 1, 0), "hard_swish": (3, 1, 0),
    "hard_tanh": (2, 2, 0), "leaky_relu": (0, 1, 0), "linear": (0, 0, 0), "log_sigmoid": (2, 0, 0),
    "log_softmax": (1, 0, 1), "mish": (5, 0, 0), "relu": (1, 1, 0), "relu6": (1, 1, 0), "selu": (2, 2, 0),
    "sigmoid": (1, 0, 0), "silu": (3, 0, 0), "soft_shrink": (1, 2, 0), "softmax": (1, 0, 2), "softplus": (2, 0, 0),
    "softsign": (3, 1, 0), "sparse_plus": (2, 2, 0), "sparse_sigmoid": (2, 0, 0), "squareplus": (2, 0, 0),
    "swish": (3, 0, 0), "tanh": (2, 0, 0), "tanh_shrink": (2, 0, 0),
}  # fmt: skip
#: More than any activation keeps.
ANY = (6, 4, 6)
#: Those whose gradient cannot be had from less than what comes out, or from as much.
SMOOTH = {"celu", "elu", "exponential", "gelu", "log_sigmoid", "log_softmax", "mish", "selu", "sigmoid", "silu",
          "softmax", "softplus", "softsign", "swish", "tanh", "tanh_shrink"}  # fmt: skip


def activated(activation: Any, output: Shape) -> Kept:
    """What an activation keeps, given the shape that comes out, the batch first.

    >>> activated("tanh", (2, 10)).most, activated("relu", (2, 10)).most
    (Held(inputs=(), output=False, values=20, bytes=0), Held(inputs=(), output=False, values=10, bytes=10))
    """
    if activation is None:
        return Kept()
    name = activation if isinstance(activation, str) else ""
    values, conditions, rows = ACTIVATIONS.get(name, ANY)
    size = per_sample(output)
    most = Held(values=values * size, bytes=conditions * size)
    if rows:
        most = most.plus(rows * product(output[1:-1]))
    return Kept(Held(output=name in SMOOTH), most)


def per_sample(shape: Shape) -> Dim:
    """How many numbers of a shape belong to one sample.

    >>> per_sample((32, 10, 4))
    40
    """
    return product(shape[1:])


def needed_inputs(weights: Iterable[Weight], work: Iterable[Work]) -> tuple[int, ...]:
    """The inputs that a trained weight is multiplied with: its gradient reads them."""
    trained = [weight.reads for weight in weights if weight.trainable and weight.cost.macs != 0]
    trained += [operand for step in work if step.trained and step.cost.macs != 0 for operand in step.operands]
    return tuple(sorted({reads[0] for reads in trained if len(reads) == 1 and reads[0] >= 0}))


def bounded(inputs: Sequence[Shape], outputs: Sequence[Shape], weights: Sequence[Weight], work: Sequence[Work]) -> Kept:
    """What a layer keeps whose rule says no more than what it calculates.

    A layer that calculates nothing only moves numbers, and keeps none.
    """
    if not work and not weights:
        return Kept()
    arithmetic = total(step.cost.arithmetic + step.cost.functions for step in work)
    products = total(_made(weight) for weight in weights if weight.cost.macs != 0)
    sizes = total(map(per_sample, inputs)) + 2 * total(map(per_sample, outputs))
    return Kept(
        Held(needed_inputs(weights, work)), Held(values=2 * arithmetic + products + sizes, bytes=sizes), wide=True
    )


def _made(weight: Weight) -> Dim:
    """How many numbers a product with a weight gives, or more."""
    sizes = [size for size in weight.shape if isinstance(size, int)]
    if UNKNOWN in weight.shape or len(sizes) < len(weight.shape) or not sizes:
        return weight.params * weight.uses
    return weight.params // min(sizes) * weight.uses
