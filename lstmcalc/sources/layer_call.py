"""A Keras call as text, `Bidirectional(LSTM(40, return_sequences=True))`, read without running anything."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Hashable
from functools import cache, lru_cache
from typing import Any

from lstmcalc.dims import MAX_SIZE
from lstmcalc.errors import Fault, SpecError
from lstmcalc.layers import ALIASES, LayerRule, find_rule, stated_rule
from lstmcalc.layers.arguments import Argument
from lstmcalc.spec import LayerSpec, Namer, Where

__all__ = [
    "SharedArguments",
    "argument_kind",
    "name_layer",
    "parse_call",
    "plain_key",
    "positional_arguments",
    "read_call",
    "split_keywords",
]

#: How deep calls may nest; Keras's own wrappers need three.
MAX_DEPTH = 30
MAX_LENGTH = 10_000

WORDS = {"true": True, "false": False, "null": None}
#: The kinds of arguments that take an object of Keras's that is not a layer, and what such objects take by position.
OBJECTS = ("activation", "initializer", "regularizer", "constraint", "dtype")
POSITIONAL = {
    **dict.fromkeys(("L1", "l1"), ("l1",)),
    **dict.fromkeys(("L2", "l2"), ("l2",)),
    **dict.fromkeys(("L1L2", "l1l2", "l1_l2"), ("l1", "l2")),
    **dict.fromkeys(("Constant", "constant"), ("value",)),
    **dict.fromkeys(("DTypePolicy", "FloatDTypePolicy", "Policy"), ("name",)),
}


def read_call(text: str, namer: Namer | None = None, where: Where | None = None) -> LayerSpec:
    """A layer from a call: literals, symbols and arithmetic of symbols may be its arguments, nothing else.

    Unnamed layers are named by `namer`, wrapped ones first, as in Keras. Raises `SpecError`.

    >>> layer = read_call("Bidirectional(LSTM(units=2*U), merge_mode='sum')")
    >>> layer.class_name, layer.name, layer.arguments["layer"].arguments
    ('Bidirectional', 'bidirectional', {'units': '2 * U'})
    """
    return name_layer(parse_call(text, where), namer or Namer())


class SharedArguments:
    """Arguments of layers, of which equal ones are one object, so that whoever reads them can do so once.

    Nobody may change them. Those that hold a layer, or anything else with a place, stay as they are.

    >>> shared = SharedArguments()
    >>> shared.of({"units": 3}) is shared.of({"units": 3}), shared.of({"units": 1}) is shared.of({"units": True})
    (True, False)
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], dict[str, Any]] = {}

    def of(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments, or those that are equal to them, also in their order and their types."""
        try:
            key = tuple([(name, plain_key(value)) for name, value in arguments.items()])
        except TypeError:
            return arguments
        return self._known.setdefault(key, arguments)


def plain_key(value: Any) -> Any:
    """What only values of the same type and text have in common; TypeError for what is no plain data."""
    kind = type(value)
    if kind is int or kind is str or kind is bool or value is None:
        return kind, value
    if kind is float:
        # 0.0 equals -0.0.
        return kind, repr(value)
    if kind is list:
        return kind, *map(plain_key, value)
    raise TypeError


def parse_call(
    text: str, where: Where | None = None, offset: int | None = 0, shared: SharedArguments | None = None
) -> LayerSpec:
    """The same with empty names for the layers that the call does not name.

    `where` is where the text stands, `offset` how many characters (a quote) come between; None where the text is not
    laid out in its file as it reads, so that everything in it is placed at `where`.
    """
    return _Reader(text, where or Where(), offset, shared or SharedArguments()).read()


def name_layer(layer: LayerSpec, namer: Namer, models: Collection[str] = ()) -> LayerSpec:
    """The layer with a name for itself and for each wrapped layer that has none: Keras's, or that of a nested model."""
    arguments = layer.arguments
    if any(isinstance(value, (LayerSpec, list)) for value in arguments.values()):
        named = {key: _name_value(value, namer, models) for key, value in arguments.items()}
        if any(named[key] is not value for key, value in arguments.items()):
            arguments = named
    if layer.class_name in models:
        name = layer.class_name
    else:
        name = layer.name or namer.name(ALIASES.get(layer.class_name, layer.class_name))
    return LayerSpec(layer.class_name, name, arguments, layer.where, layer.argument_where, layer.shared, layer.unread,
                     layer.code)  # fmt: skip


def _name_value(value: Any, namer: Namer, models: Collection[str]) -> Any:
    if isinstance(value, LayerSpec):
        return name_layer(value, namer, models)
    if isinstance(value, list) and any(isinstance(item, (LayerSpec, list)) for item in value):
        return [_name_value(item, namer, models) for item in value]
    return value


def positional_arguments(class_name: str) -> dict[str, Argument]:
    """The arguments that a layer's constructor takes by position; none for an unknown class."""
    rule = find_rule(class_name)
    return _positional(rule) if rule else {}  # type: ignore[arg-type]  # rules are hashed by identity


@cache
def _positional(rule: Hashable) -> dict[str, Argument]:
    assert isinstance(rule, type) and issubclass(rule, LayerRule)
    return {key: argument for key, argument in rule.arguments.items() if not argument.keyword_only}


def argument_kind(class_name: str, key: str) -> str:
    """The kind of an argument of a layer or of its call; empty for one that neither has."""
    rule = find_rule(class_name) or stated_rule()
    argument = rule.arguments.get(key) or rule.keywords.get(key)
    return argument.kind if argument else ""


def split_keywords(layer: LayerSpec) -> tuple[LayerSpec, dict[str, Any]]:
    """The layer without what belongs to its call, and that.

    >>> split_keywords(parse_call("Attention(use_scale=True, return_attention_scores=True)"))[1]
    {'return_attention_scores': True}
    """
    rule = find_rule(layer.class_name) if layer.arguments else None
    if rule is None or rule.keywords.keys().isdisjoint(layer.arguments):
        return layer, {}
    own = rule.keywords.keys() - rule.arguments.keys()
    keywords = {key: value for key, value in layer.arguments.items() if key in own}
    arguments = {key: value for key, value in layer.arguments.items() if key not in own}
    return LayerSpec(layer.class_name, layer.name, arguments, layer.where, layer.argument_where), keywords


@lru_cache(maxsize=256)
def _parsed(text: str) -> ast.expr:
    """The tree of an expression, which nobody changes; a model often has the same call many times."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, mode="eval").body


class _Reader:
    def __init__(self, text: str, where: Where, offset: int | None, shared: SharedArguments) -> None:
        self.text, self.where, self.shared = text.strip(), where, shared
        self.start: int | None = None
        if where.column is not None and offset is not None and "\n" not in self.text:
            self.start = where.column + offset + len(text) - len(text.lstrip())

    def read(self) -> LayerSpec:
        if len(self.text) > MAX_LENGTH:
            raise self._fault(None, f"a call of at most {MAX_LENGTH:,} characters", f"{len(self.text):,}")
        try:
            tree = _parsed(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            fix = "close every bracket, and write `name=value` between commas"
            if self.text.count("(") > self.text.count(")"):
                fix = "close every bracket; inside { } and [ ] the call needs quotes around it"
            raise self._fault(None, "a layer call such as `LSTM(64)`", self._excerpt(), fix) from None
        return self._layer(tree, 0)

    def _layer(self, node: ast.expr, depth: int) -> LayerSpec:
        if depth > MAX_DEPTH:
            raise self._fault(node, f"at most {MAX_DEPTH} layers inside one another", "more")
        class_name = self._class_name(node)
        arguments: dict[str, Any] = {}
        places: dict[str, Where] = {}
        for key, key_node, value in self._pairs(class_name, node):
            kind = argument_kind(class_name, key)
            arguments[key] = self._value(value, depth, kind)
            places[key] = self._place(value if kind else key_node)
        name = arguments.pop("name", None)
        if name is not None and not isinstance(name, str):
            raise SpecError([Fault("wrong-name", "`name` to be text", self._excerpt(node), where=places["name"])])
        return LayerSpec(class_name, name or "", self.shared.of(arguments), self._place(node), places)

    def _class_name(self, node: ast.expr) -> str:
        function = node.func if isinstance(node, ast.Call) else node
        name = _dotted(function)
        if name is None:
            fix = 'for `LSTM(64)(x)` write `{layer: "LSTM(64)", inputs: x}`' if isinstance(function, ast.Call) else ""
            raise self._fault(node, "a layer call such as `LSTM(64)`", self._excerpt(node), fix)
        return name

    def _pairs(self, class_name: str, node: ast.expr) -> list[tuple[str, ast.AST, ast.expr]]:
        """(name, where the name stands, value) of every argument; those by position have the names that Keras gives."""
        if not isinstance(node, ast.Call):
            return []
        positional = list(positional_arguments(class_name))
        if len(node.args) > len(positional) and find_rule(class_name):
            number = f"at most {len(positional)} arguments by position for {class_name}" if positional else (
                f"the arguments of {class_name} by name")  # fmt: skip
            raise self._fault(node.args[len(positional)], number, str(len(node.args)))
        pairs: list[tuple[str, ast.AST, ast.expr]] = []
        for key, value in zip(positional, node.args, strict=False):
            pairs.append((key, value, value))
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg in {key for key, _, _ in pairs}:
                got = f"`{keyword.arg}` twice" if keyword.arg else f"`**{self._excerpt(keyword.value)[1:]}"
                raise self._fault(keyword, "every argument by name, once", got)
            pairs.append((keyword.arg, keyword, keyword.value))
        return pairs

    def _value(self, node: ast.expr, depth: int, kind: str = "") -> Any:
        if depth > MAX_DEPTH:
            raise self._fault(node, f"at most {MAX_DEPTH} layers or lists inside one another", "more")
        if kind in ("layer", "layers") and (isinstance(node, ast.Call) or _dotted(node)):
            return WORDS[node.id] if isinstance(node, ast.Name) and node.id in WORDS else self._layer(node, depth + 1)
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, str, type(None))):
            return self._bounded(node, node.value)
        if isinstance(node, (ast.List, ast.Tuple)):
            return [self._value(item, depth + 1, kind) for item in node.elts]
        if isinstance(node, ast.Dict):
            return self._mapping(node, depth)
        if isinstance(node, ast.Call):
            return self._object(node, depth) if kind in OBJECTS else self._layer(node, depth + 1)
        if (name := _dotted(node)) is not None:
            return WORDS.get(name, name)
        if isinstance(node, (ast.BinOp, ast.UnaryOp)):
            return self._arithmetic(node)
        raise self._fault(node, "a number, text, a list, a layer or arithmetic with names", self._excerpt(node))

    def _mapping(self, node: ast.Dict, depth: int) -> dict[str, Any]:
        mapping = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                raise self._fault(key or value, "text as a key", self._excerpt(key) if key else "`**`")
            mapping[key.value] = self._value(value, depth + 1)
        return mapping

    def _object(self, node: ast.Call, depth: int) -> dict[str, Any]:
        """A Keras object such as `L2(0.01)` as its config, the form in which rules take it."""
        class_name = self._class_name(node)
        positional = POSITIONAL.get(class_name, ())
        if len(node.args) > len(positional):
            fix = f"write `{class_name}(name=value)`"
            raise self._fault(node.args[0], f"the arguments of `{class_name}` by name", self._excerpt(node), fix)
        config = {key: self._value(value, depth + 1) for key, value in zip(positional, node.args, strict=False)}
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg in config:
                raise self._fault(keyword, "every argument by name, once", self._excerpt(node))
            config[keyword.arg] = self._value(keyword.value, depth + 1)
        return {"class_name": class_name, "config": config}

    def _arithmetic(self, node: ast.expr) -> Any:
        try:
            value = ast.literal_eval(node)
        except (ValueError, RecursionError, MemoryError, TypeError):
            value = None
        return self._bounded(node, value) if isinstance(value, (int, float)) else self._text(node)

    def _text(self, node: ast.expr) -> str:
        try:
            return ast.unparse(node)
        except RecursionError:
            raise self._fault(node, "arithmetic of fewer parts", self._excerpt(node)) from None

    def _bounded(self, node: ast.expr, value: Any) -> Any:
        if isinstance(value, int) and abs(value) > MAX_SIZE:
            expected = f"an integer of at most {MAX_SIZE:,}"
            raise SpecError([Fault("wrong-number", expected, self._excerpt(node), where=self._place(node))])
        return value

    def _place(self, node: ast.AST) -> Where:
        if self.start is None or not hasattr(node, "col_offset"):
            return self.where
        before = node.col_offset
        if not self.text.isascii():
            # Python counts the columns of a line in bytes.
            before = len(self.text.encode()[:before].decode(errors="ignore"))
        return Where(self.where.file, self.where.line, self.start + before)

    def _excerpt(self, node: ast.expr | None = None) -> str:
        written = ast.get_source_segment(self.text, node) if node else self.text
        text = " ".join((written or self.text).split())
        return f"`{text[:60]}…`" if len(text) > 61 else f"`{text}`"

    def _fault(self, node: ast.AST | None, expected: str, got: str, fix: str = "") -> SpecError:
        where = self.where if node is None else self._place(node)
        return SpecError([Fault("not-a-layer-call", expected, got, fix=fix, where=where)])


def _dotted(node: ast.expr) -> str | None:
    """The last name of `LSTM` or `keras.layers.LSTM`, behind `ops.` for an operation; None for anything else."""
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return None
    if not isinstance(node, ast.Attribute):
        return root.id
    before = node.value.attr if isinstance(node.value, ast.Attribute) else root.id
    return f"ops.{node.attr}" if before == "ops" else node.attr
