"""The arguments that Keras 2 or 3 no longer has, each with what to write instead: one table for all sentences.

Every row was tried on Keras 3.15.1: the old fails there, and `new` works (tests/keras/test_diagnosis_fixes.py).
"""

from __future__ import annotations

from lstmcalc.frozen import NamedTuple

__all__ = ["ARGUMENTS", "METHODS", "NO_LAYERS", "OPTIMIZERS", "Gone", "argument_gone", "near_argument", "rows"]


class Gone(NamedTuple):
    """An argument or a name of older Kerases.

    `where` is what had it: layer classes, `layer` for all of them, a method, or the module of a name. `since` is the
    first Keras without it, as far as its major version. In `new`, `{value}` is the value that was given, and `{layer}`
    the class.
    """

    name: str
    where: str
    since: str
    because: str
    new: tuple[str, ...] = ()


def rows(where: str, since: str, *rows: tuple[str, str, str]) -> tuple[Gone, ...]:
    return tuple(
        Gone(name, where, since, because, tuple(new.split("\n")) if new else ()) for name, because, new in rows
    )


WINDOWED = (
    "Conv1D Conv2D Conv3D SeparableConv1D SeparableConv2D DepthwiseConv2D "
    "Conv2DTranspose MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D "
    "AveragePooling2D AveragePooling3D"
)
RENAMED_1 = "Keras 2 renamed it."

ARGUMENTS: tuple[Gone, ...] = (
    *rows(
        "layer",
        "3",
        ("batch_input_shape", "Only `Input` states the batch now.", "Input(batch_shape={value})"),
        ("batch_size", "Only `Input` states the batch now.", "Input(batch_shape=({value}, 10, 8))"),
        ("weights", "Weights are set once the layer is built.", "layer.set_weights(weights)"),
        ("dynamic", "Layers run eagerly where the model does.", 'model.compile(loss="mse", run_eagerly=True)'),
        ("experimental_autocast", "It is called `autocast` now.", "{layer}(4, autocast={value})"),
    ),
    *rows(
        "LSTM GRU SimpleRNN RNN Bidirectional ConvLSTM2D",
        "3",
        (
            "time_major",
            "Keras 3 reads (batch, timesteps, features) only; False was the default.",
            "x = keras.ops.swapaxes(x, 0, 1)  # only if it was True",
        ),
        ("input_length", "Only `Input` states the number of steps now.", "Input(({value}, 8))"),
    ),
    *rows(
        "LSTM GRU SimpleRNN",
        "2",
        ("inner_init", RENAMED_1, '{layer}(4, recurrent_initializer="{value}")'),
        ("forget_bias_init", "Keras 2 made it a flag.", "LSTM(4, unit_forget_bias=True)"),
        ("inner_activation", RENAMED_1, '{layer}(4, recurrent_activation="{value}")'),
        ("consume_less", "Keras 2 dropped it; the kernel is chosen by itself.", "{layer}(4)"),
        ("dropout_W", RENAMED_1, "{layer}(4, dropout={value})"),
        ("dropout_U", RENAMED_1, "{layer}(4, recurrent_dropout={value})"),
        ("U_regularizer", RENAMED_1, '{layer}(4, recurrent_regularizer="{value}")'),
    ),
    *rows(
        "layer",
        "2",
        ("init", RENAMED_1, '{layer}(4, kernel_initializer="{value}")'),
        ("W_regularizer", RENAMED_1, '{layer}(4, kernel_regularizer="{value}")'),
        ("b_regularizer", RENAMED_1, '{layer}(4, bias_regularizer="{value}")'),
        ("W_constraint", RENAMED_1, '{layer}(4, kernel_constraint="{value}")'),
        ("b_constraint", RENAMED_1, '{layer}(4, bias_constraint="{value}")'),
        ("bias", RENAMED_1, "{layer}(4, use_bias={value})"),
    ),
    *rows(
        WINDOWED,
        "2",
        ("border_mode", RENAMED_1, 'Conv2D(4, (3, 3), padding="{value}")'),
        ("subsample", RENAMED_1, "Conv2D(4, (3, 3), strides={value})"),
        (
            "dim_ordering",
            "Keras 2 renamed it; `th` is `channels_first`, `tf` is `channels_last`.",
            'Conv2D(4, (3, 3), data_format="channels_last")',
        ),
        ("pool_length", RENAMED_1, "MaxPooling1D({value})"),
        ("subsample_length", RENAMED_1, "Conv1D(4, 3, strides={value})"),
        ("stride", RENAMED_1, "MaxPooling1D(2, strides={value})"),
    ),
    *rows(
        "BatchNormalization",
        "2",
        ("mode", "Keras 2 dropped it.", "BatchNormalization()"),
        ("fused", "Keras 3 dropped it; the kernel is chosen by itself.", "BatchNormalization()"),
    ),
    *rows(
        "Model",
        "2",
        ("input", RENAMED_1, "Model(inputs=inputs, outputs=outputs)"),
        ("output", RENAMED_1, "Model(inputs=inputs, outputs=outputs)"),
    ),
    *rows(
        "fit evaluate predict",
        "3",
        ("workers", "The data brings it now.", "keras.utils.PyDataset(workers=4)  # the base of a class of your own"),
        (
            "use_multiprocessing",
            "The data brings it now.",
            "keras.utils.PyDataset(use_multiprocessing=True)  # the base of a class of your own",
        ),
        (
            "max_queue_size",
            "The data brings it now.",
            "keras.utils.PyDataset(max_queue_size=10)  # the base of a class of your own",
        ),
    ),
    *rows(
        "fit",
        "2",
        ("nb_epoch", RENAMED_1, "model.fit(x, y, epochs={value})"),
        ("samples_per_epoch", "Keras 2 counts batches.", "model.fit(x, y, steps_per_epoch=1)"),
        ("show_accuracy", "It is a metric.", 'model.compile(loss="mse", metrics=["accuracy"])'),
    ),
    *rows(
        "compile",
        "3",
        (
            "sample_weight_mode",
            "`sample_weight` of (samples, timesteps) does it.",
            "model.fit(x, y, sample_weight=sample_weights)",
        ),
        ("class_mode", "The loss and the metric say it.", 'model.compile(loss="categorical_crossentropy")'),
        ("target_tensors", "Targets are given to `fit`.", "model.fit(x, y)"),
        ("experimental_run_tf_function", "It was always on.", 'model.compile(loss="mse")'),
    ),
    *rows(
        "optimizer",
        "3",
        ("lr", "It is called `learning_rate`.", "keras.optimizers.{layer}(learning_rate={value})"),
        (
            "decay",
            "A schedule does it.",
            "schedule = keras.optimizers.schedules.InverseTimeDecay(0.001, 1, "
            "1e-6)\nkeras.optimizers.{layer}(schedule)",
        ),
    ),
    *rows(
        "ModelCheckpoint",
        "3",
        (
            "period",
            "It is called `save_freq`, and counts batches or is `epoch`.",
            'keras.callbacks.ModelCheckpoint("model.keras", save_freq="epoch")',
        ),
        ("save_format", "The ending of the path says it.", 'keras.callbacks.ModelCheckpoint("model.keras")'),
    ),
    *rows(
        "TensorBoard",
        "3",
        ("write_grads", "It was dropped.", 'keras.callbacks.TensorBoard("logs")'),
        ("batch_size", "It was dropped.", 'keras.callbacks.TensorBoard("logs")'),
    ),
    *rows(
        "Input",
        "3",
        ("type_spec", "State the shape and the dtype.", 'Input((8,), dtype="float32")'),
    ),
)

OPTIMIZERS = frozenset("Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lion Nadam RMSprop SGD".split())
NO_LAYERS = frozenset("Model ModelCheckpoint TensorBoard Input ReduceLROnPlateau EarlyStopping".split())


def argument_gone(name: str, where: str) -> Gone | None:
    """The row of an argument of a class, a method or a function."""
    rows = [row for row in ARGUMENTS if row.name == name]
    for row in rows:
        if where in row.where.split():
            return row
    kind = "optimizer" if where in OPTIMIZERS else "layer" if where[:1].isupper() and where not in NO_LAYERS else ""
    return next((row for row in rows if row.where == kind), None)


#: What the methods of a model take, in Keras 3.
METHODS = {
    "fit": "x y batch_size epochs verbose callbacks validation_split validation_data shuffle class_weight sample_weight"
    " initial_epoch steps_per_epoch validation_steps validation_batch_size validation_freq",
    "compile": "optimizer loss loss_weights metrics weighted_metrics run_eagerly steps_per_execution jit_compile",
    "evaluate": "x y batch_size verbose sample_weight steps callbacks return_dict",
    "predict": "x batch_size verbose steps callbacks",
    "summary": "line_length positions print_fn expand_nested show_trainable layer_range",
}


def near_argument(name: str, where: str) -> str:
    """The argument of a class or of a model's method whose name is the nearest; "" where none is near."""
    from lstmcalc.layers import find_rule
    from lstmcalc.layers.arguments import closest

    rule = find_rule(where) if where else None
    known = METHODS[where].split() if where in METHODS else list(rule.arguments) if rule else []
    return closest(name, known) or ""
