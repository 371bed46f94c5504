"""The order of a night: back up, prove what was made, and only then let old backups go."""

from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.catalog.prune import prune
from redis_dr.flows.runbook.catalog.verify import verify
from redis_dr.flows.runbook.drill.drill import DrillOptions, drill
from redis_dr.tasks.model.backup.backup_report import BackupReport
from redis_dr.tasks.model.catalog.store_reports import PruneReport, VerifyReport
from redis_dr.tasks.model.drill.drill_report import DrillReport, NightlyReport
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings


def nightly(instance: Instance, progress: Progress = quiet) -> NightlyReport:
    """Backup, proof, retention; the proof is a drill, or a verification where [drill] says so.

    Raises what backup, drill and prune raise. When the drill or the verification fails, every
    older backup stays; a missed target of time is a bad night, and no reason to keep what a proven
    backup replaces. A verification proves nothing: retention then keeps the newest proven backup.
    """
    timings = Timings()
    made = backup(instance, progress)
    proof = _prove(instance, made, progress)
    pruned = prune(instance, apply=True, progress=progress) if _may_prune(proof) else None
    findings = tuple(_findings(made, proof, pruned))
    return NightlyReport(
        **heading("nightly", instance.name, timings, findings),
        backup=made,
        proof=proof,
        prune=pruned,
    )


def _prove(
    instance: Instance, made: BackupReport, progress: Progress
) -> DrillReport | VerifyReport:
    if instance.drill.after_backup:
        return drill(instance, DrillOptions(backup=made.backup_id), progress)
    return verify(instance, made.backup_id, progress=progress)


def _may_prune(proof: DrillReport | VerifyReport) -> bool:
    return proof.proven if isinstance(proof, DrillReport) else proof.ok


def _findings(
    made: BackupReport, proof: DrillReport | VerifyReport, pruned: PruneReport | None
) -> list[Finding]:
    return [
        Finding(check="backup", ok=made.ok, actual=made.backup_id),
        Finding(
            check=proof.command,
            ok=proof.ok,
            actual="; ".join(finding.check for finding in proof.findings if not finding.ok)
            or ("proven" if isinstance(proof, DrillReport) else "read back, not proven"),
        ),
        Finding(
            check="retention",
            ok=pruned is not None and pruned.ok,
            actual=_retained(pruned),
            detail="; ".join((*pruned.frozen, pruned.forbidden)).strip("; ") if pruned else "",
        ),
    ]


def _retained(pruned: PruneReport | None) -> str:
    if pruned is None:
        return "not done: the backup failed"
    if pruned.forbidden and not pruned.applied:
        return f"only planned, {len(pruned.removed)} would go: this store forbids deletion"
    return f"{len(pruned.removed)} removed"
