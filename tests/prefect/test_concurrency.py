"""One run at a time per instance, as Prefect sees it; and a scene where Prefect is not there."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from prefect import flow

from redis_dr.flows.backup import backup
from redis_dr.flows.orchestration.concurrency import ensure_limit, instance_slot, limit_name
from tests.support.installation import NAME, Installation
from tests.support.prefect_server import PrefectServer
from tests.support.waiting import wait_until


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
        with instance_slot("shared"):
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
        with pytest.raises(ValueError, match="x"), instance_slot("given-back"):
            raise ValueError("x")
        with instance_slot("given-back"):
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
