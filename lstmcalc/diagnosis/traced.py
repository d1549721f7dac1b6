"""The line of the reader's own code in a traceback: the calls that it makes, with their arguments as written."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from lstmcalc.diagnosis.diagnosis import Cause
from lstmcalc.diagnosis.message import Found

__all__ = ["Called", "call_of", "calls", "file_read", "own_line", "registration", "with_file"]

#: One frame as Python prints it, in a text made one line; the code of a frame ends where the next thing begins.
_FRAME = re.compile(
    r"File \"(?P<file>[^\"]{1,300})\", line \d{1,7}(?:, in (?P<name>[\w.<>]{1,100}))? ?(?P<code>.{0,600})"
)
_NEXT = re.compile(
    r" (?:File \"|[\^~]{2,}|Traceback \(|\[Previous line|(?:[\w.]{1,150}\.)?[A-Z]\w{0,60}(?:Error|Exception)\b)"
)
_ERROR_ALONE = re.compile(r"(?:[\w.]{1,150}\.)?[A-Z]\w{0,60}(?:Error|Exception)\b")
#: Code that is not the reader's own.
_LIBRARY = re.compile(
    r"(?:site|dist)-packages|[/\\]lib[/\\]python\d|^<frozen|__autograph|[/\\](?:keras|tensorflow|torch)[/\\]"
)


@dataclass(frozen=True)
class Called:
    """One call: what is called, its positional arguments, and those by keyword, all as they are written."""

    function: str
    positional: tuple[str, ...] = ()
    keywords: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name without the module before it."""
        return self.function.rpartition(".")[2]

    def written(self, function: str = "", *without: str, **changed: str) -> str:
        """The call with other keywords, or some left out; what is new comes last.

        >>> Called("layers.LSTM", ("4",), {"activation": '"relu"'}).written("", "activation", return_state="True")
        'layers.LSTM(4, return_state=True)'
        """
        kept = {name: value for name, value in self.keywords.items() if name not in without}
        inside = [*self.positional, *(f"{name}={value}" for name, value in (kept | changed).items())]
        return f"{function or self.function}({', '.join(inside)})"


def own_line(found: Found) -> str:
    """The last line of the reader's own code before a message; "" where the text has none."""
    return _own_line(found.text, found.text.find(found.message))


@lru_cache(maxsize=64)
def _own_line(text: str, end: int) -> str:
    start = text.rfind("Traceback (most recent call last)", 0, max(end, 0))
    before = text[max(start, 0) : max(end, 0)]
    line = ""
    for place in re.finditer(r"File \"", before):
        frame = _FRAME.match(before, place.start())
        if frame is None or _LIBRARY.search(frame["file"]):
            continue
        code = frame["code"]
        after = _NEXT.search(code)
        code = (code[: after.start()] if after else code).strip().removeprefix("* ")
        if not code.startswith('File "'):
            line = "" if _ERROR_ALONE.match(code) else code
    return line


def calls(found: Found) -> tuple[Called, ...]:
    """The calls of that line, the outer before the inner; none where it is cut or is no Python."""
    return _calls(own_line(found))


@lru_cache(maxsize=64)
def _calls(line: str) -> tuple[Called, ...]:
    try:
        line = line.removeprefix("return ")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(line)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(_each(tree, line))


def _each(tree: ast.AST, line: str) -> Iterator[Called]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            names = {word.arg: _written(word.value, line) for word in node.keywords if word.arg}
            yield Called(_written(node.func, line), tuple(_written(part, line) for part in node.args), names)


def _written(node: ast.expr, line: str) -> str:
    return ast.get_source_segment(line, node) or ""


def call_of(found: Found, *names: str) -> Called | None:
    """The first call of one of these names in that line.

    >>> text = 'File "a.py", line 2, in <module> model.add(layers.LSTM(4, stateful=True)) ValueError: no'
    >>> call_of(Found("ValueError: no", text), "LSTM").keywords
    {'stateful': 'True'}
    """
    return next((call for call in calls(found) if call.name in names), None)


def file_read(found: Found, default: str) -> str:
    """The file that the line loads a model or weights from, where it is written there."""
    call = call_of(found, "load_model", "load_weights")
    path = call.positional[0] if call and call.positional else ""
    return path[1:-1] if path[:1] in ("'", '"') and path[-1:] == path[:1] and len(path) > 2 else default


def registration(found: Found) -> str:
    """The decorator that registers a class in the Keras of the traceback; "" where that has none.

    >>> registration(Found("", "/tensorflow/python/keras/saving/save.py"))
    '@tf.keras.utils.register_keras_serializable()'
    """
    if re.search(
        r"tensorflow[/\\]python[/\\]keras|tf_keras|[/\\]keras[/\\](?:saving|utils[/\\]traceback_utils)", found.text
    ):
        return "@tf.keras.utils.register_keras_serializable()"
    if re.search(r"-packages[/\\]keras[/\\](?!src[/\\])", found.text):
        # Keras 2.3 and older.
        return ""
    return "@keras.saving.register_keras_serializable()"


def with_file(found: Found, causes: tuple[Cause, ...]) -> tuple[Cause, ...]:
    """Causes whose code loads the file that the line names, instead of a `model.h5` from nowhere."""
    path = file_read(found, "")
    if not path:
        return causes
    read = re.compile(r"(?<=load_model\(\")model\.(?:h5|keras)(?=\")")
    return tuple(replace(cause, code=tuple(read.sub(lambda _: path, line) for line in cause.code)) for cause in causes)
