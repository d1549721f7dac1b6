"""The models of a Keras config, Sequential and functional ones, and models inside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lstmcalc.errors import Fault, SpecError
from lstmcalc.layers import find_rule
from lstmcalc.layers.arguments import DTYPES, closest
from lstmcalc.sources.config.graph import Graph, Member, read_outputs
from lstmcalc.sources.config.layers import LayerReader, class_of, models_in, name_of
from lstmcalc.sources.config.nodes import Tensor, stated_shape
from lstmcalc.sources.config.values import Notes, excerpt
from lstmcalc.spec import Call, InputSpec, LayerSpec, Namer, Ref, Spec

__all__ = ["Models"]

#: How many layer calls a model may come to when every nested model is written out at every use.
MAX_CALLS = 100_000
#: How many layers and inputs a model may list.
MAX_LAYERS = 2 * MAX_CALLS
#: Where configs state the shape of a layer's or model's input, batch included.
SHAPE_KEYS = ("batch_shape", "batch_input_shape", "build_input_shape", "input_shape")

Shape = tuple[int | None, ...]


class Models:
    """Reads a model and the models in it."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.namer = Namer()
        #: The arguments of layers, by what they were read from.
        self.known: dict[Any, Mapping[str, Any]] = {}
        #: How many calls each model comes to when those in it are written out.
        self.counts: dict[int, int] = {}
        #: The models that were read ahead of the one that they stand in, by their configs.
        self.ahead: dict[int, Spec | None] = {}

    def read(self, data: Mapping[str, Any]) -> Spec | None:
        """The spec of a model, or None after noting why there is none; those in it first, however deep."""
        for inner in _innermost_first(data):
            self.ahead[id(inner)] = self._read(inner)
        return self._read(data)

    def nested(self, data: Mapping[str, Any]) -> Spec | None:
        """The spec of a model inside another."""
        return self.ahead.pop(id(data)) if id(data) in self.ahead else self._read(data)

    def _read(self, data: Mapping[str, Any]) -> Spec | None:
        config = data.get("config")
        name = name_of(data)
        kind = class_of(data)
        if isinstance(config, list):
            config = {"layers": config}
        layers = config.get("layers") if isinstance(config, dict) else None
        if not isinstance(config, dict) or not isinstance(layers, list):
            got = excerpt(layers) if isinstance(config, dict) else excerpt(config)
            self.notes.add("missing-key", "`layers`, the list of the model's layers", got, layer=(name or "?", kind))
            return None
        if len(layers) > MAX_LAYERS:
            expected = f"at most {MAX_LAYERS:,} layers and inputs in a model"
            raise SpecError([*self.notes.faults, Fault("too-large", expected, f"{len(layers):,}",
                                                       where=self.notes.where)])  # fmt: skip
        functional = "input_layers" in config or kind == "Functional"
        reader = (_Functional if functional else _Sequential)(self, data, config, layers, name)
        spec = reader.read()
        if spec is not None:
            self.counts[id(spec)] = self._count(spec)
        return spec

    def _count(self, spec: Spec) -> int:
        used = [spec.layers[call.layer].class_name for call in spec.calls]
        inner = {name: self.counts.get(id(model), 0) for name, model in spec.models.items()}
        count = len(used) + sum(inner.get(name, 0) for name in used)
        if count > MAX_CALLS:
            expected = f"at most {MAX_CALLS:,} layer calls, with every nested model written out"
            raise SpecError([*self.notes.faults, Fault("too-large", expected, f"{count:,}", where=spec.where)])
        return count


def _innermost_first(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The models in a model, however deep, each behind those in it."""
    found = [data]
    for model in found:
        found += models_in(model)
    return found[:0:-1]


class Reader:
    """What Sequential and functional models share: their layers, and the models among these."""

    def __init__(
        self,
        models: Models,
        data: Mapping[str, Any],
        config: Mapping[str, Any],
        layers: Any,
        name: str,
    ) -> None:
        self.models, self.data, self.config, self.entries, self.name = models, data, config, layers, name
        self.notes = models.notes
        self.nested: dict[str, Spec] = {}
        self.members: dict[str, Member] = {}
        #: The names of all layers, those that are not read yet too.
        self.names: set[str] = set()
        #: The batch size of every input.
        self.batches: dict[str, int | None] = {}
        #: The inputs whose shape could not be read.
        self._unread: set[str] = set()
        #: The config of each layer of a Sequential model, and what it was built for.
        self._built: dict[str, tuple[Any, Any]] = {}
        self._shared: dict[int, str] = {}
        #: How many nested models had a name before.
        self._namesakes: dict[str, int] = {}

    def read(self) -> Spec | None:
        """The spec, or None after noting why there is none."""
        raise NotImplementedError

    def _read_members(self, needs_names: bool) -> None:
        names = [name_of(data) if isinstance(data, dict) else "" for data in self.entries]
        self.names.update(filter(None, names))
        # Held here alone: what holds one another stays in memory until it is searched for.
        reader = LayerReader(self.notes, self.models.namer, self._nested, self.models.known)
        for index, (name, data) in enumerate(zip(names, self.entries, strict=True)):
            if not isinstance(data, dict):
                self.notes.add("wrong-value", f"`layers[{index}]` to be a mapping", excerpt(data))
                continue
            class_name = class_of(data)
            if not name and needs_names:
                self.notes.add("missing-key", "`name`, by which other layers refer to it", "nothing",
                               layer=(f"layers[{index}]", class_name or "?"))  # fmt: skip
                continue
            name = name or self.models.namer.name(class_name or "layer")
            if name in self.members:
                self.notes.add("duplicate-name", "a name of its own", excerpt(name), layer=(name, class_name))
                continue
            self.members[name] = self._member(reader, data, name, class_name)
            self._read_place(index, self.members[name], data)

    def _read_place(self, index: int, member: Member, data: dict[str, Any]) -> None:
        """Reads how a layer is connected, or built."""
        raise NotImplementedError

    def _member(self, reader: LayerReader, data: Mapping[str, Any], name: str, class_name: str) -> Member:
        if class_name == "InputLayer":
            return Member(name, class_name, port=self._port(data, name))
        layer = reader.read(data, name, class_name)
        model = self.nested.get(layer.class_name) if layer else None
        inner = data.get("config")
        counts_itself = isinstance(inner, dict) and "input_layers" in inner
        return Member(name, class_name, layer, model=model, counts_itself=counts_itself)

    def _nested(self, data: Mapping[str, Any]) -> str:
        """Reads a model inside this one, and gives it a name that no rule has; a shared one has the same again."""
        identity = data.get("shared_object_id")
        if isinstance(identity, int) and identity in self._shared:
            return self._shared[identity]
        name = base = name_of(data) or self.models.namer.name(class_of(data))
        while name in self.nested or find_rule(name):
            count = self._namesakes[base] = self._namesakes.get(base, 1) + 1
            name = f"{base} ({count})"
        spec = self.models.nested(data)
        if spec is not None:
            self.nested[name] = spec
        if isinstance(identity, int):
            self._shared[identity] = name
        return name

    def _port(self, data: Mapping[str, Any], name: str) -> InputSpec:
        config = data.get("config")
        config = config if isinstance(config, dict) else {}
        label = name, "InputLayer"
        count = self.notes.count
        shape = self._shape(config, label)
        if shape is None:
            self.notes.add("missing-key", "`batch_shape`, the shape of the input", "nothing", layer=label)
        if self.notes.count > count:
            self._unread.add(name)
        dtype = config.get("dtype") or "float32"
        if not isinstance(dtype, str) or dtype not in DTYPES:
            near = closest(dtype, DTYPES) if isinstance(dtype, str) else None
            fix = f"did you mean `{near}`?" if near else "such as `float32` or `int32`"
            self.notes.add("wrong-value", "`dtype` to be a Keras dtype", excerpt(dtype), fix=fix, layer=label)
            dtype = "float32"
        return self._input(name, shape or (None,), dtype)

    def _input(self, name: str, shape: Shape, dtype: str = "float32") -> InputSpec:
        self.batches[name] = shape[0]
        return InputSpec(name, shape[1:], dtype, self.notes.where)

    def _shape(self, config: Any, label: tuple[str, str]) -> Shape | None:
        """The shape, batch included, that a config states for an input; None where it states none."""
        if not isinstance(config, dict):
            return None
        for key in SHAPE_KEYS:
            value = config.get(key)
            if value is None:
                continue
            shape = stated_shape(value)
            if shape:
                return shape
            self.notes.add("wrong-value", f"`{key}` to be a list of sizes, the batch first and null where unknown",
                           excerpt(value), layer=label)  # fmt: skip
            return (None,)
        return None

    def _spec(self, ports: list[InputSpec], calls: list[Call], outputs: list[Ref], sequential: bool) -> Spec:
        layers = {member.layer.name: member.layer for member in self.members.values() if member.layer}
        batches = {self.batches[port.name] for port in ports}
        if len(batches) > 1:
            sizes = " and ".join(sorted("null" if size is None else str(size) for size in batches))
            self.notes.add("wrong-size", "one batch size for all inputs", sizes)
        return Spec(self.name or ("sequential" if sequential else "functional"), tuple(ports), layers, tuple(calls),
                    tuple(outputs), next(iter(batches), None), models=self.nested, sequential=sequential,
                    source=self.notes.source, where=self.notes.where)  # fmt: skip


class _Sequential(Reader):
    """Layers one behind the other; the input is an InputLayer, or stated by the first layer or the model."""

    def _read_place(self, index: int, member: Member, data: dict[str, Any]) -> None:
        self._built[member.name] = data.get("config"), data.get("build_config")

    def read(self) -> Spec | None:
        self._read_members(needs_names=False)
        members = list(self.members.values())
        if members and members[0].port:
            port: InputSpec | None = members.pop(0).port
        else:
            port = self._implied_port(members)
        for member in members:
            if member.port:
                self.notes.add("wrong-value", "an input before all layers", "one behind others", layer=member.label)
        layers = [member for member in members if member.layer]
        if port is None:
            self._note_unknown_input(bool(self.entries))
            return None
        before = Ref(port.name)
        calls = []
        for member, after in zip(layers, [*layers, None][1:], strict=True):
            assert member.layer is not None
            self._check_one_output(member, member.layer)
            calls.append(Call(member.layer.name, (before,), where=self.notes.where,
                              stated=self._stated(member, after)))  # fmt: skip
            before = Ref(member.layer.name)
        return self._spec([port], calls, [before], True)

    def _check_one_output(self, member: Member, layer: LayerSpec) -> None:
        """Refuses a layer with several outputs, which Keras hands on as a list, for as long as that works."""
        own, wrapped = layer.arguments, layer.arguments.get("layer")
        inner = wrapped.arguments if isinstance(wrapped, LayerSpec) else {}
        several = "`return_state: true`" if own.get("return_state", inner.get("return_state")) is True else ""
        if own.get("merge_mode", inner.get("merge_mode", "")) is None:
            several = "`merge_mode: null`"
        if member.model and len(member.model.outputs) > 1:
            several = f"{len(member.model.outputs)} outputs"
        if several:
            fix = "build it as a functional model, which says which output goes where"
            self.notes.add("several-outputs", "layers of one output in a Sequential model", several, fix=fix,
                           layer=member.label)  # fmt: skip

    def _stated(self, member: Member, after: Member | None) -> tuple[Shape, ...]:
        """The output shape of a layer of which nothing else is known, which the next one was built for."""
        if after is None or find_rule(member.class_name) or member.model:
            return ()
        _, built = self._built[after.name]
        shape = stated_shape(built.get("input_shape")) if isinstance(built, dict) else None
        return (shape,) if shape else ()

    def _implied_port(self, members: list[Member]) -> InputSpec | None:
        if not members:
            return None
        first = members[0]
        config, built = self._built[first.name]
        for place, label in (
            (config, first.label),
            (self.config, (self.name, "Sequential")),
            (self.data.get("build_config"), (self.name, "Sequential")),
            (built, first.label),
        ):
            states_layer = place is config and find_rule(first.class_name) is None
            shape = None if states_layer and first.model else self._shape(_own(place, place is config), label)
            if shape:
                dtype = config.get("dtype") if isinstance(config, dict) else None
                known = isinstance(dtype, str) and dtype in DTYPES and not dtype.startswith("mixed_")
                return self._input(f"{first.name}_input", shape, str(dtype) if known else "float32")
        if first.model and len(first.model.inputs) == 1:
            inner = first.model.inputs[0]
            batch = first.model.batch if isinstance(first.model.batch, int) else None
            return self._input(f"{first.name}_input", (batch, *inner.shape), inner.dtype)  # type: ignore[arg-type]  # a config's sizes are no text
        return None

    def _note_unknown_input(self, has_layers: bool) -> None:
        label = (self.name or "?", "Sequential")
        if not has_layers:
            self.notes.add("missing-key", "`layers` with a layer in it", "none", layer=label)
        elif not self.notes.faults:
            because = "the model was written down before it knew its input"
            fix = "call `model.build((None, ...))` before `model.to_json()`, or begin the model with `keras.Input`"
            self.notes.add("missing-input", "the shape of the input", "none", because, fix, label)


def _own(config: Any, of_layer: bool) -> Any:
    """What of a config may state an input's shape; a layer's own `input_shape` leaves the batch out."""
    if of_layer and isinstance(config, dict):
        return {key: value for key, value in config.items() if key in SHAPE_KEYS[:2]}
    return config


class _Functional(Reader):
    """Layers with the calls that connect them, and inputs and outputs among these."""

    def read(self) -> Spec | None:
        self._read_members(needs_names=True)
        inputs, outputs = self._ends("input_layers"), self._ends("output_layers")
        graph = Graph(self.members, outputs or [], self.notes)
        calls = graph.calls()
        if inputs is None or outputs is None:
            return None
        ports = self._ports(inputs)
        for port in ports:
            self._check_stated(port, graph.stated.get((port.name, 0, 0)))
        return self._spec(ports, calls, [ref for ref in graph.outputs if ref], False)

    def _read_place(self, index: int, member: Member, data: dict[str, Any]) -> None:
        if member.port is None:
            member.read_calls(data, self.names)
        # What was read is given up: as JSON, a large model takes several times the memory of its spec.
        self.entries[index] = None

    def _ends(self, key: str) -> list[Tensor] | None:
        ends = read_outputs(self.config.get(key))
        if not ends:
            self.notes.add("missing-key", f"`{key}`, outputs such as `[[\"x\", 0, 0]]`", excerpt(self.config.get(key)),
                           layer=(self.name or "?", "Functional"))  # fmt: skip
        return ends or None

    def _ports(self, inputs: list[Tensor]) -> list[InputSpec]:
        names = dict.fromkeys(tensor.layer for tensor in inputs)
        label = (self.name or "?", "Functional")
        ports = []
        for name in names:
            member = self.members.get(name)
            if member and member.port:
                ports.append(member.port)
            elif member or len(self.members) == len(self.entries):
                got = f'"{name}", which is a layer ({member.class_name})' if member else excerpt(name)
                self.notes.add("unknown-reference", "`input_layers` to name inputs", got, layer=label)
        for name, member in self.members.items():
            if member.port and name not in names:
                self.notes.add("missing-input", "every input in `input_layers`", "one that is not", layer=member.label)
        return ports

    def _check_stated(self, port: InputSpec, stated: Shape | None) -> None:
        if stated is None or port.name in self._unread:
            return
        shape = (self.batches[port.name], *port.shape)
        pairs = zip(shape, stated, strict=False)
        if len(stated) != len(shape) or any(a != b for a, b in pairs if isinstance(a, int) and isinstance(b, int)):
            self.notes.add("shape-contradiction", f"{excerpt(shape)}, the shape of the input, where it is used",
                           excerpt(stated), layer=(port.name, "InputLayer"))  # fmt: skip
