"""The manifest: to restore a backup with confidence, on a machine that never saw the instance.

It is written last: without it there is no backup, with it everything that it names is stored.
"""

import json
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from redis_dr.tasks.model.backup.clocks import Clocks
from redis_dr.tasks.model.backup.inventory import DatabaseInventory, Inventory, PatternInventory
from redis_dr.tasks.model.backup.origin import Origin
from redis_dr.tasks.model.backup.stored_name import Role, packed_name, why_no_name
from redis_dr.tasks.model.document import MANIFEST_BOUNDS, Moment, parse_document
from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.model.server.names import names_of
from redis_dr.tasks.model.server.persistence import Persistence

FORMAT_VERSION = 1
_ITSELF = "manifest_sha256"
_REMEDY = "restore another backup; `redis-dr verify --all` names the damaged ones"

Count = Annotated[int, Field(ge=0, lt=2**62)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
DatabaseNumber = Annotated[int, Field(ge=0, lt=2**31)]


class _Noun(BaseModel):
    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore"
    )  # a later release may add fields


class StoredFile(_Noun):
    """One file of the backup: what it was, and how it lies in the store.

    The role decides the name, and name and packing decide the name in the store: a manifest that
    names anything else is not read.
    """

    name: str  # "dump.rdb", "appendonly/appendonly.aof.1.incr.aof"
    role: Role  # what the file is for
    size: Count  # bytes, plain
    sha256: Sha256  # plain, hex
    stored_name: str  # relative to the backup's folder, "dump.rdb.zst"
    stored_size: Count  # bytes in the store
    stored_sha256: Sha256  # of the stored bytes, hex
    codec: Literal["zstd", "none"]  # how it is compressed
    encryption: Literal["age", "none"] = "none"  # how it is encrypted

    @model_validator(mode="after")
    def _named_by_role(self) -> Self:
        if reason := why_no_name(self.role, self.name):
            raise ValueError(f"{self.name!r} {reason}")
        expected = packed_name(self.name, self.codec, self.encryption)
        if self.stored_name != expected:
            raise ValueError(f"stored name {self.stored_name!r} is not {expected!r}")
        return self


class Manifest(_Noun):
    """One backup. Equal manifests mean equal backups."""

    format_version: int = FORMAT_VERSION  # of the manifest
    backup_id: str  # its name in the store
    instance: str  # name of the instance in the configuration
    created_at: Moment  # UTC, when Redis forked; later writes are only in the AOF
    operation: str = "backup"  # or "restore": the safety backup of what a restore was to replace
    server_name: Literal["redis", "valkey"] = "redis"  # the program that wrote the RDB
    redis_version: str  # of that program
    rdb_version: int  # of the file's format
    image: str  # as the container names it
    image_id: str = ""  # the engine's digest of it
    run_id: str  # of the server that wrote it
    origin: Origin | None = None  # where it was made; null: not recorded
    clocks: Clocks | None = None  # compared when it was stored; null: not recorded
    replication_offset: Count = 0  # master_repl_offset at the time, bytes
    persistence: Persistence  # settings that a restore needs
    databases: dict[DatabaseNumber, DatabaseInventory] = Field(
        default_factory=dict, description="Keys, bytes and digest, per database."
    )
    patterns: tuple[PatternInventory, ...] = ()  # keys and bytes of each configured pattern
    inventory: Inventory | None = None  # what is in the RDB; null: it could not be read
    inventory_missing: str | None = None  # why: the RDB holds what this program does not know
    start_line: tuple[str, ...] = ()  # of the container, without secrets
    modules: tuple[str, ...] | None = None  # loaded in the server at the time; None: not recorded
    used_memory: Count = 0  # bytes, of the server at the time
    keyspace_hits: int = 0  # of the server since its start
    keyspace_misses: int = 0  # of the server since its start
    suspicious: tuple[str, ...] = ()  # why this backup must not silently become "latest"
    files: tuple[StoredFile, ...]  # every file of the backup
    timings: dict[str, float] = Field(default_factory=dict)  # seconds per step

    @model_validator(mode="after")
    def _names_belong_together(self) -> Self:
        names = [file.name for file in self.files]
        if len(set(names)) != len(names):
            raise ValueError("two files have one name")
        if not (finding := names_of(self.persistence)).ok:
            raise ValueError(str(finding.actual))
        return self

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
    def memory(self) -> int:
        """Bytes of memory that a server takes for the data, as far as the manifest knows."""
        return max(self.used_memory, self.rdb.size)

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
        fields = parse_document(data, where, MANIFEST_BOUNDS)
        version = fields.get("format_version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise UsageError(
                f"{where} has manifest format {version}; this release reads up to {FORMAT_VERSION}",
                "use the release that wrote it, or a later one",
            )
        # a flipped bit in a count or a digest reads like a good manifest
        if fields.pop(_ITSELF, None) != _hash(fields):
            raise Damaged(
                f"{where} was changed since it was written: its SHA-256 does not match", _REMEDY
            )
        try:
            manifest = cls.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            reason = f"{place} {first['msg']}".strip()
            raise Damaged(f"{where} is not a manifest: {reason}", _REMEDY) from error
        if not any(file.role == "rdb" for file in manifest.files):
            raise Damaged(f"{where} names no RDB file", "restore another backup")
        return manifest


def _hash(fields: dict[str, Any]) -> str:
    # of the content, not of the layout: a tool may indent it anew
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()
