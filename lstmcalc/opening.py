"""Models with sizes left open: symbols without their values, arguments and unknown sizes as symbols."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.layers.arguments import closest
from lstmcalc.spec import LayerSpec, Spec

__all__ = ["named_sizes", "opened"]


def opened(spec: Spec, names: Iterable[str]) -> tuple[Spec, Mapping[str, str]]:
    """The model with these sizes open, and the symbol that stands for each in its shapes and counts.

    A name is a symbol of the model, whose value is dropped, or `layer.argument`, which becomes a symbol. Raises
    `SpecError` for a layer or an argument that is not there; an unknown symbol is for `infer` to refuse.

    >>> from lstmcalc import infer, load
    >>> spec, symbols = opened(load("specs/forecast.yaml"), ["lstm.units"])
    >>> symbols, infer(spec).totals.params
    ({'lstm.units': 'lstm_units'}, 4*lstm_units**2 + 28*lstm_units + 20)
    """
    symbols = {}
    for name in names:
        layer, dot, argument = name.rpartition(".")
        if dot:
            symbols[name] = f"{layer}_{argument}"
            spec = _with_argument(spec, layer, argument, symbols[name])
        else:
            symbols[name] = name
    values = {name: value for name, value in spec.symbols.items() if name not in symbols}
    return replace(spec, symbols=values), symbols


def _with_argument(spec: Spec, name: str, argument: str, symbol: str) -> Spec:
    """The model with an argument of one of its layers as a symbol."""
    layer = spec.layers.get(name)
    if layer is None or argument not in layer.arguments:
        there = spec.layers if layer is None else layer.arguments
        what = "a layer of the model" if layer is None else f'an argument that "{name}" states'
        near = closest(name if layer is None else argument, list(there))
        fix = f"did you mean `{near}`?" if near else ""
        fault = Fault("unknown-symbol", what, f"`{name}.{argument}`", fix=fix)
        raise SpecError([fault.placed(Where(spec.source))])
    changed = replace(layer, arguments={**layer.arguments, argument: symbol})
    return replace(spec, layers={**spec.layers, name: changed})


def named_sizes(spec: Spec) -> Spec:
    """The model with a symbol for every unknown size of its inputs, so that costs can be told in them: `T`, `T1`, ….

    >>> from lstmcalc import load
    >>> spec = load("-", text="input: [null, 35]\\nlayers: [LSTM: 64]")
    >>> named_sizes(spec).inputs[0].shape
    ('T', 35)
    """
    unknown = sum(size is None for port in spec.inputs for size in port.shape)
    taken = {*spec.symbols, *(size for port in spec.inputs for size in port.shape if isinstance(size, str))}
    free = iter(
        name
        for name in (["T"] if unknown == 1 else []) + [f"T{number}" for number in range(1, unknown + len(taken) + 2)]
        if name not in taken
    )
    inputs = tuple(
        replace(port, shape=tuple(next(free) if size is None else size for size in port.shape)) for port in spec.inputs
    )
    return replace(spec, inputs=inputs)
