"""Everything here needs Keras; it is imported once, in this process.

The rules are those of Keras 3.15. Where Python is too old for it (3.10), only what holds of every Keras 3 is run.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any
from zlib import crc32

import pytest

from lstmcalc.layers.checked import CHECKED_FILE

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

INSTALLED = find_spec("keras") is not None
OF_THE_RULES = INSTALLED and version("keras").startswith("3.15.")
OF_EVERY_KERAS = ("test_commands.py", "test_keras_session.py")

collect_ignore_glob = [] if INSTALLED else ["*.py"]


#: Of a test with more cases than this, the short run takes a sample; the long run takes all.
MOST_CASES = 12
#: The examples are documentation, so that every one of them is held against Keras at any time; the other takes no time.
ALL_CASES = ("test_layers.py", "test_jax_costs.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    sample(items)
    for item in items:
        if "tests/keras" in item.path.as_posix():
            item.add_marker(pytest.mark.keras)
            if not OF_THE_RULES and item.path.name not in OF_EVERY_KERAS:
                item.add_marker(pytest.mark.skip(reason=f"the rules are those of Keras 3.15, not {version('keras')}"))
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def sample(items: list[pytest.Item]) -> None:
    """Leaves all but some cases of tests with many to the long run; which ones is decided by their names."""
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        if "tests/keras" in item.path.as_posix() and item.path.name not in ALL_CASES:
            tests.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for cases in tests.values():
        for item in sorted(cases, key=lambda item: crc32(item.nodeid.encode()))[MOST_CASES:]:
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def oracle() -> Iterator[Any]:
    """Keras on JAX, which is asked what things cost."""
    pytest.importorskip("jax")
    from cost_agreement import Oracle

    asked = Oracle()
    yield asked
    asked.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table layer × cases × agreements; a case without agreement is a failed test above it.

    With LSTMCALC_UPDATE_CHECKED set, the figures that `lstmcalc layers` shows are written anew.
    """
    found = getattr(sys.modules.get("agreement"), "CHECKED", {})
    if os.environ.get("LSTMCALC_UPDATE_CHECKED"):
        figures = {"keras": version("keras"), "layers": {name: found[name] for name in sorted(found)}}
        lines = json.dumps(figures, indent=1).replace("[\n   ", "[").replace(",\n   ", ", ").replace("\n  ]", "]")
        CHECKED_FILE.write_text(lines + "\n", encoding="utf-8")
    if len(found) > 20:
        terminalreporter.write_sep("-", "held against Keras")
        terminalreporter.write_line(f"{'layer':<45} {'cases':>7} {'agree':>7}  accepted  refused")
        for name, (accepted, refused) in sorted(found.items()):
            cases = accepted + refused
            terminalreporter.write_line(f"{name:<45} {cases:>7,} {cases:>7,}  {accepted:>8,} {refused:>8,}")
    masks = getattr(sys.modules.get("mask_agreement"), "CHECKED", {})
    if len(masks) > 20:
        terminalreporter.write_sep("-", "masks held against Keras's")
        terminalreporter.write_line(f"{'layer':<45} {'agree':>7} {'of':>7}")
        for name, (agreed, cases) in sorted(masks.items()):
            terminalreporter.write_line(f"{name:<45} {agreed:>7,} {cases:>7,}")
    costs = getattr(sys.modules.get("cost_agreement"), "CHECKED", {})
    if len(costs) > 20:
        columns = ("cases", "macs", "training", "arithmetic", "functions", "not known", "not on JAX")
        terminalreporter.write_sep("-", "costs held against Keras on JAX")
        terminalreporter.write_line(f"{'layer':<45}" + "".join(f" {column:>10}" for column in columns))
        every = sum(costs.values(), Counter())
        for name, found in [*sorted(costs.items()), (f"all {len(costs)} layers and operations", every)]:
            terminalreporter.write_line(f"{name:<45}" + "".join(f" {found[column]:>10,}" for column in columns))
