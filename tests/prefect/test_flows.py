"""The verbs as flows: steps as tasks, one line as the state, pages, and no secret anywhere."""

import json
import time
from typing import Any
from uuid import UUID

import pytest

from redis_dr.flows.backup import backup
from redis_dr.flows.prune import prune
from redis_dr.flows.recover import recover
from redis_dr.flows.verify import verify
from tests.support.installation import NAME, Installation
from tests.support.prefect_server import PrefectServer, every_row
from tests.support.redis_server import PASSWORD
from tests.support.waiting import wait_until


def everything(server: PrefectServer) -> str:
    """All that the server stores of runs: as text, to look for what must not be there."""
    from prefect.client.schemas.filters import LogFilter  # noqa: PLC0415 only here

    with server.client() as client:
        stored = [
            *every_row(client.read_flow_runs),
            *every_row(client.read_task_runs),
            *every_row(client.read_artifacts),
            *every_row(client.read_logs, log_filter=LogFilter()),
        ]
    return "\n".join(one.model_dump_json() for one in stored)


def steps_of(run: UUID, client: Any) -> set[str]:
    """The names of this run's tasks, without their numbers."""
    tasks = every_row(client.read_task_runs)
    return {one.name.rpartition("-")[0] for one in tasks if one.flow_run_id == run}


def test_a_backup_shows_its_steps_its_pages_and_one_line(
    here: Installation, prefect_here: PrefectServer
) -> None:
    """The run is named by instance and time; its tasks are the runbook's steps; the state says
    how many keys; the page lists databases; the catalog page lists the backup."""
    state = backup(return_state=True)

    assert state.is_completed(), state.message
    assert "keys" in (state.message or "")
    with prefect_here.client() as client:
        run = client.read_flow_run(state.state_details.flow_run_id)
        steps = {"take snapshot", "upload rdb", "read back", "commit"}
        wait_until(lambda: steps <= steps_of(run.id, client), 15, "the steps")
    assert run.name.startswith(f"backup-{NAME}-20")
    page = prefect_here.artifacts(f"backup-{NAME}")[-1]
    assert "| 0 |" in page.data
    assert page.flow_run_id == run.id
    assert (state.message or "").split(":")[0] in prefect_here.artifacts(f"catalog-{NAME}")[-1].data


def test_no_secret_is_stored_by_the_server(here: Installation, prefect_here: PrefectServer) -> None:
    """The password is in no parameter, result, log, page or state; runs that fail included."""
    backup(return_state=True)
    here.configuration.write_text(here.configuration.read_text().replace(here.server.name, "gone"))
    failed = backup(return_state=True)
    time_out = time.monotonic() + 10
    wait_until(lambda: "load catalog" in everything(prefect_here) or time.monotonic() > time_out)

    stored = everything(prefect_here)
    assert failed.is_failed()
    assert "weka-redis" in stored
    assert PASSWORD not in stored
    assert json.dumps(PASSWORD)[1:-1] not in stored


def test_a_failing_backup_says_why_in_one_line(
    here: Installation, prefect_here: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong password ends in a state of the error's own name: what happened, and what to do."""
    monkeypatch.setenv("REDIS_PASSWORD", "wrong")
    state = backup(return_state=True)

    assert state.is_failed()
    assert "\n" not in (state.message or "")
    assert "password" in (state.message or "")
    assert "What to do:" in (state.message or "")


def test_verify_prune_and_recover_have_pages_too(
    here: Installation, prefect_here: PrefectServer
) -> None:
    """Each ends Completed with its page under a key of its own."""
    backup(return_state=True)
    states = [
        verify(which="latest", return_state=True),
        prune(return_state=True),
        recover(return_state=True),
    ]

    assert [one.type.value for one in states] == ["COMPLETED"] * 3, [s.message for s in states]
    for verb in ("verify", "prune", "recover"):
        assert prefect_here.artifacts(f"{verb}-{NAME}")
    assert "1 kept" in (states[1].message or "")


def test_an_unknown_instance_is_refused_by_its_name(
    here: Installation, prefect_here: PrefectServer
) -> None:
    """The state says which instances there are."""
    state = backup(instance="nobody", return_state=True)

    assert state.is_failed()
    assert NAME in (state.message or "")
