"""The proof of a restore goes into its report."""

from redis_dr.flows.runbook.operation.keep_proof import keep_proof
from redis_dr.flows.runbook.restore.result import RestoreResult
from redis_dr.tasks.model.restore.restore_report import RestoreReport


def record(result: RestoreResult, report: RestoreReport) -> RestoreReport:
    """The report with the name of its proof. A proof that cannot be kept is a finding.

    The data is back either way, so the restore stays what it is.
    """
    if not report.ok or report.rolled_back:
        return report
    run = result.run
    kept = keep_proof(run.operation.instance, run.backup.manifest, report)
    findings = (*report.findings, *kept.findings)
    return report.model_copy(update={"findings": findings, "proof": kept.name})
