"""When a run dies or is cancelled: recover the instance at once, and tell people.

Prefect calls hooks by position in the process, by name from the runner (facts/prefect.md).
"""

from typing import Any

from prefect.client.schemas.objects import FlowRun, State
from prefect.logging import get_logger

from flows.faces.configured import chosen, configured
from flows.faces.pages.recover import recover_line
from flows.faces.telling import News, tell
from flows.runbook.fleet import one_line
from flows.runbook.tidy import tidy
from tasks.model.errors import RedisDrError
from tasks.model.settings.instance import Instance


def recover_after(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:
    """For on_crashed and on_cancellation."""
    ended = "cancelled" if state.is_cancelled() or state.is_cancelling() else "crashed"
    for instance in _subjects(flow_run):
        try:
            found = recover_line(tidy(instance, get_logger("redis-dr").info))
        except RedisDrError as error:
            found = one_line(error)
        line = f"the run {ended} ({state.message or 'no words'}); recovery: {found}"
        _tell(flow, flow_run, instance, (ended, line))


def tell_failure(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:
    """For on_failure: a fault that is none of ours. Ours have a name, and were told already."""
    if state.name != "Failed":
        return
    line = (state.message or "failed without words").splitlines()[0]
    for instance in _subjects(flow_run):
        _tell(flow, flow_run, instance, ("failed", line))


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
    "on_failure": [tell_failure],
    "on_crashed": [recover_after],
    "on_cancellation": [recover_after],
}
