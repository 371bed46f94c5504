"""`redis-dr warm`: the command-line face of the warm-up."""

import argparse
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context
from redis_dr.tasks.model.cache.warm_report import WarmReport
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.settings.instance import Instance

if TYPE_CHECKING:
    from redis_dr.tasks.model.backup.manifest import Manifest


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("warm", help="warm the cache from the common-query lists")
    parser.add_argument("--list", action="append", metavar="FILE", help="instead of [warm] lists")
    parser.add_argument(
        "--backup", metavar="ID|latest", help="what it knows: hot keys, and its hit ratio"
    )
    parser.add_argument("--replay", action="store_true", help="ask once more and measure the hits")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> Report:
    """Warm, and say so when nothing is configured: asked for by name, that is an error."""
    from redis_dr.flows.runbook.restore.warm import warm  # noqa: PLC0415 only this verb needs it

    instance = _with_options(context.instance, arguments)
    report = warm(instance, _manifest(instance, arguments.backup), context.progress)
    if not report.configured:
        raise UsageError(
            f"the warm-up of {report.instance} is {report.reason}",
            "name a list and an endpoint in [warm], or give --list",
        )
    return report


def _manifest(instance: Instance, which: str | None) -> "Manifest | None":
    if which is None:
        return None
    from redis_dr.tasks.catalog.catalog import choose, load_catalog  # noqa: PLC0415 boto3 only when asked for
    from redis_dr.tasks.storage.opening import open_store  # noqa: PLC0415 same

    return choose(load_catalog(open_store(instance.store), instance.name), which)


def _with_options(instance: Instance, arguments: argparse.Namespace) -> Instance:
    changes: dict[str, Any] = {}
    if arguments.list:
        changes["lists"] = tuple(arguments.list)
    if arguments.replay:
        changes["replay"] = True
    return instance.model_copy(update={"warm": instance.warm.model_copy(update=changes)})


def show(report: WarmReport, console: Any) -> None:
    """For people."""
    for line in summary(report):
        console.print(line, markup=False)


def summary(report: WarmReport) -> list[str]:
    """The report in lines; a restore prints them too."""
    if not report.configured:
        return [f"warm-up: {report.reason}"]
    outcome = report.outcome
    done = f"{outcome.answered} of {outcome.asked} asked queries answered"
    took = f"in {outcome.seconds:.1f} s, {outcome.requests} requests"
    lines = [f"warm-up of {report.instance}: {done} {took}"]
    if outcome.newly_cached is not None:
        lines.append(
            f"  cached now: {outcome.newly_cached} new, {outcome.already_there} already there; "
            f"{_percent(outcome.hit_ratio_before)} of the list before, "
            f"{_percent(outcome.hit_ratio_after)} after"
        )
    lines.append(f"  keys of the counted patterns: {report.keys_before} -> {report.keys_after}")
    for name, ratio in (
        ("while it ran", report.server_hit_ratio),
        ("when asked once more", report.replay_hit_ratio),
        ("at backup time", report.backup_hit_ratio),
    ):
        if ratio is not None:
            lines.append(f"  hit ratio of the server {name}: {_percent(ratio)}")
    lines += [f"  failed: {count} x {reason}" for reason, count in outcome.failures.items()]
    if outcome.stopped:
        lines.append(f"  stopped early: {outcome.stopped}")
    lines += [f"  breaker {change.state} at {change.at:.1f} s" for change in outcome.breaker]
    return lines


def _percent(ratio: float | None) -> str:
    return "?" if ratio is None else f"{100 * ratio:.1f} %"
