"""The digest of a key: 128 bits of its type, name, value and expiry, and of nothing else.

What is hashed is the canonical form of docs/rdb.md: strings without any encoding, ordered types
in order, unordered ones as the sum of their elements' digests, so nothing is ever sorted or held.
"""

import math
import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.base.text import Hasher, Pieces, Text, canonical, feed
from redis_dr.tasks.rdb.value import stream
from redis_dr.tasks.rdb.value.distinct import Distinct, not_empty
from redis_dr.tasks.rdb.value.elements import (
    expiring_fields,
    hash_pairs,
    list_elements,
    set_members,
    zset_pairs,
)
from redis_dr.tasks.rdb.value.module import module_parts

DIGEST_BYTES: Final = 16
MODULUS: Final = 1 << 8 * DIGEST_BYTES
TAGS: Final = {"string": 0, "list": 1, "set": 2, "zset": 3, "hash": 4, "stream": 5, "module": 6}
END: Final = b"\xff"  # no canonical string begins with it, so it marks the end of a list
_ENTRY, _STATE, _GROUP, _PENDING, _CONSUMER, _OWNED = (bytes((mark,)) for mark in range(6))


def database_digest(digests: Iterable[int | bytes]) -> str:
    """The sum of key digests modulo 2**128, 32 hex digits: the same in every order."""
    numbers = (each if isinstance(each, int) else to_int(each) for each in digests)
    return to_hex(sum(numbers))


def to_int(digest: bytes) -> int:
    """A key digest as the number that sums are made of."""
    return int.from_bytes(digest, "little")


def to_hex(total: int) -> str:
    """A sum of key digests as text."""
    return f"{total % MODULUS:032x}"


def sum_digests(digests: Sequence[bytes | None]) -> int:
    """Their sum, by halves of 64 bits: three times as fast as adding numbers of 128."""
    halves = array("Q", b"".join(digest for digest in digests if digest))
    if sys.byteorder == "big":
        halves.byteswap()
    return sum(halves[0::2]) + (sum(halves[1::2]) << 64)


def expiry_bytes(expire_ms: int | None) -> bytes:
    """What an expiry adds to the canonical form: nothing, or eight bytes."""
    return b"" if expire_ms is None else expire_ms.to_bytes(8, "little", signed=True)


def string_digest(key: bytes, value: bytes, expire_ms: int | None) -> bytes:
    """The digest of a string key."""
    data = b"\0" + canonical(key) + canonical(value) + expiry_bytes(expire_ms)
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


def record_digest(
    reader: Reader, kind: int, key: bytes, expire_ms: int | None, alive_at_ms: int | None = None
) -> bytes | None:
    """Read the value of type `kind` that lies ahead, and digest the key.

    With `alive_at_ms`, hash fields that have expired by then count as gone; None when none is left.
    Raises RdbError and UnknownRdb with the offset.
    """
    if kind not in rdb.TYPES:
        raise reader.unknown(f"value type {kind}")
    family = rdb.TYPES[kind][0]
    hasher = blake2b(bytes((TAGS[family],)) + canonical(key), digest_size=DIGEST_BYTES)
    if kind in rdb.FIELD_EXPIRY:
        if not _expiring_hash(hasher, reader, kind, alive_at_ms):
            return None
    elif family == "string":
        feed(hasher, reader.text())
    elif family == "list":
        not_empty(reader, _ordered(hasher, list_elements(reader, kind)))
    elif family == "module":
        _module(hasher, reader)
    elif family == "stream":
        _stream(hasher, reader, kind)
    else:
        _unordered(hasher, reader, kind, family)
    hasher.update(expiry_bytes(expire_ms))
    return hasher.digest()


def _ordered(hasher: Hasher, elements: Iterable[Text]) -> int:
    count = 0
    for element in elements:
        feed(hasher, element)
        count += 1
    hasher.update(END)
    return count


def _unordered(hasher: Hasher, reader: Reader, kind: int, family: str) -> None:
    count, total = {"set": _sum_set, "zset": _sum_zset, "hash": _sum_hash}[family](reader, kind)
    not_empty(reader, count)
    hasher.update(closing(count, total))


def closing(count: int, total: int) -> bytes:
    """What stands for the elements of an unordered type: their number and their sum."""
    return count.to_bytes(8, "little") + (total % MODULUS).to_bytes(16, "little")


def _element(first: Text, rest: bytes = b"") -> int:
    if isinstance(first, Pieces):
        hasher = blake2b(digest_size=DIGEST_BYTES)
        feed(hasher, first)
        hasher.update(rest)
        return to_int(hasher.digest())
    return to_int(blake2b(canonical(first) + rest, digest_size=DIGEST_BYTES).digest())


def _sum_set(reader: Reader, kind: int) -> tuple[int, int]:
    count = total = 0
    members = Distinct(reader, kind)
    for member in set_members(reader, kind):
        members.add(member)
        total += _element(member)
        count += 1
    return count, total


def _sum_zset(reader: Reader, kind: int) -> tuple[int, int]:
    count = total = 0
    members = Distinct(reader, kind)
    for member, score in zset_pairs(reader, kind):
        members.add(member)
        if isinstance(member, Pieces):
            hasher = blake2b(digest_size=DIGEST_BYTES)
            feed(hasher, member)
            hasher.update(score_bytes(score()))
            total += to_int(hasher.digest())
        else:
            total += _element(member, score_bytes(score()))
        count += 1
    return count, total


def _sum_hash(reader: Reader, kind: int) -> tuple[int, int]:
    count = total = 0
    fields = Distinct(reader, kind)
    for (field, _), value_of in hash_pairs(reader, kind):
        fields.add(field)
        hasher = blake2b(digest_size=DIGEST_BYTES)
        feed(hasher, field)
        feed(hasher, value_of())
        total += to_int(hasher.digest())
        count += 1
    return count, total


def _expiring_hash(hasher: Hasher, reader: Reader, kind: int, alive_at_ms: int | None) -> bool:
    """A hash with field expiry; False when `alive_at_ms` leaves it empty."""
    count = total = seen = 0
    fields = Distinct(reader, kind)
    for field, value, expires in expiring_fields(reader, kind):
        fields.add(field)
        seen += 1
        if alive_at_ms is None or expires is None or expires > alive_at_ms:
            total += _element(field, canonical(value) + expiry_bytes(expires))
            count += 1
    not_empty(reader, seen)
    hasher.update(closing(count, total))
    return count > 0 or alive_at_ms is None


def score_bytes(score: float) -> bytes:
    """A score as its double. Redis drops the sign of -0 when it packs it, so do we."""
    return struct.pack("<d", math.nan if math.isnan(score) else score + 0.0)


def _module(hasher: Hasher, reader: Reader) -> None:
    hasher.update(reader.length().to_bytes(8, "little"))
    for opcode, value in module_parts(reader):
        hasher.update(bytes((opcode,)))
        if isinstance(value, int):
            hasher.update(value.to_bytes(8, "little"))
        else:
            feed(hasher, value)
    hasher.update(END)


def _stream(hasher: Hasher, reader: Reader, kind: int) -> None:
    for part in stream.stream_parts(reader, kind):
        hasher.update(_stream_part(part))


def _stream_part(part: stream.StreamPart) -> bytes:
    match part:
        case stream.StreamEntry(entry_id, pairs):
            texts = b"".join(map(canonical, pairs))
            return _ENTRY + _numbers(*entry_id, len(pairs)) + texts
        case stream.StreamState(length, last, deleted, added):
            return _STATE + _numbers(length, *last, *deleted, added)
        case stream.Group(name, last, read):
            return _GROUP + canonical(name) + _numbers(*last, -1 if read is None else read)
        case stream.Pending(entry, delivered, deliveries):
            return _PENDING + entry + _numbers(delivered, deliveries)
        case stream.Consumer(name):
            return _CONSUMER + canonical(name)
        case stream.Owned(entry):
            return _OWNED + entry


def _numbers(*numbers: int) -> bytes:
    return b"".join((number % (1 << 64)).to_bytes(8, "little") for number in numbers)
