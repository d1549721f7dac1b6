"""A model over ranges of its sizes: params and cost at every combination, from the model's own formulas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from lstmcalc.dims import Dim
from lstmcalc.measures import MEASURES
from lstmcalc.memory import Setting
from lstmcalc.report import Holds
from lstmcalc.spec import Spec
from lstmcalc.sweeping.columns import Column
from lstmcalc.sweeping.modelling import Modelled, modelled
from lstmcalc.sweeping.plan import Plan, Stretch, axis_column, calculate
from lstmcalc.sweeping.ranges import RangeError, axes_of, kept_for, read_values

__all__ = [
    "MAX_POINTS",
    "USUAL",
    "Column",
    "Executor",
    "RangeError",
    "Sweep",
    "axes_of",
    "kept_for",
    "read_values",
    "stated_batch",
    "sweep",
]

#: What is measured unless something else is asked for.
USUAL = ("params", "macs", "flops")
#: So many points are calculated in one go, and sent in one piece to an executor.
STRETCH = 65_536


class Future(Protocol):
    """What an executor gives for a call: its result, once it is there."""

    def result(self) -> Any: ...


class Executor(Protocol):
    """Whatever runs calls as those of `concurrent.futures` do: threads, processes, a cluster's."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future: ...


@dataclass(frozen=True)
class Sweep:
    """The sizes and the measures of a model at every point, in columns of the same length.

    At a point where the model does not hold, a measure is None and `fails` the number of the first of `conditions` that
    fails there, counted from 1; it is 0 elsewhere. `undecided` are conditions on what no symbol of the sweep decides,
    `left_out` says of a usual measure why it has no column. `formulas` are what the measures are calculated by.
    """

    source: str
    name: str
    axes: Mapping[str, Sequence[int]] = field(repr=False)
    sizes: Mapping[str, Column]
    measures: Mapping[str, Column]
    formulas: Mapping[str, Dim]
    fails: Column
    conditions: tuple[Holds, ...] = ()
    undecided: tuple[Holds, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    setting: Setting = field(default_factory=Setting)

    def __len__(self) -> int:
        return len(self.fails)

    @cached_property
    def failing(self) -> tuple[int, ...]:
        """At how many points each condition is the first that fails."""
        numbers = Counter(self.fails) if self.conditions else Counter()
        return tuple(numbers[place] for place in range(1, len(self.conditions) + 1))

    @property
    def holding(self) -> int:
        """At how many points the model holds."""
        return len(self) - sum(self.failing)


def sweep(
    spec: Spec,
    ranges: Mapping[str, int | Iterable[int]],
    measures: Sequence[str] | None = None,
    *,
    setting: Setting | None = None,
    batch: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Sweep:
    """A model's measures at every combination of values of its symbols, exactly.

    `ranges` holds values by the name of a symbol, or of a layer's argument (`lstm.units`); the last one's change
    fastest. `measures` are names of `lstmcalc.measures.MEASURES`: params, MACs and FLOPs unless others are asked for.
    `executor` runs stretches of the points, and changes nothing in the answer; `progress` is told how many are done,
    and how many there are. `batch` fixes the batch size; `setting` is what the memory depends on, of which the batch
    may be a symbol of the sweep. Raises `RangeError` for values that no size can have or that are too many, and
    `SpecError`.

    >>> from lstmcalc import load
    >>> found = sweep(load("specs/seq2seq.yaml"), {"width": range(64, 257, 64)}, ["params"])
    >>> found.sizes["width"].tolist(), found.measures["params"].tolist()
    ([64, 128, 192, 256], [1098048, 2319168, 3671360, 5154624])
    """
    axes = axes_of(ranges)
    strange = [name for name in measures or () if name not in MEASURES]
    if strange:
        raise RangeError(f"expected measures among {', '.join(MEASURES)}, got {strange[0]}")
    setting = setting or Setting(batch=batch or stated_batch(spec))
    model = modelled(spec, axes, measures or USUAL, setting, batch, measures is not None)
    values = {model.symbols[name]: axis for name, axis in axes.items()}
    plan = Plan(values, tuple(model.formulas.values()), tuple(held.condition for held in model.conditions(values)))
    stretches = _stretches(plan, executor, progress or (lambda done, points: None))
    return _swept(spec, axes, model, plan, stretches)


def stated_batch(spec: Spec) -> int:
    """The batch size that a model states; 1 where it states none."""
    return spec.batch if isinstance(spec.batch, int) else 1


def _stretches(plan: Plan, executor: Executor | None, tell: Callable[[int, int], None]) -> list[Stretch]:
    """The points in stretches, in order, whoever calculates them."""
    points = len(plan)
    starts = range(0, points, STRETCH)
    tell(0, points)
    pending: list[Future] = []
    if executor is not None:
        pending = [executor.submit(calculate, plan, start, min(start + STRETCH, points)) for start in starts]
    done = []
    try:
        for number, start in enumerate(starts):
            stop = min(start + STRETCH, points)
            done.append(pending[number].result() if pending else calculate(plan, start, stop))
            tell(stop, points)
    finally:
        for future in pending[len(done) :]:
            # Where one fails, the others need not go on.
            getattr(future, "cancel", lambda: None)()
    return done


def _swept(
    spec: Spec, axes: Mapping[str, Sequence[int]], model: Modelled, plan: Plan, stretches: Sequence[Stretch]
) -> Sweep:
    columns = (Column.joined([stretch.columns[place] for stretch in stretches]) for place in range(len(plan.sizes)))
    return Sweep(
        spec.source,
        spec.name,
        axes,
        {name: axis_column(plan, model.symbols[name]) for name in axes},
        dict(zip(model.formulas, columns, strict=True)),
        model.formulas,
        Column.joined([stretch.fails for stretch in stretches]),
        model.conditions(plan.axes),
        model.undecided,
        model.left_out,
        model.setting,
    )
