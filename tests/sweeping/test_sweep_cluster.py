"""`--scheduler`: a sweep and verifications on a Dask cluster that is there already."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lstmcalc.cli import app
from lstmcalc.cli import cluster as clusters

pytest.importorskip("distributed")

ROOT = Path(__file__).parent.parent.parent
SWEEP = ["sweep", "specs/seq2seq.yaml", "--set", "width=1..400", "--set", "T=1..300", "--set", "S=30"]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def started(words: list[str], folder: Path, name: str, environment: dict[str, str] | None = None) -> Any:
    command = [sys.executable, "-m", f"distributed.cli.{words[0]}", *words[1:]]
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env={**os.environ, **(environment or {})})


class Cluster:
    """A scheduler and workers in processes of their own, on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        told = folder / "scheduler.json"
        words = ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
        self.processes = [started([*words, "--scheduler-file", str(told)], folder, "scheduler")]
        for _ in range(300):
            if told.exists() and told.stat().st_size:
                break
            time.sleep(0.1)
        self.address = json.loads(told.read_text())["address"]

    def worker(self, environment: dict[str, str] | None = None) -> None:
        name = f"worker-{len(self.processes)}"
        words = ["dask_worker", self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
        self.processes.append(started([*words, "--local-directory", str(self.folder)], self.folder, name, environment))

    def wait_for(self, workers: int) -> None:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)

    def end(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers."""
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        found.worker()
        found.worker()
        found.wait_for(2)
        yield found
    finally:
        found.end()


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_sweep_on_a_cluster_has_the_same_bytes(form: str, cluster: Cluster, tmp_path: Path) -> None:
    here, there = tmp_path / f"here.{form}", tmp_path / f"there.{form}"
    assert run(*SWEEP, "-o", str(here)).exit_code == 0
    result = run(*SWEEP, "-o", str(there), "--scheduler", cluster.address)
    assert (result.exit_code, result.output) == (0, "")
    assert there.read_bytes() == here.read_bytes()
    assert len(here.read_bytes()) > 1_000_000


def test_the_workers_do_the_work(cluster: Cluster) -> None:
    with clusters.cluster(cluster.address) as executor:
        workers = {executor.submit(os.getpid).result() for _ in range(8)}
    assert workers <= {process.pid for process in cluster.processes[1:]}


@pytest.mark.long
@pytest.mark.keras
def test_verification_of_many_sources_on_a_cluster(cluster: Cluster) -> None:
    sources = ["specs/forecast.yaml", "specs/seq2seq.yaml", "specs/nowhere.yaml", "specs/surname_classifier.yaml"]

    def answers(*words: str) -> list[Any]:
        result = run("verify", *sources, "--json", *words)
        assert result.exit_code == 1
        found = [json.loads(line) for line in result.stdout.splitlines()]
        return [{key: value for key, value in each.items() if key != "seconds"} for each in found]

    there = answers("--scheduler", cluster.address)
    assert [each.get("agrees") for each in there] == [True, True, None, True]
    assert there[2]["errors"][0]["code"] == "missing-file"
    assert there == answers()


@pytest.mark.long
def test_a_worker_without_lstmcalc(tmp_path: Path) -> None:
    (tmp_path / "lstmcalc.py").write_text("raise ModuleNotFoundError(\"No module named 'lstmcalc'\", name='lstmcalc')")
    bare = Cluster(tmp_path)
    try:
        bare.worker({"PYTHONPATH": str(tmp_path)})
        bare.wait_for(1)
        result = run(*SWEEP, "--scheduler", bare.address, "-o", str(tmp_path / "sweep.csv"))
    finally:
        bare.end()
    assert (result.exit_code, result.stdout) == (2, "")
    said = r"lstmcalc: the worker tcp://127\.0\.0\.1:\d+ has no lstmcalc: install lstmcalc [\d.]+ there\n"
    assert re.fullmatch(said, result.stderr)
    assert not (tmp_path / "sweep.csv").exists()


def test_a_scheduler_without_workers(tmp_path: Path) -> None:
    idle = Cluster(tmp_path)
    try:
        result = run(*SWEEP, "--scheduler", idle.address, "-o", str(tmp_path / "sweep.csv"))
    finally:
        idle.end()
    address = idle.address
    assert (result.exit_code, result.stderr) == (
        2,
        f"lstmcalc: the Dask scheduler at {address} has no workers: start some with `dask worker {address}`\n",
    )
    assert not (tmp_path / "sweep.csv").exists()


def test_a_port_that_never_speaks_is_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "PATIENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        start = time.monotonic()
        result = run(*SWEEP, "--scheduler", address)
    assert time.monotonic() - start < 20
    assert result.exit_code == 2
    assert f"no Dask scheduler answers at {address} within 1 seconds" in result.stderr


@pytest.mark.parametrize("command", [SWEEP, ["verify", "specs/forecast.yaml"]], ids=["sweep", "verify"])
def test_a_scheduler_that_does_not_answer(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "PATIENCE", 1)
    output = tmp_path / "answer.json"
    start = time.monotonic()
    result = run(*command, "--scheduler", "tcp://127.0.0.1:9", "-o", str(output))
    assert time.monotonic() - start < 15
    assert (result.exit_code, result.stdout, result.stderr) == (
        2,
        "",
        "lstmcalc: no Dask scheduler answers at tcp://127.0.0.1:9 within 1 seconds: "
        "is it running, and reachable from here?\n",
    )
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("address", "got"),
    [
        ("", "got nothing"),
        ("here", "got here: missing port number in address 'here'"),
        ("foo://here:1", "got foo://here:1: unknown address scheme 'foo'"),
    ],
)
def test_an_address_that_is_none(address: str, got: str) -> None:
    result = run(*SWEEP, "--scheduler", address)
    assert result.exit_code == 2
    said = re.sub(r"\s*│\n│\s*", " ", result.stderr)
    assert f"--scheduler: expected the address of a Dask scheduler, such as tcp://10.0.0.1:8786, {got}" in said
    assert "Traceback" not in result.stderr


def test_without_distributed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = run(*SWEEP, "--scheduler", "tcp://127.0.0.1:8786")
    assert (result.exit_code, result.stderr) == (
        2,
        "lstmcalc: --scheduler needs distributed, which is not installed: pip install 'lstmcalc[distributed]'\n",
    )


class Failing:
    """A cluster of which a machine goes away in the middle."""

    def get_executor(self) -> Failing:
        return self

    def submit(self, *arguments: Any) -> Failing:
        return self

    def result(self) -> Any:
        raise ConnectionError("the worker died\nwith a long story")

    def close(self, timeout: float) -> None:
        raise TimeoutError


def test_a_cluster_that_fails_on_the_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(clusters, "_client", lambda address: Failing())
    monkeypatch.setattr(clusters, "_check_workers", lambda client, address: None)
    result = run(*SWEEP, "--scheduler", "tcp://127.0.0.1:8786", "-o", str(tmp_path / "sweep.csv"))
    assert (result.exit_code, result.stderr) == (
        2,
        "lstmcalc: the run on tcp://127.0.0.1:8786 failed: ConnectionError: the worker died\n",
    )
    assert not any(tmp_path.iterdir())
