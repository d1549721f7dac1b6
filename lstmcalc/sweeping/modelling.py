"""A model with the sizes of a sweep open: formulas of what is measured, and the conditions on which it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lstmcalc.dims import MAX_SIZE, UNKNOWN, Condition, Dim, Size, lift_size, parse, substitute, symbols_of
from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.inference import infer
from lstmcalc.limits import limits, shapes_in
from lstmcalc.measures import MEASURES, measure
from lstmcalc.memory import Setting
from lstmcalc.opening import named_sizes, opened, symbols_in
from lstmcalc.report import Holds, Report
from lstmcalc.spec import Spec
from lstmcalc.sweeping.arithmetic import bound
from lstmcalc.sweeping.ranges import Axis, greatest_of

__all__ = ["Modelled", "modelled"]


@dataclass(frozen=True)
class Modelled:
    """What of a model a sweep calculates with, in the symbols that stand for what it goes through."""

    report: Report
    #: For each name that the sweep goes through, the symbol that stands for it.
    symbols: Mapping[str, str]
    formulas: Mapping[str, Dim]
    setting: Setting
    left_out: Mapping[str, str] = field(default_factory=dict)

    def conditions(self, axes: Mapping[str, Axis]) -> tuple[Holds, ...]:
        """The conditions that the points decide, with those that keep a size from growing beyond an array's."""
        return (*(held for held in self.report.assumptions if self._decides(held)), *self._limits(axes))

    @property
    def undecided(self) -> tuple[Holds, ...]:
        """The conditions that hang on something else."""
        return tuple(held for held in self.report.assumptions if not self._decides(held))

    def _decides(self, held: Holds) -> bool:
        condition = held.condition
        if not isinstance(condition, Condition) or condition.has_unknown:
            return False
        return condition.symbols <= set(self.symbols.values())

    def _limits(self, axes: Mapping[str, Axis]) -> Iterator[Holds]:
        """The conditions under which every size is one that an array can have, where that could fail."""
        greatest = greatest_of(axes)
        return limits(
            self.report, lambda size: greatest.keys() >= {*symbols_of(size)} and bound(size, greatest) > MAX_SIZE
        )


def modelled(
    spec: Spec, axes: Mapping[str, Axis], measures: Sequence[str], setting: Setting, batch: int | None, asked: bool
) -> Modelled:
    """A model with sizes open, and what is measured as formulas in them.

    A measure that hangs on something else is left out, or where it was `asked` for a fault.
    """
    if batch is None and isinstance(spec.batch, str):
        batch, setting = _batch_in_symbols(spec, axes, setting)
    of_batch = symbols_of(setting.batch)
    inside = symbols_in(spec)
    open_spec, opened_symbols = opened(named_sizes(spec), [n for n in axes if n not in of_batch or n in inside])
    symbols = {name: opened_symbols.get(name, name) for name in axes}
    report = infer(open_spec, batch=batch)
    formulas = {name: measure(report, name, setting) for name in measures}
    _check_used(open_spec, report, {name: symbols[name] for name in axes if name not in of_batch})
    reasons = {name: reason for name, size in formulas.items() if (reason := _reason(report, size, symbols))}
    if reasons and (asked or len(reasons) == len(formulas)):
        raise SpecError(_unmeasured(spec, report, name, formulas[name], symbols) for name in reasons)
    known = {name: size for name, size in formulas.items() if name not in reasons}
    return Modelled(report, symbols, known, setting, reasons)


def _batch_in_symbols(spec: Spec, axes: Mapping[str, Axis], setting: Setting) -> tuple[int | None, Setting]:
    """Of a model that states its batch in symbols: the batch at the first point, and the setting with the batch open.

    A model wants a number; no shape without the batch, and nothing that is measured per sample, changes with it.
    """
    try:
        size = parse(str(spec.batch))
    except ValueError:
        return None, setting
    values: dict[str, Dim] = {name: value for name, value in spec.symbols.items() if name not in axes}
    size = substitute(size, values)
    if not set(symbols_of(size)) <= set(axes):
        return None, setting
    first = substitute(size, {name: axis[0] for name, axis in axes.items()})
    return (first if isinstance(first, int) and first > 0 else None), replace(setting, batch=size)


def _open_symbols(size: Dim, symbols: Mapping[str, str]) -> list[str]:
    return [name for name in symbols_of(size) if name not in symbols.values()]


def _reason(report: Report, size: Dim, symbols: Mapping[str, str]) -> str:
    """Why a measure cannot be calculated from these symbols alone; nothing where it can."""
    if size is UNKNOWN:
        layers = [f"`{layer.name}`" for layer in report.layers if layer.cost.flops is UNKNOWN]
        does = "calculates" if len(layers) == 1 else "calculate"
        return f"what {_listed(layers)} {does} is not known" if layers else "it is not known of this model"
    names = _open_symbols(size, symbols)
    return f"no value is given for {_listed([f'`{name}`' for name in names])}" if names else ""


def _unmeasured(spec: Spec, report: Report, name: str, size: Dim, symbols: Mapping[str, str]) -> Fault:
    """What is wrong where a measure is asked for that cannot be calculated."""
    label, names = MEASURES[name].label, _open_symbols(size, symbols)
    if size is UNKNOWN:
        reason = _reason(report, size, symbols)
        fault = Fault("unknown-measure", f"a model of which is known: {label}", "one of which it is not", reason)
    else:
        got, values = _listed([f"`{each}`" for each in names]), " ".join(f"--set {each}=…" for each in names)
        fault = Fault("unset-symbol", f"a value for every symbol in: {label}", f"none for {got}", fix=f"add `{values}`")
    return fault.placed(Where(spec.source))


def _check_used(spec: Spec, report: Report, symbols: Mapping[str, str]) -> None:
    """Refuses symbols that the model does not have, or in which nothing is left."""
    found = {name for size in _sizes(report) for name in symbols_of(size)}
    absent = [name for name, symbol in symbols.items() if symbol not in found]
    if not absent:
        return
    if unknown := [fault for name in absent for fault in _refusals(spec, symbols[name])]:
        raise SpecError(unknown)
    raise SpecError(
        Fault(
            "fixed-symbol",
            "a symbol that the model changes with",
            f"`{name}`",
            "every shape and every count is the same whatever its value",
        ).placed(Where(spec.source))
        for name in absent
    )


def _refusals(spec: Spec, symbol: str) -> list[Fault]:
    try:
        infer(spec, {symbol: 1})
    except SpecError as error:
        return [fault for fault in error.faults if fault.code == "unknown-symbol"]
    return []


def _sizes(report: Report) -> Iterator[Size]:
    for _, shape in shapes_in(report):
        yield from shape
    for held in report.assumptions:
        if isinstance(held.condition, Condition):
            yield from (held.condition.left, held.condition.right)
    for layer in report.layers:
        yield from (lift_size(layer.totals.params), *layer.cost)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
