"""`redis-dr check`: one verdict for monitoring."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context

if TYPE_CHECKING:
    from redis_dr.tasks.model.observe.check_report import CheckReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "check", help="one verdict on the estate: ages, proofs, drift, store, engine"
    )
    parser.add_argument(
        "--metrics", metavar="FILE.prom", type=Path, help="write Prometheus text there, too"
    )
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> "CheckReport":
    """Look, and write the metrics whatever the verdict is."""
    from redis_dr.flows.runbook.observe.check import check  # noqa: PLC0415 docker, redis and boto3 load when needed

    report = check(context.instance)
    if arguments.metrics:
        from redis_dr.tasks.observe.metrics import write_metrics  # noqa: PLC0415 only with --metrics

        write_metrics(report, arguments.metrics)
    return report


def show(report: "CheckReport", console: Any) -> None:
    """For people: the bad first."""
    verdict = "all is well" if report.ok else "NOT well"
    console.print(f"{report.instance}: {verdict}", markup=False)
    for one in sorted(report.findings, key=lambda finding: finding.ok):
        expected = f" (expected {one.expected})" if one.expected is not None else ""
        detail = f"; {one.detail}" if one.detail else ""
        mark = "ok " if one.ok else "BAD"
        console.print(f"  {mark} {one.check}: {one.actual}{expected}{detail}", markup=False)
    for name in report.swept:
        console.print(f"  removed what a dead drill had left: {name}", markup=False)
