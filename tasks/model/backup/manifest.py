"""The manifest: to restore a backup with confidence, on a machine that never saw the instance.

It is written last: without it there is no backup, with it everything that it names is stored.
"""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from redis_dr.tasks.model.backup.clocks import Clocks
from redis_dr.tasks.model.backup.inventory import DatabaseInventory, Inventory, PatternInventory
from redis_dr.tasks.model.backup.origin import Origin
from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.model.server.persistence import Persistence

FORMAT_VERSION = 1
_ITSELF = "manifest_sha256"


class _Noun(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # a later release may add fields


class StoredFile(_Noun):
    """One file of the backup: what it was, and how it lies in the store."""

    name: str  # "dump.rdb", "appendonly/appendonly.aof.1.incr.aof"
    role: Literal["rdb", "aof-manifest", "aof-base", "aof-incr"]  # what the file is for
    size: int  # bytes, plain
    sha256: str  # plain, hex
    stored_name: str  # relative to the backup's folder, "dump.rdb.zst"
    stored_size: int  # bytes in the store
    stored_sha256: str  # of the stored bytes, hex
    codec: Literal["zstd", "none"]  # how it is compressed
    encryption: Literal["age", "none"] = "none"  # how it is encrypted


class Manifest(_Noun):
    """One backup. Equal manifests mean equal backups."""

    format_version: int = FORMAT_VERSION  # of the manifest
    backup_id: str  # its name in the store
    instance: str  # name of the instance in the configuration
    created_at: datetime  # UTC, when Redis forked; later writes are only in the AOF
    operation: str = "backup"  # or "restore": the safety backup of what a restore was to replace
    server_name: Literal["redis", "valkey"] = "redis"  # the program that wrote the RDB
    redis_version: str  # of that program
    rdb_version: int  # of the file's format
    image: str  # as the container names it
    image_id: str = ""  # the engine's digest of it
    run_id: str  # of the server that wrote it
    origin: Origin | None = None  # where it was made; null: not recorded
    clocks: Clocks | None = None  # compared when it was stored; null: not recorded
    replication_offset: int = 0  # master_repl_offset at the time, bytes
    persistence: Persistence  # settings that a restore needs
    databases: dict[int, DatabaseInventory] = Field(
        default_factory=dict, description="Keys, bytes and digest, per database."
    )
    patterns: tuple[PatternInventory, ...] = ()  # keys and bytes of each configured pattern
    inventory: Inventory | None = None  # what is in the RDB; null: it could not be read
    inventory_missing: str | None = None  # why: the RDB holds what this program does not know
    start_line: tuple[str, ...] = ()  # of the container, without secrets
    modules: tuple[str, ...] | None = None  # loaded in the server at the time; None: not recorded
    used_memory: int = 0  # bytes, of the server at the time
    keyspace_hits: int = 0  # of the server since its start
    keyspace_misses: int = 0  # of the server since its start
    suspicious: tuple[str, ...] = ()  # why this backup must not silently become "latest"
    files: tuple[StoredFile, ...]  # every file of the backup
    timings: dict[str, float] = Field(default_factory=dict)  # seconds per step

    @property
    def made_at(self) -> datetime:
        """When Redis forked, by the store's clock where it was compared; orders the backups."""
        return self.clocks.by_the_store(self.created_at) if self.clocks else self.created_at

    @property
    def is_safety(self) -> bool:
        """Made by a restore, of the very state that somebody wanted to be rid of."""
        return self.operation == "restore"

    @property
    def size(self) -> int:
        """Plain bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def stored_size(self) -> int:
        """Bytes of all files in the store."""
        return sum(file.stored_size for file in self.files)

    @property
    def keys(self) -> int:
        """Keys of all databases."""
        return sum(database.keys for database in self.databases.values())

    @property
    def rdb(self) -> StoredFile:
        """The RDB file; every backup has one."""
        return next(file for file in self.files if file.role == "rdb")

    def knowing(self, inventory: Inventory | None, missing: str | None) -> Self:
        """The same manifest with what is inside, or why that is not known."""
        if inventory is None:
            return self.model_copy(update={"inventory_missing": missing})
        known = {
            "inventory": inventory,
            "rdb_version": inventory.rdb_version,
            "databases": inventory.databases,
            "patterns": inventory.patterns,
        }
        return self.model_copy(update=known)

    def to_json(self) -> bytes:
        """The form in the store: UTF-8, indented, one trailing newline, a hash of itself in it."""
        fields = json.loads(self.model_dump_json())
        return json.dumps({**fields, _ITSELF: _hash(fields)}, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes, where: str) -> Self:
        """Read the stored form. Raises UsageError for a newer format, Damaged for any other."""
        fields = _parse(data, where)
        version = fields.get("format_version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise UsageError(
                f"{where} has manifest format {version}; this release reads up to {FORMAT_VERSION}",
                "use the release that wrote it, or a later one",
            )
        # a flipped bit in a count or a digest reads like a good manifest
        if fields.pop(_ITSELF, None) != _hash(fields):
            raise Damaged(
                f"{where} was changed since it was written: its own SHA-256 is another",
                "restore another backup; `redis-dr verify --all` names the damaged ones",
            )
        try:
            manifest = cls.model_validate(fields)
        except ValidationError as error:
            raise Damaged(
                f"{where} is not a manifest: {error.errors()[0]['loc']} {error.errors()[0]['msg']}",
                "restore another backup; `redis-dr verify --all` names the damaged ones",
            ) from error
        if not any(file.role == "rdb" for file in manifest.files):
            raise Damaged(f"{where} names no RDB file", "restore another backup")
        return manifest


def _hash(fields: dict[str, Any]) -> str:
    # of the content, not of the layout: a tool may indent it anew
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def _parse(data: bytes, where: str) -> dict[str, Any]:
    try:
        fields = json.loads(data)
    except ValueError as error:
        raise Damaged(
            f"{where} is not JSON: {error}",
            "restore another backup; `redis-dr verify --all` names the damaged ones",
        ) from error
    if not isinstance(fields, dict):
        raise Damaged(f"{where} is not a JSON object", "restore another backup")
    return fields
