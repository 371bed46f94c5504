"""`redis-dr doctor`."""

import argparse
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context

if TYPE_CHECKING:
    from redis_dr.tasks.model.catalog.store_reports import DoctorReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("doctor", help="what the store can be trusted with, by trying")
    parser.set_defaults(run=run, show=show)


def run(_arguments: argparse.Namespace, context: Context) -> "DoctorReport":
    """Examine the store."""
    from redis_dr.flows.runbook.catalog.doctor import doctor  # noqa: PLC0415 boto3 loads only when needed

    return doctor(context.instance, context.progress)


def show(report: "DoctorReport", console: Any) -> None:
    """For people."""
    for finding in report.findings:
        line = f"{'ok ' if finding.ok else 'BAD'}  {finding.check}"
        console.print(
            line if finding.ok else f"{line}: {finding.actual}; {finding.detail}", markup=False
        )
    for one in report.capabilities:
        word = {True: "yes", False: "no ", None: "?  "}[one.has]
        console.print(f"{word}  {one.name}: {one.means}", markup=False)
    if report.kept_as:
        console.print(f"kept as {report.kept_as}", markup=False)
