"""Layers with windows, from the row that they print back to the layer: the truth is found, and likeliest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from lstmcalc.dims import lift, lower
from lstmcalc.errors import Rejection
from lstmcalc.layers import RULES
from lstmcalc.layers.rule import Example, Inputs, as_shapes
from lstmcalc.summary_text.candidates import _of_class, find_candidates
from lstmcalc.summary_text.classes import ClassChoice
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.proposals.windows import slides, stretches
from lstmcalc.summary_text.reading import Candidate
from lstmcalc.summary_text.solving import Seen

TELLING = {"kernel_size", "pool_size", "output_size", "keepdims", "size", "cropping", "height", "width"}
WINDOWED = [
    name
    for name, rule in RULES.items()
    if name != "RandomGaussianBlur"
    and (TELLING & rule.arguments.keys() or name.startswith(("ZeroPadding", "RandomHeight", "RandomWidth")))
]
EXAMPLES = [
    (name, example)
    for name in WINDOWED
    for example in vars(RULES[name]).get("examples", ())
    if type(example) is Example and not example.states
]


def printed(name: str, arguments: Mapping[str, Any], inputs: Any) -> tuple[Any, int] | None:
    """The output shapes and the count of a layer; None where it refuses its arguments or the input."""
    rule = RULES[name]
    try:
        made = rule({key: rule.arguments[key].check(key, value) for key, value in arguments.items()})
        made.validate()
        x = Inputs([lift(inputs)], made.axis_names(len(inputs)))
        # That `glu` halves the output, Keras does not print.
        halves = arguments.get("activation") == "glu"
        outputs, count = as_shapes(made.keras_output_shape(x) if halves else made.output_shape(x)), made.count(x)
    except Rejection:
        return None
    # A window that is too large leaves sizes below 1 where an unknown one hides it.
    whole = all(not isinstance(size, int) or size > 0 for shape in outputs for size in shape[1:])
    return (tuple(map(lower, outputs)), count) if whole and isinstance(count, int) else None


def shown(name: str, arguments: Mapping[str, Any], inputs: Any) -> dict[str, Any]:
    """The arguments that the row shows, in the form of rules: those without which the layer prints otherwise."""
    kept = dict(arguments)
    row = printed(name, kept, inputs)
    for key in arguments:
        fewer = {other: value for other, value in kept.items() if other != key}
        if _prints(name, fewer, inputs) == row:
            kept = fewer
    rule = RULES[name]
    return {key: rule.arguments[key].check(key, value) for key, value in kept.items()}


def _prints(name: str, arguments: Mapping[str, Any], inputs: Any) -> Any:
    try:
        return printed(name, arguments, inputs)
    except (TypeError, AttributeError):  # an argument that it cannot do without
        return None


def _told(key: str, value: Any, known: tuple[bool, ...]) -> Any:
    """What a row tells of a value: of edges how much in all, and nothing along an axis of unknown length."""
    if key in ("padding", "cropping") and isinstance(value, tuple):
        pairs = value if isinstance(value[0], tuple) else (value,)
        value = tuple(sum(pair) for pair in pairs)
    along = ("padding", "cropping", "strides", "size", "pool_size", "dilation_rate", "output_padding")
    if key in along and isinstance(value, tuple) and len(value) == len(known):
        return tuple(size for size, is_known in zip(value, known, strict=True) if is_known)
    return value


def agrees(name: str, truth: Mapping[str, Any], candidate: Candidate) -> bool:
    """Whether a candidate has the values that the truth shows, its defaults filled in."""
    rule = RULES[name]
    stated, (shape,) = candidate.layer.arguments, candidate.inputs
    first = truth.get("data_format") == "channels_first"
    axes = shape[len(shape) - getattr(rule, "rank", len(shape) - 3) :] if first else shape[:-1]
    known = tuple(size is not None for size in axes[-getattr(rule, "rank", len(shape) - 3) :])
    found = {}
    for key in truth:
        argument = rule.arguments[key]
        found[key] = argument.check(key, stated[key]) if key in stated else argument.initial
    return all(
        _told(key, found[key], known) == _told(key, value, known) or _own_strides(name, key, stated, value)
        for key, value in truth.items()
    )


def _own_strides(name: str, key: str, stated: Mapping[str, Any], value: Any) -> bool:
    """Whether `strides` are left out, and the window's own are meant."""
    pool = RULES[name].arguments.get("pool_size")
    return key == "strides" and key not in stated and pool is not None and (
        pool.check("pool_size", stated.get("pool_size", pool.default)) == value
    )  # fmt: skip


def read(name: str, seen: Seen) -> tuple[Candidate, ...]:
    _of_class.cache_clear()
    return find_candidates([ClassChoice(name, RULES[name])], seen).candidates


def rank_of_truth(name: str, arguments: Mapping[str, Any], inputs: Any, seen: Seen) -> int | None:
    """At which place the truth stands among the candidates; None where it is not among them."""
    truth = shown(name, arguments, inputs)
    return next((place for place, each in enumerate(read(name, seen)) if agrees(name, truth, each)), None)


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_examples_are_found_with_their_input(name: str, example: Example) -> None:
    row = printed(name, example.arguments, example.inputs)
    assert row is not None
    seen = Seen((tuple(example.inputs),), *row)
    assert rank_of_truth(name, example.arguments, example.inputs, seen) is not None


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_examples_are_read_without_their_input(name: str, example: Example) -> None:
    row = printed(name, example.arguments, example.inputs)
    assert row is not None
    found = read(name, Seen(None, *row))
    assert found
    for each in found:
        check_row(name, each, Seen(None, *row))


def check_row(name: str, candidate: Candidate, seen: Seen) -> None:
    """A candidate, run forward, prints exactly the row."""
    made = printed(name, candidate.layer.arguments, candidate.inputs[0])
    assert made is not None, candidate
    outputs, count = made
    assert seen.params is None or count == seen.params
    if seen.outputs is not None:
        assert len(outputs) == len(seen.outputs) or seen.cut
        for shape, text in zip(outputs, seen.outputs, strict=False):
            for size, there in zip(shape, text, strict=False):
                assert there.allows(size) if isinstance(there, Cut) else size == there
    assert seen.inputs is None or candidate.inputs == seen.inputs


def weighted(**options: int) -> st.SearchStrategy[str]:
    return st.sampled_from([option for option, weight in options.items() for _ in range(weight)])


def often(*pairs: tuple[Any, int]) -> st.SearchStrategy[Any]:
    return st.sampled_from([option for option, weight in pairs for _ in range(weight)])


LENGTHS = often((28, 4), (32, 4), (64, 4), (224, 4), (128, 3), (256, 2), (14, 2), (7, 2), (100, 1), (299, 1), (26, 1),
                (13, 1), (112, 1), (150, 1), (48, 1), (55, 1), (None, 1))  # fmt: skip
STEPS = often((100, 3), (200, 2), (128, 3), (500, 2), (1000, 1), (50, 2), (187, 1), (None, 3), (20, 1), (96, 1))
CHANNELS = often((1, 3), (3, 6), (16, 3), (32, 4), (64, 4), (128, 3), (256, 2), (96, 1), (6, 1), (20, 1), (512, 1))
FILTERS = often((8, 1), (16, 3), (32, 6), (64, 6), (128, 4), (256, 3), (512, 1), (6, 1), (24, 1), (96, 1), (10, 1))
KERNELS = often((3, 24), (1, 3), (5, 4), (7, 2), (2, 1), (4, 1), ((3, 1), 1), ((1, 3), 1), (11, 1))
LINES = often((3, 8), (5, 5), (7, 3), (2, 2), (1, 2), (4, 1), (8, 1), (9, 1), (11, 1), (16, 1), (32, 1), (10, 1))


@st.composite
def images(draw: st.DrawFn) -> tuple[Any, ...]:
    height = draw(LENGTHS)
    width = height if draw(st.integers(0, 9)) else draw(LENGTHS)
    return (None, height, width, draw(CHANNELS))


def sequences() -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.none(), STEPS, CHANNELS)


def _without_defaults(arguments: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if key not in defaults or value != defaults[key]}


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any]:
    name = draw(weighted(Conv2D=8, Conv1D=5, SeparableConv2D=2, DepthwiseConv2D=2, SeparableConv1D=1, Conv2DTranspose=2,
                         Conv1DTranspose=1, Conv3D=1, ConvLSTM2D=1))  # fmt: skip
    flat = "1D" in name
    inputs: tuple[Any, ...] = draw(sequences() if flat else images())
    arguments: dict[str, Any] = {"filters": draw(FILTERS), "kernel_size": draw(LINES if flat else KERNELS)}
    arguments["strides"] = draw(often((1, 12), (2, 4), (4, 1)))
    arguments["padding"] = draw(weighted(valid=1, same=1))
    arguments["use_bias"] = draw(often((True, 4), (False, 1)))
    if arguments["strides"] == 1 and draw(st.integers(0, 11)) == 0:
        arguments["dilation_rate"] = draw(often((2, 3), (4, 1)))
    if name == "Conv1D" and arguments["strides"] == 1 and draw(st.integers(0, 7)) == 0:
        arguments["padding"] = "causal"
    if name.startswith("Depthwise"):
        del arguments["filters"]
        arguments["depth_multiplier"] = draw(often((1, 6), (2, 1)))
    if "Transpose" in name and not draw(st.integers(0, 2)):
        arguments.update(kernel_size=draw(often((2, 2), (4, 2), (3, 3))), strides=2, padding="same")
        arguments.pop("dilation_rate", None)
    if name in ("Conv3D", "ConvLSTM2D"):
        arguments["kernel_size"] = draw(often((3, 6), (1, 1), (5, 1)))
        inputs = (None, draw(often((10, 1), (16, 1))), *inputs[1:])
    if name == "ConvLSTM2D":
        arguments["return_sequences"] = draw(st.booleans())
    return name, _without_defaults(arguments, strides=1, padding="valid", use_bias=True, depth_multiplier=1), inputs


@st.composite
def poolings(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any]:
    flat = draw(st.integers(0, 3)) == 0
    inputs = draw(sequences() if flat else images())
    kind = draw(often(("MaxPooling", 4), ("AveragePooling", 1)))
    own = [({"pool_size": 2}, 12), ({"pool_size": 3}, 3), ({"pool_size": 4}, 2), ({"pool_size": 3, "strides": 2}, 2),
           ({"pool_size": 3, "strides": 2, "padding": "same"}, 2), ({"pool_size": 2, "padding": "same"}, 2),
           ({"pool_size": 2, "strides": 1}, 1), ({"pool_size": 5}, 1), ({"pool_size": 3, "strides": 1,
            "padding": "same"}, 1)]  # fmt: skip
    lines = [] if flat else [({"pool_size": (1, 2)}, 1), ({"pool_size": (2, 1)}, 1), ({"pool_size": (2, 4)}, 1)]
    return f"{kind}{1 if flat else 2}D", dict(draw(often(*own, *lines))), inputs


@st.composite
def others(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any]:
    inputs = draw(images())
    return draw(
        st.sampled_from(
            [
                ("UpSampling2D", {}, inputs),
                ("UpSampling2D", {"size": 4}, inputs),
                ("UpSampling2D", {"size": (1, 2)}, inputs),
                ("UpSampling1D", {"size": 3}, inputs[1:]),
                ("ZeroPadding2D", {}, inputs),
                ("ZeroPadding2D", {"padding": 3}, inputs),
                ("ZeroPadding2D", {"padding": ((0, 1), (0, 1))}, inputs),
                ("ZeroPadding1D", {"padding": (2, 0)}, inputs[1:]),
                ("Cropping2D", {"cropping": 1}, inputs),
                ("Cropping2D", {"cropping": ((2, 2), (0, 1))}, inputs),
                ("Cropping1D", {"cropping": 2}, inputs[1:]),
                ("GlobalAveragePooling2D", {}, inputs),
                ("GlobalMaxPooling2D", {"keepdims": True}, inputs),
                ("GlobalMaxPooling1D", {}, inputs[1:]),
                ("Resizing", {"height": 64, "width": 48}, inputs),
                ("CenterCrop", {"height": 24, "width": 24}, inputs),
                ("AdaptiveAveragePooling2D", {"output_size": 5}, inputs),
            ]
        )
    )


def usual(candidate: Candidate) -> bool:
    """Whether people write such a layer: it could be drawn here."""
    arguments = candidate.layer.arguments
    sides = arguments.get("kernel_size", 3)
    strides = arguments.get("strides", 1)
    return (
        (isinstance(sides, int) or sides in ([3, 1], [1, 3]))
        and strides in (1, 2, 4)
        and arguments.get("dilation_rate", 1) in (1, 2, 4)
        and not arguments.keys() & {"groups", "output_padding", "data_format"}
        and arguments.get("depth_multiplier", 1) <= 2
    )


class Tally:
    """How often the truth is found, and found first, also among the rows that only one usual layer prints."""

    def __init__(self) -> None:
        self.rows = self.found = self.first = self.clear = self.clear_first = 0
        self.sizes: Counter[int] = Counter()

    def take(self, name: str, arguments: Mapping[str, Any], inputs: Any) -> None:
        row = printed(name, arguments, inputs)
        if row is None:
            return
        seen = Seen((inputs,), *row)
        found = read(name, seen)
        truth = shown(name, arguments, inputs)
        place = next((place for place, each in enumerate(found) if agrees(name, truth, each)), None)
        assert place is not None, (name, arguments, inputs, row, [each.layer.arguments for each in found])
        for each in found:
            check_row(name, each, seen)
        self.rows, self.found, self.first = self.rows + 1, self.found + 1, self.first + (place == 0)
        self.sizes[len(found)] += 1
        if sum(map(usual, found)) == 1:
            self.clear += 1
            self.clear_first += place == 0

    def __str__(self) -> str:
        return (
            f"{self.found}/{self.rows} found, {self.first}/{self.rows} first, {self.clear_first}/{self.clear} of the "
            f"clear ones; "
            f"{max(self.sizes, default=0)} candidates at most"
        )


DRAWN = {"convolutions": (convolutions(), 300), "poolings": (poolings(), 200), "others": (others(), 120)}


@pytest.mark.parametrize("family", DRAWN)
def test_layers_as_people_write_them_are_found(family: str) -> None:
    strategy, number = DRAWN[family]
    tally = Tally()

    @seed(7)
    @settings(max_examples=number, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def draw(layer: Any) -> None:
        tally.take(*layer)

    draw()
    print(f"\n{family}: {tally}")
    assert tally.rows > number / 2
    assert tally.clear_first >= 0.97 * tally.clear


def _cut(row: Any, digits: int) -> tuple[Any, ...]:
    """The output with all but the first digits of its last size cut off."""
    ((*sizes, last),) = row
    return ((*sizes, Cut(str(last)[:digits])),)


def _same_kernel(name: str, arguments: Mapping[str, Any], candidate: Candidate) -> bool:
    rule = RULES[name]
    return all(
        rule.arguments[key].check(key, candidate.layer.arguments[key]) == rule.arguments[key].check(key, value)
        for key, value in arguments.items()
        if key in ("kernel_size", "filters", "depth_multiplier")
    )


CUTS = {
    "one digit of the width": lambda row: (_cut(row, 1), True),
    "no digit of the width": lambda row: (_cut(row, 0), True),
    "the width missing": lambda row: ((row[0][:-1],), True),
    "only the first size": lambda row: ((row[0][:2],), True),
    "no shape": lambda row: (None, False),
}


@pytest.mark.parametrize("cut", CUTS)
def test_kernels_are_found_behind_cut_shapes(cut: str) -> None:
    rows = found = first = 0

    @seed(11)
    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(convolutions())
    def draw(layer: Any) -> None:
        nonlocal rows, found, first
        name, arguments, inputs = layer
        row = printed(name, arguments, inputs)
        if row is None:
            return
        outputs, is_cut = CUTS[cut](row[0])
        seen = Seen((inputs,), outputs, row[1], is_cut)
        candidates = read(name, seen)
        for each in candidates:
            check_row(name, each, seen)
        at = next((place for place, each in enumerate(candidates) if _same_kernel(name, arguments, each)), None)
        rows, found, first = rows + 1, found + (at is not None), first + (at == 0)

    draw()
    print(f"\n{cut}: {found}/{rows} found, {first}/{rows} first")
    assert rows > 75
    assert found >= 0.9 * rows


@pytest.mark.parametrize("family", DRAWN)
def test_rows_without_an_input_are_read(family: str) -> None:
    rows = found = 0

    @seed(13)
    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(DRAWN[family][0])
    def draw(layer: Any) -> None:
        nonlocal rows, found
        name, arguments, inputs = layer
        row = printed(name, arguments, inputs)
        if row is None:
            return
        seen = Seen(None, *row)
        candidates = read(name, seen)
        assert candidates
        for each in candidates:
            check_row(name, each, seen)
        rows, found = rows + 1, found + any(each.inputs == (inputs,) for each in candidates)

    draw()
    print(f"\n{family}: the very input among the candidates of {found}/{rows} rows")
    assert rows > 75


IMAGE = (None, 28, 28, 1)
#: Rows of well-known models, with the input where the rows before tell it, and the layer that one takes them for.
KNOWN = [
    ("Conv2D", IMAGE, (None, 26, 26, 32), 320, {"filters": 32, "kernel_size": 3, "padding": "valid"}),
    ("Conv2D", None, (None, 26, 26, 32), 320, {"filters": 32, "kernel_size": 3}),
    ("Conv2D", (None, 32, 32, 3), (None, 32, 32, 32), 896, {"filters": 32, "kernel_size": 3, "padding": "same"}),
    ("Conv2D", None, (None, 32, 32, 64), 1792, {"filters": 64, "kernel_size": 3, "padding": "same"}),
    ("Conv2D", None, (None, 24, 24, 6), 156, {"filters": 6, "kernel_size": 5}),
    ("Conv2D", None, (None, None, None, 64), 640, {"filters": 64, "kernel_size": 3}),
    ("Conv2D", (None, 230, 230, 3), (None, 112, 112, 64), 9472,
     {"filters": 64, "kernel_size": 7, "strides": 2, "padding": "valid"}),
    ("Conv2D", (None, 227, 227, 3), (None, 55, 55, 96), 34944,
     {"filters": 96, "kernel_size": 11, "strides": 4, "padding": "valid"}),
    ("Conv2D", (None, 224, 224, 3), (None, 14, 14, 768), 590592,
     {"filters": 768, "kernel_size": 16, "strides": 16}),
    ("Conv2D", (None, 17, 17, 192), (None, 17, 17, 192), 258048,
     {"filters": 192, "kernel_size": [1, 7], "padding": "same", "use_bias": False}),
    ("Conv2D", (None, 56, 56, 64), (None, 56, 56, 256), 16640, {"filters": 256, "kernel_size": 1}),
    ("Conv2D", (None, 20, 20, 8), (None, 12, 12, 16), 1168,
     {"filters": 16, "kernel_size": 3, "padding": "valid", "dilation_rate": 4}),
    ("Conv2D", (None, 14, 14, 64), (None, 14, 14, 64), 9280,
     {"filters": 64, "kernel_size": 3, "padding": "same", "groups": 4}),
    ("Conv2D", (None, 3, 32, 32), (None, 16, 30, 30), 448,
     {"filters": 16, "kernel_size": 3, "padding": "valid", "data_format": "channels_first"}),
    ("Conv1D", (None, 200, 35), (None, 196, 32), 5632, {"filters": 32, "kernel_size": 5, "padding": "valid"}),
    ("DepthwiseConv2D", (None, 112, 112, 32), (None, 112, 112, 32), 288,
     {"kernel_size": 3, "padding": "same", "depth_multiplier": 1, "use_bias": False}),
    ("SeparableConv2D", (None, 147, 147, 64), (None, 145, 145, 128), 8768,
     {"filters": 128, "kernel_size": 3, "padding": "valid", "depth_multiplier": 1, "use_bias": False}),
    ("Conv2DTranspose", (None, 7, 7, 128), (None, 14, 14, 64), 131136,
     {"filters": 64, "kernel_size": 4, "strides": 2, "padding": "same"}),
    ("Conv2DTranspose", (None, 1, 1, 100), (None, 4, 4, 512), 819200,
     {"filters": 512, "kernel_size": 4, "padding": "valid", "use_bias": False}),
    ("Conv2DTranspose", None, (None, 14, 14, 64), 73792,
     {"filters": 64, "kernel_size": 3, "strides": 2, "padding": "same"}),
    ("ConvLSTM2D", (None, 5, 64, 64, 1), (None, 5, 64, 64, 64), 150016,
     {"filters": 64, "kernel_size": 3, "padding": "same", "return_sequences": True, "return_state": False}),
    ("LocallyConnected1D", (None, 10, 7), (None, 9, 3), 405, {"filters": 3, "kernel_size": 2, "padding": "valid"}),
    ("MaxPooling2D", (None, 26, 26, 32), (None, 13, 13, 32), 0, {"pool_size": 2}),
    ("MaxPooling2D", None, (None, 13, 13, 32), 0, {"pool_size": 2}),
    ("MaxPooling2D", (None, 7, 7, 64), (None, 4, 4, 64), 0, {"pool_size": 2, "padding": "same"}),
    ("MaxPooling2D", (None, 16, 50, 64), (None, 16, 25, 64), 0, {"pool_size": [1, 2]}),
    ("AveragePooling2D", (None, 7, 7, 2048), (None, 1, 1, 2048), 0, {"pool_size": 7}),
    ("GlobalAveragePooling2D", (None, 7, 7, 64), (None, 64), 0, {"keepdims": False}),
    ("GlobalAveragePooling2D", (None, 64, 7, 7), (None, 64), 0, {"keepdims": False, "data_format": "channels_first"}),
    ("ZeroPadding2D", (None, 224, 224, 3), (None, 230, 230, 3), 0, {"padding": 3}),
    ("ZeroPadding2D", (None, 112, 112, 32), (None, 113, 113, 32), 0, {"padding": [[0, 1], [0, 1]]}),
    ("Cropping2D", (None, 64, 48, 3), (None, 60, 48, 3), 0, {"cropping": [2, 0]}),
    ("UpSampling2D", (None, 7, 7, 64), (None, 14, 14, 64), 0, {"size": 2}),
    ("UpSampling1D", None, (None, 20, 4), 0, {"size": 2}),
    ("Resizing", (None, None, None, 3), (None, 180, 160, 3), 0, {"height": 180, "width": 160}),
    ("AdaptiveMaxPooling1D", (None, None, 8), (None, 4, 8), 0, {"output_size": 4}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "behind", "params", "expected"), KNOWN)
def test_what_one_takes_a_row_for_comes_first(name: str, before: Any, behind: Any, params: int, expected: Any) -> None:
    first = read(name, Seen(before and (before,), (behind,), params))[0]
    assert {"use_bias": True, **expected} == {"use_bias": True, **first.layer.arguments}


def test_an_input_is_solved_for() -> None:
    assert read("Conv2D", Seen(None, ((None, 26, 26, 32),), 320))[0].inputs == ((None, 28, 28, 1),)
    found = read("SeparableConv1D", Seen(None, ((None, 196, 32),), 1327))
    assert ((None, 200, 35),) in [each.inputs for each in found]


def test_a_count_that_no_kernel_makes_is_told_how_far_off_it_is() -> None:
    found = find_candidates([ClassChoice("Conv2D", RULES["Conv2D"])], Seen((IMAGE,), ((None, 26, 26, 32),), 325))
    assert not found.candidates
    assert min(abs(miss.difference) for miss in found.misses) == 5


@pytest.mark.parametrize(
    ("name", "behind"),
    [("Conv2D", (None, 40, 40, 8)), ("MaxPooling2D", (None, 30, 30, 1)), ("UpSampling2D", (None, 30, 28, 1))],
)
def test_shapes_that_cannot_be_give_nothing(name: str, behind: Any) -> None:
    assert read(name, Seen((IMAGE,), (behind,), None)) == ()


def lengths(size: int, side: int, stride: int, padding: str, rate: int) -> int:
    room = size - (side - 1) * rate - 1 if padding == "valid" else size - 1
    return room // stride + 1 if room >= 0 else 0


@pytest.mark.parametrize("side", [1, 2, 3, 5])
def test_every_slide_is_found_and_leads_where_it_should(side: int) -> None:
    for size in range(1, 40):
        for stride, padding, rate in [(s, p, 1) for s in (1, 2, 3, 4) for p in ("valid", "same")] + [(1, "valid", 2)]:
            places = lengths(size, side, stride, padding, rate)
            if not places:
                continue
            found = {
                (
                    way.arguments.get("strides", 1),
                    way.arguments.get("padding", "valid"),
                    way.arguments.get("dilation_rate", 1),
                )
                for way in slides([(size, places)], (side,))
            }
            assert all(lengths(size, side, *way) == places for way in found)
            # A padding that makes no difference is not told.
            alike = {(stride, "valid", rate)} if lengths(size, side, stride, "valid", rate) == places else set()
            assert found & (alike | {(stride, padding, rate)}) or side == 1


def stretched(size: int, side: int, stride: int, padding: str, spare: int | None) -> int:
    rule = RULES["Conv1DTranspose"]
    given = {"filters": 1, "kernel_size": side, "strides": stride, "padding": padding, "output_padding": spare}
    made = rule({key: rule.arguments[key].check(key, value) for key, value in given.items()})
    return made.output_shape(Inputs([(1, size, 1)], made.axis_names(3)))[1]  # type: ignore[no-any-return]


@pytest.mark.parametrize("side", [1, 2, 3, 4, 5])
def test_every_stretch_is_found_and_leads_where_it_should(side: int) -> None:
    for size in range(2, 12):
        for stride, padding, spare in [
            (s, p, o) for s in (1, 2, 3) for p in ("valid", "same") for o in (None, *range(s))
        ]:
            places = stretched(size, side, stride, padding, spare)
            ways = [
                way.arguments for way in stretches([(size, places)], (side,)) if "dilation_rate" not in way.arguments
            ]
            told = [(way.get("strides", 1), way.get("padding", "valid"), way.get("output_padding")) for way in ways]
            assert all(stretched(size, side, *way) == places for way in told)
            same = [other for other in ("valid", "same") if stretched(size, side, stride, other, None) == places]
            assert (stride, padding, spare) in told or any((stride, other, None) in told for other in same)


def test_patches_side_by_side_are_likelier_than_places_left_out() -> None:
    costs = {side: {repr(way.arguments): way.cost for way in slides([(32, 8)], (side,))} for side in (4, 3)}
    assert costs[4]["{'strides': 4}"] < 0.2 < costs[3]["{'strides': 4}"]
