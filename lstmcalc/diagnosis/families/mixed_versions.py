"""A Keras and a TensorFlow that do not fit each other, and optimizers' arguments under their old names."""

from __future__ import annotations

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import Found, family

TOGETHER = ("python -m pip install -U tensorflow keras",)


@family(
    "old-with-new-tensorflow",
    ("tensorflow.contrib", r"No module named '(?P<name>tensorflow\.contrib[\w.]{0,100})"),
    ("has no attribute 'contrib'", r"module 'tensorflow' has no attribute '(?P<name>contrib)'"),
)
def contrib(found: Found) -> Diagnosis:
    """`tensorflow.contrib`, which only TensorFlow 1 has."""
    causes = [
        Cause("The code, or a package that it imports, is written for TensorFlow 1.", "Look who imports it; bring that "
              "package up to date.")
    ]  # fmt: skip
    if "udnn" in found.text.lower():
        causes.insert(
            0,
            Cause(
                "CuDNNLSTM and CuDNNGRU of Keras 2.3 and older need TensorFlow 1.",
                "Use LSTM or GRU of a newer Keras: they choose the cuDNN kernel by themselves:",
                ("from tensorflow.keras.layers import GRU, LSTM",),
            ),
        )
    return Diagnosis("", "TensorFlow 2 has no `tensorflow.contrib`.", tuple(causes), got="tensorflow.contrib")


@family(
    "new-with-old-tensorflow",
    (
        "got an unexpected keyword argument",
        r"\b(?P<function>while_loop|softmax|log_softmax|concat|reduce_\w{1,20})\(\) got an unexpected keyword argument "
        r"'(?P<name>maximum_iterations|axis|keepdims)'",
    ),
)
def newer_keras(found: Found) -> Diagnosis:
    """A Keras that calls TensorFlow as a newer TensorFlow is called."""
    function, name = found["function"], found["name"]
    meaning = f"`{function}` of the TensorFlow that runs takes no `{name}`: the Keras is newer than the TensorFlow."
    cause = Cause("The two were installed at different times.", "Bring both up to date:", TOGETHER)
    return Diagnosis("", meaning, (cause,), got=f"{function}({name}=...)")


@family(
    "renamed-lr",
    ("lr is deprecated", r"\blr is deprecated in Keras optimizer, (?P<ignored>please use learning_rate)"),
    ("lr argument is deprecated", r"The lr argument is deprecated, use learning_rate instead"),
)
def renamed_lr(found: Found) -> Diagnosis:
    """A warning that `lr` is called `learning_rate`; TensorFlow 2.11 and later do not read it any more."""
    meaning = "An optimizer was given `lr`, which is called `learning_rate`."
    if found["ignored"]:
        meaning += " This Keras does not read `lr`: it takes its default, 0.001 for Adam."
    else:
        meaning += " This Keras still reads it; Keras 3 does not take it at all."
    cause = Cause("The code was written for an older Keras.", "Write:", ("Adam(learning_rate=0.001)",))
    return Diagnosis("", meaning, (cause,), expected="learning_rate", got="lr")
