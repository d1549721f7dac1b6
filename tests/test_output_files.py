"""Files that are written: whole or not at all, on full disks and in runs that are ended halfway."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from runs import COMMAND, as_another_user, in_shell, opened_to_all, run, usage

from lstmcalc.cli.forms import FOREIGN, put

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes, devices and signals of Unix")


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    """A file that is to be written over; whatever happens, it is whole, and nothing else is left beside it."""
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "x.txt"
    path.write_text("old", encoding="utf-8")
    yield path
    assert [each.name for each in folder.iterdir()] == ["x.txt"]


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_a_file_holds_what_is_printed(form: str, target: Path) -> None:
    words = ["summary", "specs/forecast.yaml", "nope.yaml", "specs/seq2seq.yaml", "--format", form]
    printed = run(*words)
    written = run(*words, "-o", str(target))
    assert (written.stdout, written.exit_code, written.stderr) == ("", 1, printed.stderr)
    assert target.read_bytes() == printed.stdout_bytes


def test_what_is_printed_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from lstmcalc.cli.page import Page

    pages: list[Page] = []
    close = Page.close
    monkeypatch.setattr(Page, "close", lambda page: (pages.append(page), close(page))[1])
    printed = run("summary", *["specs/forecast.yaml"] * 3).stdout
    assert printed.count("Model: forecast") == 3 and "\n\nModel" in printed
    assert [page.parts for page in pages] == [[]]


def test_a_file_keeps_its_mode_and_a_new_one_has_the_usual(target: Path) -> None:
    target.chmod(0o640)
    assert run("summary", "specs/forecast.yaml", "-o", str(target)).exit_code == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    target.unlink()
    before = os.umask(0o027)
    try:
        put(target, "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    real, link, far = tmp_path / "there" / "real.txt", tmp_path / "link.txt", tmp_path / "far.txt"
    link.symlink_to(real)
    far.symlink_to("link.txt")
    for text in ("created behind links", "and written over"):
        put(far, text)
        assert (real.read_text(encoding="utf-8"), link.is_symlink(), far.is_symlink()) == (text, True, True)
    assert [each.name for each in real.parent.iterdir()] == ["real.txt"]
    (tmp_path / "loop").symlink_to("loop")
    done = run("summary", "specs/forecast.yaml", "-o", str(tmp_path / "loop"))
    assert (done.exit_code, (tmp_path / "loop").is_symlink()) == (2, True)
    assert usage(done.stderr).endswith("loop: Too many levels of symbolic links")


def test_where_no_file_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for output, reason in (
        (tmp_path, "Is a directory"),
        (tmp_path / "nowhere" / "x.txt", "No such file or directory"),
        (tmp_path / "file" / "x.txt", "Not a directory"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        done = run("summary", "specs/forecast.yaml", "-o", str(output))
        told = f"Invalid value for --output: cannot write {output}: {reason}"
        assert (done.exit_code, done.stdout, usage(done.stderr)) == (2, "", told)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_what_one_may_not_write(target: Path) -> None:
    opened_to_all(target.parent)
    target.parent.chmod(0o555)
    for mode, written in ((0o666, True), (0o444, False)):
        # A folder that one may not write to may hold a file that one may.
        target.write_text("old", encoding="utf-8")
        target.chmod(mode)
        with as_another_user():
            done = run("summary", "specs/forecast.yaml", "-o", str(target))
        told = "" if written else f"Invalid value for --output: cannot write {target}: Permission denied"
        assert (done.exit_code, usage(done.stderr)) == (0 if written else 2, told)
        assert (target.read_text(encoding="utf-8") == "old") is not written
    # Nor is a file that is not to be written over replaced in a folder where that could be done.
    target.parent.chmod(0o777)
    with as_another_user():
        assert run("summary", "specs/forecast.yaml", "-o", str(target)).exit_code == 2
        assert run("summary", "specs/forecast.yaml", "-o", str(target.with_name("new.txt"))).exit_code == 0
    assert target.read_text(encoding="utf-8") == "old"
    target.with_name("new.txt").unlink()


@pytest.mark.parametrize("place", ["fsync", "replace", "chmod", "fdopen"])
def test_a_disk_that_is_full_leaves_the_old_file(place: str, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, place, fail)
    done = run("summary", "specs/forecast.yaml", "-o", str(target))
    told = f"Invalid value for --output: cannot write {target}: No space left on device"
    assert (done.exit_code, usage(done.stderr), target.read_text(encoding="utf-8")) == (2, told, "old")


def test_a_write_that_gets_no_further(target: Path) -> None:
    """The system itself refuses, in the middle of the text."""
    code = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); " + COMMAND[-1]
    done = subprocess.run(
        [sys.executable, "-c", code, "summary", "specs/seq2seq.yaml", "-o", str(target)],
        capture_output=True, check=False, timeout=60, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert (done.returncode, target.read_text(encoding="utf-8")) == (2, "old")
    assert usage(done.stderr.decode()).endswith("x.txt: File too large")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_ended_while_it_writes(number: signal.Signals, target: Path) -> None:
    """It comes while the file is half-written: the file is whole when the run ends, as it was told to."""
    code = (
        "import os; sync = os.fsync\n"
        f"def ended(handle): os.kill(os.getpid(), {int(number)}); sync(handle)\n"
        "os.fsync = ended\n" + COMMAND[-1]
    )
    words = ["summary", "specs/forecast.yaml", "-o", str(target)]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, check=False, timeout=60)
    assert target.read_text(encoding="utf-8") == run("summary", "specs/forecast.yaml").stdout
    assert done.returncode == (130 if number == signal.SIGINT else -number)
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="devices of Linux")
def test_devices_and_pipes_are_written_to_as_they_are(tmp_path: Path) -> None:
    printed = run("summary", "specs/forecast.yaml").stdout
    done = run("summary", "specs/forecast.yaml", "-o", "/dev/full")
    told = "Invalid value for --output: cannot write /dev/full: No space left on device"
    assert (done.exit_code, usage(done.stderr)) == (2, told)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got: list[str] = []
    reader = Thread(target=lambda: got.append(fifo.read_text(encoding="utf-8")))
    reader.start()
    assert run("summary", "specs/forecast.yaml", "-o", str(fifo)).exit_code == 0
    reader.join(20)
    assert (got, fifo.is_fifo()) == ([printed], True)
    log = tmp_path / "log.txt"
    log.write_text("before\n", encoding="utf-8")
    for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        code, said, _ = in_shell(f"lstmcalc summary specs/forecast.yaml -o {name} | cat")
        assert (code, said) == (0, printed)
    in_shell(f"lstmcalc summary specs/forecast.yaml -o /dev/stdout >> {log}")
    assert log.read_text(encoding="utf-8") == "before\n" + printed


def test_an_ending_that_names_something_else(tmp_path: Path) -> None:
    for ending in (".pdf", ".PNG", ".yaml", ".docx"):
        path = tmp_path / f"x{ending}"
        done = run("summary", "specs/forecast.yaml", "-o", str(path))
        told = f"Invalid value for --output: expected .txt, .json, .md, .html, .svg, or --format beside it, got {path}"
        assert (done.exit_code, usage(done.stderr), path.exists()) == (2, told, False)
        assert run("summary", "specs/forecast.yaml", "-o", str(path), "--format", "text").exit_code == 0
    for name in ("x", "x.out", "x.txt", "README", "a.b/c"):
        (tmp_path / "a.b").mkdir(exist_ok=True)
        assert run("summary", "specs/forecast.yaml", "-o", str(tmp_path / name)).exit_code == 0
    sweep = ["sweep", "lstm", "--input", "10,3", "--units", "3,4"]
    assert run(*sweep, "-o", str(tmp_path / "x.csv")).exit_code == 0
    done = run(*sweep, "-o", str(tmp_path / "x.gif"))
    assert ".svg, .csv, .png, or --format beside it" in usage(done.stderr)
    assert run("convert", "specs/forecast.yaml", "--to", "yaml", "-o", str(tmp_path / "m.yaml")).exit_code == 0
    assert not FOREIGN & {".json", ".md", ".html", ".svg", ".txt", ""}


def test_a_file_is_written_without_standard_output(target: Path) -> None:
    assert in_shell(f"lstmcalc summary specs/forecast.yaml -o {target} >&- 2>&- <&-") == (0, "", "")
    assert target.read_text(encoding="utf-8") == run("summary", "specs/forecast.yaml").stdout


def interrupted(words: list[str], number: signal.Signals, ready: bytes = b"") -> tuple[int, bytes]:
    """How a run ends that gets a signal while it waits for its input, once it has printed what makes it ready."""
    process = subprocess.Popen(
        [*COMMAND, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin and process.stdout and process.stderr
    try:
        while ready and ready not in process.stdout.readline():
            pass
        # More than a pipe holds: once it is gone, the run reads, and waits for the end.
        process.stdin.write(b"# a remark\n" * 30_000)
        process.stdin.flush()
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    return process.returncode, errors


@pytest.mark.parametrize("command", ["summary", "explain", "paste"])
def test_ctrl_c_while_standard_input_is_read(command: str, target: Path) -> None:
    code, errors = interrupted([command, "-", "-o", str(target)], signal.SIGINT)
    assert (code, b"Traceback" in errors, target.read_text(encoding="utf-8")) == (130, False, "old")


def test_a_run_that_is_told_to_end(target: Path) -> None:
    code, errors = interrupted(["summary", "specs/forecast.yaml", "-", "-o", str(target)], signal.SIGTERM)
    assert (code, errors, target.read_text(encoding="utf-8")) == (-signal.SIGTERM, b"", "old")
    code, errors = interrupted(["summary", "specs/forecast.yaml", "-"], signal.SIGINT, ready=b"Model: forecast")
    assert (code, b"Traceback" in errors) == (130, False)


def test_ctrl_c_while_it_works(target: Path) -> None:
    code = (
        "import lstmcalc.inference as module\n"
        "def interrupted(*_, **__): raise KeyboardInterrupt\n"
        "module.infer = interrupted\n" + COMMAND[-1]
    )
    for words in (["summary", "specs/forecast.yaml"], ["explain", "lstm"], ["check", "specs/forecast.yaml"]):
        words += ["--max-params", "9"] if words[0] == "check" else []
        done = subprocess.run(
            [sys.executable, "-c", code, *words, "-o", str(target)], capture_output=True, check=False, timeout=60
        )
        assert (done.returncode, done.stdout, b"Traceback" in done.stderr) == (130, b"", False)
        assert target.read_text(encoding="utf-8") == "old"
