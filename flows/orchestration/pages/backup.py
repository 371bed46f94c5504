"""The page of a backup: its content, database by database and pattern by pattern."""

from redis_dr.flows.orchestration.pages.markdown import (
    code,
    findings_table,
    page,
    section,
    table,
    timings_table,
)
from redis_dr.tasks.model.backup.backup_report import BackupReport
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.units import size

_LARGEST_KEYS = 10  # rows


def backup_page(report: BackupReport, manifest: Manifest | None = None) -> str:
    """The report, and with the manifest the inventory."""
    return page(
        f"Backup {report.backup_id} of {report.instance}",
        f"{report.headline}. Store: `{report.store}`. "
        f"AOF {'included' if report.aof else 'not in use'}.",
        "\n".join(f"**Suspicious:** {reason}" for reason in report.suspicious),
        f"No inventory: {report.inventory_missing}" if report.inventory_missing else "",
        _databases(report),
        _patterns(manifest) if manifest else "",
        _largest(manifest) if manifest else "",
        timings_table(report.timings),
        findings_table(report.findings),
        f"Restore it: the *restore* deployment with backup `{report.backup_id}`, or "
        f"`redis-dr restore {report.backup_id} --confirm {report.instance}`.",
    )


def _databases(report: BackupReport) -> str:
    rows = [
        (number, f"{database['keys']:,}", f"{database['expires']:,}")
        for number, database in sorted(report.databases.items())
    ]
    return table(("DB", "keys", "with expiry"), rows)


def _patterns(manifest: Manifest) -> str:
    rows = [
        (
            pattern.db,
            code(pattern.pattern) if pattern.pattern else "(no pattern)",
            f"{pattern.keys:,}",
            size(pattern.bytes),
            _ttl(pattern.min_ttl),
            _ttl(pattern.max_ttl),
        )
        for pattern in manifest.patterns
        if pattern.keys
    ]
    head = ("DB", "pattern", "keys", "bytes", "shortest TTL", "longest TTL")
    return section("Patterns", table(head, rows))


def _largest(manifest: Manifest) -> str:
    largest = manifest.inventory.largest[:_LARGEST_KEYS] if manifest.inventory else ()
    rows = [(key.db, code(key.key), key.type, size(key.bytes)) for key in largest]
    return section("Largest keys", table(("DB", "key", "type", "bytes"), rows))


def _ttl(seconds: float | None) -> str:
    return "none" if seconds is None else f"{seconds:,.0f} s"
