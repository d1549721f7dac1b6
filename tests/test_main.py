"""`python -m lstmcalc` is the console script under another name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: What the command loads sooner or later; a file of such a name in the current folder would come first.
SHADOWS = ["click", "h5py", "json", "keras", "numpy", "rich", "tensorflow", "typer", "yaml"]


def run(*words: str, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONSAFEPATH", "PYTHONPATH")}
    return subprocess.run([sys.executable, "-m", "lstmcalc", *words], capture_output=True, text=True, cwd=folder,
                          check=False, env={**kept, "PYTHONIOENCODING": "utf-8", **environment})  # fmt: skip


def test_it_answers_as_the_script_does() -> None:
    script = "from lstmcalc.cli import main; main()"
    words = ["summary", "specs/speaker_change.yaml"]
    wanted = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, cwd=ROOT,
                            check=False, env={**os.environ, "PYTHONIOENCODING": "utf-8"})  # fmt: skip
    found = run(*words)
    assert "108,941" in found.stdout
    assert (found.returncode, found.stdout, found.stderr) == (0, wanted.stdout, wanted.stderr)


def test_it_ends_as_the_script_does() -> None:
    failed = run("summary", "no.yaml")
    assert (failed.returncode, failed.stdout) == (1, "") and failed.stderr.startswith("error[")
    wrong = run("sumary")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("Usage: python -m lstmcalc [OPTIONS] COMMAND [ARGS]...\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of an attacker: whatever of it is loaded leaves a file."""
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'pwned')!r}, 'w').write({name!r})\n")
    (tmp_path / "m.yaml").write_text("{input: [4], layers: [{Dense: 3}]}")
    return tmp_path


@pytest.mark.parametrize("words", [("summary", "m.yaml"), ("summary", "--json", "m.yaml"), ("explain", "lstm")])
def test_it_loads_nothing_from_the_folder_it_is_run_in(folder: Path, words: tuple[str, ...]) -> None:
    done = run(*words, folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (folder / "pwned").exists()


def test_a_folder_that_was_asked_for_stays_on_the_path(folder: Path) -> None:
    """`PYTHONPATH` is the user's word."""
    run("summary", "m.yaml", folder=folder, PYTHONPATH=str(folder))
    assert (folder / "pwned").exists()
    (folder / "pwned").unlink()
    run("summary", "m.yaml", folder=folder, PYTHONPATH=str(folder), PYTHONSAFEPATH="1")
    # Python 3.10 has no such flag, and begins with the current folder in any case.
    assert (folder / "pwned").exists()


def test_only_the_folder_it_is_run_in_is_taken_from_the_path(tmp_path: Path) -> None:
    """Where a program runs it as a module, the path begins with the program's folder."""
    program = tmp_path / "program.py"
    program.write_text(
        "import runpy, sys\n"
        "try:\n"
        "    runpy.run_module('lstmcalc', run_name='__main__')\n"
        "except SystemExit:\n"
        "    print(sys.path[0])\n"
    )
    done = subprocess.run([sys.executable, program, "--version"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.splitlines()[1:] == [str(tmp_path)], done.stderr
