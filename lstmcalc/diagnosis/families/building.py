"""A model that is not connected, not built, or not known well enough to be built."""

from __future__ import annotations

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import SHAPE, Found, family
from lstmcalc.diagnosis.words import class_named, named

NAMED = r"[\"']?(?P<layer>[\w./-]{1,200}?)[\"']?"


@family(
    "undefined-size",
    (
        "should be defined",
        r"last dimension of the inputs to (?:a )?Dense(?: layer)? should be defined\. Found None\."
        rf"(?: Full input shape received: (?P<shape>{SHAPE}))?",
    ),
    (
        "channel dimension of the inputs",
        r"channel dimension of the inputs (?:to \w{1,40} )?should be defined\. (?:Found|The input_shape received is)"
        rf" (?:None|(?P<shape>{SHAPE}))",
    ),
    (
        "must be fully-defined",
        r"Shapes used to initialize variables must be fully-defined \(no None dimensions\)\. Received: "
        rf"shape=(?P<weight>{SHAPE})"
        r" for variable path='(?P<path>[\w./-]{1,300})'",
    ),
)
def undefined(found: Found) -> Diagnosis:
    """A weight whose size would follow from an axis that is None."""
    path = found["path"].split("/")
    layer = next((part for part in reversed(path[:-1]) if class_named(part) and not part.endswith("_cell")), "")
    layer = layer or (path[-2] if len(path) > 1 else "")
    shape, weight = found.shape("shape"), found.shape("weight")
    who = named(layer) if layer else "The layer"
    size = f" (`{path[-1]}` would be {weight})" if weight else ""
    given = f" It was given {shape}." if shape else ""
    meaning = (
        f"{who} cannot make its weights{size}: the size of an axis of its input is None, so it is not known.{given}"
    )
    causes = [
        Cause(
            "A Flatten (or Reshape) before it reads an input with an open size, so its own output is open.",
            "Take the steps together without the length, or state the length:",
            ("GlobalAveragePooling1D()  # instead of Flatten()", "Input((timesteps, features))  # numbers, not None"),
            about="flatten",
        ),
        Cause(
            "The input itself leaves the number of features or channels open.",
            "State it; only the batch, the time steps and the size of pictures may be None:",
            ("Input((None, features))",),
            about="input",
        ),
        Cause(
            "A Lambda, or an operation of your own, hides the shape.", "State it:", ("Lambda(f, output_shape=(...))",)
        ),
    ]
    if class_named(layer) not in ("", "Dense") or "channel dimension" in found.message:
        # What has more axes than two has no Flatten before it.
        del causes[0]
    received = (shape,) if shape else ()
    expected = "a size that is known"
    return Diagnosis(
        "", meaning, tuple(causes), layer, class_named(layer), expected, str(shape or weight or ""), received
    )


@family(
    "undefined-size",
    ("has undefined rank", r"Input has undefined rank\. Received: input_shape="),
    ("Undefined shapes are not supported", r"Undefined shapes are not supported\."),
)
def undefined_rank(found: Found) -> Diagnosis:
    """An input of which not even the number of axes is known."""
    meaning = "The layer cannot make its weights: not even the number of axes of its input is known."
    causes = (
        Cause(
            "A Lambda, a custom layer or a TensorFlow function before it hides the shape.",
            "State it:",
            ("Lambda(f, output_shape=(...))", "x.set_shape((None, timesteps, features))  # TensorFlow"),
        ),
        Cause(
            "`model.build` was called on a model whose layers cannot be followed.",
            "Call the model once on real data instead:",
            ("model(x[:1])",),
        ),
    )
    return Diagnosis("", meaning, causes, expected="a number of axes")


@family(
    "flatten-undefined",
    (
        "is not fully defined",
        r"shape of the input to [\"']?Flatten[\"']? is not fully defined(?: \(got (?P<shape>\([^()]{1,80}\)))?",
    ),
)
def flatten_undefined(found: Found) -> Diagnosis:
    """Flatten in Keras 2.2 and older, which wants every size but the batch as a number above 0."""
    shape = found.shape("shape")
    given = f" A sample has {found['shape']}." if shape else ""
    meaning = f"The Flatten of this Keras wants every size but the batch as a number above 0.{given}"
    if shape and 0 in shape:
        causes = (
            Cause(
                "The channels stand where Keras reads the height: the layers before then use it up.",
                "State how the data lies, or put the channels last:",
                ('keras.backend.set_image_data_format("channels_first")', "x = x.transpose(0, 2, 3, 1)"),
            ),
            Cause(
                "The pictures are too small for so many convolutions and poolings.",
                "Give larger ones, leave a pooling out, or keep the size:",
                ('padding="same"',),
            ),
        )
    else:
        causes = (
            Cause(
                "The input leaves a size open.",
                "State it as a number:",
                ("Input((timesteps, features))",),
                about="input",
            ),
            Cause("The size is to stay open.", "Take the steps together:", ("GlobalAveragePooling1D()",)),
        )
    return Diagnosis("", meaning, causes, "", "Flatten", "sizes that are known", found["shape"])


@family(
    "no-input-shape",
    (
        "first layer in a Sequential model must get",
        r"first layer in a Sequential model must get an '?input_shape'? or '?batch_input_shape'? argument",
    ),
)
def no_input_shape(found: Found) -> Diagnosis:
    """The first layer without an input, in Kerases that build a Sequential at once."""
    meaning = "This Keras builds a Sequential model layer by layer, so its first layer must state the input's shape."
    causes = (
        Cause(
            "No input shape is stated.",
            "State it, without the batch, in one of these ways:",
            ("model.add(InputLayer((timesteps, features)))", "LSTM(64, input_shape=(timesteps, features))"),
        ),
        Cause(
            "It is stated in the layer inside a wrapper.",
            "State it in the wrapper:",
            ("Bidirectional(LSTM(64), input_shape=(timesteps, features))",),
        ),
    )
    return Diagnosis("", meaning, causes, expected="`input_shape`")


@family(
    "graph-disconnected",
    (
        "Graph disconnected",
        r"Graph disconnected: cannot obtain value for tensor .{0,300}? at layer " + NAMED + r"(?=[.\s]|$)",
    ),
    ("Graph disconnected", r"Graph disconnected: cannot obtain value for tensor"),
    ("is not connected to", r"Output with path ?.{0,200}? is not connected to inputs"),
)
def disconnected(found: Found) -> Diagnosis:
    """A model whose outputs need an input that was not named."""
    layer = found["layer"]
    needs = f" They need {named(layer)}, which cannot be reached from there." if layer else ""
    meaning = f"The outputs of the model do not follow from the inputs that it was given.{needs}"
    causes = (
        Cause(
            "An input is missing in `Model(inputs, outputs)`.",
            "Name every `Input` that the outputs depend on:",
            ("Model([input_a, input_b], outputs)",),
        ),
        Cause(
            "The variable of the input was overwritten: `x = Input(...)`, `x = Dense(...)(x)`, `Model(x, ...)`.",
            "Keep the input under a name of its own:",
            ("inputs = Input((timesteps, features))", "x = LSTM(64)(inputs)", "model = Model(inputs, x)"),
        ),
        Cause(
            "A part of another model was used by its `output`, whose input is another `Input`.",
            "Call the other model on yours:",
            ("x = other_model(inputs)",),
        ),
    )
    return Diagnosis("", meaning, causes, layer, class_named(layer))


@family(
    "never-called",
    (
        "has never been called and thus has no defined",
        rf"(?:The layer|Layer|The layer named) (?:{NAMED} )?has never been called and thus has no defined"
        r" (?P<what>input|output)(?: shape)?",
    ),
    ("no defined", rf"Sequential model {NAMED} has no defined (?P<what>input|output)s?(?: shape)? yet"),
    ("has no inbound nodes", rf"Layer {NAMED} has no inbound nodes"),
    ("is not connected, no", rf"Layer {NAMED} is not connected, no (?P<what>input|output) to return"),
)
def never_called(found: Found) -> Diagnosis:
    """A shape that does not exist yet."""
    layer = found["layer"]
    who = named(layer) if layer else "The layer"
    what = found["what"] or "output"
    no_input = Cause(
        "The model states no input, so its layers have not met one.",
        "Put an Input first, or call the model once:",
        ("Sequential([Input((timesteps, features)), ...])", "model(x[:1])"),
    )
    never = Cause("The layer was made and never applied.", "Apply it:", ("y = layer(x)",))
    class_name = class_named(layer)
    if class_name == "Sequential":
        later = f"In Keras 3 a Sequential that was only loaded or built has `{what}s`, and no `{what}`."
        causes = (no_input, Cause(later, "Take that:", (f"model.{what}s[0]",)))
    else:
        causes = (no_input, never)
    meaning = f"{who} has no {what} yet, because it has not been applied to anything."
    return Diagnosis("", meaning, causes, layer, class_name)


@family(
    "not-built",
    ("has not yet been built", r"This model has not yet been built\."),
    (
        "has not yet been built",
        r"You are (?P<doing>saving|loading weights into) a model (?:that|which) has not yet been built",
    ),
    ("have not yet been created", rf"Weights for model {NAMED} have not yet been created"),
    (
        "isn't built",
        rf"You tried to call (?P<what>\w{{1,40}}) on(?: layer)? {NAMED}, but the (?:layer|model) isn't built",
    ),
)
def not_built(found: Found) -> Diagnosis:
    """Counts and weights that do not exist before an input is known."""
    layer = found["layer"]
    who = f"The model `{layer}`" if layer and not class_named(layer) else named(layer) if layer else "The model"
    meaning = f"{who} has no weights yet: their shapes follow from the shape of the input, which is not known."
    causes = (
        Cause(
            "No input shape is stated.",
            "State it, call `build`, or call the model once:",
            (
                "Sequential([Input((timesteps, features)), ...])",
                "model.build((None, timesteps, features))",
                "model(x[:1])",
            ),
        ),
    )
    return Diagnosis("", meaning, causes, layer, class_named(layer))


@family(
    "missing-input",
    (
        "Missing data for input",
        r"Missing data for input [\"'](?P<input>[\w./-]{1,200})[\"']\. You passed a data dictionary with keys"
        r" (?P<keys>\[.{0,300}?\])",
    ),
)
def missing_input(found: Found) -> Diagnosis:
    """A dictionary of data without one of the model's inputs."""
    wanted, keys = found["input"], found["keys"]
    cause = Cause(
        "The keys of the dictionary are not the names of the inputs.",
        "Use the same names in both:",
        (f'Input(..., name="{wanted}")', f'model.fit({{"{wanted}": x}}, y)'),
    )
    meaning = f"The model has an input `{wanted}`, and the dictionary of the data has the keys `{keys}`."
    return Diagnosis("", meaning, (cause,), wanted, "", wanted, keys)


@family(
    "number-of-inputs",
    (
        "input tensors",
        rf"(?:Layer|Model) {NAMED} expects (?P<wanted>\d{{1,4}}) (?:named )?input(?:s|\(s\))?"
        r"(?: with keys \[[^\]]{0,300}\])?,"
        r" but it received (?P<got>\d{1,4}) input tensors",
    ),
    (
        "the list of Numpy arrays that you are passing",
        r"the list of Numpy arrays that you are passing to your model is not the size the model expected\. "
        r"Expected to see (?P<wanted>\d{1,4}) array\(s\),?(?: for inputs .{0,200}?)? ?but instead got the following"
        r" list of (?P<got>\d{1,4})",
    ),
    # Keras 3.3.
    (
        "input(s). Received",
        rf"(?:Layer|Model) {NAMED} expected (?P<wanted>\d{{1,4}}) input\(s\)\. Received (?P<got>\d{{1,4}}) instead",
    ),
)
def number_of_inputs(found: Found) -> Diagnosis | None:
    """One input where two are wanted, or a list where an array is wanted."""
    wanted, got = found.number("wanted"), found.number("got")
    if wanted is None or got is None:
        return None
    layer = found["layer"]
    who = named(layer) if layer else "The model"
    meaning = f"{who} takes {wanted} {'input' if wanted == 1 else 'inputs'} and was given {got}."
    causes = _input_causes(found, wanted, got)
    return Diagnosis("", meaning, tuple(causes), layer, class_named(layer), str(wanted), str(got))


LIST_OF_SAMPLES = Cause(
    "The data is a list of samples, which Keras takes for a list of inputs.",
    "Make one array of it:",
    ("x = np.array(x)",),
)
TWO_BRANCHES = Cause("Two branches go into a layer that reads one.", "Join them first:", ("x = Concatenate()([a, b])",))
RETURNS_STATES = Cause(
    "A recurrent layer before it has `return_state=True`, so it gives its states beside its output.",
    "Leave it out, or take the output alone:",
    ("output, *states = LSTM(64, return_state=True)(x)",),
)
SAVED_INNER_MODEL = Cause(
    "The file holds a model that is used as a layer, which early releases of Keras 3 do not always read back.",
    "Build the model with its code, and load the weights:",
    ('model.load_weights("model.weights.h5")',),
)


def _input_causes(found: Found, wanted: int, got: int) -> list[Cause]:
    """Why a layer or model gets another number of inputs, likeliest first."""
    names = ", ".join("abcdefgh"[:wanted]) if wanted <= 8 else "..."
    inputs = f"({names})" if wanted > 1 else "x"
    in_one_list = Cause(
        "The targets stand in one list with the inputs.",
        "Give inputs and targets as a tuple:",
        (f"validation_data=({inputs}, y)", f"yield {inputs}, y  # in a generator"),
    )
    loading = found.near(r"(load_model|from_config|deserialize)")
    # Tensors of Keras are there when a model is built, others when it runs.
    running = any(word in found.text for word in ("IteratorGetNext", "ExpandDims", "<tf.Tensor"))
    if wanted != 1:
        causes = [
            Cause("The inputs are not in one list.", "Give one array for each input:", (f"model.fit([{names}], y)",)),
            Cause(
                "A dataset or generator gives them flat.", "Let it give a tuple of inputs:", (f"yield ({names}), y",)
            ),
        ]
        return [in_one_list, *causes] if got == wanted + 1 else causes
    if running and got == 2:
        return [in_one_list, LIST_OF_SAMPLES]
    causes = [TWO_BRANCHES, LIST_OF_SAMPLES] if got == 2 else [LIST_OF_SAMPLES, TWO_BRANCHES]
    if "KerasTensor" in found.text and got in (2, 3, 5):
        # h of a GRU, h and c of an LSTM, and those of both directions, come behind the output.
        causes = [RETURNS_STATES, TWO_BRANCHES] if got > 2 else [TWO_BRANCHES, RETURNS_STATES]
    return [SAVED_INNER_MODEL, *causes[:1]] if loading else causes
