"""Initial states of recurrent layers, and unrolling."""

from __future__ import annotations

import re
from dataclasses import replace

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis, Shape
from lstmcalc.diagnosis.families.batches import caller
from lstmcalc.diagnosis.message import Found, family, read_shape
from lstmcalc.diagnosis.traced import call_of
from lstmcalc.diagnosis.words import class_named, named

#: How many states a layer keeps.
STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1}


def _spec_shapes(text: str) -> list[str]:
    return re.findall(r"shape=(?:torch\.Size\()?([\[(][^()\[\]]{0,100}[\])])", text)


ALL_OF_BOTH = Cause(
    "All states of a Bidirectional layer (forward and backward) go to a layer of one direction.",
    "Join them in pairs, and double the `units` of the layer that gets them:",
    (
        "output, fh, fc, bh, bc = Bidirectional(LSTM(units, return_state=True))(x)",
        "h, c = Concatenate()([fh, bh]), Concatenate()([fc, bc])",
        "LSTM(2 * units)(y, initial_state=[h, c])",
    ),
)
TWO_FOR_ONE = Cause(
    "The states of an LSTM (h and c) go to a GRU or SimpleRNN, which keeps one.",
    "Give it h alone:",
    ("GRU(units)(x, initial_state=h)",),
)
ONE_FOR_TWO = Cause(
    "One state goes to an LSTM, which keeps two: h and c. Those of a GRU are one.",
    "Give it both:",
    ("output, h, c = LSTM(units, return_state=True)(x)", "LSTM(units)(y, initial_state=[h, c])"),
)
A_SEQUENCE = Cause(
    "The output of a layer was given as a state, alone or before its states.",
    "A state is one vector per sample: give what `return_state=True` returns behind the output:",
    ("output, *states = LSTM(units, return_state=True)(x)", "LSTM(units)(y, initial_state=states)"),
)

OF_ONE_STATE = ("output, state = GRU(units, return_state=True)(x)", "GRU(units)(y, initial_state=state)")


def _state_causes(shapes: list[str], sizes: list[str]) -> list[Cause]:
    if any(shape.count(",") > 1 for shape in shapes):
        return [A_SEQUENCE if len(sizes) > 1 else replace(A_SEQUENCE, code=OF_ONE_STATE)]
    if (len(shapes), len(sizes)) == (2, 1):
        return [TWO_FOR_ONE]
    if (len(shapes), len(sizes)) == (1, 2):
        return [ONE_FOR_TWO]
    if len(shapes) == 2 * len(sizes):
        return [ALL_OF_BOTH]
    given = (re.findall(r"\d+", shapes[0])[-1:] or [""])[0] if shapes else ""
    code = (f"LSTM({given or 'units'})",)
    said = f"The layer that the states come from has other `units` than {sizes[0]}."
    causes = [Cause(said, "Give the layer that gets them as many:", code)]
    if given and int(given) == 2 * int(sizes[0]):
        said = "The states of a Bidirectional layer were joined, so they are twice as wide."
        causes.insert(0, Cause(said, "Double the `units` of the layer that gets them:", code))
    return causes


ONE_PER_CELL = Cause(
    "The states were given as one flat list.",
    "Give one list for each cell:",
    ("RNN(cells)(x, initial_state=[[h1, c1], [h2, c2]])",),
)


def _own_cell(sizes: str, shapes: list[str]) -> Diagnosis:
    """A cell of one's own whose states have more axes than one."""
    size = "(" + ", ".join(re.findall(r"None|\d+", sizes)) + ")"
    meaning = f"The cell's `state_size` is {size}. `initial_state` has {', '.join(shapes)}."
    batch = Cause(
        "`state_size` counts the batch, which Keras puts before it once more.",
        "State it without the batch:",
        (f"state_size = [TensorShape({size.replace('None, ', '').replace('(', '[').replace(')', ']')})]",),
    )
    return Diagnosis("", meaning, (batch,), expected=size, got=", ".join(shapes))


def states_in_cell(found: Found, first: Shape, second: Shape) -> Diagnosis | None:
    """A product or sum inside a cell that fails for the states that it was given; None where it is none."""
    cell = found.near(r"Exception encountered when calling (LSTM|GRU|SimpleRNN)Cell\.call\(\)")
    shapes = [shape for one in _spec_shapes(found.near(r"states=([\[(].{1,400})")) if (shape := read_shape(one))]
    data = read_shape(found.near(r"inputs=[\w.]{1,40}\(shape=(?:torch\.Size\()?([\[(][\d, ]{1,60}[\])])"))
    if not cell or not shapes or data is None:
        return None
    call = call_of(found, cell)
    layer = call.keywords.get("name", "").strip("'\"") if call else ""
    who = named(layer, cell)
    who, given = who[0].upper() + who[1:], ", ".join(map(str, shapes))
    if shapes[0][0] != data[0]:
        meaning = f"{who} was given {data[0]} samples, and `initial_state` for {shapes[0][0]}: {given}."
        said, fix = "The states were made for another batch.", "Make them for the samples of this one:"
        made = (data[0], *shapes[0][1:])
        wanted = f"{data[0]} samples"
    elif shapes[0][-1] == first[-1] != second[0]:
        meaning = f"{who} keeps states of {second[0]} values. `initial_state` has {given}."
        said = f"The layer that the states come from has other `units` than {second[0]}."
        fix, made = "Give both the same `units`:", ()
        wanted = f"{second[0]} values"
    else:
        return None
    code = f"np.zeros({made})" if made else f"{cell}({shapes[0][-1]})  # not {cell}({second[0]})"
    return Diagnosis("initial-state", meaning, (Cause(said, fix, (code,)),), layer, cell, wanted, given)


@family(
    "initial-state",
    (
        "not compatible with cell.state_size",
        r"initial_state was passed that is not compatible with cell\.state_size\. Received"
        r" state_spec=(?P<spec>.{1,600}?);"
        r" however cell\.state_size is (?P<sizes>(?:TensorShape|Dimension|None|[\d\[\](), ]){1,300})",
    ),
)
def initial_state(found: Found) -> Diagnosis:
    """States of another number or width than the layer keeps."""
    shapes = _spec_shapes(found["spec"])
    sizes = re.findall(r"\d+", found["sizes"])
    layer, class_name = caller(found)
    if "TensorShape" in found["sizes"]:
        return _own_cell(found["sizes"], shapes)
    wanted = ", ".join(f"(None, {size})" for size in sizes)
    if found["sizes"].count("[") + found["sizes"].count("(") > 1:
        cells = found["sizes"].strip()
        meaning = f"The layer keeps the states of several cells, {cells}. `initial_state` has {len(shapes)}."
        return Diagnosis("", meaning, (ONE_PER_CELL,), layer, class_name, wanted, ", ".join(shapes))
    states = "1 state" if len(sizes) == 1 else f"{len(sizes)} states"
    meaning = f"The layer keeps {states} of shape {wanted}. `initial_state` has {len(shapes)}: {', '.join(shapes)}."
    causes = tuple(_state_causes(shapes, sizes)) if sizes else ()
    return Diagnosis("", meaning, causes, layer, class_name, wanted, ", ".join(shapes))


MIXED = Cause(
    "Zeros were made with the backend.",
    "Make all states inputs of the model, or leave them away: zeros are the start.",
    ("h = Input((units,))",),
)
FOUR = "Bidirectional(LSTM(units))(x, initial_state=[fh, fc, bh, bc])"
AN_EVEN_NUMBER = Cause(
    "The states of one direction were given, or all but one.", "For an LSTM give four, for a GRU two:", (FOUR,)
)
ONE_DIRECTION = Cause(
    "A Bidirectional(LSTM) was given h and c of one direction: each direction then gets one of them.",
    "Give all four:",
    (FOUR,),
)
AS_MANY = Cause(
    "An LSTM keeps two states, h and c; a GRU and a SimpleRNN keep one.",
    "Give as many as it keeps:",
    ("LSTM(units)(x, initial_state=[h, c])", "GRU(units)(x, initial_state=h)"),
)


@family(
    "initial-state",
    (
        "expects",
        r"Layer [\"']?(?P<layer>[\w./-]{1,200})[\"']? expects (?P<wanted>\d{1,3})"
        r" states?(?:\(s\))?, but it received"
        r" (?P<got>\d{1,3}) state values",
    ),
    (
        "state should be a list",
        r"When passing initial_state to a Bidirectional RNN, the state should be a list"
        r" containing"
        r" the states of the underlying RNNs",
    ),
    (
        "mix of",
        r"initial state (?:or constants )?of an RNN layer cannot be specified (?:with|via)"
        r" a mix of [\w-]{1,8} ?[Kk]?e?r?a?s? ?tensors",
    ),
    (
        "list index out of range",
        r"list index out of range Arguments received by"
        r" (?P<class>LSTM|GRU|SimpleRNN)\.call\(\):"
        r" • sequences=.{1,120}? • initial_state=(?P<given>\[[^\]]{1,400}\])",
    ),
)
def number_of_states(found: Found) -> Diagnosis:
    """Another number of states than the layer keeps, or states of two kinds."""
    layer, class_name = found["layer"], found["class"] or class_named(found["layer"])
    if "mix of" in found.message:
        meaning = (
            "Some of the initial states come from layers or `Input`, others are plain "
            "tensors; Keras 2 takes one kind only."
        )
        return Diagnosis("", meaning, (MIXED,), layer, class_name)
    if "Bidirectional" in found.message:
        meaning = (
            "A Bidirectional layer takes the states of its forward layer, then those of its "
            "backward layer: an even number."
        )
        return Diagnosis("", meaning, (AN_EVEN_NUMBER,), layer, "Bidirectional", "an even number of states")
    given = len(_spec_shapes(found["given"])) or found.number("got")
    wanted = STATES.get(class_name) or found.number("wanted")
    who = named(layer, class_name)
    states = f"{wanted} {'state' if wanted == 1 else 'states'}"
    meaning = f"{who[0].upper()}{who[1:]} keeps {states}; `initial_state` has {given}."
    if "state values" in found.message:
        meaning = f"{who} keeps {states}; `reset_states` was given {given}."
        all_states = "[h, c]" if wanted == 2 else "h" if wanted == 1 else "states"
        code = (f"layer.reset_states({all_states})", "layer.reset_states()")
        cause = Cause("It takes one array for each state.", "Give all of them, or none for zeros:", code)
        return Diagnosis("", meaning, (cause,), layer, class_name, states, f"{given}")
    causes = (AS_MANY, ONE_DIRECTION) if "sequences=" in found.message else (AS_MANY,)
    return Diagnosis("", meaning, causes, layer, class_name, states, f"{given}")


@family(
    "initial-state",
    (
        "is incompatible with layer",
        r"State (?P<place>\d{1,2}) is incompatible with layer"
        r" [\"']?(?P<layer>[\w./-]{1,200}?)[\"']?: expected"
        r" shape=(?P<wanted>.{1,300}?),? (?:but )?found shape=(?P<got>\([^()]{1,100}\))",
    ),
)
def state_shape(found: Found) -> Diagnosis:
    """`reset_states` with an array of another shape."""
    layer, got, wanted = found["layer"], found.shape("got"), found.shape("wanted")
    # Keras 2 on TensorFlow prints the variable where the size should be.
    inner = re.search(r"shape=(\(\d+, \d+\))", found["wanted"])
    size = inner[1] if inner else str(wanted) if wanted and None not in wanted else ""
    meaning = f"The state of {named(layer)} has the shape {size or 'of its variable'}; the given array has {got}."
    fix = Cause(
        "The array was made for another batch size or another number of `units`.",
        "Make it in the shape of the state:",
        (f"np.zeros({size})",) if size else (),
    )
    return Diagnosis("", meaning, (fix,), layer, class_named(layer), size, str(got))


@family(
    "unroll",
    (
        "nroll",
        r"(?:Cannot unroll a RNN if the time dimension is undefined|Unrolling requires a"
        r" fixed number of timesteps)",
    ),
)
def unroll(found: Found) -> Diagnosis:
    """`unroll=True` over a number of steps that is not known."""
    layer, class_name = caller(found)
    one = " or equal to 1" in found.text
    meaning = "`unroll=True` writes every time step out, so the number of steps must be a number"
    meaning += ", in Keras 2.2 and older more than 1." if one else ". Here it is None."
    causes = (
        Cause("The input leaves the number of steps open.", "State it:", ("Input((timesteps, features))",)),
        Cause("Unrolling is not needed.", "Leave `unroll=True` away: the result is the same.", ("LSTM(units)",)),
    )
    return Diagnosis("", meaning, causes, layer, class_name, "a known number of time steps", "None" if not one else "")
