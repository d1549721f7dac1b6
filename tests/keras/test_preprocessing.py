"""Preprocessing of numbers and categories against real Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from drawing import data, drawn, shapes, some
from hypothesis import strategies as st
from layer_examples import one_layer
from typed_agreement import agree_on_values, believed

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.layers.rule import RULES
from lstmcalc.sources.layer_call import read_call
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec

SHAPES = [(None,), (1,), (2,), (None, 1), (None, 5), (None, "T"), (None, 5, 1), (None, "T", 4), (None, 5, "T"),
          (None, 1, 1), (3, 1, 4, 1), (None, 2, 3, 4), (None, "T", "U", 1)]  # fmt: skip
VALUES = [{"T": 2, "U": 3}, {"T": 5, "U": 1}, {"T": 1, "U": 2}]
ARRAYS: Any = [None, 1.0, [2.0], [1.0, 2.0, 3.0], [[1.0, 2.0, 3.0]], [[1.0], [2.0]]]


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("axis", [-1, 0, 1, 3, None, [], [1, 2], [2, 1], [1, 1], [-1, 2], [-4]])
@pytest.mark.parametrize("shape", [(None, 3), (2, 3), (None, 2, 3), (None, 1, 3), (None, "T", 3), (None, 3, "T"), (3,)])
def test_normalization(shape: Any, axis: Any, array: Any) -> None:
    arguments = {"axis": axis, "mean": array, "variance": array}
    axes = [] if axis is None else axis if isinstance(axis, list) else [axis]
    accepted = agree_on_values("Normalization", arguments, shape, VALUES)
    assert not accepted or all(-len(shape) <= a < len(shape) and isinstance(shape[a], int) for a in axes)


@pytest.mark.parametrize("trainable", [False, True])
@pytest.mark.parametrize("mean", [None, 1.0, [1.0, 2.0]])
@pytest.mark.parametrize("variance", [None, 1.0, [1.0, 2.0]])
def test_mean_and_variance_are_alike(mean: Any, variance: Any, trainable: bool) -> None:
    arguments = {"mean": mean, "variance": variance, "trainable": trainable, "invert": trainable}
    alike = np.shape(mean) == np.shape(variance) and (mean is None) == (variance is None)
    assert agree_on_values("Normalization", arguments, (None, 2)) == alike


@pytest.mark.parametrize("dtype", [None, "float16", "mixed_float16", "float64"])
def test_dtypes_of_statistics(dtype: str | None) -> None:
    layer = keras.layers.Normalization(dtype=dtype)
    layer.build((None, 3))
    found = infer(one_call("Normalization", {"dtype": dtype}, (None, 3))).layers[-1].weights
    assert [(w.name, w.dtype) for w in found] == [(w.name, w.dtype) for w in layer.weights]


@pytest.mark.parametrize("offset", [0.0, [1.0], [1.0, 2.0, 3.0], [[1.0], [2.0]], [[[1.0, 2.0, 3.0]]]])
@pytest.mark.parametrize("scale", [2, 0.5, [1.0, 2.0, 3.0], [[1.0], [2.0]], [[[[2.0]]]]])
@pytest.mark.parametrize("shape", [(2,), (2, 3), (2, 1), (3, "T"), (1, "T", 3), (2, "T", "U"), (2, 4)])
def test_rescaling(shape: Any, scale: Any, offset: Any) -> None:
    agree_on_values("Rescaling", {"scale": scale, "offset": offset}, shape, VALUES, lenient=True)


def test_keras_states_a_rescaled_shape_that_data_does_not_have() -> None:
    report = infer(one_call("Rescaling", {"scale": [1, 2, 3]}, (None, 1)))
    assert report.layers[-1].output_shapes == ((None, 3),)
    assert believed(report.layers[-1]) == [(None, 1)]
    assert [str(hint) for hint in report.hints] == [
        """\
hint[other-shape-in-keras] layer "layer" (Rescaling)
  expected (None, 1), which Keras states before it has data
  got      (None, 3)
  because  a list in `scale` or `offset` is longer than the axis it goes along, which is repeated"""
    ]


@pytest.mark.parametrize(("written", "scale"), [("1./255", 1 / 255), ("-(2 + 1) * 0.5", -1.5), ("1 / 127.5 - 1", None)])
def test_a_scale_is_arithmetic(written: str, scale: float | None) -> None:
    rule = RULES["Rescaling"]
    assert rule.arguments["scale"].check("scale", written) == (1 / 127.5 - 1 if scale is None else scale)
    layer = read_call(f"Rescaling({written})")
    assert infer(one_call("Rescaling", dict(layer.arguments), (None, 2))).layers[-1].output_shapes == ((None, 2),)


MODES = ["int", "one_hot", "multi_hot", "count"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("mode", [*MODES, "tf_idf"])
def test_discretization(mode: str, sparse: bool, shape: Any) -> None:
    arguments = {"bin_boundaries": [-0.5, 0.5], "output_mode": mode, "sparse": sparse}
    accepted = agree_on_values("Discretization", arguments, shape, VALUES, lenient=True)
    assert accepted == (mode != "tf_idf" and not (sparse and mode == "int"))


@pytest.mark.parametrize("boundaries", [None, [], [0.0], [0, 1, 1], [2, 1], 1.0, "a", ["a"], [[1.0, 2.0]]])
@pytest.mark.parametrize("bins", [None, 1, 3, 0, -1])
def test_bins(bins: Any, boundaries: Any) -> None:
    arguments = {"bin_boundaries": boundaries, "num_bins": bins, "output_mode": "one_hot"}
    accepted = agree_on_values("Discretization", arguments, (8, 5))
    assert accepted == (
        (bins in (1, 3) and boundaries is None) or (bins is None and boundaries in ([], [0.0], [0, 1, 1]))
    )


@pytest.mark.parametrize("class_name", ["Discretization", "Pipeline", "StringLookup", "IntegerLookup"])
@pytest.mark.parametrize("key", ["trainable", "dtype", "autocast", "activity_regularizer", "input_shape", "input_dim"])
def test_arguments_that_are_not_taken(class_name: str, key: str) -> None:
    first = {"Discretization": {"bin_boundaries": [1.0]}, "Pipeline": {"layers": ["Dense(2)"]}}
    arguments = {**first.get(class_name, {"vocabulary": [1] if class_name == "IntegerLookup" else ["a"]})}
    arguments[key] = {
        "trainable": False,
        "dtype": "float32",
        "autocast": False,
        "input_shape": [3],
        "input_dim": 3,
    }.get(key)
    dtype = {"StringLookup": "string", "IntegerLookup": "int64"}.get(class_name, "float32")
    taken = {"Discretization": ("dtype",), "Pipeline": ()}.get(class_name, ("trainable", "dtype"))
    assert agree_on_values(class_name, arguments, (None, 3), dtype=dtype) == (key in taken)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("mode", [*MODES, "binary"])
def test_category_encoding(mode: str, sparse: bool, shape: Any) -> None:
    arguments = {"num_tokens": 3, "output_mode": mode, "sparse": sparse}
    assert agree_on_values("CategoryEncoding", arguments, shape, VALUES, "int32", lenient=True) == (mode != "int")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("mode", [*MODES, "binary"])
def test_hashing(mode: str, sparse: bool, shape: Any) -> None:
    arguments = {"num_bins": 3, "output_mode": mode, "sparse": sparse}
    accepted = agree_on_values("Hashing", arguments, shape, VALUES, "string", lenient=True)
    assert accepted == (mode != "binary" and not (sparse and mode == "int"))


@pytest.mark.parametrize("dtype", [None, "int32", "int64", "float32", "float16"])
@pytest.mark.parametrize("salt", [None, 3, -3, [1, 2], [1], "a", 2.5])
@pytest.mark.parametrize("bins", [1, 4, 0, -1])
def test_hashing_arguments(bins: int, salt: Any, dtype: str | None) -> None:
    arguments = {"num_bins": bins, "salt": salt, "mask_value": 0, "dtype": dtype}
    right = bins > 0 and salt in (None, 3, -3, [1, 2]) and dtype in (None, "int32", "int64")
    assert agree_on_values("Hashing", arguments, (None, 3), dtype="int32") == right


LAST = "Keras counts along the first axis behind the batch, and states the shape as if along the last"


@pytest.mark.parametrize(("class_name", "arguments", "inputs", "because"), [
    ("CategoryEncoding", {"num_tokens": 4}, (None, 3, 2), LAST),
    ("Hashing", {"num_bins": 4, "output_mode": "count"}, (None, 3, 2), LAST),
    ("Hashing", {"num_bins": 4, "output_mode": "one_hot"}, (None, 3),
     "Keras states `one_hot` as if it were `multi_hot`"),
    ("HashedCrossing", {"num_bins": 4, "output_mode": "one_hot"}, [(None, None), (None, None)],
     "the last size of an input must be 1, and Keras states the shape before it knows"),
    ("CategoryEncoding", {"num_tokens": 4}, (None, 3), None),
    ("Discretization", {"bin_boundaries": [0.0], "output_mode": "count"}, (None, 3, 2), None),
])  # fmt: skip
def test_why_keras_states_another_shape(class_name: str, arguments: Any, inputs: Any, because: str | None) -> None:
    hints = infer(one_layer(class_name, arguments, inputs)).hints
    assert [(hint.code, hint.because) for hint in hints] == ([("other-shape-in-keras", because)] if because else [])


@pytest.mark.parametrize(
    "second", [(None,), (3,), (None, 1), (3, 1), (None, 5), (None, "T"), (None, "U"), (None, 1, 1)]
)
@pytest.mark.parametrize("first", [(None,), (3,), (None, 1), (3, 1), (None, 5), (None, "T"), (None, 1, 1)])
@pytest.mark.parametrize("mode", ["int", "one_hot"])
def test_hashed_crossing(mode: str, first: Any, second: Any) -> None:
    if first[0] == second[0]:
        values = [{"T": 1, "U": 1}, {"T": 1, "U": 2}, {"T": 3, "U": 3}]
        accepted = agree_on_values("HashedCrossing", {"num_bins": 4, "output_mode": mode}, [first, second], values,
                                   "int32")  # fmt: skip
        assert accepted == ((first, second) in [((None,), (None,)), ((3,), (3,)), ((None, 1), (None, 1)),
                                                ((3, 1), (3, 1)), ((None, "T"), (None, "T")),
                                                ((None, "T"), (None, "U"))])  # fmt: skip


@pytest.mark.parametrize("number", [1, 3])
def test_hashed_crossing_takes_two(number: int) -> None:
    assert not agree_on_values("HashedCrossing", {"num_bins": 4}, [(None, 1)] * number, dtype="int32")


@pytest.mark.parametrize("mode", ["int", "one_hot"])
@pytest.mark.parametrize("bins", [-1, 0, 1, 4])
def test_crossed_bins(bins: int, mode: str) -> None:
    arguments = {"num_bins": bins, "output_mode": mode, "sparse": True, "dtype": "int32"}
    right = bins > 0 or (bins == 0 and mode == "int")
    assert agree_on_values("HashedCrossing", arguments, [(None, 1)] * 2, dtype="string") == right


def one_call(class_name: str, arguments: dict[str, Any], shape: Any, weights: Any = None) -> Spec:
    """A layer on an input, and with `weights` on a second one, by the name that Keras has for it."""
    ports = [InputSpec("numbers", tuple(shape[1:]))]
    if weights is not None:
        ports.append(InputSpec("weights", tuple(weights[1:])))
    keywords = {} if weights is None else {"count_weights": Ref("weights")}
    call = Call("layer", (Ref("numbers"),), keywords=keywords)
    layer = LayerSpec(class_name, "layer", arguments)
    return Spec("model", tuple(ports), {"layer": layer}, (call,), (Ref("layer"),), batch=shape[0])


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize(("mode", "shape", "weights"), [
    ("count", (2, 3), (2, 3)), ("count", (2, 3), (2, 1)), ("count", (2, 3), (2, 4)), ("count", (2, 3), (2,)),
    ("count", (2,), (2,)), ("count", (2, 1), (2, 1)), ("count", (2, 1), (2,)), ("count", (2, 3, 2), (2, 3, 2)),
    ("count", (2, 3, 2), (2, 1, 2)), ("count", (2, 3, 2), (2, 3, 1)), ("count", (2, 3, 2), (2, 2)),
    ("count", (2, 1, 2), (2, 4, 2)), ("count", (2, 3, 2), (2, 5, 3, 2)), ("count", (2, 2, 1), (2, 2, 4)),
    ("count", (2, 3, 3), (2, 3)), ("count", (2, 2, 3), (2, 3)), ("multi_hot", (2, 3), (2, 3)),
    ("one_hot", (2, 3), (2, 3)),
])  # fmt: skip
def test_count_weights(mode: str, shape: Any, weights: Any, sparse: bool) -> None:
    numbers, weighing = keras.Input(batch_shape=shape, dtype="int32"), keras.Input(batch_shape=weights)
    arguments = {"num_tokens": 4, "output_mode": mode, "sparse": sparse}
    layer = keras.layers.CategoryEncoding(**arguments)
    model = keras.Model([numbers, weighing], layer(numbers, count_weights=weighing))
    try:
        real = tuple(model([np.ones(shape, "int32"), np.ones(weights, "float32")]).shape)
    except Exception:  # Keras raises whatever its backend raises.
        with pytest.raises(SpecError):
            infer(one_call("CategoryEncoding", arguments, shape, weights))
        return
    report = infer(one_call("CategoryEncoding", arguments, shape, weights)).layers[-1]
    assert report.output_shapes == (real,)
    assert believed(report) == [tuple(model.outputs[0].shape)]


def test_count_weights_are_refused_with_the_reason() -> None:
    with pytest.raises(SpecError) as caught:
        infer(one_call("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}, (2, 3), (2, 4)))
    assert (
        str(caught.value)
        == """\
error[wrong-size] layer "layer" (CategoryEncoding)
  expected `count_weights` of (2, 3), one for each number
  got      (2, 4)"""
    )
    with pytest.raises(SpecError) as caught:
        infer(one_call("CategoryEncoding", {"num_tokens": 4}, (2, 3), (2, 3)))
    assert (
        str(caught.value)
        == """\
error[wrong-value] layer "layer" (CategoryEncoding)
  expected `count_weights` with `output_mode: count` only
  got      `output_mode: multi_hot`
  because  Keras builds this, and fails on data"""
    )


@pytest.mark.parametrize(("layers", "inputs", "accepted"), [
    (["Dense(3)"], (None, 4), True),
    (["Dense(3)", "Dense(4)"], (None, "T", 4), True),
    (["Dense(3)", "BatchNormalization()", "Dropout(0.5)", "LSTM(4)"], (None, 5, 3), True),
    (["Pipeline([Dense(3), Dense(5)])", "Dense(3)"], (None, 4), True),
    (["LSTM(4, return_state=True)"], (None, 5, 3), True),
    (["GRU(4, return_state=True)"], (None, 5, 3), True),
    (["LSTM(4, return_state=True)", "Add()"], (None, 5, 3), True),
    (["LSTM(4, return_state=True)", "Dense(3)"], (None, 5, 3), False),
    (["Add()", "Dense(4)"], [(None, 3), (None, 3)], True),
    (["Dense(4)"], [(None, 3), (None, 3)], False),
    (["Dense(4)", "Add()"], (None, 3), False),
    (["LSTM(4)", "LSTM(4)"], (None, 5, 3), False),
    (["Dense(3)", "Flatten()", "Reshape([2, 3])"], (None, 2, 4), True),
    (["Dense(3)", "Flatten()", "Reshape([2, 4])"], (None, 2, 4), False),
    (["Rescaling([1., 2., 3.])", "Dense(2)"], (None, 1), True),
    (["Bidirectional(LSTM(4), backward_layer=LSTM(6, go_backwards=True))", "Dense(3)"], (None, 5, 2), True),
    (["Dense(3, trainable=False)", "Dense(3, dtype='float16')"], (None, 3), True),
    (["Discretization([0.], output_mode='one_hot')", "Dense(3)"], (None, 4), True),
    (["Discretization([0.], output_mode='one_hot')"], (None, "T"), False),
    (["Discretization([0.], output_mode='one_hot')"], (None, "T", 1), True),
    (["Discretization([0.], output_mode='one_hot')"], (3,), True),
    (["Discretization([0.], output_mode='one_hot', sparse=True)"], (2, 4), True),
    (["Discretization([0.], output_mode='one_hot', sparse=True)"], (None, 4), False),
    (["Discretization([0.], output_mode='count')"], (None, "T"), True),
    (["Discretization(num_bins=3)"], (None, 4), False),
    (["Rescaling([1., 2.])"], (None, "T"), True),
    ([], (None, 3), False),
])  # fmt: skip
def test_pipeline(layers: list[str], inputs: Any, accepted: bool) -> None:
    assert agree_on_values("Pipeline", {"layers": layers}, inputs, VALUES, lenient=True) == accepted


@pytest.mark.parametrize(("layer", "inputs", "accepted"), [
    ("StringLookup(vocabulary=['a'], output_mode='one_hot')", (None, 4), True),
    ("StringLookup(vocabulary=['a'], output_mode='one_hot')", (None, "T"), False),
    ("StringLookup(vocabulary=['a'], output_mode='count')", (None, 3, 2), True),
    ("StringLookup(output_mode='count')", (None, 3), False),
    ("TextVectorization(vocabulary=['a'])", (None, 1), True),
    ("TextVectorization(vocabulary=['a'])", (None, "T"), False),
    ("TextVectorization(vocabulary=['a'], output_mode='count')", (None, 3, 1), True),
    ("TextVectorization(vocabulary=['a'], output_mode='one_hot', split=None)", (None, "T"), False),
    ("TextVectorization(output_mode='count')", (None, 1), False),
    ("HashedCrossing(4)", [(None, 1), (None, 1)], True),
    ("HashedCrossing(4)", [(None, "T"), (None, "T")], False),
])  # fmt: skip
def test_pipeline_of_texts(layer: str, inputs: Any, accepted: bool) -> None:
    values = [{"T": 1}, {"T": 2}]
    assert agree_on_values("Pipeline", {"layers": [layer]}, inputs, values, "string", lenient=True) == accepted


def test_pipeline_states_what_data_gives() -> None:
    """Where a layer states a shape that it does not give, Keras states it, but not inside a Pipeline."""
    arguments: Any = {"layers": ["CategoryEncoding(4)", "Dense(3)"]}
    assert agree_on_values("Pipeline", arguments, (None, 3, 2), dtype="int32")
    assert agree_on_values("CategoryEncoding", {"num_tokens": 4}, (None, 3, 2), dtype="int32")
    alone = infer(one_layer("CategoryEncoding", {"num_tokens": 4}, (None, 3, 2)))
    inside = infer(one_layer("Pipeline", {"layers": ["CategoryEncoding(4)"]}, (None, 3, 2)))
    assert [believed(report.layers[-1]) for report in (alone, inside)] == [[(None, 3, 4)], [(None, 2, 4)]]
    assert (len(alone.hints), len(inside.hints)) == (1, 0)


def test_normalization_in_a_pipeline_has_to_be_adapted_first() -> None:
    inner = keras.layers.Normalization()
    sound = np.ones((2, 3), "float32")
    with pytest.raises(TypeError, match="out of scope"):
        keras.Sequential([keras.Input((3,)), keras.layers.Pipeline([inner])])(sound)
    adapted = keras.layers.Normalization()
    adapted.adapt(sound)
    assert keras.Sequential([keras.Input((3,)), keras.layers.Pipeline([adapted])])(sound).shape == (2, 3)
    spec = one_call("Pipeline", {"layers": [LayerSpec("Normalization", "normalization")]}, (None, 3))
    assert [str(hint) for hint in infer(spec).hints] == [
        """\
hint[adapt-first] layer "layer" (Pipeline)
  expected `adapt` on the Normalization before it is put into the Pipeline
  because  Keras loses its mean where the pipeline builds it, and then fails on data
  fix      adapt it first, or put it in front of the Pipeline"""
    ]


ARRAY = st.sampled_from([1.0, 1.0, [2.0], [1.0, 2.0], [1.0, 2.0, 3.0], [[1.0, 2.0]], [[1.0], [2.0], [3.0]]])


@st.composite
def numbers(draw: st.DrawFn) -> tuple[Any, ...]:
    shape = draw(shapes(2, 4, 3))
    if draw(st.booleans()):
        axis: Any = st.integers(-4, 3)
        arguments = draw(some(axis=st.none() | axis | st.lists(axis, max_size=2), invert=st.booleans()))
        if draw(st.booleans()):
            arguments |= {"mean": draw(ARRAY)}
            arguments |= {"variance": draw(st.sampled_from([arguments["mean"], arguments["mean"], 1.0]))}
        return "Normalization", arguments, shape, draw(data(3)), "float32"
    shape = (draw(st.sampled_from([1, 2, 2, 3])), *shape[1:])
    arguments = {"scale": draw(ARRAY), **draw(some(offset=ARRAY))}
    return "Rescaling", arguments, shape, draw(data(3)), "float32"


@drawn(numbers())
def test_drawn_numbers(case: Any) -> bool:
    """Any arguments of Normalization and Rescaling."""
    return agree_on_values(*case, lenient=True)


@st.composite
def categories(draw: st.DrawFn) -> tuple[Any, ...]:
    kind = draw(st.sampled_from(["Discretization", "CategoryEncoding", "Hashing", "HashedCrossing"]))
    shape = draw(shapes(1, 4, 4))
    modes = st.sampled_from([*MODES, *MODES[1:], "binary"])
    arguments = draw(some(output_mode=modes, sparse=st.booleans()))
    if kind == "Discretization":
        boundaries = st.lists(st.integers(-2, 2), max_size=3).map(sorted)
        arguments |= draw(some(bin_boundaries=boundaries, epsilon=st.just(0.1)))
        return kind, arguments, shape, draw(data(3)), "float32"
    number = {"num_tokens" if kind == "CategoryEncoding" else "num_bins": draw(st.sampled_from([4, 3, 4, 5, 0]))}
    if kind == "Hashing":
        arguments |= draw(some(salt=st.sampled_from([1, [1, 2], [1]]), mask_value=st.just(1)))
    if kind == "HashedCrossing":
        shape = draw(st.sampled_from([(None,), (None, 1), (None, 1), (None, "T"), (2, 1), (None, 2)]))
        other = draw(st.sampled_from([shape, shape, shape, (None, 1), (None, "U")]))
        arguments = {key: value for key, value in arguments.items() if value not in ("multi_hot", "binary")}
        return kind, {**number, **arguments}, [shape, (shape[0], *other[1:])], draw(data(2)), "int32"
    return kind, {**number, **arguments}, shape, draw(data(3)), "int32"


@drawn(categories())
def test_drawn_categories(case: Any) -> bool:
    """Any arguments of the layers that number, hash and encode."""
    return agree_on_values(*case, lenient=True)


INNER = [
    "Dense(3)", "Dense(2, use_bias=False)", "Rescaling(0.5)", "Flatten()", "LSTM(4)", "GRU(2, return_sequences=True)",
    "BatchNormalization()", "Reshape([2, -1])", "Discretization([0.], output_mode='one_hot')", "Dropout(0.5)",
    "Conv1D(2, 2)", "Pipeline([Dense(2), Flatten()])", "Bidirectional(LSTM(2))", "LSTM(3, return_state=True)",
]  # fmt: skip


@st.composite
def pipelines(draw: st.DrawFn) -> tuple[Any, ...]:
    layers = draw(st.lists(st.sampled_from(INNER), min_size=1, max_size=3))
    shape = draw(shapes(2, 4, 4).filter(lambda shape: isinstance(shape[-1], int)))
    return "Pipeline", {"layers": layers}, shape, draw(data(3))


@drawn(pipelines(), short=30, long=300)
def test_drawn_pipeline(case: Any) -> bool:
    """Any layers one after the other."""
    return agree_on_values(*case, lenient=True)
