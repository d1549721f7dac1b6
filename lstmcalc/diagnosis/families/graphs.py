"""What a model is made of: tensors that no layer made, things that are no layers, names, and two Kerases in one."""

from __future__ import annotations

import re

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import Found, family
from lstmcalc.diagnosis.words import class_named, named

PHASE = Cause(
    "The code makes a function of inputs and the phase (`K.function([x, K.learning_phase()], ...)`), as Keras 2.2 did.",
    "Make a model, and say the phase in the call:",
    ("hidden = Model(model.inputs, layer.output)", "hidden(x, training=False)"),
)
MIXED = Cause(
    "`keras` and `tf.keras` (or `tf_keras`) are mixed.",
    "Import all of Keras from one of the two:",
    ("import keras", "from keras import layers"),
)


@family(
    "not-keras-tensor",
    (
        "values must be KerasTensors",
        r"All (?P<place>inputs|outputs) values must be KerasTensors\. Received: .{1,600}?"
        r" of type <class '(?P<type>[\w.]{1,100})'>",
    ),
    (
        "must be the output of",
        r"Output tensors (?:to|of) a (?P<place>Functional"
        r" model|Model|Functional|Sequential) must be the output of a (?:TensorFlow|Keras)"
        r" Layer",
    ),
    ("must be Keras tensors", r"(?P<place>Output|Input) tensors to a Model must be Keras tensors"),
    (
        "must come from",
        r"(?P<place>Input) tensors to a (?:Functional|Model) must come from" r" (?:tf\.)?keras\.(?:layers\.)?Input",
    ),
    ("inputs must come from", r"Model (?P<place>input)s must come from (?:tf\.)?keras\.(?:layers\.)?Input"),
    ("has no attribute '_inbound_nodes'", r"'NoneType' object has no attribute '_inbound_nodes'"),
    (
        "unexpected instance while processing input",
        r"Found unexpected instance while processing (?P<place>input) tensors for keras" r" functional model",
    ),
    (
        "isn't a symbolic tensor",
        r"Layer (?P<layer>[\w./-]{1,200}) was called with an input that isn't a symbolic"
        r" tensor\. Received type: <class '(?P<type>[\w.]{1,100})'>",
    ),
    ("Not a Keras tensor", r"\('Not a Keras tensor:'"),
    (
        "Unrecognized type for",
        r"Unrecognized type for (?P<place>inputs|outputs): .{1,300}? \(of type <class" r" '(?P<type>[\w.]{1,100})'>\)",
    ),
    (
        "Expected a symbolic tensor instance",
        r"Unexpectedly found an instance of type <class '(?P<type>[\w.]{1,100})'>\." r" Expected a symbolic tensor",
    ),
    ("has no attribute '_keras_", r"'Tensor' object has no attribute '_keras_(?:history|shape)'"),
)
def not_keras_tensor(found: Found) -> Diagnosis:
    """A model's input that is not from `Input`, or an output that no layer made."""
    place, kind, layer = found["place"].lower(), found["type"], found["layer"]
    if "keras_learning_phase" in found.text:
        return Diagnosis("", "`keras.backend.learning_phase()` is no input of a model any more.", (PHASE,))
    if any(word in kind for word in ("tensorflow.python.keras", "tf_keras")):
        return two_kerases_of(kind)
    given = f" It is {'a layer, not a tensor' if '.layers.' in kind else f'of the type `{kind}`'}." if kind else ""
    causes = []
    if place.startswith("input"):
        meaning = f"An input of the model does not come from `Input`.{given}"
        causes.append(
            Cause(
                "An array, a layer, or the output of a later layer was given as the model's input.",
                "Give what `Input` returned:",
                ("x = Input((10, 8))", "model = Model(x, layers(x))"),
            )
        )
    else:
        who = f"{named(layer)} was given something that" if layer else "A tensor of the model"
        meaning = f"{who} does not come from a layer or `Input`.{given}"
        causes += [
            Cause(
                "A function of the backend or of TensorFlow made it (Keras 2).",
                "Put the function into a Lambda:",
                ("y = Lambda(lambda x: x[:, 0])(x)",),
            ),
            Cause(
                "It is a numpy array or a constant.",
                "Make it an input, or put it into a layer:",
                ("table = Input((8,))",),
            ),
        ]
    if kind.startswith("numpy") and len(causes) > 1:
        causes.reverse()
    causes.append(MIXED)
    return Diagnosis("", meaning, tuple(causes), layer, class_named(layer), "a Keras tensor", kind)


def two_kerases_of(kind: str) -> Diagnosis:
    """What an object of the wrong Keras means."""
    meaning = f"`{kind}` is of another Keras than the model: two of them are imported."
    return Diagnosis("two-kerases", meaning, (MIXED,), got=kind)


@family(
    "not-a-layer",
    (
        "must be an instance of class Layer",
        r"The added layer must be an instance of class Layer\. (?:Found|Received):" r" (?:layer=)?(?P<got>.{1,160})",
    ),
    (
        "can be added to a Sequential model",
        r"Only instances of keras\.Layer can be added to a Sequential model\. Received:"
        r" (?P<got>.{1,300}? \(of type <class '[\w.]{1,100}'>\))",
    ),
    (
        "Only input tensors may be passed as positional",
        r"Only input tensors may be passed as positional arguments\. The following"
        r" argument value should be"
        r" passed as a keyword argument: (?P<got>.{1,160})",
    ),
    ("Inputs to a layer should be tensors", r"Inputs to a layer should be tensors\. Got:? '?(?P<got>.{1,160})"),
)
def not_a_layer(found: Found) -> Diagnosis:
    """Something else than a layer in a Sequential model."""
    got = re.sub(r"^layer=", "", found["got"].split(" / ")[0])
    first = re.split(r" \(?of type", got)[0].strip("'")
    foreign = (
        "tensorflow.python.keras" in got
        or "tf_keras" in got
        or ("<keras." in got and "tensorflow" in found.text)
        or "keras.src" in got
    )
    if (foreign and " object at" in got) or (
        "tf_keras" in found.text and "keras.src.layers" in got and "tf_keras" not in got
    ):
        kind = re.search(r"of type <class '([\w.]+)'>", got)
        return two_kerases_of(kind[1] if kind else first.strip("<>").split(" object")[0])
    if "Only input tensors" in found.message or "Inputs to a layer" in found.message:
        meaning = f"A layer was called on `{first[:60]}`, which is no tensor."
        cause = Cause("A layer was given instead of its output.", "Call it:", ("y = Dense(4)(Dense(8)(x))",))
        return Diagnosis("", meaning, (cause,), expected="a tensor", got=first[:80])
    if "<class 'type'>" in got or got.startswith("<class"):
        meaning, cause = (
            "A layer's class was added, not a layer.",
            Cause("The brackets are missing.", "Write them:", ("model.add(Dense(4))",)),
        )
    elif "ensor" in got:
        meaning = "The output of a layer was added, not the layer."
        cause = Cause(
            "In a Sequential model layers are not called.",
            "Add the layer itself, or use the functional API:",
            ("model.add(Dense(4))",),
        )
    else:
        meaning = "Something that is no layer was added to a Sequential model."
        cause = Cause(
            "A name, a number or a list stands where a layer is wanted.",
            "Add a layer; of a list, each one:",
            ("model.add(Dense(4))",),
        )
    return Diagnosis("", meaning, (cause,), expected="a layer", got=first[:80])


@family(
    "two-kerases",
    ("'tuple' object has no attribute", r"'tuple' object has no attribute '(?P<name>layer|rank)'"),
    ("object has no attribute 'outbound_nodes'", r"'InputLayer' object has no attribute '(?P<name>outbound_nodes)'"),
    ("'Node' object has no attribute", r"'Node' object has no attribute '(?P<name>output_masks)'"),
    (
        "has no attribute '_implements_train_batch_hooks'",
        r"'\w{1,60}' object has no attribute '(?P<name>_implements_train_batch_hooks)'",
    ),
    ("has no attribute 'on_train_batch_begin'", r"'\w{1,60}' object has no attribute '(?P<name>on_train_batch_begin)'"),
    ("has no attribute 'get_updates'", r"'\w{1,60}' object has no attribute '(?P<name>get_updates)'"),
    (
        "has no attribute '_in_multi_worker_mode'",
        r"'\w{1,60}' object has no attribute '(?P<name>_in_multi_worker_mode)'",
    ),
    ("has no attribute '_is_graph_network'", r"'\w{1,60}' object has no attribute '(?P<name>_is_graph_network)'"),
    ("_track_checkpointable", r"passed type <class '(?P<name>keras\.[\w.]{1,100})'>, not a Checkpointable"),
    ("object of type 'InputLayer' has no len", r"object of type '(?P<name>InputLayer)' has no len\(\)"),
)
def two_kerases(found: Found) -> Diagnosis:
    """Layers, models, optimizers or callbacks of two Kerases in one model."""
    meaning = (
        "Two Kerases meet in one model: `keras` and `tf.keras` (or `tf_keras`) have "
        "classes of the same names that do not know each other."
    )
    cause = Cause(
        "Some names are imported from `keras`, others from `tensorflow.keras`.",
        "Import all of them from one of the two:",
        (
            "from keras import Input, Model, layers, optimizers",
            "from tensorflow.keras import Input, Model, layers, optimizers  # or so",
        ),
    )
    return Diagnosis("", meaning, (cause,), expected="one Keras", got=found["name"])


@family(
    "several-calls",
    (
        "has multiple inbound nodes",
        r"(?:Layer|The layer) [\"']?(?P<layer>[\w./-]{1,200})[\"']? has multiple inbound nodes,? "
        r"(?:hence the notion of [\"']layer (?P<what>input|output)|with different (?P<shapes>input|output) shapes)",
    ),
)
def several_calls(found: Found) -> Diagnosis:
    """`layer.output` of a layer that is called more than once."""
    layer = found["layer"]
    what = found["what"] or found["shapes"]
    meaning = f"{named(layer)} is called more than once, so there is more than one {what} that could be meant."
    causes = (
        Cause(
            "The layer is shared.",
            "Keep what each call returns, or, in Keras 2, say which call is meant:",
            ("a, b = layer(x), layer(y)", f"layer.get_{what}_at(0)  # of the first call"),
        ),
        Cause(
            "It is a model used as a layer, such as a pretrained one: it was called when it was made, and again here.",
            f"Take the {what} inside it:",
            (f"inner.layers[{-1 if what == 'output' else 0}].{what}",),
        ),
    )
    return Diagnosis("", meaning, causes, layer, class_named(layer), "one call", "several calls")


@family(
    "misplaced-bracket",
    (
        "add() got an unexpected keyword",
        r"\badd\(\) got an unexpected keyword argument '(?P<name>input_shape|input_dim|units|activation|"
        r"return_sequences|batch_input_shape|kernel_size|padding|name|input_length)'",
    ),
)
def misplaced_bracket(found: Found) -> Diagnosis:
    """`model.add(LSTM(64), input_shape=...)`: an argument of the layer behind its closing bracket."""
    name = found["name"]
    meaning = f"`model.add` takes a layer and nothing else; it was given `{name}`."
    cause = Cause(
        "The bracket of the layer closes too early.", f"Put `{name}` inside:", (f"model.add(LSTM(64, {name}=...))",)
    )
    return Diagnosis("", meaning, (cause,), expected="a layer", got=name)


@family(
    "duplicate-name",
    (
        "times in the model",
        r"The name \"(?P<layer>[^\"]{1,200})\" is used (?P<times>\d{1,5}) times in the"
        r" model\. All (?:layer|operation) names should be unique",
    ),
    (
        "already the name of a layer",
        r"All layers added to a Sequential model should have unique names\. Name"
        r" [\"'](?P<layer>[^\"']{1,200})[\"'] is already",
    ),
)
def duplicate_name(found: Found) -> Diagnosis:
    """Two layers of one name."""
    layer = found["layer"]
    times = found.number("times") or 2
    meaning = f"{times} layers of the model are called `{layer}`; every layer needs a name of its own."
    causes = [
        Cause("The `name` was copied along with a line.", "Change or leave away one of them:", (f'name="{layer}_2"',)),
        Cause(
            "Two models with the same names are joined in one.",
            "Give one of the layers another name before joining:",
            (f'other.get_layer("{layer}").name = "{layer}_2"  # in Keras 2 `._name`',),
        ),
    ]
    return Diagnosis("", meaning, tuple(causes), layer, class_named(layer), "names that differ", f"{times} times")


@family(
    "layer-name",
    (
        "cannot contain character",
        r"Argument name must be a string and cannot contain character /\. Received:"
        r" name=(?P<name>.{1,100}?) \(of type",
    ),
    ("is not a valid", r"'(?P<name>[^']{1,100}?)/?' is not a valid (?:root )?scope name"),
)
def layer_name(found: Found) -> Diagnosis:
    """A layer's name with a sign that Keras or TensorFlow refuses."""
    name = found["name"]
    good = "".join(sign if sign.isalnum() or sign in "_.-" else "_" for sign in name)
    meaning = f"`{name}` cannot be the name of a layer: a slash (in Keras 2 on TensorFlow also a blank) is not allowed."
    return Diagnosis("", meaning, (Cause("The name was made for reading.", "Write:", (f'name="{good}"',)),), got=name)
