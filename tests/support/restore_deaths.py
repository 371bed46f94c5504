"""Something dies in the middle of a restore: the stage, the blow, and what was left.

For test_deaths.py, and for kills.py, which does them all and writes the table.
"""

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from signal import Signals
from typing import Any
from uuid import UUID

from redis_dr.tasks.restore.unfinished import unfinished_operation
from tests.support.installation import NAME, Installation
from tests.support.prefect_hosts import working
from tests.support.prefect_server import (
    PrefectServer,
    descendants,
    every_row,
    python,
    send,
    serving,
)
from tests.support.waiting import wait_until

RESTORE = f"from redis_dr.flows.restore import restore; print(restore('{NAME}', warm=False))"
WRITTEN_SINCE = b"written:since"
POOL = "host-of-deaths"
Process = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Death:
    """One row of the table."""

    under: str  # direct | serve | worker
    struck: str  # flow | runner | both; without `by` the run is cancelled: nobody | stopped flow
    by: Signals | None = None

    def __str__(self) -> str:
        name = {Signals.SIGKILL: "kill-9", Signals.SIGTERM: "SIGTERM"}.get(
            self.by or Signals.SIGINT, "cancel"
        )
        return f"{name} {self.struck} under {self.under}"


@dataclass(frozen=True, slots=True)
class Left:
    """What was there once nothing moved any more."""

    data: str  # old | new
    state: str  # of the run, by itself
    seconds: float  # from the blow until the instance ran and nobody held it
    closed: str  # the run's state after the janitor of the next runner


def start_deployed(server: PrefectServer, pool: str) -> UUID:
    """Start the restore of a deployment, and type the name."""
    name = f"restore/button{'-' + pool if pool else ''}"
    run_id = server.start(name, instance=NAME, warm=False)
    consent(server, run_id)
    return run_id


def consent(server: PrefectServer, run_id: Any) -> None:
    """Type the name, as a person does in the dialog."""
    server.await_state(run_id, "Paused")
    with server.client() as client:
        wait_until(
            lambda: _resumed(client, run_id), 30, "the question can be answered", interval=0.3
        )


def _resumed(client: Any, run_id: Any) -> bool:
    # the schema of the question is stored a moment after the state
    answer = client.request(
        "POST",
        "/flow_runs/{id}/resume",
        path_params={"id": run_id},
        json={"run_input": {"name": NAME}},
    )
    return str(answer.json().get("status")) == "ACCEPT"


def until_stopped(made: Installation) -> None:
    """Return in the middle of the exchange: the container is down."""
    wait_until(lambda: made.server.container.status == "exited", 90, "it stopped", interval=0.01)


def old_or_new(made: Installation, old: dict[bytes, object]) -> str:
    """Which data is served; an assertion when it is neither."""
    wait_until(lambda: made.server.container.status == "running", 90, "it runs again", interval=0.2)
    content = made.content()
    new = {key: value for key, value in old.items() if key != WRITTEN_SINCE}
    assert content in (old, new), f"{len(content)} keys, neither {len(old)} nor {len(new)}"
    return "old" if content == old else "new"


def nobody_holds(made: Installation) -> bool:
    """No helper and no sandbox of this instance is left."""
    return not made.server.helpers()


def strike(death: Death, host: Process, server: PrefectServer, run_id: UUID) -> None:
    """Let it happen."""
    below = descendants(host.pid)
    if death.by is None:
        if death.struck == "stopped flow":  # it can hear no cancel, as one that hangs cannot
            send(below, Signals.SIGSTOP)
        _cancel(server, run_id)
        return
    if death.under == "direct" or death.struck in ("runner", "both"):
        send([host.pid], death.by)
    if death.struck in ("flow", "both"):
        send(below, death.by)


def _cancel(server: PrefectServer, run_id: UUID) -> None:
    from prefect.states import Cancelling  # noqa: PLC0415 2 s that collecting need not pay

    with server.client() as client:
        client.set_flow_run_state(run_id, Cancelling())


@contextlib.contextmanager
def hosted(under: str, made: Installation, server: PrefectServer) -> Iterator[Process]:
    """A fresh runner of that kind."""
    if under == "worker":
        with working(server, made, POOL) as process:
            yield process
    else:
        with serving(server, made.configuration, **made.secrets) as process:
            yield process


@contextlib.contextmanager
def restoring(
    death: Death, made: Installation, server: PrefectServer
) -> Iterator[tuple[Process, UUID]]:
    """A restore whose name was typed in: the process that carries it out, and the run."""
    if death.under == "direct":
        with direct(made, server) as process:
            run_id = wait_until(lambda: newest_restore(server), 60, "the run is there")
            consent(server, run_id)
            yield process, run_id
        return
    with hosted(death.under, made, server) as process:
        yield process, start_deployed(server, POOL if death.under == "worker" else "")


@contextlib.contextmanager
def direct(made: Installation, server: PrefectServer) -> Iterator[Process]:
    """The flow called by a script of somebody's own."""
    env = server.environment(made.configuration, **made.secrets)
    with (
        (made.folder / "flow.log").open("wb") as log,
        python(RESTORE, env, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def newest_restore(server: PrefectServer) -> UUID | None:
    """The restore that is going on, if one is."""
    with server.client() as client:
        runs = list(every_row(client.read_flow_runs))
    going = [run for run in runs if run.name.startswith("restore") and not run.state.is_final()]
    return UUID(str(going[0].id)) if going else None


def after(
    death: Death,
    made: Installation,
    server: PrefectServer,
    alone: float = 30,
    told: Callable[[], bool] = lambda: True,
) -> Left:
    """One row: strike, wait; where something is left then, let the next janitor look.

    `told`: what must have been heard while the runner still lives.
    """
    old = made.content()
    with restoring(death, made, server) as (host, run_id):
        until_stopped(made)
        begun = time.monotonic()
        strike(death, host, server, run_id)
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: _settled(made), alone, interval=0.1)
        seconds = time.monotonic() - begun
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: _over(server, run_id), alone - seconds, interval=0.2)
        state = server.run(run_id).state.name
        wait_until(told, 30, "people were told", interval=0.1)
    if not _settled(made) or not _over(server, run_id):
        janitor(death.under, made, server)
        if seconds > alone:
            seconds = time.monotonic() - begun
    return Left(old_or_new(made, old), state, round(seconds, 1), server.run(run_id).state.name)


def janitor(under: str, made: Installation, server: PrefectServer) -> None:
    """The runner is started again, and its janitor's hour comes."""
    suffix = f"-{POOL}" if under == "worker" else ""
    with hosted(under, made, server):
        run_id = server.start(f"janitor/every-5-minutes{suffix}")
        server.await_state(run_id, "Completed", seconds=90)


def _settled(made: Installation) -> bool:
    up = made.server.container.status == "running"
    return up and nobody_holds(made) and not unfinished_operation(made.instance)


def _over(server: PrefectServer, run_id: UUID) -> bool:
    return bool(server.run(run_id).state.is_final())
