"""The pages of a restore: the plan that a person decides on at 3 a.m., and the result."""

from collections.abc import Mapping, Sequence

from redis_dr.flows.orchestration.pages.cache import warm_summary
from redis_dr.flows.orchestration.pages.markdown import (
    age,
    code,
    findings_table,
    page,
    table,
    timings_table,
)
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.lost import Lost, loss_lines, loss_summary, missing_lines
from redis_dr.tasks.model.restore.restore_report import PlanReport, RestoreReport, RuleLine
from redis_dr.tasks.model.units import size

_COUNTS = ("in_backup", "restored", "expired", "dropped", "evicted", "changed", "found")


def plan_page(plan: PlanReport) -> str:
    """Keys now and after, the effect of each rule, and every gate."""
    return page(
        f"Plan: restore {plan.backup_id} into {plan.instance}",
        f"The backup is **{age(plan.backup_age_seconds)} old**; {_proof(plan)}. "
        f"Predicted downtime: **{plan.prediction}**. Nothing was changed yet.",
        _lost(plan),
        _skipped(plan.skipped),
        _key_counts(plan),
        _rules(plan.rules),
        findings_table(plan.findings, "Gates"),
    )


def approval_question(plan: PlanReport) -> str:
    """The plan in short, for the dialog that asks for the instance's name."""
    failed = [f"**BAD** {gate.check}: {_actual(gate)}" for gate in plan.findings if not gate.ok]
    outcome = (
        f"**{plan.instance}** will hold backup **{plan.backup_id}**, "
        f"{age(plan.backup_age_seconds)} old; {_proof(plan)}. The current data is set aside "
        "and goes into a safety backup."
    )
    parts = (
        _lost(plan),
        outcome,
        _skipped(plan.skipped),
        _key_counts(plan),
        _rules(plan.rules),
        f"Predicted downtime: **{plan.prediction}**.",
        "\n".join(failed),
        f"Type `{plan.instance}` to go on. Anything else, or no answer, changes nothing.",
    )
    return "\n\n".join(part for part in parts if part)


def restore_page(report: RestoreReport) -> str:
    """The accounting of every database, the rules, the warm-up and the times."""
    return page(
        f"Restore of {report.instance} from {report.backup_id}",
        f"{report.headline} (predicted {report.predicted_downtime_seconds:.1f} s).",
        _lost_list(report.lost),
        _skipped(report.skipped),
        _databases(report),
        _rules(report.rules),
        _replaced_data(report),
        warm_summary(report.warm),
        timings_table(report.timings),
        findings_table(report.findings),
    )


def _lost(plan: PlanReport) -> str:
    """What the person gives up comes first."""
    more = (
        missing_lines(plan.there_now, plan.in_backup, plan.not_in_backup)
        if plan.answers
        else ["What the server holds now is unknown: it does not answer."]
    )
    return "\n".join([_lost_list(plan.lost), *(f"* {line}" for line in more)])


def _lost_list(lost: Lost) -> str:
    lines = [f"* {line}" for line in loss_lines(lost)]
    return "\n".join([f"Lost: {loss_summary(lost)}.", "", *lines]).rstrip("\n") + "\n"


def _databases(report: RestoreReport) -> str:
    rows = [
        (number, *(f"{getattr(database, count):,}" for count in _COUNTS))
        for number, database in sorted(report.databases.items())
    ]
    return table(("DB", *(count.replace("_", " ") for count in _COUNTS)), rows)


def _replaced_data(report: RestoreReport) -> str:
    lines = []
    if report.safety_backup_id:
        lines.append(f"* The data from before is backup {code(report.safety_backup_id)}.")
    if report.set_aside:
        lines.append(f"* The replaced files are in {code(report.set_aside)} on the volume.")
    return "\n".join(lines)


def _rules(rules: Sequence[RuleLine]) -> str:
    rows = [
        (
            rule.action,
            rule.db,
            code(rule.pattern) if rule.pattern else "(whole database)",
            f"{rule.keys:,}",
            size(rule.bytes),
        )
        for rule in rules
    ]
    return table(("rule", "DB", "pattern", "keys", "bytes"), rows)


def _key_counts(plan: PlanReport) -> str:
    # a server that did not answer has unknown counts, not zero keys
    absent = "0" if plan.answers else "unknown"
    rows = [
        (
            db,
            f"{plan.there_now[db]:,}" if db in plan.there_now else absent,
            f"{plan.will_come.get(db, 0):,}",
        )
        for db in sorted({*plan.there_now, *plan.will_come})
    ]
    return table(("DB", "keys now", "keys after"), rows)


def _skipped(skipped: Mapping[str, str]) -> str:
    return "\n".join(
        f"* **Skipped, though newer:** {code(name)}: {why}" for name, why in skipped.items()
    )


def _proof(plan: PlanReport) -> str:
    if plan.proof == "proven":
        return f"proven by the {plan.proof_reason}"
    return f"**{plan.proof}: {plan.proof_reason}**"


def _actual(gate: Finding) -> str:
    return f"{gate.actual}" + (f". {gate.detail}" if gate.detail else "")
