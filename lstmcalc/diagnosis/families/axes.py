"""Inputs with a wrong number of axes, or a wrong size on one: what layers and models say of what they are given."""

from __future__ import annotations

from math import gcd

from lstmcalc.diagnosis.apart import data_causes, shape_causes
from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis, Shape
from lstmcalc.diagnosis.message import SHAPE, Found, family, read_shape
from lstmcalc.diagnosis.missing_axis import data_without_axis, last_axis
from lstmcalc.diagnosis.traced import call_of, calls
from lstmcalc.diagnosis.words import RECURRENT, after, axes_text, class_named, named, values

LAYER = r"[\"']?(?P<layer>[\w./-]{1,200})[\"']?"
INPUT = (
    r"Input \d{1,4}(?: with name [\"']?[\w./:-]{1,200}[\"']?)?"
    rf" (?:of layer {LAYER} is incompatible with the layer"
    rf"|is incompatible with layer {LAYER.replace('layer>', 'old>')})"
    r"(?:: (?:: )?| )"
)
FULL = rf"(?:\.? ?Full shape received: (?P<shape>{SHAPE}))?"
NDIM = rf"expected (?P<bound>min_|max_)?ndim=(?P<expected>\d{{1,3}}), found ndim=(?P<found>\d{{1,3}}){FULL}"
#: The form of Keras 0.3.
OLD_NDIM = (
    r"[Ll]ayer expect(?:s|ed) input (?:with )?ndim=(?P<expected>\d{1,3}),? (?:was provided with input shape"
    rf"|but previous layer has output_shape) (?P<shape>{SHAPE})"
)
#: Classes that are whole models.
MODELS = ("Sequential", "Functional", "Model")
AXIS = (
    r"expected axis (?P<axis>-?\d{1,3}) of input shape to have value (?P<value>\d{1,15}),? ?"
    rf"but (?:got|received input with) shape (?P<shape>{SHAPE})"
)


def layer_of(found: Found) -> str:
    """The layer of a message: as it says it, or as Keras 3 heads it (`Exception encountered when calling ...`)."""
    return found["layer"] or found["old"]


@family("wrong-ndim", ("ndim=", INPUT + NDIM), ("ndim=", NDIM), ("ayer expect", OLD_NDIM))
def wrong_ndim(found: Found) -> Diagnosis | None:
    """`expected ndim=3, found ndim=2`, of all Kerases."""
    layer = layer_of(found)
    class_name = class_named(layer)
    expected, got, shape = found.number("expected"), found.number("found"), found.shape("shape")
    got = len(shape) if got is None and shape is not None else got
    if expected is None or got is None or (shape is not None and len(shape) != got):
        return None
    least = {"min_": "at least ", "max_": "at most "}.get(found["bound"], "")
    axes = least + axes_text(class_name, expected)
    given = f"{axes_text('', got)}: {shape}" if shape else axes_text("", got)
    who = named(layer) if layer else "The layer"
    return Diagnosis(
        "wrong-ndim",
        f"{who} reads {axes}. It was given {given}.",
        _stepless(found, shape, who) or ndim_causes(class_name, expected, got, shape, _is_behind(found)),
        layer,
        class_name,
        axes,
        str(shape) if shape else axes_text("", got),
        (shape,) if shape else (),
    )


def _is_behind(found: Found) -> bool:
    """Whether the line that failed adds a layer which does not state the input, so that others stand before it."""
    stated = {"input_shape", "batch_input_shape", "input_dim"}
    return call_of(found, "add") is not None and not any(stated & set(call.keywords) for call in calls(found))


def _stepless(found: Found, shape: Shape | None, who: str) -> tuple[Cause, ...]:
    """Why what a TimeDistributed wraps gets an axis too few."""
    call = call_of(found, "TimeDistributed")
    if call is None and not found.near(r"(time_distributed\.py)"):
        return ()
    one = f" Each step is {shape} then." if shape else ""
    who = f"{who[0].upper()}{who[1:]}"
    said = f"{who} stands in a TimeDistributed, which takes the first axis behind the batch for time steps.{one}"
    stated = read_shape(call.keywords.get("input_shape", "")) if call else None
    if call is None or stated is None or not call.positional:
        return (Cause(said, "Give the input an axis of time steps behind the batch:", ("Input((timesteps, ...))",)),)
    sizes = ", ".join(map(str, stated))
    code = call.written(input_shape=f"(timesteps, {sizes})")
    return (Cause(said, "State the number of time steps before the shape of one step:", (code,)),)


def ndim_causes(
    class_name: str, expected: int, got: int, shape: Shape | None, is_behind: bool = False
) -> tuple[Cause, ...]:
    """Why a layer gets another number of axes, likeliest first; `is_behind` where other layers stand before it."""
    if got < expected:
        causes = _too_few(class_name, expected, got, shape)
        if not is_behind:
            return causes
        first = "flatten" if class_name.startswith("Conv") else "drops-steps"
        rank = {"drops-steps": 1, "flatten": 1, first: 0}
        return tuple(sorted(causes, key=lambda cause: rank.get(cause.about, 2)))
    return _too_many(class_name, expected, got, shape)


def _too_few(class_name: str, expected: int, got: int, shape: Shape | None) -> tuple[Cause, ...]:
    if class_name in MODELS and got + 1 == expected:
        # It is data: nothing stands before the model.
        return tuple(data_without_axis("LSTM" if expected == 3 else "", shape or (None,) * got))
    causes: list[Cause] = []
    if class_name == "Flatten":
        return (Cause("What comes in is flat already.", "Leave the Flatten out."),)
    reads_steps = class_name in RECURRENT or class_name in ("TimeDistributed", "Conv1D") or not class_name
    if got == 2 and expected == 3 and reads_steps:
        size = shape[-1] if shape else None
        example = f"LSTM({size or 64}, return_sequences=True)"
        causes.append(
            Cause(
                "A recurrent layer before it returns only its last step, without the axis of the time steps.",
                "Set `return_sequences=True` on every recurrent layer whose output goes to another one:",
                (example,),
                about="drops-steps",
            )
        )
    filled: Shape = shape or (None,) * got
    if got + 1 == expected:
        causes += _without_axis(class_name, filled, shape is not None)
    elif expected > got and shape and None not in shape and got + 2 == expected:
        made = (1, *shape, 1)
        causes.append(
            Cause("The data lacks the batch and the last axis.", code=(f"x = x[None, ..., None]{after(shape, made)}",))
        )
    if got == 2 and expected > 2 and class_name:
        said = "A Flatten before it joins all axes but the batch."
        causes.append(Cause(said, "Leave it out, or put it behind the last layer that reads them.", about="flatten"))
    if len(causes) > 1 and causes[0].about == "drops-steps" and (class_name == "Conv1D" or _is_wide(shape)):
        causes.insert(1, causes.pop(0))
    if not causes:
        causes.append(
            Cause(f"The data lacks {expected - got} axes.", "Give the data, or `Input(...)`, the missing axes.")
        )
    return tuple(causes)


def _is_wide(shape: Shape | None) -> bool:
    """Whether a size is more than the `units` that recurrent layers have as a rule: a row of data."""
    return shape is not None and (shape[-1] or 0) > 1024


def _without_axis(class_name: str, shape: Shape, known: bool) -> list[Cause]:
    causes = []
    if known and shape[0] is not None and len(shape) >= 2:
        made = (1, *shape)
        causes.append(Cause("One sample was given without the batch axis.", code=(f"x = x[None]{after(shape, made)}",)))
    what = last_axis(class_name, shape)
    code = f"x = x[..., None]{after(shape, (*shape, 1))}" if known else "x = x[..., None]"
    inner = shape[1:] if known else ()
    if known and None not in inner:
        code_input = f"Input({(*inner, 1)})  # not {inner}"
        causes.append(
            Cause(what, "Give the data the axis, and state it in the input:", (code, code_input), about="input")
        )
    else:
        causes.append(Cause(what, code=(code,)))
    return causes


def _too_many(class_name: str, expected: int, got: int, shape: Shape | None) -> tuple[Cause, ...]:
    causes = []
    if class_name in MODELS and shape and (data := data_causes(shape, (None,) * expected)):
        return data
    if shape and got == expected + 1 > 1 and shape[-2] == 1 and class_name in RECURRENT:
        made = (*shape[:-2], shape[-1])
        code = f"x = x.squeeze(axis=-1)  # then an Embedding gives {made}, not {shape}"
        causes.append(Cause("An Embedding read data that ends in an axis of size 1, and added one more.", code=(code,)))
    if got == expected + 1 and expected == 2:
        causes.append(
            Cause(
                "A recurrent layer before it returns every step.",
                "Leave `return_sequences=True` out on the last recurrent layer before it, or put `Flatten()` between.",
                about="keeps-steps",
            )
        )
    stated = shape and shape[0] is None and class_name not in MODELS
    if shape and stated and got == expected + 1 and expected > 2 and not causes:
        code = f"Input({shape[2:]})  # not {shape[1:]}"
        said = "The stated input shape holds the batch, which Keras adds itself."
        causes.append(Cause(said, code=(code,), about="input"))
    if got == expected + 1 and class_name.startswith("Conv"):
        causes.append(
            Cause("The layer is meant for each time step.", "Wrap it:", (f"TimeDistributed({class_name}(...))",))
        )
    if shape and shape[-1] == 1 and got == expected + 1:
        code = f"x = x.squeeze(axis=-1){after(shape, shape[:-1])}"
        causes.append(Cause("The data ends in an axis of size 1.", code=(code,)))
    flat = "Flatten()" if expected == 2 else "Reshape((timesteps, features))"
    more = got - expected
    causes.append(
        Cause(
            f"What comes in has {more} {'axis' if more == 1 else 'axes'} more than the layer reads.",
            f"Put `{flat}` before it.",
        )
    )
    return tuple(causes)


@family("wrong-size", ("of input shape to have value", INPUT + AXIS), ("of input shape to have value", AXIS))
def wrong_size(found: Found) -> Diagnosis | None:
    """`expected axis -1 of input shape to have value 5 but received input with shape (8, 4)`."""
    layer, shape = layer_of(found), found.shape("shape")
    axis, value = found.number("axis"), found.number("value")
    if shape is None or axis is None or value is None or not -len(shape) <= axis < len(shape):
        return None
    got = shape[axis]
    where = "the last axis" if axis in (-1, len(shape) - 1) else f"axis {axis}"
    who = named(layer) if layer else "The layer"
    has = "a size that is not known" if got is None else f"{got:,}"
    has_weights = "reads" if class_named(layer) in MODELS else "has weights for"
    meaning = f"{who} {has_weights} {values(value)} on {where}. It was given {has} there: {shape}."
    causes = [*_warned(found), *_other_axis(shape, axis, value)]
    causes += _other_size(class_named(layer), shape, axis, value, given_to_model(found))
    wanted = tuple(value if place == axis % len(shape) else size for place, size in enumerate(shape))
    expected = f"{value:,} on {where}"
    return (
        Diagnosis("wrong-size", meaning, tuple(causes), layer, class_named(layer), expected, str(shape), (shape,))
        if wanted != shape
        else None
    )


def _other_axis(shape: Shape, axis: int, value: int) -> list[Cause]:
    axis %= len(shape)
    for place, size in enumerate(shape):
        if size == value and place not in (0, axis):
            order = list(range(len(shape)))
            order[place], order[axis] = order[axis], order[place]
            made = tuple(shape[one] for one in order)
            code = f"x = x.transpose({', '.join(map(str, order))}){after(shape, made)}"
            return [Cause(f"The {value:,} stands on axis {place}: the axes are in another order.", code=(code,))]
    return []


#: A Flatten gives places times channels, so two of its sizes share the channels as a factor.
SHARED = 16


def _shared(one: int, other: int | None) -> int:
    """The largest factor of two sizes, where it is smaller than both."""
    share = gcd(one, other) if other else 0
    return share if other and share < min(one, other) else 0


def _flatten_cause(shape: Shape, value: int, got: int | None, given: Shape | None) -> Cause:
    share = _shared(value, got)
    why = f" Both {value:,} and {got:,} are multiples of {share:,}." if given is None and share >= SHARED else ""
    why = f" The model was given {given}." if given else why
    return Cause(
        f"A Flatten before it gives another size, because the pictures or sequences have another size.{why}",
        "Resize or pad them to the size of the training data.",
        about="flatten",
    )


def _other_data(shape: Shape, axis: int, value: int) -> Cause:
    kind = {2: "values per sample", 3: "values per step"}.get(len(shape), "channels")
    return Cause(
        f"This data has another number of {kind} than the layer was built with.",
        "Prepare it with the same columns, encoder and vocabulary as the training data:",
        (f"assert x.shape[-1] == {value}",) if axis in (-1, len(shape) - 1) else (),
    )


def given_to_model(found: Found) -> Shape | None:
    """The shape of the data, where the message has the arguments of the model's call."""
    called = r"Arguments received by (?:Sequential|Functional|Model)\.call\(\): (?:• )?inputs="
    return read_shape(found.near(rf"{called}[\w.]{{1,40}}\(shape=({SHAPE})"))


def _warned(found: Found) -> tuple[Cause, ...]:
    """What TensorFlow warned of before: data of another shape than the model was built for."""
    built = read_shape(found.near(rf"Model was constructed with shape ({SHAPE}) for input"))
    called = read_shape(found.near(rf"was called on an input with incompatible shape ({SHAPE})"))
    if built is None or called is None:
        return ()
    return shape_causes(called, built, is_words=bool(found.near(r"(embedding\w{0,9}_input)")))


def _other_size(class_name: str, shape: Shape, axis: int, value: int, given: Shape | None = None) -> list[Cause]:
    got = shape[axis]
    if not value:
        said = "The layer was built for 0 values: its code divides the number of channels, and nothing is left."
        return [Cause(said, "Give it an input with more channels, or look at its `build`.")]
    causes = []
    if len(shape) == 4 and got in (1, 3, 4) and value in (1, 3, 4):
        kinds = {1: "grey", 3: "RGB", 4: "RGBA"}
        change = {
            (1, 3): "x = np.repeat(x, 3, axis=-1)",
            (4, 3): "x = x[..., :3]",
            (3, 1): "x = x.mean(axis=-1, keepdims=True)",
        }.get((got or 0, value))
        code = (f"{change}{after(shape, (*shape[:-1], value))}",) if change else ()
        said = f"The pictures are {kinds[got or 1]}, the layer was built for {kinds[value]}."
        causes.append(Cause(said, "" if code else "Load the pictures with the other number of channels.", code))
    if class_name == "Dense" and len(shape) == 2 and (given is None or len(given) > 2):
        causes.append(_flatten_cause(shape, value, got, given))
    if given is None or given == shape:
        # A layer behind others does not read the data.
        causes.append(_other_data(shape, axis, value))
    if causes and causes[0].about == "flatten" and given is None and _shared(value, got) < SHARED:
        causes.reverse()
    if got is not None and class_name in MODELS:
        fix = f"Write {got:,} where the model states its input, and train it anew."
        causes.append(Cause(f"The model was built for {value:,}, and the data rightly has {got:,}.", fix))
    elif got is not None:
        causes.append(
            Cause(
                f"The same layer is used on two inputs, one with {value:,} and one with {got:,}.",
                f"Make one layer for each, or write {got:,} where the model states its input.",
            )
        )
    return causes


@family(
    "wrong-ndim",
    (
        "Kernel shape must have the same length",
        r"Kernel shape must have the same length as input, but received kernel of shape "
        rf"(?P<kernel>{SHAPE}) and input of shape (?P<shape>{SHAPE})",
    ),
)
def kernel_ndim(found: Found) -> Diagnosis | None:
    """A convolution in a wrapper, on an input with an axis too few."""
    kernel, shape = found.shape("kernel"), found.shape("shape")
    if not kernel or not shape:
        return None
    class_name = {3: "Conv1D", 4: "Conv2D", 5: "Conv3D"}.get(len(kernel), "")
    expected = axes_text(class_name, len(kernel))
    meaning = f"A {class_name or 'convolution'} reads {expected}. It was given {len(shape)}: {shape}."
    causes = _stepless(found, shape, named("", class_name))
    if len(shape) + 1 == len(kernel) and not causes:
        causes = tuple(_without_axis(class_name, shape, True))
    return Diagnosis("wrong-ndim", meaning, causes, "", class_name, expected, str(shape), (shape,))


@family(
    "wrong-ndim",
    (
        "should be passed an input_shape with at least 3",
        r"TimeDistributed Layer should be passed an input_shape with at least 3 dimensions, received: "
        rf"(?P<shape>{SHAPE})",
    ),
)
def time_distributed(found: Found) -> Diagnosis | None:
    """TimeDistributed on an input without time steps."""
    shape = found.shape("shape")
    if shape is None:
        return None
    expected = "at least 3 axes (batch, timesteps, ...)"
    meaning = f"A TimeDistributed reads {expected}. It was given {len(shape)}: {shape}."
    causes = _too_few("TimeDistributed", 3, len(shape), shape)
    return Diagnosis(
        "wrong-ndim",
        meaning,
        causes,
        "",
        "TimeDistributed",
        expected,
        str(shape),
        (shape,),
    )
