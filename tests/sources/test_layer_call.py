"""Keras calls as text: what they mean, where their parts stand, and what is refused."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lstmcalc.dims import MAX_SIZE
from lstmcalc.errors import SpecError, Where
from lstmcalc.sources.layer_call import name_layer, parse_call, positional_arguments, read_call
from lstmcalc.spec import LayerSpec, Namer


def plain(layer: LayerSpec) -> Any:
    """A layer without places: (class, name, arguments)."""
    return layer.class_name, layer.name, {key: plain_value(value) for key, value in layer.arguments.items()}


def plain_value(value: Any) -> Any:
    if isinstance(value, LayerSpec):
        return plain(value)
    return [plain_value(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("LSTM(64)", {"units": 64}),
        ("LSTM(units=64)", {"units": 64}),
        ("keras.layers.LSTM(64)", {"units": 64}),
        ("LSTM(64, 'relu', use_bias=False)", {"units": 64, "activation": "relu", "use_bias": False}),
        ("LSTM(U)", {"units": "U"}),
        ("LSTM(2*U + 1)", {"units": "2 * U + 1"}),
        ("LSTM(-3)", {"units": -3}),
        ("LSTM(64, activation=None)", {"units": 64, "activation": None}),
        ("LSTM(64, use_bias=true)", {"units": 64, "use_bias": True}),
        ("LSTM(64, activation=tf.nn.tanh)", {"units": 64, "activation": "tanh"}),
        ("LSTM(64, dropout=1e-3)", {"units": 64, "dropout": 0.001}),
        (
            "LSTM(64, kernel_regularizer=keras.regularizers.l2(0.01))",
            {"units": 64, "kernel_regularizer": {"class_name": "l2", "config": {"l2": 0.01}}},
        ),
        (
            "LSTM(64, bias_initializer=Constant(value=1))",
            {"units": 64, "bias_initializer": {"class_name": "Constant", "config": {"value": 1}}},
        ),
        (" LSTM(\n  units=64,\n)", {"units": 64}),
        ("LSTM(64, input_shape=(10, 32))", {"units": 64, "input_shape": [10, 32]}),
        ("LSTM(64, seed={'a': [1, None]})", {"units": 64, "seed": {"a": [1, None]}}),
    ],
)
def test_arguments(text: str, arguments: dict[str, Any]) -> None:
    assert plain(read_call(text)) == ("LSTM", "lstm", arguments)


def test_a_bare_class_is_a_call_without_arguments() -> None:
    assert plain(read_call("Flatten")) == ("Flatten", "flatten", {})


def test_wrapped_layers_are_named_before_their_wrapper() -> None:
    layer = read_call("Bidirectional(LSTM(4), backward_layer=LSTM(4, name='back'), name='both')")
    wrapped = {"layer": ("LSTM", "lstm", {"units": 4}), "backward_layer": ("LSTM", "back", {"units": 4})}
    assert plain(layer) == ("Bidirectional", "both", wrapped)


def test_a_list_of_cells_and_a_bare_name_are_layers_where_layers_are_wanted() -> None:
    cells = [("LSTMCell", "lstm_cell", {"units": 8}), ("enc", "enc", {})]
    layer = name_layer(parse_call("StackedRNNCells([LSTMCell(8), enc])"), Namer(), {"enc"})
    assert plain(layer) == ("StackedRNNCells", "stacked_rnn_cells", {"cells": cells})


def test_a_name_is_a_symbol_where_no_layer_is_wanted() -> None:
    assert read_call("Dense(Dot)").arguments == {"units": "Dot"}


def test_places() -> None:
    layer = parse_call("Bidirectional( LSTM(64, unit=3), merge_mode='sum', nmae=1)", Where("m.yaml", 7, 5), 1)
    inner = layer.arguments["layer"]
    assert layer.where == Where("m.yaml", 7, 6)
    # An argument stands where its value does; one that the layer does not have, where its name does.
    assert {key: where.column for key, where in layer.argument_where.items()} == {
        "layer": 21,
        "merge_mode": 50,
        "nmae": 57,
    }
    assert {key: where.column for key, where in inner.argument_where.items()} == {"units": 26, "unit": 30}


def test_columns_are_counted_in_characters() -> None:
    layer = parse_call("Dense(8, activation='äöü', unit=3)", Where("m.yaml", 1, 1))
    assert layer.argument_where["unit"].column == 28


@pytest.mark.parametrize(("text", "offset"), [("LSTM(\n64)", 0), ("LSTM(64)", None)])
def test_a_text_that_is_laid_out_otherwise_stands_in_one_place(text: str, offset: int | None) -> None:
    where = Where("m.yaml", 7, 5)
    layer = parse_call(text, where, offset)
    assert layer.where == where and layer.argument_where == {"units": where}


FIX = "close every bracket, and write `name=value` between commas"
QUOTES = "close every bracket; inside { } and [ ] the call needs quotes around it"
CALL = "a layer call such as `LSTM(64)`"
VALUE = "a number, text, a list, a layer or arithmetic with names"


@pytest.mark.parametrize(
    ("text", "column", "expected", "got", "fix"),
    [
        ("LSTM(64", 1, CALL, "`LSTM(64`", QUOTES),
        ("LSTM 64)", 1, CALL, "`LSTM 64)`", FIX),
        ("LSTM(64)(x)", 1, CALL, "`LSTM(64)(x)`", 'for `LSTM(64)(x)` write `{layer: "LSTM(64)", inputs: x}`'),
        ("[LSTM(64)]", 1, CALL, "`[LSTM(64)]`", ""),
        ("LSTM(64, units=3)", 10, "every argument by name, once", "`units` twice", ""),
        ("LSTM(**kw)", 6, "every argument by name, once", "`**kw`", ""),
        ("LSTM(64, use_bias=a < 3)", 19, VALUE, "`a < 3`", ""),
        ("LSTM(lambda: 3)", 6, VALUE, "`lambda: 3`", ""),
        ("LSTM(f'{x}')", 6, VALUE, "`f'{x}'`", ""),
        ("LSTM(b'x')", 6, VALUE, "`b'x'`", ""),
        ("LSTM(64, seed={1: 2})", 16, "text as a key", "`1`", ""),
        ("LSTM(64, seed={**a})", 18, "text as a key", "`**`", ""),
        ("Identity(3)", 10, "the arguments of Identity by name", "1", ""),
        (
            "Dense(8, kernel_initializer=RandomNormal(0, 1))",
            42,
            "the arguments of `RandomNormal` by name",
            "`RandomNormal(0, 1)`",
            "write `RandomNormal(name=value)`",
        ),
    ],
)
def test_refused(text: str, column: int, expected: str, got: str, fix: str) -> None:
    with pytest.raises(SpecError) as caught:
        read_call(text, where=Where("m.yaml", 3, 1))
    (fault,) = caught.value.faults
    assert (fault.code, fault.expected, fault.got, fault.fix) == ("not-a-layer-call", expected, got, fix)
    assert fault.where == Where("m.yaml", 3, column)


def test_too_many_arguments_by_position() -> None:
    count = len(positional_arguments("Dense"))
    text = f"Dense(8{', None' * count})"
    with pytest.raises(SpecError) as caught:
        read_call(text)
    assert caught.value.faults[0].expected == f"at most {count} arguments by position for Dense"
    assert caught.value.faults[0].got == str(count + 1)


@pytest.mark.parametrize("number", [MAX_SIZE + 1, -MAX_SIZE - 1, 10**4000])
def test_a_number_that_no_backend_can_hold_is_refused(number: int) -> None:
    with pytest.raises(SpecError) as caught:
        read_call(f"LSTM({number})", where=Where("m.yaml", 3, 1))
    (fault,) = caught.value.faults
    assert fault.code == "wrong-number" and fault.where == Where("m.yaml", 3, 6)
    assert len(fault.got) < 70
    assert read_call(f"LSTM({MAX_SIZE})").arguments == {"units": MAX_SIZE}


@pytest.mark.parametrize(
    "text",
    [
        "TimeDistributed(" * 31 + "Dense(8)" + ")" * 31,
        "LSTM(" + "[" * 40 + "]" * 40 + ")",
        "LSTM(" + "(" * 4000 + ")" * 4000 + ")",
        "LSTM(" + "-" * 5000 + "1)",
        "LSTM(" + "1+" * 4000 + "x)",
        "LSTM(" + "a." * 4000 + "x)",
        "LSTM(" + "1" * 9000 + ")",
        "LSTM(" + " " * 10_000 + "1)",
        "LSTM('\0')",
    ],
)
def test_absurd_nesting_and_length_are_refused_or_read(text: str) -> None:
    try:
        read_call(text)
    except SpecError as error:
        assert len(str(error)) < 500


def test_no_warning_of_the_python_parser_comes_through() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_call(r"LSTM(64, activation='\d')").arguments["activation"] == r"\d"


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text(alphabet="LSTM(64)Bidrectonal,=.'\"[]{}:*-+_ \n1e0xNé\x00"))
@example("Bidirectional(LSTM(64, name='a'), merge_mode=None)")
def test_any_text_is_a_layer_or_a_spec_error(text: str) -> None:
    try:
        assert isinstance(read_call(text), LayerSpec)
    except SpecError as error:
        assert all(fault.code for fault in error.faults)
