"""`redis-dr invalidate`: remove what a changed document or chunk made stale."""

import argparse
from typing import Any

from redis_dr.flows.cli.context import Context
from redis_dr.tasks.model.cache.invalidation import InvalidateReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "invalidate", help="remove cached keys of a document or of some of its chunks"
    )
    parser.add_argument("--doc", metavar="ID")
    parser.add_argument("--chunk", metavar="ID", action="append", default=[], nargs="+")
    parser.add_argument("--dry-run", action="store_true", help="count, and remove nothing")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> InvalidateReport:
    """Remove, or count."""
    from redis_dr.flows.runbook.cache.invalidate import invalidate  # noqa: PLC0415 only this verb needs redis

    chunks = [chunk for group in arguments.chunk for chunk in group]
    return invalidate(context.instance, arguments.doc, chunks, dry_run=arguments.dry_run)


def show(report: InvalidateReport, console: Any) -> None:
    """For people."""
    from rich.markup import escape  # noqa: PLC0415 --json does not need it
    from rich.table import Table  # noqa: PLC0415 same

    table = Table("pattern", "matched", "removed", "for example")
    for removal in report.patterns:
        example = escape(removal.sample[0]) if removal.sample else ""
        table.add_row(
            escape(removal.pattern), f"{removal.matched:,}", f"{removal.removed:,}", example
        )
    console.print(table)
    verb = "would be removed" if report.dry_run else "removed"
    count = report.matched if report.dry_run else report.removed
    console.print(f"{count:,} keys {verb} in {report.seconds:.2f} s")
    console.print("query and fusion caches go stale by `redis-dr epoch bump`")
