"""`redis-dr show ID`."""

import argparse
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.ages import age_of
from redis_dr.flows.cli.context import Context

if TYPE_CHECKING:
    from redis_dr.tasks.model.catalog.store_reports import ShowReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("show", help="one backup: what is inside, and what proves it")
    parser.add_argument("backup", metavar="ID", nargs="?", default="latest")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> "ShowReport":
    """Read one manifest and its proofs."""
    from redis_dr.flows.runbook.catalog.list import show_backup  # noqa: PLC0415 boto3 loads only when needed

    return show_backup(context.instance, arguments.backup)


def show(report: "ShowReport", console: Any) -> None:
    """For people."""
    for line in summary(report):
        console.print(line, markup=False)


def summary(report: "ShowReport") -> list[str]:
    """The report in lines."""
    one = report.manifest
    proven = report.proven_at
    made = f"{one.created_at:%Y-%m-%d %H:%M:%S} UTC by {one.server_name} {one.redis_version}"
    lines = [
        f"{one.backup_id} of {one.instance} in {report.store}",
        f"  made {made} ({one.image}), RDB version {one.rdb_version}",
        f"  {one.keys:,} keys, {one.size:,} bytes, stored as {one.stored_size:,}",
        f"  proven {age_of(proven, report.started_at)}" if proven else "  not proven",
    ]
    if report.pinned:
        lines.append("  pinned")
    lines += [f"  SUSPICIOUS: {reason}" for reason in one.suspicious]
    lines += [
        f"  DB {db}: {counts.keys:,} keys, {counts.expires:,} with expiry"
        for db, counts in sorted(one.databases.items())
    ]
    lines += [
        f"  {file.stored_name}: {file.stored_size:,} bytes, SHA-256 {file.stored_sha256}"
        for file in one.files
    ]
    lines += [
        f"  {proof.kind} {'ok' if proof.ok else 'FAILED'}, {proof.at:%Y-%m-%d %H:%M} UTC"
        for proof in report.proofs
    ]
    return lines
