"""Back up one instance: hold it, capture it, report."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from redis_dr.flows.runbook.catalog.copy import copy_everywhere
from redis_dr.flows.runbook.operation.capture import capture
from redis_dr.flows.runbook.operation.operation import begin_operation
from redis_dr.flows.runbook.restore.release import release_replaced
from redis_dr.tasks.model.backup.backup_report import BackupReport, report_of
from redis_dr.tasks.model.backup.store_layout import new_backup_id
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, bad_in_short
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
    backup_id = captured.manifest.backup_id
    copies = copy_everywhere(instance, backup_id, progress)
    proof = _prove(instance, backup_id, progress) if prove else Proof()
    findings = (*operation.recovery_findings, *captured.findings, *copies, *proof.findings)
    complete = replace(captured, findings=findings)
    return report_of(complete, operation.timings, instance.store.url, proof.name)


@dataclass(frozen=True, slots=True)
class Proof:
    """The drill that followed a backup."""

    name: str = ""  # of the proof in the store
    findings: tuple[Finding, ...] = ()


def _prove(instance: Instance, backup_id: str, progress: Progress) -> Proof:
    from redis_dr.flows.runbook.drill.drill import DrillOptions, drill  # noqa: PLC0415 costs what most backups need not pay

    check = "proven by a drill"
    try:
        report = drill(instance, DrillOptions(backup=backup_id), progress)
    except RedisDrError as error:  # the backup is stored all the same, and not proven
        finding = Finding(check=check, ok=False, actual=error.problem, detail=error.remedy)
        return Proof("", (finding,))
    bad = bad_in_short(report.findings)
    finding = Finding(check=check, ok=report.ok, actual=report.proof, detail=bad)
    return Proof(report.proof, (finding,))
