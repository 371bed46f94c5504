"""After a crash: finish or undo what was going on, bring the container up, release the helper."""

from collections.abc import Mapping
from datetime import UTC, datetime

from redis_dr.flows.runbook.operation.operation import Operation, begin_operation
from redis_dr.flows.runbook.operation.ways_back import Outcome
from redis_dr.tasks.model.backup.store_layout import new_backup_id
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.restore.journal import RecoverReport, SetAsideLine
from redis_dr.tasks.model.restore.sighting import Sighting
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.restore.replaced import list_replaced
from redis_dr.tasks.restore.served import look_at_served

_DATA: Mapping[Outcome, str] = {
    "nothing was changed": "the old data",
    "rolled back": "the old data",
    "finished": "the new data",
    "kept": "the new data",
}


def recover(instance: Instance, progress: Progress = quiet) -> RecoverReport:
    """Settle the instance; harmless when there is nothing. Raises Refused for a live holder."""
    with begin_operation(
        instance, "recover", new_backup_id(datetime.now(UTC)), progress
    ) as operation:
        return _report(operation)


def _report(operation: Operation) -> RecoverReport:
    recovered = operation.recovered
    lines = tuple(
        SetAsideLine(
            operation_id=data.operation_id,
            path=f"{Layout(operation.dir, data.operation_id).home}/{data.name}",
            age_seconds=data.age_seconds,
            bytes=data.bytes,
        )
        for data in list_replaced(operation.helper, Layout(operation.dir, "").folder)
    )
    seen = look_at_served(operation.server)
    findings = (*operation.recovery_findings, *_up(operation, seen))
    return RecoverReport(
        **heading("recover", operation.instance.name, operation.timings, findings),
        outcome=recovered.outcome if recovered else "nothing to do",
        phase=recovered.phase if recovered else None,
        backup_id=recovered.journal.backup_id if recovered else None,
        proof=recovered.proof if recovered else "",
        served=seen.text(_DATA[recovered.outcome] if recovered else "the data"),
        set_aside=lines,
    )


def _up(operation: Operation, seen: Sighting) -> tuple[Finding, ...]:
    """The container and the server as they are now: a container that is down is never good."""
    runs = seen.status == "running"
    container = Finding(
        check="the container runs",
        ok=runs,
        expected=None if runs else "running",
        actual=seen.status,
        detail="" if runs else _remedy(operation, seen),
    )
    if not runs:
        return (container,)
    loading = seen.info is not None and seen.info.loading
    served = Finding(
        check="its server answers",
        ok=loading or not seen.unclear,
        actual=seen.unclear or seen.keys,
        detail=f"see `docker logs {seen.container}`, and `url` and `container` of this instance"
        if seen.unclear
        else "",
    )
    return (container, served)


def _remedy(operation: Operation, seen: Sighting) -> str:
    start = f"`docker {'unpause' if seen.status == 'paused' else 'start'} {seen.container}`"
    if operation.recovered is None:
        return f"no journal says that it should run; if it should: {start}"
    return f"see `docker logs {seen.container}`, then {start}"
