"""The page of a night: backup, proof and retention on one sheet."""

from redis_dr.flows.orchestration.pages.backup import backup_line
from redis_dr.flows.orchestration.pages.drill import drill_line
from redis_dr.flows.orchestration.pages.markdown import findings, page
from redis_dr.flows.orchestration.pages.store import prune_line, verify_line
from redis_dr.tasks.model.drill.drill_report import DrillReport, NightlyReport


def nightly_line(report: NightlyReport) -> str:
    """For the run list: the proof says most."""
    return f"{backup_line(report.backup)}; {_proof(report)}; {_retention(report)}"


def nightly_page(report: NightlyReport) -> str:
    """Three lines, and every check of each part."""
    return page(
        f"Night of {report.instance}: {report.backup.backup_id}",
        f"* backup: {backup_line(report.backup)}\n"
        f"* proof: {_proof(report)}\n"
        f"* retention: {_retention(report)}",
        findings(report.findings, "Verdict"),
        findings(report.backup.findings, "Backup"),
        findings(report.proof.findings, "Proof"),
        findings(report.prune.findings, "Retention") if report.prune else "",
    )


def _proof(report: NightlyReport) -> str:
    proof = report.proof
    return drill_line(proof) if isinstance(proof, DrillReport) else verify_line(proof)


def _retention(report: NightlyReport) -> str:
    return prune_line(report.prune) if report.prune else "nothing removed: nothing was proven"
