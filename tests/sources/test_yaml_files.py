"""Files of every kind: the shipped specs, odd encodings, bombs, and random text, which is read or refused well."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml_models import SPECS, edges, layers, read, unplaced

from lstmcalc.errors import SpecError, Where
from lstmcalc.inference import infer
from lstmcalc.sources import load
from lstmcalc.spec import Ref, Spec


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("too-large", "a: &a [" + "x," * 50 + "]\n" + "".join(
            f"{b}: &{b} [" + f"*{a}," * 50 + "]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True))),
        ("too-large", "a: &a {" + ",".join(f"k{i}: x" for i in range(900)) + "}\nb: [" + "{<<: *a}," * 1400 + "]"),
        ("too-deep", "[" * 100_000),
        ("too-deep", "- " * 100_000),
        ("too-deep", "{a: " * 5000),
        ("too-deep", "".join(f"k{i}: &k{i} [[[[[[{'*k' + str(i - 1) if i else 1} ]]]]]]\n" for i in range(40))),
        ("cycle", "a: &a {b: [*a]}"),
        ("unknown-alias", "a: *b"),
    ],
    ids=lambda value: value[:12],
)  # fmt: skip
def test_bombs_are_refused_before_they_grow(code: str, text: str, loader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if loader == "SafeLoader":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    with pytest.raises(SpecError) as caught:
        read(text)
    assert [fault.code for fault in caught.value.faults] == [code]


def test_the_python_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with_c = [load(path) for path in SPECS]
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert [load(path) for path in SPECS] == with_c


def test_models_that_grow_by_nesting_are_refused() -> None:
    models = "  m0: {input: [3], layers: [Dense: 3]}\n" + "".join(
        f"  m{i}: {{input: [3], layers: [{', '.join([f'm{i - 1}'] * 9)}]}}\n" for i in range(1, 9)
    )
    with pytest.raises(SpecError) as caught:
        read(f"input: [3]\nmodels:\n{models}layers: [m8]")
    assert [fault.code for fault in caught.value.faults] == ["too-large"]


def test_layers_in_one_another_are_read_to_the_limit_of_depth() -> None:
    deep = "TimeDistributed: {" * 40 + "Dense: 3" + "}" * 40
    assert isinstance(layers(deep), Spec)


def test_a_path_standard_input_and_a_byte_order_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "input: [3]\r\nlayers:\r\n- Dense: 3\r\n"
    file = tmp_path / "m.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    spec = load(file)
    assert spec.source == str(file) and spec.layers["dense"].where == Where(str(file), 3, 3)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert load("-").source == "-"
    assert unplaced(load("-", text="\ufeff" + text)) == unplaced(spec)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_are_read_under_their_own_name(path: Path) -> None:
    spec = load(path)
    assert spec.name == path.stem
    assert spec.outputs == (Ref(spec.calls[-1].layer),)


def test_which_specs_keras_would_hold_as_a_sequential() -> None:
    functional = {path.stem for path in SPECS if not load(path).sequential}
    assert functional == {"seq2seq", "target_token", "target_token_as_asked", "transformer_encoder"}


def test_seq2seq_is_read_as_it_is_meant() -> None:
    spec = load(next(path for path in SPECS if path.stem == "seq2seq"))
    assert edges(spec) == [
        ("words", [("source", 0, 0)]),
        ("encoder", [("words", 0, 0)]),
        ("words", [("target", 0, 0)]),
        ("decoder", [("words", 0, 1), ("encoder", 0, 0), ("encoder", 1, 0)]),
        ("dense", [("decoder", 0, 0)]),
    ]
    assert spec.models["encoder"].outputs == (Ref("reader", 1), Ref("reader", 2))


WORDS = (
    "name input inputs batch symbols layers outputs models shape dtype apply layer initial_state units int32 Dense "
    "LSTM Flatten TimeDistributed Bidirectional Reshape Concatenate RNN Embedding a b enc enc[1] T U 2*T -1 0 3 2.5 "
    "true null 010 1:30 64x LSTM(64) Dense(U) TimeDistributed(Dense(8)) LSTM(64 <<"
).split()

values = st.recursive(
    st.sampled_from(WORDS) | st.integers(-3, 70) | st.none() | st.booleans() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)
models = st.fixed_dictionaries(
    {"input": st.just([10, 32]) | values, "layers": st.lists(values, max_size=5)},
    optional={"symbols": values, "models": st.dictionaries(st.sampled_from(("enc", "a")), values), "outputs": values},
)


def only_spec_errors(text: str) -> None:
    try:
        infer(read(text))
    except SpecError as error:
        assert error.faults
        for fault in error.faults:
            assert str(fault).startswith(f"error[{fault.code}]")


@settings(derandomize=True, deadline=None, max_examples=300)
@given(models)
def test_any_model_is_read_or_refused(model: Any) -> None:
    only_spec_errors(yaml.safe_dump(model))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@,? \n\t\x00é0123(.", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    only_spec_errors(text)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    st.sampled_from(SPECS), st.integers(0), st.integers(0, 6), st.sampled_from(["", *WORDS, ":", "[", "}", "\n", "'"])
)
def test_any_change_of_a_spec_is_read_or_refused(path: Path, at: int, cut: int, put: str) -> None:
    text = path.read_text()
    at %= len(text)
    only_spec_errors(text[:at] + put + text[at + cut :])
