"""`redis-dr monitor --seconds N`: a summary of what goes through, instead of a raw MONITOR."""

import argparse
from typing import Any

from redis_dr.flows.cli.context import Context
from redis_dr.tasks.model.observe.monitor import MonitorReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("monitor", help="what goes through the server, for some seconds")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--limit", type=int, default=100_000, help="commands, then it ends early")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> MonitorReport:
    """Listen."""
    from redis_dr.flows.runbook.observe.monitor import monitor  # noqa: PLC0415 only this verb needs redis

    return monitor(context.instance, arguments.seconds, max(1, arguments.limit))


def show(report: MonitorReport, console: Any) -> None:
    """For people."""
    from rich.markup import escape  # noqa: PLC0415 --json does not need it
    from rich.table import Table  # noqa: PLC0415 same

    end = ", then the limit was reached" if report.cut else ""
    console.print(
        f"{report.seen:,} commands in {report.watched_seconds:.1f} s "
        f"({report.per_second:,.0f} a second){end}"
    )
    for title, items in (
        ("command", report.commands),
        ("key pattern", report.patterns),
        ("client", report.hosts),
    ):
        table = Table(title, "count")
        for item in items:
            table.add_row(escape(item.name) or "(no pattern)", f"{item.count:,}")
        console.print(table)
