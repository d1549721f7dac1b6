"""What one step of an LSTM, a GRU or a SimpleRNN is: gates in the order of their columns, equations, states.

All of it stands in one table, `CELLS`. The equations are Python that runs on numpy arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lstmcalc.dims import Dim, to_text
from lstmcalc.explanation.words import Lines
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.rule import LayerRule

__all__ = ["CELLS", "Cell", "Gate", "bias_names", "cell_of", "columns", "equations", "output_names", "states_of"]


class Gate(NamedTuple):
    """A block of columns: the letter Keras calls it by, its activation argument, its name in the equations."""

    letter: str
    name: str
    activation: str
    role: str
    symbol: str
    #: Whether the reset gate works on what it reads of the hidden state.
    is_reset: bool = False


class Cell(NamedTuple):
    """One step of a recurrent class: its gates in the order of their columns, then how the states change."""

    gates: tuple[Gate, ...]
    updates: tuple[tuple[str, str], ...]
    states: Mapping[str, str]


#: Keras 3.15.1: keras/src/layers/rnn/lstm.py, gru.py and simple_rnn.py, `call` of the cells.
CELLS = {
    "LSTM": Cell(
        (
            Gate("i", "input gate", "recurrent_activation", "how much of the candidate is taken in", "i"),
            Gate("f", "forget gate", "recurrent_activation", "how much of the old cell state is kept", "f"),
            Gate("c", "candidate", "activation", "what could be taken in", "ĉ"),
            Gate("o", "output gate", "recurrent_activation", "how much of the cell state is shown", "o"),
        ),
        (("c[t] = f * c[t-1] + i * ĉ", "the new cell state"),
         ("h[t] = o * {activation(c[t])}", "the new hidden state")),
        {"h": "hidden state", "c": "cell state"},
    ),
    "GRU": Cell(
        (
            Gate("z", "update gate", "recurrent_activation", "how much of the old hidden state is kept", "z"),
            Gate("r", "reset gate", "recurrent_activation", "how much of it the candidate sees", "r"),
            Gate("h", "candidate", "activation", "what could replace it", "ĥ", is_reset=True),
        ),
        (("h[t] = z * h[t-1] + (1 - z) * ĥ", "the new hidden state"),),
        {"h": "hidden state"},
    ),
    "SimpleRNN": Cell((Gate("", "", "activation", "the new hidden state", "h[t]"),), (), {"h": "hidden state"}),
}  # fmt: skip


def cell_of(rule: LayerRule) -> Cell | None:
    """What one step of an LSTM, GRU or SimpleRNN, or of its cell, does; None for any other layer."""
    return CELLS.get(rule.class_name.removesuffix("Cell"))


def states_of(rule: LayerRule) -> Mapping[str, str]:
    """The states that a recurrent layer or a cell keeps, each with what it is called; none where cells inside do."""
    name = rule.class_name.removeprefix("CuDNN").removesuffix("Cell")
    name = "LSTM" if name.startswith("ConvLSTM") else name
    return CELLS[name].states if name in CELLS else {}


def output_names(rule: Any, number: int) -> tuple[str, ...]:
    """What each of several outputs of a recurrent layer or a cell is; empty for any other layer.

    >>> from lstmcalc.layers import RULES
    >>> output_names(RULES["LSTM"]({"units": 4, "return_state": True}), 3)
    ('the output', 'h, the hidden state', 'c, the cell state')
    """
    inner, sides = rule, [""]
    if rule.class_name == "Bidirectional":
        inner, sides = rule.layer, ["forward ", "backward "]
    names = [f"{state}, the {{}}{name}" for state, name in states_of(inner).items()]
    states = [name.format(side) for side in sides for name in names]
    outputs = [f"the {side}output" for side in sides] if getattr(rule, "merge_mode", "") is None else ["the output"]
    named = [each for each in (outputs, [*outputs, *states]) if states and len(each) == number]
    return tuple(named[0]) if named else ()


def columns(index: int, width: Dim) -> str:
    """The columns of one block of a weight, counted from 0, the last one included.

    >>> columns(1, 128), columns(2, 1)
    ('columns 128 to 255', 'column 2')
    """
    first, last = index * width, (index + 1) * width - 1
    return f"column {first}" if first == last else f"columns {to_text(first)} to {to_text(last)}"


def equations(rule: Any) -> Lines:
    """One step as Keras calculates it: in each line an equation, and what it is for."""
    cell = CELLS[rule.class_name.removesuffix("Cell")]
    gates = [(_gate_equation(gate, rule), gate.name or gate.role) for gate in cell.gates]
    return [*gates, *((_with_activation(text, rule.activation), meaning) for text, meaning in cell.updates)]


def _gate_equation(gate: Gate, rule: Any) -> str:
    mark = f"_{gate.letter}" if gate.letter else ""
    reads, recalls = f"x[t] @ W{mark}", f"h[t-1] @ U{mark}"
    first, second = (f" + {name}{mark}" if name else "" for name in bias_names(rule))
    if not gate.is_reset:
        inside = f"{reads} + {recalls}{first}{second}"
    elif rule.reset_after:
        inside = f"{reads}{first} + r * ({recalls}{second})"
    else:
        inside = f"{reads} + (r * h[t-1]) @ U{mark}{first}"
    return f"{gate.symbol} = {_apply(getattr(rule, gate.activation), inside)}"


def bias_names(rule: Any) -> tuple[str, str]:
    """What the bias beside the input and the bias beside the hidden state are called."""
    if not rule.use_bias:
        return "", ""
    return ("b0", "b1") if getattr(rule, "reset_after", False) else ("b", "")


def _apply(activation: Any, inside: str) -> str:
    name = activation.get("class_name") if isinstance(activation, Mapping) else activation
    return inside if name in (None, "linear") else f"{name}({inside})"


def _with_activation(text: str, activation: Any) -> str:
    before, _, rest = text.partition("{activation(")
    inside, mark, after = rest.partition(")}")
    return f"{before}{_apply(activation, inside)}{after}" if mark else text
