"""What a file cannot hold or may not run: Lambda layers, and objects whose class says nothing of how to make them."""

from __future__ import annotations

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import Found, family
from lstmcalc.diagnosis.traced import file_read, registration


@family(
    "lambda-unsafe",
    ("Requested the deserialization", r"Requested the deserialization of a Lambda layer"),
    (
        "is a Python lambda. Deserializing it is unsafe",
        r"of this Lambda layer is a Python lambda\. Deserializing it is unsafe",
    ),
    ("bad marshal data", r"bad marshal data"),
    ("marshal data too short", r"marshal data too short"),
    ("output_shape argument for this Lambda", r"could not automatically infer the shape of the Lambda's output"),
)
def lambda_unsafe(found: Found) -> Diagnosis:
    """A Lambda layer that cannot be read back, or whose shape is not known."""
    if "infer the shape" in found.message:
        meaning = "Keras cannot see from the function what shape the Lambda returns."
        cause = Cause(
            "The function uses numpy, or another framework than the backend.",
            "Use `keras.ops`, or state the shape without the batch:",
            ("Lambda(f, output_shape=(8,))",),
        )
        return Diagnosis("lambda-shape", meaning, (cause,), class_name="Lambda")
    if "marshal" in found.message:
        meaning = "The file holds a Lambda as byte code, which only the Python version that wrote it can read."
        cause = Cause(
            "Another Python saved the model.",
            "Build the model from its code and load the weights alone:",
            ("model = build_model()", f'model.load_weights("{file_read(found, "model.h5")}")'),
        )
        return Diagnosis("", meaning, (cause,), class_name="Lambda")
    meaning = (
        "The file holds a Lambda as Python code. Loading would run code from the file, so Keras asks for leave first."
    )
    causes = (
        Cause(
            "The file is your own, or of someone you trust.",
            "Allow it:",
            (f'keras.models.load_model("{file_read(found, "model.keras")}", safe_mode=False)',),
        ),
        Cause(
            "The model is to be shared.",
            "Write a registered function or a layer class instead of `lambda`:",
            (
                registration(found) or "@keras.saving.register_keras_serializable()",
                "def double(x):",
                "    return 2 * x",
            ),
        ),
    )
    return Diagnosis("", meaning, causes, class_name="Lambda")


@family("lambda-name", ("is not defined", r"NameError: name '(?P<name>\w{1,40})' is not defined"))
def lambda_name(found: Found) -> Diagnosis | None:
    """A Lambda that was read from a file and uses an import of the file that made it."""
    if not found.near(r"(in <lambda>|layers/core\.py|lambda_layer\.py)") or not found.near(
        r"(model_from_json|load_model|from_config|deserialize)"
    ):
        return None
    name = found["name"]
    cause = Cause(
        f"The function of a Lambda uses `{name}`, and the file holds the function without its imports.",
        "Give it when loading:",
        (f'keras.models.load_model("{file_read(found, "model.h5")}", custom_objects={{"{name}": {name}}})',),
    )
    return Diagnosis(
        "",
        f"A Lambda of the file uses `{name}`, which is not known where it runs now.",
        (cause,),
        class_name="Lambda",
        got=name,
    )


@family(
    "not-deserialized",
    (
        "could not be deserialized properly",
        r"<class '(?P<path>[\w.]{1,150})'> could not be deserialized properly\. Please"
        r" ensure that components that are Python"
        r" object instances \(layers, models, etc\.\) returned by get_config\(\) are"
        r" explicitly deserialized",
    ),
)
def not_deserialized(found: Found) -> Diagnosis:
    """Keras 3 could not make an object of a file; what it says behind this, if anything, says why."""
    name = found["path"].rpartition(".")[2]
    own = not found["path"].startswith("keras.")
    meaning = f"Keras cannot make the {name} anew from what the file says of it."
    first = Cause(
        "A class of your own holds layers as arguments, and gets them back as dictionaries.",
        "Make layers of them in `from_config`:",
        (
            "@classmethod",
            "def from_config(cls, config):",
            '    config["inner"] = keras.layers.deserialize(config["inner"])',
            "    return cls(**config)",
        ),
    )
    other = Cause(
        "The file was saved by another version of Keras, or holds a Lambda or a class of your own.",
        "Read the line that begins with `Exception encountered`, or build the model from "
        "its code and load its weights:",
        (f'model.load_weights("{file_read(found, "model.keras")}")',),
    )
    return Diagnosis("", meaning, (first, other) if own else (other, first), got=name)
