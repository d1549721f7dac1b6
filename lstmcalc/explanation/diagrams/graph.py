"""A model's graph as boxes and arrows, from its report."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from lstmcalc.explanation.diagrams import Arrow, Box, Graph
from lstmcalc.report import CallReport, LayerReport, Report
from lstmcalc.shapes import show_count, show_shape
from lstmcalc.spec import Ref
from lstmcalc.steering import visible

__all__ = ["graph_of"]

#: The applications of layers by their keys, each with its number.
Calls = dict[str, tuple[LayerReport, CallReport, int]]


def graph_of(report: Report) -> Graph:
    """A model's layers as boxes, one for each application, with what goes from one to the next.

    Of a layer that is applied several times, the params stand in the first box.

    >>> from lstmcalc import infer, load
    >>> graph = graph_of(infer(load("specs/forecast.yaml")))
    >>> [box.lines for box in graph.boxes][1]
    ('lstm (LSTM)', '(None, 300)', '362,400 params')
    >>> [(arrow.source, arrow.target) for arrow in graph.arrows][0]
    ('input', 'lstm')
    """
    calls = {_key(layer.name, index): (layer, call, index) for layer in report.layers
             for index, call in enumerate(layer.calls)}  # fmt: skip
    inputs = {port.name: Box(port.name, (_called(port.name, calls), show_shape(port.shape)), "input")
              for port in report.inputs}  # fmt: skip
    boxes = {name: box for name, box in inputs.items() if name not in calls}
    arrows: list[Arrow] = []
    for key in _in_order(calls):
        layer, call, index = calls[key]
        boxes[key] = inputs[key] if key in inputs else Box(key, _lines(layer, call, index))
        arrows += [arrow for arrow in _arrows(key, call, calls) if arrow.source in boxes]
    for number, port in enumerate(report.outputs):
        if port.ref is None or (source := _key(port.ref.name, port.ref.call)) not in boxes:
            continue
        key = f"output {number + 1}"
        called = key if len(report.outputs) > 1 else "output"
        boxes[key] = Box(key, (called, show_shape(port.shape)), "output")
        arrows.append(Arrow(source, key, _which(port.ref, calls)))
    nested = [graph_of(layer.nested) for layer in report.layers if layer.nested is not None]
    return Graph(_title(report), tuple(boxes.values()), tuple(dict.fromkeys(arrows)), tuple(nested))


def _title(report: Report) -> str:
    known = "params" if report.complete else "params known"
    return f"{visible(report.name)}: {show_count(report.totals.params)} {known}"


def _called(name: str, calls: Calls) -> str:
    """An input's name; a Sequential has no layer for it."""
    return f"{visible(name)} (InputLayer)" if name in calls else "input"


def _key(name: str, call: int) -> str:
    return f"{name} #{call + 1}" if call else name


def _arrows(key: str, call: CallReport, calls: Calls) -> Iterator[Arrow]:
    for ref in call.refs:
        yield Arrow(_key(ref.name, ref.call), key, _which(ref, calls))


def _which(ref: Ref, calls: Calls) -> str:
    """Which of several outputs is taken, with its shape: `[1] (None, 128)`; nothing where there is one."""
    held = calls.get(_key(ref.name, ref.call))
    outputs = held[1].outputs if held else None
    if outputs is None or len(outputs) < 2 or ref.index >= len(outputs):
        return ""
    return f"[{ref.index}] {show_shape(outputs[ref.index])}"


def _lines(layer: LayerReport, call: CallReport, index: int) -> tuple[str, ...]:
    """What stands in a layer's box: name and class, what goes out, params."""
    shapes = [show_shape(shape) for shape in call.outputs or (None,)]
    if len(shapes) > 1:
        shapes = [f"[{number}] {shape}" for number, shape in enumerate(shapes)]
    count = show_count(layer.params)
    params = f"{count} {'param' if layer.params == 1 else 'params'}" if layer.known else "params not known"
    if index:
        params = f"again: the same {params}" if layer.params != 0 else "again"
    return (f"{visible(layer.name)} ({visible(layer.class_name)})", *shapes, params)


def _in_order(calls: Calls) -> Iterator[str]:
    """The calls, each behind all that feed it, and behind the layer's own calls before.

    What is fed by the call before comes first, then the report's order; inputs wait until nothing else can go on.
    """
    before = {key: {source for source in _sources(key, calls) if source in calls} for key in calls}
    behind: dict[str, list[str]] = {key: [] for key in calls}
    for key, sources in before.items():
        for source in sources:
            behind[source].append(key)
    place = {key: number for number, key in enumerate(calls)}
    ready = [(not call.refs, place[key]) for key, (_, call, _) in calls.items() if not before[key]]
    heapify(ready)
    keys, done = list(calls), set()
    follow: list[str] = []
    while follow or ready:
        key = follow.pop(0) if follow else keys[heappop(ready)[1]]
        if key in done:
            continue
        done.add(key)
        yield key
        follow = []
        for other in behind[key]:
            before[other].discard(key)
            if not before[other]:
                follow.append(other)
                heappush(ready, (not calls[other][1].refs, place[other]))


def _sources(key: str, calls: Calls) -> Iterator[str]:
    layer, call, index = calls[key]
    yield from (_key(ref.name, ref.call) for ref in call.refs)
    if index:
        yield _key(layer.name, index - 1)
