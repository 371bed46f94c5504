"""The report of a backup, and how its manifest is built."""

from dataclasses import dataclass

from redis_dr.tasks.model.backup.clocks import Clocks
from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.backup.manifest import Manifest, StoredFile
from redis_dr.tasks.model.backup.origin import Origin
from redis_dr.tasks.model.backup.snapshot import Snapshot
from redis_dr.tasks.model.errors import Unreachable
from redis_dr.tasks.model.report import Finding, Report, heading
from redis_dr.tasks.model.server.holder import Holder
from redis_dr.tasks.model.server.server_config import line_without_secrets
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.model.units import size


class BackupReport(Report):
    """What `redis-dr backup` answers; see CONTRACT.md."""

    backup_id: str  # of the new backup
    store: str  # URL of the store
    size: int  # bytes, plain
    stored_size: int  # bytes in the store, all files
    databases: dict[int, dict[str, int]]  # N -> keys, expires
    aof: bool  # whether the append directory is in it
    suspicious: tuple[str, ...] = ()  # why the content looks wrong; empty: as usual
    inventory_missing: str | None = None  # why the content could not be read; null: it was
    proof: str = ""  # of the drill that followed, when one was asked for
    timings: dict[str, float]  # seconds

    @property
    def headline(self) -> str:
        """For example: 12,004 keys, 1.2 MB stored as 0.3 MB, read back."""
        keys = sum(database["keys"] for database in self.databases.values())
        suspicion = f", SUSPICIOUS: {self.suspicious[0]}" if self.suspicious else ""
        sizes = f"{size(self.size)} stored as {size(self.stored_size)}"
        return f"{self.backup_id}: {keys:,} keys, {sizes}, read back{suspicion}"


@dataclass(frozen=True, slots=True)
class StoredBackup:
    """A committed backup and what was checked on the way."""

    manifest: Manifest
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ManifestParts:
    """What is known of a backup once its files are stored and read back."""

    files: tuple[StoredFile, ...]
    inventory: Inventory | None
    inventory_missing: str | None  # why there is no inventory
    timings: dict[str, float]
    suspicious: tuple[str, ...]
    origin: Origin
    clocks: Clocks


def build_manifest(
    holder: Holder, survey: Survey, snapshot: Snapshot, parts: ManifestParts
) -> Manifest:
    """The manifest of a backup that `holder` made. Raises Unreachable without a survey's answer."""
    info, persistence, inventory = survey.info, survey.persistence, parts.inventory
    if info is None or persistence is None:
        raise Unreachable(
            f"{holder.instance} does not answer: {survey.silent}", "start it, then try again"
        )
    return Manifest(
        backup_id=holder.id,
        instance=holder.instance,
        created_at=snapshot.forked_at,
        operation=holder.operation,
        server_name=info.server_name,
        redis_version=info.version,
        rdb_version=inventory.rdb_version if inventory else 0,
        image=survey.container.image,
        image_id=survey.container.image_id,
        run_id=info.run_id,
        origin=parts.origin,
        clocks=parts.clocks,
        replication_offset=info.master_repl_offset,
        persistence=persistence,
        start_line=line_without_secrets(survey.container.command),
        databases=inventory.databases if inventory else {},
        patterns=inventory.patterns if inventory else (),
        inventory=inventory,
        inventory_missing=None if inventory else parts.inventory_missing,
        modules=info.modules,
        used_memory=info.used_memory,
        keyspace_hits=info.keyspace_hits,
        keyspace_misses=info.keyspace_misses,
        suspicious=parts.suspicious,
        files=parts.files,
        timings=parts.timings,
    )


def report_of(
    captured: StoredBackup, timings: Timings, store: str, proof: str = ""
) -> BackupReport:
    """The report of one committed backup; `proof` is the name of the drill that followed."""
    manifest = captured.manifest
    databases = {
        number: {"keys": one.keys, "expires": one.expires}
        for number, one in manifest.databases.items()
    }
    return BackupReport(
        **heading("backup", manifest.instance, timings, captured.findings),
        backup_id=manifest.backup_id,
        store=store,
        size=manifest.size,
        stored_size=manifest.stored_size,
        databases=databases,
        aof=any(file.role == "aof-manifest" for file in manifest.files),
        suspicious=manifest.suspicious,
        inventory_missing=manifest.inventory_missing,
        proof=proof,
        timings=timings.as_dict(),
    )
