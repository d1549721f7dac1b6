"""A source read in a process of its own, so that what it costs can be told, and what it crashes is seen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

PROGRAM = """\
import json, resource, sys
from lstmcalc import load
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
try:
    answer = f"{infer(load(sys.argv[1])).totals.params} params"
except SpecError as error:
    answer = "\\n\\n".join(f"{fault.code}: {fault.message}" for fault in error.faults)
used = resource.getrusage(resource.RUSAGE_SELF)
try:
    # The other figure is at least that of the process that started this one.
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1e3
except (OSError, StopIteration):
    peak = used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
print(json.dumps([answer, used.ru_utime + used.ru_stime, peak]))
"""


class Outcome(NamedTuple):
    """What was answered, in how many seconds, with how many MB of memory at most."""

    answer: str
    seconds: float
    megabytes: float


def outcome(path: Path) -> Outcome:
    """What reading and answering a source comes to; a crash, or a minute without an answer, is an error."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    return Outcome(*json.loads(done.stdout))
