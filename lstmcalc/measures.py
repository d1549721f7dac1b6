"""What a model can be measured by: params, operations, memory; and amounts as people write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from lstmcalc.costs import training_macs, training_macs_of_layers
from lstmcalc.dims import Dim, lift_size
from lstmcalc.memory import Setting, memory_of
from lstmcalc.report import Report

__all__ = ["MEASURES", "Measure", "amount", "measure"]


@dataclass(frozen=True)
class Measure:
    """A quantity of a model: what it is called, its unit, and how it is found; per sample but for `memory`.

    `of` gives a `Dim`: a number, `UNKNOWN`, or an expression in the model's symbols. `parts` gives it layer by layer,
    where a layer alone does not tell. Where `least` is there, `of` is the most that it may be.
    """

    name: str
    label: str
    unit: str
    of: Callable[[Report, Setting], Dim] = field(repr=False)
    parts: Callable[[Report], Mapping[str, Dim]] | None = field(default=None, repr=False)
    least: Callable[[Report, Setting], Dim] | None = field(default=None, repr=False)
    #: What it is, for who is new to it.
    about: str = ""

    @property
    def noun(self) -> str:
        """What is counted, as a sentence has it.

        >>> MEASURES["macs"].noun
        'MACs forward'
        """
        return self.label.partition(",")[0]

    @property
    def quantity(self) -> str:
        """What is counted and for how much of the data, as a bound on it has it.

        >>> MEASURES["macs"].quantity, MEASURES["memory"].quantity
        ('MACs forward, per sample', 'bytes for training')
        """
        return self.label.removesuffix(", at most")

    def by_layer(self, report: Report, setting: Setting) -> Mapping[str, Dim]:
        """The same layer by layer; a weight that several hold counts once."""
        if self.parts is not None:
            return self.parts(report)
        return {layer.name: self.of(report._replace(layers=(layer,)), setting) for layer in report.apart}


#: Every measure by the name that commands know it by: `--max-params`, `--macs`.
MEASURES = {
    each.name: each
    for each in (
        Measure("params", "params", "", lambda report, _: lift_size(report.totals.params),
                about="all numbers in all weights"),
        Measure(
            "trainable-params", "trainable params", "", lambda report, _: lift_size(report.totals.trainable_params),
            about="the params that training changes",
        ),
        Measure("bytes", "bytes of weights", "B", lambda report, _: lift_size(report.totals.bytes),
                about="the memory of the weights alone"),
        Measure("macs", "MACs forward, per sample", "", lambda report, _: report.cost.macs,
                about="products added up, of one sample, forward"),
        Measure("flops", "FLOPs forward, per sample", "", lambda report, _: report.cost.flops,
                about="all operations, of one sample, forward; a MAC is 2"),
        Measure(
            "training-macs", "MACs of a training step, per sample", "",
            lambda report, _: training_macs(report), training_macs_of_layers,
            about="the MACs of one sample, forward and for its gradients",
        ),
        Measure(
            "memory", "bytes for training, at most", "B", lambda report, setting: memory_of(report, setting).most,
            least=lambda report, setting: memory_of(report, setting).least,
            about="the memory of a training step with a batch: weights, gradients, optimizer, activations",
        ),
    )
}  # fmt: skip

#: What a letter behind a number stands for; of bytes, with an `i` powers of 1024.
POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "b": 3}
AMOUNT = re.compile(
    r"(?P<number>(?:\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*)(?:\.\d+)?)(?:e\+?(?P<exponent>\d+))?"
    r"\s*(?P<power>[kmgtpb]?)(?P<binary>i?)(?P<unit>b?)",
    re.IGNORECASE,
)
#: No amount has more digits than this.
MOST_DIGITS = 1000


def measure(report: Report, name: str, setting: Setting | None = None) -> Dim:
    """One measure of a model.

    >>> from lstmcalc import infer, load
    >>> measure(infer(load("specs/forecast.yaml")), "params")
    368420
    """
    return MEASURES[name].of(report, setting or Setting())


def amount(text: str, unit: str = "") -> int:
    """A number as people write it; in bytes (`unit="B"`) GB is a billion and GiB is 2 to the power of 30.

    Raises ValueError, whose text says what is expected.

    >>> amount("1_000_000"), amount("1.5M"), amount("1e6"), amount("8GB", "B"), amount("8GiB", "B")
    (1000000, 1500000, 1000000, 8000000000, 8589934592)
    """
    form = "an amount such as 500, 8GB or 8GiB" if unit else "a number such as 91648, 91_648, 1.5M or 2k"
    found = AMOUNT.fullmatch(text.strip()) if len(text) <= MOST_DIGITS else None
    if found is None or (not unit and found["binary"]) or (found["binary"] and not found["power"]):
        raise ValueError(f"expected {form}, got {_shortened(text)}")
    power, is_bytes = found["power"].lower(), bool(found["unit"])
    if unit and power == "b":
        power, is_bytes = "", True
    if is_bytes and not unit:
        raise ValueError(f"expected {form}, got {text}")
    if len(found["exponent"] or "") > len(str(MOST_DIGITS)) or int(found["exponent"] or 0) > MOST_DIGITS:
        raise ValueError(f"expected a number of at most {MOST_DIGITS:,} digits, got {_shortened(text)}")
    base = 1024 if found["binary"] else 1000
    digits = Fraction(found["number"].replace("_", "").replace(",", ""))
    value = digits * 10 ** int(found["exponent"] or 0) * base ** POWERS[power]
    if value.denominator != 1:
        raise ValueError(f"expected a whole number, got {text}")
    return int(value)


def _shortened(text: str) -> str:
    return f"{text[:60]}…" if len(text) > 61 else text or "nothing"
