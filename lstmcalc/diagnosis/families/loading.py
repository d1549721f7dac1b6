"""Saving and loading: endings, files, and classes that a file only names."""

from __future__ import annotations

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import Found, family
from lstmcalc.diagnosis.traced import file_read, registration, with_file

SAVE = ('model.save("model.keras")',)
SAVE_WEIGHTS = ('model.save_weights("model.weights.h5")',)


@family(
    "save-format",
    (
        "Invalid filepath extension",
        r"Invalid filepath extension for saving.{1,300}?Received:" r" filepath=(?P<path>\S{1,200}?)\.?(?= |$)",
    ),
    ("must end in", r"filename must end in \.weights\.h5\. Received: filepath=(?P<path>\S{1,200})"),
    (
        "must end in",
        r"filepath provided must end in \.(?P<wanted>keras|weights\.h5) \(Keras \w{1,10}"
        r" format\)\. Received: filepath=(?P<path>\S{1,200})",
    ),
    ("save_format", r"The save_format argument is deprecated in Keras 3"),
)
def save_format(found: Found) -> Diagnosis:
    """A file name whose ending Keras 3 does not write."""
    path = found["path"]
    weights = "weights.h5" in found.message
    stem = path.rpartition(".")[0] if "." in path.rpartition("/")[2] else path
    wanted = ".weights.h5" if weights else ".keras or .h5"
    meaning = (
        "Keras 3 tells the format from the file's ending: "
        f"{'`.weights.h5` for weights' if weights else '`.keras`, or `.h5` for the old format'}."
    )
    meaning += f" It was given `{path}`." if path else ""
    stem = stem or "model"
    if "ModelCheckpoint" in found.text and "filepath provided" in found.message:
        code = (
            f'keras.callbacks.ModelCheckpoint("{stem}.weights.h5", save_weights_only=True)'
            if weights
            else f'keras.callbacks.ModelCheckpoint("{stem}.keras")',
        )
    else:
        code = (f'model.save_weights("{stem}.weights.h5")',) if weights else (f'model.save("{stem}.keras")',)
    causes = [Cause("The code is written for Keras 2, which took any name.", "Give the file this ending:", code)]
    if not weights:
        causes.append(Cause("A folder for TensorFlow Serving was wanted.", "Export it:", (f'model.export("{stem}")',)))
    return Diagnosis("", meaning, tuple(causes), expected=wanted, got=path)


@family(
    "load-format",
    ("File format not supported", r"File format not supported: filepath=(?P<path>\S{1,200}?)\. Keras 3 only supports"),
    ("by_name", r"by_name only supports loading legacy '\.h5' or '\.hdf5' files\. Received:" r" (?P<path>\S{1,200})"),
)
def load_format(found: Found) -> Diagnosis:
    """A folder or checkpoint of TensorFlow, which Keras 3 does not load."""
    path = found["path"]
    if "by_name" in found.message:
        meaning = (
            f"`by_name` works with the old `.h5` format; `{path}` is of the new one, which goes by the layers' order."
        )
        cause = Cause(
            "Weights of some layers only were to be loaded.",
            "Skip what does not fit:",
            (f'model.load_weights("{path}", skip_mismatch=True)',),
        )
        return Diagnosis("", meaning, (cause,), got=path)
    meaning = f"Keras 3 loads `.keras` and `.h5` files, and weights from `.weights.h5`. `{path}` is none of these."
    causes = (
        Cause(
            "It is a SavedModel, a folder that Keras 2 wrote.",
            "Use it for prediction only, or load it with Keras 2 and save it anew:",
            (
                f'layer = keras.layers.TFSMLayer("{path}", call_endpoint="serving_default")',
                f'tf_keras.models.load_model("{path}").save("model.h5")  # pip install tf_keras',
            ),
        ),
        Cause(
            "It is a checkpoint of TensorFlow (`.ckpt`).",
            "Load it with Keras 2 (`tf_keras`), and save the weights anew:",
            SAVE_WEIGHTS,
        ),
    )
    return Diagnosis("", meaning, causes, expected=".keras or .h5", got=path)


@family(
    "missing-file",
    (
        "error message = 'No such file",
        r"[Uu]nable to (?:synchronously )?open file \(unable to open file: name =" r" '(?P<path>[^']{1,300})'",
    ),
    ("File not found: filepath=", r"File not found: filepath=(?P<path>\S{1,300}?)\. Please ensure"),
    ("No file or directory found at", r"No file or directory found at (?P<path>\S{1,300})"),
    ("SavedModel file does not exist", r"SavedModel file does not exist at: (?P<path>[^{\s]{1,300})"),
    (
        "Is a directory",
        r"Unable to (?:synchronously )?open file \(file read failed.{1,200}?filename =" r" '(?P<path>[^']{1,300})'",
    ),
)
def missing_file(found: Found) -> Diagnosis:
    """A path where no model lies."""
    path = found["path"].rstrip("/")
    what = "no `.keras` file" if "accessible" in found.text and path.endswith(".keras") else "no model file"
    if "SavedModel file" in found.message and path.endswith((".h5", ".hdf5", ".keras")):
        what = "no file in the format of its ending"
    meaning = f"There is {what} at `{path}`, seen from the folder in which Python runs."
    causes = [
        Cause(
            "Python runs in another folder, or the name differs.",
            "Look:",
            ("import os", "print(os.getcwd(), os.listdir())"),
        ),
        Cause("The model was never saved, or under another ending.", "Save it:", SAVE),
    ]
    if path.endswith(".keras"):
        causes.append(
            Cause(
                "A file lies there that is no zip archive, such as an `.h5` file renamed.",
                "Give it its own ending.",
                (f'keras.models.load_model("{path[:-6]}.h5")',),
            )
        )
    return Diagnosis("", meaning, tuple(causes), got=path)


@family(
    "broken-file",
    ("file signature not found", r"[Uu]nable to (?:synchronously )?open file \(file signature not found\)"),
    (
        "truncated file",
        r"[Uu]nable to (?:synchronously )?open file \(truncated file: eof ="
        r" (?P<got>\d{1,15}).{1,60}?stored_eof = (?P<wanted>\d{1,15})\)",
    ),
)
def broken_file(found: Found) -> Diagnosis:
    """A file that is no HDF5, or only the beginning of one."""
    got, wanted = found.number("got"), found.number("wanted")
    if got is not None and wanted is not None:
        meaning = f"The file is cut off: it has {got:,} bytes, and says of itself that it has {wanted:,}."
        first = Cause("The download, or the saving, was interrupted.", "Fetch or save it again.")
        return Diagnosis("", meaning, (first,), expected=f"{wanted:,} bytes", got=f"{got:,} bytes")
    causes = (
        Cause(
            "The file is a web page, or a pointer of Git LFS, instead of the weights.",
            "Look at its beginning, and download it again:",
            ('print(open("model.h5", "rb").read(100))',),
        ),
        Cause(
            "It is in the `.keras` format, or a checkpoint of TensorFlow, under the ending `.h5`.",
            "Give it its own ending.",
            ('keras.models.load_model("model.keras")',),
        ),
    )
    return Diagnosis("", "The file is no HDF5 file, whatever its name.", causes)


@family(
    "weights-only",
    ("No model", r"No model (?:config )?found in (?:the )?(?:config )?file"),
    ("Cannot create group in read", r"Cannot create group in read[- ]only mode"),
)
def weights_only(found: Found) -> Diagnosis:
    """`load_model` on a file of weights."""
    meaning = (
        "The file holds weights and no model: it was written by `save_weights`, and "
        "`load_model` reads what `save` writes."
    )
    causes = (
        Cause(
            "Only the weights were saved.",
            "Build the same model, then load them:",
            ("model = build_model()  # the code that made it", 'model.load_weights("model.weights.h5")'),
        ),
        Cause("The whole model was to be saved.", "Save it so next time:", SAVE),
    )
    return Diagnosis("", meaning, causes, expected="a model", got="weights")


TF_KERAS = ('tf_keras.models.load_model("model.h5")',)
SHORT_NAMES = Cause(
    "Losses and metrics by their short names cannot be read back from `.h5`.",
    "Load without them, or save as `.keras`:",
    ('model = keras.models.load_model("model.h5", compile=False)',),
)
SHORT = ("mse", "mae", "mape", "msle", "mean_squared_error", "mean_absolute_error")
TF_OP = Cause(
    "Keras 2 put TensorFlow functions in the graph as layers of this class; Keras 3 has none.",
    "Load it with Keras 2 (`pip install tf_keras`), or write the functions as `keras.ops`:",
    TF_KERAS,
)
OTHER_KERAS = Cause(
    "The file was saved by another Keras, which wrote its classes down in another way.",
    "Load it with the Keras that saved it:",
    ("import tf_keras  # Keras 2: pip install tf_keras",),
)


NEWER_SEQUENTIAL = Cause(
    "The file was saved by a newer Keras, which writes a Sequential model as `name` and `layers`; the one that loads "
    "it takes these words for layers.",
    "Bring Keras up to date, or load the file with the Keras that saved it:",
    ("pip install -U keras",),
)
METRICS = ("Mean", "Sum", "Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "Precision", "Recall", "AUC")
A_METRIC = Cause(
    "It is a metric of Keras, kept as an attribute of a model of your own; `.h5` holds it as if it were a layer.",
    "Build the model with its code, and load the weights:",
    ("model = CustomModel(...)", 'model.load_weights("model.weights.h5")'),
)


def _class_causes(found: Found, name: str) -> list[Cause]:
    from lstmcalc.layers import find_rule

    own = Cause(
        f"`{name}` is a class or function of your own, or of another package: Keras has none of that name.",
        "Give it when loading, or register it where it is defined:" if registration(found) else "Give it when loading:",
        (
            f'keras.models.load_model("{file_read(found, "model.keras")}", custom_objects={{"{name}": {name}}})',
            *((f"{register}  # above `{name}`",) if (register := registration(found)) else ()),
        ),
    )
    if name in ("CuDNNLSTM", "CuDNNGRU"):
        said = f"Keras 3 has no {name}: {name[5:]} took its place, and its bias has another shape."
        return [Cause(said, "Load it with Keras 2 (`pip install tf_keras`):", TF_KERAS)]
    if name in ("TFOpLambda", "SlicingOpLambda"):
        return [TF_OP]
    if name in ("Sequential", "Model", "Functional"):
        return [OTHER_KERAS]
    if name in ("name", "layers", "build_input_shape"):
        return [NEWER_SEQUENTIAL]
    if name in METRICS:
        return [A_METRIC]
    return [OTHER_KERAS, own] if find_rule(name) else [own]


@family(
    "unknown-class",
    ("Could not locate", r"Could not locate (?P<kind>class|function) '(?P<name>[\w.<>]{1,100})'"),
    ("Unknown layer", r"Unknown layer: ?'?(?P<name>\w{1,100}(?:\.\w{1,60}){0,3})"),
    ("Invalid layer", r"Invalid layer: (?P<name>\w{1,100})"),
    (
        "because it is not a KerasSaveable subclass",
        r"Could not deserialize '(?:[\w.]{1,60}\.)?(?P<name>\w{1,60})' because it is not a" r" KerasSaveable subclass",
    ),
    ("is not registered", r"(?P<name>\w{1,100}) is not registered in the custom object scope"),
)
def unknown_class(found: Found) -> Diagnosis:
    """A class or function that a file names, and the Keras that loads it does not know."""
    name = found["name"].rpartition(">")[2]
    if "KerasSaveable" in found.message:
        meaning = f"The old `.h5` format holds `{name}` by a name that Keras 3 no longer reads."
        return Diagnosis("", meaning, with_file(found, (SHORT_NAMES,)), got=name)
    if found["kind"] == "function" and (found.near(r"'module': '(keras\.\w{1,20})'") or name in SHORT):
        meaning = f"The file names Keras's function `{name}` in a way that this Keras does not read."
        return Diagnosis("", meaning, with_file(found, (SHORT_NAMES,)), got=name)
    meaning = f"The file names `{name}`, which the Keras that loads it does not know."
    return Diagnosis("", meaning, with_file(found, tuple(_class_causes(found, name))), got=name)


@family(
    "not-serializable",
    (
        "the object must override get_config",
        r"Object (?P<class>\w{1,80}) was created by passing non-serializable argument" r" values in __init__\(\)",
    ),
    (
        "must override get_config",
        r"Layer (?P<class>\w{1,80}) has arguments (?:\[.{1,200}?\] )?in __init__ and"
        r" therefore must override get_config",
    ),
    ("must override get_config", r"Layers with arguments in __init__ must override get_config"),
    (
        "Saving the model to HDF5 format requires",
        r"Saving the model to HDF5 format requires the model to be a Functional model or a" r" Sequential model",
    ),
)
def not_serializable(found: Found) -> Diagnosis:
    """A class whose arguments cannot be written to the file."""
    where = found["class"]
    if where or "Layers with arguments" in found.message:
        where = where or "The layer"
        meaning = (
            f"`{where}` was made with an argument that cannot be written to a file, and has no "
            "`get_config` that says how."
        )
        cause = Cause(
            "An argument is a function or object.",
            "Write what it can be made from:",
            ("def get_config(self):", '    return {**super().get_config(), "units": self.units}'),
        )
        return Diagnosis("", meaning, (cause,), class_name=where)
    meaning = "A subclassed model is Python code, which the `.h5` format cannot hold."
    cause = Cause(
        "The model is a class with its own `call`.", "Save its weights, and build it from its code:", SAVE_WEIGHTS
    )
    return Diagnosis("", meaning, (cause,))


@family("old-h5py", ("object has no attribute 'decode'", r"'str' object has no attribute 'decode'"))
def old_h5py(found: Found) -> Diagnosis | None:
    """h5py 3 under a Keras that was written for h5py 2."""
    if not found.near(r"((?:hdf5_format|saving|topology|engine|load_model|load_weights).{0,40})"):
        return None
    meaning = (
        "h5py 3 gives text where h5py 2 gave bytes, and this Keras (2.3 or TensorFlow 2.2, and older) expects bytes."
    )
    cause = Cause(
        "A new h5py was installed beside an old Keras.",
        "Install the older h5py, and start Python again:",
        ('pip install "h5py<3"',),
    )
    return Diagnosis("", meaning, (cause,), expected="h5py 2", got="h5py 3")


@family(
    "saved-by-keras-3",
    ("DTypePolicy", r"Unknown dtype policy: ?'?DTypePolicy"),
    ("DTypePolicy", r"Expected DataType for argument 'dtype' not \{'module': 'keras', 'class_name':" r" 'DTypePolicy'"),
)
def saved_by_keras_3(found: Found) -> Diagnosis:
    """A model of Keras 3 in Keras 2."""
    cause = Cause(
        "Keras 2 (TensorFlow before 2.16, or `tf_keras`) loads a file that Keras 3 saved.",
        "Load it with Keras 3:",
        ("pip install -U keras", 'model = keras.models.load_model("model.keras")'),
    )
    other = Cause(
        "Keras 2 must stay.",
        "Build the model from its code there, and load its weights:",
        ('model.load_weights("model.weights.h5")',),
    )
    return Diagnosis(
        "",
        "The file states its dtypes as Keras 3 does, which Keras 2 cannot read.",
        with_file(found, (cause, other)),
        got="DTypePolicy",
    )


@family("legacy-function", ("string indices must be integers", r"string indices must be integers(?:, not 'str')?"))
def legacy_function(found: Found) -> Diagnosis | None:
    """An `.h5` file that names a loss or metric of one's own, in Keras 3."""
    if not found.near(r"(legacy_h5_format|saving_utils|load_model)"):
        return None
    cause = Cause(
        "The loss or metric is a function of your own, which the file holds by its name only.",
        "Load without it, and compile again:",
        ('model = keras.models.load_model("model.h5", compile=False)',),
    )
    meaning = "The `.h5` file names a loss or metric that Keras 3 cannot find."
    return Diagnosis("", meaning, with_file(found, (cause,)))
