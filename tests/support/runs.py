"""Commands as people run them: in this process, in one of their own, in a line of a shell, and as somebody else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lstmcalc.cli import app

__all__ = ["COMMAND", "as_another_user", "in_shell", "opened_to_all", "run", "start", "usage"]

#: A run in a process of its own.
COMMAND = [sys.executable, "-c", "from lstmcalc.cli import main; main()"]


def run(*words: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=stdin, catch_exceptions=False)


def start(*words: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """A run of its own."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
    return subprocess.run([*COMMAND, *words], check=False, timeout=60, **options)


def in_shell(line: str) -> tuple[int, str, str]:
    """How a line of bash ends in which `lstmcalc` is the command: its exit code, and what it says."""
    shell = f'lstmcalc() {{ "{sys.executable}" -c "from lstmcalc.cli import main; main()" "$@"; }}; {line}'
    done = subprocess.run(["bash", "-c", shell], capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def usage(text: str) -> str:
    """The sentence of a usage error."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", text).split()).partition("rror")[2].lstrip(": ")


@contextmanager
def as_another_user() -> Iterator[None]:
    """For root, to whom nothing is forbidden: somebody else for a while."""
    if not hasattr(os, "getresuid"):
        pytest.skip("a system that tells who somebody is")
    before = os.getresuid()
    os.setresuid(*[before[0] or 65534] * 2, before[0])
    try:
        yield
    finally:
        os.setresuid(*before)


def opened_to_all(folder: Path) -> None:
    """Lets every user look into a folder."""
    for each in (folder, *folder.parents):
        if not each.stat().st_mode & 0o001:
            each.chmod(each.stat().st_mode | 0o055)
