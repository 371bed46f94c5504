"""Missed nights are caught up once: of several runs that are due, only the newest does the work."""

from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
)
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext

from redis_dr.flows.orchestration.artifacts import quickly

_MOMENT = timedelta(microseconds=1)


def caught_up_by() -> FlowRun | None:
    """A later scheduled run of this deployment that is due, too; None when this is the newest.

    After a server or `serve` was down, Prefect starts every run that it missed (facts/prefect.md).
    """
    context = FlowRunContext.get()
    this = context.flow_run if context else None
    if this is None or not this.auto_scheduled or this.deployment_id is None:
        return None
    return quickly(lambda: _later(this))


def _later(this: FlowRun) -> FlowRun | None:
    due_since = _due(this) + _MOMENT
    due = FlowRunFilter(
        expected_start_time=FlowRunFilterExpectedStartTime(
            after_=due_since, before_=datetime.now(UTC)
        )
    )
    deployment = DeploymentFilter(id=DeploymentFilterId(any_=[this.deployment_id]))
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=due, deployment_filter=deployment)
    working = [run for run in runs if run.auto_scheduled and not _given_up(run)]
    return max(working, key=_due, default=None)


def _due(run: FlowRun) -> datetime:
    return run.expected_start_time or datetime.now(UTC)


def _given_up(run: FlowRun) -> bool:
    return run.state is not None and run.state.is_cancelled()
