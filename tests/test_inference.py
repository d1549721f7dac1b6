"""What holds of whole models: sharing, nesting, where knowledge ends, and what Keras would believe."""

from __future__ import annotations

import pytest

from lstmcalc import Report, SpecError, infer, load
from lstmcalc.dims import symbol
from lstmcalc.renderers.summary_text import render_summary
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec


def report(text: str, values: dict[str, int] | None = None, batch: int | None = None) -> Report:
    return infer(load("m.yaml", text=text), values, batch)


def refused(text: str, values: dict[str, int] | None = None) -> SpecError:
    with pytest.raises(SpecError) as caught:
        report(text, values)
    return caught.value


SHARED = """
inputs: {a: [5, 4], b: [7, 4]}
layers:
  - LSTM: {units: 3, name: read, inputs: a}
  - {apply: read, inputs: b, name: again}
  - Add: {inputs: [read, again]}
"""


def test_a_shared_layer_counts_once_and_shows_all_its_shapes() -> None:
    model = report(SHARED)
    read = next(layer for layer in model.layers if layer.name == "read")
    assert read.input_shapes == ((None, 5, 4), (None, 7, 4))
    assert read.output_shapes == ((None, 3), (None, 3))
    assert (read.connected_to, read.params, model.totals.params) == (("a", "b"), 96, 96)


def test_a_shared_layer_has_one_set_of_weights() -> None:
    error = refused(SHARED.replace("b: [7, 4]", "b: [7, 6]"))
    assert str(error) == (
        'error[wrong-size] m.yaml:5:5  layer "read" (LSTM)\n'
        "  expected the input that its weights were made for: `kernel` is (4, 12)\n"
        "  got      (None, 7, 6), which needs (6, 12)\n"
        "  because  the layer is shared, and has one set of weights"
    )


NESTED = """
input: [10, 8]
models:
  score: {input: [8], layers: [Dense(4)]}
layers:
  - TimeDistributed: score
  - Flatten
  - Dense: 8
  - score
"""


def test_the_weights_of_a_model_used_twice_count_once() -> None:
    model = report(NESTED)
    assert [layer.params for layer in model.layers] == [36, 0, 328, 36]
    assert model.totals.params == 36 + 328


def test_a_nested_model_takes_on_the_length_that_comes_in() -> None:
    text = "{input: [9, 4], models: {m: {input: [T, 4], layers: ['LSTM(3, return_sequences=True)']}}, layers: [m]}"
    assert report(text).outputs[0].shape == (None, 9, 3)
    assert report(text.replace("[9, 4]", "[S, 4]")).outputs[0].shape == (None, symbol("S"), 3)
    assert [fault.code for fault in refused(text.replace("[9, 4]", "[9, 5]")).faults] == ["wrong-size"]


def test_knowledge_ends_where_a_class_is_not_known_and_goes_on_elsewhere() -> None:
    text = """
inputs: {a: [4], b: [6]}
layers:
  - Dense: {units: 3, inputs: a, name: before}
  - {layer: Mine, name: mine}
  - Dense: {units: 2, name: behind}
  - Dense: {units: 5, inputs: b, name: beside}
  - Concatenate: {inputs: [behind, beside], axis: 1}
"""
    error = refused(text)
    assert [fault.code for fault in error.faults] == ["unknown-layer"]
    known = {layer.name: layer.params for layer in error.report.layers if layer.class_name != "InputLayer"}
    assert known == {"before": 15, "mine": None, "behind": None, "beside": 35, "concatenate": None}
    stated = text.replace("layer: Mine,", "layer: 'Mine(depth=3, output_shape=[7], params=20)',")
    assert report(stated).totals.params == 15 + 20 + 16 + 35


MISJUDGED = """
input: [10, 8]
layers:
  - Bidirectional(LSTM(6), backward_layer=LSTM(8, go_backwards=True))
  - Dropout: 0.1
"""


def test_a_model_that_keras_misjudges_is_refused_where_it_matters() -> None:
    model = report(MISJUDGED)
    assert [layer.output_shapes for layer in model.layers] == [((None, 14),), ((None, 14),)]
    assert [layer.calls[0].believed for layer in model.layers] == [((None, 12),), ((None, 12),)]
    assert [fault.code for fault in refused(f"{MISJUDGED}  - Dense: 3\n").faults] == ["shape-mistaken"]


def test_a_layer_that_leads_nowhere_is_left_out_with_a_word() -> None:
    model = report("{input: [4], layers: [{Dense: {units: 3, name: a}}, {Dense: {units: 9, inputs: input, name: b}}]}")
    assert [layer.name for layer in model.layers] == ["input", "b"]
    assert [(hint.code, hint.got) for hint in model.hints] == [("unused-layer", '"a", which leads to none')]


def test_an_output_that_a_layer_does_not_have() -> None:
    text = "{input: [4], layers: [{Dense: {units: 3, name: a}}], outputs: ['a[2]']}"
    assert str(refused(text)) == (
        "error[unknown-output] m.yaml:1:64\n"
        '  expected the only output of "a", counted from 0\n'
        "  got      `a[2]`"
    )  # fmt: skip


def test_a_symbol_may_stand_for_any_number_that_is_given() -> None:
    text = "{input: [5, 4], layers: [{LayerNormalization: {axis: A}}]}"
    assert report(text, {"A": 1}).totals.params == 10
    assert report(text.replace("{input", "{symbols: {A: 2}, input")).totals.params == 8
    assert [fault.code for fault in refused(text).faults] == ["wrong-value"]


def test_the_batch_goes_through() -> None:
    assert report(SHARED, batch=6).outputs[0].shape == (6, 3)


def test_what_no_tensor_can_be_is_refused() -> None:
    axes = ", ".join(["9"] * 70)
    assert [fault.code for fault in refused(f"{{input: [{axes}], layers: [Flatten]}}").faults] == ["too-large"]
    big = 2**62
    assert [fault.code for fault in refused(f"{{input: [{big}, 4], layers: [Flatten]}}").faults] == ["too-large"]


def test_frozen_and_trained_weights_add_up() -> None:
    totals = report("{input: [5, 4], layers: [{LSTM: {units: 3, trainable: false}}, BatchNormalization]}").totals
    assert (totals.params, totals.trainable_params, totals.non_trainable_params) == (108, 6, 102)
    assert (totals.bytes, totals.trainable_bytes, totals.non_trainable_bytes) == (432, 24, 408)


def test_bytes_follow_the_dtype() -> None:
    text = "{input: [4], layers: [{Dense: {units: 3, dtype: DTYPE}}]}"
    sizes = {name: report(text.replace("DTYPE", name)).totals.bytes for name in ("float16", "float64", "mixed_float16")}
    assert sizes == {"float16": 30, "float64": 120, "mixed_float16": 60}


def test_a_value_that_is_given_wins_over_the_one_that_is_stated() -> None:
    assert report("{symbols: {U: 4}, input: [3], layers: [Dense: U]}", {"U": 7}).totals.params == 7 * (3 + 1)


def test_each_output_of_a_layer_is_its_own() -> None:
    text = "{input: [5, 4], layers: ['LSTM(3, return_sequences=True, return_state=True)'], outputs: [lstm, 'lstm[1]']}"
    assert [port.shape for port in report(text).outputs] == [(None, 5, 3), (None, 3)]


def test_keras_is_mistaken_about_one_output_and_right_about_the_other() -> None:
    halves = "Bidirectional(LSTM(6), backward_layer=LSTM(8, go_backwards=True), merge_mode=None, name='both')"
    text = f"{{input: [5, 4], layers: [\"{halves}\", {{Dense: {{units: 3, inputs: 'both[INDEX]'}}}}]}}"
    assert report(text.replace("INDEX", "0")).outputs[0].shape == (None, 3)
    assert [fault.code for fault in refused(text.replace("INDEX", "1")).faults] == ["shape-mistaken"]


def test_a_nested_model_behind_a_mistaken_shape_shows_the_real_one() -> None:
    model = report(MISJUDGED.replace("Dropout: 0.1", "m") + "models: {m: {input: [null], layers: [{Dropout: 0.1}]}}")
    assert model.layers[1].nested is not None
    assert model.layers[1].nested.layers[0].output_shapes == ((None, 14),)


def nested(layers: str, shape: str = "[T, 4]", symbols: str = "{}") -> str:
    model = f"{{input: [S, 4], layers: {layers}}}"
    return f"{{symbols: {symbols}, input: {shape}, models: {{m: {model}}}, layers: [m]}}"


def test_what_a_nested_model_assumes_and_needs_is_told_of_the_whole() -> None:
    window = report(nested("['Conv1D(3, 5)']"))
    assert [(held.layer, held.text) for held in window.assumptions] == [("m", "T >= 5")]
    assert report(nested("[Flatten, Dense: 3]")).needs == ("T",)


def test_a_value_may_be_for_a_nested_model_alone() -> None:
    assert report(nested("[Dense: U]"), {"U": 7}).totals.params == 7 * (4 + 1)


def test_a_symbol_that_has_a_value_is_no_free_size_of_a_nested_model() -> None:
    assert report(nested("[Dense: 2]", "[9, 4]", "{S: 9}")).outputs[0].shape == (None, 9, 2)
    assert [fault.code for fault in refused(nested("[Dense: 2]", "[8, 4]", "{S: 9}")).faults] == ["wrong-size"]


def test_the_weights_of_a_nested_model_tell_how_often_they_are_used() -> None:
    assert [weight.uses for weight in report(nested("[LSTM: 3]", "[9, 4]")).layers[0].weights] == [9, 9, 9]


def test_weights_inside_two_models_count_once() -> None:
    text = """
input: [8]
models:
  inner: {input: [8], layers: [Dense(8)]}
  outer: {input: [8], layers: [inner, Dropout: 0.1]}
layers: [inner, outer]
"""
    assert report(text).totals.params == 8 * (8 + 1)


def test_a_shared_layer_assumes_what_any_of_its_uses_does() -> None:
    text = """
inputs: {a: [9, 4], b: [T, 4]}
layers:
  - Conv1D: {filters: 3, kernel_size: 5, name: conv, inputs: a}
  - {apply: conv, inputs: b, name: again}
outputs: [conv, again]
"""
    model = report(text)
    assert [held.text for held in model.assumptions] == ["T >= 5"]
    assert model.layers[-1].notes == ("applied 2 times, with one set of weights",)


def test_a_batch_that_is_fixed_and_stated_again_is_recognised() -> None:
    error = refused("{batch: 2, input: [2, 20, 35], layers: [LSTM: 3]}")
    assert error.faults[0].because == "the batch is implied, and was stated once more"
    assert error.faults[0].fix == 'leave the batch out of the shape of input "input": [20, 35]'


def test_faults_of_a_nested_model_are_told_once() -> None:
    error = refused(nested("[{LSTM: -3}]", "[9, 4]"))
    assert [fault.code for fault in error.faults] == ["wrong-value"]


def test_a_nested_model_takes_as_many_inputs_as_it_has() -> None:
    text = "{inputs: {a: [4], b: [4]}, models: {m: {input: [4], layers: [Dense: 2]}}, layers: [{m: {inputs: [a, b]}}]}"
    assert refused(text).faults[0].message == "expected one input, got 2"


@pytest.mark.parametrize(
    ("kept", "because", "fix"),
    [
        ("LSTM(3, return_sequences=True, name='a')", "`return_sequences: true`, which keeps timesteps",
         'set `return_sequences: false` on "a"'),
        ("GlobalMaxPooling1D(keepdims=True, name='a')", "`keepdims: true`, which keeps every axis",
         'set `keepdims: false` on "a"'),
    ],
)  # fmt: skip
def test_what_keeps_an_axis_too_many_is_named_with_the_change(kept: str, because: str, fix: str) -> None:
    (fault,) = refused(f'{{input: [20, 8], layers: ["{kept}", Dropout: 0.1, RepeatVector: 5]}}').faults
    assert (fault.because, fault.fix) == (f'"a" has {because}', fix)


def test_a_name_that_is_not_there_is_answered_with_those_that_could_be_meant() -> None:
    text = "{input: [4], layers: [{Dense: {units: 3, name: a}}, {Dense: {units: 3, name: zz, inputs: qq}}]}"
    assert refused(text).faults[0].fix == "there are `input`, `a`"


def test_a_symbol_of_a_nested_model_is_one_size() -> None:
    text = "{input: SHAPE, models: {m: {input: [S, S], layers: [Dense: 2]}}, layers: [m]}"
    assert report(text.replace("SHAPE", "[9, 9]")).outputs[0].shape == (None, 9, 2)
    assert [fault.code for fault in refused(text.replace("SHAPE", "[9, 8]")).faults] == ["wrong-size"]


def test_the_culprit_is_looked_for_behind_the_first_of_several_inputs() -> None:
    text = """
inputs: {a: [5, 4], b: [4]}
layers:
  - LSTM: {units: 3, name: first, inputs: a}
  - Dense: {units: 3, name: second, inputs: b}
  - Add: {inputs: [first, second]}
  - LSTM: 3
"""
    assert refused(text).faults[0].fix == 'set `return_sequences: true` on "first"'


def test_each_state_is_believed_to_be_what_keras_says() -> None:
    both = "Bidirectional(LSTM(6, return_state=True), backward_layer=LSTM(8, go_backwards=True, return_state=True))"
    layers = f"[{{layer: '{both}', name: both}}, {{Dense: {{units: 3, inputs: 'both[INDEX]'}}}}]"
    text = f"{{input: [5, 4], layers: {layers}}}"
    assert report(text.replace("INDEX", "1")).totals.params == report(text.replace("INDEX", "2")).totals.params
    assert [fault.code for fault in refused(text.replace("INDEX", "3")).faults] == ["shape-mistaken"]


def test_an_output_of_too_many_axes_is_refused() -> None:
    text = f"{{input: [4], layers: ['Mine(output_shape={[1] * 70})']}}"
    assert [fault.code for fault in refused(text).faults] == ["too-large"]


def test_a_size_that_a_layer_inside_a_model_needs_is_needed() -> None:
    inner = "{input: [3, S, 8, 1], layers: ['ConvLSTM2D(2, 3)']}"
    assert report(f"{{input: [3, T, 8, 1], models: {{m: {inner}}}, layers: [m]}}").needs == ("T",)


def test_a_word_is_a_word_though_a_symbol_is_called_the_same() -> None:
    text = "{symbols: {same: 3}, input: [9, 4], layers: ['Conv1D(2, 3, padding=same)']}"
    assert report(text).outputs[0].shape == (None, 9, 2)


def test_hints_on_a_nested_model_are_told() -> None:
    text = "{input: [4], models: {m: {input: [F], layers: ['Dense(1, activation=softmax)']}}, layers: [m]}"
    assert [hint.code for hint in report(text).hints] == ["softmax-of-one"]


def test_a_row_shows_each_shape_once_and_a_plain_chain_without_its_connections() -> None:
    text = """
inputs: {a: [5, 4], b: [5, 4]}
models: {m: {input: [3], layers: [Dense(3), Dropout: 0.1]}}
layers:
  - LSTM: {units: 3, name: read, inputs: a}
  - {apply: read, inputs: b, name: again}
  - Add: {inputs: [read, again]}
  - m
"""
    lines = render_summary(report(text), width=80).splitlines()
    assert [line.split() for line in lines if "(None, 3)" in line] == [
        ["read", "(LSTM)", "(None,", "3)", "96", "4·3·(4", "+", "3", "+", "1)"],
        ["add", "(Add)", "(None,", "3)", "0"],
        ["m", "(Sequential)", "(None,", "3)", "12", "sum", "of", "the", "rows", "below"],
        ["dense", "(Dense)", "(None,", "3)", "12", "3·(3", "+", "1)"],
        ["dropout", "(Dropout)", "(None,", "3)", "0"],
    ]
    assert [line.strip() for line in lines if line.strip().startswith("from ")] == ["from a,", "from read"]


def test_one_number_per_sample_has_no_axis_for_a_layer_to_read() -> None:
    (fault,) = refused("{input: [], layers: [Dense: 3]}").faults
    assert (fault.got, fault.fix) == ('(None,) from input "input"', 'give input "input" one axis more, such as [1]')


def shared_models(shared: str, trainable: bool = True) -> Spec:
    """A layer inside a wrapper, on its own, and in a nested model."""
    dense = LayerSpec("Dense", "d", {"units": 3}, shared=shared)
    inner = Spec("inner", (InputSpec("p", (5,)),), {"d": dense}, (Call("d", (Ref("p"),)),), (Ref("d"),),
                 sequential=True, trainable=trainable)  # fmt: skip
    layers = {
        "t": LayerSpec("TimeDistributed", "t", {"layer": dense}),
        "d": dense,
        "inner": LayerSpec("inner", "inner"),
    }
    calls = (Call("t", (Ref("x"),)), Call("d", (Ref("y"),)), Call("inner", (Ref("y"),)))
    inputs = (InputSpec("x", (7, 5)), InputSpec("y", (5,)))
    return Spec("m", inputs, layers, calls, (Ref("t"), Ref("d"), Ref("inner")), models={"inner": inner})


def test_a_layer_at_several_places_counts_once() -> None:
    assert infer(shared_models("")).totals.params == 3 * 18
    report = infer(shared_models("one"))
    assert [layer.params for layer in report.layers if layer.weights] == [18, 18, 18]
    assert (report.totals.params, report.totals.trainable_params) == (18, 18)


def test_a_frozen_model_trains_nothing() -> None:
    report = infer(shared_models("", trainable=False))
    frozen = next(layer for layer in report.layers if layer.name == "inner")
    assert frozen.totals.trainable_params == 0
    assert frozen.nested is not None
    assert frozen.nested.totals.trainable_params == 0
    assert report.totals.trainable_params == 36
    # A layer that stands in a frozen model and outside of it is trained by the latter.
    assert infer(shared_models("one", trainable=False)).totals.trainable_params == 18


def test_what_keras_states_goes_through_a_nested_model() -> None:
    text = """
        input: [8, 8, 3]
        models: {cut: {input: [8, 8, 3], layers: [RandomCrop: {height: 3, width: 3}]}}
        layers: [cut, RandomZoom: 0.1]
    """
    for layer in infer(load("m.yaml", text=text)).layers:
        assert layer.calls[0].outputs == ((None, 8, 8, 3),)
        assert layer.calls[0].believed == ((None, 3, 3, 3),)


def test_states_that_nobody_reads_are_the_fault_of_the_layer_that_gives_them() -> None:
    text = "import keras\nm = keras.Sequential([keras.Input((5, 3)), LSTM(4, return_state=True), Dense(1)])"
    with pytest.raises(SpecError) as caught:
        infer(load("m.py", text=text))
    (fault,) = caught.value.faults
    assert (fault.because, fault.fix) == (
        '"lstm" (LSTM) gives 3 outputs, and all of them come in',
        'set `return_state: false` on "lstm"',
    )
