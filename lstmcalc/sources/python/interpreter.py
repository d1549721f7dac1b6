"""Statements: what a file makes, followed line by line within limits, and never run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from lstmcalc.dims import Expression
from lstmcalc.errors import Fault, SpecError
from lstmcalc.sources.python.builtins import FAILURES, items, measured, reason_of
from lstmcalc.sources.python.doubt import Broken, Continued, Doubt, Raised, Returned
from lstmcalc.sources.python.graph import Graph
from lstmcalc.sources.python.text import Code
from lstmcalc.sources.python.values import (
    Arguments,
    Class,
    Function,
    Imported,
    Tensor,
    Unknown,
)

__all__ = ["Interpreter"]

#: How many steps a file may take beside those that its length and its layers let one expect, and how many a loop that
#: makes no layers may. What is made of many values takes a step for so many of them.
MAX_STEPS = 100_000
STEPS_OF_A_LAYER = 50
MAX_LOOP = 20_000
#: How many rounds a loop may have that makes layers: a `for`, and a `while`, which may have no end.
MAX_ROUNDS = 100_000
MAX_WHILE = 5_000
VALUES_PER_STEP = 64
#: How many steps arithmetic with symbols takes.
STEPS_OF_A_SIZE = 10
#: How deep functions may call one another, and how often they may call themselves, which grows with a power of that.
MAX_DEPTH = 40
MAX_RECURSIONS = 1_000
YIELDING = (ast.Yield, ast.YieldFrom, ast.Await)


class TooLong(Exception):
    """A loop that takes more steps than it may."""


class Interpreter(Doubt):
    """Follows a file's statements; what they make is in `graph`, what names stand for in `scopes[0]`."""

    def __init__(self, code: Code, graph: Graph) -> None:
        super().__init__()
        self.code, self.graph = code, graph
        graph.apply_own, graph.before_lambda = self.apply_own, self.trace_lambda
        self.scopes: list[dict[str, Any]] = [{}]
        self.running: list[Function] = []
        self.called: set[ast.AST] = set()
        self.recursions = 0
        self.generators: dict[ast.AST, bool] = {}
        self.steps = 0
        self.allowed = MAX_STEPS
        self.loop_end: int | None = None

    def run(self) -> None:
        """Follows the whole file."""
        for statement in self.code.statements():
            try:
                self.execute(statement)
            except (Returned, Raised, Broken, Continued):
                continue
            except (RecursionError, TooLong):
                self.skip([statement], "it goes too deep")

    def step(self, node: ast.AST) -> None:
        self.steps += 1
        if self.loop_end is not None and self.steps > self.loop_end:
            raise TooLong
        if self.steps > self.allowed:
            made = len(self.graph.layers) + len(self.graph.nodes)
            self.allowed = MAX_STEPS + self.code.length + STEPS_OF_A_LAYER * made
            if self.steps > self.allowed:
                because = "it may take more only as it is longer, or makes layers"
                fault = Fault("too-large", f"a file that takes at most {MAX_STEPS:,} steps", "more", because)
                raise SpecError([fault.placed(self.code.place(node))])

    def weigh(self, value: Any) -> Any:
        if isinstance(value, (list, tuple, str, dict, set)) and len(value) >= VALUES_PER_STEP:
            self.steps += len(value) // VALUES_PER_STEP
        elif isinstance(value, Expression):
            self.steps += STEPS_OF_A_SIZE
        return value

    def counted(self, values: Iterator[Any]) -> Iterator[Any]:
        for value in values:
            self.step(self.code.tree)
            yield value

    def execute(self, node: ast.stmt) -> None:
        """Follows one statement."""
        self.step(node)
        method: Callable[[Any], None] | None = getattr(self, f"on_{type(node).__name__.lower()}", None)
        if method is None:
            self.skip([node], f"`{self.code.excerpt(node)}` is not followed")
        else:
            method(node)

    def block(self, body: Sequence[ast.stmt]) -> None:
        """Follows statements one after another."""
        for statement in body:
            self.execute(statement)

    def on_expr(self, node: ast.Expr) -> None:
        value = self.evaluate(node.value)
        if isinstance(value, Unknown) and value.key == ("deep", value.text, True):
            # Nothing else will tell of it, as nothing takes the result.
            fault = Fault("too-large", "calls that end sooner", f"`{value.text}`", value.because, where=value.where)
            if fault not in self.code.faults:
                self.code.faults.append(fault)

    def on_pass(self, node: ast.stmt) -> None:
        """Does nothing."""

    on_assert = on_pass

    def on_import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self.scopes[-1][name] = Imported(alias.name if alias.asname else name)

    def on_importfrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                module = "." * node.level + (node.module or "")
                self.scopes[-1][alias.asname or alias.name] = Imported(f"{module}.{alias.name}")

    def on_assign(self, node: ast.Assign) -> None:
        value = self.evaluate(node.value)
        for target in node.targets:
            self.assign(target, value)

    def on_annassign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value))

    def on_augassign(self, node: ast.AugAssign) -> None:
        left = self.evaluate(_loaded(node.target))
        right = self.evaluate(node.value)
        try:
            if isinstance(left, list) and isinstance(node.op, ast.Add) and (more := items(right)) is not None:
                left.extend(self.counted(more))
                return
            value = self.combine(node, node.op, left, right)
        except FAILURES as error:
            value = self.unknown(node, reason_of(error))
        self.assign(node.target, value)

    def assign(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.scope_of(target.id)[target.id] = self.named(target.id, value, self.code.place(target))
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target.elts, value)
        elif isinstance(target, ast.Attribute):
            self.assign_attribute(self.evaluate(target.value), target.attr, value)
        elif isinstance(target, ast.Subscript):
            owner, key = self.evaluate(target.value), self._key(target.slice)
            if isinstance(owner, (list, dict)) and not isinstance(key, (Unknown, slice)):
                try:
                    measured(key)
                    owner[key] = value
                except FAILURES:
                    return
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value)

    def scope_of(self, name: str) -> dict[str, Any]:
        outside = self.scopes[-1].get("(outside)", {})
        return outside.get(name, self.scopes[-1]) if outside else self.scopes[-1]

    def _unpack(self, targets: list[ast.expr], value: Any) -> None:
        if not targets:
            return
        if isinstance(value, Tensor) and value.shape is None:
            values: list[Any] | None = [Tensor(value.node, i) for i in range(len(targets))]
        else:
            found = items(value)
            values = None if found is None else list(self.counted(found))
        star = next((i for i, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
        if values is not None and star is not None and len(values) >= len(targets) - 1:
            end = len(values) - (len(targets) - star - 1)
            values = [*values[:star], values[star:end], *values[end:]]
        if values is None or len(values) != len(targets):
            base = value if isinstance(value, Unknown) else self.unknown(targets[0], "it is a part of something else")
            parts = range(len(targets))
            whole = self.graph.symbols.number(base.key)
            values = [replace(base, key=("part", whole, i), text=f"{base.text}[{i}]", free=False) for i in parts]
        for target, item in zip(targets, values, strict=False):
            self.assign(target, item)

    def on_global(self, node: ast.Global | ast.Nonlocal) -> None:
        outside = self.scopes[-1].setdefault("(outside)", {})
        for name in node.names:
            scopes = self.scopes[:1] if isinstance(node, ast.Global) else self.scopes[-2::-1]
            outside[name] = next((scope for scope in scopes if name in scope), self.scopes[0])

    on_nonlocal = on_global

    def on_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.scopes[-1].pop(target.id, None)

    def on_functiondef(self, node: ast.FunctionDef) -> None:
        self.scopes[-1][node.name] = self.function(node.name, node)

    def on_classdef(self, node: ast.ClassDef) -> None:
        scope: dict[str, Any] = {}
        self.scopes.append(scope)
        try:
            self.block(node.body)
        finally:
            self.scopes.pop()
        bases = tuple(self.evaluate(base) for base in node.bases)
        fields = tuple(item.target.id for item in node.body if isinstance(item, ast.AnnAssign)
                       and isinstance(item.target, ast.Name))  # fmt: skip
        made = Class(node.name, bases, scope, fields, self.code.place(node))
        for name, value in scope.items():
            if isinstance(value, Function):
                # A method does not see the names of its class.
                scopes = tuple(outer for outer in value.scopes if outer is not scope)
                scope[name] = replace(value, owner=made, scopes=scopes)
        self.scopes[-1][node.name] = made

    def on_return(self, node: ast.Return) -> None:
        raise Returned(None if node.value is None else self.evaluate(node.value))

    def on_raise(self, node: ast.Raise) -> None:
        raise Raised

    def on_break(self, node: ast.Break) -> None:
        raise Broken

    def on_continue(self, node: ast.Continue) -> None:
        raise Continued

    def on_with(self, node: ast.With) -> None:
        for item in node.items:
            value = self.evaluate(item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value)
        self.block(node.body)

    def on_try(self, node: ast.Try) -> None:
        try:
            self.block([*node.body, *node.orelse])
        except Raised:
            if node.handlers:
                self.block(node.handlers[0].body)
        self.block(node.finalbody)

    def on_if(self, node: ast.If) -> None:
        if _is_main(node.test):
            return self.block(node.body)
        truth = self.truth(self.evaluate(node.test))
        if truth is not None:
            return self.block(node.body if truth else node.orelse)
        return self.doubtful_branch(node)

    def on_while(self, node: ast.While) -> None:
        truth = self.truth(self.evaluate(node.test))
        if truth is None:
            self.doubtful_loop(node, f"how often `{self.code.excerpt(node.test)}` is not known")
            return
        self._loop(node, iter(lambda: self.truth(self.evaluate(node.test)), False))

    def on_for(self, node: ast.For) -> None:
        found = self.evaluate(node.iter)
        values = items(found)
        if isinstance(found, range) and found and self.builds(node.body):
            self._check_rounds((found[-1] - found[0]) // found.step + 1, node)
        if values is None:
            self.assign(node.target, self.unknown(node.iter))
            self.doubtful_loop(node, f"how many there are in `{self.code.excerpt(node.iter)}` is not known")
        else:
            self._loop(node, values)

    def _check_rounds(self, rounds: int, node: ast.stmt) -> None:
        if rounds > MAX_ROUNDS:
            raise SpecError([self._too_many(MAX_ROUNDS, node)])

    def _too_many(self, rounds: int, node: ast.stmt) -> Fault:
        expected = f"a loop that makes layers to have at most {rounds:,} rounds"
        return Fault("too-large", expected, "more", where=self.code.place(node))

    def _loop(self, node: ast.For | ast.While, values: Iterator[Any]) -> None:
        outermost = self.loop_end is None and not self.builds(node.body)
        if outermost:
            self.loop_end = self.steps + MAX_LOOP
        try:
            for rounds, value in enumerate(self.counted(values)):
                if isinstance(node, ast.For):
                    self.assign(node.target, value)
                elif rounds > MAX_WHILE:
                    raise SpecError([self._too_many(MAX_WHILE, node)])
                elif value is None:
                    self.skip([node], f"how often `{self.code.excerpt(node.test)}` is not known")
                    break
                try:
                    self.block(node.body)
                except Continued:
                    continue
            self.block(node.orelse)
        except Broken:
            return
        except TooLong:
            if not outermost:
                raise
            self.loop_end = None
            self.skip([node], "the loop has too many rounds to be followed")
        finally:
            if outermost:
                self.loop_end = None

    def run_function(self, function: Function, given: Arguments) -> Any:
        node = function.node
        self.called.add(node)
        self.recursions += any(other.node is node for other in self.running)
        if len(self.running) >= MAX_DEPTH:
            return self._left_out(function, given, f"more than {MAX_DEPTH} calls in one another")
        if self.recursions > MAX_RECURSIONS:
            return self._left_out(function, given, f"functions call themselves more than {MAX_RECURSIONS:,} times")
        if node not in self.generators:
            self.generators[node] = any(isinstance(inner, YIELDING) for inner in ast.walk(node))
        if self.generators[node]:
            return self.unknown_result(function, given, "it is a generator")
        scopes = self.scopes
        self.scopes = [*function.scopes, self._bound(function, given)]
        self.running.append(function)
        try:
            if isinstance(node, ast.Lambda):
                return self.evaluate(node.body)
            self.block(node.body)
        except Returned as end:
            return end.value
        except Raised:
            return self.unknown_result(function, given, f"`{function.name}` raises an error")
        finally:
            self.running.pop()
            self.scopes = scopes
        return None

    def _left_out(self, function: Function, given: Arguments, because: str) -> Unknown:
        """What a call comes to that is not followed; whether layers are missing then is part of its key."""
        body = function.node.body if isinstance(function.node, ast.FunctionDef) else []
        return Unknown(given.text, ("deep", given.text, self.builds(body)), given.where, because)

    def _bound(self, function: Function, given: Arguments) -> dict[str, Any]:
        """The parameters of a function, with what it is given; unknown where it is given nothing."""
        spec = function.node.args
        names = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
        values = [*([function.this] if function.this is not None else []), *given.positional]
        scope = dict(function.defaults)
        scope.update(zip(names, values, strict=False))
        known = {*names, *(arg.arg for arg in spec.kwonlyargs)}
        scope.update({key: value for key, value in given.keywords.items() if key in known})
        if spec.vararg:
            scope[spec.vararg.arg] = tuple(values[len(names) :])
        if spec.kwarg:
            scope[spec.kwarg.arg] = {key: value for key, value in given.keywords.items() if key not in known}
        where = self.code.place(function.node)
        for name in known - set(scope):
            because = f"`{function.name}` is called without it"
            scope[name] = Unknown(name, ("free", name), where, because, free=True)
        return scope


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _loaded(target: ast.expr) -> ast.expr:
    """The target of `+=`, as what it stands for."""
    loaded = ast.copy_location(type(target)(**{**dict(ast.iter_fields(target)), "ctx": ast.Load()}), target)
    return loaded if isinstance(loaded, ast.expr) else target
