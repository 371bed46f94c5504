"""Look at what the store holds of an instance: `list` and `show`."""

from datetime import datetime

from redis_dr.tasks.catalog.accept import accept
from redis_dr.tasks.catalog.catalog import choose, pin, unpin
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.origin import origin_id, origin_text
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.choosing import LATEST, LATEST_PROVEN, RANDOM
from redis_dr.tasks.model.catalog.store_reports import (
    AcceptReport,
    ListedBackup,
    ListedProof,
    ListReport,
    Oddity,
    PinReport,
    ShowReport,
)
from redis_dr.tasks.model.document import printable
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.storage.opening import open_store


def list_backups(instance: Instance) -> ListReport:
    """The catalog, newest first. Odd things are reported, never fatal."""
    timings = Timings()
    store = open_store(instance.store)
    catalog = open_catalog(instance, store)
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
        strange=tuple(
            Oddity(name=printable(oddity.key), reason=printable(oddity.reason))
            for oddity in catalog.strange
        ),
    )


def show_backup(instance: Instance, which: str) -> ShowReport:
    """One manifest with its proofs. Raises UsageError, Damaged."""
    timings = Timings()
    store = open_store(instance.store)
    catalog = open_catalog(instance, store)
    manifest = choose(catalog, which)
    proofs = catalog.proofs.get(manifest.backup_id, ())
    state = catalog.proof_state(manifest.backup_id)
    return ShowReport(
        **heading("show", instance.name, timings, (), ok=True),
        store=store.address,
        manifest=manifest,
        proofs=tuple(
            ListedProof(name=p.name, kind=p.kind, ok=p.ok, at=p.at, doubt=p.doubt) for p in proofs
        ),
        proof=state.word,
        proof_reason=state.why,
        proven_at=catalog.proven_at(manifest.backup_id),
        verified_at=state.verified_at,
        suspicious=catalog.suspicious(manifest),
        accepted=_accepted(catalog, manifest),
        pinned=manifest.backup_id in catalog.pinned,
        in_use_until=catalog.in_use.get(manifest.backup_id),
    )


def _listed(catalog: Catalog, manifest: Manifest) -> ListedBackup:
    state = catalog.proof_state(manifest.backup_id)
    return ListedBackup(
        backup_id=manifest.backup_id,
        created_at=manifest.created_at,
        size=manifest.size,
        stored_size=manifest.stored_size,
        keys=manifest.keys,
        proof=state.word,
        proof_reason=state.why,
        proven_at=catalog.proven_at(manifest.backup_id),
        failed_at=state.at if state.word == "disproven" else None,
        verified_at=state.verified_at,
        pinned=manifest.backup_id in catalog.pinned,
        in_use_until=catalog.in_use.get(manifest.backup_id),
        suspicious=catalog.suspicious(manifest),
        accepted=_accepted(catalog, manifest),
        safety=manifest.is_safety,
        origin=origin_id(manifest.origin),
        origin_text=origin_text(manifest.origin),
        misdated=catalog.misdated.get(manifest.backup_id, ""),
    )


def _accepted(catalog: Catalog, manifest: Manifest) -> str:
    acceptance = catalog.accepted.get(manifest.backup_id)
    return f"{acceptance.reason} ({acceptance.by}, {_at(acceptance.at)})" if acceptance else ""


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def set_pin(instance: Instance, which: str, *, pinned: bool, reason: str = "") -> PinReport:
    """Pin or unpin one backup. Raises UsageError for one that is not there."""
    timings = Timings()
    store = open_store(instance.store)
    backup_id = choose(open_catalog(instance, store), which).backup_id
    if pinned:
        pin(store, instance.name, backup_id, reason)
    else:
        unpin(store, instance.name, backup_id)
    is_pinned = backup_id in open_catalog(instance, store).pinned
    finding = Finding(check="pinned", ok=is_pinned == pinned, expected=pinned, actual=is_pinned)
    return PinReport(
        **heading("pin" if pinned else "unpin", instance.name, timings, [finding]),
        backup_id=backup_id,
        pinned=is_pinned,
    )


def accept_backup(instance: Instance, which: str, reason: str) -> AcceptReport:
    """Keep in the store that the content of this backup was meant: it is usual from then on.

    Later backups are compared with it, and no longer with those before it. Raises UsageError for a
    backup that is not there, for a safety backup, and without a reason.
    """
    timings, store = Timings(), open_store(instance.store)
    if which in {LATEST, LATEST_PROVEN, RANDOM}:
        raise UsageError(
            f"{which!r} names no suspicious backup", "name its ID; `redis-dr list` shows it"
        )
    if not reason.strip():
        raise UsageError("accepting a backup needs a reason", "add --reason TEXT")
    catalog = open_catalog(instance, store)
    manifest = choose(catalog, which)
    if manifest.is_safety:
        raise UsageError(
            f"{manifest.backup_id} holds what a restore replaced; it is never the latest",
            "name a regular backup",
        )
    overruled = catalog.suspicious(manifest)
    accept(store, instance.name, manifest.backup_id, reason.strip())
    after = open_catalog(instance, store)
    kept = after.accepted.get(manifest.backup_id)
    finding = Finding(check="accepted", ok=kept is not None, expected=True, actual=kept is not None)
    return AcceptReport(
        **heading("accept", instance.name, timings, [finding]),
        backup_id=manifest.backup_id,
        overruled=overruled,
        reason=kept.reason if kept else "",
        by=kept.by if kept else "",
        still_suspicious=tuple(one.backup_id for one in after.regular if after.suspicious(one)),
    )
