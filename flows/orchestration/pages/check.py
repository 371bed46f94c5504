"""The page of the check: is the newest proven backup good enough, and would it come back."""

from datetime import UTC, datetime

from redis_dr.flows.orchestration.pages.markdown import age, findings, page, size, table
from redis_dr.tasks.model.observe.check_report import CheckReport


def check_line(report: CheckReport) -> str:
    """For the run list: the verdict, and the first thing that is wrong."""
    bad = [one for one in report.findings if not one.ok]
    if bad:
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        return f"NOT WELL: {bad[0].check}: {bad[0].detail or bad[0].actual}{more}"
    return f"well; newest proven backup {report.newest_proven_id or 'none'}"


def check_page(report: CheckReport) -> str:
    """Every check with its reason, and the figures behind the verdict."""
    return page(
        f"Check of {report.instance}",
        f"{check_line(report)}. Store: `{report.store}`.",
        table(("what", "figure"), _figures(report)),
        findings(report.findings),
    )


def _figures(report: CheckReport) -> list[tuple[str, str]]:
    figures = [
        ("backups", f"{report.backups:,}"),
        ("newest backup", _which(report.newest_backup_id, report.newest_backup_at)),
        ("newest proven backup", _which(report.newest_proven_id, report.newest_proven_at)),
        ("dump", "" if report.size is None else size(report.size)),
        ("time to recover", _seconds(report.rto_seconds)),
        ("data lost at most", _seconds(report.rpo_seconds)),
        ("replaced data on the volume", size(report.set_aside_bytes)),
    ]
    return [one for one in figures if one[1]]


def _which(backup_id: str | None, at: datetime | None) -> str:
    if backup_id is None or at is None:
        return "none"
    return f"`{backup_id}`, {age((datetime.now(UTC) - at).total_seconds())} old"


def _seconds(value: float | None) -> str:
    return "" if value is None else age(value) if value >= 3600 else f"{value:.1f} s"
