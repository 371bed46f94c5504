"""What one pass over an RDB file tells: the noun that backup, drift alarm and reports share."""

from pydantic import BaseModel, ConfigDict, Field


class _Noun(BaseModel):
    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore"
    )  # a later release may know more


class DatabaseInventory(_Noun):
    """One logical database of the file."""

    keys: int  # all of them, expired ones too
    expires: int  # keys that carry an expiry
    expired: int = 0  # of those, already past at `Inventory.taken_at_ms`
    bytes: int = 0  # of the RDB records, keys and values together
    digest: str | None = None  # content digest, hex; None when it was not asked for
    alive: int | None = None  # keys not expired at the moment asked for; None without such a moment


class PatternInventory(_Noun):
    """The keys of one configured pattern; pattern "" collects what matches none."""

    pattern: str  # as configured
    db: int  # number of the database
    keys: int  # that match
    bytes: int  # of their records
    min_ttl: float | None = None  # seconds from `taken_at_ms`; None when no key has an expiry
    max_ttl: float | None = None  # seconds from `taken_at_ms`; null: no key has an expiry


class KeySize(_Noun):
    """One key worth naming. `key` is text with backslash escapes for bytes that are not."""

    db: int  # number of the database
    key: str  # as text that any terminal shows
    type: str  # string, list, set, zset, hash, stream, ...
    bytes: int = 0  # in the file, or by MEMORY USAGE
    frequency: int | None = None  # LFU counter, 0 to 255
    idle_seconds: int | None = None  # LRU


class Inventory(_Noun):
    """Everything counted in one pass. Counts are exact; bytes are those of the file."""

    rdb_version: int  # of the file's format
    size: int  # bytes of the whole file
    checksum: str | None = None  # CRC-64 of the trailer, hex; None with rdbchecksum no
    aux: dict[str, str] = Field(default_factory=dict)  # redis-ver, ctime, used-mem, repl-id, ...
    taken_at_ms: int = 0  # the moment against which expiries were judged, Unix ms
    databases: dict[int, DatabaseInventory] = Field(
        default_factory=dict, description="Keys, bytes and digest, per database."
    )
    patterns: tuple[PatternInventory, ...] = ()  # keys and bytes of each configured pattern
    types: dict[str, int] = Field(default_factory=dict)  # string, list, ... -> keys
    encodings: dict[str, int] = Field(default_factory=dict)  # "hash listpack", ... -> keys
    largest: tuple[KeySize, ...] = ()  # keys with the largest records
    hottest: tuple[KeySize, ...] = ()  # keys used most, where the server recorded it
    functions: int = 0  # FUNCTION libraries
    functions_digest: str | None = None  # hex; null: there are none, or it was not asked for
    modules: tuple[str, ...] = ()  # names of modules whose data is inside

    @property
    def keys(self) -> int:
        """Keys of all databases."""
        return sum(database.keys for database in self.databases.values())
