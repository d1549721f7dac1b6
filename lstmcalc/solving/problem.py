"""What is to be solved: a model with sizes open, its measures in their symbols, and what is asked of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lstmcalc.dims import UNKNOWN, Condition, Dim, lift_size, symbol, symbols_of
from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.inference import infer
from lstmcalc.layers.arguments import closest
from lstmcalc.limits import limits
from lstmcalc.measures import MEASURES, measure
from lstmcalc.memory import Setting
from lstmcalc.opening import named_sizes, openable, opened, symbols_in
from lstmcalc.report import Report
from lstmcalc.solving.arithmetic import arithmetic_of
from lstmcalc.solving.solution import Answer, Budget
from lstmcalc.spec import Spec

__all__ = ["Problem", "problem_of", "spoken"]

#: The size that a training step has, and no shape of the model.
BATCH = "batch"
#: What `--input 50` states of a layer call, and the axis that it is.
INPUT, INPUT_AXIS = "input", "input_dim"


@dataclass(frozen=True)
class Problem:
    """A model with sizes open: `symbols` are those that stand for the sizes asked for, `sizes` every measure."""

    spec: Spec
    report: Report
    symbols: Mapping[str, str]
    sizes: Mapping[str, Dim]
    budgets: tuple[Budget, ...]
    goal: str
    values: Mapping[str, int]
    setting: Setting
    named: tuple[str, ...]

    @property
    def conditions(self) -> list[Condition]:
        """What the model requires, as far as it is known in symbols."""
        found = (held.condition for held in self.report.assumptions)
        return [each for each in found if isinstance(each, Condition) and not each.has_unknown]

    @property
    def limits(self) -> list[Condition]:
        """That no size of a shape is greater than an array can have it."""
        return [held.condition for held in limits(self.report)]

    def answer(self, values: Mapping[str, int]) -> Answer | Fault:
        """The model with these values as `infer` has it; a fault where it refuses them."""
        given = {self.symbols[name]: value for name, value in values.items() if name != BATCH}
        setting = replace(self.setting, batch=values.get(BATCH, self.setting.batch))
        try:
            report = infer(self.spec, {**self.values, **given})
        except SpecError as error:
            return error.faults[0]
        measured = {}
        for name in dict.fromkeys(("params", *self.sizes)):
            found = measure(report, name, setting)
            if not isinstance(found, int):
                return Fault("not-confirmed", MEASURES[name].noun, "what is not known for these values")
            measured[name] = found
        shown = {self.symbols[name]: str(value) for name, value in values.items()}
        texts = {name: arithmetic_of(name, self.report, report, size, shown) for name, size in self.sizes.items()}
        return Answer(dict(values), measured, {name: text for name, text in texts.items() if text}, report)


def problem_of(
    spec: Spec,
    asked: Sequence[str],
    budgets: Sequence[Budget],
    goal: str,
    values: Mapping[str, int],
    setting: Setting,
) -> Problem:
    """The problem, after everything is refused that cannot be answered. Raises `SpecError`."""
    whole = named_sizes(spec)
    aliases = _aliases(spec)
    names = {name: aliases.get(name, name) for name in asked}
    values = {aliases.get(name, name): value for name, value in values.items()}
    _refuse(_wrong_names(whole, names, values), spec)
    whole, stated = opened(whole, [name for name in values if "." in name])
    values = {stated.get(name, name): value for name, value in values.items()}
    named = tuple(name for name in symbols_in(whole) if name not in symbols_in(spec) and name not in values)
    whole, opened_names = opened(whole, [name for name in names.values() if not _is_batch(whole, name)])
    symbols = {name: opened_names.get(meant, meant) for name, meant in names.items()}
    rest = {name: value for name, value in values.items() if name not in symbols.values()}
    if BATCH in symbols.values() and BATCH not in opened_names:
        setting = replace(setting, batch=symbol(BATCH))
    report = infer(whole, rest)
    sizes = {budget.name: _measured(report, budget, setting) for budget in budgets}
    _refuse(_unknown(report, sizes), spec)
    spelt = {inside: name for name, inside in aliases.items()}
    if not symbols:
        symbols = dict(_only_open(spec, whole, sizes, spelt))
    _refuse(_not_solvable(spec, symbols, sizes, spelt), spec)
    return Problem(whole, report, symbols, sizes, tuple(budgets), goal, rest, setting, named)


def spoken(symbols: Mapping[str, str], text: str) -> str:
    """A text with the sizes called as they were asked for.

    >>> spoken({"lstm.units": "lstm_units"}, "2·lstm_units >= 4")
    '2·lstm.units >= 4'
    """
    for name, there in symbols.items():
        text = re.sub(rf"\b{re.escape(there)}\b(?!\.)", name, text) if name != there else text
    return text


def _measured(report: Report, budget: Budget, setting: Setting) -> Dim:
    if not report.complete and budget.name in ("params", "trainable-params", "bytes"):
        return UNKNOWN
    return lift_size(measure(report, budget.name, setting))


def _refuse(faults: Iterator[Fault], spec: Spec) -> None:
    found = [fault.placed(Where(spec.source)) for fault in faults]
    if found:
        raise SpecError(found)


def _aliases(spec: Spec) -> Mapping[str, str]:
    """What `--input` states of a layer call may be called so: the symbol that it is."""
    ports = [port for port in spec.inputs if port.name == INPUT and port.shape[-1:] == (INPUT_AXIS,)]
    is_layer = len(spec.calls) == 1 and spec.calls[0].layer == spec.name
    return {INPUT: INPUT_AXIS} if ports and is_layer and INPUT not in symbols_in(spec) else {}


def _is_batch(spec: Spec, name: str) -> bool:
    return name == BATCH and BATCH not in symbols_in(spec)


def _wrong_names(spec: Spec, names: Mapping[str, str], values: Mapping[str, int]) -> Iterator[Fault]:
    """What is wrong with the sizes asked for, by themselves."""
    there = list(symbols_in(spec))
    for asked, name in names.items():
        if name in values:
            fix = f"leave `{asked}={values[name]}` out"
            yield Fault("two-values", f"`{name}` to be given or solved for", "both", fix=fix)
        if "." in name or name in there or _is_batch(spec, name):
            continue
        arguments = [path for path in openable(spec) if path.rpartition(".")[2] == name]
        near = closest(name, there) or (arguments[0] if arguments else None) or closest(name, list(openable(spec)))
        listed = ", ".join(f"`{each}`" for each in there)
        example = next(openable(spec, stated=True), None)
        expected = f"a symbol of the model, one of {listed}" if there else "a size of the model, which has no symbols"
        or_argument = f"a layer's argument can be solved for, such as `{example}`" if example else ""
        fix = f"did you mean `{near}`?" if near else or_argument
        yield Fault("unknown-symbol", expected, f"`{name}`", fix=fix)


def _unknown(report: Report, sizes: Mapping[str, Dim]) -> Iterator[Fault]:
    """A fault for every measure that is not known, with the layers that it is for."""
    for name, size in sizes.items():
        if size is not UNKNOWN:
            continue
        layers = [layer for layer in report.layers if not layer.known or layer.cost.macs is UNKNOWN]
        counts = name in ("params", "trainable-params", "bytes")
        layers = [layer for layer in layers if not layer.known] if counts else layers
        named = ", ".join(f'"{layer.name}" ({layer.class_name})' for layer in layers)
        because = f"those of {named} are not known" if named else ""
        yield Fault("unknown-measure", f"{MEASURES[name].noun} that are known", "unknown", because)


def _only_open(spec: Spec, whole: Spec, sizes: Mapping[str, Dim], spelt: Mapping[str, str]) -> Mapping[str, str]:
    """The one size that is open, where none is asked for."""
    labels = " and ".join(MEASURES[name].noun for name in sizes)
    there = [name for name in symbols_in(whole) if any(name in symbols_of(size) for size in sizes.values())]
    if len(there) == 1:
        return {spelt.get(there[0], there[0]): there[0]}
    example = next(openable(spec, stated=True), None)
    if there:
        there = [spelt.get(name, name) for name in there]
        listed = " and ".join(f"`{name}`" for name in there)
        both = f", or both: `--for {','.join(there)}`" if len(there) == 2 else ""
        fix = f"name one, such as `--for {there[0]}`{both}"
        fault = Fault("missing-symbol", "the size to solve for", f"{len(there)} that are open: {listed}", fix=fix)
    else:
        example = BATCH if "memory" in sizes and _is_batch(whole, BATCH) else example
        fix = f"name one, such as `--for {example}`" if example else ""
        fault = Fault("missing-symbol", "the size to solve for", f"none that is open in the {labels}", fix=fix)
    raise SpecError([fault.placed(Where(spec.source))])


def _not_solvable(
    spec: Spec, symbols: Mapping[str, str], sizes: Mapping[str, Dim], spelt: Mapping[str, str]
) -> Iterator[Fault]:
    """What is wrong with sizes and budgets together."""
    labels = " and ".join(MEASURES[name].noun for name in sizes)
    there = list(dict.fromkeys(name for size in sizes.values() for name in symbols_of(size)))
    missing = [spelt.get(name, name) for name in there if name not in symbols.values()]
    for name in missing:
        others = ",".join([*symbols, name])
        both = f", or solve for both: `--for {others}`" if len(symbols) == len(missing) == 1 else ""
        fix = f"give it one, such as `{'--input 100' if name == INPUT else f'--set {name}=100'}`{both}"
        yield Fault("unset-symbol", f"a value for `{name}`", "none", f"the {labels} depend on it", fix)
    for name, inside in symbols.items():
        if inside not in there:
            instead = there or list(openable(spec, stated=True))[:1]
            example = f"solve for `{instead[0]}`" if instead else ""
            constant = [f"{size:,} {MEASURES[each].noun}" for each, size in sizes.items() if isinstance(size, int)]
            because = f"whatever `{name}` is, there are {' and '.join(constant)}" if constant else ""
            yield Fault("no-influence", f"a size that the {labels} depend on", f"`{name}`", because, example)
