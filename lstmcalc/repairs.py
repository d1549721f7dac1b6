"""Changes of a model that might mend a fault, the likeliest first; whether one does, the rules are asked.

Each is a whole changed spec, so that nothing is advised that was not tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from lstmcalc.dims import UNKNOWN, product
from lstmcalc.errors import Fault
from lstmcalc.frozen import NamedTuple
from lstmcalc.graph import numbered_calls
from lstmcalc.layers import find_rule
from lstmcalc.layers.arguments import show
from lstmcalc.layers.rule import Shape
from lstmcalc.shapes import show_stated
from lstmcalc.spec import Call, LayerSpec, Ref, Spec

__all__ = ["Repair", "repairs"]

#: The faults that another model may not have. All others are about one value, and their fix is said with them.
MENDABLE = ("unknown-output", "wrong-ndim", "wrong-number-of-inputs", "wrong-number-of-states", "wrong-size")
#: The arguments that set the width of what a layer gives.
WIDTHS = ("units", "filters", "output_dim")
#: The arguments that decide whether an axis is kept.
KEEPING = ("return_sequences", "keepdims")
#: The name of a layer that is put in.
PUT_IN = "put_in"

#: The shape behind a reference, None where it is not known.
Shapes = Callable[[Ref], "Shape | None"]


class Repair(NamedTuple):
    """A change in words, and the model with it."""

    text: str
    spec: Spec


def repairs(spec: Spec, fault: Fault, shapes: Shapes) -> Iterator[Repair]:
    """The changes that might mend a fault of a call, the likeliest first."""
    index = _place(spec, fault)
    if index is None or fault.code not in MENDABLE:
        return
    victim = spec.calls[index]
    before = list(_upstream(spec, index))
    yield from _one_output(spec, index)
    yield from _switched(spec, before)
    yield from _inputs(spec, before)
    yield from _widths(spec, index, shapes)
    yield from _states(spec, victim)
    yield from _targets(spec, victim, shapes)
    yield from _joined(spec, index, fault)
    if fault.code == "wrong-ndim":
        yield from _put_in(spec, index, shapes)
    if "shared" not in fault.because and len(spec.calls) > 1:
        yield from _left_out(spec, index, before, shapes)


def _place(spec: Spec, fault: Fault) -> int | None:
    """The call that has the fault."""
    if fault.layer is None:
        return None
    named = [index for index, call in enumerate(spec.calls) if call.layer == fault.layer[0]]
    here = [index for index in named if spec.calls[index].where == fault.where]
    return next(iter(here or named), None)


def _upstream(spec: Spec, index: int) -> Iterator[int]:
    """The calls and, as negative numbers, the inputs (-1 is the first) that lead to a call, the nearest first."""
    places = {(port.name, 0): -1 - place for place, port in enumerate(spec.inputs)}
    places |= {key: place for place, key in enumerate(islice(numbered_calls(spec), index))}
    waiting = [places.get((ref.name, ref.call)) for ref in spec.calls[index].refs]
    seen = set()
    for place in waiting:
        if place is not None and place not in seen:
            seen.add(place)
            yield place
            waiting += [places.get((ref.name, ref.call)) for ref in spec.calls[place].refs] if place >= 0 else []


def _one_output(spec: Spec, index: int) -> Iterator[Repair]:
    """Only the output of a layer that hands on its states too."""
    victim = spec.calls[index]
    sources = {ref.name for ref in victim.inputs}
    if len(sources) == 1 and len(victim.inputs) > 1 and (layer := spec.layers.get(min(sources))):
        repair = _set(spec, layer, _held(layer), "return_state", False)
        yield repair._replace(spec=_with_call(repair.spec, victim, victim._replace(inputs=victim.inputs[:1])))


def _switched(spec: Spec, before: Sequence[int]) -> Iterator[Repair]:
    """What decides whether axes are kept, the other way round, on each layer that leads here and has it."""
    for name in _names(spec, before):
        layer = spec.layers[name]
        held = _held(layer)
        rule = find_rule(held.class_name)
        for key in KEEPING:
            if rule and key in rule.arguments:
                yield _set(spec, layer, held, key, not held.arguments.get(key, False))


def _states(spec: Spec, victim: Call) -> Iterator[Repair]:
    """`return_state` where states are asked for; the states of the layer that gives some, where too few are taken."""
    for name in dict.fromkeys(ref.name for ref in victim.refs):
        layer = spec.layers.get(name)
        if layer and any(ref.index for ref in victim.refs if ref.name == name):
            yield _set(spec, layer, _held(layer), "return_state", True)
    for name in dict.fromkeys(ref.name for ref in victim.initial_state):
        for number in (1, 2, 4):
            refs = tuple(Ref(name, i) for i in range(1, number + 1))
            listed = ", ".join(f'"{ref}"' for ref in refs)
            changed = victim._replace(initial_state=refs)
            yield Repair(f"write `initial_state: [{listed}]`", _with_call(spec, victim, changed))
    if victim.initial_state:
        yield Repair("leave `initial_state` out", _with_call(spec, victim, victim._replace(initial_state=())))


def _inputs(spec: Spec, before: Sequence[int]) -> Iterator[Repair]:
    """An input without its first size, which may be the batch; and one with an axis more."""
    for place in (-1 - place for place in before if place < 0):
        port = spec.inputs[place]
        if len(port.shape) > 1:
            sure = port.shape[0] in (None, spec.batch)
            batch = "leave the batch" if sure else f"if {port.shape[0]} is the batch, leave it"
            text = f'{batch} out of the shape of input "{port.name}": {show_stated(port.shape[1:])}'
            yield Repair(text, _with_input(spec, place, port.shape[1:]))
    for place in (-1 - place for place in before if place < 0):
        port = spec.inputs[place]
        behind, before_it = ((*port.shape, 1), ""), ((1, *port.shape), "")
        if len(port.shape) == 1:
            before_it = (before_it[0], f" for one step of {port.shape[0]} values")
        for shape, what in (before_it, behind) if before_it[1] else (behind, before_it):
            text = f'give input "{port.name}" one axis more, such as {show_stated(shape)}{what}'
            yield Repair(text, _with_input(spec, place, shape))


def _widths(spec: Spec, index: int, shapes: Shapes) -> Iterator[Repair]:
    """The width of a layer set to what another input, a state, or the layer itself has."""
    victim = spec.calls[index]
    refs = (*victim.inputs, *victim.initial_state)
    widths = [shape[-1] for shape in map(shapes, refs) if shape]
    wanted = list(dict.fromkeys(width for width in widths if isinstance(width, int)))
    own = spec.layers[victim.layer]
    if own.class_name in spec.models:
        # What a nested model was made for.
        stated = (port.shape[-1] for port in spec.models[own.class_name].inputs if port.shape)
        sizes = (spec.symbols.get(size) if isinstance(size, str) else size for size in stated)
        wanted = [size for size in sizes if size is not None]
    if victim.initial_state:
        size = _held(own).arguments.get("units")
        wanted += [size] if isinstance(size, int) else []
        yield from _wide(spec, own, wanted)
    for ref in reversed(refs):
        for name in _names(spec, _chain(spec, ref)):
            yield from _wide(spec, spec.layers[name], wanted)


def _wide(spec: Spec, layer: LayerSpec, wanted: Sequence[int]) -> Iterator[Repair]:
    held = _held(layer)
    for key in WIDTHS:
        if key in held.arguments:
            for width in wanted:
                yield _set(spec, layer, held, key, width)
                if layer.class_name == "Bidirectional" and width % 2 == 0:
                    yield _set(spec, layer, held, key, width // 2)


def _chain(spec: Spec, ref: Ref) -> list[int]:
    """The calls that lead to a reference along first inputs, the nearest first."""
    found: list[int] = []
    while True:
        place = next((i for i, call in enumerate(spec.calls) if call.layer == ref.name), None)
        if place is None or place in found or not spec.calls[place].inputs:
            return found
        found.append(place)
        ref = spec.calls[place].inputs[0]


def _targets(spec: Spec, victim: Call, shapes: Shapes) -> Iterator[Repair]:
    """Another `target_shape` for a Reshape, as near to its own as the number of values allows."""
    layer = spec.layers[victim.layer]
    target, shape = layer.arguments.get("target_shape"), shapes(victim.inputs[0]) if victim.inputs else None
    if layer.class_name != "Reshape" or shape is None or not isinstance(target, (list, tuple)):
        return
    count = product(size for size in shape[1:] if size is not UNKNOWN)
    if not isinstance(count, int):
        return
    last = target[-1] if target and isinstance(target[-1], int) and target[-1] > 0 else 1
    divisors = [size for size in range(1, min(count, 10_000) + 1) if count % size == 0]
    nearest = min(divisors, key=lambda size: (abs(size - last), size))
    for fitting in ([-1, *target[1:]], [*target[:-1], -1], [-1, nearest]):
        if list(fitting) != list(target):
            yield _set(spec, layer, layer, "target_shape", fitting)


def _joined(spec: Spec, index: int, fault: Fault) -> Iterator[Repair]:
    """A Concatenate around what is too much for a layer that takes one input; another axis for one that has one."""
    victim = spec.calls[index]
    layer = spec.layers[victim.layer]
    if "axis" in layer.arguments and len(victim.inputs) > 1:
        for axis in (-1, 1):
            yield _set(spec, layer, layer, "axis", axis)
    if fault.code == "wrong-number-of-inputs" and len(victim.inputs) > 1:
        joining = LayerSpec("Concatenate", PUT_IN)
        call = Call(PUT_IN, victim.inputs)
        text = f'put `Concatenate` before "{victim.layer}", on its {len(victim.inputs)} inputs'
        yield Repair(text, _with_layer(spec, index, joining, call))


def _put_in(spec: Spec, index: int, shapes: Shapes) -> Iterator[Repair]:
    """A layer before the one that refuses its input, which gives it the axes that it needs."""
    victim = spec.calls[index]
    for number, ref in enumerate(victim.inputs):
        shape = shapes(ref)
        if shape is None:
            continue
        which = f', on "{ref}"' if len(victim.inputs) > 1 else ""
        for layer, written in _shapers(spec.layers[victim.layer], shape):
            call = Call(PUT_IN, (ref,))
            inputs = tuple(Ref(PUT_IN) if i == number else other for i, other in enumerate(victim.inputs))
            changed = _with_layer(spec, index, layer, call, victim._replace(inputs=inputs))
            yield Repair(f'put `{written}` before "{victim.layer}"{which}', changed)
    own = spec.layers[victim.layer]
    if len(victim.inputs) == 1 and own.class_name != "TimeDistributed":
        wrapped = LayerSpec("TimeDistributed", own.name, {"layer": own}, own.where)
        layers = {**spec.layers, own.name: wrapped}
        yield Repair(f'put "{own.name}" into `TimeDistributed`', spec._replace(layers=layers))


def _shapers(victim: LayerSpec, shape: Shape) -> Iterator[tuple[LayerSpec, str]]:
    flatten = LayerSpec("Flatten", "flatten")
    sizes = [-1 if size is UNKNOWN else size for size in shape[1:]]
    if _held(victim).class_name in ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional"):
        # A picture per step becomes the features of that step.
        yield LayerSpec("TimeDistributed", PUT_IN, {"layer": flatten}), "TimeDistributed(Flatten())"
    yield LayerSpec("Flatten", PUT_IN), "Flatten()"
    yield LayerSpec("TimeDistributed", PUT_IN, {"layer": flatten}), "TimeDistributed(Flatten())"
    yield LayerSpec("GlobalAveragePooling1D", PUT_IN), "GlobalAveragePooling1D()"
    if all(isinstance(size, int) for size in sizes) and sizes.count(-1) < 2:
        for target in ([*sizes, 1], [1, *sizes], [*sizes, 1, 1]):
            written = f"Reshape(({', '.join(map(str, target))}))"
            yield LayerSpec("Reshape", PUT_IN, {"target_shape": target}), written


def _left_out(spec: Spec, index: int, before: Sequence[int], shapes: Shapes) -> Iterator[Repair]:
    """The model without a layer that changes the number of axes on the way here, or without the one that refuses."""
    for place in (*(place for place in before if place >= 0), index):
        call = spec.calls[place]
        if not call.inputs:
            continue
        taken, given = shapes(call.inputs[0]), shapes(Ref(call.layer))
        if place == index or (taken and given and len(taken) != len(given)):
            alone = sum(other.layer == call.layer for other in spec.calls) == 1
            used = [ref for other in spec.calls for ref in other.refs if ref.name == call.layer]
            if alone and not any(ref.index for ref in used):
                yield Repair(f'leave "{call.layer}" out', _without(spec, place))


def _names(spec: Spec, places: Sequence[int]) -> list[str]:
    return list(dict.fromkeys(spec.calls[place].layer for place in places if place >= 0))


def _held(layer: LayerSpec) -> LayerSpec:
    """The layer that a wrapper holds, or the layer itself."""
    inner = layer.arguments.get("layer")
    return _held(inner) if isinstance(inner, LayerSpec) else layer


def _set(spec: Spec, layer: LayerSpec, held: LayerSpec, key: str, value: Any) -> Repair:
    where = f'"{layer.name}"' if held is layer else f'the {held.class_name} in "{layer.name}"'
    changed = held.changed(arguments={**held.arguments, key: value})
    layers = {**spec.layers, layer.name: _replaced(layer, held, changed)}
    return Repair(f"set `{key}: {show(value)}` on {where}", spec._replace(layers=layers))


def _replaced(layer: LayerSpec, old: LayerSpec, new: LayerSpec) -> LayerSpec:
    if layer is old:
        return new
    return layer.changed(arguments={**layer.arguments, "layer": _replaced(layer.arguments["layer"], old, new)})


def _with_call(spec: Spec, old: Call, new: Call) -> Spec:
    return spec._replace(calls=tuple(new if call is old else call for call in spec.calls))


def _with_input(spec: Spec, place: int, shape: tuple[Any, ...]) -> Spec:
    ports = list(spec.inputs)
    ports[place] = ports[place]._replace(shape=shape)
    return spec._replace(inputs=tuple(ports))


def _with_layer(spec: Spec, index: int, layer: LayerSpec, call: Call, victim: Call | None = None) -> Spec:
    """The model with a layer put in before a call, which reads what that gives."""
    victim = victim or spec.calls[index]._replace(inputs=(Ref(PUT_IN),))
    calls = (*spec.calls[:index], call, victim, *spec.calls[index + 1 :])
    return spec._replace(calls=calls, layers={**spec.layers, PUT_IN: layer})


def _without(spec: Spec, index: int) -> Spec:
    gone = spec.calls[index]

    def past(refs: tuple[Ref, ...]) -> tuple[Ref, ...]:
        return tuple(gone.inputs[0] if ref.name == gone.layer else ref for ref in refs)

    calls = [call._replace(inputs=past(call.inputs), initial_state=past(call.initial_state)) for call in spec.calls]
    layers = {name: layer for name, layer in spec.layers.items() if name != gone.layer}
    return spec._replace(calls=(*calls[:index], *calls[index + 1 :]), layers=layers, outputs=past(spec.outputs))
