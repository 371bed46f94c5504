"""Zipmap (redis/src/zipmap.c, Redis 2.4): count, then field and value by turns, 0xFF."""

from collections.abc import Iterator

from redis_dr.tasks.rdb.base.text import Pieces, Text
from redis_dr.tasks.rdb.encodings.blob import Blob


def zipmap(blob: Blob) -> Iterator[Text]:
    """Field, value, field, value. Raises RdbError for lengths that lie."""
    if blob.size < 2:
        raise blob.broken(f"a zipmap has no room in {blob.size} bytes")
    count = blob.buf[0]  # 254 and more: not known
    pos, seen = 1, 0
    while True:
        if pos + 16 > blob.limit and not blob.whole:
            blob.slide(pos)
            pos = 0
        if blob.buf[pos] == 0xFF:
            break
        text, pos, free = _element(blob, pos, is_value=bool(seen & 1))
        yield text
        if isinstance(text, Pieces):
            pos = 0
        if pos + free > blob.limit and not blob.whole:
            blob.slide(pos)
            pos = 0
        pos += free
        if blob.slid + pos >= blob.size:
            raise blob.broken("a zipmap entry goes beyond the end")
        seen += 1
    if blob.slid + pos + 1 != blob.size or seen & 1 or (count < 254 and count != seen // 2):
        raise blob.broken(f"a zipmap of {count} pairs ends after {seen} strings")


def _element(blob: Blob, pos: int, *, is_value: bool) -> tuple[Text, int, int]:
    """One string, the position behind it, and how many unused bytes follow a value."""
    buf = blob.buf
    length, pos = buf[pos], pos + 1
    if length == 254:
        length, pos = int.from_bytes(buf[pos : pos + 4], "little"), pos + 4
    elif length == 255:
        raise blob.broken("a zipmap field has no value")
    free = 0
    if is_value:
        free, pos = buf[pos], pos + 1
    if pos + length <= blob.limit:
        return buf[pos : pos + length], pos + length, free
    return blob.large(pos, length), 0, free
