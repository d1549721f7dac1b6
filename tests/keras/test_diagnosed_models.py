"""What real Keras says of a wrong model, and the line that lstmcalc then names: that of the layer to change."""

from __future__ import annotations

import traceback

import pytest

from lstmcalc import diagnose, load

HEAD = "from keras import Input, Model, Sequential\nfrom keras.layers import *\n\n"


def said_by_keras(source: str) -> str:
    """The traceback of building a model."""
    with pytest.raises(ValueError) as refused:
        exec(compile(source, "model.py", "exec"), {})
    return "".join(traceback.format_exception(refused.type, refused.value, refused.tb))


@pytest.mark.parametrize(
    ("body", "code", "line", "fix"),
    [
        ("i = Input((10, 5))\nx = LSTM(8)(i)\nm = Model(i, LSTM(4)(x))", "wrong-ndim", 5,
         'Set `return_sequences=True` on "lstm".'),
        ("i = Input((10, 5))\nx = Bidirectional(GRU(8))(i)\nm = Model(i, Conv1D(4, 3)(x))", "wrong-ndim", 5,
         'Set `return_sequences=True` on the GRU in "bidirectional".'),
        ("i = Input((10, 5))\nx = LSTM(8, return_sequences=True)(i)\nm = Model(i, RepeatVector(3)(x))", "wrong-ndim", 5,
         'Set `return_sequences=False` on "lstm".'),
        ("i = Input((8, 8, 1))\nx = MaxPooling2D(4)(i)\nm = Model(i, Conv2D(4, 3)(x))", "window-too-large", 6,
         'Use `padding="same"` or a `kernel_size` of at most 2.'),
        ("i = Input((3, 4))\nx = LSTM(5)(i)\nm = Model(i, Concatenate()([i, x]))", "concatenate-shapes", 5,
         'Set `return_sequences=True` on "lstm".'),
    ],
)  # fmt: skip
def test_the_line_to_change(body: str, code: str, line: int, fix: str) -> None:
    source = HEAD + body + "\n"
    found = diagnose(said_by_keras(source), load("model.py", text=source))
    assert found.code == code
    where = found.causes[0].where
    assert where is not None and (where.line, found.causes[0].fix) == (line, fix)


@pytest.mark.parametrize(
    ("body", "code", "layer"),
    [
        ("i = Input((50,))\nm = Model(i, LSTM(8)(i))", "wrong-ndim", "lstm"),
        ("i = Input((50,))\nm = Model(i, TimeDistributed(Dense(3))(i))", "wrong-ndim", "time_distributed"),
        ("i = Input((700,))\nm = Model(i, Reshape((28, 28))(i))", "reshape-total", "reshape"),
        ("i = Input((None, 4))\nm = Model(i, Dense(2)(Flatten()(i)))", "undefined-size", "dense"),
        ("i = Input((3, 4))\nm = Model(i, Add()([i, Dense(5)(i)]))", "merge-shapes", "add"),
        ("i = Input((3, 4))\nm = Model(i, LSTM(5)([i, i]))", "number-of-inputs", "lstm"),
        (
            "d = Dense(3)\na, b = Input((5,)), Input((6,))\nm = Model([a, b], Add()([d(a), d(b)]))",
            "wrong-size",
            "dense",
        ),
    ],
)
def test_the_layer_in_the_file(body: str, code: str, layer: str) -> None:
    """Keras counts the layers of a whole session, so its names have other numbers."""
    source = HEAD + body + "\n"
    found = diagnose(said_by_keras(source), load("model.py", text=source))
    assert (found.code, found.layer) == (code, layer)
    assert found.causes[0].cause
