"""The order of a backup of an instance that is held. A restore's safety backup is one, too."""

import contextlib
from collections.abc import Callable

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.tasks.backup.fork_lock import fork_turn
from redis_dr.tasks.backup.pin import link_aof, link_rdb, unpin
from redis_dr.tasks.backup.snapshot import saves_so_far, take_snapshot
from redis_dr.tasks.backup.upload import UploadResult, discard, read_back, upload_aof, upload_rdb
from redis_dr.tasks.catalog.catalog import commit, load_catalog
from redis_dr.tasks.model.backup.backup_gates import backup_gates
from redis_dr.tasks.model.backup.backup_report import StoredBackup, describe
from redis_dr.tasks.model.backup.drift import content_drift
from redis_dr.tasks.model.backup.manifest import Manifest, StoredFile
from redis_dr.tasks.model.backup.snapshot import LinkedFile, Snapshot, judge_snapshot
from redis_dr.tasks.model.errors import RedisDrError, SaveFailed
from redis_dr.tasks.model.report import Finding, all_ok, require
from redis_dr.tasks.model.server.persistence import Persistence
from redis_dr.tasks.observe.survey import free_bytes, require_answer
from redis_dr.tasks.storage.opening import load_ahead, open_store

ATTEMPTS = 3  # at a save that nothing disturbs

Saved = tuple[Snapshot, UploadResult, tuple[Finding, ...]]


def capture(operation: Operation) -> StoredBackup:
    """Save, pin, store, read back, commit. On any failure nothing of it stays in the store."""
    require_answer(operation.found, operation.instance)
    load_ahead(operation.instance.store)
    gates = require(
        backup_gates(operation.found, free_bytes(operation.helper, operation.dir)), "backup"
    )
    try:
        snapshot, rdb, findings = proven_save(
            operation, lambda pinned: _to_store(operation, pinned)
        )
        aof = _append_only(operation)
        unpin(operation.helper, operation.layout)
        return _committed(operation, (snapshot, rdb, (*gates, *findings)), aof)
    except BaseException:
        discard(operation.instance, operation.prefix)
        with contextlib.suppress(RedisDrError):  # the next operation sweeps what stays
            unpin(operation.helper, operation.layout)
        raise


def proven_save(operation: Operation, collect: Callable[[LinkedFile], UploadResult]) -> Saved:
    """BGSAVE, pin, `collect`, until the file is proven to be ours. Raises SaveFailed."""
    for attempt in range(1, ATTEMPTS + 1):
        saved = _save(operation, collect)
        if all_ok(saved[2]):
            return saved
        bad = "; ".join(f"{one.check}: {one.actual}" for one in saved[2] if not one.ok)
        operation.progress(f"attempt {attempt}: the file is not our save ({bad})")
    raise SaveFailed(
        f"{ATTEMPTS} saves of {operation.instance.name} were disturbed; the last: {bad}",
        "see what else saves or flushes (`redis-dr top`, the container's log), then try again",
    )


def _save(operation: Operation, collect: Callable[[LinkedFile], UploadResult]) -> Saved:
    persistence = _persistence(operation)
    operation.progress("saving (BGSAVE)")
    with fork_turn(operation.progress), operation.timings.measure("bgsave"):
        snapshot = take_snapshot(operation.server)
    pinned = link_rdb(operation.helper, operation.layout, persistence)
    # another save may have replaced the file between the end of ours and the pin
    snapshot = snapshot.with_saves(saves_so_far(operation.server))
    operation.progress(f"copying {pinned.size:,} bytes, counting and digesting on the way")
    with operation.timings.measure("copy"):
        collected = collect(pinned)
    return snapshot, collected, judge_snapshot(snapshot, collected.inventory)


def _to_store(operation: Operation, pinned: LinkedFile) -> UploadResult:
    return upload_rdb(operation.helper, pinned, operation.instance, operation.prefix)


def _append_only(operation: Operation) -> tuple[StoredFile, ...]:
    with operation.timings.measure("aof"):
        pinned = link_aof(operation.helper, operation.layout, _persistence(operation))
        if pinned.missing:
            operation.progress(f"no append-only files: {pinned.missing}")
        return upload_aof(operation.helper, pinned, operation.instance, operation.prefix)


def _committed(operation: Operation, saved: Saved, aof: tuple[StoredFile, ...]) -> StoredBackup:
    snapshot, rdb, findings = saved
    assert rdb.file is not None  # noqa: S101 it was collected into the store
    files = (rdb.file, *aof)
    operation.progress("reading back what was stored")
    with operation.timings.measure("read_back"):
        read_back(operation.instance, operation.prefix, files)
    manifest = describe(
        (operation.instance.name, operation.helper.holder.id), operation.found, snapshot, files
    )
    manifest = manifest.knowing(rdb.inventory, rdb.missing)
    made = {"timings": operation.timings.as_dict(), "operation": operation.helper.holder.operation}
    manifest = manifest.model_copy(update=made)
    manifest = manifest.model_copy(update={"suspicious": _drift(operation, manifest)})
    commit(open_store(operation.instance.store), manifest)
    return StoredBackup(manifest, findings)


def _drift(operation: Operation, manifest: Manifest) -> tuple[str, ...]:
    """Why the content looks wrong against the last backups; a flushed database is stored, too."""
    catalog = load_catalog(open_store(operation.instance.store), operation.instance.name)
    regular = [one for one in catalog.manifests if one.operation == manifest.operation]
    reasons = content_drift(manifest, regular, operation.instance)
    for reason in reasons:
        operation.progress(f"SUSPICIOUS, so not the latest for a restore: {reason}")
    return reasons


def _persistence(operation: Operation) -> Persistence:
    assert operation.found.persistence is not None  # noqa: S101 capture required an answer
    return operation.found.persistence
