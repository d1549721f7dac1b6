"""Whole error texts, place and all: those of `errors.md`, and those that a text file cannot hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.sources import MAX_BYTES, load
from lstmcalc.steering import visible

HERE = Path(__file__).parent
BLOCKS = re.findall(r"```(?:yaml|text)\n(.*?)\n```\n", (HERE / "errors.md").read_text(), re.DOTALL)
CASES = [
    *zip(BLOCKS[::2], BLOCKS[1::2], strict=True),
    (
        "a: \x01",
        """\
error[not-yaml] m.yaml:1:4
  expected printable text
  got      the character U+0001""",
    ),
    (
        "layers:\n\t- LSTM: 3",
        """\
error[not-yaml] m.yaml:2:1
  expected spaces
  got      a tab
  because  YAML indents with spaces only
  fix      replace the tab""",
    ),
    (
        "input: [" + "1," * 1_200_000 + "]",
        """\
error[too-large] m.yaml:1:2400003
  expected at most 1,200,000 values, with every alias written out
  got      more""",
    ),
    (
        "input: [3]\nlayers:\n  - Dense: " + "9" * 100_000,
        f"""\
error[wrong-number] m.yaml:3:12
  expected an integer of at most 9,223,372,036,854,775,807
  got      `{"9" * 60}…`""",
    ),
]
#: Raised for files as such, and pinned below.
FILE_CODES = {"missing-file", "not-a-file", "unreadable-file", "binary-file", "not-utf8"}


@pytest.mark.parametrize(("text", "error"), CASES, ids=[re.sub(r"\W+", "_", text[-30:]) for text, _ in CASES])
def test_error(text: str, error: str) -> None:
    with pytest.raises(SpecError) as caught:
        infer(load("m.yaml", text=text))
    assert str(caught.value) == error


def test_every_code_of_a_source_is_pinned() -> None:
    """A code is what stands first in a `Fault`, a `Rejection`, or a call of a method that makes one."""
    codes = set()
    for path in sorted((HERE.parent / "lstmcalc" / "sources").glob("*.py")):
        if path.name == "layer_options.py":
            continue  # Its errors are those of a command line.
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                function = node.func
                name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
                if name in ("Fault", "Rejection", "note", "_note", "_stop"):
                    codes.add(node.args[0].value)
    pinned = {code for _, error in CASES for code in re.findall(r"^error\[(.*?)\]", error, re.MULTILINE)}
    # The errors of a source that has a test of its own are pinned there.
    for path in (HERE / "sources").glob("test_*.py"):
        pinned |= set(re.findall(r"[\[\"]([a-z0-9]+(?:-[a-z0-9]+)*)(?:\]|\"|: )", path.read_text()))
    assert codes - FILE_CODES - pinned == set()
    assert len(codes) > 30


def error_of(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        load(path)
    return str(caught.value).replace(visible(str(path)), "FILE")


def test_files_that_are_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    missing = "error[missing-file] FILE\n  expected a file\n  got      none of this name"
    assert error_of(tmp_path / "nothing.yaml") == missing
    assert error_of(tmp_path) == "error[not-a-file] FILE\n  expected a file\n  got      a directory"
    through = "error[unreadable-file] FILE\n  expected a file that can be read\n  because  not a directory"
    file = tmp_path / "m.yaml"
    file.write_bytes(b"")
    assert error_of(file / "m.yaml") == through
    nul = "error[unreadable-file] FILE\n  expected a file that can be read\n  because  embedded null byte"
    assert error_of(tmp_path / "\0") == nul


EMPTY = "error[empty-file] FILE\n  expected a model\n  got      nothing"
BINARY = "error[binary-file] FILE\n  expected a text file\n  got      a binary one"
UTF16 = "error[not-utf8] FILE:1:1\n  expected UTF-8 text\n  got      UTF-16\n  fix      save the file as UTF-8"
LATIN = "error[not-utf8] FILE:2:7\n  expected UTF-8 text\n  got      the byte 0xE9\n  fix      save the file as UTF-8"
LARGE = "error[too-large] FILE\n  expected a file of at most 64 MB\n  got      a larger one"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EMPTY),
        (b"\xef\xbb\xbf \n\t\n", EMPTY),
        (b"\x7fELF\0\0", BINARY),
        ("input: [3]".encode("utf-16"), UTF16),
        ("input: [3]\nname: é".encode("latin-1").replace(b"name: ", b"\xc3\xa9ame: "), LATIN),
        (b" " * (MAX_BYTES + 1), LARGE),
    ],
    ids=["empty", "mark and spaces", "binary", "utf-16", "latin-1", "large"],
)
def test_files_that_hold_no_text(data: bytes, error: str, tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_bytes(data)
    assert error_of(file) == error
