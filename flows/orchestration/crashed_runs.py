"""Marks orphaned runs as Crashed: Prefect shows them as running, but their process is gone.

A kill -9 of a direct run, and a signal to serve or to the worker itself, leave such runs
(facts/prefect.md). On this machine a dead process is known at once; on another machine, or in a
container that was recreated, by heartbeats that stopped.
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

from redis_dr.flows.orchestration.api import patiently
from redis_dr.tasks.model.server.holder import LABEL, Holder

_SILENCE = timedelta(minutes=10)  # one heartbeat each 3 (PREFECT_FLOWS_HEARTBEAT_FREQUENCY)


def record_process(operation: str, instance: str) -> None:
    """Label the run with its process, so that the janitor can see when that process is gone."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    this = context.flow_run.id
    holder = Holder.this_process(operation, str(this), instance)
    labels: dict[str, Any] = dict(holder.labels())
    with get_client(sync_client=True) as client:
        patiently(lambda: client.update_flow_run_labels(this, labels))


def close_dead_runs() -> tuple[str, ...]:
    """Close every run whose process is surely gone; returns their names."""
    with get_client(sync_client=True) as client:
        active = (StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING)
        running = FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(active)))
        )
        runs = client.read_flow_runs(flow_run_filter=running)
        dead = [run for run in runs if _is_dead(client, run)]
        for run in dead:
            client.set_flow_run_state(run.id, _end_of(run), force=True)
    return tuple(run.name for run in dead)


def _is_dead(client: SyncPrefectClient, run: FlowRun) -> bool:
    labels = {name: str(value) for name, value in (run.labels or {}).items()}
    if not all(LABEL + field.name in labels for field in fields(Holder)):
        return False  # not a run of redis-dr
    holder = Holder.from_labels(labels)
    return holder.surely_dead() or (holder.elsewhere() and _silent(client, run))


def _silent(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Whether its heartbeats stopped. A run that never sent one is not judged."""
    heartbeats = EventFilter(
        event=EventNameFilter(name=["prefect.flow-run.heartbeat"]),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{run.id}"]),
        order=EventOrder.DESC,
    )
    newest = client.read_events(heartbeats, limit=1).events
    return bool(newest) and newest[0].occurred < datetime.now(UTC) - _SILENCE


def _end_of(run: FlowRun) -> State[Any]:
    message = "its process is gone; the janitor recovered the instance"
    if run.state is not None and run.state.is_cancelling():
        return Cancelled(message=message)
    return Crashed(message=message)
