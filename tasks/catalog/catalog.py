"""The catalog: what the store holds of an instance. Only this file writes manifests and proofs."""

import json
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from redis_dr.tasks.catalog.documents import read_manifests, read_note
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import (
    ACCEPTED,
    MANIFEST,
    PIN,
    PROOFS,
    backup_prefix,
    backups_prefix,
    leases_prefix,
    manifest_key,
    pin_key,
    split_backup_key,
)
from redis_dr.tasks.model.catalog.accepted import Acceptance
from redis_dr.tasks.model.catalog.catalog import (
    Catalog,
    Lease,
    Strange,
    Unfinished,
)
from redis_dr.tasks.model.catalog.choosing import choose
from redis_dr.tasks.model.catalog.dates import dates_that_cannot_be, moment_of, store_time
from redis_dr.tasks.model.catalog.proof import Proof, proof_named
from redis_dr.tasks.model.errors import Damaged, RedisDrError, Refused, SaveFailed
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.base.protocol import ObjectStore, StoredObject

__all__ = [
    "add_proof",
    "backup_prefix",
    "choose",
    "commit",
    "load_catalog",
    "mark_in_use",
    "pin",
    "proofs",
    "release_use",
    "unpin",
]


@step
def commit(store: ObjectStore, manifest: Manifest) -> None:
    """Write the manifest. Before this line there is no backup; after it there is."""
    key, body = manifest_key(manifest.instance, manifest.backup_id), manifest.to_json()
    _require_readable(body, key)
    try:
        store.create(key, body)
    except Refused:
        # a retry after a lost answer finds its own manifest: that is success
        with store.open(key) as source:
            if source.read(len(body) + 1) != body:
                raise


@step
def load_catalog(store: ObjectStore, instance: str) -> Catalog:
    """Read what the store holds: one listing, and one small object for each backup.

    The raw listing: `open_catalog` (judged.py) also judges proofs and content by the configuration,
    and every decision about a backup needs that.
    """
    folders: dict[str, list[StoredObject]] = {}
    strange: list[Strange] = []
    for found in store.list(backups_prefix(instance)):
        split = split_backup_key(instance, found.key)
        if split is None:
            strange.append(Strange(found.key, "it belongs to no backup"))
        else:
            folders.setdefault(split[0], []).append(found)
    manifests, unreadable = _manifests(store, instance, folders)
    committed = {**{m.backup_id: m for m in manifests}, **unreadable}
    stored_at = dict(_store_times(instance, committed, folders))
    strange += _foreign(instance, {m.backup_id: m for m in manifests}, folders)
    accepted, no_acceptances = _acceptances(store, instance, folders)
    in_use, no_leases = _leases(store, instance)
    return Catalog(
        instance=instance,
        address=store.address,
        manifests=_newest_first(manifests, stored_at),
        proofs={
            backup_id: _proofs(instance, backup_id, folders[backup_id]) for backup_id in committed
        },
        accepted=accepted,
        stored_at=stored_at,
        misdated=dates_that_cannot_be(manifests, stored_at, _now(store)),
        pinned=frozenset(i for i in folders if _object(instance, i, PIN, folders)),
        in_use=in_use,
        unreadable=unreadable,
        unfinished=tuple(_unfinished(folders, committed)),
        strange=(*strange, *no_acceptances, *no_leases),
        keys={
            backup_id: tuple(found.key for found in folders[backup_id]) for backup_id in committed
        },
    )


@step
def add_proof(store: ObjectStore, instance: str, backup_id: str, name: str, data: bytes) -> None:
    """Keep a proof beside its backup. `name` is of the form that store_layout.proof_name gives."""
    store.create(backup_prefix(instance, backup_id) + PROOFS + name, data)


def proofs(store: ObjectStore, instance: str, backup_id: str) -> tuple[Proof, ...]:
    """The proofs of one backup, oldest first."""
    found = store.list(backup_prefix(instance, backup_id) + PROOFS)
    return _proofs(instance, backup_id, found)


@step
def pin(store: ObjectStore, instance: str, backup_id: str, reason: str = "") -> None:
    """Keep the backup for ever. Pinning twice is fine. Raises Damaged if a prune was quicker."""
    body = {"pinned_at": datetime.now(UTC).isoformat(), "reason": reason}
    if store.stat(pin_key(instance, backup_id)) is None:
        store.create(pin_key(instance, backup_id), json.dumps(body).encode())
    refuse_when_gone(store, instance, backup_id, pin_key(instance, backup_id))


@step
def unpin(store: ObjectStore, instance: str, backup_id: str) -> None:
    """Leave the backup to retention again."""
    store.delete(pin_key(instance, backup_id))


def mark_in_use(store: ObjectStore, instance: str, backup_id: str, until: datetime) -> str:
    """Tell prune that an operation reads the backup. Gives the lease's key, for release_use.

    Raises Damaged when a prune was quicker.
    """
    key = f"{leases_prefix(instance)}{backup_id}-{secrets.token_hex(6)}.json"
    store.create(key, Lease(backup_id, until).to_json())
    refuse_when_gone(store, instance, backup_id, key)
    return key


def release_use(store: ObjectStore, lease: str) -> None:
    """The operation is over."""
    store.delete(lease)


def refuse_when_gone(store: ObjectStore, instance: str, backup_id: str, claim: str) -> None:
    """Withdraw a claim on a backup that is gone, and raise Damaged."""
    # prune looks for claims before and after it deletes the manifest: one of the two sees the other
    if store.stat(manifest_key(instance, backup_id)) is None:
        store.delete(claim)
        raise Damaged(f"{backup_id} is not in {store.address} any more", "use another backup")


def _require_readable(body: bytes, key: str) -> None:
    """A manifest that this program would not read makes no backup. Raises SaveFailed."""
    try:
        Manifest.from_json(body, key)
    except Damaged as error:
        raise SaveFailed(
            f"the manifest of this backup could not be read back: {error.problem}",
            "correct what it names; fewer patterns in [[keys]] make it smaller",
        ) from error


def _newest_first(
    manifests: list[Manifest], stored_at: dict[str, datetime]
) -> tuple[Manifest, ...]:
    def order(manifest: Manifest) -> tuple[datetime, str]:
        stored = stored_at.get(manifest.backup_id)
        return moment_of(manifest.made_at, stored), manifest.backup_id

    return tuple(sorted(manifests, key=order, reverse=True))


def _now(store: ObjectStore) -> datetime:
    """By the store's clock where its answers tell it, else by this machine's."""
    return datetime.now(UTC) + (store.clock_ahead() or timedelta(0))


def _store_times(
    instance: str, committed: Iterable[str], folders: dict[str, list[StoredObject]]
) -> Iterator[tuple[str, datetime]]:
    """When the store took each manifest, by its own clock."""
    for backup_id in committed:
        key = manifest_key(instance, backup_id)
        modified = next(found.modified for found in folders[backup_id] if found.key == key)
        if at := store_time(modified):
            yield backup_id, at


def _manifests(
    store: ObjectStore, instance: str, folders: dict[str, list[StoredObject]]
) -> tuple[list[Manifest], dict[str, RedisDrError]]:
    listed = [
        (backup_id, found)
        for backup_id in folders
        if (found := _object(instance, backup_id, MANIFEST, folders))
    ]
    manifests: list[Manifest] = []
    unreadable: dict[str, RedisDrError] = {}
    sizes = {found.key: found.size for folder in folders.values() for found in folder}
    for backup_id, read in read_manifests(store, instance, listed):
        whole = _whole(read, sizes) if isinstance(read, Manifest) else read
        if isinstance(whole, Manifest):
            manifests.append(whole)
        else:
            unreadable[backup_id] = whole
    return manifests, unreadable


def _whole(manifest: Manifest, sizes: dict[str, int]) -> Manifest | Damaged:
    prefix = backup_prefix(manifest.instance, manifest.backup_id)
    for file in manifest.files:
        size = sizes.get(prefix + file.stored_name)
        if size != file.stored_size:
            return Damaged(
                f"{prefix}{file.stored_name} "
                + ("is missing" if size is None else f"has {size} bytes, not {file.stored_size}"),
                "restore another backup; `redis-dr list` shows the whole ones",
            )
    return manifest


def _foreign(
    instance: str, manifests: dict[str, Manifest], folders: dict[str, list[StoredObject]]
) -> Iterator[Strange]:
    for backup_id, manifest in manifests.items():
        known = {MANIFEST, PIN, ACCEPTED, *(file.stored_name for file in manifest.files)}
        prefix = backup_prefix(instance, backup_id)
        for found in folders[backup_id]:
            name = found.key.removeprefix(prefix)
            if name.startswith(PROOFS):
                if name.endswith(".json") and not proof_named(backup_id, name, found.modified):
                    yield Strange(found.key, "its name is not that of a proof")
            elif name not in known:
                yield Strange(found.key, "the manifest does not name it")


def _unfinished(
    folders: dict[str, list[StoredObject]], committed: Iterable[str]
) -> Iterator[Unfinished]:
    for backup_id in folders.keys() - set(committed):
        found = folders[backup_id]
        newest = max(stored.modified for stored in found)
        yield Unfinished(backup_id, tuple(stored.key for stored in found), newest)


def _proofs(instance: str, backup_id: str, found: Iterable[StoredObject]) -> tuple[Proof, ...]:
    prefix = backup_prefix(instance, backup_id)
    proofs = (proof_named(backup_id, one.key.removeprefix(prefix), one.modified) for one in found)
    return tuple(sorted(filter(None, proofs), key=lambda proof: (proof.moment, proof.name)))


def _object(
    instance: str, backup_id: str, name: str, folders: dict[str, list[StoredObject]]
) -> StoredObject | None:
    key = backup_prefix(instance, backup_id) + name
    return next((found for found in folders[backup_id] if found.key == key), None)


def _acceptances(
    store: ObjectStore, instance: str, folders: dict[str, list[StoredObject]]
) -> tuple[dict[str, Acceptance], list[Strange]]:
    accepted: dict[str, Acceptance] = {}
    strange: list[Strange] = []
    for backup_id in folders:
        if found := _object(instance, backup_id, ACCEPTED, folders):
            note = read_note(store, found, Acceptance.from_json)
            if isinstance(note, Damaged):
                strange.append(Strange(found.key, note.problem))
            elif note:
                accepted[backup_id] = note
    return accepted, strange


def _leases(store: ObjectStore, instance: str) -> tuple[dict[str, datetime], list[Strange]]:
    until: dict[str, datetime] = {}
    strange: list[Strange] = []
    for found in store.list(leases_prefix(instance)):
        note = read_note(store, found, Lease.from_json)
        if isinstance(note, Damaged):
            strange.append(Strange(found.key, note.problem))
        elif note:
            until[note.backup_id] = max(note.until, until.get(note.backup_id, note.until))
    return until, strange
