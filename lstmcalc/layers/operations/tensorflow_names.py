"""TensorFlow's functions, as Keras 2 configs and code name them, and the operations of Keras 3 that do the same.

TensorFlow exports a function under several names (`tf.add`, `tf.math.add`, `tf.compat.v1.add`); the last part tells
which it is. Those of `keras.backend` have arguments of their own.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

__all__ = ["translate"]

Arguments = dict[str, Any]

#: A function, then Keras's class, the operand that the first argument is, and Keras's names for the others: by itself
#: where TensorFlow has the same, `axis=perm` where another, `axis:0` where TensorFlow's default differs from Keras's.
TENSORFLOW = """
abs Absolute x | absolute Absolute x | acos Arccos x | acosh Arccosh x | asin Arcsin x | asinh Arcsinh x
add Add x1 x2=y | and LogicalAnd x1 x2=y | angle Angle x | argmax Argmax x axis:0 | argmin Argmin x axis:0
argsort Argsort x axis | atan Arctan x | atan2 Arctan2 x1 x2=x | atanh Arctanh x
bias_add Add x1 x2=bias | broadcast_to BroadcastTo x shape
cast Cast x dtype | ceil Ceil x | celu Celu x alpha | cholesky Cholesky x
clip_by_value Clip x x_min=clip_value_min x_max=clip_value_max
concat Concatenate xs axis | conj Conj x | convert_to_tensor ConvertToTensor x dtype | cos Cos x | cosh Cosh x
count_nonzero CountNonzero x axis | cross Cross x1 x2=b | cumprod Cumprod x axis:0 | cumsum Cumsum x axis:0
depth_to_space DepthToSpace x block_size | det Det x | diag_part Diagonal x axis1:-2 axis2:-1
div Divide x1 x2=y | divide Divide x1 x2=y | divide_no_nan DivideNoNan x1 x2=y | div_no_nan DivideNoNan x1 x2=y
eigh Eigh x | elu Elu x | equal Equal x1 x2=y | eq Equal x1 x2=y | erf Erf x | erfc Erfc x | erfinv Erfinv x
exp Exp x | expand_dims ExpandDims x axis | expm1 Expm1 x
fill Full fill_value shape=dims | floor Floor x | floordiv FloorDivide x1 x2=y | floormod Mod x1 x2=y
gather Take x indices axis:0 | ge GreaterEqual x1 x2=y | gelu Gelu x approximate:False | greater Greater x1 x2=y
greater_equal GreaterEqual x1 x2=y | gt Greater x1 x2=y
identity Copy x | imag Imag x | in_top_k InTopK targets predictions k | inv Inv x | invert LogicalNot x
is_finite Isfinite x | is_inf Isinf x | is_nan Isnan x
l2_normalize Normalize x axis | le LessEqual x1 x2=y | leaky_relu LeakyRelu x negative_slope=alpha
less Less x1 x2=y | less_equal LessEqual x1 x2=y | linspace Linspace start stop num axis | log Log x | log1p Log1p x
log_sigmoid LogSigmoid x | log_softmax LogSoftmax x axis | logical_and LogicalAnd x1 x2=y | logical_not LogicalNot x
logical_or LogicalOr x1 x2=y | logical_xor LogicalXor x1 x2=y | lt Less x1 x2=y
matmul Matmul x1 x2=b | maximum Maximum x1 x2=y | minimum Minimum x1 x2=y
mod Mod x1 x2=y | moments Moments x axes keepdims
mul Multiply x1 x2=y | multiply Multiply x1 x2=y | multiply_no_nan Multiply x1 x2=y
ne NotEqual x1 x2=y | neg Negative x | negative Negative x | norm Norm x axis keepdims | not_equal NotEqual x1 x2=y
one_hot OneHot x num_classes=depth axis | ones_like OnesLike x dtype | or LogicalOr x1 x2=y
pad Pad x pad_width=paddings mode constant_values | pinv Pinv x rcond | pow Power x1 x2=y
real Real x | realdiv Divide x1 x2=y | reciprocal Reciprocal x | reduce_all All x axis keepdims
reduce_any Any x axis keepdims | reduce_logsumexp Logsumexp x axis keepdims | reduce_max Max x axis keepdims
reduce_mean Mean x axis keepdims | reduce_min Min x axis keepdims | reduce_prod Prod x axis keepdims
reduce_std Std x axis keepdims | reduce_sum Sum x axis keepdims | reduce_variance Var x axis keepdims
relu Relu x | relu6 Relu6 x | repeat Repeat x repeats axis | reshape Reshape x newshape=shape | reverse Flip x axis
roll Roll x shift axis | round Round x | rsqrt Rsqrt x
selu Selu x | sigmoid Sigmoid x | sign Sign x | silu Silu x | sin Sin x | sinh Sinh x
slice Slice inputs start_indices=begin shape=size
softmax Softmax x axis | softplus Softplus x | softsign Softsign x | sort Sort x axis
space_to_depth SpaceToDepth x block_size
split Split x indices_or_sections=num_or_size_splits axis | sqrt Sqrt x | square Square x | squeeze Squeeze x axis
stack Stack x axis | stop_gradient StopGradient variable | sub Subtract x1 x2=y | subtract Subtract x1 x2=y
swish Silu x
tan Tan x | tanh Tanh x | tensordot Tensordot x1 x2=b axes | tile Tile x repeats=multiples | top_k TopK x k:1 sorted
trace Trace x axis1:-2 axis2:-1 | transpose Transpose x axes=perm | truediv TrueDivide x1 x2=y
unstack Unstack x num axis | where Where condition x1=x x2=y | xor LogicalXor x1 x2=y | zeros_like ZerosLike x dtype
getitem GetItem x key=slice_spec | image.resize Resize images size interpolation=method antialias
image.rgb_to_grayscale RGBToGrayscale images | image.rgb_to_hsv RGBToHSV images
image.hsv_to_rgb HSVToRGB images | image.sobel_edges SobelEdges images
"""
BACKEND = """
abs Absolute x | all All x axis keepdims | any Any x axis keepdims | argmax Argmax x axis:-1 | argmin Argmin x axis:-1
cast Cast x dtype | clip Clip x x_min=min_value x_max=max_value | concatenate Concatenate xs axis:-1 | cos Cos x
cumprod Cumprod x axis:0 | cumsum Cumsum x axis:0 | dot Dot x1 x2=y | elu Elu x alpha | equal Equal x1 x2=y | exp Exp x
expand_dims ExpandDims x axis:-1 | gather Take x indices axis:0 | greater Greater x1 x2=y
greater_equal GreaterEqual x1 x2=y | hard_sigmoid HardSigmoid x | l2_normalize Normalize x axis | less Less x1 x2=y
less_equal LessEqual x1 x2=y | log Log x | logsumexp Logsumexp x axis keepdims | max Max x axis keepdims
maximum Maximum x1 x2=y | mean Mean x axis keepdims | min Min x axis keepdims | minimum Minimum x1 x2=y
not_equal NotEqual x1 x2=y | one_hot OneHot x num_classes | ones_like OnesLike x dtype
permute_dimensions Transpose x axes=pattern | pow Power x1 x2=a | prod Prod x axis keepdims | relu Relu x
repeat_elements Repeat x repeats=rep axis | reshape Reshape x newshape=shape | reverse Flip x axis=axes | round Round x
sigmoid Sigmoid x | sign Sign x | sin Sin x | softmax Softmax x axis | softplus Softplus x | softsign Softsign x
sqrt Sqrt x | square Square x | squeeze Squeeze x axis | stack Stack x axis | std Std x axis keepdims
stop_gradient StopGradient variable | sum Sum x axis keepdims | tanh Tanh x | tile Tile x repeats=n
transpose Transpose x | var Var x axis keepdims | zeros_like ZerosLike x dtype
"""
#: Older names of arguments, by those of today.
OLDER = {
    "keep_dims": "keepdims",
    "squeeze_dims": "axis",
    "dimension": "axis",
    "reduction_indices": "axis",
    "dim": "axis",
}
#: What changes values, or nothing, and never a shape.
WITHOUT_EFFECT = (
    "name output_type validate_indices conjugate exclusive stable direction on_value off_value dtype epsilon "
    "data_format validate_shape reverse var"
).split()


def _read(table: str) -> dict[str, list[str]]:
    entries = (entry.split() for line in table.splitlines() for entry in line.split("|"))
    return {words[0]: words[1:] for words in entries if words}


FUNCTIONS, BACKEND_FUNCTIONS = _read(TENSORFLOW), _read(BACKEND)


def translate(function: str, arguments: Mapping[str, Any]) -> tuple[str, Arguments] | None:
    """The operation of Keras 3 that does what a function of TensorFlow does, and its arguments and operands by name.

    `arguments` are the function's by TensorFlow's names, the first one under an empty name; tensors among them may be
    anything, and stay what they are. None where there is no such operation, or where an argument asks for what it
    cannot do.

    >>> translate("math.reduce_mean", {"": "x", "axis": [1, 2], "keepdims": True})
    ('ops.Mean', {'x': 'x', 'axis': [1, 2], 'keepdims': True})
    >>> translate("concat", {"": ["x", "y"], "axis": -1})
    ('ops.Concatenate', {'xs': ['x', 'y'], 'axis': -1})
    >>> translate("math.segment_mean", {"": "x"}) is None
    True
    """
    entry = _entry(function)
    if entry is None:
        return None
    class_name, first, *others = entry
    given = {OLDER.get(key, key): value for key, value in arguments.items()}
    if "" not in given:
        return None
    made: Arguments = {first: given.pop("")}
    for word in others:
        name, _, default = word.partition(":")
        ours, _, theirs = name.partition("=")
        value = given.pop(theirs or ours, None)
        if value is None and default:
            value = literal_eval(default)
        if value is not None:
            made[ours] = value
    if any(value is not None and value is not False and key not in WITHOUT_EFFECT for key, value in given.items()):
        return None
    if given.get("data_format") not in (None, "NHWC", "channels_last"):
        return None
    adapted = ADAPT[class_name](made) if class_name in ADAPT else made
    return None if adapted is None else (f"ops.{class_name}", adapted)


def _entry(function: str) -> list[str] | None:
    path = function.removeprefix("tf.").removeprefix("compat.v1.").removeprefix("compat.v2.")
    module, _, name = path.rpartition(".")
    if module in ("keras.backend", "backend"):
        return BACKEND_FUNCTIONS.get(name)
    if module.startswith(("image", "signal", "sparse", "ragged", "strings", "random")):
        return FUNCTIONS.get(path)
    return FUNCTIONS.get(name) or FUNCTIONS.get(name.removesuffix("_v2"))


def _is_plain(value: Any) -> bool:
    """Whether a value holds numbers, and no tensors."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return isinstance(value, (int, str))


def _cut(made: Arguments) -> Arguments | None:
    """TensorFlow's sizes of the parts as Keras's places to cut at."""
    sizes = made.get("indices_or_sections")
    if isinstance(sizes, int):
        return made
    if not isinstance(sizes, (list, tuple)) or not all(isinstance(size, int) and size >= 0 for size in sizes):
        return None
    return {**made, "indices_or_sections": list(accumulate(sizes))[:-1]} if len(sizes) > 1 else None


def _padded(made: Arguments) -> Arguments | None:
    mode = str(made.get("mode", "constant")).lower()
    if not _is_plain(made.get("pad_width")):
        return None
    if mode != "constant":
        made.pop("constant_values", None)
    return {**made, "mode": mode}


def _with_plain(name: str) -> Callable[[Arguments], Arguments | None]:
    """Leaves what states `name` in numbers; what only data tells has no rule."""

    def adapt(made: Arguments) -> Arguments | None:
        return made if _is_plain(made.get(name)) else None

    return adapt


def _key(made: Arguments) -> Arguments | None:
    key = made.get("key")
    parts = list(key) if isinstance(key, (list, tuple)) else [key]
    plain = all(isinstance(part, (int, slice, Mapping)) or part is None or part is Ellipsis for part in parts)
    return {**made, "key": [_bounds(part) for part in parts]} if plain else None


def _bounds(part: Any) -> Any:
    """A slice that stands as a bare mapping of its bounds, as Keras 2 writes it, and any other part as it is."""
    if isinstance(part, Mapping) and set(part) == {"start", "stop", "step"}:
        return {"class_name": "__slice__", "config": dict(part)}
    return part


def _both(made: Arguments) -> Arguments | None:
    return made if made.keys() >= {"x1", "x2"} else None


def _empty_is_all(made: Arguments) -> Arguments:
    return {key: value for key, value in made.items() if key != "axis" or value not in ([], ())}


ADAPT: dict[str, Callable[[Arguments], Arguments | None]] = {
    "BroadcastTo": _with_plain("shape"),
    "Full": _with_plain("shape"),
    "GetItem": _key,
    "OneHot": _with_plain("num_classes"),
    "Pad": _padded,
    "Repeat": _with_plain("repeats"),
    "Reshape": _with_plain("newshape"),
    "Resize": _with_plain("size"),
    "Slice": _with_plain("shape"),
    "Split": _cut,
    "Squeeze": _empty_is_all,
    "Tile": _with_plain("repeats"),
    "Where": _both,
}
