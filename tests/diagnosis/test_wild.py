"""Messages as questions and issues have them: cut, quoted, of all ages; what a reader of each would be told first."""

from __future__ import annotations

import pytest

from lstmcalc.diagnosis import diagnose

INPUTS = "Layer model expects {} input(s), but it received {} input tensors. Inputs received: [<tf.Tensor 'Iter"
STATES = (
    "An `initial_state` was passed that is not compatible with `cell.state_size`. Received `state_spec`={}; however"
)
SPEC = "InputSpec(shape=(None, 8), ndim=2)"


@pytest.mark.parametrize(
    ("message", "code", "first"),
    [
        ("expected lstm_1_input to have 3 dimensions，but got array with shape (32, 40, 1, 2048)", "checking-input",
         "x = x.squeeze(axis=2)  # (32, 40, 1, 2048) -> (32, 40, 2048)"),
        ("Error when checking target: expected dense_1 to have shape (None, 3) but got array with shape (9, 4)",
         "checking-target", "y = keras.utils.to_categorical(labels - 1)"),
        ("ValueError: Shapes (None, 7) and (None, 1, 7) are incompatible", "incompatible-shapes",
         "Leave `return_sequences=True` out on the last recurrent layer"),
        ("target and output must have the same rank (ndim). Received: target.shape=(None,), output.shape=(None, 1)",
         "target-shape", "y = y[:, None]"),
        ("Arguments `target` and `output` must have the same rank (ndim). Received: target.shape=(None,), "
         "output.shape=(None, 10)", "target-shape", 'loss="sparse_categorical_crossentropy"'),
        ("InvalidArgumentError:  Incompatible shapes: [32,168,24] vs. [32,24]", "unequal-dimensions",
         "Leave `return_sequences=True` out"),
        ("Incompatible shapes: [25088] vs. [32,28,28]\n\t [[{{node metrics/acc/Equal}}]]", "unequal-dimensions",
         "leave the metric out"),
        (INPUTS.format(1, 2) + "atorGetNext:0'", "number-of-inputs", "validation_data=(x, y)"),
        (INPUTS.format(2, 3) + "atorGetNext:0'", "number-of-inputs", "validation_data=((a, b), y)"),
        ('ValueError: Layer "dense" expected 1 input(s). Received 2 instead.', "number-of-inputs", "Concatenate()"),
        (STATES.format(f"[{SPEC}, {SPEC}]") + " `cell.state_size` is [[8, 8], [8, 8]]", "initial-state",
         "initial_state=[[h1, c1], [h2, c2]]"),
        (STATES.format("[InputSpec(shape=(None, 9, 8), ndim=3)]") + " `cell.state_size` is [8]", "initial-state",
         "output, state = GRU(units, return_state=True)(x)"),
        ("Negative dimension size caused by subtracting 7 from 4 for 'Conv2D' (op: 'Conv2D') with input shapes: "
         "[?,4,33,33], [7,7,33,64].", "window-too-large", "x = x.transpose(0, 2, 3, 1)"),
        ("ValueError: Unknown layer:layers", "unknown-class", "pip install -U keras"),
        ("ValueError: Unknown layer: Mean", "unknown-class", 'model.load_weights("model.weights.h5")'),
        ("add() got an unexpected keyword argument 'input_shape'", "misplaced-bracket",
         "model.add(LSTM(64, input_shape=...))"),
        ("TypeError: ('Keyword argument not understood:', 'input_length')", "unknown-argument", "Input("),
        ("Layer input_3 does not support masking, but was passed an input_mask: All{2}.0", "mask-unsupported",
         "Bring Keras up to date"),
        ("AttributeError: Layer vgg16 has multiple inbound nodes, hence the notion of \"layer output\" is ill-defined.",
         "several-calls", "layer.get_output_at(0)"),
        ("AttributeError: 'Model' object has no attribute 'add_metric'", "added-metric", 'metrics=["mae"]'),
        ("'Tensor' object has no attribute 'add_loss'", "added-loss", "m = Model(inputs, x)"),
        ("AttributeError: module 'tensorflow.keras.layers' has no attribute 'CuDNNLSTM", "removed-name", "LSTM(4)"),
        ("ModuleNotFoundError: No module named 'tensorflow.contrib'", "old-with-new-tensorflow", "up to date"),
        ("TypeError: while_loop() got an unexpected keyword argument 'maximum_iterations'", "new-with-old-tensorflow",
         "python -m pip install -U tensorflow keras"),
        ("WARNING:absl:`lr` is deprecated in Keras optimizer, please use `learning_rate` or use the legacy optimizer",
         "renamed-lr", "Adam(learning_rate=0.001)"),
        ("Exception encountered when calling GlobalAveragePooling1D.call().\n\ncondition [2,5,1,1], then [2,5,3], and "
         "else [] must be broadcastable [Op:SelectV2]\n\nArguments received by GlobalAveragePooling1D.call():\n  • "
         "inputs=tf.Tensor(shape=(2, 5, 3), dtype=float32)\n  • mask=tf.Tensor(shape=(2, 5, 1), dtype=bool)",
         "mask-axes", "mask = mask[..., 0]  # (2, 5, 1) -> (2, 5)"),
        ("Received a label value of 67 which is outside the valid range of [0, 1).", "label-range", "Dense(68"),
    ],
)  # fmt: skip
def test_what_is_told_first(message: str, code: str, first: str) -> None:
    found = diagnose(message)
    assert found.code == code
    assert first in " ".join([found.causes[0].fix, *found.causes[0].code])


def test_a_layer_behind_others_is_not_told_to_prepare_the_data() -> None:
    """The data is (None, 256, 256, 3); the Dense got what a Flatten made of it."""
    message = (
        'Exception encountered when calling Sequential.call().\n\nInput 0 of layer "dense_2" is incompatible with the '
        "layer: expected axis -1 of input shape to have value 16384, but received input with shape (None, 65536)\n\n"
        "Arguments received by Sequential.call():\n  • inputs=tf.Tensor(shape=(None, 256, 256, 3), dtype=float32)"
    )
    found = diagnose(message)
    assert found.causes[0].about == "flatten"
    assert not [cause for cause in found.causes if "assert x.shape" in " ".join(cause.code)]


@pytest.mark.parametrize(
    ("value", "got", "first"), [(36992, 10368, "flatten"), (9, 10, ""), (180, 245, ""), (64, 128, "")]
)
def test_what_sizes_share_tells_a_flatten(value: int, got: int, first: str) -> None:
    message = (
        f"Input 0 of layer dense is incompatible with the layer: expected axis -1 of input shape to have value {value}"
    )
    assert diagnose(f"{message} but received input with shape (None, {got})").causes[0].about == first


@pytest.mark.parametrize("message", ["too many values to unpack (expected 2)", "negative dimensions are not allowed"])
def test_what_any_program_may_say_is_left_alone(message: str) -> None:
    assert not diagnose(f"ValueError: {message}").recognised
