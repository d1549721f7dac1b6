"""Where what a layer costs here is not what Keras on JAX calculates, and why."""

from __future__ import annotations

_WINDOWS = "JAX slides windows of two lengths over every place, and picks; here each window is counted once"
_NEIGHBOURS = "JAX multiplies by matrices, mostly of zeros; here each new value is a weighted sum of its neighbours"
_STRINGS = "strings and hashes are TensorFlow's, also on JAX"

#: Where JAX takes other steps to the same numbers: of multiply-adds, never.
OTHER_ARITHMETIC = {
    **{f"Adaptive{kind}Pooling{rank}D": _WINDOWS for kind in ("Average", "Max") for rank in (1, 2, 3)},
    "Discretization": "JAX makes 8 steps of a comparison of numbers, to order NaN and zeros with a sign as well",
}
#: Where JAX multiplies in another way.
OTHER_PRODUCTS = dict.fromkeys(("CenterCrop", "Resizing", "UpSampling2D"), _NEIGHBOURS)
#: Where the cost depends on more than shapes and arguments.
NOT_KNOWN = {
    **{
        f"Adaptive{kind}Pooling{rank}D": "of an unknown length, how many windows share a value is not known"
        for kind, rank in (("Average", 1), ("Average", 2), ("Max", 2))
    },
    "CenterCrop": "of an unknown size, whether it is smaller than the crop is not known",
    "Lambda": "only running its function would tell",
    "MelSpectrogram": "how many steps a Fourier transform takes depends on the backend",
    "Resizing": "of 3 axes, the batch is one of the image's",
}
#: What Keras cannot run on JAX.
NOT_ON_JAX = {
    **dict.fromkeys(("HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"), _STRINGS),
    "MultiHeadAttention": "JAX's fused attention takes no heads whose values are not as wide as their keys",
}
