"""The inside of a cell as gates and operations, read off its equations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from lstmcalc.explanation.cells import cell_of, equations
from lstmcalc.explanation.diagrams import CellInside, Gate, Operation
from lstmcalc.explanation.diagrams.unrolled import size_text
from lstmcalc.explanation.keras_calls import call_text
from lstmcalc.layers.kinds import is_recurrent
from lstmcalc.layers.rule import Inputs

__all__ = ["cell_inside"]

#: `sigmoid(x[t] @ W_i + …)`: the activation, and what it is applied to.
APPLIED = re.compile(r"([^\s()]+)\((.*)\)")
SIGNS = {ast.Mult: "*", ast.Add: "+", ast.Sub: "-"}


def cell_inside(rule: Any, x: Inputs) -> CellInside | None:
    """One step of an LSTM, GRU or SimpleRNN, or of its cell; None for any other layer."""
    cell = cell_of(rule)
    if cell is None:
        return None
    step = rule.one_step(x) if is_recurrent(rule) else x
    wide = size_text((step.shape[0], rule.units))
    written = equations(rule)
    symbols = [gate.symbol for gate in cell.gates]
    gates = []
    for gate, (equation, name) in zip(cell.gates, written, strict=False):
        activation, inside = _applied(equation.partition(" = ")[2])
        reads = [name for name in ("x[t]", "h[t-1]", *symbols) if _reads(inside, name)]
        gates.append(Gate(gate.symbol, name, activation, tuple(reads), f"{gate.symbol}: {wide}"))
    operations = tuple(_operations(cell.updates, _activation_of(cell.gates, gates)))
    labels = {"x[t]": size_text(step.shape), **{f"{name}[{at}]": wide for name in cell.states for at in ("t-1", "t")}}
    return CellInside(
        f"{call_text(rule)}: inside one step",
        ("x[t]", "h[t-1]"),
        tuple((name, f"{name}: {size}") for name, size in labels.items()),
        tuple(gates),
        operations,
        tuple(written),
    )


def _applied(text: str) -> tuple[str, str]:
    """The activation and what it is applied to; none where an equation applies none."""
    match = APPLIED.fullmatch(text)
    return (match[1], match[2]) if match else ("", text)


def _reads(inside: str, name: str) -> bool:
    return re.search(rf"(?<![\w\[]){re.escape(name)}(?![\w\[])", inside) is not None


def _activation_of(gates: Any, made: list[Gate]) -> str:
    """The layer's `activation`, which the candidate applies too."""
    return next((drawn.activation for gate, drawn in zip(gates, made, strict=True) if gate.activation == "activation"),
                "")  # fmt: skip


def _operations(updates: tuple[tuple[str, str], ...], activation: str) -> Iterator[Operation]:
    """The operations of the updates, each behind those that it works on; an update's last makes its state."""
    for template, _ in updates:
        result, _, text = template.replace("{", "").replace("}", "").partition(" = ")
        made: list[Operation] = []
        _build(ast.parse(text, mode="eval").body, activation, result, made)
        last = made[-1]
        yield from made[:-1]
        yield Operation(last.key, last.text, last.inputs, result)


def _build(term: ast.expr, activation: str, update: str, made: list[Operation]) -> str:
    """Adds the operations of a term, and returns the name of its result."""
    if isinstance(term, ast.Call):
        inner = _build(term.args[0], activation, update, made)
        return _add(activation, (inner,), update, made) if activation else inner
    if isinstance(term, ast.BinOp):
        left, right = (_build(side, activation, update, made) for side in (term.left, term.right))
        sign = SIGNS[type(term.op)]
        if left.isdecimal():
            return _add(f"{left} {sign}", (right,), update, made)
        return _add(sign, (left, right), update, made)
    return ast.unparse(term).replace(" ", "")


def _add(text: str, inputs: tuple[str, ...], update: str, made: list[Operation]) -> str:
    key = f"{update} {len(made) + 1}"
    made.append(Operation(key, text, inputs))
    return key
