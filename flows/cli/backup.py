"""`redis-dr backup`."""

import argparse
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context

if TYPE_CHECKING:
    from redis_dr.tasks.model.backup.backup_report import BackupReport
    from redis_dr.tasks.model.observe.check_report import FleetReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("backup", help="save, copy RDB and AOF to the store, commit")
    parser.add_argument("--prove", action="store_true", help="drill it right afterwards")
    parser.add_argument("--all", action="store_true", help="every configured instance")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> "BackupReport | FleetReport":
    """Back up the instance, or all of them."""
    if arguments.all:
        from redis_dr.flows.cli.fleet import backup_all  # noqa: PLC0415 same

        return backup_all(arguments, context)
    from redis_dr.flows.runbook.backup import backup  # noqa: PLC0415 docker and redis load only when needed

    return backup(context.instance, context.progress, prove=arguments.prove)


def show(report: "BackupReport | FleetReport", console: Any) -> None:
    """For people."""
    if report.command == "backup" and report.instance == "all":
        from redis_dr.flows.cli.fleet import show_fleet  # noqa: PLC0415 same

        show_fleet(report, console)
    else:
        _show_one(report, console)


def _show_one(report: Any, console: Any) -> None:
    from rich.table import Table  # noqa: PLC0415 same

    table = Table("DB", "keys", "with expiry", title=f"Backup {report.backup_id}")
    for number, counts in sorted(report.databases.items()):
        table.add_row(str(number), f"{counts['keys']:,}", f"{counts['expires']:,}")
    console.print(table)
    share = report.stored_size / report.size if report.size else 1
    console.print(
        f"{report.size:,} bytes, stored as {report.stored_size:,} ({share:.0%}) in {report.store}; "
        f"AOF {'included' if report.aof else 'not in use'}"
    )
    console.print("  ".join(f"{name} {seconds:.2f} s" for name, seconds in report.timings.items()))
    for reason in report.suspicious:
        console.print(f"SUSPICIOUS: {reason}")
    for finding in report.findings:
        if not finding.ok:
            console.print(f"BAD {finding.check}: {finding.actual} {finding.detail}", markup=False)
    if report.proof:
        console.print(f"proof: {report.proof}", markup=False)
    if report.inventory_missing:
        console.print(f"no inventory: {report.inventory_missing}")
