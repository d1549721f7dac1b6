"""Diagrams: what they say of a layer and a model, whole pictures as golden files, and that nothing is drawn over."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ElementTree
from itertools import combinations, pairwise
from math import tanh
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from typer.testing import CliRunner

from lstmcalc import infer, load
from lstmcalc.cli import app
from lstmcalc.cli.forms import fitted
from lstmcalc.explanation.diagrams import Arrow, Box, CellInside, Diagram, Graph, Unrolled
from lstmcalc.explanation.diagrams.graph import graph_of
from lstmcalc.explanation.diagrams.layer import diagrams_of_layer
from lstmcalc.renderers.diagram_text import diagram_lines
from lstmcalc.renderers.layouts.cell import cell_scene
from lstmcalc.renderers.layouts.column import column_scene
from lstmcalc.renderers.layouts.ranks import layered_scene
from lstmcalc.renderers.layouts.scene import Frame, Place, Scene
from lstmcalc.renderers.layouts.steps import unrolled_scene
from lstmcalc.renderers.svg import diagram_svg, svg_of
from lstmcalc.shapes import show_count, show_shape
from lstmcalc.sources.layer_options import read_layer

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden"
SPECS = sorted(ROOT.glob("specs/*.yaml"))
OTHERS = ("inception.py.txt", "unet_recursion.py.txt", "translator.keras", "shared_twins.py.txt")
MODELS = [*SPECS, *(ROOT / "tests" / "models" / name for name in OTHERS)]
#: Everything that a layer can hand on.
ALL = ["--return-sequences", "--return-state", "--go-backwards", "--stateful", "--batch", "4"]
LAYERS = {
    "lstm": (["lstm", "--units", "128"], ["10,300"]),
    "lstm_in_symbols": (["lstm"], []),
    "lstm_of_1000_steps": (["lstm", "--units", "8", *ALL], ["1000,3"]),
    "gru": (["gru", "--units", "64", "--return-sequences"], ["None,30"]),
    "gru_of_the_textbook": (["gru", "--units", "5", "--no-reset-after", "--activation", "linear"], ["3,2"]),
    "simple_rnn": (["simplernn", "--units", "5", "--no-use-bias"], ["2,7"]),
    "bidirectional": (["Bidirectional(LSTM(64, return_sequences=True))"], ["200,35"]),
    "bidirectional_apart": (["Bidirectional(GRU(4, return_state=True), merge_mode=None)"], ["9,2"]),
    "time_distributed": (["TimeDistributed(Dense(40))"], ["200,80"]),
    "stacked_cells": (["RNN([LSTMCell(3), GRUCell(4)])"], ["1,2"]),
    "conv_lstm": (["convlstm2d", "--filters", "8", "--kernel-size", "3"], ["5,28,28,1"]),
    "dense": (["dense", "--units", "10"], ["32"]),
}  # fmt: skip


def diagrams(name: str) -> tuple[Diagram, ...]:
    """The diagrams of a layer from `LAYERS`."""
    return drawn(*LAYERS[name])


def drawn(words: list[str], inputs: list[str]) -> tuple[Diagram, ...]:
    """The diagrams of the layer that the words of a command line state."""
    spec = read_layer(words, inputs)
    return diagrams_of_layer(spec, infer(spec), spec.calls[-1].layer)


def text(*pictures: Diagram, width: int | None = 80) -> str:
    """Diagrams as the terminal shows them."""
    return "\n\n".join("\n".join(diagram_lines(picture, width)) for picture in pictures) + "\n"


def hold(name: str, shown: str) -> None:
    """Holds a text against its golden file."""
    file = GOLDEN / name
    if os.environ.get("LSTMCALC_UPDATE_GOLDEN") == "1":
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")


def texts(svg: str) -> list[tuple[float, float, float, str]]:
    """The texts of an SVG: left edge, line, width, what they say."""
    found = []
    for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        length = float(each.attrib["textLength"])
        left = float(each.attrib["x"]) - (length / 2 if each.attrib.get("text-anchor") == "middle" else 0)
        found.append((left, float(each.attrib["y"]), length, each.text or ""))
    return found


def scenes(diagram: Diagram) -> list[Scene]:
    """Every way in which a diagram is laid out."""
    if isinstance(diagram, Graph):
        inner = [scene for nested in diagram.nested for scene in scenes(nested)]
        return [column_scene(diagram, 80), column_scene(diagram, 40), layered_scene(diagram), *inner]
    if isinstance(diagram, CellInside):
        return [cell_scene(diagram)]
    return [unrolled_scene(diagram), unrolled_scene(diagram, short=True)]


def check(scene: Scene) -> None:
    """Nothing lies over anything else: boxes, texts, and lines that carry different values."""
    assert all(frame.x >= 0 and frame.y >= 0 for frame in scene.frames)
    for one, other in combinations(scene.frames, 2):
        assert not overlapping(one, other), (one, other)
    rows: dict[int, list[tuple[int, int, str]]] = {}
    for label in scene.labels:
        assert label.x >= 0
        rows.setdefault(label.y, []).append((label.x, label.x + label.width, label.text))
    for row in rows.values():
        for (_, end, left), (start, _, right) in pairwise(sorted(row)):
            assert end <= start, (left, right)
    covered = {(x, label.y) for label in scene.labels for x in range(label.x, label.x + label.width)}
    inside = {place for frame in scene.frames for place in interior(frame)}
    carried: dict[tuple[Place, Place], str] = {}
    for path in scene.paths:
        passed = walked(path.places)
        assert not inside & set(passed), path
        assert not covered & set(passed[1 : -1 if path.arrow else None]), path
        for step in pairwise(passed):
            key = min(step), max(step)
            assert carried.setdefault(key, path.net) == path.net, (path, carried[key])


def overlapping(one: Frame, other: Frame) -> bool:
    """Whether two boxes have a place in common."""
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def interior(frame: Frame) -> list[Place]:
    """What lies within the border of a box."""
    return [(x, y) for x in range(frame.x + 1, frame.x + frame.width - 1)
            for y in range(frame.y + 1, frame.y + frame.height - 1)]  # fmt: skip


def walked(places: tuple[Place, ...]) -> list[Place]:
    """Every place of a line."""
    found = [places[0]]
    for (x, y), (to_x, to_y) in pairwise(places):
        assert x == to_x or y == to_y
        while (x, y) != (to_x, to_y):
            x, y = x + (to_x > x) - (to_x < x), y + (to_y > y) - (to_y < y)
            found.append((x, y))
    return found


@pytest.mark.parametrize("name", LAYERS)
def test_layer_in_the_terminal(name: str) -> None:
    hold(f"diagram_{name}.txt", text(*diagrams(name)))


@pytest.mark.parametrize("name", ["forecast", "seq2seq", "transformer_encoder"])
def test_graph_in_the_terminal(name: str) -> None:
    hold(f"diagram_{name}.txt", text(graph_of(infer(load(ROOT / "specs" / f"{name}.yaml")))))


def test_svg_as_a_whole() -> None:
    hold("diagram_simple_rnn.svg", svg_of(diagrams("simple_rnn")))
    hold("diagram_forecast.svg", diagram_svg(graph_of(infer(load(ROOT / "specs" / "forecast.yaml")))))


@pytest.mark.parametrize("name", LAYERS)
def test_nothing_of_a_layer_is_drawn_over(name: str) -> None:
    for picture in diagrams(name):
        for scene in scenes(picture):
            check(scene)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_a_graph_shows_every_layer_and_shape_of_its_report(path: Path) -> None:
    report = infer(load(path))
    graph = graph_of(report)
    for scene in scenes(graph):
        check(scene)
    svg, plain = diagram_svg(graph), text(graph)
    held = " ".join(said for *_, said in texts(svg))
    for layer in report.layers:
        shapes = [show_shape(shape) for shape in layer.output_shapes]
        for wanted in (f"{layer.name} ({layer.class_name})", *shapes, f"{show_count(layer.params)} param"):
            if layer.class_name != "InputLayer" or "param" not in wanted:
                assert wanted in held and wanted in plain, wanted
    arrows = {(ref.name, layer.name) for layer in report.layers for call in layer.calls for ref in call.refs}
    assert {(a.source.partition(" #")[0], a.target.partition(" #")[0]) for a in graph.arrows
            if not a.target.startswith("output ")} == arrows  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_svg_is_xml_whose_texts_stand_apart(name: str) -> None:
    svg = svg_of(diagrams(name))
    root = ElementTree.fromstring(svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    found = texts(svg)
    assert [child.tag.partition("}")[2] for child in root][:2] == ["title", "desc"]
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|<script|url\(", svg)
    for (x, y, length, said), (other_x, other_y, other_length, other) in combinations(found, 2):
        assert abs(y - other_y) >= 13 or x + length <= other_x or other_x + other_length <= x, (said, other)
    assert all(x >= 0 and x + length <= width and 13 <= y <= height for x, y, length, _ in found)


def test_names_are_escaped() -> None:
    box = Box("a", ("<script>&\"'", "(None, 3)"))
    svg = diagram_svg(Graph("<b>", (box,), ()))
    assert "<script>" not in svg and "<b>" not in svg
    assert [said for *_, said in texts(svg)] == ["<b>", "<script>&\"'", "(None, 3)"]


def steps(*words: str, inputs: str) -> Unrolled:
    """The picture over time of a layer."""
    first = drawn(list(words), [inputs])[0]
    assert isinstance(first, Unrolled)
    return first


@pytest.mark.parametrize(
    ("timesteps", "reads", "enter"),
    [
        ("1", ["x_1: 3"], ["h_0: 8", ""]),
        ("2", ["x_1: 3", "x_2: 3"], ["h_0: 8", "h_1: 8", ""]),
        ("3", ["x_1: 3", "x_2: 3", "x_3: 3"], ["h_0: 8", "h_1: 8", "h_2: 8", ""]),
        ("4", ["x_1: 3", "x_2: 3", "x_4: 3"], ["h_0: 8", "h_1: 8", "h_2: 8", "h_3: 8", ""]),
        ("1000", ["x_1: 3", "x_2: 3", "x_1000: 3"], ["h_0: 8", "h_1: 8", "h_2: 8", "h_999: 8", ""]),
        ("T", ["x_1: 3", "x_2: 3", "x_T: 3"], ["h_0: 8", "h_1: 8", "h_2: 8", "h_(T-1): 8", ""]),
        ("None", ["x_1: 3", "x_2: 3", "x_T: 3"], ["h_0: 8", "h_1: 8", "h_2: 8", "h_(T-1): 8", ""]),
    ],
)
def test_steps_and_what_goes_from_one_to_the_next(timesteps: str, reads: list[str], enter: list[str]) -> None:
    picture = steps("gru", "--units", "8", inputs=f"{timesteps},3")
    assert [step.reads for step in picture.rows[0].steps] == reads
    assert [list(state.labels) for state in picture.rows[0].states] == [enter]
    assert picture.elided == (timesteps not in "123")


def test_what_is_returned_leaves_the_picture() -> None:
    last = steps("lstm", "--units", "8", inputs="5,3").rows[0]
    every = steps("lstm", "--units", "8", "--return-sequences", inputs="5,3").rows[0]
    states = steps("lstm", "--units", "8", "--return-state", inputs="5,3")
    assert [step.gives for step in last.steps] == ["", "", "h_5: 8"]
    assert [step.gives for step in every.steps] == ["h_1: 8", "h_2: 8", "h_5: 8"]
    assert [state.labels[-1] for state in last.states] == ["", ""]
    assert [state.labels[-1] for state in states.rows[0].states] == ["h_5: 8", "c_5: 8"]
    assert ("state c", "(None, 8)", "c_5: `return_state: true`") in states.notes


def test_the_other_directions_count_from_the_end() -> None:
    backwards = steps("simplernn", "--units", "8", "--go-backwards", inputs="5,3").rows[0]
    assert [(step.number, step.reads) for step in backwards.steps] == [
        ("1", "x_5: 3"),
        ("2", "x_4: 3"),
        ("5", "x_1: 3"),
    ]
    there, back = steps("Bidirectional(SimpleRNN(8))", inputs="5,3").rows
    assert [step.number for step in there.steps] == ["1", "2", "5"]
    assert [step.number for step in back.steps] == ["5", "4", "1"]
    assert [step.gives for step in back.steps] == ["h_5: 8", "", ""]
    assert back.leftward and back.states[0].labels == ("", "h_4: 8", "h_3: 8", "h_1: 8", "h_0: 8")


def test_initial_states_are_named() -> None:
    spec = load(ROOT / "specs" / "seq2seq.yaml")
    picture = diagrams_of_layer(spec, infer(spec), "decoder")[0]
    assert ("h_0, c_0", "", "given as `initial_state`: `encoder`, `encoder[1]`") in picture.notes
    kept = steps("lstm", "--units", "8", "--stateful", "--batch", "2", inputs="5,3")
    assert ("h_5, c_5", "", "kept for the next batch, until `reset_state()`") in kept.notes
    assert [state.labels[-1] for state in kept.rows[0].states] == ["h_5: 8", "c_5: 8"]


VALUES = {"i": 0.2, "f": 0.7, "ĉ": -0.4, "o": 0.9, "z": 0.3, "ĥ": 0.6, "c[t-1]": 1.5, "h[t-1]": -0.8}


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["lstm", "--units", "4"], {"c[t]": 0.7 * 1.5 + 0.2 * -0.4, "h[t]": 0.9 * tanh(0.7 * 1.5 + 0.2 * -0.4)}),
        (["lstm", "--units", "4", "--activation", "linear"], {"h[t]": 0.9 * (0.7 * 1.5 + 0.2 * -0.4)}),
        (["gru", "--units", "4"], {"h[t]": 0.3 * -0.8 + (1 - 0.3) * 0.6}),
    ],
)
def test_the_operations_of_a_cell_give_what_its_equations_give(words: list[str], wanted: dict[str, float]) -> None:
    inside = drawn(words, ["3,2"])[1]
    assert isinstance(inside, CellInside)
    values: dict[str, Any] = dict(VALUES)
    signs = {"*": lambda a, b: a * b, "+": lambda a, b: a + b, "1 -": lambda a: 1 - a, "tanh": tanh}
    for operation in inside.operations:
        values[operation.key] = signs[operation.text](*(values[name] for name in operation.inputs))
        if operation.result:
            values[operation.result] = values[operation.key]
    assert {name: values[name] for name in wanted} == pytest.approx(wanted)


def test_the_reset_gate_feeds_the_candidate() -> None:
    inside = drawn(["gru", "--units", "4"], ["3,2"])[1]
    assert isinstance(inside, CellInside)
    assert {gate.symbol: gate.reads[2:] for gate in inside.gates} == {"z": (), "r": (), "ĥ": ("r",)}
    assert "│ r: 4" in text(inside)


def test_a_shared_layer_has_a_box_for_each_application() -> None:
    graph = graph_of(infer(load(ROOT / "specs" / "seq2seq.yaml")))
    boxes = {box.key: box.lines for box in graph.boxes}
    assert boxes["words"] == ("words (Embedding)", "(None, S, 128)", "1,024,000 params")
    assert boxes["words #2"] == ("words (Embedding)", "(None, T, 128)", "again: the same 1,024,000 params")
    assert Arrow("encoder", "decoder", "[1] (None, 128)") in graph.arrows
    assert [box.key for box in graph.boxes].index("words") < [box.key for box in graph.boxes].index("words #2")


names = st.text("abcdefghij_éд漢", min_size=1, max_size=60)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A model of any form: every box is fed by some of those before it."""
    count = draw(st.integers(1, 9))
    boxes, arrows = [], []
    for number in range(count):
        lines = (draw(names), *draw(st.lists(names, min_size=1, max_size=3)))
        boxes.append(Box(str(number), lines, draw(st.sampled_from(["layer", "input", "output"]))))
        for source in draw(st.sets(st.integers(0, number - 1), max_size=4)) if number else ():
            label = draw(st.sampled_from(["", "", "[0] (None, 3)", "[1] (None, 3)"]))
            arrows.append(Arrow(str(source), str(number), label))
    return Graph(draw(names), tuple(boxes), tuple(arrows))


@settings(deadline=None, max_examples=150)
@given(graphs(), st.integers(20, 200))
def test_any_graph_is_drawn_with_nothing_over_anything(graph: Graph, width: int) -> None:
    for scene in (layered_scene(graph), column_scene(graph, width), column_scene(graph, None)):
        check(scene)
        assert len(scene.frames) == len(graph.boxes)
    assert max(map(cell_len, text(graph, width=width).splitlines())) <= width
    ElementTree.fromstring(diagram_svg(graph))


@pytest.mark.parametrize("seed", range(60))
def test_a_tangled_graph_is_drawn_with_nothing_over_anything(seed: int) -> None:
    chance = Random(seed)
    count = chance.randint(12, 24)
    boxes = tuple(Box(str(number), ("n" * chance.randint(1, 14), "(None, 3)")) for number in range(count))
    arrows = []
    for number in range(1, count):
        for source in chance.sample(range(max(0, number - 6), number), min(number, chance.choice([1, 2, 3, 6]))):
            arrows.append(Arrow(str(source), str(number), chance.choice(["", "", "", "[0] (3,)", "[1] (3,)"])))
    check(layered_scene(Graph("tangled", boxes, tuple(arrows))))


sizes = st.sampled_from(["1", "7", "128", "100000", "U", "hidden_width", "2*U + 1"])


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["lstm", "gru", "simplernn"]),
    sizes,
    st.sampled_from(["1", "2", "3", "4", "1000", "T", "None", "2*T + 3"]),
    sizes,
    st.lists(st.sampled_from(["--return-sequences", "--return-state", "--go-backwards"]), unique=True),
    st.integers(20, 200),
)
def test_any_recurrent_layer_is_drawn_within_the_width(
    name: str, units: str, timesteps: str, features: str, options: list[str], width: int
) -> None:
    for picture in drawn([name, "--units", units, *options], [f"{timesteps},{features}"]):
        for scene in scenes(picture):
            check(scene)
        assert max(map(cell_len, text(picture, width=width).splitlines())) <= width
        ElementTree.fromstring(diagram_svg(picture))


def test_a_hundred_layers_with_long_names() -> None:
    long = "a_layer_whose_name_has_sixty_characters_and_then_some_more_"
    boxes = tuple(Box(str(number), (f"{long}{number} (Dense)", "(None, 10)", "110 params")) for number in range(100))
    ties = tuple(Arrow(str(number), str(number + 1)) for number in range(99))
    skips = tuple(Arrow(str(number), str(number + 5)) for number in range(0, 95, 5))
    graph = Graph("deep", boxes, ties + skips)
    for scene in scenes(graph):
        check(scene)
    shown = text(graph)
    assert max(map(len, shown.splitlines())) <= 80 and shown.count("110 params") == 100


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("explain lstm --units 128 --input 10,300 --diagram", "x_10: 300"),
        ("explain specs/forecast.yaml --diagram", "│ lstm (LSTM)    │"),
        ("explain specs/seq2seq.yaml --layer decoder --diagram", "x_T: 128"),
        ("summary specs/forecast.yaml --diagram", "│ 362,400 params │"),
        ("summary specs/forecast.yaml --format svg", ">362,400 params<"),
        ("explain specs/forecast.yaml --format svg", ">362,400 params<"),
        ("explain dense --units 4 --input 3 --format svg", ">Dense(4)<"),
        ("paste tests/models/question.txt --format svg", "<svg "),
    ],
)
def test_commands_draw(words: str, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(app, words.split())
    assert result.exit_code == 0, result.output
    assert wanted in result.output


@pytest.mark.parametrize("name", ["lstm", "gru", "bidirectional"])
def test_pictures_stay_in_shape_in_ascii(name: str) -> None:
    for picture in diagrams(name):
        shown = [line for line in diagram_lines(picture, 80) if any(sign in line for sign in "│▼")]
        plain = fitted("\n".join(shown), "text", "ascii").split("\n")
        assert [len(line) for line in plain] == [len(line) for line in shown]
        assert not any("?" in line for line in plain)
        downwards = [[place for place, sign in enumerate(line) if sign == "▼"] for line in shown]
        assert [[place for place, sign in enumerate(line) if sign == "v"] for line in plain] == downwards
