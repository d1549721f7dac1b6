"""Python's own functions and methods on known values, within limits: nothing here can run code or grow without end."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from lstmcalc.sources.python.values import Array, Imported, Instance, Tensor

__all__ = [
    "BUILTINS",
    "FAILURES",
    "LIMIT",
    "arithmetic",
    "call_builtin",
    "call_method",
    "compared",
    "formatted",
    "items",
    "reason_of",
]

#: How many items a list, and how many characters a text, may have; how many bits a number.
LIMIT = 10_000
MAX_BITS = 4_096
#: What goes wrong when plain values are calculated with.
FAILURES = (TypeError, ValueError, IndexError, KeyError, AttributeError, ZeroDivisionError, OverflowError)


def reason_of(error: Exception) -> str:
    """Why a calculation failed, as far as that can be told in words.

    >>> reason_of(KeyError("units")), reason_of(KeyError(ast.MatMult)), reason_of(ValueError("too large a power"))
    ('there is no `units` in it', '', 'too large a power')
    """
    if not isinstance(error, KeyError):
        return str(error)
    key = error.args[0] if error.args else None
    return f"there is no `{key}` in it" if isinstance(key, (str, int)) else ""


OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}


def items(value: Any) -> Iterator[Any] | None:
    """What a loop over a value goes through; None where it is not to be gone through."""
    return iter(value) if isinstance(value, (list, tuple, range, dict, str, set)) else None


def limited(values: Iterable[Any]) -> list[Any]:
    """The values as a list; raises ValueError where there are too many."""
    found = list(islice(values, LIMIT + 1))
    if len(found) > LIMIT:
        raise ValueError(f"more than {LIMIT:,} items")
    return found


def measured(*values: Any) -> None:
    """Raises ValueError where there is too much in values to be gone through, however little of it is held twice."""
    stack, visited = list(values), 0
    while stack:
        value, visited = stack.pop(), visited + 1
        if visited > 2 * LIMIT:
            raise ValueError("too many values in one another")
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, (list, tuple, set)):
            stack.extend(value)


def arithmetic(node: ast.AST, left: Any, right: Any) -> Any:
    """`left + right` and its like on known values; raises one of `FAILURES`."""
    if isinstance(node, ast.Pow) and not _small_power(left, right):
        raise ValueError("too large a power")
    if isinstance(node, ast.LShift) and not (isinstance(right, int) and 0 <= right <= MAX_BITS):
        raise ValueError("too large a shift")
    if isinstance(node, ast.Mult):
        for sequence, count in ((left, right), (right, left)):
            if isinstance(sequence, (str, list, tuple)) and isinstance(count, int) and len(sequence) * count > LIMIT:
                raise ValueError(f"more than {LIMIT:,} items")
    if isinstance(node, ast.Mod) and isinstance(left, str):
        return formatted(left, right)
    return bounded(OPERATORS[type(node)](left, right))


def _small_power(base: Any, power: Any) -> bool:
    if isinstance(base, int) and isinstance(power, int):
        return power <= MAX_BITS and base.bit_length() * max(power, 1) <= MAX_BITS
    return isinstance(base, (int, float)) and isinstance(power, (int, float))


def bounded(value: Any) -> Any:
    """The value; raises ValueError where it is too long, or too large a number."""
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise ValueError("too large a number")
    if isinstance(value, (str, list, tuple, set, dict, range)) and len(value) > LIMIT:
        raise ValueError(f"more than {LIMIT:,} items")
    return value


def compared(node: ast.AST, left: Any, right: Any) -> bool:
    """`left < right` and its like on known values; raises one of `FAILURES`."""
    if isinstance(node, (ast.In, ast.NotIn)):
        _searched(right, left)
    if not isinstance(node, (ast.Is, ast.IsNot)):
        measured(left, right)
    return bool(COMPARISONS[type(node)](left, right))


def _searched(values: Any, wanted: Any) -> None:
    """Raises ValueError for what a range would be gone through to find."""
    if isinstance(values, range) and not isinstance(wanted, int):
        raise ValueError("no integer to look for in a range")


def formatted(text: str, values: Any) -> str:
    """`text % values`; raises ValueError for what could become long."""
    if re.search(r"\d{3}|\*", text) or len(text) > LIMIT or re.search(r"%[^%]*[ra]", text):
        raise ValueError("too long a text")
    plain = values if isinstance(values, tuple) else (values,)
    if not all(isinstance(value, (int, float, str)) for value in plain):
        raise ValueError("no plain values")
    return str(bounded(text % values))


def _int(value: Any = 0, base: int = 10) -> int:
    if isinstance(value, str):
        return int(bounded(value), base)
    return int(bounded(int(value)))


def _str(value: Any = "") -> str:
    if isinstance(value, (str, int, float, bool, type(None))):
        return str(value)
    raise ValueError("no plain value")


def _mapping(*values: Any, **more: Any) -> dict[Any, Any]:
    return dict(*(value if isinstance(value, dict) else limited(value) for value in values), **more)


def _sum(values: Any, start: Any = 0) -> Any:
    found = limited(values)
    if any(isinstance(value, (list, tuple)) for value in (start, *found)):
        bounded(range(sum(len(value) for value in (start, *found))))
    return bounded(sum(found, start))


def _round(value: Any, digits: Any = None) -> Any:
    return round(value, None if digits is None else max(-MAX_BITS, min(digits, MAX_BITS)))


def _zip(*values: Any, strict: bool = False) -> list[Any]:
    rows = zip(*values)  # noqa: B905  # as Python does by default
    found = list(islice(rows, 1 + LIMIT // max(1, len(values))))
    bounded(range(len(found) * len(values)))
    return found


BUILTINS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "all": lambda values: all(limited(values)),
    "any": lambda values: any(limited(values)),
    "bool": bool,
    "dict": _mapping,
    "divmod": divmod,
    "enumerate": lambda values, start=0: limited(enumerate(values, start)),
    "float": float,
    "frozenset": lambda values=(): set(limited(values)),
    "int": _int,
    "iter": limited,
    "len": len,
    "list": lambda values=(): limited(values),
    "max": lambda *values: max(limited(values[0] if len(values) == 1 else values)),
    "min": lambda *values: min(limited(values[0] if len(values) == 1 else values)),
    "pow": lambda base, power: arithmetic(ast.Pow(), base, power),
    "range": range,
    "reversed": lambda values: limited(reversed(values)),
    "round": _round,
    "set": lambda values=(): set(limited(values)),
    "slice": slice,
    "sorted": lambda values, reverse=False: sorted(limited(values), reverse=reverse),
    "str": _str,
    "sum": _sum,
    "tuple": lambda values=(): tuple(limited(values)),
    "zip": _zip,
}

#: The functions and methods that compare or hash what is in values.
COMPARING = frozenset("max min sorted set frozenset dict index count remove sort get pop setdefault add update union "
                      "discard".split())  # fmt: skip
#: The methods of plain values that are followed.
METHODS: dict[type, frozenset[str]] = {
    str: frozenset("lower upper strip lstrip rstrip split rsplit startswith endswith title capitalize replace join "
                   "removeprefix removesuffix format isdigit count find index partition rpartition".split()),
    list: frozenset("append extend insert pop remove reverse clear copy index count sort".split()),
    tuple: frozenset("index count".split()),
    dict: frozenset("get keys values items update pop setdefault copy clear".split()),
    set: frozenset("add update discard union".split()),
    range: frozenset(("index", "count")),
    int: frozenset(("bit_length",)),
}  # fmt: skip


def call_builtin(name: str, positional: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """One of Python's own functions; raises one of `FAILURES`."""
    if any(isinstance(value, (Tensor, Array, Imported, Instance)) for value in positional) and name != "len":
        raise TypeError("no plain value")
    if name in COMPARING:
        measured(*positional)
    return BUILTINS[name](*positional, **keywords)


def call_method(value: Any, name: str, positional: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """A method of a plain value; raises one of `FAILURES`."""
    if name == "as_list" and isinstance(value, tuple):
        return list(value)
    if name not in METHODS.get(type(value), ()):
        raise AttributeError(f"no method `{name}` that is followed")
    if isinstance(value, str):
        return _text_method(value, name, positional, keywords)
    if name in COMPARING:
        measured(*positional, *([value] if isinstance(value, list) and name != "pop" else []))
    if name in ("index", "count"):
        _searched(value, positional[0])
    if name == "extend":
        positional = (limited(positional[0]),)
    made = getattr(value, name)(*positional, **({} if name == "sort" and "key" in keywords else keywords))
    bounded(value)
    return list(made) if name in ("keys", "values", "items") else made


def _text_method(value: str, name: str, positional: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    if name == "format" and (re.search(r"\d{3}|[.\[!]|:[^}]*\{", value) or len(value) > LIMIT):
        raise ValueError("too long a text")
    if name in ("format", "join"):
        given = [*positional, *keywords.values()]
        plain = [item for value in given for item in (limited(value) if isinstance(value, (list, tuple)) else [value])]
        if not all(isinstance(item, (int, float, str)) for item in plain) or sum(len(str(p)) for p in plain) > LIMIT:
            raise ValueError("no plain values")
    if name == "replace" and len(value) * max((len(str(item)) for item in positional), default=0) > 100 * LIMIT:
        raise ValueError("too long a text")
    return bounded(getattr(value, name)(*positional, **keywords))
