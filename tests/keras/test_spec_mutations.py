"""Good models, spoilt in every way that people spoil them: lstmcalc fails where Keras fails, and its fix mends them.

A fix is applied as it is printed, by a reader who knows nothing else (tests/support/advice.py).
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from advice import follow
from plain_keras import says
from spec_mutations import mutants

from lstmcalc import infer, load
from lstmcalc.errors import Fault, SpecError
from lstmcalc.report import Report
from lstmcalc.spec import Spec

ROOT = Path(__file__).parent.parent.parent
#: Models whose weights are too large to build them hundreds of times, or that only repeat others.
LEFT_OUT = ("char_rnn", "speaker_change", "speaker_change_paper", "target_token_as_asked", "sentence_encoder")
#: No model is built that has more params.
MOST_PARAMS = 20_000_000
#: A fix may bring up the next fault, which has a fix of its own.
MOST_ROUNDS = 4


#: Hints that say of a model what Keras refuses it for, unless more is stated.
WARNS = ("size-needed", "one-input")


class Case(NamedTuple):
    """A spoilt model: which, what was done to it, and the model."""

    model: str
    what: str
    spec: Spec


class Outcome(NamedTuple):
    """What lstmcalc and Keras say of a case; `mended` is what came of the fixes, empty where there is no fault."""

    ours: str
    theirs: str
    words: str
    faults: tuple[Fault, ...]
    mended: str = ""


def cases() -> Iterator[Case]:
    for path in [*sorted((Path(__file__).parent / "mutated").glob("*.yaml")), *sorted((ROOT / "specs").glob("*.yaml"))]:
        if path.stem not in LEFT_OUT:
            yield from (Case(path.stem, what, spec) for what, spec in mutants(load(path)))


def outcome_of(case: Case) -> Outcome | None:
    """None for a model that is too large to be built."""
    faults: tuple[Fault, ...] = ()
    try:
        report = infer(case.spec)
        ours = "warns" if warns(report) else "accepts"
        if not isinstance(report.totals.params, int) or report.totals.params > MOST_PARAMS:
            return None
    except SpecError as error:
        ours, faults = "refuses", error.faults
    theirs, words = says(case.spec)
    mended = mend(case.spec, faults) if faults and theirs != "runs" else ""
    return Outcome(ours, theirs, words, faults, mended)


def warns(report: Report) -> bool:
    """Whether the report says under which conditions Keras will not have the model."""
    return bool(report.assumptions) or any(hint.code in WARNS for hint in report.hints)


def mend(spec: Spec, faults: tuple[Fault, ...]) -> str:
    """What comes of the fixes, one after the other: `mended` where Keras then builds and runs the model.

    A spoilt model may besides hold only under conditions, which the report then states.
    """
    for _ in range(MOST_ROUNDS):
        if not faults[0].fix:
            return "no fix"
        changed = follow(spec, faults[0])
        if changed is None:
            return "no instruction"
        spec = changed
        try:
            told = warns(infer(spec))
        except SpecError as error:
            faults = error.faults
            continue
        theirs, words = says(spec)
        return "mended" if theirs == "runs" or told else f"Keras still {theirs}: {words}"
    return "still refused"


def ask(number: int | None) -> list[tuple[Case, Outcome]]:
    everything = list(cases())
    random.Random(5).shuffle(everything)
    asked = ((case, outcome_of(case)) for case in everything[:number])
    return [(case, outcome) for case, outcome in asked if outcome]


def show(found: list[tuple[Case, Outcome]]) -> None:
    """The table, and what is not as it should be."""
    table = Counter((outcome.ours, outcome.theirs) for _, outcome in found)
    mended = Counter(re.sub(":.*", "", outcome.mended) for _, outcome in found if outcome.mended)
    print(f"\nspoilt models: {len(found)}", file=sys.stderr)
    for (ours, theirs), count in sorted(table.items()):
        print(f"  {count:5} lstmcalc {ours}, Keras {theirs}", file=sys.stderr)
    for what, count in mended.most_common():
        print(f"  {count:5} {what}", file=sys.stderr)
    for case, outcome in found:
        if outcome.mended not in ("", "mended") or (outcome.ours, outcome.theirs) in DISAGREEING:
            first = outcome.faults[0] if outcome.faults else None
            lines = f"{outcome.ours}/{outcome.theirs} | {outcome.mended} | {outcome.words[:150]} | {first}"
            print(f"  {case.model}: {case.what} | " + lines.replace("\n", " / "), file=sys.stderr)


DISAGREEING = (("accepts", "refuses"), ("accepts", "builds"), ("refuses", "runs"))


@pytest.mark.parametrize("number", [40, pytest.param(None, marks=pytest.mark.long)])
@pytest.mark.filterwarnings("ignore")
def test_it_fails_where_keras_fails_and_its_fix_mends(number: int | None) -> None:
    found = ask(number)
    show(found)
    assert [(case.model, case.what) for case, o in found if (o.ours, o.theirs) in DISAGREEING] == []
    asked = [outcome.mended for _, outcome in found if outcome.mended]
    assert asked.count("mended") >= 0.95 * len(asked)
