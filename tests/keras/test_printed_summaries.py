"""What the installed Keras prints of models, everyday ones and drawn ones, is read whole and contradicts nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import keras
import pytest
from drawing import LONG
from genuine_truth import TrueRow
from keras import layers as L
from keras import ops
from measured import comes_round
from readings import is_true
from test_drawn_models import draw

import lstmcalc
from lstmcalc.errors import SpecError
from lstmcalc.summary_text import read_summary
from lstmcalc.summary_text.printed import Cut, PrintedRow
from lstmcalc.summary_text.reading import Reading

#: A count that its column cuts off is told so; that is no contradiction.
CUT = "cut-count"


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of a terminal that is narrower than the table, Keras prints the left part.
    monkeypatch.setenv("COLUMNS", "220")
    keras.backend.clear_session()


def printed(model: Any, **options: Any) -> str:
    """What `model.summary()` prints."""
    lines: list[str] = []
    model.summary(print_fn=lines.append, **options)
    return "\n".join(lines)


def options_for(seed: int) -> dict[str, Any]:
    rng = random.Random(seed)
    return {
        "line_length": rng.choice([70, 80, 100, 140, 200]),
        "expand_nested": rng.random() < 0.4,
        "show_trainable": rng.random() < 0.3,
    }


def layers_of(model: Any, expanded: bool, level: int = 0) -> Iterator[tuple[Any, int]]:
    """The layers in the order in which Keras prints them; of a nested model it leaves the operations out."""
    for layer in model.layers if level or isinstance(model, keras.Sequential) else model.operations:
        yield layer, level
        if expanded and isinstance(layer, keras.Model):
            yield from layers_of(layer, expanded, level + 1)


def misread(row: PrintedRow, layer: Any, level: int) -> list[str]:
    """What was read of a row otherwise than Keras has it; what is cut off may be anything that starts so."""
    found = []
    if not layer.name.startswith(row.name) or (row.name != layer.name and not row.name_cut):
        found.append(f"name {row.name!r} for {layer.name!r}")
    class_name = type(layer).__name__
    if not class_name.startswith(row.class_name) or (row.class_name != class_name and not row.class_cut):
        found.append(f"class {row.class_name!r} for {class_name!r}")
    count = layer.count_params() if isinstance(layer, keras.layers.Layer) else 0
    if row.params not in (None, count) or (row.params is None and row.built and row.fault is None):
        found.append(f"count {row.params} for {count}")
    if row.level != level:
        found.append(f"level {row.level} for {level}")
    return found


def contradictions(reading: Reading) -> list[str]:
    """Where a reading says that the table contradicts itself."""
    rows = [f"{row.fault}" for row in reading.rows if row.fault and row.fault.code == "no-layer-fits"]
    cut = any(isinstance(size, Cut) for row in reading.table.rows for shape in row.shapes or () for size in shape)
    return rows + ([] if cut else [str(fault) for fault in reading.problems])


def misreadings(text: str, model: Any, expanded: bool) -> tuple[Reading, list[str]]:
    """The reading of a model's summary, and what of it was read otherwise than Keras has it."""
    [reading] = read_summary(text)
    layers = list(layers_of(model, expanded))
    names = [row.name for row in reading.table.rows]
    assert len(names) == len(layers), f"{names} for {[layer.name for layer, _ in layers]}\n{text}"
    rows = zip(reading.table.rows, layers, strict=True)
    return reading, [problem for row, (layer, level) in rows for problem in misread(row, layer, level)]


def contradicts_itself(model: Any) -> str:
    """Why what Keras prints of a drawn model may be called a contradiction; empty where it may not."""
    for layer, _ in layers_of(model, False):
        calls = [[*node.input_tensors, *node.outputs] for node in layer._inbound_nodes]
        if len({tuple(tuple(tensor.shape) for tensor in call) for call in calls}) > 1:
            return "of a layer with several calls Keras prints the shape of one, not always one that is in the table"
    try:
        lstmcalc.infer(lstmcalc.load("m.json", text=model.to_json()))
    except SpecError:
        return "Keras builds layers of which it has no data yet, and which take none: no layer gives that output"
    return ""


@pytest.mark.parametrize("seed", range(LONG))
def test_a_drawn_model_is_read_from_its_summary(seed: int) -> None:
    model, script = draw(seed)
    keras.config.set_dtype_policy("float32")
    if any(re.search(r"[\"'\s()]", layer.name) for layer, _ in layers_of(model, True)):
        pytest.skip("a table does not tell blanks, quotes and brackets of a name from its own")
    options = options_for(seed)
    text = printed(model, **options)
    reading, found = misreadings(text, model, options["expand_nested"])
    if not contradicts_itself(model):
        found += contradictions(reading)
    assert found == [], f"{script}\n{text}"


def language_model() -> Any:
    return keras.Sequential([
        keras.Input((None,)), L.Embedding(10_000, 128, mask_zero=True), L.LSTM(256, return_sequences=True),
        L.Dropout(0.3), L.LSTM(256), L.Dense(10_000, activation="softmax"),
    ])  # fmt: skip


def sentiment() -> Any:
    return keras.Sequential([
        keras.Input((100,)), L.Embedding(5000, 64), L.SpatialDropout1D(0.2),
        L.Bidirectional(L.LSTM(64, return_sequences=True)), L.Bidirectional(L.GRU(32)), L.Dense(64, activation="relu"),
        L.Dropout(0.5), L.Dense(1, activation="sigmoid"),
    ])  # fmt: skip


def forecast() -> Any:
    return keras.Sequential([
        keras.Input((30, 8)), L.GRU(50, return_sequences=True), L.GRU(50), L.Dense(24), L.Reshape((24, 1))
    ])  # fmt: skip


def autoencoder() -> Any:
    return keras.Sequential([
        keras.Input((30, 8)), L.LSTM(64), L.RepeatVector(30), L.LSTM(64, return_sequences=True),
        L.TimeDistributed(L.Dense(8)),
    ])  # fmt: skip


def stacked_cells() -> Any:
    return keras.Sequential([keras.Input((10, 8)), L.RNN([L.LSTMCell(32), L.LSTMCell(16)]), L.Dense(2)])


def stateful() -> Any:
    return keras.Sequential([
        keras.Input((10, 2), batch_size=32), L.LSTM(32, stateful=True, return_sequences=True), L.LSTM(32), L.Dense(1)
    ])  # fmt: skip


def wavenet() -> Any:
    dilated = [L.Conv1D(20, 2, padding="causal", dilation_rate=rate) for rate in (1, 2, 4, 8)]
    return keras.Sequential([keras.Input((None, 1)), *dilated, L.Conv1D(10, 1)])


def digits() -> Any:
    return keras.Sequential([
        keras.Input((28, 28, 1)), L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(), L.Conv2D(64, 3),
        L.MaxPooling2D(), L.Flatten(), L.Dropout(0.5), L.Dense(10, activation="softmax"),
    ])  # fmt: skip


def augmented_images() -> Any:
    return keras.Sequential([
        keras.Input((32, 32, 3)), L.RandomFlip("horizontal"), L.RandomRotation(0.1), L.Rescaling(1 / 255),
        L.Conv2D(32, 3, padding="same", use_bias=False), L.BatchNormalization(), L.ReLU(), L.MaxPooling2D(2),
        L.SeparableConv2D(64, 3, padding="same"), L.LeakyReLU(), L.GlobalAveragePooling2D(), L.Dense(10),
    ])  # fmt: skip


def clips() -> Any:
    return keras.Sequential([
        keras.Input((16, 64, 64, 3)), L.TimeDistributed(L.Conv2D(16, 3, padding="same", activation="relu")),
        L.TimeDistributed(L.MaxPooling2D(4)), L.TimeDistributed(L.Conv2D(32, 3, padding="same")),
        L.TimeDistributed(L.BatchNormalization()), L.TimeDistributed(L.MaxPooling2D(2)),
        L.TimeDistributed(L.Flatten()), L.LSTM(32), L.Dense(10),
    ])  # fmt: skip


def next_frame() -> Any:
    return keras.Sequential([
        keras.Input((None, 40, 40, 1)), L.ConvLSTM2D(40, 3, padding="same", return_sequences=True),
        L.BatchNormalization(), L.ConvLSTM2D(40, 3, padding="same", return_sequences=True), L.BatchNormalization(),
        L.Conv3D(1, 3, padding="same", activation="sigmoid"),
    ])  # fmt: skip


def model_over_time() -> Any:
    frames = keras.Sequential([keras.Input((64, 64, 3)), L.Conv2D(16, 3), L.GlobalMaxPooling2D()], name="frames")
    return keras.Sequential([keras.Input((10, 64, 64, 3)), L.TimeDistributed(frames), L.LSTM(64), L.Dense(5)])


def sentences_of_words() -> Any:
    words = keras.Input((30,))
    sentence = keras.Model(words, L.Bidirectional(L.GRU(25))(L.Embedding(1000, 50)(words)), name="sentence")
    text = keras.Input((15, 30))
    x = L.Bidirectional(L.GRU(25))(L.TimeDistributed(sentence)(text))
    return keras.Model(text, L.Dense(5, activation="softmax")(x))


def encoder_decoder() -> Any:
    source, target = keras.Input((None, 71)), keras.Input((None, 93))
    _, *states = L.LSTM(256, return_state=True)(source)
    x, *_ = L.LSTM(256, return_sequences=True, return_state=True)(target, initial_state=states)
    return keras.Model([source, target], L.Dense(93, activation="softmax")(x))


def masked_translation() -> Any:
    source, target = keras.Input((None,)), keras.Input((None,))
    _, state = L.GRU(128, return_state=True)(L.Embedding(1000, 64, mask_zero=True)(source))
    x = L.Embedding(1200, 64, mask_zero=True)(target)
    x, _ = L.GRU(128, return_sequences=True, return_state=True)(x, initial_state=state)
    return keras.Model([source, target], L.Dense(1200)(x))


def states_of_two_directions() -> Any:
    source, target = keras.Input((20,)), keras.Input((15,))
    encoder = L.Bidirectional(L.LSTM(64, return_sequences=True, return_state=True))
    x, ahead, ahead_carry, back, back_carry = encoder(L.Embedding(1000, 64)(source))
    states = [L.Concatenate()([ahead, back]), L.Concatenate()([ahead_carry, back_carry])]
    y = L.LSTM(128, return_sequences=True)(L.Embedding(1200, 64)(target), initial_state=states)
    y = L.Concatenate()([y, L.Attention()([y, x])])
    return keras.Model([source, target], L.TimeDistributed(L.Dense(1200))(y))


def hand_made_attention() -> Any:
    text = keras.Input((50,))
    x = L.Bidirectional(L.LSTM(64, return_sequences=True))(L.Embedding(2000, 100)(text))
    weight = L.Activation("softmax")(L.Flatten()(L.Dense(1, activation="tanh")(x)))
    x = L.Multiply()([x, L.Permute((2, 1))(L.RepeatVector(128)(weight))])
    return keras.Model(text, L.Dense(1)(L.GlobalAveragePooling1D()(x)))


def transformer() -> Any:
    text = keras.Input((200,))
    x = L.Embedding(20_000, 32)(text) + L.Embedding(200, 32)(ops.arange(200))
    x = L.LayerNormalization()(x + L.Dropout(0.1)(L.MultiHeadAttention(2, 32)(x, x)))
    x = L.LayerNormalization()(x + keras.Sequential([L.Dense(64, activation="relu"), L.Dense(32)])(x))
    return keras.Model(text, L.Dense(2)(L.GlobalAveragePooling1D()(x)))


def shared_encoder() -> Any:
    base = keras.Sequential([keras.Input((40,)), L.Embedding(500, 32), L.LSTM(50)], name="base")
    one, other = keras.Input((40,)), keras.Input((40,))
    return keras.Model([one, other], L.Dense(1)(ops.abs(base(one) - base(other))))


def unet() -> Any:
    image = keras.Input((64, 64, 1))
    one = L.Conv2D(16, 3, activation="relu", padding="same")(image)
    two = L.Conv2D(32, 3, padding="same")(L.MaxPooling2D()(one))
    x = L.Conv2D(64, 3, padding="same")(L.MaxPooling2D()(two))
    x = L.concatenate([L.Conv2DTranspose(32, 2, strides=2, padding="same")(x), two])
    x = L.concatenate([L.UpSampling2D()(L.Conv2D(32, 3, padding="same")(x)), one])
    return keras.Model(image, L.Conv2D(1, 1, activation="sigmoid")(x))


def transfer() -> Any:
    base = keras.applications.MobileNetV2(input_shape=(96, 96, 3), include_top=False, weights=None)
    base.trainable = False
    image = keras.Input((96, 96, 3))
    x = L.GlobalAveragePooling2D()(base(image, training=False))
    return keras.Model(image, L.Dense(1)(L.Dropout(0.2)(x)))


EVERYDAY: list[Callable[[], Any]] = [
    language_model, sentiment, forecast, autoencoder, stacked_cells, stateful, wavenet, digits, augmented_images, clips,
    next_frame, model_over_time, sentences_of_words, encoder_decoder, masked_translation, states_of_two_directions,
    hand_made_attention, transformer, shared_encoder, unet, transfer,
]  # fmt: skip
#: Layers of which the truth is no candidate, since nothing before them tells their input, or they hold a model.
UNTOLD = {("stacked_cells", "rnn"), ("model_over_time", "time_distributed")}
WIDTHS = (65, 98, 200)
#: In so many cases, since of a test with more the short run takes a sample.
CASES = 6


def truth_of(layer: Any, model: Any) -> TrueRow:
    """What Keras had, as far as a reading can state it."""
    node = next((node for node in layer._inbound_nodes if node in getattr(model, "_nodes", ())), None)
    inputs = [tuple(tensor.shape) for tensor in keras.tree.flatten(node.arguments.args)] if node else None
    name, params = type(layer).__name__, getattr(layer, "count_params", int)()
    outputs = (tuple(layer.batch_shape),) if name == "InputLayer" else ()
    config = {} if isinstance(layer, keras.Model) else plain(layer.get_config())
    return TrueRow(layer.name, name, 0, config, tuple(inputs) if inputs else None, outputs, (), params, True, True,
                   params, None, (), "", "")  # fmt: skip


def plain(value: Any) -> Any:
    """A config as the truths of the genuine summaries have it."""
    if isinstance(value, dict):
        nested = {"class_name", "config"} <= value.keys()
        return {"class": value["class_name"], "config": plain(value["config"])} if nested else {
            key: plain(item) for key, item in value.items()
        }  # fmt: skip
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def misunderstood(model: Any, name: str, width: int, expanded: bool) -> list[str]:
    """What a reading says otherwise of an everyday model than Keras has it."""
    reading, found = misreadings(
        printed(model, line_length=width, expand_nested=expanded, show_trainable=expanded), model, expanded
    )
    found += contradictions(reading)
    # Of what a nested model merges, its rows show nothing.
    allowed = {CUT, "unknown-input"} if name == "transfer" and expanded else {CUT}
    found += [str(row.fault) for row in reading.rows if row.fault and row.fault.code not in allowed]
    for row, (layer, level) in zip(reading.rows, layers_of(model, expanded), strict=True):
        told = row.opaque or row.fault or level or (name, layer.name) in UNTOLD
        if not told and not any(is_true(each, truth_of(layer, model)) for each in row.candidates):
            found.append(f"{layer.name} is none of {[each.layer.arguments for each in row.candidates]}")
    if not any(row.fault for row in reading.rows) and not comes_round(reading):
        found.append("the model of this reading prints another table")
    return found


@pytest.mark.parametrize("case", range(CASES))
def test_everyday_models_are_understood_from_their_summaries(case: int) -> None:
    for make in EVERYDAY[case::CASES]:
        keras.backend.clear_session()
        model = make()
        for width in WIDTHS:
            for expanded in (False, True):
                found = misunderstood(model, make.__name__, width, expanded)
                assert found == [], f"{make.__name__} at {width}, {expanded}: {found}"


#: Layers of which the truth is no candidate: their sizes are unknown, so that any padding prints the same.
OF_ANY_SIZE = "ZeroPadding2D"
APPLICATIONS = ["MobileNetV2", "ResNet50", "EfficientNetB0", "VGG16"]
FURTHER = ["DenseNet121", "InceptionV3", "Xception", "MobileNetV3Small", "ConvNeXtTiny", "EfficientNetV2B0",
           "NASNetMobile"]  # fmt: skip


@pytest.mark.parametrize("name", [*APPLICATIONS, *(pytest.param(name, marks=pytest.mark.long) for name in FURTHER)])
def test_an_application_is_understood_from_its_summary(name: str) -> None:
    model = getattr(keras.applications, name)(weights=None, input_shape=(96, 96, 3))
    for width in (80, 140):
        reading, found = misreadings(printed(model, line_length=width), model, False)
        assert found + contradictions(reading) == []
        true = [
            any(is_true(each, truth_of(layer, model)) for each in row.candidates)
            for row, (layer, _) in zip(reading.rows, layers_of(model, False), strict=True)
            if not row.opaque and row.class_name != OF_ANY_SIZE
        ]
        # Where a name is cut off that several rows start with, the input may be another one's.
        assert sum(true) >= (1.0 if name in APPLICATIONS else 0.97) * len(true)
        assert comes_round(reading)
