"""What a command loads before it answers; `LSTMCALC_UPDATE_GOLDEN=1` writes the lists anew."""

from __future__ import annotations

import inspect
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lstmcalc.cli import app
from lstmcalc.cli.commands import COMMANDS

ROOT = Path(__file__).parents[1]
LOADED = ROOT / "tests" / "golden" / "loaded.txt"
#: Runs a command, and tells on the last lines what it has loaded, in the order of the alphabet.
TELLING = (
    "import atexit, sys\n"
    "def tell():\n"
    "    print(*sorted(name for name, module in sys.modules.items() if module), sep='\\n', file=sys.stderr)\n"
    "atexit.register(tell)\n"
    "from lstmcalc.cli import main\n"
    "sys.argv[0] = 'lstmcalc'\n"
    "main()"
)
ROW = "lstm_1 (LSTM)            (None, 10, 128)           91648\n"
RUNS = {
    "--version": ["--version"],
    "--help": ["--help"],
    "completion of a command": [],
    "completion of an option": [],
    "a command that there is not": ["sumary"],
    "summary of YAML": ["summary", "specs/speaker_change.yaml"],
    "summary of YAML with a fault": ["summary", "tests/models/several_faults.yaml"],
    "explain of a layer": ["explain", "lstm", "--units", "128", "--input", "300"],
    "explain of a model": ["explain", "specs/speaker_change.yaml"],
    "paste of a row": ["paste"],
}
COMPLETING = {
    "completion of a command": ("lstmcalc su", "1"),
    "completion of an option": ("lstmcalc summary --js", "2"),
}
ENDS = {"a command that there is not": 2, "summary of YAML with a fault": 1}


def started(words: Sequence[str], code: str = TELLING, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=ROOT, check=False,
        input=ROW, env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )  # fmt: skip


def loaded(run: str) -> list[str]:
    """The modules that a run loads, but for those of Python."""
    words, place = COMPLETING.get(run, ("", ""))
    environment = {"_LSTMCALC_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": place} if words else {}
    done = started(RUNS[run], **environment)
    assert done.returncode == ENDS.get(run, 0), done.stderr
    names = done.stderr.splitlines()
    found = names[names.index("__main__") :]
    assert "lstmcalc.cli.commands" in found
    return [name for name in found if name.partition(".")[0] not in sys.stdlib_module_names]


def in_parts(names: Sequence[str], spared: set[str]) -> list[str]:
    """A line for each part of ours with its modules, and one for what others have made, but for the `spared`."""
    parts: dict[str, list[str]] = {}
    others: set[str] = set()
    for name in names:
        first, *path = name.split(".")
        if first == "lstmcalc":
            parts.setdefault(path[0] if path else "lstmcalc", []).extend([".".join(path[1:])] if path[1:] else [])
        elif first not in spared and "cython" not in first:
            others.add(first)
    lines = [f"  {' '.join([f'{part}:', *inside]) if inside else part}" for part, inside in parts.items()]
    return [*lines, f"  of others: {' '.join(sorted(others)) or 'nothing but typer'}"]


def test_no_command_loads_more_than_it_needs() -> None:
    typers = "import sys, typer.main, typer.completion; print(*{name.partition('.')[0] for name in sys.modules})"
    spared = set(started([], typers).stdout.split()) | {"sitecustomize", "_distutils_hack"}
    told = "".join("\n".join([f"{run}:", *in_parts(loaded(run), spared), "", ""]) for run in RUNS)
    if os.environ.get("LSTMCALC_UPDATE_GOLDEN"):
        LOADED.write_text(told, encoding="utf-8")
    assert told == LOADED.read_text(encoding="utf-8")


@pytest.mark.parametrize("run", RUNS)
def test_a_common_answer_loads_nothing_that_takes_long(run: str) -> None:
    names = {name.partition(".")[0] for name in loaded(run)}
    assert names & {"rich", "click_spinner", "numpy", "keras", "tensorflow", "h5py", "jsonschema"} == set()
    assert ("yaml" in names) == ("YAML" in run or run == "explain of a model")


def on_terminal(words: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """How a command ends whose output is a terminal, and what it shows there, with what it has loaded."""
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", TELLING, *words], stdin=follower, stdout=follower, stderr=follower, cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", "TERM": "xterm", **(environment or {})},
    )  # fmt: skip
    os.close(follower)
    shown = read_whole(leader)
    return process.wait(), shown


def read_whole(leader: int) -> str:
    """What was shown on a terminal, when nobody writes there any more, which Linux tells by an error."""
    shown = b""
    with suppress(OSError):
        while piece := os.read(leader, 65536):
            shown += piece
    os.close(leader)
    return shown.decode()


@pytest.mark.parametrize("run", ["--help", "summary of YAML", "summary of YAML with a fault", "explain of a layer"])
def test_nor_does_it_on_a_terminal(run: str) -> None:
    code, shown = on_terminal(RUNS[run])
    assert code == ENDS.get(run, 0)
    names = {name.partition(".")[0] for name in shown.splitlines()}
    assert "lstmcalc" in names
    assert "rich" not in names
    assert ("\x1b[1m" in shown) == (run != "--help") or "\x1b[1;31merror" in shown


# The table of commands.


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_line_is_that_of_the_command(name: str) -> None:
    function = getattr(import_module(f"lstmcalc.cli.{name}"), name)
    assert " ".join((inspect.getdoc(function) or "").split()) == COMMANDS[name]


def test_help_lists_all_of_every_line() -> None:
    for width in (50, 80, 200):
        shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": str(width)}).stdout
        assert max(map(len, shown.splitlines())) <= 80
        listed = " ".join(shown.partition("Commands:")[2].split())
        assert listed == " ".join(f"{name} {line}" for name, line in COMMANDS.items())


def test_what_is_no_command() -> None:
    result = CliRunner().invoke(app, ["sumary"])
    assert result.exit_code == 2
    assert result.stderr == (
        "Usage: lstmcalc [OPTIONS] COMMAND [ARGS]...\nTry 'lstmcalc -h' for help.\n\n"
        "Error: No such command 'sumary'. Did you mean 'summary'?\n"
    )


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ("bash", {"COMP_WORDS": "lstmcalc s", "COMP_CWORD": "1"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "lstmcalc s"}),
        ("fish", {"_TYPER_COMPLETE_ARGS": "lstmcalc s", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}),
    ],
)
def test_completion_loads_no_command(shell: str, words: dict[str, str]) -> None:
    done = started([], _LSTMCALC_COMPLETE=f"complete_{shell}", **words)
    assert all(name in done.stdout for name in ("summary", "solve", "sweep"))
    assert "explain" not in done.stdout
    names = done.stderr.splitlines()
    assert "lstmcalc.cli.commands" in names
    assert {"lstmcalc.cli.summary", "lstmcalc.cli.page", "rich.console"} & set(names) == set()


def test_completion_knows_the_options_of_a_command() -> None:
    words = {"COMP_WORDS": "lstmcalc summary --me", "COMP_CWORD": "2"}
    assert started([], _LSTMCALC_COMPLETE="complete_bash", **words).stdout == "--memory\n"


# Ctrl-C.


@pytest.mark.parametrize("module", ["typer", "lstmcalc.cli.commands", "lstmcalc.cli.summary", "lstmcalc.inference"])
def test_whatever_is_being_loaded_can_be_interrupted(module: str) -> None:
    code = (
        "import os, signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from lstmcalc.cli import main\n"
        "main()"
    )
    done = started(["summary", "specs/speaker_change.yaml"], code)
    assert (done.returncode, done.stderr.strip()) == (130, "")
    assert signal.SIGINT == 2


# Many files.

SOURCES = [f"specs/{name}.yaml" for name in ("forecast", "seq2seq", "char_rnn")]
#: Takes every run for a long one.
LONG = "import sys, lstmcalc.cli.terminal as t; t.LONG = -1; from lstmcalc.cli import main; main()"


def watched(code: str, words: Sequence[str], answers: Path | None) -> str:
    """What a terminal shows of a run, whose answers go to a file, or to the terminal as well."""
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    with open(answers or os.devnull, "wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *words], stdin=follower, stdout=file if answers else follower,
            stderr=follower, cwd=ROOT, env={**os.environ, "COLUMNS": "100", "TERM": "xterm"},
        )  # fmt: skip
    os.close(follower)
    shown = read_whole(leader)
    process.wait()
    return shown


def test_a_bar_tells_how_far_a_long_run_is(tmp_path: Path) -> None:
    words, answers = ["summary", *SOURCES, "[red]none[_].yaml"], tmp_path / "answers.txt"
    plain = started(words, "from lstmcalc.cli import main; main()").stdout
    shown = watched(LONG, words, answers)
    assert answers.read_text(encoding="utf-8") == plain
    assert "3 of 4: [red]none[_].yaml" in shown
    assert "missing-file" in shown
    shown = watched(LONG, [*words, "-o", str(tmp_path / "all.txt")], None)
    assert "3 of 4: [red]none[_].yaml" in shown
    assert (tmp_path / "all.txt").read_text(encoding="utf-8") == plain


@pytest.mark.parametrize(
    ("code", "words", "apart"),
    [
        (LONG, ["summary", *SOURCES], False),
        (LONG, ["summary", SOURCES[0]], True),
        ("from lstmcalc.cli import main; main()", ["summary", *SOURCES], True),
    ],
    ids=["answers are watched", "one source", "a short run"],
)
def test_no_bar_where_it_is_in_the_way(code: str, words: list[str], apart: bool, tmp_path: Path) -> None:
    answers = tmp_path / "answers.txt"
    shown = watched(code, words, answers if apart else None)
    assert " of 3: " not in shown
    assert "\x1b[?25l" not in shown
    assert "Total params" in (answers.read_text(encoding="utf-8") if apart else shown)
