"""Masks beside real Keras: on every layer, in drawn models, and what padding does to the numbers that come out."""

from __future__ import annotations

import inspect
from itertools import islice
from pathlib import Path
from typing import Any

import keras
import mask_agreement
import mask_models
import numpy as np
import pytest
import test_drawn_models
from agreement import class_of
from drawing import LONG
from keras.src.backend import set_keras_mask
from mask_agreement import Case, agree, cases

from lstmcalc import infer, load
from lstmcalc.errors import SpecError
from lstmcalc.layers import RULES
from lstmcalc.report import Report
from lstmcalc.spec import Spec
from lstmcalc.verification import verify
from lstmcalc.verification.keras_model import KerasModel

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))
LAYERS = [name for name in RULES if class_of(keras, name) is not None]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("most", [1, pytest.param(None, marks=pytest.mark.long)])
def test_every_layer_does_with_a_mask_what_keras_does(most: int | None) -> None:
    """One case of each layer, or all of them; the table is printed at the end of the run."""
    wrong = [text for name in LAYERS for case in islice(cases(name), most) if (text := agree(case))]
    assert not wrong, "\n".join(wrong)


def test_calls_take_a_mask_where_keras_does() -> None:
    signatures = {name: inspect.signature(class_of(keras, name).call).parameters for name in LAYERS}
    assert {name for name in LAYERS if "mask" in RULES[name].keywords} == {
        name for name, parameters in signatures.items() if "mask" in parameters
    }


def test_a_wrong_answer_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mask_agreement, "CHECKED", {})
    case = Case("Dense", RULES["Dense"].examples[1], ((None, 200),))
    assert not agree(case)
    monkeypatch.setattr(RULES["Dense"], "passes_mask", False)
    assert agree(case)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("draws", [12, pytest.param(LONG, marks=pytest.mark.long)])
def test_drawn_models_have_the_masks_that_keras_has(draws: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LAYERS", "MERGES", "OPERATIONS"):
        monkeypatch.setattr(test_drawn_models, name, getattr(mask_models, name))
    wrong, outputs, masks = [], 0, 0
    for seed in range(draws):
        model, script = test_drawn_models.draw(seed)
        number, there, found = mask_models.compared(model)
        outputs, masks = outputs + number, masks + there
        if found:
            wrong.append("\n".join([f"seed {seed}", *found, script]))
    print(f"{outputs:,} outputs of layers in {draws} drawn models, {masks:,} with a mask: {len(wrong)} models differ")
    assert masks > draws // 4
    assert not wrong, "\n\n".join(wrong[:5])


@pytest.mark.filterwarnings("ignore")
def test_specs_have_the_masks_that_keras_has() -> None:
    wrong: dict[str, list[str]] = {}
    for path in SPECS:
        spec = load(str(path))
        sizes = dict.fromkeys(infer(spec).needs, 7)
        wrong[path.stem] = mask_models.compared(KerasModel(keras, spec, sizes).build().model)[2]
    assert not any(wrong.values()), wrong


#: A query of two steps without a mask, for attention.
QUERY = ["Dense: {units: 8, inputs: h}", "Reshape: {target_shape: [2, 4], name: q}"]
#: Layers behind an Embedding with `mask_zero`, as YAML; `x` is the embedded text, `y` another input of its shape.
CHAINS = {
    "LSTM": ["LSTM: 3"],
    "stack": ["LSTM: {units: 3, return_sequences: true}", "Dense: 4", "GRU: 3"],
    "repeated outputs": ["SimpleRNN: {units: 3, return_sequences: true}", "GlobalAveragePooling1D"],
    "bidirectional": ["Bidirectional(GRU(3, return_sequences=True))", "LSTM: 3"],
    "go_backwards": ["LSTM: {units: 3, go_backwards: true}"],
    "mean": ["Dense: 3", "GlobalAveragePooling1D"],
    "mean of a mean": ["LayerNormalization", "Dropout: 0.5", "GlobalAveragePooling1D"],
    "greatest": ["GlobalMaxPooling1D"],
    "convolution": ["Conv1D: {filters: 3, kernel_size: 2, padding: same}", "LSTM: 3"],
    "pooled": ["MaxPooling1D: 1", "LSTM: 3"],
    "sum": ["Dense: {units: 4, inputs: x, name: d}", "Add: {inputs: [x, d]}", "LSTM: 3"],
    "sum with another": ["Add: {inputs: [x, y]}", "LSTM: 3"],
    "product with another": ["Multiply: {inputs: [x, y]}", "LSTM: 3"],
    "joined with another": ["Concatenate: {inputs: [x, y]}", "LSTM: 3"],
    "joined": ["Concatenate: {inputs: [x, x]}", "LSTM: 3"],
    "operation": ["ops.Add: {inputs: [x, x]}", "LSTM: 3"],
    "attention": ["Attention: {inputs: [x, x]}", "GlobalAveragePooling1D"],
    "heads": ["{layer: 'MultiHeadAttention(2, 3)', name: m, inputs: [x, x]}", "Add: {inputs: [x, m]}", "LSTM: 3"],
    "states": ["{layer: 'GRU(3)', inputs: x, initial_state: [h]}"],
    "states and a sequence": ["{layer: 'GRU(3, return_sequences=True)', inputs: x, initial_state: [h]}", "LSTM: 3"],
    "each step": ["TimeDistributed: {layer: {Dense: 3}}", "LSTM: 3"],
    "RMS": ["RMSNormalization", "LSTM: 3"],
    "model": ["inner", "LSTM: 3"],
    "model that loses it": ["loses", "LSTM: 3"],
    "stack in both directions": ["Bidirectional(LSTM(3, return_sequences=True))", "Bidirectional(GRU(2))"],
    "both directions apart": [
        "{layer: 'Bidirectional(LSTM(3, return_sequences=True), merge_mode=None)', name: b}",
        "Add: {inputs: ['b[0]', 'b[1]']}",
        "GRU: 3",
    ],
    "zeros": ["GRU: {units: 3, return_sequences: true, zero_output_for_mask: true}", "LSTM: 3"],
    "normalized": ["BatchNormalization", "LSTM: 3"],
    "branches": [
        "LSTM: {units: 4, return_sequences: true, inputs: x, name: a}",
        "Dense: {units: 4, inputs: x, name: d}",
        "Add: {inputs: [a, d]}",
        "GlobalAveragePooling1D",
    ],
    "greatest of branches": ["Dense: {units: 4, inputs: x, name: d}", "Maximum: {inputs: [x, d]}", "SimpleRNN: 3"],
    "products of branches": ["Dense: {units: 4, inputs: x, name: d}", "Multiply: {inputs: [x, d]}", "GRU: 3"],
    "encoder and decoder": [
        "{layer: 'LSTM(3, return_state=True)', inputs: x, name: enc}",
        "RepeatVector: {n: 2, inputs: 'enc[0]', name: r}",
        "{layer: 'LSTM(3)', inputs: r, initial_state: ['enc[1]', 'enc[2]']}",
    ],
    "encoder without the mask": [
        "Conv1D: {filters: 4, kernel_size: 1, inputs: x, name: c}",
        "{layer: 'GRU(3, return_state=True)', inputs: c, name: enc}",
        "RepeatVector: {n: 2, inputs: 'enc[0]', name: r}",
        "{layer: 'GRU(3)', inputs: r, initial_state: ['enc[1]']}",
    ],
    **{
        f"{layer} over a masked value": [*QUERY, f"{{layer: '{layer}', inputs: [q, x]}}", "Flatten"]
        for layer in ("Attention()", "AdditiveAttention()", "MultiHeadAttention(2, 3)", "GroupQueryAttention(2, 2, 1)")
    },
    "attention to itself": ["Attention: {inputs: [x, x]}", "LSTM: 3"],
    "convolved value": [
        *QUERY,
        "Conv1D: {filters: 4, kernel_size: 1, inputs: x, name: c}",
        "Attention: {inputs: [q, c]}",
        "Flatten",
    ],
    "backwards and back": [
        "GRU: {units: 3, return_sequences: true, go_backwards: true}",
        "GRU: {units: 3, return_sequences: true, go_backwards: true}",
        "SimpleRNN: 3",
    ],
    "backwards once": [
        "GRU: {units: 3, return_sequences: true, go_backwards: true}",
        "GRU: 3",
    ],
}
HEAD = """inputs: {words: {shape: [null], dtype: int32}, y: [null, 4], h: [3]}
models:
  inner: {input: [null, 4], layers: [Dense: 4, {LSTM: {units: 3, return_sequences: true}}]}
  loses: {input: [null, 4], layers: [Dense: 4, {Conv1D: {filters: 3, kernel_size: 1}}]}
layers:
  - Embedding: {input_dim: 9, output_dim: 4, mask_zero: true, inputs: words, name: x}
"""


def says_that_padding_is_left_out(report: Report) -> bool:
    """Whether no layer loses the mask or gives one that masks nothing.

    A recurrent layer that is not handed the mask still passes it on, and padding at the end comes too late to matter.
    """
    calls = [call for layer in report.layers for call in layer.calls]
    inner = [layer.nested for layer in report.layers if layer.nested]
    lost = any(call.mask.role == "lost" or call.mask.reason == "void" for call in calls)
    lost = lost or any(call.mask.reason == "reversed" and call.mask.needed for call in calls)
    return not lost and all(map(says_that_padding_is_left_out, inner))


def given(spec: Spec, steps: int, padding: int) -> list[Any]:
    """Data of so many steps, the padding behind them."""
    rng = np.random.default_rng(1)
    words, other = rng.integers(1, 9, (2, steps)), rng.random((2, steps, 4))
    behind = rng.random((2, padding, 4))
    return [np.pad(words, ((0, 0), (0, padding))).astype("int32"),
            np.concatenate([other, behind], 1).astype("float32"), np.ones((2, 3), "float32")]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_padding_changes_the_output_exactly_where_lstmcalc_says_so() -> None:
    found, said, hinted = {}, {}, set()
    for name, layers in CHAINS.items():
        spec = load("m.yaml", text=HEAD + "".join(f"  - {layer}\n" for layer in layers))
        report = infer(spec)
        said[name] = says_that_padding_is_left_out(report)
        hinted |= {name for hint in report.hints if hint.code in ("mask-lost", "mask-unused", "mask-reversed")}
        keras.utils.set_random_seed(3)
        model = KerasModel(keras, spec, {}).build().model
        data = given(spec, 4, 0), given(spec, 4, 3)
        plain, padded = (np.asarray(model(each, training=False)) for each in data)
        found[name] = bool(np.allclose(plain, padded, atol=1e-5))
    assert found == said
    # What a hint tells is never without harm, and no harm is without a hint.
    assert {name for name in found if not found[name]} == hinted
    assert 8 < sum(said.values()) < len(said) - 8


#: Hints, and the change that they advise: what was told to change nothing by padding then does.
ADVISED = {
    "states": ["{layer: 'GRU(3)', inputs: x, initial_state: [h], mask: real}"],
    "operation": ["Add: {inputs: [x, x]}", "LSTM: 3"],
    "pooled": ["{layer: 'MaxPooling1D(1)', inputs: x, name: p}", "{layer: 'LSTM(3)', inputs: p, mask: real}"],
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ADVISED)
def test_the_advice_of_a_hint_helps(name: str) -> None:
    before = infer(load("m.yaml", text=HEAD + "".join(f"  - {layer}\n" for layer in CHAINS[name])))
    assert {hint.code for hint in before.hints} & {"mask-lost", "mask-unused"}
    lines = ["ops.NotEqual: {x2: 0, inputs: words, name: real}", *ADVISED[name]]
    spec = load("m.yaml", text=HEAD + "".join(f"  - {layer}\n" for layer in lines))
    assert not {hint.code for hint in infer(spec).hints} & {"mask-lost", "mask-unused"}
    model = KerasModel(keras, spec, {}).build().model
    plain, padded = (np.asarray(model(given(spec, 4, padding), training=False)) for padding in (0, 3))
    assert np.allclose(plain, padded, atol=1e-5)


MISFITS = [
    ["LSTM: {units: 5, return_sequences: true}", "Softmax"],
    ["TimeDistributed: {layer: Softmax}"],
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layers", MISFITS, ids=str)
def test_a_mask_that_does_not_fit_builds_and_fails_on_data(layers: list[str]) -> None:
    spec = load("m.yaml", text=HEAD + "".join(f"  - {layer}\n" for layer in layers))
    with pytest.raises(SpecError) as error:
        infer(spec)
    assert [fault.code for fault in error.value.faults] == ["mask-misfit"]
    x = keras.Input((None,), dtype="int32")
    embedded = keras.layers.Embedding(9, 4, mask_zero=True)(x)
    inner = keras.layers.Softmax()
    layer = keras.layers.TimeDistributed(inner) if layers[0].startswith("Time") else inner
    model = keras.Model(x, layer(embedded))
    with pytest.raises(ValueError, match="broadcastable"):
        model(np.ones((2, 7), "int32"))


@pytest.mark.filterwarnings("ignore")
def test_numbers_that_stand_for_unknown_words_are_masked() -> None:
    """The harm of `zero-is-no-padding`: an unknown word is left out as if it were padding."""
    lookup = keras.layers.StringLookup(vocabulary=["a", "b"])
    mask = keras.layers.Embedding(3, 4, mask_zero=True).compute_mask(lookup(np.array([["a", "new", "b"]])))
    assert np.asarray(mask).tolist() == [[True, False, True]]


@pytest.mark.filterwarnings("ignore")
def test_verify_compares_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = ["Dense: {units: 4, name: d}", "ops.Add: {inputs: [d, d], name: s}", "inner", "LSTM: 3"]
    spec = load("m.yaml", text=HEAD + "".join(f"  - {layer}\n" for layer in layers))
    assert verify(spec).agrees
    monkeypatch.setattr(RULES["Dense"], "passes_mask", False)
    found = {layer.name: layer.mismatches for layer in verify(spec).layers if layer.mismatches}
    assert found == {"d": ("mask: Keras one, lstmcalc none",)}


STACK = "  - LSTM: {units: 3, return_sequences: true, name: first}\n  - TimeDistributed: {layer: {Dense: 4}}\n"
STACK += "  - Bidirectional(GRU(3, return_sequences=True))\n  - LSTM: 3\n"


@pytest.mark.filterwarnings("ignore")
def test_verify_tells_of_a_later_keras_what_it_loses(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Keras is to be after 3.15.1, where three classes no longer say that they support masks."""
    spec = load("m.yaml", text=HEAD + STACK)
    assert verify(spec).agrees
    for layer_class in (keras.layers.RNN, keras.layers.Bidirectional, keras.layers.TimeDistributed):
        made = layer_class.__init__

        def unsupported(self: Any, *args: Any, _made: Any = made, **kwargs: Any) -> None:
            _made(self, *args, **kwargs)
            self.supports_masking = False

        monkeypatch.setattr(layer_class, "__init__", unsupported)
    monkeypatch.setattr(keras, "__version__", "3.16.0")
    found = {layer.name: layer.mismatches for layer in verify(spec).layers if layer.mismatches}
    lost = {"first": "LSTM", "time_distributed": "TimeDistributed", "bidirectional": "Bidirectional"}
    text = (
        "mask: Keras none, lstmcalc (None, words_axis_1); up to 3.15.1, Keras passes it on from {}, and 3.16.0 does not"
    )
    assert found == {name: (text.format(class_name),) for name, class_name in lost.items()}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("layer", "zeros"),
    [("MultiHeadAttention(2, 3)", False), ("GroupQueryAttention(2, 2, 1)", False), ("Attention()", True),
     ("AdditiveAttention()", True)],
)  # fmt: skip
def test_what_masked_steps_look_at(layer: str, zeros: bool) -> None:
    """No step that counts looks at a masked step of the value; a masked step of the query does, or gives zeros."""
    keras.utils.set_random_seed(1)
    made = eval(f"keras.layers.{layer}")  # A constant of this file.
    rng = np.random.default_rng(2)
    query, value, other = (rng.random((1, 5, 4), "float32") for _ in range(3))
    other[:, :3] = value[:, :3]
    given = []
    for held in (value, other):
        pair = [keras.ops.convert_to_tensor(array) for array in (query, held)]
        for tensor in pair:
            set_keras_mask(tensor, keras.ops.convert_to_tensor(np.array([[True, True, True, False, False]])))
        given.append(np.asarray(made(*pair) if "Query" in layer or "Head" in layer else made(pair)))
    assert np.allclose(given[0][:, :3], given[1][:, :3], atol=1e-5)
    assert np.allclose(given[0][:, 3:], given[1][:, 3:], atol=1e-5) == zeros
    assert (not given[0][:, 3:].any()) == zeros


@pytest.mark.filterwarnings("ignore")
def test_attention_that_takes_the_masks_off_leaves_none_for_a_list_of_inputs() -> None:
    """What Keras states is put into a call with one input only; a call with a list finds what is left on data."""
    x = keras.Input((5, 3))
    masked = keras.layers.Masking()(x)
    look = keras.layers.MultiHeadAttention(2, 2)(masked, masked)
    both = keras.Model(x, [keras.layers.Attention()([masked, masked]), look, keras.layers.GRU(2)(masked)])
    assert mask_models.compared(both) == (4, 3, [])
