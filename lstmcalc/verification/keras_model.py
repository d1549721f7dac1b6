"""The real Keras model of a spec: its layers are made from the stated arguments, and Keras finds every shape."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import signature
from typing import Any

from lstmcalc.building import Builder
from lstmcalc.dims import Expression, lower, substitute
from lstmcalc.errors import SpecError
from lstmcalc.graph import CallKey, numbered_calls
from lstmcalc.inference import infer
from lstmcalc.layers import LayerRule
from lstmcalc.layers.einsum import Equation
from lstmcalc.layers.operations.rule import Operation
from lstmcalc.layers.rule import layer
from lstmcalc.layers.unknowable import Stated
from lstmcalc.spec import Call, InputSpec, Ref, Spec, snake_case
from lstmcalc.verification.keras_operation import constant, operation_of, packed
from lstmcalc.verification.session import one_line
from lstmcalc.verification.trust import SavedLambda

__all__ = ["KerasModel", "KerasRefusal", "class_of", "is_stated", "sizes_that_keras_needs"]


class KerasRefusal(Exception):
    """Keras does not build a layer, or (`layer` is empty) the model around its layers."""

    def __init__(self, layer: str, text: str) -> None:
        self.layer, self.text = layer, text
        super().__init__(f"Keras does not build it: {text}")


@layer(family="", arity=(1, None))
class NestedModel(LayerRule):
    """The nested model called `model`, where building it with Keras takes no more than its spec."""

    def __init__(self, name: str, model: str, spec: Spec) -> None:
        super().__init__({}, name)
        self.model, self.spec = model, spec


def is_stated(rule: LayerRule) -> bool:
    """Whether only running the layer would tell its shape, so that the spec states it and nothing can check it."""
    return isinstance(rule, Stated) or (rule.class_name == "Lambda" and _saved(rule) is None)


def _saved(rule: LayerRule) -> SavedLambda | None:
    """What a trusted file holds of a Lambda."""
    function = rule.given.get("function")
    return function if isinstance(function, SavedLambda) else None


class KerasModel:
    """A spec built with Keras; a size without a value is None in the inputs.

    `values` are put in for symbols that `spec.symbols` leaves free: unlike those, they reach Keras unchecked, so that
    it is Keras that refuses a size that no layer takes.

    `layers` holds the Keras layers by name, `rules` what they were made from, `tensors` the symbolic outputs of every
    input and call, and `model` is the `keras.Model`, once `build` has come to its end. After a `KerasRefusal` they
    hold what was built before it.
    """

    def __init__(self, keras: Any, spec: Spec, values: Mapping[str, int], shared: dict[str, Any] | None = None) -> None:
        self.keras = keras
        self.spec = spec
        self.values = {**values, **spec.symbols}
        self.model: Any = None
        self.rules: dict[str, LayerRule] = {}
        self.layers: dict[str, Any] = {}
        self.tensors: dict[CallKey, list[Any]] = {}
        self._ports: list[Any] = []
        #: What stands at several places: layers by what identifies them, models with the specs that they are of.
        self.shared: dict[str, Any] = {"models": []} if shared is None else shared
        self._builder = _builder(spec)

    def build(self, inputs: Sequence[Any] | None = None) -> KerasModel:
        """Builds the model; `inputs` are the tensors that a nested one will be called on. Raises `KerasRefusal`."""
        for index, port in enumerate(self.spec.inputs):
            self._step(port.name, partial(self._input, port, inputs[index].shape if inputs else None))
        for node, call in numbered_calls(self.spec).items():
            self._step(call.layer, partial(self._apply, node, call))
        self._step("", self._close)
        return self

    def probe(self, nodes: Sequence[CallKey]) -> Any:
        """A Keras model on the same inputs that gives the outputs of some calls, one after the other."""
        return self.keras.Model(self._ports, [tensor for node in nodes for tensor in self.tensors[node]])

    def _step(self, layer: str, step: Callable[[], None]) -> None:
        try:
            step()
        except KerasRefusal as refusal:
            raise KerasRefusal(layer, refusal.text) from refusal
        except Exception as error:  # Keras raises whatever its backend raises.
            raise KerasRefusal(layer, one_line(error)) from error

    def _size(self, value: Any) -> int | None:
        size = None if value is None else substitute(self._builder.size(value), self.values)
        return size if isinstance(size, int) else None

    def _input(self, port: InputSpec, given: tuple[int | None, ...] | None) -> None:
        batch = self._size(self.spec.batch)
        if given is not None:
            batch = given[0]
            self._take(port, given)
        shape = tuple(map(self._size, port.shape))
        tensor = self.keras.Input(shape=shape, batch_size=batch, dtype=port.dtype, name=port.name)
        self._ports.append(tensor)
        self.tensors[port.name, 0] = [tensor]

    def _take(self, port: InputSpec, given: tuple[int | None, ...]) -> None:
        """Gives a nested model's own symbols the sizes that come in, where Keras needs a number for them."""
        needed = sizes_that_keras_needs(self.spec)
        for size, taken in zip(port.shape, given[1:], strict=False):
            if isinstance(size, str) and size.isidentifier() and size not in self.spec.symbols:
                self.values.pop(size, None)
                if size in needed and taken is not None:
                    self.values[size] = taken

    def _apply(self, node: CallKey, call: Call) -> None:
        inputs = [self.tensors[ref.name, ref.call][ref.index] for ref in call.inputs]
        states = [self.tensors[ref.name, ref.call][ref.index] for ref in call.initial_state]
        if call.layer not in self.layers:
            rule = self._builder.build(self.spec.layers[call.layer])
            if rule is None:
                raise SpecError(self._builder.faults)
            self.rules[call.layer] = rule
            self.layers[call.layer] = self._layer(rule, inputs)
        keras_layer = self.layers[call.layer]
        if isinstance(self.rules[call.layer], Operation):
            self.tensors[node] = self.keras.tree.flatten(self._operate(keras_layer, call, inputs))
            return
        # A cell, which makes one step, calls it differently.
        keyword = "initial_state" if "initial_state" in signature(keras_layer.call).parameters else "states"
        keywords = {keyword: _pack(self.keras.tree, keras_layer, states)} if states else {}
        keywords |= {key: self._told(value) for key, value in call.keywords.items()}
        output = keras_layer(*_packed_operands(self.rules[call.layer].operands, inputs), **keywords)
        self.tensors[node] = self.keras.tree.flatten(output)

    def _told(self, value: Any) -> Any:
        """What a call is told, with the tensors for outputs."""
        if isinstance(value, (list, tuple)):
            return [self._told(item) for item in value]
        return self.tensors[value.name, value.call][value.index] if isinstance(value, Ref) else value

    def _operate(self, keras_operation: Any, call: Call, inputs: list[Any]) -> Any:
        """The outputs of one call of an operation."""
        rule = self.rules[call.layer]
        assert isinstance(rule, Operation)
        keywords = {}
        for key, value in call.keywords.items():
            if isinstance(value, Ref):
                keywords[key] = self.tensors[value.name, value.call][value.index]
            else:
                keywords[key] = constant(rule, key, value)
        return keras_operation(*packed(rule, inputs, keywords))

    def _layer(self, rule: LayerRule, inputs: Sequence[Any] | None = None) -> Any:
        if isinstance(rule, NestedModel):
            return self._nested(rule, inputs)
        if rule.shared in self.shared:
            return self.shared[rule.shared]
        made = self._made(rule)
        if rule.shared:
            self.shared[rule.shared] = made
        return made

    def _nested(self, rule: NestedModel, inputs: Sequence[Any] | None) -> Any:
        """A nested model; the same one wherever its spec is the same."""
        for spec, model in self.shared["models"]:
            if spec == rule.spec:
                return model
        model = KerasModel(self.keras, rule.spec, self.values, self.shared).build(inputs).model
        self.shared["models"].append((rule.spec, model))
        return model

    def _made(self, rule: LayerRule) -> Any:
        if is_stated(rule):
            return _stand_in(self.keras, rule, self.values)
        if saved := _saved(rule):
            return saved.layer(self.keras, rule.name)
        if isinstance(rule, Operation):
            return operation_of(self.keras, rule, {key: self._argument(value) for key, value in rule.given.items()})
        keras_class = class_of(self.keras, type(rule).__name__)
        if keras_class is None:
            raise ValueError(f"Keras {self.keras.__version__} has no layer `{rule.class_name}`")
        # Keras numbers what it makes by itself, such as the merging of masks, and does not count given names.
        self.keras.backend.get_uid(snake_case(rule.class_name))
        arguments = {key: self._argument(value) for key, value in rule.given.items()}
        return keras_class(**arguments, name=rule.name or None)

    def _argument(self, value: Any) -> Any:
        if isinstance(value, LayerRule):
            return self._layer(value)
        if isinstance(value, Equation):
            return str(value)
        if isinstance(value, (list, tuple)):
            return type(value)(self._argument(item) for item in value)
        return substitute(value, self.values) if isinstance(value, Expression) else value

    def _close(self) -> None:
        # Set later on, `trainable` would be set on all layers too, which state it themselves.
        stated = {"name": self.spec.name, "trainable": self.spec.trainable}
        if self.spec.sequential:
            self.model = self.keras.Sequential([*self._ports, *self.layers.values()], **stated)
            return
        outputs = [self.tensors[ref.name, ref.call][ref.index] for ref in self.spec.outputs]
        self.model = self.keras.Model(self._ports, outputs if len(outputs) > 1 else outputs[0], **stated)


def _pack(tree: Any, keras_layer: Any, states: list[Any]) -> list[Any]:
    """States in the structure that the layer takes them in, which stacked cells make a deep one."""
    if hasattr(keras_layer, "backward_layer"):
        half = len(states) // 2
        forward, backward = keras_layer.forward_layer, keras_layer.backward_layer
        return [*_pack(tree, forward, states[:half]), *_pack(tree, backward, states[half:])]
    structure = getattr(keras_layer, "state_size", None)
    if not isinstance(structure, (list, tuple)) or len(tree.flatten(structure)) != len(states):
        return states
    return list(tree.pack_sequence_as(structure, states))


def class_of(keras: Any, class_name: str) -> Any:
    """The class of a layer, also of one that only a model of `keras.applications` has; None if there is none."""
    found = getattr(keras.layers, class_name, None)
    if found is not None:
        return found
    package = keras.applications.VGG16.__module__.rpartition(".")[0]
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith(f"{package}.")]
    return next((vars(module)[class_name] for module in modules if class_name in vars(module)), None)


def _packed_operands(operands: str, inputs: list[Any]) -> list[Any]:
    """The inputs as the arguments of a Keras call (`LayerRule.operands`)."""
    if " " in operands or operands.startswith("*"):
        return inputs
    return [inputs[0] if len(inputs) == 1 and not operands.startswith("[") else inputs]


def _builder(spec: Spec) -> Builder:
    def nested(model: str, name: str) -> NestedModel:
        return NestedModel(name, model, spec.models[model]._replace(name=name, symbols=spec.symbols))

    return Builder(spec.symbols, {model: partial(nested, model) for model in spec.models})


def sizes_that_keras_needs(spec: Spec) -> set[str]:
    """The symbols without a value that Keras needs a number for: those in arguments and in the shapes of weights."""
    return {*infer(spec).needs, *_in_arguments(spec)}


def _in_arguments(spec: Spec) -> set[str]:
    builder = _builder(spec)
    for stated in spec.layers.values():
        builder.build(stated)
    names = set(builder.symbols)
    for inner in spec.models.values():
        # A symbol that is a size of a nested model's input is the nested model's own.
        own = {str(size) for port in inner.inputs for size in port.shape}
        names |= _in_arguments(inner._replace(symbols=spec.symbols)) - own
    return names - set(spec.symbols)


def _stand_in(keras: Any, rule: LayerRule, values: Mapping[str, int]) -> Any:
    """A Keras layer that gives zeros of the stated shape and holds the stated params; it runs nothing.

    A size that is stated as unknown is that of the same axis of the input where there is one, and otherwise 2.
    """
    stated = lower(substitute(size, values) for size in rule.given["output_shape"])
    held = substitute(rule.given.get("non_trainable_params", 0), values)
    params = substitute(rule.given.get("params", 0), values) - held

    class StandIn(keras.layers.Layer):  # type: ignore[misc]  # Keras is not there when types are checked
        def build(self, input_shape: Any) -> None:
            if params:
                self.add_weight(shape=(params,), name="params")
            if held:
                self.add_weight(shape=(held,), name="non_trainable_params", trainable=False)

        def call(self, inputs: Any) -> Any:
            first = keras.tree.flatten(inputs)[0]
            there = keras.ops.shape(first)
            same = there[1:] if len(there) == len(stated) + 1 else (2,) * len(stated)
            return keras.ops.zeros((there[0], *(s if t is None else t for t, s in zip(stated, same, strict=True))))

        def compute_output_shape(self, input_shape: Any) -> Any:
            several = bool(input_shape) and isinstance(input_shape[0], (list, tuple))
            return ((input_shape[0] if several else input_shape)[0], *stated)

    return StandIn(name=rule.name, trainable=rule.trainable)
