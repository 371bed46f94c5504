"""`redis-dr pin ID` and `redis-dr unpin ID`."""

import argparse
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context

if TYPE_CHECKING:
    from redis_dr.tasks.model.catalog.store_reports import PinReport


def register(commands: Any) -> None:
    """Add both commands."""
    pin = commands.add_parser("pin", help="keep a backup for ever")
    pin.add_argument("--reason", default="", help="kept beside the backup")
    unpin = commands.add_parser("unpin", help="leave a backup to retention again")
    for parser, pinned in ((pin, True), (unpin, False)):
        parser.add_argument("backup", metavar="ID")
        parser.set_defaults(run=run, show=show, pinned=pinned)


def run(arguments: argparse.Namespace, context: Context) -> "PinReport":
    """Pin or unpin."""
    from redis_dr.flows.runbook.catalog.list import set_pin  # noqa: PLC0415 boto3 loads only when needed

    reason = arguments.reason if arguments.pinned else ""
    return set_pin(context.instance, arguments.backup, pinned=arguments.pinned, reason=reason)


def show(report: "PinReport", console: Any) -> None:
    """For people."""
    state = "is kept for ever" if report.pinned else "is left to retention"
    console.print(f"{report.backup_id} {state}")
