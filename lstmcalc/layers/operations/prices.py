"""What operations cost, by table: value by value, along axes, nothing at all, or not known, each with the reason.

Numbers are those of Keras 3.15.1 on JAX, but where `DIFFERENT` in tests/keras/test_operation_costs.py says so.
"""

from __future__ import annotations

from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.costs import Cost

__all__ = [
    "ACTIVATIONS",
    "BY_VALUE",
    "FREE_OF_COST",
    "REDUCTIONS",
    "RUNNING",
    "STEPWISE",
    "UNKNOWN_COSTS",
    "Along",
    "ByValue",
]


class ByValue(NamedTuple):
    """The cost of every value that comes out, and of every one of the first and the second operand."""

    made: Cost
    first: Cost = Cost()
    second: Cost = Cost()


class Along(NamedTuple):
    """The cost of every value that goes in, and of every row of them, which are those along the axes."""

    value: Cost
    row: Cost = Cost()


#: Arithmetic and functions of every value that comes out, and who has them.
_EACH = {
    (1, 0): "Abs Absolute Add Ceil Deg2rad Divide Equal Fabs Floor Fmod Greater GreaterEqual Isnan Isneginf Isposinf "
            "Isreal Less LessEqual Maximum Minimum Multiply Negative Nextafter NotEqual Outer Kron Rad2deg Reciprocal "
            "Sign Square Subtract Threshold TrueDivide",
    (2, 0): "Clip HardShrink Isinf SaturateCast",
    (3, 0): "NanToNum Trunc",
    (4, 0): "SoftShrink",
    (0, 1): "Angle Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Cbrt Cos Cosh Erf Erfc Erfinv Exp Exp2 Expm1 "
            "Log Log1p Power Rsqrt Sin Sinh Sqrt Tan Tanh Vander",
    (1, 1): "Ldexp Log10 Log2",
    (2, 2): "I0 Polar",
    (4, 1): "Squareplus",
    (5, 1): "Sinc",
    (7, 2): "Logaddexp",
    (8, 2): "Logaddexp2",
}  # fmt: skip

#: Through these no gradient goes back: what comes out does not change with small changes of what goes in.
STEPWISE = frozenset(
    "All AllClose Any Argmax Argmin Argsort Bincount BitwiseAnd BitwiseInvert BitwiseLeftShift BitwiseNot BitwiseOr "
    "BitwiseRightShift BitwiseXor CTCDecode Ceil CountNonzero Digitize EmptyLike Equal Floor FloorDivide FullLike Gcd "
    "Greater GreaterEqual Imag InTopK IsIn Isclose Isfinite Isinf Isnan Isneginf Isposinf Isreal Lcm LeftShift Less "
    "LessEqual LogicalAnd LogicalNot LogicalOr LogicalXor MatrixRank MultiHot Nanargmax Nanargmin Nonzero NotEqual "
    "OneHot OnesLike RightShift Round SearchSorted Sign Signbit Size StopGradient Trunc Unique UnravelIndex "
    "ZerosLike".split()
)

#: What is done to every value that comes out, and to each of the operands before one is repeated.
BY_VALUE = {
    **{name: ByValue(Cost(0, *cost)) for cost, names in _EACH.items() for name in names.split()},
    "DivideNoNan": ByValue(Cost(arithmetic=1), second=Cost(arithmetic=2)),
    "FloorDivide": ByValue(Cost(arithmetic=8), second=Cost(arithmetic=2)),
    "Fmax": ByValue(Cost(arithmetic=1), second=Cost(arithmetic=1)),
    "Fmin": ByValue(Cost(arithmetic=1), second=Cost(arithmetic=1)),
    "Heaviside": ByValue(Cost(), Cost(arithmetic=3)),
    "Hypot": ByValue(Cost(arithmetic=8, functions=1), Cost(arithmetic=2), Cost(arithmetic=2)),
    "Isclose": ByValue(Cost(arithmetic=4), second=Cost(arithmetic=3)),
    "Mod": ByValue(Cost(arithmetic=4), second=Cost(arithmetic=1)),
}

#: Operations that are an activation, by its name.
ACTIVATIONS = {
    "Celu": "celu", "Elu": "elu", "HardSigmoid": "hard_sigmoid", "HardSilu": "hard_silu", "HardTanh": "hard_tanh",
    "LeakyRelu": "leaky_relu", "LogSigmoid": "log_sigmoid", "LogSoftmax": "log_softmax", "Relu": "relu",
    "Relu6": "relu6", "Selu": "selu", "Sigmoid": "sigmoid", "Silu": "silu", "Softmax": "softmax",
    "Softplus": "softplus", "Softsign": "softsign", "SparsePlus": "sparse_plus", "SparseSigmoid": "sparse_sigmoid",
    "Sparsemax": "sparsemax", "TanhShrink": "tanh_shrink",
}  # fmt: skip

#: What the values along axes are made one of; a row of n values.
_SUM, _TWICE, _VARIANCE = Cost(arithmetic=1), Cost(arithmetic=2), Cost(arithmetic=4)
_LESS, _ROOT = Cost(arithmetic=-1), Cost(functions=1)
REDUCTIONS = {
    **dict.fromkeys("Amax Amin Argmax Argmin Max Min Prod Sum".split(), Along(_SUM, _LESS)),
    **dict.fromkeys("CountNonzero Mean".split(), Along(_SUM)),
    **dict.fromkeys("Nanargmax Nanargmin Nanprod Nansum Ptp".split(), Along(_TWICE, _LESS)),
    **dict.fromkeys("Nanmax Nanmin".split(), Along(Cost(arithmetic=3), _LESS)),
    "Logsumexp": Along(Cost(arithmetic=3, functions=1), Cost(functions=1)),
    "Nanmean": Along(_VARIANCE, _LESS),
    "Nanstd": Along(Cost(arithmetic=9), Cost(arithmetic=-1, functions=1)),
    "Nanvar": Along(Cost(arithmetic=9), _LESS),
    "Std": Along(_VARIANCE, _ROOT),
    "Var": Along(_VARIANCE),
}
#: What goes along one axis, and keeps its size.
RUNNING = {
    **dict.fromkeys(("Cumprod", "Cumsum"), Along(_SUM, _LESS)),
    **dict.fromkeys(("Nancumprod", "Nancumsum"), Along(_TWICE, _LESS)),
}

#: Those that move, choose, repeat, count or make numbers, or handle bits, indices, and what is true.
FREE_OF_COST = frozenset(
    "All Any Append Array ArraySplit Bincount BitwiseAnd BitwiseInvert BitwiseLeftShift BitwiseNot BitwiseOr "
    "BitwiseRightShift BitwiseXor BroadcastTo Cast Concatenate Conj Conjugate ConvertToTensor Copy CropImages "
    "DepthToSpace Diag Diagflat Diagonal Dsplit Dstack EmptyLike ExpandDims ExtractPatches ExtractSequences Flip "
    "Fliplr Flipud Full FullLike Gcd GetItem Hsplit Hstack Imag Isfinite Lcm LeftShift LogicalAnd LogicalNot LogicalOr "
    "LogicalXor Meshgrid Moveaxis Nonzero OneHot OnesLike Pad PadImages Ravel Real Repeat Reshape RightShift Roll "
    "Rot90 Signbit Size Slice SliceUpdate SpaceToDepth Split Squeeze Stack StopGradient Swapaxes Take TakeAlongAxis "
    "Tile Transpose Tril Triu Unfold UnravelIndex Unstack ViewAsReal Vsplit Vstack Where ZerosLike".split()
)

_MATRIX = "how many steps that takes depends on the algorithm"
_SORT = "how many comparisons sorting takes depends on the algorithm and on the data"
_SEARCH = "how many comparisons a search takes depends on the algorithm"
_WAVES = "how many steps a Fourier transform takes depends on the algorithm"
_BETWEEN = "how values between pixels are found depends on the backend"
UNKNOWN_COSTS = {
    **dict.fromkeys("Cholesky CholeskyInverse Det Eig Eigh Inv Logdet Lstsq MatrixRank Pinv Qr SVD Slogdet Solve "
                    "SolveTriangular".split(), _MATRIX),
    **dict.fromkeys("Argsort InTopK Median Nanmedian Nanpercentile Nanquantile Percentile Quantile Sort TopK "
                    "Unique".split(), _SORT),
    **dict.fromkeys("Digitize SearchSorted".split(), _SEARCH),
    **dict.fromkeys("FFT FFT2 IFFT2 IRFFT ISTFT RFFT STFT".split(), _WAVES),
    **dict.fromkeys("AffineTransform ElasticTransform MapCoordinates PerspectiveTransform".split(), _BETWEEN),
    **dict.fromkeys("CTCDecode CTCLoss".split(), "how many paths it follows depends on the algorithm"),
    "Corrcoef": "each sample is set beside each other one, so that none has a cost of its own",
    "Correlate": "one row slides along the other, and both are as long as the batch",
}  # fmt: skip
