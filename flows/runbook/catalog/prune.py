"""Retention: plan, print the plan, and with `apply` carry it out."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.catalog.prune import (
    remove_backup,
    remove_expired_leases,
    remove_orphans,
    sweep_uploads,
)
from redis_dr.tasks.model.catalog.retention import RetentionPlan, plan_retention
from redis_dr.tasks.model.catalog.store_reports import PlannedBackup, PruneReport
from redis_dr.tasks.model.catalog.usual import content_alarm
from redis_dr.tasks.model.errors import Refused, StoreError
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.storage.base.protocol import ObjectStore
from redis_dr.tasks.storage.opening import open_store

_NEVER_FINISHED = "files of a run that never finished"


def prune(
    instance: Instance, *, apply: bool, despite_drift: bool = False, progress: Progress = quiet
) -> PruneReport:
    """Plan and, with `apply`, remove. While the newest backup looks wrong nothing is removed."""
    timings, store = Timings(), open_store(instance.store)
    catalog = open_catalog(instance, store)
    # what is too old to live is told by the store's clock, where its answers show one
    now = datetime.now(UTC) + (store.clock_ahead() or timedelta(0))
    plan = plan_retention(catalog, instance.retention, now, content_alarm(catalog, instance))
    findings = [] if despite_drift else list(_frozen(plan))
    act = apply and not findings
    before = now - timedelta(hours=instance.retention.orphan_grace_hours)
    uploads = sweep_uploads(store, before, apply=act)
    if act:
        findings += _removed(store, instance, plan, progress)
        remove_expired_leases(store, instance.name, before)
    return PruneReport(
        **heading(
            "prune", instance.name, timings, findings, ok=all(finding.ok for finding in findings)
        ),
        store=store.address,
        applied=act,
        frozen=plan.frozen,
        kept=tuple(_planned(backup.backup_id, *backup.reasons) for backup in plan.kept),
        removed=tuple(_planned(backup.backup_id, backup.reason) for backup in plan.removed),
        orphans=tuple(_planned(backup.backup_id, _NEVER_FINISHED) for backup in plan.orphans),
        uploads=tuple(upload.key for upload in uploads),
        freed_bytes=sum(backup.stored_size for backup in plan.removed),
    )


def _planned(backup_id: str, *reasons: str) -> PlannedBackup:
    return PlannedBackup(backup_id=backup_id, reasons=reasons)


def _frozen(plan: RetentionPlan) -> Iterator[Finding]:
    for reason in plan.frozen:
        yield Finding(
            check="the newest backup looks right",
            ok=False,
            expected="nothing is removed while it does not",
            actual="frozen",
            detail=reason,
        )


def _removed(
    store: ObjectStore, instance: Instance, plan: RetentionPlan, progress: Progress
) -> Iterator[Finding]:
    for backup in plan.removed:
        progress(f"removing {backup.backup_id}")
        remove = partial(remove_backup, store, instance.name, backup.backup_id)
        yield _tried(backup.backup_id, remove)
    for orphan in plan.orphans:
        progress(f"removing the unfinished {orphan.backup_id}")
        sweep = partial(remove_orphans, store, instance.name, orphan)
        yield _tried(orphan.backup_id, sweep)


def _tried(backup_id: str, remove: Callable[[], None]) -> Finding:
    """One backup that may not go (a lock, a permission) does not keep the others."""
    try:
        remove()
    except Refused as error:
        return Finding(check=f"remove {backup_id}", ok=True, actual="kept", detail=error.problem)
    except StoreError as error:
        if error.transient:
            raise
        return Finding(check=f"remove {backup_id}", ok=False, actual="kept", detail=str(error))
    return Finding(check=f"remove {backup_id}", ok=True, actual="removed")
