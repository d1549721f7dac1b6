"""The long run: `python tests/fuzz/long_run.py --inputs 1000000 --seed 1 --jobs 2`.

Tries that many inputs in processes that are bounded in time and memory, shows how far it got, and at the end how many
inputs each target had, what was found, the peak of the memory and the slowest input. Every finding is saved, its input
made small, as a file that `--replay FILE` tries again. Ends with 1 where something was found.
"""

from __future__ import annotations

import argparse
import base64
import json
import mmap
import multiprocessing
import re
import struct
import sys
import tempfile
import time
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "support")]

from runner import BY_NAME, Chunk, Finding, Input, made, run_numbers, shrunk, size_of, tried, warm  # noqa: E402
from watchdog import limited_memory  # noqa: E402

#: Numbers that one process tries; what leaks or is cached goes with it.
CHUNK = 2_000
#: Seconds by the clock after which an input that the timer could not stop is taken for one that never ends.
STUCK = 180.0


class Mark:
    """The number that a process has at work, in memory that it shares with its parent."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, 8)
        self[0] = -1

    def __setitem__(self, place: int, number: int) -> None:
        struct.pack_into("q", self.memory, 0, number)

    def __getitem__(self, place: int) -> int:
        return int(struct.unpack_from("q", self.memory, 0)[0])


class Worker:
    """A process with a range of numbers."""

    def __init__(self, seed: int, numbers: range, only: str) -> None:
        self.seed, self.numbers, self.only = seed, numbers, only
        self.mark = Mark()
        self.seen, self.since = -1, time.monotonic()
        context = multiprocessing.get_context("fork")
        self.answer, child = context.Pipe(duplex=False)
        self.process = context.Process(target=self._work, args=(child,))
        self.process.start()
        child.close()

    def _work(self, answer: Connection) -> None:
        limited_memory()
        answer.send(run_numbers(self.seed, self.numbers, self.only, self.mark))

    def is_stuck(self) -> bool:
        """Whether the same input has been at work for too long."""
        if self.mark[0] != self.seen:
            self.seen, self.since = self.mark[0], time.monotonic()
        return time.monotonic() - self.since > STUCK

    def result(self) -> Chunk:
        """What it found; of a process that ended by itself, the input that ended it."""
        try:
            chunk: Chunk = self.answer.recv()
            self.process.join()
        except EOFError:
            self.process.join()
            chunk = self._lost(f"the process ended with {self.process.exitcode}")
        self.answer.close()
        return chunk

    def killed(self) -> Chunk:
        """What to say of one that was stuck."""
        self.process.kill()
        self.process.join()
        self.answer.close()
        return self._lost("never ended")

    def _lost(self, what: str) -> Chunk:
        number = max(self.mark[0], self.numbers.start)
        target, data, options = made(self.seed, number, self.only)
        chunk = Chunk()
        chunk.inputs[target.name] += number + 1 - self.numbers.start
        chunk.note(Finding(f"{what}: {target.name}", target.name, number, data, options, what))
        return chunk


class Run:
    """All numbers of a run, a few processes at a time."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked = asked
        self.start = time.monotonic()
        self.total = Chunk()
        self.waiting = [range(at, min(at + CHUNK, asked.inputs)) for at in range(0, asked.inputs, CHUNK)][::-1]

    def all(self) -> Chunk:
        """Runs everything; Ctrl-C ends it early, with what was found until then."""
        running: list[Worker] = []
        try:
            while self.waiting or running:
                while self.waiting and len(running) < self.asked.jobs:
                    running.append(Worker(self.asked.seed, self.waiting.pop(), self.asked.only))
                ready = wait([worker.answer for worker in running], timeout=2.0)
                for worker in list(running):
                    done = worker.answer in ready
                    if done or worker.is_stuck():
                        running.remove(worker)
                        self._take(worker, worker.result() if done else worker.killed())
        except KeyboardInterrupt:
            print("\ninterrupted", file=sys.stderr)
        finally:
            for worker in running:
                worker.process.kill()
        return self.total

    def _take(self, worker: Worker, chunk: Chunk) -> None:
        new = [finding for key, finding in chunk.findings.items() if key not in self.total.findings]
        self.total.add(chunk)
        last = worker.numbers.start + chunk.inputs.total()
        if last < worker.numbers.stop:
            # One input ended the process: the others are still to be tried.
            self.waiting.append(range(last, worker.numbers.stop))
        for finding in new:
            print(f"\nfound: {finding.key}  ({finding.target}, number {finding.number})", flush=True)
        tried_so_far, seconds = self.total.inputs.total(), time.monotonic() - self.start
        found = f"{len(self.total.findings)} findings, peak {self.total.peak / 1e6:.0f} MB"
        print(f"\r{tried_so_far:,} inputs, {tried_so_far / seconds:,.0f}/s, {found}", end="", flush=True)


def save(findings: list[Finding], folder: Path) -> None:
    """Writes each finding to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for finding in findings:
        name = re.sub(r"\W+", "-", finding.key.lower())[:80].strip("-")
        data: Any = finding.data
        if isinstance(data, bytes):
            data = {"base64": base64.b64encode(data).decode("ascii")}
        document = {**vars(finding), "data": data}
        (folder / f"{finding.target}-{name}.json").write_text(json.dumps(document, indent=1), encoding="ascii")


def saved(path: Path) -> Finding:
    """A finding from its file."""
    document = json.loads(path.read_text(encoding="ascii"))
    if isinstance(document["data"], dict):
        document["data"] = base64.b64decode(document["data"]["base64"])
    return Finding(**document)


def shown(total: Chunk) -> None:
    """Prints what a run came to."""
    print("\n")
    for name, count in sorted(total.inputs.items(), key=lambda item: -item[1]):
        print(f"{name:16}{count:>10,}{1e6 * total.seconds[name] / count:>10,.0f} µs each")
    per_kb, target, number = total.slowest
    print(f"{'all':16}{total.inputs.total():>10,}")
    print(f"peak memory {total.peak / 1e6:.0f} MB; slowest {per_kb:.2f} s per kB: {target}, number {number}")


def _small(finding: Finding) -> Finding:
    """The finding with a small input, made in a process of its own; as it is where that does not end well."""
    context = multiprocessing.get_context("fork")
    answer, child = context.Pipe(duplex=False)

    def work() -> None:
        limited_memory()
        child.send(shrunk(finding))

    process = context.Process(target=work)
    process.start()
    child.close()
    try:
        return answer.recv() if answer.poll(STUCK) else finding
    except EOFError:
        return finding
    finally:
        process.kill()
        process.join()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", choices=["", *BY_NAME], metavar="TARGET", help=", ".join(BY_NAME))
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "lstmcalc-fuzz", metavar="FOLDER")
    parser.add_argument("--replay", type=Path, nargs="+", metavar="FILE", help="try saved findings again")
    return parser.parse_args()


def _replay(paths: list[Path]) -> bool:
    """Tries findings again; whether any still happens."""
    again = False
    for path in paths:
        finding = saved(path)
        wrong = tried(BY_NAME[finding.target], finding.data, finding.options)
        again |= wrong is not None
        print(f"{path.name}: {wrong[0] if wrong else 'mended'}")
    return again


def main() -> None:
    """The command."""
    asked = _asked()
    warm()
    if asked.replay:
        sys.exit(_replay(asked.replay))
    total = Run(asked).all()
    shown(total)
    findings = [_small(finding) for finding in total.findings.values()]
    for finding in sorted(findings, key=lambda finding: -finding.times):
        data: Input = finding.data
        print(f"\n{finding.times} x {finding.key}\n  {finding.target}, {size_of(data)} bytes: {data!r:.300}")
    save(findings, asked.out)
    print(f"\n{len(findings)} findings in {asked.out}" if findings else "\nnothing was found")
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
