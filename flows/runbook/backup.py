"""Back up one instance: hold it, capture it, report."""

from datetime import UTC, datetime

from redis_dr.flows.runbook.catalog.copy import copy_everywhere
from redis_dr.flows.runbook.operation.capture import capture
from redis_dr.flows.runbook.operation.operation import begin_operation
from redis_dr.flows.runbook.restore.release import release_replaced
from redis_dr.tasks.model.backup.backup_report import BackupReport, report_of
from redis_dr.tasks.model.backup.store_layout import new_backup_id
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.instance import Instance


def backup(instance: Instance, progress: Progress = quiet, *, prove: bool = False) -> BackupReport:
    """Save, store, read back, commit. Without the manifest at the end there is no backup.

    With `prove` a drill of it follows, when the instance is free again; its verdict counts.
    Raises Unreachable, Refused, SaveFailed, StoreError, Damaged; then nothing is listed.
    """
    with begin_operation(
        instance, "backup", new_backup_id(datetime.now(UTC)), progress
    ) as operation:
        captured = capture(operation)
        release_replaced(operation)
    report = report_of(captured, operation.timings, instance.store.url)
    if instance.store.copies:
        findings = (*report.findings, *copy_everywhere(instance, report.backup_id, progress))
        ok = all(finding.ok for finding in findings)
        report = report.model_copy(update={"ok": ok, "findings": findings})
    return _proven(report, instance, progress) if prove else report


def _proven(report: BackupReport, instance: Instance, progress: Progress) -> BackupReport:
    from redis_dr.flows.runbook.drill.drill import DrillOptions, drill  # noqa: PLC0415 costs what most backups need not pay

    try:
        proof = drill(instance, DrillOptions(backup=report.backup_id), progress)
    except RedisDrError as error:  # the backup is stored all the same, and not proven
        finding = Finding(
            check="proven by a drill", ok=False, actual=error.problem, detail=error.remedy
        )
        return report.model_copy(update={"ok": False, "findings": (*report.findings, finding)})
    bad = [f"{one.check}: {one.actual}" for one in proof.findings if not one.ok]
    finding = Finding(
        check="proven by a drill", ok=proof.ok, actual=proof.proof, detail="; ".join(bad)
    )
    findings = (*report.findings, finding)
    return report.model_copy(
        update={"ok": report.ok and proof.ok, "findings": findings, "proof": proof.proof}
    )
