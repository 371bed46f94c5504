"""When a run dies, is cancelled or has a fault of ours: recover the instance at once, tell people.

Prefect calls hooks by position in the process, by name from the runner (facts/prefect.md).
"""

from typing import Any

from prefect.client.schemas.objects import FlowRun, State
from prefect.logging import get_logger

from redis_dr.flows.orchestration.notify import News, tell
from redis_dr.flows.orchestration.pages.recover import recover_line
from redis_dr.flows.orchestration.settings import chosen, configured
from redis_dr.flows.runbook.fleet import one_line
from redis_dr.flows.runbook.recover.janitor import recover_if_needed
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.instance import Instance


def recover_after(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:
    """For on_crashed and on_cancellation."""
    ended = "cancelled" if state.is_cancelled() or state.is_cancelling() else "crashed"
    for instance in _subjects(flow_run):
        line = f"the run {ended} ({state.message or 'no words'}); recovery: {_recovered(instance)}"
        _tell(flow, flow_run, instance, (ended, line))


def recover_failed(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:
    """For on_failure: after a fault that is none of ours, nobody knows how far the run came."""
    if _told_already(state):
        return
    for instance in _subjects(flow_run):
        line = f"{_first_line(state)}; recovery: {_recovered(instance)}"
        _tell(flow, flow_run, instance, ("failed", line))


def tell_failure(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:
    """For on_failure of flows that change nothing on an instance."""
    if _told_already(state):
        return
    for instance in _subjects(flow_run):
        _tell(flow, flow_run, instance, ("failed", _first_line(state)))


def _told_already(state: State[Any]) -> bool:
    return state.name != "Failed"  # our own faults have names: flows/orchestration/harness.py


def _first_line(state: State[Any]) -> str:
    return (state.message or "failed without words").splitlines()[0]


def _recovered(instance: Instance) -> str:
    try:
        return recover_line(recover_if_needed(instance, _log))
    except RedisDrError as error:
        return one_line(error)


def _log(text: str, _done: float | None = None, /) -> None:
    get_logger("redis-dr").info(text)


def _subjects(flow_run: FlowRun) -> tuple[Instance, ...]:
    try:
        return chosen(configured(), (flow_run.parameters or {}).get("instance"))
    except RedisDrError as error:
        get_logger("redis-dr").error("no recovery: %s", one_line(error))
        return ()


def _tell(flow: Any, flow_run: FlowRun, instance: Instance, said: tuple[str, str]) -> None:
    outcome, line = said
    news = News(instance.name, str(flow.name), outcome, line, run=flow_run.name)
    tell(news, instance.notify)


HOOKS: dict[str, Any] = {
    "on_failure": [recover_failed],
    "on_crashed": [recover_after],
    "on_cancellation": [recover_after],
}
