"""The text of `lstmcalc/layers/index.py`: where the rule of every class is, as a fresh process registers them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from operator import itemgetter
from textwrap import wrap
from typing import Any

from lstmcalc.layers import index

#: Imports every module in order of name, and prints what the decorators registered.
REGISTER = """
import importlib, pkgutil
import lstmcalc.layers as package
from lstmcalc.layers.registry import OPERATIONS, RULES
for registry in (RULES, OPERATIONS):
    registry._modules.clear()
for found in sorted(pkgutil.walk_packages(package.__path__, package.__name__ + "."), key=lambda found: found.name):
    importlib.import_module(found.name)
rules = [(name, rule.__module__, rule.aliases) for name, rule in RULES._loaded.items()]
print([rules, [(name, rule.__module__, ()) for name, rule in OPERATIONS._loaded.items()]])
"""


def index_text() -> str:
    """The module as it must be, given the `@layer` and `@operation` of all rules."""
    done = subprocess.run([sys.executable, "-c", REGISTER], capture_output=True, text=True, check=True)
    rules, operations = ast.literal_eval(done.stdout)
    aliases = {alias: name for name, _, own in rules for alias in own}
    return "\n".join(
        [
            '"""Where the rule of every class is.',
            "",
            "Written by `LSTMCALC_UPDATE_INDEX=1 pytest tests/test_registry.py`, from the `@layer` of every rule.",
            '"""',
            "",
            "from __future__ import annotations",
            "",
            '__all__ = ["ALIASES", "LAYERS", "OPERATIONS"]',
            "",
            "#: The modules of `lstmcalc.layers`, each with the classes of its layers.",
            "LAYERS = {",
            *_modules(rules, index.LAYERS),
            "}",
            "",
            "#: Keras's other names.",
            "ALIASES = {",
            *(f'    "{alias}": "{name}",' for alias, name in aliases.items()),
            "}",
            "",
            "#: The same of operations, without the `ops.` in front.",
            "OPERATIONS = {",
            *_modules(operations, index.OPERATIONS),
            "}",
            "",
        ]
    )


def _modules(rules: list[Any], today: Mapping[str, str]) -> list[str]:
    # A module keeps its place, whoever imports it first: lists that are printed follow this order.
    names: dict[str, list[str]] = {module: [] for module in today}
    for name, module, _ in rules:
        names.setdefault(module.removeprefix("lstmcalc.layers."), []).append(name.removeprefix("ops."))
    lines = []
    for module, found in filter(itemgetter(1), names.items()):
        whole = f'    "{module}": "{" ".join(found)}",'
        if len(whole) <= 120:
            lines.append(whole)
            continue
        # Each line but the last ends in the space to the next.
        cut = wrap(" ".join(found), 108, break_long_words=False)
        texts = [f"{text} " for text in cut[:-1]] + cut[-1:]
        lines += [f'    "{module}": (', *(f'        "{text}"' for text in texts), "    ),"]
    return lines
