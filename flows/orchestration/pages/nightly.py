"""The page of a nightly run: backup, proof and retention."""

from redis_dr.flows.orchestration.pages.backup import backup_line
from redis_dr.flows.orchestration.pages.catalog import prune_line, verify_line
from redis_dr.flows.orchestration.pages.drill import drill_line
from redis_dr.flows.orchestration.pages.markdown import findings_table, page
from redis_dr.tasks.model.drill.drill_report import DrillReport, NightlyReport


def nightly_line(report: NightlyReport) -> str:
    """For the run list."""
    return f"{backup_line(report.backup)}; {_proof(report)}; {_retention(report)}"


def nightly_page(report: NightlyReport) -> str:
    """One line and all checks for each of the three parts."""
    return page(
        f"Night of {report.instance}: {report.backup.backup_id}",
        f"* backup: {backup_line(report.backup)}\n"
        f"* proof: {_proof(report)}\n"
        f"* retention: {_retention(report)}",
        findings_table(report.findings, "Verdict"),
        findings_table(report.backup.findings, "Backup"),
        findings_table(report.proof.findings, "Proof"),
        findings_table(report.prune.findings, "Retention") if report.prune else "",
    )


def _proof(report: NightlyReport) -> str:
    proof = report.proof
    return drill_line(proof) if isinstance(proof, DrillReport) else verify_line(proof)


def _retention(report: NightlyReport) -> str:
    return prune_line(report.prune) if report.prune else "nothing removed: the new backup failed"
