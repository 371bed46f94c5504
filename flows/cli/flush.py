"""`redis-dr flush`: a database, the keys of a pattern, or everything; guarded by policy."""

import argparse
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context
from redis_dr.tasks.model.cache.flush import FlushReport, FlushRequest
from redis_dr.tasks.model.errors import UsageError

if TYPE_CHECKING:
    from redis_dr.tasks.model.progress import Progress
    from redis_dr.tasks.model.report import Report
    from redis_dr.tasks.model.settings.instance import Instance


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "flush", help="empty a database, a key pattern or everything, as the policy allows"
    )
    parser.add_argument("--db", type=int, metavar="N", help="this database; with --pattern: in it")
    parser.add_argument("--pattern", metavar="GLOB", help="only keys that match")
    parser.add_argument("--all", action="store_true", help="every database")
    parser.add_argument("--confirm", metavar="INSTANCE", help="the instance's name")
    parser.add_argument("--yes-all-databases", action="store_true", help="with --all")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> FlushReport:
    """Flush, once the policy is content."""
    from redis_dr.flows.runbook.cache.flush import flush  # noqa: PLC0415 only this verb needs docker and boto3

    return flush(context.instance, request_of(arguments), prove, context.progress)


def request_of(arguments: argparse.Namespace) -> FlushRequest:
    """What was asked for. Raises UsageError when it is nothing, or two things."""
    if arguments.all and arguments.db is not None:
        raise UsageError("--all and --db exclude each other", "give one of them")
    if not arguments.all and arguments.db is None and arguments.pattern is None:
        raise UsageError("nothing to flush is named", "add --db N, --pattern GLOB or --all")
    return FlushRequest(
        db=arguments.db or 0,
        pattern=arguments.pattern,
        everything=arguments.all,
        confirm=arguments.confirm,
        yes_all_databases=arguments.yes_all_databases,
    )


def prove(instance: "Instance", backup_id: str, progress: "Progress") -> "Report":
    """A drill: the backup is restored into a throwaway server and compared."""
    from redis_dr.flows.runbook.drill.drill import DrillOptions, drill  # noqa: PLC0415 only when one is needed

    return drill(instance, DrillOptions(backup=backup_id), progress)


def show(report: FlushReport, console: Any) -> None:
    """For people."""
    console.print(
        f"{report.what} of {report.instance}: {report.removed:,} keys removed, "
        f"{report.keys_after:,} left, in {report.seconds:.2f} s",
        markup=False,
    )
    if report.backup_id is not None:
        origin = "made for this flush" if report.backup_taken else "fresh"
        console.print(f"proven backup behind it ({origin}): {report.backup_id}")
    for note in report.notes:
        console.print(f"note: {note}")
