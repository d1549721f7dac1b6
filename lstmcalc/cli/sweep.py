"""The command `sweep`: params and cost over ranges of a model's sizes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lstmcalc.cli.cluster import Scheduler, cluster
from lstmcalc.cli.forms import FORMS, Output, form_of, show
from lstmcalc.cli.models import files_of, is_source
from lstmcalc.cli.options import AsJson, Model
from lstmcalc.cli.page import Page
from lstmcalc.cli.terminal import complain, progress
from lstmcalc.cli.values import no_options
from lstmcalc.errors import SpecError
from lstmcalc.frozen import NamedTuple

if TYPE_CHECKING:
    from lstmcalc.memory import Setting
    from lstmcalc.spec import Spec
    from lstmcalc.sweeping import Sweep

__all__ = ["sweep"]

#: What typer is to know of the command besides its parameters.
SETTINGS = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
    "epilog": "`32..512:32` is every 32nd number from 32 to 512. Of a layer, arguments and sizes of its input go "
    "through values as well: lstmcalc sweep lstm --units 32,64 --input 10..50:10,300. A list of time steps has a name: "
    "--input T,300 --set T=10,25.",
}

#: The endings of files in forms that no other command has.
MORE_FORMS = {".csv": "csv", ".png": "png"}
PLOTS = ("svg", "png")
#: What an option for the memory wants beside it.
MEMORY = "`--measure memory`"
#: The name of an option, which no negative number is.
OPTION = re.compile(r"--?[A-Za-z]")

What = Annotated[
    str, typer.Argument(metavar="LAYER|SOURCE", help="A layer's name, a call such as `LSTM(64)`, or a model's file.")
]
Shapes = Annotated[
    list[str] | None,
    typer.Option(
        "--input", metavar="SHAPE", help="A layer's input without the batch: 300, or 10,300.", callback=no_options
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUES", help="Values of a symbol or of `layer.argument`: 50,100 or 32..512:32."
    ),
]
Measures = Annotated[
    list[str] | None, typer.Option("--measure", metavar="NAME,...", help="What is measured: params,macs,flops,….")
]
Batch = Annotated[
    str | None, typer.Option("--batch", metavar="VALUES", help="The batch size, or several of them for the memory.")
]
Optimizer = Annotated[
    str | None,
    typer.Option("--optimizer", metavar="NAME", help="The optimizer, for the memory: SGD(momentum=0.9)."),
]
Precision = Annotated[
    str | None,
    typer.Option("--precision", metavar="float32|mixed_float16|mixed_bfloat16", help="The precision, for the memory."),
]
Form = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="|".join((*FORMS, *MORE_FORMS.values())),
        help="The form of the answer; by default text, or what the ending of FILE says; svg and png are plots.",
    ),
]


@dataclass(frozen=True)
class Asked:
    """What a sweep is asked for, besides the model; `setting` without a batch has the one that the model states."""

    ranges: dict[str, Sequence[int]]
    measures: list[str] | None
    setting: Setting
    batch: int | None
    has_batch: bool


def sweep(
    context: typer.Context,
    what: What,
    inputs: Shapes = None,
    values: Values = None,
    measures: Measures = None,
    batch: Batch = None,
    optimizer: Optimizer = None,
    precision: Precision = None,
    model: Model = None,
    scheduler: Scheduler = None,
    form: Form = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Params and cost of a model, or of a layer, at every combination of values of its sizes."""
    page = Page(form_of(form, as_json, output, MORE_FORMS), output)
    if page.form == "png" and output is None:
        raise typer.BadParameter("expected a file to write the picture to, got none", param_hint="--output")
    words, shapes, given, single = _words([what, *context.args], inputs or [])
    ranges = _joined(given, values or [])
    if not ranges and single and batch is None:
        reason = f"expected values to go through, such as 32,64 or 32..512:32, got {single.text}"
        raise typer.BadParameter(reason, param_hint=single.option)
    sources = _sources([what, *context.args], inputs or [], model)
    asked = _asked(ranges, measures, batch, optimizer, precision)
    found: list[Sweep] = []
    with cluster(scheduler) as executor:
        for source in sources:
            with page.source(source, partly=False):
                spec = _spec(source, model) if is_source(what) else _layer(words, shapes, source)
                found.append(_swept(spec, asked, executor))
                if page.form not in PLOTS:
                    _show(page, found[-1])
                    page.failed |= not found.pop().holding
    if found:
        _draw(page, found)
    page.close()


def _sources(words: Sequence[str], inputs: Sequence[str], model: str | None) -> Sequence[str]:
    """The files of a command line, or the one layer that its words state, as they state it."""
    if not is_source(words[0]):
        if model is not None:
            raise typer.BadParameter("expected a model's file beside it, got a layer", param_hint="--model")
        return [" ".join((*words, *(f"--input {shape}" for shape in inputs)))]
    return files_of(words, inputs)


def _spec(source: str, model: str | None) -> Spec:
    from lstmcalc import load

    return load(source, model=model)


def _layer(words: list[str], inputs: list[str], source: str) -> Spec:
    from lstmcalc.sources.layer_options import read_layer

    return read_layer(words, inputs)._replace(source=source)


class Given(NamedTuple):
    """Values to go through: the symbol that stands for them, their text, and the option that states them."""

    symbol: str
    text: str
    option: str


def _words(words: Sequence[str], inputs: Sequence[str]) -> tuple[list[str], list[str], list[Given], Given | None]:
    """A layer's words and inputs with symbols in the place of several values, these values, and a size that has one."""
    sizes, shown, found, option = _sizes_of(words[0]), [], [], ""
    single = None
    for word in words:
        is_option = OPTION.match(word) is not None
        name, equals, value = word.partition("=") if is_option else (option, "", word)
        symbol = re.sub(r"\W", "_", name.lstrip("-"))
        if symbol.isidentifier() and (".." in value or (symbol in sizes and "," in value)):
            found.append(Given(symbol, value, name))
            word = f"{name}={symbol}" if equals else symbol
        elif symbol in sizes and value:
            single = single or Given(symbol, value, name)
        option = name if is_option and not equals else ""
        shown.append(word)
    placed = [_input(shown, place, text) for place, text in enumerate(inputs)]
    return shown, [text for text, _ in placed], [*found, *(each for _, more in placed for each in more)], single


def _sizes_of(word: str) -> list[str]:
    """The arguments of a layer that are one size, for which a list means several values."""
    from lstmcalc.layers import RULES
    from lstmcalc.sources.layer_options import find_class

    name = find_class(word.partition("(")[0].strip())
    return [key for key, argument in RULES[name].arguments.items() if argument.kind == "size"] if name else []


def _input(words: Sequence[str], place: int, text: str) -> tuple[str, list[Given]]:
    """An input with symbols in the place of ranges, called as the axes of the layer are, and the ranges."""
    if ".." not in text:
        return text, []
    from lstmcalc.sources.layer_options import read_layer

    parts, found = [part.strip() for part in text.split(",")], []
    try:
        ports = read_layer(words).inputs
        axes = ports[min(place, len(ports) - 1)].shape[-len(parts) :]
    except SpecError:
        axes = ()
    for index, part in enumerate(parts):
        axis = str(axes[index - len(parts)]) if index - len(parts) >= -len(axes) else ""
        if ".." in part:
            found.append(Given(axis if axis.isidentifier() else f"axis_{index + 1}", part, "--input"))
            parts[index] = found[-1].symbol
    return ",".join(parts), found


def _joined(given: Sequence[Given], words: Sequence[str]) -> dict[str, Sequence[int]]:
    """What `--set` and a layer's options say of each symbol; a usage error where that is no range, or said twice."""
    from lstmcalc.sweeping import RangeError, read_values

    told = list(given)
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not all(part for part in name.split(".")):
            reason = f"expected NAME=VALUES such as U=64, U=32..512:32 or lstm.units=50,100, got {word or 'nothing'}"
            raise typer.BadParameter(reason, param_hint="--set")
        told.append(Given(name, text, "--set"))
    found: dict[str, Sequence[int]] = {}
    for name, text, option in told:
        if name in found:
            raise typer.BadParameter(f"expected every symbol once, got {name} twice", param_hint=option)
        try:
            found[name] = read_values(text)
        except RangeError as error:
            of = f"{name}: " if option == "--set" else ""
            raise typer.BadParameter(f"{of}{error}", param_hint=option) from None
    return found


def _asked(
    ranges: dict[str, Sequence[int]],
    measures: Sequence[str] | None,
    batch: str | None,
    optimizer: str | None,
    precision: str | None,
) -> Asked:
    from lstmcalc.sweeping import RangeError, axes_of

    names = None if measures is None else _measures(measures)
    setting, fixed = _setting(names or (), optimizer, precision), None
    if batch is not None:
        ranges, setting, fixed = _with_batch(ranges, setting, batch, names or ())
    try:
        axes = axes_of(ranges)
    except RangeError as error:
        raise typer.BadParameter(str(error), param_hint="--set") from None
    return Asked(dict(axes), names, setting, fixed, batch is not None)


def _measures(words: Sequence[str]) -> list[str]:
    from lstmcalc.measures import MEASURES

    names = [name.strip() for word in words for name in word.split(",")]
    for name in names:
        if name not in MEASURES:
            raise typer.BadParameter(f"expected {', '.join(MEASURES)}, got {name or 'nothing'}", param_hint="--measure")
    return list(dict.fromkeys(names))


def _setting(names: Sequence[str], optimizer: str | None, precision: str | None) -> Setting:
    from lstmcalc.cli.memory import asked_memory, only_with_memory
    from lstmcalc.memory import Setting

    if "memory" in names:
        asked = asked_memory(True, optimizer, precision, None)
        return Setting(optimizer=asked.optimizer, precision=asked.precision) if asked else Setting()
    only_with_memory(False, MEMORY, optimizer, precision)
    return Setting()


def _with_batch(
    ranges: dict[str, Sequence[int]], setting: Setting, batch: str, names: Sequence[str]
) -> tuple[dict[str, Sequence[int]], Setting, int | None]:
    """Of one batch size the model is told, several are a symbol that the memory hangs on."""
    from lstmcalc.dims import symbol
    from lstmcalc.sweeping import RangeError, read_values

    try:
        values = read_values(batch)
    except RangeError as error:
        raise typer.BadParameter(str(error), param_hint="--batch") from None
    if len(values) == 1:
        return ranges, replace(setting, batch=values[0]), values[0]
    if "memory" not in names:
        reason = f"expected {MEMORY} beside several sizes, as all else is measured per sample"
        raise typer.BadParameter(reason, param_hint="--batch")
    name = next(each for each in ("batch", "batch_size", "batch_size_") if each not in ranges)
    return {**ranges, name: values}, replace(setting, batch=symbol(name)), None


def _swept(spec: Spec, asked: Asked, executor: Any) -> Sweep:
    from lstmcalc.cli.memory import checked_batch
    from lstmcalc.sweeping import stated_batch
    from lstmcalc.sweeping import sweep as run

    checked_batch(spec, asked.batch, "memory" in (asked.measures or ()), MEMORY)
    setting = asked.setting if asked.has_batch else replace(asked.setting, batch=stated_batch(spec))
    with progress("points") as show:
        return run(
            spec,
            asked.ranges,
            asked.measures,
            setting=setting,
            batch=asked.batch,
            executor=executor,
            progress=show and partial(show, "points"),
        )


def _show(page: Page, found: Sweep) -> None:
    from lstmcalc.renderers.sweep_data import sweep_csv, sweep_json
    from lstmcalc.renderers.sweep_document import MOST_ROWS, sweep_document, sweep_text

    if page.form in ("markdown", "html") and len(found) > MOST_ROWS:
        reason = f"expected at most {MOST_ROWS:,} points for {page.form}, got {len(found):,}"
        raise typer.BadParameter(f"{reason}: csv, json and text take them", param_hint="--format")
    if page.form == "csv":
        page.text(sweep_csv(found))
        _tell_left_out(found)
        return

    def text() -> str:
        return sweep_text(found, page.width, page.colour, few=page.width is not None)

    page.answer(lambda: sweep_document(found), lambda: sweep_json(found), text=text)
    if page.form == "json":
        _tell_left_out(found)


def _tell_left_out(found: Sweep) -> None:
    """Says beside an answer without words which measures it lacks."""
    from lstmcalc.renderers.sweep_document import left_out_notes

    for note in left_out_notes(found):
        complain(f"lstmcalc: {found.name}: {note}")


def _draw(page: Page, found: Sequence[Sweep]) -> None:
    from lstmcalc.renderers.sweep_plot import PlotMissing, Wanting, sweep_plot

    try:
        picture = sweep_plot(found, page.form)
    except Wanting as error:
        raise typer.BadParameter(str(error), param_hint="--format") from None
    except PlotMissing as error:
        complain(f"lstmcalc: {error}")
        raise typer.Exit(2) from None
    for each in found:
        _tell_left_out(each)
    if page.output is not None:
        page.save(picture)
    else:
        show(picture.decode(), page.form)
    if page.failed:
        raise typer.Exit(1)
    raise typer.Exit
