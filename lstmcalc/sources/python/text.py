"""Python as people have it: prompts, magics, fences, notebooks, indentation, and lines that are no Python at all."""

from __future__ import annotations

import ast
import json
import re
import warnings
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.layers import ALIASES, RULES

__all__ = ["Code", "concerns_a_model", "read_code"]

#: The longest text that is read, how often one is repaired, and how many characters all the attempts may read.
MAX_TEXT = 4_000_000
MAX_REPAIRS = 200
MAX_REREAD = 20_000_000
#: The tree of a text takes some two hundred times its length: of a longer one, only so many lines are parsed at once,
#: and nothing is repaired.
LONG_TEXT = 1_000_000
LINES_AT_ONCE = 2_000
KEPT = re.compile("def|lambda|reset_state")
#: A line that the statement before it goes on in, as far as its start tells.
GOES_ON = re.compile(r"[\s)\]}#]|(else|elif|except|finally)\b|$")
#: How much of a line an excerpt may be cut from.
MAX_SEGMENT = 2_000

WIDE = re.compile(r"[^\x00-\x7f]")

FENCE = re.compile(r"\s*(```|~~~)")
DOCTEST = re.compile(r"\s*>>>( |$)|\s*>>>(?=\S)")
CONTINUED = re.compile(r"\s*\.\.\.( |$)")
IPYTHON = re.compile(r"\s*In ?\[[\d *]*\]: ?")
IPYTHON_CONTINUED = re.compile(r"\s*\.{3,}: ?")
IPYTHON_OUT = re.compile(r"\s*Out ?\[[\d ]*\]: ?")
MAGIC = re.compile(r"\s*([!%?]|\w[\w.]*\?+\s*$)")
#: A function or a class begins, without which what is made in it is lost.
HEADER = re.compile(r"\s*(def\s+\w+\s*\(|class\s+\w+\s*[(:])")
QUOTES = str.maketrans("“”„‟‘’‚‛", "\"\"\"\"''''")


@dataclass(frozen=True)
class Line:
    """A line of code: its text, its number in the source, and how many characters the source has before it."""

    text: str
    number: int
    shift: int = 0

    def column(self, offset: int) -> int:
        """How many characters are before a byte of the line, which is how Python counts columns."""
        if self.text.isascii():
            return offset
        wide = self._wide
        return offset - (wide[bisect_left(wide, (offset, 0)) - 1][1] if wide[0][0] < offset else 0)

    @cached_property
    def _wide(self) -> list[tuple[int, int]]:
        """Of each character of several bytes, where it starts, and how many bytes it and those before have too many."""
        found, extra = [], 0
        for match in WIDE.finditer(self.text):
            start = match.start() + extra
            extra += len(match[0].encode("utf-8", "replace")) - 1
            found.append((start, extra))
        return found

    def blank(self) -> Line:
        """The same line without code."""
        return replace(self, text="")

    def cut(self, length: int) -> Line:
        """The line without its first characters."""
        return replace(self, text=self.text[length:], shift=self.shift + length)


@dataclass
class Code:
    """Source that was parsed: its tree, and the places in the file that its nodes have."""

    source: str
    lines: list[Line]
    tree: ast.Module = field(default_factory=lambda: ast.Module([], []))
    faults: list[Fault] = field(default_factory=list)
    #: Lines that were left out, though nothing tells that a model needs them.
    skipped: list[Fault] = field(default_factory=list)
    #: How many characters it had as it was given.
    length: int = 0

    def statements(self) -> Iterator[ast.stmt]:
        """The statements of the file, one after another; of a long one `tree` keeps only what may define a function."""
        if self.length <= LONG_TEXT or self.tree.body:
            yield from self.tree.body
            return
        start, size = 0, LINES_AT_ONCE
        while start < len(self.lines):
            end = min(start + size, len(self.lines))
            while end < len(self.lines) and GOES_ON.match(self.lines[end].text):
                end += 1
            part = "\n".join(line.text for line in self.lines[start:end])
            body = _tree_of("\n" * start + part)
            if isinstance(body, ast.Module):
                start, size = end, LINES_AT_ONCE
                if KEPT.search(part):
                    self.tree.body += body.body
                yield from body.body
            elif end < len(self.lines):
                # The end may be inside a text of several lines.
                size *= 2
            else:
                raise SpecError([_not_python(self, min(body.lineno or 1, end) - 1)])

    def place(self, node: ast.AST) -> Where:
        """Where a node stands."""
        number = getattr(node, "lineno", 0)
        if not 0 < number <= len(self.lines):
            return Where(self.source)
        line = self.lines[number - 1]
        return Where(self.source, line.number, line.column(getattr(node, "col_offset", 0)) + line.shift + 1)

    def excerpt(self, node: ast.AST) -> str:
        """The code of a node, on one line."""
        return shortened(self.segment(node))

    def segment(self, node: ast.AST) -> str:
        """The start of a node's code."""
        start, end = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
        if not 0 < start <= len(self.lines):
            return ""
        lines = self.lines[start - 1 : min(end, start + 4)]
        first = lines[0].column(getattr(node, "col_offset", 0))
        last = lines[-1].column(getattr(node, "end_col_offset", 0)) if end <= start + 4 else None
        if len(lines) == 1:
            found = [lines[0].text[first : min(last or 0, first + MAX_SEGMENT)]]
        else:
            middle = [line.text[:MAX_SEGMENT] for line in lines[1:-1]]
            found = [lines[0].text[first : first + MAX_SEGMENT], *middle, lines[-1].text[:last][:MAX_SEGMENT]]
        return " ".join(" ".join(found).split())


def shortened(text: str, length: int = 60) -> str:
    """A text, cut where it is long."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def concerns_a_model(text: str) -> bool:
    """Whether a line makes, joins or holds layers, as far as its words tell."""
    words = set(re.findall(r"([A-Za-z_]\w*)\s*\(", text))
    known = {"Sequential", "Model", "Input", "InputLayer", *RULES, *ALIASES}
    return bool(words & known) or ".add(" in text or ")(" in text


def read_code(text: str, source: str) -> Code:
    """Parses a text after taking away what is not Python; what concerns a model and cannot be read joins `faults`."""
    if len(text) > MAX_TEXT:
        expected = f"a text of at most {MAX_TEXT:,} characters"
        raise SpecError([Fault("too-large", expected, f"{len(text):,}", where=Where(source))])
    cells = _notebook(text) if len(text) <= LONG_TEXT else None
    lines = cells or [Line(line, i) for i, line in enumerate(re.split(r"\r\n|\r|\n", text.lstrip("\ufeff")), 1)]
    code = Code(source, lines, length=len(text))
    if cells is None and (len(text) > LONG_TEXT or _parse(code) is None):
        return code
    code.lines = _without_indent([_untabbed(line) for line in _without_magics(_without_prompts(_fenced(code.lines)))])
    for _ in range(max(1, min(MAX_REPAIRS, MAX_REREAD // (len(text) + 1)))):
        error = _parse(code)
        if error is None:
            return code
        _repair(code, error)
    raise SpecError([_not_python(code, len(code.lines) - 1)])


def _parse(code: Code) -> SyntaxError | None:
    """Parses the lines; the error where they are not Python."""
    found = _tree_of("\n".join(line.text for line in code.lines))
    if isinstance(found, SyntaxError):
        return found
    code.tree = found
    return None


def _tree_of(text: str) -> ast.Module | SyntaxError:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        # What is too deep or too long for Python has no place that it would tell.
        lines = text.split("\n")
        longest = max(range(len(lines)), key=lambda i: len(lines[i]))
        return SyntaxError(str(error), ("", longest + 1, 1, None))


def _notebook(text: str) -> list[Line] | None:
    """The code of a Jupyter notebook, every line with its number in the file; None for anything else."""
    if not text.lstrip().startswith("{") or '"cells"' not in text:
        return None
    try:
        cells = json.loads(text)["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    lines, number = [], 1
    written = text.split("\n")
    for source in sources:
        for line in (line for item in (source if isinstance(source, list) else [source]) for line in _split(str(item))):
            quoted = json.dumps(line, ensure_ascii=False)[1:-1]
            there = next((i for i in range(number - 1, len(written)) if quoted and quoted in written[i]), number - 1)
            number = there + 1
            shift = max(written[there].find(quoted), 0) if quoted else 0
            lines.append(Line(line.rstrip("\r\n"), number, shift))
    return lines or None


def _split(text: str) -> list[str]:
    """The lines of a text as Python has them, each with what ends it."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text) or [""]


def _fenced(lines: list[Line]) -> list[Line]:
    """What stands between ``` and ```, if anything does."""
    fences = [i for i, line in enumerate(lines) if FENCE.match(line.text)]
    if len(fences) == 1:
        return [line.blank() if i in fences else line for i, line in enumerate(lines)]
    inside = not fences
    found = []
    for line in lines:
        is_fence = bool(FENCE.match(line.text))
        found.append(line if inside and not is_fence else line.blank())
        inside ^= is_fence
    return found


def _without_prompts(lines: list[Line]) -> list[Line]:
    """What was typed at `>>>` or `In [1]:`, without what was printed."""
    if any(DOCTEST.match(line.text) for line in lines):
        prompts = [DOCTEST.match(line.text) or CONTINUED.match(line.text) for line in lines]
        return [line.cut(match.end()) if match else line.blank() for line, match in zip(lines, prompts, strict=True)]
    if not any(IPYTHON.match(line.text) for line in lines):
        return lines
    found = []
    # Where the prompt stands on a line of its own, the code follows without one.
    bare = True
    for line in lines:
        match = IPYTHON.match(line.text)
        if match:
            bare = not line.text[match.end() :].strip()
        elif IPYTHON_OUT.match(line.text):
            bare = False
        else:
            match = IPYTHON_CONTINUED.match(line.text)
        found.append(line.cut(match.end()) if match else line if bare else line.blank())
    return found


def _without_magics(lines: list[Line]) -> list[Line]:
    return [line.blank() if MAGIC.match(line.text) else line for line in lines]


def _untabbed(line: Line) -> Line:
    code = line.text.lstrip(" \t\f\xa0")
    indent = line.text[: len(line.text) - len(code)].replace("\xa0", " ").replace("\f", "")
    width = len(indent.expandtabs(8))
    return replace(line, text=" " * width + code, shift=line.shift + len(line.text) - len(code) - width)


def _indent(line: Line) -> int:
    return len(line.text) - len(line.text.lstrip())


def _without_indent(lines: list[Line]) -> list[Line]:
    """The lines without the indentation that they share."""
    shared = min((_indent(line) for line in lines if line.text.strip()), default=0)
    return [line.cut(shared) if line.text.strip() else line.blank() for line in lines]


def _repair(code: Code, error: SyntaxError) -> None:
    """Changes the lines so that the parser gets past an error; one that concerns a model is noted."""
    lines = code.lines
    last = max((i for i, line in enumerate(lines) if line.text.strip()), default=0)
    at = min((error.lineno or 1) - 1, last)
    while at > 0 and not lines[at].text.strip():
        at -= 1
    line = lines[at]
    if line.text.translate(QUOTES) != line.text and "character" in str(error.msg):
        if not any(fault.code == "smart-quotes" for fault in code.faults):
            code.faults.append(_smart_quotes(code, line))
        lines[at] = replace(line, text=line.text.translate(QUOTES))
    elif header := re.search(r"expected an indented block after .* on line (\d+)", str(error.msg)):
        opening = lines[int(header[1]) - 1]
        lines[int(header[1]) - 1] = replace(opening, text=opening.text.partition("#")[0].rstrip() + " pass")
        if concerns_a_model(opening.text) and "pass pass" in lines[int(header[1]) - 1].text:
            _drop(code, int(header[1]) - 1)
    elif not (isinstance(error, IndentationError) and _outdent(lines, at)) and not _close(code, error, at, last):
        _drop(code, at)


def _close(code: Code, error: SyntaxError, at: int, last: int) -> bool:
    """Closes the brackets of an unfinished statement: at the end of the text, or else of its line; whether it could."""
    if "never closed" not in str(error.msg):
        return False
    lines = code.lines
    unfinished = Code(code.source, lines)
    for end in dict.fromkeys((last, at)):
        opened = _open_brackets(" ".join(line.text for line in lines[at : end + 1]))
        text = lines[end].text.rstrip()
        unfinished.lines = [*lines[:end], replace(lines[end], text=text + opened), *lines[end + 1 :]]
        next_error = _parse(unfinished)
        if opened and (next_error is None or (next_error.lineno or 0) > end + 1):
            if concerns_a_model(" ".join(line.text for line in lines[at : end + 1])):
                code.faults.append(_not_python(code, at))
            code.lines = unfinished.lines
            return True
    return False


def _open_brackets(text: str) -> str:
    """What closes the brackets that a text leaves open.

    >>> _open_brackets("Sequential([Dense(3, name='(')")
    '])'
    """
    opened: list[str] = []
    for bracket in re.findall(r"[()\[\]{}]", re.sub(r"'[^']*'|\"[^\"]*\"", "", text)):
        if bracket in "([{":
            opened.append({"(": ")", "[": "]", "{": "}"}[bracket])
        elif opened and opened[-1] == bracket:
            opened.pop()
    return "".join(reversed(opened))


def _outdent(lines: list[Line], at: int) -> bool:
    """Moves a block that starts at a line to the left, where the code before it leaves room; whether it did."""
    before = next((_indent(line) for line in reversed(lines[:at]) if line.text.strip()), 0)
    indent = _indent(lines[at])
    excess = indent - before if indent > before else 0
    if not excess:
        levels = {_indent(line) for line in lines[:at] if line.text.strip() and _indent(line) < indent}
        excess = indent - max(levels, default=0)
    if not excess:
        return False
    for i in range(at, len(lines)):
        if lines[i].text.strip():
            if _indent(lines[i]) < indent:
                break
            lines[i] = lines[i].cut(excess)
    return True


def _drop(code: Code, at: int) -> None:
    """Leaves a line out."""
    line = code.lines[at]
    if line.text.strip() not in ("", "pass"):
        found = code.faults if concerns_a_model(line.text) or HEADER.match(line.text) else code.skipped
        found.append(_not_python(code, at))
    rest = "" if line.text.strip() == "pass" else f"{' ' * _indent(line)}pass"
    code.lines[at] = replace(line, text=rest)


def _not_python(code: Code, at: int) -> Fault:
    line = code.lines[at]
    got = f"`{shortened(line.text.strip())}`"
    fix = "close every bracket and quote" if line.text.count("(") > line.text.count(")") else ""
    return Fault("not-python", "Python", got, "this line cannot be read", fix, _at(code, line))


def _smart_quotes(code: Code, line: Line) -> Fault:
    column = next(i for i, character in enumerate(line.text) if ord(character) in QUOTES)
    got = f"`{line.text[column]}`"
    because = "a word processor or a web page has put typographic quotes in place of Python's"
    where = Where(code.source, line.number, column + line.shift + 1)
    return Fault("smart-quotes", "\" or '", got, because, "replace them all", where)


def _at(code: Code, line: Line) -> Where:
    return Where(code.source, line.number, _indent(line) + line.shift + 1)
