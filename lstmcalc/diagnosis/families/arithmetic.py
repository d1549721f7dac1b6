"""Two arrays that are multiplied as matrices, convolved, or combined value by value, and do not agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from math import prod

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis, Shape
from lstmcalc.diagnosis.families.losses import compared
from lstmcalc.diagnosis.families.masks import attention_masks
from lstmcalc.diagnosis.families.merging import NODE
from lstmcalc.diagnosis.families.states import states_in_cell
from lstmcalc.diagnosis.message import SHAPE, Found, family
from lstmcalc.diagnosis.targets import LOSSES, mixed_samples
from lstmcalc.diagnosis.words import class_named

WITH = rf"(?:.{{0,900}}?with input shapes: (?P<first>{SHAPE})(?:, (?P<second>{SHAPE}))?)?"


@family(
    "unequal-dimensions",
    (
        "Dimensions must be equal, but are",
        rf"Dimensions must be equal, but are (?P<one>\d{{1,15}}) and (?P<other>\d{{1,15}}){NODE}{WITH}",
    ),
)
def unequal(found: Found) -> Diagnosis | None:
    """`Dimensions must be equal, but are 10 and 20`: in a loss, a product, or a sum."""
    op = found["op"] or found["old_op"]
    first, second = found.shape("first"), found.shape("second")
    node = found["node"]
    if first and second and re.search(r"loss|error|entropy|divergence|metrics", node):
        target, output = (second, first) if op == "SquaredDifference" else (first, second)
        if answer := compared(found, target, output, _loss_in(node)):
            return answer
    if "MatMul" in op and first and second:
        return product(first, second, node)
    if op.startswith("Conv") and first and second:
        return channels(first[-1], second[-2])
    return unequal_sizes(first, second, found.number("one"), found.number("other"), node)


def _loss_in(node: str) -> str:
    return next((LOSSES[name] for name in LOSSES if name in node), "")


def unequal_sizes(
    first: Shape | None, second: Shape | None, one: int | None, other: int | None, node: str = ""
) -> Diagnosis:
    """Two arrays that are added, subtracted or multiplied value by value."""
    shapes = f" ({first} and {second})" if first and second else ""
    place = f" at `{node}`" if node else ""
    sizes = f"sizes {one} and {other}" if one is not None else "shapes, which it does not state,"
    meaning = f"Two arrays are combined value by value{place}, and their {sizes} do not agree{shapes}."
    causes = (
        Cause(
            "It is the loss: the targets do not have the shape of the output.",
            "Compare `model.output_shape` with `y.shape`, and give the last layer one unit per column of `y`.",
        ),
        Cause(
            "It is a merging layer or an operator (`a + b`) in the model.",
            "Give both branches the same units, filters and lengths, or join them: `Concatenate()([a, b])`.",
        ),
    )
    inside = tuple(_inside(node, first, second))
    return Diagnosis("", meaning, (*inside, *causes), expected=str(first or one or ""), got=str(second or other or ""))


def _inside(node: str, first: Shape | None, second: Shape | None) -> Iterator[Cause]:
    """What an operation inside of a layer, or of a function of one's own, has to do with it."""
    path = node.split("/")
    if len(path) < 2 or re.search(r"loss|error|entropy|divergence|metric|acc|gradient|broadcast_weights", node):
        return
    weight = second[0] if second and len(second) == 1 else None
    if first and weight and weight in first[1:-1]:
        said = f'The {weight} values that "{path[-2]}" takes are as many as axis {first.index(weight)} of {first} has, '
        said += "and they meet the last axis: such a weight is made for channels that come first."
        yield Cause(said, "Use one order in the whole model:", ('"image_data_format": "channels_last"  # keras.json',))
    else:
        said = f'It is in "{path[-2]}", which is a layer or a function: '
        said += "what it reads has another size than its weights, its mask or its states."
        yield Cause(said, "Look at what goes into it:", ("model.summary()", "print(x.shape)"))


def product(first: Shape, second: Shape, node: str = "") -> Diagnosis:
    """A product of matrices whose inner sizes differ."""
    place = f" at `{node}`" if node else ""
    inner = second[-2] if len(second) > 1 else second[-1]
    meaning = f"In a product of {first} and {second}{place} the {first[-1]} and the {inner} must be equal."
    causes = [
        Cause(
            f"The data has {first[-1]} values where the layer's weights read {inner}.",
            "Prepare it with the same columns and sizes as the training data:",
            (f"assert x.shape[-1] == {inner}",),
        ),
        Cause(
            "A Flatten before a Dense gives another size, because the pictures or sequences have another length.",
            "Resize or pad them to the size that the model was built with.",
            about="flatten",
        ),
        Cause(
            "It is a product of your own, with one side turned.",
            "Turn it:",
            ("tf.matmul(a, b, transpose_b=True)",),
        ),
    ]
    if len(second) > 1 and first[-1] == second[-1]:
        causes.insert(0, causes.pop())
    layer = _own_layer(node) if len(second) == 2 else ""
    if layer:
        causes = [
            *_weight_of(layer, first, second),
            *(cause for cause in causes if "product of your own" in cause.cause),
        ]
    return Diagnosis(
        "matrix-sizes", meaning, tuple(causes), layer, expected=f"{inner} values", got=str(first), received=(first,)
    )


def _own_layer(node: str) -> str:
    """The layer of an operation, where its name is of no class of Keras, or of one that has no weights."""
    layer = node.split("/")[-2] if "/" in node else ""
    # Keras writes the names that it gives small.
    own = layer[:1].isupper() or class_named(layer) in NO_WEIGHTS
    return layer if own and not re.search(r"loss|gradient|while", node) else ""


#: Classes that have no weights, whose names are those of many classes of one's own.
NO_WEIGHTS = ("Attention", "Lambda")


def _weight_of(layer: str, first: Shape, second: Shape) -> Iterator[Cause]:
    """What to do where a layer of one's own multiplies what it gets by its weight."""
    yield Cause(
        f'The weight of "{layer}", {second}, was made for {second[0]} values; it is multiplied with {first[-1]}.',
        "Where the layer is your own, make the weight in `build`, from what it is multiplied with:",
        (
            "def build(self, input_shape):",
            f'    self.kernel = self.add_weight(shape=(input_shape[-1], {second[1]}), name="kernel")',
        ),
    )
    yield Cause(
        f'The layer "{layer}" is used on two inputs, one with {second[0]} and one with {first[-1]} values.',
        "Make one layer for each.",
    )


def channels(got: int | None, wanted: int | None) -> Diagnosis:
    """A convolution on another number of channels than its kernel has."""
    meaning = f"A convolution was built for {wanted} channels, and its input has {got}."
    causes = [
        Cause(
            "The pictures have another number of channels than in training.", "Load them with the same `color_mode`."
        ),
        Cause("The axes stand in another order.", "Put the channels last, or state `data_format`."),
    ]
    if (got, wanted) == (1, 3):
        causes.insert(
            0, Cause("The pictures are grey, the layer was built for RGB.", code=("x = np.repeat(x, 3, axis=-1)",))
        )
    return Diagnosis("channels", meaning, tuple(causes), expected=f"{wanted} channels", got=f"{got} channels")


@family(
    "channels",
    (
        "evenly divisible by filter depth",
        r"input depth must be evenly divisible by filter depth: (?P<got>\d{1,12}) vs\.? (?P<wanted>\d{1,12})",
    ),
    (
        "number of input channels does not match",
        r"number of input channels does not match corresponding dimension of filter, (?P<got>\d{1,12})"
        r" (?:vs|!=) (?P<wanted>\d{1,12})",
    ),
)
def channel_count(found: Found) -> Diagnosis | None:
    """A convolution on another number of channels."""
    got, wanted = found.number("got"), found.number("wanted")
    return channels(got, wanted) if got and wanted else None


@family(
    "matrix-sizes",
    (
        "ize-incompatible: In[0]",
        rf"Matrix size-incompatible: In\[0\]: (?P<first>{SHAPE}), In\[1\]: (?P<second>{SHAPE})",
    ),
    (
        "Inner dimensions",
        r"Inner dimensions \(x1\.shape\[-1\] and x2\.shape\[-2\]\) must be equal, but received"
        rf" x1\.shape=(?P<first>{SHAPE}) and x2\.shape=(?P<second>{SHAPE})",
    ),
    (
        "shapes cannot be multiplied",
        r"mat1 and mat2 shapes cannot be multiplied \((?P<rows>\d{1,12})x(?P<inner>\d{1,12}) and"
        r" (?P<inner2>\d{1,12})x(?P<columns>\d{1,12})\)",
    ),
    (
        "dot_general requires contracting dimensions",
        r"dot_general requires contracting dimensions to have the same shape, got \((?P<inner>\d{1,12}),\) and"
        r" \((?P<inner2>\d{1,12}),\)",
    ),
)
def matrices(found: Found) -> Diagnosis | None:
    """A product of matrices, in TensorFlow, Keras 3 and PyTorch."""
    first, second = found.shape("first"), found.shape("second")
    if found["inner"]:
        first = (found.number("rows"), found.number("inner"))
        second = (found.number("inner2"), found.number("columns"))
    if not first or not second:
        return None
    return states_in_cell(found, first, second) or product(first, second)


@family(
    "unequal-dimensions",
    ("Incompatible shapes:", rf"Incompatible shapes: (?P<first>{SHAPE}) vs\.? (?P<second>{SHAPE})"),
    (
        "operands could not be broadcast",
        rf"operands could not be broadcast together with shapes (?P<first>{SHAPE}) (?P<second>{SHAPE})",
    ),
    (
        "got incompatible shapes for broadcasting",
        rf"got incompatible shapes for broadcasting: (?P<first>{SHAPE}), (?P<second>{SHAPE})",
    ),
    (
        "must match the size of tensor b",
        r"The size of tensor a \((?P<one>\d{1,12})\) must match the size of tensor b \((?P<other>\d{1,12})\)",
    ),
    ("required broadcastable shapes", r"required broadcastable shapes"),
    # Theano.
    (
        "Input dimension mis-match",
        r"Input dimension mis-match\. \(input\[\d{1,3}\]\.shape\[(?P<axis>\d{1,2})\] = (?P<one>\d{1,12}), "
        r"input\[\d{1,3}\]\.shape\[\d{1,2}\] = (?P<other>\d{1,12})\)",
    ),
)
def broadcast(found: Found) -> Diagnosis | None:
    """Values combined one by one, once the data is there."""
    first, second = found.shape("first"), found.shape("second")
    if masks := attention_masks(found):
        return masks
    if first and second and (states := states_in_cell(found, first, second)):
        return states
    if not first or not second:
        unequal = unequal_sizes(None, None, found.number("one"), found.number("other"))
        return replace(unequal, causes=(OTHER_BATCH, *unequal.causes)) if found["axis"] == "0" else unequal
    pairs = [
        (one, other)
        for one, other in zip(reversed(first), reversed(second), strict=False)
        if None not in (one, other) and one != other and 1 not in (one, other)
    ]
    one, other = pairs[0] if pairs else (first[-1], second[-1])
    if samples := _other_samples(found, first, second):
        return samples
    diagnosis = unequal_sizes(first, second, one, other)
    if re.search(r"Logical(?:And|Or)|/assert", _node(found)):
        return replace(diagnosis, causes=(A_METRIC, *diagnosis.causes))
    return replace(diagnosis, causes=(*_with_steps(first, second), *_flattened(first, second), *diagnosis.causes))


#: What TensorFlow says behind the message: at which place of its graph.
_PLACE = re.compile(r" ?\[\[ ?(?:\{\{)?[Nn]ode:? ?([\w./-]{1,300})")
A_METRIC = Cause(
    "It is a metric, such as `AUC` or `Precision`: it compares the outputs with the targets value by value.",
    "Compare `model.output_shape` with `y.shape`, or name a metric for class numbers:",
    ('metrics=["sparse_categorical_accuracy"]',),
)
FIXED_BATCH = Cause(
    "A layer or Lambda of your own makes an array for a fixed number of samples, and this batch has another one.",
    "Take the number from what comes in:",
    ("keras.ops.shape(x)[0]  # instead of batch_size",),
)
OTHER_BATCH = Cause(
    "A layer with `stateful=True` gets a batch of another size than it was built with: the sizes are those of axis 0, "
    "which counts the samples as a rule.",
    "Give it the same size:",
    ("model.predict(x, batch_size=batch_size)",),
)
FULL_BATCHES = Cause(
    "The model is built for batches of one size, and the last batch is smaller.",
    "Leave the rest away:",
    ("dataset = dataset.batch(batch_size, drop_remainder=True)",),
)


def _node(found: Found) -> str:
    """Where in TensorFlow's graph it is, as far as it stands right behind the message."""
    place = _PLACE.match(found.text, found.text.find(found.message) + len(found.message))
    return place[1] if place else ""


def _other_samples(found: Found, first: Shape, second: Shape) -> Diagnosis | None:
    """Arrays that differ in the number of their samples alone."""
    sizes = first[0], second[0]
    if len(first) != len(second) or first[1:] != second[1:] or {None, 1} & set(sizes) or sizes[0] == sizes[1]:
        return None
    node = _node(found)
    if "could not be broadcast" in found.message or (len(first) == 1 and "loss" not in node):
        return None
    place = f" at `{node}`" if node else ""
    meaning = (
        f"Two arrays are combined value by value{place}, and differ on axis 0, which counts the samples as a rule: "
    )
    meaning += f"{first} and {second}."
    causes = (FIXED_BATCH, FULL_BATCHES, mixed_samples())
    if re.search(r"loss|error|entropy", node):
        causes = (mixed_samples(), FIXED_BATCH, FULL_BATCHES)
    return Diagnosis("", meaning, causes, expected=str(first), got=str(second))


def _with_steps(first: Shape, second: Shape) -> Iterator[Cause]:
    """One of two has the axis of the time steps, and the other does not."""
    long, short = (first, second) if len(first) > len(second) else (second, first)
    if len(long) == len(short) + 1 > 2 and (*long[:1], *long[2:]) == short:
        said = f"The model gives an output for each of its {long[1]} steps, and there is one target per sample."
        fix = "Leave `return_sequences=True` out on the last recurrent layer, or put `Flatten()` before the last Dense."
        yield Cause(said, fix, about="keeps-steps")


def _flattened(first: Shape, second: Shape) -> Iterator[Cause]:
    """One of two holds all values of the other in one row."""
    flat, whole = (first, second) if len(first) < len(second) else (second, first)
    if len(flat) == 1 and len(whole) > 1 and None not in (*flat, *whole) and flat[0] == prod(map(int, whole)):  # type: ignore[arg-type]
        said = "The labels of all steps were put in one row: Keras 2.2.4 does so in the metric `accuracy`."
        yield Cause(said, "Bring Keras up to date, or leave the metric out.")


@family(
    "wrong-rank",
    (
        "Shape must be rank",
        r"Shape must be (?:at least )?rank (?P<wanted>\d{1,3}) but is rank (?P<got>\d{1,3})"
        r" for '(?:\{\{node )?(?P<node>[\w./:-]{1,300})",
    ),
)
def wrong_rank(found: Found) -> Diagnosis:
    """An operation of TensorFlow on an array with another number of axes than it takes."""
    wanted, got, node = found["wanted"], found["got"], found["node"]
    meaning = f"The operation at `{node}` takes an array of {wanted} axes. It was given {got}."
    causes = [
        Cause(
            "The data, or what a layer before it gives, has another number of axes.",
            "Look at the shapes up to there:",
            ("model.summary()", "print(x.shape)"),
        )
    ]
    if "MatMul" in node:
        said = "A layer of your own multiplies matrices, and gets the axis of the time steps too."
        causes.insert(0, Cause(said, "Multiply over the last axis only:", ("keras.ops.matmul(x, kernel)",)))
    return Diagnosis("", meaning, tuple(causes), expected=f"{wanted} axes", got=f"{got} axes")


@family(
    "equal-rank",
    (
        "Shapes must be equal rank",
        r"Shapes must be equal rank, but are (?P<one>\d{1,3}) and (?P<other>\d{1,3})"
        r"(?:\.? (?:From merging shape \d{1,4} with other shapes\. )?for '(?:\{\{node )?(?P<node>[\w./:-]{1,300}))?",
    ),
)
def equal_rank(found: Found) -> Diagnosis:
    """Arrays of different numbers of axes where TensorFlow wants the same."""
    one, other, node = found["one"], found["other"], found["node"]
    place = f" at `{node}`" if node else ""
    meaning = f"Two arrays that must have the same number of axes{place} have {one} and {other}."
    causes = [
        Cause(
            "The targets have another number of axes than the output.",
            "Compare them, and give `y` the shape of the output:",
            ("print(model.output_shape, y.shape)", "y = y[..., None]  # one axis more"),
        ),
        Cause(
            "Arrays with different numbers of axes are stacked or joined in the model.",
            "Give all the same, with `Flatten()` or `Reshape`.",
        ),
    ]
    if re.search(r"while|Select|mask", node):
        said = "A mask has an axis more than (batch, timesteps)."
        causes.insert(0, Cause(said, "Take the last axis away:", ("mask = mask[..., 0]",)))
    return Diagnosis("", meaning, tuple(causes), expected=one, got=other)
