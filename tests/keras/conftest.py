"""Everything here needs Keras; it is imported once, in this process.

The rules are those of Keras 3.15. Where Python is too old for it (3.10), only what holds of every Keras 3 is run.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from importlib.util import find_spec

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

INSTALLED = find_spec("keras") is not None
OF_THE_RULES = INSTALLED and version("keras").startswith("3.15.")
OF_EVERY_KERAS = ("test_commands.py", "test_keras_session.py")

collect_ignore_glob = [] if INSTALLED else ["*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/keras" in item.path.as_posix():
            item.add_marker(pytest.mark.keras)
            if not OF_THE_RULES and item.path.name not in OF_EVERY_KERAS:
                item.add_marker(pytest.mark.skip(reason=f"the rules are those of Keras 3.15, not {version('keras')}"))
