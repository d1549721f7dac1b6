"""Wrappers and cells: Bidirectional, TimeDistributed, RNN, and what they hold."""

from __future__ import annotations

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import Found, family

CELLS = ("RNN([LSTMCell(64), LSTMCell(64)])", "LSTM(64, return_sequences=True), then LSTM(64)")


@family(
    "no-cell",
    ("state_size", r"RNN cell should have (?:a state_size attribute|an attribute state_size)"),
    ("state_size", r"All cells must have a state_size attribute"),
)
def no_cell(found: Found) -> Diagnosis:
    """A whole layer where RNN takes a cell."""
    meaning = (
        "RNN and StackedRNNCells hold cells, which make one time step. They were given a layer, which makes all steps."
    )
    causes = (
        Cause("`LSTM(64)` stands where the cell of it, `LSTMCell(64)`, is wanted.", "Write the cell:", CELLS[:1]),
        Cause(
            "Layers were to be stacked.",
            "Stack layers without RNN:",
            ("model.add(LSTM(64, return_sequences=True))", "model.add(LSTM(64))"),
        ),
    )
    return Diagnosis("", meaning, causes, expected="a cell")


@family(
    "cell-called-alone",
    ("positional argument: 'states'", r"missing 1 required positional argument: 'states'"),
    ("missing a required argument: 'states'", r"missing a required argument: 'states'"),
)
def cell_alone(found: Found) -> Diagnosis:
    """A cell called as a layer."""
    meaning = "A cell makes one time step from the input and the states. It was called with the input alone."
    causes = (
        Cause(
            "`LSTMCell`, `GRUCell` or `SimpleRNNCell` stands where a layer is wanted.",
            "Write the layer, or wrap the cell:",
            ("LSTM(64)(x)", "RNN(LSTMCell(64))(x)"),
        ),
        Cause("RNN or StackedRNNCells was given layers such as `LSTM(64)`.", "Give it cells:", CELLS[:1]),
    )
    return Diagnosis("", meaning, causes)


@family(
    "wraps-no-layer",
    (
        "Please initialize",
        r"Please initialize (?P<class>Bidirectional|TimeDistributed) layer with a"
        r" (?:[\w.]{0,20}\.)?Layer"
        r" instance\. (?:Received|You passed): (?P<got>.{1,80})",
    ),
    ("has no attribute 'get_config'", r"'(?P<got>\w{1,60})' object has no attribute 'get_config'"),
    ("KeyError: 'go_backwards'", r"KeyError: '(?P<got>go_backwards)'"),
    (
        "'go_backwards'",
        r"Unrecognized keyword arguments passed to (?P<got>\w{1,60}): \{'go_backwards':" r" (?:True|False)\}",
    ),
)
def wraps_no_layer(found: Found) -> Diagnosis | None:
    """A tensor, or a number, inside a wrapper."""
    name = found["class"] or found.near(r"\b(Bidirectional|TimeDistributed)\(")
    if not name or (found["got"] == "go_backwards" and name != "Bidirectional"):
        return None
    if "go_backwards" in found.message:
        which = "" if found["got"] == "go_backwards" else f" {found['got']} has no `go_backwards`."
        meaning = f"Bidirectional makes a second layer that reads backwards, so it wraps recurrent layers only.{which}"
        fix = Cause(
            "Dense or another layer stands inside.",
            "Wrap the recurrent layer, and put the other one behind:",
            ("x = Bidirectional(LSTM(64, return_sequences=True))(x)", "x = Dense(64)(x)"),
        )
        return Diagnosis("wraps-no-recurrent-layer", meaning, (fix,), "", name, "a recurrent layer", found["got"])
    inner = "LSTM(64)" if name == "Bidirectional" else "Dense(40)"
    tensor = "ensor" in found["got"]
    first = Cause(
        "The inner layer was called already: the brackets stand in the wrong place.",
        "Call the wrapper, not the layer inside:",
        (f"{name}({inner})(x)  # not {name}({inner}(x))",),
    )
    other = Cause("Something else than a layer stands inside.", "Give it a layer:", (f"{name}({inner})",))
    meaning = f"{name} wraps a layer. It was given {'the output of one' if tensor else found['got'].split()[0]}."
    return Diagnosis("", meaning, (first, other) if tensor else (other, first), "", name, "a layer")


@family("merge-mode", ("Invalid merge mode", r"Invalid merge mode\.(?: Received: (?P<got>\w{1,40})\.)?"))
def merge_mode(found: Found) -> Diagnosis:
    """A `merge_mode` that Bidirectional does not know."""
    got = found["got"]
    meaning = "`merge_mode` of Bidirectional is one of `concat`, `sum`, `mul`, `ave` and None."
    meaning += f" It was `{got}`." if got else ""
    near = {
        "add": "sum",
        "concatenate": "concat",
        "avg": "ave",
        "average": "ave",
        "mean": "ave",
        "multiply": "mul",
    }.get(got)
    fix = f'Bidirectional(LSTM(64), merge_mode="{near or "concat"}")'
    cause = Cause(
        "The name is another layer's or function's.", "Write one of the five; `concat` doubles the width:", (fix,)
    )
    return Diagnosis("", meaning, (cause,), "", "Bidirectional", '"concat", "sum", "mul", "ave" or None', got)


@family(
    "backward-layer",
    ("different go_backwards value", r"Forward layer and backward layer should have different go_backwards value"),
    (
        "same value for attribute",
        r"Forward layer and backward layer are expected to have the same value for"
        r" attribute"
        r" \"?(?P<argument>\w{1,40})\"?",
    ),
)
def backward_layer(found: Found) -> Diagnosis:
    """A `backward_layer` that does not fit the forward one."""
    argument = found["argument"]
    if argument:
        meaning = f"The two layers of Bidirectional must have the same `{argument}`."
        cause = Cause(f"`{argument}` was set on one of them only.", f"Set `{argument}` alike on both.")
    else:
        meaning = "One of the two layers of Bidirectional must read backwards, and the other must not."
        cause = Cause(
            "`go_backwards=True` is missing on the `backward_layer`.",
            "Set it:",
            ("Bidirectional(LSTM(64), backward_layer=LSTM(64, go_backwards=True))",),
        )
    return Diagnosis("", meaning, (cause,), "", "Bidirectional")


@family(
    "several-outputs",
    ("should have a single output tensor", r"All layers in a Sequential model should have a single output tensor"),
)
def several_outputs(found: Found) -> Diagnosis:
    """A layer of several outputs in a Sequential model."""
    meaning = "A Sequential model hands one tensor from layer to layer; one of its layers has several outputs."
    causes = (
        Cause(
            "`return_state=True` on a recurrent layer: it returns the states behind its output.",
            "Leave it away, or use the functional API:",
            ("output, h, c = LSTM(64, return_state=True)(x)",),
        ),
        Cause("`merge_mode=None` on Bidirectional: it returns both directions apart.", "Leave it away."),
    )
    return Diagnosis("", meaning, causes, expected="one output")
