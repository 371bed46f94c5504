"""After a crash: finish or undo what was going on, bring the container up, release the hands."""

from datetime import UTC, datetime

from redis_dr.flows.runbook.operation.operation import Operation, begin_operation
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.model.backup.store_layout import new_backup_id
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.restore.journal import RecoverReport, SetAsideLine
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.restore.replaced import list_replaced


def recover(instance: Instance, progress: Progress = quiet) -> RecoverReport:
    """Settle the instance; harmless when there is nothing. Raises Refused for a live holder."""
    with begin_operation(
        instance, "recover", new_backup_id(datetime.now(UTC)), progress
    ) as operation:
        return _report(operation)


def _report(operation: Operation) -> RecoverReport:
    recovered = operation.recovered
    state = inspect(operation.instance.container)
    up = Finding(
        check="the container runs",
        ok=state.running or (recovered is None and state.status in {"exited", "created"}),
        actual=state.status,
        detail="" if state.running else "it was down before, and nothing of ours stopped it",
    )
    lines = tuple(
        SetAsideLine(operation_id=one.operation_id, age_seconds=one.age_seconds, bytes=one.bytes)
        for one in list_replaced(operation.helper, Layout(operation.dir, "").folder)
    )
    findings = (*(recovered.findings if recovered else ()), up)
    return RecoverReport(
        **heading("recover", operation.instance.name, operation.timings, findings),
        outcome=recovered.outcome if recovered else "nothing to do",
        phase=recovered.phase if recovered else None,
        backup_id=recovered.journal.backup_id if recovered else None,
        set_aside=lines,
    )
