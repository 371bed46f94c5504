"""Key by key with digests: for comparisons that must name what differs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.digest import to_int
from redis_dr.tasks.rdb.scan import Keys, Scan


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a file."""

    db: int
    key: bytes
    type: str  # as TYPE says
    expire_at_ms: int | None  # Unix ms
    digest: int  # 128 bits


def entries(source: BinaryIO, alive_at_ms: int | None = None) -> Iterator[Entry]:
    """Every key in the order of the file, expired ones included.

    With `alive_at_ms` (Unix ms) the digests of hashes leave out fields that have expired by then.
    Raises RdbError and UnknownRdb; damage near the end shows only after the keys before it.
    """
    for event in Scan(source, digest=True, alive_at_ms=alive_at_ms).events():
        if isinstance(event, Keys):
            for (kind, key, expire, *_), digest in zip(event.rows, event.digests, strict=True):
                if digest is not None:  # None: a hash in which no field is alive
                    yield Entry(event.db, key, rdb.TYPES[kind][0], expire, to_int(digest))
