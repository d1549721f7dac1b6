"""Whether a model keeps within what it may take, and has the shapes that it should: each budget by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lstmcalc.costs import training_macs_of_layers
from lstmcalc.dims import (
    UNKNOWN,
    Condition,
    Dim,
    Size,
    at_least,
    equal,
    lift_size,
    parse,
    substitute,
    symbols_of,
    total,
)
from lstmcalc.measures import MEASURES, Measure
from lstmcalc.memory import Setting
from lstmcalc.report import Port, Report, Shape

__all__ = ["ANY", "Budget", "Check", "Share", "Verdict", "WantedShapes", "check", "label_of", "read_shape"]

#: How a budget bounds what it bounds, by what stands in front of the measure in the name of its option.
BOUNDS = {"max-": "at most", "min-": "at least", "": "exactly"}
#: How many of the layers that take most are told.
MOST_LAYERS = 3


class _Any:
    """Any size, where a shape is wanted."""

    def __repr__(self) -> str:
        return "ANY"


ANY = _Any()
Wanted = tuple[Size | _Any, ...]


@dataclass(frozen=True)
class Budget:
    """A bound on a measure: `kind` is one of `BOUNDS`.

    >>> Budget("params", "max-", 1000).name
    'max-params'
    """

    measure: str
    kind: str
    limit: int

    @property
    def name(self) -> str:
        """The name of its option."""
        return f"{self.kind}{self.measure}"

    @property
    def bound(self) -> str:
        """`at most`, `at least` or `exactly`."""
        return BOUNDS[self.kind]


@dataclass(frozen=True)
class WantedShapes:
    """The shapes that all inputs, or all outputs, of a model should have: batch first, None where a size is open."""

    what: str
    shapes: tuple[Wanted, ...]

    @property
    def name(self) -> str:
        """The name of its option."""
        return self.what


@dataclass(frozen=True)
class Share:
    """What a layer takes of what is bounded; `percent` where that is a number."""

    layer: str
    value: Dim
    percent: float | None


@dataclass(frozen=True)
class Verdict:
    """What came of a budget: `state` is kept, broken or undecided.

    `value` is what was found, or the shapes. `margin` is what is left of the budget, below 0 where it is broken; None
    where that is not a question. `holds_if` is the condition that an undecided one depends on, where symbols can decide
    it, and `needs` are those. `most` are the layers that take most, where that is too much or may be; `unknown` are
    those of which it is not known what they take.
    """

    budget: Budget | WantedShapes
    state: str
    value: Dim | tuple[Shape | None, ...]
    margin: Dim | None = None
    holds_if: str = ""
    needs: tuple[str, ...] = ()
    most: tuple[Share, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """A model held against its budgets."""

    source: str
    name: str
    verdicts: tuple[Verdict, ...]

    @property
    def kept(self) -> bool:
        """Whether every budget is kept."""
        return all(verdict.state == "kept" for verdict in self.verdicts)


def check(report: Report, budgets: Iterable[Budget | WantedShapes], setting: Setting | None = None) -> Check:
    """A model held against budgets; `setting` is what it is trained with, for its memory.

    >>> from lstmcalc import infer, load
    >>> report = infer(load("specs/forecast.yaml"))
    >>> [verdict.state for verdict in check(report, [Budget("params", "max-", 400_000)]).verdicts]
    ['kept']
    """
    setting = setting or Setting()
    verdicts = (
        _bounded(report, each, setting) if isinstance(each, Budget) else _shaped(report, each) for each in budgets
    )
    return Check(report.source, report.name, tuple(verdicts))


def read_shape(text: str) -> Wanted:
    """A shape as people write it: `(None, 10)`, `[null, T, 2*U]`, `?, 10`; `?` is any size. Raises ValueError.

    >>> read_shape("(None, 10)"), read_shape("[null, ?, T + 1]"), read_shape("(None,)")
    ((None, 10), (None, ANY, T + 1), (None,))
    """
    inner = text.strip()
    if inner[:1] + inner[-1:] in ("()", "[]"):
        inner = inner[1:-1]
    parts = [part.strip() for part in inner.removesuffix(",").split(",")]
    wanted = "expected a shape such as (None, 10)"
    if not inner.strip(" ,") or "" in parts:
        raise ValueError(f"{wanted}, got {text.strip() or 'nothing'}")
    return tuple(_read_size(part, text, wanted) for part in parts)


def _read_size(part: str, text: str, wanted: str) -> Size | _Any:
    if part == "?":
        return ANY
    if part.lower() in ("none", "null"):
        return None
    try:
        size = parse(part)
    except ValueError:
        raise ValueError(f"{wanted}, got {text.strip()}") from None
    if isinstance(size, int) and size < 1:
        raise ValueError(f"expected sizes of at least 1, got {text.strip()}")
    return size


def _bounded(report: Report, budget: Budget, setting: Setting) -> Verdict:
    measure = MEASURES[budget.measure]
    value = UNKNOWN if not report.complete else measure.of(report, setting)
    limit = budget.limit
    if budget.kind == "max-":
        answer, margin = at_least(limit, value), limit - value
    elif budget.kind == "min-":
        answer, margin = at_least(value, limit), value - limit
    else:
        answer, margin = equal(value, limit), value - limit
    if answer is True:
        return Verdict(budget, "kept", value, margin)
    parts = _by_layer(report, measure, setting)
    too_few = at_least(limit, value) is True
    most = () if too_few or budget.kind == "min-" else tuple(_shares(parts, value))
    if answer is False:
        return Verdict(budget, "broken", value, margin, most=most)
    unknown = tuple(name for name, part in parts.items() if part is UNKNOWN)
    return Verdict(budget, "undecided", value, margin, *_condition(answer), most, unknown)


def label_of(measure: Measure) -> str:
    """What is bounded, in words."""
    return measure.label.removesuffix(", at most")


def _condition(answer: bool | Condition) -> tuple[str, tuple[str, ...]]:
    """The condition that decides it, and its symbols; nothing where no symbol can."""
    if isinstance(answer, bool) or answer.has_unknown:
        return "", ()
    return str(answer), tuple(sorted({*symbols_of(answer.left), *symbols_of(answer.right)}))


def _shares(every: Mapping[str, Dim], value: Dim) -> Iterator[Share]:
    """The layers that take most of what is measured; nothing where it is no sum over layers."""
    parts = {name: part for name, part in every.items() if part != 0}
    if value is UNKNOWN or total(parts.values()) != value:
        return
    # Symbols stand for the same numbers in all layers: any number will do to compare what they take.
    sizes = {name: substitute(part, dict.fromkeys(symbols_of(part), 100)) for name, part in parts.items()}
    whole = total(sizes.values())
    if not isinstance(whole, int) or whole <= 0:
        return
    names = sorted(parts, key=lambda name: -_number(sizes[name]))
    for name in names[:MOST_LAYERS]:
        exact = isinstance(value, int)
        yield Share(name, parts[name], round(100 * _number(sizes[name]) / whole, 1) if exact else None)


def _number(size: Dim) -> int:
    return size if isinstance(size, int) else 0


def _by_layer(report: Report, measure: Measure, setting: Setting) -> dict[str, Dim]:
    """The measure layer by layer, a weight that several hold counted once."""
    if measure.name == "training-macs":
        return dict(training_macs_of_layers(report))
    counted = {id(weight) for weight in report.weights}
    found = {}
    for layer in report.layers:
        own = replace(layer, weights=tuple(weight for weight in layer.weights if id(weight) in counted))
        found[layer.name] = measure.of(replace(report, layers=(own,)), setting)
    return found


def _shaped(report: Report, wanted: WantedShapes) -> Verdict:
    ports: Sequence[Port] = report.outputs if wanted.what == "output" else report.inputs
    shapes = tuple(port.shape for port in ports)
    if len(shapes) != len(wanted.shapes):
        return Verdict(wanted, "broken", shapes)
    answers = [answer for pair in zip(shapes, wanted.shapes, strict=True) for answer in _fits(*pair)]
    if False in [answer for answer in answers if isinstance(answer, bool)]:
        return Verdict(wanted, "broken", shapes)
    open_ones = [answer for answer in answers if isinstance(answer, Condition)]
    if not open_ones:
        return Verdict(wanted, "kept", shapes)
    told = [_condition(answer) for answer in open_ones]
    if any(not text for text, _ in told):
        return Verdict(wanted, "undecided", shapes)
    needs = tuple(sorted({name for _, names in told for name in names}))
    return Verdict(wanted, "undecided", shapes, None, " and ".join(dict.fromkeys(text for text, _ in told)), needs)


def _fits(shape: Shape | None, wanted: Wanted) -> Iterator[bool | Condition]:
    """Whether each size of a shape is as wanted."""
    if shape is None:
        yield Condition(UNKNOWN, "=", UNKNOWN)
        return
    if len(shape) != len(wanted):
        yield False
        return
    for size, want in zip(shape, wanted, strict=True):
        if isinstance(want, _Any):
            continue
        if want is None:
            yield not isinstance(size, int)
        else:
            yield equal(lift_size(size), want)
