"""The order of a backup of an instance that is held. A restore's safety backup is one, too."""

from flows.runbook.hold import Held
from tasks.catalog import commit
from tasks.collecting import Collected, collect_aof, collect_rdb, discard, read_back
from tasks.model.backup_gates import backup_gates
from tasks.model.backup_report import Captured, describe
from tasks.model.errors import SaveFailed
from tasks.model.gate import require
from tasks.model.manifest import Persistence, StoredFile
from tasks.model.report import Finding, all_ok
from tasks.model.snapshot import Snapshot, judge_snapshot
from tasks.pinning import pin_aof, pin_rdb, unpin
from tasks.snapshot import saves_so_far, take_snapshot
from tasks.storage.opening import open_store
from tasks.surveying import free_bytes, require_answer

ATTEMPTS = 3  # at a save that nothing disturbs

_Saved = tuple[Snapshot, Collected, tuple[Finding, ...]]


def capture(held: Held) -> Captured:
    """Save, pin, store, read back, commit. On any failure nothing of it stays in the store."""
    require_answer(held.found, held.instance)
    gates = require(backup_gates(held.found, free_bytes(held.hands, held.dir)), "backup")
    try:
        snapshot, rdb, findings = _proven_save(held)
        aof = _append_only(held)
        unpin(held.hands, held.layout)
        return _committed(held, (snapshot, rdb, (*gates, *findings)), aof)
    except BaseException:
        discard(held.instance, held.prefix)
        raise


def _proven_save(held: Held) -> _Saved:
    for attempt in range(1, ATTEMPTS + 1):
        saved = _save(held)
        if all_ok(saved[2]):
            return saved
        bad = "; ".join(f"{one.check}: {one.actual}" for one in saved[2] if not one.ok)
        held.say(f"attempt {attempt}: the file is not our save ({bad})")
    raise SaveFailed(
        f"{ATTEMPTS} saves of {held.instance.name} were disturbed; the last: {bad}",
        "see what else saves or flushes (`redis-dr top`, the container's log), then try again",
    )


def _save(held: Held) -> _Saved:
    persistence = _persistence(held)
    held.say("saving (BGSAVE)")
    with held.timings.measure("bgsave"):
        snapshot = take_snapshot(held.instance)
    pinned = pin_rdb(held.hands, held.layout, persistence)
    # another save may have replaced the file between the end of ours and the pin
    snapshot = snapshot.with_saves(saves_so_far(held.instance))
    held.say(f"copying {pinned.size:,} bytes, counting and digesting on the way")
    with held.timings.measure("copy"):
        rdb = collect_rdb(held.hands, pinned, held.instance, held.prefix)
    return snapshot, rdb, judge_snapshot(snapshot, rdb.inventory)


def _append_only(held: Held) -> tuple[StoredFile, ...]:
    with held.timings.measure("aof"):
        pinned = pin_aof(held.hands, held.layout, _persistence(held))
        if pinned.missing:
            held.say(f"no append-only files: {pinned.missing}")
        return collect_aof(held.hands, pinned, held.instance, held.prefix)


def _committed(held: Held, saved: _Saved, aof: tuple[StoredFile, ...]) -> Captured:
    snapshot, rdb, findings = saved
    files = (rdb.file, *aof)
    held.say("reading back what was stored")
    with held.timings.measure("read_back"):
        read_back(held.instance, held.prefix, files)
    manifest = describe((held.instance.name, held.hands.holder.id), held.found, snapshot, files)
    manifest = manifest.knowing(rdb.inventory, rdb.missing)
    made = {"timings": held.timings.as_dict(), "operation": held.hands.holder.operation}
    manifest = manifest.model_copy(update=made)
    commit(open_store(held.instance.store), manifest)
    return Captured(manifest, findings)


def _persistence(held: Held) -> Persistence:
    assert held.found.persistence is not None  # noqa: S101 capture required an answer
    return held.found.persistence
