"""What one pass over an RDB file tells: the noun that backup, drift alarm and reports share."""

from pydantic import BaseModel, ConfigDict, Field


class _Noun(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # a later release may know more


class DatabaseInventory(_Noun):
    """One logical database of the file."""

    keys: int
    expires: int  # keys that carry an expiry
    expired: int = 0  # of those, already past at `Inventory.taken_at_ms`
    bytes: int = 0  # of the RDB records, keys and values together
    digest: str | None = None  # content digest, hex; None when it was not asked for
    alive: int | None = None  # keys not expired at the moment asked for; None without such a moment


class PatternInventory(_Noun):
    """The keys of one configured pattern; pattern "" collects what matches none."""

    pattern: str
    db: int
    keys: int
    bytes: int
    min_ttl: float | None = None  # seconds from `taken_at_ms`; None when no key has an expiry
    max_ttl: float | None = None


class KeySize(_Noun):
    """One key worth naming. `key` is text with backslash escapes for bytes that are not."""

    db: int
    key: str
    type: str
    bytes: int = 0
    frequency: int | None = None  # LFU counter, 0 to 255
    idle_seconds: int | None = None  # LRU


class Inventory(_Noun):
    """Everything counted in one pass. Counts are exact; bytes are those of the file."""

    rdb_version: int
    size: int  # bytes of the whole file
    checksum: str | None = None  # CRC-64 of the trailer, hex; None with rdbchecksum no
    aux: dict[str, str] = Field(default_factory=dict)  # redis-ver, ctime, used-mem, repl-id, ...
    taken_at_ms: int = 0  # the moment against which expiries were judged, Unix ms
    databases: dict[int, DatabaseInventory] = Field(default_factory=dict)
    patterns: tuple[PatternInventory, ...] = ()
    types: dict[str, int] = Field(default_factory=dict)  # string, list, ... -> keys
    encodings: dict[str, int] = Field(default_factory=dict)  # "hash listpack", ... -> keys
    largest: tuple[KeySize, ...] = ()
    hottest: tuple[KeySize, ...] = ()
    functions: int = 0  # FUNCTION libraries
    functions_digest: str | None = None
    modules: tuple[str, ...] = ()  # names of modules whose data is inside

    @property
    def keys(self) -> int:
        """Keys of all databases."""
        return sum(database.keys for database in self.databases.values())
