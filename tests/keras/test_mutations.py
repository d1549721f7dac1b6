"""Rules are changed at random places, and every change must be caught by a case that was held against Keras.

It runs behind all other tests of this folder, on the cases in which they found lstmcalc and Keras to agree: a changed
rule that gives another answer on one of them disagrees with Keras there, and its test would fail.
"""

from __future__ import annotations

import ast
import importlib
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import agreement
import pytest
from layer_examples import one_layer

import lstmcalc.layers
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer

pytestmark = pytest.mark.last

FOLDER = Path(lstmcalc.layers.__file__).parent
#: What does not decide on weights and shapes, or is no rule.
NO_RULES = {"__init__", "arguments", "axes", "checked", "legacy", "applications", "opaque", "recurrent_hints", "rule",
            "hints", "index", "kinds", "registry"}  # fmt: skip
#: Functions that only put things into words.
WORDS = {
    "formula", "hints", "remedy", "named", "class_name", "axis_names", "vocabulary_hints", "because_otherwise", "shown",
    "_listed", "_require", "_require_share", "_require_equal", "_arithmetic", "high_dropout",
    "of_one",
}  # fmt: skip

#: Variables of which the same is true.
SPOKEN = {"uses", "places", "because", "fix", "got", "forms", "widths", "expected", "named", "why"}


class Mutation(NamedTuple):
    """A change of one node of a function: which file, function and line, what was changed, and the new code."""

    module: str
    function: str
    line: int
    what: str
    code: CodeType


def sites(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, str]]:
    """The nodes of a function that may be changed: none inside texts, messages, and the times a weight is used."""
    skipped = {inner for default in function.args.defaults for inner in ast.walk(default)}
    for node in ast.walk(function):
        words: list[ast.AST] = []
        if isinstance(node, (ast.JoinedStr, ast.Raise)) or is_text(node):
            words = [node]
        elif isinstance(node, ast.Call):
            # What a weight is used for, and how often, no Keras tells; nor what a refusal says.
            name = ast.unparse(node.func)
            first = {"Weight": 2, "prefixed": 2}.get(name, 1 if name.endswith(("require", "require_known")) else None)
            words = [] if first is None else [*node.args[first : first + 2 if name == "Weight" else None]]
            told = () if name == "Weight" else ("strict",) if first is None else None
            words += [keyword for keyword in node.keywords if told is None or keyword.arg in told]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in SPOKEN:
            words = [node]
        skipped.update(inner for word in words for inner in ast.walk(word))
    for node in ast.walk(function):
        if node in skipped:
            continue
        if isinstance(node, ast.Constant) and type(node.value) is int:
            yield node, "another number"
        elif isinstance(node, ast.Constant) and type(node.value) is bool:
            yield node, "true and false"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)):
            yield node, "another operator"
        elif isinstance(node, ast.If):
            yield node, "the opposite condition"
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield):
            yield node, "a weight less"


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in (
        "Rejection",
        "Fault",
        "Remedy",
        "PolicyError",
        "refuse",
    )


def changed(tree: ast.Module, target: ast.AST) -> ast.Module:
    """A module's tree, parsed for this change alone, with one node changed."""

    class Change(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            if node is not target:
                return self.generic_visit(node)
            return ast.copy_location(other(node), node)

    return ast.fix_missing_locations(Change().visit(tree))


def other(node: ast.AST) -> ast.AST:
    if isinstance(node, ast.Constant):
        return ast.Constant(not node.value if isinstance(node.value, bool) else node.value + 1)
    if isinstance(node, ast.BinOp):
        swap = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult}
        return ast.BinOp(node.left, swap[type(node.op)](), node.right)
    if isinstance(node, ast.If):
        return ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    return ast.Pass()


def mutations(module: str) -> Iterator[Mutation]:
    """Every single change of a module's rules."""
    path = FOLDER / f"{module.replace('.', '/')}.py"
    text = path.read_text(encoding="utf-8")
    count = len(list(places(ast.parse(text))))
    for index in range(count):
        tree = ast.parse(text)
        qualname, target, what = list(places(tree))[index]
        code = compile(changed(tree, target), str(path), "exec")
        found = next((inner for inner in codes(code) if inner.co_qualname == qualname), None)
        if found is not None:
            yield Mutation(module, qualname, target.lineno, what, found)


def places(tree: ast.Module) -> Iterator[tuple[str, Any, str]]:
    for node in tree.body:
        methods = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for method in methods:
            if isinstance(method, ast.FunctionDef) and method.name not in WORDS:
                # What a spec states of a class of the user's own, no Keras tells.
                for target, what in () if prefix == "Stated." else sites(method):
                    yield prefix + method.name, target, what


def codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from codes(constant)


def function_of(module: ModuleType, qualname: str) -> FunctionType | None:
    found: Any = module
    for part in qualname.split("."):
        found = vars(found).get(part)
    return found if isinstance(found, FunctionType) else getattr(found, "__wrapped__", None)


def answer(class_name: str, case: tuple[Any, ...]) -> Any:
    """What lstmcalc says of a case, as far as Keras was asked about it."""
    arguments, inputs, states, keywords, *dtype = case
    try:
        report = infer(one_layer(class_name, arguments, inputs, states, "layer", keywords, *dtype))
    except SpecError:
        return "refused"
    except Exception as error:
        return type(error).__name__
    layer = next(layer for layer in report.layers if layer.name == "layer")
    weights = [(weight.name, weight.shape, weight.trainable, weight.dtype) for weight in layer.weights]
    believed = [call.believed for call in layer.calls]
    return weights, layer.output_shapes, believed, sorted(str(held.condition) for held in report.assumptions)


def classes_of(module: str) -> list[str]:
    """The layers whose cases are asked first: those of the module, then all others, which may use its helpers."""
    rules = lstmcalc.layers.RULES
    own = [name for name in agreement.CASES if name in rules and rules[name].__module__.endswith(f".{module}")]
    bases = {
        name
        for name in agreement.CASES
        if name in rules and any(base.__module__.endswith(f".{module}") for base in rules[name].__mro__)
    }
    return [*own, *sorted(bases - set(own))] or sorted(set(agreement.CASES) & set(rules))


def is_caught(mutation: Mutation, truth: dict[tuple[str, int], Any]) -> bool:
    module = importlib.import_module(f"lstmcalc.layers.{mutation.module}")
    function = function_of(module, mutation.function)
    if function is None:
        return True
    right = function.__code__
    names = classes_of(mutation.module)
    if not names:
        return True
    for name in names:
        for i, case in enumerate(agreement.CASES[name]):
            if (name, i) not in truth:
                truth[name, i] = answer(name, case)
    function.__code__ = mutation.code
    try:
        return any(answer(n, case) != truth[n, i] for n in names for i, case in enumerate(agreement.CASES[n]))
    finally:
        function.__code__ = right


@pytest.mark.long
def test_changes_of_rules_are_caught(number: int = 250) -> None:
    """In the long run only: the sample of cases that the short one takes is too small to catch with."""
    if len(agreement.CASES) < len(lstmcalc.layers.RULES) // 2:
        pytest.skip("it needs the cases of the other tests in this run")
    paths = [path.relative_to(FOLDER).with_suffix("") for path in FOLDER.rglob("*.py") if path.stem not in NO_RULES]
    modules = sorted(".".join(path.parts) for path in paths if path.parts[0] != "operations")
    found = [mutation for module in modules for mutation in mutations(module)]
    random.Random(0).shuffle(found)
    truth: dict[tuple[str, int], Any] = {}
    survived = [m for m in found[:number] if not is_caught(m, truth)]
    done = len(found[:number])
    print(f"\nmutations: {done - len(survived)} of {done} caught", file=sys.stderr)
    for m in survived:
        print(f"  survived: {m.module}.py:{m.line} {m.function}: {m.what}", file=sys.stderr)
    # Some changes change no answer: read the list.
    assert len(survived) <= done // 5
