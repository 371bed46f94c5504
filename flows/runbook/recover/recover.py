"""After a crash: finish or undo what was going on, bring the container up, release the hands."""

from datetime import UTC, datetime

from redis_dr.flows.runbook.operation.operation import Held, holding
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.model.backup.backup_id import new_backup_id
from redis_dr.tasks.model.report import Finding, all_ok
from redis_dr.tasks.model.restore.recover_report import RecoverReport, SetAsideLine
from redis_dr.tasks.model.say import Say, quiet
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.restore.replaced import list_set_aside


def recover(instance: Instance, say: Say = quiet) -> RecoverReport:
    """Settle the instance; harmless when there is nothing. Raises Refused for a live holder."""
    with holding(instance, "recover", new_backup_id(datetime.now(UTC)), say) as held:
        return _report(held)


def _report(held: Held) -> RecoverReport:
    settled = held.settled
    state = inspect(held.instance.container)
    up = Finding(
        check="the container runs",
        ok=state.running or (settled is None and state.status in {"exited", "created"}),
        actual=state.status,
        detail="" if state.running else "it was down before, and nothing of ours stopped it",
    )
    lines = tuple(
        SetAsideLine(operation_id=one.operation_id, age_seconds=one.age_seconds, bytes=one.bytes)
        for one in list_set_aside(held.hands, Layout(held.dir, "").folder)
    )
    findings = (*(settled.findings if settled else ()), up)
    return RecoverReport(
        command="recover",
        instance=held.instance.name,
        ok=all_ok(findings),
        started_at=held.timings.started_at,
        seconds=held.timings.seconds,
        findings=findings,
        outcome=settled.outcome if settled else "nothing to do",
        phase=settled.phase if settled else None,
        backup_id=settled.journal.backup_id if settled else None,
        set_aside=lines,
    )
