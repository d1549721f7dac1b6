"""One entry of a YAML model's `layers`, in any of its forms, and what stands inside it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from lstmcalc.errors import Fault, Rejection, SpecError, Where
from lstmcalc.layers import RULES, find_rule
from lstmcalc.layers.arguments import closest
from lstmcalc.sources.bounds import MAX_FAULTS, note
from lstmcalc.sources.drafts import Entry, Reference, wrapped_layers
from lstmcalc.sources.layer_call import SharedArguments, argument_kind, parse_call, positional_arguments
from lstmcalc.sources.yaml_nodes import Items, Node, Pairs, Scalar, described, is_null, shortened, value_of
from lstmcalc.spec import LayerSpec

__all__ = ["EntryReader"]

#: What an entry may say beside its layer's own arguments.
OWN_KEYS = ("name", "inputs", "initial_state")
FORMS = "a layer such as `Flatten`, `Dense: 10`, `LSTM: {units: 64}` or `LSTM(64)`"


class EntryReader:
    """Reads entries; what is wrong joins `faults`, and `faulty` collects the places of arguments that have a fault.

    `models` are the names of all nested models.
    """

    def __init__(self, models: Collection[str], faults: list[Fault]) -> None:
        self.models, self.faults = models, faults
        self.faulty: set[Where] = set()
        self.shared = SharedArguments()

    def entry(self, node: Node) -> Entry:
        """An entry in any form; one without a layer where it cannot be read."""
        if isinstance(node, Scalar):
            return self._finished(Entry(node.where, self._from_text(node)))
        if isinstance(node, Pairs) and node.get("apply"):
            return self._apply(node)
        if isinstance(node, Pairs) and node.get("layer"):
            return self._layer_form(node)
        if isinstance(node, Pairs) and len(node.pairs) == 1:
            key, value = node.pairs[0]
            entry = Entry(node.where)
            entry.layer = self._from_pair(key, value, entry)
            return self._finished(entry)
        self._refuse_form(node)
        return Entry(node.where)

    def value(self, node: Node) -> Any:
        """A part of a file as numbers, text, lists and mappings; null in place of a scalar that has a fault."""
        if isinstance(node, Scalar):
            try:
                return value_of(node)
            except Rejection as refusal:
                note(self.faults, refusal.fault.placed(node.where))
                return None
        if isinstance(node, Items):
            return [self.value(item) for item in node.items]
        assert isinstance(node, Pairs)
        return {key.text: self.value(value) for key, value in node.pairs}

    def name(self, node: Node) -> str:
        """A name, also where it is refused, so that what refers to it is not refused as well."""
        if not isinstance(node, Scalar):
            self.note("wrong-name", node.where, "`name` to be text", described(node))
            return ""
        count = len(self.faults)
        value = self.value(node)
        if len(self.faults) == count and not isinstance(value, str):
            fix = f'put it in quotes, "{node.text}"' if node.text else ""
            self.note("wrong-name", node.where, "`name` to be text", described(node), fix=fix)
        elif len(self.faults) == count:
            self.check_name(node.text, node.where)
        return node.text

    def check_name(self, name: str, where: Where) -> None:
        """Refuses a name that Keras refuses, or that a reference could not mean."""
        if not name or re.search(r"[/\[\]\n\t]", name):
            got = f"`{shortened(name)}`" if name else "an empty one"
            self.note("wrong-name", where, "a name without `/`, brackets and line breaks", got)

    def references(self, node: Node, key: str) -> tuple[Reference, ...]:
        """One name or a list of names; those that are none are left out."""
        if isinstance(node, Items) and node.items:
            return tuple(ref for item in node.items for ref in self._reference(item, key))
        return tuple(self._reference(node, key))

    def unknown_key(self, key: Scalar, known: Sequence[str], whose: str) -> None:
        """Refuses a key, with the nearest that is known."""
        near = closest(key.text, known) if len(self.faults) <= MAX_FAULTS else None
        fix = f"did you mean `{near}`?" if near else f"its keys are {', '.join(f'`{name}`' for name in known)}"
        self.note("unknown-key", key.where, f"a key of {whose}", f"`{shortened(key.text)}`", fix=fix)

    def note(self, code: str, where: Where, expected: str, got: str = "", because: str = "", fix: str = "") -> None:
        """Adds a fault."""
        note(self.faults, Fault(code, expected, got, because, fix, where))

    def _reference(self, node: Node, key: str) -> Iterable[Reference]:
        count = len(self.faults)
        value = self.value(node) if isinstance(node, Scalar) else None
        if len(self.faults) > count:
            return
        if not isinstance(value, str) or not value:
            self.note("wrong-reference", node.where, f"`{key}` to be a name or a list of names", described(node))
            return
        yield Reference.parse(value, node.where)

    def _apply(self, node: Pairs) -> Entry:
        entry = Entry(node.where)
        for key, value in node.pairs:
            if key.text == "apply":
                entry.apply = next(iter(self._reference(value, "apply")), None)
            elif key.text in OWN_KEYS:
                self._own(entry, key.text, value)
            elif _is_told(key.text):
                entry.keywords[key.text] = self.value(value)
            else:
                self.unknown_key(key, ("apply", *OWN_KEYS), "an entry that applies a layer again")
        return entry

    def _layer_form(self, node: Pairs) -> Entry:
        """`{layer: ..., name: ..., inputs: ...}`."""
        entry = Entry(node.where)
        for key, value in node.pairs:
            if key.text in OWN_KEYS:
                self._own(entry, key.text, value)
            elif key.text != "layer" and _is_told(key.text):
                entry.keywords[key.text] = self.value(value)
            elif key.text != "layer" and not _is_rest_of_call(key.text):
                self.unknown_key(key, ("layer", *OWN_KEYS), "an entry with `layer`")
        inner = node.get("layer")
        assert inner is not None
        name, place = entry.label, entry.label_where
        entry.label, entry.label_where = "", Where()
        if isinstance(inner, Pairs) and len(inner.pairs) == 1:
            entry.layer = self._from_pair(*inner.pairs[0], entry)
        elif isinstance(inner, Scalar):
            entry.layer = self._from_text(inner)
        else:
            self._refuse_form(inner)
        if name and (entry.label or (entry.layer and entry.layer.name)):
            self.note("duplicate-key", place, "one `name` for a layer", "a second one")
        if name:
            entry.label, entry.label_where = name, place
        return self._finished(entry)

    def _own(self, entry: Entry, key: str, node: Node) -> None:
        if key == "name":
            entry.label, entry.label_where = self.name(node), node.where
        elif key == "inputs":
            if entry.inputs is not None:
                self.note("duplicate-key", node.where, "`inputs` once", "a second one")
            entry.inputs = self.references(node, key)
        else:
            if entry.initial_state:
                self.note("duplicate-key", node.where, "`initial_state` once", "a second one")
            entry.initial_state = self.references(node, key)

    def _finished(self, entry: Entry) -> Entry:
        """The entry with its name given to the layer; that of a nested model stays a label for its result."""
        layer = entry.layer
        if layer is None:
            return entry
        if layer.class_name in ("Input", "InputLayer") and layer.class_name not in self.models:
            fix = "state its shape under `input` or `inputs`, without the batch"
            self.note(
                "input-in-layers", layer.where, "layers that come after the inputs", f"`{layer.class_name}`", fix=fix
            )
            entry.layer = None
            return entry
        for key in ("inputs", "initial_state"):
            if key in layer.arguments:
                fix = f'write `{{layer: "{layer.class_name}(…)", {key}: …}}`'
                self.note("wrong-key", layer.argument_where[key], f"`{key}` outside the call", f"`{key}`", fix=fix)
                self.faulty.add(layer.argument_where[key])
        if layer.class_name in self.models:
            if layer.name:
                entry.label, entry.label_where = layer.name, layer.argument_where["name"]
        elif entry.label:
            places = {**layer.argument_where, "name": entry.label_where}
            entry.layer = LayerSpec(layer.class_name, entry.label, layer.arguments, layer.where, places)
            entry.label, entry.label_where = "", Where()
        return entry

    def _from_text(self, node: Scalar) -> LayerSpec | None:
        """A call, or the bare name of a class or a nested model."""
        count = len(self.faults)
        value = self.value(node)
        if not isinstance(value, str) or not value.strip():
            if len(self.faults) == count:
                self._refuse_form(node)
            return None
        if "(" not in value and not _is_rest_of_call(value):
            return LayerSpec(self._class_name(value), "", {}, node.where)
        try:
            layer = parse_call(value, node.where, node.offset, self.shared)
        except SpecError as error:
            for fault in error.faults:
                note(self.faults, fault)
            return None
        for inner in wrapped_layers(layer):
            if "name" in inner.argument_where:
                self.check_name(inner.name, inner.argument_where["name"])
        return layer

    def _from_pair(self, key: Scalar, value: Node, entry: Entry | None) -> LayerSpec | None:
        """`LSTM: ...`; what is not an argument of the layer goes to `entry`, and is refused where there is none."""
        if "(" in key.text:
            fix = "put the call in quotes, and write `name=value` in it"
            self.note("not-a-layer-call", key.where, "a layer call such as `LSTM(64)`", f"`{shortened(key.text)}: …`",
                      fix=fix)  # fmt: skip
            return None
        class_name = self._class_name(key.text)
        arguments: dict[str, Any] = {}
        places: dict[str, Where] = {}
        name = ""
        if isinstance(value, Pairs) and not self._is_wrapped(class_name, value):
            own = Entry(key.where) if entry is None else entry
            for argument, inner in value.pairs:
                if argument.text == "name" or (entry and argument.text in OWN_KEYS):
                    self._own(own, argument.text, inner)
                elif argument.text in OWN_KEYS:
                    self.note("wrong-key", argument.where, f"`{argument.text}` on the entry as a whole",
                              f"`{argument.text}` on a layer inside another")  # fmt: skip
                else:
                    kind = argument_kind(class_name, argument.text)
                    places[argument.text] = inner.where if kind else argument.where
                    arguments[argument.text] = self._argument(kind, inner)
            if entry is None and own.label:
                name, places["name"] = own.label, own.label_where
        elif not is_null(value):
            first = self._first_argument(class_name, value)
            if first:
                arguments[first] = self._argument(argument_kind(class_name, first), value)
                places[first] = value.where
        return LayerSpec(class_name, name, self.shared.of(arguments), key.where, places)

    def _first_argument(self, class_name: str, value: Node) -> str | None:
        """The argument that `Dense: 10` states; None for an unknown class, which is refused as such later."""
        positional = list(positional_arguments(class_name))
        if class_name in self.models:
            self.note("unknown-argument", value.where, "no arguments for a nested model", described(value))
        elif not positional and find_rule(class_name):
            self.note("unknown-argument", value.where, f"the arguments of {class_name} by name", described(value))
        return positional[0] if positional and class_name not in self.models else None

    def _is_wrapped(self, class_name: str, value: Pairs) -> bool:
        """Whether the mapping is a layer in the place of the first argument: `TimeDistributed: {Dense: 8}`."""
        positional = positional_arguments(class_name)
        first = next(iter(positional), "")
        if len(value.pairs) != 1 or argument_kind(class_name, first) not in ("layer", "layers"):
            return False
        key = value.pairs[0][0].text
        if argument_kind(class_name, key) or key in OWN_KEYS:
            return False
        inner = self._class_name(key)
        return inner in self.models or inner[:1].isupper()

    def _argument(self, kind: str, node: Node) -> Any:
        count = len(self.faults)
        value = self._layer_value(kind, node) if kind in ("layer", "layers") else self.value(node)
        if len(self.faults) > count:
            self.faulty.add(node.where)
        return value

    def _layer_value(self, kind: str, node: Node) -> Any:
        if isinstance(node, Items):
            return [self._argument(kind, item) for item in node.items]
        if isinstance(node, Pairs):
            return self._wrapped(node)
        assert isinstance(node, Scalar)
        count = len(self.faults)
        value = self.value(node)
        return self._from_text(node) if isinstance(value, str) and value and len(self.faults) == count else value

    def _wrapped(self, node: Pairs) -> Any:
        if node.get("layer"):
            entry = self._layer_form(node)
            if entry.inputs is not None or entry.initial_state:
                self.note(
                    "wrong-key", node.where, "`inputs` on the entry as a whole", "`inputs` on a layer inside another"
                )
            return entry.layer
        if len(node.pairs) == 1:
            return self._from_pair(*node.pairs[0], None)
        self._refuse_form(node)
        return None

    def _class_name(self, text: str) -> str:
        """The class in `LSTM`, or in `keras.layers.LSTM`; an operation keeps its `ops.`, and a model its whole name."""
        if "." not in text or text in self.models or not re.fullmatch(r"\w+(\.\w+)+", text):
            return text
        *path, name = text.split(".")
        return f"ops.{name}" if path[-1] == "ops" else name

    def _refuse_form(self, node: Node) -> None:
        fix = ""
        got = described(node)
        if isinstance(node, Pairs) and node.pairs:
            keys = [key.text for key, _ in node.pairs]
            got = "the keys " + ", ".join(f"`{shortened(key)}`" for key in keys[:5]) + (", …" if len(keys) > 5 else "")
            first = next((key for key in keys if key not in OWN_KEYS), "LSTM")
            fix = f"one entry is one layer; its arguments and its `name` go inside, `{shortened(first)}: {{…}}`"
        self.note("wrong-entry", node.where, FORMS, got, fix=fix)


@cache
def _told() -> frozenset[str]:
    return frozenset(key for rule in RULES.values() for key in rule.keywords)


def _is_told(key: str) -> bool:
    """Whether the calls of some layer may be told this."""
    return key in _told()


def _is_rest_of_call(text: str) -> bool:
    """Whether a text is the end of a call that a comma has cut, inside { } or [ ]; its beginning has the fault."""
    return text.rstrip().endswith(")") and text.count(")") > text.count("(")
