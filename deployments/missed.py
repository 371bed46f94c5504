"""Runs that nobody could start in their time: all but the newest of each deployment are dropped.

The flows do the same at their start (flows/orchestration/catch_up.py); this saves a process each.
"""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled

from redis_dr.deployments.table import TAG

_AT_ONCE = 200  # runs in one answer of the API


def drop_missed() -> tuple[str, ...]:
    """Cancel them; their names."""
    missed = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[TAG]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=datetime.now(UTC)),
    )
    dropped: list[str] = []
    with get_client(sync_client=True) as client:
        while True:
            # newest first, so a page never hides the run that has to stay
            runs = client.read_flow_runs(
                flow_run_filter=missed, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=_AT_ONCE
            )
            old = _all_but_the_newest(runs)
            for run in old:
                client.set_flow_run_state(run.id, _dropped())
            dropped += [run.name for run in old]
            if not old or len(runs) < _AT_ONCE:
                return tuple(dropped)


def _all_but_the_newest(runs: list[FlowRun]) -> list[FlowRun]:
    of_deployment: dict[Any, list[FlowRun]] = defaultdict(list)
    for run in runs:  # newest first
        if run.auto_scheduled:
            of_deployment[run.deployment_id].append(run)
    return [run for group in of_deployment.values() for run in group[1:]]


def _dropped() -> State[Any]:
    return Cancelled(name="Skipped", message="missed its time; a later run catches up once")
