"""A Dask cluster that is there already, as something that runs calls: `--scheduler ADDRESS`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from lstmcalc.cli.page import Page
from lstmcalc.cli.terminal import complain
from lstmcalc.errors import SpecError

__all__ = ["Scheduler", "cluster", "verify_on_cluster"]

Verified = tuple[Mapping[str, int], int | None, str, str | None, bool]

#: So long a scheduler is waited for, in seconds.
PATIENCE = 5
HINT = "--scheduler"

Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler", metavar="ADDRESS", help="Run on the Dask cluster with this scheduler: tcp://host:8786."
    ),
]


@contextmanager
def cluster(address: str | None) -> Iterator[Any]:
    """An executor on the cluster, whose workers have lstmcalc as it is here; None without an address.

    What keeps the cluster from answering ends the run in a line.
    """
    if address is None:
        yield None
        return
    client = _client(address)
    try:
        _check_workers(client, address)
        yield client.get_executor()
    except (SpecError, typer.BadParameter, typer.Exit, KeyboardInterrupt):
        raise
    except Exception as error:  # A cluster can fail in as many ways as a network has.
        _end(f"the run on {address} failed: {_in_a_line(error)}")
    finally:
        _closed(client)


def verify_on_cluster(page: Page, address: str, sources: Sequence[str], model: str | None, asked: Verified) -> None:
    """Holds every source against the Keras of a cluster, several at once, and shows the answers in order.

    `asked` is what `verify` is told besides the model: values, batch, device, backend, trust.
    """
    from lstmcalc import load
    from lstmcalc.verification import VerificationError
    from lstmcalc.verification.elsewhere import verify_in_turn

    with cluster(address) as executor:
        pending: list[Any] = []
        for source in sources:
            try:
                pending.append(executor.submit(verify_in_turn, load(source, model=model), *asked))
            except SpecError as error:
                pending.append(error)
        for source, answer in zip(sources, pending, strict=True):
            with page.source(source):
                if isinstance(answer, SpecError):
                    raise answer
                try:
                    page.verified(answer.result())
                except VerificationError as error:
                    _end(f"a worker says: {error}")


def _client(address: str) -> Any:
    try:
        from distributed import Client
        from distributed.comm import parse_address, parse_host_port
        from distributed.comm.registry import get_backend
    except ImportError:
        _end("--scheduler needs distributed, which is not installed: pip install 'lstmcalc[distributed]'")
    try:
        scheme, place = parse_address(address)
        get_backend(scheme)
        if scheme in ("tcp", "tls"):
            parse_host_port(place)
    except (ValueError, TypeError, ImportError) as error:
        got = f"got {address}: {error}" if address else "got nothing"
        reason = f"expected the address of a Dask scheduler, such as tcp://10.0.0.1:8786, {got}"
        raise typer.BadParameter(reason, param_hint=HINT) from None
    _quiet()
    try:
        if scheme == "tcp":
            _hear(*parse_host_port(place, 8786))
        return Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError):
        _end(
            f"no Dask scheduler answers at {address} within {PATIENCE} seconds: is it running, and reachable from here?"
        )


def _hear(host: str, port: int) -> None:
    """Raises OSError where nothing speaks first, as a scheduler does: Dask itself would listen for ever."""
    import socket

    with socket.create_connection((host, port), timeout=PATIENCE) as connection:
        if not connection.recv(1):
            raise OSError("the connection was closed")


def _check_workers(client: Any, address: str) -> None:
    """Ends the run where a worker cannot run our calls, or there is none."""
    import lstmcalc

    if not client.scheduler_info(n_workers=-1)["workers"]:
        _end(f"the Dask scheduler at {address} has no workers: start some with `dask worker {address}`")
    # Sent as a call of Python's own, since a function of ours arrives only where we are installed.
    found = client.run(eval, "__import__('lstmcalc').__version__", on_error="return")
    for worker, version in sorted(found.items()):
        if isinstance(version, ModuleNotFoundError):
            _end(f"the worker {worker} has no lstmcalc: install lstmcalc {lstmcalc.__version__} there")
        if isinstance(version, BaseException):
            _end(f"the worker {worker} cannot load lstmcalc: {_in_a_line(version)}")
        if version != lstmcalc.__version__:
            _end(
                f"the worker {worker} has lstmcalc {version}, and here it is {lstmcalc.__version__}: "
                "install the same there"
            )


def _closed(client: Any) -> None:
    from contextlib import suppress

    # A scheduler that went away cannot be told.
    with suppress(Exception):
        client.close(timeout=PATIENCE)


def _quiet() -> None:
    """Keeps Dask from logging what is told in a line anyway."""
    import logging

    logging.getLogger("distributed").setLevel(logging.CRITICAL)


def _in_a_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _end(reason: str) -> Any:
    complain(f"lstmcalc: {reason}")
    raise typer.Exit(2)
