"""`verify` agrees where Keras does, and finds every wrong rule that is planted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import keras
import pytest
from layer_examples import cases, one_layer

from lstmcalc.dims import Condition, symbol
from lstmcalc.errors import SpecError
from lstmcalc.graph import Order
from lstmcalc.layers import RULES
from lstmcalc.layers.rule import Assumption, Example, Inputs, LayerRule, Weight
from lstmcalc.renderers.verification_text import verification_lines
from lstmcalc.sources.layer_call import read_call
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec
from lstmcalc.verification import Verification, verify


def chain(*calls: str, shape: tuple[Any, ...] = (5, 4), name: str = "chain", **others: Any) -> Spec:
    """A sequential model of layer calls, named layer_0, layer_1, … in order."""
    layers = {f"layer_{i}": read_call(call).changed(name=f"layer_{i}") for i, call in enumerate(calls)}
    names = ["x", *layers]
    steps = tuple(Call(layer, (Ref(before),)) for before, layer in zip(names, layers, strict=False))
    spec = Spec(name, (InputSpec("x", shape),), layers, steps, (Ref(names[-1]),), sequential=True)
    return spec._replace(**others)


def graph(
    inputs: dict[str, Any], layers: dict[str, str], calls: Iterable[Call], outputs: Iterable[str], **others: Any
) -> Spec:
    """A functional model; `inputs` are shapes, `layers` calls by name, `outputs` names."""
    ports = tuple(InputSpec(name, shape) for name, shape in inputs.items())
    made = {name: read_call(call).changed(name=name) for name, call in layers.items()}
    return Spec("graph", ports, made, tuple(calls), tuple(map(Ref, outputs)))._replace(**others)


def to(layer: str, *inputs: str | Ref, states: Iterable[Ref] = ()) -> Call:
    """A call on inputs, by name or reference."""
    return Call(layer, tuple(Ref(i) if isinstance(i, str) else i for i in inputs), tuple(states))


def problems(result: Verification) -> list[str]:
    """All that was found, in order: layers, model, passes."""
    layers = [f"{layer.name}: {text}" for layer in result.layers for text in layer.mismatches]
    passes = [f"batch {check.batch}: {check.message}" for check in result.forward if not check.agrees]
    return [*layers, *result.mismatches, *passes]


def sequence_pair(axis: int) -> Spec:
    """A target of one step beside a sequence of T steps, concatenated."""
    layers = {"both": f"Concatenate(axis={axis})", "lstm": "LSTM(8, return_sequences=True)"}
    inputs = {"target": (1, 4), "sentence": ("T", 4)}
    return graph(inputs, layers, [to("both", "target", "sentence"), to("lstm", "both")], ["lstm"])


def encoder() -> Spec:
    """A nested model that gives the two states of an LSTM; its number of steps is its own."""
    layers = {"drop": "Dropout(0.1)", "reader": "LSTM(U, return_state=True)"}
    inner = graph({"steps": ("S", "F")}, layers, [to("drop", "steps"), to("reader", "drop")], [])
    return inner._replace(outputs=(Ref("reader", 1), Ref("reader", 2)))


AGREEING = {
    "chain": chain("LSTM(8, return_sequences=True)", "Dense(3)"),
    "bidirectional": chain("Bidirectional(LSTM(4, return_sequences=True))", "TimeDistributed(Dense(2))"),
    "frozen": chain("LSTM(8, return_sequences=True, trainable=False)", "BatchNormalization()"),
    "free steps": chain("LSTM(8, return_sequences=True)", shape=("T", 4)),
    "unknown steps": chain("LSTM(8, return_sequences=True)", shape=(None, 4)),
    "free units": chain("LSTM(U, return_sequences=True)", "Dense(2*U)", shape=("T", "F")),
    "flattened": chain("Flatten()", "Dense(3)", shape=("T", 4)),
    "window": chain("Conv1D(3, 5)", shape=("T", 4)),
    "stateful": chain("LSTM(8, stateful=True, return_sequences=True)", shape=("T", 4), batch=6),
    "embedding": chain("Embedding(1, 8)", "LSTM(3)", shape=(5,)),
    "half precision": chain("LSTM(8, dtype='float16')", "Dense(3, dtype='mixed_float16')"),
    "stated": chain("Mine(output_shape=[3, T], params=7)", "LSTM(2)", shape=(None, 4)),
    "shared": graph(
        {"a": ("A", 4), "b": ("B", 4)},
        {"lstm": "LSTM(8)", "add": "Add()"},
        [to("lstm", "a"), to("lstm", "b"), to("add", "lstm", Ref("lstm", call=1))],
        ["add"],
    ),
    "states": graph(
        {"source": ("S", 4), "target": ("T", 3)},
        {"read": "LSTM(8, return_state=True)", "write": "LSTM(8, return_sequences=True)"},
        [to("read", "source"), to("write", "target", states=(Ref("read", 1), Ref("read", 2)))],
        ["write", "read"],
    ),
    "states of stacked cells": graph(
        {"x": ("T", 4), "a": (3,), "b": (3,), "c": (2,), "d": (5,)},
        {"rnn": "RNN([LSTMCell(3), GRUCell(2), SimpleRNNCell(5)], return_state=True)"},
        [to("rnn", "x", states=map(Ref, "abcd"))],
        ["rnn"],
    ),
    "one step of a cell": graph(
        {"x": (4,), "h": (3,), "c": (3,)}, {"cell": "LSTMCell(3)"}, [to("cell", "x", states=map(Ref, "hc"))], ["cell"]
    ),
    "states in both directions": graph(
        {"x": ("T", 4), **dict.fromkeys("abcd", (3,))},
        {"both": "Bidirectional(LSTM(3, return_state=True))"},
        [to("both", "x", states=map(Ref, "abcd"))],
        ["both"],
    ),
    "nested": graph(
        {"a": ("T", 4), "b": (3, 4)},
        {"enc": "encoder", "add": "Add()"},
        [to("enc", "a"), to("enc", "b"), to("add", Ref("enc", 1), Ref("enc", 1, 1))],
        ["add"],
        models={"encoder": encoder()},
    ),
    "an input as an output": graph({"x": ("T", 4)}, {"dense": "Dense(3)"}, [to("dense", "x")], ["x", "dense"]),
    "nested at every step": chain(
        "TimeDistributed(encoder)",
        shape=("T", 5, 4),
        models={"encoder": graph({"steps": ("S", 4)}, {"dense": "Dense(3)"}, [to("dense", "steps")], ["dense"])},
    ),
    "joined on the steps": sequence_pair(1),
}


@pytest.mark.parametrize("spec", AGREEING.values(), ids=AGREEING)
def test_agrees(spec: Spec) -> None:
    result = verify(spec)
    assert problems(result) == []
    assert result.agrees
    assert len([check for check in result.forward if not check.expected_to_fail]) == 1 + (
        result.forward[0].batch == 2 or bool(result.forward[0].sizes)
    )


def test_passes_take_two_values_for_each_free_size() -> None:
    result = verify(chain("LSTM(U, return_sequences=True)", shape=(None, "F")))
    assert [(check.batch, dict(check.sizes), check.output_shapes) for check in result.forward] == [
        (2, {"F": 7, "U": 13, 'axis 1 of input "x"': 17}, ((2, 17, 13),)),
        (3, {"F": 11, "U": 5, 'axis 1 of input "x"': 19}, ((3, 19, 5),)),
    ]


def test_a_fixed_batch_and_a_value_for_a_symbol_leave_one_pass() -> None:
    spec = chain("LSTM(8, return_sequences=True)", shape=("T", 4))
    result = verify(spec, {"T": 7}, 5)
    assert [(check.batch, check.sizes, check.output_shapes) for check in result.forward] == [(5, {}, ((5, 7, 8),))]
    assert result.agrees


def test_a_model_that_keras_builds_and_cannot_run_is_expected_to_fail() -> None:
    result = verify(sequence_pair(-1))
    lines = verification_lines(replace(result, seconds=0.1, backend="tensorflow", backend_version="2.21.0"))
    assert lines == [
        "graph: agrees with Keras 3.15.1 (tensorflow 2.21.0, CPU, 0.1 s)",
        "  weights  4 layers, 3 weights, 544 params: all as Keras has them",
        "  forward  batch 2, T = 1: (2, 1, 8)   batch 3, T = 1: (3, 1, 8)",
        "           batch 2, T = 7: fails, as it should: it holds only if T = 1",
        "             Keras fails on data: Concatenate: ConcatOp : Dimension 1 in both",
        "               shapes must be equal: shape[0] = [2,1,4] vs. shape[1] = [2,7,4]",
    ]
    assert result.agrees


def test_keras_itself_refuses_a_size_that_goes_against_an_argument() -> None:
    against = verify(chain("Dense(U - 3)", shape=(4,))).forward[-1]
    assert (against.sizes, against.assumption, against.agrees) == ({"U": 3}, "U >= 4", True)
    assert against.message.startswith("Keras does not build it: ") and "positive integer" in against.message


def test_the_shapes_of_all_outputs_are_told() -> None:
    first = verify(AGREEING["an input as an output"]).forward[0]
    assert first.output_shapes == ((2, 7, 4), (2, 7, 3))


def test_a_size_of_a_nested_model_is_its_own() -> None:
    inner = graph({"steps": ("T", 4)}, {"flat": "Flatten()", "dense": "Dense(2)"},
                  [to("flat", "steps"), to("dense", "flat")], ["dense"])  # fmt: skip
    layers = {"repeat": "RepeatVector(T)", "enc": "encoder"}
    spec = graph({"x": (4,), "y": (6, 4)}, layers, [to("repeat", "x"), to("enc", "y")], ["repeat", "enc"])
    result = verify(spec._replace(models={"encoder": inner}))
    assert problems(result) == []
    assert [check.sizes for check in result.forward] == [{"T": 7}, {"T": 11}]


def test_a_wrong_model_is_the_same_error_as_elsewhere() -> None:
    with pytest.raises(SpecError) as caught:
        verify(chain("LSTM(0)"))
    assert [fault.message for fault in caught.value.faults] == ["expected `units` to be a positive integer, got 0"]


def test_what_is_only_stated_is_marked() -> None:
    result = verify(AGREEING["stated"])
    assert [layer.note for layer in result.layers] == ["stated, not checked", ""]
    assert result.agreed[0] == 1


def test_a_layer_at_several_places_is_one() -> None:
    dense = LayerSpec("Dense", "d", {"units": 3}, shared="one")
    layers = {"t": LayerSpec("TimeDistributed", "t", {"layer": dense}), "d": dense}
    inputs = (InputSpec("x", (7, 5)), InputSpec("y", (5,)))
    calls = (to("t", "x"), to("d", "y"))
    spec = Spec("m", inputs, layers, calls, (Ref("t"), Ref("d")))
    result = verify(spec)
    assert problems(result) == []


#: Keras 3 has none of them, so there is nothing to build.
GONE = {name for name, rule in RULES.items() if rule.family == "legacy"}


@pytest.mark.parametrize(
    ("class_name", "example"),
    [(name, example) for name, example in dict(reversed(cases(Example))).items() if name not in GONE],
)
def test_agrees_on_the_first_example_of_every_rule(class_name: str, example: Any) -> None:
    keywords = dict(example.keywords)
    stated = example.arguments, example.inputs, example.states
    result = verify(one_layer(class_name, *stated, keywords=keywords, dtype=example.dtype))
    assert problems(result) == []
    assert len(result.forward) >= 2 - (example_batch(example) is not None)


def example_batch(example: Any) -> int | None:
    """The batch size that an example fixes, if it does."""
    first = example.inputs[0] if isinstance(example.inputs, list) else example.inputs
    return first[0]


def wrapped(monkeypatch: pytest.MonkeyPatch, class_name: str, method: str, change: Any) -> None:
    """Plants a bug: what a rule's method returns is changed."""
    rule = RULES[class_name]
    original = getattr(rule, method)
    monkeypatch.setattr(rule, method, lambda self, x: change(original(self, x), x))


def test_names_that_keras_gives_by_itself_are_left_free() -> None:
    layers = {"embedding": "Embedding(9, 4, mask_zero=True)", "concatenate": "Concatenate(axis=1)", "lstm": "LSTM(3)"}
    calls = [to("embedding", "x"), to("concatenate", "embedding", "y"), to("lstm", "concatenate")]
    spec = graph({"x": (5,), "y": (6, 4)}, layers, calls, ["lstm"])
    spec = spec._replace(inputs=(spec.inputs[0]._replace(dtype="int32"), spec.inputs[1]))
    assert problems(verify(spec)) == []


class TestPlanted:
    """Each a wrong rule, and the one thing that `verify` says of it."""

    def test_a_forgotten_bias(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wrapped(monkeypatch, "LSTM", "weights", lambda weights, x: list(weights)[:2])
        assert problems(verify(chain("LSTM(8)"))) == [
            "layer_0: weights: Keras kernel, recurrent_kernel, bias, lstmcalc kernel, recurrent_kernel",
            "layer_0: params: Keras 416, lstmcalc 384",
            "trainable params: Keras 416, lstmcalc 384",
        ]

    def test_an_output_off_by_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wrapped(monkeypatch, "Dense", "output_shape", lambda shape, x: (*shape[:-1], shape[-1] + 1))
        assert problems(verify(chain("Dense(3)", "Dense(2)", shape=(4,)))) == [
            "layer_0: output: Keras (None, 3), lstmcalc (None, 4)",
            "layer_1: `kernel` shape: Keras (3, 2), lstmcalc (4, 2)",
            "layer_1: params: Keras 8, lstmcalc 10",
            "layer_1: output: Keras (None, 2), lstmcalc (None, 3)",
            "trainable params: Keras 23, lstmcalc 25",
            'batch 2: "layer_0" real output: Keras (2, 3), lstmcalc (2, 4); '
            '"layer_1" real output: Keras (2, 2), lstmcalc (2, 3)',
            'batch 3: "layer_0" real output: Keras (3, 3), lstmcalc (3, 4); '
            '"layer_1" real output: Keras (3, 2), lstmcalc (3, 3)',
        ]

    def test_a_size_that_only_data_shows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wrapped(monkeypatch, "LSTM", "output_shape", lambda shape, x: (shape[0], shape[1] + 1, shape[2]))
        assert problems(verify(chain("LSTM(8, return_sequences=True)", shape=("T", 4)))) == [
            'batch 2: "layer_0" real output: Keras (2, 7, 8), lstmcalc (2, 8, 8)',
            'batch 3: "layer_0" real output: Keras (3, 11, 8), lstmcalc (3, 12, 8)',
        ]

    def test_an_output_too_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wrapped(monkeypatch, "Dense", "output_shape", lambda shape, x: (shape, shape))
        assert problems(verify(chain("Dense(3)", shape=(4,)))) == [
            "layer_0: outputs: Keras (None, 3), lstmcalc (None, 3), (None, 3)",
            'batch 2: "layer_0" real outputs: Keras (2, 3), lstmcalc (2, 3), (2, 3)',
            'batch 3: "layer_0" real outputs: Keras (3, 3), lstmcalc (3, 3), (3, 3)',
        ]

    @pytest.mark.parametrize(
        ("wrong", "found"),
        [
            ({"trainable": False}, ["layer_0: `kernel` trainable: Keras yes, lstmcalc no",
                                    "trainable params: Keras 15, lstmcalc 3",
                                    "non-trainable params: Keras 0, lstmcalc 12"]),
            ({"name": "kernels"}, ["layer_0: weight 1: Keras `layer_0/kernel`, lstmcalc `kernels`"]),
            ({"name": "inner/kernel"}, ["layer_0: weight 1: Keras `layer_0/kernel`, lstmcalc `inner/kernel`"]),
            ({"dtype": "float16"}, ["layer_0: `kernel` dtype: Keras float32, lstmcalc float16"]),
            ({"shape": (3, 4)}, ["layer_0: `kernel` shape: Keras (4, 3), lstmcalc (3, 4)"]),
        ],
    )  # fmt: skip
    def test_a_wrong_weight(self, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any], found: list[str]) -> None:
        def change(weights: Iterable[Weight], x: Inputs) -> Iterator[Weight]:
            for weight in weights:
                yield weight._replace(**wrong) if weight.name == "kernel" else weight

        wrapped(monkeypatch, "Dense", "weights", change)
        assert problems(verify(chain("Dense(3)", shape=(4,)))) == found

    def test_weights_in_another_order(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wrapped(monkeypatch, "Dense", "weights", lambda weights, x: list(weights)[::-1])
        assert problems(verify(chain("Dense(3)", shape=(4,)))) == [
            "layer_0: weight 1: Keras `layer_0/kernel`, lstmcalc `bias`",
            "layer_0: weight 2: Keras `layer_0/bias`, lstmcalc `kernel`",
        ]

    def test_layers_in_another_order(self, monkeypatch: pytest.MonkeyPatch) -> None:
        listed = vars(Order)["layers"].func
        monkeypatch.setattr(Order, "layers", property(lambda order: listed(order)[::-1]))
        assert problems(verify(sequence_pair(1))) == [
            "layers in order: Keras target, sentence, both, lstm, lstmcalc lstm, both, sentence, target"
        ]

    def test_another_class(self, monkeypatch: pytest.MonkeyPatch) -> None:
        planted = property(lambda rule: "Sequential", lambda rule, name: None)
        monkeypatch.setattr("lstmcalc.nesting.ModelRule.class_name", planted)
        assert problems(verify(AGREEING["nested"])) == ["enc: class: Keras Functional, lstmcalc Sequential"]

    def test_a_fault_inside_a_nested_model_names_its_layer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wrapped(monkeypatch, "LSTM", "weights", lambda weights, x: list(weights)[:2])
        found = problems(verify(AGREEING["nested"], {"U": 8}))
        assert 'enc: "reader": params: Keras 416, lstmcalc 384' in found

    def test_concatenate_without_its_assumption(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def forget(shape: Any, x: Inputs) -> Any:
            x.assumptions.clear()
            return shape

        wrapped(monkeypatch, "Concatenate", "output_shape", forget)
        failure = "Keras fails on data: Concatenate: ConcatOp : Dimension 1 in both shapes must be equal: "
        assert problems(verify(sequence_pair(-1))) == [
            f"batch 2: {failure}shape[0] = [2,1,4] vs. shape[1] = [2,7,4]",
            f"batch 3: {failure}shape[0] = [3,1,4] vs. shape[1] = [3,11,4]",
        ]

    def test_an_assumption_that_keras_does_not_need(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def suppose(shape: Any, x: Inputs) -> Any:
            x.assumptions.append(Assumption(Condition(symbol("T"), "=", 4), "T = 4"))
            return shape

        wrapped(monkeypatch, "LSTM", "output_shape", suppose)
        assert problems(verify(chain("LSTM(8)", shape=("T", 4)))) == ["batch 2: Keras runs it, though not T = 4"]

    def test_assumptions_that_no_size_keeps_to(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def suppose(shape: Any, x: Inputs) -> Any:
            for size in (4, 5):
                x.assumptions.append(Assumption(Condition(symbol("T"), "=", size), f"T = {size}"))
            return shape

        wrapped(monkeypatch, "LSTM", "output_shape", suppose)
        assert problems(verify(chain("LSTM(8)", shape=("T", 4)))) == [
            "batch 2: no sizes were found that the assumptions allow, so nothing was run: choose some with `--set`"
        ]

    def test_a_layer_that_keras_does_not_have(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Denser(RULES["Dense"]):  # type: ignore[misc]  # a rule made while the tests run
            pass

        monkeypatch.setitem(RULES, "Denser", Denser)
        missing = f"Keras does not build it: Keras {keras.__version__} has no layer `Denser`"
        result = verify(chain("Dense(3)", "Denser(3)", "Dense(2)", shape=(4,)))
        assert problems(result) == [f"layer_1: {missing}", f"batch 2: {missing}", f"batch 3: {missing}"]
        assert [layer.note for layer in result.layers] == ["", "not reached", "not reached"]
        assert [layer.agrees for layer in result.layers] == [True, False, False]

    def test_a_layer_that_keras_refuses(self) -> None:
        spec = chain("Dense(3)", shape=(4,))
        named = spec.layers["layer_0"].changed(name="a/b")
        refused = "Keras does not build it: Argument `name` must be a string and cannot contain character `/`. "
        result = verify(spec._replace(layers={"layer_0": named}))
        assert problems(result)[0] == f"layer_0: {refused}Received: name=a/b (of type <class 'str'>)"

    def test_a_fault_of_our_own_is_no_traceback(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(self: LayerRule, x: Inputs) -> Any:
            raise ZeroDivisionError("oh")

        def fail_later(*_: Any) -> Any:
            raise ZeroDivisionError("oh")
            yield

        with monkeypatch.context() as patch:
            patch.setattr("lstmcalc.verification.compare_outputs", fail_later)
            assert problems(verify(chain("Dense(3)", shape=(4,))))[0] == "layer_0: cannot be compared: oh"
        monkeypatch.setattr("lstmcalc.verification.data.evaluate", fail)
        found = problems(verify(sequence_pair(-1)))
        assert len(found) == 3 and all("lstmcalc could not go on: " in text for text in found)
        monkeypatch.setattr("lstmcalc.verification.plan_trials", fail)
        assert problems(verify(chain("LSTM(3)")))[0].startswith("lstmcalc could not go on: ")

    def test_a_symbolic_shape_of_keras_that_is_known_to_be_wrong(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(RULES["Dense"], "keras_output_shape", lambda self, x: (x.batch, 99))
        assert problems(verify(chain("Dense(3)", shape=(4,)))) == [
            "layer_0: output: Keras (None, 3), lstmcalc (None, 99)"
        ]
