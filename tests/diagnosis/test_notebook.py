"""Tracebacks of notebooks: the line that the arrow points at is the reader's own line, as in Python's tracebacks."""

from __future__ import annotations

import pytest

from lstmcalc.diagnosis import diagnose
from lstmcalc.diagnosis.message import Found
from lstmcalc.diagnosis.notebook import as_python
from lstmcalc.diagnosis.text import joined
from lstmcalc.diagnosis.traced import own_line

HEAD = "---------\nValueError                                Traceback (most recent call last)\n"
LIBRARY = """
~/anaconda3/lib/python3.8/site-packages/keras/engine/sequential.py in add(self, layer)
    206           # and create the node connecting the current layer
--> 208           layer(x)
    209           set_inputs = True
"""
COLAB = """
2 frames
[/usr/local/lib/python3.11/dist-packages/keras/src/layers/layer.py](https://localhost:8080/#) in __init__(self)
    801             return obj
--> 803     raise ValueError(
    804         f"Unrecognized keyword arguments passed to {name}: {given}"
"""
NEWER = r"""
File c:\Users\me\lib\site-packages\keras\utils\traceback_utils.py:70, in filter_traceback.<locals>.handler(*args)
     [67](file:///c%3A/traceback_utils.py?line=66)     filtered_tb = None
---> [70](file:///c%3A/traceback_utils.py?line=69)     raise e.with_traceback(filtered_tb) from None
"""
ONE = "      1 model = Sequential()\n----> 2 model.add(LSTM(4))\n      3 model.add(Dense(1))\n"
START = "----> 2 model.add(\n      3     LSTM(4),\n      4 )\n      5 model.fit(x)\n"
END = "      2 model.add(\n      3     LSTM(4),\n----> 4 )\n"


@pytest.mark.parametrize("head", [
    "<ipython-input-16-29eef80a8637> in <module>\n",
    "[<ipython-input-2-36406e627be8>](https://localhost:8080/#) in <cell line: 0>()\n",
    "Cell In[26], line 2\n",
    "Input In [3], in <cell line: 2>()\n",
    "/tmp/ipykernel_33/train.py in <module>\n",
    "",
])  # fmt: skip
@pytest.mark.parametrize("library", [LIBRARY, COLAB, NEWER, ""])
def test_the_line_of_the_arrow_is_ones_own(head: str, library: str) -> None:
    text = joined(HEAD + head + ONE + library + "\nValueError: no")[0].text
    assert own_line(Found("ValueError: no", text)) == "model.add(LSTM(4))"


@pytest.mark.parametrize(
    ("lines", "statement"),
    [(START, "model.add( LSTM(4), )"), (END, "model.add( LSTM(4), )"), (ONE, "model.add(LSTM(4))")],
)
def test_a_statement_of_several_lines_is_put_together(lines: str, statement: str) -> None:
    """Pythons before 3.8 point at its end, later ones at its start."""
    text = joined(HEAD + "<ipython-input-1-ab> in <module>\n" + lines + LIBRARY + "\nValueError: no")[0].text
    assert own_line(Found("ValueError: no", text)) == statement


def test_the_lines_around_it_say_nothing() -> None:
    """Context lines may hold the code of a message, which is no message."""
    text = joined(HEAD + COLAB + "\nValueError: no")[0].text
    assert "Unrecognized" not in text and "return obj" not in text


@pytest.mark.parametrize(
    "line", ["1 2 3", "12 units", "-> 4 values each", "lstm (LSTM) -> dense", "see a.py in line 3", ""]
)
def test_other_lines_stay(line: str) -> None:
    before = ["before", line, "after"]
    assert as_python(before) == before


def test_a_file_of_the_reader_behind_a_library_line() -> None:
    own = "\n~/work/model.py in encode(x)\n     19     z = f(x)\n---> 20     return Multiply()([x, z])\n"
    text = joined(HEAD + "<ipython-input-1-ab> in <module>\n----> 1 encode(x)\n" + own + LIBRARY + "ValueError: no")[
        0
    ].text
    assert own_line(Found("ValueError: no", text)) == "return Multiply()([x, z])"


@pytest.mark.parametrize(
    ("line", "message", "change"),
    [
        ("c = Concatenate([a, b], axis=1)", "TypeError: __init__() got multiple values for argument 'axis'",
         "Concatenate(axis=1)([a, b])"),
        ("m = load_model('new (1).keras')", "TypeError: Could not locate class 'Mine'. Make sure custom classes are",
         'load_model("new (1).keras", custom_objects={"Mine": Mine})'),
        ("y, h, c = LSTM(n, return_state=True)(inputs=x, initial_state=[a, b])",
         "TypeError: missing a required argument: 'sequences'",
         "LSTM(n, return_state=True)(x, initial_state=[a, b])"),
        ("model.compile(Adam(learning_rate=1e-4), 'mse')",
         "TypeError: Unexpected keyword argument passed to optimizer: learning_rate", "Adam(lr=1e-4)"),
    ],
)  # fmt: skip
def test_a_change_keeps_what_the_cell_says(line: str, message: str, change: str) -> None:
    text = f"{HEAD}<ipython-input-3-ab> in <module>\n      1 x = 1\n----> 2 {line}\n{LIBRARY}\n{message}"
    assert change in diagnose(text).causes[0].code[0]


def test_a_number_that_does_not_go_on_is_no_line_of_the_frame() -> None:
    lines = ["----> 2 f(x)", "      3 g(x)", "", "12 samples are given", "7"]
    assert as_python(lines) == ['File "<input>", line 2 f(x)', "", "", "12 samples are given", "7"]
    assert as_python(["---> 20 f(x)", "12 samples are given"])[1] == "12 samples are given"
