"""What backpropagation keeps of a layer's call, for one sample: the least and the most that backends do.

*Least* is what the gradients read and cannot be had from something else that is kept: the input of a product with a
trained weight, what comes out of a smooth activation, the gates of a recurrent layer. *Most* is what Keras on JAX keeps
(the residuals of `jax.vjp`, 3.15.1 on JAX 0.10), which fuses nothing: of most operations one or two arrays as large as
what they give. Where that is not stated for a layer it is bounded: two numbers for each arithmetic operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, product, total
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.costs import Work
from lstmcalc.layers.weights import Weight

__all__ = ["ACTIVATIONS", "ANY", "Held", "Kept", "Made", "bounded", "kept_by_function", "multiplied", "per_sample"]

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


class Made(NamedTuple):
    """What is known of a call besides its inputs: what comes out, the weights it uses, and what it calculates."""

    outputs: Sequence[Shape]
    weights: tuple[Weight, ...] = ()
    work: tuple[Work, ...] = ()
    #: Whether a mask comes with the input, or may.
    masked: bool = False
    #: How many numbers of each output belong to one sample.
    numbers: Sequence[Dim] = ()

    @property
    def needed(self) -> tuple[int, ...]:
        """The inputs that a trained weight is multiplied with: its gradient reads them."""
        trained = [weight.reads for weight in self.weights if weight.trainable and weight.cost.macs != 0]
        trained += [operand for step in self.work if step.trained and step.cost.macs != 0 for operand in step.operands]
        return tuple(sorted({reads[0] for reads in trained if len(reads) == 1 and reads[0] >= 0}))


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


def kept_by_function(activation: Any, output: Shape) -> Kept:
    """What an activation keeps, given the shape that comes out, the batch first.

    >>> kept_by_function("tanh", (2, 10)).most, kept_by_function("relu", (2, 10)).most
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


def multiplied(activation: Any, inputs: Sequence[Shape], made: Made) -> Kept:
    """What one product of the input with a trained kernel keeps, and the activation of what it gives.

    A layer with other weights, such as those of a low-rank update, is bounded.
    """
    if not {"kernel", "bias"}.issuperset(weight.name for weight in made.weights):
        return bounded(inputs, made)
    after = kept_by_function(activation, made.outputs[0])
    return Kept(after.least._replace(inputs=made.needed), after.most._replace(inputs=made.needed))


def bounded(inputs: Sequence[Shape], made: Made) -> Kept:
    """What a layer keeps whose rule says no more than what it calculates.

    A layer that calculates nothing only moves numbers, and keeps none.
    """
    if not made.work and not made.weights:
        return Kept()
    arithmetic = total(step.cost.arithmetic + step.cost.functions for step in made.work)
    products = total(_given(weight) for weight in made.weights if weight.cost.macs != 0)
    sizes = total(map(per_sample, inputs)) + 2 * total(map(per_sample, made.outputs))
    return Kept(Held(made.needed), Held(values=2 * arithmetic + products + sizes, bytes=sizes), wide=True)


def _given(weight: Weight) -> Dim:
    """How many numbers a product with a weight gives, or more."""
    sizes = [size for size in weight.shape if isinstance(size, int)]
    if UNKNOWN in weight.shape or len(sizes) < len(weight.shape) or not sizes:
        return weight.params * weight.uses
    return weight.params // min(sizes) * weight.uses
