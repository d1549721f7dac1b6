"""Layers that are made and not called, and shapes whose sizes are not known while the model is built."""

from __future__ import annotations

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import SHAPE, Found, family
from lstmcalc.diagnosis.traced import Called, calls

MERGING = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
#: What tensors have, and layers do not.
OF_TENSORS = r"dtype|shape|get_shape|_keras_history|_keras_shape|ndim|op|graph"


UNCALLED_MODEL = Diagnosis(
    "layer-not-called",
    "A model stands where the output of a model was meant.",
    (
        Cause(
            "The model was not called.",
            "Call it on what it reads, or take its output:",
            ("y = model(x)", "y = model.output"),
        ),
    ),
    expected="a tensor",
    got="a model",
)


@family(
    "layer-not-called",
    (
        "object has no attribute",
        rf"'(?P<class>[A-Z]\w{{1,60}})' object has no attribute '(?P<name>{OF_TENSORS})'",
    ),
    (
        "got multiple values for",
        r"(?:\b(?P<class>\w{1,60})\.)?__init__\(\) got multiple values for (?:keyword )?argument '(?P<name>axis|axes)'",
    ),
)
def layer_not_called(found: Found) -> Diagnosis | None:
    """A layer where its output was meant: `Dense(4)` instead of `Dense(4)(x)`."""
    from lstmcalc.layers import find_rule

    call = next((one for one in calls(found) if one.positional and find_rule(one.name)), None)
    class_name = found["class"] or (call.name if call else "Concatenate" if "Concatenate(" in found.text else "")
    if class_name in ("Sequential", "Functional", "Model"):
        return UNCALLED_MODEL
    rule = find_rule(class_name) if class_name else None
    if rule is None or (found["name"] in ("axis", "axes") and class_name not in MERGING):
        return None
    what = "`[a, b]`" if class_name in MERGING else "`x`"
    meaning = f"The layer {class_name} was made, and not called: what it reads goes into a second pair of brackets."
    cause = Cause(
        f"{what} stands where the arguments of the layer belong, or nowhere.", "Write:", (_called(call, class_name),)
    )
    return Diagnosis("", meaning, (cause,), class_name=class_name, expected="a tensor", got=f"the layer {class_name}")


def _called(call: Called | None, class_name: str) -> str:
    """The line as it was meant, where it is there."""
    if call is not None and call.name == class_name and class_name in MERGING:
        return f"{Called(call.function, (), call.keywords).written()}({call.positional[0]})"
    return f"{class_name}()([a, b])" if class_name in MERGING else f"x = {class_name}(...)(x)"


@family(
    "missing-argument",
    ("missing a required argument", r"missing a required argument: '(?P<name>sequences?|inputs|query|data)'"),
)
def input_by_name(found: Found) -> Diagnosis:
    """A layer called with `inputs=x`, whose own name for what it reads is another one."""
    name = found["name"]
    call = next((one for one in calls(found) if {"inputs", "input", "x"} & set(one.keywords)), None)
    code = "LSTM(4)(x)"
    if call is not None:
        given = next(one for one in ("inputs", "input", "x") if one in call.keywords)
        code = Called(call.function, (call.keywords[given], *call.positional), call.keywords).written("", given)
    meaning = f"The layer was called without what it reads, which it calls `{name}`."
    cause = Cause("It was given under another name, as `inputs=`.", "Give it first, without a name:", (code,))
    return Diagnosis("", meaning, (cause,), expected=name)


@family(
    "size-in-shape",
    (
        "Failed to convert",
        r"Failed to convert (?:object of type <class '(?:list|tuple)'> to Tensor\. Contents: |elements of )"
        r"[\[(](?P<shape>[^\[\]]{0,80}?Dimension\(None\)[^\[\]]{0,80}?)[\])](?:\.| to Tensor)",
    ),
)
def size_in_shape(found: Found) -> Diagnosis:
    """A shape with None in it, for a function of TensorFlow that wants numbers."""
    meaning = "A shape was given to a function of TensorFlow, and one of its sizes is None: it is not known before the "
    meaning += "data is there."
    cause = Cause(
        "The code takes the size from `x.shape`, which holds None for the batch or for an open number of steps.",
        "Take it while the model runs:",
        ("keras.ops.shape(x)[0]", "tf.shape(x)[0]"),
    )
    return Diagnosis("", meaning, (cause,), expected="numbers", got=f"({found['shape']})")


@family(
    "transpose-axes",
    (
        "Dimension must be",
        r"Dimension must be (?P<got>\d{1,2}) but is (?P<wanted>\d{1,2}) for '(?:\{\{node )?"
        r"(?P<node>[\w./-]{1,300})(?:\}\})?'? ?(?:= Transpose|\(op: 'Transpose'\))"
        rf".{{0,300}}?with input shapes: (?P<shape>{SHAPE}), ",
    ),
)
def transpose_axes(found: Found) -> Diagnosis:
    """A transpose that is written for another number of axes."""
    shape = found.shape("shape") or ()
    wanted, got = found["wanted"], found["got"]
    meaning = f"At `{found['node']}` the axes of {shape} are put in another order, which is written for {wanted} axes; "
    meaning += f"it has {got}."
    causes = [
        Cause(
            "What comes in has another number of axes than the layer was written for.",
            "Look at the shapes up to there:",
            ("print(x.shape)",),
        )
    ]
    if len(shape) == 5 and shape[1:3] == shape[3:5]:
        said = (
            "`K.batch_dot` of two arrays of 4 axes: Keras since 2.3 keeps the heads (or the axis beside the steps) of "
        )
        said += "both, where the code expects them once."
        causes.insert(0, Cause(said, "Multiply them as matrices:", ("tf.matmul(a, b, transpose_b=True)",)))
    return Diagnosis("", meaning, tuple(causes), expected=f"{wanted} axes", got=str(shape))


@family(
    "keras-inside-tensorflow",
    (
        "Attempt to convert a value (None)",
        r"Attempt to convert a value \(None\) with an unsupported type \(<class 'NoneType'>\) to a Tensor",
    ),
)
def kerases_mixed(found: Found) -> Diagnosis:
    """None where TensorFlow wants numbers; with a KerasTensor beside it, two Kerases have met."""
    meaning = "TensorFlow was to make a tensor of None."
    causes = [
        Cause("An argument, a loss or a gradient is None: a function returns nothing, or a variable is not used.",
              "Look at what the named line gets:", ("print(x)",))
    ]  # fmt: skip
    if "KerasTensor" in found.text:
        meaning = "A layer of one Keras was given the output of a layer of another, and cannot read it."
        said = "Some names are imported from `tensorflow.python.keras` or `keras`, others from `tensorflow.keras`."
        fix = Cause(said, "Import all of them from one:", ("from tensorflow.keras import Input, Model, layers",))
        causes = [fix]
    return Diagnosis("", meaning, tuple(causes), got="None")
