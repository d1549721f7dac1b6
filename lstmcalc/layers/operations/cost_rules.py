"""The costs of operations that no table holds: products, windows, normalisation, losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, product
from lstmcalc.layers.adaptive_pooling import values_read
from lstmcalc.layers.attention.costs import BLEND, SCORES
from lstmcalc.layers.costs import UNKNOWN_COST, Cost, Work
from lstmcalc.layers.images.costs import interpolated
from lstmcalc.layers.operations.contraction import contracted
from lstmcalc.layers.operations.costs import Called, along
from lstmcalc.layers.operations.prices import Along
from lstmcalc.layers.operations.sizes import axes_of, axis_of

__all__ = ["RULES_OF_COST"]

SUMS = "products are added up"

Costing = Callable[[Called], Iterator[Work]]
#: By operation, its steps for all samples together, the batch as `BATCH`.
RULES_OF_COST: dict[str, Costing] = {}


def costs(names: str) -> Callable[[Costing], Costing]:
    """Registers the costs of some operations."""

    def register(costing: Costing) -> Costing:
        RULES_OF_COST.update(dict.fromkeys(names.split(), costing))
        return costing

    return register


def arithmetic(number: Dim, why: str = "", functions: Dim = 0) -> Work:
    """A step without products."""
    return Work("", Cost(arithmetic=number, functions=functions), why)


def _times(called: Called, summed: Dim, why: str = SUMS) -> Work:
    """A product of both operands, each value that comes out a sum over so many."""
    return Work("", Cost(macs=product(called.made[0]) * summed), why, called.factors(*list(called.shapes)[:2]))


@costs("Matmul Dot Inner")
def _matmul(called: Called) -> Iterator[Work]:
    x1, x2 = list(called.shapes.values())[:2]
    if x1 and x2:
        yield _times(called, x1[-1])
    else:
        yield arithmetic(product(called.made[0]))


@costs("Tensordot")
def _tensordot(called: Called) -> Iterator[Work]:
    x1, axes = called.shapes["x1"], called.rule.axes_
    mine = x1[len(x1) - axes :] if isinstance(axes, int) else [x1[axis] for axis in axes_of(axes[0], len(x1), "axes")]
    yield _times(called, product(mine))


@costs("Vdot")
def _vdot(called: Called) -> Iterator[Work]:
    yield Work("", Cost(macs=product(called.first)), SUMS, called.factors("x1", "x2"))


@costs("Einsum")
def _einsum(called: Called) -> Iterator[Work]:
    yield from contracted(called.rule.subscripts, called.shapes["operands"], called.reads["operands"])


@costs("Cross")
def _cross(called: Called) -> Iterator[Work]:
    widths = [
        shape[axis_of(place if called.rule.axis is None else called.rule.axis, len(shape))]
        for shape, place in ((called.shapes["x1"], called.rule.axisa), (called.shapes["x2"], called.rule.axisb))
    ]
    if widths == [2, 2]:
        yield arithmetic(product(called.made[0]) * 3, "two products, and their difference")
    else:
        yield arithmetic(product(called.made[0]) * 3, "two products, and their difference, for each of the three")


@costs("CDist")
def _distances(called: Called) -> Iterator[Work]:
    pairs = product(called.made[0])
    width = called.first[-1]
    yield arithmetic(pairs * (3 * width - 1), "the squares of the differences, added up", pairs)


@costs("Conv DepthwiseConv SeparableConv")
def _convolution(called: Called) -> Iterator[Work]:
    kernels = [name for name in called.shapes if name.endswith("kernel")]
    (made,) = called.made
    kernel = called.shapes[kernels[0]]
    if called.rule.class_name == "Conv":
        yield Work("", Cost(macs=product(made) * product(kernel[:-1])), SUMS, called.factors("inputs", "kernel"))
        return
    window = product(kernel[:-2])
    if len(kernels) == 1:
        yield Work("", Cost(macs=product(made) * window), SUMS, called.factors("inputs", "kernel"))
        return
    wide, filters = kernel[-1] * kernel[-2], called.shapes[kernels[1]][-1]
    places = product(_places(made, called.rule.data_format))
    first = called.factors("inputs", kernels[0])
    yield Work("depthwise", Cost(macs=places * wide * window), SUMS, first)
    reads = tuple(place for operand in first for place in operand)
    pointwise = ((*reads,), *called.factors(kernels[1])) if reads else called.factors(kernels[1])
    yield Work("pointwise", Cost(macs=places * wide * filters), SUMS, pointwise)


def _places(shape: Any, data_format: str | None) -> Any:
    """A shape without its channels."""
    return (shape[0], *shape[2:]) if data_format == "channels_first" else shape[:-1]


@costs("MaxPool AveragePool")
def _pool(called: Called) -> Iterator[Work]:
    size, rank = called.rule.pool_size, len(called.first) - 2
    window = product(size) if isinstance(size, tuple) and len(size) > 1 else product(
        (size[0] if isinstance(size, tuple) else size,) * rank)  # fmt: skip
    each = window if called.rule.class_name == "AveragePool" else window - 1
    yield arithmetic(product(called.made[0]) * each, "window by window")


@costs("AdaptiveMaxPool AdaptiveAveragePool")
def _adaptive(called: Called) -> Iterator[Work]:
    x, places = called.first, called.rule.output_size
    lengths = x[2:] if called.rule.data_format == "channels_first" else x[1:-1]
    others = x[:2] if called.rule.data_format == "channels_first" else (x[0], x[-1])
    read = product(values_read(length, number) for length, number in zip(lengths, places, strict=True))
    less = 0 if called.rule.class_name == "AdaptiveAveragePool" else product(places)
    yield arithmetic(product(others) * (read - less), "window by window")


@costs("Fold Scatter SegmentMax SegmentMin SegmentProd SegmentSum")
def _gathered(called: Called) -> Iterator[Work]:
    added = called.shapes.get("values", called.first)
    yield arithmetic(product(added), "every value joins those that are at its place")


@costs("ScatterUpdate")
def _scattered(called: Called) -> Iterator[Work]:
    if called.rule.reduction is not None:
        yield arithmetic(product(called.shapes["updates"]), "every value joins the one at its place")


@costs("MultiHot")
def _multi_hot(called: Called) -> Iterator[Work]:
    made = product(called.made[0])
    read = product(called.first)
    classes = called.rule.num_classes
    yield arithmetic(UNKNOWN if classes is None else read * classes - made, "the greatest of all rows of 0 and 1")


@costs("RGBToGrayscale")
def _grey(called: Called) -> Iterator[Work]:
    if product(called.first) != product(called.made[0]):
        yield Work("", Cost(macs=product(called.made[0]) * 3), SUMS, called.factors("images"))


@costs("RGBToHSV HSVToRGB")
def _colours(called: Called) -> Iterator[Work]:
    yield arithmetic(product(called.first) // 3 * 30, "pixel by pixel")


@costs("GaussianBlur")
def _blur(called: Called) -> Iterator[Work]:
    window = product(called.rule.kernel_size)
    yield Work("", Cost(macs=product(called.first) * window), SUMS, called.factors("images"))


@costs("SobelEdges")
def _edges(called: Called) -> Iterator[Work]:
    yield Work("", Cost(macs=product(called.first) * 2 * 9), SUMS, called.factors("images"))


@costs("Round")
def _round(called: Called) -> Iterator[Work]:
    yield arithmetic(product(called.first) * (1 if called.rule.decimals == 0 else 3), "value by value")


@costs("Gelu")
def _gelu(called: Called) -> Iterator[Work]:
    values = product(called.first)
    yield arithmetic(values * (8 if called.rule.approximate else 4), "value by value", values)


@costs("Glu")
def _glu(called: Called) -> Iterator[Work]:
    values = product(called.made[0])
    yield arithmetic(values, "the sigmoid of one half of the values scales the other", values)


@costs("Trace")
def _trace(called: Called) -> Iterator[Work]:
    x, rule = called.first, called.rule
    size = {x[rule.axis1], x[rule.axis2]}
    if len(size) == 1 and rule.offset == 0:
        yield arithmetic(product(called.made[0]) * (size.pop() - 1), "the values of each diagonal are added up")
    else:
        yield Work("", UNKNOWN_COST, "how long each diagonal is depends on the sizes and on `offset`")


@costs("Diff")
def _steps(called: Called) -> Iterator[Work]:
    a, made = called.first, called.made[0]
    place = axis_of(called.rule.axis, len(a))
    others = product((*a[:place], *a[place + 1 :]))
    number = called.rule.n
    # After k times there are k values less; all rounds together.
    total = number * made[place] + number * (number - 1) // 2
    yield arithmetic(others * total, "each value is taken from the next")


@costs("Linspace Logspace")
def _spaced(called: Called) -> Iterator[Work]:
    made = product(called.made[0])
    pairs = product(_joined(called.shapes["start"], called.shapes["stop"]))
    functions = made if called.rule.class_name == "Logspace" else 0
    yield arithmetic(2 * made + 2 * pairs, "the step between two ends, and where each value lies", functions)


def _joined(one: Any, other: Any) -> list[Dim]:
    """Two shapes of sizes that are equal or 1, together."""
    ndim = max(len(one), len(other))
    pairs = zip((1,) * (ndim - len(one)) + one, (1,) * (ndim - len(other)) + other, strict=True)
    return [right if left == 1 else left for left, right in pairs]


@costs("IsIn")
def _is_in(called: Called) -> Iterator[Work]:
    yield arithmetic(product(called.shapes["x1"]) * product(called.shapes["x2"]), "each is compared with each")


@costs("AllClose")
def _all_close(called: Called) -> Iterator[Work]:
    pairs = product(_joined(called.shapes["x1"], called.shapes["x2"]))
    yield arithmetic(4 * pairs + 3 * product(called.shapes["x2"]), "value by value")


@costs("Average")
def _average(called: Called) -> Iterator[Work]:
    x, weights, rows = called.first, called.shapes["weights"], product(called.made[0])
    if weights is None:
        yield along(Along(Cost(arithmetic=1)), x, rows)
        return
    yield along(Along(Cost(arithmetic=2)), x, rows)
    yield along(Along(Cost(arithmetic=1)), weights, 0)


@costs("Moments")
def _moments(called: Called) -> Iterator[Work]:
    yield along(Along(Cost(arithmetic=5)), called.first, 0)


@costs("Trapezoid")
def _trapezoid(called: Called) -> Iterator[Work]:
    each, row = (1, 3) if called.rule.x_ is None else (3, -3)
    yield along(Along(Cost(arithmetic=each), Cost(arithmetic=row)), called.first, product(called.made[0]))


@costs("Norm")
def _norm(called: Called) -> Iterator[Work]:
    over, order = axes_of(called.rule.axis, len(called.first)), called.rule.ord
    rows = product(called.made[0])
    if len(over) == 2 and order in ("nuc", 2, -2):
        yield Work("", UNKNOWN_COST, "how many steps that takes depends on the algorithm")
    elif order in (None, "fro") or (len(over) == 1 and order == 2):
        yield along(Along(Cost(arithmetic=2), Cost(arithmetic=-1, functions=1)), called.first, rows)
    elif order == float("inf") or (len(over) == 2 and order == 1):
        # JAX takes the greatest of them and 0.
        yield along(Along(Cost(arithmetic=2)), called.first, rows)
    elif len(over) == 2 or order in (0, 1, float("-inf")):
        yield along(Along(Cost(arithmetic=2), Cost(arithmetic=-1)), called.first, rows)
    else:
        yield along(Along(Cost(arithmetic=2, functions=1), Cost(arithmetic=-1, functions=1)), called.first, rows)


def _rows(called: Called, axes: Any) -> Dim:
    """How many rows there are along some axes."""
    over = axes_of(axes, len(called.first))
    return product(size for place, size in enumerate(called.first) if place not in over)


@costs("Normalize")
def _normalize(called: Called) -> Iterator[Work]:
    rows, order = _rows(called, called.rule.axis), called.rule.order
    functions = {1: (0, 0), 2: (0, 1)}.get(order, (1, 1))
    value, row = Cost(arithmetic=3, functions=functions[0]), Cost(functions=functions[1])
    yield along(Along(value, row), called.first, rows)


@costs("BatchNorm")
def _batch_norm(called: Called) -> Iterator[Work]:
    yield along(Along(Cost(arithmetic=2)), called.first, 0)


@costs("RMSNorm")
def _rms_norm(called: Called) -> Iterator[Work]:
    each = 3 if called.shapes["scale"] is None else 4
    yield along(
        Along(Cost(arithmetic=each), Cost(arithmetic=1, functions=1)), called.first, _rows(called, called.rule.axis)
    )


@costs("LayerNorm")
def _layer_norm(called: Called) -> Iterator[Work]:
    gamma, beta = (called.shapes[name] is not None for name in ("gamma", "beta"))
    if called.rule.rms_scaling:
        value, row = 5 + gamma, 1
    else:
        # Mean and variance take 5, what comes out 2; a scale makes the shift one of every value.
        value, row = 7 + 2 * gamma + beta, 2 + (not gamma)
    price = Along(Cost(arithmetic=value), Cost(arithmetic=row, functions=1))
    yield along(price, called.first, _rows(called, called.rule.axis))


@costs("DotProductAttention")
def _attention(called: Called) -> Iterator[Work]:
    query, key, value = (called.shapes[name] for name in ("query", "key", "value"))
    number = product((query[0], query[2], query[1], key[1]))
    rows = product(query[:3])
    yield Work("scores", Cost(macs=number * query[3]), SCORES, called.factors("query", "key"))
    extra = 1 if called.shapes["bias"] is not None else 0
    yield Work("softmax", Cost(arithmetic=(5 + extra) * number - 2 * rows, functions=number), "scaled, and made shares")
    shares = tuple(place for name in ("query", "key", "bias") for place in called.reads[name])
    yield Work("blend", Cost(macs=number * value[3]), BLEND, (*([shares] if shares else []), *called.factors("value")))


@costs("BinaryCrossentropy")
def _binary(called: Called) -> Iterator[Work]:
    values = product(called.made[0])
    each, functions = (24, 4) if called.rule.from_logits else (8, 2)
    yield arithmetic(each * values, "value by value", functions * values)


@costs("CategoricalCrossentropy SparseCategoricalCrossentropy")
def _categorical(called: Called) -> Iterator[Work]:
    each, row = Cost(arithmetic=6, functions=1), Cost(arithmetic=-1)
    if called.rule.from_logits:
        each, row = Cost(arithmetic=5, functions=1), Cost(arithmetic=-2, functions=1)
    yield along(Along(each, row), called.shapes["output"], product(called.made[0]))


@costs("PSNR")
def _psnr(called: Called) -> Iterator[Work]:
    yield along(Along(Cost(arithmetic=3)), called.first, 0)


@costs("SSIM")
def _ssim(called: Called) -> Iterator[Work]:
    images, width = called.first, called.rule.filter_size
    at = 2 if called.rule.data_format == "channels_first" else 1
    windows = product(size - width + 1 if place in (at, at + 1) else size for place, size in enumerate(images))
    pixels = product(size for place, size in enumerate(images) if place not in (at, at + 1))
    filtered = Cost(macs=5 * windows * width * width, arithmetic=3 * product(images))
    yield Work("filter", filtered, "both pictures, their squares and their product are blurred",
               called.factors("image1", "image2"))  # fmt: skip
    yield arithmetic(18 * windows + pixels, "window by window, and their mean")


@costs("Resize")
def _resized(called: Called) -> Iterator[Work]:
    rule, (made,) = called.rule, called.made
    if rule.crop_to_aspect_ratio or rule.pad_to_aspect_ratio:
        yield Work("", UNKNOWN_COST, "how much of a picture is cut off or added depends on its size")
        return
    changed = [one for one, other in zip(called.first, made, strict=True) if one != other]
    for step in interpolated(product(made), rule.interpolation, rule.antialias, len(changed)):
        yield step._replace(operands=called.factors("images"))
