"""The page of a recovery: what a dead operation had left, and what became of it."""

from redis_dr.flows.orchestration.pages.markdown import age, findings, page, size, table
from redis_dr.tasks.model.restore.journal import RecoverReport


def recover_line(report: RecoverReport) -> str:
    """For the run list."""
    about = f": a restore of {report.backup_id} died while {report.phase}" if report.phase else ""
    verdict = (
        ""
        if report.ok
        else ", NOT well: "
        + next((one.check for one in report.findings if not one.ok), "no check ran")
    )
    return f"{report.outcome}{about}{verdict}"


def recover_page(report: RecoverReport) -> str:
    """The outcome, every check, and the replaced data that still lies on the volume."""
    rows = [
        (f"`{one.operation_id}`", age(one.age_seconds), size(one.bytes)) for one in report.set_aside
    ]
    aside = table(("set aside by", "age", "bytes"), rows)
    return page(
        f"Recovery of {report.instance}",
        f"{recover_line(report)}.",
        f"## Replaced data on the volume\n\n{aside}" if aside else "",
        findings(report.findings),
    )
