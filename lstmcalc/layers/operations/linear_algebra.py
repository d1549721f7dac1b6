"""Operations on matrices, and on segments of rows."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import UNKNOWN, Dim
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.operations.places import lesser
from lstmcalc.layers.operations.rule import Operation, made, operation
from lstmcalc.layers.operations.sizes import put, require_ndim, require_same, whole
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape
from lstmcalc.shapes import show_shape

__all__ = ["SVD", "Lstsq", "MatrixOperation", "Qr", "Segments", "Solve"]


class MatrixOperation(Operation):
    """What goes matrix by matrix, over the last two axes; `square` where these must be equal."""

    square = True

    def check(self, call: Inputs, x: Shape, name: str = "x") -> None:
        """Refuses what holds no matrices."""
        require_ndim(x, 2)
        if self.square:
            last = len(x) - 1
            if isinstance(x[last], int) != isinstance(x[last - 1], int):
                because = "Keras compares the two before it has data"
                raise Rejection(
                    "unknown-size", "both sizes of a matrix to be known, or neither", show_shape(x), because
                )
            require_same(call, (name, x, last - 1), (name, x, last), "square matrices", "the matrix must be square")

    def result(self, call: Inputs, /, x: Shape) -> Any:
        self.check(call, x)
        return x


class Determinant(MatrixOperation):
    """What makes one number of each matrix."""

    def result(self, call: Inputs, /, x: Shape) -> Any:
        self.check(call, x)
        return x[:-2]


class Rank(Determinant):
    """What makes one number of each matrix, square or not."""

    square = False


class Eigen(MatrixOperation):
    """What finds a number for each row, and a matrix."""

    def result(self, call: Inputs, /, x: Shape) -> Any:
        self.check(call, x)
        return x[:-1], x


SQUARE: list[Example | Rejected] = [
    Rejected({}, "expected square matrices, got (None, 3, 4) and (None, 3, 4): axis 1 of x is 3, axis 2 of x is 4",
             (None, 3, 4)),
    Rejected({}, "expected at least 2 axes, got (None,)", (None,)),
]  # fmt: skip
WHOLE: list[Example | Rejected] = [Example({}, (None, 3, 3), params=0, output=(None, 3, 3)), *SQUARE]
ONE: list[Example | Rejected] = [Example({}, (None, 3, 3), params=0, output=(None,)), *SQUARE]
PAIR: list[Example | Rejected] = [Example({}, (None, 3, 3), params=0, output=[(None, 3), (None, 3, 3)]), *SQUARE]
made("Cholesky", MatrixOperation, "linalg", "The triangular factor of matrices that have one.", WHOLE,
     upper=arg.flag(False))  # fmt: skip
made("CholeskyInverse", MatrixOperation, "linalg", "The inverse of matrices, from their triangular factors.", WHOLE,
     upper=arg.flag(False))  # fmt: skip
made("Inv", MatrixOperation, "linalg", "The inverse of matrices.", WHOLE)
made("Det", Determinant, "linalg", "The determinant of matrices.", ONE)
made("Logdet", Determinant, "math", "The logarithm of the determinant of matrices.", ONE)
made("Eig", Eigen, "linalg", "The eigenvalues and eigenvectors of matrices.", PAIR)
made("Eigh", Eigen, "linalg", "The eigenvalues and eigenvectors of symmetric matrices.", PAIR)
made("MatrixRank", Rank, "linalg", "The rank of matrices.",
     [Example({}, (None, 3, 4), params=0, output=(None,))], tol=arg.number(None))  # fmt: skip


@operation("numpy")
class Slogdet(MatrixOperation):
    """The sign of the determinant of matrices, and the logarithm of its absolute value.

    keras/src/ops/numpy.py, 3.15.1, which states one sign for all.
    """

    def result(self, call: Inputs, /, x: Shape) -> Any:
        self.check(call, x)
        return x[:-2], x[:-2]

    def believed(self, call: Inputs, /, x: Shape) -> Any:
        return (), x[:-2]

    examples = [Example({}, (3, 3), params=0, output=[(), ()])]


@operation("linalg")
class Pinv(MatrixOperation):
    """The pseudoinverse of matrices, square or not.

    keras/src/ops/linalg.py, 3.15.1.
    """

    square = False
    rcond: float | None = arg.number(None)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        self.check(call, x)
        return (*x[:-2], x[-1], x[-2])

    examples = [Example({}, (None, 3, 4), params=0, output=(None, 4, 3))]


def _known_matrix(call: Inputs, x: Shape) -> tuple[Shape, Dim, Dim, Dim]:
    """What stands before a matrix, its height, its width, and the lesser of the two."""
    require_ndim(x, 2)
    for place in (len(x) - 2, len(x) - 1):
        call.require_known(x[place], f"the size of axis {place}", "Keras takes the lesser of height and width")
    return x[:-2], x[-2], x[-1], lesser(x[-2], x[-1])


@operation("linalg")
class Qr(Operation):
    """Splits matrices into orthogonal and triangular ones.

    keras/src/ops/linalg.py, 3.15.1.
    """

    mode: str = arg.exact_choice("reduced", "complete", default="reduced")

    def result(self, call: Inputs, /, x: Shape) -> Any:
        before, m, n, k = _known_matrix(call, x)
        if self.mode == "complete":
            return (*before, m, m), (*before, m, n)
        return (*before, m, k), (*before, k, n)

    examples = [
        Example({}, (None, 4, 3), params=0, output=[(None, 4, 3), (None, 3, 3)]),
        Example({"mode": "complete"}, (None, 4, 3), params=0, output=[(None, 4, 4), (None, 4, 3)]),
    ]


@operation("linalg")
class SVD(Operation):
    """Splits matrices into a turn, a stretch along the axes, and another turn.

    keras/src/ops/linalg.py, 3.15.1.
    """

    full_matrices: bool = arg.flag(True)
    compute_uv: bool = arg.flag(True)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        before, m, n, k = _known_matrix(call, x)
        if not self.compute_uv:
            return (*before, k)
        wide = (m, n) if self.full_matrices else (k, k)
        return (*before, m, wide[0]), (*before, k), (*before, wide[1], n)

    examples = [
        Example({}, (None, 4, 3), params=0, output=[(None, 4, 4), (None, 3), (None, 3, 3)]),
        Example({"compute_uv": False}, (None, 4, 3), params=0, output=(None, 3)),
    ]


class Solve(MatrixOperation):
    """What finds x in a·x = b; b holds rows of one column, or matrices."""

    def result(self, call: Inputs, /, a: Shape, b: Shape) -> Any:  # type: ignore[override]  # operands come by name
        self.check(call, a, "a")
        require_ndim(b, len(a) - 1, len(a), "b")
        place = len(a) - 2
        if isinstance(a[place], int) != isinstance(b[place], int):
            got = f"{show_shape(a)} and {show_shape(b)}"
            raise Rejection("unknown-size", "the number of rows to be known in both, or in neither", got)
        require_same(call, ("a", a, place), ("b", b, place), "as many rows in both", "each row is an equation")
        for number in range(place):
            require_same(call, ("a", a, number), ("b", b, number), "as many problems in both", "each has its own")
        return b


_SOLVED: list[Example | Rejected] = [
    Example({}, [(None, 3, 3), (None, 3, 2)], params=0, output=(None, 3, 2)),
    Rejected({}, "expected as many rows in both, got (None, 3, 3) and (None, 4, 2): "
             "axis 1 of a is 3, axis 1 of b is 4", [(None, 3, 3), (None, 4, 2)]),
]  # fmt: skip
made("Solve", Solve, "linalg", "Finds x in a·x = b.", _SOLVED, operands="a b")
made("SolveTriangular", Solve, "linalg", "Finds x in a·x = b for triangular a.", _SOLVED, operands="a b",
     lower=arg.flag(False))  # fmt: skip


@operation("linalg", "a b")
class Lstsq(Operation):
    """Finds the x for which a·x comes nearest to b.

    keras/src/ops/linalg.py, 3.15.1.
    """

    rcond: float | None = arg.number(None)

    def result(self, call: Inputs, /, a: Shape, b: Shape) -> Any:
        require_ndim(a, 2, 2, "a")
        require_ndim(b, 1, 2, "b")
        require_same(call, ("a", a, 0), ("b", b, 0), "as many rows in both", "each row is an equation")
        return (a[1], *b[1:])

    examples = [Example({}, [(4, 3), (4, 2)], params=0, output=(3, 2))]


class Segments(Operation):
    """What makes one row of all rows with the same number."""

    num_segments: Dim | None

    def result(self, call: Inputs, /, data: Shape, segment_ids: Shape) -> Any:
        require_ndim(data, 1, name="data")
        require_ndim(segment_ids, 1, 1, "segment_ids")
        require_same(call, ("data", data, 0), ("segment_ids", segment_ids, 0), "a number for each row",
                     "each row belongs to a segment")  # fmt: skip
        return put(data, 0, UNKNOWN if self.num_segments is None else self.num_segments)


for _name, _text in (("Max", "the greatest"), ("Min", "the least"), ("Prod", "the product"), ("Sum", "the sum")):
    made(f"Segment{_name}", Segments, "math", f"Of all rows with the same number, {_text} of their values.",
         [Example({"num_segments": 3}, (2, 4), params=0, output=(3, 4), keywords={"segment_ids": [0, 1]}),
          Example({}, (2, 4), params=0, output=(None, 4), keywords={"segment_ids": [0, 1]})],
         operands="data segment_ids", num_segments=whole(None, least=1), sorted=arg.flag(False))  # fmt: skip
