"""Hooks for runs that crash, are cancelled or fail unexpectedly: recover the instance, notify.

Prefect calls hooks by position in the process, by name from the runner (facts/prefect.md).
"""

from typing import Any

from prefect.client.schemas.objects import FlowRun, State
from prefect.logging import get_logger

from redis_dr.flows.orchestration.notify import notify
from redis_dr.flows.orchestration.settings import selected, worker_settings
from redis_dr.flows.runbook.recover.janitor import recover_if_needed
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.observe.notification import Notification
from redis_dr.tasks.model.settings.instance import Instance


def recover_stopped_run(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:
    """For on_crashed and on_cancellation."""
    outcome = "cancelled" if state.is_cancelled() or state.is_cancelling() else "crashed"
    reason = state.message or "no message"
    for instance in _instances_of(flow_run):
        line = f"the run {outcome} ({reason}); recovery: {_recover(instance)}"
        notify(_notification(flow, flow_run, instance, outcome, line), instance.notify)


def recover_failed_run(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:
    """For on_failure: after an unexpected error it is unknown how far the run came."""
    if _was_notified(state):
        return
    for instance in _instances_of(flow_run):
        line = f"{_first_line(state)}; recovery: {_recover(instance)}"
        notify(_notification(flow, flow_run, instance, "failed", line), instance.notify)


def notify_failure(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:
    """For on_failure of flows that change nothing on an instance."""
    if _was_notified(state):
        return
    for instance in _instances_of(flow_run):
        line = _first_line(state)
        notify(_notification(flow, flow_run, instance, "failed", line), instance.notify)


def _was_notified(state: State[Any]) -> bool:
    # the harness names the states of our own errors and sends their notification itself
    return state.name != "Failed"


def _first_line(state: State[Any]) -> str:
    return (state.message or "failed without a message").splitlines()[0]


def _recover(instance: Instance) -> str:
    try:
        return recover_if_needed(instance, _log).headline
    except RedisDrError as error:
        return error.in_one_line


def _log(text: str, _done: float | None = None, /) -> None:
    get_logger("redis-dr").info(text)


def _instances_of(flow_run: FlowRun) -> tuple[Instance, ...]:
    try:
        return selected(worker_settings(), (flow_run.parameters or {}).get("instance"))
    except RedisDrError as error:
        get_logger("redis-dr").error("no recovery: %s", error.in_one_line)
        return ()


def _notification(
    flow: Any, flow_run: FlowRun, instance: Instance, outcome: str, line: str
) -> Notification:
    return Notification(instance.name, str(flow.name), outcome, line, run=flow_run.name)


HOOKS: dict[str, Any] = {
    "on_failure": [recover_failed_run],
    "on_crashed": [recover_stopped_run],
    "on_cancellation": [recover_stopped_run],
}
