"""The report of a backup, and how its manifest begins."""

from dataclasses import dataclass
from datetime import UTC, datetime

from redis_dr.tasks.model.backup.manifest import Manifest, StoredFile
from redis_dr.tasks.model.backup.snapshot import Snapshot
from redis_dr.tasks.model.errors import Unreachable
from redis_dr.tasks.model.report import Finding, Report, all_ok
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.timings import Timings


class BackupReport(Report):
    """What `redis-dr backup` answers; see CONTRACT.md."""

    backup_id: str
    store: str
    size: int  # bytes, plain
    stored_size: int
    databases: dict[int, dict[str, int]]  # N -> keys, expires
    aof: bool  # whether the append directory is in it
    suspicious: tuple[str, ...] = ()
    inventory_missing: str | None = None
    proof: str = ""  # of the drill that followed, when one was asked for
    timings: dict[str, float]  # seconds


@dataclass(frozen=True, slots=True)
class StoredBackup:
    """A committed backup and what was checked on the way."""

    manifest: Manifest
    findings: tuple[Finding, ...]


def describe(
    name: tuple[str, str], found: Survey, snapshot: Snapshot, files: tuple[StoredFile, ...]
) -> Manifest:
    """The manifest without inventory and timings. `name` is (instance, backup id)."""
    info, persistence = found.info, found.persistence
    if info is None or persistence is None:
        raise Unreachable(f"{name[0]} does not answer: {found.silent}", "start it, then try again")
    return Manifest(
        backup_id=name[1],
        instance=name[0],
        # the fork lies a moment after `begun`; what came later is not inside
        created_at=datetime.fromtimestamp(snapshot.begun_ms / 1000, UTC),
        server_name=info.server_name,
        redis_version=info.version,
        rdb_version=0,
        image=found.container.image,
        image_id=found.container.image_id,
        run_id=info.run_id,
        replication_offset=info.master_repl_offset,
        persistence=persistence,
        modules=info.modules,
        used_memory=info.used_memory,
        keyspace_hits=info.keyspace_hits,
        keyspace_misses=info.keyspace_misses,
        files=files,
    )


def report_of(captured: StoredBackup, timings: Timings, store: str) -> BackupReport:
    """The report of one committed backup."""
    manifest = captured.manifest
    databases = {
        number: {"keys": one.keys, "expires": one.expires}
        for number, one in manifest.databases.items()
    }
    return BackupReport(
        command="backup",
        instance=manifest.instance,
        ok=all_ok(captured.findings),
        started_at=timings.started_at,
        seconds=timings.seconds,
        findings=captured.findings,
        backup_id=manifest.backup_id,
        store=store,
        size=manifest.size,
        stored_size=manifest.stored_size,
        databases=databases,
        aof=any(file.role == "aof-manifest" for file in manifest.files),
        suspicious=manifest.suspicious,
        inventory_missing=manifest.inventory_missing,
        timings=timings.as_dict(),
    )
