"""Intset (redis/src/intset.c): width, count, then integers in rising order."""

from collections.abc import Iterator

from redis_dr.tasks.rdb.encodings.blob import Blob


def intset(blob: Blob) -> Iterator[bytes]:
    """The members as digits. Raises RdbError for a width or a count that lies."""
    width = int.from_bytes(blob.buf[0:4], "little")
    count = int.from_bytes(blob.buf[4:8], "little")
    if width not in {2, 4, 8} or blob.size != 8 + width * count:
        raise blob.broken(f"an intset of {blob.size} bytes says {count} integers of {width} bytes")
    pos = 8
    last: int | None = None
    for _ in range(count):
        if pos + width > blob.limit:
            blob.slide(pos)
            pos = 0
        number = int.from_bytes(blob.buf[pos : pos + width], "little", signed=True)
        if last is not None and number <= last:
            raise blob.broken("an intset is not in rising order")
        pos += width
        last = number
        yield b"%d" % number
