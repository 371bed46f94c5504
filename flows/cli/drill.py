"""`redis-dr drill [ID|latest|random]`."""

import argparse
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context

if TYPE_CHECKING:
    from redis_dr.tasks.model.drill.drill_report import DrillReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("drill", help="restore into a throwaway container and prove it")
    parser.add_argument("backup", nargs="?", default="latest", metavar="ID|latest|random")
    parser.add_argument(
        "--no-control", action="store_true", help="do not restore a damaged copy, too"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of the damage, to see it again")
    parser.add_argument("--turn", type=int, metavar="N", help="which damage; default: the next one")
    parser.add_argument("--html", metavar="FILE", help="write the page here, too")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> "DrillReport":
    """Drill one backup."""
    # docker, the RDB room and the page's template load only when needed
    from redis_dr.flows.runbook.drill.drill import DrillOptions, drill  # noqa: PLC0415

    options = DrillOptions(
        backup=arguments.backup,
        control=not arguments.no_control,
        seed=arguments.seed,
        turn=arguments.turn,
    )
    report = drill(context.instance, options, context.progress)
    if arguments.html:
        from redis_dr.flows.runbook.drill.record import write_page  # noqa: PLC0415 same

        write_page(context.instance, report, arguments.html)
    return report


def show(report: "DrillReport", console: Any) -> None:
    """For people."""
    from redis_dr.tasks.drill.page import summary  # noqa: PLC0415 same

    for line in summary(report):
        console.print(line, markup=False)
