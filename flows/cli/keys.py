"""`redis-dr keys audit`: the configured patterns against the keys that are there."""

import argparse
from typing import Any

from redis_dr.flows.cli.context import Context
from redis_dr.tasks.model.cache.key_audit import KeyAuditReport


def register(commands: Any) -> None:
    """Add the command with its one action."""
    parser = commands.add_parser("keys", help="do the keys keep what the patterns promise?")
    parser.add_argument("action", choices=("audit",))
    parser.add_argument("--sample", type=int, default=20_000, metavar="KEYS", help="0: all keys")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> KeyAuditReport:
    """Sample and judge."""
    from redis_dr.flows.runbook.cache.audit import audit_keys  # noqa: PLC0415 only this verb needs redis

    sample = arguments.sample if arguments.sample > 0 else 2**62
    return audit_keys(context.instance, sample)


def show(report: KeyAuditReport, console: Any) -> None:
    """For people."""
    from rich.markup import escape  # noqa: PLC0415 --json does not need it
    from rich.table import Table  # noqa: PLC0415 same

    title = f"{report.sampled:,} keys sampled of {sum(report.keys.values()):,}"
    table = Table("", "what", "promised", "seen", "for example", title=title)
    for finding in report.findings:
        mark = "[green]ok[/]" if finding.ok else "[red]BAD[/]"
        cells = (finding.check, finding.expected, finding.actual, finding.detail)
        table.add_row(mark, *(escape("" if cell is None else str(cell)) for cell in cells))
    console.print(table)
