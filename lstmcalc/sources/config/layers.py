"""One layer of a Keras config, of Keras 2 or 3, read into a `LayerSpec`."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from lstmcalc.layers import ALIASES, LayerRule, find_rule
from lstmcalc.layers.arguments import ACTIVATIONS, CONSTRAINTS, INITIALIZERS, REGULARIZERS, Argument, show
from lstmcalc.sources.config.values import LAMBDA, Notes, excerpt, leaves, mappings_in, plain
from lstmcalc.spec import LayerSpec, Namer

__all__ = ["LayerReader", "class_of", "is_model", "models_in", "name_of"]

MODELS = ("Functional", "Sequential", "Model", "Network", "Graph")
#: Where Keras's own classes are; a class from anywhere else is its user's, whatever its name.
KERAS_MODULES = ("keras", "tf_keras", "tensorflow")
#: Names that Keras 2 and TensorFlow gave to classes that are called otherwise now.
RENAMED = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "LSTMV1": "LSTM",
    "LSTMV2": "LSTM",
    "UnifiedLSTM": "LSTM",
    "GRUV1": "GRU",
    "GRUV2": "GRU",
    "UnifiedGRU": "GRU",
    "DenseV1": "Dense",
}
#: Arguments of older Keras that change neither shape nor count, whatever they are.
WITHOUT_EFFECT = {
    "Layer": ("batch_input_shape", "dynamic", "ragged", "autocast", "trainable"),
    "Embedding": ("input_length", "input_dtype"),
    "Lambda": ("function_type", "module", "output_shape_type", "output_shape_module", "function", "mask"),
    "Attention": ("causal",),
    "AdditiveAttention": ("causal",),
    "LayerNormalization": ("rms_scaling",),
    "MultiHeadAttention": ("query_shape", "key_shape", "value_shape"),
    "SpatialDropout1D": ("noise_shape",),
    "SpatialDropout2D": ("noise_shape",),
    "SpatialDropout3D": ("noise_shape",),
    "BatchNormalization": ("fused", "virtual_batch_size", "renorm_clipping", "renorm_momentum", "synchronized"),
    "SeparableConv1D": ("kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "SeparableConv2D": ("kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "DepthwiseConv1D": ("filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "DepthwiseConv2D": ("filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
}
#: Arguments of older Keras that change what a layer is unless they have this value, and what they would make of it.
UNLESS = {
    "time_major": (False, "it puts the time steps before the batch, which Keras 3 cannot do"),
    "renorm": (False, "it adds weights, which Keras 3 does not have"),
    "num_constants": (None, "the layer takes constants besides its states, which lstmcalc does not follow"),
    "groups": (1, "older Keras writes 1 there, whatever the layer is"),
    "adjustment": (None, "it adds a function of the user's"),
}
#: How many layers with different arguments are remembered, for those that are equal to them.
MAX_KNOWN = 1_000
#: The kinds of arguments that take an object of Keras's by name, and the names that there are.
NAMED = {
    "activation": ACTIVATIONS,
    "initializer": INITIALIZERS,
    "regularizer": REGULARIZERS,
    "constraint": CONSTRAINTS,
}


def class_of(data: Mapping[str, Any]) -> str:
    """The class of a layer: Keras's name for it where it is Keras's, and otherwise one that no rule has.

    >>> class_of({"class_name": "Add", "module": "keras.src.ops.numpy"}), class_of({"class_name": "Addons>GELU"})
    ('ops.Add', 'GELU')
    >>> class_of({"class_name": "LSTMV2", "module": "keras.layers"})
    'LSTM'
    >>> class_of({"class_name": "Dense", "module": "my.layers", "registered_name": "my>Dense"})
    'my>Dense'
    """
    name, module = data.get("class_name"), data.get("module")
    if not isinstance(name, str) or not name:
        return ""
    if isinstance(module, str) and (own := _keras_class(module, name)):
        return own
    package, _, last = name.rpartition(">")
    registered = data.get("registered_name")
    if package in ("", "Addons") and "module" not in data:
        return f"ops.{last}" if _is_operation(data, last) else RENAMED.get(last, last)
    if find_rule(last) is None and last not in MODELS:
        return last
    return registered if isinstance(registered, str) and ">" in registered else name if package else f"Custom>{name}"


@lru_cache(maxsize=1024)
def _keras_class(module: str, name: str) -> str:
    """What Keras 3 calls a class of Keras's own; empty where the module is another's."""
    if module.partition(".")[0] not in KERAS_MODULES:
        return ""
    last = name.rpartition(">")[2]
    return f"ops.{last}" if ".ops." in f"{module}." else RENAMED.get(last, last)


def _is_operation(data: Mapping[str, Any], name: str) -> bool:
    """Whether an entry without a module, as Keras 3 writes them into `.h5` files, is an operation.

    An operation's config holds what it is made with, and nothing that all layers have.
    """
    config, nodes = data.get("config"), data.get("inbound_nodes")
    if not isinstance(config, dict) or "trainable" in config or ("dtype" in config and find_rule(name)):
        return False
    calls = nodes if isinstance(nodes, list) else ()
    is_keras_3 = any(isinstance(call, dict) and "args" in call for call in calls)
    return is_keras_3 and find_rule(f"ops.{name}") is not None


def is_model(data: Mapping[str, Any], class_name: str) -> bool:
    """Whether a layer is a model of layers: by its class, or, where that is the user's, by what it holds."""
    if find_rule(class_name):
        return False
    config = data.get("config")
    return class_name in MODELS or (isinstance(config, dict) and "layers" in config)


def models_in(data: Any) -> list[Mapping[str, Any]]:
    """The models among the layers of a model; of one that is shared, the first entry, which holds it."""
    config = data.get("config") if isinstance(data, dict) else None
    entries = config.get("layers") if isinstance(config, dict) else config
    found: dict[Any, Mapping[str, Any]] = {}
    for entry in entries if isinstance(entries, list) else ():
        inner = entry.get("config") if isinstance(entry, dict) else None
        holds = isinstance(inner, list) or (isinstance(inner, dict) and "layers" in inner)
        if holds and is_model(entry, class_of(entry)):
            identity = entry.get("shared_object_id")
            found.setdefault(identity if isinstance(identity, int) else f"#{len(found)}", entry)
    return list(found.values())


def name_of(data: Mapping[str, Any]) -> str:
    """The name that a layer states; empty where it states none."""
    name = data.get("name")
    if isinstance(name, str) and name:
        return name
    config = data.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    return name if isinstance(name, str) else ""


class LayerReader:
    """Reads layers; `nested` reads a model that stands where a layer can, and returns the name it is known by.

    `known` holds what was read, by what it was read from: equal layers but for their names share their arguments.
    """

    def __init__(
        self,
        notes: Notes,
        namer: Namer,
        nested: Callable[[Mapping[str, Any]], str],
        known: dict[Any, Mapping[str, Any]],
    ) -> None:
        self.notes, self.namer, self.nested, self.known = notes, namer, nested, known

    def read(self, data: Mapping[str, Any], name: str, class_name: str) -> LayerSpec | None:
        """The layer of a class that a config states, or None after noting why there is none."""
        rule = find_rule(class_name)
        if rule is None and is_model(data, class_name):
            return LayerSpec(self.nested(data), name, where=self.notes.where)
        if not class_name:
            self.notes.add("missing-key", "`class_name`, the class of a layer", excerpt(data.get("class_name")),
                           layer=(name, "?"))  # fmt: skip
            return None
        config = data.get("config", {})
        if not isinstance(config, dict):
            self.notes.add(
                "wrong-value", "`config` to be a mapping of arguments", excerpt(config), layer=(name, class_name)
            )
            return None
        if rule is None:
            # What a class of the user's own is told means what its code makes of it.
            return LayerSpec(class_name, name, where=self.notes.where)
        saved = config if holds_code(class_name, config) else None
        return LayerSpec(class_name, name, self._shared(rule, config, name), self.notes.where, saved=saved)

    def _shared(self, rule: type[LayerRule], config: Mapping[str, Any], layer: str) -> Mapping[str, Any]:
        """The arguments of a layer: the very same mapping for all that are told the same."""
        try:
            # The bytes tell 1 from 1.0 and from true, which are equal keys. A newer version tells equal values apart.
            key = rule, marshal.dumps({**config, "name": None}, 2)
        except ValueError:  # Python data that no JSON holds.
            return self._arguments(rule, config, layer)
        arguments = self.known.get(key)
        if arguments is None:
            count = self.notes.count
            arguments = self._arguments(rule, config, layer)
            # Each has faults of its own, and a layer inside it may be named by where it stands.
            sound = self.notes.count == count and not _holds_layers(rule)
            if sound and len(self.known) < MAX_KNOWN:
                self.known[key] = arguments
        return arguments

    def _arguments(self, rule: type[LayerRule], config: Mapping[str, Any], layer: str) -> dict[str, Any]:
        if rule.__name__ == "LayerNormalization" and config.get("rms_scaling") is True:
            # It comes with a gamma and without a beta, whatever is asked for (Keras 3.15.1).
            config = {**config, "center": False, "scale": True}
        arguments = {}
        for key, value in config.items():
            argument = rule.arguments.get(key)
            if key == "name" or (rule.__name__ == "Lambda" and key in WITHOUT_EFFECT["Lambda"]):
                continue
            if argument is None and self._is_old(rule.__name__, key, value, layer):
                continue
            arguments[key] = self._value(argument, value) if argument else plain(value)
            if argument:
                self._check(argument, key, arguments[key], (layer, rule.__name__))
        return _adapted(rule, arguments)

    def _check(self, argument: Argument, key: str, value: Any, label: tuple[str, str]) -> None:
        """Refuses text for a size, which would be taken for a symbol, and an object whose class is no text."""
        sized = argument.kind in ("size", "sizes", "shape")
        text = next((leaf for leaf in leaves(value) if isinstance(leaf, str)), None) if sized else None
        if text is not None:
            self.notes.add("wrong-value", f"`{key}` to be a number, or a list of them", excerpt(text), layer=label)
        if not isinstance(value, (dict, list)):
            return
        unnamed = next((item for item in mappings_in(value) if not isinstance(item.get("class_name", ""), str)), None)
        if unnamed is not None:
            self.notes.add("wrong-value", f"`class_name` in `{key}` to be text", excerpt(unnamed["class_name"]),
                           layer=label)  # fmt: skip

    def _is_old(self, class_name: str, key: str, value: Any, layer: str) -> bool:
        """Whether an argument that Keras 3 does not have may be left out; notes where an older one matters."""
        if key in WITHOUT_EFFECT["Layer"] or key in WITHOUT_EFFECT.get(class_name, ()):
            return True
        if key not in UNLESS:
            return False
        needed, because = UNLESS[key]
        if value != needed:
            self.notes.add("old-argument", f"`{key}: {show(needed)}`", f"`{key}: {excerpt(value)}`", because,
                           layer=(layer, class_name))  # fmt: skip
        return True

    def _value(self, argument: Argument, value: Any) -> Any:
        """An argument's value as rules take it."""
        if argument.kind in ("layer", "layers"):
            return self._layers(value)
        value = plain(value)
        known = NAMED.get(argument.kind)
        if known and isinstance(value, str) and value.rpartition(">")[2] not in known:
            # Keras knows it from the user's code, and no shape depends on it.
            return {"class_name": "function", "config": value}
        # Of a lambda, Keras writes the byte code alone where it stands for an activation.
        return LAMBDA if known and isinstance(value, dict) and set(value) == {"value"} else value

    def _layers(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._layers(item) for item in value]
        if not isinstance(value, dict) or "class_name" not in value:
            return plain(value)
        if value["class_name"] == "__tuple__":
            return self._layers(value.get("items"))
        class_name = class_of(value)
        name = name_of(value) or self.namer.name(ALIASES.get(class_name, class_name) or "layer")
        # A stand-in that no rule accepts as a layer, where the fault is noted already.
        return self.read(value, name, class_name) or plain(value)


def holds_code(class_name: str, config: Mapping[str, Any]) -> bool:
    """Whether a config holds a Lambda's byte code: a mapping as Keras 3 writes it, a list as Keras 2 does.

    >>> holds_code("Lambda", {"function": {"class_name": "__lambda__", "config": {"code": "4wEA"}}})
    True
    >>> holds_code("Lambda", {"function": ["4wEA", None, None]}), holds_code("Lambda", {"function": "my_function"})
    (True, False)
    """
    if class_name != "Lambda":
        return False
    functions = (config.get(key) for key in ("function", "output_shape", "mask"))
    return any(
        (isinstance(each, dict) and each.get("class_name") == "__lambda__") or _is_dumped(each) for each in functions
    )


def _is_dumped(function: Any) -> bool:
    return isinstance(function, list) and len(function) == 3 and isinstance(function[0], str)


def _holds_layers(rule: type[LayerRule]) -> bool:
    """Whether layers may stand in a layer's arguments."""
    return any(argument.kind in ("layer", "layers") for argument in rule.arguments.values())


def _adapted(rule: type[LayerRule], arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments as Keras 3's constructor takes them, where a config writes them otherwise."""
    axis = arguments.get("axis")
    if isinstance(axis, list) and len(axis) == 1 and rule.__name__ == "BatchNormalization":
        arguments["axis"] = axis[0]
    if rule.__name__ == "Discretization" and arguments.get("bin_boundaries") is not None:
        # `adapt` leaves both in the config, and `from_config` takes the boundaries (Keras 3.15.1).
        arguments.pop("num_bins", None)
    if rule.__name__ == "Bidirectional":
        _adapt_bidirectional(arguments)
    if rule.__name__ == "Lambda" and not isinstance(arguments.get("output_shape"), (list, type(None))):
        del arguments["output_shape"]
    return arguments


def _adapt_bidirectional(arguments: dict[str, Any]) -> None:
    """Leaves out the backward layer that Keras 3 made by itself, from the forward one, and wrote down."""
    forward, backward = arguments.get("layer"), arguments.get("backward_layer")
    if not isinstance(forward, LayerSpec) or not isinstance(backward, LayerSpec):
        return
    made = {**forward.arguments, "go_backwards": True}
    name = forward.name.removeprefix("forward_")
    if (backward.class_name, backward.name, backward.arguments) == (forward.class_name, f"backward_{name}", made):
        del arguments["backward_layer"]
