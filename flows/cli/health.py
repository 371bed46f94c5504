"""`redis-dr health`: how the instance is, with a verdict."""

import argparse
from typing import Any

from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.watch import add_watch, watched
from redis_dr.tasks.model.observe.health import HealthReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "health", help="ping, memory, keyspace, replication, persistence, drift: one verdict"
    )
    add_watch(parser)
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> HealthReport:
    """One look, or one every few seconds until interrupted."""
    from redis_dr.flows.runbook.observe.health import health  # noqa: PLC0415 only this verb needs redis

    return watched(lambda: health(context.instance), show, arguments, context)


def show(report: HealthReport, console: Any) -> None:
    """For people."""
    console.print(_verdict(report))
    console.print(_keyspace(report))


def _verdict(report: HealthReport) -> Any:
    from rich.markup import escape  # noqa: PLC0415 --json does not need it
    from rich.table import Table  # noqa: PLC0415 same

    info = report.info
    title = f"{report.instance}: {info.server_name} {info.version}, {info.role}, up "
    table = Table("", "check", "seen", "expected", title=title + _span(info.uptime_in_seconds))
    for finding in report.findings:
        mark = "[green]ok[/]" if finding.ok else "[red]BAD[/]"
        seen = "" if finding.actual is None else str(finding.actual)
        seen += f" ({finding.detail})" if finding.detail else ""
        expected = "" if finding.expected is None else str(finding.expected)
        table.add_row(mark, escape(finding.check), escape(seen), escape(expected))
    return table


def _keyspace(report: HealthReport) -> Any:
    from rich.table import Table  # noqa: PLC0415 --json does not need it

    table = Table("DB", "keys", "with expiry")
    for number, keyspace in sorted(report.info.keyspace.items()):
        table.add_row(str(number), f"{keyspace.keys:,}", f"{keyspace.expires:,}")
    return table


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    return f"{days} d {rest // 3600} h" if days else f"{rest // 3600} h {rest % 3600 // 60} min"
