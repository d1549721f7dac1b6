"""One layer as the words of a command line: `lstm --units 128 --input 10,300`, or a call with options behind it."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Sequence
from typing import Any

from lstmcalc.dims import symbol, to_python
from lstmcalc.errors import Fault, Rejection, SpecError
from lstmcalc.layers import ALIASES, RULES, LayerRule
from lstmcalc.layers.arguments import REQUIRED, Argument, closest
from lstmcalc.sources.bounds import first_faults
from lstmcalc.sources.input_shapes import (
    NUMBER,
    attends_to_itself,
    axes_of,
    described,
    example_input,
    parsed,
    place,
    read_sizes,
    split_sizes,
    states_of,
    symbolic_shapes,
)
from lstmcalc.sources.layer_call import positional_arguments, read_call, split_keywords
from lstmcalc.spec import Call, InputSpec, LayerSpec, Namer, Ref, Spec

__all__ = ["find_class", "read_layer"]

#: Options that state an input, as `--input` does, unless the layer has an argument of its own so called.
INPUT_OPTIONS = ("input", "input_shape", "input_dim")
#: What may stand for a number of time steps that was left out, the first that is not taken.
STEPS = ("T", "timesteps", "steps")
#: The same for the value and the key of an attention layer, which have steps of their own.
OTHER_STEPS = ("S", "value_steps", "steps_2")
WORDS = {"true": True, "false": False, "none": None, "null": None}
#: What stands for an argument that a layer cannot do without, where it was left out: the usual one.
STAND_INS = {
    "Activation": {"activation": "relu"},
    "Bidirectional": {"layer": "LSTM"},
    "RNN": {"cell": "LSTMCell"},
    "Reshape": {"target_shape": "3,4"},
    "TimeDistributed": {"layer": "Dense"},
}
YES_OR_NO = {"yes": True, "on": True, "no": False, "off": False}
OPTION = re.compile(r"--?[A-Za-z]")


def read_layer(words: Sequence[str], inputs: Sequence[str] = ()) -> Spec:
    """A model of one layer from its name or call, its arguments as options, and its input shapes.

    The batch is left out of an input: `300` on a layer that goes over time is 300 values at each of T steps, `10,300`
    is 10 steps of 300. A shape with one axis more than the layer takes has the batch in front, `(None, 10, 300)`; on a
    layer that takes any number of axes a `None` in front is the batch if the shape stands in brackets. What is missing
    stands for itself: sizes become symbols called like the argument or the axis. Raises `SpecError`.

    >>> spec = read_layer(["lstm", "--units", "128", "--return-sequences"], ["300"])
    >>> spec.layers["lstm"].arguments, spec.inputs[0].shape
    ({'units': 128, 'return_sequences': True}, ('T', 300))
    >>> read_layer(["lstm"]).inputs[0].shape
    ('timesteps', 'input_dim')
    """
    return _Reader(words, inputs).read()


def find_class(word: str) -> str | None:
    """The Keras class that a word means, in any case, with or without dashes and underscores.

    >>> [find_class(word) for word in ("lstm", "time-distributed", "keras.layers.Dense", "lsmt")]
    ['LSTM', 'TimeDistributed', 'Dense', None]
    """
    names = {_fold(name): name for name in (*ALIASES, *RULES)}
    name = names.get(_fold(word.rpartition(".")[2]))
    return ALIASES.get(name, name) if name else None


def _fold(word: str) -> str:
    return re.sub(r"[-_\s]", "", word).lower()


class _Reader:
    """Reads the words of one command; `faults` collects what is wrong with them."""

    def __init__(self, words: Sequence[str], inputs: Sequence[str]) -> None:
        self.words = list(words)
        self.inputs = list(inputs)
        self.faults: list[Fault] = []
        #: What was taken for granted.
        self.hints: list[Fault] = []
        self.batch: int | str | None = None
        self.namer = Namer()
        #: Arguments that an unknown option most likely means.
        self.misspelt: set[str] = set()
        taken = set(re.findall(r"\w+", " ".join((*words, *inputs))))
        self.steps = next((name for name in STEPS if name not in taken), STEPS[0])
        self.other_steps = next((name for name in OTHER_STEPS if name not in taken), OTHER_STEPS[0])

    def read(self) -> Spec:
        layer = self._named(self._layer(self.words[0] if self.words else ""))
        self.rule: type[LayerRule] = RULES[layer.class_name]
        #: What an option may state: the layer's arguments, and what a call is told besides tensors.
        told = {key: argument for key, argument in self.rule.keywords.items() if argument.kind != "tensor"}
        self.known = {**told, **self.rule.arguments}
        self.arguments = dict(layer.arguments)
        self.label = layer.name, layer.class_name
        self._options()
        if isinstance(name := self.arguments.pop("name", None), str):
            layer = layer.changed(name=name)
        self._missing()
        layer = self._filled(layer.changed(arguments=self.arguments))
        batch, shapes = self._shapes(layer)
        batch = batch if self.batch is None else self.batch
        if self.faults:
            self._check_values()
            raise SpecError(first_faults([fault.placed(None, self.label) for fault in self.faults]))
        number = len(shapes) > 1
        dtype = "int32" if layer.class_name == "Embedding" else "float32"
        ports = [InputSpec(f"input_{i}" if number else "input", tuple(s), dtype) for i, s in enumerate(shapes, 1)]
        states = [InputSpec(f"state_{i}", (size,)) for i, size in enumerate(states_of(layer), 1)]
        refs, kept = (tuple(Ref(port.name) for port in group) for group in (ports, states))
        if attends_to_itself(layer, len(refs)):
            refs *= 2
        layer, keywords = split_keywords(layer)
        call, source = Call(layer.name, refs, kept, keywords=keywords), " ".join(self.words)
        ports += states
        hints = tuple(hint._replace(severity="hint").placed(None, self.label) for hint in self.hints)
        return Spec(layer.name, tuple(ports), {layer.name: layer}, (call,), (Ref(layer.name),), batch, source=source,
                    hints=hints)  # fmt: skip

    def _layer(self, text: str) -> LayerSpec:
        """A layer from its name or its call; class names in a call may be spelled as freely as alone."""
        if "(" not in text:
            class_name = find_class(text)
            if class_name is None:
                near = closest(text, [*RULES, *ALIASES]) if text else None
                fix = f"did you mean `{near}`?" if near else "`lstmcalc layers` lists them"
                fault = Fault("unknown-layer", "a Keras layer or a call of one", f"`{text}`", fix=fix)
                raise SpecError(first_faults([fault]))
            return LayerSpec(class_name, self.namer.name(class_name))
        layer = read_call(_canonical(text), self.namer)
        if layer.class_name not in RULES and layer.class_name not in ALIASES:
            return self._layer(layer.class_name)
        return layer

    def _named(self, layer: LayerSpec) -> LayerSpec:
        """The layer, it and all it wraps under the names of Keras's classes."""
        class_name = find_class(layer.class_name) or layer.class_name
        rule = RULES.get(class_name)
        arguments = {
            key: self._wrapped(value) if rule and _kind(rule, key) in ("layer", "layers") else value
            for key, value in layer.arguments.items()
        }
        return layer.changed(class_name=class_name, arguments=arguments)

    def _wrapped(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._wrapped(item) for item in value]
        if isinstance(value, str) and find_class(value):
            value = self._layer(value)
        return self._named(value) if isinstance(value, LayerSpec) else value

    def _options(self) -> None:
        """Every word behind the layer: an option, its value, or a positional argument."""
        words = self.words[1:]
        positional = [] if self.arguments else list(positional_arguments(self.label[1]))
        while words:
            word = words.pop(0)
            if OPTION.match(word):
                self._option(word, words)
            elif positional:
                key = positional.pop(0)
                self._set(key, f"`{word}`", self._value(self.known[key], word))
            else:
                example = self._example_option(next(iter(self.rule.arguments)))
                self.faults.append(Fault("unknown-argument", f"options such as `{example}`", f"`{word}`"))

    def _option(self, word: str, words: list[str]) -> None:
        option, equals, text = word.partition("=")
        key = option.lstrip("-").replace("-", "_").lower()
        given = text if equals else None
        if key in INPUT_OPTIONS and (key not in self.known or self.known[key].keyword_only):
            self.inputs.append(words.pop(0) if given is None and words else given or "")
            return
        if key == "batch":
            text = words.pop(0) if given is None and words else given or ""
            sizes, faults = read_sizes(text)
            self.batch = sizes[0]
            self.faults.extend(faults)
            return
        argument = self.known.get(key)
        negated = argument is None and given is None and key.startswith("no_")
        if negated and self._accepts(key[3:], False):
            self._set(key[3:], option, False)
            return
        bare = key in self.known and self._accepts(key, True)
        said = given if given is not None else words[0] if words else ""
        if bare and self.known[key].kind == "flag" and said.lower() in YES_OR_NO:
            words[:1] = words[:1] if given is not None else []
            self._spoken(key, said)
            return
        if given is None and words and not OPTION.match(words[0]) and (not bare or words[0].lower() in WORDS):
            given = words.pop(0)
        if argument is None and key != "name":
            self._unknown(option, key)
        elif given is None and not bare:
            fix = f"such as `{self._example_option(key)}`"
            self.faults.append(Fault("missing-value", f"a value behind `{option}`", "nothing", fix=fix))
        else:
            self._set(key, option, True if given is None else self._value(argument, given) if argument else given)

    def _spoken(self, key: str, word: str) -> None:
        """Refuses `--return-sequences no`: it need not be read as a size."""
        name = _option_name(key)
        other = f"--no-{name[2:]}"
        fix = f"write `{name if YES_OR_NO[word.lower()] else other}`"
        self.faults.append(Fault("wrong-value", f"`{name}` or `{other}`, without a value", f"`{word}`", fix=fix))
        self.misspelt.add(key)

    def _accepts(self, key: str, value: bool) -> bool:
        """Whether an argument takes true and false, and so may stand without a value."""
        argument = self.known.get(key)
        if argument is None or argument.kind not in ("flag", "choice"):
            return False
        try:
            return argument.check(key, value) is value
        except Rejection:
            return False

    def _set(self, key: str, option: str, value: Any) -> None:
        if key in self.arguments:
            self.faults.append(Fault("duplicate-argument", f"`{key}` once", f"`{option.strip('`')}` besides"))
        self.arguments[key] = value

    def _unknown(self, option: str, key: str) -> None:
        near = closest(key, list(self.known))
        fix = f"did you mean `{_option_name(near)}`?" if near else f"`lstmcalc layers {self.label[1]}` lists them"
        self.faults.append(Fault("unknown-argument", f"an argument of {self.label[1]}", f"`{option}`", fix=fix))
        self.misspelt.update([near] if near else [])

    def _value(self, argument: Argument, text: str) -> Any:
        """An option's text in the form that the argument takes; what fits none stays text, and is refused later."""
        if argument.kind in ("layer", "layers"):
            return self._layers(text, argument.kind == "layers")
        if argument.kind == "size" and text.lower() not in WORDS:
            return int(text) if NUMBER.fullmatch(text) or re.fullmatch(r"-\d{1,18}|0", text) else text
        if argument.kind in ("sizes", "shape"):
            values = [self._value(_A_SIZE, part) for part in split_sizes(text)]
            return values[0] if len(values) == 1 and argument.kind == "sizes" else values
        if text.lower() in WORDS:
            return WORDS[text.lower()]
        try:
            # What Python says of `1or 2` is not for those who wrote an option.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return text

    def _layers(self, text: str, several: bool) -> Any:
        try:
            if several and (text.startswith("[") or "," in re.sub(r"\([^()]*\)", "", text)):
                return self._wrapped(
                    read_call(_canonical(f"RNN(cell=[{text.strip('[]')}])"), self.namer).arguments["cell"]
                )
            return self._named(self._layer(text))
        except SpecError as error:
            self.faults.extend(error.faults)
            return LayerSpec("Dense", "dense", {"units": 1})

    def _stand_in(self, key: str) -> None:
        """Takes an example for a required argument, and says so."""
        text = STAND_INS[self.label[1]][key]
        self.arguments[key] = self._value(self.known[key], text)
        fix = f"state your own, such as `{self._example_option(key)}`"
        self.hints.append(Fault("stand-in", f"`{key}`", "nothing", f"`{text}` stands in for it", fix))

    def _missing(self) -> None:
        """Refuses to go without a required argument that nothing can stand for: no symbol, and no usual example."""
        for key, argument in self.rule.arguments.items():
            if argument.default is not REQUIRED or key in self.arguments or key in self.misspelt:
                continue
            if key in STAND_INS.get(self.label[1], {}):
                self._stand_in(key)
            elif argument.kind not in ("size", "sizes"):
                fix = f"write `{self._example_option(key)}`, for example"
                expected = f"`{key}`, which {self.label[1]} cannot do without"
                self.faults.append(Fault("missing-argument", expected, "nothing", fix=fix))
        if self.label[1] == "Lambda" and self.arguments.get("output_shape") is None:
            because = "only running the function would tell the shape"
            fix = f"write `{self._example_option('output_shape')}`, for example, without the batch"
            self.faults.append(Fault("unknown-shape", "`output_shape`", "nothing", because, fix))

    def _filled(self, layer: LayerSpec) -> LayerSpec:
        """The layer, and all it wraps, with a symbol for every required size that was not given."""
        rule = RULES.get(layer.class_name)
        arguments = {key: self._fill(value) for key, value in layer.arguments.items()}
        for key, argument in rule.arguments.items() if rule else ():
            if argument.default is REQUIRED and key not in arguments and argument.kind in ("size", "sizes"):
                named, _ = argument.named(key, argument.check(key, symbol(key)))
                arguments[key] = list(map(to_python, named)) if isinstance(named, tuple) else to_python(named)
        return layer.changed(arguments=arguments)

    def _fill(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._fill(item) for item in value]
        return self._filled(value) if isinstance(value, LayerSpec) else value

    def _shapes(self, layer: LayerSpec) -> tuple[Any, list[list[Any]]]:
        """The batch, and the shape of every input without it."""
        axes = axes_of(layer)
        if not self.inputs:
            return None, symbolic_shapes(layer)
        batch = None
        shapes: list[list[Any]] = []
        for text in self.inputs:
            sizes, faults = read_sizes(text)
            steps = self.other_steps if shapes and self.rule.family == "attention" else self.steps
            placed = place(sizes, axes, text.strip()[:1] in ("(", "["), steps)
            self.faults.extend(faults)
            if placed is None:
                fix = f"such as `--input {example_input(self.rule, axes)}`"
                self.faults.append(Fault("wrong-ndim", f"`--input` with {described(axes)}", f"`{text}`", fix=fix))
                continue
            batch = batch or placed[0]
            shapes.append(placed[1])
            if placed[0] is not None and text.strip()[:1] not in ("(", "["):
                self._batch_taken(text, axes, placed[0])
        return batch, shapes

    def _batch_taken(self, text: str, axes: Sequence[str], batch: int) -> None:
        """Says that the first of the sizes was taken for the batch, since the layer has no axis left for it."""
        rest = text.partition(",")[2].strip()
        fix = f"write `--batch {batch} --input {rest}`" if rest else ""
        because = f"{self.label[1]} takes {described(axes)}, so that {batch} is taken for the batch"
        self.hints.append(Fault("batch-in-input", "`--input` without the batch", f"`{text}`", because, fix))

    def _check_values(self) -> None:
        """Finds wrong values too where something else is wrong already, so that all is reported at once."""
        for key, value in self.arguments.items():
            argument = self.known.get(key)
            if argument is None or argument.kind in ("layer", "layers"):
                continue
            try:
                argument.check(key, parsed(value) if argument.kind in ("size", "sizes", "shape") else value)
            except Rejection as refusal:
                self.faults.append(refusal.fault)

    def _example_option(self, key: str) -> str:
        """An option with a value that works, from the rule's own examples."""
        for example in self.rule.examples:
            if key in example.arguments:
                return f"{_option_name(key)} {_written(example.arguments[key])}"
        return f"{_option_name(key)} VALUE"


_A_SIZE = Argument(None, lambda name, value: value, "size")


def _canonical(text: str) -> str:
    """A call with the names of its classes spelled as Keras spells them."""
    return re.sub(r"[A-Za-z_][\w.-]*(?=\s*\()", lambda match: find_class(match[0]) or match[0], text)


def _kind(rule: type[LayerRule], key: str) -> str:
    return rule.arguments[key].kind if key in rule.arguments else ""


def _option_name(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def _written(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        text = ",".join(map(str, value))
        return text if all(isinstance(item, int) for item in value) else f'"{text}"'
    if isinstance(value, str):
        return value if value.isidentifier() else f'"{value}"'
    return json.dumps(value)
