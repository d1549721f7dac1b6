"""A Keras call as text, `Bidirectional(LSTM(40, return_sequences=True))`, read without running anything."""

from __future__ import annotations

import ast
from typing import Any

from lstmcalc.errors import Fault, SpecError
from lstmcalc.layers import ALIASES, RULES
from lstmcalc.layers.arguments import Argument
from lstmcalc.spec import LayerSpec, Namer, Where

__all__ = ["positional_arguments", "read_call"]

#: How deep calls may nest; Keras's own wrappers need three.
MAX_DEPTH = 30
MAX_LENGTH = 10_000
WORDS = {"true": True, "false": False, "null": None}


def read_call(text: str, namer: Namer | None = None, where: Where | None = None) -> LayerSpec:
    """A layer from a call: literals, symbols and arithmetic of symbols may be its arguments, nothing else.

    Unnamed layers are named by `namer`, wrapped ones first, as in Keras. Raises `SpecError`.

    >>> layer = read_call("Bidirectional(LSTM(units=2*U), merge_mode='sum')")
    >>> layer.class_name, layer.name, layer.arguments["layer"].arguments
    ('Bidirectional', 'bidirectional', {'units': '2 * U'})
    """
    return _Reader(text, namer or Namer(), where or Where()).read()


def positional_arguments(class_name: str) -> dict[str, Argument]:
    """The arguments that a layer's constructor takes by position; none for an unknown class."""
    rule = RULES.get(ALIASES.get(class_name, class_name))
    arguments = rule.arguments if rule else {}
    return {key: argument for key, argument in arguments.items() if not argument.keyword_only}


class _Reader:
    def __init__(self, text: str, namer: Namer, where: Where) -> None:
        self.text, self.namer, self.where = text, namer, where
        self.indent = len(text) - len(text.lstrip())

    def read(self) -> LayerSpec:
        if len(self.text) > MAX_LENGTH:
            raise self._fault(None, f"a call of at most {MAX_LENGTH:,} characters", f"{len(self.text):,}")
        try:
            tree = ast.parse(self.text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            fix = "close every bracket, and write `name=value` between commas"
            raise self._fault(None, "a layer call such as `LSTM(64)`", self._excerpt(), fix) from None
        return self._layer(tree, 0)

    def _layer(self, node: ast.expr, depth: int) -> LayerSpec:
        if depth > MAX_DEPTH:
            raise self._fault(node, f"at most {MAX_DEPTH} layers inside one another", "more")
        function = node.func if isinstance(node, ast.Call) else node
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", None)
        if not isinstance(name, str):
            raise self._fault(node, "a layer call such as `LSTM(64)`", self._source(node))
        arguments: dict[str, Any] = {}
        places: dict[str, Where] = {}
        call = node if isinstance(node, ast.Call) else ast.Call(function, [], [])
        for key, value in self._pairs(name, call):
            arguments[key] = self._value(value, depth)
            places[key] = self._place(value)
        own_name = arguments.pop("name", None)
        if own_name is not None and not isinstance(own_name, str):
            raise self._fault(node, "`name` to be text", self._source(node))
        return LayerSpec(name, own_name or self.namer.name(name), arguments, self._place(node), places)

    def _pairs(self, name: str, call: ast.Call) -> list[tuple[str, ast.expr]]:
        positional = list(positional_arguments(name))
        if len(call.args) > len(positional) and name in {**RULES, **ALIASES}:
            count = len(positional)
            raise self._fault(call, f"at most {count} positional arguments for {name}", str(len(call.args)))
        pairs = list(zip(positional, call.args, strict=False))
        for keyword in call.keywords:
            if keyword.arg is None or keyword.arg in dict(pairs):
                got = f"`{keyword.arg}` twice" if keyword.arg else f"`**{self._source(keyword.value)}`"
                raise self._fault(keyword.value, "every argument by name, once", got)
            pairs.append((keyword.arg, keyword.value))
        return pairs

    def _value(self, node: ast.expr, depth: int) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, str, type(None))):
            return node.value
        if isinstance(node, (ast.List, ast.Tuple)):
            if depth > MAX_DEPTH:
                raise self._fault(node, f"at most {MAX_DEPTH} lists inside one another", "more")
            return [self._value(item, depth + 1) for item in node.elts]
        if isinstance(node, ast.Dict):
            pairs = [(self._value(k, depth + 1) if k else None, v) for k, v in zip(node.keys, node.values, strict=True)]
            if all(isinstance(key, str) for key, _ in pairs):
                return {key: self._value(value, depth + 1) for key, value in pairs}
        if isinstance(node, ast.Call) or (isinstance(node, ast.Name) and node.id in RULES):
            return self._layer(node, depth + 1)
        if isinstance(node, ast.Name):
            return WORDS.get(node.id, node.id)
        if isinstance(node, (ast.BinOp, ast.UnaryOp)):
            return self._arithmetic(node)
        raise self._fault(node, "a number, text, a list, a layer or arithmetic with names", self._source(node))

    def _arithmetic(self, node: ast.expr) -> Any:
        try:
            value = ast.literal_eval(node)
        except (ValueError, RecursionError, MemoryError, TypeError):
            return self._source(node).strip("`")
        return value if isinstance(value, (int, float)) else self._source(node).strip("`")

    def _place(self, node: ast.expr) -> Where:
        if self.where.column is None:
            return self.where
        column = self.where.column + self.indent + node.col_offset if node.lineno == 1 else None
        return Where(self.where.file, self.where.line, column)

    def _source(self, node: ast.expr) -> str:
        try:
            return f"`{ast.unparse(node)}`"
        except RecursionError:
            return self._excerpt()

    def _excerpt(self) -> str:
        text = " ".join(self.text.split())
        return f"`{text[:60]}…`" if len(text) > 61 else f"`{text}`"

    def _fault(self, node: ast.expr | None, expected: str, got: str, fix: str = "") -> SpecError:
        where = self.where if node is None or not hasattr(node, "lineno") else self._place(node)
        return SpecError([Fault("not-a-layer-call", expected, got, fix=fix, where=where)])
