"""The attention layers against real Keras: weights, stated and real shapes, refusals, masks, data of several lengths.

Keras states shapes of attention scores that data does not have; what lstmcalc says of both is held against both. Left
out is what TensorFlow's own kernels on a CPU cannot do: a softmax along one axis of scores with more than 5, or along
several of scores with more than 8. GroupQueryAttention with 0 heads, which Keras builds and at times runs, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import pytest
from agreement import CHECKED, counted, fits, flat, holds, on_data, same_weights
from drawing import data, drawn, sizes, some
from hypothesis import strategies as st
from layer_examples import one_layer

from lstmcalc.dims import UNKNOWN, Condition, substitute
from lstmcalc.errors import SpecError
from lstmcalc.explanation.layer import explain_layer
from lstmcalc.explanation.words import ROLES
from lstmcalc.inference import infer
from lstmcalc.layers import RULES
from lstmcalc.report import LayerReport
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec

pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax:UserWarning")

VALUES = [{"T": 3, "U": 4}, {"T": 4, "U": 3}, {"T": 5, "U": 5}]
MHA = {"num_heads": 2, "key_dim": 3}
GQA = {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}
SCORES = {"return_attention_scores": True}
CAUSAL = {"use_causal_mask": True}
BATCH = 2

Shapes = Sequence[tuple[Any, ...]]


def model_of(
    class_name: str, arguments: Mapping[str, Any], inputs: Shapes, keywords: Mapping[str, Any], masks: Mapping[str, Any]
) -> Spec:
    """A model of one layer on query, value and key, with its masks as inputs."""
    ports = [InputSpec(f"input_{i}", tuple(shape[1:])) for i, shape in enumerate(inputs)]
    ports += [InputSpec(name, tuple(shape[1:])) for name, shape in masks.items()]
    told = {**keywords, **{name: Ref(name) for name in masks}}
    call = Call("layer", tuple(Ref(port.name) for port in ports[: len(inputs)]), keywords=told)
    layer = LayerSpec(class_name, "layer", arguments)
    return Spec("model", tuple(ports), {"layer": layer}, (call,), (Ref("layer"),))


def opened(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(None if isinstance(size, str) else size for size in shape)


def layer_of(spec: Spec) -> tuple[LayerReport, tuple[Any, ...]]:
    report = infer(spec)
    return next(layer for layer in report.layers if layer.name == "layer"), report.assumptions


def keras_model(
    class_name: str, arguments: Mapping[str, Any], inputs: Shapes, keywords: Mapping[str, Any], masks: Mapping[str, Any]
) -> Any:
    tensors = [keras.Input(batch_shape=shape) for shape in inputs]
    covers = {name: keras.Input(batch_shape=shape) for name, shape in masks.items()}
    layer = getattr(keras.layers, class_name)(**arguments)
    operands = tensors if " " in RULES[class_name].operands else [tensors]
    outputs = layer(*operands, **keywords, **covers)
    return layer, keras.Model([*tensors, *covers.values()], outputs)


def is_true(condition: Condition, values: Mapping[str, int]) -> bool:
    """Whether a condition is true of these values, and of the batch that the data has."""
    if condition.has_unknown:
        known = condition.right if condition.left is UNKNOWN else condition.left
        return substitute(known, values) == BATCH
    return holds(condition, values)


def stated(layer: LayerReport) -> list[tuple[Any, ...]]:
    """What lstmcalc says that Keras states."""
    call = layer.calls[0]
    return list(call.believed or call.outputs or ())


def attend(
    class_name: str,
    arguments: Mapping[str, Any],
    inputs: Shapes,
    values: Sequence[Mapping[str, int]] = VALUES,
    keywords: Mapping[str, Any] | None = None,
    masks: Mapping[str, Any] | None = None,
) -> bool:
    """Asserts that lstmcalc and Keras accept alike, and agree on weights, stated shapes and the shapes of data.

    Where a name is 1 in the data, an assumption may be stronger than it need be, as Keras repeats sizes of 1.
    """
    keywords, masks = keywords or {}, masks or {}
    label = f"{class_name}({arguments}) on {inputs}, {keywords}, {masks}"
    unknown = [opened(shape) for shape in inputs]
    covers = {name: opened(shape) for name, shape in masks.items()}
    try:
        mine: Any = layer_of(model_of(class_name, arguments, unknown, keywords, covers))[0]
    except SpecError as error:
        mine = error
    try:
        layer, model = keras_model(class_name, arguments, unknown, keywords, covers)
    except Exception as refusal:  # Keras raises whatever its backend raises.
        assert isinstance(mine, SpecError), f"{label}: Keras refuses it, lstmcalc accepts: {refusal}"
        return noted(False, class_name, arguments, inputs, keywords, masks)
    shapes = [*inputs, *masks.values()]
    if isinstance(mine, SpecError):
        for given in values:
            real = on_data(model, shapes, given)
            as_it_said = real and all(fits(s, r, given) for s, r in zip(flat(model.outputs), real, strict=True))
            assert not as_it_said, f"{label}: Keras runs {given}, lstmcalc refuses:\n{mine}"
        return noted(False, class_name, arguments, inputs, keywords, masks)
    same_weights(mine, layer, label)
    assert all(held.path.endswith(f"/{weight.name}") for weight, held in zip(mine.weights, layer.weights, strict=True))
    assert [weight.dtype for weight in mine.weights] == [weight.dtype for weight in layer.weights], label
    assert stated(mine) == flat(model.outputs), f"{label}: {stated(mine)} != {flat(model.outputs)}"
    same_on_data(model_of(class_name, arguments, inputs, keywords, masks), model, shapes, values, label)
    return noted(True, class_name, arguments, inputs, keywords, masks)


def same_on_data(spec: Spec, model: Any, shapes: Shapes, values: Sequence[Mapping[str, int]], label: str) -> None:
    """Asserts that data runs where the assumptions hold, and only there, and comes out in the stated shapes."""
    named, assumptions = layer_of(spec)
    assert [opened_sizes(shape) for shape in stated(named)] == flat(model.outputs), label
    for given in values:
        held = all(is_true(assumption.condition, given) for assumption in assumptions)
        real = on_data(model, shapes, given, BATCH)
        if held or 1 not in given.values():
            assert held == (real is not None), f"{label}: {assumptions}, and on {given} Keras gives {real}"
        if held and real is not None:
            outputs = named.output_shapes
            right = all(fits(shape, actual, given) for shape, actual in zip(outputs, real, strict=True))
            assert right, f"{label}: {outputs}, and on {given} Keras gives {real}"


def noted(accepted: bool, class_name: str, arguments: Any, inputs: Any, keywords: Any, masks: Any) -> bool:
    """Counts a case; one with masks is not kept to be run again, as it takes more than a layer and its inputs."""
    if masks:
        CHECKED.setdefault(class_name, [0, 0])[0 if accepted else 1] += 1
        return accepted
    return counted(accepted, class_name, arguments, list(inputs), (), keywords)


def opened_sizes(shape: Sequence[Any]) -> tuple[Any, ...]:
    """A shape with None for all that is not a number."""
    return tuple(size if isinstance(size, int) else None for size in shape)


@pytest.mark.parametrize("keywords", [{}, SCORES, CAUSAL, {**SCORES, **CAUSAL}], ids=lambda k: "-".join(k) or "plain")
@pytest.mark.parametrize("extra", [
    {}, {"value_dim": 4}, {"use_bias": False}, {"use_gate": True}, {"use_gate": True, "value_dim": 1}, {"dropout": 0.5},
    {"output_shape": 7}, {"output_shape": [2, 3]}, {"output_shape": []}, {"attention_axes": 1}, {"attention_axes": [2]},
    {"attention_axes": [1, 2]}, {"attention_axes": -2}, {"attention_axes": []}, {"sliding_window": 2},
    {"trainable": False}, {"dtype": "mixed_float16"}, {"seed": 3}, {"attention_axes": 2, "dropout": 0.5},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("inputs", [
    [(None, 4, 5), (None, 4, 5)],
    [(None, "T", 5), (None, "U", 6)],
    [(None, "T", 5), (None, "U", 6), (None, "T", 7)],
    [(None, "T", 4, 5), (None, "U", 4, 6)],
], ids=["self", "cross", "three", "rank4"])  # fmt: skip
def test_multi_head_attention(inputs: Shapes, extra: dict[str, Any], keywords: dict[str, Any]) -> None:
    attend("MultiHeadAttention", {**MHA, **extra}, inputs, keywords=keywords)


@pytest.mark.parametrize("keywords", [{}, SCORES, CAUSAL, {**SCORES, **CAUSAL}], ids=lambda k: "-".join(k) or "plain")
@pytest.mark.parametrize("extra", [
    {}, {"use_bias": False}, {"use_gate": True}, {"dropout": 0.5}, {"num_key_value_heads": 1}, {"sliding_window": 2},
    {"num_key_value_heads": 4}, {"num_key_value_heads": 3}, {"trainable": False}, {"dtype": "float16"},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("inputs", [
    [(None, 4, 5), (None, 4, 5)],
    [(None, "T", 5), (None, "U", 5)],
    [(None, "T", 5), (None, "U", 5), (None, "T", 7)],
    [(None, "T", 5), (None, "U", 6)],
], ids=["self", "cross", "three", "widths"])  # fmt: skip
def test_group_query_attention(inputs: Shapes, extra: dict[str, Any], keywords: dict[str, Any]) -> None:
    accepted = attend("GroupQueryAttention", {**GQA, **extra}, inputs, keywords=keywords)
    assert accepted == (extra.get("num_key_value_heads") != 3 and inputs[1][-1] == 5)


@pytest.mark.parametrize("keywords", [{}, SCORES, CAUSAL, {**SCORES, **CAUSAL}], ids=lambda k: "-".join(k) or "plain")
@pytest.mark.parametrize(("class_name", "arguments"), [
    ("Attention", {}), ("Attention", {"use_scale": True}), ("Attention", {"score_mode": "concat", "dropout": 0.1}),
    ("Attention", {"use_scale": True, "score_mode": "concat", "dtype": "mixed_float16"}),
    ("Attention", {"use_scale": True, "trainable": False}), ("Attention", {"dropout": 1.5, "seed": 1}),
    ("AdditiveAttention", {}), ("AdditiveAttention", {"use_scale": False}), ("AdditiveAttention", {"dtype": "float16"}),
    ("AdditiveAttention", {"score_mode": "concat", "seed": 3, "dropout": 0.5}),
], ids=str)  # fmt: skip
@pytest.mark.parametrize("inputs", [
    [(None, 4, 5), (None, 4, 5)],
    [(None, "T", 5), (None, "U", 5)],
    [(None, "T", 5), (None, "U", 6), (None, "T", 5)],
    [(None, "T", 5), (None, 6, 1), (None, "U", 5)],
    [(None, "T", 5), (None, "U", 1)],
    [(None, 5), (None, 5)],
    [(None, 1, "T", 5), (None, 3, "U", 5)],
    [(None, "T", 5), (None, 2, "U", 5)],
], ids=["self", "cross", "three", "narrow", "one", "rank2", "repeated", "rank4"])  # fmt: skip
def test_attention(inputs: Shapes, class_name: str, arguments: dict[str, Any], keywords: dict[str, Any]) -> None:
    attend(class_name, arguments, inputs, keywords=keywords)


@pytest.mark.parametrize("other", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("ndim", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("class_name", "arguments"), [
    ("MultiHeadAttention", MHA), ("GroupQueryAttention", GQA), ("Attention", {}), ("AdditiveAttention", {}),
])  # fmt: skip
def test_number_of_axes(class_name: str, arguments: dict[str, Any], ndim: int, other: int) -> None:
    shape, there = ((None, *[2] * (n - 2), 5)[:n] for n in (ndim, other))
    accepted = attend(class_name, arguments, [shape, there])
    if class_name == "MultiHeadAttention":
        assert accepted == (ndim == other >= 3)
    elif class_name == "GroupQueryAttention":
        assert accepted == (ndim == other == 3)
    else:
        assert accepted == (min(ndim, other) >= 2)


@pytest.mark.parametrize(("class_name", "arguments"), [("MultiHeadAttention", MHA), ("GroupQueryAttention", GQA)])
def test_a_key_of_known_length_belongs_to_no_value_of_unknown_length(
    class_name: str, arguments: dict[str, Any]
) -> None:
    def accepted(value: Any, key: Any) -> bool:
        return attend(class_name, arguments, [(None, 5, 6), (None, value, 6), (None, key, 7)])

    assert not accepted("T", 4) and not accepted(4, "T") and not accepted(3, 4)
    assert accepted("T", "U") and accepted("T", "T") and accepted(4, 4)


@pytest.mark.parametrize("keywords", [{}, SCORES], ids=["plain", "scores"])
@pytest.mark.parametrize("axes", [0, 1, 2, 3, 4, 5, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, [0, 1], [1, 3], [2, 1]])
@pytest.mark.parametrize("rank", [2, 3, 4])
def test_attention_axes(rank: int, axes: Any, keywords: dict[str, Any]) -> None:
    query, value = (None, *["T", 4][: rank - 2], 5), (None, *["U", 4][: rank - 2], 6)
    attend("MultiHeadAttention", {**MHA, "attention_axes": axes}, [query, value], keywords=keywords)


MASKED = [
    {"attention_mask": (None, "T", "U")},
    {"attention_mask": (None, 1, "U")},
    {"attention_mask": (None, "T", 1)},
    {"attention_mask": (None, "U", "T")},
    {"attention_mask": (None, 4)},
    {"attention_mask": (None,)},
    {"attention_mask": (None, 2, "T", "U")},
    {"attention_mask": (None, 4, "T", "U")},
    {"attention_mask": (None, 3, "T", "U")},
    {"attention_mask": (None, 1, 1, "T", "U")},
    {"value_mask": (None, "U")},
    {"value_mask": (None, "T")},
    {"value_mask": (None,)},
    {"key_mask": (None, "U"), "value_mask": (None, "U")},
    {"key_mask": (None, 4)},
    {"query_mask": (None, "T")},
    {"query_mask": (None, "U")},
    {"query_mask": (None, "T"), "value_mask": (None, "U"), "attention_mask": (None, "T", "U")},
    {"value_mask": (None, "U"), "attention_mask": (None, 2, "T", "U")},
    {"value_mask": (None, "U"), "attention_mask": (None, 1, "T", "U")},
]


@pytest.mark.parametrize("keywords", [{}, SCORES, CAUSAL], ids=["plain", "scores", "causal"])
@pytest.mark.parametrize("masks", MASKED, ids=str)
@pytest.mark.parametrize(("class_name", "arguments"), [
    ("MultiHeadAttention", MHA), ("MultiHeadAttention", {**MHA, "attention_axes": [1, 2]}),
    ("MultiHeadAttention", {**MHA, "sliding_window": 2}), ("GroupQueryAttention", GQA),
], ids=str)  # fmt: skip
def test_masks(class_name: str, arguments: dict[str, Any], masks: dict[str, Any], keywords: dict[str, Any]) -> None:
    attend(class_name, arguments, [(None, "T", 5), (None, "U", 5)], keywords=keywords, masks=masks)


@pytest.mark.parametrize("mask", [(None, 3, 3, 2, 2), (None, 2, 2), (None, 3, 3, 1, 1), (None, 2, 3, 3, 2, 2), (1, 9)])
def test_masks_of_pictures(mask: Any) -> None:
    shapes = [(None, 3, 3, 5), (None, 2, 2, 5)]
    accepted = attend("MultiHeadAttention", MHA, shapes, masks={"attention_mask": mask})
    assert accepted == (len(mask) > 3)


def test_a_mask_longer_than_a_single_step_makes_keras_contradict_itself() -> None:
    """It states one step and gives three; lstmcalc refuses."""
    shapes, masks = [(None, 1, 5), (None, 4, 6)], {"attention_mask": (None, 3, 4)}
    assert not attend("MultiHeadAttention", MHA, shapes, masks=masks)
    _, model = keras_model("MultiHeadAttention", MHA, shapes, {}, masks)
    assert (flat(model.outputs), on_data(model, [*shapes, (None, 3, 4)], {})) == ([(None, 1, 5)], [(2, 3, 5)])


@pytest.mark.parametrize(("class_name", "arguments"), [("MultiHeadAttention", MHA), ("GroupQueryAttention", GQA)])
def test_no_mask_called_mask_is_taken(class_name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="mask"):
        keras_model(class_name, arguments, [(None, 4, 5)] * 2, {"mask": None}, {})
    assert not attend(class_name, arguments, [(None, 4, 5)] * 2, masks={"mask": (None, 4)})


@pytest.mark.parametrize("class_name", ["Attention", "AdditiveAttention"])
def test_one_mask_is_no_list_of_masks(class_name: str) -> None:
    assert not attend(class_name, {}, [(None, 4, 5)] * 2, masks={"mask": (None, 4)})


@pytest.mark.parametrize(("class_name", "arguments"), [("MultiHeadAttention", MHA), ("GroupQueryAttention", GQA)])
def test_flash_attention_needs_another_backend(class_name: str, arguments: dict[str, Any]) -> None:
    """Shapes and weights are stated, and hold on JAX and PyTorch; on TensorFlow only the hint tells."""
    arguments = {**arguments, "flash_attention": True}
    shapes = [(None, 4, 5), (None, 4, 5)]
    layer, model = keras_model(class_name, arguments, shapes, {}, {})
    report = infer(one_layer(class_name, arguments, shapes))
    same_weights(report.layers[-1], layer, class_name)
    assert list(report.layers[-1].output_shapes) == flat(model.outputs)
    assert [hint.code for hint in report.hints] == ["backend-needed"]
    with pytest.raises(ValueError, match="Flash attention is not supported in tensorflow"):
        model([np.zeros((2, 4, 5), "float32")] * 2)
    assert not attend(class_name, arguments, shapes, keywords=SCORES)
    assert not attend(class_name, {**arguments, "dropout": 0.1}, shapes)


@pytest.mark.parametrize(("class_name", "arguments"), [("MultiHeadAttention", MHA), ("GroupQueryAttention", GQA)])
def test_frozen_from_the_start_it_trains_all_the_same(class_name: str, arguments: dict[str, Any]) -> None:
    layer, model = keras_model(class_name, {**arguments, "trainable": False}, [(None, 4, 5)] * 2, {}, {})
    assert (len(layer.trainable_weights), len(model.trainable_weights)) == (0, 8)
    _, model = keras_model(class_name, arguments, [(None, 4, 5)] * 2, {}, {})
    model.layers[-1].trainable = False
    assert model.trainable_weights == []


EQUATIONS = [
    ("MultiHeadAttention", {**MHA, **extra}, keywords)
    for extra in ({}, {"value_dim": 4}, {"use_bias": False}, {"use_gate": True}, {"output_shape": [2, 3]})
    for keywords in ({}, SCORES)
]
EQUATIONS += [
    ("GroupQueryAttention", {**GQA, **extra}, SCORES) for extra in ({}, {"use_gate": True, "use_bias": False})
]
EQUATIONS += [("Attention", {"use_scale": scale, "score_mode": mode}, SCORES)
              for scale in (False, True) for mode in ("dot", "concat")]  # fmt: skip
EQUATIONS += [("AdditiveAttention", {"use_scale": scale}, SCORES) for scale in (False, True)]


@pytest.mark.parametrize(("class_name", "arguments", "keywords"), EQUATIONS, ids=str)
def test_the_printed_equations_are_what_keras_computes(class_name: str, arguments: Any, keywords: Any) -> None:
    shapes = [(None, 4, 5), (None, 6, 5), (None, 6, 5)]
    layer, model = keras_model(class_name, arguments, shapes, keywords, {})
    rng = np.random.default_rng(3)
    layer.set_weights([rng.standard_normal(weight.shape).astype("float32") for weight in layer.get_weights()])
    data = [rng.standard_normal((1, *shape[1:])).astype("float32") for shape in shapes]
    spec = one_layer(class_name, arguments, shapes, keywords=keywords)
    explanation = explain_layer(spec, infer(spec), "layer")
    rows = next(section.lines for section in explanation.sections if section.heading == "One sample")
    names: dict[str, Any] = {name: array[0] for name, array in zip(ROLES, data, strict=True)}
    for weight, array in zip(layer.weights, layer.get_weights(), strict=True):
        inner, part = weight.path.split("/")[-2:]
        names[{"kernel": f"W_{inner}", "bias": f"b_{inner}"}.get(part, part)] = array
    for name in ("einsum", "sqrt", "repeat", "tanh"):
        names[name] = getattr(np, name)
    names["softmax"] = lambda z: np.array(keras.activations.softmax(z, axis=-1))
    names["sigmoid"] = lambda z: np.array(keras.activations.sigmoid(z))
    for equation, shape, *_ in (row for row in rows if len(row) > 1):
        exec(equation, names)
        assert str(names[equation.partition(" = ")[0]].shape) == shape
    results = keras.tree.flatten(model(data))
    for name, result in zip(("output", "scores"), results, strict=False):
        np.testing.assert_allclose(names[name], np.array(result)[0], rtol=1e-4, atol=1e-5)


def test_what_dropout_and_gates_do_not_change() -> None:
    """In training too, shapes are as stated."""
    arguments, shapes = {**MHA, "dropout": 0.5, "use_gate": True}, [(None, 4, 5)] * 2
    layer, model = keras_model("MultiHeadAttention", arguments, shapes, {}, {})
    assert flat(model([np.ones((2, 4, 5), "float32")] * 2, training=True)) == [(2, 4, 5)]
    assert layer.count_params() == infer(one_layer("MultiHeadAttention", arguments, shapes)).totals.params


def mostly(usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any], times: int = 8) -> st.SearchStrategy[Any]:
    """The usual, and now and then the other."""
    return st.integers(0, times).flatmap(lambda pick: other if pick == times else usual)


def told(masks: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[tuple[dict[str, Any], dict[str, Any]]]:
    flags = some(return_attention_scores=st.booleans(), use_causal_mask=mostly(st.just(False), st.just(True), 3))
    return st.tuples(flags, mostly(st.just({}), st.fixed_dictionaries({}, optional=dict(masks)), 3))


@st.composite
def with_heads(draw: st.DrawFn) -> Any:
    """A layer with heads on inputs that mostly fit."""
    grouped = draw(st.integers(0, 3)) == 0
    ndim = 3 if grouped else draw(mostly(st.just(3), st.sampled_from([2, 4, 4, 5]), 2))
    arguments = draw(grouped_arguments() if grouped else headed_arguments(ndim)) | draw(some(
        dropout=mostly(st.sampled_from([0, 0.5, 1]), st.sampled_from([1.5, -1]), 20),
        use_bias=st.booleans(),
        use_gate=st.booleans(),
        sliding_window=mostly(st.none() | st.integers(1, 3), st.just(0), 20),
    ))  # fmt: skip
    size = sizes(4)
    lengths = [draw(size) for _ in range(ndim - 2)]
    width, value_width = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    query = (None, *lengths, draw(mostly(st.just(width), st.just("U"), 20)))
    others = [draw(mostly(st.just(length), size, 1)) if ndim > 3 else draw(size) for length in lengths]
    value = (None, *others, draw(mostly(st.just(width), st.just(value_width), 5)) if grouped else value_width)
    key = (None, *(draw(mostly(st.just(length), size)) for length in others), draw(st.integers(1, 4)))
    inputs = [query, value, key][: draw(st.integers(2, 3))]
    short = draw(mostly(st.just(0), st.integers(1, len(inputs) - 1), 20))
    if short:
        inputs[short] = inputs[short][:-1]
    keywords, masks = draw(told(masks_for(query, value)))
    class_name = "GroupQueryAttention" if grouped else "MultiHeadAttention"
    return class_name, arguments, inputs, keywords, masks


@st.composite
def grouped_arguments(draw: st.DrawFn) -> dict[str, Any]:
    heads = draw(st.integers(1, 2))
    number = draw(mostly(st.integers(1, 3).map(lambda n: n * heads), st.integers(1, 5) | st.just(-2), 10))
    return {"head_dim": draw(st.integers(1, 4)), "num_query_heads": number, "num_key_value_heads": heads}


@st.composite
def headed_arguments(draw: st.DrawFn, ndim: int) -> dict[str, Any]:
    count = st.integers(1, 4)
    axis = st.integers(0, ndim) | st.integers(1, ndim - 1) | st.integers(-2 * ndim, -1)
    lone = axis if ndim < 5 else st.just([1, 2])
    return {"num_heads": draw(mostly(count, st.just(0), 20)), "key_dim": draw(count)} | draw(some(
        attention_axes=st.none() | mostly(lone, st.lists(axis, min_size=2, max_size=2)),
        output_shape=st.none() | mostly(count | st.lists(count, max_size=2), st.sampled_from([-1, 0]), 20),
        value_dim=st.none() | mostly(count, st.just(0), 20),
    ))  # fmt: skip


def masks_for(query: tuple[Any, ...], value: tuple[Any, ...]) -> dict[str, st.SearchStrategy[Any]]:
    """Masks that mostly fit a query and a value."""
    steps, there = query[1:-1], value[1:-1]
    loose = st.lists(sizes(4), max_size=3).map(lambda rest: (None, *rest))
    heads = sizes(4).map(lambda size: (None, size, *steps, *there))
    full = st.just((None, *steps, *there)) | heads | st.just((None, *[1] * len(steps), *there))
    return {
        "attention_mask": mostly(full, loose, 5),
        "value_mask": mostly(st.just((None, *there)), loose, 5),
        "key_mask": mostly(st.just((None, *there)), loose, 5),
        "query_mask": mostly(st.just((None, *steps)), loose, 5),
    }


@drawn(st.tuples(with_heads(), data(5)), long=1200)
def test_drawn_attention_with_heads(case: Any) -> bool:
    """Any arguments, inputs, masks and flags of a layer with heads."""
    (class_name, arguments, inputs, keywords, masks), values = case
    return attend(class_name, arguments, inputs, values, keywords, masks)


@st.composite
def without_heads(draw: st.DrawFn) -> Any:
    """A layer without heads on inputs that mostly fit, of two to five axes."""
    class_name = draw(st.sampled_from(["Attention", "AdditiveAttention"]))
    arguments = draw(some(use_scale=st.booleans(), dropout=st.sampled_from([0, 0.5, 2])))
    if class_name == "Attention":
        modes = mostly(st.sampled_from(["dot", "concat"]), st.sampled_from(["Concat", "add"]), 20)
        arguments |= draw(some(score_mode=modes))
    usual = draw(mostly(st.just(3), st.sampled_from([2, 4, 5, 1]), 3))
    width, leading, steps = draw(sizes(4)), draw(sizes(3)), draw(sizes(4))
    shapes = []
    for role in ("query", "value", "key"):
        ndim = draw(mostly(st.just(usual), st.integers(2, 4)))
        before = [draw(mostly(st.just(leading), st.just(1), 4)) for _ in range(ndim - 3)]
        length = draw(sizes(4) if role == "query" else mostly(st.just(steps), sizes(4)))
        last = draw(mostly(st.just(width), st.just(1) | sizes(4)))
        shapes.append((None, *[*before, length][: max(ndim - 2, 0)], *[last][: ndim - 1]))
    inputs = shapes[: draw(st.integers(2, 3))]
    keywords = draw(told({}))[0]
    return class_name, arguments, inputs, keywords


@drawn(st.tuples(without_heads(), data(5)), long=1200)
def test_drawn_attention_without_heads(case: Any) -> bool:
    """Any arguments, inputs and flags of a layer without heads."""
    (class_name, arguments, inputs, keywords), values = case
    return attend(class_name, arguments, inputs, values, keywords)
