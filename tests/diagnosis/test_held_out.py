"""Messages of a later round of questions: those whose answers were wrong, too sure, or missing."""

from __future__ import annotations

import pytest

from lstmcalc.diagnosis import diagnose

TARGET = "ValueError: logits and labels must have the same shape ({} vs {})"
SHAPES = " with input shapes: [?,128], [32,32]."


@pytest.mark.parametrize(
    ("message", "code", "first"),
    [
        (f"Dimensions must be equal, but are 128 and 32 for 'Attention/MatMul' (op: 'MatMul'){SHAPES}", "matrix-sizes",
         "self.add_weight(shape=(input_shape[-1], 32)"),
        (f"Dimensions must be equal, but are 128 and 32 for 'dense_1/MatMul' (op: 'MatMul'){SHAPES}", "matrix-sizes",
         "assert x.shape[-1] == 32"),
        (TARGET.format("(None, 1)", "()"), "target-shape", "y = np.asarray(y).reshape(-1, 1)"),
        (TARGET.format("()", "(?, ?)"), "target-shape", "model.summary()"),
        (TARGET.format("(None, None, None, 1)", "(None, 1)"), "target-shape", "GlobalAveragePooling2D()"),
        ("ValueError: Shapes (None, None) and (None, 7, 7, 67) are incompatible", "incompatible-shapes",
         "GlobalAveragePooling2D()"),
        ("Error when checking target: expected activation_1 to have shape (90, 10) but got array with shape (10, 2)",
         "checking-target", "Cut or pad the targets to 90 steps"),
        ("Error when checking model target: expected lstm_1 to have shape (100, 500) but got array with shape (100, 1)",
         "checking-target", "Dense(1)"),
        ("Received a label value of -1 which is outside the valid range of [0, 80).", "label-range", "y[y >= 0]"),
        ("Received a label value of -1 which is outside the valid range of [0, 2).", "label-range", "(y + 1) // 2"),
        ("Received a label value of 255 which is outside the valid range of [0, 10).", "label-range", "np.unique(y)"),
        ("indices[28,13] = -2147483648 is not in [0, 1193514)", "embedding-range", "np.isnan(x).any()"),
        ("TypeError: Unexpected keyword argument passed to optimizer: lr", "unknown-argument", "learning_rate=0.001"),
        ("Unrecognized keyword arguments passed to Embedding: {'input_length': 10}", "unknown-argument",
         "Leave it out"),
        ("AssertionError: Keyword argument not understood: batch_input_shape", "unknown-argument", "Input(batch_shape"),
        ("Dimension must be 5 but is 4 for 'attention_7/transpose_8' (op: 'Transpose') with input shapes: "
         "[?,8,?,8,?], [4].", "transpose-axes", "tf.matmul(a, b, transpose_b=True)"),
        ("Dimension must be 3 but is 4 for '{{node a/transpose}} = Transpose[T=DT_FLOAT](x, p)' with input shapes: "
         "[?,8,9], [4].", "transpose-axes", "print(x.shape)"),
        ("Dimension 1 in both shapes must be equal, but are 7 and 30. Shapes are [30,7] and [30,30].",
         "concatenate-shapes", "Concatenate(axis=-1)"),
        ("TypeError: Failed to convert object of type <class 'list'> to Tensor. Contents: [1, Dimension(None)].",
         "size-in-shape", "tf.shape(x)[0]"),
        ("expected dense_input to have 3 dimensions, but got array with shape (10, 1 )", "checking-input",
         "(10, 1) -> (10, 1, 1)"),
        ('Exception encountered when calling layer "flatten_1" (type Flatten).\n\nAttempt to convert a value (None) '
         "with an unsupported type (<class 'NoneType'>) to a Tensor.\n\nCall arguments received:\n  • inputs="
         "<KerasTensor: shape=(None, 3) dtype=float32>", "keras-inside-tensorflow", "from tensorflow.keras import"),
        ("Layer shape (4, 1, 16, 16) not compatible with weight shape (5, 1, 16, 16).", "weights-shape",
         "model.summary()"),
        ("AttributeError: 'Concatenate' object has no attribute 'dtype'", "layer-not-called", "Concatenate()([a, b])"),
        ("AttributeError: 'Sequential' object has no attribute 'shape'", "layer-not-called", "model(x)"),
        ("TypeError: Concatenate.__init__() got multiple values for argument 'axis'", "layer-not-called",
         "Concatenate()([a, b])"),
        ("Operands could not be broadcast together with shapes (1, 810) (10, 81)", "merge-shapes",
         "Reshape((1, 810))(other)"),
        ("Operands could not be broadcast together with shapes (8, 4, 2) (2, 8, 4)", "merge-shapes",
         "Permute((2, 3, 1))(other)"),
        ("Dimensions must be equal, but are 512 and 38 for 'norm/mul' (op: 'Mul') with input shapes: [?,38,38,512], "
         "[38].", "unequal-dimensions", "channels_last"),
        ("Dimensions must be equal, but are 196608 and 65536 for '{{node compile_loss/dice_loss/mul}} = Mul[T=DT_FLOAT]"
         "(a, b)' with input shapes: [?,196608], [?,65536].", "unequal-dimensions", "y[..., :1]"),
        ("Input dimension mis-match. (input[0].shape[0] = 10, input[1].shape[0] = 1)", "unequal-dimensions",
         "batch_size=batch_size"),
        ("Exception: Attached non-masking layer to layer with masked output", "mask-unsupported", ""),
        ("WARNING:tensorflow:Model inputs must come from `tf.keras.Input` (thus holding past layer metadata)",
         "not-keras-tensor", "Input("),
    ],
)  # fmt: skip
def test_what_is_told_first(message: str, code: str, first: str) -> None:
    found = diagnose(message)
    assert found.code == code
    assert first in " ".join([found.causes[0].fix, *found.causes[0].code])


@pytest.mark.parametrize(
    "message",
    [
        "AttributeError: 'Series' object has no attribute 'shape'",
        "TypeError: __init__() got multiple values for argument 'axis'",
        "TypeError: missing a required argument: 'path'",
        "IndexError: list index out of range",
        "ValueError: Shapes (None, 3) and (None, 4) are not compatible",
    ],
)
def test_what_any_program_may_say_is_left_alone(message: str) -> None:
    assert not diagnose(message).recognised


def test_words_for_words_of_a_large_vocabulary_are_no_pictures() -> None:
    """5,000 and 10,000 divide, and are no squares."""
    found = diagnose("ValueError: Shapes (None, 10000) and (None, 5000) are incompatible")
    assert "pictures" not in " ".join(cause.cause for cause in found.causes)


def test_permuted_axes_are_as_keras_counts_them() -> None:
    numpy = pytest.importorskip("numpy")
    found = diagnose("Operands could not be broadcast together with shapes (8, 4, 2) (2, 8, 4)")
    order = [int(digit) for digit in found.causes[0].code[0] if digit.isdigit()]
    assert numpy.zeros((1, 2, 8, 4)).transpose(0, *order).shape == (1, 8, 4, 2)
