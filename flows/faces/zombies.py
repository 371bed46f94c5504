"""Runs whose process is gone, and which Prefect still shows as running, are told to be crashed.

A kill -9 of a direct run, and a signal to serve or the worker itself, leave them so
(facts/prefect.md).
"""

from dataclasses import fields
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.states import Crashed

from flows.faces.publishing import patiently
from tasks.model.holder import LABEL, Holder


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
    """Set every run whose process is surely gone to Crashed; their names."""
    with get_client(sync_client=True) as client:
        going_on = (StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING)
        running = FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(going_on)))
        )
        runs = client.read_flow_runs(flow_run_filter=running)
        dead = [run for run in runs if _is_dead(run)]
        for run in dead:
            _crashed(client, run)
    return tuple(run.name for run in dead)


def _is_dead(run: FlowRun) -> bool:
    labels = {name: str(value) for name, value in (run.labels or {}).items()}
    signed = all(LABEL + field.name in labels for field in fields(Holder))
    return signed and Holder.from_labels(labels).surely_dead()


def _crashed(client: SyncPrefectClient, run: FlowRun) -> None:
    state: State[Any] = Crashed(message="its process is gone; the janitor recovered the instance")
    client.set_flow_run_state(run.id, state, force=True)
