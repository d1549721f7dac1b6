"""Every command that README shows is run, and prints what README says; `LSTMCALC_UPDATE_GOLDEN=1` writes it anew."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"^```console\n\$ (?P<command>(?:echo .* )?lstmcalc .*)\n(?P<output>(?:.*\n)*?)```$", re.MULTILINE)
FILE = re.compile(
    r"^<!-- file: (?P<path>\S+) -->\n(?P<shown>(?:\n```(?:yaml|python|text)\n(?:.*\n)*?```\n)?)", re.MULTILINE
)
BLOCKS = list(BLOCK.finditer(README.read_text(encoding="utf-8")))
UPDATE = bool(os.environ.get("LSTMCALC_UPDATE_GOLDEN"))


def run(command: str) -> str:
    """What a command prints, errors included, with what differs from machine to machine left out."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command, shell=True, cwd=ROOT, text=True, env=environment, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    )  # fmt: skip
    return done.stdout


def steady(text: str) -> str:
    """Versions and times differ from machine to machine."""
    return re.sub(r"\d+\.\d+(\.\d+)?( s\b)?", "#", text)


@pytest.mark.parametrize("block", [b for b in BLOCKS if "verify" not in b["command"]], ids=lambda b: b["command"])
def test_command_prints_what_is_shown(block: re.Match[str]) -> None:
    printed = run(block["command"])
    if UPDATE:
        replace_block(block["command"], printed)
    else:
        assert printed == block["output"]


@pytest.mark.keras
@pytest.mark.parametrize("block", [b for b in BLOCKS if "verify" in b["command"]], ids=lambda b: b["command"])
def test_verification_prints_what_is_shown(block: re.Match[str]) -> None:
    if find_spec("keras") is None:
        pytest.skip("Keras is not installed")
    printed = run(block["command"])
    if UPDATE:
        replace_block(block["command"], printed)
    else:
        assert steady(printed) == steady(block["output"])


def replace_block(command: str, printed: str) -> None:
    text = README.read_text(encoding="utf-8")
    README.write_text(
        BLOCK.sub(lambda m: f"```console\n$ {command}\n{printed}```" if m["command"] == command else m[0], text),
        encoding="utf-8",
    )


def test_files_are_shown_as_they_are() -> None:
    text = README.read_text(encoding="utf-8")

    def shown(match: re.Match[str]) -> str:
        content = (ROOT / match["path"]).read_text(encoding="utf-8")
        language = {".py": "python", ".txt": "text"}.get(Path(match["path"]).suffix, "yaml")
        return f"<!-- file: {match['path']} -->\n\n```{language}\n{content}```\n"

    fresh = FILE.sub(shown, text)
    if UPDATE:
        README.write_text(fresh, encoding="utf-8")
    assert fresh == README.read_text(encoding="utf-8")


def test_python_is_as_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    code = "\n".join(re.findall(r"^```python\n(>>> .*?)^```$", README.read_text(encoding="utf-8"), re.M | re.DOTALL))
    test = doctest.DocTestParser().get_doctest(code, {}, "README", str(README), 0)
    assert doctest.DocTestRunner().run(test) == doctest.TestResults(failed=0, attempted=4)


def test_every_command_is_shown() -> None:
    from lstmcalc.cli.commands import COMMANDS

    shown = {f"{block['command']} ".partition("lstmcalc ")[2].partition(" ")[0] for block in BLOCKS}
    assert {*COMMANDS} == shown


def test_the_yaml_example_is_a_model(tmp_path: Path) -> None:
    from lstmcalc import infer, load

    blocks = re.findall(r"^```yaml\n(name: translator\n(?:.*\n)*?)```$", README.read_text(encoding="utf-8"), re.M)
    assert blocks, "the example is gone"
    (tmp_path / "translator.yaml").write_text(blocks[0], encoding="utf-8")
    report = infer(load(tmp_path / "translator.yaml"))
    assert [layer.name for layer in report.layers][-1] == "dense_1"


def test_ci_runs_the_command_that_readme_shows() -> None:
    command = "pip install -e '.[test]' && pytest"
    assert f"```sh\n{command}\n```" in README.read_text(encoding="utf-8")
    assert "pip install -q -e '.[test]' && pytest" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
