"""Targets that a loss refuses: their shape beside the output's, and labels out of range."""

from __future__ import annotations

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis, Shape
from lstmcalc.diagnosis.message import SHAPE, Found, family
from lstmcalc.diagnosis.targets import NUMBERS_IN_A_LIST, loss_of, target_causes, targets_meaning


def compared(found: Found, target: Shape | None, output: Shape | None, loss: str = "") -> Diagnosis | None:
    """A diagnosis of targets beside an output; None where a shape is missing."""
    if target is None or output is None or target == output:
        return None
    loss = loss or loss_of(found)
    meaning = targets_meaning(target, output, loss)
    return Diagnosis("", meaning, target_causes(target, output, loss), expected=str(output), got=str(target))


@family(
    "target-shape",
    (
        "must have the same",
        rf"target and output must have the same (?:shape|rank \(ndim\))\. Received: target\.shape=(?P<target>{SHAPE}),"
        rf" output\.shape=(?P<output>{SHAPE})",
    ),
    (
        "logits",
        r"'?logits'? and '?labels'? must have the same shape,? ?(?:received )?"
        rf"\(?(?P<output>{SHAPE}) vs\.? (?P<target>{SHAPE})\)?",
    ),
    (
        "was passed for an output of shape",
        rf"A target array with shape (?P<target>{SHAPE}) was passed for an output of shape (?P<output>{SHAPE})"
        r"(?: while using as loss (?P<loss>\w{1,60}))?",
    ),
)
def target_shape(found: Found) -> Diagnosis | None:
    """Targets and outputs that must have the same shape."""
    return compared(found, found.shape("target"), found.shape("output"), found["loss"])


@family(
    "incompatible-shapes",
    ("are incompatible", rf"Shapes (?P<first>{SHAPE}) and (?P<second>{SHAPE}) are incompatible"),
)
def incompatible_shapes(found: Found) -> Diagnosis | None:
    """`Shapes (None, 1) and (None, 10) are incompatible`: a loss's targets and output, unless weights are loaded."""
    first, second = found.shape("first"), found.shape("second")
    if first is None or second is None:
        return None
    if any(word in found.text for word in ("load_weights", "set_weights", "load_model", ".assign(", "restore")):
        meaning = f"A stored weight of shape {second} does not fit the model's, which has {first}."
        cause = Cause(
            "The model is not the one that the weights were saved from.",
            "Build it with the same sizes (units, features, vocabulary) as when it was saved.",
        )
        return Diagnosis("", meaning, (cause,), expected=str(first), got=str(second))
    if "metrics" in found.text and not loss_of(found):
        # A metric compares the output with the targets, a loss the other way round.
        first, second = second, first
    return compared(found, first, second)


@family(
    "target-shape",
    ("are not compatible", rf"Shapes (?P<first>{SHAPE}) and (?P<second>{SHAPE}) are not compatible"),
    ("must have the same rank", rf"Shapes (?P<first>{SHAPE}) and (?P<second>{SHAPE}) must have the same rank"),
)
def other_rank(found: Found) -> Diagnosis | None:
    """Targets and outputs as TensorFlow compares them: inside of a loss the targets stand first."""
    if not loss_of(found) and "cross_entropy" not in found.text:
        return None
    return compared(found, found.shape("first"), found.shape("second"))


@family(
    "target-structure",
    (
        "y_true and y_pred have different structures",
        r"y_true and y_pred have different structures\. y_true: (?P<target>[\[({*][^:]{0,200}|\{.{1,200}?\}) y_pred: "
        r"(?P<output>\*|[\[({][\[\](){}'\w*:, ]{1,200}[\])}])",
    ),
)
def target_structure(found: Found) -> Diagnosis:
    """Targets as a list or dictionary, for a model whose outputs are none."""
    target, output = found["target"].strip(), found["output"].strip()
    meaning = f"The targets are given as `{target}`, and the model gives `{output}`, where `*` stands for one array."
    causes = [
        Cause("The targets are not given as the outputs are.", "Give one array per output, in the same brackets:",
              ("model.fit(x, [y1, y2])  # for outputs=[a, b]",))
    ]  # fmt: skip
    if output == "*" and target[:1] in "[(":
        causes = [NUMBERS_IN_A_LIST]
    return Diagnosis("", meaning, tuple(causes), expected=output, got=target)


@family(
    "categorical-target",
    (
        "You are passing a target array of shape",
        rf"You are passing a target array of shape (?P<target>{SHAPE}) while using as loss categorical_crossentropy",
    ),
)
def categorical_target(found: Found) -> Diagnosis | None:
    """Class numbers for `categorical_crossentropy`, as Keras 2 says it."""
    target = found.shape("target")
    if target is None:
        return None
    causes = (
        Cause(
            "The labels are class numbers, one per sample.",
            "Use the loss for class numbers, or turn them into columns:",
            ('loss="sparse_categorical_crossentropy"', "y = keras.utils.to_categorical(y)"),
        ),
        Cause(
            "There are two classes, or one number to predict.",
            "Use the loss for that:",
            ('Dense(1, activation="sigmoid")', 'loss="binary_crossentropy"', 'loss="mse"  # a number'),
        ),
    )
    meaning = f"The loss `categorical_crossentropy` wants one column per class. The targets have shape {target}."
    return Diagnosis("", meaning, causes, expected="one column per class", got=str(target))


ONE_HOT = Cause(
    "The labels have one column per class, and the loss wants class numbers.",
    "Use the loss for columns, or turn them into class numbers:",
    ('loss="categorical_crossentropy"', "y = y.argmax(axis=-1)"),
)


@family(
    "sparse-target",
    (
        "must have rank",
        rf"output must have rank \(ndim\) target\.ndim - 1\. Received: target\.shape=(?P<target>{SHAPE}),"
        rf" output\.shape=(?P<output>{SHAPE})",
    ),
    (
        "logits and labels must have the same first dimension",
        rf"logits and labels must have the same first dimension, got logits shape (?P<output>{SHAPE})"
        rf" and labels shape (?P<target>{SHAPE})",
    ),
    (
        "The shape of labels",
        rf"The shape of labels \(received (?P<target>{SHAPE})\) should equal the shape of logits except for the last"
        rf" dimension \(received (?P<output>{SHAPE})\)",
    ),
    (
        "must equal logits.shape",
        rf"labels\.shape must equal logits\.shape except for the last dimension\. Received: labels\.shape="
        rf"(?P<target>{SHAPE}) and logits\.shape=(?P<output>{SHAPE})",
    ),
    (
        "logits and labels must be broadcastable",
        rf"logits and labels must be broadcastable: logits_size=(?P<output>{SHAPE}) labels_size=(?P<target>{SHAPE})",
    ),
)
def sparse_target(found: Found) -> Diagnosis | None:
    """What `sparse_categorical_crossentropy` wants: one integer per output."""
    target, output = found.shape("target"), found.shape("output")
    if not target or not output:
        return None
    if found["target"] and "labels_size" in found.message:
        return compared(found, target, output)
    wanted = output[:-1]
    classes = output[-1]
    meaning = (
        "The loss `sparse_categorical_crossentropy` wants one class number per output: targets of shape "
        f"{wanted}. They have {target}, the output {output}."
    )
    return Diagnosis("", meaning, _sparse_causes(target, output, classes), expected=str(wanted), got=str(target))


def _sparse_causes(target: Shape, output: Shape, classes: int | None) -> tuple[Cause, ...]:
    rows, labels = output[0], target[0]
    if len(target) == len(output) and target[-1] == classes:
        return (ONE_HOT,)
    if len(target) == 1 and rows and labels and rows * (classes or 0) == labels:
        return (ONE_HOT,)
    steps = output[1] if len(output) == 3 else rows // labels if rows and labels and rows % labels == 0 else None
    many = f"each of {steps:,} steps" if steps and steps > 1 else "each step"
    one = Cause(
        f"The model gives one output for {many}, and there is one label per sample.",
        "Leave `return_sequences=True` out on the last recurrent layer, or put `Flatten()` before the last Dense.",
        about="keeps-steps",
    )
    if len(output) >= 3 or (steps and steps > 1):
        return (
            one,
            Cause("There should be one label per step.", f"Give `y` the shape (samples, {steps or 'timesteps'})."),
        )
    if labels and rows and labels > rows and labels % rows == 0:
        each = labels // rows
        said = f"There are {each:,} labels for each output."
        return (
            Cause(
                said,
                "If they are columns of 0 and 1, use the other loss; if they are steps, set `return_sequences=True`.",
                ('loss="categorical_crossentropy"',),
            ),
        )
    return (one, ONE_HOT)


NO_CLASS = Cause(
    "255 is the largest value of a byte: it marks pixels without a class in masks of pictures, or pixel values were "
    "read as labels.",
    "Look at what the labels hold:",
    ("np.unique(y)",),
)


@family(
    "label-range",
    (
        "outside the valid range",
        r"Received a label value of (?P<label>-?\d{1,15}) which is outside the valid range of "
        r"\[0, (?P<classes>\d{1,15})\)",
    ),
    # PyTorch.
    ("Target", r"IndexError: Target (?P<label>-?\d{1,15}) is out of bounds\."),
)
def label_range(found: Found) -> Diagnosis | None:
    """A class number that the last layer has no unit for."""
    label, classes = found.number("label"), found.number("classes")
    if label is None:
        return None
    if classes is None:
        meaning = f"A label is {label}, and the last layer has no unit for it."
    else:
        units = f"{classes} units" if classes != 1 else "1 unit"
        known = (
            f"the classes 0 to {classes - 1}"
            if classes > 2
            else "the classes 0 and 1"
            if classes == 2
            else "the class 0 alone"
        )
        meaning = f"A label is {label}. A last layer of {units} knows {known}."
    valid = f"0 to {classes - 1}" if classes and classes > 1 else "0" if classes else ""
    return Diagnosis("", meaning, _label_causes(label, classes), expected=valid, got=str(label))


def _label_causes(label: int, classes: int | None) -> tuple[Cause, ...]:
    renumber = Cause(
        "The class numbers have gaps.",
        "Number them anew:",
        ("classes, y = np.unique(y, return_inverse=True)", "# then Dense(len(classes))"),
    )
    if label < 0 and classes is not None and classes > 2:
        said = "A negative label stands for what has no class, as encoders write for values that they do not know."
        known = Cause(said, "Leave these samples away, or give them a class:", ("x, y = x[y >= 0], y[y >= 0]",))
        return (known, renumber)
    if label < 0:
        code = ("y = (y + 1) // 2",) if label == -1 else ()
        fix = "Number the classes from 0:" if code else "Number the classes from 0."
        return (
            Cause("The labels are -1 and 1, and classes count from 0." if code else "A label is negative.", fix, code),
            renumber,
        )
    units = Cause(
        "The last layer has too few units for the classes.",
        "It needs the largest label + 1:",
        (f'Dense({label + 1}, activation="softmax")  # or more: y.max() + 1',),
        about="output",
    )
    if classes == 1:
        binary = Cause(
            "There are two classes, and one unit.",
            "Use the loss for one unit:",
            ('Dense(1, activation="sigmoid")', 'loss="binary_crossentropy"'),
        )
        return (units, binary) if label > 1 else (binary, units)
    from_one = Cause("The labels count from 1.", "Count from 0:", ("y = y - 1",))
    causes = (from_one, units) if classes is not None and label == classes else (units, from_one)
    if label == 255 and classes is not None and classes < 255:
        causes = (NO_CLASS, units)
    return (*causes, renumber)
