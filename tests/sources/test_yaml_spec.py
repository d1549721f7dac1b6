"""Models in YAML: every form of an entry, references, names and places; and that any text is read or refused well."""

from __future__ import annotations

from typing import Any

import pytest
from yaml_models import SAME, edges, faults, layers, read, unplaced

from lstmcalc.errors import Where
from lstmcalc.sources.yaml_nodes import Scalar, value_of
from lstmcalc.spec import Call, Ref


@pytest.mark.parametrize("forms", SAME, ids=lambda forms: forms[0])
def test_every_form_of_an_entry_means_the_same(forms: list[str]) -> None:
    first = unplaced(layers(forms[0]))
    for form in forms[1:]:
        assert unplaced(layers(form)) == first, form


def test_the_whole_model_from_one_entry() -> None:
    spec = layers("Bidirectional(LSTM(4))", head="name: one\ninput: [T, 32]\nbatch: 2\nsymbols: {T: 10}")
    assert (spec.name, spec.batch, spec.symbols, spec.source) == ("one", 2, {"T": 10}, "m.yaml")
    assert [(p.name, p.shape, p.dtype) for p in spec.inputs] == [("input", ("T", 32), "float32")]
    assert list(spec.layers) == ["bidirectional"]
    assert spec.layers["bidirectional"].arguments["layer"].arguments == {"units": 4}
    assert spec.calls == (Call("bidirectional", (Ref("input"),), (), Where("m.yaml", 6, 5)),)
    assert spec.outputs == (Ref("bidirectional"),)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(text, None) for text in ("", "~", "null", "Null", "NULL", "None", "none")],
        *[(text, True) for text in ("true", "True", "TRUE", "yes", "on", "Yes")],
        *[(text, False) for text in ("false", "False", "FALSE", "no", "off", "NO")],
        *[("nULL", "nULL"), ("tRue", "tRue"), ("y", "y"), ("n", "n")],
        *[("0", 0), ("10", 10), ("-3", -3), ("+3", 3), ("1_000", 1000), ("0x1F", 31), ("0b101", 5)],
        *[("9223372036854775807", 2**63 - 1), ("1.5", 1.5), ("1e-3", 0.001), ("1E3", 1000.0), (".5", 0.5), ("2.", 2.0)],
        *[("1.5e+3", 1500.0), ("-.inf", float("-inf")), (".Inf", float("inf")), ("00.5", 0.5)],
        *[("T", "T"), ("2*T", "2*T"), ("64x", "64x"), ("1 000", "1 000"), ("e5", "e5"), (".", "."), ("-", "-")],
        *[("2001-01-01", "2001-01-01"), ("=", "="), ("0x", "0x"), ("_1", "_1")],
    ],
)
def test_what_a_scalar_means(text: str, value: Any) -> None:
    found = value_of(Scalar(Where(), text, True, 0))
    assert found == value and type(found) is type(value)
    assert value_of(Scalar(Where(), text, False, 0)) == text


def test_dot_nan_is_a_number() -> None:
    assert str(value_of(Scalar(Where(), ".NaN", True, 0))) == "nan"


def test_sizes_of_inputs() -> None:
    spec = read(
        "inputs: {a: [null, None, ~, 3, T, 2*T, 'U'], b: {shape: [], dtype: int32}}\nlayers: [Add: {inputs: [a, b]}]"
    )
    assert [port.shape for port in spec.inputs] == [(None, None, None, 3, "T", "2*T", "U"), ()]
    assert [port.dtype for port in spec.inputs] == ["float32", "int32"]


def test_merge_keys_and_aliases() -> None:
    spec = layers(
        "LSTM: &a {units: 4, return_sequences: true}",
        "LSTM: {<<: *a, units: 5}",
        "LSTM: {<<: [{units: 6}, *a]}",
        "LSTM: *a",
    )
    stated = [layer.arguments for layer in spec.layers.values()]
    assert stated == [{"units": units, "return_sequences": True} for units in (4, 5, 6, 4)]


def test_an_entry_takes_the_one_before_it_unless_it_says_otherwise() -> None:
    spec = layers(
        "Dense: {units: 1, name: a}", "Dense: {units: 1, name: b}", "Add: {inputs: [a, b], name: c}", "Dense: 1"
    )
    assert edges(spec) == [
        ("a", [("input", 0, 0)]),
        ("b", [("a", 0, 0)]),
        ("c", [("a", 0, 0), ("b", 0, 0)]),
        ("dense", [("c", 0, 0)]),
    ]


def test_apply_is_one_more_call_of_the_same_layer_and_its_name_a_label() -> None:
    spec = layers(
        "LSTM: {units: 4, return_state: true, name: enc}",
        "{apply: enc, inputs: input, initial_state: ['enc[1]', 'enc[2]'], name: again}",
        "{apply: enc, inputs: input, name: third}",
        "Add: {inputs: [enc, again, 'third[1]']}",
    )
    assert list(spec.layers) == ["enc", "add"]
    assert edges(spec)[1:] == [
        ("enc", [("input", 0, 0), ("enc", 1, 0), ("enc", 2, 0)]),
        ("enc", [("input", 0, 0)]),
        ("add", [("enc", 0, 0), ("enc", 0, 1), ("enc", 1, 2)]),
    ]


def test_the_entry_before_is_the_call_and_not_the_layer() -> None:
    spec = layers("Dense: {units: 32, name: a}", "apply: a", "apply: a")
    assert [call.inputs for call in spec.calls] == [(Ref("input"),), (Ref("a"),), (Ref("a", 0, 1),)]
    assert spec.outputs == (Ref("a", 0, 2),)


def test_a_layer_can_be_meant_by_name_until_it_is_applied_again() -> None:
    layers("Dense: {units: 32, name: a}", "Dense: {units: 3, inputs: a}", "{apply: a, inputs: input}")
    after = "input: [3]\nlayers:\n  - Dense: {units: 3, name: a}\n  - apply: a\n  - Dense: {units: 3, inputs: a}"
    assert faults(after) == [("ambiguous-reference", 5, 31)]


MODELS = """input: [10, 4]
models:
  enc: {input: [T, 4], layers: [LSTM: 4]}
  two: {input: [T, 4], layers: [enc, Dense: 3]}"""


def test_a_model_used_again_is_the_same_layer_and_its_name_a_label() -> None:
    second = "{layer: enc, inputs: input, name: right}"
    third = "{apply: enc, inputs: input, name: third}"
    add = "Add: {inputs: [left, right, third]}"
    spec = layers("two", "enc: {inputs: input, name: left}", second, third, add, head=MODELS)
    assert list(spec.layers) == ["two", "enc", "add"]
    assert spec.layers["enc"].class_name == "enc"
    assert edges(spec)[-1] == ("add", [("enc", 0, 0), ("enc", 0, 1), ("enc", 0, 2)])
    assert list(spec.models) == ["enc", "two"]
    assert list(spec.models["two"].models) == ["enc"] and not spec.models["enc"].models


def test_a_name_means_the_use_without_a_label() -> None:
    spec = layers("enc: {name: left}", "enc: {inputs: input}", "Dense: {units: 3, inputs: enc}", head=MODELS)
    assert edges(spec)[-1] == ("dense_1", [("enc", 0, 1)])


@pytest.mark.parametrize("form", ["enc", "enc()", "{enc: {}}", "{apply: enc}", "enc:"])
def test_a_model_is_used_by_name(form: str) -> None:
    spec = layers("Dense: 4", form, head=MODELS)
    assert edges(spec)[1] == ("enc", [("dense_1", 0, 0)])


@pytest.mark.parametrize("form", ["TimeDistributed: enc", "TimeDistributed(enc)", "TimeDistributed: {enc: }"])
def test_a_model_is_wrapped_by_name(form: str) -> None:
    wrapped = layers(form, head=MODELS).layers["time_distributed"].arguments["layer"]
    assert (wrapped.class_name, wrapped.name, wrapped.arguments) == ("enc", "enc", {})


def test_nested_models_know_what_the_main_model_states() -> None:
    spec = layers("enc", head=f"batch: 2\nsymbols: {{T: 5}}\n{MODELS}")
    assert [(model.name, model.batch, model.symbols) for model in spec.models.values()] == [
        ("enc", 2, {"T": 5}),
        ("two", 2, {"T": 5}),
    ]


def test_names_are_those_of_keras_and_no_stated_name_is_given_again() -> None:
    text = "Bidirectional(LSTM(4, return_sequences=True))"
    spec = layers(text, "LSTM: 4", "Dense: 3", "Dense: {units: 3, name: dense_1}", "Dense: 3", "Convolution1D: {}")
    assert list(spec.layers)[:5] == ["bidirectional", "lstm_1", "dense", "dense_1", "dense_2"]
    assert list(spec.layers)[5] == "conv1d"


def test_nested_models_are_named_first_wherever_they_stand() -> None:
    spec = read("input: [T, 4]\nlayers: [LSTM: 3]\nmodels: {m: {input: [T, 4], layers: [LSTM: 4]}}")
    assert list(spec.layers) == ["lstm_1"] and list(spec.models["m"].layers) == ["lstm"]


@pytest.mark.parametrize(
    ("head", "entries", "name"),
    [
        ("input: [3]", ["Dense: 3"], "sequential"),
        ("input: [3]", ["Dense: 3", "Dense: {units: 2, inputs: input}"], "functional"),
        ("name: mine\ninput: [3]", ["Dense: 3"], "mine"),
    ],
)
def test_a_model_without_a_name_is_called_as_keras_calls_it(head: str, entries: list[str], name: str) -> None:
    assert layers(*entries, head=head).name == name


@pytest.mark.parametrize(
    ("sequential", "entries"),
    [
        (True, ["Dense: 3", "Dense: 3"]),
        (True, ["Dense: {units: 3, name: a, inputs: input}", "Dense: {units: 3, inputs: 'a[0]'}"]),
        (True, ["LSTM: {units: 3, return_state: false}"]),
        (False, ["Dense: 3", "Dense: {units: 3, inputs: input}"]),
        (False, ["Dense: {units: 32, name: a}", "{apply: a}"]),
        (False, ["LSTM: {units: 3, return_state: true}", "Dense: 3"]),
        (False, ["Bidirectional: {layer: {LSTM: {units: 3, return_state: true}}}"]),
        (False, ["Bidirectional: {layer: {LSTM: 3}, merge_mode: null}"]),
        (False, ["LSTM: {units: 32, initial_state: [input, input]}"]),
        (False, ["Dense: {units: 3, name: a}", "Add: {inputs: [a, a]}"]),
    ],
)
def test_what_keras_would_hold_as_a_sequential(sequential: bool, entries: list[str]) -> None:
    assert layers(*entries).sequential is sequential


@pytest.mark.parametrize(
    ("sequential", "text"),
    [
        (True, "inputs: {words: [3]}\nlayers: [Dense: 3]"),
        (True, "input: [3]\nlayers: [Dense: {units: 3, name: a}, Dense: 3]\noutputs: dense"),
        (False, "inputs: {a: [3], b: [3]}\nlayers: [Dense: {units: 3, inputs: a}]"),
        (False, "input: [3]\nlayers: [Dense: {units: 3, name: a}, Dense: 3]\noutputs: a"),
        (False, "input: [3]\nlayers: [Dense: {units: 3, name: a}]\noutputs: [a, a]"),
        (True, "input: [3]\nmodels: {m: {input: [3], layers: [Dense: 3]}}\nlayers: [m, Dense: 3]"),
        (False, "input: [3]\nmodels: {m: {input: [3], layers: [Dense: 3], outputs: [dense, input]}}\nlayers: [m]"),
    ],
)
def test_what_keras_would_hold_as_a_sequential_as_a_whole(sequential: bool, text: str) -> None:
    assert read(text).sequential is sequential


def test_places_of_layers_and_arguments() -> None:
    spec = read(
        "input: [10, 32]\n"
        "layers:\n"
        "  - LSTM: {units: 64, unit: 3}\n"
        "  - Dense: 10\n"
        "  - 'Dense(10, unit=3)'\n"
        '  - {layer: "Dense(10)", name: x}\n'
        "  - TimeDistributed:\n"
        "      layer: {Dense: {units: 8}}\n"
        '  - "Dense(10, activation=\\"relu\\")"\n'
    )

    def places(name: str) -> Any:
        layer = spec.layers[name]
        return f"{layer.where.line}:{layer.where.column}", {
            key: f"{where.line}:{where.column}" for key, where in layer.argument_where.items()
        }

    # A known argument stands where its value does, an unknown one where its key does.
    assert places("lstm") == ("3:5", {"units": "3:19", "unit": "3:23"})
    assert places("dense") == ("4:5", {"units": "4:12"})
    assert places("dense_1") == ("5:6", {"units": "5:12", "unit": "5:16"})
    assert places("x") == ("6:14", {"units": "6:20", "name": "6:32"})
    assert places("time_distributed") == ("7:5", {"layer": "8:14"})
    wrapped = spec.layers["time_distributed"].arguments["layer"]
    assert str(wrapped.where) == "m.yaml:8:15" and str(wrapped.argument_where["units"]) == "m.yaml:8:30"
    assert places("dense_3") == ("9:5", {"units": "9:5", "activation": "9:5"})
    assert [str(call.where) for call in spec.calls] == [f"m.yaml:{line}:5" for line in (3, 4, 5, 6, 7, 9)]


def test_the_place_of_a_model_is_that_of_its_batch() -> None:
    assert layers("Dense: 3", head="input: [3]\nbatch: B").where == Where("m.yaml", 2, 8)


def test_independent_faults_are_reported_together_in_order() -> None:
    text = (
        "input: [10, 32]\n"
        "simbols: {U: 3}\n"
        "layers:\n"
        "  - LSTM: {units: 64, units: 65, unit: 4}\n"
        "  - Dense: {units: -3, inputs: lstmm}\n"
        "  - Flaten\n"
        "  - Dense: 010\n"
        "outputs: dens\n"
    )
    assert faults(text) == [
        ("unknown-key", 2, 1),
        ("duplicate-key", 4, 23),
        ("unknown-argument", 4, 34),
        ("wrong-value", 5, 20),
        ("unknown-reference", 5, 32),
        ("unknown-layer", 6, 5),
        ("wrong-number", 7, 12),
        ("unknown-reference", 8, 10),
    ]


def test_a_fault_has_no_faults_that_only_follow_from_it() -> None:
    entries = [
        "LSTM: {units: 010, name: 5}",
        "Dense: {units: 3, inputs: '5'}",
        "{layer: 'LSTM(', name: x}",
        "{apply: x}",
    ]
    text = "input: [3, 4]\nlayers:\n" + "".join(f"  - {entry}\n" for entry in entries)
    assert faults(text) == [("wrong-number", 3, 19), ("wrong-name", 3, 30), ("not-a-layer-call", 5, 13)]


def test_two_cycles_and_a_later_use_are_told_apart() -> None:
    text = "input: [3]\nlayers:\n" + "".join(
        f"  - Dense: {{units: 3, name: {name}, inputs: {used}}}\n"
        for name, used in [("a", "b"), ("b", "c"), ("c", "a"), ("d", "d"), ("e", "f"), ("f", "input")]
    )
    assert faults(text) == [("cycle", 3, 40), ("cycle", 6, 40), ("defined-later", 7, 40)]
