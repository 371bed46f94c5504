"""How a restore, and the plan of one, look to a person."""

from typing import Any

from rich.table import Table

from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.restore_report import PlanReport, RestoreReport, RuleLine


def plan_text(plan: PlanReport) -> str:
    """The plan as plain lines, for a refusal."""
    lines = [
        f"Plan: restore {plan.backup_id} into {plan.instance}",
        f"  age: {_age(plan.backup_age_seconds)}",
        f"  proven: {plan.proven_at or 'never'}",
        *(f"  DB {db}: {now} keys now, {new} after" for db, now, new in _changes(plan)),
        *(f"  {_rule(rule)}" for rule in plan.rules),
        *(f"  {_finding(one)}" for one in plan.findings),
        f"  predicted downtime: {plan.prediction}",
    ]
    return "\n".join(lines)


def show_plan(plan: PlanReport, console: Any) -> None:
    """The plan of a dry run."""
    console.print(plan_text(plan), markup=False)


def show_restore(report: RestoreReport, console: Any) -> None:
    """What was done, database by database."""
    title = f"Restore of {report.instance} from {report.backup_id}"
    columns = ("DB", "in backup", "restored", "expired", "dropped", "evicted", "changed", "found")
    table = Table(*columns, title=title)
    for db, one in sorted(report.databases.items()):
        counts = (one.in_backup, one.restored, one.expired, one.dropped, one.evicted, one.changed)
        table.add_row(str(db), *(f"{count:,}" for count in counts), f"{one.found:,}")
    console.print(table)
    for rule in report.rules:
        console.print(_rule(rule), markup=False)
    for finding in report.findings:
        if not finding.ok:
            console.print(_finding(finding), markup=False)
    if report.rolled_back:
        console.print(f"ROLLED BACK, the old data is served: {report.failure}", markup=False)
    else:
        console.print(f"proven; the replaced data lies in {report.set_aside} on the volume")
    console.print(
        f"downtime {report.downtime_seconds:.2f} s "
        f"(predicted {report.predicted_downtime_seconds:.1f} s); "
        f"safety backup {report.safety_backup_id or 'none'}"
    )
    console.print("  ".join(f"{name} {seconds:.2f} s" for name, seconds in report.timings.items()))
    _show_warm(report.warm, console)


def _show_warm(warm: dict[str, Any] | None, console: Any) -> None:
    if warm is None:
        return
    outcome = warm.get("outcome") or {}
    if outcome:
        console.print(
            f"warm-up: {outcome['asked']} asked, {outcome['answered']} answered, "
            f"{outcome['newly_cached']} newly cached, {outcome['failed']} failed"
        )
    else:
        console.print(f"warm-up: {warm.get('problem') or 'not configured'}", markup=False)


def _changes(plan: PlanReport) -> list[tuple[int, int, int]]:
    databases = sorted({*plan.there_now, *plan.will_come})
    return [(db, plan.there_now.get(db, 0), plan.will_come.get(db, 0)) for db in databases]


def _rule(rule: RuleLine) -> str:
    return f"{rule.action} DB {rule.db} {rule.pattern}: {rule.keys:,} keys, {rule.bytes:,} bytes"


def _finding(finding: Finding) -> str:
    expected = "" if finding.expected is None else f" (expected {finding.expected})"
    return f"{'ok ' if finding.ok else 'BAD'} {finding.check}: {finding.actual}{expected}"


def _age(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours / 24:.1f} days" if hours >= 48 else f"{hours:.1f} h"
