"""What a recovery would find: looked at without the lock, and nothing is changed."""

from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.restore.journal import RecoverReport, SetAsideLine
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.observe.check import look_at_instance, look_for_replaced
from redis_dr.tasks.restore.unfinished import unfinished_operation


def recoverable(instance: Instance) -> RecoverReport:
    """What a dead operation left, and the replaced data on the volume. Raises Unreachable."""
    timings = Timings()
    left = unfinished_operation(instance)
    unfinished = Finding(
        check="nothing was left half done",
        ok=not left,
        expected="nothing",
        actual=left or "nothing",
        detail="run `redis-dr recover`" if left else "",
    )
    lines, listed = _replaced(instance)
    return RecoverReport(
        **heading("recover", instance.name, timings, (unfinished, listed)),
        outcome="nothing to do" if not left else f"not recovered yet: {left}",
        set_aside=lines,
    )


def _replaced(instance: Instance) -> tuple[tuple[SetAsideLine, ...], Finding]:
    """The list, and whether it could be made: a server that is down does not say where it lies."""
    check = "replaced data on the volume"
    try:
        folder = look_at_instance(instance).persistence.dir
        replaced = look_for_replaced(instance, folder)
    except RedisDrError as error:
        return (), Finding(check=check, ok=False, actual="unknown", detail=error.in_one_line)
    lines = tuple(
        SetAsideLine(
            operation_id=operation_id,
            path=f"{Layout(folder, operation_id).home}",
            age_seconds=age,
            bytes=size,
        )
        for operation_id, age, size in replaced
    )
    return lines, Finding(check=check, ok=True, actual=f"{len(lines)} listed")
