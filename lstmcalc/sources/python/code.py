"""What functions and classes of the source calculate, as text: two of the same text calculate the same."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from lstmcalc.dims import Expression, to_python
from lstmcalc.sources.python.values import Array, Class, Function, Imported, Instance, Partial, Unknown

__all__ = ["KNOWN", "attributes_of", "code_of"]

#: What an object has that its class, or the model around it, says too.
NO_ATTRIBUTES = ("name", "trainable", "(weights)", "(frozen weights)")

#: Of longer code, what comes behind is kept as a digest.
LIMIT = 20_000
#: Libraries, which do not change with the source.
KNOWN = {"jax", "keras", "numpy", "tensorflow", "tf", "torch", *sys.stdlib_module_names}


def code_of(value: Any) -> str:
    """The text of a function or class, and below it that of what it uses by name; empty where the source has none.

    Comments, docstrings and line breaks make no difference.
    """
    try:
        text = "\n".join(dict.fromkeys(_texts(value, {})))
    except RecursionError:
        return ""
    return text if len(text) <= LIMIT else f"{text[:LIMIT]}\nsha256 of all of it: {sha256(text.encode()).hexdigest()}"


def attributes_of(instance: Instance) -> dict[str, str]:
    """What an object of a class of the source holds, as text, by name."""
    told = {
        name: _plain(value) or code_of(value)
        for name, value in instance.attributes.items()
        if name not in NO_ATTRIBUTES
    }
    return {name: text for name, text in told.items() if text}


def _texts(value: Any, seen: dict[int, Any]) -> Iterator[str]:
    """The text of a value, then those of what stands behind the names in it."""
    if isinstance(value, Partial):
        given = [*map(_plain, value.given.positional), *(f"{k}={_plain(v)}" for k, v in value.given.keywords.items())]
        yield f"partial: {', '.join(given)}"
        yield from _texts(value.function, seen)
    elif isinstance(value, Instance) and value.of is not None:
        yield from (f"{name} = {text}" for name, text in attributes_of(value).items())
        yield from _texts(value.of, seen)
    elif isinstance(value, Class) and id(value) not in seen:
        seen[id(value)] = value
        for name, item in value.attributes.items():
            yield from _texts(item, seen) if isinstance(item, Function) else _set(name, item, seen)
        for base in value.bases:
            yield from _texts(base, seen) if isinstance(base, Class) else ()
    elif isinstance(value, Imported):
        module, _, name = value.path.rpartition(".")
        yield f"from {module or '?'} import {name}"
    elif isinstance(value, Function) and id(value.node) not in seen:
        seen[id(value.node)] = value.node
        # A node is written once, however many layers it is given to.
        if "_code" not in vars(value.node):
            vars(value.node)["_code"] = ast.unparse(_bare(value.node)).splitlines(), _free_names(value.node)
        lines, names = vars(value.node)["_code"]
        yield from lines
        for name in names:
            found = next((scope[name] for scope in reversed(value.scopes) if name in scope), None)
            yield from _set(name, found, seen)


def _set(name: str, value: Any, seen: dict[int, Any]) -> Iterator[str]:
    """What a name stands for, where the source says it."""
    text = _plain(value)
    if text:
        yield f"{name} = {text}"
    else:
        yield from _texts(value, seen)


def _plain(value: Any) -> str:
    """Plain data as text; empty for anything else."""
    if isinstance(value, Imported):
        return value.path if value.path.partition(".")[0] in KNOWN else ""
    if isinstance(value, Unknown):
        return value.text
    if isinstance(value, Expression):
        return to_python(value)
    if isinstance(value, Array):
        return f"an array {value.shape}"
    if isinstance(value, (bool, int, float, str)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        parts = list(map(_plain, value))
        return f"[{', '.join(parts)}]" if all(parts) else ""
    if isinstance(value, Mapping):
        pairs = {str(key): _plain(item) for key, item in value.items()}
        return f"{{{', '.join(f'{k}: {v}' for k, v in pairs.items())}}}" if all(pairs.values()) else ""
    return ""


def _bare(node: ast.FunctionDef | ast.Lambda) -> ast.AST:
    """A function without its docstring."""
    if isinstance(node, ast.Lambda) or ast.get_docstring(node) is None or len(node.body) < 2:
        return node
    return ast.FunctionDef(**{**dict(ast.iter_fields(node)), "body": node.body[1:]}, lineno=1)


def _free_names(node: ast.FunctionDef | ast.Lambda) -> list[str]:
    """The names that a function takes from around it."""
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    own = {each.id for each in names if not isinstance(each.ctx, ast.Load)}
    own |= {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
    return list(dict.fromkeys(each.id for each in names if each.id not in own))
