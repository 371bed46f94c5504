"""The pages of a restore: the plan that a person reads at 3 a.m., and what was done."""

from redis_dr.flows.orchestration.pages.markdown import age, findings, page, seconds, size, table
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.restore_report import PlanReport, RestoreReport, RuleLine


def plan_page(plan: PlanReport) -> str:
    """What is there now, what will come, what each rule does, and every gate."""
    return page(
        f"Plan: restore {plan.backup_id} into {plan.instance}",
        f"The backup is **{age(plan.backup_age_seconds)} old**; {_proof(plan)}. "
        f"Predicted downtime: **{plan.prediction}**. Nothing was changed yet.",
        table(("DB", "keys now", "keys after"), _changes(plan)),
        _rules(plan.rules),
        findings(plan.findings, "Gates"),
    )


def question(plan: PlanReport) -> str:
    """The plan in short, in the dialog that asks for the name."""
    bad = "\n".join(f"**BAD** {one.check}: {_seen(one)}" for one in plan.findings if not one.ok)
    parts = (
        _becomes(plan),
        table(("DB", "keys now", "keys after"), _changes(plan)),
        _rules(plan.rules),
        f"Predicted downtime: **{plan.prediction}**.",
        bad,
        f"Type `{plan.instance}` to go on. Anything else, or no answer, changes nothing.",
    )
    return "\n\n".join(part for part in parts if part)


def _becomes(plan: PlanReport) -> str:
    return (
        f"**{plan.instance}** will hold backup **{plan.backup_id}**, "
        f"{age(plan.backup_age_seconds)} old; {_proof(plan)}. What it holds now is set aside "
        "and goes into a safety backup."
    )


def restore_line(report: RestoreReport) -> str:
    """For the run list: what happened, in one line."""
    if report.rolled_back:
        return f"ROLLED BACK, the old data is served again: {report.failure}"
    found = sum(one.found for one in report.databases.values())
    verdict = "proven" if report.ok else "NOT proven"
    return (
        f"{report.backup_id} is back: {found:,} keys found, {verdict}, "
        f"down {report.downtime_seconds:.1f} s"
    )


def restore_page(report: RestoreReport) -> str:
    """The account of every database, the rules, the warm-up and the times."""
    return page(
        f"Restore of {report.instance} from {report.backup_id}",
        f"{restore_line(report)} (predicted {report.predicted_downtime_seconds:.1f} s).",
        table(
            ("DB", "in backup", "restored", "expired", "dropped", "evicted", "changed", "found"),
            [
                (
                    db,
                    *(
                        f"{n:,}"
                        for n in (
                            one.in_backup,
                            one.restored,
                            one.expired,
                            one.dropped,
                            one.evicted,
                            one.changed,
                            one.found,
                        )
                    ),
                )
                for db, one in sorted(report.databases.items())
            ],
        ),
        _rules(report.rules),
        _ways_back(report),
        _warm(report),
        seconds(report.timings),
        findings(report.findings),
    )


def _ways_back(report: RestoreReport) -> str:
    lines = []
    if report.safety_backup_id:
        lines.append(f"What was there before is backup `{report.safety_backup_id}`.")
    if report.set_aside:
        lines.append(f"The replaced files lie in `{report.set_aside}` on the volume.")
    return "\n".join(f"* {line}" for line in lines)


def _warm(report: RestoreReport) -> str:
    if report.warm is None:
        return ""
    outcome = report.warm.get("outcome") or {}
    if not outcome.get("asked"):
        why = report.warm.get("problem") or report.warm.get("reason") or "nothing was asked"
        return f"Warm-up: {why}."
    return (
        f"Warm-up: {outcome['asked']:,} asked, {outcome['answered']:,} answered, "
        f"{outcome.get('newly_cached') or 0:,} newly cached, {outcome['failed']:,} failed."
    )


def _rules(rules: tuple[RuleLine, ...]) -> str:
    rows = [
        (
            one.action,
            one.db,
            f"`{one.pattern}`" if one.pattern else "(whole database)",
            f"{one.keys:,}",
            size(one.bytes),
        )
        for one in rules
    ]
    return table(("rule", "DB", "pattern", "keys", "bytes"), rows)


def _changes(plan: PlanReport) -> list[tuple[int, str, str]]:
    databases = sorted({*plan.there_now, *plan.will_come})
    now = "?" if not plan.there_now else "0"
    return [
        (
            db,
            f"{plan.there_now[db]:,}" if db in plan.there_now else now,
            f"{plan.will_come.get(db, 0):,}",
        )
        for db in databases
    ]


def _proof(plan: PlanReport) -> str:
    return f"last proven {plan.proven_at}" if plan.proven_at else "**it was never proven**"


def _seen(finding: Finding) -> str:
    return f"{finding.actual}" + (f". {finding.detail}" if finding.detail else "")
