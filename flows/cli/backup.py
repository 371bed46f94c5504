"""`redis-dr backup`, of one instance or of all."""

from typing import TYPE_CHECKING, Annotated

from redis_dr import api
from redis_dr.flows.cli.app import command, flag
from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.fleet import AllInstances, one_or_all, with_scorecard
from redis_dr.flows.cli.notify import Notify
from redis_dr.flows.cli.output import Output, size

if TYPE_CHECKING:
    from redis_dr.tasks.model.backup.backup_report import BackupReport
    from redis_dr.tasks.model.observe.check_report import FleetReport


def _show(report: "BackupReport", out: Output) -> None:
    out.findings(report.findings, only_bad=True)
    rows = [
        (str(db), counts["keys"], counts["expires"])
        for db, counts in sorted(report.databases.items())
    ]
    out.table(("DB", "keys", "with expiry"), rows, f"Backup {report.backup_id}")
    share = report.stored_size / report.size if report.size else 1
    out.line(
        f"{size(report.size)}, stored as {size(report.stored_size)} ({share:.0%}) in "
        f"{report.store}; AOF {'included' if report.aof else 'not in use'}"
    )
    out.timings(report.timings)
    for reason in report.suspicious:
        out.line(f"SUSPICIOUS: {reason}")
    if report.proof:
        out.line(f"proof: {report.proof}")
    if report.inventory_missing:
        out.line(f"no inventory: {report.inventory_missing}")


@command(
    "redis-dr backup",
    "redis-dr backup --prove",
    "redis-dr backup --all --json",
    show=with_scorecard(_show),
    recovers=True,
    notify=Notify(),
)
def backup(
    context: Context,
    *,
    prove: Annotated[bool, flag("--prove", "Drill the backup right afterwards.")] = False,
    all_instances: AllInstances = False,
) -> "BackupReport | FleetReport":
    """Save the instance, copy its RDB and AOF files to the store, and commit.

    The backup exists once its files are read back and its manifest is written.
    """
    return one_or_all(
        context,
        all_instances,
        lambda: api.backup(context.instance, prove=prove, progress=context.progress),
        lambda: api.backup_all(context.settings, prove=prove, progress=context.progress),
    )
