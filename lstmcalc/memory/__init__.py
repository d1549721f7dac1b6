"""What memory a model takes: weights, gradients, optimizer slots, and the activations that training keeps."""

from __future__ import annotations

from dataclasses import dataclass

from lstmcalc.dims import Dim, lift, lift_size, product, total
from lstmcalc.frozen import NamedTuple
from lstmcalc.memory.activations import activations_of, bytes_of
from lstmcalc.memory.optimizers import Optimizer, Trained, read_optimizer
from lstmcalc.report import Report

__all__ = ["LOSS", "PRECISIONS", "Memory", "Part", "Setting", "memory_of", "optimizer_of", "trained_weights"]

#: The dtype of arithmetic of each policy that a model can be trained with; the weights stay as they are.
PRECISIONS = {"float32": "float32", "mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}

#: How many numbers a loss keeps for each number that comes out of the model, at most.
LOSS = 4


@dataclass(frozen=True)
class Setting:
    """What a model is run with, as far as its memory depends on it; `batch` may be a symbol.

    `precision` is that of layers that state no `dtype` of their own.
    """

    batch: Dim = 1
    optimizer: str = "adam"
    precision: str = "float32"


class Part(NamedTuple):
    """What a part of a training step takes, in bytes, from the least to the most."""

    name: str
    least: Dim
    most: Dim


@dataclass(frozen=True)
class Memory:
    """Bytes of a training step, part by part, and all together from the least to the most that a backend takes."""

    parts: tuple[Part, ...]

    @property
    def least(self) -> Dim:
        """The least of all parts together."""
        return total(part.least for part in self.parts)

    @property
    def most(self) -> Dim:
        """The most of all parts together."""
        return total(part.most for part in self.parts)

    def part(self, name: str) -> Part:
        """The part of a name, such as `weights` or `activations`.

        >>> Memory((Part("weights", 4, 4),)).part("weights").most
        4
        """
        return next(part for part in self.parts if part.name == name)


def memory_of(report: Report, setting: Setting) -> Memory:
    """The memory of a training step.

    >>> from lstmcalc import infer, load
    >>> memory = memory_of(infer(load("specs/forecast.yaml")), Setting(batch=32, optimizer="SGD(momentum=0.9)"))
    >>> memory.part("weights").most, memory.part("optimizer").most
    (1473680, 1473692)
    >>> memory.least, memory.most
    (7557928, 16477900)
    """
    compute = PRECISIONS[setting.precision]
    weights = lift_size(report.totals.bytes)
    trained = lift_size(report.totals.trainable_bytes)
    slots = list(optimizer_of(setting).slots(trained_weights(report)))
    counters = sum(slot.dtype == "int" for slot in slots)
    variables = total(slot.size * bytes_of(slot.dtype) for slot in slots if slot.dtype != "int")
    found = activations_of(report, compute)
    batch = setting.batch
    inputs = total(product(lift((port.shape or ())[1:])) * bytes_of(port.dtype) for port in report.inputs)
    outputs = total(product(lift((port.shape or ())[1:])) for port in report.outputs)
    casts = 0 if compute == "float32" else lift_size(report.totals.params) * bytes_of(compute)
    parts = [
        Part("weights", weights, weights),
        Part("copies", 0, weights + casts),
        Part("gradients", 0, trained),
        Part("optimizer", variables + 4 * counters, variables + 8 * counters),
        Part("inputs", batch * inputs, batch * (inputs + 4 * outputs)),
        Part("activations", batch * found.least, batch * found.most),
        Part("backward", 0, batch * found.passing),
        Part("forward", 0, batch * found.forward),
        Part("loss", 0, batch * 4 * LOSS * outputs),
    ]
    return Memory(tuple(parts))


def optimizer_of(setting: Setting) -> Optimizer:
    """The optimizer that Keras trains with: in mixed_float16 it scales the loss, too."""
    optimizer = read_optimizer(setting.optimizer)
    return optimizer.scaled() if setting.precision == "mixed_float16" else optimizer


def trained_weights(report: Report) -> tuple[Trained, ...]:
    """The weights that training changes, each once, as an optimizer sees them."""
    once = {id(weight) for weight in report.weights}
    return tuple(
        Trained(
            weight.name if layer.nested else f"{layer.name}/{weight.name}",
            lift(weight.shape),
            weight.dtype or "float32",
            weight.name.endswith(("_scale", "_amax_history")),
        )
        for layer in report.layers
        for weight in layer.weights
        if weight.trainable and id(weight) in once
    )
