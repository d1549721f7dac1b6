"""Layers and models that are made without an argument that they must have."""

from __future__ import annotations

import re
from dataclasses import replace

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.families.removed import of_keras
from lstmcalc.diagnosis.message import Found, family
from lstmcalc.diagnosis.traced import Called, call_of, calls

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
    causes = _as_the_line_shows(found, where, names) or causes
    said = ", ".join(f"`{name}`" for name in names)
    meaning = f"{who} cannot be made without {said}."
    return Diagnosis("", meaning, tuple(causes), class_name=where, expected=", ".join(names))


def _as_the_line_shows(found: Found, where: str, names: list[str]) -> list[Cause]:
    """What the line that failed leaves of the causes; none where it is not there."""
    call = call_of(found, where) if where else next((one for one in calls(found) if one.name[:1].isupper()), None)
    if call is None or call.positional or names == ["inputs", "outputs"]:
        return []
    if written := _as_meant(call, names):
        return [written]
    code = replace(call, positional=("64",)).written()
    return [Cause(f"`{names[0]}` was forgotten, or misspelt.", "State it:", (code,))]


def _as_meant(call: Called, names: list[str]) -> Cause | None:
    """The line with what is missing under its right name, where it stands there under another one."""
    from lstmcalc.layers.arguments import closest

    others = {
        name: other
        for name in names
        if (other := OLD_NAMES.get(name, "")) in call.keywords or (other := closest(name, list(call.keywords)) or "")
    }
    if names[0] not in others:
        return None
    said = " and ".join(f"`{name}` stands there as `{other}`" for name, other in others.items())
    values = tuple(call.keywords[others[name]] for name in names if name in others)
    code = replace(call, positional=(*values, *call.positional)).written("", *others.values())
    return Cause(f"{said}: misspelt, or another Keras's name.", "Write it first, without its name:", (code,))
