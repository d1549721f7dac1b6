"""Models with sizes left open: symbols without their values, arguments and unknown sizes as symbols."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from keyword import iskeyword
from typing import Any

from lstmcalc.dims import parse, symbols_of
from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.layers import find_rule
from lstmcalc.layers.arguments import closest
from lstmcalc.spec import LayerSpec, Spec

__all__ = [
    "bound",
    "filled",
    "is_stateful",
    "named_sizes",
    "openable",
    "opened",
    "stand_ins",
    "symbols_in",
    "unknown_values",
]

#: The kinds of arguments that a symbol can stand for.
SIZES = ("size", "sizes")


def opened(spec: Spec, names: Iterable[str]) -> tuple[Spec, Mapping[str, str]]:
    """The model with these sizes open, and the symbol that stands for each in its shapes and counts.

    A name is a symbol of the model, whose value is dropped, or `layer.argument`, which becomes a symbol: of a layer, of
    the one that it wraps, or (`encoder.lstm.units`) of a model used as a layer. Of a model that is one layer, the
    argument alone does. Raises `SpecError` for a layer or an argument that is not there; an unknown symbol is for
    `infer` to refuse.

    >>> from lstmcalc import infer, load
    >>> spec, symbols = opened(load("specs/forecast.yaml"), ["lstm.units"])
    >>> symbols, infer(spec).totals.params
    ({'lstm.units': 'lstm_units'}, 4*(lstm_units**2 + 7*lstm_units + 5))
    """
    symbols: dict[str, str] = {}
    taken = {*symbols_in(spec), *spec.symbols}
    for name in dict.fromkeys(names):
        layer, dot, argument = name.rpartition(".")
        if dot or (layer := "" if name in taken else _only_layer(spec, name)):
            symbols[name] = _free_name(f"{layer}_{argument}", taken)
            taken.add(symbols[name])
            changed = _with_argument(spec, layer, argument, symbols[name])
            if changed is None:
                raise SpecError([_missing(spec, layer, argument).placed(Where(spec.source))])
            spec = changed
        else:
            symbols[name] = name
    values = {name: value for name, value in spec.symbols.items() if name not in symbols}
    return spec._replace(symbols=values), symbols


def _only_layer(spec: Spec, argument: str) -> str:
    """The layer that an argument is of, where there is a single one and it has that argument."""
    only = next(iter(spec.layers), "")
    return only if len(spec.layers) == 1 and f"{only}.{argument}" in openable(spec) else ""


def _free_name(text: str, taken: set[str]) -> str:
    """A symbol's name that is like the text, and that no other has."""
    name = re.sub(r"\W", "_", text)
    if not name.isidentifier() or iskeyword(name):
        name = f"_{name}"
    while name in taken:
        name += "_"
    return name


def _with_argument(spec: Spec, path: str, argument: str, symbol: str) -> Spec | None:
    """The model with an argument of one of its layers as a symbol; None where there is no such argument."""
    if path in spec.layers:
        changed = _opened_layer(spec.layers[path], argument, symbol)
        return None if changed is None else spec._replace(layers={**spec.layers, path: changed})
    outer, _, inner = path.partition(".")
    model = spec.layers[outer].class_name if outer in spec.layers else ""
    if inner and model in spec.models:
        part = _with_argument(spec.models[model], inner, argument, symbol)
        return None if part is None else spec._replace(models={**spec.models, model: part})
    return None


def _opened_layer(layer: LayerSpec, argument: str, symbol: str) -> LayerSpec | None:
    """The layer with an argument of its own, or else of the layer that it wraps, as a symbol."""
    if argument in _sizes_of(layer):
        return layer.changed(arguments={**layer.arguments, argument: symbol})
    for key, value in layer.arguments.items():
        if isinstance(value, LayerSpec) and (inside := _opened_layer(value, argument, symbol)) is not None:
            return layer.changed(arguments={**layer.arguments, key: inside})
    return None


def _sizes_of(layer: LayerSpec) -> list[str]:
    """The arguments of a layer that a symbol can stand for."""
    rule = find_rule(layer.class_name)
    if rule is None:
        return [key for key, value in layer.arguments.items() if isinstance(value, int)]
    return [key for key, argument in rule.arguments.items() if argument.kind in SIZES]


def _missing(spec: Spec, name: str, argument: str) -> Fault:
    """What is wrong with `layer.argument` where there is none."""
    got, there = f"`{name}.{argument}`", list(openable(spec))
    owned = [path.rpartition(".")[2] for path in there if path.rpartition(".")[0] == name]
    if owned:
        near = closest(argument, owned)
        fix = f"did you mean `{name}.{near}`?" if near else ""
        return Fault("unknown-symbol", _listed(f'a size that "{name}" has', owned), got, fix=fix)
    layers = list(dict.fromkeys(path.rpartition(".")[0] for path in there))
    near = closest(name, layers)
    fix = f"did you mean `{near}.{argument}`?" if near else ""
    return Fault("unknown-symbol", _listed("a size of one of the layers", layers), got, fix=fix)


def _listed(what: str, names: list[str], most: int = 12) -> str:
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return f"{what}: {', '.join([*(f'`{name}`' for name in names[:most]), *more])}" if names else what


def openable(spec: Spec, stated: bool = False) -> Iterator[str]:
    """Every `layer.argument` that can be opened, those of models used as layers too; or only those that are stated.

    >>> from lstmcalc import load
    >>> list(openable(load("specs/forecast.yaml"), stated=True))
    ['lstm.units', 'dense.units']
    """
    for name, layer in spec.layers.items():
        if layer.class_name in spec.models:
            yield from (f"{name}.{inner}" for inner in openable(spec.models[layer.class_name], stated))
        else:
            yield from (f"{name}.{key}" for key in dict.fromkeys(_layer_sizes(layer, stated)))


def _layer_sizes(layer: LayerSpec, stated: bool) -> Iterator[str]:
    yield from (key for key in _sizes_of(layer) if not stated or key in layer.arguments)
    for value in layer.arguments.values():
        if isinstance(value, LayerSpec):
            yield from _layer_sizes(value, stated)


def symbols_in(spec: Spec) -> tuple[str, ...]:
    """The symbols of a model, those with a value too, in the order in which they are met.

    >>> from lstmcalc import load
    >>> symbols_in(load("specs/seq2seq.yaml"))
    ('S', 'T', 'vocabulary', 'width')
    """
    found = [name for port in spec.inputs for size in port.shape for name in _names(size)]
    found += [name for layer in spec.layers.values() for name in _symbols_of_layer(layer)]
    found += [name for model in spec.models.values() for name in symbols_in(model)]
    return tuple(dict.fromkeys([*found, *spec.symbols]))


def _symbols_of_layer(layer: LayerSpec) -> Iterator[str]:
    rule = find_rule(layer.class_name)
    for key, value in layer.arguments.items():
        argument = rule.arguments.get(key) if rule else None
        if argument is None or argument.kind in (*SIZES, "shape", "layer", "layers"):
            yield from _names(value)


def _names(value: Any) -> Iterator[str]:
    """The symbols in what a size, several of them, or a wrapped layer is stated as."""
    if isinstance(value, LayerSpec):
        yield from _symbols_of_layer(value)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _names(item)
    elif isinstance(value, str):
        try:
            yield from symbols_of(parse(value))
        except ValueError:
            return


def named_sizes(spec: Spec) -> Spec:
    """The model with a symbol for every unknown size of its inputs, so that costs can be told in them: `T`, `T1`, ….

    >>> from lstmcalc import load
    >>> spec = load("-", text="input: [null, 35]\\nlayers: [LSTM: 64]")
    >>> named_sizes(spec).inputs[0].shape
    ('T', 35)
    """
    unknown = sum(size is None for port in spec.inputs for size in port.shape)
    taken = set(symbols_in(spec))
    free = iter(
        name
        for name in (["T"] if unknown == 1 else []) + [f"T{number}" for number in range(1, unknown + len(taken) + 2)]
        if name not in taken
    )
    inputs = tuple(
        port._replace(shape=tuple(next(free) if size is None else size for size in port.shape)) for port in spec.inputs
    )
    return spec._replace(inputs=inputs)


def stand_ins(spec: Spec) -> Mapping[str, str]:
    """The names that stand for unknown sizes of the inputs, and where each of these stands.

    >>> from lstmcalc import load
    >>> stand_ins(load("-", text="input: [null, 35]\\nlayers: [LSTM: 64]"))
    {'T': 'axis 1 of the input'}
    """
    if all(size is not None for port in spec.inputs for size in port.shape):
        return {}
    several = len(spec.inputs) > 1
    return {
        str(name): f"axis {place} of the input" + (f' "{port.name}"' if several else "")
        for port, after in zip(spec.inputs, named_sizes(spec).inputs, strict=True)
        for place, (size, name) in enumerate(zip(port.shape, after.shape, strict=True), start=1)
        if size is None
    }


def filled(spec: Spec, values: Mapping[str, Any]) -> Spec:
    """The model with a symbol for those unknown sizes of its inputs that a value is given for by their name.

    >>> from lstmcalc import infer, load
    >>> spec = load("-", text="input: [null, 35]\\nlayers: [LSTM: {units: 64, return_sequences: true}]")
    >>> filled(spec, {"T": 5}).inputs[0].shape, infer(spec, {"T": 5}).outputs[0].shape
    (('T', 35), (None, 5, 64))
    """
    if not stand_ins(spec).keys() & values.keys():
        return spec
    inputs = []
    for port, after in zip(spec.inputs, named_sizes(spec).inputs, strict=True):
        pairs = zip(port.shape, after.shape, strict=True)
        shape = tuple(name if known is None and name in values else known for known, name in pairs)
        inputs.append(port._replace(shape=shape))
    return spec._replace(inputs=tuple(inputs))


def bound(spec: Spec, values: Mapping[str, Any] | None = None, batch: int | None = None) -> Spec:
    """The model with these values for its symbols and its unknown sizes, and with this batch, where one is given."""
    values = values or {}
    symbols = {**spec.symbols, **values}
    return filled(spec, values)._replace(symbols=symbols, batch=spec.batch if batch is None else batch)


def is_stateful(spec: Spec) -> bool:
    """Whether a layer keeps its state from batch to batch, so that the model needs its batch as a number.

    >>> from lstmcalc import load
    >>> is_stateful(load("specs/forecast.yaml"))
    False
    """
    return any(map(_keeps_state, spec.layers.values())) or any(map(is_stateful, spec.models.values()))


def _keeps_state(layer: LayerSpec) -> bool:
    inner = [value for value in layer.arguments.values() if isinstance(value, LayerSpec)]
    return layer.arguments.get("stateful") is True or any(map(_keeps_state, inner))


def unknown_values(spec: Spec, symbols: Collection[str], values: Mapping[str, int]) -> list[Fault]:
    """A fault for every value whose symbol the model does not have; `symbols` are those that it was found to have."""
    there = {*symbols, *spec.symbols}
    named = [f"`{name}` ({where})" for name, where in stand_ins(spec).items()]
    listed = ", ".join([*(f"`{name}`" for name in sorted(there)), *named])
    expected = f"one of {listed}" if listed else "no value, since the model has no symbols"
    return [Fault("unknown-symbol", expected, name, where=Where(spec.source)) for name in values if name not in there]
