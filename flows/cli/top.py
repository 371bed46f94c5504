"""`redis-dr top`: biggest keys, slow log, clients."""

import argparse
from datetime import UTC, datetime
from typing import Any

from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.watch import add_watch, watched
from redis_dr.tasks.model.observe.top import TopReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("top", help="biggest keys, slow log and clients")
    parser.add_argument("--db", type=int, default=0, metavar="N")
    parser.add_argument("--sample", type=int, default=20_000, metavar="KEYS", help="0: all keys")
    parser.add_argument("--count", type=int, default=10, metavar="N", help="of each table")
    add_watch(parser)
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> TopReport:
    """One look, or one every few seconds until interrupted."""
    from redis_dr.flows.runbook.observe.top import top  # noqa: PLC0415 only this verb needs redis

    sample = arguments.sample if arguments.sample > 0 else 2**62

    def look() -> TopReport:
        return top(context.instance, arguments.db, sample, max(1, arguments.count))

    return watched(look, show, arguments, context)


def show(report: TopReport, console: Any) -> None:
    """For people."""
    from rich.markup import escape  # noqa: PLC0415 --json does not need it
    from rich.table import Table  # noqa: PLC0415 same

    title = f"biggest of {report.sampled:,} sampled keys ({report.keys:,} in DB {report.db})"
    table = Table("bytes", "type", "key", title=title)
    for key in report.biggest:
        table.add_row(f"{key.bytes:,}", key.type, escape(key.key))
    console.print(table)
    table = Table("pattern", "keys", "bytes", "share", title="by pattern")
    for item in report.patterns:
        pattern = escape(item.pattern) or "(no pattern)"
        table.add_row(pattern, f"{item.keys:,}", f"{item.bytes:,}", f"{item.share:.1%}")
    console.print(table)
    table = Table("when", "ms", "client", "command", title="slow log")
    for slow in report.slow:
        when = f"{datetime.fromtimestamp(slow.at, UTC):%Y-%m-%d %H:%M:%S}"
        table.add_row(when, f"{slow.milliseconds:.1f}", slow.client, escape(slow.command))
    console.print(table)
    table = Table("host", "name", "connections", "idle s", "bytes", "last commands")
    table.title = f"{report.connections} connections"
    for line in report.clients:
        figures = (str(line.connections), str(line.longest_idle_seconds), f"{line.memory:,}")
        table.add_row(escape(line.host), escape(line.name), *figures, ", ".join(line.commands))
    console.print(table)
