"""A model written in YAML (README's format), read into a `Spec`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from lstmcalc.building import Builder
from lstmcalc.dims import parse
from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.layers import ALIASES, RULES, LayerRule, stated_rule
from lstmcalc.layers.arguments import DTYPES, closest
from lstmcalc.sources.bounds import MAX_FAULTS, first_faults
from lstmcalc.sources.drafts import Draft, Linker, wrapped_layers
from lstmcalc.sources.yaml_layers import EntryReader
from lstmcalc.sources.yaml_nodes import Items, Node, Pairs, Scalar, compose, described, is_null
from lstmcalc.spec import InputSpec, LayerSpec, Namer, Ref, Spec

__all__ = ["is_sequential", "read_yaml"]

KEYS = ("name", "sequential", "input", "inputs", "batch", "symbols", "layers", "outputs", "models")
MODEL_KEYS = ("sequential", "input", "inputs", "layers", "outputs")
INPUT_KEYS = ("shape", "dtype")

#: How many layer calls a model may come to when every nested model is written out at every use.
MAX_CALLS = 100_000


def read_yaml(text: str, source: str) -> Spec:
    """The spec that a YAML text states; `source` names it in errors. Raises SpecError with every fault in it.

    >>> spec = read_yaml("{input: [T, 32], layers: [Bidirectional: {LSTM: 64}, Dense: 10]}", "model.yaml")
    >>> [str(call.where) for call in spec.calls], spec.sequential
    (['model.yaml:1:27', 'model.yaml:1:54'], True)
    """
    faults: list[Fault] = []
    root = compose(text, source, faults)
    if root is None or is_null(root):
        raise SpecError([*first_faults(faults), Fault("empty-file", "a model", "nothing", where=Where(source))])
    if not isinstance(root, Pairs):
        fix = "start with `input: [10, 32]` and `layers:`"
        fault = Fault("not-a-model", "a mapping with `layers`", described(root), "", fix, root.where)
        raise SpecError([*first_faults(faults), fault])
    spec = _Document(root, source, faults).read()
    if faults:
        raise SpecError(first_faults(faults))
    return spec


class _Document:
    def __init__(self, root: Pairs, source: str, faults: list[Fault]) -> None:
        self.root, self.source, self.faults = root, source, faults
        models = root.get("models")
        self.models = {key.text: (key, value) for key, value in models.pairs} if isinstance(models, Pairs) else {}
        self.entries = EntryReader(self.models, faults)

    def read(self) -> Spec:
        root, note = self.root, self.entries.note
        for key, _ in root.pairs:
            if key.text not in KEYS:
                self.entries.unknown_key(key, KEYS, "a model")
        if (models := root.get("models")) and not isinstance(models, Pairs) and not is_null(models):
            note("wrong-value", models.where, "`models` to be a mapping of names to models", described(models))
        name_node, batch_node = root.get("name"), root.get("batch")
        name = self.entries.name(name_node) if name_node else ""
        drafts = [self._nested(*pair) for pair in self.models.values()]
        # A fault that names no other place is one of the batch.
        main = self._draft(root, name, batch_node.where if batch_node else root.where)
        batch = self._size(batch_node, "`batch`") if batch_node else None
        symbols = self._symbols(root.get("symbols"))
        common = {"batch": batch, "symbols": symbols, "source": self.source}
        spec, written = self._link([*drafts, main], common)
        if self.faults:
            self._check_arguments(written, symbols)
        return spec

    def _nested(self, key: Scalar, node: Node) -> Draft:
        name = key.text
        self.entries.check_name(name, key.where)
        if ALIASES.get(name, name) in RULES:
            self.entries.note("duplicate-name", key.where, "a name of its own", f"`{name}`, which is a Keras layer")
        if not isinstance(node, Pairs):
            self.entries.note("not-a-model", node.where, "a mapping with `layers`", described(node))
            return Draft(name, key.where)
        for inner, _ in node.pairs:
            if inner.text in KEYS and inner.text not in MODEL_KEYS:
                fix = (
                    "leave it out: the key under `models` is its name"
                    if inner.text == "name"
                    else "state it once, in the main model"
                )
                self.entries.note("unknown-key", inner.where, "a key of a nested model", f"`{inner.text}`", fix=fix)
            elif inner.text not in KEYS:
                self.entries.unknown_key(inner, MODEL_KEYS, "a nested model")
        return self._draft(node, name, key.where)

    def _draft(self, node: Pairs, name: str, where: Where) -> Draft:
        draft = Draft(name, where, tuple(self._inputs(node)))
        layers = node.get("layers")
        if isinstance(layers, Items) and len(layers.items) > MAX_CALLS:
            raise self._too_large(len(layers.items), layers.where)
        if isinstance(layers, Items) and layers.items:
            draft.entries = [self.entries.entry(item) for item in layers.items]
        elif layers is None and not _is_misspelt(node, "layers"):
            self.entries.note("missing-key", node.where, "`layers`, a list", "nothing")
        elif layers is not None:
            self.entries.note("wrong-value", layers.where, "`layers` to be a list of layers", described(layers))
        draft.sequential = self._sequential(node.get("sequential"))
        outputs = node.get("outputs")
        if outputs is not None:
            draft.outputs = self.entries.references(outputs, "outputs")
        return draft

    def _sequential(self, node: Node | None) -> bool | None:
        """Whether Keras is to hold the model as a Sequential; None where its layers decide that."""
        value = self.entries.value(node) if node else None
        if node is None or isinstance(value, bool):
            return value
        self.entries.note("wrong-value", node.where, "`sequential` to be true or false", described(node))
        return None

    def _inputs(self, node: Pairs) -> Iterator[InputSpec]:
        single, several = node.get("input"), node.get("inputs")
        if single and several:
            self.entries.note("duplicate-key", several.where, "`input` or `inputs`", "both")
        elif single is None and several is None and not _is_misspelt(node, "input", "inputs"):
            fix = "add `input: [10, 32]`, the shape without the batch"
            self.entries.note("missing-key", node.where, "`input` or `inputs`", "nothing", fix=fix)
        if single:
            yield self._input("input", single)
        elif isinstance(several, Pairs) and several.pairs:
            for key, value in several.pairs:
                self.entries.check_name(key.text, key.where)
                yield self._input(key.text, value)
        elif several:
            expected = "`inputs` to be a mapping of names to shapes"
            self.entries.note("wrong-value", several.where, expected, described(several))

    def _input(self, name: str, node: Node) -> InputSpec:
        shape: Node | None = node
        dtype = "float32"
        if isinstance(node, Pairs):
            shape = node.get("shape")
            for key, value in node.pairs:
                if key.text not in INPUT_KEYS:
                    self.entries.unknown_key(key, INPUT_KEYS, "an input")
                elif key.text == "dtype":
                    dtype = self._dtype(value)
            if shape is None:
                self.entries.note("missing-key", node.where, "`shape`, a list of sizes without the batch", "nothing")
        if shape is not None and not isinstance(shape, Items):
            fix = f"write `[{shape.text}]`" if isinstance(shape, Scalar) and shape.text else ""
            expected = "a list of sizes, without the batch"
            self.entries.note("wrong-value", shape.where, expected, described(shape), fix=fix)
        what = f'every size of input "{name}"'
        sizes = [self._size(item, what) for item in shape.items] if isinstance(shape, Items) else []
        return InputSpec(name, tuple(sizes), dtype, node.where)

    def _dtype(self, node: Node) -> str:
        value = self.entries.value(node)
        if not isinstance(value, str) or value not in DTYPES:
            near = closest(value, DTYPES) if isinstance(value, str) else None
            fix = f"did you mean `{near}`?" if near else "such as `float32` or `int32`"
            self.entries.note("wrong-value", node.where, "`dtype` to be a Keras dtype", described(node), fix=fix)
        return value if isinstance(value, str) else "float32"

    def _size(self, node: Node, what: str) -> int | str | None:
        """A size as it is written; inference, which knows the symbols, says what it comes to."""
        count = len(self.faults)
        value = self.entries.value(node)
        if value is None or len(self.faults) > count:
            return None
        expected, because = f"{what} to be an integer, null, or arithmetic with names", ""
        try:
            size = parse(value) if isinstance(value, str) else value
        except ValueError as error:
            size, because = None, str(error)
        if isinstance(size, int) and not isinstance(size, bool) and size < 1:
            expected = f"{what} to be at least 1"
        elif isinstance(value, (int, str)) and not isinstance(value, bool) and not because:
            return value
        self.entries.note("wrong-size", node.where, expected, described(node), because)
        return None

    def _symbols(self, node: Node | None) -> dict[str, int]:
        symbols = {}
        if node and not isinstance(node, Pairs) and not is_null(node):
            self.entries.note(
                "wrong-value", node.where, "`symbols` to be a mapping of names to numbers", described(node)
            )
        for key, item in node.pairs if isinstance(node, Pairs) else ():
            count = len(self.faults)
            value = self.entries.value(item)
            if not key.text.isidentifier():
                expected = "a name of letters, digits and `_`"
                self.entries.note("wrong-name", key.where, expected, f"`{key.text}`")
            elif isinstance(value, int) and not isinstance(value, bool) and value > 0:
                symbols[key.text] = value
            elif len(self.faults) == count:
                expected = f"`{key.text}` to be a positive integer"
                fix = "leave it out of `symbols` to keep it open" if is_null(item) else ""
                self.entries.note("wrong-value", item.where, expected, described(item), fix=fix)
        return symbols

    def _link(self, drafts: list[Draft], common: Mapping[str, Any]) -> tuple[Spec, list[LayerSpec]]:
        """The spec of the last draft, which may use the others, and the layers of all."""
        taken = {name for draft in drafts for name in _explicit_names(draft)} | set(self.models)
        namer = Namer(taken)
        later = {draft.name: draft.where for draft in drafts[:-1]}
        specs: dict[str, Spec] = {}
        written: list[LayerSpec] = []
        sizes: dict[str, int] = {}
        for draft in drafts[:-1]:
            linker = Linker(draft, namer, specs, later, self.faults)
            spec = linker.run()._replace(**common)
            specs[draft.name] = spec._replace(sequential=self._is_sequential(draft, spec))
            written += linker.written
            del later[draft.name]
            sizes[draft.name] = self._count(spec, sizes)
        linker = Linker(drafts[-1], namer, specs, later, self.faults)
        main = linker.run()._replace(**common, models=specs)
        self._count(main, sizes)
        sequential = self._is_sequential(drafts[-1], main)
        name = main.name or ("sequential" if sequential else "functional")
        return main._replace(name=name, sequential=sequential), [*written, *linker.written]

    def _is_sequential(self, draft: Draft, spec: Spec) -> bool:
        if draft.sequential and not is_sequential(spec):
            expected = "a Sequential to be one layer after the other, each applied once"
            self.faults.append(Fault("not-sequential", expected, "another graph", where=spec.where))
        return is_sequential(spec) if draft.sequential is None else draft.sequential

    def _count(self, spec: Spec, sizes: Mapping[str, int]) -> int:
        """How many calls a model comes to, with each nested model written out wherever it is used."""
        count = 0
        for call in spec.calls:
            for inner in wrapped_layers(spec.layers[call.layer]):
                count += 1 + (sizes.get(inner.class_name, 0) if sizes else 0)
        if count > MAX_CALLS:
            raise self._too_large(count, spec.where)
        return count

    def _too_large(self, count: int, where: Where) -> SpecError:
        expected = f"at most {MAX_CALLS:,} layer calls, with every nested model written out"
        fault = Fault("too-large", expected, f"{count:,}", where=where)
        return SpecError(first_faults([*self.faults, fault]))

    def _check_arguments(self, layers: list[LayerSpec], symbols: Mapping[str, int]) -> None:
        """Adds the faults in arguments, which inference would find if the model had no fault of its own."""

        def stand_in(name: str) -> LayerRule:
            return stated_rule()({"output_shape": ()}, name)

        builder = Builder(symbols, dict.fromkeys(self.models, stand_in))
        for layer in layers:
            if len(builder.faults) > MAX_FAULTS:
                break
            builder.build(layer)
        self.faults += [fault for fault in builder.faults if fault.where not in self.entries.faulty]


def _is_misspelt(node: Pairs, *keys: str) -> bool:
    """Whether an unknown key most likely means one of these, so that its absence is no fault of its own."""
    unknown = (key.text for key, _ in node.pairs if key.text not in KEYS)
    return any(closest(key, KEYS) in keys for key in islice(unknown, MAX_FAULTS))


def _explicit_names(draft: Draft) -> Iterator[str]:
    """Every name that the draft states, so that none is given a second time."""
    for port in draft.inputs:
        yield port.name
    for entry in draft.entries:
        yield entry.label
        for layer in wrapped_layers(entry.layer):
            yield layer.name


def is_sequential(spec: Spec) -> bool:
    """Whether every layer takes the one output of the one before, and no layer is applied twice."""
    if len(spec.inputs) != 1 or len(spec.calls) != len(spec.layers) or not spec.calls:
        return False
    before = Ref(spec.inputs[0].name)
    for call in spec.calls:
        if call.inputs != (before,) or call.initial_state or _has_several(spec.layers[call.layer], spec):
            return False
        before = Ref(call.layer)
    return spec.outputs == (before,)


def _has_several(layer: LayerSpec, spec: Spec) -> bool:
    """Whether a layer takes several inputs or returns several outputs, as far as its arguments say so."""
    model = spec.models.get(layer.class_name)
    if model and (len(model.inputs) > 1 or len(model.outputs) > 1):
        return True
    arguments = layer.arguments
    if True in (arguments.get("return_state"), arguments.get("return_attention_scores")):
        return True
    if arguments.get("merge_mode", "") is None:
        return True
    inner = arguments.get("layer")
    return isinstance(inner, LayerSpec) and _has_several(inner, spec)
