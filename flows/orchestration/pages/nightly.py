"""The page of a nightly run: backup, proof and retention."""

from redis_dr.flows.orchestration.pages.markdown import findings_table, page
from redis_dr.tasks.model.drill.drill_report import NightlyReport


def nightly_page(report: NightlyReport) -> str:
    """One line and all checks for each of the three parts."""
    return page(
        f"Night of {report.instance}: {report.backup.backup_id}",
        f"* backup: {report.backup.headline}\n"
        f"* proof: {report.proof.headline}\n"
        f"* retention: {report.retention}",
        findings_table(report.findings, "Verdict"),
        findings_table(report.backup.findings, "Backup"),
        findings_table(report.proof.findings, "Proof"),
        findings_table(report.prune.findings, "Retention") if report.prune else "",
    )
