"""`redis-dr restore [ID|latest] --confirm INSTANCE`."""

import argparse
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context

if TYPE_CHECKING:
    from redis_dr.tasks.model.report import Report
    from redis_dr.tasks.model.restore.restore_report import PlanReport, RestoreOptions


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("restore", help="bring the instance back from a backup")
    parser.add_argument("backup", nargs="?", default="latest", metavar="ID|latest")
    parser.add_argument("--confirm", default="", metavar="INSTANCE", help="the instance's name")
    parser.add_argument("--from", dest="source", choices=("rdb", "aof"), default="rdb")
    parser.add_argument("--dry-run", action="store_true", help="print the plan and every gate")
    parser.add_argument("--no-safety-backup", action="store_true")
    parser.add_argument("--no-trial", action="store_true", help="skip the trial boot")
    parser.add_argument("--no-warm", action="store_true", help="skip the warm-up")
    parser.add_argument("--ttl", choices=("absolute", "rebase"), help="default: as configured")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> "Report":
    """Plan, and with the instance's name typed in, restore."""
    # docker, redis and the RDB room load only when needed
    from redis_dr.flows.runbook.restore.restore import plan_restore, restore  # noqa: PLC0415

    options = _options(arguments)
    if options.dry_run:
        return plan_restore(context.instance, options, context.progress)

    def agree(plan: "PlanReport") -> bool:
        agreed = options.confirm == plan.instance
        if not agreed:
            from redis_dr.flows.cli.restore_view import plan_text  # noqa: PLC0415 only for the refusal

            context.progress(plan_text(plan))
        return agreed

    return restore(context.instance, options, agree, context.progress)


def show(report: Any, console: Any) -> None:
    """For people: the plan, or what was done."""
    from redis_dr.flows.cli.restore_view import show_plan, show_restore  # noqa: PLC0415 rich, on demand

    view = show_restore if hasattr(report, "rolled_back") else show_plan
    view(report, console)


def _options(arguments: argparse.Namespace) -> "RestoreOptions":
    from redis_dr.tasks.model.restore.restore_report import RestoreOptions  # noqa: PLC0415 with its verb

    return RestoreOptions(
        backup=arguments.backup,
        confirm=arguments.confirm,
        source=arguments.source,
        dry_run=arguments.dry_run,
        safety_backup=not arguments.no_safety_backup,
        trial=not arguments.no_trial,
        ttl=arguments.ttl,
        warm=not arguments.no_warm,
    )
