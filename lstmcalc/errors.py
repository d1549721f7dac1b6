"""Faults: what is wrong with a model, as data, and the exception that carries them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lstmcalc.frozen import NamedTuple
from lstmcalc.steering import LONGEST_WORD, readable, visible

__all__ = ["Fault", "Rejection", "SpecError", "Where", "with_article"]


class Where(NamedTuple):
    """A place in a source: file, line and column, the last two counted from 1 and absent where unknown.

    >>> print(Where("model.yaml", 9, 7))
    model.yaml:9:7
    """

    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class Fault(NamedTuple):
    """One thing that is wrong, in six slots: code, where, expected, got, because, fix (DESIGN's error contract).

    `layer` is the layer's name and class. A slot that would only repeat another stays empty.

    >>> print(Fault("unknown-argument", expected="an LSTM argument", got="`unit`", fix="did you mean `units`?"))
    error[unknown-argument]
      expected an LSTM argument
      got      `unit`
      fix      did you mean `units`?
    """

    code: str
    expected: str = ""
    got: str = ""
    because: str = ""
    fix: str = ""
    where: Where | None = None
    layer: tuple[str, str] | None = None
    severity: str = "error"

    @property
    def message(self) -> str:
        """The fault in one line, without its place."""
        parts = [f"expected {self.expected}" if self.expected else "", f"got {self.got}" if self.got else ""]
        sentence = ", ".join(part for part in parts if part)
        return f"{sentence}: {self.because}" if sentence and self.because else sentence or self.because

    def placed(self, where: Where | None, layer: tuple[str, str] | None = None) -> Fault:
        """The same fault at a place; what is already known of the place stays."""
        return self._replace(where=self.where or where, layer=self.layer or layer)

    def readable(self) -> Fault:
        """The same fault with each slot on one line, and nothing in it that would steer what shows it, or fill it."""
        texts = (self.expected, self.got, self.because, self.fix)
        if all(text.isprintable() and len(text) < LONGEST_WORD for text in texts):
            return self
        expected, got, because, fix = map(readable, texts)
        return self._replace(expected=expected, got=got, because=because, fix=fix)

    def slots(self) -> Iterable[tuple[str, str]]:
        """The filled slots below the headline, in their fixed order."""
        for slot in ("expected", "got", "because", "fix"):
            if text := getattr(self, slot):
                yield slot, text

    def headline(self) -> str:
        """Where and in which layer: the text after `error[code]`."""
        layer = f'layer "{self.layer[0]}" ({self.layer[1]})' if self.layer else ""
        return "  ".join(part for part in (str(self.where or ""), layer) if part)

    def __str__(self) -> str:
        lines = [visible(f"{self.severity}[{self.code}] {self.headline()}".rstrip())]
        lines += [f"  {slot:<8} {text}" for slot, text in self.slots()]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """The fault as the JSON contract spells it."""
        where = self.where or Where()
        return {
            "code": self.code,
            "where": {"file": where.file, "line": where.line, "column": where.column},
            "layer": self.layer[0] if self.layer else None,
            "expected": self.expected or None,
            "got": self.got or None,
            "because": self.because or None,
            "fix": self.fix or None,
            "message": self.message,
        }


class Rejection(Exception):
    """A rule's refusal; the caller, who knows the place and the layer, turns it into a `SpecError`."""

    def __init__(self, code: str, expected: str = "", got: str = "", because: str = "", fix: str = "") -> None:
        self.fault = Fault(code, expected, got, because, fix)
        super().__init__(self.fault.message)


class SpecError(Exception):
    """Everything that is wrong with one source: all its independent faults, and what could be answered regardless.

    >>> error = SpecError([Fault("empty-file", "a model", "nothing")])
    >>> [fault.code for fault in error.faults]
    ['empty-file']
    """

    def __init__(self, faults: Iterable[Fault], report: Any = None) -> None:
        self.faults = tuple(fault.readable() for fault in faults)
        #: The report of everything that does not depend on a fault, where there is one.
        self.report = report
        super().__init__("\n\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[Any, ...]:
        return SpecError, (self.faults, self.report)


def with_article(class_name: str) -> str:
    """A class with its article, as it is spoken: `an LSTM`, `a GRU`, `an Embedding`.

    >>> [with_article(name) for name in ("LSTM", "GRU", "Embedding", "RNN", "LayerNormalization")]
    ['an LSTM', 'a GRU', 'an Embedding', 'an RNN', 'a LayerNormalization']
    """
    spelt = class_name[:2].isupper() and class_name[0] in "AEFHILMNORSX"
    return f"{'an' if spelt or class_name[0] in 'AEIOU' else 'a'} {class_name}"
