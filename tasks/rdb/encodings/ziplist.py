"""Ziplist (redis/src/ziplist.c, up to Redis 6.2): bytes, tail, count, elements, 0xFF."""

from collections.abc import Iterator
from typing import Final

from redis_dr.tasks.rdb.base.text import Pieces, Text
from redis_dr.tasks.rdb.encodings.blob import Blob

_HEADER: Final = 10
_COUNT_UNKNOWN: Final = 65535
_INTS: Final = {0xC0: 2, 0xD0: 4, 0xE0: 8, 0xF0: 3, 0xFE: 1}  # bytes of the integer


def ziplist(blob: Blob) -> Iterator[Text]:
    """The elements in order, integers as their digits. Raises RdbError for anything that lies."""
    total = int.from_bytes(blob.buf[0:4], "little")
    tail = int.from_bytes(blob.buf[4:8], "little")
    count = int.from_bytes(blob.buf[8:10], "little")
    if total != blob.size or blob.size < _HEADER + 1:
        raise blob.broken(f"a ziplist of {blob.size} bytes says that it has {total}")
    pos, seen, before, last = _HEADER, 0, 0, _HEADER
    while True:
        if pos + 16 > blob.limit and not blob.whole:
            blob.slide(pos)
            pos = 0
        if blob.buf[pos] == 0xFF:
            break
        begin = last = blob.slid + pos
        text, pos = _element(blob, pos, before)
        yield text
        if isinstance(text, Pieces):  # blob.buf now begins behind it
            pos = 0
        if blob.slid + pos >= blob.size:
            raise blob.broken("a ziplist element goes beyond the end")
        before = blob.slid + pos - begin
        seen += 1
    ended = blob.slid + pos + 1 == blob.size
    if not ended or count not in {seen, _COUNT_UNKNOWN} or tail != last:
        raise blob.broken(f"a ziplist of {count} elements ends after {seen}")


def _element(blob: Blob, pos: int, before: int) -> tuple[Text, int]:
    """One element, and the position behind it (0 when it came in pieces)."""
    buf = blob.buf
    previous, pos = buf[pos], pos + 1
    if previous == 0xFE:
        previous, pos = int.from_bytes(buf[pos : pos + 4], "little"), pos + 4
    if previous != before:
        raise blob.broken(f"a ziplist element of {before} bytes is taken for one of {previous}")
    head = buf[pos]
    if head < 0xC0:
        start, length = _string(buf, pos)
        if start + length <= blob.limit:
            return buf[start : start + length], start + length
        return blob.large(start, length), 0
    if 0xF1 <= head <= 0xFD:
        return b"%d" % ((head & 15) - 1), pos + 1
    width = _INTS.get(head)
    if width is None:
        raise blob.broken(f"{head:#04x} does not begin a ziplist element")
    number = int.from_bytes(buf[pos + 1 : pos + 1 + width], "little", signed=True)
    return b"%d" % number, pos + 1 + width


def _string(buf: bytes, pos: int) -> tuple[int, int]:
    """Start and length of a string with 6, 14 or 32 bits of length."""
    head = buf[pos]
    if head < 0x40:
        return pos + 1, head
    if head < 0x80:
        return pos + 2, (head & 63) << 8 | buf[pos + 1]
    return pos + 5, int.from_bytes(buf[pos + 1 : pos + 5], "big")
