"""The page of a warm-up."""

from redis_dr.flows.orchestration.pages.markdown import findings, page, table
from redis_dr.tasks.model.cache.warm_report import WarmReport


def warm_line(report: WarmReport) -> str:
    """For the run list."""
    if not report.configured:
        return report.reason
    outcome = report.outcome
    cached = "" if outcome.newly_cached is None else f", {outcome.newly_cached:,} newly cached"
    return f"{outcome.answered:,} of {outcome.asked:,} queries answered{cached}"


def warm_page(report: WarmReport) -> str:
    """What was asked, what failed and why."""
    reasons = [(count, why) for why, count in report.outcome.failures.items()]
    return page(
        f"Warm-up of {report.instance}",
        f"{warm_line(report)}.",
        f"Stopped early: {report.outcome.stopped}." if report.outcome.stopped else "",
        table(("queries", "failed because"), reasons),
        findings(report.findings),
    )
