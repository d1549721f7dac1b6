"""Everything here needs Keras; it is imported once, in this process."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

collect_ignore_glob = ["*.py"] if find_spec("keras") is None else []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/keras" in item.path.as_posix():
            item.add_marker(pytest.mark.keras)
