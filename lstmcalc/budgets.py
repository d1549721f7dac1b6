"""Whether a model keeps within what it may take, and has the shapes that it should: each budget by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lstmcalc.dims import (
    UNKNOWN,
    Condition,
    Dim,
    Size,
    at_least,
    equal,
    lift_size,
    parse,
    total,
)
from lstmcalc.measures import MEASURES, Measure
from lstmcalc.memory import Setting
from lstmcalc.report import CallReport, Holds, Port, Report, Shape
from lstmcalc.spec import Spec

__all__ = ["ANY", "Budget", "Check", "Share", "Verdict", "WantedShapes", "check", "hidden_in",
           "read_shape"]  # fmt: skip

#: How a budget bounds what it bounds, by what stands in front of the measure in the name of its option.
BOUNDS = {"max-": "at most", "min-": "at least", "": "exactly"}
#: How many of the layers that take most are told.
MOST_LAYERS = 3


class _Any:
    """Any size, where a shape is wanted."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


ANY = _Any("?")
#: The batch in front of a shape that is that of one sample.
BATCH = _Any("batch")
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
    """What a layer takes of what is bounded."""

    layer: str
    value: int
    percent: float


@dataclass(frozen=True)
class Verdict:
    """What came of a budget: `state` is kept, broken or undecided.

    `value` is what was found, or the shapes; where `least` is there, it lies between the two, or is not known and at
    least so much. `margin` is what is left of the budget, at least, below 0 where it is broken; None where that is not
    a question. `holds_if` is the condition under which an undecided one is kept, where symbols can decide it, and
    `needs` are those. `most` are the layers that take most, where that is too much or may be; `unknown` are those of
    which it is not known what they take, and `not_shown` tells that a printed summary does not show what it depends on.
    """

    budget: Budget | WantedShapes
    state: str
    value: Dim | tuple[Shape | None, ...]
    margin: Dim | None = None
    holds_if: str = ""
    needs: tuple[str, ...] = ()
    most: tuple[Share, ...] = ()
    unknown: tuple[str, ...] = ()
    least: Dim | None = None
    not_shown: bool = False


@dataclass(frozen=True)
class Check:
    """A model held against its budgets: all that is said of it holds under its `assumptions`.

    `setting` is what it is trained with.
    """

    source: str
    name: str
    verdicts: tuple[Verdict, ...]
    assumptions: tuple[Holds, ...] = ()
    setting: Setting = field(default_factory=Setting)

    @property
    def kept(self) -> bool:
        """Whether every budget is kept."""
        return all(verdict.state == "kept" for verdict in self.verdicts)


def check(
    report: Report,
    budgets: Iterable[Budget | WantedShapes],
    setting: Setting | None = None,
    hidden: Collection[str] = (),
) -> Check:
    """A model held against budgets; `setting` is what it is trained with, for its memory.

    `hidden` are the measures that its source does not show, as `hidden_in` has them.

    >>> from lstmcalc import infer, load
    >>> report = infer(load("specs/forecast.yaml"))
    >>> [verdict.state for verdict in check(report, [Budget("params", "max-", 400_000)]).verdicts]
    ['kept']
    """
    setting = setting or Setting()
    verdicts = (
        _bounded(report, each, setting, hidden) if isinstance(each, Budget) else _shaped(report, each)
        for each in budgets
    )
    return Check(report.source, report.name, tuple(verdicts), report.assumptions, setting)


def hidden_in(spec: Spec) -> frozenset[str]:
    """The measures that a model's source does not show: a printed summary has no dtypes, strides and the like."""
    if not spec.printed:
        return frozenset()
    shown = {"params", "trainable-params"} if spec.shows_trained else {"params"}
    return frozenset(MEASURES) - shown


def read_shape(text: str) -> Wanted:
    """A shape as people write it: `(None, 10)`, `[null, T, 2*U]`; `?` is any size. Raises ValueError.

    Without brackets it is that of one sample, as everywhere on the command line.

    >>> read_shape("(None, 10)"), read_shape("[null, ?, T + 1]"), read_shape("(None,)"), read_shape("200,35")
    ((None, 10), (None, ?, T + 1), (None,), (batch, 200, 35))
    """
    inner = text.strip()
    whole = inner[:1] + inner[-1:] in ("()", "[]")
    if whole:
        inner = inner[1:-1]
    parts = [part.strip() for part in inner.removesuffix(",").split(",")]
    wanted = "expected a shape such as (None, 10)"
    if not inner.strip(" ,") or "" in parts:
        raise ValueError(f"{wanted}, got {text.strip() or 'nothing'}")
    sizes = tuple(_read_size(part, text, wanted) for part in parts)
    return sizes if whole else (BATCH, *sizes)


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


def _bounded(report: Report, budget: Budget, setting: Setting, hidden: Collection[str]) -> Verdict:
    measure = MEASURES[budget.measure]
    if measure.name in hidden:
        return Verdict(budget, "undecided", UNKNOWN, not_shown=True)
    value = measure.of(report, setting) if report.complete else UNKNOWN
    if measure.least:
        least = measure.least(report, setting) if report.complete else value
    else:
        least = _known(measure, report, setting) if value is UNKNOWN else value
    found = _held(budget, least, value)
    if least != value:
        found = replace(found, least=least)
    if found.state == "kept" and value is not UNKNOWN:
        return found
    parts = measure.by_layer(report, setting)
    if found.state != "kept" and budget.kind != "min-" and at_least(budget.limit, value) is not True:
        found = replace(found, most=tuple(_shares(parts, value)))
    if found.state == "broken" and value is not UNKNOWN:
        return found
    never = {layer.name for layer in report.layers if not layer.known}
    return replace(found, unknown=tuple(name for name, part in parts.items() if part is UNKNOWN or name in never))


def _known(measure: Measure, report: Report, setting: Setting) -> Dim:
    """What the layers that are known take: no layer takes less than nothing; `UNKNOWN` where that is all there is.

    A layer of which it is not known what it calculates may let no gradients through; in a training step all before it
    is then sure to be done forwards only.
    """
    layers = tuple(layer._replace(calls=tuple(_stopping(call) for call in layer.calls)) for layer in report.layers)
    parts = measure.by_layer(report._replace(layers=layers), setting).values()
    known = total(part for part in parts if part is not UNKNOWN)
    return UNKNOWN if known == 0 else known


def _stopping(call: CallReport) -> CallReport:
    """The call, through which no gradient goes where it is not known what it calculates."""
    passes = call.passes_gradient and UNKNOWN not in call.cost
    return call._replace(effort=call.effort.told(passes_gradient=passes))


def _held(budget: Budget, least: Dim, most: Dim) -> Verdict:
    """A bound on what lies between two numbers: kept where all between them is, broken where nothing is."""
    limit = budget.limit
    if budget.kind == "max-":
        sure, possible = at_least(limit, most), at_least(limit, least)
        margins = limit - most, limit - least
    elif budget.kind == "min-":
        sure, possible = at_least(least, limit), at_least(most, limit)
        margins = least - limit, most - limit
    elif least == most:
        sure = possible = equal(most, limit)
        margins = most - limit, most - limit
    else:
        below, above = at_least(limit, least), at_least(most, limit)
        sure, possible = False, below is not False and above is not False
        margins = UNKNOWN, (most if above is False else least) - limit
    if sure is True:
        return Verdict(budget, "kept", most, margins[0])
    if possible is False:
        return Verdict(budget, "broken", most, margins[1])
    return Verdict(budget, "undecided", most, margins[0], *_condition(sure))


def _condition(answer: bool | Condition) -> tuple[str, tuple[str, ...]]:
    """The condition that decides it, and its symbols; nothing where no symbol can."""
    if isinstance(answer, bool) or answer.has_unknown:
        return "", ()
    return str(answer), tuple(sorted(answer.symbols))


def _shares(every: Mapping[str, Dim], value: Dim) -> Iterator[Share]:
    """The layers that take most of what is measured; nothing where it is no number, or no sum over layers."""
    parts = {name: part for name, part in every.items() if isinstance(part, int) and part != 0}
    if not isinstance(value, int) or total(parts.values()) != value:
        # Which of two expressions is more depends on their symbols.
        return
    for name in sorted(parts, key=lambda name: -parts[name])[:MOST_LAYERS]:
        yield Share(name, parts[name], round(100 * parts[name] / value, 1))


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
