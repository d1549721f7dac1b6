"""Adaptive pooling against real Keras.

AdaptiveMaxPooling takes windows that are one longer than the last axis where that axis has size 1, or is pooled to 1.
TensorFlow's oneDNN kernels, its default on a CPU, then end the process; its plain kernels and JAX's do not. Such cases
are built here, and run in a process of their own without oneDNN.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import keras
import pytest
from agreement import agree, agree_on_data, counted, flat, ours, same_weights, theirs
from drawing import data, drawn, laid_out, mostly, per_axis, sizes, some
from hypothesis import strategies as st
from layer_examples import one_layer

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.spec import LayerSpec

SPATIAL = {1: ["T"], 2: [7, "T"], 3: ["T", 6, 5]}
VALUES = [{"T": size, "U": 9 - size} for size in (2, 3, 8)]

ONE_PLACE = [
    ("AdaptiveMaxPooling1D", {"output_size": 1}, (2, 9, 3)),
    ("AdaptiveMaxPooling1D", {"output_size": 4}, (2, 1, 3)),
    ("AdaptiveMaxPooling2D", {"output_size": 1}, (2, 5, 6, 3)),
    ("AdaptiveMaxPooling2D", {"output_size": [4, 1], "data_format": "channels_first"}, (2, 3, 5, 6)),
    ("AdaptiveMaxPooling3D", {"output_size": [1, 2, 1]}, (2, 5, 6, 7, 3)),
    ("AdaptiveMaxPooling3D", {"output_size": 2}, (2, 5, 6, 1, 3)),
]
RUN_THEM = """
import json, sys
import keras, numpy
shapes = []
for name, arguments, shape in json.load(sys.stdin):
    shapes.append(getattr(keras.layers, name)(**arguments)(numpy.ones(shape, "float32")).shape)
print(json.dumps([list(shape) for shape in shapes]))
"""


def agree_where_it_runs(class_name: str, arguments: dict[str, Any], inputs: Any, values: Any) -> bool:
    """Like `agree_on_data`; what would end the process is built, and not run."""
    inner, shape = (class_name, arguments), inputs
    if class_name == "TimeDistributed":
        inner, shape = (arguments["layer"].class_name, arguments["layer"].arguments), (None, *inputs[2:])
    opened = tuple(None if isinstance(size, str) else size for size in inputs)
    mine = ours(class_name, arguments, opened)
    if isinstance(mine, SpecError) or not ends_the_process(*inner, shape, values):
        return agree_on_data(class_name, arguments, inputs, values)
    layer, model = theirs(class_name, arguments, opened)
    same_weights(mine, layer, str(arguments))
    assert list(mine.output_shapes) == flat(model.outputs), (class_name, arguments, inputs)
    return counted(True, class_name, arguments, inputs, (), None)


def ends_the_process(class_name: str, arguments: dict[str, Any], shape: Any, values: Any) -> bool:
    """Whether the last axis is of size 1, or is pooled to 1, for any of the values."""
    if "Max" not in class_name:
        return False
    places = arguments["output_size"]
    places = places[-1] if isinstance(places, list) and places else places
    size = shape[-1] if arguments.get("data_format") == "channels_first" else shape[-2]
    return places == 1 or 1 in [given.get(size, size) for given in values]


def test_one_place() -> None:
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0"}
    run = subprocess.run([sys.executable, "-c", RUN_THEM], input=json.dumps(ONE_PLACE), text=True,
                         capture_output=True, env=environment, check=True)  # fmt: skip
    for (class_name, arguments, shape), real in zip(ONE_PLACE, json.loads(run.stdout), strict=True):
        report = infer(one_layer(class_name, arguments, shape))
        assert list(report.outputs[0].shape or ()) == real
        assert [hint.code for hint in report.hints] == ["fails-on-tensorflow"]
        assert agree_where_it_runs(class_name, arguments, shape, [])


HINT = """\
hint[fails-on-tensorflow] layer "layer" (AdaptiveMaxPooling2D)
  expected width of at least 2, before and after
  got      (None, 5, 6, 3) to (None, {height}, 1, 3)
  because  TensorFlow with oneDNN, its default on a CPU, then stops the program
  fix      {fix}"""


@pytest.mark.parametrize(("arguments", "fix"), [
    ({"output_size": 1}, "use `GlobalMaxPooling2D` with `keepdims: true`"),
    ({"output_size": [4, 1]}, "set the environment variable `TF_ENABLE_ONEDNN_OPTS` to 0"),
])  # fmt: skip
def test_hint(arguments: dict[str, Any], fix: str) -> None:
    report = infer(one_layer("AdaptiveMaxPooling2D", arguments, (None, 5, 6, 3)))
    assert [str(hint) for hint in report.hints] == [HINT.format(height=report.outputs[0].shape[1], fix=fix)]


@pytest.mark.parametrize("class_name", ["AdaptiveMaxPooling2D", "AdaptiveAveragePooling2D"])
def test_no_hint(class_name: str) -> None:
    places = [1, 2] if "Max" in class_name else 1
    assert infer(one_layer(class_name, {"output_size": places}, (None, 1, 6, 1))).hints == ()


@pytest.mark.parametrize("data_format", [None, "channels_first", "Channels_First"])
@pytest.mark.parametrize("output_size", [2, 9, 0, -1, [3], [3, 2], [1, 2, 3], [2, 0], None, 2.5])
@pytest.mark.parametrize("kind", ["Max", "Average"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_grid(rank: int, kind: str, output_size: Any, data_format: str | None) -> None:
    arguments = {"output_size": output_size, "data_format": data_format}
    shape = laid_out(SPATIAL[rank], "U", data_format)
    sizes_given = output_size if isinstance(output_size, list) else [output_size] * rank
    right = len(sizes_given) == rank and all(isinstance(size, int) and size > 0 for size in sizes_given)
    accepted = agree_where_it_runs(f"Adaptive{kind}Pooling{rank}D", arguments, shape, VALUES)
    assert accepted == (right and data_format != "Channels_First")


@pytest.mark.parametrize("ndim", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("kind", ["Max", "Average"])
def test_number_of_axes(kind: str, ndim: int) -> None:
    shape = (None, *[5] * (ndim - 1))
    for rank in (1, 2, 3):
        if ndim == 3 and rank > 1:
            continue
        assert agree(f"Adaptive{kind}Pooling{rank}D", {"output_size": 2}, shape) == (ndim == rank + 2)


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("kind", ["Max", "Average"])
def test_too_few_axes_are_refused_where_keras_contradicts_itself(kind: str, rank: int) -> None:
    """With 3 axes Keras states a shape with more of them, and then pools along one."""
    class_name = f"Adaptive{kind}Pooling{rank}D"
    layer, model = theirs(class_name, {"output_size": 2}, (None, 5, 3))
    assert flat(model.outputs) == [(None, *[2] * rank, 3)]
    assert tuple(layer(keras.ops.ones((4, 5, 3))).shape) == (4, 2, 3)
    mine = ours(class_name, {"output_size": 2}, (None, 5, 3))
    assert isinstance(mine, SpecError)
    assert [fault.code for fault in mine.faults] == ["wrong-ndim"]


@pytest.mark.parametrize("shape", [(None, 4, 7, 3), (None, "T", 7, 3), (None, 4, "T", "U")])
@pytest.mark.parametrize("kind", ["Max", "Average"])
def test_in_every_step(kind: str, shape: Any) -> None:
    inner = LayerSpec(f"Adaptive{kind}Pooling1D", "inner", {"output_size": 3})
    assert agree_where_it_runs("TimeDistributed", {"layer": inner}, shape, VALUES)


@st.composite
def poolings(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    kind, rank = draw(st.sampled_from(["Max", "Average"])), draw(st.integers(1, 3))
    formats = mostly(st.sampled_from([None, "channels_last", "channels_first"]), st.just("Channels_First"))
    arguments = {"output_size": draw(per_axis(rank, 5)), **draw(some(data_format=formats))}
    ndim = draw(mostly(st.just(rank + 2), st.just(rank + 3)))
    spatial = draw(st.lists(sizes(9), min_size=ndim - 2, max_size=ndim - 2))
    shape = laid_out(spatial, draw(sizes()), arguments.get("data_format"))
    name = f"Adaptive{kind}Pooling{rank}D"
    if draw(st.integers(0, 9)) == 9:
        return "TimeDistributed", {"layer": LayerSpec(name, "inner", arguments)}, (None, 2, *shape[1:]), draw(data(9))
    return name, arguments, shape, draw(data(9))


@drawn(poolings())
def test_drawn_pooling(case: Any) -> bool:
    """Any arguments of adaptive pooling, now and then in every step of a sequence."""
    return agree_where_it_runs(*case)
