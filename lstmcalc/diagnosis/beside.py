"""A diagnosis beside the model that the message came from: the very layer and line, and what the model rules out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from lstmcalc.diagnosis.apart import data_causes, fits
from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis, Shape
from lstmcalc.diagnosis.families.axes import MODELS
from lstmcalc.diagnosis.message import read_shape
from lstmcalc.diagnosis.words import class_named, named
from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.inference import infer
from lstmcalc.layers import find_rule
from lstmcalc.report import LayerReport, Report
from lstmcalc.shapes import show_shape
from lstmcalc.spec import Call, LayerSpec, Spec

__all__ = ["beside_model"]

#: What is left where a model shows by itself that it is not the cause.
OTHER_MODEL = (
    "The model that ran is not the one in this file.",
    "Compare what `model.summary()` prints with `lstmcalc summary` of the file.",
)
OTHER_SUMMARY = "So the model that ran is not the one of this summary."
#: Families of what only the data shows.
ABOUT_DATA = ("no-array", "cardinality", "ragged", "text-as-numbers", "copy-shape", "wrong-input", "missing-input")
#: Families of what a model itself shows, when it is built.
SHOWN = ("wrong-ndim", "wrong-size", "window-too-large", "undefined-size")
#: Those that come from the model or from what is done with it.
MAY_BE_SHOWN = (
    "concatenate-shapes",
    "merge-shapes",
    "dot-sizes",
    "reshape-total",
    "number-of-inputs",
    "unequal-dimensions",
    "matrix-sizes",
    "channels",
)


def beside_model(diagnosis: Diagnosis, spec: Spec) -> Diagnosis:
    """The diagnosis with the lines of a model: its own fault where it has the same one, else what it rules out."""
    faults: tuple[Fault, ...] = ()
    try:
        report: Report | None = infer(spec)
    except SpecError as error:
        faults, report = error.faults, error.report
    same = _same(diagnosis, faults)
    if same is not None:
        cause = _cause_of(same, spec)
        layer, class_name = same.layer or (diagnosis.layer, diagnosis.class_name)
        # Without a change of its own, the fault only says where; the message's own changes follow.
        others = () if same.fix else tuple(_placed(diagnosis, _layer_of(diagnosis, report), spec, False))
        renamed = _renamed(diagnosis, layer)
        return replace(diagnosis, causes=(cause, *others), layer=layer, class_name=class_name, model_says=renamed)
    place = _first(report) if diagnosis.code == "checking-input" else _layer_of(diagnosis, report)
    says = [one if _in_yaml(spec) else _as_python(one) for one in _other_faults(faults)]
    stranger = _is_stranger(diagnosis, place, spec)
    if stranger:
        says.append(f'The model has no layer "{diagnosis.layer}", and no {diagnosis.class_name}.')
    elif report is not None and not faults:
        says += _shown(diagnosis, place, spec, report)
    sound = stranger or (report is not None and not faults and diagnosis.code in SHOWN)
    data = list(_data(diagnosis, place, report)) if not stranger else []
    seen = {code for cause in data for code in cause.code}
    causes = [*data, *(one for one in _placed(diagnosis, place, spec, sound) if not seen & set(one.code))]
    if stranger or (sound and not causes):
        causes, more = _of_another_model(diagnosis, spec)
        says += more
    layer = place.name if place else diagnosis.layer
    return replace(diagnosis, causes=tuple(causes), layer=layer, model_says=tuple(says))


def _of_another_model(diagnosis: Diagnosis, spec: Spec) -> tuple[list[Cause], list[str]]:
    """The causes, and what the model says, where it cannot be the one that the message came from."""
    if any(_stated(call.where) for call in spec.calls):
        return [Cause(*OTHER_MODEL)], []
    # A summary may be of the model before the last change.
    return list(diagnosis.causes), [OTHER_SUMMARY]


def _is_stranger(diagnosis: Diagnosis, place: LayerReport | None, spec: Spec) -> bool:
    """Whether a message names a layer, by a name that tells its class, of a class that the model does not have."""
    if place is not None or not diagnosis.class_name or diagnosis.code not in SHOWN:
        return False
    classes = {*_classes(spec), *MODELS}
    return class_named(diagnosis.layer) == diagnosis.class_name and diagnosis.class_name not in classes


def _classes(spec: Spec) -> Iterator[str]:
    """The classes of all layers of a model, those inside wrappers and inner models too."""
    waiting = list(spec.layers.values())
    while waiting:
        layer = waiting.pop()
        yield layer.class_name
        for value in layer.arguments.values():
            waiting += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, LayerSpec)]
    for inner in spec.models.values():
        yield from _classes(inner)


def _renamed(diagnosis: Diagnosis, layer: str) -> tuple[str, ...]:
    """Automatic names count all layers of a session, so those of a message may have other numbers."""
    if not diagnosis.layer or diagnosis.layer == layer:
        return ()
    return (f'The layer "{diagnosis.layer}" of the message is "{layer}" in the model.',)


def _same(diagnosis: Diagnosis, faults: tuple[Fault, ...]) -> Fault | None:
    """The fault of a model that is the one of a message: of its layer, or of its class and shape."""
    for fault in faults:
        if fault.layer and diagnosis.layer and fault.layer[0] == diagnosis.layer:
            return fault
    shapes = [show_shape(shape) for shape in diagnosis.received]
    like = [fault for fault in faults if fault.layer and _alike(diagnosis, fault.layer[1], fault.code)]
    for fault in like:
        if any(shape in fault.got or shape in fault.because for shape in shapes):
            return fault
    return like[0] if like and (not shapes or len(like) == 1) else None


#: What lstmcalc calls the fault behind a family of messages, where it has another name for it.
CODES = {
    "concatenate-shapes": ("wrong-shape", "wrong-ndim", "wrong-size", "shape-mismatch"),
    "merge-shapes": ("wrong-shape", "wrong-ndim", "wrong-size", "shape-mismatch"),
    "reshape-total": ("wrong-size",),
    "undefined-size": ("unknown-size",),
    "number-of-inputs": ("wrong-inputs",),
    "dot-sizes": ("wrong-size",),
}
MERGING = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")


def _alike(diagnosis: Diagnosis, class_name: str, code: str) -> bool:
    if diagnosis.class_name:
        return class_name == diagnosis.class_name
    if diagnosis.code in ("concatenate-shapes", "merge-shapes"):
        return class_name in MERGING
    return code in CODES.get(diagnosis.code, (diagnosis.code,))


def _cause_of(fault: Fault, spec: Spec) -> Cause:
    """A fault as the cause of a message; its place is that of the layer to change."""
    layer = f'"{fault.layer[0]}" ({fault.layer[1]})' if fault.layer else "The model"
    got = f" and gets {fault.got}" if fault.got else ""
    said = f"{layer} expects {fault.expected}{got}." if fault.expected else ""
    because = f" {_capital(fault.because)}." if fault.because else ""
    fix = f"{_capital(fault.fix)}." if fault.fix else ""
    if not _in_yaml(spec):
        because, fix = _as_python(because), _as_python(fix)
    culprit = re.search(r'"([^"]{1,200})"', fault.fix)
    where = _place(culprit[1], spec) if culprit else None
    return Cause(f"{said}{because}".strip(), fix, where=where or fault.where)


def _in_yaml(spec: Spec) -> bool:
    """Whether a model is written in YAML; all others are Python in the end."""
    return spec.source.endswith((".yaml", ".yml"))


_SETTING = re.compile(r"`(\w+): (true|false|null|\"[^\"`]*\"|'[^'`]*'|[\d(\[][^`]*|[A-Za-z_]\w*)`")
_WORDS = {"true": "True", "false": "False", "null": "None"}


def _as_python(text: str) -> str:
    """Arguments as Python writes them, where a sentence has them as a YAML model does.

    >>> _as_python("set `return_sequences: true` and `padding: same`")
    'set `return_sequences=True` and `padding="same"`'
    """

    def written(found: re.Match[str]) -> str:
        value = _WORDS.get(found[2], found[2])
        return f'`{found[1]}="{value}"`' if value == found[2] and value[0].isalpha() else f"`{found[1]}={value}`"

    return _SETTING.sub(written, text)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _other_faults(faults: tuple[Fault, ...]) -> Iterator[str]:
    if faults:
        first = faults[0]
        where = f" ({first.where})" if first.where else ""
        layer = f' at "{first.layer[0]}"' if first.layer else ""
        yield f"The model has another fault{layer}{where}: {first.message}."


def _place(name: str, spec: Spec) -> Where | None:
    """Where a layer or an input stands."""
    for call in spec.calls:
        if call.layer == name:
            return _stated(call.where)
    return _stated(next((port.where for port in spec.inputs if port.name == name), None))


def _stated(where: Where | None) -> Where | None:
    """A place, unless it is empty, as those of a model from its summary are."""
    return where if where is not None and str(where) else None


def _layer_of(diagnosis: Diagnosis, report: Report | None) -> LayerReport | None:
    """The layer of a message: by its name, else by its class and the shape it got, else the only one of its class."""
    if report is None:
        return None
    by_name = [layer for layer in report.layers if layer.name == diagnosis.layer]
    alike = [layer for layer in report.layers if diagnosis.class_name and layer.class_name == diagnosis.class_name]
    by_shape = [layer for layer in alike if any(_agrees(layer, shape) for shape in diagnosis.received)]
    found = by_name or by_shape or alike
    return found[0] if found and (len(found) == 1 or by_name) else None


def _agrees(layer: LayerReport, shape: Shape) -> bool:
    return any(
        _sizes(one) is not None and fits(_sizes(one) or (), shape) for one in layer.input_shapes if one is not None
    )


def _sizes(shape: object) -> Shape | None:
    """A shape of a report in numbers; a symbol is as good as unknown."""
    if not isinstance(shape, tuple):
        return None
    return tuple(size if isinstance(size, int) else None for size in shape)


def _shown(diagnosis: Diagnosis, place: LayerReport | None, spec: Spec, report: Report) -> Iterator[str]:
    """What a model without a fault says of a message."""
    output = report.outputs[0].shape if len(report.outputs) == 1 else None
    if place is not None and diagnosis.code in SHOWN:
        shapes = " and ".join(show_shape(shape) for shape in place.input_shapes)
        where = _place(place.name, spec)
        at = f" ({where})" if where else ""
        yield (f'The model does not show this fault: "{place.name}" ({place.class_name}){at} gets {shapes}.')
    elif "target" in diagnosis.code or diagnosis.code in ("incompatible-shapes", "label-range"):
        if output is not None:
            yield f"The model gives {show_shape(output)}."
    elif diagnosis.code == "checking-input" or diagnosis.code in ABOUT_DATA:
        inputs = ", ".join(f"{show_shape(port.shape)}" for port in report.inputs)
        yield f"The model reads {inputs}."
    elif diagnosis.code in (*SHOWN, *MAY_BE_SHOWN):
        yield "The model by itself does not show this fault."


def _data(diagnosis: Diagnosis, place: LayerReport | None, report: Report | None) -> Iterator[Cause]:
    """What to do with data of the message's shape, so that it goes into the model."""
    if report is None or not diagnosis.received or len(report.inputs) != 1:
        return
    wanted = _sizes(report.inputs[0].shape)
    first = _first(report)
    if wanted is None or (place is not None and place is not first):
        return
    if diagnosis.code in ("wrong-ndim", "wrong-input", "checking-input"):
        for cause in data_causes(diagnosis.received[0], wanted):
            yield replace(cause, cause=f"{cause.cause} The model's input is {show_shape(wanted)}.")


def _first(report: Report | None) -> LayerReport | None:
    return next((layer for layer in report.layers if layer.class_name != "InputLayer"), None) if report else None


def _placed(diagnosis: Diagnosis, place: LayerReport | None, spec: Spec, sound: bool) -> Iterator[Cause]:
    """The causes of the family with their lines; those that the model rules out are left out.

    A `sound` model has none of the faults that it would show by itself.
    """
    before = list(_calls_before(place.name if place else "", spec, _is_recurrent))
    for cause in diagnosis.causes:
        if cause.about in ("drops-steps", "keeps-steps", "flatten"):
            through = before if cause.about != "flatten" else _calls_before(place.name if place else "", spec)
            call = next((one for one in through if _is(cause.about, spec.layers[one.layer])), None)
            if call is None or sound:
                continue
            who = named(call.layer, spec.layers[call.layer].class_name)
            yield replace(cause, cause=f"{cause.cause} Here it is {who}.", where=_stated(call.where))
        elif cause.about == "input" and (sound or not _is_about(cause, spec)):
            continue
        elif cause.about == "input" and spec.inputs:
            yield replace(cause, where=_stated(spec.inputs[0].where))
        elif cause.about == "output" and spec.calls:
            yield replace(cause, where=_stated(spec.calls[-1].where))
        else:
            yield cause


def _is_about(cause: Cause, spec: Spec) -> bool:
    """Whether what a change of the input replaces (`# not (64,)`) is the input of this model."""
    replaced = re.search(r"# not (\([^()]*\))", " ".join(cause.code))
    if not replaced or not spec.inputs:
        return True
    shape = read_shape(replaced[1])
    return any(shape is not None and _sizes(port.shape) == (None, *shape) for port in spec.inputs)


def _calls_before(name: str, spec: Spec, end: Callable[[LayerSpec], bool] = lambda layer: False) -> Iterator[Call]:
    """The calls that lead to a layer, or to the outputs, the nearest first; what is before an `end` is left out."""
    calls = {call.layer: call for call in spec.calls}
    waiting = [ref.name for ref in (calls[name].inputs if name in calls else spec.outputs)]
    seen: set[str] = set()
    while waiting:
        current = waiting.pop(0)
        if current in seen or current not in calls:
            continue
        seen.add(current)
        yield calls[current]
        if not end(spec.layers[calls[current].layer]):
            waiting += [ref.name for ref in calls[current].inputs]


def _is_recurrent(layer: LayerSpec) -> bool:
    """Whether a layer, or the one that it wraps, takes or drops the time steps by itself."""
    inner = layer.arguments.get("layer")
    if isinstance(inner, LayerSpec):
        return _is_recurrent(inner)
    rule = find_rule(layer.class_name)
    return rule is not None and "return_sequences" in rule.arguments


def _is(about: str, layer: LayerSpec) -> bool:
    """Whether a layer is what a cause is about."""
    inner = layer.arguments.get("layer")
    if isinstance(inner, LayerSpec):
        return _is(about, inner)
    if about == "flatten":
        return layer.class_name == "Flatten"
    if not _is_recurrent(layer):
        return False
    return bool(layer.arguments.get("return_sequences")) == (about == "keeps-steps")
