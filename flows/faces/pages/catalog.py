"""The page of all backups of one instance, with their proofs."""

from typing import Any

from flows.faces.pages.markdown import page, size, table
from tasks.model.store_reports import ListReport


def catalog_page(report: ListReport) -> str:
    """Newest first, as `redis-dr list` shows them."""
    return page(
        f"Backups of {report.instance}",
        f"{len(report.backups)} backups in `{report.store}`. To bring one back, start the "
        "*restore* deployment with its ID.",
        table(
            ("backup", "taken (UTC)", "keys", "bytes", "stored", "proven", ""),
            [
                (
                    f"`{one.backup_id}`",
                    f"{one.created_at:%Y-%m-%d %H:%M}",
                    f"{one.keys:,}",
                    size(one.size),
                    size(one.stored_size),
                    f"{one.proven_at:%Y-%m-%d %H:%M}" if one.proven_at else "never",
                    "; ".join((*(("pinned",) if one.pinned else ()), *one.suspicious)),
                )
                for one in report.backups
            ],
        ),
        _odd("Damaged or unreadable", report.unreadable),
        _odd("Unfinished", report.unfinished),
        _odd("Strange objects", report.strange),
    )


def _odd(heading: str, oddities: tuple[Any, ...]) -> str:
    made = table(("what", "why"), [(f"`{one.name}`", one.reason) for one in oddities])
    return f"## {heading}\n\n{made}" if made else ""
