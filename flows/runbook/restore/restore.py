"""Bring an instance back: everything that can fail comes first, then the shortest possible stop."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from redis_dr.flows.runbook.operation.capture import capture
from redis_dr.flows.runbook.operation.operation import Operation, begin_operation
from redis_dr.flows.runbook.operation.read_lease import reading
from redis_dr.flows.runbook.restore.cutover import CutoverResult, cut_over, write_journal
from redis_dr.flows.runbook.restore.live_set import fetch_live
from redis_dr.flows.runbook.restore.plan import plan_report, rule_lines
from redis_dr.flows.runbook.restore.prepare import PreparedRestore, download_any, prepare
from redis_dr.flows.runbook.restore.release import release_replaced
from redis_dr.flows.runbook.restore.trial import OpenedRestore, TrialResult, prove_staged
from redis_dr.flows.runbook.restore.warm import warm
from redis_dr.tasks.catalog.catalog import choose, load_catalog
from redis_dr.tasks.catalog.reports import keep_report
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import new_backup_id
from redis_dr.tasks.model.errors import RedisDrError, Refused
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import all_ok, require
from redis_dr.tasks.model.restore.restore_report import PlanReport, RestoreOptions, RestoreReport
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.restore.journal import end
from redis_dr.tasks.restore.swap import remove_home
from redis_dr.tasks.storage.opening import open_store

Agree = Callable[[PlanReport], bool]


def typed_name(options: RestoreOptions, instance: Instance) -> Agree:
    """The command line's consent: the instance's name was given with --confirm."""
    return lambda _plan: options.confirm == instance.name


def plan_restore(
    instance: Instance, options: RestoreOptions, progress: Progress = quiet
) -> PlanReport:
    """What a restore would do, every gate judged; nothing is changed."""
    with _opened(instance, options, progress) as opened:
        prepared = prepare(opened.operation, opened.manifest, options, (*opened.fetched, None))
        return plan_report(opened.operation, opened.catalog, prepared)


def restore(
    instance: Instance, options: RestoreOptions, agree: Agree, progress: Progress = quiet
) -> RestoreReport:
    """Bring the instance back from a backup, or leave it as it was.

    `agree` sees the plan and decides. Raises Refused without consent or when a gate is shut,
    Damaged for a backup that is not what was stored, Unreachable, StoreError, Fenced; the
    instance is then as it was. A failure after the stop is undone and told by the report.
    """
    with _opened(instance, options, progress) as opened:
        operation = opened.operation
        prepared = prepare(operation, opened.manifest, options, (*opened.fetched, None))
        plan = plan_report(operation, opened.catalog, prepared)
        require(prepared.findings, "restore")
        if not agree(plan):
            raise _not_confirmed(instance)
        release_replaced(operation)
        safety = _safety_backup(operation, options)
        prepared = _with_live(opened, options, prepared, safety)
        trial, exchanged = _replace(opened, prepared, options)
        findings = (*prepared.findings, *trial.findings, *exchanged.findings)
        report = _report(opened, options.source, (prepared, exchanged), safety).model_copy(
            update={
                "findings": findings,
                "ok": all_ok(findings) and not exchanged.rolled_back,
                "predicted_downtime_seconds": trial.downtime.seconds,
                "prediction_doubt": trial.downtime.doubt,
            }
        )
    warmed = _warmed(report, opened, options)
    keep_report(instance, operation.helper.holder.id, warmed)
    return warmed


def _not_confirmed(instance: Instance) -> Refused:
    return Refused(
        f"the restore of {instance.name} was not confirmed; nothing was changed",
        f"read the plan, then run it with --confirm {instance.name}",
    )


@contextmanager
def _opened(
    instance: Instance, options: RestoreOptions, progress: Progress
) -> Iterator[OpenedRestore]:
    store = open_store(instance.store)
    catalog = load_catalog(store, instance.name)
    manifest = choose(catalog, options.backup)
    operation_id = new_backup_id(datetime.now(UTC))
    with (
        begin_operation(instance, "restore", operation_id, progress) as operation,
        reading(instance, manifest),
        tempfile.TemporaryDirectory(prefix="redis-dr-") as workspace,
    ):
        fetched = download_any(operation, manifest, options, Path(workspace))
        yield OpenedRestore(operation, catalog, manifest, fetched)


def _safety_backup(operation: Operation, options: RestoreOptions) -> Manifest | None:
    """What is there now, as a backup of its own; a server that does not answer has none."""
    if not (
        options.safety_backup and operation.instance.restore.safety_backup and operation.found.info
    ):
        return None
    operation.progress("safety backup of what is there now")
    with operation.timings.measure("safety_backup"):
        return capture(operation).manifest


def _with_live(
    opened: OpenedRestore,
    options: RestoreOptions,
    prepared: PreparedRestore,
    safety: Manifest | None,
) -> PreparedRestore:
    workspace = prepared.fetched.parent
    with opened.operation.timings.measure("live"):
        live = fetch_live(opened.operation, safety, workspace)
    if live is None:
        return prepared
    again = prepare(opened.operation, opened.manifest, options, (*opened.fetched, live))
    require(again.findings, "restore")
    return again


def _replace(
    opened: OpenedRestore, prepared: PreparedRestore, options: RestoreOptions
) -> tuple[TrialResult, CutoverResult]:
    operation = opened.operation
    journal = write_journal(operation, prepared)
    try:
        trial = prove_staged(opened, prepared, options)
    except BaseException:
        # nothing was stopped; what was staged goes, the journal last. What stays of it is cleared
        # away by the next operation: the error that brought us here is the one to tell
        with contextlib.suppress(RedisDrError):
            remove_home(operation.helper, operation.layout, keep_old=False)
            end(operation.helper, operation.layout)
        raise
    operation.progress(f"predicted downtime: {trial.downtime}")
    return trial, cut_over(operation, prepared, journal)


def _report(
    opened: OpenedRestore,
    source: str,
    done: tuple[PreparedRestore, CutoverResult],
    safety: Manifest | None,
) -> RestoreReport:
    operation = opened.operation
    prepared, exchanged = done
    return RestoreReport(
        command="restore",
        instance=operation.instance.name,
        ok=not exchanged.rolled_back,
        started_at=operation.timings.started_at,
        seconds=operation.timings.seconds,
        backup_id=opened.manifest.backup_id,
        source=source,
        downtime_seconds=exchanged.downtime_seconds,
        predicted_downtime_seconds=0,
        databases=exchanged.databases,
        rules=rule_lines(prepared.spliced),
        sampled=exchanged.sampled,
        rolled_back=exchanged.rolled_back,
        failure=exchanged.failure,
        safety_backup_id=safety.backup_id if safety else None,
        set_aside="" if exchanged.rolled_back else operation.layout.old,
        timings=operation.timings.as_dict(),
    )


def _warmed(report: RestoreReport, opened: OpenedRestore, options: RestoreOptions) -> RestoreReport:
    """The data is back and proven: a warm-up that fails is told, and takes nothing from that."""
    if report.rolled_back or not options.warm:
        return report
    try:
        done = warm(opened.operation.instance, opened.manifest, opened.operation.progress)
        told = done.model_dump(mode="json")
    except RedisDrError as error:
        told = {"ok": False, "problem": error.problem, "remedy": error.remedy}
    return report.model_copy(update={"warm": told})
