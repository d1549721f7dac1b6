"""YAML and Python that want to hang, to fill the memory, or to crash: each ends soon, in an error or a right answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hostile_texts import MODEL, PYTHON, YAML
from limited import at_most

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.sources import bounds, load
from lstmcalc.sources.python import text as python_text
from lstmcalc.sources.yaml_nodes import Items, Node, Pairs, Scalar, compose

#: How deep text may be differs between versions of Python, some of which read these.
DEEP = ("calls attr", "call chain", "elif", "nest chain", "nest functional")
SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))


#: How much memory a text may take, in kB.
MEMORY = 450_000
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def memory(what: str) -> int:
    """What the process holds (`VmRSS`), or held at most since that was forgotten (`VmHWM`); 0 where nothing tells."""
    lines = STATUS.read_text().splitlines() if RESET.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith(what)), 0)


@contextmanager
def bounded(seconds: int = 20) -> Iterator[None]:
    """Fails what hangs, by its own time and not by the clock, and what takes much memory."""

    if RESET.exists():
        RESET.write_text("5")
    held = memory("VmRSS")
    with at_most(seconds):
        yield
    assert memory("VmHWM") - held < MEMORY


def outcome(name: str, text: str) -> str:
    try:
        spec = load(name, text=text)
    except SpecError as error:
        assert len(error.faults) <= bounds.MAX_FAULTS + 1
        assert len(str(error)) < 300_000
        return error.faults[0].code
    assert len(spec.faults) <= bounds.MAX_FAULTS + 1
    count = len(spec.layers)
    fault = f", {spec.faults[0].code}" if spec.faults else ""
    return f"{count} {'layer' if count == 1 else 'layers'}{fault}"


@pytest.mark.parametrize("name", YAML)
def test_yaml(name: str) -> None:
    text, wanted = YAML[name]
    with bounded():
        assert outcome("m.yaml", text) in (wanted, *(["1 layer"] if name in DEEP else []))


@pytest.mark.parametrize("name", PYTHON)
def test_python(name: str) -> None:
    text, wanted = PYTHON[name]
    with bounded():
        found = outcome("m.ipynb" if name.startswith("nb ") else "m.py", text)
    assert found in (wanted, *(["1 layer"] if name in DEEP else []))


def test_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    attack = "open('done', 'w')\n__import__('os').system('touch done')\nexec('open(\"done\", \"w\")')\neval('1/0')\n"
    assert outcome("m.py", attack + MODEL + "m.add(Dense(3))") == "1 layer"
    assert outcome("m.yaml", "!!python/object/apply:os.system ['touch done']") == "yaml-tag"
    assert list(tmp_path.iterdir()) == []


def tree(node: Node | None) -> Any:
    """A part of a file with all that is known of it."""
    if isinstance(node, Scalar):
        return node.where, node.text, node.plain, node.offset
    if isinstance(node, Items):
        return node.where, node.weight, node.height, [tree(item) for item in node.items]
    if isinstance(node, Pairs):
        return node.where, node.weight, node.height, [(tree(key), tree(value)) for key, value in node.pairs]
    return None


def composed(text: str) -> Any:
    faults: list[Fault] = []
    try:
        return tree(compose(text, "m.yaml", faults)), faults
    except SpecError as error:
        # The two parsers have words of their own for what is no YAML, and places that differ by a character or a line.
        return [(f.code, None if f.code == "not-yaml" else f.where) for f in error.faults]


SMALL = {name: text for name, (text, _) in YAML.items() if len(text) < 20_000}


@pytest.mark.parametrize("text", [*(path.read_text() for path in SPECS), *SMALL.values()],
                         ids=[*(path.name for path in SPECS), *SMALL])  # fmt: skip
def test_both_parsers_give_the_same_tree_and_the_same_faults(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_c = composed(text)
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert composed(text) == with_c


def test_of_many_faults_the_first_are_told_and_their_number() -> None:
    text = "input: [3]\nlayers:\n" + "".join(f"  - Dense: {{units: 1, inputs: q{i}}}\n" for i in range(300))
    with pytest.raises(SpecError) as caught:
        load("m.yaml", text=text)
    *told, last = caught.value.faults
    assert [fault.where.line for fault in told if fault.where] == list(range(3, 103))
    assert str(last) == (
        "error[too-many-faults] m.yaml\n  expected at most 100 faults, which are those that are told\n"
        "  got      300\n  fix      mend the first ones, and read it again"
    )


def test_reading_ends_after_very_many_faults() -> None:
    faults: list[Fault] = []
    with pytest.raises(SpecError) as caught:
        for line in range(1, 20_000):
            bounds.note(faults, Fault("wrong-size", where=Where("m.yaml", line)))
    assert len(faults) == bounds.MAX_KEPT
    assert caught.value.faults[-1].got == "at least 10,000"


def test_long_texts_in_faults_are_cut() -> None:
    (fault,) = bounds.first_faults([Fault("wrong-size", got="9" * 5000, expected="a" * 2000)])
    assert (len(fault.got), len(fault.expected)) == (2001, 2000)


@pytest.mark.parametrize(
    "unit",
    [
        "m.add(Dense(3))\n",
        "m.add(\n  Dense(3)\n)\n",
        "if 1:\n  m.add(Dense(3))\nelse:\n  x\n",
        "'''\nm.add(\n'''\nm.add(Dense(3))\n",
        "def f():\n  return Dense(3)\n\nm.add(f())\n",
    ],
)
def test_a_long_file_is_read_in_parts(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = MODEL + unit * 50
    whole = load("m.py", text=text)
    monkeypatch.setattr(python_text, "LONG_TEXT", 10)
    for lines in (1, 7, 64):
        monkeypatch.setattr(python_text, "LINES_AT_ONCE", lines)
        assert load("m.py", text=text) == whole
    assert len(whole.layers) == 50


def test_a_long_file_that_is_no_python_is_refused_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_text, "LONG_TEXT", 10)
    with pytest.raises(SpecError) as caught:
        load("m.py", text=MODEL + "m.add(Dense(3))\nx = = 3\n")
    assert [(fault.code, fault.where and fault.where.line) for fault in caught.value.faults] == [("not-python", 5)]


def test_equal_arguments_are_one_object() -> None:
    layers = "[Dense: 3, 'Dense(3)', Dense: {units: 3}, Dense: 4, 'Dense(units=True)', 'Dense(1)']"
    found = [layer.arguments for layer in load("m.yaml", text=f"{{input: [3], layers: {layers}}}").layers.values()]
    assert found[0] is found[1] is found[2]
    assert len({id(arguments) for arguments in found}) == 4
    spec = load("m.py", text=MODEL + "m.add(Dense(3))\n" * 3)
    assert len({id(layer.arguments) for layer in spec.layers.values()}) == 1


def test_models_a_thousand_deep_and_a_thousand_times_are_read() -> None:
    chain = "".join(f"  m{i}: {{input: [3], layers: [m{i - 1}]}}\n" for i in range(1, 1000))
    spec = load("m.yaml", text=f"input: [3]\nmodels:\n  m0: {{input: [3], layers: [Dense: 3]}}\n{chain}layers: [m999]")
    depth = 0
    while spec.models:
        spec, depth = spec.models[spec.calls[0].layer], depth + 1
    assert depth == 1000
    spec = load("m.yaml", text="{input: [3], models: {m: {input: [3], layers: [Dense: 3]}}, layers: ["
                + "m, " * 1000 + "]}")  # fmt: skip
    assert [call.layer for call in spec.calls] == ["m"] * 1000
