"""The payload of DUMP (type, value, format version, CRC-64): its digest and its value."""

from io import BytesIO
from typing import Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.format import broken, unknown
from redis_dr.tasks.rdb.base.reader import Reader, crc64
from redis_dr.tasks.rdb.value.digest import record_digest, to_int
from redis_dr.tasks.rdb.value.value import Value, read_value

_FOOTER: Final = 10


def digest_of_dump(
    key: bytes, payload: bytes, expire_at_ms: int | None, alive_at_ms: int | None = None
) -> int:
    """The digest of `key` as `entries` gives it for a file that holds it.

    With `alive_at_ms`, hash fields expired by then count as gone, and a hash of which none is left
    gives 0, which adds nothing to a sum. Raises RdbError for a wrong checksum or a broken value,
    UnknownRdb for a newer format; offsets are those in the payload.
    """
    reader, kind = open_dump(payload)
    digest = record_digest(reader, kind, key, expire_at_ms, alive_at_ms)
    if reader.offset != len(payload) - _FOOTER:
        raise broken(reader.offset, None, "the value of a DUMP ends before its footer")
    return 0 if digest is None else to_int(digest)


def value_of_dump(payload: bytes) -> Value:
    """The value in a DUMP. Raises RdbError and UnknownRdb like `digest_of_dump`."""
    return read_value(*open_dump(payload))


def open_dump(payload: bytes) -> tuple[Reader, int]:
    """A reader at the value, and its type; version and checksum are checked."""
    if len(payload) <= _FOOTER:
        raise broken(0, None, f"a DUMP of {len(payload)} bytes")
    version = int.from_bytes(payload[-_FOOTER:-8], "little")
    if version > rdb.NEWEST_VERSION:
        raise unknown(len(payload) - _FOOTER, None, f"DUMP of format version {version}")
    if crc64(payload[:-8]) != int.from_bytes(payload[-8:], "little"):
        raise broken(len(payload) - 8, None, "the checksum of a DUMP does not fit")
    reader = Reader(BytesIO(payload[:-_FOOTER]))
    return reader, reader.byte()
