"""Everything here needs Keras; it is imported once, in this process."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

collect_ignore_glob: list[str] = []
try:
    import keras  # noqa: F401  # only to see whether it is there
except ImportError:
    collect_ignore_glob = ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/keras" in item.path.as_posix():
            item.add_marker(pytest.mark.keras)
