"""Operations that go value by value: on one operand, or on several, whose sizes of 1 are then repeated."""

from __future__ import annotations

from typing import Any

from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.operations.rule import Operation, made, operation
from lstmcalc.layers.operations.sizes import broadcast
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape

__all__ = ["Binary", "Clip", "Isclose", "Unary", "Where"]


class Unary(Operation):
    """What gives every value another one, and leaves the shape."""

    def result(self, call: Inputs, /, **operands: Any) -> Any:
        return next(iter(operands.values()))


class Binary(Operation):
    """What makes one value of two, place by place (`broadcast_shapes`, keras/src/ops/operation_utils.py, 3.15.1)."""

    def result(self, call: Inputs, /, **operands: Any) -> Any:
        return broadcast(call, operands, self.class_name)


class Bitwise(Binary):
    """A binary operation whose shape Keras takes to be the first operand's, whatever the second's."""

    def believed(self, call: Inputs, /, **operands: Any) -> Any:
        first = next(iter(operands.values()))
        return None if broadcast(call, operands, self.class_name) == first else first


PLAIN: list[Example | Rejected] = [Example({}, (None, 10, 32), params=0, output=(None, 10, 32))]
INTEGERS: list[Example | Rejected] = [Example({}, (None, 10), params=0, output=(None, 10), dtype="int32")]

#: Module by module, what becomes of a value.
UNARY = {
    "math": {
        "Erf": "the error function of it",
        "Erfc": "1 minus the error function of it",
        "Erfinv": "the inverse error function of it",
        "Rsqrt": "1 over its square root",
    },
    "nn": {
        "HardSigmoid": "itself / 6 + 0.5, kept between 0 and 1",
        "HardSilu": "itself times its hard sigmoid",
        "HardTanh": "itself, kept between -1 and 1",
        "LogSigmoid": "the logarithm of its sigmoid",
        "Relu": "itself, or 0 where it is negative",
        "Relu6": "itself, kept between 0 and 6",
        "Selu": "its scaled exponential linear unit",
        "Sigmoid": "1 / (1 + exp(-x)), between 0 and 1",
        "Silu": "itself times its sigmoid",
        "Softplus": "log(1 + exp(x))",
        "Softsign": "x / (1 + |x|)",
        "SparsePlus": "0 below -1, itself above 1, and a parabola between",
        "SparseSigmoid": "(x + 1) / 2, kept between 0 and 1",
        "TanhShrink": "itself minus its hyperbolic tangent",
    },
    "numpy": {
        "Abs": "its distance from 0",
        "Absolute": "its distance from 0",
        "Angle": "its angle as a complex number",
        "Arccos": "its arc cosine",
        "Arccosh": "its inverse hyperbolic cosine",
        "Arcsin": "its arc sine",
        "Arcsinh": "its inverse hyperbolic sine",
        "Arctan": "its arc tangent",
        "Arctanh": "its inverse hyperbolic tangent",
        "Cbrt": "its cube root",
        "Ceil": "the least whole number that is not below it",
        "Conj": "its complex conjugate",
        "Conjugate": "its complex conjugate",
        "Copy": "itself",
        "Cos": "its cosine",
        "Cosh": "its hyperbolic cosine",
        "Deg2rad": "the angle in radians",
        "Exp": "e to its power",
        "Exp2": "2 to its power",
        "Expm1": "e to its power, minus 1",
        "Fabs": "its distance from 0",
        "Floor": "the greatest whole number that is not above it",
        "I0": "its modified Bessel function of order 0",
        "Imag": "its imaginary part",
        "Isfinite": "whether it is finite",
        "Isinf": "whether it is infinite",
        "Isnan": "whether it is not a number",
        "Isneginf": "whether it is minus infinity",
        "Isposinf": "whether it is plus infinity",
        "Isreal": "whether its imaginary part is 0",
        "Log": "its natural logarithm",
        "Log10": "its logarithm to base 10",
        "Log1p": "the logarithm of 1 plus it",
        "Log2": "its logarithm to base 2",
        "LogicalNot": "true where it is 0 or false",
        "Negative": "it with the other sign",
        "Rad2deg": "the angle in degrees",
        "Real": "its real part",
        "Reciprocal": "1 over it",
        "Sign": "its sign: -1, 0 or 1",
        "Signbit": "whether it is negative",
        "Sin": "its sine",
        "Sinc": "sin(πx) / (πx)",
        "Sinh": "its hyperbolic sine",
        "Sqrt": "its square root",
        "Square": "its square",
        "Tan": "its tangent",
        "Tanh": "its hyperbolic tangent, between -1 and 1",
        "Trunc": "it without what stands behind the point",
    },
}
#: The same with arguments of their own.
UNARY_WITH_ARGUMENTS: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "core": {
        "Cast": ("it in another dtype", {"dtype": arg.anything()}),
        "SaturateCast": ("it in another dtype, as near as that goes", {"dtype": arg.anything()}),
        "ConvertToTensor": ("itself", {"dtype": arg.anything(None), "sparse": arg.anything(None),
                                       "ragged": arg.anything(None)}),
    },
    "nn": {
        "Celu": ("itself, or bent towards `-alpha` where it is negative", {"alpha": arg.number(1.0)}),
        "Elu": ("itself, or bent towards `-alpha` where it is negative", {"alpha": arg.number(1.0)}),
        "Gelu": ("itself times the share of a bell curve below it", {"approximate": arg.flag(True)}),
        "HardShrink": ("itself, or 0 within `threshold` of 0", {"threshold": arg.number(0.5)}),
        "LeakyRelu": ("itself, or `negative_slope` of it where it is negative", {"negative_slope": arg.number(0.2)}),
        "SoftShrink": ("it moved towards 0 by `threshold`", {"threshold": arg.number(0.5)}),
        "Squareplus": ("(x + sqrt(x² + b)) / 2", {"b": arg.number(4)}),
        "Threshold": ("itself where it is above `threshold`, and otherwise `default_value`",
                      {"threshold": arg.number(), "default_value": arg.number()}),
    },
    "numpy": {
        "Array": ("itself", {"dtype": arg.anything(None)}),
        "EmptyLike": ("anything: the shape alone counts", {"dtype": arg.anything(None)}),
        "NanToNum": ("itself, or a number where it is none",
                     {"nan": arg.number(0.0), "posinf": arg.number(None), "neginf": arg.number(None)}),
        "OnesLike": ("1", {"dtype": arg.anything(None)}),
        "Round": ("the nearest with so many `decimals`", {"decimals": arg.integer(0)}),
        "ZerosLike": ("0", {"dtype": arg.anything(None)}),
    },
}  # fmt: skip
#: What each needs to be told, for its example.
GIVEN: dict[str, dict[str, Any]] = {
    "Cast": {"dtype": "float16"},
    "SaturateCast": {"dtype": "float16"},
    "Threshold": {"threshold": 0.5, "default_value": 0.0},
}

for _module, _texts in UNARY.items():
    for _name, _text in _texts.items():
        made(_name, Unary, _module, f"Puts in the place of every value {_text}.", PLAIN)
made("StopGradient", Unary, "core", "Leaves every value; training does not see behind it.", PLAIN, operands="variable")
for _name in ("BitwiseInvert", "BitwiseNot"):
    made(_name, Unary, "numpy", "Turns every bit of every integer over.", INTEGERS)
for _module, _table in UNARY_WITH_ARGUMENTS.items():
    for _name, (_text, _arguments) in _table.items():
        _examples = [Example(GIVEN.get(_name, {}), (None, 10, 32), params=0, output=(None, 10, 32))]
        made(_name, Unary, _module, f"Puts in the place of every value {_text}.", _examples, **_arguments)

BOTH: list[Example | Rejected] = [
    Example({}, [(None, 10, 32), (None, 10, 32)], params=0, output=(None, 10, 32)),
    Example({}, [(None, 10, 32), (None, 10, 1)], params=0, output=(None, 10, 32)),
    Example({}, (None, 10, 32), params=0, output=(None, 10, 32), keywords={"x2": 2.0}),
    Rejected(
        {},
        "expected operands whose sizes are equal or 1, axis by axis, got (None, 10, 32) and (None, 12, 32): "
        "axis -2 of x1 is 10, of x2 12",
        [(None, 10, 32), (None, 12, 32)],
    ),
]
INTEGER_PAIR: list[Example | Rejected] = [
    Example({}, [(None, 10, 32), (None, 10, 1)], params=0, output=(None, 10, 32), dtype="int32"),
    Example({}, (None, 10), params=0, output=(None, 10), keywords={"x2": 3}, dtype="int32"),
]
#: What becomes of a value of the first operand and one of the second.
BINARY = {
    "Add": "Adds two values",
    "Arctan2": "Gives the angle of a point from its two coordinates",
    "Divide": "Divides one value by the other",
    "DivideNoNan": "Divides one value by the other, with 0 where that is 0",
    "Equal": "Tells whether two values are equal",
    "FloorDivide": "Divides one value by the other, down to a whole number",
    "Fmax": "Takes the greater of two values, and the one that is a number",
    "Fmin": "Takes the lesser of two values, and the one that is a number",
    "Fmod": "Gives what a division leaves, with the sign of the first value",
    "Greater": "Tells whether one value is above the other",
    "GreaterEqual": "Tells whether one value is not below the other",
    "Less": "Tells whether one value is below the other",
    "LessEqual": "Tells whether one value is not above the other",
    "Logaddexp": "Gives log(exp(x1) + exp(x2))",
    "Logaddexp2": "Gives log2(2^x1 + 2^x2)",
    "LogicalAnd": "Tells whether both values are true",
    "LogicalOr": "Tells whether one of two values is true",
    "LogicalXor": "Tells whether just one of two values is true",
    "Maximum": "Takes the greater of two values",
    "Minimum": "Takes the lesser of two values",
    "Mod": "Gives what a division leaves, with the sign of the second value",
    "Multiply": "Multiplies two values",
    "Nextafter": "Gives the next number that a computer can hold, towards the second value",
    "NotEqual": "Tells whether two values differ",
    "Power": "Raises one value to the power of the other",
    "Subtract": "Takes one value from the other",
    "TrueDivide": "Divides one value by the other",
}
#: Those that Keras takes no bare number in: it asks both operands for their dtype.
TENSORS_ONLY = {
    "Heaviside": "Gives 0 below 0, 1 above it, and the second value at 0",
    "Hypot": "Gives the long side of a right triangle with these short ones",
}
INTEGER_BINARY = {
    "Gcd": "Gives the greatest common divisor of two integers",
    "Lcm": "Gives the least common multiple of two integers",
}
BITS = {
    "BitwiseAnd": "Sets the bits that both integers have",
    "BitwiseOr": "Sets the bits that one of two integers has",
    "BitwiseXor": "Sets the bits that just one of two integers has",
}
SHIFTS = {
    "BitwiseLeftShift": "Moves the bits of one integer to the left by the other",
    "BitwiseRightShift": "Moves the bits of one integer to the right by the other",
    "LeftShift": "Moves the bits of one integer to the left by the other",
    "RightShift": "Moves the bits of one integer to the right by the other",
}

for _name, _text in BINARY.items():
    made(_name, Binary, "numpy", f"{_text}, place by place.", BOTH, "x1 x2")
for _name, _text in TENSORS_ONLY.items():
    made(_name, Binary, "numpy", f"{_text}, place by place.", BOTH[:2], "x1 x2")
for _name, _text in INTEGER_BINARY.items():
    made(_name, Binary, "numpy", f"{_text}, place by place.", INTEGER_PAIR, "x1 x2")
for _name, _text in {**BITS, **SHIFTS}.items():
    _example = Example({}, [(None, 10, 32), (None, 10, 1)], params=0, output=(None, 10, 32), dtype="int32")
    made(_name, Bitwise, "numpy", f"{_text}, place by place.", [_example], "x y")
made("Ldexp", Binary, "numpy", "Multiplies one value by 2 to the power of the other, an integer.",
     [Example({}, [(None, 10), (None, 10)], 0, (None, 10), dtype="int32")], "x1 x2")  # fmt: skip
made("Polar", Unary, "nn", "Makes complex numbers of their distances from 0 and their angles.",
     [Example({}, [(None, 10), (None, 10)], 0, (None, 10))], "abs_ angle")  # fmt: skip


@operation("numpy", "x1 x2", rtol=arg.anything(1e-05), atol=arg.anything(1e-08))
class Isclose(Operation):
    """Tells whether two values are nearly equal, place by place.

    keras/src/ops/numpy.py, 3.15.1.
    """

    equal_nan: bool = arg.flag(False)

    def result(self, call: Inputs, /, x1: Shape, x2: Shape, rtol: Any, atol: Any) -> Any:
        return broadcast(call, {"x1": x1, "x2": x2}, "Isclose")

    examples = [Example({}, [(None, 10), (None, 1)], params=0, output=(None, 10))]


@operation("numpy")
class Clip(Operation):
    """Keeps every value between `x_min` and `x_max`.

    keras/src/ops/numpy.py, 3.15.1.
    """

    x_min: Any = arg.anything()
    x_max: Any = arg.anything()

    def result(self, call: Inputs, /, **operands: Any) -> Any:
        return operands["x"]

    examples = [Example({"x_min": -1.0, "x_max": 1.0}, (None, 10, 32), params=0, output=(None, 10, 32))]


@operation("numpy", "condition", optional="x1 x2")
class Where(Operation):
    """Takes the value of `x1` where the condition is true, and of `x2` where it is not.

    keras/src/ops/numpy.py, 3.15.1. Without the two it tells the places where the condition is true, of which there can
    be any number, and Keras states another shape than it then gives.
    """

    def result(self, call: Inputs, /, condition: Shape, x1: Shape | None, x2: Shape | None) -> Any:
        if x1 is None or x2 is None:
            because = "without them it gives the places that are true, as many as the data has"
            raise Rejection("wrong-number-of-inputs", "`x1` and `x2` beside the condition", "none", because)
        return broadcast(call, {"condition": condition, "x1": x1, "x2": x2}, "Where")

    examples = [
        Example({}, [(None, 10, 1), (None, 10, 32), (None, 10, 32)], params=0, output=(None, 10, 32)),
        Example({}, [(None, 10), (None, 10)], params=0, output=(None, 10), keywords={"x2": 0.0}),
        Rejected(
            {},
            "expected `x1` and `x2` beside the condition, got none: "
            "without them it gives the places that are true, as many as the data has",
            (None, 10),
        ),
    ]


@operation("numpy", "x fill_value")
class FullLike(Operation):
    """Puts `fill_value` in every place.

    keras/src/ops/numpy.py, 3.15.1.
    """

    dtype: Any = arg.anything(None)

    def result(self, call: Inputs, /, **operands: Any) -> Any:
        return operands["x"]

    examples = [Example({}, (None, 10), params=0, output=(None, 10), keywords={"fill_value": 2.0})]
