"""The forms that an answer takes, which of them is asked for, and how its text gets out unharmed."""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EACCES, EBUSY, EPERM, EROFS
from pathlib import Path
from stat import S_IMODE, S_ISREG
from typing import Annotated

import typer

from lstmcalc.cli.terminal import complain

__all__ = ["FORMS", "Format", "Output", "Pictures", "WordForms", "fitted", "form_of", "is_same_file", "put", "show"]

FORMS = ("text", "json", "markdown", "html", "svg")
#: The endings of files that ask for a form.
ENDINGS = {".json": "json", ".md": "markdown", ".html": "html", ".svg": "svg"}
#: The endings of files that hold something else than any form, or a form that only another command has.
FOREIGN = frozenset(
    ".bmp .csv .doc .docx .eps .gif .h5 .hdf5 .ipynb .jpeg .jpg .keras .odt .onnx .pdf .png .ps .py .rst .rtf .tex "
    ".tsv .webp .xls .xlsx .xml .yaml .yml .zip".split()
)
#: Names of what is open already, which a file in its place would not reach.
OPEN_ALREADY = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")
NO_MORE: Mapping[str, str] = {}
#: How a run ends whose reader has left, as `head` does: with what a shell tells of a program that a closed pipe ended.
LEFT = 141
#: What stands for a sign in an encoding that lacks it; `?` for any other.
STAND_INS = {
    **dict.fromkeys("─━−–╌┄", "-"), **dict.fromkeys("│┃┆╎", "|"), **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯", "+"),
    **dict.fromkeys("→▶►", ">"), **dict.fromkeys("←◀◄", "<"), **dict.fromkeys("↓▼", "v"), **dict.fromkeys("↑▲", "^"),
    "·": "*", "×": "x", "…": "...", "²": "^2", "³": "^3", "ĉ": "c^", "ĥ": "h^", "═": "=",
}  # fmt: skip

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="|".join(FORMS),
        help="The form of the answer; by default text, or what the ending of FILE says: .json, .md, .html, .svg.",
    ),
]
#: Of answers that have no picture.
WordForms = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="|".join(form for form in FORMS if form != "svg"),
        help="The form of the answer; by default text, or what the ending of FILE says: .json, .md, .html.",
    ),
]
Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to a file instead.")]
Pictures = Annotated[
    bool, typer.Option("--diagram", help="Add diagrams: of a layer its steps and its inside, of a model its graph.")
]


def form_of(form: str | None, as_json: bool, output: Path | None, more: Mapping[str, str] = NO_MORE) -> str:
    """The form that is asked for: by name, by `--json`, or by the ending of the file. Raises where two are.

    `more` holds the endings of forms that this command alone has.
    """
    forms = (*FORMS, *more.values())
    if form is not None and form not in forms:
        raise typer.BadParameter(f"expected {', '.join(forms)}, got {form}", param_hint="--format")
    if as_json and form not in (None, "json"):
        raise typer.BadParameter(f"expected one form, got {form} and --json, which is json", param_hint="--format")
    asked = "json" if as_json else form
    ending = {**ENDINGS, **more}.get(output.suffix.lower()) if output else None
    if asked and ending and asked != ending:
        got = f"{asked} for a file that ends in {output.suffix if output else ''}"
        raise typer.BadParameter(f"expected one form, got {got}, which is {ending}", param_hint="--output")
    if not asked and not ending and output and output.suffix.lower() in FOREIGN:
        known = ", ".join([".txt", *ENDINGS, *more])
        raise typer.BadParameter(f"expected {known}, or --format beside it, got {output}", param_hint="--output")
    return asked or ending or "text"


def is_same_file(output: Path | None, source: str) -> bool:
    """Whether writing the output would overwrite the source."""
    try:
        return output is not None and source != "-" and output.samefile(source)
    except (OSError, ValueError):
        # One of the two is not there, or no name of a file.
        return False


def put(output: Path, text: str | bytes) -> None:
    """Writes a file, a text in UTF-8, the whole of it or nothing; what is no regular file is written to as it is."""
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    there = _stat(output)
    if str(output).startswith(OPEN_ALREADY) or (there and not S_ISREG(there.st_mode)):
        # Behind what is there: what a run's output goes to as well is not emptied.
        with open(os.open(output, os.O_WRONLY | os.O_APPEND), "wb") as stream:
            stream.write(data)
        return
    target = Path(os.path.realpath(output))
    if there and not os.access(target, os.W_OK):
        raise PermissionError(EACCES, os.strerror(EACCES))
    try:
        with _undisturbed():
            _swap(target, data, S_IMODE(there.st_mode) if there else 0o666 & ~_umask())
    except OSError as error:
        # A file that may be written to, in a folder that may not.
        if error.errno not in (EACCES, EBUSY, EPERM, EROFS) or not there:
            raise
        target.write_bytes(data)


def _stat(output: Path) -> os.stat_result | None:
    """What is there, behind all links; None where nothing is."""
    try:
        return os.stat(output)
    except FileNotFoundError:
        return None


def _swap(target: Path, data: bytes, mode: int) -> None:
    """Puts a new file in the place of the old one."""
    from tempfile import mkstemp

    handle, name = mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            # Some disks say only now that they are full.
            os.fsync(handle)
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Holds back what would end the process, until nothing half-written is left."""
    import signal

    if not hasattr(signal, "pthread_sigmask"):
        # Windows ends a process without asking it.
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def show(text: str, form: str, colour: bool = False) -> None:
    """Prints an answer; ends the run where it cannot be, quietly where the reader has left."""
    if sys.stdout is None:
        complain("lstmcalc: cannot write: standard output is closed")
        raise typer.Exit(2)
    try:
        typer.echo(fitted(text, form, sys.stdout.encoding or "utf-8"), nl=False, color=colour)
    except BrokenPipeError:
        # What is left of the answer must not be tried again when the interpreter ends.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(LEFT) from None
    except OSError as error:
        complain(f"lstmcalc: cannot write: {os.strerror(error.errno or 0)}")
        raise typer.Exit(2) from None


def fitted(text: str, form: str, encoding: str) -> str:
    """A text with a stand-in for every character that an encoding lacks, as the form has one.

    >>> fitted("4·U², −1 ─", "text", "ascii"), fitted('{"a": "·"}', "json", "cp1252"), fitted("·", "html", "cp1252")
    ('4*U^2, -1 -', '{"a": "\\\\u00b7"}', '&#183;')
    """
    if codecs.lookup(encoding).name.startswith("utf"):
        return text.encode("utf-8", "replace").decode("utf-8")
    if form in ("html", "svg"):
        # It says of itself that it is UTF-8, so that nothing but ASCII is safe.
        return text.encode("ascii", "xmlcharrefreplace").decode("ascii")
    if form == "json":
        import json

        return re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text)
    return "\n".join(_stood_in(line, encoding) for line in text.split("\n"))


def _stood_in(line: str, encoding: str) -> str:
    """A line with stand-ins; a long one takes from the blanks behind it, so that what is below stays below."""
    parts: list[str] = []
    longer = 0
    for char in line:
        if longer and char == " " and parts[-1] == " ":
            longer -= 1
            continue
        parts.append(char if _has(encoding, char) else STAND_INS.get(char, "?"))
        longer += len(parts[-1]) - 1
    return "".join(parts)


def _has(encoding: str, char: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
