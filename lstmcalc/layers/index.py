"""Where the rule of every class is.

Written by `LSTMCALC_UPDATE_INDEX=1 pytest tests/test_registry.py`, from the `@layer` of every rule.
"""

from __future__ import annotations

__all__ = ["ALIASES", "LAYERS", "OPERATIONS"]

#: The modules of `lstmcalc.layers`, each with the classes of its layers.
LAYERS = {
    "activations": "Activation ReLU LeakyReLU PReLU ELU Softmax",
    "adaptive_pooling": (
        "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D "
        "AdaptiveMaxPooling2D AdaptiveMaxPooling3D"
    ),
    "applications": "StochasticDepth LayerScale CustomScaleLayer",
    "attention.with_heads": "MultiHeadAttention GroupQueryAttention",
    "attention.without_heads": "Attention AdditiveAttention",
    "regularization": (
        "Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianNoise GaussianDropout AlphaDropout "
        "ActivityRegularization"
    ),
    "cells": "LSTMCell GRUCell SimpleRNNCell StackedRNNCells",
    "conv_lstm": "ConvLSTM1D ConvLSTM2D ConvLSTM3D",
    "core": "Dense Embedding ReversibleEmbedding Masking Identity",
    "convolutional": "Conv1D Conv2D Conv3D",
    "depthwise": "DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D",
    "einsum_dense": "EinsumDense",
    "images.color": (
        "AutoContrast ContrastLimitedAdaptiveHistogramEqualization Equalization RandomBrightness "
        "RandomColorDegeneration RandomColorJitter RandomContrast RandomGrayscale RandomHue RandomInvert "
        "RandomPosterization RandomSaturation Solarization"
    ),
    "images.geometry": (
        "RandomElasticTransform RandomFlip RandomPerspective RandomRotation RandomShear RandomTranslation RandomZoom"
    ),
    "images.mixing": (
        "AugMix RandAugment CutMix MixUp MaxNumBoundingBoxes RandomErasing RandomGaussianBlur RandomSharpness"
    ),
    "images.sizes": "CenterCrop RandomCrop Resizing",
    "legacy": "CuDNNLSTM CuDNNGRU ThresholdedReLU LocallyConnected1D LocallyConnected2D RandomHeight RandomWidth",
    "merging": "Add Subtract Multiply Average Maximum Minimum Concatenate Dot",
    "normalization": "BatchNormalization LayerNormalization GroupNormalization RMSNormalization UnitNormalization",
    "padding": (
        "ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D "
        "UpSampling3D"
    ),
    "pooling": (
        "MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D GlobalMaxPooling1D "
        "GlobalMaxPooling2D GlobalMaxPooling3D GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D"
    ),
    "preprocessing.audio": "STFTSpectrogram MelSpectrogram",
    "preprocessing.categories": "Discretization CategoryEncoding Hashing HashedCrossing",
    "preprocessing.lookups": "StringLookup IntegerLookup",
    "preprocessing.numbers": "Normalization Rescaling Pipeline",
    "preprocessing.text": "TextVectorization",
    "reshaping": "Flatten Reshape Permute RepeatVector",
    "rnn": "LSTM GRU SimpleRNN RNN",
    "spectral": "SpectralNormalization",
    "transposed": "Conv1DTranspose Conv2DTranspose Conv3DTranspose",
    "unknowable": "Lambda Wrapper",
    "wrappers": "Bidirectional TimeDistributed",
}

#: Keras's other names.
ALIASES = {
    "GroupedQueryAttention": "GroupQueryAttention",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "Convolution1DTranspose": "Conv1DTranspose",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3DTranspose": "Conv3DTranspose",
}

#: The same of operations, without the `ops.` in front.
OPERATIONS = {
    "operations.elementwise": (
        "Erf Erfc Erfinv Rsqrt HardSigmoid HardSilu HardTanh LogSigmoid Relu Relu6 Selu Sigmoid Silu Softplus "
        "Softsign SparsePlus SparseSigmoid TanhShrink Abs Absolute Angle Arccos Arccosh Arcsin Arcsinh Arctan Arctanh "
        "Cbrt Ceil Conj Conjugate Copy Cos Cosh Deg2rad Exp Exp2 Expm1 Fabs Floor I0 Imag Isfinite Isinf Isnan "
        "Isneginf Isposinf Isreal Log Log10 Log1p Log2 LogicalNot Negative Rad2deg Real Reciprocal Sign Signbit Sin "
        "Sinc Sinh Sqrt Square Tan Tanh Trunc StopGradient BitwiseInvert BitwiseNot Cast SaturateCast ConvertToTensor "
        "Celu Elu Gelu HardShrink LeakyRelu SoftShrink Squareplus Threshold Array EmptyLike NanToNum OnesLike Round "
        "ZerosLike Add Arctan2 Divide DivideNoNan Equal FloorDivide Fmax Fmin Fmod Greater GreaterEqual Less "
        "LessEqual Logaddexp Logaddexp2 LogicalAnd LogicalOr LogicalXor Maximum Minimum Mod Multiply Nextafter "
        "NotEqual Power Subtract TrueDivide Heaviside Hypot Gcd Lcm BitwiseAnd BitwiseOr BitwiseXor BitwiseLeftShift "
        "BitwiseRightShift LeftShift RightShift Ldexp Polar Isclose Clip Where FullLike"
    ),
    "operations.windows": (
        "MaxPool AveragePool AdaptiveMaxPool AdaptiveAveragePool Conv DepthwiseConv SeparableConv Unfold Fold "
        "DepthToSpace SpaceToDepth"
    ),
    "operations.images": (
        "RGBToHSV HSVToRGB RGBToGrayscale Resize ExtractPatches AffineTransform PerspectiveTransform GaussianBlur "
        "ElasticTransform SobelEdges SSIM MapCoordinates"
    ),
    "operations.image_borders": "PadImages CropImages",
    "operations.indexing": (
        "Take TakeAlongAxis Slice SliceUpdate ScatterUpdate Scatter OneHot MultiHot TopK InTopK Nonzero Unique"
    ),
    "operations.joining": (
        "Concatenate Hstack Vstack Dstack Stack Append Meshgrid Split Dsplit Hsplit Vsplit ArraySplit Unstack"
    ),
    "operations.places": (
        "Diag Diagflat Diagonal Trace Diff Vander Linspace Logspace Full UnravelIndex IsIn Digitize SearchSorted "
        "Corrcoef"
    ),
    "operations.linear_algebra": (
        "Cholesky CholeskyInverse Inv Det Logdet Eig Eigh MatrixRank Slogdet Pinv Qr SVD Solve SolveTriangular Lstsq "
        "SegmentMax SegmentMin SegmentProd SegmentSum"
    ),
    "operations.neural": (
        "Softmax LogSoftmax Sparsemax Glu Normalize BatchNorm RMSNorm LayerNorm DotProductAttention "
        "BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy CTCLoss CTCDecode PSNR"
    ),
    "operations.products": "Matmul Dot Inner Outer Tensordot Cross Kron CDist Correlate Einsum",
    "operations.rearranging": (
        "Reshape Transpose ExpandDims Squeeze Moveaxis Swapaxes Rot90 Flip Roll Fliplr Flipud Tril Triu Ravel"
    ),
    "operations.reductions": (
        "All Amax Amin Any CountNonzero Max Mean Median Min Nanmax Nanmean Nanmedian Nanmin Nanprod Nanstd Nansum "
        "Nanvar Prod Ptp Std Sum Var Logsumexp Argmax Argmin Nanargmax Nanargmin Argsort Cumprod Cumsum Nancumprod "
        "Nancumsum Sort Nanpercentile Nanquantile Percentile Quantile Average Moments Norm Trapezoid AllClose Vdot "
        "Size Bincount"
    ),
    "operations.repeating": "Repeat Tile Pad BroadcastTo",
    "operations.slices": "GetItem",
    "operations.spectra": "FFT FFT2 IFFT2 RFFT IRFFT ExtractSequences STFT ISTFT ViewAsReal",
}
