"""The pages of the check of one instance, and of one operation on all instances."""

from collections.abc import Callable
from datetime import UTC, datetime

from redis_dr.flows.orchestration.pages.markdown import (
    age,
    code,
    findings_table,
    link,
    page,
    table,
)
from redis_dr.tasks.model.observe.check_report import CheckReport, FleetReport
from redis_dr.tasks.model.units import size


def check_page(report: CheckReport) -> str:
    """Every check with its reason, and the figures behind the verdict."""
    return page(
        f"Check of {report.instance}",
        f"{report.headline}. Store: `{report.store}`.",
        table(("what", "figure"), _figures(report)),
        findings_table(report.findings),
    )


def _figures(report: CheckReport) -> list[tuple[str, str]]:
    figures = [
        ("backups", f"{report.backups:,}"),
        ("newest backup", _backup(report.newest_backup_id, report.newest_backup_at)),
        ("newest proven backup", _backup(report.newest_proven_id, report.newest_proven_at)),
        ("dump", "" if report.size is None else size(report.size)),
        ("time to recover", _duration(report.rto_seconds)),
        ("data lost if it broke now", _lost_now(report)),
        ("replaced data on the volume", size(report.set_aside_bytes)),
    ]
    return [figure for figure in figures if figure[1]]


def _backup(backup_id: str | None, at: datetime | None) -> str:
    if backup_id is None or at is None:
        return "none"
    return f"{code(backup_id)}, {age((datetime.now(UTC) - at).total_seconds())} old"


def _lost_now(report: CheckReport) -> str:
    """Since the newest proven backup; what the last drill found says nothing about now."""
    if report.newest_proven_at is None:
        return "all: no backup is proven"
    return _duration((report.started_at - report.newest_proven_at).total_seconds())


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return age(seconds) if seconds >= 3600 else f"{seconds:.1f} s"


def fleet_page(report: FleetReport, address: Callable[[str], str] | None = None) -> str:
    """Every instance, the failed ones first; `address` gives the page of an instance."""
    rows = [
        (
            link(line.instance, address(line.instance) if address else None),
            "ok" if line.ok else f"**{line.kind}**",
            line.line,
            f"{line.seconds:.1f} s",
        )
        for line in report.lines
    ]
    return page(
        f"{report.command.capitalize()} of {len(report.lines)} instances",
        f"{report.headline}. {report.at_once} at once.",
        table(("instance", "verdict", "outcome", "time"), rows),
    )
