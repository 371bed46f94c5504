"""`redis-dr epoch bump|show`: the counters that make cache entries stale."""

import argparse
from typing import Any

from redis_dr.flows.cli.context import Context
from redis_dr.tasks.model.cache.epochs import EpochReport


def register(commands: Any) -> None:
    """Add the command with its two actions."""
    parser = commands.add_parser("epoch", help="raise or show the epochs of cache entries")
    parser.add_argument("action", choices=("bump", "show"))
    parser.add_argument("--doc", metavar="ID", action="append", default=[])
    parser.add_argument("--chunk", metavar="ID", action="append", default=[])
    parser.add_argument("--global", dest="everything", action="store_true")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> EpochReport:
    """Raise or read. `show` without anything named shows the global epoch."""
    from redis_dr.flows.runbook.cache.epoch import epoch, wanted_of  # noqa: PLC0415 only this verb needs redis

    bump = arguments.action == "bump"
    named = bool(arguments.doc or arguments.chunk)
    everything = arguments.everything or (not bump and not named)
    wanted = wanted_of(arguments.doc, arguments.chunk, everything=everything)
    return epoch(context.instance, wanted, bump=bump)


def show(report: EpochReport, console: Any) -> None:
    """For people."""
    for item in report.epochs:
        name = f"{item.kind} {item.id}" if item.id is not None else item.kind
        change = f"{item.before} -> {item.value}" if item.before is not None else str(item.value)
        console.print(f"{report.namespace} {name}: {change}", markup=False)
    console.print(f"{report.documents:,} documents and {report.chunks:,} chunks have an epoch")
