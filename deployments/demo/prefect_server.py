"""A Prefect server of this clone: its own home directory, stopped with its owner."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from redis_dr.deployments.demo.prefect_login import closed, login_file
from redis_dr.tasks.model.errors import Unreachable

QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "INFO",
}
LEASES = "prefect.server.concurrency.lease_storage.filesystem"
_STARTS_WITHIN = 180.0  # seconds; 26 were measured on a fresh home (facts/prefect.md)
_STOPS_WITHIN = 20.0


def environment(home: Path, port: int) -> dict[str, str]:
    """The variables for the server and its clients."""
    address = f"http://127.0.0.1:{port}"
    return {
        **os.environ,
        **QUIET,
        **closed(home, address),
        # in memory a restart would forget who holds a limit, and leave its slot taken
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": LEASES,
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"{address}/api",
        # the UI is opened on this machine, under this address
        "PREFECT_UI_API_URL": f"{address}/api",
    }


@contextlib.contextmanager
def running_server(home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start it, wait until it answers, stop it afterwards. Raises Unreachable."""
    login_file(home)  # and the home, for this user only
    for database in home.glob("prefect.db*"):  # of a server that was started without this umask
        database.chmod(0o600)
    command = ["server", "start", "--host", "127.0.0.1", "--port", str(port), "--analytics-off"]
    prefect = str(Path(sys.executable).with_name("prefect"))
    log = home / "server.log"
    with (
        log.open("ab") as sink,
        running([prefect, *command], environment(home, port), sink, umask=0o077) as server,
    ):
        await_server(f"http://127.0.0.1:{port}/api", server, log)
        yield server


@contextlib.contextmanager
def running(
    command: list[str],
    env: Mapping[str, str],
    sink: IO[bytes] | None = None,
    umask: int = -1,
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block: by SIGTERM, and by SIGKILL when it does not end."""
    process = subprocess.Popen(
        command,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=sink,
        stderr=subprocess.STDOUT if sink else None,
        umask=umask,  # -1: the caller's
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_server(api: str, process: subprocess.Popen[bytes] | None, log: Path | None) -> None:
    """Wait until the API is healthy. Raises Unreachable."""
    deadline = time.monotonic() + _STARTS_WITHIN
    while not _healthy(api):
        died = process is not None and process.poll() is not None
        if died or time.monotonic() > deadline:
            where = f"see {log}" if log else "see its log"
            raise Unreachable(f"no Prefect server answers at {api}", where)
        time.sleep(0.2)


def _healthy(api: str) -> bool:
    try:
        with urllib.request.urlopen(f"{api}/health", timeout=5) as answer:  # noqa: S310 http by construction
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
