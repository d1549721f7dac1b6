"""Expressions: what each stands for, without anything being run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from lstmcalc.dims import Condition, Dim, Expression, at_least, equal, parse, symbols_of, to_python
from lstmcalc.errors import Fault, Where
from lstmcalc.sources.python.builtins import (
    BUILTINS,
    FAILURES,
    LIMIT,
    MAX_BITS,
    arithmetic,
    compared,
    items,
    measured,
    reason_of,
)
from lstmcalc.sources.python.calls import Calls
from lstmcalc.sources.python.libraries import default_import
from lstmcalc.sources.python.operations import COMPARED, operate, take, transform
from lstmcalc.sources.python.text import Code
from lstmcalc.sources.python.values import Arguments, Array, Function, Imported, Layer, Tensor, Unknown, part_of

__all__ = ["Expressions"]

PYTHON_NAMES = {
    *BUILTINS,
    "print",
    "super",
    "map",
    "filter",
    "getattr",
    "hasattr",
    "isinstance",
    "type",
    "open",
    "input",
}
#: The operators that a size may be calculated with, as dims writes them.
SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Pow: "**",
}  # fmt: skip


class Expressions(Calls):
    """Evaluates expressions; names are looked up in `scopes`, the innermost last."""

    code: Code
    scopes: list[dict[str, Any]]

    def step(self, node: ast.AST) -> None:
        """Counts a step, and stops what takes too many."""
        raise NotImplementedError

    def weigh(self, value: Any) -> Any:
        """The value, which takes steps for the values in it, or for calculating with symbols."""
        raise NotImplementedError

    def assign(self, target: ast.expr, value: Any) -> None:
        """Gives a target a value."""
        raise NotImplementedError

    def evaluate(self, node: ast.expr) -> Any:
        """What an expression stands for."""
        self.step(node)
        method: Callable[[Any], Any] | None = getattr(self, f"on_{type(node).__name__.lower()}", None)
        if method is None:
            return self.unknown(node)
        try:
            return method(node)
        except FAILURES as error:
            return self.unknown(node, reason_of(error))

    def unknown(self, node: ast.AST, because: str = "", *parts: Any) -> Unknown:
        """The unknown value of an expression."""
        text = self.code.excerpt(node)
        return Unknown(text, ("expression", text, *map(self.identity, parts)), self.code.place(node), because)

    def on_constant(self, node: ast.Constant) -> Any:
        value = node.value
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            return self.unknown(node, "the number is too large")
        if isinstance(value, (str, bytes)) and len(value) > LIMIT:
            return self.unknown(node, "the text is too long")
        return self.unknown(node) if isinstance(value, (bytes, complex)) else value

    def on_name(self, node: ast.Name) -> Any:
        for scope in reversed(self.scopes):
            if node.id in scope:
                return scope[node.id]
        if node.id in PYTHON_NAMES:
            return Imported(f"builtins.{node.id}")
        because = "the file does not set it"
        found = default_import(node.id)
        return found or Unknown(node.id, ("free", node.id), self.code.place(node), because, free=True)

    def on_attribute(self, node: ast.Attribute) -> Any:
        value = self.evaluate(node.value)
        if isinstance(value, Array) and node.attr not in ("shape", "ndim"):
            return self.unknown(node, "", value)
        return self.attribute(value, node.attr, self.code.place(node))

    def on_subscript(self, node: ast.Subscript) -> Any:
        value = self.evaluate(node.value)
        key = self._key(node.slice)
        if isinstance(value, Tensor):
            return self._indexed(value, key, node)
        if isinstance(value, (list, tuple, str, range, dict)) and not isinstance(key, (Unknown, Expression)):
            if isinstance(key, slice) and any(isinstance(b, (Unknown, Expression)) for b in (key.start, key.stop)):
                return self.unknown(node, "", value)
            measured(key)
            return self.weigh(value[key]) if isinstance(key, slice) else value[key]
        if isinstance(value, Unknown):
            written = self.code.excerpt(node.slice)
            return part_of(value, f"{value.text}[{written}]", ("item", self.graph.symbols.number(value.key), written))
        return self.unknown(node, "", value, key)

    def _indexed(self, value: Tensor, key: Any, node: ast.Subscript) -> Any:
        """An item of a tensor; of a layer whose outputs are not known, one of them."""
        layer = value.node.layer
        if (
            value.shape is None
            and isinstance(key, int)
            and key >= 0
            and isinstance(layer, Layer)
            and layer.class_name != "InputLayer"
        ):
            return Tensor(value.node, key)
        return take(self.graph, value, key, self.code.place(node))

    def _key(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Slice):
            return slice(
                *(None if part is None else self.evaluate(part) for part in (node.lower, node.upper, node.step))
            )
        if isinstance(node, ast.Tuple):
            return tuple(self._key(item) for item in node.elts)
        return self.evaluate(node)

    def on_tuple(self, node: ast.Tuple) -> Any:
        return tuple(self._spread(node.elts))

    def on_list(self, node: ast.List) -> Any:
        return self._spread(node.elts)

    def on_set(self, node: ast.Set) -> Any:
        return self._spread(node.elts)

    def _spread(self, nodes: list[ast.expr]) -> list[Any]:
        values: list[Any] = []
        for node in nodes:
            value = self.evaluate(node.value if isinstance(node, ast.Starred) else node)
            inner = items(value) if isinstance(node, ast.Starred) else None
            values.extend([value] if inner is None else self.counted(inner))
        return values

    def on_dict(self, node: ast.Dict) -> Any:
        mapping: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            found = self.evaluate(value)
            if key is not None:
                name = self.evaluate(key)
                measured(name)
                mapping[name] = found
            elif isinstance(found, dict):
                mapping.update(found)
        return mapping

    def on_binop(self, node: ast.BinOp) -> Any:
        return self.combine(node, node.op, self.evaluate(node.left), self.evaluate(node.right))

    def combine(self, node: ast.AST, operator: ast.operator, left: Any, right: Any) -> Any:
        """`left + right` and its like."""
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            return operate(self.graph, operator, left, right, self.code.place(node))
        open_ones = [value for value in (left, right) if isinstance(value, (Unknown, Expression))]
        if not open_ones:
            return self.weigh(arithmetic(operator, left, right))
        opaque = self.unknown(node, next((v.because for v in open_ones if isinstance(v, Unknown)), ""), left, right)
        first, second = self.graph.dim(left), self.graph.dim(right)
        if first is None or second is None:
            return opaque
        if isinstance(operator, ast.Div):
            floor = self._of_sizes("//", first, second)
            return Unknown(opaque.text, opaque.key, opaque.where, opaque.because, floor=floor)
        made = self._of_sizes(SIGNS[type(operator)], first, second) if type(operator) in SIGNS else None
        return opaque if made is None else made

    def _of_sizes(self, sign: str, left: Dim, right: Dim) -> Dim | None:
        try:
            size = parse(f"({to_python(left)}){sign}({to_python(right)})")
        except ValueError:
            return None
        self.weigh(size)
        return size

    def on_unaryop(self, node: ast.UnaryOp) -> Any:
        value = self.evaluate(node.operand)
        if isinstance(node.op, ast.Not):
            truth = self.truth(value)
            return self.unknown(node, "", value) if truth is None else not truth
        if isinstance(value, Tensor):
            return transform(self.graph, node.op, value, self.code.place(node))
        if isinstance(value, (int, float)):
            return -value if isinstance(node.op, ast.USub) else ~value if isinstance(node.op, ast.Invert) else +value  # type: ignore[operator]  # what has no ~ is unknown
        return self.unknown(node, "", value)

    def on_boolop(self, node: ast.BoolOp) -> Any:
        wanted = isinstance(node.op, ast.Or)
        value: Any = None
        for part in node.values:
            value = self.evaluate(part)
            truth = self.truth(value)
            if truth is None:
                return self.unknown(node, "", value)
            if truth is wanted:
                return value
        return value

    def truth(self, value: Any) -> bool | None:
        """Whether a value counts as true; None where that cannot be known."""
        if isinstance(value, Expression):
            return True
        if isinstance(value, (Unknown, Tensor, Array)):
            return None
        return bool(value)

    def on_compare(self, node: ast.Compare) -> Any:
        left = self.evaluate(node.left)
        for operator, part in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(part)
            answer = self._compared(operator, left, right, node)
            if answer is not True:
                return answer
            left = right
        return True

    def _compared(self, operator: ast.cmpop, left: Any, right: Any, node: ast.Compare) -> Any:
        if (isinstance(left, Tensor) or isinstance(right, Tensor)) and type(operator) in COMPARED:
            return operate(self.graph, operator, left, right, self.code.place(node))
        if isinstance(operator, (ast.Is, ast.IsNot)) and right is None:
            if isinstance(left, Unknown) and not left.free:
                return self.unknown(node, "", left)
            return (left is None) is isinstance(operator, ast.Is)
        if not any(isinstance(value, (Unknown, Expression)) for value in (left, right)):
            return compared(operator, left, right)
        first, second = self.graph.dim(left), self.graph.dim(right)
        if first is None or second is None:
            return self.unknown(node, "", left, right)
        answer = _decided(operator, first, second)
        return self.unknown(node, "", left, right) if answer is None else answer

    def on_ifexp(self, node: ast.IfExp) -> Any:
        truth = self.truth(self.evaluate(node.test))
        if truth is None:
            return self.unknown(node, f"it depends on `{self.code.excerpt(node.test)}`, which is not known")
        return self.evaluate(node.body if truth else node.orelse)

    def on_joinedstr(self, node: ast.JoinedStr) -> Any:
        text = ""
        for part in node.values:
            value = self.evaluate(part.value if isinstance(part, ast.FormattedValue) else part)
            style = self.evaluate(part.format_spec) if isinstance(part, ast.FormattedValue) and part.format_spec else ""
            if isinstance(value, (Unknown, Expression)):
                text += self.in_words(value)
            elif isinstance(value, (bool, int, float, str, type(None))) and len(str(style)) < 6:
                text += format(value, style if len(style.strip("0123456789.,<>^+-=_ defgsx%")) == 0 else "")
            else:
                return self.unknown(node)
            if len(text) > LIMIT:
                return self.unknown(node, "the text is too long")
        return text

    def on_lambda(self, node: ast.Lambda) -> Any:
        return self.function("lambda", node)

    def function(self, name: str, node: ast.FunctionDef | ast.Lambda) -> Function:
        """A function with its defaults, which are evaluated where it is defined."""
        given = node.args
        positional = [*given.posonlyargs, *given.args]
        names = [arg.arg for arg in positional[len(positional) - len(given.defaults) :]]
        defaults = {name: self.evaluate(default) for name, default in zip(names, given.defaults, strict=False)}
        for arg, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
            if default is not None:
                defaults[arg.arg] = self.evaluate(default)
        return Function(name, node, tuple(self.scopes), defaults)

    def on_namedexpr(self, node: ast.NamedExpr) -> Any:
        value = self.evaluate(node.value)
        self.assign(node.target, value)
        return value

    def on_starred(self, node: ast.Starred) -> Any:
        return self.evaluate(node.value)

    def on_listcomp(self, node: ast.ListComp) -> Any:
        return self._comprehended(node, lambda: self.evaluate(node.elt))

    def on_generatorexp(self, node: ast.GeneratorExp) -> Any:
        return self._comprehended(node, lambda: self.evaluate(node.elt))

    def on_setcomp(self, node: ast.SetComp) -> Any:
        return self._comprehended(node, lambda: self.evaluate(node.elt))

    def on_dictcomp(self, node: ast.DictComp) -> Any:
        pairs = self._comprehended(node, lambda: (self.evaluate(node.key), self.evaluate(node.value)))
        return dict(pairs) if isinstance(pairs, list) else pairs

    def _comprehended(self, node: Any, result: Callable[[], Any]) -> Any:
        self.scopes.append({})
        try:
            found = list(self._rounds(node.generators, result))
        except LookupError as error:
            return self.unknown(node, str(error.args[0]) if error.args else "")
        finally:
            self.scopes.pop()
        return found

    def _rounds(self, generators: list[ast.comprehension], result: Callable[[], Any]) -> Iterator[Any]:
        if not generators:
            yield result()
            return
        first = generators[0]
        values = items(self.evaluate(first.iter))
        if values is None:
            raise LookupError(f"how many there are in `{self.code.excerpt(first.iter)}` is not known")
        for value in self.counted(values):
            self.assign(first.target, value)
            truths = [self.truth(self.evaluate(condition)) for condition in first.ifs]
            if None in truths:
                raise LookupError(f"it depends on `{self.code.excerpt(first.ifs[0])}`, which is not known")
            if all(truths):
                yield from self._rounds(generators[1:], result)

    def on_call(self, node: ast.Call) -> Any:
        return self.weigh(self.call(self._called(node), self.arguments(node)))

    def _called(self, node: ast.Call) -> Any:
        """What is called; `model.add` starts a stack where the line that did is missing."""
        target = node.func
        if isinstance(target, ast.Attribute) and target.attr == "add" and isinstance(target.value, ast.Name):
            owner = self.evaluate(target.value)
            if isinstance(owner, Unknown) and owner.free and len(node.args) == 1:
                self.assign(target.value, self.graph.sequential([], "", self.code.place(node)))
        return self.evaluate(target)

    def arguments(self, node: ast.Call) -> Arguments:
        """What a call is given, with places."""
        positional: list[Any] = []
        keywords: dict[str, Any] = {}
        places: dict[int | str, Where] = {}
        for arg in node.args:
            places[len(positional)] = self.code.place(arg)
            found = self._spread([arg])
            # What a star spreads was counted one by one.
            positional.extend(found if isinstance(arg, ast.Starred) else map(self.weigh, found))
        for keyword in node.keywords:
            value = self.evaluate(keyword.value)
            if keyword.arg is not None:
                if keyword.arg in keywords:
                    fault = Fault("duplicate-argument", f"`{keyword.arg}` once", "it twice")
                    self.code.faults.append(fault.placed(self.code.place(keyword)))
                keywords[keyword.arg] = value
                places[keyword.arg] = self.code.place(keyword.value)
            elif isinstance(value, dict):
                keywords.update({str(key): item for key, item in value.items()})
        return Arguments(tuple(positional), keywords, places, self.code.place(node), self.code.excerpt(node))

    def named(self, name: str, value: Any, where: Where) -> Any:
        """A value under a name: what is unknown, and has no name yet, is called by it."""
        if isinstance(value, Unknown) and value.key[0] not in ("name", "free"):
            return replace(value, text=name, key=("name", name, self.graph.symbols.number(value.key)))
        if isinstance(value, Expression) and all(map(self.graph.symbols.is_anonymous, symbols_of(value))):
            return Unknown(name, ("name", name, to_python(value)), where)
        return value


def _decided(operator: ast.cmpop, left: Dim, right: Dim) -> bool | None:
    """A comparison of sizes; None where it depends on their symbols."""
    pairs: dict[type[ast.cmpop], Callable[[], bool | Condition]] = {
        ast.Eq: lambda: equal(left, right),
        ast.NotEq: lambda: equal(left, right),
        ast.GtE: lambda: at_least(left, right),
        ast.Lt: lambda: at_least(left, right),
        ast.LtE: lambda: at_least(right, left),
        ast.Gt: lambda: at_least(right, left),
    }
    if type(operator) not in pairs:
        return None
    answer = pairs[type(operator)]()
    if isinstance(answer, Condition):
        return None
    return not answer if isinstance(operator, (ast.NotEq, ast.Lt, ast.Gt)) else answer
