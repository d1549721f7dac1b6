"""What comes from a model, a file's name or a command line cannot steer what shows it, in any command and form."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pages import TAGS, read_html, read_markdown
from typer import Typer
from typer.testing import CliRunner, Result

from lstmcalc import load
from lstmcalc.cli import app
from lstmcalc.cli.page import Page
from lstmcalc.cli.terminal import progress
from lstmcalc.conversion import convert
from lstmcalc.errors import SpecError
from lstmcalc.steering import visible
from lstmcalc.verification import ForwardCheck, LayerVerification, Verification

ROOT = Path(__file__).parent.parent
#: What a text may hold beside letters is line breaks.
STEERING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufffe\uffff]"
)
#: Names that steer terminals, break lines, turn their direction, hide, or mean something to a form.
NAMES = {
    "colour": "\x1b[35mred\x1b[0m",
    "cursor": "up\x1b[2J\x1b[1;1H\x08\x07",
    "link": "\x1b]8;;http://evil.example\x07here\x1b]8;;\x07",
    "c1": "a\x9b31mb\x90",
    "return": "good\rbad",
    "line": "one\ntwo",
    "tab": "a\tb\x0bc\x0cd",
    "nul": "a\0b",
    "lines": "a\x85b\u2028c\u2029d",
    "turned": "abc\u202egnp.exe\u2066x\u2069\u061c\u200f",
    "hidden": "a\u200bb\u2060c\ufeffd\xade\u200df",
    "no character": "a\uffffb\ufffe",
    "rich": "[red]x[/] [link=http://evil.example]y[/link]",
    "markup": "<script src=http://evil.example/x.js>alert(1)</script><img onerror='x' src=\"y\">&amp;",
    "markdown": "a|b `c` **d** [x](http://evil.example) ![y](z) # <br> --- ~~e~~",
    "style": "</style></title></text></svg><b>",
    "cdata": "]]><!-- --> <?xml x?> {{x}} ${x} %s {0.__class__}",
    "backticks": "``` ` ``",
}


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of Keras's whose every layer, input and weight has a hostile name."""
    path = tmp_path_factory.mktemp("hostile") / "model.json"
    path.write_text(json.dumps(functional(NAMES["turned"], list(NAMES.values()))), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same with a layer that does not take what it gets, another with an argument that is none, and a class."""
    config = functional(NAMES["turned"], list(NAMES.values()))
    config["config"]["layers"][3]["config"]["units"] = NAMES["colour"]
    config["config"]["layers"][4]["class_name"] = NAMES["cursor"]
    config["config"]["layers"][5]["config"][NAMES["line"]] = NAMES["return"]
    path = tmp_path_factory.mktemp("faulty") / "model.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return str(path)


def functional(name: str, names: list[str]) -> dict[str, Any]:
    """A chain of dense layers with these names behind an input that has the first."""
    layers: list[dict[str, Any]] = [
        {"class_name": "InputLayer", "name": names[0], "inbound_nodes": [],
         "config": {"name": names[0], "batch_shape": [None, 10, 8], "dtype": "float32"}}
    ]  # fmt: skip
    for before, after in pairwise(names):
        node = {"args": [{"class_name": "__keras_tensor__",
                          "config": {"shape": [None, 10, 8], "dtype": "float32", "keras_history": [before, 0, 0]}}],
                "kwargs": {}}  # fmt: skip
        layers.append(
            {"class_name": "LSTM" if len(layers) % 2 else "Dense", "name": after, "inbound_nodes": [node],
             "config": {"name": after, "units": 8, **({"return_sequences": True} if len(layers) % 2 else {})}}
        )  # fmt: skip
    ends = {"input_layers": [[names[0], 0, 0]], "output_layers": [[names[-1], 0, 0]]}
    return {"class_name": "Functional", "config": {"name": name, "layers": layers, **ends}}


def run(*words: str, stdin: str | bytes | None = None, color: bool = False) -> Result:
    return CliRunner().invoke(app, list(words), input=stdin, color=color, catch_exceptions=False)


def plain(text: str) -> str:
    """A text, once nothing in it steers."""
    assert STEERING.findall(text) == []
    return text


def strict(text: str) -> list[Any]:
    """The documents of JSON lines, once they are JSON as the standard has it, in characters that a file can hold."""
    plain(text).encode("utf-8")

    def refuse(word: str) -> Any:
        raise AssertionError(word)

    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]


def picture(text: str) -> str:
    """The words of a picture, once it is XML that holds nothing active and refers to nothing elsewhere."""
    elements = list(ElementTree.fromstring(plain(text)).iter())
    assert {element.tag.rpartition("}")[2] for element in elements} <= TAGS
    names = {name for element in elements for name in element.attrib}
    assert not {name for name in names if name.startswith("on") or name.endswith(("href", "src", "style"))}
    (style,) = [element.text or "" for element in elements if element.tag.endswith("}style")]
    assert "url(" not in style and "@import" not in style and "<" not in style
    return "\n".join(element.text or "" for element in elements if not element.tag.endswith("}style"))


def page(text: str) -> str:
    """The words of a page that refers to nothing elsewhere, and forbids whatever shows it to load or run anything."""
    read = read_html(plain(text))
    policies = [value for tag, name, value in read.attributes if (tag, name) == ("meta", "content")]
    assert "default-src 'none'; style-src 'unsafe-inline'" in policies
    assert text.index("Content-Security-Policy") < text.index("<title>")
    return read.words


READERS: dict[str, Callable[[str], Any]] = {
    "text": plain, "json": strict, "markdown": lambda text: read_markdown(plain(text))[0], "html": page, "svg": picture,
}  # fmt: skip


#: A layer whose name can be named in any option.
LAYER = NAMES["cursor"]
#: Every command that answers about a model, with the forms that it has.
COMMANDS = {
    "summary": ("text json markdown html svg", ["summary", "MODEL", "--diagram"]),
    "summary of all": ("text json markdown html", ["summary", "MODEL", "--weights", "--cost", "--compare", "--memory"]),
    "explain": ("text json markdown html svg", ["explain", "MODEL", "--diagram"]),
    "explain a layer": (
        "text json markdown html svg",
        ["explain", "MODEL", "--layer", LAYER, "--compare", "--diagram"],
    ),
    "diff": ("text json markdown html", ["diff", "MODEL", "specs/forecast.yaml"]),
    "check": ("text json markdown html", ["check", "MODEL", "--max-params", "10", "--output", "3,3"]),
    "solve": ("text json markdown html", ["solve", "MODEL", "--for", f"{LAYER}.units", "--params", "99999"]),
    "sweep": ("text json markdown html csv", ["sweep", "MODEL", "--set", f"{LAYER}.units=8,16"]),
}


@pytest.mark.parametrize(("command", "form"), [(name, form) for name in COMMANDS for form in COMMANDS[name][0].split()])
def test_no_name_of_a_model_steers_what_shows_it(command: str, form: str, model: str, faulty: str) -> None:
    for source in (model, faulty):
        words = [word.replace("MODEL", source) for word in COMMANDS[command][1]]
        done = run(*words, "--format", form)
        assert done.exit_code < 2, done.stderr
        assert "Traceback" not in plain(done.stderr)
        if done.stdout:
            READERS.get(form, plain)(done.stdout)


@pytest.mark.parametrize("width", [20, 80, 200])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_name_steers_a_terminal(
    command: str, width: int, model: str, faulty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where colours are ours, a name has none, breaks no line, and takes the room that it is shown with."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, answer in (("on_terminal", True), ("errors_on_terminal", True), ("terminal_width", width)):
        for module in ("page", "terminal"):
            monkeypatch.setattr(f"lstmcalc.cli.{module}.{name}", lambda answer=answer: answer)
    for source in (model, faulty):
        done = run(*[word.replace("MODEL", source) for word in COMMANDS[command][1]], color=True)
        # No colour of ours is the one that a name asks for.
        plain(re.sub(r"\x1b\[(?:[012]|(?:1;)?3[1236])m", "", done.stdout + done.stderr))
        assert "\x1b[" in done.stdout + done.stderr


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html", "svg"])
def test_each_name_is_shown_whole(form: str, model: str) -> None:
    read = READERS[form](run("summary", model, "--format", form).stdout)
    if form == "json":
        assert {layer["name"] for layer in read[0]["layers"]} == set(NAMES.values())
    else:
        # A text in a browser, a table or a picture may begin and end without blanks, and have less of them.
        words = " ".join(read.split())
        assert [name for name in NAMES.values() if " ".join(visible(name).replace("`", "").split())
                not in words.replace("`", "").replace("…", "")] == []  # fmt: skip


def test_names_are_escaped_as_python_does(model: str) -> None:
    shown = run("summary", model).stdout
    for written in (r"\x1b[35mred\x1b[0m", r"good\rbad (", r"one\ntwo (", r"a\x00b (", r"abc\u202egnp.exe\u2066x"):
        assert f" {written}" in shown
    rows = [line for line in shown.splitlines() if "(LSTM)" in line or "(Dense)" in line]
    assert len({line.index("(None, 10, 8)") for line in rows}) == 1


@pytest.mark.parametrize("target", ["yaml", "keras-json", "python"])
@pytest.mark.parametrize("kind", NAMES)
def test_a_model_that_is_written_down_keeps_its_names(kind: str, target: str, tmp_path: Path) -> None:
    """Whatever is written steers nothing, and what it is read as has the very same name; or it is refused."""
    source = tmp_path / "model.json"
    source.write_text(json.dumps(functional(NAMES[kind], ["x", NAMES[kind]])), encoding="utf-8")
    done = run("convert", str(source), "--to", target)
    plain(done.output.replace("\t", ""))
    assert done.exit_code in (0, 1)
    if done.exit_code == 0:
        file = tmp_path / f"again.{target.split('-')[-1][:4]}"
        assert run("convert", str(source), "--to", target, "-o", str(file)).exit_code == 0
        again = load(str(file))
        assert (again.name, list(again.layers)) == (NAMES[kind], [NAMES[kind]])
        assert file.read_bytes() == convert(load(str(source)), target).encode() == done.stdout_bytes


@pytest.mark.parametrize("kind", NAMES)
def test_no_pasted_text_steers(kind: str) -> None:
    name = NAMES[kind]
    texts = [
        f"{name} (LSTM)    (None, 10, 128)    91648\ndense_1 (Dense)    (None, 10, 1)    129\n",
        f"Model: \"{name}\"\nlstm_1 (LSTM)    (None, 10, 128)    91648\n",
        f"ValueError: Input 0 of layer \"{name}\" is incompatible with the layer: expected ndim=3, found ndim=2. "
        "Full shape received: (None, 64)",
        f"{name}",
    ]  # fmt: skip
    for text in texts:
        for form, read in READERS.items():
            done = run("paste", "--format", form, stdin=text.encode("utf-8", "surrogatepass"))
            assert done.exit_code in (0, 1, 2)
            plain(done.stderr)
            if done.exit_code < 2 and done.stdout:
                read(done.stdout.replace("\t", " "))


@pytest.mark.parametrize("kind", [*NAMES, "undecodable"])
def test_no_word_of_a_command_line_steers(kind: str, model: str) -> None:
    word = NAMES.get(kind, "\udcff\udc80").replace("\0", "")
    lines = [
        ["summary", word], ["summary", f"{word}.yaml"], ["summary", model, "--model", word],
        ["summary", model, "--set", word], ["summary", model, "--set", f"{word}=3"], ["summary", model, f"--{word}"],
        ["summary", model, "--format", word], ["summary", model, "--memory", "--optimizer", word],
        ["summary", model, "-o", f"/nowhere/{word}"], ["summary", model, "--fit", word],
        ["explain", word], ["explain", "lstm", f"--{word}", "3"], ["explain", "lstm", "--units", word],
        ["explain", "lstm", "--input", word], ["explain", model, "--layer", word], ["explain", f"LSTM({word})"],
        ["layers", word], [word], ["convert", model, "--to", word], ["diff", word, model],
        ["check", model, "--max-params", word], ["check", model, "--output", word],
        ["solve", model, "--for", word, "--params", "9"], ["sweep", model, "--set", f"{word}=1,2"],
        ["verify", word], ["paste", word], ["verify", model, "--scheduler", word] if kind == "colour" else [word],
    ]  # fmt: skip
    for words in lines:
        done = run(*words)
        assert done.exit_code in (0, 1, 2), words
        plain(done.stdout)
        assert "Traceback" not in plain(done.stderr)
        for form, read in (("json", strict), ("markdown", READERS["markdown"]), ("html", page)):
            if words[0] in ("summary", "explain", "check", "solve") and "--format" not in words:
                done = run(*words, "--format", form)
                plain(done.stderr)
                if done.stdout:
                    read(done.stdout)


def test_an_error_of_a_file_keeps_its_name_exactly() -> None:
    (answer,) = strict(run("summary", "a\x1b[31m\udcff\n.yaml", "--json").stdout)
    assert answer["source"] == answer["errors"][0]["where"]["file"] == "a\x1b[31m\udcff\n.yaml"
    done = run("summary", "a\x1b[31m\udcff\n.yaml")
    assert done.stderr == (
        "error[missing-file] a\\x1b[31m\\udcff\\n.yaml\n  expected a file\n  got      none of this name\n"
    )


def test_text_of_a_file_is_shown_escaped(tmp_path: Path) -> None:
    source = tmp_path / "m.yaml"
    source.write_text("input: [10, 3]\nlayers:\n  - 'LS\u202eTM(\u200b3)'\n", encoding="utf-8")
    with pytest.raises(SpecError):
        load(str(source))
    shown = plain(run("summary", str(source)).stderr)
    assert "\\u202e" in shown


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.yaml")), ids=lambda path: path.name)
def test_pages_and_pictures_refer_to_nothing_elsewhere(path: Path) -> None:
    source = str(path.relative_to(ROOT))
    for command in (["summary", source, "--cost"], ["explain", source]):
        page(run(*command, "--format", "html").stdout)
    for command in (["summary", source], ["explain", source]):
        picture(run(*command, "--format", "svg").stdout)


class Terminal(StringIO):
    """A terminal that keeps what it is told."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("kind", NAMES)
def test_no_name_steers_a_bar(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress("at the start") as show:
        assert show is not None
        show(NAMES[kind], 1, 2)
        show(f"2 of 4, {NAMES[kind]}: [/]\\", 2, 2)
    monkeypatch.setenv("TERM", "xterm")
    with progress("at the start") as show:
        assert show is not None
        show(NAMES[kind], 1, 2)
    told = sys.stderr.getvalue()
    # What moves the cursor and hides it is the bar's own.
    plain(re.sub(r"\x1b\[(?:\?25[lh]|[0-9;]*[mKA])|\r", "", told))
    assert "\x1b[35mred" not in told


@pytest.mark.parametrize("kind", NAMES)
def test_no_name_steers_what_is_said_of_keras(kind: str) -> None:
    name = NAMES[kind]
    layers = (LayerVerification(name, False, (f"{name} differs",)), LayerVerification(name, True, note=name))
    passes = (ForwardCheck(2, {"T": 7}, ((2, 3),), False, message=name),)
    found = Verification(name, name, "3.15.1", "jax", "0.10", "cpu", "3.11", 1.0, layers, passes, (name,))
    page = Page("text", None)
    shown = CliRunner().invoke(command_that(lambda: page.verified(found)), [])
    assert f"{visible(name)}: DIFFERS from Keras 3.15.1" in plain(shown.stdout)
    assert f'layer    "{visible(name)}"' in shown.stdout or len(name) > 60


def command_that(does: Callable[[], None]) -> Typer:
    """A command of its own."""
    made = Typer()
    made.command()(does)
    return made
