"""Messages as questions and issues have them: cut, quoted, of all ages; what a reader of each would be told first."""

from __future__ import annotations

import pytest

from lstmcalc.diagnosis import diagnose
from lstmcalc.diagnosis.apart import data_causes

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
        ("Input 0 of layer sequential is incompatible with the layer: expected ndim=3, found ndim=4. Full shape "
         "received: [None, 1, 60, 2]", "wrong-ndim", "x.squeeze(axis=1)"),
        ("Error when checking input: expected Decoder_input to have 2 dimensions, but got array with shape (1, 5, 5)",
         "checking-input", "x = x.argmax(axis=-1)  # (1, 5, 5) -> (1, 5)"),
        ("ValueError: could not broadcast input array from shape (4794,1) into shape (0,1)", "copy-shape",
         "plot[start : start + len(rows)] = rows"),
        ("Concatenate layer requires inputs with matching shapes except for the concatenation axis. Received: "
         "input_shape=[(None, 88, 88, 128), (None, 89, 89, 128)]", "concatenate-shapes", "2 ** poolings"),
        ('Exception: "concat" mode can only merge layers with matching output shapes except for the concat axis. Layer '
         "shapes: [(None, 0, 24, 128), (None, 0, 24, 64)]", "concatenate-shapes", "x.transpose(0, 2, 3, 1)"),
        ("Negative dimension size caused by subtracting 3 from 2 for 'MaxPool' (op: 'MaxPool') with input shapes: "
         "[?,2,112,96].", "window-too-large", "x.transpose(0, 2, 3, 1)"),
        ("Negative dimension size caused by subtracting 2 from 1 for '{{node max_pooling2d_2/MaxPool}} = MaxPool["
         "data_format=\"NCHW\", ksize=[1, 1, 2, 2]](conv2d_6/Identity)' with input shapes: [?,256,1,1].",
         "window-too-large", 'padding="same"'),
        ("cudnn_rnn_ops.cc:1517 : INVALID_ARGUMENT: Invalid input_h shape: [1,33,16] [1,32,16]", "stateful-batch",
         "batch_size=33"),
        ("ValueError: Dimension 1 in both shapes must be equal, but are 100 and 10000. Shapes are [?,100] and [?,10000]"
         ". for 'bidirectional_20/while/Select' (op: 'Select') with input shapes: [?,10000], [?,100], [?,100].",
         "mask-axes", "def compute_mask"),
        ("ValueError: Data cardinality is ambiguous:\n  x sizes: 2\n  y sizes: 107090\nMake sure all arrays contain "
         "the same number of samples", "cardinality", "x = x.T"),
        ("Exception encountered: Error when deserializing class 'Block' using config={}.\n\nException encountered: "
         "Block.__init__() got an unexpected keyword argument 'trainable'", "unknown-argument", "**kwargs"),
        ("Input tensors to a Functional must come from `tf.keras.Input`. Received: Tensor(\"keras_learning_phase:0\", "
         "shape=(), dtype=bool)", "not-keras-tensor", "training=False"),
        ("Error when checking model target: expected activation_1 to have shape (2688, 96, 96) but got array with "
         "shape (2688, 96, 1)", "checking-target", "num_classes=96"),
        ("Error when checking target: expected dense_16 to have shape (None, 2) but got array with shape (8, 4800000)",
         "checking-target", "return_sequences=True"),
        ("logits and labels must be broadcastable: logits_size=[64,48] labels_size=[32,48]", "sparse-target",
         "keras.ops.shape(x)[0]"),
        ("logits and labels must be broadcastable: logits_size=[128,10] labels_size=[1,128]", "sparse-target",
         "keras.utils.to_categorical(y.ravel(), num_classes=10)"),
        ("InvalidArgumentError: Incompatible shapes: [50,32] vs. [100,32]\n\t [[Node: training/Adam/gradients/lambda_1/"
         "add_grad/BroadcastGradientArgs]]", "unequal-dimensions", "instead of batch_size"),
        ("InvalidArgumentError: Incompatible shapes: [200,10] vs. [200,5] [[node LogicalAnd_3 (defined at a:1) ]]",
         "unequal-dimensions", "name a metric"),
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


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("ResourceExhaustedError: OOM when allocating tensor with shape[512,2048] and type float", "out-of-memory"),
        ("UnknownError: Failed to get convolution algorithm. This is probably because cuDNN failed to initialize",
         "cudnn-failed"),
        ("InternalError: Failed to call ThenRnnForward\n [[Node: a/CudnnRNN = CudnnRNN[T=DT_FLOAT]]]", "cudnn-failed"),
        ("InternalError: [_Derived_] Failed to call ThenRnnBackward with model config: 2, 0, 0", "cudnn-failed"),
    ],
)  # fmt: skip
def test_the_machine_is_named_and_nothing_is_guessed(message: str, code: str) -> None:
    found = diagnose(message)
    assert (found.code, found.causes) == (code, ())
    assert found.meaning.count(". ") == 0


def test_only_causes_that_the_numbers_allow() -> None:
    """A batch of 32 for a model of 1: there is no rest, and single samples are what it takes."""
    found = diagnose("If an RNN is stateful, the batch size of the input sequences must be the same as the batch size "
                     "of the initial state. - Expected batch size: 1 - Received batch size: 32")  # fmt: skip
    assert found.meaning.startswith("The model keeps the states of 1 sample.")
    assert [cause.code for cause in found.causes] == [("model.predict(x, batch_size=1)",)]


@pytest.mark.parametrize(
    "message",
    [
        'ValueError: Expected state to be a tuple of length 1, but received: Tensor("decoder/while/Identity_3:0")',
        "AssertionError: LSTMDecoder requires 2D  input, not 3D.",
    ],
)
def test_what_is_too_little_to_go_by_is_left_alone(message: str) -> None:
    assert not diagnose(message).recognised


def test_the_batch_of_one_sample_is_no_spare_axis() -> None:
    assert [cause.code for cause in data_causes((1, 5, 1), (None, None))] == [
        ("x = x.squeeze(axis=2)  # (1, 5, 1) -> (1, 5)",)
    ]


def test_what_a_model_was_not_given_is_data() -> None:
    """Nothing stands before a model, and its input has the axes already: three readings of the data are left."""
    found = diagnose("Input 0 of layer sequential is incompatible with the layer: expected ndim=3, found ndim=2. Full "
                     "shape received: [None, 10]")  # fmt: skip
    assert [cause.code for cause in found.causes] == [
        ("x = x[..., None]  # (None, 10) -> (None, 10, 1)",),
        ("x = x[:, None, :]  # (None, 10) -> (None, 1, 10)",),
        ("x = x[None]",),
    ]


def test_shapes_of_whole_batches_are_read_as_such() -> None:
    """Keras 1 prints the batch of a fixed size too; Keras 2.2 prints none."""
    said = "Error when checking {}: expected dense_1 to have shape (8, 5) but got array with shape (8, 1)"
    assert [diagnose(said.format(what)).expected for what in ("model target", "target")] == ["(8, 5)", "(None, 8, 5)"]
