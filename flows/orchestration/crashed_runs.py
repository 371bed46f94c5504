"""Runs whose process is gone, and which Prefect still shows as running, are told to be crashed.

A kill -9 of a direct run, and a signal to serve or the worker itself, leave them so
(facts/prefect.md). On its own machine a process that is gone is known at once; one of another
machine, or of a container that was made anew, by its silence.
"""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.events.filters import EventFilter, EventNameFilter, EventOrder, EventResourceFilter
from prefect.states import Cancelled, Crashed

from redis_dr.flows.orchestration.artifacts import patiently
from redis_dr.tasks.model.server.holder import LABEL, Holder

_SILENCE = timedelta(minutes=10)  # a heart beats every three (PREFECT_FLOWS_HEARTBEAT_FREQUENCY)


def sign(operation: str, instance: str) -> None:
    """Write into the run which process it is, so that anybody can tell when it is gone."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    this = context.flow_run.id
    holder = Holder.this_process(operation, str(this), instance)
    labels: dict[str, Any] = dict(holder.labels())
    with get_client(sync_client=True) as client:
        patiently(lambda: client.update_flow_run_labels(this, labels))


def bury() -> tuple[str, ...]:
    """Close every run whose process is surely gone; their names."""
    with get_client(sync_client=True) as client:
        going_on = (StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING)
        running = FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(going_on)))
        )
        runs = client.read_flow_runs(flow_run_filter=running)
        dead = [run for run in runs if _is_dead(client, run)]
        for run in dead:
            client.set_flow_run_state(run.id, _end_of(run), force=True)
    return tuple(run.name for run in dead)


def _is_dead(client: SyncPrefectClient, run: FlowRun) -> bool:
    labels = {name: str(value) for name, value in (run.labels or {}).items()}
    if not all(LABEL + field.name in labels for field in fields(Holder)):
        return False  # none of ours
    holder = Holder.from_labels(labels)
    return holder.surely_dead() or (holder.elsewhere() and _silent(client, run))


def _silent(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Its heart beat once, and does not any more. Without any beat, nothing is known."""
    beats = EventFilter(
        event=EventNameFilter(name=["prefect.flow-run.heartbeat"]),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{run.id}"]),
        order=EventOrder.DESC,
    )
    newest = client.read_events(beats, limit=1).events
    return bool(newest) and newest[0].occurred < datetime.now(UTC) - _SILENCE


def _end_of(run: FlowRun) -> State[Any]:
    message = "its process is gone; the janitor recovered the instance"
    if run.state is not None and run.state.is_cancelling():
        return Cancelled(message=message)
    return Crashed(message=message)
