"""Nothing in a model is executed: each attack is given to the commands, and does nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from attacks import MARK, byte_code, dense, hdf5, keras3, lambda_layer, model_files

WATCH = Path(__file__).parent / "watch.py"
#: What is done to every file.
COMMANDS: Sequence[Sequence[str]] = (
    ["summary", "--json"],
    ["summary", "--format", "html"],
    ["explain"],
    ["paste"],
    ["check", "--max-params", "1"],
    ["convert", "--to", "python"],
    ["convert", "--to", "keras-json"],
    ["diff", "FILE"],
    ["verify", "--backend", "none"],
)


def watched(calls: Sequence[Sequence[str]], folder: Path) -> list[dict[str, Any]]:
    """What calls do, all in one process; see `watch.py`."""
    done = subprocess.run(
        [sys.executable, WATCH], input=json.dumps(calls), capture_output=True, text=True, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attacks")


@pytest.fixture(scope="module")
def answers(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """What every command did with every attack."""
    files = model_files(folder)
    calls = {
        (what, words[0] + words[-1]): [*(str(path) if word == "FILE" else word for word in words), str(path)]
        for what, path in files.items()
        for words in COMMANDS
    }
    return dict(zip(calls, watched(list(calls.values()), folder), strict=True))


def test_no_attack_does_anything(answers: dict[tuple[str, str], dict[str, Any]], folder: Path) -> None:
    assert len(answers) > 900
    assert {call: answer["did"] for call, answer in answers.items() if answer["did"]} == {}
    assert not (folder / MARK).exists() and not (folder.parent / MARK).exists()


def test_every_attack_is_answered_or_refused(answers: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert {call for call, answer in answers.items() if answer["code"] not in (0, 1, 2)} == set()
    assert {call: answer["err"] for call, answer in answers.items() if "Traceback" in answer["err"]} == {}


def test_what_is_looked_for_is_found(folder: Path, tmp_path: Path) -> None:
    """The watch sees what it is for: a call that writes, and byte code that is run as an attacker would have it."""
    (out,) = watched(
        [["convert", "--to", "yaml", "-o", str(tmp_path / "out.yaml"), str(tmp_path / "m.yaml")]], tmp_path
    )
    assert out["did"] == []  # The source is missing, and nothing is written.
    (tmp_path / "m.yaml").write_text("{input: [4], layers: [{Dense: 3}]}")
    (out,) = watched(
        [["convert", "--to", "yaml", "-o", str(tmp_path / "out.yaml"), str(tmp_path / "m.yaml")]], tmp_path
    )
    assert any(did.startswith(f"write {tmp_path}") for did in out["did"])


def test_the_byte_code_is_one_that_would_work(tmp_path: Path) -> None:
    import base64
    import marshal
    from types import FunctionType

    function = FunctionType(marshal.loads(base64.b64decode(byte_code(tmp_path))), globals())
    assert function(7) == 7 and (tmp_path / MARK).exists()


REFUSALS = {
    "lambda with its shape": """\
error[untrusted-code] FILE  layer "lambda" (Lambda)
  expected layers without code in the file
  got      Python byte code
  because  it is not known what the code does, and running the model runs it
  fix      `lstmcalc verify --trust`, if you trust whoever made the file
""",
    "os.system as a function": """\
error[custom-object] FILE  layer "dense" (Dense)
  expected `activation` to be Keras's own
  got      `system`
  because  the model is built with what Keras has, and none of the model's own code is run
""",
    "os.system inside Keras's own": """\
error[custom-object] FILE  layer "dense" (Dense)
  expected `kernel_initializer` to be Keras's own
  got      `system`
  because  the model is built with what Keras has, and none of the model's own code is run
""",
}


@pytest.mark.parametrize("what", REFUSALS)
@pytest.mark.parametrize("form", ["json", "keras"])
def test_verify_refuses_before_keras_is_started(answers: Any, folder: Path, what: str, form: str) -> None:
    answer = answers[f"{what}, {form}", "verifynone"]
    name = what.replace(" ", "_").replace("'", "")
    assert answer["err"].replace(str(folder / f"{name}.{form}"), "FILE") == REFUSALS[what]
    assert (answer["code"], answer["out"]) == (1, "")


NOT_BUILT = [
    "lambda", "lambda of a shape", "lambda in a wrapper", "lambda in a model", "lambda of Keras 2", "lambda of a mask",
    "lambda as an activation", "os.system as a layer", "Popen as a layer", "a file's class as a layer",
    "os.system as an initializer", "get_file as a function", "load_model as a function", "os.system as a policy",
]  # fmt: skip


@pytest.mark.parametrize("what", NOT_BUILT)
def test_verify_comes_to_no_build_of_what_holds_code(answers: Any, what: str) -> None:
    # A sound model gets as far as the backend that there is not, which ends with 2.
    assert answers["python: at the top", "verifynone"]["code"] == 2
    assert answers[f"{what}, json", "verifynone"]["code"] == 1


def test_python_code_is_answered_as_if_it_were_alone(answers: Any) -> None:
    """What stands around a model in Python is not run, and takes nothing away from the answer."""
    for what in ("at the top", "below", "decorator", "default", "metaclass", "import hook", "class body"):
        (document,) = map(json.loads, answers[f"python: {what}", "summary--json"]["out"].splitlines())
        assert document["totals"]["params"] == 15, what


class TestHdf5:
    def test_lambdas_in_an_h5_file_do_nothing(self, tmp_path: Path) -> None:
        pytest.importorskip("h5py")
        path = tmp_path / "m.h5"
        path.write_bytes(hdf5(keras3(lambda_layer(tmp_path, output_shape=[4]))))
        for answer in watched([["summary", str(path)], ["verify", str(path)]], tmp_path):
            assert answer["did"] == [] and "Traceback" not in answer["err"]
        assert "untrusted-code" in answer["err"] and not (tmp_path / MARK).exists()

    def test_links_to_other_files_are_not_followed(self, tmp_path: Path) -> None:
        h5py = pytest.importorskip("h5py")
        with h5py.File(tmp_path / "secret.h5", "w") as secret:
            secret["dense/kernel"] = [[1.0] * 9] * 4

        def fill(file: Any) -> None:
            group = file.create_group("model_weights")
            group["dense"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "dense")
            group["soft"] = h5py.SoftLink("/nowhere")

        (tmp_path / "m.h5").write_bytes(hdf5(keras3(dense()), fill))
        (answer,) = watched([["summary", "m.h5"]], tmp_path)
        assert (answer["code"], answer["err"]) == (1, LINKED)


LINKED = """\
error[unsafe-archive] m.h5
  expected weights in the file itself
  got      a link at `dense`
"""
#: Names that something else would take for a format, a command, an option or a file; those with a slash are refused.
NAMES = [
    *("{0.__class__}", "%s%n%(x)s", "$(touch pwned)", "`touch pwned`", "; touch pwned", "~", "..", "$HOME", "NUL"),
    *("--output=pwned", "-o", "{{7*7}}", "${jndi:ldap:x}", "../../pwned", "/tmp/pwned", "file:///etc/passwd"),
]
ANSWERS = [
    ["summary", "--json"],
    ["summary", "--format", "svg"],
    ["explain", "--diagram"],
    ["convert", "--to", "python"],
]


def test_a_name_out_of_a_model_is_no_file_no_format_and_no_command(tmp_path: Path) -> None:
    for number, name in enumerate(NAMES):
        layers = [{"Dense": {"units": 3, "name": name}}, {"Lambda": {"output_shape": [3], "function": name}}]
        document = {"name": name, "inputs": {name + "!": [4]}, "layers": layers}
        (tmp_path / f"{number}.yaml").write_text(json.dumps(document))
    calls = [[*words, f"{number}.yaml"] for number in range(len(NAMES)) for words in ANSWERS]
    answers = watched(calls, tmp_path)
    assert [(call, answer["did"]) for call, answer in zip(calls, answers, strict=True) if answer["did"]] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{n}.yaml" for n in range(len(NAMES)))
    for name, answer in zip(NAMES, answers[:: len(ANSWERS)], strict=True):
        document = json.loads(answer["out"])
        if "/" in name:
            assert {error["code"] for error in document["errors"]} == {"wrong-name"}
        else:
            assert (document["name"], document["layers"][0]["name"]) == (name, name)


def test_variables_of_the_environment_are_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNITS", "7")
    (tmp_path / "m.yaml").write_text("{name: $UNITS, input: [4], layers: [{Dense: {units: 3, name: '${UNITS}'}}]}")
    (answer,) = watched([["summary", "--json", "m.yaml"]], tmp_path)
    document = json.loads(answer["out"])
    assert (document["name"], document["layers"][0]["name"]) == ("$UNITS", "${UNITS}")


SHADOWS = ["yaml", "typer", "keras", "tensorflow", "numpy", "json", "h5py", "lstmcalc", "click", "sitecustomize"]


def test_the_command_loads_nothing_from_the_folder_it_is_run_in(tmp_path: Path) -> None:
    """The console script has its own folder on the path, and not the current one."""
    attack = f"open({str(tmp_path / MARK)!r}, 'w')\n"
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text(attack)
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text(attack)
    (tmp_path / "m.yaml").write_text("{input: [4], layers: [{Dense: 3}]}")
    script = Path(sys.executable).with_name("lstmcalc")
    if not script.exists():
        pytest.skip("the console script is not beside this Python")
    done = subprocess.run([script, "summary", "m.yaml"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / MARK).exists()
