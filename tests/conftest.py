"""Keeps the long run behind its marker."""

from __future__ import annotations

import pytest

#: The models that tests read are no tests.
collect_ignore = ["models"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "long" in (config.option.markexpr or ""):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="the long run: pytest -m long"))
