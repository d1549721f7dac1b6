"""The modules, classes, functions and methods that Keras 2 or 3 no longer has, each with what to write instead."""

from __future__ import annotations

from lstmcalc.diagnosis.families.removed_arguments import RENAMED_1, Gone, rows

__all__ = ["NAMES", "name_gone"]


def _module(module: str, because: str, *names: str) -> tuple[Gone, ...]:
    """Classes that moved out of a module that is gone."""
    return (Gone("", module, "3", because, tuple(names)),)


LAYERS_NOW = "All layers stand in `keras.layers`."
FUNCTIONS = "Tokens and windows are made by layers and datasets now."

NAMES: tuple[Gone, ...] = (
    *_module(
        "keras.layers.core",
        LAYERS_NOW,
        "from keras.layers import Activation, Dense, Dropout, Flatten, Lambda, RepeatVector",
    ),
    *_module("keras.layers.recurrent", LAYERS_NOW, "from keras.layers import GRU, LSTM, SimpleRNN"),
    *_module("keras.layers.wrappers", LAYERS_NOW, "from keras.layers import Bidirectional, TimeDistributed"),
    *_module("keras.layers.embeddings", LAYERS_NOW, "from keras.layers import Embedding"),
    *_module(
        "keras.layers.convolutional", LAYERS_NOW, "from keras.layers import Conv1D, Conv2D, UpSampling2D, ZeroPadding2D"
    ),
    *_module(
        "keras.layers.pooling",
        LAYERS_NOW,
        "from keras.layers import GlobalAveragePooling1D, MaxPooling1D, MaxPooling2D",
    ),
    *_module("keras.layers.normalization", LAYERS_NOW, "from keras.layers import BatchNormalization"),
    *_module(
        "keras.layers.advanced_activations", LAYERS_NOW, "from keras.layers import ELU, LeakyReLU, PReLU, Softmax"
    ),
    *_module("keras.layers.noise", LAYERS_NOW, "from keras.layers import GaussianDropout, GaussianNoise"),
    *_module(
        "keras.layers.merge", LAYERS_NOW, "from keras.layers import add, average, concatenate, dot, maximum, multiply"
    ),
    *_module("keras.layers.cudnn_recurrent", LAYERS_NOW, "from keras.layers import GRU, LSTM"),
    *_module(
        "keras.engine",
        "Its classes stand in `keras` and `keras.layers`.",
        "from keras import Layer, Model",
        "from keras.layers import InputSpec",
    ),
    *_module("keras.objectives", "Keras 2 renamed it.", "from keras import losses"),
    *_module("keras.initializations", "Keras 2 renamed it.", "from keras import initializers"),
    *_module(
        "keras.utils.np_utils",
        "Its functions stand in `keras.utils`.",
        "from keras.utils import normalize, to_categorical",
    ),
    *_module("keras.utils.vis_utils", "Its functions stand in `keras.utils`.", "from keras.utils import plot_model"),
    *_module(
        "keras.utils.visualize_util", "Its functions stand in `keras.utils`.", "from keras.utils import plot_model"
    ),
    *_module(
        "keras.utils.generic_utils",
        "Its functions stand in `keras.utils` and `keras.saving`.",
        "from keras.saving import get_custom_objects",
    ),
    *_module("keras.preprocessing.text", FUNCTIONS, "from keras.layers import TextVectorization"),
    *_module(
        "keras.wrappers.scikit_learn",
        "`keras.wrappers` has them (Keras 3.8 and later); before that, the package scikeras.",
        "from keras.wrappers import SKLearnClassifier, SKLearnRegressor",
    ),
    *_module(
        "keras.backend.tensorflow_backend",
        "`keras.backend` holds little more than settings; sessions are gone.",
        "from keras import backend, ops",
    ),
    *rows(
        "keras.layers",
        "3",
        ("CuDNNLSTM", "LSTM chooses the cuDNN kernel by itself.", "LSTM(4)"),
        ("CuDNNGRU", "GRU chooses the cuDNN kernel by itself.", "GRU(4)"),
        ("ThresholdedReLU", "ReLU does it.", "ReLU(threshold=1.0)"),
        (
            "LocallyConnected1D",
            "It was dropped: every place had its own weights.",
            "Conv1D(4, 3)  # weights shared by all places",
        ),
        (
            "LocallyConnected2D",
            "It was dropped: every place had its own weights.",
            "Conv2D(4, 3)  # weights shared by all places",
        ),
        (
            "experimental",
            "Its layers stand in `keras.layers`.",
            "from keras.layers import Normalization, RandomFlip, Rescaling, TextVectorization",
        ),
    ),
    *rows(
        "keras.layers",
        "2",
        ("merge", "Each mode is a layer now.", "Concatenate()([a, b])\nAdd()([a, b])"),
        ("Merge", "Each mode is a layer now.", "Concatenate()([a, b])\nAdd()([a, b])"),
        ("TimeDistributedDense", "Dense works on every time step.", "Dense(4)"),
        ("MaxoutDense", "It was dropped.", "Dense(4)"),
        ("Highway", "It was dropped.", "Dense(4)"),
        ("AtrousConvolution1D", "It is an argument.", "Conv1D(4, 3, dilation_rate=2)"),
        ("AtrousConvolution2D", "It is an argument.", "Conv2D(4, 3, dilation_rate=2)"),
        ("containers", "Models are layers.", "from keras import Sequential"),
    ),
    *rows(
        "keras.models",
        "2",
        ("Graph", "The functional API does it.", "from keras import Input, Model"),
        ("model_from_yaml", "YAML could run code.", "from keras.models import model_from_json"),
        ("model_from_config", "The class does it.", "model = Sequential.from_config(model.get_config())"),
    ),
    *rows(
        "keras.regularizers",
        "2",
        ("l1l2", RENAMED_1, "keras.regularizers.L1L2(0.01, 0.01)"),
        ("WeightRegularizer", RENAMED_1, "keras.regularizers.L1L2(0.01, 0.01)"),
        ("ActivityRegularizer", RENAMED_1, 'Dense(4, activity_regularizer="l2")'),
    ),
    *rows("keras.preprocessing", "3", ("text", FUNCTIONS, "from keras.layers import TextVectorization")),
    *rows(
        "keras",
        "2",
        ("initializations", RENAMED_1, "from keras import initializers"),
        ("objectives", RENAMED_1, "from keras import losses"),
        ("engine", "Its classes stand in `keras` and `keras.layers`.", "from keras import Layer, Model"),
    ),
    *rows(
        "keras.preprocessing.sequence",
        "3",
        ("TimeseriesGenerator", FUNCTIONS, "keras.utils.timeseries_dataset_from_array(x, None, sequence_length=2)"),
    ),
    *rows(
        "keras.preprocessing.image",
        "3",
        (
            "ImageDataGenerator",
            "Pictures are read as a dataset, and changed by layers.",
            "keras.utils.image_dataset_from_directory\nkeras.layers.RandomFlip()",
        ),
    ),
    *rows(
        "keras.utils",
        "3",
        ("np_utils", "Its functions stand in `keras.utils`.", "from keras.utils import to_categorical"),
        ("multi_gpu_model", "Devices are named once for all.", "keras.distribution.DataParallel"),
        (
            "generic_utils",
            "Its functions stand in `keras.utils` and `keras.saving`.",
            "from keras.saving import get_custom_objects",
        ),
        ("vis_utils", "Its functions stand in `keras.utils`.", "from keras.utils import plot_model"),
    ),
    *rows(
        "keras.backend",
        "3",
        ("set_session", "There are no sessions.", ""),
        ("get_session", "There are no sessions.", ""),
        ("set_learning_phase", "It is an argument of a call.", "y = model(x, training=True)"),
        ("learning_phase", "It is an argument of a call.", "y = model(x, training=True)"),
        ("set_image_dim_ordering", RENAMED_1, 'keras.backend.set_image_data_format("channels_last")'),
        ("image_dim_ordering", RENAMED_1, "keras.backend.image_data_format()"),
        ("get_value", "A variable has a method.", "keras.ops.convert_to_numpy(variable)"),
        ("set_value", "A variable has a method.", "variable.assign(0.1)"),
        ("function", "A model does it.", "model = Model(model.inputs, model.layers[0].output)"),
        ("gradients", "The backend does it: with TensorFlow, `tf.GradientTape`.", ""),
        ("variable", "", "variable = keras.Variable(0.5)"),
        ("batch_dot", "", "keras.ops.matmul(x, keras.ops.swapaxes(x, -1, -2))"),
    ),
    *rows("keras.optimizers", "3", ("legacy", "Keras 3 has one set of optimizers.", "keras.optimizers.Adam()")),
    *rows(
        "keras.mixed_precision",
        "3",
        ("experimental", "It is no experiment any more.", 'keras.mixed_precision.set_global_policy("float32")'),
    ),
    *rows("keras.losses", "3", ("Reduction", "It is a string.", 'keras.losses.MeanSquaredError(reduction="sum")')),
    *rows("keras", "3", ("estimator", "Estimators are gone from TensorFlow.", "model.fit(x, y)")),
    *rows(
        "model",
        "3",
        (
            "predict_classes",
            "The model gives probabilities.",
            "classes = model.predict(x).argmax(axis=-1)\nclasses = (model.predict(x) > "
            '0.5).astype(int)  # for Dense(1, activation="sigmoid")',
        ),
        ("predict_proba", "`predict` gives them.", "model.predict(x)"),
        ("fit_generator", "`fit` takes generators.", "model.fit(generator, steps_per_epoch=1)"),
        ("evaluate_generator", "`evaluate` takes generators.", "model.evaluate(generator, steps=1)"),
        ("predict_generator", "`predict` takes generators.", "model.predict(generator, steps=1)"),
        (
            "reset_states",
            "Only the layers have it.",
            'for layer in model.layers:\n    if getattr(layer, "stateful", False):\n        layer.reset_states()',
        ),
        ("to_yaml", "YAML could run code.", "model.to_json()"),
        ("_make_predict_function", "It is not needed.", "model.predict(x)"),
        ("state_updates", "States are variables.", "model.non_trainable_variables"),
    ),
    *rows(
        "a layer",
        "3",
        ("output_shape", "The output has it.", "model.layers[0].output.shape"),
        ("input_shape", "The input has it.", "model.layers[0].input.shape"),
        ("get_output_at", "The output of the first call is `output`.", "model.layers[0].output"),
        ("get_input_at", "The input of the first call is `input`.", "model.layers[0].input"),
        ("get_input_shape_at", "The input has it.", "model.layers[0].input.shape"),
        ("get_output_shape_at", "The output has it.", "model.layers[0].output.shape"),
        ("inbound_nodes", "It is private.", "model.layers[0].input"),
        ("add_update", "Variables are assigned.", "variable.assign(0.1)"),
    ),
    *rows(
        "an optimizer",
        "3",
        ("lr", "It is called `learning_rate`.", "optimizer.learning_rate"),
        (
            "decay",
            "A schedule does it.",
            "keras.optimizers.Adam(keras.optimizers.schedules.InverseTimeDecay(0.001, 1, 1e-6))",
        ),
    ),
)


def name_gone(module: str, name: str) -> Gone | None:
    """The row of a name in a module, or of a module as a whole (also of what stands inside it)."""
    for row in NAMES:
        if row.where == module and row.name == name:
            return row
    whole = f"{module}.{name}".strip(".")
    return next((row for row in NAMES if not row.name and (whole + ".").startswith(row.where + ".")), None)
