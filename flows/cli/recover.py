"""`redis-dr recover`."""

from typing import TYPE_CHECKING, Annotated

from redis_dr import api
from redis_dr.flows.cli.app import command, flag
from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.notify import Notify
from redis_dr.flows.cli.output import Output, duration, size

if TYPE_CHECKING:
    from redis_dr.tasks.model.restore.journal import RecoverReport


def _show(report: "RecoverReport", out: Output) -> None:
    phase = f" (restore of {report.backup_id}, ended in {report.phase})" if report.phase else ""
    out.line(f"served now: {report.served or 'unknown'}")
    out.line(f"{report.instance}: {report.outcome}{phase}")
    out.findings(report.findings)
    for data in report.set_aside:
        age = duration(data.age_seconds)
        out.line(f"set aside on the volume: {data.path}, {size(data.bytes)}, {age} old")


@command(
    "redis-dr recover",
    "redis-dr recover --json",
    show=_show,
    notify=Notify(wanted=lambda own: not own["listing"]),
    recovers=True,
)
def recover(
    context: Context,
    *,
    listing: Annotated[
        bool, flag("--list", "Only look: what was left, and the replaced data on the volume.")
    ] = False,
) -> "RecoverReport":
    """Finish or undo what an interrupted operation left.

    It is harmless when there is nothing to do.
    """
    if listing:
        return api.recoverable(context.instance)
    return api.recover(context.instance, context.progress)
