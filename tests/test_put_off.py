"""What is put off, and what equal layers share, changes nothing: in any order, in threads, copied, and by commands."""

from __future__ import annotations

import copy
import gc
import pickle
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from drawn_specs import drawn_spec
from typer.testing import CliRunner
from unshared import everything, outcome

import lstmcalc
from lstmcalc.cli import app
from lstmcalc.collector import uncollected
from lstmcalc.report import Report
from lstmcalc.spec import NOTHING, LayerSpec

TESTS = Path(__file__).parent
SPECS = sorted((TESTS.parent / "specs").glob("*.yaml"))
REPORTS = [
    *SPECS[:3],
    SPECS[-1],
    TESTS / "told" / "parts.yaml",
    TESTS / "models" / "masked_text.py.txt",
    TESTS / "models" / "translator.keras",
]


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name)
def test_reports_are_equal_whenever_they_are_asked(path: Path) -> None:
    spec = lstmcalc.load(str(path))
    wanted = everything(outcome(spec))
    assert everything(outcome(spec)) == wanted
    assert outcome(spec) == outcome(lstmcalc.load(str(path)))
    for order in range(3):
        report = lstmcalc.infer(spec)
        for seed in range(order):
            outcome(drawn_spec(seed))
        asks = list(questions(report))
        random.Random(order).shuffle(asks)
        for ask in asks:
            ask()
        assert everything((report, ())) == wanted


def questions(report: Report) -> Iterator[Callable[[], Any]]:
    """All that can be asked of a report and is found then."""
    for layer in report.layers:
        yield lambda layer=layer: (layer.formula, layer.cost)
        for each in layer.calls:
            for what in ("work", "passes_gradient", "batched", "numbers", "kept"):
                yield lambda effort=each.effort, what=what: getattr(effort, what)
        if layer.nested:
            yield from questions(layer.nested)


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name)
@pytest.mark.parametrize("asked", [False, True])
def test_reports_are_copied(path: Path, asked: bool) -> None:
    wanted = everything(outcome(lstmcalc.load(str(path))))
    report = lstmcalc.infer(lstmcalc.load(str(path)))
    if asked:
        everything((report, ()))
    for made in (pickle.loads(pickle.dumps(report)), copy.deepcopy(report)):  # what we wrote ourselves
        assert made == report
        assert everything((made, ())) == wanted
        assert pickle.dumps(made).count(b"Walk") == 0


def test_reports_are_found_and_asked_in_threads() -> None:
    specs = [lstmcalc.load(str(path)) for path in REPORTS] * 4
    wanted = [everything(outcome(spec)) for spec in specs]
    shared = [outcome(spec) for spec in specs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda spec: everything(outcome(spec)), specs)) == wanted
        # Each report by several threads at once.
        assert list(pool.map(everything, shared * 2)) == wanted * 2
    assert gc.isenabled()


def test_the_collector_is_left_as_it_was() -> None:
    @uncollected
    def fails() -> None:
        assert not gc.isenabled()
        raise KeyError

    @uncollected
    def around() -> bool:
        with pytest.raises(KeyError):
            fails()
        return gc.isenabled()

    with pytest.raises(KeyError):
        fails()
    assert gc.isenabled()
    assert not around()
    assert gc.isenabled()
    gc.disable()
    try:
        with pytest.raises(KeyError):
            fails()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_collector_is_left_as_it_was_in_threads() -> None:
    inside, go_on = threading.Barrier(3), threading.Event()

    @uncollected
    def waits() -> bool:
        inside.wait(20)
        go_on.wait(20)
        return gc.isenabled()

    threads = [threading.Thread(target=waits) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait(20)
    assert not gc.isenabled()
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert gc.isenabled()


class Frozen(dict[str, Any]):
    """Arguments that nobody may change."""

    def refuse(self, *args: Any, **more: Any) -> Any:
        raise AssertionError("arguments of a spec are changed")

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = refuse


class FrozenList(list[Any]):
    """The same for a list in them."""

    refuse = Frozen.refuse
    __setitem__ = __delitem__ = __iadd__ = append = extend = insert = pop = remove = sort = reverse = clear = refuse


def frozen(value: Any) -> Any:
    if type(value) is dict:
        return Frozen({key: frozen(item) for key, item in value.items()})
    return FrozenList(map(frozen, value)) if type(value) is list else value


SOURCES = ["specs/transformer_encoder.yaml", "specs/seq2seq.yaml", "tests/told/parts.yaml",
           "tests/models/residual_blocks.py.txt", "tests/models/translator.keras"]  # fmt: skip
COMMANDS = [
    *(["summary", "--cost", "--memory", "--weights", "--format", form] for form in ("text", "json", "svg")),
    *(["explain", "--diagram", "--format", form] for form in ("text", "json")),
    *(["convert", "--to", target] for target in ("yaml", "keras-json", "python")),
    ["check", "--max-params", "10"],
    ["solve", "--params", "2M"],
    ["sweep", "--set", "T=3..5"],
    ["diff", "specs/seq2seq.yaml"],
]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_no_command_changes_arguments(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TESTS.parent)

    def outputs() -> list[Any]:
        results = [CliRunner().invoke(app, [words[0], source, *words[1:]]) for words in COMMANDS]
        for result in results:
            assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return [(result.exit_code, result.output) for result in results]

    plain = outputs()
    made: dict[int, Any] = {}
    init = LayerSpec.__init__

    def built(spec: Any, class_name: str, name: str, arguments: Any = NOTHING, *rest: Any, **more: Any) -> None:
        # The very same stays the very same; what is kept has no other in its place.
        kept = made.setdefault(id(arguments), (arguments, frozen(arguments)))
        init(spec, class_name, name, kept[1], *rest, **more)

    monkeypatch.setattr(LayerSpec, "__init__", built)
    assert outputs() == plain


def test_equal_layers_have_the_very_same_arguments() -> None:
    layers = "\n".join(["input: [6, 4]", "layers:", *["  - LSTM: {units: 4, return_sequences: true}"] * 5])
    spec = lstmcalc.load("m.yaml", text=layers)
    assert len({id(layer.arguments) for layer in spec.layers.values()}) == 1
