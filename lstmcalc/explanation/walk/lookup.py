"""One layer of a model, found by its name, and explained with its place in the model."""

from __future__ import annotations

from collections.abc import Iterator

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.explanation.layer import Explanation, Section, explain_layer
from lstmcalc.explanation.walk import outermost
from lstmcalc.explanation.walk.places import Place, inner_places, ordinals
from lstmcalc.explanation.words import listed, quoted
from lstmcalc.layers.arguments import closest
from lstmcalc.report import CallReport, LayerReport, Report
from lstmcalc.shapes import show_shape
from lstmcalc.spec import Spec

__all__ = ["explain_layer_at", "find_layer"]

#: More names than these are not listed in an error.
MOST_LISTED = 40


def find_layer(spec: Spec, report: Report, word: str) -> tuple[Place, LayerReport]:
    """The layer that a name means, and the model that it stands in.

    The name is that of one layer, one with the models around it (`encoder/reader`), or the class that only one layer
    has. Raises `SpecError`.

    >>> from lstmcalc import infer, load
    >>> spec = load("model.yaml", text="{input: [10, 32], layers: [{LSTM: {units: 64, name: reader}}, Dense: 1]}")
    >>> find_layer(spec, infer(spec), "lstm")[1].name
    'reader'
    """
    there = {place.full_name(layer.name): (place, layer) for place, layer in _layers(outermost(spec, report))}
    folded = word.strip().lower().replace("_", "")
    tried = (
        [path for path in there if path == word],
        [path for path, (_, layer) in there.items() if layer.name == word],
        [path for path, (_, layer) in there.items() if layer.class_name.lower() == folded],
    )
    found = next((paths for paths in tried if paths), [])
    if len(found) == 1:
        return there[found[0]]
    names = list(found or there)
    shown = listed(map(quoted, names[:MOST_LISTED]), "or")
    more = f" ({len(names) - MOST_LISTED} more are not listed)" if len(names) > MOST_LISTED else ""
    if found:
        fault = Fault("unclear-layer", f"the name of one layer: {shown}{more}", f"`{word}`, which may be any of them")
    else:
        near = closest(word, list(there)) or closest(word.rpartition("/")[2], list(there))
        fix = f"did you mean `{near}`?" if near else ""
        fault = Fault("unknown-layer", f"a layer of the model: {shown}{more}", f"`{word}`", fix=fix)
    raise SpecError([fault.placed(Where(spec.source))], report)


def _layers(place: Place) -> Iterator[tuple[Place, LayerReport]]:
    for layer in place.report.layers:
        yield place, layer
        for inner in inner_places(place, layer):
            yield from _layers(inner)


def explain_layer_at(place: Place, layer: LayerReport, compare: bool = False) -> Explanation:
    """A layer explained as it would be alone, and before that where its input comes from and where its output goes."""
    explanation = explain_layer(place.bound, place.report, layer.name, compare, alone=not place.path)
    rows = [row for number, call in enumerate(layer.calls) for row in _application(place, layer, number, call)]
    return explanation._replace(sections=(Section(f"In {place.owner}", tuple(rows)), *explanation.sections))


def _application(place: Place, layer: LayerReport, number: int, call: CallReport) -> Iterator[tuple[str, ...]]:
    """Where one application of a layer stands."""
    which = f" {number + 1}" if len(layer.calls) > 1 else ""
    sources = [place.called(name) for name in call.connected_to]
    shown = [show_shape(shape) for shape in call.inputs]
    told = place.calls.get((layer.name, number))
    if told is not None:
        pairs = zip(shown, (place.called(ref.name) for ref in told.inputs), strict=False)
        yield f"reads{which}", listed(f"{shape} from {name}" for shape, name in pairs) or "nothing"
        if told.initial_state:
            yield f"starts from{which}", listed(dict.fromkeys(place.called(ref.name) for ref in told.initial_state))
    elif shown:
        yield f"reads{which}", f"{listed(shown)} from {listed(sources)}"
    readers = [quoted(name) for name in place.readers.get((layer.name, number), [])]
    leaves = place.leaving(layer.name, number)
    if readers or not leaves:
        yield f"read by{which}", listed(readers) or "nothing"
    if leaves:
        several = f"{ordinals(leaves)}, " if len(call.outputs or ()) > 1 else ""
        yield f"output{which}", f"{several}of {place.owner}"
