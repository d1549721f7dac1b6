"""`verify` builds what the spec states: what is frozen and what in it is not, and a model without layers."""

from __future__ import annotations

from math import prod
from pathlib import Path

import keras
import pytest

from lstmcalc import infer, load
from lstmcalc.renderers.verification_text import verification_lines
from lstmcalc.spec import Spec
from lstmcalc.verification import verify

MODELS = Path(__file__).parent.parent / "models"


def stack(**stated: bool) -> keras.Model:
    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(4), keras.layers.Dense(4)], **stated)


def unfrozen_inside() -> keras.Model:
    """A frozen model around one, with a layer of each unfrozen afterwards."""
    inner, x = stack(), keras.Input((8,))
    model = keras.Model(x, keras.layers.Dense(2)(inner(x)))
    model.trainable = False
    model.layers[-1].trainable = True
    inner.layers[0].trainable = True
    return model


def frozen_inside() -> keras.Model:
    """A model around one that is frozen, of which one layer is not."""
    inner, x = stack(), keras.Input((8,))
    inner.trainable = False
    inner.layers[-1].trainable = True
    return keras.Model(x, keras.layers.Dense(2)(inner(x)))


FROZEN = {
    "a Sequential that is stated so": lambda: stack(trainable=False),
    "layers unfrozen inside": unfrozen_inside,
    "a frozen model inside": frozen_inside,
}


def saved(model: keras.Model) -> Spec:
    return load("m.json", text=model.to_json())


@pytest.mark.parametrize("what", FROZEN)
def test_frozen_models_agree(what: str) -> None:
    spec = saved(FROZEN[what]())
    again = keras.models.model_from_json(FROZEN[what]().to_json())
    result = verify(spec)
    assert result.agrees, verification_lines(result)
    assert infer(spec).totals.trainable_params == sum(prod(weight.shape) for weight in again.trainable_weights)


@pytest.mark.parametrize("name", ["frozen_model.py.txt", "frozen_part.py.txt", "transfer_freeze.py.txt"])
def test_frozen_models_in_python_agree(name: str) -> None:
    result = verify(load(MODELS / name))
    assert result.agrees, verification_lines(result)


def test_a_frozen_model_that_is_taken_for_a_trained_one_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = saved(unfrozen_inside())
    assert not spec.trainable
    monkeypatch.setattr("lstmcalc.verification.infer", lambda spec, *more: infer(spec._replace(trainable=True), *more))
    result = verify(spec)
    assert result.mismatches == (
        "trainable params: Keras 0, lstmcalc 46",
        "non-trainable params: Keras 66, lstmcalc 20",
    )
    assert result.layers[-1].mismatches == (
        "`kernel` trainable: Keras no, lstmcalc yes",
        "`bias` trainable: Keras no, lstmcalc yes",
    )


def told(spec: Spec) -> list[str]:
    """What is said of a model, below the headline."""
    headline, *lines = verification_lines(verify(spec))
    return [headline.partition(" Keras ")[0], *lines]


def test_an_input_alone_is_no_model_that_keras_runs() -> None:
    """Keras makes nothing of it before a layer comes; nothing is said to agree that was not there."""
    model = keras.Sequential([keras.Input((4,))])
    with pytest.raises(AttributeError, match="no defined outputs"):
        _ = model.outputs
    code = "import keras\nm = keras.Sequential([keras.Input((4,))])\n"
    refusal = ["             Keras fails on data: Sequential model 'sequential' has already been",
               "               configured to use input shape (None, 4). You cannot build it with"]  # fmt: skip
    assert told(load("m.py", text=code)) == [
        "sequential: DIFFERS from",
        "  weights  no layers, so there are none to compare",
        "  model    number of outputs: Keras 0, lstmcalc 1",
        "  forward  batch 2: DIFFERS",
        *refusal,
        "               input_shape (2, 4)",
        "           batch 3: DIFFERS",
        *refusal,
        "               input_shape (3, 4)",
    ]


def test_a_model_that_gives_back_its_input_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = load("m.py", text="import keras\nx = keras.Input((4,))\nm = keras.Model(x, x)\n")
    agreeing = ["functional: agrees with", "  weights  1 layer, 0 weights, 0 params: all as Keras has them"]
    assert told(spec) == [*agreeing, "  forward  batch 2: (2, 4)   batch 3: (3, 4)"]

    def fail(self: keras.Model, inputs: object, **more: object) -> None:
        raise RuntimeError("no luck")

    monkeypatch.setattr(keras.Model, "__call__", fail)
    assert [check.message for check in verify(spec).forward] == ["Keras fails on data: no luck"] * 2


def test_of_a_model_that_keras_never_built_nothing_is_said_to_agree() -> None:
    lines = told(load("m.yaml", text="{input: [4000000], layers: [{Dense: 4000000}]}"))
    assert lines[:3] == [
        "sequential: DIFFERS from", "  weights  0 layers agree: 0 weights, 0 params", '  layer    "dense": not reached',
    ]  # fmt: skip
