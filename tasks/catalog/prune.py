"""Taking backups out of the store: the manifest first, so that no half backup is ever listed."""

import contextlib
from datetime import UTC, datetime

from redis_dr.tasks.catalog.documents import read_bytes
from redis_dr.tasks.model.backup.store_layout import (
    backup_prefix,
    leases_prefix,
    manifest_key,
    pin_key,
)
from redis_dr.tasks.model.catalog.catalog import Lease, Unfinished
from redis_dr.tasks.model.document import NOTE_BOUNDS
from redis_dr.tasks.model.errors import Damaged, Refused
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.base.protocol import ObjectStore, StoredObject


@step
def remove_backup(store: ObjectStore, instance: str, backup_id: str) -> None:
    """Remove one backup. Raises Refused when it was pinned or taken into use since the plan."""
    _still_free(store, instance, backup_id)
    store.delete(manifest_key(instance, backup_id))
    # a restore that took its lease before the manifest went may still read the files; one that
    # takes it later finds no manifest (catalog.mark_in_use). What stays here is swept as an orphan.
    _still_free(store, instance, backup_id)
    _remove_all(store, backup_prefix(instance, backup_id))


@step
def remove_orphans(store: ObjectStore, instance: str, orphan: Unfinished) -> None:
    """Remove the files of a run that died. Raises Refused when it came back to life."""
    if store.stat(manifest_key(instance, orphan.backup_id)):
        raise Refused(
            f"{orphan.backup_id} was finished since the plan was made", "plan again: it is a backup"
        )
    _still_free(store, instance, orphan.backup_id)
    _remove_all(store, backup_prefix(instance, orphan.backup_id))


@step
def remove_expired_leases(store: ObjectStore, instance: str, before: datetime) -> None:
    """Remove leases, ended before this moment, of operations that died."""
    for found in list(store.list(leases_prefix(instance))):
        lease = _lease(store, found.key)
        if (lease.until if lease else found.modified) < before:
            with contextlib.suppress(Damaged):  # a name that no store of ours can hold: not ours
                store.delete(found.key)


@step
def sweep_uploads(store: ObjectStore, before: datetime, *, apply: bool) -> tuple[StoredObject, ...]:
    """Uploads begun before this moment that nobody completed; with `apply` they are removed."""
    return store.sweep(before, apply=apply)


def _still_free(store: ObjectStore, instance: str, backup_id: str) -> None:
    if store.stat(pin_key(instance, backup_id)):
        raise Refused(f"{backup_id} was pinned since the plan was made", "it stays; plan again")
    for found in list(store.list(f"{leases_prefix(instance)}{backup_id}-")):
        lease = _lease(store, found.key)
        if lease and lease.until > datetime.now(UTC):
            raise Refused(f"an operation began to read {backup_id}", "it stays for now; plan again")


def _lease(store: ObjectStore, key: str) -> Lease | None:
    try:
        return Lease.from_json(read_bytes(store, key, NOTE_BOUNDS), key)
    except Damaged:
        return None  # released in this moment, or not a lease


def _remove_all(store: ObjectStore, prefix: str) -> None:
    for found in list(store.list(prefix)):
        store.delete(found.key)
