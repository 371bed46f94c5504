"""The page of all backups of one instance, with their proofs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from redis_dr.flows.orchestration.pages.markdown import link, page, size, table
from redis_dr.tasks.model.catalog.store_reports import ListReport


def catalog_page(report: ListReport, told: Mapping[str, Mapping[str, str]]) -> str:
    """Newest first, as `redis-dr list` shows them. `told`: backup → backup | drill → where
    the page is that tells of its making, of its proof."""
    return page(
        f"Backups of {report.instance}",
        f"{len(report.backups)} backups in `{report.store}`. To bring one back, start the "
        "*restore* deployment with its ID.",
        table(
            ("backup", "taken (UTC)", "keys", "bytes", "stored", "proven", ""),
            [
                (
                    link(f"`{one.backup_id}`", told.get(one.backup_id, {}).get("backup")),
                    f"{one.created_at:%Y-%m-%d %H:%M}",
                    f"{one.keys:,}",
                    size(one.size),
                    size(one.stored_size),
                    _proof(one.proven_at, told.get(one.backup_id, {}).get("drill")),
                    "; ".join((*(("pinned",) if one.pinned else ()), *one.suspicious)),
                )
                for one in report.backups
            ],
        ),
        _odd("Damaged or unreadable", report.unreadable),
        _odd("Unfinished", report.unfinished),
        _odd("Strange objects", report.strange),
    )


def _proof(at: datetime | None, address: str | None) -> str:
    return link(f"{at:%Y-%m-%d %H:%M}", address) if at else "never"


def _odd(heading: str, oddities: tuple[Any, ...]) -> str:
    made = table(("what", "why"), [(f"`{one.name}`", one.reason) for one in oddities])
    return f"## {heading}\n\n{made}" if made else ""
