"""What `verify` runs of a model: nothing but Keras's own, unless the file is trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import pytest
from attacks import MARK, archive, byte_code, dense, hdf5, keras2, keras3, lambda_layer
from typer.testing import CliRunner, Result

from lstmcalc import SpecError, load
from lstmcalc.cli import app
from lstmcalc.spec import Spec
from lstmcalc.verification import keras_model, verify
from lstmcalc.verification.session import keras_session


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def written(folder: Path, form: str, config: Any) -> Path:
    path = folder / f"m.{form}"
    data = {"json": lambda: json.dumps(config).encode(), "keras": lambda: archive(config), "h5": lambda: hdf5(config)}
    path.write_bytes(data[form]())
    return path


@pytest.mark.parametrize("form", ["json", "keras", "h5"])
def test_byte_code_runs_where_the_file_is_trusted_and_nowhere_else(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, form, keras3(lambda_layer(tmp_path, output_shape=[4])))
    refused = run("verify", str(path))
    assert (refused.exit_code, "untrusted-code" in refused.stderr) == (1, True)
    assert not (tmp_path / MARK).exists()
    trusted = run("verify", "--trust", "--json", str(path))
    assert (tmp_path / MARK).exists()
    document = json.loads(trusted.stdout)
    assert document["agrees"] and document["layers"][0]["note"] is None


def test_byte_code_of_keras_2_runs_where_it_is_trusted(tmp_path: Path) -> None:
    config = {"name": "lambda", "function": [byte_code(tmp_path), None, None], "function_type": "lambda",
              "output_shape": [4], "output_shape_type": "raw", "arguments": {}}  # fmt: skip
    path = written(tmp_path, "json", keras2({"class_name": "Lambda", "config": config}))
    with pytest.raises(SpecError, match="untrusted-code"):
        verify(load(path))
    assert not (tmp_path / MARK).exists()
    assert verify(load(path), trust=True).agrees and (tmp_path / MARK).exists()


def test_the_shape_that_a_trusted_lambda_states_is_checked(tmp_path: Path) -> None:
    path = written(tmp_path, "json", keras3(lambda_layer(tmp_path, output_shape=[7])))
    result = verify(load(path), trust=True)
    assert [check.message for check in result.forward] == [
        f'"lambda" real output: Keras ({batch}, 4), lstmcalc ({batch}, 7)' for batch in (2, 3)
    ]


def test_a_lambda_inside_others_is_found(tmp_path: Path) -> None:
    inner = lambda_layer(tmp_path, output_shape=[4])
    path = written(tmp_path, "json", keras3(keras3(inner)))
    with pytest.raises(SpecError, match="untrusted-code"):
        verify(load(path))
    assert not (tmp_path / MARK).exists()
    assert verify(load(path), trust=True).agrees and (tmp_path / MARK).exists()


VOCABULARY = "{inputs: {x: {shape: [3], dtype: string}}, layers: [StringLookup: {vocabulary: %s, output_mode: int}]}"


def test_a_file_that_a_model_names_is_read_where_it_is_trusted(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("a\nfew\nwords\n")
    spec = load("m.yaml", text=VOCABULARY % words)
    with pytest.raises(SpecError) as caught:
        verify(spec)
    assert str(caught.value) == (
        'error[untrusted-file] m.yaml:1:80  layer "string_lookup" (StringLookup)\n'
        "  expected `vocabulary` as a list\n"
        f'  got      the file "{words}"\n'
        "  because  building the layer reads whatever file has this name\n"
        "  fix      `lstmcalc verify --trust`, if you trust whoever made the file"
    )
    assert verify(spec, trust=True).agrees


def test_keras_itself_refuses_what_comes_past_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second line: Keras is in its safe mode."""
    words = tmp_path / "words.txt"
    words.write_text("a\nfew\n")
    monkeypatch.setattr("lstmcalc.verification.checked", lambda spec, trust: spec)
    result = verify(load("m.yaml", text=VOCABULARY % words))
    assert "disallowed" in result.forward[0].message
    with keras_session(), pytest.raises(Exception, match=r"unsafe|disallowed"):
        keras.layers.deserialize(lambda_layer(tmp_path))
    assert not (tmp_path / MARK).exists()


def test_a_mapping_is_no_function_that_a_file_states(tmp_path: Path) -> None:
    """Only what the reader of a saved model put there is given to Keras, and not what a text makes look like it."""
    function = json.dumps(lambda_layer(tmp_path)["config"]["function"])
    spec = load("m.yaml", text=f"input: [4]\nlayers:\n  - Lambda: {{output_shape: [4], function: {function}}}\n")
    for trust in (False, True):
        assert [layer.note for layer in verify(spec, trust=trust).layers] == ["stated, not checked"]
    assert not (tmp_path / MARK).exists()


def test_what_is_only_stated_stays_a_stand_in(tmp_path: Path) -> None:
    code = "import keras\nm = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: HIT or x, (4,))])\n"
    path = tmp_path / "m.py"
    path.write_text(code.replace("HIT", f"open({str(tmp_path / MARK)!r}, 'w')"))
    for trust in (False, True):
        result = verify(load(path), trust=trust)
        assert [layer.note for layer in result.layers] == ["stated, not checked"]
    assert not (tmp_path / MARK).exists()


def test_sources_go_on_behind_one_that_keras_cannot_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, built = tmp_path / "small.yaml", keras_model.KerasModel.build

    def build(self: Any, *inputs: Any) -> Any:
        if self.spec.name == "large":
            raise MemoryError
        return built(self, *inputs)

    small.write_text("{input: [4], layers: [{Dense: 3}]}")
    (tmp_path / "large.yaml").write_text("{name: large, input: [4], layers: [{Dense: 3}]}")
    monkeypatch.setattr(keras_model.KerasModel, "build", build)
    result = run("verify", "--json", str(tmp_path / "large.yaml"), str(small))
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert [document["agrees"] for document in documents] == [False, True] and result.exit_code == 1
    assert documents[0]["forward"][0]["message"] == "lstmcalc could not go on: MemoryError"


def test_what_no_memory_holds_is_not_tried() -> None:
    result = verify(load("m.yaml", text="{input: [4000000], layers: [{Dense: 4000000}]}"))
    message = result.forward[0].message
    assert message.startswith("not tried: its weights take 64,000,016,000,000 bytes, and there are ")
    assert [layer.note for layer in result.layers] == ["not reached"] and not result.agrees
    wide = verify(load("m.yaml", text="{input: [1], layers: [{RepeatVector: 4000000000000}]}"))
    assert wide.forward[0].message.startswith("not tried: its largest output takes 32,000,000,000,000 bytes")


def test_many_sources_take_no_more_memory_than_one() -> None:
    """Nothing that was built for one source is there for the next."""
    import gc

    spec: Spec = load("m.yaml", text="{input: [40], layers: [{Dense: 40}, {Dense: 40}]}")
    from lstmcalc.verification.session import release

    def left() -> int:
        release()
        return sum(isinstance(each, keras.Model) for each in gc.get_objects())

    verify(spec)
    before = left()
    for _ in range(3):
        verify(replace_name(spec))
        assert left() == before


def replace_name(spec: Spec) -> Spec:
    return spec._replace(layers={name: layer.changed() for name, layer in spec.layers.items()})


def test_a_model_of_a_class_of_ones_own_agrees() -> None:
    result = verify(load(Path(__file__).parent.parent / "models" / "custom_block.py.txt"))
    assert result.agrees, [layer.mismatches for layer in result.layers]


def test_an_object_of_keras_is_not_refused() -> None:
    initializer = {"module": "keras.initializers", "class_name": "Constant", "config": {"value": 2.0}}
    function = {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"}
    config = keras3(dense(kernel_initializer=initializer, activation=function, kernel_regularizer="l2"))
    assert verify(load("m.json", text=json.dumps(config))).agrees
