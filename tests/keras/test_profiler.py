"""What TensorFlow's profiler prints for a loop, in the two ways that it is run."""

from __future__ import annotations

from typing import Any

import keras
import pytest
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2_as_graph

from lstmcalc.explanation.frameworks.counters import prints
from lstmcalc.layers.rule import RULES, Inputs


def profiled(graph: Any) -> int:
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    return int(tf.compat.v1.profiler.profile(graph, cmd="op", options=options).total_float_ops)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
@pytest.mark.parametrize("arguments", [{"units": 7}, {"units": 4, "use_bias": False}], ids=str)
def test_a_function_as_it_is_and_frozen(name: str, arguments: dict[str, Any]) -> None:
    layer, rule = getattr(keras.layers, name)(**arguments), RULES[name](arguments)
    told = prints(rule, Inputs([(None, 10, 5)], rule.axis_names(3)))
    model = keras.Sequential([keras.Input((10, 5)), layer])
    function = tf.function(lambda data: model(data, training=False))
    concrete = function.get_concrete_function(tf.TensorSpec((1, 10, 5), "float32"))
    _, frozen = convert_variables_to_constants_v2_as_graph(concrete)
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(frozen, name="")
    assert profiled(concrete.graph) == told["tf"].number
    assert profiled(graph) == told["frozen"].number
