"""The page of all backups of one instance, with their proofs."""

from collections.abc import Mapping
from typing import Any

from flows.faces.pages.markdown import page, size, table
from tasks.model.store_reports import ListReport


def catalog_page(report: ListReport, told: Mapping[str, Mapping[str, str]]) -> str:
    """Newest first, as `redis-dr list` shows them. `told`: backup → verb → where its page is."""
    return page(
        f"Backups of {report.instance}",
        f"{len(report.backups)} backups in `{report.store}`. To bring one back, start the "
        "*restore* deployment with its ID.",
        table(
            ("backup", "taken (UTC)", "keys", "bytes", "stored", "proven", ""),
            [
                (
                    _to(f"`{one.backup_id}`", told.get(one.backup_id, {}), "backup"),
                    f"{one.created_at:%Y-%m-%d %H:%M}",
                    f"{one.keys:,}",
                    size(one.size),
                    size(one.stored_size),
                    _to(f"{one.proven_at:%Y-%m-%d %H:%M}", told.get(one.backup_id, {}), "drill")
                    if one.proven_at
                    else "never",
                    "; ".join((*(("pinned",) if one.pinned else ()), *one.suspicious)),
                )
                for one in report.backups
            ],
        ),
        _odd("Damaged or unreadable", report.unreadable),
        _odd("Unfinished", report.unfinished),
        _odd("Strange objects", report.strange),
    )


def _to(text: str, pages: Mapping[str, str], verb: str) -> str:
    """A link to the page of that verb; a night's page tells of both."""
    address = pages.get(verb) or pages.get("nightly")
    return f"[{text}]({address})" if address else text


def _odd(heading: str, oddities: tuple[Any, ...]) -> str:
    made = table(("what", "why"), [(f"`{one.name}`", one.reason) for one in oddities])
    return f"## {heading}\n\n{made}" if made else ""
