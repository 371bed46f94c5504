"""Bring an instance back: everything that can fail comes first, then the shortest possible stop."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from redis_dr.flows.runbook.operation.capture import capture
from redis_dr.flows.runbook.restore.cutover import cut_over, write_journal
from redis_dr.flows.runbook.restore.live_set import fetch_live
from redis_dr.flows.runbook.restore.plan import plan_report
from redis_dr.flows.runbook.restore.prepare import RestorePlan, prepare
from redis_dr.flows.runbook.restore.record import record
from redis_dr.flows.runbook.restore.release import release_replaced
from redis_dr.flows.runbook.restore.result import RestoreResult, Safety
from redis_dr.flows.runbook.restore.run import RestoreRun, begin_restore
from redis_dr.flows.runbook.restore.trial import clear_staged_on_failure, prove_staged
from redis_dr.flows.runbook.restore.warm import warm
from redis_dr.tasks.catalog.reports import keep_report
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.unwritten import no_safety_backup
from redis_dr.tasks.model.errors import RedisDrError, Refused, StoreError
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import require
from redis_dr.tasks.model.restore.lost import loss_summary
from redis_dr.tasks.model.restore.restore_report import PlanReport, RestoreOptions, RestoreReport
from redis_dr.tasks.model.settings.instance import Instance

Agree = Callable[[PlanReport], bool]


def typed_name(options: RestoreOptions, instance: Instance) -> Agree:
    """The command line's consent: the instance's name was given with --confirm."""
    return lambda _plan: options.confirm == instance.name


def plan_restore(
    instance: Instance, options: RestoreOptions, progress: Progress = quiet
) -> PlanReport:
    """What a restore would do, every gate judged; nothing is changed."""
    with begin_restore(instance, options, progress) as run:
        plan = _prepared(run)
        return plan_report(run, plan)


def restore(
    instance: Instance, options: RestoreOptions, agree: Agree, progress: Progress = quiet
) -> RestoreReport:
    """Bring the instance back from a backup, or leave it as it was.

    `agree` sees the plan and decides. Raises Refused without consent or when a gate is bad,
    Damaged for a backup that is not what was stored, Unreachable, StoreError, Fenced; the
    instance is then as it was. A failure after the stop is undone; the report says so.
    """
    with begin_restore(instance, options, progress) as run:
        operation = run.operation
        plan = _agreed_plan(run, agree)
        release_replaced(operation)
        safety = _safety_backup(run)
        plan = _with_live_data(run, plan, safety.manifest)
        journal = write_journal(operation, plan.data, safety.backup_id or "")
        with clear_staged_on_failure(operation):
            trial = prove_staged(run, plan.data)
        operation.progress(f"predicted downtime: {trial.downtime}")
        cutover = cut_over(operation, plan.data, journal)
        result = RestoreResult(run, plan, safety, trial, cutover)
        heading = result.heading()
        # before the warm-up, which may take long: the data is proven now
        recorded = record(result, result.report(heading, None))
    warm_up = None if cutover.rolled_back or not options.warm else _warm_up(run)
    heading = {**heading, "findings": recorded.findings}
    report = result.report(heading, warm_up).model_copy(update={"proof": recorded.proof})
    keep_report(instance, operation.helper.holder.id, report)
    return report


def _prepared(run: RestoreRun, live: Path | None = None) -> RestorePlan:
    plan = prepare(run.operation, run.backup, run.options, run.ahead, live)
    return replace(plan, gates=(run.origin, *plan.gates))


def _agreed_plan(run: RestoreRun, agree: Agree) -> RestorePlan:
    plan = _prepared(run)
    for_person = plan_report(run, plan)
    require(plan.gates, "restore")
    if agree(for_person):
        return plan
    name = run.operation.instance.name
    raise Refused(
        f"the restore of {name} was not confirmed; nothing was changed",
        f"read the plan ({loss_summary(for_person.lost)}), then run it with --confirm {name}",
    )


def _safety_backup(run: RestoreRun) -> Safety:
    """A backup of the data that will be replaced; none of a server that does not answer.

    A store that takes none does not stop a restore: what is replaced is set aside on the volume.
    """
    operation = run.operation
    wanted = run.options.safety_backup and operation.instance.restore.safety_backup
    if not (wanted and operation.survey.info):
        return Safety()
    operation.progress("safety backup of what is there now")
    with operation.timings.measure("safety_backup"):
        try:
            return Safety(capture(operation).manifest)
        except StoreError as error:
            operation.progress(f"no safety backup, and the restore goes on: {error.problem}")
            return Safety(None, (no_safety_backup(error, operation.layout.old),))


def _with_live_data(run: RestoreRun, plan: RestorePlan, safety: Manifest | None) -> RestorePlan:
    """The plan again, with the keys and epochs that come from the live server."""
    with run.operation.timings.measure("live"):
        live = fetch_live(run.operation, safety, run.backup.rdb.parent)
    if live is None:
        return plan
    plan = _prepared(run, live)
    require(plan.gates, "restore")
    return plan


def _warm_up(run: RestoreRun) -> dict[str, object]:
    """The data is back and proven: a warm-up that fails is reported and changes nothing of that."""
    operation = run.operation
    try:
        report = warm(operation.instance, run.backup.manifest, operation.progress)
    except RedisDrError as error:
        return {"ok": False, "problem": error.problem, "remedy": error.remedy}
    return report.model_dump(mode="json")
