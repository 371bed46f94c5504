"""The words for what is wrong with a file: where it stands, in which database, what was read."""

from redis_dr.tasks.model.errors import RdbError, UnknownRdb

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
