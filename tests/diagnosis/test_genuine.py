"""Error messages that real Kerases printed (`messages`): each is recognised, with the layer and shapes that it states.

The file names say which Keras printed them, and on what. `truth.json` holds what a reader finds in each: the family,
the layer, what was expected and what came, and the change that mends it. A family of null is a message that says too
little to be explained, which is to be left alone.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lstmcalc.diagnosis import diagnose

FOLDER = Path(__file__).parent / "messages"
TRUTH: dict[str, dict[str, Any]] = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))
KERASES = (
    "keras-1.2.2",
    "keras-2.1.6",
    "keras-2.2.4",
    "keras-2.3.1",
    "keras-3.15.1",
    "tensorflow-1.15.0",
    "tensorflow-2.8.4",
)


def genuine(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def test_every_message_has_its_truth() -> None:
    assert set(TRUTH) == {path.name for path in FOLDER.glob("*.txt")}
    assert all(any(keras in name for name in TRUTH) for keras in KERASES)


@pytest.mark.parametrize("name", TRUTH)
def test_a_genuine_message_is_read(name: str) -> None:
    true = TRUTH[name]
    diagnosis = diagnose(genuine(name))
    assert diagnosis.recognised == (true["code"] is not None)
    read = {slot: getattr(diagnosis, slot) or None for slot in ("code", "layer", "expected", "got")}
    assert read == {slot: true[slot] for slot in read}
    changes = [text for cause in diagnosis.causes for text in (cause.fix, *cause.code)]
    assert true["fix"] is None or any(true["fix"] in text for text in changes)


@pytest.mark.parametrize("name", [name for name, true in TRUTH.items() if true["got"]])
def test_what_came_stands_in_the_message(name: str) -> None:
    """The truth itself: every size that it states was printed."""
    text = genuine(name)
    sizes = re.findall(
        r"\d+",
        TRUTH[name]["got"].replace(",", "") if re.fullmatch(r"[\d,]+", TRUTH[name]["got"]) else TRUTH[name]["got"],
    )
    assert [size for size in sizes if size not in text and not name.startswith(("duplicate_", "load_truncated"))] == []


def test_no_message_names_the_machine_it_was_printed_on() -> None:
    assert [name for name in TRUTH if re.search(r"/tmp/(?!__autograph)|/root/|pyenv", genuine(name))] == []


def test_a_fix_is_a_change() -> None:
    """Each family tells what to do, and none of its sentences holds a size or name that is not filled in."""
    for name in TRUTH:
        diagnosis = diagnose(genuine(name))
        sentences = [diagnosis.meaning, *(text for cause in diagnosis.causes for text in (cause.cause, cause.fix))]
        assert all(cause.fix or cause.code for cause in diagnosis.causes), name
        assert not [
            text for text in sentences if re.search(r"\bNone values|\{(?!epoch)\w+\}|``|  |(?<!\.)\.\.(?!\.)", text)
        ], name


def test_the_corpus_is_wide() -> None:
    families = Counter(true["code"] for true in TRUTH.values() if true["code"])
    assert len(families) >= 60
    assert families.total() >= 0.95 * len(TRUTH)


#: Their own words that no Keras here can be made to print: for want of a GPU, or of so old a version.
ELSEWHERE = [
    (
        "tensorflow.python.framework.errors_impl.UnknownError: Fail to find the dnn implementation. "
        "[[{{node CudnnRNN}}]] [[sequential/lstm/PartitionedCall]] [Op:__inference_train_function_4093]",
        ("cudnn-no-kernel", "an NVIDIA GPU with cuDNN", ""),
    ),
    (
        "ValueError: You are passing a RNN mask that does not correspond to right-padded sequences, while using "
        "cuDNN, which is not supported. With cuDNN, RNN masks can only be used for right-padding",
        ("cudnn-mask", "", ""),
    ),
    (
        "UnknownError: [_Derived_] CUDNN_STATUS_BAD_PARAM in tensorflow/stream_executor/cuda/cuda_dnn.cc(1496): "
        "'cudnnSetRNNDataDescriptor( data_desc.get(), data_type, layout, max_seq_length, batch_size, data_size, "
        "seq_lengths_array, (void*)&padding_fill)'",
        ("cudnn-mask", "", ""),
    ),
    (
        "ValueError: Cannot feed value of shape (2, 5, 7) for Tensor u'lstm_1_input:0', which has shape '(5, 5, 7)'",
        ("stateful-batch", "a batch of 5", "a batch of 2"),
    ),
    (
        "InvalidArgumentError: indices[63,55] = 6319 is not in [0, 32)\n\t [[Node: embedding_6/Gather = Gather["
        "Tindices=DT_INT32]]]",
        ("embedding-range", "0 to 31", "6,319"),
    ),
    (
        "ValueError: An `initial_state` was passed that is not compatible with `cell.state_size`. Received "
        "`state_spec`=ListWrapper([InputSpec(shape=(None, 9, 128), ndim=3), InputSpec(shape=(None, 128), ndim=2)]); "
        "however `cell.state_size` is [128]",
        ("initial-state", "(None, 128)", "(None, 9, 128), (None, 128)"),
    ),
    (
        "TypeError: <class 'keras.src.models.functional.Functional'> could not be deserialized properly. Please ensure "
        "that components that are Python object instances (layers, models, etc.) returned by `get_config()` are "
        "explicitly deserialized in the model's `from_config()` method.",
        ("not-deserialized", "", "Functional"),
    ),
]


@pytest.mark.parametrize(("text", "true"), ELSEWHERE, ids=[true[0] for _, true in ELSEWHERE])
def test_messages_from_elsewhere(text: str, true: tuple[str, str, str]) -> None:
    diagnosis = diagnose(text)
    assert (diagnosis.code, diagnosis.expected, diagnosis.got) == true


def test_the_cause_fits_the_states_that_came() -> None:
    """One family, four mistakes: each is told apart by the shapes."""
    said = (
        "An `initial_state` was passed that is not compatible with `cell.state_size`. Received `state_spec`=[{}]; "
        "however `cell.state_size` is {}"
    )
    spec = "InputSpec(shape=(None, {}), ndim=2)"
    first = [
        diagnose(said.format(", ".join(spec.format(size) for size in sizes), kept)).causes[0].cause
        for sizes, kept in (((32, 32), "32"), ((32,), "(32, 32)"), ((32,) * 4, "(32, 32)"), ((64, 64), "(32, 32)"))
    ]
    assert ["GRU" in first[0], "One state" in first[1], "All states" in first[2], "joined" in first[3]] == [True] * 4


#: What other packages and Python itself say, in nearly the words of a family.
OF_OTHERS = """
TypeError: RandomForestClassifier.__init__() got an unexpected keyword argument 'n_trees'
TypeError: mean() got an unexpected keyword argument 'axs'
TypeError: Point.__init__() missing 1 required positional argument: 'y'
KeyError: 'lr'
KeyError: 'loss'
AttributeError: 'DataFrame' object has no attribute 'reset_states'
AttributeError: 'int' object has no attribute 'get_config'
AttributeError: 'str' object has no attribute 'decode'
AttributeError: module 'numpy' has no attribute 'bool'
ImportError: cannot import name 'Merge'
ImportError: cannot import name 'joblib' from 'sklearn.externals' (/usr/lib/sklearn/externals/__init__.py)
ModuleNotFoundError: No module named 'pandas'
ValueError: not enough values to unpack (expected 3, got 2)
TypeError: 'int' object is not iterable
TypeError: string indices must be integers, not 'str'
NameError: name 'tf' is not defined
IndexError: list index out of range
TypeError: 'NoneType' object is not subscriptable
""".strip().splitlines()


@pytest.mark.parametrize("line", OF_OTHERS)
def test_what_others_say_is_left_alone(line: str) -> None:
    assert not diagnose(
        f'Traceback (most recent call last):\n  File "run.py", line 3, in <module>\n{line}\n'
    ).recognised


#: The likeliest cause of a message depends on the sizes in it.
LIKELIEST = {
    "the batch size of the input sequences must be the same as the batch size of the initial state. "
    "- Expected batch size: 32 - Received batch size: 1": "single samples",
    "the batch size of the input sequences must be the same as the batch size of the initial state. "
    "- Expected batch size: 32 - Received batch size: 4": "no multiple of the batch size",
    "the batch size of the input sequences must be the same as the batch size of the initial state. "
    "- Expected batch size: 1 - Received batch size: 32": "another `batch_size`",
    "indices[0,0] = 1000 is not in [0, 1000)": "numbered from 1",
    "indices[0,0] = 1001 is not in [0, 1000)": "smaller than the vocabulary",
    "indices[0,0] = -1 is not in [0, 1000)": "negative number",
    "NotImplementedError: Cannot convert a symbolic Tensor (lstm/strided_slice:0) to a numpy array": "numpy 1.20",
    "NotImplementedError: Cannot convert a symbolic Tensor (dense/BiasAdd:0) to a numpy array": "numpy function",
    "ValueError: Could not interpret activation function identifier: rellu": "misspelt",
    "ValueError: Unrecognized keyword arguments passed to LSTM: {'return_sequence': True}": "misspelt",
    "ValueError: Unrecognized keyword arguments passed to LSTM: {'batch_input_shape': (32, 10, 8)}": "Keras 3 dropped",
}


@pytest.mark.parametrize(("text", "word"), LIKELIEST.items(), ids=list(LIKELIEST.values()))
def test_the_likeliest_cause_comes_first(text: str, word: str) -> None:
    assert word in diagnose(text).causes[0].cause


def test_what_is_gone_is_written_anew_with_its_value() -> None:
    text = "ValueError: Unrecognized keyword arguments passed to LSTM: {'batch_input_shape': (32, 10, 8)}"
    assert diagnose(text).causes[0].code == ("Input(batch_shape=(32, 10, 8))",)
    text = "ValueError: Argument(s) not recognized: {'lr': 0.001}"
    assert diagnose(text).causes[0].code == ("keras.optimizers.Adam(learning_rate=0.001)",)
    text = "TypeError: TensorFlowTrainer.fit() got an unexpected keyword argument 'nb_epoch'"
    assert diagnose(f"model.fit(x, y, nb_epoch=20)\n{text}").causes[0].code == ("model.fit(x, y, epochs=20)",)
