"""What a model costs: the work of its layers, forward and in a training step, which needs the graph.

A training step computes forwards, then the gradient to every trained weight, and to whatever a trained weight made.
The gradient to a factor of a product takes as many multiply-adds as the product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lstmcalc.dims import UNKNOWN, Dim, total
from lstmcalc.frozen import NamedTuple
from lstmcalc.graph import CallKey
from lstmcalc.layers.costs import INSIDE, STATES, TRAINED, UNKNOWN_COST, Cost, Work, states_in
from lstmcalc.report import CallReport, Report

__all__ = [
    "Training",
    "inner_training",
    "inner_work",
    "training_macs",
    "training_macs_of_layers",
    "training_of_layers",
    "training_of_work",
]


class Origin(NamedTuple):
    """What a number depends on: inputs of the model, by their places, and whether any trained weight."""

    inputs: frozenset[int] = frozenset()
    trained: bool = False

    def wants_gradient(self, inputs: frozenset[int] = frozenset()) -> bool:
        """Whether a training step needs the gradient to it, where it needs those to these inputs."""
        return self.trained or bool(self.inputs & inputs)


def joined(origins: list[Origin]) -> Origin:
    """What depends on all of these."""
    inputs = frozenset(place for origin in origins for place in origin.inputs)
    return Origin(inputs, any(origin.trained for origin in origins))


class Applied(NamedTuple):
    """An application of a layer, and what it reads: its inputs, and all else that it is given, as states are."""

    layer: str
    call: CallReport
    inputs: list[Origin]
    others: list[Origin]
    #: Whether a gradient comes back to it from an output of the model.
    reached: bool = True

    @property
    def inside(self) -> Origin:
        """What the layer calculates on the way depends on all that it reads, and on its weights."""
        return joined([*self.inputs, *self.others, self.own])

    @property
    def own(self) -> Origin:
        """What depends on the layer's own weights alone."""
        return Origin(trained=any(step.trained for step in self.call.work or ()))

    def origin(self, operand: tuple[int, ...]) -> Origin:
        """What a factor of a product depends on."""
        special = {INSIDE: [self.inside], STATES: self.others, TRAINED: [Origin(trained=True)]}
        every = [origin for place in operand if place >= 0 for origin in self.inputs[place : place + 1]]
        every += [origin for place in operand for origin in special.get(place, ())]
        every += [origin for number in states_in(operand) for origin in self.others[number : number + 1]]
        return joined(every)


def applications(report: Report) -> list[Applied]:
    """The applications of a model's layers, each behind those that it reads."""
    found = dict(_forwards(report))
    waiting = [(port.ref.name, port.ref.call) for port in report.outputs if port.ref is not None]
    reached = set()
    while waiting:
        key = waiting.pop()
        if key in found and key not in reached:
            reached.add(key)
            call = found[key].call
            waiting += [(ref.name, ref.call) for ref in call.refs if call.passes_gradient]
    return [applied._replace(reached=key in reached) for key, applied in found.items()]


def _forwards(report: Report) -> Iterator[tuple[CallKey, Applied]]:
    origins: dict[CallKey, Origin] = {
        (port.name, 0): Origin(frozenset([place])) for place, port in enumerate(report.inputs)
    }
    calls = {
        (layer.name, place): call
        for layer in report.layers
        for place, call in enumerate(layer.calls)
        if (layer.name, 0) not in origins
    }
    waiting = list(reversed(calls))
    while waiting:
        key = waiting[-1]
        if key in origins:
            waiting.pop()
            continue
        call = calls[key]
        sources = [(ref.name, ref.call) for ref in call.refs]
        missing = [source for source in sources if source not in origins and source in calls]
        if missing:
            waiting += missing
            continue
        read = [origins.get(source, Origin()) for source in sources]
        applied = Applied(key[0], call, read[: len(call.inputs)], read[len(call.inputs) :])
        origins[key] = applied.inside if call.passes_gradient else applied.own
        waiting.pop()
        yield key, applied


class Training(NamedTuple):
    """The multiply-adds of a training step: forwards, then of the gradients to trained weights, and to other factors of
    products; of these last, `spared` are not needed, since the states at the start of a loop are not trained.
    """

    forward: Dim = 0
    weights: Dim = 0
    values: Dim = 0
    spared: Dim = 0

    @property
    def macs(self) -> Dim:
        """All of them together."""
        return self.forward + self.weights + self.values - self.spared

    @classmethod
    def of(cls, parts: Iterable[Training]) -> Training:
        """All of these together."""
        listed = list(parts)
        return cls(*(total(part[place] for part in listed) for place in range(4)))


def training_of_layers(report: Report, wanted: frozenset[int] = frozenset()) -> Mapping[str, Training]:
    """What a training step takes, layer by layer; `wanted` are the inputs of the model whose gradients are needed.

    >>> from lstmcalc import infer, load
    >>> training_of_layers(infer(load("specs/surname_classifier.yaml")))["dense"].weights > 0
    True
    """
    found: dict[str, list[Training]] = {layer.name: [] for layer in report.layers}
    for applied in applications(report):
        steps = applied.call.work
        unknown = [Training(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)]
        found[applied.layer] += unknown if steps is None else [_training(applied, step, wanted) for step in steps]
    return {name: Training.of(parts) for name, parts in found.items()}


def training_of_work(
    report: Report, layer: str, work: Iterable[Work], wanted: frozenset[int] = frozenset()
) -> Training | None:
    """What a training step takes for these steps, where the first application of a layer is made of them; None for a
    layer that is not applied.
    """
    first = next((applied for applied in applications(report) if applied.layer == layer), None)
    if first is None:
        return None
    steps = tuple(work)
    applied = first._replace(call=first.call._replace(effort=first.call.effort.told(work=steps)))
    return Training.of(_training(applied, step, wanted) for step in steps)


def inner_training(report: Report, layer: str, wanted: frozenset[int] = frozenset()) -> frozenset[int]:
    """The inputs of a model used as a layer whose gradients a training step of the model around it needs."""
    first = next((applied for applied in applications(report) if applied.layer == layer), None)
    inputs = first.inputs if first else []
    return frozenset(place for place, origin in enumerate(inputs) if origin.wants_gradient(wanted))


def training_macs_of_layers(report: Report) -> Mapping[str, Dim]:
    """The multiply-adds of one sample in a training step, layer by layer; `UNKNOWN` where they are not known.

    >>> from lstmcalc import infer, load
    >>> report = infer(load("specs/surname_classifier.yaml"))
    >>> by_layer = training_macs_of_layers(report)
    >>> sum(by_layer.values()) == training_macs(report)
    True
    """
    return {name: training.macs for name, training in training_of_layers(report).items()}


def training_macs(report: Report) -> Dim:
    """The multiply-adds of one sample in a training step of the model."""
    return total(training_macs_of_layers(report).values())


def _training(applied: Applied, step: Work, wanted: frozenset[int]) -> Training:
    """The multiply-adds of a step: forwards, and for each factor whose gradient is wanted."""
    macs = step.cost.macs
    if macs == 0 or not applied.reached:
        return Training(macs)
    factors = [applied.origin(operand).wants_gradient(wanted) for operand in step.operands]
    spared: Dim = 0
    if step.spared != 0 and any(factors) and not applied.origin(step.start).wants_gradient(wanted):
        spared = step.spared
    return Training(macs, macs * step.trained, macs * sum(factors), spared)


def inner_work(report: Report) -> Iterator[Work]:
    """What a model used as a layer has one sample calculate, with operands told of the model's own inputs.

    What depends on the same is one step: models deep in one another would else pass on each step from one to the next.
    """
    costs: dict[tuple[tuple[tuple[int, ...], ...], bool], list[Cost]] = {}
    for applied in applications(report):
        if applied.call.work is None:
            costs.setdefault(((), False), []).append(UNKNOWN_COST)
            continue
        for step in applied.call.work:
            trained = step.trained and applied.reached
            for cost, operands in _parts(applied, step):
                seen = tuple(_outer(origin) for origin in operands) if applied.reached else ()
                costs.setdefault((seen, trained), []).append(cost)
    for (seen, trained), parts in costs.items():
        yield Work("layers", Cost.of(parts), operands=seen, trained=trained)


def _parts(applied: Applied, step: Work) -> Iterator[tuple[Cost, list[Origin]]]:
    """What a step costs and depends on, in two where a part of it reads the states given."""
    origins = [applied.origin(operand) for operand in step.operands]
    if step.spared == 0:
        yield step.cost, origins
        return
    yield step.cost._replace(macs=step.cost.macs - step.spared), origins
    yield Cost(macs=step.spared), [applied.origin(step.start)]


def _outer(origin: Origin) -> tuple[int, ...]:
    return (*sorted(origin.inputs), *([TRAINED] if origin.trained else []))
