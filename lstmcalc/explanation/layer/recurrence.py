"""What is special to LSTM, GRU and SimpleRNN, in words and equations.

The gates of a class, in the order of its columns, stand in one table, `CELLS`; equations, column ranges and sentences
all follow from it, from the rule and from the input shapes. The equations are Python that runs on numpy arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, to_text
from lstmcalc.explanation.cells import CELLS, bias_names, cell_of, columns, equations, states_of
from lstmcalc.explanation.keras_calls import call_text, changed
from lstmcalc.explanation.words import Lines, amount, in_steps, listed, quoted, shown_size
from lstmcalc.layers.kinds import is_recurrent
from lstmcalc.layers.rule import RULES, Formula, Inputs, LayerRule, Term, as_shapes
from lstmcalc.shapes import show_count, show_shape

__all__ = ["recurrent_sections"]


def recurrent_sections(rule: Any, x: Inputs, givers: Sequence[str] = ()) -> Iterator[tuple[str, Lines]]:
    """What an LSTM, GRU or SimpleRNN, or its cell, needs said besides its shapes; nothing for any other layer.

    `givers` are the names of what gives the call its `initial_state`, if it is given one.
    """
    cell = cell_of(rule)
    if cell is not None:
        if len(cell.gates) > 1:
            yield "Gates, candidate and their columns", _gates(rule, x)
        yield "One step", _one_step(rule, x)
        repeated = is_recurrent(rule)
        if repeated:
            yield "The whole sequence", _whole_sequence(rule, x)
            yield "States", _states(rule, x, givers)
        if bias_names(rule)[1]:
            yield "Two biases", _two_biases(rule, x)
    elif is_recurrent(rule) and states_of(rule):
        yield "The whole sequence", _whole_sequence(rule, x)
        yield "States", _states(rule, x, givers)
        if rule.family == "legacy":
            yield "Two biases", _cudnn_biases(rule, x)


def _dropouts(rule: Any) -> Lines:
    """What training adds to the equations, where the layer drops values."""
    said = {"dropout": "x[t]", "recurrent_dropout": "h[t-1]"}
    return [
        (f"`{key}: {share}`: in training, that share of {what} is set to zero and the rest scaled up.",)
        for key, what in said.items()
        if (share := getattr(rule, key, 0)) > 0
    ]


def _gates(rule: Any, x: Inputs) -> Lines:
    gates = CELLS[rule.class_name.removesuffix("Cell")].gates
    held = "`kernel`, `recurrent_kernel` and `bias`" if rule.use_bias else "`kernel` and `recurrent_kernel`"
    width = show_count(len(gates) * rule.units)
    lines: Lines = [(f"The last axis of {held} holds {len(gates)} blocks, each {_named('units', rule.units)} wide, "
                     f"{width} in all:",)]  # fmt: skip
    lines += [(columns(i, rule.units), gate.letter, gate.name, gate.role) for i, gate in enumerate(gates)]
    formula = rule.formula(x)
    each = Formula(tuple(Term(term.expression // len(gates), term.values) for term in formula.terms))
    lines.append((f"Params of each block: {_arithmetic(each)}. "
                  f"Of all {len(gates)} blocks: {show_count(rule.count(x))}.",))  # fmt: skip
    return lines


def _arithmetic(formula: Formula) -> str:
    """`units·(input_dim + units + 1) = 128·(300 + 128 + 1) = 54,912`, without repeating itself."""
    return in_steps(formula.in_names(), formula.in_numbers(), show_count(formula.value))


def _one_step(rule: Any, x: Inputs) -> Lines:
    cell = CELLS[rule.class_name.removesuffix("Cell")]
    states = list(cell.states)
    before = ", ".join(f"{state}[t-1]" for state in states)
    held = [("W", "`kernel`"), ("U", "`recurrent_kernel`"), *_bias_legend(rule)]
    letters, arrays = (", ".join(column) for column in zip(*held, strict=True))
    letter = cell.gates[0].letter
    blocks = f"; `_{letter}` marks the columns of block {letter}, and so on" if letter else ""
    reads, gives = amount(x.input_dim, "value"), amount(rule.units, "value")
    each = " each" if len(states) > 1 else ""
    return [
        ("At each step t, for each sample:",),
        *equations(rule),
        (f"So one step reads {reads}, x[t], and gives {gives}, h[t]. In these lines:",),
        ("x[t]", f"the input at step t: {reads}"),
        (before, f"what the step before left: {gives}{each}"),
        (letters, f"{arrays}{blocks}"),
        ("@ and *", "@ is vector times matrix, * is value by value"),
        *_dropouts(rule),
    ]


def _bias_legend(rule: Any) -> list[tuple[str, str]]:
    first, second = bias_names(rule)
    if second:
        return [(first, "row 0 of `bias`"), (second, "row 1 of `bias`")]
    return [(first, "`bias`")] if first else []


def _whole_sequence(rule: Any, x: Inputs) -> Lines:
    order = "last to the first (`go_backwards: true`)" if rule.go_backwards else "first to the last"
    params = show_count(rule.count(x))
    lines: Lines = [
        (f"The step is repeated {_times(x.timesteps)}, from the {order}, with the same {params} params every "
         "time. So the number of steps is not in the count: a longer sequence takes more time, not more params.",),
        ("What comes out depends on two arguments alone, not on the loss and not on the layers behind. Both are false "
         "by default, so that a sequence gives one output.",),
    ]  # fmt: skip
    for sequences, state in ((False, False), (False, True), (True, False), (True, True)):
        here = (rule.return_sequences, rule.return_state) == (sequences, state)
        which = ("neither", "return_state", "return_sequences", "both")[2 * sequences + state]
        variant = changed(rule, return_sequences=sequences, return_state=state)
        lines.append((f"{which} (this layer)" if here else which, _meaning(variant, x)))
    if rule.go_backwards:
        lines.append(("`go_backwards: true` changes no shape and no params. What comes out is in the order read: the "
                      "input's last step first.",))  # fmt: skip
    else:
        lines.append(("`go_backwards: true` would read the last step first, with the same shapes and params.",))
    return lines


def _meaning(rule: Any, x: Inputs) -> str:
    """What the outputs are, with their shapes."""
    output, *states = (show_shape(shape) for shape in as_shapes(rule.output_shape(x)))
    last = "the last step read" if rule.go_backwards else "the last step"
    every = "every step, in the order read" if rule.go_backwards else "every step"
    text = f"{output}: h after {every if rule.return_sequences else last}"
    if states:
        names = states_of(rule)
        which = f"state{'s' * (len(names) > 1)} {' and '.join(names)}"
        each = " each" if len(names) > 1 else ""
        text += f", then the {which}{f' after {last}' if rule.return_sequences else ''}: {states[0]}{each}"
    return text


def _states(rule: Any, x: Inputs, givers: Sequence[str]) -> Lines:
    states = states_of(rule)
    shape = show_shape(rule.state_shapes(x)[0])
    lines: Lines = []
    for index, (state, meaning) in enumerate(states.items()):
        returned = "returned" if rule.return_state else "not returned"
        if index == 0:
            returned = "the last step of the output" if rule.return_sequences else "the output"
        lines.append((state, meaning, shape, returned))
    if givers:
        verb = "are" if len(states) > 1 else "is"
        lines.append((f"Before the first step, {' and '.join(states)} {verb} what {listed(map(quoted, givers))} "
                      f"{'give' if len(givers) > 1 else 'gives'}: the call is given an `initial_state`.",))  # fmt: skip
    else:
        first = "Zeros before the first step of the first batch" if rule.stateful else "Zeros before the first step"
        lines.append((f"{first}, unless the call is given an `initial_state`.",))
    lines.append((_between_batches(rule, x, bool(givers)),))
    return lines


def _between_batches(rule: Any, x: Inputs, given: bool) -> str:
    """What becomes of the states when a batch ends (keras/src/layers/rnn/rnn.py, `call`, 3.15.1)."""
    states = states_of(rule)
    names = " and ".join(states)
    reset = "`reset_states()`" if rule.family == "legacy" else "`reset_state()`"
    if given:
        starts = f"every batch starts with the {names} that it is given."
        if rule.stateful:
            return f"`stateful: true` has no effect on what comes out: {starts}"
        return f"Nothing is kept from batch to batch, and `stateful: true` would not change that: {starts}"
    if rule.stateful:
        it = "them" if len(states) > 1 else "it"
        return (f"`stateful: true` keeps {names} from batch to batch: sample k of a batch goes on where sample k "
                f"of the batch before ended. Every batch must have {amount(x.batch, 'sample')}, and `fit` needs "
                f"`shuffle=False`. Only {reset} sets {it} back to zeros; `fit` does not call it, not even "
                "between epochs.")  # fmt: skip
    return (f"`stateful: false`: nothing is kept from batch to batch. `stateful: true` would keep {names}, "
            f"until {reset} is called, with the same shapes and params; it needs a fixed batch size.")  # fmt: skip


def _two_biases(rule: Any, x: Inputs) -> Lines:
    textbook = changed(rule, reset_after=False)
    here, there = rule.count(x), textbook.count(x)
    named = textbook.formula(x)
    return [
        ("`reset_after: true`, Keras's default, applies r after the product with `recurrent_kernel`, and gives that "
         f"product a bias of its own: `bias` is {_weight_shape(rule, x, 'bias')}.",),
        (f"The textbook's GRU (`reset_after: false`) has one bias, {_weight_shape(textbook, x, 'bias')}: "
         f"{_arithmetic(named)} params. This layer has {show_count(here - there)} more.",),
    ]  # fmt: skip


def _cudnn_biases(rule: Any, x: Inputs) -> Lines:
    """Why a layer of Keras 2 that runs on cuDNN has the biases it has, beside today's layer."""
    name = rule.class_name.removeprefix("CuDNN")
    today = RULES[name]({key: value for key, value in rule.given.items() if key in RULES[name].arguments})
    here, there = rule.count(x), today.count(x)
    more = here - there
    counted = "just as many" if more == 0 else f"{show_count(more)} fewer"
    held = f"holds all of them in one row, {_weight_shape(rule, x, 'bias')}"
    lines: Lines = [
        ("cuDNN adds one bias to what the gates and the candidate read of the input, and another to what they read of "
         f"the hidden state. `bias` {held}.",),
        (f"`{call_text(today)}` has `bias` {_weight_shape(today, x, 'bias')} and {show_count(there)} params, "
         f"{counted}.",),
    ]  # fmt: skip
    if more != 0:
        lines.append(("Here the two only add up, so that one bias can do what both do.",))
    lines.append((f"Keras 3 has no {rule.class_name}: its {name} uses cuDNN by itself where it can.",))
    return lines


def _weight_shape(rule: LayerRule, x: Inputs, name: str) -> str:
    return next(show_shape(weight.shape) for weight in rule.weights(x) if weight.name == name)


def _named(name: str, size: Dim) -> str:
    return f"`{name}`" if to_text(size) == name else f"`{name}` = {show_count(size)}"


def _times(size: Dim) -> str:
    return "at every time step" if size is UNKNOWN else "once" if size == 1 else f"{shown_size(size)} times"
