"""Models with sizes left open: symbols without their values, arguments and unknown sizes as symbols."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from keyword import iskeyword
from typing import Any

from lstmcalc.dims import parse, symbols_of
from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.layers import find_rule
from lstmcalc.layers.arguments import closest
from lstmcalc.spec import LayerSpec, Spec

__all__ = ["named_sizes", "openable", "opened", "symbols_in"]

#: The kinds of arguments that a symbol can stand for.
SIZES = ("size", "sizes")


def opened(spec: Spec, names: Iterable[str]) -> tuple[Spec, Mapping[str, str]]:
    """The model with these sizes open, and the symbol that stands for each in its shapes and counts.

    A name is a symbol of the model, whose value is dropped, or `layer.argument`, which becomes a symbol: of a layer, of
    the one that it wraps, or (`encoder.lstm.units`) of a model used as a layer. Raises `SpecError` for a layer or an
    argument that is not there; an unknown symbol is for `infer` to refuse.

    >>> from lstmcalc import infer, load
    >>> spec, symbols = opened(load("specs/forecast.yaml"), ["lstm.units"])
    >>> symbols, infer(spec).totals.params
    ({'lstm.units': 'lstm_units'}, 4*(lstm_units**2 + 7*lstm_units + 5))
    """
    symbols: dict[str, str] = {}
    taken = {*symbols_in(spec), *spec.symbols}
    for name in dict.fromkeys(names):
        layer, dot, argument = name.rpartition(".")
        if dot:
            symbols[name] = _free_name(f"{layer}_{argument}", taken)
            taken.add(symbols[name])
            changed = _with_argument(spec, layer, argument, symbols[name])
            if changed is None:
                raise SpecError([_missing(spec, layer, argument).placed(Where(spec.source))])
            spec = changed
        else:
            symbols[name] = name
    values = {name: value for name, value in spec.symbols.items() if name not in symbols}
    return replace(spec, symbols=values), symbols


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
        return None if changed is None else replace(spec, layers={**spec.layers, path: changed})
    outer, _, inner = path.partition(".")
    model = spec.layers[outer].class_name if outer in spec.layers else ""
    if inner and model in spec.models:
        part = _with_argument(spec.models[model], inner, argument, symbol)
        return None if part is None else replace(spec, models={**spec.models, model: part})
    return None


def _opened_layer(layer: LayerSpec, argument: str, symbol: str) -> LayerSpec | None:
    """The layer with an argument of its own, or else of the layer that it wraps, as a symbol."""
    if argument in _sizes_of(layer):
        return replace(layer, arguments={**layer.arguments, argument: symbol})
    for key, value in layer.arguments.items():
        if isinstance(value, LayerSpec) and (inside := _opened_layer(value, argument, symbol)) is not None:
            return replace(layer, arguments={**layer.arguments, key: inside})
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
        replace(port, shape=tuple(next(free) if size is None else size for size in port.shape)) for port in spec.inputs
    )
    return replace(spec, inputs=inputs)
