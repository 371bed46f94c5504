"""Nights happen: schedules outlive serve, workers and the server; what was missed comes once."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from redis_dr.deployments.definitions import DEPLOYMENTS
from redis_dr.deployments.demo.prefect_server import running_server
from tests.prefect.conftest import MakeInstallation
from tests.support.installation import Installation
from tests.support.prefect_hosts import deploy, working
from tests.support.prefect_server import (
    PrefectServer,
    descendants,
    every_row,
    running_prefect,
    send,
    serving,
)
from tests.support.restore_deaths import nobody_holds
from tests.support.waiting import wait_until

SCHEDULED = {f"{one.flow}/{one.name}" for one in DEPLOYMENTS if one.schedule_key}
LEASE_ENDS_WITHIN = 90  # seconds; 72 were measured (facts/prefect.md)
# every habit at hours that no test meets; the janitor each minute, so that a schedule fires here
SOON = '[schedule]\njanitor = "* * * * *"\n'


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A server that this test may kill."""
    with running_prefect(tmp_path_factory.mktemp("restarts")) as server:
        yield server


def with_habits(made: Installation) -> Installation:
    """The default schedules, as a person gets them, but for the janitor."""
    text = made.configuration.read_text()
    made.configuration.write_text(text[: text.index("[schedule]")] + SOON)
    return made


def await_awake(server: PrefectServer, names: set[str]) -> None:
    """Return once every one of these deployments is active, and its next runs are planned."""
    for name in names:
        wait_until(lambda: is_awake(server, name), 60, f"{name} is awake", interval=0.5)  # noqa: B023 it is called at once


def is_awake(server: PrefectServer, name: str) -> bool:
    """Not paused, its one schedule active, and runs of it wait for their time."""
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId  # noqa: PLC0415 2 s that collecting need not pay

    found = server.deployment(name)
    only = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[found.id]))
    with server.client() as client:
        runs = client.read_flow_runs(flow_run_filter=only)
    now = datetime.now(UTC)
    planned = [run for run in runs if run.state.is_scheduled() and run.expected_start_time > now]
    active = [one.active for one in found.schedules] == [True]
    return active and not found.paused and bool(planned)


def ran_by_itself(server: PrefectServer, name: str, since: datetime) -> list[Any]:
    """Runs of a schedule that were due since, and are done."""
    return [
        run
        for run in (server.run(one) for one in server.runs(name))
        if run.auto_scheduled and run.state.is_completed() and run.expected_start_time >= since
    ]


def test_schedules_outlive_serve_and_the_server(
    make_installation: MakeInstallation, own_server: PrefectServer
) -> None:
    """SIGTERM to serve, kill -9 of serve, kill -9 of the server under a serve that lives: nothing
    is paused, the next runs are planned, and the next one that is due happens."""
    made = with_habits(make_installation())
    with serving(own_server, made.configuration, **made.secrets):
        await_awake(own_server, SCHEDULED)
    await_awake(own_server, SCHEDULED)  # SIGTERM, and nobody serves
    with serving(own_server, made.configuration, **made.secrets) as serve:
        send([serve.pid, *descendants(serve.pid)], SIGKILL)
    await_awake(own_server, SCHEDULED)
    with serving(own_server, made.configuration, **made.secrets) as serve:
        own_server.process.kill()
        own_server.process.wait()
        with running_server(own_server.home, own_server.port):
            begun = datetime.now(UTC)
            await_awake(own_server, SCHEDULED)
            wait_until(
                lambda: ran_by_itself(own_server, "janitor/every-5-minutes", begun),
                150,
                "a run that was due after the restart happened",
                interval=1,
            )
            assert serve.poll() is None


def test_missed_nights_are_caught_up_once(
    make_installation: MakeInstallation, prefect_server: PrefectServer
) -> None:
    """Nobody served for three nights: the next serve makes one backup, and drops the rest."""
    made = make_installation()
    text = made.configuration.read_text()
    made.configuration.write_text(text.replace('nightly = ""', 'nightly = "0 2 * * *"'))
    with serving(prefect_server, made.configuration, **made.secrets):
        await_awake(prefect_server, {"nightly/nightly"})
    nights = miss_nights(prefect_server, "nightly/nightly", 3)
    with serving(prefect_server, made.configuration, **made.secrets):
        last = prefect_server.await_state(nights[-1].id, "Completed", seconds=120)
        states = [prefect_server.run(one.id).state.name for one in nights]
        await_awake(prefect_server, {"nightly/nightly"})

    assert "proven" in last.state.message
    assert states == ["Skipped", "Skipped", "Completed"]
    assert len(backups(made)) == 1


def miss_nights(server: PrefectServer, name: str, count: int) -> list[Any]:
    """Runs that Prefect planned and that nobody started in their time; oldest first."""
    now = datetime.now(UTC)
    deployment = server.deployment(name).id
    with server.client() as client:
        client.request(
            "POST",
            "/deployments/{id}/schedule",
            path_params={"id": deployment},
            json={
                "start_time": (now - timedelta(days=count)).isoformat(),
                "end_time": now.isoformat(),
                "min_runs": count,
            },
        )
        runs = [run for run in every_row(client.read_flow_runs) if run.deployment_id == deployment]
    late = [run for run in runs if run.expected_start_time < now and not run.state.is_final()]
    assert len(late) == count
    return sorted(late, key=lambda run: run.expected_start_time)


def backups(made: Installation) -> list[Path]:
    return list((made.folder / "store").glob("*/backups/*/manifest.json"))


def test_a_night_happens_after_a_worker_died_holding_the_limit(
    make_installation: MakeInstallation, prefect_server: PrefectServer
) -> None:
    """kill -9 of worker and flow in the middle of a night: the lease ends by itself, the helper of
    the dead are cleared, and the next night is backed up and proven."""
    made, pool = make_installation(), "host-of-nights"
    deploy(prefect_server, made, pool)
    night = f"nightly/nightly-{pool}"
    with working(prefect_server, made, pool) as worker:
        first = prefect_server.start(night)
        wait_until(lambda: not nobody_holds(made), 90, "the night holds", interval=0.02)
        send([worker.pid, *descendants(worker.pid)], SIGKILL)
    done_before = len(backups(made))
    begun = time.monotonic()
    with working(prefect_server, made, pool):
        second = prefect_server.start(night)
        run = prefect_server.await_state(second, "Completed", seconds=LEASE_ENDS_WITHIN + 60)
    took = time.monotonic() - begun

    left = prefect_server.run(first).state
    # until a janitor looks: its own schedule may have come meanwhile
    assert left.name in {"Running", "Crashed"}, left.message
    assert "proven" in run.state.message
    assert len(backups(made)) == done_before + 1
    assert nobody_holds(made)
    assert took < LEASE_ENDS_WITHIN + 60
    await_awake(prefect_server, {night})


def test_a_server_restart_leaves_no_slot_taken(own_server: PrefectServer, tmp_path: Path) -> None:
    """
    The server is killed while a run has its turn, and the run's process with it: the server that
    starts again knows the lease from its disk, and frees the slot when the lease has run out.
    """
    with own_server.client() as client:
        client.upsert_global_concurrency_limit_by_name("kept-lease", 1)
    env = own_server.environment(tmp_path / "none.toml")
    with subprocess.Popen([sys.executable, "-c", _HOLDS], env=env, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"has its turn\n"
        own_server.process.kill()
        own_server.process.wait()
        run.kill()
    expire_leases(own_server.home / "concurrency_leases")
    with running_server(own_server.home, own_server.port), own_server.client() as client:
        wait_until(
            lambda: client.read_global_concurrency_limit_by_name("kept-lease").active_slots == 0,
            30,
            "the slot is free again",
            interval=0.5,
        )


def expire_leases(folder: Path) -> None:
    """As if a minute had passed while nobody renewed them."""
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    index = folder / "expirations.json"
    ids = json.loads(index.read_text())
    assert len(ids) == 1
    index.write_text(json.dumps(dict.fromkeys(ids, past)))
    for name in ids:
        lease = folder / f"{name}.json"
        lease.write_text(json.dumps({**json.loads(lease.read_text()), "expiration": past}))


_HOLDS = """
import time
from prefect.concurrency.sync import concurrency
with concurrency("kept-lease", lease_duration=60, strict=True):
    print("has its turn", flush=True)
    time.sleep(600)
"""
