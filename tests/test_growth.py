"""What a file asks for grows with its length: each of these once took seconds, or the square of it."""

from __future__ import annotations

import json
from difflib import get_close_matches

import pytest

import lstmcalc
from lstmcalc.conversion import convert
from lstmcalc.conversion.names import used_names
from lstmcalc.dims import UNKNOWN, product, symbol, terms_of, total
from lstmcalc.explanation.diagrams import Arrow, Box, Graph
from lstmcalc.layers import ALIASES, RULES, spelling
from lstmcalc.layers.arguments import closest
from lstmcalc.renderers.layouts.ranks import layered_scene
from lstmcalc.spec import Call, Ref


def called(times: int) -> str:
    """Keras's JSON of one layer in a chain of its own applications."""

    def node(source: str, call: int) -> dict[str, object]:
        config = {"shape": [None, 4], "dtype": "float32", "keras_history": [source, call, 0]}
        return {"args": [{"class_name": "__keras_tensor__", "config": config}], "kwargs": {}}

    port = {"batch_shape": [None, 4], "dtype": "float32", "name": "x"}
    nodes = [node("x", 0), *(node("d", call) for call in range(times - 1))]
    layers = [
        {"class_name": "InputLayer", "config": port, "name": "x", "inbound_nodes": []},
        {"class_name": "Dense", "config": {"name": "d", "units": 4}, "name": "d", "inbound_nodes": nodes},
    ]
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [["d", times - 1, 0]]}
    return json.dumps({"class_name": "Functional", "config": {"name": "m", "layers": layers, **ends}})


def test_a_product_of_many_sums_is_not_multiplied_out() -> None:
    sums = [symbol(f"T{i}") + 1 for i in range(40)]
    assert product(sums) is UNKNOWN
    assert len(terms_of(product(sums[:12]))) == 2**12


def test_one_term_times_a_long_sum_stays_known() -> None:
    long = total(symbol(f"T{i}") for i in range(60_000))
    assert len(terms_of(symbol("U") * long)) == len(terms_of(long * 4)) == 60_000


@pytest.mark.parametrize(
    "word", ["Densee17", "lstmm", "Con2D", "Bidirektonal", "x", "", "GRUCel", "dropuot1", "ppoolMax"]
)
def test_the_closest_name_is_the_one_of_difflib(word: str) -> None:
    folded: dict[str, str] = {}
    for name in (*RULES, *ALIASES):
        folded.setdefault(name.lower(), name)
    best = get_close_matches(word.lower(), list(folded), 1, 0.6)
    if best:
        assert closest(word, [*RULES, *ALIASES]) == folded[best[0]]


def test_few_words_are_compared_letter_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def counted(word: str, words: list[str], number: int, cutoff: float) -> list[str]:
        compared.append(len(words))
        return get_close_matches(word, words, number, cutoff)

    monkeypatch.setattr(spelling, "get_close_matches", counted)
    assert closest("Densee4999", [*RULES, *ALIASES]) == "Dense"
    assert sum(compared) < 20


def test_a_layer_called_a_thousand_times_is_written_in_lines_of_one_length() -> None:
    spec = lstmcalc.load("m.json", text=called(1_000))
    lines = convert(spec, "yaml").splitlines()
    names = ["d_again", "d_again_again", "d_again_again_again", "d_5", "d_6"]
    places = [next(place for place, line in enumerate(lines) if line.endswith(f"name: {name}}}")) for name in names]
    assert places == [*range(places[0], places[0] + 5)]
    assert max(map(len, lines)) < 60
    assert lstmcalc.infer(lstmcalc.load("m.yaml", text="\n".join(lines))).totals.params == 20


def test_outputs_are_looked_for_once_when_python_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = lstmcalc.load("m.json", text=called(300))
    asked = 0
    real = Call.refs.fget  # type: ignore[attr-defined]

    def counted(call: Call) -> tuple[Ref, ...]:
        nonlocal asked
        asked += 1
        return real(call)  # type: ignore[no-any-return]

    monkeypatch.setattr(Call, "refs", property(counted))
    text = convert(spec, "python")
    assert "d_300 = d_layer(d_299)" in text
    assert asked < 300 * 40
    assert used_names(spec) == {"d"}


def test_a_picture_looks_at_each_arrow_a_few_times() -> None:
    looked = 0

    class Counted(Arrow):
        def __getattribute__(self, name: str) -> object:
            nonlocal looked
            looked += name == "target"
            return super().__getattribute__(name)

    boxes = tuple(Box(f"b{i}", (f"b{i}",), "layer") for i in range(400))
    arrows = tuple(Counted(f"b{i}", f"b{i + 1}", "(None, 4)") for i in range(399))
    layered_scene(Graph("m", boxes, arrows))
    assert looked < 399 * 20
