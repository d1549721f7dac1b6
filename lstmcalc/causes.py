"""The culprit behind a shape that a layer refuses: which layer before it made the shape so, and what to change."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lstmcalc.dims import UNKNOWN, to_text
from lstmcalc.errors import Fault, Rejection
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.rule import LayerRule, Shape, count_axes
from lstmcalc.shapes import show_shape, show_stated
from lstmcalc.spec import Call, Ref

__all__ = ["Step", "explained"]


class Step(NamedTuple):
    """How one output came about: the rule and inputs that made it; `rule` is None for a model input."""

    name: str
    rule: LayerRule | None
    shape: Shape
    shapes: tuple[Shape, ...] = ()
    source: Ref | None = None

    def __str__(self) -> str:
        return f'"{self.name}" ({self.rule.class_name})' if self.rule else f'input "{self.name}"'


#: Finds the step behind a reference; None where it is not known.
Trace = Callable[[Ref], "Step | None"]


def explained(fault: Fault, call: Call, rule: LayerRule, trace: Trace) -> Fault:
    """A fault in what reaches a layer, with what made it so, where that helps."""
    source = (*call.inputs, Ref(""))[0]
    if fault.code == "wrong-ndim" and not fault.got:
        return explain_ndim(fault, call.layer, rule, source, trace)
    if fault.code == "unknown-size":
        return explain_unknown(fault, source, trace)
    if fault.code == "wrong-number-of-inputs":
        return explain_number(fault, call.inputs, trace)
    return fault


def explain_ndim(fault: Fault, victim: str, rule: LayerRule, source: Ref, trace: Trace) -> Fault:
    """Adds to a wrong number of axes what was got, who made it so, and what to change."""
    step = trace(source)
    if step is None:
        return fault
    fault = fault._replace(got=f"{show_shape(step.shape)} from {step}")
    ndim = len(step.shape)
    wanted = _nearest_ndim(rule, ndim)
    while step and step.rule and step.source:
        taken = len(step.shapes[0])
        remedy = step.rule.remedy()
        if remedy and (taken > ndim if wanted > ndim else taken == ndim):
            fix = f'{remedy.fix} {remedy.place} "{step.name}"'
            return fault._replace(because=f'"{step.name}" has {remedy.because}', fix=fix)
        if taken != ndim:
            because = f"{step} turns {count_axes(taken)} into {ndim}"
            fix = f'leave "{step.name}" out, or move it behind "{victim}"' if taken > ndim else ""
            return fault._replace(because=because, fix=fix)
        step = trace(step.source)
    return _explain_input(fault, step, wanted) if step else fault


def _nearest_ndim(rule: LayerRule, ndim: int) -> int:
    """The number of axes that a rule takes and that is nearest to the one it was given."""
    for wanted in sorted(range(1, ndim + 8), key=lambda number: abs(number - ndim)):
        try:
            rule.axis_names(wanted)
        except Rejection:
            continue
        return wanted
    return ndim


def _explain_input(fault: Fault, step: Step, wanted: int) -> Fault:
    sizes = step.shape[1:]
    if len(step.shape) == wanted + 1 and sizes and (sizes[0] is UNKNOWN or sizes[0] == step.shape[0]):
        fix = f"leave the batch out of the shape of {step}: {show_stated(sizes[1:])}"
        return fault._replace(because="the batch is implied, and was stated once more", fix=fix)
    if len(step.shape) == wanted + 1 and step.shape[0] is UNKNOWN:
        fix = f"if {to_text(sizes[0])} is the batch, leave it out of the shape of {step}: {show_stated(sizes[1:])}"
        return fault._replace(because="the batch is implied, and takes the first axis", fix=fix)
    if len(step.shape) == wanted - 1:
        one_step = len(sizes) == 1
        tail = f", such as {show_stated((1, *sizes))} for one step of {to_text(sizes[0])} values" if one_step else ""
        return fault._replace(fix=f"give {step} one axis more{tail}")
    return fault


def explain_unknown(fault: Fault, source: Ref, trace: Trace) -> Fault:
    """Adds to a size that must be known where it got lost, and which input leaves it open."""
    step = trace(source)
    if step is None:
        return fault
    fault = fault._replace(got=f"{show_shape(step.shape)} from {step}")
    while step and step.rule and step.source:
        if UNKNOWN not in step.shapes[0][1:]:
            return fault
        if step.shapes[0] != step.shape and not fault.because:
            fault = fault._replace(
                because=f"{step} makes it from {show_shape(step.shapes[0])}, where a size is unknown"
            )
        step = trace(step.source)
    if step and step.rule is None and UNKNOWN in step.shape[1:]:
        return fault._replace(fix=f"write a number for the unknown size of {step}, {show_shape(step.shape)}")
    return fault


def explain_number(fault: Fault, sources: Sequence[Ref], trace: Trace) -> Fault:
    """Adds to a wrong number of inputs which layer gives them all, where one does."""
    step = trace(sources[0]) if len({(ref.name, ref.call) for ref in sources}) == 1 < len(sources) else None
    if step is None or fault.because:
        return fault
    return fault._replace(because=f"{step} gives {len(sources)} outputs, and all of them come in")
