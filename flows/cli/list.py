"""`redis-dr list`."""

import argparse
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.ages import age_of
from redis_dr.flows.cli.context import Context

if TYPE_CHECKING:
    from redis_dr.tasks.model.catalog.store_reports import ListReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("list", help="the catalog, newest first")
    parser.set_defaults(run=run, show=show)


def run(_arguments: argparse.Namespace, context: Context) -> "ListReport":
    """Read the catalog."""
    from redis_dr.flows.runbook.catalog.list import list_backups  # noqa: PLC0415 boto3 loads only when needed

    return list_backups(context.instance)


def show(report: "ListReport", console: Any) -> None:
    """For people."""
    from rich.table import Table  # noqa: PLC0415 same

    table = Table(title=report.instance)
    table.add_column("backup", no_wrap=True)  # half an ID is of no use to anybody
    for heading in ("keys", "size", "stored", "proven", ""):
        table.add_column(heading)
    for one in report.backups:
        marks = [
            "pinned" if one.pinned else "",
            "in use" if one.in_use_until else "",
            "SUSPICIOUS" if one.suspicious else "",
            "safety" if one.safety else "",
        ]
        proven = age_of(one.proven_at, report.started_at) if one.proven_at else "never"
        figures = (f"{one.keys:,}", f"{one.size:,}", f"{one.stored_size:,}")
        table.add_row(one.backup_id, *figures, proven, " ".join(filter(None, marks)))
    if report.backups:
        console.print(table)
    else:
        console.print(f"{report.instance} has no backups in {report.store}")
    for label, oddities in (
        ("cannot be used", report.unreadable),
        ("unfinished", report.unfinished),
        ("strange", report.strange),
    ):
        for odd in oddities:
            console.print(f"{label}: {odd.name}: {odd.reason}", markup=False)
