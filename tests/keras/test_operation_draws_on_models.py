"""Operations of networks, matrices and pictures against real Keras, family by family."""

from __future__ import annotations

from typing import Any

import pytest
from drawing import drawn, some
from hypothesis import strategies as st
from operation_drawing import Case, array, case, check, shapes, sizes, values

#: Keras 3.15.1 asks `(-1).__ne__` about None in its Tensordot.
pytestmark = pytest.mark.filterwarnings("ignore:NotImplemented should not be used:DeprecationWarning")

AXIS = st.integers(-5, 4) | st.integers(-2, 1)
LAYOUT = st.sampled_from((None, "channels_last", "channels_first"))


@st.composite
def indexing_cases(draw: st.DrawFn) -> Case:
    kind = draw(
        st.sampled_from(
            "Take Take TakeAlongAxis Slice Slice SliceUpdate ScatterUpdate Scatter OneHot MultiHot TopK InTopK Nonzero "
            "Unique IsIn Digitize UnravelIndex".split()
        )
    )
    shape, given = draw(shapes()), draw(values())
    ndim, size = len(shape), draw(st.integers(1, 5))
    if kind == "Take":
        indices = draw(st.integers(-4, 3) | st.lists(st.integers(-4, 3), min_size=1, max_size=3))
        return case(kind, draw(some(axis=AXIS)), shape, given, {"indices": indices})
    if kind == "TakeAlongAxis":
        other = draw(st.just(shape) | shapes(size=sizes(1, 3)))
        return case(kind, draw(some(axis=AXIS)), [shape, other], given, dtype="int32")
    if kind in ("Slice", "SliceUpdate"):
        starts = draw(st.lists(st.integers(0, 2), min_size=ndim, max_size=ndim))
        block = [draw(sizes(1, 2, -1)) for _ in range(ndim + (draw(st.integers(0, 9)) == 0))]
        if kind == "Slice":
            return case(kind, {"shape": block}, shape, given, {"start_indices": starts})
        updates = array([abs(each) for each in block])
        return case(kind, {}, shape, given, {"start_indices": starts, "updates": updates})
    if kind in ("ScatterUpdate", "Scatter"):
        depth, number = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        places = [[min(row, 1)] * depth for row in range(number)]
        if kind == "Scatter":
            rows = (number, *(draw(sizes(2, 3)) for _ in range(draw(st.integers(0, 2)))))
            return case(kind, {"shape": [2, 3, 2][: draw(st.integers(1, 3))]}, rows, given, {"indices": places})
        wide = draw(shapes(size=sizes(2, 3, 4)))
        updates = [number, *wide[depth:]] if draw(st.integers(0, 3)) else [number, 2]
        return case(kind, {}, wide, given, {"indices": places, "updates": array(updates)})
    if kind in ("OneHot", "MultiHot"):
        return case(kind, {"num_classes": size, **draw(some(axis=st.integers(-2, 3)))}, shape, given, dtype="int32")
    if kind == "TopK":
        return case(kind, {"k": size}, shape, given)
    if kind == "InTopK":
        return case(kind, {"k": 1}, draw(shapes()), given, {"targets": [0] * draw(sizes(2, 7))})
    if kind == "Unique":
        return case(kind, draw(some(size=st.integers(1, 3), return_counts=st.booleans(), return_inverse=st.booleans())),
                    shape, given)  # fmt: skip
    if kind == "UnravelIndex":
        return case(kind, {"shape": [3, 4]}, shape, given, dtype="int32")
    keywords = {"IsIn": {"x2": [1.0, 2.0]}, "Digitize": {"bins": array([2] * draw(st.integers(1, 2)))}}.get(kind)
    return case(kind, {}, shape, given, keywords)


@drawn(indexing_cases())
def test_drawn_indexing(one: Case) -> bool:
    """Places and blocks that may lie within."""
    return check(one)


@st.composite
def places_cases(draw: st.DrawFn) -> Case:
    kind = draw(
        st.sampled_from(
            "Diag Diagflat Diagonal Diagonal Trace Diff Diff Vander Linspace Logspace Full Corrcoef "
            "SearchSorted".split()
        )
    )
    shape, given, offset = draw(shapes()), draw(values()), draw(st.integers(-3, 3))
    if kind in ("Diag", "Diagflat"):
        return case(kind, draw(some(k=st.just(offset))), draw(shapes(1, 3)), given)
    if kind in ("Diagonal", "Trace"):
        offset = offset if kind == "Diagonal" else 0
        return case(kind, {"offset": offset, **draw(some(axis1=AXIS, axis2=AXIS))}, shape, given)
    if kind == "Diff":
        return case(kind, {**draw(some(n=st.integers(0, 4), axis=AXIS))}, shape, given)
    if kind == "Vander":
        return case(kind, draw(some(N=st.integers(1, 4))), draw(shapes(1, 1)), given)
    if kind in ("Linspace", "Logspace"):
        arguments = {"num": draw(st.integers(1, 4)), **draw(some(axis=AXIS))}
        return case(kind, arguments, [shape, draw(shapes(size=sizes(1, 3, "T")))], given)
    if kind == "Full":
        return case(kind, {"shape": draw(st.lists(sizes(1, 2, 3), min_size=1, max_size=3))},
                    (draw(sizes(1, 2)), *draw(shapes(1, 2))[1:]), given)  # fmt: skip
    keywords = {"sorted_sequence": [0.1, 0.5]} if kind == "SearchSorted" else {}
    return case(kind, {}, draw(shapes(1, 2)), given, keywords)


@drawn(places_cases())
def test_drawn_places(one: Case) -> bool:
    """Diagonals and grids."""
    return check(one)


EQUATIONS = (
    "bij,bjk->bik bij,bjk bij->bji ...i,...i->... bi,bj->bij bij,bkj->bik bij->b ...ij,...jk->...ik b...->...b bii->bi "
    "ij,jk->ik bij,ij->bj b...i,b...i->b... bij,bij->"
).split()


@st.composite
def product_cases(draw: st.DrawFn) -> Case:
    kind = draw(
        st.sampled_from(
            "Matmul Matmul Dot Inner Outer Tensordot Tensordot Cross Kron CDist Correlate Einsum Einsum Einsum "
            "Vdot".split()
        )
    )
    given, few = draw(values()), sizes(2, 3, 3, 4, 1, "T")
    first, second = (list(draw(shapes(1, 4, few))) for _ in "ab")
    if kind == "Einsum":
        equation = draw(st.sampled_from(EQUATIONS))
        found = {letter: draw(few) for letter in "ijk"}
        terms = equation.partition("->")[0].split(",")
        inputs = []
        for term in terms:
            wild = [draw(few) for _ in range(draw(st.integers(0, 2)))]
            sides = [[None if letter == "b" else found.get(letter, 3) for letter in side] for side in term.split("...")]
            shape = [*sides[0], *(wild if "..." in term else []), *(sides[1] if len(sides) > 1 else [])]
            if draw(st.integers(0, 4)) == 0 and len(shape) > 1:
                shape[-1] = draw(few)
            inputs.append((None, *shape[1:]))
        return case(kind, {"subscripts": equation}, inputs, given)
    if draw(st.integers(0, 4)) and len(first) > 1:
        place = {"Matmul": -2, "Dot": -2, "CDist": -1, "Inner": -1}.get(kind, -1)
        if len(second) >= -place + 1:
            second[place] = first[-1]
    if kind == "Kron":
        first, second = first[:2], second[:2]
    if kind == "Vdot":
        second = draw(st.permutations(first[1:]))
        return case(kind, {}, [tuple(first), (first[0], *second)], given)
    if kind == "Cross":
        first, second = [*first[:-1], draw(sizes(2, 3, 3))], [*second[:-1], draw(sizes(2, 3, 3))]
        first, second = (list(shape) if len(shape) > 1 else [None, *shape] for shape in (first, second))
        return case(
            kind, draw(some(axisa=AXIS, axisb=AXIS, axisc=AXIS, axis=AXIS)), [tuple(first), tuple(second)], given
        )
    if kind == "Correlate":
        arguments = draw(some(mode=st.sampled_from(("valid", "same", "full"))))
        return case(
            kind, arguments, (draw(st.sampled_from((None, 3, 5))),), given, {"x2": array([draw(sizes(1, 2, 3))])}
        )
    if kind == "Tensordot":
        i, j = draw(AXIS), draw(AXIS)
        if -len(first) < i < len(first) and -len(second) < j < len(second) and i and j:
            second[j] = first[i] if draw(st.integers(0, 3)) else second[j]
        else:
            i, j = 1, 1
        axes = draw(st.sampled_from(([[i], [j]], [[i], [j]], [i, j], 0, 1, 2, [[i, j], [j, i]])))
        return case(kind, {"axes": axes}, [tuple(first), tuple(second)], given)
    if draw(st.integers(0, 4)) == 0 and kind in ("Matmul", "Dot", "Inner", "Outer"):
        shape = draw(st.lists(sizes(2, 3), max_size=2))
        return case(kind, {}, tuple(first), given, {"x2": array(shape)})
    return case(kind, {}, [tuple(first), tuple(second)], given)


@drawn(product_cases())
def test_drawn_products(one: Case) -> bool:
    """Operands whose summed sizes may agree."""
    return check(one)


@st.composite
def neural_cases(draw: st.DrawFn) -> Case:
    kind = draw(
        st.sampled_from(
            "Softmax LogSoftmax Sparsemax Glu Glu Normalize BatchNorm RMSNorm LayerNorm DotProductAttention "
            "DotProductAttention BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy PSNR".split()
        )
    )
    shape, given, axes = draw(shapes()), draw(values()), st.lists(AXIS, min_size=1, max_size=2)
    if kind in ("Softmax", "LogSoftmax", "Sparsemax", "Glu"):
        many = axes if kind != "Glu" and draw(st.integers(0, 6)) == 0 else AXIS
        return case(kind, draw(some(axis=many)), shape, given)
    if kind == "Normalize":
        return case(kind, draw(some(axis=AXIS | axes, order=st.integers(1, 3))), shape, given)
    constant = array([draw(sizes(2, 3, 4)) for _ in range(draw(st.sampled_from((1, 1, 1, 2))))])
    if kind == "BatchNorm":
        names = ["mean", "variance", *draw(st.sampled_from(([], ["scale"], ["offset", "scale"], ["offset"])))]
        return case(kind, {"axis": draw(AXIS)}, shape, given, dict.fromkeys(names, constant))
    if kind in ("RMSNorm", "LayerNorm"):
        name = "scale" if kind == "RMSNorm" else "gamma"
        return case(kind, draw(some(axis=AXIS | axes)), shape, given, {name: constant} if draw(st.booleans()) else {})
    if kind == "DotProductAttention":
        t, s, h, g, d, v = (
            draw(sizes(*each)) for each in ((5, "T"), (5, 3, "U"), (2, 4), (2, 2, 1, 4), (3, "T"), (3, 4))
        )
        query, key, value = (None, t, h, d), (None, s, g, d), (None, s, g, v)
        if draw(st.integers(0, 4)) == 0:
            key = draw(st.sampled_from(((None, s, g, 3), (None, 3, g, d), (None, s, d))))
        inputs = [query, key, value, *([(None, 1, t, s)] if draw(st.booleans()) else [])]
        return case(kind, {}, inputs, given)
    other = shape if draw(st.integers(0, 2)) else draw(shapes())
    if kind == "SparseCategoricalCrossentropy":
        shape = (*shape[:-1], 3) if len(shape) > 1 else shape
        target = draw(st.sampled_from((shape[:-1], (*shape[:-1], 1), other))) or (None,)
        return case(
            kind, draw(some(axis=st.sampled_from((-1, -1, 0)))), [target, shape], given, dtype=["int32", "float32"]
        )
    along = draw(some(axis=AXIS)) if kind == "CategoricalCrossentropy" else {}
    return case(kind, {"max_val": 1.0} if kind == "PSNR" else along, [other, shape], given)


@drawn(neural_cases())
def test_drawn_neural(one: Case) -> bool:
    """Attention, normalisation, losses."""
    return check(one)


def placed(spatial: Any, channels: Any, layout: Any) -> Any:
    """A batch of pictures."""
    return (None, channels, *spatial) if layout == "channels_first" else (None, *spatial, channels)


@st.composite
def window_cases(draw: st.DrawFn) -> Case:
    kind = draw(
        st.sampled_from(
            "MaxPool AveragePool AdaptiveMaxPool AdaptiveAveragePool Conv Conv DepthwiseConv SeparableConv Unfold Fold "
            "DepthToSpace SpaceToDepth ExtractPatches".split()
        )
    )
    rank, layout, given = draw(st.integers(1, 3)), draw(LAYOUT), draw(values())
    given = [{name: number + 5 for name, number in each.items()} for each in given]
    spatial = [draw(sizes(7, 8, 9, "T")) for _ in range(rank)]
    channels, format_ = draw(sizes(3, 4)), {} if layout is None else {"data_format": layout}
    small = st.integers(1, 3)
    listed = small | st.lists(small, min_size=rank, max_size=rank)
    padding = some(padding=st.sampled_from(("valid", "same", "SAME", "causal")))
    if kind in ("MaxPool", "AveragePool"):
        arguments = {"pool_size": draw(listed), **draw(some(strides=listed)), **draw(padding), **format_}
        return case(kind, arguments, placed(spatial, channels, layout), given)
    if kind in ("AdaptiveMaxPool", "AdaptiveAveragePool"):
        # On one place, TensorFlow's window is longer than the input: the greatest of it ends the process.
        least = 2 if kind == "AdaptiveMaxPool" else 1
        sizes_ = draw(st.lists(st.integers(least, 3), min_size=rank, max_size=rank))
        return case(kind, {"output_size": sizes_, **format_}, placed(spatial, channels, layout), given)
    if kind in ("Conv", "DepthwiseConv", "SeparableConv"):
        steps = draw(
            st.sampled_from(({}, {}, {"strides": 2}, {"dilation_rate": 2}, {"strides": 2, "dilation_rate": 2}))
        )
        arguments = {**steps, **draw(padding), **format_}
        window = [draw(small) for _ in range(rank)]
        into, out = channels if draw(st.integers(0, 5)) else 2, 2
        name = "depthwise_kernel" if kind == "SeparableConv" else "kernel"
        keywords = {name: array([*window, into, out])}
        if kind == "SeparableConv":
            keywords["pointwise_kernel"] = array([*[1] * rank, into * out if draw(st.integers(0, 5)) else 5, 4])
        return case(kind, arguments, placed(spatial, channels, layout), given, keywords)
    extra = some(dilation=st.integers(1, 2), padding=st.integers(0, 2), stride=st.integers(1, 2))
    if kind == "Unfold":
        return case(
            kind, {"kernel_size": draw(small), **draw(extra)}, (None, 3, *spatial[:2])[: draw(sizes(4, 4, 4, 3))], given
        )
    if kind == "Fold":
        rows = draw(st.sampled_from((4, 9, 18, 12, 8, "T")))
        places = draw(st.sampled_from((49, 36, 81, 25, 64, 16, "T")))
        return case(kind, {"output_size": 9, "kernel_size": draw(st.sampled_from((1, 2, 3))), **draw(extra)},
                    (None, rows, places), given)  # fmt: skip
    if kind == "ExtractPatches":
        rank = draw(sizes(2, 2, 3))
        more = some(dilation_rate=st.integers(1, 2), padding=st.sampled_from(("valid", "same")),
                    strides=st.lists(small, min_size=rank, max_size=rank))  # fmt: skip
        size = st.lists(small, min_size=rank, max_size=rank)
        arguments = {"size": draw(size | small if rank == 2 else size), **format_, **draw(more)}
        return case(kind, arguments, placed((spatial * 3)[:rank], draw(sizes(3, 3, "T")), layout), given)
    block = {"block_size": draw(st.integers(1, 3)), **format_}
    return case(kind, block, placed([draw(sizes(4, 6, 9, "T")) for _ in "hw"], draw(sizes(4, 8, 9)), layout), given)


@drawn(window_cases())
def test_drawn_windows(one: Case) -> bool:
    """Windows that may fit, and kernels that may take the channels."""
    return check(one)


@st.composite
def image_cases(draw: st.DrawFn) -> Case:
    kind = draw(
        st.sampled_from(
            "Resize Resize RGBToGrayscale RGBToHSV HSVToRGB PadImages PadImages CropImages CropImages AffineTransform "
            "GaussianBlur SobelEdges SSIM MapCoordinates PerspectiveTransform".split()
        )
    )
    layout, given = draw(LAYOUT), draw(values())
    given = [{name: number + 5 for name, number in each.items()} for each in given]
    format_ = {} if layout is None else {"data_format": layout}
    picture = placed([draw(sizes(7, 8, 9, "T")) for _ in "hw"], draw(sizes(3, 3, 3, 1, 4, "U")), layout)
    if draw(st.integers(0, 7)) == 0:
        picture = draw(st.sampled_from((picture[:-1], (*picture, 3), (8, 9, 3))))
    if kind == "Resize":
        ratio = some(crop_to_aspect_ratio=st.booleans(), pad_to_aspect_ratio=st.booleans(),
                     interpolation=st.sampled_from(("nearest", "bicubic", "cubic")))  # fmt: skip
        return case(kind, {"size": [3, draw(sizes(4, 12))], **draw(ratio), **format_}, picture, given)
    if kind in ("PadImages", "CropImages"):
        word = "padding" if kind == "PadImages" else "cropping"
        names = [(f"top_{word}", f"bottom_{word}", "target_height"), (f"left_{word}", f"right_{word}", "target_width")]
        arguments = dict(format_)
        for direction in names:
            for name in draw(st.permutations(direction))[: draw(sizes(2, 2, 2, 2, 1, 3))]:
                target = sizes(12, 15, 10) if kind == "PadImages" else sizes(2, 4, 5)
                arguments[name] = draw(target if name.startswith("target") else sizes(0, 1, 3))
        return case(kind, arguments, picture, given)
    if kind == "AffineTransform":
        shape = draw(st.sampled_from(([8], [8], [8], [7], [7, 8], [1, 8])))
        return case(kind, format_, picture, given, {"transform": array(shape)})
    if kind == "MapCoordinates":
        coordinates = array([draw(sizes(len(picture), len(picture), 2)), *draw(st.lists(sizes(2, 3), max_size=2))])
        return case(kind, {"order": draw(st.integers(0, 1))}, picture, given, {"coordinates": coordinates})
    if kind == "PerspectiveTransform":
        points = [[0.0, 0.0], [0.0, 7.0], [8.0, 0.0], [8.0, 7.0]]
        points = draw(st.sampled_from((points, points, [points] * 7, points[:3])))
        return case(kind, format_, picture, given, {"start_points": points, "end_points": points})
    if kind == "GaussianBlur":
        return case(kind, {"kernel_size": [draw(sizes(3, 5)), 3], **format_}, picture, given)
    if kind == "SSIM":
        other = picture if draw(st.integers(0, 3)) else (*picture[:-1], 2)
        return case(kind, {"filter_size": draw(sizes(5, 7, 11)), **format_}, [picture, other], given)
    return case(kind, format_, picture, given)


@drawn(image_cases())
def test_drawn_images(one: Case) -> bool:
    """Pictures alone and in batches."""
    return check(one)


@st.composite
def algebra_cases(draw: st.DrawFn) -> Case:
    kind = draw(
        st.sampled_from(
            "Cholesky CholeskyInverse Inv Det Logdet Eigh MatrixRank Slogdet Pinv Qr Qr SVD SVD Solve Solve "
            "SolveTriangular Lstsq SegmentSum SegmentMax FFT FFT2 IFFT2 RFFT RFFT IRFFT ExtractSequences STFT STFT "
            "ISTFT".split()
        )
    )
    given, few = draw(values()), sizes(2, 3, 3, 4, "T")
    given = [{name: number + 3 for name, number in each.items()} for each in given]
    n = draw(few)
    shape = draw(
        st.sampled_from(((None, n, n), (None, n, n), (None, 2, n, n), (3, 3), (None, n), (None, n, draw(few))))
    )
    if kind in ("Solve", "SolveTriangular"):
        other = draw(
            st.sampled_from((shape[:-1], shape[:-1], (*shape[:-1], 2), (*shape[:-2], 3), (*shape[:-2], 4, 2)))
        ) or (3,)
        return case(kind, {}, [shape, other], given)
    if kind == "Lstsq":
        rows = draw(sizes(3, 4, None))
        return case(kind, {}, [(rows, 3), (rows, *draw(st.lists(few, max_size=2)))], given)
    if kind.startswith("Segment"):
        ids = {"segment_ids": [0, 1, 1][: draw(sizes(3, 3, 2))]}
        return case(kind, draw(some(num_segments=st.integers(2, 4))), (3, *draw(shapes())[1:]), given, ids)
    if kind in ("FFT", "FFT2", "IFFT2", "IRFFT"):
        other = shape if draw(st.integers(0, 3)) else (*shape[:-1], draw(few))
        length = draw(some(fft_length=st.integers(2, 6))) if kind == "IRFFT" else {}
        return case(kind, length, [shape, other][: draw(sizes(2, 2, 2, 2, 1))], given)
    if kind == "RFFT":
        return case(kind, draw(some(fft_length=st.integers(2, 6))), shape, given)
    rows = (None, draw(sizes(3, 8, 16, "T")), *([16] if draw(st.integers(0, 3)) == 0 else []))
    windows = {"sequence_length": draw(st.integers(2, 4)), "sequence_stride": draw(st.integers(1, 3))}
    if kind == "ExtractSequences":
        return case(kind, windows, rows, given)
    windows["fft_length"] = draw(st.sampled_from((4, 4, 6, 5, 3)))
    centre = draw(some(center=st.booleans()))
    if kind == "STFT":
        return case(kind, {**windows, **centre}, rows, given)
    if kind == "ISTFT":
        windows["sequence_stride"] = 1
        spectra = (None, draw(sizes(4, 5, "T")), windows["fft_length"] // 2 + 1)
        return case(kind, {**windows, **centre, **draw(some(length=st.integers(2, 9)))}, [spectra, spectra], given)
    extra = {"Qr": some(mode=st.sampled_from(("reduced", "complete"))),
             "SVD": some(full_matrices=st.booleans(), compute_uv=st.booleans())}.get(kind)  # fmt: skip
    return case(kind, {} if extra is None else draw(extra), shape, given)


@drawn(algebra_cases())
def test_drawn_algebra(one: Case) -> bool:
    """Matrices that may be square, spectra of what is known."""
    return check(one)
