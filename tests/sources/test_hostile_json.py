"""JSON that is made to break a reader: large, deep, twice, half, endless. None hangs, crashes or fills the memory."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hostile import outcome
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.sources.config import read_config, read_config_data
from lstmcalc.sources.config.json_text import check_tree, parse_json
from lstmcalc.spec import Spec

X: dict[str, Any] = {"class_name": "InputLayer", "name": "x", "config": {"batch_shape": [None, 4], "name": "x"},
                     "inbound_nodes": []}  # fmt: skip


def tensor(name: str) -> dict[str, Any]:
    return {"class_name": "__keras_tensor__", "config": {"shape": [None, 4], "keras_history": [name, 0, 0]}}


def dense(name: str, before: str, **config: Any) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": "Dense", "config": {"name": name, "units": 4, **config},
            "name": name, "inbound_nodes": [{"args": [tensor(before)], "kwargs": {}}]}  # fmt: skip


def functional(*layers: Any, out: str = "d", name: str = "m") -> dict[str, Any]:
    config = {"name": name, "layers": [X, *layers], "input_layers": [["x", 0, 0]], "output_layers": [[out, 0, 0]]}
    return {"class_name": "Functional", "config": config}


def faults(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        infer(read_config(text, "m.json"))
    str(caught.value).encode()
    return [f"{fault.code}: {fault.message}" for fault in caught.value.faults]


SOUND = json.dumps(functional(dense("d", "x")))


# Twice, too large, half a character: also where a quick look does not see it.


@pytest.mark.parametrize(
    "twice",
    [
        '{"a": 1, "a": 2}',
        '{"a" : 1, "a": 2}',
        '{"a"\n:1, "a"\t: 2}',
        '{"\\u0061": 1, "a": 2}',
        '{"a": "\\":", "a": 2}',
        '{"a": ":", "a": ":"}',
        '{"a": {"a": 1}, "a": [":"]}',
        '{":": 1, ":": 2}',
    ],
)
def test_a_key_twice_is_seen_however_it_is_written(twice: str) -> None:
    text = SOUND.replace('"units": 4', f'"units": 4, "noise": {twice}')
    (fault,) = faults(text)
    assert fault.startswith("duplicate-key: expected each key once, got `")


@settings(derandomize=True, deadline=None, max_examples=500, database=None)
@given(
    st.lists(st.sampled_from(["a", "b", ":", '":', "é", '\\":', " :"]), max_size=4),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :"), (",\n", "\n: ")]),
    st.booleans(),
)
def test_keys_that_stand_twice_are_always_found(keys: list[str], separators: tuple[str, str], ascii_only: bool) -> None:
    comma, colon = separators
    items = [f"{json.dumps(key, ensure_ascii=ascii_only)}{colon}{json.dumps(key)}" for key in keys]
    text = "{" + comma.join(items) + "}"
    if len(set(keys)) == len(keys):
        assert parse_json(text, "m") == {key: key for key in keys}
    else:
        with pytest.raises(SpecError, match="duplicate-key"):
            parse_json(text, "m")


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("digits", [19, 20, 21, 4301, 100_000])
def test_an_integer_of_many_digits_is_refused(digits: int, sign: str) -> None:
    (fault,) = faults(SOUND.replace('"units": 4', f'"units": {sign}{"9" * digits}'))
    assert fault.startswith("wrong-number: expected an integer of at most 9,223,372,036,854,775,807, got ")
    assert len(fault) < 200


def test_the_largest_integers_are_read() -> None:
    for value in (2**63 - 1, -(2**63 - 1), 10**17, 10**18, 99_999, -1, 0):
        found = parse_json(f'[{value}, {value}, {{"a": {value}}}]', "m")
        assert found == [value, value, {"a": value}] and type(found[0]) is int
    for value in (2**63, -(2**63)):
        with pytest.raises(SpecError, match="wrong-number"):
            parse_json(f"[{value}]", "m")


@pytest.mark.parametrize("half", ["\\ud800", "\\uD800", "\\udc00x", "\ud800", "é\udfff", "\\ud83d\\ud83d\\ude00"])
def test_half_a_character_is_refused_as_a_key_and_as_a_value(half: str) -> None:
    for text in (SOUND.replace('"units"', f'"{half}"'), SOUND.replace('"keras.layers"', f'"{half}"')):
        assert faults(text)[0].startswith("wrong-value: expected whole characters, got half of one in ")


def test_whole_characters_are_read_however_they_are_written() -> None:
    for name in ("\\ud83d\\ude00", "\U0001f600", "\\\\ud800", "é", "名前"):
        spec = read_config(SOUND.replace('"d"', f'"{name}"'), "m.json")
        assert json.loads(f'"{name}"') in spec.layers


# Values of the wrong kind.


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize(
    "place", ['"units": 4', '"batch_shape": [null, 4]', '"keras_history": ["x", 0, 0]', '"inbound_nodes": []',
              '"output_layers": [["d", 0, 0]]', '"name": "d"', '"layers": [']
)  # fmt: skip
def test_no_number_is_taken_for_a_size_or_a_name(place: str, value: str) -> None:
    key = place.partition(":")[0]
    text = SOUND.replace(place, f"{key}: [{value}, " if place.endswith("[") else f"{key}: {value}")
    try:
        report = infer(read_config(text, "m.json"))
    except SpecError as error:
        assert all(fault.code and "\n" not in fault.message for fault in error.faults)
    else:
        # An input's own calls, and the second of two names, say nothing that matters.
        assert report.totals.params == 20 and place in ('"inbound_nodes": []', '"name": "d"')


def test_nul_in_a_name_is_part_of_it_and_raw_it_is_no_json() -> None:
    assert "a\0b" in read_config(SOUND.replace('"d"', '"a\\u0000b"'), "m.json").layers
    with pytest.raises(SpecError) as caught:
        read_config('{"a":\n "b\0"}', "m.json")
    (fault,) = caught.value.faults
    assert (fault.code, fault.expected, str(fault.where)) == ("not-json", "printable text", "m.json:2:4")


# Depth.


def nested(depth: int) -> dict[str, Any]:
    model = functional(dense("d", "x"), name="m0")
    for level in range(depth):
        inner = {**model, "name": f"m{level}", "inbound_nodes": [{"args": [tensor("x")], "kwargs": {}}]}
        model = functional(inner, out=f"m{level}", name=f"m{level + 1}")
    return model


def test_models_in_models_are_read_to_a_depth_and_refused_beyond() -> None:
    assert infer(read_config(json.dumps(nested(10)), "m.json")).totals.params == 20
    for depth in (26, 40, 1_000):
        text = json.dumps(nested(1))
        text = text.replace('"class_name": "Dense"', '"deep": ' + '{"config": [' * 2 * depth + "]}" * 2 * depth
                            + ', "class_name": "Dense"')  # fmt: skip
        assert faults(text) == ["too-deep: expected at most 100 values inside one another, got more"]


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":', '{"layers":[', "[0,", '{"a":1,"b":'])
@pytest.mark.parametrize("closed", [True, False], ids=["closed", "cut off"])
def test_a_million_brackets_are_refused_at_once(tmp_path: Path, opening: str, closed: bool) -> None:
    end = "".join({"[": "]", "{": "}"}[letter] for letter in reversed(opening) if letter in "[{")
    path = tmp_path / "m.json"
    path.write_text(opening * 1_000_000 + ("1" + end * 1_000_000 if closed else ""))
    found = outcome(path)
    assert found.answer.startswith(("too-deep: ", "too-large: ")) and found.megabytes < 500 and found.seconds < 20


# Size.


def wide(opening: str, item: str, closing: str, size: int) -> Callable[[], str]:
    return lambda: opening + ",".join([item] * (size // (len(item) + 1))) + closing


LAYERS = '{"class_name": "Sequential", "config": {"layers": ['
LARGE: dict[str, Callable[[], str]] = {
    "a million keys": lambda: LAYERS + "{" + ",".join(f'"{i}": {i}' for i in range(1_000_000)) + "}]}}",
    "the same key": wide('{"class_name": "Sequential", "config": {', '"a":1', "}}", 10_000_000),
    "empty lists": wide(LAYERS, "[]", "]}}", 60_000_000),
    "empty mappings": wide(LAYERS, "{}", "]}}", 60_000_000),
    "small mappings": wide(LAYERS, '{"a":0}', "]}}", 60_000_000),
    "small layers": wide(LAYERS, '{"class_name":"Dense","config":{"units":1}}', "]}}", 8_000_000),
    "floats": wide(LAYERS, "1.1", "]}}", 60_000_000),
    "floats, fewer": wide(LAYERS, "1.1", "]}}", 15_000_000),
    "texts": wide(LAYERS, '"ab"', "]}}", 60_000_000),
    "halves": wide(LAYERS, '"\\ud800"', "]}}", 4_000_000),
    "shapes": lambda: SOUND.replace("[null, 4]", "[" + ",".join(["null"] * 3_000_000) + "]"),
    "one text": lambda: SOUND.replace('"d"', '"' + "d" * 50_000_000 + '"', 1),
    "one number": lambda: SOUND.replace('"units": 4', '"units": ' + "9" * 60_000_000),
    "wrong calls": lambda: SOUND.replace('{"args"', ", ".join(["3"] * 1_000_000) + ', {"args"'),
    "spaces": lambda: " " * 60_000_000 + SOUND,
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_file_is_answered_in_little_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(LARGE[name]())
    found = outcome(path)
    assert found.megabytes < 500 and found.seconds < max(20, path.stat().st_size / 1000)
    assert found.answer.count("\n\n") < 50 and len(found.answer) < 20_000


def chained(count: int, broken: bool = False) -> str:
    names = ["x", *(f"d{i}" for i in range(count))]
    layers = [dense(name, f"none{name}" if broken else before, use_bias="?" if broken else True)
              for before, name in pairwise(names)]  # fmt: skip
    return json.dumps(functional(*layers, out=names[-1]))


def test_a_hundred_thousand_faults_are_told_in_fifty() -> None:
    found = faults(chained(20_000, broken=True))
    assert len(found) == 50 and found[0].startswith("unknown-reference")


def test_more_layers_than_are_answered_are_refused_before_they_are_read() -> None:
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [{}] * 200_001}}
    assert faults(json.dumps(config)) == [
        "too-large: expected at most 200,000 layers and inputs in a model, got 200,001"
    ]


# Graphs.


@pytest.mark.parametrize(
    ("layers", "code"),
    [
        ([dense("d", "d")], "cycle"),
        ([dense("d", "e"), dense("e", "d")], "cycle"),
        ([dense("d", "x"), dense("d", "x")], "duplicate-name"),
        ([dense("x", "x"), dense("d", "x")], "duplicate-name"),
        ([dense("e", "m"), dense("d", "e")], "unknown-reference"),
        ([{**dense("d", "x"), "inbound_nodes": [{"args": [tensor("x")] * 10_000, "kwargs": {}}]}], "wrong-node"),
    ],
)
def test_what_feeds_itself_or_shares_a_name_is_refused(layers: list[Any], code: str) -> None:
    assert faults(json.dumps(functional(*layers)))[0].partition(":")[0] == code


def test_a_long_cycle_is_told_in_a_few_names() -> None:
    names = [f"d{i}" for i in range(20_000)]
    layers = [dense(name, before) for name, before in zip(names, [names[-1], *names[:-1]], strict=True)]
    (fault,) = faults(json.dumps(functional(*layers, out="d0")))
    assert fault.startswith("cycle: ") and fault.count("which needs") == 8


def test_models_of_one_name_inside_wrappers_are_told_apart_in_linear_time() -> None:
    inner = {**functional(dense("d", "x"), name="inner")}
    wrapped = [{"class_name": "TimeDistributed", "config": {"name": f"t{i}", "layer": inner}, "name": f"t{i}",
                "inbound_nodes": [{"args": [tensor("x")], "kwargs": {}}]} for i in range(3_000)]  # fmt: skip
    spec = read_config(json.dumps(functional(*wrapped, out="t0")), "m.json")
    assert list(spec.models)[:2] + list(spec.models)[-1:] == ["inner", "inner (2)", "inner (3000)"]


# What is shared is the same object, and is told apart where it differs.


def arguments_of(*configs: dict[str, Any]) -> list[Any]:
    layers = [dense(f"d{i}", "x", **config) for i, config in enumerate(configs)]
    spec: Spec = read_config(json.dumps(functional(*layers, out="d0")), "m.json")
    return [layer.arguments for layer in spec.layers.values()]


def test_equal_layers_share_their_arguments() -> None:
    init = {"class_name": "Zeros", "config": {}}
    one, same, other = arguments_of({"bias_initializer": init}, {"bias_initializer": init}, {})
    assert one is same and one is not other
    assert one == {"units": 4, "bias_initializer": init}


@pytest.mark.parametrize(("a", "b"), [(1, 1.0), (1, True), (0, False), (0.0, -0.0), ("1", 1), ([], {}), (None, "None")])
def test_values_that_python_takes_for_equal_are_not_shared(a: Any, b: Any) -> None:
    first, second = (found["use_bias"] for found in arguments_of({"use_bias": a}, {"use_bias": b}))
    assert (repr(first), repr(second)) == (repr(a), repr(b))


def test_a_fault_is_told_of_every_layer_that_has_it() -> None:
    layers = [dense(name, "x", units="T") for name in "abd"]
    with pytest.raises(SpecError) as caught:
        read_config(json.dumps(functional(*layers)), "m.json")
    assert [fault.layer for fault in caught.value.faults] == [(name, "Dense") for name in "abd"]


def test_layers_inside_wrappers_keep_their_own_names() -> None:
    inner = {"class_name": "LSTM", "config": {"units": 2}}
    layers = [{"class_name": "Bidirectional", "config": {"name": n, "layer": inner}, "name": n,
               "inbound_nodes": [{"args": [tensor("x")], "kwargs": {}}]} for n in "ad"]  # fmt: skip
    spec = read_config(json.dumps(functional(*layers)), "m.json")
    assert [spec.layers[name].arguments["layer"].name for name in "ad"] == ["lstm", "lstm_1"]


def test_python_data_is_left_as_it_is() -> None:
    config = functional(dense("d", "x"), dense("e", "d"), out="e")
    before = json.dumps(config)
    assert len(read_config_data(config, "m").layers) == 2
    assert json.dumps(config) == before


@pytest.mark.parametrize("depth", [100, 101])
def test_both_looks_at_a_value_agree_on_depth(depth: int) -> None:
    text = "[" * (depth + 1) + "]" * (depth + 1)
    for look in (lambda: parse_json(text, "m"), lambda: check_tree(json.loads(text), "m")):
        if depth > 100:
            with pytest.raises(SpecError, match="too-deep"):
                look()
        else:
            look()


def test_what_was_read_leaves_nothing_to_search_for() -> None:
    text = chained(100)
    read_config(text, "m.json")
    gc.collect()
    gc.disable()
    try:
        read_config(text, "m.json")
        assert not gc.isenabled() and gc.collect() == 0
    finally:
        gc.enable()
    read_config(text, "m.json")
    assert gc.isenabled()
