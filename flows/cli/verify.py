"""`redis-dr verify [ID|latest|--all|--part N/M]`."""

import argparse
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context

if TYPE_CHECKING:
    from redis_dr.tasks.catalog.verify import Share
    from redis_dr.tasks.model.catalog.store_reports import VerifyReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("verify", help="read back what is stored and check it")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("backup", metavar="ID", nargs="?", help="default: latest")
    what.add_argument("--all", action="store_true", help="every backup")
    what.add_argument("--part", metavar="N/M", help="share N of M of all backups, such as 3/7")
    parser.add_argument(
        "--stored-only",
        action="store_true",
        help="do not open the files: for a machine without the age identity; proves less",
    )
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> "VerifyReport":
    """Read back and check."""
    from redis_dr.flows.runbook.catalog.verify import ALL, verify  # noqa: PLC0415 boto3 loads only when needed

    which: str | Share = arguments.backup or "latest"
    if arguments.all:
        which = ALL
    elif arguments.part:
        which = _share(arguments.part)
    return verify(
        context.instance, which, stored_only=arguments.stored_only, progress=context.progress
    )


def _share(text: str) -> "Share":
    from redis_dr.tasks.catalog.verify import Share  # noqa: PLC0415 same
    from redis_dr.tasks.model.errors import UsageError  # noqa: PLC0415 same

    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise UsageError(f"--part {text} is no share", "write it as N/M with N from 1 to M: 3/7")
    return Share(int(number), int(of))


def show(report: "VerifyReport", console: Any) -> None:
    """For people."""
    for one in report.backups:
        verdict = "sound" if one.ok else "DAMAGED"
        console.print(f"{one.backup_id}: {verdict}, {one.stored_bytes:,} bytes, {one.seconds} s")
    for finding in report.findings:
        if not finding.ok:
            console.print(f"NOT OK: {finding.check}: {finding.detail}", markup=False)
    console.print("all that was read is sound" if report.ok else "stored data is damaged")
