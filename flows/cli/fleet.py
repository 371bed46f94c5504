"""`redis-dr backup --all`: every configured instance, one scorecard."""

import argparse
from typing import Any

from redis_dr.flows.cli.context import Context
from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.fleet import attempt, fleet
from redis_dr.tasks.model.backup.backup_report import BackupReport
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.observe.check_report import FleetLine, FleetReport
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.settings.instance import Instance


def backup_all(arguments: argparse.Namespace, context: Context) -> FleetReport:
    """Back up all of them, a bounded number at once. Raises UsageError when none is configured."""
    settings = context.settings
    if arguments.instance:
        raise UsageError("--all and --instance exclude each other", "leave one of them out")
    if not settings.instances:
        raise UsageError("no instance is configured", "add one under [instances.NAME]")
    instances = [settings.instance(name) for name in sorted(settings.instances)]

    def work(instance: Instance, progress: Progress) -> BackupReport:
        return backup(instance, progress, prove=arguments.prove)

    def one(instance: Instance, progress: Progress) -> FleetLine:
        return attempt(instance, work, _line, progress)[0]

    return fleet("backup", instances, one, settings.fleet.at_once, context.progress)


def show_fleet(report: Any, console: Any) -> None:
    """The scorecard, the failed ones first."""
    from rich.table import Table  # noqa: PLC0415 only for people

    table = Table("instance", "verdict", "what", "s", title=f"{report.command} of all instances")
    for line in report.lines:
        table.add_row(line.instance, line.kind, line.line, f"{line.seconds:.1f}")
    console.print(table)
    good = len(report.lines) - len(report.failed)
    console.print(f"{good} of {len(report.lines)} well, {report.seconds:.1f} s in all")


def _line(report: BackupReport) -> str:
    keys = sum(one["keys"] for one in report.databases.values())
    return f"{report.backup_id}: {keys:,} keys, {report.stored_size:,} bytes stored"
