"""What is inside a value, one element at a time, the same for every way to write it."""

import math
import struct
from collections.abc import Callable, Iterator
from typing import Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.base.text import Text, whole
from redis_dr.tasks.rdb.encodings.blob import Blob
from redis_dr.tasks.rdb.encodings.listpack import intset, listpack
from redis_dr.tasks.rdb.encodings.ziplist import ziplist
from redis_dr.tasks.rdb.encodings.zipmap import zipmap
from redis_dr.tasks.rdb.value.score import text_score

_PLAIN_NODE: Final = 1  # quicklist.h, QUICKLIST_NODE_CONTAINER_PLAIN
_PACKED_NODE: Final = 2
_LATEST: Final = (1 << 48) - 1  # Unix ms, ebuckets.h, EB_EXPIRE_TIME_MAX
_DIGITS: Final = 15  # of that
_SCORE_WORDS: Final = {253: math.nan, 254: math.inf, 255: -math.inf}

Field = tuple[Text, int | None]  # name, and when it expires, Unix ms


def list_elements(reader: Reader, kind: int) -> Iterator[Text]:
    """The elements from head to tail."""
    if kind == rdb.LIST:
        return _texts(reader, reader.length())
    if kind == rdb.LIST_ZIPLIST:
        return ziplist(Blob(reader))
    if kind == rdb.LIST_QUICKLIST:
        return _quicklist(reader)
    return _quicklist_2(reader)


def set_members(reader: Reader, kind: int) -> Iterator[Text]:
    """The members in the order of the file."""
    if kind == rdb.SET:
        return _texts(reader, reader.length())
    return intset(Blob(reader)) if kind == rdb.SET_INTSET else listpack(Blob(reader))


def zset_pairs(reader: Reader, kind: int) -> Iterator[tuple[Text, Callable[[], float]]]:
    """Member and score. The score stands behind the member: take it after the member is used up."""
    if kind in {rdb.ZSET, rdb.ZSET_2}:
        score = _binary_score if kind == rdb.ZSET_2 else _word_score
        for _ in range(reader.length()):
            yield reader.text(), lambda: score(reader)
        return
    blob = Blob(reader)
    packed = ziplist(blob) if kind == rdb.ZSET_ZIPLIST else listpack(blob)
    for member in packed:
        yield member, lambda: _packed_score(whole(_partner(packed, blob)), blob)


def hash_pairs(reader: Reader, kind: int) -> Iterator[tuple[Field, Callable[[], Text]]]:
    """Field and value. Take the value after the field is used up."""
    if kind == rdb.HASH:
        for _ in range(reader.length()):
            yield (reader.text(), None), reader.text
        return
    blob = Blob(reader)
    packed = {rdb.HASH_ZIPMAP: zipmap, rdb.HASH_ZIPLIST: ziplist}.get(kind, listpack)(blob)
    for field in packed:
        yield (field, None), lambda: _partner(packed, blob)


def expiring_fields(reader: Reader, kind: int) -> Iterator[tuple[bytes, bytes, int | None]]:
    """Field, value, expiry in Unix ms: hashes with field expiry, whose parts are held in memory.

    The expiry comes first in one form and last in the other.
    """
    smallest = 1  # so that `relative + smallest - 1` is absolute (release candidates)
    if kind in {rdb.HASH_METADATA, rdb.HASH_LISTPACK_EX}:
        smallest = int.from_bytes(reader.take(8), "little")
    if kind in {rdb.HASH_METADATA, rdb.HASH_METADATA_RC}:
        for _ in range(reader.length()):
            ttl = reader.length()
            field, value = whole(reader.text()), whole(reader.text())
            if ttl + smallest - 1 > _LATEST:
                raise reader.broken("the expiry of a field is not a time")
            yield field, value, ttl + smallest - 1 if ttl else None
        return
    blob = Blob(reader)
    packed = listpack(blob)
    for text in packed:
        field, value = whole(text), whole(_partner(packed, blob))
        expires = whole(_partner(packed, blob))
        if not expires.isdigit() or len(expires) > _DIGITS or int(expires) > _LATEST:
            raise blob.broken("the expiry of a field is not a time")
        yield field, value, int(expires) or None


def hash_fields(reader: Reader, kind: int) -> Iterator[tuple[bytes, bytes, int | None]]:
    """Field, value, expiry in Unix ms, of a hash in any form."""
    if kind in rdb.FIELD_EXPIRY:
        yield from expiring_fields(reader, kind)
        return
    for (field, _), value_of in hash_pairs(reader, kind):
        yield whole(field), whole(value_of()), None


def _texts(reader: Reader, count: int) -> Iterator[Text]:
    for _ in range(count):
        yield reader.text()


def _quicklist(reader: Reader) -> Iterator[Text]:
    for _ in range(reader.length()):
        yield from ziplist(Blob(reader))


def _quicklist_2(reader: Reader) -> Iterator[Text]:
    for _ in range(reader.length()):
        container = reader.length()
        if container == _PACKED_NODE:
            yield from listpack(Blob(reader))
        elif container == _PLAIN_NODE:
            yield reader.text()
        else:
            raise reader.broken(f"{container} is not a kind of quicklist node")


def _partner(packed: Iterator[Text], blob: Blob) -> Text:
    text = next(packed, None)
    if text is None:
        raise blob.broken("an element has no partner")
    return text


def _binary_score(reader: Reader) -> float:
    score: float = struct.unpack("<d", reader.take(8))[0]
    if math.isnan(score):
        raise reader.broken("a score is not a number", reader.offset - 8)
    return score


def _word_score(reader: Reader) -> float:
    """The old form: a length, then the number as text; 253 to 255 are words."""
    length = reader.byte()
    score = _SCORE_WORDS[length] if length in _SCORE_WORDS else text_score(reader.take(length))
    if score is None or math.isnan(score):
        raise reader.broken("a score is not a number")
    return score


def _packed_score(digits: bytes, blob: Blob) -> float:
    score = text_score(digits)
    if score is None:
        raise blob.unknown(f"the score {digits[:40]!r}, which servers read in different ways")
    return score
