"""What an error message means, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lstmcalc.errors import Where

__all__ = ["Cause", "Diagnosis", "Shape"]

#: A shape as a message prints it: None is unknown.
Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Cause:
    """One thing that may have led to an error, and the change that mends it.

    `cause` and `fix` are sentences, with backticks around what is code; `code` is lines that can be copied. `where` is
    the place in a model's source, where one was given. `about` tells what of a model the cause is about, so that a
    model beside the message can confirm it or rule it out: `input`, `output` (the last layer), `drops-steps` and
    `keeps-steps` (a recurrent layer without and with `return_sequences`), `flatten` (a Flatten).
    """

    cause: str
    fix: str = ""
    code: tuple[str, ...] = ()
    where: Where | None = None
    about: str = ""

    def to_json(self) -> dict[str, Any]:
        """The cause as the JSON contract spells it."""
        where = self.where or Where()
        return {
            "cause": self.cause,
            "fix": "\n".join([*([self.fix] if self.fix else ()), *self.code]) or None,
            "code": list(self.code),
            "where": {"file": where.file, "line": where.line, "column": where.column},
        }


@dataclass(frozen=True)
class Diagnosis:
    """An error message, what it means, and its causes, likeliest first.

    `code` is the family's; `message` is the line of the text that was recognised. `layer`, `class_name`, `expected` and
    `got` are what the message itself states, and empty where it does not. `received` holds the shapes that came to the
    layer, as far as the message has them, for finding the layer in a model. A message that is not known has
    `recognised` false, and no meaning and no causes.
    """

    code: str
    meaning: str
    causes: tuple[Cause, ...] = ()
    layer: str = ""
    class_name: str = ""
    expected: str = ""
    got: str = ""
    received: tuple[Shape, ...] = ()
    message: str = ""
    source: str = "-"
    recognised: bool = True
    #: What a model beside the message adds, in sentences.
    model_says: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The diagnosis as the JSON contract spells it."""
        return {
            "schema": "lstmcalc.diagnosis/1",
            "source": self.source,
            "recognised": self.recognised,
            "code": self.code or None,
            "message": self.message,
            "layer": self.layer or None,
            "expected": self.expected or None,
            "got": self.got or None,
            "meaning": self.meaning or None,
            "causes": [cause.to_json() for cause in self.causes],
            "model": list(self.model_says),
        }
