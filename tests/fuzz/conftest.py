"""Keeps what is run by hand out of the tests."""

from __future__ import annotations

collect_ignore = ["atheris_harness.py", "long_run.py"]
