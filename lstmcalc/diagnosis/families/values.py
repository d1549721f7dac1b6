"""Values that an argument refuses, and names that Keras does not know."""

from __future__ import annotations

import re

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import Found, family
from lstmcalc.diagnosis.traced import file_read

KIND = {"objective": "loss", "loss function": "loss", "activation function": "activation", "metric function": "metric"}


@family(
    "unknown-identifier",
    (
        "Could not interpret",
        r"Could not interpret (?P<kind>loss|optimizer|activation"
        r" function|metric|initializer|regularizer|constraint)"
        r"(?: function)? identifier:'?,? ?'?(?P<name><[^>]{1,200}>|\([^()]{0,40}\)|[^\s<(\"']{1,60})",
    ),
    (
        "Unknown ",
        r"Unknown (?P<kind>loss function|optimizer|activation function|metric"
        r" function|initializer|regularizer)"
        r"(?: ?: ?'?| '?)(?P<name>[\w.]{1,60})",
    ),
    (
        "Invalid ",
        r"Invalid (?P<kind>objective|optimizer|activation"
        r" function|metric|initialization|regularizer): (?P<name>[\w.]{1,60})",
    ),
)
def unknown_identifier(found: Found) -> Diagnosis | None:
    """The name of a loss, optimizer, activation, ... that Keras does not have; or an object of another Keras."""
    kind, name = KIND.get(found["kind"], found["kind"]), found["name"].strip()
    if name.startswith("{"):
        # A line of Keras's code in a traceback.
        return None
    if name.startswith("<"):
        return _foreign(kind, name)
    name = name.strip("',\".")
    causes = [
        Cause(
            "The name is misspelt, or is another library's.",
            f"Write one of Keras's, for example {_EXAMPLES.get(kind, '')}.",
        )
    ]
    near = _near(kind, name)
    if near:
        code = f'metrics=["{near}"]' if kind == "metric" else f'{kind}="{near}"'
        causes[0] = Cause("The name is misspelt.", "Write:", (code,))
    if found.near(r"(load_model|from_config|deserialize)") or "custom_object_scope" in found.text:
        causes.insert(
            1 if near else 0,
            Cause(
                f"`{name}` is a function of your own, and the file holds its name only.",
                "Give it when loading:",
                (f'keras.models.load_model("{file_read(found, "model.h5")}", custom_objects={{"{name}": {name}}})',),
            ),
        )
    if kind == "activation" and not near:
        causes.append(
            Cause(
                "A second number or tuple stands where Keras 2 and 3 take the activation.",
                "Name the arguments:",
                ('Dense(64, activation="relu")', "LSTM(64, input_shape=(10, 8))"),
            )
        )
    return Diagnosis("", f"Keras has no {kind} called `{name}`.", tuple(causes), expected=f"a Keras {kind}", got=name)


_MODULES = {"loss": "losses"}
_EXAMPLES = {
    "loss": '`"mse"`',
    "optimizer": '`"adam"`',
    "activation": '`"relu"`',
    "metric": '`"accuracy"`',
    "initializer": '`"glorot_uniform"`',
    "regularizer": '`"l2"`',
    "constraint": '`"max_norm"`',
}
_NAMES = {
    "loss": "mse mae binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy huber poisson hinge",
    "optimizer": "adam sgd rmsprop adagrad adadelta adamax nadam ftrl adamw lion",
    "metric": "accuracy mae mse binary_accuracy categorical_accuracy auc precision recall f1_score",
}


def _near(kind: str, name: str) -> str:
    from lstmcalc.layers.arguments import ACTIVATIONS, closest

    names = list(ACTIVATIONS) if kind == "activation" else _NAMES.get(kind, "").split()
    return closest(name, names) or ""


def _foreign(kind: str, name: str) -> Diagnosis:
    one, other = ("tf.keras", "keras") if "tensorflow" in name or "tf_keras" in name else ("keras", "tf.keras")
    words = name.strip("<>").split()[0]
    meaning = f"The {kind} is `{words}`, of another Keras than the model: `{one}` beside `{other}`."
    cause = Cause(
        "Two Kerases are imported.",
        "Import all of it from one of the two:",
        ("import keras", f"from keras import {_MODULES.get(kind, kind + 's')}"),
    )
    return Diagnosis("two-kerases", meaning, (cause,), expected=f"a {kind} of the same Keras", got=words)


def _no_shape(got: str) -> Diagnosis:
    code = (f"Input(({got if got.isdigit() else 8},))",)
    causes = [Cause("A single number stands where a shape is wanted.", "A comma makes it a tuple:", code)]
    if "." in got:
        said = "A size was calculated with `/`, which makes 4.5 of 9 and 2."
        causes.insert(0, Cause(said, "Divide with `//`, or write the number:", ("LSTM(units // 2)",)))
    meaning = f"A shape must be a tuple of integers and None; `{got}` is none."
    return Diagnosis("", meaning, tuple(causes), expected="a tuple of sizes", got=got)


def _value_cause(name: str, got: str, wanted: str = "") -> Cause:
    many = re.search(r"tuple of (\d) ", wanted)
    if many:
        one = (re.findall(r"\d+", got) or ["3"])[0]
        fix = f"Give {many[1]} numbers, one for each axis that the layer slides over:"
        numbers = ", ".join([one] * int(many[1])) + ("," if many[1] == "1" else "")
        return Cause("The tuple has another length.", fix, (f"{name}=({numbers})",))
    number = got.lstrip("-").isdigit()
    if name == "rate":
        return Cause("The rate is a share, not per cent.", "Divide by 100:", (f"Dropout({_share(got)})",))
    if name == "units" and not number:
        said = "A tuple or a float stands where the number of units is wanted."
        return Cause(said, "Write an integer; the input's shape goes to Input:", ("LSTM(64)",))
    if name == "units":
        return Cause("The number is not positive, or stands in quotes.", "Write a positive integer:", ("LSTM(64)",))
    fix = (
        "Write one that is."
        if number
        else "Write the value without quotes and brackets."
        if re.fullmatch(r"[\[('\"]+\d+[\])'\",]+", got)
        else "Write one of those that are allowed."
    )
    return Cause("The value has another type, or lies outside of what is allowed.", fix)


@family(
    "wrong-value",
    (
        "Received an invalid value for",
        r"Received an invalid value for (?P<name>\w{1,40}), expected (?P<wanted>[\w"
        r" ]{1,60})\."
        r" Received: \w{1,40}=(?P<got>.{1,60})",
    ),
    (
        "Invalid value received for argument",
        r"Invalid value received for argument (?P<name>\w{1,40})\. Expected (?P<wanted>[\w"
        r" .]{1,80}?)\."
        r" Received: \w{1,40}=(?P<got>[\w.+-]{1,40})",
    ),
    (
        "expected a value between",
        r"Invalid value (?P<got>[\w.+-]{1,40}) received for (?P<name>\w{1,40}), expected"
        r" (?P<wanted>a value between 0 and 1)",
    ),
    (
        "argument must be a",
        r"The (?P<name>\w{1,40}) argument must be a (?P<wanted>.{1,120}?)\.? Received:?"
        r" ?(?:\w{1,40}=)?(?P<got>.{1,60})",
    ),
    ("to a shape", r"Cannot convert '(?P<got>[^']{1,80})' to a shape"),
    ("object is not iterable", r"'(?P<got>int)' object is not iterable"),
    (
        "argument must be one of",
        r"The (?P<name>\w{1,40}) argument must be (?P<wanted>one of .{1,80}?)\. Received:" r" (?P<got>.{1,60})",
    ),
    (
        "Dimension value must be integer",
        r"Dimension value must be integer or None or have an __index__ method, got value" r" '(?P<got>[\w.-]{1,40})'",
    ),
    (
        "Expected an integer value for",
        r"Expected (?P<wanted>an integer) value for (?P<name>n), got (?P<got><class" r" '[\w.]{1,100}'>)",
    ),
)
def wrong_value(found: Found) -> Diagnosis | None:
    """A number, tuple or text where the argument takes another."""
    name, wanted, got = found["name"], found["wanted"].strip(), found["got"].strip().split("  ")[0]
    if not name:
        if got == "int" and not found.near(r"(input_shape=|Input\()"):
            return None
        return _no_shape(got)
    if name == "n":
        said = "The number of steps was taken from a tensor whose number of steps is open (None)."
        cause = Cause(said, "RepeatVector needs a number when the model is built:", ("RepeatVector(timesteps)",))
        meaning = "`n` of RepeatVector must be an integer."
        return Diagnosis("", meaning, (cause,), "", "RepeatVector", "an integer", got.strip("<>"))
    meaning = f"`{name}` must be {wanted if wanted[:2] in ('a ', 'on') else 'a ' + wanted}. It was `{got}`."
    return Diagnosis("", meaning, (_value_cause(name, got, wanted),), expected=wanted, got=got)


def _share(got: str) -> str:
    try:
        return str(float(got) / 100) if 1 < float(got) <= 100 else "0.5"
    except ValueError:
        return "0.5"


@family(
    "not-compiled",
    ("compile", r"You must compile (?:a|your) model before (?:training/testing|using it)"),
    ("compile()", r"You must call compile\(\) before using the model"),
    ("needs to be compiled", r"The model needs to be compiled before being used"),
)
def not_compiled(found: Found) -> Diagnosis:
    """`fit` or `evaluate` without a loss."""
    cause = Cause(
        "`compile` was not called on this very model object.",
        "Call it first:",
        ('model.compile(optimizer="adam", loss="mse")',),
    )
    other = Cause("The model was loaded with `compile=False`, or built anew.", "Compile it again.")
    return Diagnosis("", "`fit` and `evaluate` need a loss and an optimizer; the model has none.", (cause, other))


@family(
    "no-gradients",
    ("No gradients provided for any variable", r"No gradients provided for any variable"),
    ("for gradient", r"(?:An operation|Variable .{1,200}?) has None for gradient"),
)
def no_gradients(found: Found) -> Diagnosis:
    """A loss that does not depend on the weights in a way that can be differentiated."""
    meaning = "The loss has no gradient for any weight, so nothing can be learnt."
    causes = (
        Cause(
            "The loss rounds, compares or takes `argmax` of the prediction.",
            "Calculate with the probabilities themselves:",
            ('model.compile(loss="categorical_crossentropy")',),
        ),
        Cause("`fit` was given no targets, so there is no loss.", "Give them:", ("model.fit(x, y)",)),
    )
    return Diagnosis("", meaning, causes)


@family(
    "forgot-super",
    (
        "super().__init__()",
        r"(?:In layer '?(?P<class>\w{1,80})'?, you forgot to call|You must call)" r" super\(\)\.__init__\(\)",
    ),
)
def forgot_super(found: Found) -> Diagnosis:
    """A class of one's own whose `__init__` does not call Keras's."""
    where = found["class"]
    who = f"`{where}`" if where else "The class"
    cause = Cause(
        "`super().__init__` is missing, or stands behind the first attribute.",
        "Call it first:",
        ("def __init__(self, units, **kwargs):", "    super().__init__(**kwargs)"),
    )
    return Diagnosis("", f"{who} sets attributes before Keras has made it a layer.", (cause,), class_name=where)
