"""The order of a backup of an instance that is held. A restore's safety backup is one, too."""

import contextlib
from collections.abc import Callable

from redis_dr.flows.runbook.operation.operation import Held
from redis_dr.tasks.backup.fork_lock import fork_turn
from redis_dr.tasks.backup.pin import pin_aof, pin_rdb, unpin
from redis_dr.tasks.backup.snapshot import saves_so_far, take_snapshot
from redis_dr.tasks.backup.upload import Collected, collect_aof, collect_rdb, discard, read_back
from redis_dr.tasks.catalog.catalog import commit, load_catalog
from redis_dr.tasks.model.backup.backup_gates import backup_gates
from redis_dr.tasks.model.backup.backup_report import Captured, describe
from redis_dr.tasks.model.backup.drift import content_drift
from redis_dr.tasks.model.backup.manifest import Manifest, Persistence, StoredFile
from redis_dr.tasks.model.backup.pinned import PinnedFile
from redis_dr.tasks.model.backup.snapshot import Snapshot, judge_snapshot
from redis_dr.tasks.model.errors import RedisDrError, SaveFailed
from redis_dr.tasks.model.gate import require
from redis_dr.tasks.model.report import Finding, all_ok
from redis_dr.tasks.observe.survey import free_bytes, require_answer
from redis_dr.tasks.storage.opening import load_ahead, open_store

ATTEMPTS = 3  # at a save that nothing disturbs

Saved = tuple[Snapshot, Collected, tuple[Finding, ...]]


def capture(held: Held) -> Captured:
    """Save, pin, store, read back, commit. On any failure nothing of it stays in the store."""
    require_answer(held.found, held.instance)
    load_ahead(held.instance.store)
    gates = require(backup_gates(held.found, free_bytes(held.hands, held.dir)), "backup")
    try:
        snapshot, rdb, findings = proven_save(held, lambda pinned: _to_store(held, pinned))
        aof = _append_only(held)
        unpin(held.hands, held.layout)
        return _committed(held, (snapshot, rdb, (*gates, *findings)), aof)
    except BaseException:
        discard(held.instance, held.prefix)
        with contextlib.suppress(RedisDrError):  # the next operation sweeps what stays
            unpin(held.hands, held.layout)
        raise


def proven_save(held: Held, collect: Callable[[PinnedFile], Collected]) -> Saved:
    """BGSAVE, pin, `collect`, until the file is proven to be ours. Raises SaveFailed."""
    for attempt in range(1, ATTEMPTS + 1):
        saved = _save(held, collect)
        if all_ok(saved[2]):
            return saved
        bad = "; ".join(f"{one.check}: {one.actual}" for one in saved[2] if not one.ok)
        held.say(f"attempt {attempt}: the file is not our save ({bad})")
    raise SaveFailed(
        f"{ATTEMPTS} saves of {held.instance.name} were disturbed; the last: {bad}",
        "see what else saves or flushes (`redis-dr top`, the container's log), then try again",
    )


def _save(held: Held, collect: Callable[[PinnedFile], Collected]) -> Saved:
    persistence = _persistence(held)
    held.say("saving (BGSAVE)")
    with fork_turn(held.say), held.timings.measure("bgsave"):
        snapshot = take_snapshot(held.instance)
    pinned = pin_rdb(held.hands, held.layout, persistence)
    # another save may have replaced the file between the end of ours and the pin
    snapshot = snapshot.with_saves(saves_so_far(held.instance))
    held.say(f"copying {pinned.size:,} bytes, counting and digesting on the way")
    with held.timings.measure("copy"):
        collected = collect(pinned)
    return snapshot, collected, judge_snapshot(snapshot, collected.inventory)


def _to_store(held: Held, pinned: PinnedFile) -> Collected:
    return collect_rdb(held.hands, pinned, held.instance, held.prefix)


def _append_only(held: Held) -> tuple[StoredFile, ...]:
    with held.timings.measure("aof"):
        pinned = pin_aof(held.hands, held.layout, _persistence(held))
        if pinned.missing:
            held.say(f"no append-only files: {pinned.missing}")
        return collect_aof(held.hands, pinned, held.instance, held.prefix)


def _committed(held: Held, saved: Saved, aof: tuple[StoredFile, ...]) -> Captured:
    snapshot, rdb, findings = saved
    assert rdb.file is not None  # noqa: S101 it was collected into the store
    files = (rdb.file, *aof)
    held.say("reading back what was stored")
    with held.timings.measure("read_back"):
        read_back(held.instance, held.prefix, files)
    manifest = describe((held.instance.name, held.hands.holder.id), held.found, snapshot, files)
    manifest = manifest.knowing(rdb.inventory, rdb.missing)
    made = {"timings": held.timings.as_dict(), "operation": held.hands.holder.operation}
    manifest = manifest.model_copy(update=made)
    manifest = manifest.model_copy(update={"suspicious": _drift(held, manifest)})
    commit(open_store(held.instance.store), manifest)
    return Captured(manifest, findings)


def _drift(held: Held, manifest: Manifest) -> tuple[str, ...]:
    """Why the content looks wrong against the last backups; a flushed database is stored, too."""
    catalog = load_catalog(open_store(held.instance.store), held.instance.name)
    regular = [one for one in catalog.manifests if one.operation == manifest.operation]
    reasons = content_drift(manifest, regular, held.instance)
    for reason in reasons:
        held.say(f"SUSPICIOUS, so not the latest for a restore: {reason}")
    return reasons


def _persistence(held: Held) -> Persistence:
    assert held.found.persistence is not None  # noqa: S101 capture required an answer
    return held.found.persistence
