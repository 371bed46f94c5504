"""Look at what the store holds of an instance: `list` and `show`."""

from datetime import datetime

from redis_dr.tasks.catalog.catalog import choose, load_catalog, pin, unpin
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.store_reports import (
    ListedBackup,
    ListedProof,
    ListReport,
    Oddity,
    PinReport,
    ShowReport,
)
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.storage.opening import open_store


def list_backups(instance: Instance) -> ListReport:
    """The catalog, newest first. Odd things are reported, never fatal."""
    timings = Timings()
    store = open_store(instance.store)
    catalog = load_catalog(store, instance.name)
    return ListReport(
        **heading("list", instance.name, timings, (), ok=True),
        store=store.address,
        backups=tuple(_listed(catalog, manifest) for manifest in catalog.manifests),
        unreadable=tuple(
            Oddity(name=backup_id, reason=error.problem)
            for backup_id, error in sorted(catalog.unreadable.items(), reverse=True)
        ),
        unfinished=tuple(
            Oddity(name=backup.backup_id, reason=f"no manifest; last write {_at(backup.newest)}")
            for backup in catalog.unfinished
        ),
        strange=tuple(Oddity(name=oddity.key, reason=oddity.reason) for oddity in catalog.strange),
    )


def show_backup(instance: Instance, which: str) -> ShowReport:
    """One manifest with its proofs. Raises UsageError, Damaged."""
    timings = Timings()
    store = open_store(instance.store)
    catalog = load_catalog(store, instance.name)
    manifest = choose(catalog, which)
    proofs = catalog.proofs.get(manifest.backup_id, ())
    return ShowReport(
        **heading("show", instance.name, timings, (), ok=True),
        store=store.address,
        manifest=manifest,
        proofs=tuple(ListedProof(name=p.name, kind=p.kind, ok=p.ok, at=p.at) for p in proofs),
        proven_at=catalog.proven_at(manifest.backup_id),
        pinned=manifest.backup_id in catalog.pinned,
        in_use_until=catalog.in_use.get(manifest.backup_id),
    )


def _listed(catalog: Catalog, manifest: Manifest) -> ListedBackup:
    return ListedBackup(
        backup_id=manifest.backup_id,
        created_at=manifest.created_at,
        size=manifest.size,
        stored_size=manifest.stored_size,
        keys=manifest.keys,
        proven_at=catalog.proven_at(manifest.backup_id),
        pinned=manifest.backup_id in catalog.pinned,
        in_use_until=catalog.in_use.get(manifest.backup_id),
        suspicious=manifest.suspicious,
        safety=manifest.is_safety,
    )


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def set_pin(instance: Instance, which: str, *, pinned: bool, reason: str = "") -> PinReport:
    """Pin or unpin one backup. Raises UsageError for one that is not there."""
    timings = Timings()
    store = open_store(instance.store)
    backup_id = choose(load_catalog(store, instance.name), which).backup_id
    if pinned:
        pin(store, instance.name, backup_id, reason)
    else:
        unpin(store, instance.name, backup_id)
    is_pinned = backup_id in load_catalog(store, instance.name).pinned
    finding = Finding(check="pinned", ok=is_pinned == pinned, expected=pinned, actual=is_pinned)
    return PinReport(
        **heading("pin" if pinned else "unpin", instance.name, timings, [finding]),
        backup_id=backup_id,
        pinned=is_pinned,
    )
