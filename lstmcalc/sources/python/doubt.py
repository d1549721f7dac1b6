"""What cannot be followed: which names it leaves unknown, what it would have built, and what is at fault then."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from lstmcalc.errors import Fault
from lstmcalc.sources.python.expressions import Expressions
from lstmcalc.sources.python.libraries import is_layer_class
from lstmcalc.sources.python.values import (
    Class,
    Function,
    Imported,
    Instance,
    Layer,
    Model,
    Partial,
    Tensor,
    Unknown,
    flat_tensors,
)

__all__ = ["Broken", "Continued", "Doubt", "Raised", "Returned", "assigned"]

#: The methods by which stacks and lists change.
CHANGES = ("add", "append", "extend", "insert", "pop")


class Returned(Exception):
    """The end of a function, with its value."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Raised(Exception):
    """An exception of the source."""


class Broken(Exception):
    """`break`."""


class Continued(Exception):
    """`continue`."""


class Doubt(Expressions):
    """Statements of which nobody knows whether, or how often, they are run."""

    def __init__(self) -> None:
        super().__init__()
        self._building: dict[ast.stmt, bool] = {}

    def block(self, body: Sequence[ast.stmt]) -> None:
        """Follows statements one after another."""
        raise NotImplementedError

    def scope_of(self, name: str) -> dict[str, Any]:
        """The scope that a name is set in."""
        raise NotImplementedError

    def doubtful_branch(self, node: ast.If) -> None:
        """An `if` of which nobody knows the answer: the one branch that could be meant, or neither."""
        because = f"it depends on `{self.code.excerpt(node.test)}`, which is not known"
        branches = ((node.body, node.orelse), (node.orelse, node.body))
        for body, other in branches:
            if any(isinstance(statement, ast.Raise) for statement in body):
                return self.block(other)
            changes = {name for name in assigned(body) if self._is_set(name)} - set(assigned(other))
            if self.builds(body) and not (self.builds(other) or changes or self._changed(body) or _leaves(body)):
                return self.block(body)
        if self.running and any(_leaves(body) for body, _ in branches):
            raise Returned(self.unknown(node.test, because))
        return self.skip([node], because)

    def doubtful_loop(self, node: ast.For | ast.While, because: str) -> None:
        """A loop of which nobody knows how often it runs: one round, where that makes something new."""
        before = {name for name in assigned(node.body) if self._is_set(name)}
        made = [name for name in before if self._is_built(self.evaluate(ast.Name(name, ast.Load())))]
        if not self.builds(node.body) or made or self._changed(node.body):
            self.skip([node], because)
            return
        with suppress(Broken, Continued):
            self.block(node.body)
        self._forget(before, node, because)

    def skip(self, statements: Sequence[ast.stmt], because: str) -> None:
        """Leaves statements out: what they would have set is unknown, and what they would have changed is at fault."""
        for value, node in self._changes(statements):
            fault = Fault("unknown-value", "to know whether, and how often, this is done",
                          f"`{self.code.excerpt(node)}`", because, where=self.code.place(node))  # fmt: skip
            if isinstance(value, Model):
                value.faults.append(fault)
            else:
                value[:] = [replace(self.unknown(node, because), call=None)]
        self._forget(assigned(statements), statements[0], because)

    def _forget(self, names: Sequence[str] | set[str], node: ast.stmt, because: str) -> None:
        where = self.code.place(node)
        for name in sorted(set(names)):
            before = flat_tensors(self._value_of(name))
            parts = tuple(leaf for leaf in before if isinstance(leaf, Tensor))
            self.scope_of(name)[name] = Unknown(name, ("name", name, where), where, because, parts=parts)

    def _changes(self, statements: Sequence[ast.stmt]) -> list[tuple[Any, ast.AST]]:
        """The stacks and lists that statements would put something in, and where they would."""
        found: list[tuple[Any, ast.AST]] = []
        for node in (inner for statement in statements for inner in ast.walk(statement)):
            target = node.func if isinstance(node, ast.Call) else None
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                value = self._value_of(target.value.id)
                is_stack = isinstance(value, Model) and value.sequential
                if target.attr in CHANGES and (is_stack or isinstance(value, list)):
                    found.append((value, node))
        return found

    def _changed(self, statements: Sequence[ast.stmt]) -> bool:
        new = set(assigned(statements))
        return any(isinstance(node, ast.Call) and _owner(node) not in new for _, node in self._changes(statements))

    def _value_of(self, name: str) -> Any:
        return next((scope[name] for scope in reversed(self.scopes) if name in scope), None)

    def _is_set(self, name: str) -> bool:
        return self._value_of(name) is not None

    def _is_built(self, value: Any) -> bool:
        return any(isinstance(leaf, (Layer, Tensor, Model)) for leaf in flat_tensors(value))

    def builds(self, body: Sequence[ast.stmt]) -> bool:
        """Whether statements make or apply layers, as far as the names of what they call tell."""
        if body and body[0] not in self._building:
            # What calls itself builds nothing by that.
            self._building[body[0]] = False
            calls = (node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Call))
            self._building[body[0]] = any(map(self._call_builds, calls))
        return bool(body) and self._building[body[0]]

    def _call_builds(self, node: ast.Call) -> bool:
        if isinstance(node.func, ast.Call):
            return True
        value = self._callee(node.func)
        if isinstance(value, Function):
            return isinstance(value.node, ast.FunctionDef) and self.builds(value.node.body)
        if isinstance(value, Class):
            return value.is_a("Model", "Layer")
        return is_layer_class(value) or isinstance(value, (Layer, Model, Partial))

    def _callee(self, node: ast.expr) -> Any:
        """What is called, where plain names say so."""
        if isinstance(node, ast.Name):
            return self.on_name(node)
        if isinstance(node, ast.Attribute):
            owner = self._callee(node.value)
            if isinstance(owner, Imported):
                return Imported(f"{owner.path}.{node.attr}")
            if isinstance(owner, Instance):
                return owner.attributes.get(node.attr, owner.of.find(node.attr) if owner.of else None)
        return None


def assigned(statements: Sequence[ast.stmt]) -> list[str]:
    """The names that statements set, also inside other statements; not in functions."""
    found = []
    stack: list[ast.AST] = list(statements)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            found.append(node.name)
        elif not isinstance(node, (ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)):
            stack.extend(ast.iter_child_nodes(node))
    return found


def _leaves(body: Sequence[ast.stmt]) -> bool:
    """Whether statements leave the function or the loop that they stand in."""
    nodes = (node for statement in body for node in ast.walk(statement))
    return any(isinstance(node, (ast.Return, ast.Break, ast.Continue)) for node in nodes)


def _owner(node: ast.Call) -> str:
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return owner.id if isinstance(owner, ast.Name) else ""
