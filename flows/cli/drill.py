"""`redis-dr drill`."""

from typing import TYPE_CHECKING, Annotated

from redis_dr import api
from redis_dr.flows.cli.app import argument, command, flag, option
from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.notify import Notify
from redis_dr.flows.cli.output import Output

if TYPE_CHECKING:
    from redis_dr.tasks.model.drill.drill_report import DrillReport


def _show(report: "DrillReport", out: Output) -> None:
    from redis_dr.tasks.drill.page import summary

    for line in summary(report):
        out.line(line)


@command(
    "redis-dr drill",
    "redis-dr drill random --html drill.html",
    "redis-dr drill 20261122T020000Z-1f09ac --turn 2 --seed 7",
    show=_show,
    notify=Notify(),
)
def drill(
    context: Context,
    backup: Annotated[str, argument("ID|latest|latest-proven|random", "The backup.")] = "latest",
    *,
    no_control: Annotated[
        bool, flag("--no-control", "Skip the negative control: do not restore a damaged copy.")
    ] = False,
    seed: Annotated[
        int | None,
        option("--seed", "N", "Of the damage, to repeat it.", "from the ID of the backup"),
    ] = None,
    turn: Annotated[
        int | None, option("--turn", "N", "The kind of damage.", "the next one")
    ] = None,
    html: Annotated[
        str | None, option("--html", "FILE", "Write the page to a file, too.", "only to the store")
    ] = None,
) -> "DrillReport":
    """Restore a backup into a throwaway container and prove it.

    The report is stored beside the backup as its proof.
    """
    options = api.DrillOptions(backup=backup, control=not no_control, seed=seed, turn=turn)
    report = api.drill(context.instance, options, context.progress)
    if html:
        api.write_drill_page(context.instance, report, html)
    return report
