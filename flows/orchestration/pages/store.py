"""The pages of verify and prune: what was read back, what goes and why."""

from collections.abc import Sequence

from redis_dr.flows.orchestration.pages.markdown import findings, page, size, table
from redis_dr.tasks.model.catalog.store_reports import PlannedBackup, PruneReport, VerifyReport


def verify_line(report: VerifyReport) -> str:
    """For the run list."""
    bad = [one.backup_id for one in report.backups if not one.ok]
    share = f" (share {report.share})" if report.share else ""
    if not report.ok:
        damaged = ", ".join(bad) or next(
            (f.check for f in report.findings if not f.ok), "nothing read"
        )
        return f"DAMAGED{share}: {damaged}"
    stored = sum(one.stored_bytes for one in report.backups)
    return f"{len(report.backups)} backups read back and whole{share}, {size(stored)}"


def verify_page(report: VerifyReport) -> str:
    """Every backup that was read."""
    return page(
        f"Verification of {report.instance}",
        f"{verify_line(report)}. Store: `{report.store}`.",
        table(
            ("backup", "verdict", "files", "bytes stored", "time"),
            [
                (
                    f"`{one.backup_id}`",
                    "whole" if one.ok else "**DAMAGED**",
                    one.files,
                    size(one.stored_bytes),
                    f"{one.seconds:.1f} s",
                )
                for one in report.backups
            ],
        ),
        findings(report.findings),
    )


def prune_line(report: PruneReport) -> str:
    """For the run list."""
    if report.frozen:
        return f"nothing was removed: {report.frozen[0]}"
    does = "removed" if report.applied else "would go"
    return f"{len(report.kept)} stay, {len(report.removed)} {does}, {size(report.freed_bytes)} free"


def prune_page(report: PruneReport) -> str:
    """The plan, with every reason; with `applied` it was carried out."""
    return page(
        f"Retention of {report.instance}",
        f"{prune_line(report)}. Store: `{report.store}`.",
        "" if report.applied else "This is the plan; nothing was removed.",
        _backups("Stay", report.kept),
        _backups("Go", report.removed),
        _backups("Unfinished, go", report.orphans),
        findings(report.findings),
    )


def _backups(heading: str, backups: Sequence[PlannedBackup]) -> str:
    made = table(
        ("backup", "why"), [(f"`{one.backup_id}`", "; ".join(one.reasons)) for one in backups]
    )
    return f"## {heading}\n\n{made}" if made else ""
