"""Carry out what retention planned: one removal that fails keeps no other, and each is told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from redis_dr.tasks.catalog.doctor import sweep_probes
from redis_dr.tasks.catalog.prune import remove_backup, remove_expired_leases, remove_orphans
from redis_dr.tasks.model.catalog.retention import RetentionPlan
from redis_dr.tasks.model.errors import Refused, StoreError, StoreForbids
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.storage.base.protocol import ObjectStore

_PROBE = timedelta(hours=1)  # no doctor runs longer; beyond that its probes are debris


@dataclass(frozen=True, slots=True)
class Attempt:
    """One removal that was tried."""

    backup_id: str
    outcome: Literal["removed", "kept", "forbidden", "failed"]
    reason: str = ""  # why it was not removed

    @property
    def finding(self) -> Finding:
        """Only a failure is bad: a claim since the plan, and a store that forbids, are not."""
        return Finding(
            check=f"remove {self.backup_id}",
            ok=self.outcome != "failed",
            actual="removed" if self.outcome == "removed" else "kept",
            detail=self.reason,
        )


def remove_backups(
    store: ObjectStore, instance: str, plan: RetentionPlan, progress: Progress
) -> Iterator[Attempt]:
    """The backups that no rule keeps."""
    for backup in plan.removed:
        progress(f"removing {backup.backup_id}")
        remove = partial(remove_backup, store, instance, backup.backup_id)
        yield _attempt(backup.backup_id, remove)


def remove_unfinished(
    store: ObjectStore, instance: str, plan: RetentionPlan, progress: Progress
) -> Iterator[Attempt]:
    """The files of runs that died."""
    for orphan in plan.orphans:
        progress(f"removing the unfinished {orphan.backup_id}")
        remove = partial(remove_orphans, store, instance, orphan)
        yield _attempt(orphan.backup_id, remove)


def remove_leases_and_probes(store: ObjectStore, instance: str, before: datetime) -> None:
    """Small debris of dead operations. Raises StoreError."""
    remove_expired_leases(store, instance, before)
    sweep_probes(store, instance, before - _PROBE)


def _attempt(backup_id: str, remove: Callable[[], None]) -> Attempt:
    try:
        remove()
    except Refused as error:
        return Attempt(backup_id, "kept", error.problem)
    except StoreForbids as error:
        return Attempt(backup_id, "forbidden", f"the store forbids it: {error.problem}")
    except StoreError as error:
        if error.transient:
            raise
        return Attempt(backup_id, "failed", str(error))
    return Attempt(backup_id, "removed")
