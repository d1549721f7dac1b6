"""Stateful layers, and the one batch size that they are built for."""

from __future__ import annotations

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import SHAPE, Found, family, shown
from lstmcalc.diagnosis.traced import call_of

CALLER = r"Exception encountered when calling (?:layer )?[\"']?([\w.]{1,100}?)(?:[\"']|" r" \(|\.call\(\))"


def caller(found: Found) -> tuple[str, str]:
    """The layer whose call failed, as the text around the message says it: name and class, "" where it does not."""
    name = found.near(CALLER)
    if not name:
        return "", ""
    if found.near(r"Exception encountered when calling (\w{1,100})\.call\(\)"):
        return "", name
    return name, found.near(
        r"Exception encountered when calling layer [\"'][\w./-]{1,200}[\"'] \(type" r" (\w{1,60})\)"
    )


@family(
    "stateful-batch",
    (
        "the batch size must be static",
        rf"the batch size must be static\. Found dynamic batch size: sequence\.shape=(?:(?P<shape>{SHAPE})|\(None)",
    ),
    ("needs to know its batch size", r"If a RNN is stateful, it needs to know its batch size"),
    ("a complete input_shape must be provided", r"If a RNN is stateful, a complete input_shape must be provided"),
)
def stateful_without_batch(found: Found) -> Diagnosis:
    """A stateful layer behind an input whose batch is open."""
    shape = found.shape("shape")
    inner = ", ".join(map(str, shape[1:])) if shape and None not in shape[1:] else "timesteps, features"
    layer, class_name = caller(found)
    given = f" Its input is {shape}: the batch is None." if shape else ""
    meaning = (
        "A layer with `stateful=True` keeps one state for each sample of the batch, so "
        "the batch size must be a number." + given
    )
    causes = (
        Cause(
            "The input states no batch size.",
            "State it, here with your own number for `batch_size`; `fit` and `predict` then take this size only:",
            ("batch_size = 32", f"Input(batch_shape=(batch_size, {inner}))"),
        ),
        Cause(
            "The states need not be kept from one batch to the next.",
            "Leave `stateful=True` away: within one sample the states go from step to step in any case.",
        ),
    )
    received = (shape,) if shape else ()
    return Diagnosis("", meaning, causes, layer, class_name, "a batch size", shown(shape) if shape else "", received)


#: What `fit`, `evaluate` and `predict` take where none is stated.
DEFAULT_BATCH = 32


def batch_causes(found: Found, size: int | None, got: int | None) -> list[Cause]:
    """A rest that fills no batch, another `batch_size`, and single samples; only those that the numbers allow."""
    call = call_of(found, "fit", "evaluate", "predict", "train_on_batch", "predict_on_batch")
    stated = call.keywords.get("batch_size", "") if call else ""
    one = size or (stated if stated.isdigit() else "batch_size")
    code = call.written(batch_size=str(one)) if call else ""
    other = Cause(
        "`fit`, `evaluate` or `predict` was called with another `batch_size` (32 if none is stated).",
        "State the one of the model:",
        (code if 0 < len(code) <= 100 else f"model.predict(x, batch_size={one})",),
    )
    rest = Cause(
        "The number of samples is no multiple of the batch size, so the last batch is smaller.",
        "Leave the rest away:",
        (
            f"samples = len(x) // {one} * {one}",
            f"model.fit(x[:samples], y[:samples], batch_size={one}, shuffle=False)",
        ),
    )
    single = Cause(
        "The model was trained on large batches and now predicts single samples.",
        "Build the same model with a batch of 1 and give it the weights:",
        ("single.set_weights(model.get_weights())",),
    )
    if got == 1:
        causes = [single, rest, other]
    elif got is not None and size is not None and got > size:
        # The last batch is smaller than the others, never larger.
        causes = [other]
    else:
        causes = [other, rest] if got == DEFAULT_BATCH else [rest, other]
    return [cause for cause in causes if cause is not other or stated != str(one)]


@family(
    "stateful-batch",
    (
        "divided by the batch size",
        r"In a stateful network, you should only pass inputs with a number of samples that"
        r" can"
        r" be divided by the batch size\. Found: (?P<samples>\d{1,15}) samples",
    ),
    (
        "batch size of the initial state",
        r"the batch size of the input sequences must be the same as the batch size of the"
        r" initial state\. - Expected batch size: (?P<expected>\d{1,12}) - Received batch"
        r" size: (?P<got>\d{1,12})",
    ),
    (
        "Assign requires shapes",
        r"Assign requires shapes of both tensors to match\. lhs shape="
        r" \[(?P<expected>\d{1,12}),"
        r"\d{1,12}\] rhs shape= \[(?P<got>\d{1,12}),\d{1,12}\]",
    ),
    (
        "could not broadcast input array",
        r"could not broadcast input array from shape \((?P<expected>\d{1,12}), ?\d{1,12}\)"
        r" into shape"
        r" \((?P<got>\d{1,12}), ?\d{1,12}\)",
    ),
    (
        "Cannot feed value of shape",
        r"Cannot feed value of shape \((?P<got>\d{1,12})(?P<rest>,[\d, ]{0,60})\) for Tensor u?'[\w/.:-]{1,200}',"
        r" which has shape '\((?P<expected>\d{1,12})(?P=rest)\)'",
    ),
    (
        "Specified a list with shape",
        r"Specified a list with shape \[(?P<expected>\d{1,12}),[\d,]{1,40}\] from a tensor"
        r" with shape"
        r" \[(?P<got>\d{1,12}),[\d,]{1,40}\]",
    ),
    (
        "model output batch size",
        r"Mismatch between expected batch size and model output batch size\. Output shape"
        r" ="
        r" \((?P<expected>\d{1,12}), [\d, ]{0,40}\), expected output shape = shape"
        r" \((?P<got>\d{1,12}),",
    ),
    (
        "Invalid input_",
        # The states that are kept, then those that the data asks for.
        r"Invalid input_[hc] shape: \[\d{1,3},(?P<expected>\d{1,12}),(?P<units>\d{1,12})\]"
        r" \[\d{1,3},(?P<got>\d{1,12}),(?P=units)\]",
    ),
    (
        "specified batch size of your Input Layer",
        r"The batch_size argument value (?P<got>\d{1,12}) is incompatible with the"
        r" specified batch"
        r" size of your Input Layer: (?P<expected>\d{1,12})",
    ),
)
def stateful_other_batch(found: Found) -> Diagnosis | None:
    """Data in batches of another size than a stateful model was built with."""
    layer, class_name = caller(found)
    expected, got, samples = (found.number(name) for name in ("expected", "got", "samples"))
    if samples is None and (expected is None or got is None or expected == got):
        return None
    if "broadcast" in found.message and not found.near(r"(predict_loop|predict_on_batch)"):
        return None
    causes = batch_causes(found, expected, got)
    if "Input Layer" in found.message:
        meaning = f"The model's input is built for batches of {expected}, and `batch_size` is {got}."
        causes.append(NEEDS_NO_BATCH)
        return Diagnosis("", meaning, tuple(causes), layer, class_name, f"a batch of {expected}", f"a batch of {got}")
    if samples is not None:
        meaning = (
            "A stateful model takes full batches of the one size that it was built with. "
            f"{samples:,} samples do not make full batches of it."
        )
        wanted, given = "a multiple of the batch size", f"{samples:,} samples"
    else:
        many = f"{expected:,} {'sample' if expected == 1 else 'samples'}"
        meaning = f"The model keeps the states of {many}. It was given a batch of {got:,}."
        wanted, given = f"a batch of {expected:,}", f"a batch of {got:,}"
    return Diagnosis("", meaning, tuple(causes), layer, class_name, wanted, given)


NEEDS_NO_BATCH = Cause(
    "No layer is stateful, so the input need not state the batch.",
    "State the shape without it:",
    ("Input((timesteps, features))  # not batch_shape=... or batch_input_shape=...",),
)


@family("not-stateful", ("Layer must be stateful", r"Layer must be stateful\."))
def not_stateful(found: Found) -> Diagnosis:
    """`reset_states` on a layer that keeps none."""
    meaning = (
        "`reset_states` was called on a layer with `stateful=False`: it starts every "
        "batch from zeros, and keeps nothing."
    )
    return Diagnosis(
        "",
        meaning,
        (
            Cause("Nothing is kept, so there is nothing to reset.", "Leave the call away."),
            Cause(
                "The layer was meant to keep its states.",
                "Write `stateful=True` and state the batch size:",
                ("Input(batch_shape=(32, timesteps, features))", "LSTM(units, stateful=True)"),
            ),
        ),
    )
