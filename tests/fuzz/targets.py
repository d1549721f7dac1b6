"""What is tried: the library's functions on every kind of source, and every command with its options.

A target takes an input and random numbers for what else it chooses (options, values), and raises where a property does
not hold; `SpecError` and usage errors are answers.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import truths
from commands import FORBIDDEN, Done, check_run, run_command, streams
from drawn import as_text, draw_model
from mutation import damaged_bytes, damaged_text, damaged_words
from properties import check_document, check_error, require
from seeds import TESTS, seeds, word_seeds
from strange_words import MARKUP, NAMES, NUMBERS

from lstmcalc.diagnosis import diagnose
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.renderers.report_json import dumps, report_json
from lstmcalc.sources import load
from lstmcalc.sources.layer_options import read_layer
from lstmcalc.summary_text import read_summary
from lstmcalc.summary_text.model import to_spec

__all__ = ["TARGETS", "Input", "Target"]

#: A text or bytes, or the words of a command line.
Input = str | bytes | list[str]
FORMS = ("text", "text", "json", "json", "markdown", "html", "svg")
KINDS = ("yaml", "yaml", "yaml", "json", "python", "notebook", "summary", "message", "archive", "h5")


class Target(NamedTuple):
    """One thing that is tried; of all inputs it gets a share that is its weight."""

    name: str
    weight: float
    make: Callable[[random.Random], Input]
    run: Callable[[Any, random.Random], None]
    #: Seconds that any input may take: a short loop may make 100,000 layers.
    least: float = 1.0


def _text_of(kind: str) -> Callable[[random.Random], str]:
    def make(rng: random.Random) -> str:
        known = seeds(kind)
        return damaged_text(rng, rng.choice(known), known)

    return make


def _bytes_of(kind: str) -> Callable[[random.Random], bytes]:
    def make(rng: random.Random) -> bytes:
        known = seeds(kind)
        if not known:
            return b""
        return damaged_bytes(rng, rng.choice(known))

    return make


def _damaged_bytes_of_text(rng: random.Random) -> bytes:
    kind = rng.choice(("yaml", "json", "python", "summary", "message"))
    return damaged_bytes(rng, rng.choice(seeds(kind)).encode("utf-8", "surrogatepass"))


def _drawn_yaml(rng: random.Random) -> str:
    return as_text(rng, draw_model(rng))


def _badly_named(rng: random.Random) -> str:
    """A sound model whose names are what no user means."""
    document = draw_model(rng, 0)
    document["name"] = rng.choice(NAMES)
    for layer in document["layers"]:
        for arguments in layer.values():
            arguments["name"] = rng.choice((MARKUP, MARKUP, *NAMES))
    return as_text(rng, document)


def _words(rng: random.Random) -> list[str]:
    known = word_seeds()
    return _harmless(damaged_words(rng, rng.choice(known), known))


def _harmless(words: Sequence[str]) -> list[str]:
    """The words without what would write files or load Keras; a command line holds no NUL."""
    return [word.replace("\0", "0") for word in words if not word.startswith(FORBIDDEN)]


def _any_source(rng: random.Random) -> bytes:
    """A source of any kind for a command: half of them sound."""
    kind = rng.choice(KINDS)
    known = seeds(kind)
    if not known:
        return b""
    if rng.random() < 0.15:
        text: Any = _badly_named(rng)
    elif rng.random() < 0.3:
        text = _drawn_yaml(rng)
    elif rng.random() < 0.35:
        text = rng.choice(known)
    elif kind in ("archive", "h5"):
        text = damaged_bytes(rng, rng.choice(known))
    else:
        text = damaged_text(rng, rng.choice(known), known)
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def try_load(text: str, rng: random.Random) -> None:
    """A text of any kind: read, inferred, and told as JSON."""
    try:
        spec = load(rng.choice(("-", "-", "m.yaml", "m.json", "m.py")) if rng.random() < 0.2 else "-", text=text)
        report = infer(spec, {"T": 7} if rng.random() < 0.1 else {}, rng.choice((None, None, None, 3)))
    except SpecError as error:
        check_error(error, text)
        report = error.report
    if report is not None and rng.random() < 0.25:
        document = report_json(report)
        dumps(document)
        check_document(document)
        truths.check_sums(document)


def try_bytes(data: bytes, rng: random.Random) -> None:
    """Bytes as standard input: what is no text, what is an archive, what is cut."""
    with streams([], data, io.BytesIO(), io.BytesIO()):
        try:
            infer(load("-"))
        except SpecError as error:
            check_error(error, data.decode("utf-8", "replace"))


def try_layer(words: list[str], rng: random.Random) -> None:
    """The words that state a layer."""
    inputs = [word for before, word in zip(["", *words], words, strict=False) if before == "--input"]
    rest = [word for before, word in zip(["", *words], words, strict=False) if "--input" not in (before, word)]
    if not rest:
        return
    try:
        spec = read_layer(rest, inputs)
        report = infer(spec)
    except SpecError as error:
        check_error(error, " ".join(words))
        return
    check_document(report_json(report))


def try_summary(text: str, rng: random.Random) -> None:
    """A pasted summary: read, and made a model of."""
    try:
        readings = read_summary(text)
        for reading in readings:
            infer(to_spec(reading))
    except SpecError as error:
        check_error(error, text)


def try_message(text: str, rng: random.Random) -> None:
    """A pasted error message."""
    found = diagnose(text)
    require(isinstance(found.recognised, bool), "diagnosis: recognised is no bool")


def _options(rng: random.Random, *choices: Sequence[str], chance: float = 0.15) -> list[str]:
    """Some of the options; now and then with a value that is none."""
    made: list[str] = []
    for choice in choices:
        if rng.random() < chance:
            made += choice
            if len(choice) > 1 and rng.random() < 0.2:
                made[-1] = rng.choice((*NUMBERS, *NAMES)).replace("\0", "")
    return made


def _form(rng: random.Random, forms: Sequence[str] = FORMS) -> tuple[str, list[str]]:
    form = rng.choice(forms)
    if form == "text":
        return form, []
    return form, ["--json"] if form == "json" and rng.random() < 0.5 else ["--format", form]


SET, BATCH = ("--set", "T=7"), ("--batch", "3")
MEMORY = (("--memory",), ("--optimizer", "sgd"), ("--precision", "mixed_float16"), ("--fit", "8GB"))
MODEL = ("--model", "sequential")


def _timeless(done: Done) -> Done:
    """A run without how long it took, which `verify` tells where Keras is there."""
    out, err = (re.sub(r'\b\d+\.\d s\b|"seconds": [\d.]+', "", text) for text in (done.out, done.err))
    return Done(done.code, out, err)


def _command(name: str, options: Callable[[random.Random], list[str]], forms: Sequence[str] = FORMS) -> Any:
    """A command on a source from standard input."""

    def run(data: bytes, rng: random.Random) -> None:
        form, asked = _form(rng, forms)
        words = [name, "-", *options(rng), *asked]
        done = run_command(words, data)
        source = data.decode("utf-8", "replace") + " ".join(words)
        documents = check_run(done, form, source)
        for document in documents or ():
            truths.check_sums(document)
        if rng.random() < 0.1:
            again = run_command(words, data)
            require(_timeless(again) == _timeless(done), "determinism: the same run gave something else")

    return run


def _summary_options(rng: random.Random) -> list[str]:
    return _options(rng, SET, BATCH, MODEL, ("--weights",), ("--cost",), ("--compare",), ("--diagram",), *MEMORY)


def _explain_options(rng: random.Random) -> list[str]:
    return _options(rng, SET, BATCH, MODEL, ("--layer", "dense"), ("--compare",), ("--diagram",))


def _paste_options(rng: random.Random) -> list[str]:
    return _options(rng, ("--diagram",), ("--model", "sequential"))


def _convert_options(rng: random.Random) -> list[str]:
    return ["--to", rng.choice(("yaml", "keras-json", "python", "python", "latex")), *_options(rng, SET, BATCH, MODEL)]


def _check_options(rng: random.Random) -> list[str]:
    wanted = (("--max-params", "1M"), ("--params", "15"), ("--max-flops", "2G"), ("--max-memory", "1GB"),
              ("--output", "(None, 3)"), ("--input", "4"))  # fmt: skip
    return [*rng.choice(wanted), *_options(rng, *wanted, SET, BATCH, MODEL, *MEMORY[1:3])]


def _solve_options(rng: random.Random) -> list[str]:
    measure = rng.choice((("--params", "100"), ("--params", "91648"), ("--flops", "1M"), ("--memory", "1GB")))
    return [*measure, *_options(rng, ("--for", "U"), ("--for", "dense.units"), ("--for", "T,U"), ("--exactly",),
                                ("--closest",), SET, BATCH, *MEMORY[1:3], chance=0.25)]  # fmt: skip


def _sweep_options(rng: random.Random) -> list[str]:
    ranged = rng.choice(("U=1..9", "dense.units=1,2", "T=5..50:5", "U=0", "lstm.units=1..1000000000000", "U="))
    return ["--set", ranged, *_options(rng, ("--measure", "params,macs"), ("--batch", "1,2"))]


def _diff_run(data: bytes, rng: random.Random) -> None:
    """A source beside a spec of the project's."""
    form, asked = _form(rng, ("text", "json", "markdown", "html"))
    other = TESTS.parent / "specs" / rng.choice(("speaker_change.yaml", "seq2seq.yaml"))
    sides = rng.sample(("-", str(other)), 2)
    words = ["diff", *sides, *asked, *_options(rng, ("--only", "params"), ("--exit-code",), SET)]
    check_run(run_command(words, data), form, data.decode("utf-8", "replace") + " ".join(words))


def _layer_run(words: list[str], rng: random.Random) -> None:
    """`explain`, `solve`, `sweep` and `layers` with a layer's words."""
    command = rng.choice(("explain", "explain", "solve", "sweep", "layers"))
    form, asked = _form(rng, FORMS if command == "explain" else ("text", "json", "markdown", "html"))
    if command == "layers":
        form, asked, words = "text", [], words[:1]
    more = {"explain": _options(rng, ("--compare",), ("--diagram",)), "solve": _solve_options, "sweep": _sweep_options}
    options = more.get(command, [])
    line = [command, *words, *(options if isinstance(options, list) else options(rng)), *asked]
    check_run(run_command(line), form, " ".join(line))


def _any_line(rng: random.Random) -> list[str]:
    commands = ("summary", "explain", "paste", "convert", "diff", "check", "solve", "sweep", "layers", "--help", "")
    line = [rng.choice(commands), *_words(rng)]
    return _harmless(damaged_words(rng, line, word_seeds()))


def _line_run(line: list[str], rng: random.Random) -> None:
    """Any words at all."""
    form = "json" if "--json" in line and "--format" not in line else "any"
    check_run(run_command(line), form, " ".join(line))


#: Weights are shares: what is fast gets most.
TARGETS = (
    Target("load-yaml", 200, _text_of("yaml"), try_load),
    Target("load-drawn", 60, _drawn_yaml, try_load),
    Target("load-json", 260, _text_of("json"), try_load),
    Target("load-python", 120, _text_of("python"), try_load, 15.0),
    Target("load-notebook", 20, _text_of("notebook"), try_load, 15.0),
    Target("load-summary", 8, _text_of("summary"), try_load),
    Target("load-bytes", 40, _damaged_bytes_of_text, try_bytes),
    Target("load-archive", 70, _bytes_of("archive"), try_bytes),
    Target("load-h5", 20, _bytes_of("h5"), try_bytes),
    Target("layer", 150, _words, try_layer),
    Target("summary-text", 20, _text_of("summary"), try_summary),
    Target("message", 80, _text_of("message"), try_message),
    Target("summary", 5, _any_source, _command("summary", _summary_options), 15.0),
    Target("explain", 5, _any_source, _command("explain", _explain_options), 15.0),
    Target("paste", 4, _any_source, _command("paste", _paste_options), 15.0),
    Target("convert", 3, _any_source, _command("convert", _convert_options, ("text",)), 15.0),
    Target("check", 2, _any_source, _command("check", _check_options, ("text", "json", "markdown", "html")), 15.0),
    Target("solve", 2, _any_source, _command("solve", _solve_options, ("text", "json", "markdown", "html")), 15.0),
    Target("sweep", 2, _any_source, _command("sweep", _sweep_options, ("text", "json", "markdown", "html")), 15.0),
    Target("diff", 2, _any_source, _diff_run, 15.0),
    Target("verify", 1, _any_source, _command("verify", lambda rng: _options(rng, SET, BATCH, MODEL)), 15.0),
    Target("layer-command", 4, _words, _layer_run),
    Target("command-line", 4, _any_line, _line_run),
    Target("truth-forms", 4, _drawn_yaml, truths.try_other_forms),
    Target("truth-unknown", 8, _drawn_yaml, truths.try_unknown_sizes),
    Target("truth-names", 8, _drawn_yaml, truths.try_other_names),
    Target("truth-solved", 1, _drawn_yaml, truths.try_solved),
    Target("truth-commands", 1, _drawn_yaml, truths.try_commands),
    Target("truth-printed", 2, _drawn_yaml, truths.try_printed),
)
