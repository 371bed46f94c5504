"""The page of a drill: was it a real restore, was it equal, how long, how old."""

from redis_dr.flows.orchestration.pages.markdown import age, findings, page, seconds, table
from redis_dr.tasks.model.drill.drill_report import DrillReport


def drill_line(report: DrillReport) -> str:
    """For the run list."""
    rpo = "unknown" if report.rpo_seconds is None else age(report.rpo_seconds)
    bad = next((one.check for one in report.findings if not one.ok), "")
    verdict = "proven" if report.proven else f"NOT PROVEN: {bad or 'no check ran'}"
    if report.proven and bad:  # a target of time says nothing against the backup
        verdict += f", {bad} missed"
    return f"{report.backup_id} {verdict}; back in {report.rto_seconds:.1f} s, data {rpo} old"


def drill_page(report: DrillReport) -> str:
    """Verdict, negative control, every database, the trend."""
    return page(
        f"Drill of {report.instance} with {report.backup_id}",
        f"{drill_line(report)}. Content equal: **{'yes' if report.content_equal else 'NO'}**. "
        f"Booted: `{report.image}` ({report.server_version or 'version unknown'}).",
        _control(report),
        table(
            ("DB", "in backup", "restored", "expired", "dropped", "missing", "differing"),
            [
                (
                    db,
                    *(
                        f"{n:,}"
                        for n in (
                            one.in_backup,
                            one.restored,
                            one.expired,
                            one.dropped,
                            one.missing,
                            one.differing,
                        )
                    ),
                )
                for db, one in sorted(report.databases.items())
            ],
        ),
        seconds(report.timings),
        _trend(report),
        findings(report.findings),
    )


def _control(report: DrillReport) -> str:
    control = report.negative_control
    if control is None:
        return "No negative control was made."
    made = (
        "was found, as it must be" if control.ok else "was **NOT** found: this drill proves nothing"
    )
    return f"Negative control: a copy damaged by *{control.kind}* {made} ({control.cause})."


def _trend(report: DrillReport) -> str:
    rows = [
        (
            f"{one.at:%Y-%m-%d %H:%M}",
            f"`{one.backup_id}`",
            "ok" if one.ok else "**BAD**",
            f"{one.rto_seconds:.1f} s",
            f"{one.keys:,}",
        )
        for one in report.trend
    ]
    made = table(("drilled (UTC)", "backup", "verdict", "back in", "keys"), rows)
    return f"## Earlier drills\n\n{made}" if made else ""
