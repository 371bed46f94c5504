"""`redis-dr backup`, of one instance or of all."""

from typing import TYPE_CHECKING, Annotated

from redis_dr import api
from redis_dr.flows.cli.app import command, flag
from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.output import Output, size
from redis_dr.tasks.model.errors import UsageError

if TYPE_CHECKING:
    from redis_dr.tasks.model.backup.backup_report import BackupReport
    from redis_dr.tasks.model.observe.check_report import FleetReport


def _show(report: "BackupReport | FleetReport", out: Output) -> None:
    if report.instance == "all":
        _show_all(report, out)  # type: ignore[arg-type] # only a FleetReport is about all
    else:
        _show_one(report, out)  # type: ignore[arg-type] # see above


@command(
    "redis-dr backup",
    "redis-dr backup --prove",
    "redis-dr backup --all --json",
    show=_show,
)
def backup(
    context: Context,
    *,
    prove: Annotated[bool, flag("--prove", "Drill the backup right afterwards.")] = False,
    every: Annotated[bool, flag("--all", "Back up every configured instance.")] = False,
) -> "BackupReport | FleetReport":
    """Save the instance, copy its RDB and AOF files to the store, and commit.

    The backup exists once its files are read back and its manifest is written.
    """
    if not every:
        return api.backup(context.instance, prove=prove, progress=context.progress)
    if context.options.instance:
        raise UsageError("--all and --instance exclude each other", "leave one of them out")
    return api.backup_all(context.settings, prove=prove, progress=context.progress)


def _show_one(report: "BackupReport", out: Output) -> None:
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


def _show_all(report: "FleetReport", out: Output) -> None:
    rows = [(line.instance, line.kind, line.line, f"{line.seconds:.1f}") for line in report.lines]
    title = f"{report.command} of all instances"
    out.table(("instance", "verdict", "what", "seconds"), rows, title)
    good = len(report.lines) - len(report.failed)
    out.line(f"{good} of {len(report.lines)} good, {report.seconds:.1f} s in all")
