"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

from lstmcalc.cli.values import once

__all__ = ["AsJson", "Batch", "Model", "OptimizerFor", "PrecisionFor", "Sources", "Values", "WithAmounts",
           "amount_option", "amount_text"]  # fmt: skip

Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCE...", help="Model files; `-` is standard input.", callback=once)
]
Values = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Give a symbol a value; may be repeated.")
]
Batch = Annotated[int | None, typer.Option("--batch", min=1, metavar="N", help="Fix the batch size.")]
Model = Annotated[str | None, typer.Option("--model", metavar="NAME", help="Which model, where a file holds several.")]
AsJson = Annotated[bool, typer.Option("--json", help="The same as --format json: a document per line and source.")]
OptimizerFor = Annotated[
    str | None, typer.Option("--optimizer", metavar="NAME", help="The optimizer, for the memory; adam by default.")
]
PrecisionFor = Annotated[
    str | None,
    typer.Option(
        "--precision",
        metavar="float32|mixed_float16|mixed_bfloat16",
        help="The precision of layers that state no dtype, for the memory; float32 by default.",
    ),
]

#: Where the context keeps the amounts that are asked for.
ASKED = "lstmcalc.amounts"


class WithAmounts(TyperCommand):
    """A command with options for what a model is measured by, which are looked up when it is run, and not before."""

    #: Where the options stand among the parameters; None is the end.
    place: int | None = None
    complete = False

    def amount_options(self) -> Iterator[TyperOption]:
        """The options."""
        raise NotImplementedError

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters."""
        if not self.complete:
            self.complete = True
            place = len(self.params) if self.place is None else self.place
            self.params[place:place] = self.amount_options()
        return super().get_params(ctx)


def amount_option(name: str, metavar: str, text: str) -> TyperOption:
    """An option for an amount, which `amount_text` finds."""

    def note(context: Any, option: Any, values: Sequence[str]) -> None:
        if len(values) > 1:
            raise typer.BadParameter(f"expected it once, got {' and '.join(values)}", context, param_hint=f"--{name}")
        context.meta.setdefault(ASKED, {})[name] = values[0] if values else None

    return TyperOption(
        param_decls=[f"--{name}"], metavar=metavar, help=text, callback=note, expose_value=False, multiple=True,
        show_default=False,
    )  # fmt: skip


def amount_text(context: typer.Context, name: str) -> str | None:
    """What such an option says; None where it is left out."""
    text: str | None = context.meta.get(ASKED, {}).get(name)
    return text
