"""Two arrays that do not go together: Concatenate and the other merging layers, products, and sums."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis, Shape
from lstmcalc.diagnosis.families.masks import joined_masks
from lstmcalc.diagnosis.message import SHAPE, Found, family, read_shape
from lstmcalc.diagnosis.traced import call_of, own_line

MERGING = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
SHAPES = rf"\[?(?P<shapes>(?:{SHAPE}(?:, | |and ){{0,2}}){{1,40}})\]?"
_ONE = re.compile(SHAPE)


def listed(text: str) -> tuple[Shape, ...]:
    """Every shape in a text."""
    return tuple(shape for one in _ONE.findall(text) if (shape := read_shape(one)) is not None)


def both(shapes: tuple[Shape, ...]) -> str:
    return " and ".join([", ".join(map(str, shapes[:-1])), str(shapes[-1])] if len(shapes) > 1 else map(str, shapes))


@family(
    "concatenate-shapes",
    (
        "requires inputs with matching shapes except for the concat",
        r"Concatenate(?: layer)? requires inputs with matching shapes except for the concat(?:enation)? axis"
        rf"(?:[.:]? ?(?:(?:Got inputs shapes|Received|Received input shapes|Got input shapes): )?"
        rf"(?:input_shape=)?{SHAPES})?",
    ),
    (
        "can only merge layers with matching output shapes",
        r"[\"']concat[\"'] mode can only merge layers with matching output shapes except for the concat axis"
        rf"(?:\. Layer shapes: {SHAPES})?",
    ),
)
def concatenate(found: Found) -> Diagnosis | None:
    """Concatenate on shapes that differ elsewhere than on its axis."""
    shapes = listed(found["shapes"])
    if len(shapes) < 2:
        meaning = "Concatenate joins inputs along one axis; all other axes must agree."
        return Diagnosis("", meaning, (NO_SHAPES,), "", "Concatenate")
    meaning = f"Concatenate joins inputs along one axis; all other axes must agree. It was given {both(shapes)}."
    return Diagnosis("", meaning, concatenate_causes(shapes), "", "Concatenate", "", both(shapes), shapes)


CHANNELS_FIRST = Cause(
    "A height of 0: the channels of the data stand first, where this Keras reads the height.",
    "Put them last, or say that they stand first (`dim_ordering` in Keras 1):",
    ("x = x.transpose(0, 2, 3, 1)", 'keras.backend.set_image_data_format("channels_first")'),
)
ODD_SIZES = Cause(
    "A pooling halves an odd size and rounds it, and what is made larger again is one off.",
    "Give pictures whose height and width can be halved at every pooling, or make both alike:",
    ("Input((256, 256, 3))  # a multiple of 2 ** poolings", "Cropping2D(((0, 1), (0, 1)))(larger)"),
)
NO_SHAPES = Cause(
    "The inputs differ on another axis than `axis` (the last one, if none is stated).",
    "Look at their shapes; join along the axis on which they differ, or bring that axis to one size:",
    ("print([x.shape for x in inputs])", "Concatenate(axis=1)(inputs)"),
)


def concatenate_causes(shapes: tuple[Shape, ...]) -> tuple[Cause, ...]:
    ndims = {len(shape) for shape in shapes}
    if len(ndims) > 1:
        return _other_ndim(shapes, min(ndims), max(ndims))
    ndim = len(shapes[0])
    if ndim == 4 and any(shape[1] == 0 for shape in shapes):
        return (CHANNELS_FIRST,)
    apart = [axis for axis in range(ndim) if len({shape[axis] for shape in shapes} - {None}) > 1]
    if ndim == 4 and _one_off(shapes):
        return (ODD_SIZES,)
    if len(apart) == 1 and apart[0]:
        axis = apart[0]
        sizes = [shape[axis] for shape in shapes]
        total: int | None = 0
        for size in sizes:
            total = None if size is None or total is None else total + size
        made = (*shapes[0][:axis], total, *shapes[0][axis + 1 :])
        code = f"Concatenate(axis={axis})  # gives {made}"
        causes = [Cause(f"They differ on axis {axis}, and `axis` names another one.", "Join along that axis:", (code,))]
        if ndim == 3 and axis == 1:
            causes.append(
                Cause(
                    "The inputs have different numbers of time steps.",
                    "Pad or crop them to the same, or make one vector of each first (`return_sequences=False`).",
                )
            )
        elif ndim == 4:
            causes.append(
                Cause("The pictures have different sizes.", 'Use `padding="same"`, `Cropping2D` or `Resizing`.')
            )
        return tuple(causes)
    if apart == [0]:
        counts = " and ".join(str(shape[0]) for shape in shapes)
        return (Cause(f"They hold different numbers of samples: {counts}.", "Give all of them the same samples."),)
    said = f"They differ on the axes {', '.join(map(str, apart[:-1]))} and {apart[-1]}." if apart else "They differ."
    return (Cause(said, "Bring all axes but one to the same sizes: pad, crop, resize, or put a Dense before it."),)


def _one_off(shapes: tuple[Shape, ...]) -> bool:
    """Whether two pictures differ by 1 in height or width, as halving and doubling an odd size makes them."""
    pairs = [(one or 0, other or 0) for one, other in zip(shapes[0][1:3], shapes[1][1:3], strict=True)]
    return len(shapes) == 2 and max(abs(one - other) for one, other in pairs) == 1 and min(map(min, pairs)) > 4


def _other_ndim(shapes: tuple[Shape, ...], least: int, most: int) -> tuple[Cause, ...]:
    causes = []
    if (least, most) == (2, 3):
        steps = next((shape[1] for shape in shapes if len(shape) == 3), None)
        causes = [
            Cause(
                "One input has time steps, the other is one vector per sample.",
                "Repeat the vector for every step, then join along the last axis:",
                (f"RepeatVector({steps or 'timesteps'})(vector)",),
            ),
            Cause(
                "A recurrent layer before it was to return one vector.",
                "Leave `return_sequences=True` out on it, or put `Flatten()` behind it.",
            ),
        ]
    short = next(shape for shape in shapes if len(shape) == least)
    if not causes and all(shape[:-1] == short for shape in shapes if len(shape) != least):
        code = f"Reshape({(*short[1:], 1)})(x)  # {short} -> {(*short, 1)}"
        causes = [Cause("One input has no last axis.", "Give it one:", (code,))]
    if not causes:
        causes = [Cause("The inputs have different numbers of axes.", "Put `Flatten()` or `Reshape` before it.")]
    return tuple(causes)


@family(
    "merge-shapes",
    (
        "incompatible shapes",
        rf"Inputs have incompatible shapes\. Received shapes (?P<shapes>{SHAPE} and {SHAPE})",
    ),
    (
        "Operands could not be broadcast",
        rf"Operands could not be broadcast together with shapes (?P<shapes>{SHAPE} {SHAPE})",
    ),
)
def merge(found: Found) -> Diagnosis | None:
    """Add, Multiply, Average and the like; the shapes are those of a sample."""
    shapes = listed(found["shapes"])
    if len(shapes) != 2:
        return None
    one, other = shapes
    meaning = f"Add, Multiply, Average and the like want samples of the same shape. They were given {one} and {other}."
    units = other[-1] if other else None
    causes = []
    if len(one) == len(other) and one[:-1] == other[:-1]:
        code = f"Dense({one[-1]})" if len(one) < 3 else f"Conv2D({one[-1]}, 1)"
        causes.append(
            Cause(
                f"One branch gives {one[-1]} values on the last axis, the other {units}.",
                "Give the layers before it the same units or filters, or bring one to the other's size:",
                (f"{code}(other)",),
            )
        )
        causes.append(Cause("The two were to be joined, not added.", code=("Concatenate()([one, other])",)))
    elif len(one) == len(other):
        causes += _other_lengths(one, other)
    else:
        causes.append(
            Cause(
                "One branch has an axis more than the other.",
                "Use the same `return_sequences` in both branches, or put `Flatten()` on the larger one.",
            )
        )
    return Diagnosis("", meaning, tuple(causes), got=f"{one} and {other}", received=shapes)


def _other_lengths(one: Shape, other: Shape) -> Iterator[Cause]:
    """Samples of as many axes that differ on more than the last."""
    sizes = [[size for size in shape if size is not None] for shape in (one, other)]
    if len(sizes[0]) == len(sizes[1]) == len(one):
        if sorted(sizes[0]) == sorted(sizes[1]):
            order = tuple(sizes[1].index(size) + 1 for size in sizes[0])
            said = "The axes of the two stand in another order."
            code = (f"Permute({order})(other)",) if len(set(order)) == len(order) else ()
            yield Cause(said, "Bring both into the same order, one `data_format` for pictures:", code)
        elif prod(sizes[0]) == prod(sizes[1]):
            yield Cause("Both have as many values, in another shape.", "Reshape one:", (f"Reshape({one})(other)",))
    apart = [place for place, pair in enumerate(zip(one, other, strict=True), 1) if pair[0] != pair[1]]
    if len(one) == 2:
        said = "The branches have different numbers of steps."
        yield Cause(said, 'Use `padding="same"` and the same strides in both, or crop the larger one.')
        return
    axes = f"axis {apart[0]}" if len(apart) == 1 else f"the axes {' and '.join(map(str, apart))}"
    yield Cause(
        f"The branches have different lengths or sizes of pictures: they differ on {axes}.",
        'Use `padding="same"` and the same strides in both, or crop the larger one.',
    )


@family(
    "dot-sizes",
    (
        "Incompatible input shapes: axis values",
        r"Incompatible input shapes: axis values (?P<one>\d{1,15}) \(at axis (?P<axis>\d{1,3})\) != (?P<other>\d{1,15})"
        rf" \(at axis (?P<axis2>\d{{1,3}})\)(?:\. Full input shapes: (?P<shapes>{SHAPE}, {SHAPE}))?",
    ),
    (
        "Dimension incompatibility",
        r"Dimension incompatibility (?P<one>\d{1,15}) != (?P<other>\d{1,15})\. Layer shapes: "
        rf"(?P<shapes>{SHAPE}, {SHAPE})",
    ),
)
def dot(found: Found) -> Diagnosis:
    """Dot along axes of different sizes."""
    shapes = listed(found["shapes"])
    one, other = found["one"], found["other"]
    given = f" Its inputs are {both(shapes)}." if shapes else ""
    meaning = f"Dot multiplies and sums along one axis of each input; these have {one} and {other}.{given}"
    causes = []
    if len(shapes) == 2:
        same = [
            (place, place2)
            for place, size in enumerate(shapes[0])
            for place2, size2 in enumerate(shapes[1])
            if place and place2 and size is not None and size == size2
        ]
        causes = [
            Cause(
                f"Axis {place} of the first and axis {place2} of the second agree.",
                "Take these:",
                (f"Dot(axes={place if place == place2 else (place, place2)})",),
            )
            for place, place2 in same[-1:]
        ]
    if causes:
        causes.append(Cause("The layers before it have different units.", "Give them the same."))
    else:
        causes.append(
            Cause("The two have different sizes on every axis.", f"Bring one to the other's: `Dense({one})`.")
        )
    return Diagnosis(
        "", meaning, tuple(causes), "", "Dot", "", both(shapes) if shapes else f"{one} and {other}", shapes
    )


@family(
    "number-of-inputs",
    (
        "should be called on",
        r"(?:A|An) (?P<class>\w{1,60}) layer should be called on "
        r"(?P<wanted>a list of (?:(?:at least )?\d )?input|exactly 2 inputs)"
        r"(?:.{0,20}?\. (?:Received|Got):? ?(?:input_shape=)?(?P<shapes>[^.]{1,400}))?",
    ),
)
def list_of_inputs(found: Found) -> Diagnosis:
    """A merging layer on one input, or on too many."""
    class_name, wanted = found["class"], found["wanted"]
    text = wanted if wanted.endswith(("s", "1 input")) else f"{wanted}s"
    shapes = listed(found["shapes"])
    given = f" It was given {both(shapes)}." if shapes else ""
    class_name = class_name if class_name != "merge" else ""
    call = call_of(found, *MERGING)
    class_name = class_name or (call.name if call else "")
    made = call.written() if call else f"{class_name or 'Concatenate'}()"
    alone = re.search(r"\)\(\[?(\w{1,40})\]?\)$", own_line(found))
    code = f"{made}([{alone[1] if alone else 'one'}, other])"
    cause = Cause("The inputs were not given as one list.", "Put them in square brackets:", (code,))
    if "at least 2" in wanted and alone and "([" in alone[0]:
        cause = Cause("The list holds one input.", "Name the other one too, or leave the layer out:", (code,))
    return Diagnosis(
        "",
        f"{class_name or 'A merging layer'} is called on {text}.{given}",
        (cause,),
        "",
        class_name,
        text,
        both(shapes) if shapes else "",
    )


#: Where in TensorFlow's graph it is, and what is done there.
NODE = (
    r"(?: for '?(?:\{\{node )?(?P<node>[\w./:-]{1,300})(?:\}\})?'? ?"
    r"(?:= (?P<op>\w{1,60})|\(op: '(?P<old_op>\w{1,60})'\)))?"
)


@family(
    "concatenate-shapes",
    (
        "ConcatOp",
        r"ConcatOp ?: (?:Dimensions of inputs should match|Dimension \d{1,3} in both shapes must be equal):"
        rf" shape\[\d{{1,4}}\] = (?P<first>{SHAPE}) vs\. shape\[\d{{1,4}}\] = (?P<second>{SHAPE})",
    ),
    (
        "in both shapes must be equal, but are",
        r"Dimension (?P<axis>\d{1,3}) in both shapes must be equal, but are (?P<one>\d{1,15}) and (?P<other>\d{1,15})\."
        rf" Shapes are (?P<part>{SHAPE}) and (?P<part2>{SHAPE}){NODE.replace(' for', '.? ?for')}"
        rf".{{0,400}}?with input shapes: (?P<first>{SHAPE}), (?P<second>{SHAPE})",
    ),
    (
        "in both shapes must be equal, but are",
        r"Dimension (?P<axis>\d{1,3}) in both shapes must be equal, but are (?P<one>\d{1,15}) and (?P<other>\d{1,15})\."
        rf" Shapes are (?P<part>{SHAPE}) and (?P<part2>{SHAPE})",
    ),
    (
        "all the input array dimensions",
        r"all the input array dimensions (?:except )?for the concatenation axis must match exactly, but along dimension"
        r" (?P<axis>\d{1,3}), the array at index \d{1,6} has size (?P<one>\d{1,15}) and the array at index \d{1,6}"
        r" has size (?P<other>\d{1,15})",
    ),
)
def concatenated_data(found: Found) -> Diagnosis | None:
    """The same while data runs through the model, and in numpy."""
    first, second = found.shape("first"), found.shape("second")
    operation = found["op"] or found["old_op"]
    if first and second and "DT_BOOL" in found.message:
        return joined_masks((first, second))
    if operation.startswith("Select"):
        return _selected(found)
    if operation and not operation.startswith("Concat"):
        return None
    if first and second:
        meaning = f"Arrays are joined along one axis; all other axes must agree. They are {first} and {second}."
        return Diagnosis("", meaning, concatenate_causes((first, second)), got=both((first, second)))
    if found["part"]:
        return _beside_the_axis(found)
    axis, one, other = found.number("axis"), found.number("one"), found.number("other")
    meaning = (
        f"Arrays are joined along one axis; all other axes must agree. On axis {axis} they have {one} and {other}."
    )
    fix = "Join along that axis, or bring the arrays to the same size there:"
    cause = Cause(f"They differ on axis {axis}.", fix, (f"np.concatenate(arrays, axis={axis})",))
    return Diagnosis("", meaning, (cause,), got=f"{one} and {other}")


def _beside_the_axis(found: Found) -> Diagnosis:
    """Shapes of TensorFlow that must agree on an axis, where it is not said what is done with them."""
    one, other, parts = found["one"], found["other"], f"{found.shape('part')} and {found.shape('part2')}"
    meaning = f"Two arrays that must agree on axis {found['axis']} have {one} and {other} there: {parts}."
    causes = (
        Cause(
            "They are joined (`Concatenate`), and differ on an axis other than the one they are joined along; "
            "the axis of the join is left out of these shapes.",
            "Join along that axis, or bring both to the same size there:",
            ("print(a.shape, b.shape)", "Concatenate(axis=-1)([a, b])"),
        ),
        Cause("Weights are loaded into a layer of another size.", "Build the model as when it was saved."),
    )
    return Diagnosis("", meaning, causes, expected=one, got=other)


def _selected(found: Found) -> Diagnosis | None:
    """`Select` inside a loop over time steps chooses by the mask between the new state and the old one."""
    condition, state = found.shape("first"), found.shape("second")
    if "while" not in found["node"] or condition is None or state is None:
        return None
    meaning = f"A recurrent layer chooses by its mask, step by step; one step of the mask is {condition}, "
    meaning += f"and that of the state {state}."
    cause = Cause(
        "A layer before it passes a mask on that is not (batch, timesteps), often a layer of your own "
        "that changes the axes and hands the mask on.",
        "Let that layer end the mask:",
        ("def compute_mask(self, inputs, mask=None):", "    return None"),
    )
    return Diagnosis("mask-axes", meaning, (cause,), got=str(condition), expected="2 axes (batch, timesteps)")
