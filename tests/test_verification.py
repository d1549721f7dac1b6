"""What of `verify` needs no Keras: the sizes it tries, its texts and JSON, and its word where Keras is not there."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib.machinery import ModuleSpec

import pytest

from lstmcalc.dims import Condition, parse, symbol
from lstmcalc.inference import infer
from lstmcalc.renderers.verification_text import verification_lines
from lstmcalc.report import Holds, Report
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec
from lstmcalc.verification import ForwardCheck, LayerVerification, Verification, to_json, verify
from lstmcalc.verification import session as keras_session
from lstmcalc.verification.session import KerasMissing, VerificationError, device_of, one_line
from lstmcalc.verification.trial_sizes import Trial, find_sizes, name_unknown_sizes, plan_trials


def model_with(*conditions: Condition) -> Report:
    """A report that holds under conditions, with nothing else in it."""
    held = tuple(Holds("layer", str(condition), "", condition) for condition in conditions)
    return Report("-", "model", (), (), (), held)


def condition(left: str, relation: str, right: str) -> Condition:
    return Condition(parse(left), relation, parse(right))


class TestSizes:
    @pytest.mark.parametrize(
        ("conditions", "sizes"),
        [
            ([], {"S": 7, "T": 13}),
            ([("T", "=", "1")], {"S": 7, "T": 1}),
            ([("T", "=", "S")], {"S": 7, "T": 7}),
            ([("T", "=", "S + 1")], {"S": 7, "T": 8}),
            ([("T", ">=", "5000")], {"S": 7, "T": 5000}),
            ([("T", "multiple of", "8")], {"S": 7, "T": 16}),
            ([("T", "multiple of", "8"), ("S", "=", "2*T")], {"S": 16, "T": 8}),
        ],
    )
    def test_sizes_keep_to_the_conditions(self, conditions: list[tuple[str, str, str]], sizes: dict[str, int]) -> None:
        held = [condition(*parts) for parts in conditions]
        assert find_sizes(["S", "T"], held) == sizes
        assert all(each.substitute(sizes) is True for each in held)

    def test_no_sizes_where_conditions_contradict(self) -> None:
        assert find_sizes(["T"], [condition("T", "=", "1"), condition("T", "=", "2")]) is None

    def test_a_search_without_end_is_given_up(self) -> None:
        names = [f"N{i}" for i in range(12)]
        impossible = condition("+".join(names), "=", "1")
        assert find_sizes(names, [impossible]) is None

    def test_without_free_sizes_two_batches_are_tried(self) -> None:
        assert plan_trials(model_with(), [], None) == [Trial(2, {}), Trial(3, {})]
        assert plan_trials(model_with(), [], 64) == [Trial(64, {})]

    def test_each_free_size_has_two_values_that_no_other_has(self) -> None:
        trials = plan_trials(model_with(), ["S", "T"], None)
        assert trials == [Trial(2, {"S": 7, "T": 13}), Trial(3, {"S": 11, "T": 5})]
        assert [trial.batch for trial in plan_trials(model_with(), ["T"], 64)] == [64, 64]

    def test_each_assumption_is_gone_against_alone(self) -> None:
        trials = plan_trials(model_with(condition("T", "=", "1"), condition("S", ">=", "20")), ["S", "T"], None)
        assert [(trial.sizes, trial.against) for trial in trials] == [
            ({"S": 23, "T": 1}, ""),
            ({"S": 20, "T": 1}, ""),
            ({"S": 23, "T": 13}, "T = 1"),
            ({"S": 7, "T": 1}, "S >= 20"),
        ]

    def test_unnameable_sizes_are_tried_with_nothing(self) -> None:
        contradiction = model_with(condition("T", "=", "1"), condition("T", "=", "2"))
        assert plan_trials(contradiction, ["T"], None) == [Trial(2, None)]

    def test_unknown_sizes_get_names_of_their_own(self) -> None:
        ports = (InputSpec("a b", (None, 3, None)), InputSpec("c", ("a_b_axis_1",)))
        named, labels = name_unknown_sizes(Spec("model", ports, {}, (), ()))
        assert named.inputs[0].shape == ("a_b_axis_1_", 3, "a_b_axis_3")
        assert labels == {"a_b_axis_1_": 'axis 1 of input "a b"', "a_b_axis_3": 'axis 3 of input "a b"'}


AGREES = Verification(
    "specs/chain.yaml", "chain", "3.15.1", "tensorflow", "2.21.0", "CPU", "3.11.7", 2.123456,
    (LayerVerification("lstm", True, weights=3, params=24_832), LayerVerification("dense", True, weights=2, params=65)),
    (ForwardCheck(2, {}, ((2, 200, 1),), True), ForwardCheck(3, {}, ((3, 200, 1),), True)),
)  # fmt: skip

DIFFERS = Verification(
    "-", "mixed", "3.15.1", "jax", "0.7.0", "GPU", "3.11.7", 0.04,
    (
        LayerVerification("x", True),
        LayerVerification(
            "lstm", False, ("weights: Keras kernel, recurrent_kernel, bias, lstmcalc kernel, recurrent_kernel",
                            "params: Keras 24,832, lstmcalc 24,576"), weights=2, params=24_576),
        LayerVerification("mine", True, note="stated, not checked"),
        LayerVerification("dense", True, weights=1, params=symbol("U") * 4),
    ),
    (
        ForwardCheck(2, {"T": 1}, ((2, 1, 256), (2, 4)), True),
        ForwardCheck(3, {"T": 1}, ((3, 1, 256), (3, 4)), False, message='"dense" real output: Keras (3, 4), '
                     "lstmcalc (3, 5)"),
        ForwardCheck(2, {"T": 13}, (), True, True, "Concatenate: Dimension 1 in both shapes must be equal", "T = 1"),
        ForwardCheck(2, {"T": 2}, ((2, 2, 4),), False, True, "Keras runs it, though not T >= 3", "T >= 3"),
    ),
    ("layers in order: Keras a, b, lstmcalc b, a",),
)  # fmt: skip


class TestText:
    def test_agreement_is_three_lines(self) -> None:
        assert verification_lines(AGREES) == [
            "chain: agrees with Keras 3.15.1 (tensorflow 2.21.0, CPU, 2.1 s)",
            "  weights  2 layers, 5 weights, 24,897 params: all as Keras has them",
            "  forward  batch 2: (2, 200, 1)   batch 3: (3, 200, 1)",
        ]

    def test_every_difference_is_told(self) -> None:
        assert verification_lines(DIFFERS) == [
            "mixed: DIFFERS from Keras 3.15.1 (jax 0.7.0, GPU, 0.0 s)",
            "  weights  2 layers agree: 1 weight, 4·U params",
            '  layer    "lstm"',
            "             weights: Keras kernel, recurrent_kernel, bias, lstmcalc kernel,",
            "               recurrent_kernel",
            "             params: Keras 24,832, lstmcalc 24,576",
            '  layer    "mine": stated, not checked',
            "  model    layers in order: Keras a, b, lstmcalc b, a",
            "  forward  batch 2, T = 1: (2, 1, 256) (2, 4)",
            "           batch 3, T = 1: DIFFERS (3, 1, 256) (3, 4)",
            '             "dense" real output: Keras (3, 4), lstmcalc (3, 5)',
            "           batch 2, T = 13: fails, as it should: it holds only if T = 1",
            "             Concatenate: Dimension 1 in both shapes must be equal",
            "           batch 2, T = 2: DIFFERS: should hold only if T >= 3",
            "             Keras runs it, though not T >= 3",
        ]

    def test_another_version_of_keras_is_named_where_it_differs(self) -> None:
        note = "  note     lstmcalc's rules are those of Keras 3.15; this is another version"
        assert verification_lines(replace(DIFFERS, keras="3.12.4"))[-1] == note
        assert note not in verification_lines(replace(AGREES, keras="3.12.4"))


def test_json_is_the_contract() -> None:
    document = json.loads(json.dumps(to_json(DIFFERS)))
    assert document["schema"] == "lstmcalc.verification/1"
    assert list(document) == [
        "schema", "source", "name", "agrees", "keras", "backend", "backend_version", "device", "python", "seconds",
        "layers", "forward", "mismatches",
    ]  # fmt: skip
    assert document["agrees"] is False and to_json(AGREES)["agrees"] is True and to_json(AGREES)["seconds"] == 2.123
    assert document["layers"][3] == {
        "name": "dense", "agrees": True, "mismatches": [], "note": None, "weights": 1, "params": "4*U",
    }  # fmt: skip
    assert document["forward"][2] == {
        "batch": 2, "sizes": {"T": 13}, "output_shapes": [], "agrees": True, "expected_to_fail": True,
        "assumption": "T = 1", "message": "Concatenate: Dimension 1 in both shapes must be equal",
    }  # fmt: skip
    assert document["mismatches"] == ["layers in order: Keras a, b, lstmcalc b, a"]


def test_agreement_takes_every_part() -> None:
    def result(layer: bool = True, forward: bool = True, mismatches: tuple[str, ...] = ()) -> bool:
        layers, checks = (LayerVerification("a", layer),), (ForwardCheck(2, {}, (), forward),)
        return Verification("-", "m", "3", "jax", "1", "CPU", "3.11", 0.0, layers, checks, mismatches).agrees

    assert result()
    assert not result(layer=False) and not result(forward=False) and not result(mismatches=("order",))


class TestWithoutKeras:
    @pytest.fixture
    def spec(self) -> Spec:
        layer = LayerSpec("Dense", "dense", {"units": 3})
        return Spec("m", (InputSpec("x", (4,)),), {"dense": layer}, (Call("dense", (Ref("x"),)),), (Ref("dense"),))

    @pytest.mark.parametrize(
        ("missing", "backend", "text"),
        [
            ("keras", None, "verify needs Keras, which is not installed: pip install 'lstmcalc[verify]'"),
            ("tensorflow", "tensorflow",
             "verify needs TensorFlow, which is not installed: pip install 'lstmcalc[verify]'"),
            ("jax", "jax", "verify needs `jax`, which is not installed: pip install 'lstmcalc[verify]' jax"),
        ],
    )  # fmt: skip
    def test_what_is_missing_is_told_in_one_line(
        self, spec: Spec, monkeypatch: pytest.MonkeyPatch, missing: str, backend: str | None, text: str
    ) -> None:
        def find_spec(name: str) -> ModuleSpec | None:
            return None if name == missing else ModuleSpec(name, None)

        monkeypatch.delitem(sys.modules, "keras", raising=False)
        monkeypatch.setattr(keras_session, "find_spec", find_spec)
        with pytest.raises(KerasMissing) as caught:
            verify(spec, backend=backend)
        assert str(caught.value) == text

    def test_a_backend_that_keras_cannot_start_is_told(self, spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(name: str) -> None:
            raise ModuleNotFoundError("No module named 'torch'", name="torch.nn")

        monkeypatch.delitem(sys.modules, "keras", raising=False)
        monkeypatch.setattr(keras_session, "find_spec", lambda name: ModuleSpec(name, None))
        monkeypatch.setattr(keras_session.importlib, "import_module", fail)
        with pytest.raises(KerasMissing, match=r"^verify needs `torch`, which is not installed: pip install .* torch$"):
            verify(spec)

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({"device": "tpu"}, "expected `device` to be one of auto, cpu, gpu, got tpu"),
            ({"backend": "theano"}, "expected `backend` to be one of tensorflow, jax, torch, got theano"),
        ],
    )
    def test_unknown_choices_are_refused(self, spec: Spec, options: dict[str, str], text: str) -> None:
        with pytest.raises(VerificationError) as caught:
            verify(spec, **options)  # type: ignore[arg-type]  # the keys are those of text options
        assert str(caught.value) == text

    def test_nothing_heavy_is_loaded(self) -> None:
        heavy = "('keras', 'tensorflow', 'numpy')"
        code = f"import lstmcalc.verification, sys; print([name for name in {heavy} if name in sys.modules])"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"

    def test_a_wrong_model_needs_no_keras_to_be_told(self, spec: Spec) -> None:
        assert infer(spec).totals.params == 15


def test_a_failure_is_told_in_one_line() -> None:
    text = (
        "Exception encountered when calling Concatenate.call().\n\n\x1b[1m"
        "{{function_node __wrapped__ConcatV2_N_2_device_"
        "/job:localhost/replica:0/task:0/device:CPU:0}} ConcatOp : Dimension 1 in both shapes must be equal: "
        "shape[0] = [2,3,4] vs. shape[1] = [2,1,4] [Op:ConcatV2] name: concat\x1b[0m\n\nArguments received by …"
    )
    assert one_line(ValueError(text)) == (
        "Concatenate: ConcatOp : Dimension 1 in both shapes must be equal: shape[0] = [2,3,4] vs. shape[1] = [2,1,4]"
    )
    assert one_line(ValueError("first\nsecond")) == "first"
    assert one_line(ValueError("Because of:\n\nthis\nand more")) == "Because of: this"


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ("/job:localhost/replica:0/task:0/device:GPU:0", "GPU"),
        ("/job:localhost/replica:0/task:0/device:CPU:0", "CPU"),
        ("cuda:0", "GPU"),
        ("TFRT_CPU_0", "CPU"),
        ("mps:0", "mps:0"),
    ],
)
def test_devices_of_every_backend_are_known(device: str, name: str) -> None:
    assert device_of(type("Tensor", (), {"device": device})()) == name
