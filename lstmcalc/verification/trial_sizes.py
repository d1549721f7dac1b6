"""The sizes that a forward pass is tried with: two values for each free size, and one set against each assumption."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lstmcalc.dims import Condition, symbols_of
from lstmcalc.report import Report
from lstmcalc.spec import Spec

__all__ = ["Trial", "name_unknown_sizes", "plan_trials"]

#: Tried in this order, each free size starting somewhere else, so that two of them are equal only where they must be.
SIZES = (
    *(7, 11, 13, 5, 17, 19, 23, 9, 12, 16, 20, 24, 28, 32, 3, 4, 2, 1, 6, 8, 10),
    *(40, 48, 64, 96, 100, 128, 150, 200, 224, 256, 299, 400, 512, 1000),
)
BATCHES = (2, 3)
#: How many sizes are put in before a search is given up.
MAX_STEPS = 5_000


@dataclass(frozen=True)
class Trial:
    """One forward pass to make: `sizes` is None where none were found; `against` is the assumption it goes against."""

    batch: int
    sizes: Mapping[str, int] | None
    against: str = ""


def name_unknown_sizes(spec: Spec) -> tuple[Spec, dict[str, str]]:
    """The spec with a name for each None in its input shapes, and how each name reads.

    >>> from lstmcalc.spec import InputSpec, Ref
    >>> spec = Spec("model", (InputSpec("x", (None, 3)),), {}, (), (Ref("x"),))
    >>> named, labels = name_unknown_sizes(spec)
    >>> named.inputs[0].shape, labels
    (('x_axis_1', 3), {'x_axis_1': 'axis 1 of input "x"'})
    """
    taken = {size for port in spec.inputs for size in port.shape if isinstance(size, str)} | set(spec.symbols)
    labels: dict[str, str] = {}
    ports = []
    for port in spec.inputs:
        shape: list[int | str | None] = []
        for axis, size in enumerate(port.shape, 1):
            if size is None:
                size = re.sub(r"\W", "_", f"{port.name}_axis_{axis}")
                size = size if size.isidentifier() else f"_{size}"
                while size in taken or size in labels:
                    size += "_"
                labels[size] = f'axis {axis} of input "{port.name}"'
            shape.append(size)
        ports.append(port._replace(shape=tuple(shape)))
    return spec._replace(inputs=tuple(ports)), labels


def plan_trials(report: Report, free: Sequence[str], batch: int | None) -> list[Trial]:
    """The passes that a model is tried with: two with each free size at two values, then one against each assumption.

    `free` names the sizes that have no value; `batch` is the model's own, if it has one. A free size keeps its value
    where an assumption allows only that one. An assumption that no size goes against gets no pass of its own, nor does
    one that data is long enough: on a window larger than its data, TensorFlow 2.21's max pooling ends the process.
    """
    batches = (batch,) if batch is not None else BATCHES
    held = {held.condition: held.text for held in report.assumptions if _decidable(held.condition)}
    if not free:
        return [Trial(size, {}) for size in batches]
    first = find_sizes(free, held)
    if first is None:
        return [Trial(batches[0], None)]
    second = find_sizes(free, held, shift=1, last=first) or first
    trials = [Trial(batches[0], first), Trial(batches[-1], second)]
    data = {name for port in report.inputs for size in port.shape or () for name in symbols_of(size)}
    for condition, text in held.items():
        if condition.relation == ">=" and data & _symbols(condition):
            continue
        others = [other for other in held if other != condition]
        against = find_sizes(free, others, [condition]) or find_sizes(free, (), [condition])
        if against is not None:
            trials.append(Trial(batches[0], against, text))
    return trials if trials[0] != trials[1] else trials[1:]


def _decidable(condition: Condition | None) -> bool:
    return condition is not None and not condition.has_unknown


def find_sizes(
    names: Sequence[str],
    true: Iterable[Condition],
    false: Iterable[Condition] = (),
    shift: int = 0,
    last: Mapping[str, int] | None = None,
) -> dict[str, int] | None:
    """A value for each name that makes some conditions true and others false; None where none was found.

    `shift` starts elsewhere in the list of sizes, and each value in `last` is taken only where no other will do.

    >>> from lstmcalc.dims import parse
    >>> T = Condition(parse("T"), "=", 1)
    >>> find_sizes(["S", "T"], [T]), find_sizes(["S", "T"], [], [T])
    ({'S': 7, 'T': 1}, {'S': 7, 'T': 13})
    """
    wanted = [(condition, True) for condition in true] + [(condition, False) for condition in false]
    orders = {
        name: _order(index, shift, [condition for condition, _ in wanted], (last or {}).get(name))
        for index, name in enumerate(names)
    }
    steps = iter(range(MAX_STEPS))
    return _search(list(names), orders, wanted, {}, steps)


def _order(index: int, shift: int, conditions: Iterable[Condition], last: int | None) -> list[int]:
    start = (2 * index + shift) % len(SIZES)
    sides = [side for condition in conditions for side in (condition.left, condition.right) if isinstance(side, int)]
    near = [size for side in sides for size in (side, side + 1, 2 * side, side - 1) if size > 0]
    sizes = list(dict.fromkeys((*SIZES[start:], *SIZES[:start], *near)))
    return sizes if last is None else [size for size in sizes if size != last] + [last]


def _search(
    names: list[str],
    orders: Mapping[str, list[int]],
    wanted: list[tuple[Condition, bool]],
    chosen: dict[str, int],
    steps: Iterator[int],
) -> dict[str, int] | None:
    if not names:
        return dict(chosen)
    name, *rest = names
    concerned = [(condition, truth) for condition, truth in wanted if name in _symbols(condition)]
    for size in orders[name]:
        if next(steps, None) is None:
            return None
        chosen[name] = size
        answers = [(condition.substitute(chosen), truth) for condition, truth in concerned]
        if all(isinstance(answer, Condition) or answer is truth for answer, truth in answers):
            found = _search(rest, orders, wanted, chosen, steps)
            if found:
                return found
        del chosen[name]
    return None


def _symbols(condition: Condition) -> set[str]:
    return {*symbols_of(condition.left), *symbols_of(condition.right)}
