"""One value in every form: what is said stands in text, JSON, Markdown and HTML alike, and no name does harm in any."""

from __future__ import annotations

import json
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import TAGS, read_html, read_markdown
from typer.testing import CliRunner, Result

import lstmcalc
from lstmcalc.cli import app
from lstmcalc.cli.forms import FORMS, fitted, form_of, put
from lstmcalc.errors import Fault, Where
from lstmcalc.explanation.diagrams.graph import graph_of
from lstmcalc.explanation.layer import Explanation, explain_layer
from lstmcalc.explanation.readings import explain_reading
from lstmcalc.inference import infer
from lstmcalc.renderers.document import Document, Faults, Heading, Lines, Prose, Table
from lstmcalc.renderers.document_text import document_text
from lstmcalc.renderers.explanation_document import explanation_document
from lstmcalc.renderers.explanation_json import explanation_json
from lstmcalc.renderers.explanation_text import render
from lstmcalc.renderers.html import page_html
from lstmcalc.renderers.likewise import likewise
from lstmcalc.renderers.markdown import document_markdown
from lstmcalc.renderers.marking import code, spans, visible
from lstmcalc.renderers.pasted_document import pasted_document, told
from lstmcalc.renderers.reading_json import reading_json
from lstmcalc.renderers.reading_text import render_reading
from lstmcalc.renderers.report_json import dumps, report_json
from lstmcalc.renderers.summary_document import summary_document
from lstmcalc.renderers.summary_rows import summary_titles
from lstmcalc.renderers.summary_text import render_summary
from lstmcalc.renderers.svg import svg_of
from lstmcalc.report import Report
from lstmcalc.shapes import shape_to_json, show_count, show_shape, size_to_json
from lstmcalc.sources.layer_options import read_layer
from lstmcalc.summary_text import read_summary

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
MODELS = [
    ROOT / "tests" / "models" / name
    for name in (
        "translator.keras",
        "sentiment.py",
        "masked_merges.py.txt",
        "shared_twins.py.txt",
        "transformer_block.py.txt",
        "stateful_batch.py.txt",
        "vision_transformer.py.txt",
    )
]
SOURCES = [*SPECS, *MODELS]
LAYERS = [
    (["lstm", "--units", "128"], ["10,300"]),
    (["gru"], []),
    (["Bidirectional(LSTM(64, return_sequences=True))"], ["200,35"]),
    (["dense", "1", "--activation", "softmax"], ["5"]),
    (["conv2d", "8", "3"], ["28,28,1"]),
    (["multi_head_attention", "2", "8"], ["9,16"]),
]
#: What people and machines might call a layer.
HOSTILE = [
    *(
        "<script>alert(1)</script>",
        "</pre></code>",
        "'\"><img src=x onerror=alert(1)>",
        "<!--",
        "-->",
        "]]>",
        "&lt;&#60;",
    ),
    *("a|b||", "|---|", "a\\|b", "a`b``c", "`", "\\", "[x](http://evil.example)", "![i](//evil)", "# x", "- x", "1. x"),
    *(
        "*a* _b_ __c__ ~d~ $e$",
        "http://evil.example www.evil.example",
        "@someone #1",
        "    x",
        "x ",
        " x ",
        "{{x}} ${x}",
    ),
    *("a\nb", "\x1b[31mred\x1b[0m", "\u202eevil\u2066", "\x9b31m", "\ud800", "\u2028"),
]
#: What may not reach a reader.
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=stdin, catch_exceptions=False)


def words_of(document: Document) -> list[str]:
    """A document's words in Markdown and in HTML."""
    return [read_markdown(document_markdown(document))[0], read_html(page_html([document])).words]


def unmarked(text: str) -> str:
    return "".join(part for part, _ in spans(text))


def report_of(path: Path) -> Report:
    return infer(lstmcalc.load(str(path.relative_to(ROOT))))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_a_report_says_the_same_in_every_form(path: Path) -> None:
    report = report_of(path)
    forms = [render_summary(report, weights=True), *words_of(summary_document(report, weights=True))]
    held = json.loads(dumps(report_json(report)))
    figures = [*(show_shape(port.shape) for port in report.inputs), show_count(report.totals.params)]
    for layer, row in zip(report.layers, held["layers"], strict=True):
        figures += [layer.name, layer.class_name, layer.arithmetic or "", show_count(layer.params)]
        figures += [*map(show_shape, layer.output_shapes), *layer.connected_to * (not report.sequential)]
        for weight in () if layer.nested else layer.weights:
            figures += [weight.name, show_shape(weight.shape), show_count(weight.params)]
        assert (row["name"], row["params"]) == (layer.name, size_to_json(layer.params))
        assert row["output_shapes"] == [shape_to_json(shape) for shape in layer.output_shapes]
    figures += [text for hint in report.hints for _, text in hint.slots() if hint == first_of(hint, report)]
    figures += [held.text for held in report.assumptions]
    figures += summary_titles(report)
    for words in forms:
        assert [figure for figure in figures if unmarked(figure) not in unmarked(words)] == []


def first_of(hint: Fault, report: Report) -> Fault:
    """Of hints of one kind only the first is told in full."""
    return next(other for other in report.hints if other.code == hint.code)


def explained(words: list[str], inputs: list[str]) -> Explanation:
    spec = read_layer(words, inputs)
    return explain_layer(spec, infer(spec), spec.calls[-1].layer)


@pytest.mark.parametrize(("words", "inputs"), LAYERS, ids=lambda value: value[0] if value else "")
def test_an_explanation_says_the_same_in_every_form(words: list[str], inputs: list[str]) -> None:
    explanation = explained(words, inputs)
    sentences = [cell for section in explanation.sections for row in section.lines for cell in row]
    sentences += [explanation.written, explanation.purpose, *(cell for row in explanation.answer for cell in row)]
    sentences += [text for hint in explanation.hints for _, text in hint.slots()]
    document = explanation_document(explanation)
    for said in (render(explanation, None), document_text(document, None), *words_of(document)):
        assert [each for each in sentences if unmarked(each) not in unmarked(said)] == []
    held = dumps(explanation_json(explanation))
    figures = [line for section in json.loads(held)["sections"] for line in section["lines"]]
    assert [each for section in explanation.sections for row in section.lines for each in row
            if each not in "\n".join(figures)] == []  # fmt: skip


@pytest.mark.parametrize("name", ["tests/models/question.txt", "tests/models/edited.txt"])
def test_a_reading_says_the_same_in_every_form(name: str) -> None:
    (reading,) = read_summary((ROOT / name).read_text(encoding="utf-8"), name)
    explanation = explain_reading(reading)
    sentences = [text for row in explanation.rows for _, text in told(row)]
    sentences += [line.rstrip() for row in explanation.rows for line in row.reading.row.lines]
    sentences += [remark.text for remark in explanation.overview]
    document = pasted_document(explanation)
    for said in (render_reading(explanation, None), *words_of(document)):
        assert [each for each in sentences if unmarked(each) not in unmarked(said)] == []
    held = json.loads(dumps(reading_json(explanation)))
    assert [row["params"] for row in held["rows"]] == [row.reading.row.params for row in explanation.rows]


def hostile_report(name: str) -> Report:
    report = report_of(ROOT / "specs" / "seq2seq.yaml")
    layers = tuple(
        layer._replace(name=name, calls=tuple(call._replace(connected_to=(name,)) for call in layer.calls),
                weights=tuple(weight._replace(name=name) for weight in layer.weights))
        for layer in report.layers
    )  # fmt: skip
    fault = Fault(name, name, name, name, name, Where(name, 1, 1), (name, name), "hint")
    return report._replace(source=name, name=name, layers=layers, hints=(fault,))


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_no_name_does_harm_in_any_form(name: str) -> None:
    report = hostile_report(name)
    document = summary_document(report, weights=True)
    blocks = (*document.blocks, Heading(name), Prose(name), Lines((name, "```")), Table(((name, name),), (name, name)),
              Table(((name, code(name)),)), Faults((report.hints[0]._replace(severity="error"),)))  # fmt: skip
    document = Document(name, blocks)
    text = render_summary(report, weights=True) + document_text(document, 80)
    assert STEERING.sub("", text) == text
    raw = dumps(report_json(report))
    assert STEERING.sub("", raw) == raw
    assert {layer["name"] for layer in json.loads(raw)["layers"]} == {name}
    for words in words_of(document):
        assert STEERING.sub("", words) == words
        assert words.count(visible(name).strip()) >= 2 * len(report.layers)
    assert f"<{name.strip('<>')}" not in page_html([document]) or "<" not in name


#: Pieces of which Markdown is made.
PIECES = st.lists(
    st.sampled_from([*"`*_[]()<>&|~$#!\\:/@.-+=1 \n", "ab", "``", "www.", "http://", "&amp;", "<br>", "—"]),
    min_size=1,
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(PIECES)
def test_markdown_shows_any_text_as_it_is(pieces: list[str]) -> None:
    text = "".join(pieces)
    shown = unmarked(visible(text.strip()))
    for block in (Prose(text), Heading(text), Table((("x", "1", text.replace("\n", " ")),))):
        words, _ = read_markdown(document_markdown(Document("", (block,))))
        assert (
            shown.replace("\\n", " ").split()
            == [word for word in words.replace("\\n", " ").split() if word][2 * isinstance(block, Table) :]
        )


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab `\\|"), min_size=1, max_size=8))
def test_code_holds_any_name(name: str) -> None:
    assert list(spans(f"the {code(name)}.")) == [("the ", False), (name, True), (".", False)]
    _, tokens = read_markdown(document_markdown(Document("", (Prose(f"a {code(name)} b"),))))
    assert [token.content for token in tokens if token.type == "code_inline"] == [name]


def whole_document() -> Document:
    """One of every kind of block."""
    weights = (("  `kernel`", "(300, 512)\n(2,)", "153,600"), ("`bias`", "(512,)", "512"))
    error = Fault("wrong-ndim", "3 axes", "`(None, 64)`", "", "set `x`", Where("m.yaml", 3, 5), ("lstm", "LSTM"))
    hints = [
        Fault("doubled-width", got="2 values", layer=(name, "Bidirectional"), severity="hint") for name in ("b", "c")
    ]
    blocks = (
        Prose("A *sentence* about `a|b` and <b>."),
        Heading("lstm (LSTM)", 1),
        Table((("reads", "(None, 10, 300)"), ("", "`kernel` of 10"))),
        Heading("Weights"),
        Table(weights, ("name", "shape", "params")),
        Table((("Total params", "64·V", "1 KB"),), counts=(1,)),
        Lines(("lstm_1 (LSTM)   (None, 10)\t| 5", "````")),
        Faults((error,)),
        Faults(tuple(hints)),
    )
    return Document("Model: `m`", blocks)


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("LSTMCALC_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_block_in_every_form_of_words() -> None:
    golden("form_document.md", document_markdown(whole_document()))
    golden("form_document.html", page_html([whole_document(), Document("`other`", (Prose("Nothing."),))]))
    golden("form_document.txt", document_text(whole_document(), 80))


def test_a_summary_in_markdown() -> None:
    golden("form_summary.md", run("summary", "specs/many_to_many.yaml", "--format", "markdown").stdout)


def test_a_page_says_what_it_is_and_where_things_are() -> None:
    page = read_html(run("summary", "specs/many_to_many.yaml", "specs/seq2seq.yaml", "--format", "html").stdout)
    assert ("html", "lang", "en") in page.attributes
    assert "Model: many_to_many, Model: seq2seq" in page.blocks
    assert [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")] == ["#d1", "#d2"]
    alone = read_html(run("summary", "specs/seq2seq.yaml", "--format", "html").stdout)
    assert "nav" not in alone.tags


def test_levels_of_headings_leave_none_out() -> None:
    for text in (page_html([whole_document()]), page_html([Document("x", (Heading("y", 2),))])):
        levels = [int(level) for level in re.findall(r"<h([1-6])", text)]
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_errors_and_hints_stand_in_every_form() -> None:
    for form in FORMS[:-1]:
        result = run("summary", "tests/models/several_faults.yaml", "nope.yaml", "--format", form)
        assert result.exit_code == 1
        for code_ in ("wrong-ndim", "unknown-argument", "unknown-layer", "missing-file"):
            assert code_ in (result.output if form == "text" else result.stdout)
            assert (code_ in result.stderr) == (form != "json")
        assert "25,600" in result.stdout or "25600" in result.stdout


@pytest.mark.parametrize(
    ("form", "as_json", "output", "expected"),
    [
        (None, False, None, "text"), (None, True, None, "json"), ("json", True, "x.json", "json"),
        (None, False, "x.md", "markdown"), (None, False, "x.HTML", "html"), (None, False, "x.svg", "svg"),
        (None, False, "x.json", "json"), (None, False, "x.txt", "text"), ("html", False, "x.txt", "html"),
    ],
)  # fmt: skip
def test_the_form_that_is_asked_for(form: str | None, as_json: bool, output: str | None, expected: str) -> None:
    assert form_of(form, as_json, Path(output) if output else None) == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "pdf"], "text, json, markdown, html, svg"),
        (["--format", "html", "--json"], "html and --json"),
        (["--format", "html", "-o", "x.md"], "which is markdown"),
        (["--json", "-o", "x.html"], "which is html"),
    ],
)
def test_contradictions_are_usage_errors(words: list[str], said: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for command in (["summary", "specs/forecast.yaml"], ["explain", "lstm"], ["paste", "tests/models/question.txt"]):
        result = run(*command, *words)
        assert (result.exit_code, said in result.stderr) == (2, True)


def test_no_source_is_overwritten(tmp_path: Path) -> None:
    source, link = tmp_path / "m", tmp_path / "link"
    text = "{input: [10, 50], layers: [LSTM(128)]}"
    source.write_text(text, encoding="utf-8")
    link.symlink_to(source)
    for command in (["summary"], ["convert", "--to", "yaml"], ["paste"]):
        for output in (source, link):
            result = run(*command, str(source), "-o", str(output))
            assert (result.exit_code, "another file" in result.stderr) == (2, True)
    assert source.read_text(encoding="utf-8") == text


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x.html"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", fail)
        with pytest.raises(OSError):
            put(target, "new")
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.html"]
    put(target, "neu ·")
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == ("neu ·".encode(), 0o640)
    assert run("summary", "nope.yaml", "-o", str(target)).exit_code == 1
    assert "missing-file" in target.read_text(encoding="utf-8")


def test_what_is_no_file_is_written_to() -> None:
    assert run("summary", "specs/forecast.yaml", "-o", os.devnull).exit_code == 0
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437", "utf-8", "utf-16"])
@pytest.mark.parametrize("form", FORMS)
def test_every_encoding_holds_every_form(encoding: str, form: str) -> None:
    text = '"4·U², −1 ─ → ĉ é \U0001f600"'
    shown = fitted(text, form, encoding)
    shown.encode(encoding)
    if form == "json":
        assert json.loads(shown) == json.loads(text)
    elif encoding.startswith("utf"):
        assert shown == text


def test_a_pipe_in_an_old_encoding_gets_an_answer() -> None:
    from subprocess import run as start
    from sys import executable

    words = [executable, "-c", "from lstmcalc.cli import main; main()", "summary", "specs/seq2seq.yaml"]
    done = start(words, capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "cp1252"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert "8000·(128 + 1)" in done.stdout.decode("cp1252")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (
            ["summary", "specs/seq2seq.yaml", "specs/char_rnn.yaml"],
            ["decoder (LSTM)", "1,032,000 params", "(64, T, 1024)"],
        ),
        (["paste", "tests/models/question.txt"], ["lstm_1 (LSTM)", "(None, 10, 128)", "41,216 params"]),
        (["explain", "specs/seq2seq.yaml"], ["decoder (LSTM)", "encoder: 131,584 params"]),
        (["explain", "gru", "--units", "7", "--input", "9,5"], ["(None, 7)"]),
    ],
)
def test_pictures(words: list[str], shown: list[str]) -> None:
    result = run(*words, "--format", "svg")
    picture = ElementTree.fromstring(result.stdout)
    texts = "\n".join(element.text or "" for element in picture.iter())
    assert (result.exit_code, [text for text in shown if text not in texts]) == (0, [])
    page = read_html(run(*words, "--format", "html").stdout)
    assert [text for text in shown if text not in page.words] == []
    drawn = run(*words, "--format", "markdown", "--diagram").stdout
    assert [text for text in shown if text not in drawn[drawn.index("```text\n") :]] == []


def test_a_picture_says_what_the_model_rests_on() -> None:
    words = ["summary", "specs/target_token_as_asked.yaml", "tests/models/several_faults.yaml", "--format", "svg"]
    result = run(*words)
    assert result.exit_code == 1
    texts = " ".join(" ".join(ElementTree.fromstring(result.stdout).itertext()).split())
    for said in ("holds only if", "T = 1", "hint doubled-width", "error wrong-ndim", "set return_sequences: true"):
        assert said in texts
    assert "error[wrong-ndim]" in result.stderr


def test_what_has_no_picture_is_a_usage_error(tmp_path: Path) -> None:
    message = "ValueError: Input 0 of layer lstm is incompatible with the layer: expected ndim=3, found ndim=2. " \
              "Full shape received: (None, 64)"  # fmt: skip
    target = tmp_path / "x.svg"
    result = run("paste", "-", "-o", str(target), stdin=message)
    assert (result.exit_code, target.exists()) == (2, False)
    assert "no picture" in result.stderr
    page = read_html(run("paste", "-", "--format", "html", stdin=message).stdout)
    assert "h1" not in page.tags or page.blocks


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_no_name_breaks_a_picture(name: str) -> None:
    picture = svg_of([graph_of(hostile_report(name))])
    assert STEERING.sub("", picture) == picture
    texts = "".join(ElementTree.fromstring(picture).itertext())
    assert [word for word in re.findall("[a-z]+", name) if word not in texts] == []
    assert {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(picture).iter()} <= TAGS


def test_hints_of_one_kind_are_one_but_nothing_is_left_out() -> None:
    def hint(layer: str, got: str) -> Fault:
        return Fault("no-cudnn", got=got, layer=(layer, "LSTM"), severity="hint")

    hints = (hint("a", "relu"), hint("b", "relu"), hint("a", "dropout"), hint("a", "relu"))
    assert [(each.got, names) for each, names in likewise(hints)] == [("relu", ("b",)), ("dropout", ())]
    errors = tuple(each._replace(severity="error") for each in hints[:2])
    assert list(likewise(errors)) == [(errors[0], ()), (errors[1], ())]


def test_rows_that_a_summary_leaves_out_are_marked() -> None:
    text = "lstm_1 (LSTM)    (None, 10, 128)    91648\n...\ndense_1 (Dense)    (None, 1)    129\n"
    (reading,) = read_summary(text, "-")
    assert reading.table.elided == (1,)
    for words in words_of(pasted_document(explain_reading(reading))):
        assert re.search(r"91648[^…]*?lstm[^…]*…\s+dense_1", words, re.DOTALL | re.IGNORECASE)


def test_no_file_is_written_where_there_is_no_answer(tmp_path: Path) -> None:
    target = tmp_path / "x.txt"
    target.write_text("old", encoding="utf-8")
    assert run("summary", "nope.yaml", "-o", str(target)).exit_code == 1
    assert target.read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("name", ["specs/seq2seq.yaml", "specs/masked_binary.yaml", "tests/models/several_faults.yaml"])
def test_a_walk_says_the_same_in_every_form(name: str) -> None:
    said = run("explain", name).stdout
    figures = set(re.findall(r"\([^()]*\)|[\d,]*\d|`[^`]+`", said))
    markdown, _ = read_markdown(run("explain", name, "--format", "markdown").stdout)
    page = read_html(run("explain", name, "--format", "html").stdout).words
    for words in (markdown, page):
        assert [each for each in figures if unmarked(each) not in unmarked(words)] == []
