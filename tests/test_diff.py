"""`diff` as a user runs it: what is printed, in which form, and how it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lstmcalc import compare, load
from lstmcalc.cli import app
from lstmcalc.cli.diff import Only
from lstmcalc.comparing import ASPECTS
from lstmcalc.renderers.difference_text import difference_text

ROOT = Path(__file__).parent.parent
OLD = "{input: [10, 8], layers: [LSTM: 64, Dense: 3]}"
NEW = "{input: [10, 8], layers: [Bidirectional: {LSTM: 64}, Dropout: 0.3, Dense: {units: 3, activation: relu}]}"


@pytest.fixture(autouse=True)
def two_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old.yaml").write_text(OLD, encoding="utf-8")
    (tmp_path / "new.yaml").write_text(NEW, encoding="utf-8")
    (tmp_path / "open.yaml").write_text(OLD.replace("[10, 8]", "[null, 8]"), encoding="utf-8")
    (tmp_path / "faulty.yaml").write_text(OLD.replace("Dense: 3", "Dense: {unit: 3}"), encoding="utf-8")
    (tmp_path / "symbolic.yaml").write_text(OLD.replace("64", "U"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["diff", *words], input=stdin, catch_exceptions=False)


WHOLE = """\
--- old.yaml
+++ new.yaml

~ lstm → bidirectional (LSTM → Bidirectional)  changed
    layer       LSTM(64) → Bidirectional(LSTM(64))
    shape       (None, 64) → (None, 128)
    params      18,688 → 37,376  (+18,688)
    MACs        184,320 → 368,640  (+184,320)
    FLOPs       379,520 → 759,040  (+379,520)

+ dropout (Dropout)  added
    layer       Dropout(0.3)
    shape       (None, 128)

~ dense (Dense)  changed
    activation  linear → relu
    params      195 → 387  (+192)
    MACs        192 → 384  (+192)
    FLOPs       387 → 774  (+387)

  Total                 old      new  difference
  params             18,883   37,763     +18,880
  bytes of weights   75,532  151,052     +75,520
  MACs per sample   184,512  369,024    +184,512
  FLOPs per sample  379,907  759,814    +379,907
"""


def test_the_whole_text() -> None:
    result = run("old.yaml", "new.yaml")
    assert (result.exit_code, result.stdout) == (0, WHOLE)


def test_what_was_removed() -> None:
    text = run("new.yaml", "old.yaml").stdout
    assert "\n- dropout (Dropout)  removed\n    layer       Dropout(0.3)\n    shape       (None, 128)\n" in text
    assert "\n  params             37,763   18,883     -18,880\n" in text


def test_how_it_ends() -> None:
    assert run("old.yaml", "new.yaml", "--exit-code").exit_code == 1
    assert run("old.yaml", "old.yaml", "--exit-code").exit_code == 0
    assert run("old.yaml", "old.yaml").stdout == "No difference: old.yaml and old.yaml are the same model.\n"
    same = run("old.yaml", "new.yaml", "--exit-code", "--only", "order,connections")
    assert (same.exit_code, same.stdout) == (
        0,
        "No difference in order and connections between old.yaml and new.yaml.\n",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["old.yaml"], "Missing argument 'NEW'"),
        (["-", "-"], "expected two sources, got standard input twice"),
        (["old.yaml", "new.yaml", "--only", "shape"], f"expected {', '.join(ASPECTS)}, got shape"),
        (["old.yaml", "new.yaml", "--only", "params,"], "got nothing"),
        (["old.yaml", "new.yaml", "--set", "T=0"], "positive integer"),
        (["old.yaml", "new.yaml", "--model", "a", "--model", "b", "--model", "c"], "expected one name or two, got 3"),
    ],
)
def test_usage_errors(words: list[str], message: str) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in re.sub(r"\s*│\s*│?\s*", " ", result.stderr)


def test_standard_input_is_a_source() -> None:
    assert run("old.yaml", "-", stdin=OLD).stdout == "No difference: old.yaml and - are the same model.\n"


def test_a_source_that_fails_is_told_and_the_rest_is_compared() -> None:
    result = run("old.yaml", "faulty.yaml")
    assert result.exit_code == 1
    assert result.stderr.startswith("error[unknown-argument] faulty.yaml:1:")
    assert "params" in result.stdout
    assert result.stdout.endswith("""
  Total                       old      new  difference
  known params             18,688   18,688           0
  known bytes of weights   74,752   74,752           0
  known MACs per sample   184,320  184,320           0
  known FLOPs per sample  379,520  379,520           0

The totals of params are without "dense", whose params are known in one model only.

The totals of MACs and FLOPs are without "dense", whose cost is known in one model only.
""")
    assert "lstm (LSTM)" not in result.stdout, "it is the same"
    missing = run("old.yaml", "nope.yaml")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert missing.stderr.startswith("error[missing-file] nope.yaml")


def test_values_are_for_the_model_that_has_the_symbol() -> None:
    assert run("old.yaml", "symbolic.yaml", "--set", "U=64").stdout.startswith("No difference: ")
    assert "units       64 → U" in run("old.yaml", "symbolic.yaml").stdout
    unknown = run("old.yaml", "symbolic.yaml", "--set", "Q=3")
    assert (unknown.exit_code, unknown.stderr.count("error[unknown-symbol]")) == (1, 2)


def test_a_size_that_is_not_known_can_get_a_value() -> None:
    text = run("old.yaml", "open.yaml").stdout
    assert "MACs        184,320 → 18,432·T  (18,432·(T - 10))" in text
    assert text.endswith("\nT stands for a size of the input that is not known.\n")
    assert run("old.yaml", "open.yaml", "--set", "T=10").stdout.startswith("No difference: ")


def documents(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_json() -> None:
    (document,) = documents(run("old.yaml", "new.yaml", "--json"))
    assert document["schema"] == "lstmcalc.difference/1"
    assert (document["old"], document["equal"]) == ({"source": "old.yaml", "name": "sequential"}, False)
    assert [(layer["kind"], layer["new"]["name"]) for layer in document["layers"]] == [
        ("changed", "bidirectional"), ("added", "dropout"), ("changed", "dense"),
    ]  # fmt: skip
    dense = document["layers"][2]
    assert dense["changes"] == [{"aspect": "arguments", "what": "activation", "old": "linear", "new": "relu"}]
    for key, value in document["totals"]["delta"].items():
        assert value == sum(layer["delta"][key] for layer in document["layers"])
    (same,) = documents(run("old.yaml", "old.yaml", "--json"))
    assert (same["equal"], same["layers"]) == (True, [])
    failed, rest = documents(run("old.yaml", "faulty.yaml", "--json"))
    assert (failed["errors"][0]["code"], rest["schema"]) == ("unknown-argument", "lstmcalc.difference/1")


MARKDOWN = """\
# Difference: `old.yaml` → `new.yaml`

|  | Layer (type) | What | Old | New | Difference |
| --- | --- | --- | --- | --- | ---: |
| changed | `lstm` → `bidirectional` (LSTM → Bidirectional) | layer | `LSTM(64)` | `Bidirectional(LSTM(64))` |  |
|  |  | shape | (None, 64) | (None, 128) |  |
|  |  | params | 18,688 | 37,376 | +18,688 |
|  |  | MACs | 184,320 | 368,640 | +184,320 |
|  |  | FLOPs | 379,520 | 759,040 | +379,520 |
| + added | `dropout` (Dropout) | layer |  | `Dropout(0.3)` |  |
|  |  | shape |  | (None, 128) |  |
| changed | `dense` (Dense) | activation | `linear` | `relu` |  |
|  |  | params | 195 | 387 | +192 |
|  |  | MACs | 192 | 384 | +192 |
|  |  | FLOPs | 387 | 774 | +387 |

| Total | Old | New | Difference |
| --- | ---: | ---: | ---: |
| params | 18,883 | 37,763 | +18,880 |
| bytes of weights | 75,532 | 151,052 | +75,520 |
| MACs per sample | 184,512 | 369,024 | +184,512 |
| FLOPs per sample | 379,907 | 759,814 | +379,907 |
"""


def test_markdown_for_a_pull_request() -> None:
    assert run("old.yaml", "new.yaml", "--format", "markdown").stdout == MARKDOWN


def test_html_and_a_file(tmp_path: Path) -> None:
    assert run("old.yaml", "new.yaml", "-o", "page.html").exit_code == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<td>+ added</td><td><code>dropout</code> (Dropout)</td>" in page
    assert run("old.yaml", "new.yaml", "--format", "svg").exit_code == 2


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_width_cuts_anything(width: int) -> None:
    difference = compare(load("old.yaml"), load("new.yaml"))
    text = difference_text(difference, width)
    assert max(map(len, text.splitlines())) <= max(width, 48)
    figures = re.findall(r"\S*\d\S*", WHOLE)
    for figure in figures:
        assert figure in text


def test_colour_is_never_alone() -> None:
    difference = compare(load("old.yaml"), load("new.yaml"))
    coloured = difference_text(difference, 80, colour=True)
    assert "\x1b[1;32m+ dropout (Dropout)  added\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == difference_text(difference, 80) == WHOLE


def test_names_steer_no_terminal(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        '{input: [8], layers: [{Dense: {units: 3, name: "a\\e[31mb"}}]}', encoding="utf-8"
    )
    assert "\x1b" not in run("old.yaml", "bad.yaml").output


def test_help_lists_what_can_be_compared() -> None:
    assert f": {', '.join(ASPECTS)}." in Only.__metadata__[0].help


LAMBDA = """\
import keras
from keras import layers
{before}
model = keras.Sequential([keras.Input((8,)), {layer}, layers.Dense(3)])
"""
OWN = """\
class Scale(layers.Layer):
    def __init__(self, by):
        super().__init__()
        self.by = by
    def call(self, x):
        return x * self.by
"""


@pytest.mark.parametrize(
    ("old", "new", "row"),
    [
        (("", "layers.Lambda(lambda x: x*2)"), ("", "layers.Lambda(lambda x: x*3)"),
         "function    lambda x: x * 2 → lambda x: x * 3"),
        (("def f(x):\n    return x*2", "layers.Lambda(f)"), ("def f(x):\n    return x*3", "layers.Lambda(f)"),
         "function    return x * 2 → return x * 3"),
        (("", "layers.Dense(8, activation=lambda t: t*2)"), ("", "layers.Dense(8, activation=lambda t: t*3)"),
         "activation  lambda t: t * 2 → lambda t: t * 3"),
        (("K = 2\ndef f(x):\n    return x*K", "layers.Lambda(f)"),
         ("K = 3\ndef f(x):\n    return x*K", "layers.Lambda(f)"),
         "function    K = 2 → K = 3"),
        (("def g(x):\n    return x+1", "layers.Lambda(lambda x: g(x))"),
         ("def g(x):\n    return x+2", "layers.Lambda(lambda x: g(x))"), "function    return x + 1 → return x + 2"),
        ((OWN, "Scale(2)"), (OWN, "Scale(3)"), "by          2 → 3"),
        ((OWN, "Scale(2)"), (OWN.replace("*", "+"), "Scale(2)"),
         "code        return x * self.by → return x + self.by"),
        (("", "layers.TimeDistributed(layers.Lambda(lambda x: x*2, output_shape=(8,)))"),
         ("", "layers.TimeDistributed(layers.Lambda(lambda x: x*3, output_shape=(8,)))"),
         "layer.function  lambda x: x * 2 → lambda x: x * 3"),
    ],
)  # fmt: skip
def test_another_body_is_a_difference(old: tuple[str, str], new: tuple[str, str], row: str, tmp_path: Path) -> None:
    for name, (before, layer) in (("a.py", old), ("b.py", new)):
        text = LAMBDA.format(before=before, layer=layer)
        (tmp_path / name).write_text(text.replace("(8,)", "(8, 8)"), encoding="utf-8")
    assert f"\n    {row}\n" in run("a.py", "b.py").stdout
    assert run("a.py", "b.py", "--exit-code").exit_code == 1
    same = run("a.py", "a.py", "--exit-code")
    assert (same.exit_code, same.stdout) == (0, "No difference: a.py and a.py are the same model.\n")


def test_what_makes_no_difference_in_code(tmp_path: Path) -> None:
    plain = "def f(x):\n    return x*2"
    told = 'def f(x):\n    """Twice."""\n    # It is.\n    return (x *\n            2)'
    for name, before in (("a.py", plain), ("b.py", told)):
        (tmp_path / name).write_text(LAMBDA.format(before=before, layer="layers.Lambda(f)"), encoding="utf-8")
    assert run("a.py", "b.py").stdout == "No difference: a.py and b.py are the same model.\n"


def test_code_that_is_not_in_both_sources_is_not_called_the_same(tmp_path: Path) -> None:
    text = LAMBDA.format(before="from mine import g", layer="layers.Lambda(g, output_shape=(8,))")
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    (tmp_path / "b.yaml").write_text("{input: [8], layers: [{Lambda: {function: g, output_shape: [8]}}, Dense: 3]}")
    for other in ("a.py", "b.yaml"):
        result = run("a.py", other, "--exit-code")
        assert (result.exit_code, result.stdout) == (
            1,
            f"No difference in what a.py and {other} both hold.\n"
            'The code of "lambda" is not in both sources: it was not compared.\n',
        )
        (document,) = documents(run("a.py", other, "--json"))
        assert (document["equal"], document["not_compared"]) == (None, ["lambda"])
    assert run("b.yaml", "b.yaml", "--exit-code").exit_code == 0, "YAML has no code: the name is all that there is"
    assert run("a.py", "b.yaml", "--exit-code", "--only", "layers,arguments,shapes,params,cost").exit_code == 0


def test_conditions() -> None:
    old, new = (str(ROOT / "specs" / f"target_token{end}.yaml") for end in ("", "_as_asked"))
    reason = 'in "concatenate", axis 1 is 1 in input 1 and T in input 2; Concatenate joins along axis 2 only.\n'
    assert run(old, new).stdout.endswith(f"\n{new} holds only if T = 1: {reason}")
    assert run(new, old).stdout.endswith(f"\n{new} holds only if T = 1: {reason}")
    same = run(new, new)
    assert same.stdout.endswith(f"are the same model.\nBoth hold only if T = 1: {reason}")
    (document,) = documents(run(old, new, "--json"))
    assert [(held["model"], held["holds_if"]) for held in document["assumptions"]] == [("new", "T = 1")]
    assert "holds only if `T = 1`" in run(old, new, "--format", "markdown").stdout


PASTED = """\
Model: "sequential"
 Layer (type)                Output Shape              Param #
=================================================================
 lstm (LSTM)                 (None, 16)                1152
 dense (Dense)               (None, 2)                 34
=================================================================
Total params: 1186
"""
BASE = "{input: [50, 1], layers: [LSTM: 16, Dense: {units: %s, activation: softmax, trainable: false, dtype: float16}]}"


def test_what_a_printed_summary_does_not_show_is_no_difference(tmp_path: Path) -> None:
    (tmp_path / "pasted.txt").write_text(PASTED, encoding="utf-8")
    (tmp_path / "same.yaml").write_text(BASE % 2, encoding="utf-8")
    (tmp_path / "wider.yaml").write_text(BASE % 3, encoding="utf-8")
    same = run("pasted.txt", "same.yaml", "--exit-code")
    assert same.exit_code == 0
    assert same.stdout.startswith("No difference that a printed summary shows between pasted.txt and same.yaml.\n")
    assert run("pasted.txt", "wider.yaml").stdout.startswith(
        "--- pasted.txt\n+++ wider.yaml\n\n"
        "~ output  changed\n    shape       (None, 2) → (None, 3)\n\n"
        "~ dense (Dense)  changed\n    units       2 → 3\n    shape       (None, 2) → (None, 3)\n"
        "    params      34 → 51  (+17)\n\n  Total "
    )
    for words in (["cost"], ["params,cost"], ["code"]):
        asked = run("pasted.txt", "same.yaml", "--only", *words, "--exit-code")
        assert asked.exit_code == 1, "what was asked for was not compared"
        assert "what the models cost, nothing is said." in asked.stdout
    (document,) = documents(run("pasted.txt", "same.yaml", "--only", "cost", "--json"))
    assert (document["equal"], document["compared"]) == (None, [])
    trained = PASTED + "Trainable params: 1186\nNon-trainable params: 0\n"
    (tmp_path / "pasted.txt").write_text(trained, encoding="utf-8")
    text = run("pasted.txt", "same.yaml").stdout
    assert "    trainable             true → false\n" in text, "this is shown"
    assert "    trainable params      34 → 0  (-34)\n" in text


def test_a_broken_source_and_itself() -> None:
    result = run("faulty.yaml", "faulty.yaml")
    assert (result.exit_code, result.stderr.count("error[")) == (1, 1)
    assert result.stdout == "No difference in what is known of faulty.yaml and faulty.yaml; not all of them is.\n"
    failed, rest = documents(run("faulty.yaml", "faulty.yaml", "--json"))
    assert (failed["schema"], failed["equal"]) == ("lstmcalc.difference/1", None)
    assert (rest["equal"], rest["whole"]) == (None, False)
    text = run("faulty.yaml", "old.yaml").stdout
    assert "    unit        3 → null\n" in text
    assert "use_bias" not in text, "no rule has filled in defaults"


def changes(old: str, new: str) -> list[str]:
    """The rows that are told of two models, without those of what they take."""
    difference = compare(load("a.py" if "import" in old else "a.yaml", text=old),
                         load("b.py" if "import" in new else "b.yaml", text=new))  # fmt: skip
    lines = difference_text(difference).partition("\n  Total")[0].splitlines()[3:]
    return [" ".join(line.split()) for line in lines if line and not re.match(r" +(MACs|FLOPs|params) ", line)]


def test_no_change_is_empty() -> None:
    named = "{input: [8], layers: [{Dense: {units: 8, name: a}}, {Dropout: {rate: 0.1, name: b}}, {ReLU: {name: c}}]}"
    turned = "{input: [8], layers: [{ReLU: {name: c}}, {Dropout: {rate: 0.1, name: b}}, {Dense: {units: 8, name: a}}]}"
    assert changes(named, turned) == ["~ b (Dropout) changed", "behind a → c", "~ a (Dense) changed", "place 1 → 3"]
    shared = (
        "import keras\nfrom keras import layers\np = keras.Input((9, 8))\nq = keras.Input((9, 8))\n"
        "enc = layers.LSTM(4, name='enc')\na, b = enc(p), enc(q)\n"
        "model = keras.Model([p, q], layers.Subtract(name='s')([a, b]))\n"
    )
    assert changes(shared, shared.replace("[a, b]", "[b, a]")) == [
        "~ s (Subtract) changed", "connected to enc (call 1), enc (call 2) → enc (call 2), enc (call 1)",
    ]  # fmt: skip
    apart = changes(shared, shared.replace("enc(q)", "layers.LSTM(4, name='dec')(q)"))
    assert apart[:2] == ["~ enc (LSTM) changed", "connected to input_layer; input_layer_1 → input_layer"]
    inner = (
        "{input: [4], models: {block: {inputs: {u: [4]}, layers: [{Dense: {units: 3, name: w}}, "
        "{Dense: {units: 3, name: x}}, {Add: {name: y, inputs: [w, x]}}], outputs: [%s]}}, layers: [block]}"
    )
    assert changes(inner % "y, w", inner % "y, x") == ["~ output x changed inside block", "from w → x"]


def test_what_is_inside_a_model_has_the_name_that_can_be_typed(tmp_path: Path) -> None:
    text = "{input: [4], models: {block: {input: [4], layers: [Dense: %d]}}, layers: [block, {Dense: {units: 1}}]}"
    assert "~ block.dense (Dense) changed inside block" in changes(text % 3, text % 5)
    (tmp_path / "a.yaml").write_text(text % 3, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(text % 5, encoding="utf-8")
    markdown = run("a.yaml", "b.yaml", "--format", "markdown").stdout
    assert "| changed inside `block` | `block.dense` (Dense) |" in markdown


PARTLY_KNOWN = """\
from keras import Sequential, layers
model = Sequential([
    layers.Input((10, 8)), layers.LSTM({units}), layers.Lambda(lambda x: x * 2, output_shape=({units},)), {more}
    layers.Dense(3),
])
"""
KNOWN_TOTALS = """
  Total                      old      new  difference
  params                   1,651    5,347      +3,696
  bytes of weights         6,604   21,388     +14,784
  known MACs per sample   15,408   51,296     +35,888
  known FLOPs per sample  33,539  108,035     +74,496

The totals of MACs and FLOPs are without "lambda", whose cost is not known.
"""


def partly_known(more: str = "") -> None:
    Path("a.py").write_text(PARTLY_KNOWN.format(units=16, more=""), encoding="utf-8")
    Path("b.py").write_text(PARTLY_KNOWN.format(units=32, more=more), encoding="utf-8")


def test_totals_are_of_what_is_known_and_name_the_rest() -> None:
    partly_known()
    assert run("a.py", "b.py").stdout.endswith(KNOWN_TOTALS)
    markdown = run("a.py", "b.py", "--format", "markdown").stdout
    assert "| known MACs per sample | 15,408 | 51,296 | +35,888 |" in markdown
    assert markdown.endswith('The totals of MACs and FLOPs are without "lambda", whose cost is not known.\n')
    page = run("a.py", "b.py", "--format", "html").stdout
    assert "known MACs per sample" in page
    assert "lambda&quot;, whose cost is not known." in page


def test_json_has_the_known_totals_and_the_layers_they_are_without() -> None:
    partly_known("layers.Lambda(lambda x: x, output_shape=(32,), name='last'),")
    document = json.loads(run("a.py", "b.py", "--json").stdout)
    totals = document["totals"]
    assert (totals["delta"]["macs"], totals["delta"]["params"]) == (None, 3_696)
    known = totals["known"]
    names = ["lambda", "last"]
    assert known["without"] == {"macs": names, "flops": names}
    assert (known["old"]["macs"], known["new"]["macs"], known["delta"]["macs"]) == (15_408, 51_296, 35_888)
    deltas = [layer["delta"]["macs"] for layer in document["layers"]]
    assert sum(delta for delta in deltas if delta is not None) == known["delta"]["macs"]
    last = run("a.py", "b.py").stdout.splitlines()[-1]
    assert last == 'The totals of MACs and FLOPs are without "lambda" and "last", whose cost is not known.'


def test_a_layer_known_in_one_model_alone_is_in_neither_total() -> None:
    partly_known()
    Path("c.py").write_text(
        "from keras import Sequential, layers\n"
        "model = Sequential([layers.Input((10, 8)), layers.LSTM(16), layers.Dense(16), layers.Dense(3)])\n",
        encoding="utf-8",
    )
    text = run("a.py", "c.py").stdout
    assert re.search(r"known MACs per sample +15,408 +15,408 +0\n", text)
    assert text.splitlines()[-1] == (
        'The totals of MACs and FLOPs are without "lambda → dense", whose cost is known in one model only.'
    )
