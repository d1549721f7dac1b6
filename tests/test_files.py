"""Files that are read, as they are in life: pipes, devices, odd names and encodings, and streams that are closed."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from runs import as_another_user, in_shell, opened_to_all, run, start, usage

from lstmcalc import load
from lstmcalc.errors import SpecError
from lstmcalc.sources import MAX_BYTES

ROOT = Path(__file__).parent.parent
FORECAST = (ROOT / "specs" / "forecast.yaml").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes, devices and signals of Unix")


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "300")


def wrong(source: str | Path) -> str:
    """The error of a file, its name left out."""
    with pytest.raises(SpecError) as caught:
        load(source)
    return str(caught.value).replace(str(source), "FILE")


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    for words, source in (
        ("summary", "specs/forecast.yaml"), ("explain", "specs/forecast.yaml"),
        ("explain --layer lstm", "specs/forecast.yaml"), ("explain", "tests/models/translator.keras"),
        ("summary", "tests/models/translator.keras"), ("paste", "tests/models/question.txt"),
        ("explain", "tests/models/question.txt"),
    ):  # fmt: skip
        command, *options = words.split()
        _, said, errors = in_shell(f"lstmcalc {command} <(cat {source}) {' '.join(options)}")
        wanted = run(command, source, *options).stdout
        assert (re.sub("/dev/fd/[0-9]+", source, said), errors) == (wanted, "")


def test_a_file_that_changes_meanwhile_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import lstmcalc.sources as sources

    path, opened = tmp_path / "m.yaml", []
    path.write_text(FORECAST, encoding="utf-8")
    whole = sources.whole

    def read(file: Any, name: str) -> bytes:
        data = whole(file, name)
        path.write_text(FORECAST.replace("forecast", f"changed {len(opened)}"), encoding="utf-8")
        opened.append(name)
        return data

    monkeypatch.setattr(sources, "whole", read)
    for command in ("summary", "explain"):
        path.write_text(FORECAST, encoding="utf-8")
        opened.clear()
        assert run(command, str(path)).stdout.startswith("Model: forecast\n")
        assert opened == [str(path)]


UNREADABLE = "error[unreadable-file] FILE\n  expected a file that can be read\n  because  "
TOO_LARGE = "error[too-large] FILE\n  expected a file of at most 64 MB\n  got      a larger one"


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a\nb\x1b.yaml").mkdir()
    assert wrong(tmp_path / "loop") == UNREADABLE + "too many levels of symbolic links"
    assert wrong("/dev/null") == "error[empty-file] FILE\n  expected a model\n  got      nothing"
    assert wrong("x" * 300) == UNREADABLE + "file name too long"
    assert run("explain", "x" * 300 + "/y").stderr.endswith("because  file name too long\n")
    done = run("summary", str(tmp_path / "a\nb\x1b.yaml"))
    assert done.stderr == f"error[not-a-file] {tmp_path}/a\\nb\\x1b.yaml\n  expected a file\n  got      a directory\n"
    missing = os.fsencode(tmp_path) + b"/\xff\xfe.yaml"
    done = run("summary", os.fsdecode(missing))
    assert done.stderr.startswith(f"error[missing-file] {tmp_path}/\\udcff\\udcfe.yaml\n")


def test_a_name_of_any_bytes_can_be_read(tmp_path: Path) -> None:
    for name in (b"\xff\xfe.yaml", b"a\nb.yaml", b"-.yaml", b" .yaml", b"\x1b[31m.yaml"):
        path = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
        Path(path).write_text(FORECAST, encoding="utf-8")
        for command in ("summary", "explain"):
            assert run(command, path).exit_code == 0
            assert run(command, path, "--json").exit_code == 0
    done = start("summary", os.fsencode(tmp_path) + b"/\xff\xfe.yaml", "--json")  # type: ignore[arg-type]
    assert (done.returncode, b"\\udcff\\udcfe.yaml" in done.stdout, done.stderr) == (0, True, b"")


def test_a_file_that_one_may_not_read(tmp_path: Path) -> None:
    opened_to_all(tmp_path)
    path, inside = tmp_path / "m.yaml", tmp_path / "closed" / "m.yaml"
    inside.parent.mkdir()
    for each in (path, inside):
        each.write_text(FORECAST, encoding="utf-8")
    path.chmod(0)
    inside.parent.chmod(0)
    try:
        for each in (path, inside):
            for command in ("summary", "explain", "paste"):
                with as_another_user():
                    done = run(command, str(each))
                assert (done.exit_code, done.stderr) == (
                    1,
                    UNREADABLE.replace("FILE", str(each)) + "permission denied\n",
                )
    finally:
        inside.parent.chmod(0o700)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom"])
def test_a_device_without_end(device: str) -> None:
    if not Path(device).exists():
        pytest.skip("a device of Linux")
    assert wrong(device) == TOO_LARGE
    done = run("paste", device)
    assert done.stderr == TOO_LARGE.replace("FILE", device) + "\n"


def test_a_file_of_the_system_that_says_it_is_empty() -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("a file of Linux")
    assert "got      `Name`" in wrong("/proc/self/status")


def test_files_too_large_are_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    with open(path, "wb") as file:
        file.truncate(10_000_000_000)
    assert wrong(path) == TOO_LARGE
    path.write_bytes(b"#" * MAX_BYTES)
    assert not wrong(path).startswith("error[too-large]")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_model_in_a_wide_encoding_is_told_how_to_be_saved(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes(FORECAST.encode(encoding))
    told = f"error[not-utf8] FILE:1:1\n  expected UTF-8 text\n  got      {encoding.upper()[:6]}\n"
    assert wrong(path) == told + "  fix      save the file as UTF-8"
    assert run("explain", str(path)).stderr == wrong(path).replace("FILE", str(path)) + "\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "utf-8"])
def test_a_paste_in_a_wide_encoding_is_read(encoding: str) -> None:
    text = (ROOT / "tests" / "models" / "question.txt").read_text(encoding="utf-8")
    for line_end in ("\n", "\r\n"):
        done = run("paste", stdin=text.replace("\n", line_end).encode(encoding))
        assert (done.exit_code, done.stdout) == (0, run("paste", stdin=text).stdout)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_marks_change_nothing(line_end: str, mark: str, tmp_path: Path) -> None:
    for source in ("specs/forecast.yaml", "tests/models/sentiment.py", "tests/models/question.txt"):
        path = tmp_path / Path(source).name
        text = (ROOT / source).read_text(encoding="utf-8")
        path.write_bytes((mark + text.replace("\n", line_end)).encode())
        for command in ("summary", "explain"):
            there, here = run(command, source), run(command, str(path))
            assert here.stdout.replace(str(path), source) == there.stdout
            assert here.stderr.replace(str(path), source) == there.stderr


def test_standard_input_is_read_once() -> None:
    for words in (["summary", "-", "-"], ["explain", "-", "x.yaml", "-"], ["paste", "-", "-"], ["verify", "-", "-"]):
        done = run(*words, stdin=FORECAST)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "expected standard input once, got `-` twice" in usage(done.stderr)
    assert run("summary", "-", "specs/forecast.yaml", stdin=FORECAST).exit_code == 0


def test_closed_streams() -> None:
    told = "error[unreadable-file] -\n  expected a file that can be read\n  because  standard input is closed\n"
    for command in ("summary", "explain", "paste"):
        assert in_shell(f"lstmcalc {command} - <&-") == (1, "", told)
    for command in ("layers", "summary specs/forecast.yaml", "summary specs/forecast.yaml --json"):
        assert in_shell(f"lstmcalc {command} >&-") == (2, "", "lstmcalc: cannot write: standard output is closed\n")
    assert in_shell("lstmcalc summary nope.yaml 2>&-") == (1, "", "")
    assert in_shell("lstmcalc summary specs/forecast.yaml --fit x 2>&-") == (2, "", "")
    assert in_shell("lstmcalc summary nope.yaml >&- 2>&- <&-") == (1, "", "")
    assert in_shell("lstmcalc summary nope.yaml 2>/dev/full") == (1, "", "")


@pytest.mark.parametrize("words", ["summary {}", "summary {} --json", "explain {} --format markdown"])
def test_a_reader_that_leaves_is_not_complained_of(words: str) -> None:
    """It ends as a program does that a closed pipe ends, so that scripts do not take it for a wrong model."""
    many = " ".join(["specs/seq2seq.yaml"] * 60)
    code, said, errors = in_shell(f"lstmcalc {words.format(many)} | head -1; exit ${{PIPESTATUS[0]}}")
    assert (code, len(said.splitlines()), errors) == (141, 1, "")
