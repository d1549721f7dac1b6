"""From a layer as a source states it to a rule with checked arguments; every fault is collected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lstmcalc.dims import MAX_SIZE, Condition, Dim, at_least, parse, substitute, symbols_of, to_text
from lstmcalc.errors import Fault, Rejection, with_article
from lstmcalc.layers import ALIASES, RULES, LayerRule, find_rule, stated_rule
from lstmcalc.layers.arguments import REQUIRED, Argument, closest, show
from lstmcalc.layers.kinds import is_stated
from lstmcalc.layers.opaque import NOT_LAYERS, OPAQUE
from lstmcalc.layers.rule import Assumption, Example
from lstmcalc.spec import LayerSpec

__all__ = ["Builder"]


class Builder:
    """Builds rules under given values of symbols; `faults`, `symbols` and `assumptions` collect what it meets.

    `models` holds, by name, what makes the rule of each nested model, told the name of the layer.
    """

    def __init__(
        self,
        values: Mapping[str, Dim] | None = None,
        models: Mapping[str, Callable[[str], LayerRule]] | None = None,
    ) -> None:
        self.values = dict(values or {})
        self.models = models or {}
        self.faults: list[Fault] = []
        self.symbols: set[str] = set()
        self.assumptions: list[tuple[str, Assumption]] = []

    def build(self, layer: LayerSpec) -> LayerRule | None:
        """The rule of a layer, or None after noting every fault in its arguments."""
        if layer.unread:
            return None
        if layer.class_name in self.models:
            return self._model(layer)
        rule = find_rule(layer.class_name)
        if rule is None:
            if "output_shape" not in layer.arguments:
                self._unknown_layer(layer)
                return None
            rule = stated_rule()
        before = len(self.faults)
        values = {}
        for key, value in layer.arguments.items():
            argument = rule.arguments.get(key)
            if argument is None:
                # A class of the user's own has arguments of its own.
                if rule.family:
                    self._unknown_argument(layer, key, rule)
                continue
            try:
                values[key] = argument.check(key, self._read(argument, value, layer, key))
            except Rejection as refusal:
                fix = refusal.fault.fix or _suggestion(rule, key, value)
                self._note(refusal.fault._replace(fix=fix), layer, key)
        self._missing(layer, rule)
        if len(self.faults) > before:
            return None
        built = rule(values, layer.name)
        built.shared = layer.shared
        if is_stated(built):
            built.class_name = layer.class_name
        try:
            built.validate()
        except Rejection as refusal:
            self._note(refusal.fault, layer)
            return None
        return built

    def size(self, value: Any) -> Dim:
        """A size from a number or the text of an expression, symbols with a value replaced; raises ValueError."""
        size = parse(value) if isinstance(value, str) else value
        if isinstance(size, int):
            return size
        self.symbols.update(symbols_of(size))
        return substitute(size, self.values)

    def _read(self, argument: Argument, value: Any, layer: LayerSpec, key: str) -> Any:
        if isinstance(value, LayerSpec):
            return self._wrapped(value)
        if isinstance(value, (list, tuple)):
            return [self._read(argument, item, layer, key) for item in value]
        if argument.kind in ("size", "sizes", "shape") and isinstance(value, str):
            try:
                value = self.size(value)
            except ValueError as error:
                if any(sign in value for sign in "+-*/()"):
                    because = str(error)
                    raise Rejection("wrong-value", f"`{key}` to be a size", show(value), because) from None
                return value
            sign = at_least(value, 1)
            if isinstance(sign, Condition) and argument.kind != "shape":
                text = f"`{key}` must be at least 1, and is {to_text(value)}"
                self.assumptions.append((layer.name, Assumption(sign, str(sign), text)))
        elif isinstance(value, str) and value in self.values and argument.kind == "plain":
            self.symbols.add(value)
            return self.values[value]
        return value

    def _wrapped(self, layer: LayerSpec) -> LayerRule:
        # A wrapped layer's fault is noted where it is; the wrapper's own are still looked for, on a stand-in.
        return self.build(layer) or stated_rule()({"output_shape": ()}, layer.name)

    def _model(self, layer: LayerSpec) -> LayerRule | None:
        for key in layer.arguments:
            fault = Fault("unknown-argument", "no arguments for a nested model", f"`{key}`")
            self._note(fault, layer, key)
        return None if layer.arguments else self.models[layer.class_name](layer.name)

    def _note(self, fault: Fault, layer: LayerSpec, key: str | None = None) -> None:
        where = layer.argument_where.get(key or "", layer.where)
        self.faults.append(fault.placed(where, (layer.name, layer.class_name)))

    def _unknown_layer(self, layer: LayerSpec) -> None:
        state = "state its `output_shape`, without the batch, and its `params`"
        got = f"`{layer.class_name}`"
        if layer.class_name in OPAQUE:
            fault = Fault("unknown-shape", "`output_shape`", "nothing", OPAQUE[layer.class_name], state)
        elif layer.class_name in NOT_LAYERS:
            fault = Fault("unknown-layer", "a layer", got, NOT_LAYERS[layer.class_name])
        else:
            near = closest(layer.class_name, [*RULES, *ALIASES, *self.models])
            fix = f"did you mean `{near}`?" if near else f"for a layer of your own, {state}"
            expected = "a layer that lstmcalc knows, or the name of a model"
            fault = Fault("unknown-layer", expected, got, fix=fix)
        self.faults.append(fault.placed(layer.where, (layer.name, layer.class_name)))

    def _unknown_argument(self, layer: LayerSpec, key: str, rule: type[LayerRule]) -> None:
        near = closest(key, list(rule.arguments))
        lists = f": `lstmcalc layers {layer.class_name}` lists what it takes" if rule.arguments else ""
        fix = f"did you mean `{near}`?" if near else f"leave `{key}` out{lists}"
        self._note(
            Fault("unknown-argument", f"{with_article(layer.class_name)} argument", f"`{key}`", fix=fix), layer, key
        )

    def _missing(self, layer: LayerSpec, rule: type[LayerRule]) -> None:
        misspelt = {closest(key, list(rule.arguments)) for key in layer.arguments if key not in rule.arguments}
        for key, argument in rule.arguments.items():
            if argument.default is REQUIRED and key not in layer.arguments and key not in misspelt:
                expected = f"`{key}`, which {layer.class_name} cannot do without"
                self._note(Fault("missing-argument", expected, "nothing", fix=_suggestion(rule, key)), layer)


def _suggestion(rule: type[LayerRule], key: str, wrong: Any = None) -> str:
    """A value that would do: the number that was probably meant, or that of the rule's first example; else empty."""
    argument, examples = rule.arguments[key], [each for each in rule.examples if isinstance(each, Example)]
    values = [each.arguments[key] for each in examples if key in each.arguments]
    if isinstance(wrong, (int, float)) and not isinstance(wrong, bool) and abs(wrong) < MAX_SIZE:
        values.insert(0, int(abs(wrong)))
    for value in values:
        if isinstance(value, (int, float, list)):
            try:
                argument.check(key, value)
            except Rejection:
                continue
            return f"for example `{key}: {show(value)}`"
    return ""
