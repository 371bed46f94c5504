"""`redis-dr export ID --db N --output FILE`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context

if TYPE_CHECKING:
    from redis_dr.tasks.model.catalog.store_reports import ExportReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("export", help="one database as an RDB that any Redis loads")
    parser.add_argument("backup", metavar="ID|latest")
    parser.add_argument("--db", type=int, required=True, metavar="N")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> "ExportReport":
    """Write the file."""
    from redis_dr.flows.runbook.catalog.export import export  # noqa: PLC0415 the RDB room loads only when needed

    return export(
        context.instance, arguments.backup, arguments.db, arguments.output, context.progress
    )


def show(report: "ExportReport", console: Any) -> None:
    """For people."""
    console.print(
        f"DB {report.db} of {report.backup_id}: {report.keys:,} keys, {report.size:,} bytes "
        f"in {report.output}"
    )
