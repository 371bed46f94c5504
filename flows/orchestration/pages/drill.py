"""The page of a drill: verdict, negative control, databases, and the trend of earlier drills."""

from redis_dr.flows.orchestration.pages.markdown import (
    code,
    findings_table,
    page,
    section,
    table,
    timings_table,
)
from redis_dr.tasks.model.drill.drill_report import DrillReport

_COUNTS = ("in_backup", "restored", "expired", "dropped", "missing", "differing")


def drill_page(report: DrillReport) -> str:
    """Verdict, negative control, every database, the trend."""
    return page(
        f"Drill of {report.instance} with {report.backup_id}",
        f"{report.headline}. Content equal: **{'yes' if report.content_equal else 'NO'}**. "
        f"Booted: `{report.image}` ({report.server_version or 'version unknown'}).",
        _control(report),
        _databases(report),
        timings_table(report.timings),
        _trend(report),
        findings_table(report.findings),
    )


def _databases(report: DrillReport) -> str:
    rows = [
        (number, *(f"{getattr(database, count):,}" for count in _COUNTS))
        for number, database in sorted(report.databases.items())
    ]
    return table(("DB", *(count.replace("_", " ") for count in _COUNTS)), rows)


def _control(report: DrillReport) -> str:
    control = report.negative_control
    if control is None:
        return "No negative control was run."
    verdict = "was detected" if control.ok else "was **NOT** detected: this drill proves nothing"
    return f"Negative control: a copy damaged by *{control.kind}* {verdict} ({control.cause})."


def _trend(report: DrillReport) -> str:
    rows = [
        (
            f"{drill.at:%Y-%m-%d %H:%M}",
            code(drill.backup_id),
            "ok" if drill.ok else "**BAD**",
            f"{drill.rto_seconds:.1f} s",
            f"{drill.keys:,}",
        )
        for drill in report.trend
    ]
    head = ("drilled (UTC)", "backup", "verdict", "back in", "keys")
    return section("Earlier drills", table(head, rows))
