"""Targets and outputs of different shapes: what the labels, the last layer and the loss have to do with each other."""

from __future__ import annotations

import re
from dataclasses import replace
from math import isqrt

from lstmcalc.diagnosis.diagnosis import Cause, Shape
from lstmcalc.diagnosis.message import Found
from lstmcalc.diagnosis.words import RECURRENT, class_named, named

__all__ = ["NUMBERS_IN_A_LIST", "loss_of", "mixed_samples", "target_causes", "targets_meaning"]

#: Losses by the names that messages, tracebacks and TensorFlow's graphs have for them.
LOSSES = {
    "sparse_categorical_crossentropy": "sparse_categorical_crossentropy",
    "categorical_crossentropy": "categorical_crossentropy",
    "binary_crossentropy": "binary_crossentropy",
    "mean_squared_error": "mse",
    "mean_absolute_error": "mae",
    "compile_loss/mse": "mse",
    "compile_loss/mae": "mae",
    "kl_divergence": "kl_divergence",
    "huber": "huber",
}
_LOSS = re.compile(rf"(?<!\w)(?:{'|'.join(LOSSES)})(?!\w)")
#: Losses whose targets are numbers rather than classes.
REGRESSION = ("mse", "mae", "huber")


def loss_of(found: Found) -> str:
    """The loss that a message or its traceback names last; "" where none."""
    names = _LOSS.findall(found.text)
    return LOSSES[names[-1]] if names else ""


def targets_meaning(target: Shape, output: Shape, loss: str) -> str:
    """Which shapes do not agree, in a sentence."""
    by = f" The loss `{loss}` compares them value by value." if loss and not loss.startswith("sparse") else ""
    return f"The targets (`y`) have shape {target}, the model gives {output}.{by}"


def target_causes(target: Shape, output: Shape, loss: str = "", layer: str = "") -> tuple[Cause, ...]:
    """Why targets do not agree with an output, likeliest first."""
    if others := _other_samples(target, output):
        return others
    if not target and output:
        return (NUMBERS_IN_A_LIST,)
    if len(target) > 1 and not any(target) and (not output or len(target) < len(output) < 4):
        return (_other_output_shape(), *(_output_has_steps(target, output) if output else ()))
    if len(output) > 3 and len(target) < 3:
        return (PICTURES,)
    if len(target) == 1 and len(output) == 2 and output[-1] is not None:
        if output[-1] == 1:
            return (Cause("The targets have no last axis.", "Give them one:", ("y = y[:, None]",)),)
        return _one_column(output[-1], loss, 2, layer or "output")
    if len(output) == len(target) + 1 or (len(target) == 2 and target[-1] == 1 and len(output) == 3):
        return _output_has_steps(target, output)
    if len(target) == len(output) + 1:
        return _targets_have_steps(target, output)
    if len(target) != len(output):
        said = "The targets and the output have different numbers of axes."
        return (Cause(said, "Give the targets the shape of the output, or the model the shape of the targets."),)
    wanted, got = (output[-1] if output else None), (target[-1] if target else None)
    who = f"The layer {named(layer)}" if layer else "The last layer"
    if wanted is None or got is None or wanted == got:
        return _other_steps(target, output)
    if len(output) == 2 and class_named(layer) in RECURRENT:
        return (_behind_a_cell(wanted, got, who),)
    if got == 1:
        return _one_column(wanted, loss, len(output), layer)
    if wanted == 1:
        causes = _one_unit(got, loss, who)
        if not layer:
            return causes
        # Keras 2 expects a size of 1 of this loss's targets too, whatever the layer gives.
        return (causes[0], NUMBERS, *causes[1:]) if named(layer).endswith("(Dense)") else (NUMBERS, *causes)
    if len(output) == 3 and None not in (target[1], output[1]) and target[1] != output[1]:
        return (*_other_steps((*target[:2], None), (*output[:2], None)), *_other_columns(wanted, got, who))
    return _other_columns(wanted, got, who)


NUMBERS_IN_A_LIST = Cause(
    "`y` is one number, or a plain list of numbers, which Keras reads as one target for each output.",
    "Make an array of it, with one row per sample:",
    ("y = np.asarray(y).reshape(-1, 1)",),
)
PICTURES = Cause(
    "The model gives a picture, or a map of features, for each sample, and there is one target per sample.",
    "Put one of these before the last Dense, as behind a base model without its top:",
    ("GlobalAveragePooling2D()", "Flatten()"),
)


def _other_output_shape() -> Cause:
    """Targets whose shape Keras made itself, of what a layer says that it gives."""
    return Cause(
        "A Lambda or layer of your own states another `output_shape` than it gives: Keras takes from there "
        "how many axes the targets have.",
        "Compare what the summary says of each layer with what the layer gives:",
        ("model.summary()", "print(model(x).shape)"),
    )


def _other_samples(target: Shape, output: Shape) -> tuple[Cause, ...]:
    """What to do where targets and outputs are of different numbers of samples; nothing where they are not."""
    if len(target) != len(output) or len(target) < 2 or None in (target[0], output[0]) or target[0] == output[0]:
        return ()
    if target == (1, output[0]):
        said = "The class numbers of all samples stand in one row."
        code = f"y = keras.utils.to_categorical(y.ravel(), num_classes={output[-1]})"
        return (Cause(said, "Make one row of columns per sample of them:", (code,)),)
    if target[1:] != output[1:]:
        return ()
    return (
        replace(mixed_samples(), cause=f"{output[0]} outputs come of {target[0]} targets. {mixed_samples().cause}"),
    )


def mixed_samples() -> Cause:
    """A model that changes the number of samples."""
    return Cause(
        "A `reshape` in the model or in the data, with `-1` first, moves values from one sample to another.",
        "Keep the samples on axis 0, and let the other axis follow:",
        ("Flatten()(x)", "keras.ops.reshape(x, (keras.ops.shape(x)[0], -1))"),
    )


def _one_column(units: int, loss: str, ndim: int, layer: str = "") -> tuple[Cause, ...]:
    """One number per sample against several outputs."""
    numbers = Cause(
        "The labels are class numbers, one per sample, and the loss wants one column per class.",
        "Use the loss for class numbers, or turn them into columns:",
        ('loss="sparse_categorical_crossentropy"', f"y = keras.utils.to_categorical(y, num_classes={units})"),
    )
    binary = Cause(
        "There are two classes, or one number to predict, and the last layer has too many units.",
        "Give it 1 unit (with `sigmoid` for two classes, without activation for a number):",
        ('Dense(1, activation="sigmoid")', 'loss="binary_crossentropy"') if loss not in REGRESSION else ("Dense(1)",),
        about="output",
    )
    steps = Cause(
        f"The model gives one value for each of {units} steps, and there is one label per sample.",
        "Leave `return_sequences=True` out on the last recurrent layer.",
        about="keeps-steps",
    )
    causes = [binary, numbers] if loss in ("binary_crossentropy", *REGRESSION) else [numbers, binary]
    # Where Keras names the layer, it compares the shapes as they are; the axis of the steps would be seen.
    return (*causes, steps) if ndim == 2 and loss != "categorical_crossentropy" and not layer else tuple(causes)


NUMBERS = Cause(
    "The loss is `sparse_categorical_crossentropy`, and the labels have one column per class.",
    "Use the loss for columns, or turn them into class numbers:",
    ('loss="categorical_crossentropy"', "y = y.argmax(axis=-1)[..., None]"),
)


def _one_unit(columns: int, loss: str, who: str) -> tuple[Cause, ...]:
    """One output against several columns of labels."""
    classes = Cause(
        f"The labels have one column per class, {columns} in all, and the last layer has 1 unit.",
        "Give it one unit per class:",
        (f'Dense({columns}, activation="softmax")', 'loss="categorical_crossentropy"'),
        about="output",
    )
    several = Cause(
        f"Each sample has {columns} labels or numbers of its own.",
        "Give the last layer one unit for each, with `sigmoid` for labels and without activation for numbers:",
        (f'Dense({columns}, activation="sigmoid")', f"Dense({columns})"),
        about="output",
    )
    return (several, classes) if loss in ("binary_crossentropy", *REGRESSION) else (classes, several)


def _behind_a_cell(units: int, columns: int, who: str) -> Cause:
    """A recurrent layer that is the last one."""
    said = f"{who} is the last layer, so its {units} units are the output."
    return Cause(said, "Put a Dense behind it, with one unit per number of the target:", (f"Dense({columns})",))


def _other_pictures(units: int, columns: int) -> Cause:
    """Pictures that a loss has put into one row per sample, one with more channels than the other."""
    many = max(units, columns) // min(units, columns)
    more, fewer = ("targets", "output") if columns > units else ("output", "targets")
    said = (
        f"The {more} hold {many} times as many values per sample as the {fewer}: pictures of more channels or pixels."
    )
    code = ("y = y[..., :1]  # one channel of the mask",) if columns > units else ("Conv2D(1, 1)",)
    return Cause(said, "Give both the same height, width and channels; where it is the channels:", code)


def _other_columns(units: int, columns: int, who: str) -> tuple[Cause, ...]:
    causes = [
        Cause(
            f"{who} has {units} units, and the targets have {columns} columns.",
            "Give the last layer one unit per column:",
            (f"Dense({columns})",),
            about="output",
        )
    ]
    small, large = sorted((units, columns))
    if small >= 1000 and isqrt(small) ** 2 == small and large % small == 0:
        causes.insert(0, _other_pictures(units, columns))
    if columns >= 1000 > units:
        said = f"There is one target per time step, {columns:,} of them, and the model gives {units} per sample."
        fix = "Let it give one output per step, and give `y` a last axis:"
        code = ("LSTM(64, return_sequences=True)", "Dense(1)", "y = y[..., None]")
        causes.insert(0, Cause(said, fix, code))
    if columns == units + 1:
        said = "The labels count from 1, and `to_categorical` makes a column for 0 as well."
        causes.insert(0, Cause(said, "Count from 0:", ("y = keras.utils.to_categorical(labels - 1)",)))
    elif columns < units:
        causes.append(
            Cause(
                f"The labels were made with another number of classes than {units}.",
                "State it, so that classes missing in this data keep their column:",
                (f"y = keras.utils.to_categorical(labels, num_classes={units})",),
            )
        )
    return tuple(causes)


def _output_has_steps(target: Shape, output: Shape) -> tuple[Cause, ...]:
    steps = output[1] if len(output) > 2 else None
    many = f"each of its {steps:,} steps" if steps and steps > 1 else "its one step" if steps else "each of its steps"
    causes = [
        Cause(
            f"The model gives one output for {many}, and there is one target per sample.",
            "Leave `return_sequences=True` out on the last recurrent layer, or put `Flatten()` before the last Dense.",
            about="keeps-steps",
        )
    ]
    if len(target) == len(output) - 1 and len(target) > 1 and steps and target[1] == steps:
        causes.insert(0, Cause("The targets have no last axis.", code=("y = y[..., None]",)))
    else:
        columns = target[-1] if len(target) == 2 and target[-1] == output[-1] else 1
        shape = f"(samples, {steps or 'timesteps'}, {columns})"
        causes.append(Cause("There should be one target per step.", f"Give `y` the shape {shape}."))
    return tuple(causes)


def _targets_have_steps(target: Shape, output: Shape) -> tuple[Cause, ...]:
    causes = []
    if target[-1] == 1:
        causes.append(Cause("The targets end in an axis of size 1.", code=("y = y.squeeze(axis=-1)",)))
    if len(target) == 3:
        steps = f"{target[1]:,} steps" if target[1] else "steps"
        causes.append(
            Cause(
                f"The targets have {steps} per sample, and the model gives one output.",
                "Set `return_sequences=True` on the last recurrent layer, so that it gives one output per step.",
                about="drops-steps",
            )
        )
    if not causes:
        causes.append(
            Cause("The targets have an axis more than the output.", "Reshape `y` to the shape of the output.")
        )
    return tuple(causes)


def _other_steps(target: Shape, output: Shape) -> tuple[Cause, ...]:
    apart = [
        place for place, pair in enumerate(zip(target, output, strict=True)) if None not in pair and pair[0] != pair[1]
    ]
    if apart == [1] and len(output) == 3:
        said = f"The targets have {target[1]} steps, the model gives {output[1]}."
        return (Cause(said, f"Cut or pad the targets to {output[1]} steps, or give the model {target[1]} steps."),)
    return (Cause("The targets have another shape than the output.", "Reshape `y` to the shape of the output."),)
