"""A message with the model that it came from: the very line, and what the model rules out."""

from __future__ import annotations

from lstmcalc import diagnose, load
from lstmcalc.diagnosis import Diagnosis

HEAD = "from keras import Sequential\nfrom keras.layers import *\n\nmodel = Sequential([\n"


def beside(message: str, *layers: str) -> Diagnosis:
    """The diagnosis beside a Sequential model, whose first layer stands on line 5."""
    text = HEAD + "".join(f"    {layer},\n" for layer in layers) + "])\n"
    return diagnose(message, load("model.py", text=text))


def places(found: Diagnosis) -> list[str]:
    return [str(cause.where or "") for cause in found.causes]


NDIM = 'Input 0 of layer "{}" is incompatible with the layer: expected ndim=3, found ndim=2. Full shape received: {}'


def test_the_culprit_and_its_line_come_first() -> None:
    found = beside(NDIM.format("lstm_1", "(None, 64)"), "Input((50, 1))", "LSTM(64)", "LSTM(32)", "Dense(1)")
    (cause,) = found.causes
    assert str(cause.where) == "model.py:6:5"
    assert cause.cause == (
        '"lstm_1" (LSTM) expects 3 axes (batch, timesteps, input_dim) and gets (None, 64) from "lstm" (LSTM). '
        '"lstm" has `return_sequences=False`, which drops timesteps.'
    )
    assert cause.fix == 'Set `return_sequences=True` on "lstm".'
    assert found.model_says == ()


def test_another_number_in_an_automatic_name() -> None:
    found = beside(NDIM.format("lstm_17", "(None, 64)"), "Input((50, 1))", "LSTM(64)", "LSTM(32)", "Dense(1)")
    assert (found.layer, places(found)) == ("lstm_1", ["model.py:6:5"])
    assert found.model_says == ('The layer "lstm_17" of the message is "lstm_1" in the model.',)


def test_of_two_faults_the_one_of_the_message() -> None:
    layers = ("Input((50, 1))", "LSTM(64)", "LSTM(32)", 'Dense(1, name="out")', "Conv2D(3, 3)")
    found = beside(NDIM.format("lstm_9", "(None, 64)"), *layers)
    assert found.layer == "lstm_1"
    other = 'Input 0 of layer "conv2d_4" is incompatible with the layer: expected min_ndim=4, found ndim=2.'
    assert beside(other, *layers).layer == "conv2d" or beside(other, *layers).model_says


def test_a_model_without_the_fault_is_told_as_that() -> None:
    layers = ("Input((50, 1))", "LSTM(64, return_sequences=True)", "LSTM(32)", "Dense(1)")
    found = beside(NDIM.format("lstm_1", "(None, 64)"), *layers)
    assert found.model_says == (
        'The model does not show this fault: "lstm_1" (LSTM) (model.py:7:5) gets (None, 50, 64).',
    )
    assert [cause.cause for cause in found.causes] == ["The model that ran is not the one in this file."]


def test_data_is_made_to_fit_the_input_of_the_model() -> None:
    layers = ("Input((50, 1))", "LSTM(64)", "Dense(1)")
    message = (
        "ValueError: Error when checking input: expected lstm_3_input to have 3 dimensions, "
        "but got array with shape (9, 50)"
    )
    found = beside(message, *layers)
    assert found.causes[0].code == ("x = x[..., None]  # (9, 50) -> (9, 50, 1)",)
    assert found.causes[0].cause == "The data has no last axis. The model's input is (None, 50, 1)."
    assert found.model_says == ("The model reads (None, 50, 1).",)
    # Nothing else leads to (None, 50, 1); what comes to the same is not said twice.
    codes = [cause.code for cause in found.causes]
    assert len(codes) == len(set(codes))


def test_a_cause_that_the_model_rules_out_is_left_out() -> None:
    message = (
        "Arguments `target` and `output` must have the same shape. "
        "Received: target.shape=(None, 1), output.shape=(None, 5)"
    )
    alone = diagnose(message)
    assert ["5 steps" in cause.cause for cause in alone.causes] == [False, False, True]
    without = beside(message, "Input((5, 4))", "LSTM(3)", "Dense(5)")
    assert places(without) == ["", "model.py:7:5"]
    with_steps = beside(message, "Input((5, 4))", "LSTM(3, return_sequences=True)", "Dense(1)")
    assert places(with_steps) == ["", "model.py:7:5", "model.py:6:5"]
    assert with_steps.causes[2].cause.endswith('Here it is "lstm" (LSTM).')
    inside = beside(message, "Input((5, 4))", "Bidirectional(LSTM(3, return_sequences=True))", "Dense(1)")
    assert places(inside) == ["", "model.py:7:5", "model.py:6:5"]


def test_windows_totals_and_merges_are_found_by_their_shapes() -> None:
    pictures = ("Input((28, 28, 1))", "Conv2D(32, 5)", "MaxPooling2D(8)", "Conv2D(64, 5)", "Flatten()")
    negative = (
        "Negative dimension size caused by subtracting 5 from 3 for 'conv2d_8/convolution' (op: 'Conv2D') "
        "with input shapes: [?,3,3,32], [5,5,32,64]."
    )
    found = beside(negative, *pictures)
    assert (found.layer, places(found)) == ("conv2d_1", ["model.py:8:5"])
    assert found.causes[0].fix == 'Use `padding="same"` or a `kernel_size` of at most 3.'
    total = "total size of new array must be unchanged, input_shape = [700], output_shape = [28, 28]"
    assert places(beside(total, "Input((700,))", "Reshape((28, 28))")) == ["model.py:6:5"]


def test_a_fault_of_another_kind_is_mentioned_and_not_taken_for_the_cause() -> None:
    found = beside(
        "ValueError: Data cardinality is ambiguous:\n  x sizes: 8\n  y sizes: 7", "Input((50, 1))", "LSTM(-3)"
    )
    assert found.code == "cardinality"
    assert found.model_says[0].startswith('The model has another fault at "lstm" (model.py:6:')
    assert "split" in found.causes[0].cause


def test_an_unknown_message_stays_unknown() -> None:
    found = beside("KeyError: 'loss'", "Input((50, 1))", "LSTM(64)", "LSTM(32)")
    assert (found.recognised, found.causes) == (False, ())


SUMMARY = """\
lstm (LSTM)      (None, 50, 128)   66560
lstm_1 (LSTM)    (None, 64)        49408
dense (Dense)    (None, 3)         195
"""


def test_a_summary_is_a_model_too() -> None:
    """Its layers name the culprit; there is no file and no line to name."""
    from lstmcalc.sources.printed import read_printed

    spec = read_printed(SUMMARY)
    found = diagnose("ValueError: Shapes (None, 50, 3) and (None, 3) are incompatible", spec)
    assert found.model_says == ("The model gives (None, 3).",)
    (cause,) = found.causes
    assert cause.cause.endswith('Here it is "lstm_1" (LSTM).')
    assert cause.where is None


def test_only_the_last_recurrent_layer_gives_the_steps() -> None:
    """`lstm` keeps the steps for `lstm_1`, which drops them: none is to be told to leave `return_sequences` out."""
    from lstmcalc.sources.printed import read_printed

    found = diagnose("InvalidArgumentError: Incompatible shapes: [32,50,3] vs. [32,3]", read_printed(SUMMARY))
    assert found.causes
    assert not [cause for cause in found.causes if "return_sequences" in cause.fix]


def test_a_summary_of_another_model_leaves_the_causes() -> None:
    from lstmcalc.sources.printed import read_printed

    message = 'Input 0 of layer "lstm_1" is incompatible with the layer: expected ndim=3, found ndim=2. '
    message += "Full shape received: (None, 128)"
    found = diagnose(message, read_printed(SUMMARY))
    assert found.model_says == (
        'The model does not show this fault: "lstm_1" (LSTM) gets (None, 50, 128).',
        "So the model that ran is not the one of this summary.",
    )
    assert found.causes == diagnose(message).causes


def test_a_yaml_model_is_told_as_yaml() -> None:
    text = "input: [50, 1]\nlayers:\n  - LSTM: 64\n  - LSTM: 32\n"
    found = diagnose(NDIM.format("lstm_1", "(None, 64)"), load("model.yaml", text=text))
    assert found.causes[0].fix == 'Set `return_sequences: true` on "lstm".'


def test_a_layer_that_the_model_does_not_have() -> None:
    """No line of the file is to blame for a layer of another model."""
    layers = ("Input((20, 35))", 'LSTM(64, return_sequences=True, name="encoder")', "LSTM(32)", "Dense(1)")
    found = beside(NDIM.format("conv1d_7", "(None, 64)"), *layers)
    assert found.model_says == ('The model has no layer "conv1d_7", and no Conv1D.',)
    assert [cause.cause for cause in found.causes] == ["The model that ran is not the one in this file."]
    assert places(found) == [""]
    for holder in ("TimeDistributed(Conv1D(3, 3))", "Sequential([Conv1D(3, 3)])"):
        inside = beside(NDIM.format("conv1d_7", "(None, 64)"), "Input((20, 35))", holder)
        assert not [said for said in inside.model_says if "no layer" in said]


def test_an_input_of_another_shape_is_not_told_to_change() -> None:
    message = NDIM.format("encoder", "(None, 64)")
    layers = ("Input((20, 35))", 'LSTM(64, return_sequences=True, name="encoder")', 'LSTM(-3, name="wrong")')
    found = beside(message, *layers)
    assert not [cause for cause in found.causes if any("not (64,)" in line for line in cause.code)]
