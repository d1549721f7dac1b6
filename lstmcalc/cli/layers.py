"""`layers`: what is supported."""

from __future__ import annotations

from typing import Annotated

import typer

from lstmcalc.cli.page import Page

__all__ = ["layers"]


def layers(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A layer's name, in any spelling.")] = None,
) -> None:
    """The layers that are known, or one of them with its arguments and examples."""
    from lstmcalc.errors import Fault, SpecError
    from lstmcalc.layers import ALIASES, RULES
    from lstmcalc.layers.arguments import closest
    from lstmcalc.renderers.layers_text import layer_lines, registry_lines
    from lstmcalc.sources.layer_options import find_class

    page = Page("text", None)
    with page.source("layers"):
        if name is None:
            page.lines(registry_lines(page.width or 80))
        elif (class_name := find_class(name)) is not None:
            page.lines(layer_lines(class_name, page.width or 80))
        else:
            near = closest(name, [*RULES, *ALIASES])
            fix = f"did you mean `{near}`?" if near else "`lstmcalc layers` lists them"
            raise SpecError([Fault("unknown-layer", "a Keras layer that has a rule", f"`{name}`", fix=fix)])
    page.close()
