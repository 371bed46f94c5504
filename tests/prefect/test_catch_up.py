"""Missed nights are caught up once: of several runs that are due, only the newest works."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prefect import flow
from prefect.client.schemas.objects import StateType
from prefect.flow_engine import run_flow
from prefect.schedules import Cron

from redis_dr.deployments.definitions import TAG
from redis_dr.flows.orchestration.catch_up import cancel_missed_runs, newer_due_run
from tests.support.prefect_server import PrefectServer

worked: list[str] = []


@flow(name="missed")
def due() -> str:
    """Works, or leaves it to a later run."""
    later = newer_due_run()
    if later:
        return f"left to {later.name}"
    worked.append("x")
    return "worked"


@pytest.fixture
def missed(prefect_here: PrefectServer) -> Iterator[list[Any]]:
    """Three nights that nobody started: neither `serve` nor a worker was there. Newest first."""
    now = datetime.now(UTC)
    deployment = due.to_deployment("nights", schedule=Cron("0 2 * * *"), tags=[TAG]).apply()
    with prefect_here.client() as client:
        client.request(
            "POST",
            "/deployments/{id}/schedule",
            path_params={"id": deployment},
            json={
                "start_time": (now - timedelta(days=3)).isoformat(),
                "end_time": now.isoformat(),
                "min_runs": 3,
            },
        )
        runs = [run for run in client.read_flow_runs() if run.deployment_id == deployment]
        assert len([run for run in runs if run.expected_start_time < now]) == 3
        yield sorted(runs, key=lambda run: run.expected_start_time, reverse=True)[-3:]
        client.delete_deployment(deployment)


def test_of_three_due_runs_only_the_newest_works(
    missed: list[Any], prefect_here: PrefectServer
) -> None:
    """The older ones end by saying which run does their work."""
    worked.clear()
    ends = [run_flow(due, flow_run=run) for run in reversed(missed)]

    assert worked == ["x"]
    assert ends[-1] == "worked"
    assert all(str(one).startswith("left to") for one in ends[:-1])


def test_serve_drops_them_before_it_starts_a_process_for_each(
    missed: list[Any], prefect_here: PrefectServer
) -> None:
    """All but the newest are Skipped; a second call finds nothing more to do."""
    dropped = cancel_missed_runs(TAG)
    with prefect_here.client() as client:
        states = {run.id: client.read_flow_run(run.id).state for run in missed}

    assert {run.name for run in missed[1:]} <= set(dropped)
    assert states[missed[0].id].type == StateType.SCHEDULED
    assert {states[run.id].name for run in missed[1:]} == {"Skipped"}
    assert not set(cancel_missed_runs(TAG)) & {run.name for run in missed}
