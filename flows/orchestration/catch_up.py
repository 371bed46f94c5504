"""Runs missed while the server or `serve` was down: of several due runs only the newest works.

Prefect starts every run that it missed (facts/prefect.md). `serve` cancels the older ones when it
starts; a flow that still gets one leaves the work to the newest.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.context import FlowRunContext
from prefect.states import Cancelled

from redis_dr.flows.orchestration.api import quickly

_MOMENT = timedelta(microseconds=1)
_PAGE = 200  # runs in one answer of the API


def newer_due_run() -> FlowRun | None:
    """The newest scheduled run of this deployment that is due; None when this run is the newest."""
    context = FlowRunContext.get()
    this = context.flow_run if context else None
    if this is None or not this.auto_scheduled or this.deployment_id is None:
        return None
    return quickly(lambda: _newest_after(this))


def _newest_after(this: FlowRun) -> FlowRun | None:
    due = FlowRunFilter(
        expected_start_time=FlowRunFilterExpectedStartTime(
            after_=_due(this) + _MOMENT, before_=datetime.now(UTC)
        )
    )
    deployment = DeploymentFilter(id=DeploymentFilterId(any_=[this.deployment_id]))
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=due, deployment_filter=deployment)
    candidates = [run for run in runs if run.auto_scheduled and not _is_cancelled(run)]
    return max(candidates, key=_due, default=None)


def _due(run: FlowRun) -> datetime:
    return run.expected_start_time or datetime.now(UTC)


def _is_cancelled(run: FlowRun) -> bool:
    return run.state is not None and run.state.is_cancelled()


def cancel_missed_runs(tag: str) -> tuple[str, ...]:
    """Cancel all but the newest due run of each deployment with this tag; returns their names."""
    missed = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[tag]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=datetime.now(UTC)),
    )
    cancelled: list[str] = []
    with get_client(sync_client=True) as client:
        while True:
            # newest first: the run that has to stay is on the first page
            runs = client.read_flow_runs(
                flow_run_filter=missed, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=_PAGE
            )
            older = _all_but_the_newest(runs)
            for run in older:
                client.set_flow_run_state(run.id, _skipped())
            cancelled += [run.name for run in older]
            if not older or len(runs) < _PAGE:
                return tuple(cancelled)


def _all_but_the_newest(runs: list[FlowRun]) -> list[FlowRun]:
    by_deployment: dict[Any, list[FlowRun]] = defaultdict(list)
    for run in runs:  # newest first
        if run.auto_scheduled:
            by_deployment[run.deployment_id].append(run)
    return [run for group in by_deployment.values() for run in group[1:]]


def _skipped() -> State[Any]:
    return Cancelled(name="Skipped", message="missed its time; a later run catches up once")
