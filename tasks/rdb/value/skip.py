"""Pass over a value without unpacking it."""

from typing import Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.value.module import skip_module
from redis_dr.tasks.rdb.value.stream import skip_stream

_STRINGS: Final = {rdb.LIST: 1, rdb.SET: 1, rdb.HASH: 2, rdb.LIST_QUICKLIST: 1}  # per element
_STREAMS: Final = frozenset({rdb.STREAM, rdb.STREAM_2, rdb.STREAM_3})


def skip_value(reader: Reader, kind: int) -> None:
    """Move behind the value of a key of type `kind`. Raises RdbError, UnknownRdb."""
    if kind in rdb.ONE_STRING:
        reader.skip_string()
    elif kind in _STRINGS:
        _skip_strings(reader, reader.length() * _STRINGS[kind])
    elif kind in _STREAMS:
        skip_stream(reader, kind)
    elif kind in {rdb.ZSET, rdb.ZSET_2}:
        _skip_zset(reader, kind)
    elif kind == rdb.LIST_QUICKLIST_2:
        for _ in range(reader.length()):
            reader.length()
            reader.skip_string()
    elif kind == rdb.HASH_LISTPACK_EX:
        reader.skip(8)
        reader.skip_string()
    elif kind in {rdb.HASH_METADATA, rdb.HASH_METADATA_RC}:
        _skip_expiring_hash(reader, kind)
    elif kind == rdb.MODULE_2:
        reader.length()
        skip_module(reader)
    else:
        raise reader.unknown(f"value type {kind}", reader.offset)


def _skip_strings(reader: Reader, count: int) -> None:
    """Short ones in place: a plain hash or set may have millions."""
    while count:
        buf, pos = reader.buf, reader.pos
        last = len(buf) - 64
        while count and pos < last and buf[pos] < 64:
            pos += 1 + buf[pos]
            count -= 1
        reader.pos = pos
        if count:
            reader.skip_string()
            count -= 1


def _skip_expiring_hash(reader: Reader, kind: int) -> None:
    reader.skip(8 if kind == rdb.HASH_METADATA else 0)
    for _ in range(reader.length()):
        reader.length()
        _skip_strings(reader, 2)


def _skip_zset(reader: Reader, kind: int) -> None:
    for _ in range(reader.length()):
        reader.skip_string()
        width = 8
        if kind == rdb.ZSET:
            width = reader.byte()
            width = 0 if width > 252 else width
        reader.skip(width)
