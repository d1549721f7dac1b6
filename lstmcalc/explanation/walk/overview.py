"""What a walk says of the whole model before its layers: inputs, outputs, shapes, time, params, what is left open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lstmcalc.dims import Size, lift_size, symbols_of
from lstmcalc.explanation.costs.model import cost_remark
from lstmcalc.explanation.facts import Facts
from lstmcalc.explanation.walk.places import Place
from lstmcalc.explanation.whole import Member, Remark, flow, open_sizes, shares, time, total_of
from lstmcalc.explanation.words import listed, quoted
from lstmcalc.report import LayerReport, Port, Report
from lstmcalc.shapes import show_count, show_shape

__all__ = ["about_model"]

#: The layers with most of the params are named where three of them have at least this share.
ENOUGH = 0.3


def about_model(place: Place, facts: Mapping[str, Facts]) -> Iterator[Remark]:
    """The model in a few lines; `facts` holds those of its layers by path."""
    report = place.report
    yield from _ports(report)
    layers = [layer for layer in report.layers if layer.class_name != "InputLayer"]
    members = [_member(place, layer, facts.get(place.full_name(layer.name))) for layer in report.layers]
    yield from flow(members)
    last = dict.fromkeys(port.name for port in report.outputs)
    yield from time(members, dict.fromkeys(last, "The last layer" if len(last) == 1 else "A last layer"))
    yield from _params(report, layers)
    if cost := cost_remark(report, alone=not place.path):
        yield Remark("cost", cost)
    for held in report.assumptions:
        yield Remark("only if", f"{held.text}: see {quoted(held.layer)}.")
    yield from _open(report)


def _ports(report: Report) -> Iterator[Remark]:
    for about, ports in (("input", report.inputs), ("output", report.outputs)):
        shown = [_port(port, about == "input", len(report.inputs) == 1) for port in ports]
        if shown:
            yield Remark(f"{about}{'s' * (len(shown) > 1)}", f"{listed(shown)}.")


def _port(port: Port, takes_in: bool, alone: bool) -> str:
    if not takes_in:
        return f"{show_shape(port.shape)} from {quoted(port.name)}"
    named = "" if alone else f" {quoted(port.name)}"
    return f"{show_shape(port.shape)} {port.dtype}{named}"


def _member(place: Place, layer: LayerReport, facts: Facts | None) -> Member:
    first = layer.calls[0] if layer.calls else None
    inputs = {port.name for port in place.report.inputs}
    sources = first.connected_to if first else ()
    reads = show_shape(first.inputs[0]) if first and first.inputs else ""
    gives = ", ".join(map(show_shape, first.outputs or ())) if first else ""
    # What is fed by an input alone stands at the start of a chain.
    own = () if set(sources) <= inputs and len(sources) == 1 else sources
    return Member(layer.name, layer.class_name, tuple(own), reads, gives, facts if len(layer.calls) == 1 else None)


def _params(report: Report, layers: list[LayerReport]) -> Iterator[Remark]:
    totals = report.totals
    if not report.complete:
        known = [layer for layer in layers if layer.known]
        yield Remark("params", _known_part(totals.params, len(known), len(layers) - len(known)))
        return
    if totals.params == 0:
        yield Remark("params", "The model has no weights.")
        return
    text = total_of(totals.params, totals.non_trainable_params)
    counts = [(layer.params, layer.name) for layer in layers if isinstance(layer.params, int)]
    with_weights = [name for count, name in counts if count]
    whole = totals.params
    largest = sum(sorted((count for count, _ in counts), reverse=True)[:3])
    alone = sum(count for count, _ in counts) == whole
    if isinstance(whole, int) and len(with_weights) > 1 and alone and largest >= ENOUGH * whole:
        text += f": {listed(shares(counts, whole))}"
    yield Remark("params", f"{text}.")


def _known_part(count: Size, known: int, unknown: int) -> str:
    """The count of the layers that are known."""
    if not known:
        return "Of no layer the count is known." if unknown > 1 else "The count is not known."
    where = f"{known} of {known + unknown} layers"
    return f"{show_count(count)} params in {where}; what the other{'s have' if unknown > 1 else ' has'} is not known."


def _open(report: Report) -> Iterator[Remark]:
    """What `None` and each name in a shape stand for."""
    shapes = [
        shape for layer in report.layers for call in layer.calls for shape in (*call.inputs, *(call.outputs or ()))
    ]
    known = [shape for shape in (*shapes, *(port.shape for port in report.inputs)) if shape is not None]
    yield from open_sizes(known)
    batches = {shape[0] for shape in known if shape and isinstance(shape[0], int)}
    if report.inputs and len(batches) == 1 and all((port.shape or (None,))[0] in batches for port in report.inputs):
        yield Remark("batch", f"Fixed at {show_count(*batches)} samples; every batch has as many.")
    named = {name: port for port in report.inputs for size in port.shape or () for name in _names(size)}
    for name, port in named.items():
        where = f" {quoted(port.name)}" if len(report.inputs) > 1 else ""
        yield Remark(f"`{name}`", f"A size of the input{where} that is left open; {_given(name)}.")
    others = {name for shape in known for size in shape for name in _names(size)} - set(named)
    for name in sorted(others):
        yield Remark(f"`{name}`", f"A size that is left open; {_given(name)}.")


def _given(name: str) -> str:
    return f"`--set {name}=10` gives it a value"


def _names(size: Size) -> tuple[str, ...]:
    return tuple(symbols_of(lift_size(size)))
