"""`redis-dr prune [--apply]`."""

import argparse
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context

if TYPE_CHECKING:
    from redis_dr.tasks.model.catalog.store_reports import PruneReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("prune", help="retention; without --apply it prints the plan")
    parser.add_argument("--apply", action="store_true", help="carry the plan out")
    parser.add_argument(
        "--despite-drift",
        action="store_true",
        help="a person has looked: the newest backup is right although it differs",
    )
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> "PruneReport":
    """Plan, and apply if asked."""
    from redis_dr.flows.runbook.catalog.prune import prune  # noqa: PLC0415 boto3 loads only when needed

    return prune(
        context.instance,
        apply=arguments.apply,
        despite_drift=arguments.despite_drift,
        progress=context.progress,
    )


def show(report: "PruneReport", console: Any) -> None:
    """For people."""
    for one in report.kept:
        console.print(f"keep    {one.backup_id}  {'; '.join(one.reasons)}", markup=False)
    for one in (*report.removed, *report.orphans):
        console.print(f"remove  {one.backup_id}  {'; '.join(one.reasons)}", markup=False)
    for upload in report.uploads:
        console.print(f"remove  unfinished upload {upload}", markup=False)
    for finding in report.findings:
        if finding.detail:
            console.print(f"{finding.actual}: {finding.detail}", markup=False)
    if report.frozen and not report.applied:
        console.print("FROZEN: nothing is removed (look first, then --despite-drift)")
    elif not report.applied:
        console.print(f"a plan: --apply would free {report.freed_bytes:,} bytes")
