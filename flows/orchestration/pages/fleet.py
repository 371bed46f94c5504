"""The scorecard of one operation on many instances."""

from collections.abc import Callable

from redis_dr.flows.orchestration.pages.markdown import link, page, table
from redis_dr.tasks.model.observe.check_report import FleetReport


def fleet_line(report: FleetReport) -> str:
    """For the run list: how many, and the first that failed."""
    good = len(report.lines) - len(report.failed)
    line = f"{report.command}: {good} of {len(report.lines)} instances well, {report.seconds:.0f} s"
    if not report.failed:
        return line
    first = report.failed[0]
    return f"{line}; {first.instance}: {first.line}"


def fleet_page(report: FleetReport, address: Callable[[str], str] | None = None) -> str:
    """Every instance, the failed ones first; `address`: where the page of an instance is."""
    return page(
        f"{report.command.capitalize()} of {len(report.lines)} instances",
        f"{fleet_line(report)}. {report.at_once} at once.",
        table(
            ("instance", "verdict", "what", "time"),
            [
                (
                    link(one.instance, address(one.instance) if address else None),
                    "ok" if one.ok else f"**{one.kind}**",
                    one.line,
                    f"{one.seconds:.1f} s",
                )
                for one in report.lines
            ],
        ),
    )
