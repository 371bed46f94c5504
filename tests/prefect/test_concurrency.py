"""One run at a time per instance, as Prefect sees it; and a scene where Prefect is not there."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from prefect import flow

from redis_dr.flows.backup import backup
from redis_dr.flows.orchestration import concurrency
from redis_dr.flows.orchestration.concurrency import (
    NO_COURTESY,
    ensure_limit,
    instance_slot,
    limit_name,
)
from redis_dr.tasks.model.settings.instance import Instance
from tests.support.installation import NAME, Installation
from tests.support.prefect_server import PrefectServer
from tests.support.waiting import wait_until


def named(name: str) -> Instance:
    """An instance that no engine has."""
    url = "redis://127.0.0.1:1"
    return Instance.model_validate({"name": name, "container": f"no-{name}", "url": url})


def test_the_limit_is_made_where_it_is_missing(prefect_here: PrefectServer) -> None:
    """Without one Prefect lets both in (facts/prefect.md): a turn never begins without a limit."""
    ensure_limit("made-here")

    with prefect_here.client() as client:
        assert client.read_global_concurrency_limit_by_name(limit_name("made-here")).limit == 1


def test_two_never_have_their_turn_at_once(prefect_here: PrefectServer) -> None:
    """The second waits until the first is done."""
    inside: list[int] = []
    most: list[int] = []
    first_is_in, go_on = threading.Event(), threading.Event()

    @flow
    def works(number: int) -> None:
        with instance_slot(named("shared")):
            inside.append(number)
            most.append(len(inside))
            first_is_in.set()
            go_on.wait(20)
            inside.remove(number)

    with ThreadPoolExecutor(2) as both:
        runs = [both.submit(copy_context().run, works, 1)]
        assert first_is_in.wait(20)
        runs.append(both.submit(copy_context().run, works, 2))
        with prefect_here.client() as client:
            wait_until(lambda: len(client.read_flow_runs(limit=2)) == 2, 10)
        go_on.set()
        for run in runs:
            run.result(60)
    assert most == [1, 1]


def test_a_failure_gives_the_turn_back(prefect_here: PrefectServer) -> None:
    """Whatever ends the block, the next one gets in at once."""

    @flow
    def fails_then_works() -> str:
        with pytest.raises(ValueError, match="x"), instance_slot(named("given-back")):
            raise ValueError("x")
        with instance_slot(named("given-back")):
            return "in"

    assert fails_then_works() == "in"


def test_two_backups_started_together_both_succeed(
    here: Installation, prefect_here: PrefectServer
) -> None:
    """By the helper's lock alone the second would be refused; with turns it waits."""
    with ThreadPoolExecutor(2) as both:
        runs = [
            both.submit(copy_context().run, lambda: backup(instance=NAME, return_state=True))
            for _ in range(2)
        ]
        states = [run.result(120) for run in runs]

    assert [state.type.value for state in states] == ["COMPLETED"] * 2, [s.message for s in states]
    assert here.server.client().ping()


def test_a_slot_that_nobody_uses_blocks_nobody(
    prefect_here: PrefectServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """
    The limit's slot is taken for good, as by a lease that a server forgot, and no operation holds
    the instance: a recovery looks once, another run waits for its patience; both say why.
    """
    monkeypatch.setattr(concurrency, "_holder", lambda _instance: "")
    ensure_limit("forgotten")
    with prefect_here.client() as client:
        client.increment_concurrency_slots([limit_name("forgotten")], 1, "concurrency")

    @flow
    def goes_on(patience: float) -> float:
        begun = time.monotonic()
        with instance_slot(named("forgotten"), patience):
            return time.monotonic() - begun

    assert 2 <= goes_on(2.0) < 20
    assert goes_on(NO_COURTESY) < 10
    assert "ERROR" not in caplog.text
    assert "no operation holds forgotten" in caplog.text
    assert "going on without it" in caplog.text


def test_a_run_waits_behind_a_living_operation(
    prefect_here: PrefectServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """
    While an operation holds the instance the wait goes on beyond the patience, and is named.
    """
    holders = iter(["backup 1", "backup 1", "backup 1", ""])
    monkeypatch.setattr(concurrency, "_holder", lambda _instance: next(holders))
    ensure_limit("busy")
    with prefect_here.client() as client:
        client.increment_concurrency_slots([limit_name("busy")], 1, "concurrency")

    @flow
    def waits() -> None:
        with instance_slot(named("busy"), 0.5):
            pass

    waits()
    assert next(holders, None) is None
    assert caplog.text.count("busy is held by backup 1") == 1
