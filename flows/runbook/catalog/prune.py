"""Retention: plan, print the plan, and with `apply` carry it out."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from redis_dr.flows.runbook.catalog.removal import (
    Attempt,
    remove_backups,
    remove_leases_and_probes,
    remove_unfinished,
)
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.catalog.prune import sweep_uploads
from redis_dr.tasks.model.catalog.retention import RetentionPlan, plan_retention
from redis_dr.tasks.model.catalog.store_reports import PlannedBackup, PruneReport
from redis_dr.tasks.model.catalog.usual import content_alarm
from redis_dr.tasks.model.errors import StoreForbids
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.storage.base.protocol import ObjectStore, StoredObject
from redis_dr.tasks.storage.opening import open_store

_NEVER_FINISHED = "files of a run that never finished"


def prune(
    instance: Instance, *, apply: bool, despite_drift: bool = False, progress: Progress = quiet
) -> PruneReport:
    """Plan and, with `apply`, remove.

    While the newest backup looks wrong no backup is removed; what dead runs left goes all the same.
    Where the store forbids deletion the outcome is the plan.
    """
    timings, store = Timings(), open_store(instance.store)
    catalog = open_catalog(instance, store)
    # what is too old to live is told by the store's clock, where its answers show one
    now = datetime.now(UTC) + (store.clock_ahead() or timedelta(0))
    plan = plan_retention(catalog, instance.retention, now, content_alarm(catalog, instance))
    frozen = () if despite_drift else tuple(_frozen(plan))
    before = now - timedelta(hours=instance.retention.orphan_grace_hours)
    attempts: list[Attempt] = []
    if apply:
        attempts += remove_unfinished(store, instance.name, plan, progress)
        if not frozen:
            attempts += remove_backups(store, instance.name, plan, progress)
        with suppress(StoreForbids):
            remove_leases_and_probes(store, instance.name, before)
    stayed = {one.backup_id: one.reason for one in attempts if one.outcome != "removed"}
    forbidden = next((one.reason for one in attempts if one.outcome == "forbidden"), "")
    is_plan = not apply or bool(frozen) or bool(forbidden and len(stayed) == len(attempts))
    gone = [one for one in plan.removed if is_plan or one.backup_id not in stayed]
    findings = (*frozen, *(one.finding for one in attempts))
    return PruneReport(
        **heading(
            "prune", instance.name, timings, findings, ok=all(finding.ok for finding in findings)
        ),
        store=store.address,
        applied=not is_plan,
        frozen=plan.frozen,
        forbidden=forbidden,
        kept=(
            *(_planned(backup.backup_id, *backup.reasons) for backup in plan.kept),
            *(_planned(one, why) for one, why in stayed.items() if not is_plan),
        ),
        removed=tuple(_planned(backup.backup_id, backup.reason) for backup in gone),
        orphans=tuple(
            _planned(one.backup_id, _NEVER_FINISHED)
            for one in plan.orphans
            if is_plan or one.backup_id not in stayed
        ),
        uploads=tuple(upload.key for upload in _uploads(store, before, apply=apply)),
        freed_bytes=sum(backup.stored_size for backup in gone),
    )


def _uploads(store: ObjectStore, before: datetime, *, apply: bool) -> Sequence[StoredObject]:
    """Unfinished uploads; none are known where the store does not let them be listed."""
    try:
        return sweep_uploads(store, before, apply=apply)
    except StoreForbids:
        return ()


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
