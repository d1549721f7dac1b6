"""`verify` of many sources: what is told meanwhile, what one that fails takes along, and what Ctrl-C leaves behind."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import wraps
from io import StringIO
from pathlib import Path
from typing import Any

import keras
import pytest
from rich.progress import Progress
from typer.testing import CliRunner, Result

from lstmcalc.cli import app
from lstmcalc.verification import keras_model
from lstmcalc.verification.session import release

SPEC = "{{name: {0}, input: [4], layers: [{{Dense: {1}}}]}}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that is worked in, with the models a, b and c in it, and one that is wrong."""
    for name, units in (("a", 3), ("b", 13), ("c", 5)):
        (tmp_path / f"{name}.yaml").write_text(SPEC.format(name, units))
    (tmp_path / "wrong.yaml").write_text(SPEC.format("wrong", -1))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


class Terminal(StringIO):
    """A terminal that keeps what it is told."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def bar(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """What the bar on a terminal's standard error is told: what is done, and how much of how much."""
    told: list[tuple[str, int, int]] = []

    def update(self: Any, task: Any, *, description: str, completed: int, total: int) -> None:
        told.append((description, completed, total))
        updated(self, task, description=description, completed=completed, total=total)

    updated = Progress.update
    monkeypatch.setattr(Progress, "update", update)
    monkeypatch.setenv("TERM", "xterm")
    return told


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    """How a run ends whose errors are looked at, and what they are."""
    monkeypatch.setattr(sys, "stderr", Terminal())
    with pytest.raises(SystemExit) as ended:
        app(list(words))
    assert isinstance(sys.stderr, Terminal) and isinstance(ended.value.code, int)
    return ended.value.code, sys.stderr.getvalue()


def steps(place: int, name: str, count: int = 2) -> list[tuple[str, int, int]]:
    """What is told of a source with two passes."""
    told = [("starting Keras", place, count)]
    told += [(label, 2 * place + done, 2 * count) for done, label in enumerate(("batch 2", "batch 3", "done"))]
    return [(f"{place + 1} of {count}, {name}: {label}", done, whole) for label, done, whole in told]


class TestProgress:
    @pytest.mark.parametrize("command", [("verify",), ("summary", "--verify")])
    def test_it_runs_over_all_sources(
        self,
        command: tuple[str, ...],
        bar: list[Any],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        code, drawn = on_a_terminal(monkeypatch, *command, "a.yaml", "c.yaml")
        assert code == 0
        assert bar == [*steps(0, "a.yaml"), *steps(1, "c.yaml")]
        shares = [done / whole for _, done, whole in bar]
        assert shares == sorted(shares) and shares[-1] == 1
        # The bar is taken away, and the answers stand elsewhere.
        assert drawn.endswith("\x1b[2K") and "agrees" not in drawn
        assert capsys.readouterr().out.count("agrees with Keras") == 2

    def test_of_one_source_its_own_steps_are_told(
        self, bar: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert on_a_terminal(monkeypatch, "verify", "a.yaml")[0] == 0
        assert bar == [("starting Keras", 0, 1), ("batch 2", 0, 2), ("batch 3", 1, 2), ("done", 2, 2)]

    def test_it_is_drawn_for_nobody_who_reads_json(
        self, bar: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert on_a_terminal(monkeypatch, "verify", "--json", "a.yaml", "c.yaml") == (0, "")
        assert bar == [] and len(capsys.readouterr().out.splitlines()) == 2

    def test_a_source_that_fails_has_its_place(
        self, bar: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, drawn = on_a_terminal(monkeypatch, "verify", "wrong.yaml", "c.yaml")
        assert code == 1 and "error[wrong-value]" in drawn
        assert bar == steps(1, "c.yaml")


def test_each_summary_stands_before_what_keras_says_of_it() -> None:
    documents = [
        json.loads(line) for line in run("summary", "--verify", "--json", "a.yaml", "c.yaml").stdout.splitlines()
    ]
    assert [(document["schema"], document["source"]) for document in documents] == [
        (f"lstmcalc.{what}/1", source) for source in ("a.yaml", "c.yaml") for what in ("report", "verification")
    ]
    shown = [line.split(" Keras ")[0] for line in run("summary", "--verify", "a.yaml", "c.yaml").stdout.splitlines()]
    found = [line for line in shown if line.startswith("Model: ") or line.endswith(" with")]
    assert found == ["Model: a", "a: agrees with", "Model: c", "c: agrees with"]


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has Keras raise where a Dense of 13 units is built, or where it is run."""

    def refuse(method: str) -> None:
        right = getattr(keras.layers.Dense, method)

        @wraps(right)
        def wrong(self: Any, *arguments: Any, **more: Any) -> Any:
            # In a build there are no numbers yet.
            if self.units == 13 and (method == "build" or not isinstance(arguments[0], keras.KerasTensor)):
                raise RuntimeError("\x1b[1mno luck\x1b[0m\nwith 13")
            return right(self, *arguments, **more)

        monkeypatch.setattr(keras.layers.Dense, method, wrong)

    return refuse


NOT_BUILT = """\
  weights  0 layers agree: 0 weights, 0 params
  layer    "dense"
             Keras does not build it: no luck
  forward  batch 2: DIFFERS
             Keras does not build it: no luck
           batch 3: DIFFERS
             Keras does not build it: no luck
"""


def test_what_keras_does_not_build_ends_only_its_own_source(refusing: Callable[[str], None]) -> None:
    refusing("build")
    result = run("verify", "a.yaml", "b.yaml", "c.yaml")
    first, second, third = result.stdout.split("\n\n")
    assert (result.exit_code, result.stderr) == (1, "")
    assert first.startswith("a: agrees with Keras") and third.startswith("c: agrees with Keras")
    headline, _, rest = second.partition("\n")
    assert headline.startswith("b: DIFFERS from Keras ")
    assert rest + "\n" == NOT_BUILT


def test_a_summary_stays_where_keras_raises(refusing: Callable[[str], None]) -> None:
    refusing("build")
    result = run("summary", "--verify", "--json", "b.yaml", "c.yaml")
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [document.get("agrees") for document in documents] == [None, False, None, True]
    assert documents[0]["totals"]["params"] == 65
    assert documents[1]["layers"][0]["mismatches"] == ["Keras does not build it: no luck"]


def test_what_keras_cannot_run_is_told_of_each_pass(refusing: Callable[[str], None]) -> None:
    refusing("call")
    result = run("verify", "--json", "a.yaml", "b.yaml", "c.yaml")
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, [document["agrees"] for document in documents]) == (1, [True, False, True])
    assert [layer["agrees"] for layer in documents[1]["layers"]] == [True]
    assert [check["message"] for check in documents[1]["forward"]] == ["Keras fails on data: Dense: no luck"] * 2


# Ctrl-C.


def models_alive() -> int:
    return sum(isinstance(each, keras.Model) for each in gc.get_objects())


def test_ctrl_c_ends_all_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes when the model b is built: a is answered, c is not begun, and what Keras held is let go of."""
    run("verify", "a.yaml")
    release()
    alive, filters, built = models_alive(), warnings.filters[:], keras_model.KerasModel.build
    begun = []

    def build(self: Any, *inputs: Any) -> Any:
        begun.append(self.spec.name)
        model = built(self, *inputs)
        if self.spec.name == "b":
            os.kill(os.getpid(), signal.SIGINT)
        return model

    monkeypatch.setattr(keras_model.KerasModel, "build", build)
    result = CliRunner().invoke(app, ["verify", "--device", "cpu", "a.yaml", "b.yaml", "c.yaml"])
    assert (result.exit_code, result.stderr, begun) == (130, "", ["a", "b"])
    assert result.stdout.startswith("a: agrees with Keras ") and result.stdout.count("Keras") == 2
    to_file = CliRunner().invoke(app, ["verify", "-o", "answer.txt", "a.yaml", "b.yaml"])
    assert (to_file.exit_code, sorted(path.name for path in folder.iterdir())) == (
        130, ["a.yaml", "b.yaml", "c.yaml", "wrong.yaml"],
    )  # fmt: skip
    del result, to_file
    gc.collect()
    assert models_alive() == alive
    assert warnings.filters == filters
    assert keras.src.saving.serialization_lib.in_safe_mode() is None
    # And it works as before.
    assert run("verify", "a.yaml", "c.yaml").exit_code == 0


INTERRUPTING = """\
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "keras.src.layers":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from lstmcalc.cli import main
main()
"""


def test_ctrl_c_while_keras_starts(folder: Path) -> None:
    """Also where what Keras and its backend say as they start is held back: no word, and nothing left over."""
    words = [sys.executable, "-c", INTERRUPTING, "verify", "a.yaml", "c.yaml"]
    environment = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    assert {path.suffix for path in folder.iterdir()} == {".yaml"}
