"""Records that a splice writes itself."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.text import canonical, length_prefix

_CHUNK: Final = 1 << 16

Field = tuple[bytes, bytes, int | None]  # field, value, its expiry in Unix ms


def prefix(expire_ms: int | None, heat: int | None) -> bytes:
    """What stands before a record's type: expiry, and LFU or LRU data (see quick.Row)."""
    data = b""
    if expire_ms is not None:
        data = bytes((rdb.EXPIRE_MS,)) + expire_ms.to_bytes(8, "little", signed=True)
    if heat is None:
        return data
    if heat < 0:
        return data + bytes((rdb.IDLE,)) + length_prefix(-1 - heat)
    return data + bytes((rdb.FREQ, heat))


def string_record(key: bytes, value: bytes) -> bytes:
    """A string."""
    return bytes((rdb.STRING,)) + canonical(key) + canonical(value)


def list_head(key: bytes, count: int) -> bytes:
    """A list of `count` elements, which follow in canonical form; every server reads this one."""
    return bytes((rdb.LIST,)) + canonical(key) + length_prefix(count)


def hash_record(key: bytes, fields: Callable[[], Iterable[Field]]) -> Iterator[bytes]:
    """A hash, in pieces; `fields` is asked twice, so that none of them need be held.

    With field expiries only if a field has one, because older servers cannot read that type.
    """
    count, first = 0, None
    for _, _, expire in fields():
        count += 1
        if expire is not None and (first is None or expire < first):
            first = expire
    kind = rdb.HASH if first is None else rdb.HASH_METADATA
    smallest = b"" if first is None else first.to_bytes(8, "little")
    yield bytes((kind,)) + canonical(key) + smallest + length_prefix(count)
    for field, value, expire in fields():
        # relative to the smallest, plus one, because zero means none
        ttl = 0 if expire is None or first is None else expire - first + 1
        yield (b"" if first is None else length_prefix(ttl)) + canonical(field) + canonical(value)


def gathered(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer pieces."""
    out = bytearray()
    for part in parts:
        out += part
        if len(out) >= _CHUNK:
            yield bytes(out)
            out.clear()
    yield bytes(out)


def resizedb(db: int, keys: int, expires: int) -> bytes:
    """Where a database begins, and its size."""
    select = bytes((rdb.SELECTDB,)) + length_prefix(db)
    return select + bytes((rdb.RESIZEDB,)) + length_prefix(keys) + length_prefix(expires)
