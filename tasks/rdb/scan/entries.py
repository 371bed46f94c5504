"""The keys of a file one by one, with digests for a comparison or with values in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.scan.scan import Keys, Scan
from redis_dr.tasks.rdb.value.digest import to_int
from redis_dr.tasks.rdb.value.value import Value, read_value


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a file."""

    db: int
    key: bytes
    type: str  # as TYPE says
    expire_at_ms: int | None  # Unix ms
    digest: int  # 128 bits
    # bytes of its record in this file; another encoding of the same content has another size
    size: int = field(compare=False)


def entries(source: BinaryIO, alive_at_ms: int | None = None) -> Iterator[Entry]:
    """Every key in the order of the file, expired ones included.

    With `alive_at_ms` (Unix ms) the digests of hashes leave out fields that have expired by then.
    Raises RdbError and UnknownRdb; damage near the end shows only after the keys before it.
    """
    for event in Scan(source, digest=True, alive_at_ms=alive_at_ms).events():
        if isinstance(event, Keys):
            for row, digest in zip(event.rows, event.digests, strict=True):
                if digest is not None:  # None: a hash in which no field is alive
                    kind, key, expire, _, start, end, _ = row
                    type_name = rdb.TYPES[kind][0]
                    yield Entry(event.db, key, type_name, expire, to_int(digest), end - start)


def values(data: bytes) -> Iterator[tuple[int, bytes, int | None, Value]]:
    """Database, key, expiry (Unix ms) and value of every key of a file that is held in memory."""
    for event in Scan(BytesIO(data)).events():
        if isinstance(event, Keys):
            for _, key, expire, _, _, _, record in event.rows:
                reader = Reader(BytesIO(data[record:]), record)
                kind = reader.byte()
                reader.skip_string()
                yield event.db, key, expire, read_value(reader, kind)
