"""Runs that only the run list still knows are closed, and no run that may be alive is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prefect import flow
from prefect.states import Cancelling, Running

from redis_dr.flows.orchestration.crashed_runs import close_dead_runs
from redis_dr.tasks.model.server.holder import Holder
from tests.support.prefect_server import PrefectServer
from tests.support.waiting import wait_until

HERE = Holder.this_process("backup", "id", "weka-redis")
GONE_HERE = replace(HERE, born="1")  # the process id is another process's by now
ELSEWHERE = replace(HERE, machine="another boot/pid:[1]")


@flow(name="zombie")
def nothing() -> None:
    """Never called."""


def a_run(server: PrefectServer, holder: Holder | None, beat_minutes_ago: float | None) -> Any:
    """A run that is shown as running, signed by its process, with its last heartbeat."""
    with server.client() as client:
        run = client.create_flow_run(nothing, state=Running())
        if holder:
            client.update_flow_run_labels(run.id, dict(holder.labels()))
        if beat_minutes_ago is not None:
            when = datetime.now(UTC) - timedelta(minutes=beat_minutes_ago)
            event = {
                "id": str(uuid4()),
                "occurred": when.isoformat(),
                "event": "prefect.flow-run.heartbeat",
                "resource": {"prefect.resource.id": f"prefect.flow-run.{run.id}"},
            }
            client.request("POST", "/events", json=[event])
            wait_until(lambda: _events_of(client, run.id), 30, "the heartbeat is stored")
    return run


def _events_of(client: Any, run_id: Any) -> list[Any]:
    wanted = {
        "filter": {
            "event": {"name": ["prefect.flow-run.heartbeat"]},
            "resource": {"id": [f"prefect.flow-run.{run_id}"]},
        }
    }
    return list(client.request("POST", "/events/filter", json=wanted).json()["events"])


@pytest.mark.parametrize(
    ("holder", "beat_minutes_ago", "closed"),
    [
        (GONE_HERE, None, True),
        (HERE, 60.0, False),  # the process lives, whatever became of its heartbeats
        (ELSEWHERE, 11.0, True),
        (ELSEWHERE, 4.0, False),
        (ELSEWHERE, None, False),  # heartbeats may be switched off there
        (None, 60.0, False),  # not one of ours
    ],
)
def test_only_runs_of_the_surely_dead_are_closed(
    prefect_here: PrefectServer,
    holder: Holder | None,
    beat_minutes_ago: float | None,
    closed: bool,
) -> None:
    """Here by the process, elsewhere by ten minutes without a heartbeat where there were some."""
    run = a_run(prefect_here, holder, beat_minutes_ago)

    names = close_dead_runs()

    assert (run.name in names) == closed
    assert prefect_here.run(run.id).state.name == ("Crashed" if closed else "Running")


def test_a_run_that_was_being_cancelled_ends_cancelled(prefect_here: PrefectServer) -> None:
    """That is what the person wanted."""
    run = a_run(prefect_here, GONE_HERE, None)
    with prefect_here.client() as client:
        client.set_flow_run_state(run.id, Cancelling(), force=True)

    assert run.name in close_dead_runs()
    assert prefect_here.run(run.id).state.name == "Cancelled"
