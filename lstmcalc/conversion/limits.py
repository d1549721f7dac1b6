"""What a target cannot say of a model, found before and after it is written, so that no text builds another model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from lstmcalc.conversion.arguments import telling_arguments
from lstmcalc.conversion.nested import distinct_models, layers_of
from lstmcalc.dims import parse, substitute
from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.inference import infer
from lstmcalc.layers import find_rule
from lstmcalc.layers.operations.constants import is_array
from lstmcalc.report import Report
from lstmcalc.spec import LayerSpec, Spec

__all__ = ["PYTHON_MODULES", "check_leads_back", "check_sayable"]

#: How errors call the targets.
TARGET_NAMES = {"yaml": "YAML", "keras-json": "Keras's JSON", "python": "Python text"}
#: The kinds of arguments whose objects Python text makes, and where Keras has their classes.
PYTHON_MODULES = {"initializer": "initializers", "regularizer": "regularizers", "constraint": "constraints"}
#: The kinds of arguments that Keras takes as a config too.
TAKEN_AS_CONFIG = ("activation", "dtype")
TO_YAML = "convert to YAML, which states its output shape"


def check_sayable(spec: Spec, report: Report, target: str) -> None:
    """Raises SpecError with everything in a model that a target cannot say; `report` is what the model comes to."""
    faults = list(_shared(spec, target))
    if target != "yaml":
        faults += _open_sizes(spec, report)
        for model in distinct_models(spec):
            for layer in layers_of(model):
                faults += _code(model, layer, target)
    if target == "keras-json":
        faults += _models_in_two(spec)
    if target == "python":
        for model in distinct_models(spec):
            faults += _nested_states(model)
    if faults:
        raise SpecError(dict.fromkeys(faults))


def check_leads_back(text: str, spec: Spec, report: Report, target: str, read: Callable[[str], Spec]) -> None:
    """Raises SpecError where a text cannot be read, or says another model than the one that it was made of."""
    try:
        back = infer(read(text))
    except SpecError as error:
        raise SpecError(dict.fromkeys(_without_place(fault, spec, target) for fault in error.faults)) from None
    if _told(back) != _told(report):
        because = f"{TARGET_NAMES[target]} builds another model from what can be written down of this one"
        raise SpecError([_refused("a text that says the same model", because, "", Where(spec.source))])


def _told(report: Report) -> Any:
    shapes = [tuple(size if isinstance(size, int) else None for size in port.shape or ()) for port in report.outputs]
    return shapes, len(report.layers), report.totals.params, report.totals.trainable_params


def _refused(expected: str, because: str, fix: str, where: Where, layer: LayerSpec | None = None) -> Fault:
    label = (layer.name, layer.class_name) if layer else None
    return Fault("not-convertible", expected, because=because, fix=fix, where=where, layer=label)


def _without_place(fault: Fault, spec: Spec, target: str) -> Fault:
    """A fault of a text that lstmcalc wrote, as one of the model that the text was to say."""
    expected = f"{fault.expected}, as {TARGET_NAMES[target]} needs it"
    return Fault("not-convertible", expected, fault.got, fault.because, "", Where(spec.source), fault.layer)


def _shared(spec: Spec, target: str) -> Iterator[Fault]:
    """Layers that stand at several places, which only Python text can say."""
    if target == "python":
        return
    seen: set[str] = set()
    for model in distinct_models(spec):
        for layer in layers_of(model):
            if layer.shared and layer.shared in seen:
                because = f"{TARGET_NAMES[target]} has no way to say that one layer stands at two places"
                yield _refused("a layer that stands at one place", because, "convert to Python", layer.where, layer)
            seen |= {layer.shared}


def _models_in_two(spec: Spec) -> Iterator[Fault]:
    """Models that stand in two models."""
    models = distinct_models(spec)
    for inner in models[:-1]:
        users = [model for model in models if any(used == inner for used in _used_models(model))]
        if len(users) > 1:
            names = " and ".join(f'"{user.name}"' for user in users)
            because = f"it stands in {names}, and Keras's JSON has no way to say that one layer stands in two models"
            fault = _refused("a model that stands in one model", because, "convert to YAML or Python", inner.where)
            yield fault.placed(None, (inner.name, "Sequential" if inner.sequential else "Functional"))


def _used_models(spec: Spec) -> list[Spec]:
    names = {layer.class_name for layer in layers_of(spec)}
    return [model for name, model in spec.models.items() if name in names]


def _open_sizes(spec: Spec, report: Report) -> Iterator[Fault]:
    """Names of sizes that a weight's size depends on; Keras has no names."""
    for name in report.needs:
        if not isinstance(substitute(parse(name), spec.symbols), int):
            because = "a weight has that size, and Keras makes no weight without a number"
            fix = f"give it a value: `--set {name}=NUMBER`"
            yield Fault("unset-symbol", f"`{name}` to be a number", f"`{name}`", because, fix, Where(spec.source))


def _code(model: Spec, layer: LayerSpec, target: str) -> Iterator[Fault]:
    """What of a layer is code, or an object that the target has no words for."""
    name = TARGET_NAMES[target]
    rule = find_rule(layer.class_name)
    if layer.class_name in model.models:
        return
    if rule is None:
        because = "its code is not part of the model"
        yield _refused("a layer of Keras's", because, TO_YAML, layer.where, layer)
        return
    if layer.class_name == "Lambda":
        because = (
            f"{name} cannot hold a function" if target == "keras-json" else "its function is not part of the model"
        )
        yield _refused("a layer without a function", because, TO_YAML, layer.where, layer)
        return
    for key, value in telling_arguments(layer).items():
        argument = rule.arguments.get(key)
        where = layer.argument_where.get(key, layer.where)
        if isinstance(value, Mapping) and value.get("class_name") in ("function", "__lambda__"):
            because = "its code is not part of the model"
            yield _refused(f"`{key}` without a function", because, "convert to YAML", where, layer)
        elif target == "python" and isinstance(value, Mapping) and not is_array(value):
            kind = argument.kind if argument else ""
            made = kind in PYTHON_MODULES and not any(isinstance(item, Mapping) for item in _config(value).values())
            if not made and kind not in TAKEN_AS_CONFIG:
                because = "lstmcalc has no Python text for this object"
                yield _refused(f"`{key}` by name or number", because, "convert to YAML or Keras's JSON", where, layer)


def _config(value: Mapping[str, Any]) -> Mapping[str, Any]:
    config = value.get("config")
    return config if isinstance(config, Mapping) else {}


def _nested_states(model: Spec) -> Iterator[Fault]:
    """Outputs of an RNN whose states Keras nests in one another: a list of cells, one of them with several states."""
    used: set[str] | None = None
    for call in model.calls:
        layer = model.layers[call.layer]
        cell = layer.arguments.get("cell")
        cells = cell.arguments.get("cells") if isinstance(cell, LayerSpec) else cell
        several = isinstance(cells, (list, tuple)) and any(
            isinstance(item, LayerSpec) and item.class_name != "GRUCell" and item.class_name != "SimpleRNNCell"
            for item in cells
        )
        if several and used is None:
            read = chain(model.outputs, *(other.refs for other in model.calls))
            used = {ref.name for ref in read if ref.index}
        if used and several and call.layer in used:
            because = "Keras nests the states of cells in one another there"
            fix = "convert to YAML or Keras's JSON"
            yield _refused("no states of several cells", because, fix, layer.where, layer)
