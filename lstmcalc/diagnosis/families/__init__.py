"""Every family of error messages that is known: the modules of this folder, each a few functions under `@family`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from lstmcalc.diagnosis.message import Family

__all__ = ["families"]


@cache
def families() -> tuple[Family, ...]:
    """The families of all modules, in the order of the modules' names and of their definition."""
    names = sorted(module.name for module in iter_modules(__path__))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Family)]
    return tuple(dict.fromkeys(found))
