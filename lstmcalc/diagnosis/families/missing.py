"""Layers and models that are made without an argument that they must have."""

from __future__ import annotations

import re

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.families.removed import of_keras
from lstmcalc.diagnosis.message import Found, family

NO_SUBCLASSES = Cause(
    "Keras 2.1 and older have no models of a class of one's own.",
    "Bring Keras up to date, or make the model of its inputs and outputs:",
    ("model = Model(inputs, outputs)",),
)

#: What other Kerases called an argument.
OLD_NAMES = {
    "units": "output_dim",
    "filters": "nb_filter",
    "kernel_size": "filter_length",
    "rate": "p",
    "output_dim": "units",
}


@family(
    "missing-argument",
    (
        "required positional argument",
        r"(?:\b(?P<class>\w{1,80})\.)?__init__\(\) missing (?P<number>\d{1,2}) required"
        r" positional"
        r" arguments?: (?P<names>'\w{1,60}'(?:,? (?:and )?'\w{1,60}'){0,8})",
    ),
)
def missing_argument(found: Found) -> Diagnosis | None:
    """A layer without the argument that it must have; often under its name of Keras 1."""
    names = re.findall(r"'(\w+)'", found["names"])
    where = found["class"]
    if not of_keras(where, set(names), found):
        return None
    who = f"`{where}`" if where else "The class"
    causes = [
        Cause(
            f"`{names[0]}` was forgotten, or misspelt.", "Give it first, without its name:", (f"{where or 'LSTM'}(64)",)
        )
    ]
    if names == ["inputs", "outputs"]:
        causes = [NO_SUBCLASSES]
    if names[0] in OLD_NAMES:
        causes.append(
            Cause(
                f"The code is written for another Keras, which called it `{OLD_NAMES[names[0]]}`.",
                f"Write `{names[0]}`.",
                (f"{where or 'LSTM'}({', '.join(f'{name}=...' for name in names)})",),
            )
        )
    if found.near(r"(load_model|from_config|from_json|deserialize)"):
        causes.insert(
            0,
            Cause(
                "A class of your own has no `get_config`, so the file does not hold its arguments.",
                "Write it:",
                ("def get_config(self):", f'    return {{**super().get_config(), "{names[0]}": self.{names[0]}}}'),
            ),
        )
    said = ", ".join(f"`{name}`" for name in names)
    meaning = f"{who} cannot be made without {said}."
    return Diagnosis("", meaning, tuple(causes), class_name=where, expected=", ".join(names))
