"""Stored weights that do not fit the model they are loaded into."""

from __future__ import annotations

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis, Shape
from lstmcalc.diagnosis.message import SHAPE, Found, family
from lstmcalc.diagnosis.words import class_named, named

OTHER_MODEL = Cause(
    "The code that builds the model has changed since the weights were saved.",
    "Build the model with the same layers and arguments, and compare the two summaries:",
    ("model.summary()",),
)
WRAPPED = Cause(
    "The weights were saved from a model that holds this one as its only layer, as `multi_gpu_model` makes it.",
    "Load them into the same wrapping, then save those of the inner model:",
    ('outer.load_weights("outer.weights.h5")', 'outer.layers[-1].save_weights("inner.weights.h5")'),
)
SKIP = Cause(
    "Only the layers that fit are wanted.",
    "Skip the others:",
    ('model.load_weights("model.weights.h5", skip_mismatch=True)',),
)


@family(
    "weights-count",
    (
        "weight file containing",
        r"You are trying to load a weight file containing (?P<got>\d{1,6}) layers into a"
        r" model with (?P<wanted>\d{1,6}) layers",
    ),
    (
        "Layer count mismatch",
        r"Layer count mismatch when loading weights from file\. Model expected"
        r" (?P<wanted>\d{1,6}) layers?, found (?P<got>\d{1,6}) saved",
    ),
    (
        "Weight count mismatch",
        r"Weight count mismatch for layer #\d{1,6} \(named (?P<layer>[\w./-]{1,200}) in"
        r" the current model.{1,300}?Layer expects"
        r" (?P<wanted>\d{1,6}) weight\(s\)\. Received (?P<got>\d{1,6}) saved",
    ),
    (
        "the saved weights have",
        r"new layer (?P<layer>[\w./-]{1,200}) expects (?P<wanted>\d{1,6}) weights, but the"
        r" saved weights have (?P<got>\d{1,6}) elements",
    ),
    (
        "during loading",
        r"Layer '(?P<layer>[\w./-]{1,200})' expected (?P<wanted>\d{1,6}) variables, but"
        r" received (?P<got>\d{1,6}) variables during loading",
    ),
)
def weights_count(found: Found) -> Diagnosis:
    """A file with more or fewer layers, or weights of a layer, than the model."""
    layer, wanted, got = found["layer"], found.number("wanted"), found.number("got")
    things = "weights" if layer else "layers with weights"
    who = named(layer) if layer else "The model"
    meaning = f"{who} has {_counted(wanted, things)}; the file holds {got}."
    causes = [OTHER_MODEL, SKIP]
    if wanted == 0:
        causes.insert(
            0,
            Cause(
                "The model has no weights yet.",
                "State the input, or build it, before loading:",
                ("model.build((None, timesteps, features))",),
            ),
        )
    elif not layer and got == 1:
        causes.insert(0, WRAPPED)
    elif layer and wanted is not None and got is not None and wanted - got == 1:
        causes.insert(
            0, Cause("The saved layer had `use_bias=False`.", "Write it here too:", ("Dense(64, use_bias=False)",))
        )
    elif layer and got == 0:
        causes.insert(
            0,
            Cause(
                "The saved model had no such layer at this place, or the file is another model's.",
                "Build the model that was saved.",
            ),
        )
    return Diagnosis(
        "", meaning, tuple(causes), layer, class_named(layer), _counted(wanted, things), _counted(got, things)
    )


def _counted(number: int | None, things: str) -> str:
    one = {"weights": "weight", "layers with weights": "layer with weights"}
    return f"{number} {one[things] if number == 1 else things}"


def _owner(path: str) -> str:
    """The layer in a weight's path: `sequential_1/head/lstm_cell/kernel` -> `head`."""
    parts = path.split("/")
    if len(parts) > 2 and parts[-2].endswith("_cell"):
        return parts[-3]
    return parts[-2] if len(parts) > 1 else ""


def _shape_causes(class_name: str, wanted: Shape, got: Shape) -> list[Cause]:
    causes = [OTHER_MODEL, SKIP]
    if len(wanted) != len(got):
        return causes
    axes = [axis for axis, size in enumerate(wanted) if size != got[axis]]
    if len(wanted) == 2 and axes == [0]:
        said = (
            f"The layer reads {wanted[0]} values per step or sample here, and read {got[0]} "
            "where the weights come from: another input."
        )
        fix = f"Give the model an input of {got[0]} features (or an Embedding of {got[0]} rows)."
        causes.insert(0, Cause(said, fix))
    elif len(wanted) == 2 and axes == [1]:
        said = "The layer had other `units` when the weights were saved."
        causes.insert(0, Cause(said, "Write the same `units` as then:", (_units(class_name, got),)))
    elif axes and sorted(map(str, wanted)) == sorted(map(str, got)):
        said = "The weights come from another framework, which stores them the other way round."
        causes.insert(0, Cause(said, "Turn them:", ("kernel = kernel.T",)))
    return causes


@family(
    "weights-shape",
    (
        "Shape mismatch in layer",
        rf"Shape mismatch in layer #\d{{1,6}} \(named (?P<layer>[\w./-]{{1,200}})\) ?for"
        rf" weight (?P<weight>[\w./:-]{{1,200}})\. Weight expects"
        rf" shape (?P<wanted>{SHAPE})\. Received saved weight with shape (?P<got>{SHAPE})",
    ),
    (
        "but the saved weight has shape",
        rf"\(named \"(?P<layer>[\w./-]{{1,200}})\"\), weight <.{{1,200}}?> has shape"
        rf" (?P<wanted>{SHAPE}), but the saved"
        rf" weight has shape (?P<got>{SHAPE})",
    ),
    (
        "Cannot assign value to variable",
        rf"Cannot assign value to variable ' ?(?P<weight>[\w./:-]{{1,200}})': Shape"
        rf" mismatch\. ?The variable shape (?P<wanted>{SHAPE}), and"
        rf" the assigned value shape (?P<got>{SHAPE}) are incompatible",
    ),
    (
        "value.shape=",
        rf"variable\.shape=(?P<wanted>{SHAPE}), Received:"
        rf" value\.shape=(?:torch\.Size\()?(?P<got>{SHAPE})\)?(?:\. Target variable:"
        rf" <Variable path=(?P<weight>[\w./:-]{{1,200}}))?",
    ),
    (
        "provided weight shape",
        rf"Layer (?:(?P<layer>[\w./-]{{1,200}}) )?weight shape (?P<wanted>{SHAPE}) (?:is"
        rf" )?not compatible with provided weight shape (?P<got>{SHAPE})",
    ),
    (
        "not compatible with weight shape",
        rf"Layer shape (?P<wanted>{SHAPE}) not compatible with weight shape (?P<got>{SHAPE})",
    ),
    ("are incompatible", rf"Shapes (?P<wanted>{SHAPE}) and (?P<got>{SHAPE}) are incompatible"),
    (
        "(op: 'Assign')",
        r"Dimension \d{1,3} in both shapes must be equal, but are \d{1,12} and \d{1,12}"
        r"(?:\. Shapes are \[[\d,]{1,60}\] and \[[\d,]{1,60}\]\.)? for '\w{0,40}Assign\w{0,10}'"
        r" \(op: 'Assign'\) with input shapes: (?P<wanted>\[[\d,]{1,60}\]),"
        r" (?P<got>\[[\d,]{1,60}\])",
    ),
)
def weights_shape(found: Found) -> Diagnosis | None:
    """A stored weight of another shape than the layer's."""
    loading = r"(load_weights|set_weights|batch_set_value|load_attributes_from_hdf5)"
    wanted, got = found.shape("wanted"), found.shape("got")
    if wanted is None or got is None or (found.message.startswith("Shapes") and not found.near(loading)):
        return None
    weight = found["weight"].partition(":")[0]
    layer = found["layer"] or _owner(weight)
    class_name = class_named(layer)
    name = f"`{weight.rpartition('/')[2]}` of {named(layer)}" if weight else f"A weight of {named(layer)}"
    meaning = f"{name} has the shape {wanted}; the given one has {got}."
    causes = tuple(_shape_causes(class_name, wanted, got))
    return Diagnosis("", meaning, causes, layer, class_name, str(wanted), str(got))


def _units(class_name: str, got: Shape) -> str:
    gates = {"LSTM": 4, "GRU": 3}.get(class_name, 1)
    size = got[1] or 0
    return f"{class_name or 'Dense'}({size // gates if size % gates == 0 else size})"


@family(
    "weights-list",
    (
        "You called set_weights",
        r"You called set_weights\(weights\) on layer [\"'](?P<layer>[\w./-]{1,200})[\"']"
        r" with a weight list of length"
        r" (?P<got>\d{1,6}), but the layer was expecting (?P<wanted>\d{1,6}) weights",
    ),
)
def weights_list(found: Found) -> Diagnosis:
    """`set_weights` with another number of arrays."""
    layer, wanted, got = found["layer"], found.number("wanted"), found.number("got")
    class_name = class_named(layer)
    meaning = f"{named(layer)} has {wanted} weights; `set_weights` was given {got} {'array' if got == 1 else 'arrays'}."
    causes = [
        Cause(
            "The list must hold every weight, in the layer's order.",
            "Look at the order and the shapes:",
            ("print([(w.name, w.shape) for w in layer.weights])",),
        )
    ]
    if wanted == 0:
        causes.insert(
            0,
            Cause(
                "The layer is not built, so it has no weights yet.",
                "Build it, or call it once, before:",
                ("layer.build((None, features))",),
            ),
        )
    elif wanted is not None and got is not None and wanted - got == 1:
        causes.insert(
            0,
            Cause(
                "The bias is missing.",
                "Give it too, or make the layer without:",
                ("layer.set_weights([kernel, bias])",),
            ),
        )
    return Diagnosis("", meaning, tuple(causes), layer, class_name, f"{wanted} arrays", f"{got} arrays")


@family(
    "gru-reset-after",
    (
        "is not compatible with GRU",
        r"GRU\(reset_after=(?P<got>True|False)\) is not compatible with" r" GRU\(reset_after=(?P<wanted>True|False)\)",
    ),
)
def gru_reset_after(found: Found) -> Diagnosis:
    """GRU weights with one bias where two are kept, or the other way round."""
    got, wanted = found["got"], found["wanted"]
    meaning = (
        f"The file holds a GRU with `reset_after={got}`, the model has one with "
        f"`reset_after={wanted}`: one keeps two biases, the other one."
    )
    cause = Cause(
        "Keras 2.2 and older, and TensorFlow 1, made `reset_after=False` the default; later ones True.",
        "Write what the file has:",
        (f"GRU(64, reset_after={got})",),
    )
    return Diagnosis(
        "", meaning, (cause,), class_name="GRU", expected=f"reset_after={wanted}", got=f"reset_after={got}"
    )


@family(
    "not-built",
    (
        "has not created its variables yet",
        r"Unable to load weights saved in HDF5 format into a subclassed Model which has"
        r" not created its variables yet",
    ),
    (
        "was never built",
        r"Layer '(?P<layer>[\w./-]{1,200})' was never built and thus it doesn't have any" r" variables",
    ),
)
def weights_before_build(found: Found) -> Diagnosis:
    """Weights loaded into a model that has none yet."""
    layer = found["layer"]
    who = named(layer) if layer else "The model"
    cause = Cause(
        "The weights' shapes follow from the input, which is not known yet.",
        "State it, or call the model once, before loading:",
        ("Sequential([Input((timesteps, features)), ...])", "model.build((None, timesteps, features))"),
    )
    return Diagnosis(
        "", f"{who} has no weights yet, so there is nothing to load into.", (cause,), layer, class_named(layer)
    )
