"""The reader's own line in a traceback: found among the library's lines, and used for the changes that are advised."""

from __future__ import annotations

import pytest

from lstmcalc.diagnosis import diagnose
from lstmcalc.diagnosis.message import Found
from lstmcalc.diagnosis.text import joined
from lstmcalc.diagnosis.traced import call_of, calls, file_read, own_line, registration

LIBRARY = """  File "/usr/lib/python3.11/site-packages/keras/src/layers/layer.py", line 1, in __call__
    raise e.with_traceback(filtered_tb) from None
"""
HEAD = "Traceback (most recent call last):\n"


def frame(code: str, file: str = "/home/user/train.py") -> str:
    return f'  File "{file}", line 3, in <module>\n    {code}\n'


def found(*parts: str, message: str = "ValueError: no") -> Found:
    return Found(message, joined(HEAD + "".join(parts) + message)[0].text)


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ((frame("model.add(LSTM(4))"), LIBRARY), "model.add(LSTM(4))"),
        ((frame("main()"), frame("model.fit(x, y)"), LIBRARY), "model.fit(x, y)"),
        ((frame("c = Add()(a)"), "        ^^^^^^^^\n", LIBRARY), "c = Add()(a)"),
        ((frame("x", "/tmp/__autograph_generated_file.py"),), ""),
        ((LIBRARY,), ""),
        ((), ""),
    ],
)
def test_the_last_line_of_ones_own(parts: tuple[str, ...], line: str) -> None:
    assert own_line(found(*parts)) == line


def test_of_two_tracebacks_the_one_before_the_message() -> None:
    first = HEAD + frame("model.build()") + "KeyError: 1\n\nDuring handling of the above exception:\n\n"
    text = joined(first + HEAD + frame("model.fit(x)") + "ValueError: no\n" + HEAD + frame("other()") + "TypeError: b")
    assert own_line(Found("ValueError: no", text[0].text)) == "model.fit(x)"


def test_the_calls_of_a_line() -> None:
    one = found(frame("h = layers.Bidirectional(layers.LSTM(4, activation='relu'))(x, mask=m)"))
    assert [call.name for call in calls(one)][-1] == "LSTM"
    lstm = call_of(one, "LSTM")
    assert lstm is not None
    assert (lstm.positional, lstm.keywords) == (("4",), {"activation": "'relu'"})
    assert lstm.written("", "activation", use_bias="False") == "layers.LSTM(4, use_bias=False)"


@pytest.mark.parametrize("line", ["model.add(LSTM(4,", "for value in y:", "(" * 500, "\0", "'"])
def test_a_line_that_is_cut_has_no_calls(line: str) -> None:
    assert calls(found(frame(line))) == ()


def test_the_file_and_the_keras_of_a_traceback() -> None:
    assert file_read(found(frame('m = keras.models.load_model("old.h5", compile=False)')), "x") == "old.h5"
    assert file_read(found(frame("m = load_model(path)")), "x") == "x"
    assert registration(found(LIBRARY)).startswith("@keras.saving.")
    old = LIBRARY.replace("keras/src/layers/layer.py", "keras/engine/topology.py")
    assert registration(found(old)) == ""
    newer = LIBRARY.replace("keras/src/layers/layer.py", "keras/utils/traceback_utils.py")
    assert registration(found(newer)).startswith("@tf.keras.utils.")


#: A line, the message that it leads to, and the first change, which keeps what the line says.
CHANGES = [
    ("layers.LSTM(4, activation=\"relu\", use_cudnn=True)(x)",
     "ValueError: use_cudnn=True was specified, but cuDNN is not supported for this layer configuration with this "
     "backend.", "layers.LSTM(4, use_cudnn=True)"),
    ("c = layers.Multiply()(a)", "ValueError: A merge layer should be called on a list of inputs. Received: "
     "input_shape=(None, 10) (not a list of shapes)", "layers.Multiply()([a, other])"),
    ("layers.GRU(output_dim=4, input_shape=(10, 8))",
     "TypeError: GRU.__init__() missing 1 required positional argument: 'units'",
     "layers.GRU(4, input_shape=(10, 8))"),
    ("layers.LSTM(unit=4)", "TypeError: LSTM.__init__() missing 1 required positional argument: 'units'",
     "layers.LSTM(4)"),
    ("output, h, c = LSTM(32, return_sequences=True)(x)",
     "NotImplementedError: Iterating over a symbolic KerasTensor is not supported.",
     "output, h, c = LSTM(32, return_sequences=True, return_state=True)(x)"),
    ("a, b, c = GRU(32, return_state=True)(x)", "ValueError: not enough values to unpack (expected 3, got 2)",
     "a, b = GRU(32, return_state=True)(x)"),
    ("model.add(layers.CuDNNGRU(7, input_shape=(10, 8)))",
     "AttributeError: module 'keras.layers' has no attribute 'CuDNNGRU'", "GRU(7, input_shape=(10, 8))"),
    ("from keras.layers import CuDNNLSTM, Dense",
     "ImportError: cannot import name 'CuDNNLSTM' from 'keras.layers' (a.py)", "from keras.layers import LSTM, Dense"),
    ("m = load_model('old.h5')", "ValueError: Unknown layer: CuDNNLSTM", 'tf_keras.models.load_model("old.h5")'),
    ("y = tf.concat([a, b], axis=-1)", "ValueError: A KerasTensor cannot be used as input to a TensorFlow function.",
     "y = keras.ops.concatenate([a, b], axis=-1)"),
    ("model.fit(a, b, batch_size=64)", "ValueError: The `batch_size` argument value 64 is incompatible with the "
     "specified batch size of your Input Layer: 8", "model.fit(a, b, batch_size=8)"),
    ("model.add(TimeDistributed(Conv2D(4, 3), input_shape=(28, 28, 1)))",
     "ValueError: Input 0 of layer conv2d is incompatible with the layer: : expected min_ndim=4, found ndim=3. Full "
     "shape received: [None, 28, 1]", "TimeDistributed(Conv2D(4, 3), input_shape=(timesteps, 28, 28, 1))"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message", "change"), CHANGES, ids=[line[:40] for line, _, _ in CHANGES])
def test_a_change_keeps_what_the_line_says(line: str, message: str, change: str) -> None:
    assert diagnose(HEAD + frame(line) + LIBRARY + message).causes[0].code[0] == change


def test_a_layer_behind_others_is_told_of_them_first() -> None:
    message = "ValueError: Input 0 is incompatible with layer {}_1: expected ndim=3, found ndim=2"
    about = {
        name: diagnose(HEAD + frame(f"model.add({code})") + message.format(name)).causes[0].about
        for name, code in {"conv1d": "Conv1D(8, 3)", "lstm": "LSTM(8)"}.items()
    }
    assert about == {"conv1d": "flatten", "lstm": "drops-steps"}


def test_a_batch_size_that_the_line_states_is_not_asked_for() -> None:
    message = (
        "ValueError: In a stateful network, you should only pass inputs with a number of samples that can be divided "
        "by the batch size. Found: 100 samples"
    )
    (rest,) = diagnose(HEAD + frame("model.fit(x, y, batch_size=32)") + message).causes
    assert rest.code[0] == "samples = len(x) // 32 * 32"
    assert len(diagnose(HEAD + frame("model.fit(x, y)") + message).causes) == 2
