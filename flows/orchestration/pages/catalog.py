"""The pages of the catalog: all backups with their proofs, verification, retention."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from redis_dr.flows.orchestration.pages.markdown import (
    code,
    findings_table,
    link,
    page,
    section,
    table,
)
from redis_dr.tasks.model.catalog.store_reports import (
    ListedBackup,
    ListReport,
    Oddity,
    PlannedBackup,
    PruneReport,
    VerifyReport,
)
from redis_dr.tasks.model.units import size

# backup id → backup | drill → address of the newest page about it
PageLinks = Mapping[str, Mapping[str, str]]


def catalog_page(report: ListReport, links: PageLinks) -> str:
    """Newest first, as `redis-dr list` shows them."""
    head = ("backup", "taken (UTC)", "keys", "bytes", "stored", "proven", "read back", "")
    return page(
        f"Backups of {report.instance}",
        f"{len(report.backups)} backups in `{report.store}`. To restore one, start the "
        "*restore* deployment with its ID.",
        table(
            head,
            [_catalog_row(backup, links.get(backup.backup_id, {})) for backup in report.backups],
        ),
        _oddities("Damaged or unreadable", report.unreadable),
        _oddities("Unfinished", report.unfinished),
        _oddities("Unknown objects", report.strange),
    )


def _catalog_row(backup: ListedBackup, links: Mapping[str, str]) -> tuple[str, ...]:
    return (
        link(code(backup.backup_id), links.get("backup")),
        _minute(backup.created_at),
        f"{backup.keys:,}",
        size(backup.size),
        size(backup.stored_size),
        link(_proof(backup), links.get("drill")),
        _minute(backup.verified_at) if backup.verified_at else "never",
        "; ".join(_marks(backup)),
    )


def _proof(backup: ListedBackup) -> str:
    if backup.proven_at:
        return _minute(backup.proven_at)
    return f"FAILED {_minute(backup.failed_at)}" if backup.failed_at else "never"


def _marks(backup: ListedBackup) -> Iterator[str]:
    if backup.pinned:
        yield "pinned"
    if backup.safety:
        yield "safety backup"
    if backup.failed_at:
        yield backup.proof_reason
    yield from (f"SUSPICIOUS: {reason}" for reason in backup.suspicious)
    if backup.accepted:
        yield f"accepted: {backup.accepted}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _oddities(heading: str, oddities: Sequence[Oddity]) -> str:
    rows = [(code(oddity.name), oddity.reason) for oddity in oddities]
    return section(heading, table(("object", "reason"), rows))


def verify_page(report: VerifyReport) -> str:
    """Every backup that was read."""
    rows = [
        (
            code(backup.backup_id),
            "whole" if backup.ok else "**DAMAGED**",
            backup.files,
            size(backup.stored_bytes),
            f"{backup.seconds:.1f} s",
        )
        for backup in report.backups
    ]
    return page(
        f"Verification of {report.instance}",
        f"{report.headline}. Store: `{report.store}`.",
        table(("backup", "verdict", "files", "bytes stored", "time"), rows),
        findings_table(report.findings),
    )


def prune_page(report: PruneReport) -> str:
    """The plan with every reason; whether it was carried out."""
    return page(
        f"Retention of {report.instance}",
        f"{report.headline}. Store: `{report.store}`.",
        "" if report.applied else "This is the plan; nothing was removed.",
        _planned("Kept", report.kept),
        _planned("Removed" if report.applied else "To remove", report.removed),
        _planned("Unfinished", report.orphans),
        findings_table(report.findings),
    )


def _planned(heading: str, backups: Sequence[PlannedBackup]) -> str:
    rows = [(code(backup.backup_id), "; ".join(backup.reasons)) for backup in backups]
    return section(heading, table(("backup", "reason"), rows))
