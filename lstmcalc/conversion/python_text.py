"""A spec as Python that builds the model with Keras 3."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lstmcalc.conversion.arguments import telling_arguments, written_key
from lstmcalc.conversion.limits import PYTHON_MODULES, check_leads_back, check_sayable
from lstmcalc.conversion.names import with_fewest_names
from lstmcalc.dims import parse, substitute, symbols_of
from lstmcalc.errors import Fault, SpecError
from lstmcalc.inference import infer
from lstmcalc.layers import ALIASES, find_rule
from lstmcalc.layers.operations import OPERATIONS
from lstmcalc.layers.operations.constants import is_array
from lstmcalc.report import Report
from lstmcalc.sources.python import read_python
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec, snake_case

__all__ = ["function_of", "to_python"]

#: Names that the text uses itself.
RESERVED = {"keras", "layers", "np", "model"}
#: The operations whose function is not called as the class is.
FUNCTIONS = {
    "AllClose": "allclose",
    "BatchNorm": "batch_normalization",
    "CDist": "cdist",
    "IsIn": "isin",
    "LayerNorm": "layer_normalization",
    "RMSNorm": "rms_normalization",
    "SearchSorted": "searchsorted",
}


def to_python(spec: Spec) -> str:
    """The Python text of a spec, with names only where the automatic ones would be others.

    A size that is a name without a value is a variable that holds None. Raises SpecError for a model that has faults,
    and where an argument needs a number that has none.
    """
    report = infer(spec)
    check_sayable(spec, report, "python")

    def read(text: str) -> Spec:
        return read_python(text, spec.source, spec.name)

    text = with_fewest_names(spec, set(), partial(_text, spec, report), read)
    check_leads_back(text, spec, report, "python", read)
    return text


def _text(spec: Spec, report: Report, stated: set[str]) -> str:
    faults: list[Fault] = []
    writer = _Writer(spec, report, _Text(stated, set(RESERVED), faults))
    body = list(writer.lines("model"))
    if faults:
        raise SpecError(dict.fromkeys(faults))
    symbols = [f"{name} = {value}" for name, value in spec.symbols.items()]
    symbols += [f"{name} = None  # any number" for name in sorted(_open_symbols(spec) - set(spec.symbols))]
    head = ["import numpy as np"] if any("np." in line for line in body) else []
    head += ["import keras", "from keras import layers"]
    return "\n".join([*head, "", *symbols, *([""] if symbols else []), *body]) + "\n"


def _open_symbols(spec: Spec) -> set[str]:
    sizes = [size for port in spec.inputs for size in port.shape if isinstance(size, str)]
    names = {name for size in sizes for name in symbols_of(parse(size))}
    return names.union(*(_open_symbols(model) for model in spec.models.values()))


def function_of(class_name: str) -> str:
    """The function of an operation's class.

    >>> function_of("ops.ExpandDims"), function_of("ops.Resize"), function_of("ops.IsIn")
    ('keras.ops.expand_dims', 'keras.ops.image.resize', 'keras.ops.isin')
    """
    name = class_name.removeprefix("ops.")
    place = "keras.ops.image" if OPERATIONS[class_name].module == "image" else "keras.ops"
    return f"{place}.{FUNCTIONS.get(name) or snake_case(name)}"


@dataclass
class _Text:
    """What the models of one text share: the names that it states, its variables, and what these hold."""

    stated: set[str]
    taken: set[str]
    faults: list[Fault]
    models: list[tuple[Spec, str]] = field(default_factory=list)
    #: The variables of layers that stand at several places.
    shared: dict[str, str] = field(default_factory=dict)
    #: The last number that was tried for each variable.
    numbered: dict[str, int] = field(default_factory=dict)


class _Writer:
    """Writes one model of a text."""

    def __init__(self, spec: Spec, report: Report, text: _Text) -> None:
        self.spec, self.text = spec, text
        self.stated, self.taken, self.faults = text.stated, text.taken, text.faults
        #: Lines that make what the next one uses.
        self.before: list[str] = []
        self.taken |= set(spec.symbols) | _open_symbols(spec)
        self.several = {
            (layer.name, i)
            for layer in report.layers
            for i, call in enumerate(layer.calls)
            if len(call.outputs or ()) > 1
        }
        self.nested = {layer.class_name: layer.nested for layer in report.layers if layer.nested}
        self.reports = {layer.name: layer.nested for layer in report.layers if layer.nested}
        #: The variables that hold outputs, layers that are applied again, and nested models.
        self.tensors: dict[tuple[str, int], str] = {}
        self.layers: dict[str, str] = {}
        self.models: dict[str, str] = {}

    def lines(self, variable: str) -> Iterator[str]:
        """The lines that make the model and put it into a variable."""
        for name, model in self.spec.models.items():
            yield from self._model(name, model)
        for line in self._sequential(variable) if self.spec.sequential else self._functional(variable):
            yield from self.before
            self.before = []
            yield line
        if not self.spec.trainable:
            yield f"{variable}.trainable = False"

    def _model(self, name: str, model: Spec) -> Iterator[str]:
        """The lines that make a nested model, unless it stands in an earlier one as well."""
        made = next((variable for it, variable in self.text.models if it == model), None)
        if made:
            self.models[name] = made
            return
        users = [layer.name for layer in self.spec.layers.values() if layer.class_name == name]
        report = next((self.reports[user] for user in users if self.reports.get(user)), None)
        variable = self.models[name] = self._variable(name)
        yield from _Writer(model, report or infer(model), self.text).lines(variable)
        yield ""
        self.text.models.append((model, variable))

    def _sequential(self, variable: str) -> Iterator[str]:
        made = [self._made(self.spec.layers[call.layer]) for call in self.spec.calls]
        yield f"{variable} = keras.Sequential("
        yield "    ["
        yield from (f"        {self._input(port)}," for port in self.spec.inputs)
        yield from (f"        {layer}," for layer in made)
        yield "    ],"
        yield f"    name={_quoted(self.spec.name)},"
        yield ")"

    def _functional(self, variable: str) -> Iterator[str]:
        spec = self.spec
        for port in spec.inputs:
            self.tensors[port.name, 0] = self._variable(port.name)
            yield f"{self.tensors[port.name, 0]} = {self._input(port)}"
        times = Counter(call.layer for call in spec.calls)
        counts = dict.fromkeys(times, 0)
        for call in spec.calls:
            yield from self._call(call, counts[call.layer], times[call.layer] > 1)
            counts[call.layer] += 1
        inputs = _several([self._tensor(Ref(port.name)) for port in spec.inputs])
        outputs = _several([self._tensor(ref) for ref in spec.outputs])
        yield f"{variable} = keras.Model({inputs}, {outputs}, name={_quoted(spec.name)})"

    def _input(self, port: InputSpec) -> str:
        parts = [self._shape(port.shape), f"name={_quoted(port.name)}"]
        if self.spec.batch is not None:
            parts.append(f"batch_size={self.spec.batch}")
        if port.dtype != "float32":
            parts.append(f'dtype="{port.dtype}"')
        return f"keras.Input({', '.join(parts)})"

    def _shape(self, shape: tuple[Any, ...]) -> str:
        sizes = []
        for size in shape:
            known = substitute(parse(size), self.spec.symbols) if isinstance(size, str) else size
            is_name = isinstance(size, str) and size.isidentifier()
            sizes.append(str(size) if is_name or isinstance(known, int) else "None")
        return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"

    def _call(self, call: Call, number: int, again: bool) -> Iterator[str]:
        layer = self.spec.layers[call.layer]
        if layer.class_name.startswith("ops."):
            applied = self._operation(layer, call)
        else:
            maker = self.models.get(layer.class_name) or self.layers.get(call.layer)
            if maker is None and again and not layer.shared:
                maker = self.layers[call.layer] = self._variable(f"{call.layer}_layer")
                yield f"{maker} = {self._made(layer)}"
            applied = f"{maker or self._made(layer)}({', '.join(self._told(layer, call))})"
        self.tensors[call.layer, number] = self._variable(call.layer)
        yield f"{self.tensors[call.layer, number]} = {applied}"

    def _told(self, layer: LayerSpec, call: Call) -> Iterator[str]:
        rule = find_rule(layer.class_name)
        tensors = [self._tensor(ref) for ref in call.inputs]
        yield from tensors if rule and " " in rule.operands else [_several(tensors)]
        if call.initial_state:
            yield f"initial_state=[{', '.join(map(self._tensor, call.initial_state))}]"
        for key, value in call.keywords.items():
            yield f"{key}={self._argument(layer, key, value)}"

    def _argument(self, layer: LayerSpec, key: str, value: Any) -> str:
        if isinstance(value, list) and any(isinstance(item, Ref) for item in value):
            return f"[{', '.join(self._argument(layer, key, item) for item in value)}]"
        return self._tensor(value) if isinstance(value, Ref) else self._value(layer, key, value)

    def _operation(self, layer: LayerSpec, call: Call) -> str:
        class_name = layer.class_name.removeprefix("ops.")
        tensors = [self._tensor(ref) for ref in call.inputs]
        if class_name == "GetItem":
            return f"{tensors[0]}{written_key(call.keywords['key'])}"
        if class_name == "Einsum":
            subscripts = self._value(layer, "subscripts", layer.arguments["subscripts"])
            return f"{function_of(layer.class_name)}({', '.join([subscripts, *tensors])})"
        rule = OPERATIONS[layer.class_name]({}, layer.name)
        keywords = {key: self._argument(layer, key, value) for key, value in call.keywords.items()}
        told = []
        for name, value in rule.placed(tensors, keywords).items():
            if isinstance(value, list):
                told.append(f"[{', '.join(value)}]" if rule.operands.startswith("[") else ", ".join(value))
            elif value is not None:
                told.append(value if name in rule.operands.split() else f"{name}={value}")
        told += [f"{key}={self._value(layer, key, value)}" for key, value in telling_arguments(layer).items()]
        return f"{function_of(layer.class_name)}({', '.join(told)})"

    def _made(self, layer: LayerSpec) -> str:
        """The expression that makes a layer, or the variable of a nested model or of a layer used elsewhere too."""
        if layer.class_name in self.models:
            return self.models[layer.class_name]
        if not layer.shared:
            return self._expression(layer)
        if layer.shared not in self.text.shared:
            expression = self._expression(layer)
            variable = self.text.shared[layer.shared] = self._variable(f"{layer.name}_layer")
            self.before.append(f"{variable} = {expression}")
        return self.text.shared[layer.shared]

    def _expression(self, layer: LayerSpec) -> str:
        rule = find_rule(layer.class_name)
        positional = [key for key, argument in (rule.arguments if rule else {}).items() if not argument.keyword_only]
        told = []
        for i, (key, value) in enumerate(telling_arguments(layer).items()):
            text = self._value(layer, key, value)
            told.append(text if i == 0 and positional[:1] == [key] else f"{key}={text}")
        if layer.name in self.stated:
            told.append(f"name={_quoted(layer.name)}")
        return f"layers.{ALIASES.get(layer.class_name, layer.class_name)}({', '.join(told)})"

    def _value(self, layer: LayerSpec, key: str, value: Any) -> str:
        rule = find_rule(layer.class_name)
        argument = rule.arguments.get(key) if rule else None
        kind = argument.kind if argument else ""
        if isinstance(value, LayerSpec):
            return self._made(value)
        if is_array(value):
            return f'np.array({value["config"]["value"]}, "{value["config"]["dtype"]}")'
        if isinstance(value, Mapping) and kind in PYTHON_MODULES and isinstance(value.get("config"), Mapping):
            config = ", ".join(f"{k}={v!r}" for k, v in value["config"].items() if v is not None)
            return f"keras.{PYTHON_MODULES[kind]}.{value['class_name']}({config})"
        if isinstance(value, (list, tuple)):
            items = [self._value(layer, key, item) for item in value]
            return f"[{', '.join(items)}]" if isinstance(value, list) else f"({', '.join(items)},)"
        if kind in ("size", "sizes", "shape") and isinstance(value, str):
            self._require_value(layer, key, value)
            return value
        return _quoted(value) if isinstance(value, str) else repr(value)

    def _require_value(self, layer: LayerSpec, key: str, text: str) -> None:
        if not isinstance(substitute(parse(text), self.spec.symbols), int):
            fix = "give its names a value: `--set NAME=VALUE`"
            where = layer.argument_where.get(key, layer.where)
            fault = Fault("unset-symbol", f"`{key}` to be a number", f"`{text}`", fix=fix, where=where)
            self.faults.append(fault.placed(None, (layer.name, layer.class_name)))

    def _tensor(self, ref: Ref) -> str:
        variable = self.tensors[ref.name, ref.call]
        return f"{variable}[{ref.index}]" if (ref.name, ref.call) in self.several else variable

    def _variable(self, name: str) -> str:
        """A new variable that reads like a name."""
        base = re.sub(r"\W+", "_", name).strip("_") or "x"
        base = f"_{base}" if base[0].isdigit() or keyword.iskeyword(base) else base
        variable, number = base, self.text.numbered.get(base, 1)
        while variable in self.taken:
            number += 1
            variable = f"{base}_{number}"
        self.taken.add(variable)
        # What was taken stays taken: the next one need not try these numbers again.
        self.text.numbered[base] = number
        return variable


def _several(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"[{', '.join(items)}]"


def _quoted(text: str) -> str:
    return f'"{text}"' if text.isprintable() and not re.search(r"[\"\\]", text) else repr(text)
