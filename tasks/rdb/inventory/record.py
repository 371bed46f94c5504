"""One record as bytes in memory: where its strings end, and its elements in an order of ours."""

from typing import Final

from redis_dr.tasks.rdb.base import format as rdb

TABLES: Final = {rdb.SET: 1, rdb.HASH: 2}  # written in the order of a random seed; strings each
_INT_WIDTH: Final = {0xC0: 1, 0xC1: 2, 0xC2: 4}
_LZF: Final = 0xC3


def in_order(record: bytes) -> bytes:
    """A plain set or hash (TABLES) that a scan has passed over, its elements sorted as bytes.

    Two records give the same only when they hold the same.
    """
    _, head = _length(record, _behind(record, 1))
    strings, elements, pos, size = TABLES[record[0]], [], head, len(record)
    while pos < size:
        start = pos
        for _ in range(strings):
            short = record[pos]
            pos = pos + 1 + short if short < 64 else _behind(record, pos)
        elements.append(record[start:pos])
    elements.sort()
    return record[:head] + b"".join(elements)


def _behind(record: bytes, pos: int) -> int:
    """Where the string that begins at `pos` ends."""
    first = record[pos]
    if first in _INT_WIDTH:
        return pos + 1 + _INT_WIDTH[first]
    if first == _LZF:
        packed, pos = _length(record, pos + 1)
        return _length(record, pos)[1] + packed
    length, pos = _length(record, pos)
    return pos + length


def _length(record: bytes, pos: int) -> tuple[int, int]:
    """A length, and where it ends."""
    first = record[pos]
    if first < 64:
        return first, pos + 1
    if first < 128:
        return (first & 63) << 8 | record[pos + 1], pos + 2
    width = 4 if first == 0x80 else 8
    return int.from_bytes(record[pos + 1 : pos + 1 + width], "big"), pos + 1 + width
