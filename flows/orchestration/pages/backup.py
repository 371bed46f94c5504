"""The page of a backup: what is inside, database by database and pattern by pattern."""

from redis_dr.flows.orchestration.pages.markdown import findings, page, seconds, size, table
from redis_dr.tasks.model.backup.backup_report import BackupReport
from redis_dr.tasks.model.backup.manifest import Manifest


def backup_line(report: BackupReport) -> str:
    """For the run list: 12,004 keys, 1.2 MB stored as 0.3 MB."""
    keys = sum(one["keys"] for one in report.databases.values())
    doubts = f", SUSPICIOUS: {report.suspicious[0]}" if report.suspicious else ""
    sizes = f"{size(report.size)} stored as {size(report.stored_size)}"
    return f"{report.backup_id}: {keys:,} keys, {sizes}, read back{doubts}"


def backup_page(report: BackupReport, manifest: Manifest | None = None) -> str:
    """The report, and with the manifest the inventory."""
    return page(
        f"Backup {report.backup_id} of {report.instance}",
        f"{backup_line(report)}. Store: `{report.store}`. "
        f"AOF {'included' if report.aof else 'not in use'}.",
        "\n".join(f"**Suspicious:** {reason}" for reason in report.suspicious),
        f"No inventory: {report.inventory_missing}" if report.inventory_missing else "",
        _databases(report),
        _patterns(manifest) if manifest else "",
        _largest(manifest) if manifest else "",
        seconds(report.timings),
        findings(report.findings),
        f"Restore it: the *restore* deployment with backup `{report.backup_id}`, or "
        f"`redis-dr restore {report.backup_id} --confirm {report.instance}`.",
    )


def _databases(report: BackupReport) -> str:
    rows = [
        (number, f"{one['keys']:,}", f"{one['expires']:,}")
        for number, one in sorted(report.databases.items())
    ]
    return table(("DB", "keys", "with expiry"), rows)


def _patterns(manifest: Manifest) -> str:
    rows = [
        (
            one.db,
            f"`{one.pattern}`" if one.pattern else "(no pattern)",
            f"{one.keys:,}",
            size(one.bytes),
            _ttl(one.min_ttl),
            _ttl(one.max_ttl),
        )
        for one in manifest.patterns
        if one.keys
    ]
    made = table(("DB", "pattern", "keys", "bytes", "shortest TTL", "longest TTL"), rows)
    return f"## Patterns\n\n{made}" if made else ""


def _largest(manifest: Manifest) -> str:
    largest = manifest.inventory.largest[:10] if manifest.inventory else ()
    rows = [(one.db, f"`{one.key}`", one.type, size(one.bytes)) for one in largest]
    made = table(("DB", "key", "type", "bytes"), rows)
    return f"## Largest keys\n\n{made}" if made else ""


def _ttl(value: float | None) -> str:
    return "none" if value is None else f"{value:,.0f} s"
