"""A real Prefect server for the tests, and what people run against it: serve, flows, the API."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from redis_dr.deployments.demo.prefect_login import login
from redis_dr.deployments.demo.prefect_server import environment, running, running_server
from tests.support.ports import free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
# an empty database of this Prefect, all migrations done: they are half of a server's first start
_EMPTY = ROOT / ".run" / "tests" / f"prefect-{version('prefect')}.db"
_PAGE = 200  # rows of one answer of the API, at most
_clients: dict[str, Any] = {}  # by URL; open until their server ends


@dataclass(frozen=True, slots=True)
class PrefectServer:
    """Where it listens, and the process."""

    home: Path
    port: int
    process: "subprocess.Popen[bytes]" = field(repr=False)

    @property
    def url(self) -> str:
        """Of the pages; the API lies under /api."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def login(self) -> str:
        """What it asks its clients for."""
        return login(self.home)

    def environment(self, configuration: Path, **more: str) -> dict[str, str]:
        """For a process that runs flows on a configuration."""
        return {
            **environment(self.home, self.port),
            "PREFECT_RUNNER_POLL_FREQUENCY": "1",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}",
            "REDIS_DR_CONFIG": str(configuration),
            **more,
        }

    @contextlib.contextmanager
    def client(self) -> Iterator[Any]:
        """Prefect's own client of this server, the same each time: a new one costs 50 ms CPU."""
        from prefect.client.orchestration import SyncPrefectClient  # noqa: PLC0415 2 s that others need not pay

        if self.url not in _clients:
            _clients[self.url] = SyncPrefectClient(
                f"{self.url}/api", auth_string=self.login
            ).__enter__()
        yield _clients[self.url]

    @contextlib.contextmanager
    def plain_client(self) -> Iterator[httpx.Client]:
        """The API by HTTP, without any code of ours or Prefect's: login and CSRF token."""
        user, _, password = self.login.partition(":")
        login = (user, password)
        base = f"{self.url}/api"
        with httpx.Client(base_url=base, auth=login, timeout=60, trust_env=False) as client:
            token = client.get("/csrf-token", params={"client": "tests"}).raise_for_status()
            client.headers["Prefect-Csrf-Client"] = "tests"
            client.headers["Prefect-Csrf-Token"] = token.json()["token"]
            yield client

    def deployment(self, name: str) -> Any:
        """By name, FLOW/DEPLOYMENT."""
        with self.client() as client:
            return client.read_deployment_by_name(name)

    def start(self, deployment: str, **parameters: Any) -> UUID:
        """Start a run as a person would."""
        with self.client() as client:
            found = client.read_deployment_by_name(deployment)
            run = client.create_flow_run_from_deployment(found.id, parameters=parameters)
            return UUID(str(run.id))

    def runs(self, deployment: str) -> set[UUID]:
        """All runs of a deployment."""
        from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId  # noqa: PLC0415 see client

        with self.client() as client:
            found = client.read_deployment_by_name(deployment)
            only = DeploymentFilter(id=DeploymentFilterId(any_=[found.id]))
            return {UUID(str(run.id)) for run in client.read_flow_runs(deployment_filter=only)}

    def run(self, run_id: UUID) -> Any:
        """The run as the server knows it now."""
        with self.client() as client:
            return client.read_flow_run(run_id)

    def await_state(self, run_id: UUID, *names: str, seconds: float = 90) -> Any:
        """Wait until the run's state has one of these names; gives the run."""

        def there() -> Any:
            run = self.run(run_id)
            return run if run.state and run.state.name in names else None

        try:
            return wait_until(there, seconds, f"run in {names}", interval=0.2)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; it is {self.run(run_id).state!r}") from error

    def artifacts(self, key: str) -> list[Any]:
        """All pages under a key, oldest first."""
        from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey  # noqa: PLC0415 see client

        with self.client() as client:
            found = client.read_artifacts(
                artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
            )
        return sorted(found, key=lambda one: one.created)


def every_row(read: Callable[..., Sequence[Any]], **filters: Any) -> Iterator[Any]:
    """All that a call of the API gives, page by page: many tests write to one server."""
    for offset in count(step=_PAGE):
        rows = read(limit=_PAGE, offset=offset, **filters)
        yield from rows
        if len(rows) < _PAGE:
            return


@contextlib.contextmanager
def running_prefect(home: Path) -> Iterator[PrefectServer]:
    """A server of its own on a free port, with a database that holds no flow and no run."""
    port = free_port()
    database = home / "prefect.db"
    if _EMPTY.exists():
        _copy(_EMPTY, database)
    with running_server(home, port) as process:
        if not _EMPTY.exists():
            _copy(database, _EMPTY)
        server = PrefectServer(home, port, process)
        try:
            yield server
        finally:
            if client := _clients.pop(server.url, None):
                client.__exit__(None, None, None)


def _copy(source: Path, target: Path) -> None:
    """Copy a database, in use or not; the target is there whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        new = Path(folder, target.name)
        with (
            contextlib.closing(sqlite3.connect(source)) as old,
            contextlib.closing(sqlite3.connect(new)) as copy,
        ):
            old.backup(copy)
        new.replace(target)


@contextlib.contextmanager
def serving(
    server: PrefectServer, configuration: Path, **more: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """redis_dr.deployments.serve on a configuration, once all its deployments are there."""
    log = (configuration.parent / "serve.log").open("ab")
    env, begun = server.environment(configuration, **more), datetime.now(UTC)
    with log, running([sys.executable, "-m", "redis_dr.deployments.serve"], env, log) as process:
        wait_until(lambda: _ready(server, process, begun), 90, "serve is ready", interval=0.3)
        yield process


def _ready(server: PrefectServer, process: "subprocess.Popen[bytes]", begun: datetime) -> bool:
    from redis_dr.deployments.definitions import DEPLOYMENTS  # noqa: PLC0415 with its only user

    assert process.poll() is None, "serve ended"
    with server.client() as client:
        found = client.read_deployments()
    # that they are READY may still be said of a serve that was killed a moment ago
    asked = [one for one in found if one.last_polled and one.last_polled >= begun]
    return len(asked) >= len(DEPLOYMENTS)


def python(code: str, env: Mapping[str, str], **options: Any) -> "subprocess.Popen[bytes]":
    """Start a process that runs a few lines, as a person's script would."""
    return subprocess.Popen([sys.executable, "-c", code], env=dict(env), cwd=ROOT, **options)


def descendants(pid: int) -> list[int]:
    """The processes that this one started, and those that they started."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for file in found for child in file.read_text().split()]
    return [*children, *(below for child in children for below in descendants(child))]


def send(pids: list[int], what: signal.Signals) -> None:
    """A signal to each that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, what)
