"""Two models beside each other: what is told to differ, and that it adds up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from convertible import MODELS
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmcalc import infer, load
from lstmcalc.comparing import ASPECTS, Amounts, Difference, compare
from lstmcalc.conversion import TARGETS, convert
from lstmcalc.dims import UNKNOWN, symbol
from lstmcalc.errors import SpecError
from lstmcalc.renderers.difference_rows import entries
from lstmcalc.renderers.difference_text import difference_text
from lstmcalc.spec import Spec

FOLDER = Path(__file__).parent
SPECS = sorted((FOLDER.parent / "specs").glob("*.yaml"))
ENDINGS = {"yaml": ".yaml", "keras-json": ".json", "python": ".py"}


def model(text: str, name: str = "m.yaml") -> Spec:
    return load(name, text=text)


def of(*layers: str, size: str = "[10, 8]", more: str = "") -> Spec:
    return model(f"{{input: {size}, layers: [{', '.join(layers)}]{more}}}")


def told(difference: Difference) -> list[Any]:
    """What differs, in short: kind, name, and every change."""
    found: list[Any] = [
        (port.kind, port.what, *((c.what, c.old, c.new) for c in port.changes))
        for port in difference.ports
        if port.kind != "same"
    ]
    for layer in difference.changed:
        changes = (change for change in layer.changes if change.aspect != "shapes")
        found.append((layer.kind, layer.side.name, *((c.what, c.old, c.new) for c in changes)))
    return found


def sums_up(difference: Difference) -> bool:
    return Amounts.of(layer.delta for layer in difference.layers) == difference.delta


def every_model() -> list[Any]:
    specs = [pytest.param(load(path), id=path.stem) for path in SPECS]
    specs += [pytest.param(model(text, f"{name}.yaml"), id=name) for name, text in MODELS.items()]
    for path in sorted((FOLDER / "models").glob("*.py.txt")):
        try:
            specs.append(pytest.param(model(path.read_text(encoding="utf-8"), path.name[:-4]), id=path.name[:-7]))
        except SpecError:
            continue
    return specs


@pytest.mark.parametrize("spec", every_model())
def test_a_model_written_otherwise_is_the_same(spec: Spec) -> None:
    try:
        report = infer(spec)
    except SpecError:
        pytest.skip("it has faults")
    assert compare(spec, spec).equal
    for target in TARGETS:
        try:
            back = model(convert(spec, target), f"back{ENDINGS[target]}")
        except SpecError:
            continue
        # Python has no names for what operators make.
        aspects = [aspect for aspect in ASPECTS if aspect != "names" or spec.source != "operations.yaml"]
        for difference in (compare(spec, back, aspects=aspects), compare(back, spec, aspects=aspects)):
            assert told(difference) == []
            assert difference.equal, [layer.aspects for layer in difference.changed]
            assert difference.new_totals.params == report.totals.params


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("LSTM: 4", "LSTM: {units: 4, use_bias: true, activation: tanh, dtype: float32, recurrent_dropout: 0.0}"),
        ("MaxPooling1D: 2", "MaxPooling1D: {pool_size: [2], strides: 2, data_format: channels_last}"),
        ("Dense: 3", "Dense: {units: 3, activation: linear, kernel_initializer: GlorotUniform}"),
        ("Dense: {units: 3, activation: swish}", "Dense: {units: 3, activation: silu}"),
        (
            "Dense: {units: 3, kernel_regularizer: l2}",
            "Dense: {units: 3, kernel_regularizer: {class_name: L2, config: {l2: 0.009999999776482582}}}",
        ),
        (
            "Dense: {units: 3, kernel_initializer: {class_name: RandomNormal, config: {stddev: 0.1}}}",
            "Dense: {units: 3, kernel_initializer: {class_name: RandomNormal, config: {mean: 0.0, stddev: 0.1}}}",
        ),
        ("Dense: {units: 3, dtype: {class_name: DTypePolicy, config: {name: mixed_float16}}}",
         "Dense: {units: 3, dtype: mixed_float16}"),
        ("LSTM: {units: 4, name: lstm_7}", "LSTM: 4"),
        ("RNN: {cell: [LSTMCell(3), GRUCell(2)]}",
         "RNN: {cell: {StackedRNNCells: {cells: [LSTMCell(3), GRUCell(2)]}}}"),
        ("MultiHeadAttention: {num_heads: 2, key_dim: 4, inputs: [input, input]}",
         "MultiHeadAttention: {num_heads: 2, key_dim: 4, value_dim: 4, attention_axes: [1], inputs: [input, input]}"),
        ("Bidirectional: {LSTM: {units: 3, return_sequences: true}}",
         "Bidirectional: {LSTM: {units: 3, return_sequences: true, zero_output_for_mask: true}}"),
        ("Dropout: 0.5", "Dropout: {rate: 0.5, seed: null, noise_shape: null}"),
    ],
)  # fmt: skip
def test_a_stated_default_is_no_change(mine: str, theirs: str) -> None:
    difference = compare(of(f"{{{mine}}}"), of(f"{{{theirs}}}"))
    assert told(difference) == []
    assert difference.equal


def test_a_single_edit_is_told_as_that() -> None:
    base = ("LSTM: {units: 6, return_sequences: true}", "LSTM: 5", "Dropout: 0.2", "Dense: {units: 3, name: head}")
    edits: dict[str, tuple[Any, ...]] = {
        "LSTM: {units: 7, return_sequences: true}": ("changed", "lstm", ("units", 6, 7)),
        "LSTM: {units: 6, return_sequences: true, use_bias: false}": ("changed", "lstm", ("use_bias", True, False)),
        "LSTM: {units: 6, return_sequences: true, trainable: false}": ("changed", "lstm", ("trainable", True, False)),
        "GRU: {units: 6, return_sequences: true}": (
            "changed", "gru", ("layer", "LSTM(6, return_sequences=True)", "GRU(6, return_sequences=True)"),
        ),
        "LSTM: {units: 6, return_sequences: true, name: reader}": ("changed", "reader", ("name", "lstm", "reader")),
    }  # fmt: skip
    for edit, expected in edits.items():
        difference = compare(of(*base), of(edit, *base[1:]))
        assert told(difference)[0] == expected
        assert all(len(each) == 2 for each in told(difference)[1:]), "what follows has other shapes or counts only"
        assert sums_up(difference)


def test_layers_put_in_and_taken_out() -> None:
    base = ("LSTM: {units: 6, return_sequences: true}", "LSTM: {units: 6, return_sequences: true}", "Dense: 3")
    front = compare(of(*base), of("LSTM: {units: 9, return_sequences: true}", *base))
    assert [(layer.kind, layer.side.name) for layer in front.layers] == [
        ("added", "lstm"), ("changed", "lstm_1"), ("same", "lstm_2"), ("same", "dense"),
    ]  # fmt: skip
    assert told(front)[1] == ("changed", "lstm_1"), "it reads another width, and no more"
    gone = compare(of(*base), of(*base[1:]))
    assert [each[:2] for each in told(gone)] == [("removed", "lstm_1")], "the first stays, with its name"
    assert gone.delta == Amounts() - compare(of(*base[1:]), of(*base)).delta


def test_layers_that_change_places() -> None:
    first, second = of("Dense: {units: 8, name: a}", "Dropout: 0.3"), of("Dropout: 0.3", "Dense: {units: 8, name: a}")
    (only,) = told(compare(first, second))
    assert only in (("changed", "dropout", ("place", 2, 1)), ("changed", "a", ("place", 1, 2)))


def test_a_new_name_is_told_where_a_person_chose_it() -> None:
    named = compare(of("{Dense: {units: 3, name: head}}"), of("{Dense: {units: 3, name: logits}}"))
    assert told(named) == [("changed", "logits", ("name", "head", "logits"))]
    other = compare(of("{Dense: {units: 3, name: head}}"), of("{Dense: {units: 4, name: logits}}"))
    assert [each[0] for each in told(other)] == ["changed", "removed", "added"], (
        "two names and another size: two layers"
    )


FUNCTIONAL = """
inputs: {{a: [10, 8], b: [10, 8]}}
layers:
  - Dense: {{units: 4, name: left, inputs: a}}
  - Dense: {{units: 4, name: right, inputs: b}}
  - Subtract: {{inputs: [{order}], name: both}}
  - LSTM: {{units: 3, inputs: both, name: end}}
outputs: [{output}]
"""


def test_connections() -> None:
    old = model(FUNCTIONAL.format(order="left, right", output="end"))
    turned = compare(old, model(FUNCTIONAL.format(order="right, left", output="end")))
    assert told(turned) == [("changed", "both", ("connected to", "left, right", "right, left"))]
    ended = compare(old, model(FUNCTIONAL.format(order="left, right", output="end, both")))
    assert told(ended) == [("added", "output")]
    renamed = model(FUNCTIONAL.format(order="left, right", output="end").replace("left", "first"))
    assert told(compare(old, renamed)) == [("changed", "first", ("name", "left", "first"))], "readers follow the name"


def test_models_inside_are_compared_layer_by_layer() -> None:
    text = "{input: [4], models: {m: {input: [4], layers: [Dense: 3, Dropout: 0.1, Dense: %d]}}, layers: [m, Dense: 1]}"
    difference = compare(model(text % 2), model(text % 5))
    outer, head = difference.changed
    assert (outer.side.name, outer.aspects >= {"shapes", "params", "arguments"}, head.side.name) == (
        "m",
        True,
        "dense_2",
    )
    assert outer.inside is not None
    assert told(outer.inside)[1:] == [("changed", "dense_1", ("units", 2, 5))]
    assert outer.inside.delta.params == outer.delta.params == 3 * 3 + 3
    assert outer.inside.delta.macs == outer.delta.macs


def test_a_shared_weight_is_counted_once() -> None:
    spec = of("{TimeDistributed: {Dense: 8}}", "{Dense: 8}", size="[5, 8]")
    wrapper, dense = spec.layers.values()
    dense = dense.changed(shared="1")
    layers = {wrapper.name: wrapper.changed(arguments={"layer": dense}), dense.name: dense}
    difference = compare(spec, spec._replace(layers=layers))
    assert difference.delta.params == -72
    assert sums_up(difference)


def test_symbols_and_sizes_that_are_not_known() -> None:
    named = compare(of("LSTM: U", "Dense: 3", size="[T, 8]"), of("LSTM: {units: 2*U}", "Dense: 3", size="[T, 8]"))
    T, U = symbol("T"), symbol("U")
    assert named.delta.params == (8 * U * (2 * U + 9) + 3 * (2 * U + 1)) - (4 * U * (U + 9) + 3 * (U + 1))
    assert named.delta.macs == (8 * U * (2 * U + 8) - 4 * U * (U + 8)) * T + 3 * U
    assert sums_up(named)
    # A size without a name on one side is whatever the other side calls it.
    assert compare(of("LSTM: 4", size="[T, 8]"), of("LSTM: 4", size="[null, 8]")).equal
    numbered = compare(of("LSTM: 4", size="[7, 8]"), of("LSTM: 4", size="[null, 8]"))
    assert told(numbered)[0][:2] == ("changed", "input")
    unnamed = compare(of("LSTM: 4", size="[null, 8]"), of("LSTM: 5", size="[null, 8]"))
    assert unnamed.stand_ins == ("T",)
    assert "T stands for a size of the input that is not known." in difference_text(unnamed)


def test_what_is_not_known_of_one_is_not_told_to_differ() -> None:
    custom = "Mine: {output_shape: [10, 4], params: 7}"
    difference = compare(of(f"{{{custom}}}", "LSTM: 3"), of(f"{{{custom}}}", "LSTM: 4"))
    assert [layer.side.name for layer in difference.changed] == ["lstm"]
    assert difference.delta.macs is UNKNOWN
    assert sums_up(difference)


def test_a_printed_summary_has_no_more_than_it_shows() -> None:
    printed = load(FOLDER / "models" / "question.txt")
    python = model(
        "from keras.models import Sequential\n"
        "from keras.layers import *\n"
        "m = Sequential([Embedding(5000, 50, input_length=10), LSTM(128, return_sequences=True, recurrent_dropout=0.2),"
        " Bidirectional(LSTM(32)), Dense(1, activation='sigmoid')])\n",
        "m.py",
    )
    for difference in (compare(printed, python), compare(python, printed)):
        assert told(difference) == []
        assert difference.equal
        assert difference_text(difference).startswith("No difference that a printed summary shows between ")
    wider = model(
        "{input: [10], layers: [Embedding: [5000, 50]]}".replace("[5000, 50]", "{input_dim: 5000, output_dim: 60}")
    )
    assert not compare(printed, wider).equal


def test_every_row_shows_what_differs() -> None:
    specs = [param.values[0] for param in every_model()]
    per_step = load(FOLDER.parent / "specs" / "many_to_many_per_step.yaml")
    for spec in specs:
        for pair in ((spec, per_step), (per_step, spec)):
            try:
                difference = compare(*pair)
            except SpecError:
                continue
            found = list(entries(difference))
            assert all(entry.rows for entry in found)
            rows = [row for entry in found for row in entry.rows]
            assert [row for row in rows if row.old == row.new and not row.delta] == []


LAYERS = st.sampled_from(
    [
        "LSTM: {units: 4, return_sequences: true}",
        "LSTM: {units: 5, return_sequences: true}",
        "GRU: {units: 4, return_sequences: true}",
        "GRU: {units: U, return_sequences: true}",
        "Dense: 4",
        "Dense: {units: 4, name: head}",
        "Dropout: 0.5",
        "Bidirectional: {LSTM: {units: 2, return_sequences: true}}",
        "TimeDistributed: {Dense: 4}",
        "BatchNormalization: {}",
        "Dense: {units: 6, trainable: false}",
    ]
)
STACKS = st.lists(LAYERS, min_size=1, max_size=6).filter(lambda names: sum("head" in name for name in names) < 2)


@settings(max_examples=150, deadline=None)
@given(STACKS, STACKS, st.sampled_from(["[10, 8]", "[T, 8]", "[null, 8]"]))
def test_the_other_way_round_is_the_same_with_other_signs(old: list[str], new: list[str], size: str) -> None:
    mine, theirs = of(*(f"{{{each}}}" for each in old), size=size), of(*(f"{{{each}}}" for each in new), size=size)
    there, back = compare(mine, theirs), compare(theirs, mine)
    assert sums_up(there)
    assert there.delta == Amounts() - back.delta
    assert there.old_totals.params == infer(mine).totals.params
    pairs = {(a.old and a.old.place, a.new and a.new.place, a.delta, a.aspects - {"order"}) for a in there.layers}
    mirrored = {
        (b.new and b.new.place, b.old and b.old.place, Amounts() - b.delta, b.aspects - {"order"}) for b in back.layers
    }
    assert pairs == mirrored
    assert there.equal == (old == new)


def test_long_models_are_aligned_too() -> None:
    layers = [f"{{LSTM: {{units: {4 + place % 7}, return_sequences: true}}}}" for place in range(300)]
    edited = ["Dropout: 0.1", *layers[:150], "Dense: 9", *layers[150:], "Dense: 7"]
    difference = compare(of(*layers), of(*edited))
    assert [(layer.kind, layer.side.class_name) for layer in difference.changed] == [
        ("added", "Dropout"), ("added", "Dense"), ("changed", "LSTM"), ("added", "Dense"),
    ]  # fmt: skip
    assert sums_up(difference)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_what_counts_can_be_chosen(aspect: str) -> None:
    old, new = of("LSTM: 4", "Dense: 3"), of("LSTM: 5", "Dropout: 0.1", "Dense: {units: 3, name: head}")
    difference = compare(old, new, aspects=[aspect])
    assert difference.aspects <= {aspect}
    assert difference.equal == (aspect in ("order", "code", "connections"))
    assert difference.delta == compare(old, new).delta
