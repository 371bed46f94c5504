"""`--all`: a command for every configured instance, and how its outcome is printed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from redis_dr.flows.cli.app import Show, flag
from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.output import Output
from redis_dr.tasks.model.errors import UsageError

if TYPE_CHECKING:
    from redis_dr.tasks.model.observe.check_report import FleetReport
    from redis_dr.tasks.model.report import Report

R = TypeVar("R")

# the option of every command that has it; the parameter is called `all_instances`
AllInstances = Annotated[bool, flag("--all", "Every configured instance.")]


def one_or_all(
    context: Context,
    all_instances: bool,  # noqa: FBT001 an option as it came
    single: Callable[[], R],
    every: Callable[[], "FleetReport"],
) -> "R | FleetReport":
    """What the command answers for its instance, or for all. Raises UsageError for both at once."""
    if not all_instances:
        return single()
    if context.options.instance:
        raise UsageError("--all and --instance exclude each other", "leave one of them out")
    return every()


def with_scorecard(show: Show, *, in_full: bool = False) -> Show:
    """Print a single report by `show`; of all instances a scorecard, and those that are bad.

    With `in_full` the good ones are printed as well.
    """

    def show_either(report: Any, out: Output) -> None:
        if not hasattr(report, "lines"):
            show(report, out)
            return
        for single in _worst_first(report):
            if in_full or not single.ok:
                show(single, out)
                out.line()
        _scorecard(report, out)

    return show_either


def _worst_first(report: "FleetReport") -> "list[Report]":
    return sorted(report.reports, key=lambda single: (single.ok, single.instance))


def _scorecard(report: "FleetReport", out: Output) -> None:
    rows = [
        (line.instance, "ok" if line.ok else line.kind, f"{line.seconds:.1f} s", line.line)
        for line in report.lines
        if not (line.ok and out.only_bad)
    ]
    out.table(("instance", "verdict", "time", "outcome"), rows)
    good = len(report.lines) - len(report.failed)
    out.line(f"{report.command}: {good} of {len(report.lines)} good, {report.seconds:.1f} s in all")
