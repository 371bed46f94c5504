"""The numbers of the RDB format, as redis/src/rdb.h has them up to version 13."""

from typing import Final

from redis_dr.tasks.model.errors import RdbError, UnknownRdb

NEWEST_VERSION: Final = 13  # Redis 8.x; Valkey 9 counts from 80 and is another format
CHECKSUM_SINCE: Final = 5  # the eight bytes of CRC-64 after EOF

SLOT_INFO: Final = 244  # cluster mode: sizes of one slot, a hint
FUNCTION2: Final = 245
MODULE_AUX: Final = 247
IDLE: Final = 248
FREQ: Final = 249
AUX: Final = 250
RESIZEDB: Final = 251
EXPIRE_MS: Final = 252
EXPIRE_S: Final = 253
SELECTDB: Final = 254
EOF: Final = 255

STRING: Final = 0
LIST: Final = 1
SET: Final = 2
ZSET: Final = 3
HASH: Final = 4
ZSET_2: Final = 5
MODULE_1: Final = 6
MODULE_2: Final = 7
HASH_ZIPMAP: Final = 9
LIST_ZIPLIST: Final = 10
SET_INTSET: Final = 11
ZSET_ZIPLIST: Final = 12
HASH_ZIPLIST: Final = 13
LIST_QUICKLIST: Final = 14
STREAM: Final = 15
HASH_LISTPACK: Final = 16
ZSET_LISTPACK: Final = 17
LIST_QUICKLIST_2: Final = 18
STREAM_2: Final = 19
SET_LISTPACK: Final = 20
STREAM_3: Final = 21
HASH_METADATA_RC: Final = 22  # 7.4 release candidates: field expiries absolute
HASH_LISTPACK_EX_RC: Final = 23  # 7.4 release candidates: no smallest expiry in front
HASH_METADATA: Final = 24
HASH_LISTPACK_EX: Final = 25
FIELD_EXPIRY: Final = frozenset(  # hashes whose fields may have an expiry
    {HASH_METADATA, HASH_METADATA_RC, HASH_LISTPACK_EX, HASH_LISTPACK_EX_RC}
)

# Ways to write a string, as a scan tells them apart: the type byte's low eight bits, and how.
STRING_INT: Final = 256
STRING_LZF: Final = 257

TYPES: Final = {  # what `TYPE key` says, and the encoding as we call it
    STRING: ("string", "raw"),
    STRING_INT: ("string", "int"),
    STRING_LZF: ("string", "lzf"),
    LIST: ("list", "plain"),
    SET: ("set", "plain"),
    ZSET: ("zset", "plain"),
    HASH: ("hash", "plain"),
    ZSET_2: ("zset", "plain 2"),
    MODULE_2: ("module", "2"),
    HASH_ZIPMAP: ("hash", "zipmap"),
    LIST_ZIPLIST: ("list", "ziplist"),
    SET_INTSET: ("set", "intset"),
    ZSET_ZIPLIST: ("zset", "ziplist"),
    HASH_ZIPLIST: ("hash", "ziplist"),
    LIST_QUICKLIST: ("list", "quicklist"),
    STREAM: ("stream", "listpacks"),
    HASH_LISTPACK: ("hash", "listpack"),
    ZSET_LISTPACK: ("zset", "listpack"),
    LIST_QUICKLIST_2: ("list", "quicklist 2"),
    STREAM_2: ("stream", "listpacks 2"),
    SET_LISTPACK: ("set", "listpack"),
    STREAM_3: ("stream", "listpacks 3"),
    HASH_METADATA_RC: ("hash", "field expiry rc"),
    HASH_LISTPACK_EX_RC: ("hash", "listpack field expiry rc"),
    HASH_METADATA: ("hash", "field expiry"),
    HASH_LISTPACK_EX: ("hash", "listpack field expiry"),
}

# Types whose value is one string of the file, so that a scan passes over all of them alike.
ONE_STRING: Final = frozenset(
    {
        STRING,
        HASH_ZIPMAP,
        LIST_ZIPLIST,
        SET_INTSET,
        ZSET_ZIPLIST,
        HASH_ZIPLIST,
        HASH_LISTPACK,
        ZSET_LISTPACK,
        SET_LISTPACK,
        HASH_LISTPACK_EX_RC,
    }
)

LARGE: Final = 4 << 20  # bytes; a string above this is handed on in pieces, never whole
LONGEST_HELD: Final = 16 << 20  # bytes; keys, stream fields and the like are held whole


_REMEDY = "restore another backup; `redis-dr verify --all` names those that are whole"
_UNKNOWN = "use a newer release, or restore this backup without key rules and database policies"


def broken(offset: int, db: int | None, what: str) -> RdbError:
    """The file breaks its own format at `offset`."""
    return RdbError(f"the RDB is damaged {place(offset, db)}: {what}", _REMEDY)


def unknown(offset: int, db: int | None, what: str) -> UnknownRdb:
    """The file may be sound; this program does not know what stands at `offset`."""
    return UnknownRdb(f"the RDB holds something unknown {place(offset, db)}: {what}", _UNKNOWN)


def place(offset: int, db: int | None) -> str:
    """`at byte 17 (0x11), database 0`."""
    where = "before the first database" if db is None else f"database {db}"
    return f"at byte {offset} ({offset:#x}), {where}"
