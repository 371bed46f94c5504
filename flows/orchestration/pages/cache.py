"""The page of a warm-up, and its line on the page of a restore."""

from collections.abc import Mapping
from typing import Any

from redis_dr.flows.orchestration.pages.markdown import findings_table, page, table
from redis_dr.tasks.model.cache.warm_report import WarmReport


def warm_page(report: WarmReport) -> str:
    """How many queries were asked, how many failed and why."""
    reasons = [(count, reason) for reason, count in report.outcome.failures.items()]
    return page(
        f"Warm-up of {report.instance}",
        f"{report.headline}.",
        f"Stopped early: {report.outcome.stopped}." if report.outcome.stopped else "",
        table(("queries", "failed because"), reasons),
        findings_table(report.findings),
    )


def warm_summary(warm: Mapping[str, Any] | None) -> str:
    """The warm-up that a restore report carries, in one sentence."""
    if warm is None:
        return ""
    outcome = warm.get("outcome") or {}
    if not outcome.get("asked"):
        reason = warm.get("problem") or warm.get("reason") or "nothing was asked"
        return f"Warm-up: {reason}."
    return (
        f"Warm-up: {outcome['asked']:,} asked, {outcome['answered']:,} answered, "
        f"{outcome.get('newly_cached') or 0:,} newly cached, {outcome['failed']:,} failed."
    )
