"""`redis-dr recover`."""

import argparse
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context

if TYPE_CHECKING:
    from redis_dr.tasks.model.restore.journal import RecoverReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "recover", help="finish or undo what a dead operation left; harmless when there is nothing"
    )
    parser.add_argument("--list", action="store_true", help="show the set-aside data, too")
    parser.set_defaults(run=run, show=show)


def run(_arguments: argparse.Namespace, context: Context) -> "RecoverReport":
    """Settle the instance."""
    from redis_dr.flows.runbook.recover.recover import recover  # noqa: PLC0415 docker and redis load when needed

    return recover(context.instance, context.progress)


def show(report: "RecoverReport", console: Any) -> None:
    """For people."""
    about = f" (restore of {report.backup_id}, died while {report.phase})" if report.phase else ""
    console.print(f"{report.instance}: {report.outcome}{about}")
    for finding in report.findings:
        console.print(f"  {'ok ' if finding.ok else 'BAD'} {finding.check}: {finding.actual}")
    for one in report.set_aside:
        hours = one.age_seconds / 3600
        console.print(f"  set aside by {one.operation_id}: {one.bytes:,} bytes, {hours:.1f} h old")
