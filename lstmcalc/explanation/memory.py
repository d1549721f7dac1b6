"""What is said of a model's memory: each part with what it is, what the range means, and which batch fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lstmcalc.dims import UNKNOWN, Dim, terms_of
from lstmcalc.explanation.costs.words import in_words
from lstmcalc.memory import LOSS, Memory, Setting, memory_of, optimizer_of
from lstmcalc.memory.fitting import Fit, fit_of
from lstmcalc.report import Report

__all__ = ["MemoryTold", "in_parts", "tell_memory", "training_words"]

#: What each part is called, and what it is.
PARTS = {
    "weights": ("weights", "all weights, trained or not"),
    "copies": ("weights again", "at most a copy of all weights, laid out or converted for products"),
    "gradients": ("gradients", "at most one number for each trained weight"),
    "optimizer": ("optimizer", "the variables of {optimizer}"),
    "inputs": ("inputs", "a batch; at most with targets as large as the outputs"),
    "activations": ("activations", "what the layers keep for the gradients"),
    "backward": ("their gradients", "at most all gradients to activations at the same time"),
    "forward": ("in passing", "at most what layers hold that no trained weight is in or before"),
    "loss": ("loss", f"at most {LOSS} numbers for each one that comes out"),
}
BASIS = (
    "Least: arrays that the gradients need on every backend, each once; a gradient takes the place of activations that "
    "are no longer needed.",
    "Most: what Keras on JAX keeps where no operations are joined, and all gradients at the same time.",
    "Not counted: what a backend takes for itself, such as its libraries, space in reserve, room for the largest "
    "single operation, and what image preprocessing layers hold inside.",
    "The figures follow from the layers. They were held against what JAX plans for training steps on a CPU; nothing "
    "was measured on a GPU.",
)


@dataclass(frozen=True)
class MemoryTold:
    """The memory of a training step, in words: a row for each part, and sentences."""

    memory: Memory
    setting: Setting
    title: str
    #: For each part its name, least, most, and what it is.
    rows: tuple[tuple[str, Dim, Dim, str], ...]
    basis: tuple[str, ...]
    fit: Fit | None = None
    fits: str = ""


def in_parts(size: Dim) -> str:
    """Bytes in words: what does not depend on a symbol, then what does.

    >>> from lstmcalc.dims import symbol
    >>> in_parts(1_234 + 567 * symbol("B")), in_parts(4_096)
    ('1,234 + 567·B', '4,096')
    """
    fixed = 0 if isinstance(size, int) or size is UNKNOWN else terms_of(size).get((), 0)
    rest = size - fixed
    return f"{fixed:,} + {in_words(rest)}" if fixed > 0 and rest != 0 else in_words(size)


def training_words(setting: Setting) -> str:
    """What a model is trained with.

    >>> training_words(Setting(batch=32))
    'Adam, float32 and a batch of 32'
    """
    open_batch = "a batch that is left open"
    samples = f"a batch of {setting.batch:,}" if isinstance(setting.batch, int) else open_batch
    return f"{optimizer_of(setting)}, {setting.precision} and {samples}"


def tell_memory(report: Report, setting: Setting, budget: int | None = None) -> MemoryTold:
    """What is said of the memory of a training step; with a budget, of the largest batch that fits."""
    memory, optimizer = memory_of(report, setting), optimizer_of(setting)
    told = {name: (label, what.format(optimizer=optimizer)) for name, (label, what) in PARTS.items()}
    # Most models train all their layers, so that nothing only passes through.
    parts = [part for part in memory.parts if part.name != "forward" or part.most != 0]
    rows = [(told[part.name][0], part.least, part.most, told[part.name][1]) for part in parts]
    rows.append(("total", memory.least, memory.most, ""))
    batch = "1 sample" if setting.batch == 1 else f"{in_words(setting.batch)} samples"
    title = f"Memory of a training step in bytes: {batch}, {optimizer}, {setting.precision}"
    fit = fit_of(report, setting, budget) if budget is not None else None
    basis = (*BASIS, *_remarks(memory, setting))
    return MemoryTold(memory, setting, title, tuple(rows), basis, fit, _fits(fit) if fit else "")


def _remarks(memory: Memory, setting: Setting) -> Iterator[str]:
    if setting.precision != "float32":
        yield (
            "On a CPU, JAX calculates in float32 what is in float16 or bfloat16, and can take more than in float32: "
            "these figures are not for it."
        )
    if memory.part("activations").most is UNKNOWN:
        yield "`?`: how much a layer keeps is not known, as a size is not, or as the layer is not looked into."


def _fits(fit: Fit) -> str:
    """Which batch fits.

    >>> _fits(Fit(8_000_000_000, 400, 900)).partition(": ")[0]
    'In 8,000,000,000 bytes fit between 400 and 900 samples'
    """
    budget = f"{fit.budget:,} bytes"
    if fit.open_sizes:
        names = " and ".join(f"`{name}`" for name in fit.open_sizes)
        example = " ".join(f"--set {name}=100" for name in fit.open_sizes)
        return f"How many samples fit in {budget} depends on {names}: give a value, as with `{example}`."
    if fit.unknown and fit.perhaps is not None:
        return (
            f"In {budget} fit at most {fit.perhaps:,} samples; how many fit in any case is not known, because the most "
            "that a layer keeps is not."
        )
    if fit.unknown:
        return f"How many samples fit in {budget} is not known, because the most that a layer keeps is not."
    if fit.surely is None or fit.perhaps is None:
        return f"How many samples fit in {budget} is not known, because no memory depends on the batch."
    if fit.perhaps == 0:
        return f"Not even one sample fits in {budget}."
    if fit.surely == 0:
        some = "1 sample" if fit.perhaps == 1 else f"{fit.perhaps:,} samples"
        return (
            f"In {budget} fit at most {some}, on a backend that takes the least. On one that takes the most, not even "
            "one sample fits."
        )
    if fit.surely == fit.perhaps:
        return f"In {budget} fit {fit.surely:,} samples, and not one more."
    return (
        f"In {budget} fit between {fit.surely:,} and {fit.perhaps:,} samples: {fit.surely:,} also where a backend "
        f"takes the most, more than {fit.perhaps:,} nowhere. Trust the smaller number before you have tried a larger "
        "one."
    )
