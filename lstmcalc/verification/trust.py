"""What a model holds that is not Keras's own: it is refused, or, where its file is trusted, given to Keras.

Keras builds a model here from the classes and arguments of our rules, and from nothing else. Three things in a source
could still lead further: the byte code of a saved Lambda, a file that `vocabulary` names, and an object that is not
Keras's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lstmcalc.errors import Fault, SpecError
from lstmcalc.layers.arguments import ACTIVATIONS, CONSTRAINTS, INITIALIZERS, REGULARIZERS, show
from lstmcalc.spec import LayerSpec, Spec

__all__ = ["SavedLambda", "checked"]

#: Where Keras's own classes are.
PACKAGES = ("keras", "tf_keras", "tensorflow", "builtins")
#: The arguments that take an object of Keras's, by a part of their name, and the names that there are.
NAMED = {
    "activation": ACTIVATIONS,
    "initializer": INITIALIZERS,
    "regularizer": REGULARIZERS,
    "constraint": CONSTRAINTS,
}
FIX = "`lstmcalc verify --trust`, if you trust whoever made the file"


@dataclass(frozen=True)
class SavedLambda:
    """The config of a Lambda in a trusted file, with its byte code: it stands where its `function` would."""

    config: Mapping[str, Any]

    def layer(self, keras: Any, name: str) -> Any:
        """The Keras layer, whose function is the one that the file holds."""
        functions = {key: _as_keras_3(self.config[key]) for key in ("function", "output_shape") if key in self.config}
        config = {key: value for key, value in self.config.items() if key in KEPT}
        return keras.layers.Lambda.from_config({**config, **functions, "name": name}, safe_mode=False)


#: What of a Lambda's config Keras 3 takes besides its functions.
KEPT = ("trainable", "dtype", "arguments")


def _as_keras_3(function: Any) -> Any:
    """A function as Keras 3 writes it; Keras 2 writes the byte code, the defaults and the closure as a list."""
    if isinstance(function, (list, tuple)) and len(function) == 3 and isinstance(function[0], str):
        parts = dict(zip(("code", "defaults", "closure"), function, strict=True))
        return {"class_name": "__lambda__", "config": parts}
    return function


def checked(spec: Spec, trust: bool) -> Spec:
    """The spec that may be built: where it is trusted, with its Lambdas' functions. Raises `SpecError`."""
    faults = [fault for fault in _faults(spec) if not (trust and fault.fix == FIX)]
    if faults:
        raise SpecError(faults)
    return _with_functions(spec) if trust else spec


def _faults(spec: Spec) -> Iterator[Fault]:
    """What is not Keras's own in a model and all models in it, each once."""
    models = {id(spec): spec}
    waiting = [spec]
    while waiting:
        each = waiting.pop()
        for layer in each.layers.values():
            yield from _faults_of_layer(layer)
        new = {id(inner): inner for inner in each.models.values() if id(inner) not in models}
        models |= new
        waiting += reversed(new.values())


def _faults_of_layer(layer: LayerSpec) -> Iterator[Fault]:
    label = layer.name, layer.class_name
    if layer.saved is not None:
        because = "it is not known what the code does, and running the model runs it"
        yield Fault("untrusted-code", "layers without code in the file", "Python byte code", because, FIX,
                    layer.where, label)  # fmt: skip
    for key, value in layer.arguments.items():
        where = layer.argument_where.get(key, layer.where)
        if key == "vocabulary" and isinstance(value, str):
            because = "building the layer reads whatever file has this name"
            yield Fault("untrusted-file", "`vocabulary` as a list", f"the file {show(value)}", because, FIX,
                        where, label)  # fmt: skip
        for name in _foreign(key, value):
            because = "the model is built with what Keras has, and none of the model's own code is run"
            yield Fault("custom-object", f"`{key}` to be Keras's own", f"`{name}`", because, "", where, label)
    yield from (fault for inner in _inside(tuple(layer.arguments.values())) for fault in _faults_of_layer(inner))


def _foreign(key: str, value: Any) -> Iterator[str]:
    """The names of what is not Keras's own among the objects that an argument holds."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _foreign(key, item)
    elif isinstance(value, Mapping):
        if isinstance(value.get("class_name"), str) and not _is_own(key, value):
            is_function = value["class_name"] == "function" and isinstance(value.get("config"), str)
            yield str(value["config"] if is_function else value["class_name"])
            return
        for inner_key, inner in value.items():
            yield from _foreign(str(inner_key), inner)


def _is_own(key: str, value: Mapping[str, Any]) -> bool:
    """Whether an object is Keras's: by its module, or, where it states none, by its name."""
    package, _, name = str(value["class_name"]).rpartition(">")
    module, registered = value.get("module"), value.get("registered_name")
    if package not in ("", "keras") or (isinstance(registered, str) and ">" in registered):
        return False
    names = next((names for part, names in NAMED.items() if part in key), None)
    if name == "function":
        return names is not None and value.get("config") in names
    if module is not None:
        return isinstance(module, str) and module.partition(".")[0] in PACKAGES
    return names is None or name in names


def _inside(value: Any) -> Iterator[LayerSpec]:
    """The layers that stand in a layer's arguments."""
    if isinstance(value, LayerSpec):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _inside(item)


def _with_functions(spec: Spec) -> Spec:
    layers = {name: _with_function(layer) for name, layer in spec.layers.items()}
    return spec._replace(layers=layers, models={name: _with_functions(model) for name, model in spec.models.items()})


def _with_function(value: Any) -> Any:
    """A layer, or the value of an argument, with the functions of the Lambdas in it."""
    if isinstance(value, list):
        return [_with_function(item) for item in value]
    if not isinstance(value, LayerSpec):
        return value
    arguments = {key: _with_function(item) for key, item in value.arguments.items()}
    if value.saved is not None:
        arguments["function"] = SavedLambda(value.saved)
    return value.changed(arguments=arguments)
