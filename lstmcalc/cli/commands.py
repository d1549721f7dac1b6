"""Which commands there are; the module of each is loaded when it is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from lstmcalc.cli.terminal import on_terminal
from lstmcalc.steering import readable

__all__ = ["COMMANDS", "app"]

#: Each command, which is the function of this name in the module of this name, and what it is in a line.
COMMANDS = {
    "summary": "Shapes, parameters and their arithmetic, layer by layer.",
    "explain": "One layer in words: shapes, weights, the count and the reason, and what one sample costs in MACs and "
    "FLOPs; in symbols where no numbers are given. Of a file, the whole model, layer by layer.",
    "paste": "A pasted `model.summary()`, explained line by line, or an error message of Keras, with what to change.",
    "solve": "The size with which a model has at most, exactly, or about so many params, operations or bytes.",
    "diff": "What differs between two models: layers, arguments, shapes, parameters and cost.",
    "check": "Whether models keep within budgets and have the right shapes; ends with 1 where one does not.",
    "sweep": "Params and cost of a model, or of a layer, at every combination of values of its sizes.",
    "verify": "Build the real Keras model, compare every weight, and run it on random data.",
    "convert": "Write a model down as YAML, as Keras's JSON, or as Python.",
    "layers": "The layers that are known, or one of them with its arguments and examples.",
}
#: What all of it is built with: help without rich, which takes as long to load as all else together.
BUILT_WITH: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False}

#: Help takes the same lines wherever it goes, unless that is a terminal.
WIDTH: dict[str, Any] = {"max_content_width": 110} if on_terminal() else {"terminal_width": 80}
#: What typer calls a command line that is wrong; by its own name it is in another package from version to version.
USAGE_ERROR: Any = typer.BadParameter.__base__


class Commands(TyperGroup):
    """The commands by name and help line, each of which is built when it is called."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        """What the words before the command say."""
        with _visible_words():
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        with _visible_words():
            return super().invoke(ctx)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        # What stands for each command until it is called.
        self.commands = {name: TyperCommand(name, help=line) for name, line in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called, in full."""
        name, stand_in, rest = super().resolve_command(ctx, args)
        return name, stand_in and _built(stand_in.name or ""), rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """All commands with the whole of their help lines."""
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])


app = typer.Typer(
    name="lstmcalc",
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], **WIDTH},
    help="Every shape and parameter of a Keras model, and why, without importing TensorFlow.",
    **BUILT_WITH,
)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        from lstmcalc import __version__

        typer.echo(f"lstmcalc {__version__}")
        raise typer.Exit


@contextmanager
def _visible_words() -> Iterator[None]:
    """Escapes what would steer a terminal in the words of the command line that a usage error repeats."""
    try:
        yield
    except USAGE_ERROR as error:
        # Where there are no words, the message is the help.
        if type(error).__name__ != "NoArgsIsHelpError":
            error.message = readable(error.message)
        raise


def _built(name: str) -> Any:
    """A command from its module, which may say in `SETTINGS` what else typer is to know of it."""
    module = import_module(f"lstmcalc.cli.{name}")
    single = typer.Typer(add_completion=False, **BUILT_WITH)
    single.command(name, **getattr(module, "SETTINGS", {}))(getattr(module, name))
    return typer.main.get_command(single)
