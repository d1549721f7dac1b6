"""Losses and metrics that are added to a model after it is made, and what older Kerases kept of them."""

from __future__ import annotations

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import Found, family
from lstmcalc.diagnosis.words import with_article

METRIC = Cause(
    "A metric of the output and the targets is wanted.",
    "Name it when compiling:",
    ('model.compile(loss="mse", metrics=["mae"])',),
)
METRIC_IN_A_LAYER = Cause(
    "A value inside the model is to be watched.",
    "Keep it as a metric of a layer of your own:",
    (
        "class Watched(keras.layers.Layer):",
        "    def __init__(self, **kwargs):",
        "        super().__init__(**kwargs)",
        '        self.mean = keras.metrics.Mean(name="watched")',
        "    def call(self, x):",
        "        self.mean.update_state(keras.ops.mean(x))",
        "        return x",
    ),
)
LOSS_IN_A_LAYER = Cause(
    "A loss of values inside the model is wanted.",
    "Add it in the `call` of a layer of your own, which works in Keras 2 and 3:",
    (
        "class Penalty(keras.layers.Layer):",
        "    def call(self, x):",
        "        self.add_loss(keras.ops.mean(x**2))",
        "        return x",
    ),
)
LOSS = Cause("It is a loss of the output and the targets.", "Give it to `compile`:", ("model.compile(loss=my_loss)",))
#: What `compile` left on a model of Keras 2.2 and older.
INNER = r"total_loss|metrics_tensors|_callable_losses|_compile_metrics|metrics_updates"


@family(
    "added-metric",
    ("has no attribute 'add_metric'", r"'(?P<class>\w{1,60})' object has no attribute '(?P<name>add_metric)'"),
    ("add_metric() method is deprecated", r"Layer (?P<name>add_metric)\(\) method is deprecated"),
)
def added_metric(found: Found) -> Diagnosis:
    """`add_metric`, which only the `tf.keras` of TensorFlow 1.13 to 2.15 has."""
    meaning = "`add_metric` works in the `tf.keras` of TensorFlow 1.13 to 2.15 only, and another Keras runs."
    return Diagnosis("", meaning, (METRIC, METRIC_IN_A_LAYER), got=found["name"])


@family(
    "added-loss",
    ("has no attribute 'add_loss'", r"'(?P<class>\w{1,60})' object has no attribute '(?P<name>add_loss)'"),
    ("add_loss() can only be called", r"(?P<name>add_loss)\(\) can only be called from inside build\(\) or call\(\)"),
)
def added_loss(found: Found) -> Diagnosis:
    """`add_loss` on what has none, or outside of a layer's `call`."""
    class_name = found["class"]
    if "ensor" in class_name:
        meaning = "`add_loss` is a method of layers and models; it was called on the output of a layer."
        slip = Cause("The variable holds a tensor, not the model.", "Make the model first:", ("m = Model(inputs, x)",))
        return Diagnosis("", meaning, (slip, LOSS_IN_A_LAYER), got=with_article(class_name))
    meaning = "In Keras 3 `add_loss` is called inside a layer's `call` or `build` only."
    if class_name:
        meaning = f"`{class_name}` has no `add_loss` in the Keras that runs."
    return Diagnosis("", meaning, (LOSS_IN_A_LAYER, LOSS), got=found["name"])


@family(
    "removed-name",
    (
        "object has no attribute",
        rf"'(?P<class>Model|Functional|Sequential)' object has no attribute '(?P<name>{INNER})'",
    ),
)
def inner_attribute(found: Found) -> Diagnosis:
    """What older Kerases kept on a compiled model."""
    name = found["name"]
    meaning = f"`{name}` was an inner attribute of a compiled model in older Kerases; the one that runs has none."
    version = Cause(
        "The code is written for another Keras.",
        "Run it with the Keras that it names in its requirements, or change it as below.",
    )
    cause = LOSS_IN_A_LAYER if "loss" in name else METRIC_IN_A_LAYER
    return Diagnosis("", meaning, (version, cause), class_name=found["class"], got=name)
