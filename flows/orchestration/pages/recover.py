"""The page of a recovery: what a dead operation left, and what was done about it."""

from redis_dr.flows.orchestration.pages.markdown import (
    age,
    code,
    findings_table,
    page,
    section,
    table,
)
from redis_dr.tasks.model.restore.journal import RecoverReport
from redis_dr.tasks.model.units import size


def recover_page(report: RecoverReport) -> str:
    """The outcome, every check, and the replaced data that is still on the volume."""
    rows = [
        (code(replaced.operation_id), age(replaced.age_seconds), size(replaced.bytes))
        for replaced in report.set_aside
    ]
    return page(
        f"Recovery of {report.instance}",
        f"{report.headline}.",
        section("Replaced data on the volume", table(("operation", "age", "bytes"), rows)),
        findings_table(report.findings),
    )
