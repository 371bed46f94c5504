"""What the container's next start brings, seen before anything is planned."""

from dataclasses import replace

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.tasks.engine.own_start import next_start_name
from redis_dr.tasks.model.restore.next_start_gates import Ahead
from redis_dr.tasks.model.restore.restore_report import Prediction
from redis_dr.tasks.observe.next_start import StartQuestion, next_start, running_settings
from redis_dr.tasks.observe.server_inside import server_inside

_USUAL_SECONDS = 1.0  # of a start whose entrypoint has nothing to do, as a throwaway start shows it


def look_ahead(operation: Operation) -> Ahead:
    """Ask a throwaway start, and the server that runs. Raises Unreachable, ScriptFailed."""
    found = operation.survey
    running = running_settings(operation.server) if found.info else {"dir": operation.dir}
    question = StartQuestion(
        instance=operation.instance,
        survey=found,
        folder=operation.dir,
        reader=operation.helper.id,
        running=running,
        name=next_start_name(found.container.name),
    )
    inside = server_inside(operation.instance, found, running)
    return Ahead(running, next_start(question), inside, found.container.memory_limit)


def with_entrypoint(expected: Prediction, ahead: Ahead) -> Prediction:
    """What the entrypoint adds to the downtime is in no load."""
    seconds = max(0.0, ahead.start.seconds - _USUAL_SECONDS)
    return replace(expected, seconds=round(expected.seconds + seconds, 2))
