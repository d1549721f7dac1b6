"""Messages that nothing raises: each is answered, or said to be unknown, in time that grows with its text."""

from __future__ import annotations

import pytest
from limited import at_most

from lstmcalc.cli.paste import ERROR_SIGNS
from lstmcalc.diagnosis import diagnose, looks_like_error

SHAPES = "ValueError: Shapes (None, 1) and (None, 10) are incompatible\n"
NDIM = (
    'ValueError: Input 0 of layer "{}" is incompatible with the layer: expected ndim={}, found ndim={}. '
    "Full shape received: {}"
)
FRAME = '  File "a.py", line 3, in f\n    x = f(y)\n'
TRACEBACK = "Traceback (most recent call last):\n"


KNOWN = {
    "20,000 frames": TRACEBACK + FRAME * 20_000 + SHAPES,
    "5,000 messages": SHAPES * 5_000,
    "HTML around it": "<pre>" * 20_000 + SHAPES.strip() + "</pre>" * 20_000,
    "colours around it": "\x1b[31m" * 20_000 + SHAPES,
    "blanks behind it": SHAPES.strip() + " " * 10**5,
    "a long line before it": "x" * 10**5 + "\n" + SHAPES,
}  # fmt: skip
ODD = {
    "10^4 axes": f"ValueError: Shapes (None, {'3, ' * 10**4}) and (None, 10) are incompatible",
    "10^5 digits": f"InvalidArgumentError: indices[0,{'9' * 10**5}] = {'9' * 10**5} is not in [0, {'9' * 10**5})",
    "an array of 10^5 digits": f"ValueError: cannot reshape array of size {'9' * 10**5} into shape ({'9' * 10**4},3)",
    "no number of axes": NDIM.format("lstm", "9" * 10**5, "-3", "(None, -1)"),
    "a name of 10^5 letters": NDIM.format("l" * 10**5, 3, 2, "(None, 64)"),
    "a name that steers": NDIM.format("\x1b[2J\u202e", 3, 2, "(None, 64)"),
    "brackets": "ValueError: " + "(" * 10**5,
    "a call of 10^5 brackets": TRACEBACK + FRAME.replace("y", "(" * 10**5) + SHAPES,
    "JSON": 'ValueError: {"a": ' * 20_000,
    "NULs": "ValueError: " + "\0" * 10**5,
    "lines of signs": "ValueError: x\n" + ("E   > |#*\n" * 10_000),
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_a_message_is_found_in_much_of_anything(name: str) -> None:
    with at_most():
        assert looks_like_error(KNOWN[name])
        found = diagnose(KNOWN[name])
    assert found.recognised
    assert len(found.message) < 2_000


@pytest.mark.parametrize("name", ODD)
def test_an_odd_message_is_answered(name: str) -> None:
    with at_most():
        found = diagnose(ODD[name])
        str(found.to_json())
    assert len(found.message) < 10**5 + 1_000


def test_every_sign_of_an_error_is_one_that_errors_show() -> None:
    for sign in ERROR_SIGNS:
        text = f"{sign} (most recent call last)" if sign == "Traceback" else f"Some{sign}: no"
        assert looks_like_error(text), sign
    assert not looks_like_error("lstm (LSTM) (None, 10) 440")
