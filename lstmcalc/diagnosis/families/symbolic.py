"""Tensors without values where values are wanted, and code of graphs in a Keras that runs eagerly."""

from __future__ import annotations

from dataclasses import replace

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import Found, family
from lstmcalc.diagnosis.traced import Called, call_of, calls, own_line
from lstmcalc.diagnosis.words import class_named

RECURRENT = ("lstm", "gru", "rnn", "bidirectional")
OLD_NUMPY = Cause(
    "TensorFlow 2.4 or older runs with numpy 1.20 or newer.",
    "Update TensorFlow, or install the older numpy, and start Python again:",
    ("pip install -U tensorflow", 'pip install "numpy<1.20"'),
)


@family(
    "symbolic-to-numpy",
    (
        "Cannot convert a symbolic",
        r"Cannot convert a symbolic (?:tf\.)?Tensor \((?P<tensor>[\w./:-]{1,200})\) to a" r" numpy array",
    ),
    (
        "You cannot convert it to a",
        r"A KerasTensor is symbolic: .{1,120}? You cannot convert it to a (?P<kind>NumPy" r" array|float|int)",
    ),
    ("traced array with shape", r"The numpy\.ndarray conversion method __array__\(\) was called on traced array"),
    (
        "You are passing KerasTensor",
        r"You are passing KerasTensor\(.{1,300}?\), an intermediate (?:TF-)?Keras symbolic" r" input/output",
    ),
    (
        "has no attribute 'numpy'",
        r"'(?:KerasTensor|SymbolicTensor|Tensor|EagerTensor)' object has no attribute" r" 'numpy'",
    ),
)
def symbolic_to_numpy(found: Found) -> Diagnosis:
    """numpy, or Python's float, on a tensor that has no values yet."""
    tensor = found["tensor"]
    path = tensor.partition(":")[0].split("/")
    layer = path[-2] if len(path) > 1 and class_named(path[-2]) else ""
    meaning = (
        "The tensor stands for values that come later, when the model runs, so numpy cannot calculate with it now."
    )
    causes = [
        Cause(
            "A numpy function (`np.sum`, `np.exp`, ...) or `.numpy()` is used on a layer's "
            "output, or in a loss or layer.",
            "Use the function of the same name in Keras:",
            ("y = keras.ops.sum(x, axis=-1)  # instead of np.sum(x, axis=-1)",),
        ),
        Cause(
            "The value of a layer for given data is wanted.",
            "Make a model of it and predict:",
            ("values = Model(model.inputs, layer.output).predict(data)",),
        ),
    ]
    if "strided_slice" in tensor:
        causes.append(OLD_NUMPY)
    if "strided_slice" in tensor and any(word in tensor for word in RECURRENT):
        meaning = (
            "TensorFlow 2.4 and older hand a symbolic size to numpy, which numpy 1.20 and "
            "later refuse: the model is not at fault."
        )
        said = "A recurrent layer of TensorFlow 2.4 or older runs with numpy 1.20 or newer."
        causes = [replace(OLD_NUMPY, cause=said)]
    return Diagnosis(
        "", meaning, tuple(causes), layer, class_named(layer), "an array with values", tensor or "a symbolic tensor"
    )


@family(
    "tensorflow-on-symbolic",
    (
        "cannot be used as input to a TensorFlow function",
        r"A KerasTensor cannot be used as input to a TensorFlow function",
    ),
)
def tensorflow_on_symbolic(found: Found) -> Diagnosis:
    """`tf.something(layer_output)` in Keras 3."""
    called = found.near(r"\b(tf\.[\w.]{1,60})\(")
    call = next((one for one in calls(found) if one.function.startswith("tf.")), None)
    called = call.function if call else called
    ops = {
        "tf.reduce_sum": "sum",
        "tf.reduce_mean": "mean",
        "tf.reduce_max": "max",
        "tf.concat": "concatenate",
        "tf.square": "square",
    }
    plain = called.rpartition(".")[2]
    name = ops.get(called, plain.removeprefix("reduce_")) if called else "sum"
    meaning = (
        "In Keras 3 the output of a layer is no TensorFlow tensor, so "
        f"{f'`{called}`' if called else 'a TensorFlow function'} cannot take it."
    )
    causes = (
        Cause(
            "A TensorFlow function stands between layers.",
            "Use the operation of Keras, which works there:",
            (f"y = {call.written(f'keras.ops.{name}') if call else f'keras.ops.{name}(x)'}",),
        ),
        Cause(
            "There is no such operation.",
            "Put the function into a layer:",
            (
                "class Mine(keras.layers.Layer):",
                "    def call(self, x):",
                f"        return {call.written() if call else (called or 'tf.reduce_sum') + '(x)'}",
            ),
        ),
    )
    return Diagnosis("", meaning, causes, expected="a TensorFlow tensor", got="a KerasTensor")


@family(
    "symbolic-iterated",
    (
        "Iterating over a symbolic",
        r"Iterating over a symbolic (?:KerasTensor|tf\.Tensor) is not" r" (?:supported|allowed)",
    ),
    ("annot iterate over a", r"Cannot iterate over a [Tt]ensor with unknown first dimension"),
    ("only iterable when eager execution", r"Tensor objects are (?:only|not) iterable when eager execution"),
    ("terating over", r"iterating over tf\.Tensor is not allowed"),
    ("does not support iteration", r"TensorType does not support iteration"),
    ("not enough values to unpack", r"not enough values to unpack \(expected (?P<wanted>\d), got (?P<got>\d)\)"),
)
def symbolic_iterated(found: Found) -> Diagnosis | None:
    """Unpacking one tensor, or a loop over it."""
    states = Cause(
        "Several outputs were expected of a recurrent layer that returns one.",
        "Ask for the states:",
        ("output, h, c = LSTM(units, return_state=True)(x)", "output, h = GRU(units, return_state=True)(x)"),
    )
    loop = Cause(
        "A loop or `zip` goes over a tensor.",
        "Calculate with the whole tensor, or take slices of a known size:",
        ("y = keras.ops.sum(x, axis=1)", "first = x[:, 0]"),
    )
    if found["wanted"]:
        if not found.near(r"((?:LSTM|GRU|RNN)\()"):
            return None
        wanted, got = found["wanted"], found["got"]
        meaning = f"The layer returns {got} tensors, and {wanted} names stand before it."
        gru = (
            "a GRU and a SimpleRNN return 2 with `return_state=True` (one state), an LSTM 3 "
            "(h and c), a Bidirectional(LSTM) 5"
        )
        fix = Cause(f"{gru[0].upper()}{gru[1:]}.", "Write as many names:", states.code)
        return Diagnosis(
            "number-of-outputs",
            meaning,
            (replace(fix, code=_as_many(found, int(got)) or fix.code),),
            expected=f"{wanted} tensors",
            got=f"{got} tensors",
        )
    meaning = (
        "One tensor was taken apart as if it were several: a tensor without values cannot be looped over or unpacked."
    )
    states = replace(states, code=_asking(found) or states.code)
    causes = (states, loop) if found.near(r"((?:LSTM|GRU|RNN)\()") else (loop, states)
    return Diagnosis("", meaning, causes, expected="several tensors", got="one tensor")


RETURNS = {"LSTM": "output, h, c", "GRU": "output, h", "SimpleRNN": "output, h"}


def _asking(found: Found) -> tuple[str, ...]:
    """The line that failed, asking for the states; none where it is not there."""
    call = call_of(found, *RETURNS)
    if call is None:
        return ()
    return (f"{RETURNS[call.name]} = {call.written(return_state='True')}{_rest(found, call)}",)


def _as_many(found: Found, got: int) -> tuple[str, ...]:
    """The line that failed with as many names as there are tensors."""
    call = call_of(found, *RETURNS)
    names = [name.strip() for name in own_line(found).partition(" = ")[0].split(",")]
    if call is None or got >= len(names):
        return ()
    return (f"{', '.join(names[:got])} = {call.written()}{_rest(found, call)}",)


def _rest(found: Found, call: Called) -> str:
    """What the layer is called on, where the line says it in brackets of its own."""
    line = own_line(found)
    return (
        line[line.rfind(")(") + 1 :] if line.endswith(")") and ")(" in line and f"{call.function}(" in line else "(x)"
    )


@family(
    "symbolic-bool",
    ("boolean", r"A symbolic KerasTensor cannot be used as a boolean"),
    ("Python", r"[Uu]sing a (?:symbolic )?tf\.Tensor as a Python bool is not allowed"),
    ("do not support boolean operations", r"Variables do not support boolean operations"),
    ("do not implement __len__", r"Keras symbolic inputs/outputs do not implement __len__"),
)
def symbolic_bool(found: Found) -> Diagnosis:
    """`if tensor > 0` before there are values."""
    meaning = "`if`, `and`, `while` or `len` asks for the value of a tensor, which is known only when the model runs."
    causes = (
        Cause(
            "A condition on values stands between layers.",
            "Choose value by value:",
            ("y = keras.ops.where(x > 0, x, 0)",),
        ),
        Cause("The question was whether an argument is given.", "Ask for None:", ("if mask is not None:",)),
    )
    return Diagnosis("", meaning, causes)


TAPE = Cause(
    "The code is of TensorFlow 1.",
    "Write:",
    ("with tf.GradientTape() as tape:", "    loss = f(w)", "gradient = tape.gradient(loss, w)"),
)
IN_BUILD = Cause(
    "`tf.Variable` stands in `call`.",
    "Make weights in `build`:",
    ("def build(self, shape):", "    self.w = self.add_weight(shape=(8, 4))"),
)
NO_SESSION = Cause(
    "The code is of TensorFlow 1.",
    "Leave the session away, or run it as it was:",
    ("tf.compat.v1.disable_v2_behavior()",),
)
OUTPUT_TOO = Cause(
    "A loss or callback uses the output of a layer of the model.",
    "Add it in a layer, or give the model this output:",
    ("model = Model(x, [y, hidden])",),
)
NOT_KEPT = Cause("`call` keeps a tensor in a list or attribute.", "Return it instead.")


@family(
    "graph-eager",
    (
        "is not supported when eager execution is enabled",
        r"tf\.gradients is not supported when eager execution is enabled",
    ),
    ("out of scope", r"is out of scope and cannot be used here"),
    (
        "outside of the function building code",
        r"An op outside of the function building code is being passed a \"Graph\" tensor",
    ),
    ("Inputs to eager execution function", r"Inputs to eager execution function cannot be Keras symbolic tensors"),
    (
        "only supports singleton tf.Variables",
        r"tf\.function(?: only supports singleton tf\.Variables|-decorated function tried" r" to create variables)",
    ),
    ("get_session is not available", r"get_session is not available when using TensorFlow 2"),
)
def graph_eager(found: Found) -> Diagnosis:
    """Code of TensorFlow 1 in TensorFlow 2, or a tensor of one run used in another."""
    if "gradients" in found.message:
        return Diagnosis("", "TensorFlow 2 takes gradients from a tape, not from a graph.", (TAPE,))
    if "ariables" in found.message:
        meaning = "A variable is made each time that the layer is called; it may be made once only."
        return Diagnosis("", meaning, (IN_BUILD,))
    if "get_session" in found.message:
        return Diagnosis("", "TensorFlow 2 has no sessions.", (NO_SESSION,))
    meaning = (
        "A tensor of the graph that Keras builds inside `fit` was kept, and is used "
        "outside of it, where it has no value."
    )
    return Diagnosis("", meaning, (OUTPUT_TOO, NOT_KEPT))
