"""`redis-dr restore`: its options, its plan, and what it did."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from redis_dr import api
from redis_dr.flows.cli.app import argument, command, flag, option
from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.notify import Notify
from redis_dr.flows.cli.output import Output, duration, size

if TYPE_CHECKING:
    from redis_dr.tasks.model.report import Report
    from redis_dr.tasks.model.restore.restore_report import PlanReport, RestoreReport, RuleLine


def _show(report: Any, out: Output) -> None:
    if hasattr(report, "rolled_back"):
        _show_restore(report, out)
    else:
        out.line(_plan_text(report))


@command(
    "redis-dr restore latest --dry-run",
    "redis-dr restore latest --confirm weka-redis",
    "redis-dr restore 20261122T020000Z-1f09ac --confirm weka-redis --from aof",
    show=_show,
    recovers=True,
    notify=Notify(wanted=lambda own: bool(own["confirm"]) and not own["dry_run"]),
    answers=lambda own: bool(own["dry_run"]),
)
def restore(
    context: Context,
    backup: Annotated[str, argument("ID|latest|latest-proven", "The backup.")] = "latest",
    *,
    confirm: Annotated[
        str,
        option("--confirm", "INSTANCE", "The name of the instance: yes, replace it.", "not given"),
    ] = "",
    source: Annotated[
        Literal["rdb", "aof"], option("--from", "rdb|aof", "Load the RDB or the AOF files.")
    ] = "rdb",
    dry_run: Annotated[bool, flag("--dry-run", "Print the plan and judge every gate.")] = False,
    no_safety_backup: Annotated[
        bool, flag("--no-safety-backup", "Do not back up the data that is replaced.")
    ] = False,
    no_trial: Annotated[bool, flag("--no-trial", "Skip the trial boot.")] = False,
    no_warm: Annotated[bool, flag("--no-warm", "Skip the warm-up.")] = False,
    origin: Annotated[
        str,
        option("--origin", "ID", "Where the backup was made, if not here.", "only from here"),
    ] = "",
    ttl: Annotated[
        Literal["absolute", "rebase"] | None,
        option("--ttl", "absolute|rebase", "Keep the expiry times, or move them.", "as configured"),
    ] = None,
) -> "Report":
    """Replace the data of the instance by a backup, or roll back.

    Without `--confirm INSTANCE` it prints the plan and changes nothing.
    """
    options = api.RestoreOptions(
        backup=backup,
        confirm=confirm,
        origin=origin,
        source=source,
        dry_run=dry_run,
        safety_backup=not no_safety_backup,
        trial=not no_trial,
        ttl=ttl,
        warm=not no_warm,
    )
    if dry_run:
        return api.plan_restore(context.instance, options, context.progress)

    def agree(plan: "PlanReport") -> bool:
        agreed = confirm == plan.instance
        if not agreed:
            context.progress(_plan_text(plan))
        return agreed

    return api.restore(context.instance, options, context.progress, agree=agree)


def _plan_text(plan: "PlanReport") -> str:
    from redis_dr.tasks.model.report import finding_lines
    from redis_dr.tasks.model.restore.lost import loss_lines, loss_summary

    databases = sorted({*plan.there_now, *plan.will_come})
    absent = 0 if plan.answers else "unknown number of"
    changes = [(db, plan.there_now.get(db, absent), plan.will_come.get(db, 0)) for db in databases]
    lines = [
        f"Plan: restore {plan.backup_id} into {plan.instance}",
        f"  {'LOST' if plan.lost else 'lost'}: {loss_summary(plan.lost)}",
        *(f"    {line}" for line in (*loss_lines(plan.lost), *_missing(plan))),
        *(f"  SKIPPED, though newer: {name}: {why}" for name, why in plan.skipped.items()),
        *(f"  {line}" for line in finding_lines(plan.findings)),
        f"  age: {duration(plan.backup_age_seconds)}",
        f"  {plan.proof}: {plan.proof_reason}",
        *(f"  DB {db}: {now} keys now, {new} after" for db, now, new in changes),
        *(f"  {_rule(rule)}" for rule in plan.rules),
        f"  predicted downtime: {plan.prediction}",
    ]
    return "\n".join(lines)


def _missing(plan: "PlanReport") -> list[str]:
    from redis_dr.tasks.model.restore.lost import missing_lines

    if not plan.answers:
        return ["what the server holds and the backup does not is unknown: it does not answer"]
    return missing_lines(plan.there_now, plan.in_backup, plan.not_in_backup)


def _show_restore(report: "RestoreReport", out: Output) -> None:
    from redis_dr.tasks.model.restore.lost import loss_lines, loss_summary

    out.line(f"served now: {report.served or 'unknown'}")
    out.findings(report.findings, only_bad=True)
    for name, why in report.skipped.items():
        out.line(f"skipped, though newer: {name}: {why}")
    columns = ("DB", "in backup", "restored", "expired", "dropped", "evicted", "changed", "found")
    rows = [
        (str(db), *(getattr(account, column.replace(" ", "_")) for column in columns[1:]))
        for db, account in sorted(report.databases.items())
    ]
    out.table(columns, rows, f"Restore of {report.instance} from {report.backup_id}")
    if not report.rolled_back:
        out.line(f"{'LOST' if report.lost else 'lost'}: {loss_summary(report.lost)}")
    for line in (*loss_lines(report.lost), *(_rule(rule) for rule in report.rules)):
        out.line(line)
    if report.rolled_back:
        out.line(f"ROLLED BACK: {report.failure}")
    else:
        verdict = "proven" if report.ok else f"NOT proven: {report.failure}"
        out.line(f"{verdict}; the replaced data is kept in {report.set_aside} on the volume")
    out.line(
        f"downtime {report.downtime_seconds:.2f} s "
        f"(predicted {report.predicted_downtime_seconds:.1f} s); "
        f"safety backup {report.safety_backup_id or 'none'}"
    )
    out.timings(report.timings)
    if report.warm is not None:
        out.line(_warm_line(report.warm))


def _warm_line(warm: dict[str, Any]) -> str:
    outcome = warm.get("outcome")
    if not outcome:
        return f"warm-up: {warm.get('problem') or 'not configured'}"
    return (
        f"warm-up: {outcome['asked']} asked, {outcome['answered']} answered, "
        f"{outcome['newly_cached']} newly cached, {outcome['failed']} failed"
    )


def _rule(rule: "RuleLine") -> str:
    return f"{rule.action} DB {rule.db} {rule.pattern}: {rule.keys:,} keys, {size(rule.bytes)}"
