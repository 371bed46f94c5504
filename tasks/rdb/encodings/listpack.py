"""Listpack (redis/src/listpack.c): total bytes, count, elements with their length behind, 0xFF."""

from collections.abc import Iterator
from typing import Final

from redis_dr.tasks.rdb.base.text import Pieces, Text
from redis_dr.tasks.rdb.encodings.blob import Blob

_COUNT_UNKNOWN: Final = 65535
SMALL: Final = tuple(b"%d" % number for number in range(128))
_HEADER: Final = 6
_INTS: Final = {0xF1: 2, 0xF2: 3, 0xF3: 4, 0xF4: 8}  # bytes of the integer


def listpack(  # noqa: C901, PLR0912, PLR0915 - one branch a form; a call each would cost half again
    blob: Blob,
) -> Iterator[Text]:
    """The elements in order, integers as their digits. Raises RdbError for anything that lies.

    Longer than the rule allows: it runs once for each element of every packed value.
    """
    total = int.from_bytes(blob.buf[0:4], "little")
    count = int.from_bytes(blob.buf[4:6], "little")
    if total != blob.size or blob.size < _HEADER + 1:
        raise blob.broken(f"a listpack of {blob.size} bytes says that it has {total}")
    pos, seen = _HEADER, 0
    while True:
        if pos + 16 > blob.limit and not blob.whole:
            blob.slide(pos)
            pos = 0
        buf = blob.buf
        head = buf[pos]
        if head < 0x80:
            yield SMALL[head]
            size = 1
        elif head < 0xC0:
            size = 1 + (head & 63)
            yield buf[pos + 1 : pos + size]
        elif head < 0xE0:
            number = (head & 31) << 8 | buf[pos + 1]
            yield b"%d" % (number if number < 4096 else number - 8192)
            size = 2
        elif head < 0xF1:
            start, length = _string(buf, pos)
            size = start - pos + length
            if pos + size <= blob.limit:
                yield buf[start : start + length]
            else:
                text = blob.large(start, length)
                yield text
                if isinstance(text, Pieces):  # blob.buf now begins behind it
                    pos = _behind(blob, size)
                    seen += 1
                    continue
        elif head == 0xFF:
            break
        else:
            width = _INTS.get(head)
            if width is None:
                raise blob.broken(f"{head:#04x} does not begin a listpack element")
            yield b"%d" % int.from_bytes(buf[pos + 1 : pos + 1 + width], "little", signed=True)
            size = 1 + width
        seen += 1
        back = back_length(size)
        pos += size
        if pos + len(back) >= blob.limit and blob.whole:
            raise blob.broken("a listpack element goes beyond the end")
        if not blob.buf.startswith(back, pos):
            back = _other_back_length(blob, size, pos)
        pos += len(back)
    if blob.slid + pos + 1 != blob.size or count not in {seen, _COUNT_UNKNOWN}:
        raise blob.broken(f"a listpack of {count} elements ends after {seen}")


def _string(buf: bytes, pos: int) -> tuple[int, int]:
    """Start and length of a string with 12 or 32 bits of length."""
    if buf[pos] < 0xF0:
        return pos + 2, (buf[pos] & 15) << 8 | buf[pos + 1]
    return pos + 5, int.from_bytes(buf[pos + 1 : pos + 5], "little")


def _behind(blob: Blob, size: int) -> int:
    back = back_length(size)
    if blob.limit < len(back) and not blob.whole:
        blob.slide(0)
    if not blob.buf.startswith(back):
        back = _other_back_length(blob, size, 0)
    return len(back)


def _other_back_length(blob: Blob, size: int, pos: int) -> bytes:
    """16383 fits into two bytes as well, and not every fork wastes a third on it."""
    if size == 16383 and blob.buf.startswith(b"\x7f\xff", pos):
        return b"\x7f\xff"
    raise blob.broken("a listpack element does not end with its own length")


def back_length(size: int) -> bytes:
    """An element's length as it stands behind it: seven bits a byte, high ones first.

    The limits are Redis's own: 16383 would fit into two bytes and takes three (lpEncodeBacklen).
    """
    if size < 128:
        return _BACK[size]
    width = 2 if size < 16383 else 3 if size < 2097151 else 4 if size < 268435455 else 5
    groups = [size >> 7 * place & 127 | 128 for place in range(width - 1, -1, -1)]
    groups[0] &= 127
    return bytes(groups)


_BACK: Final = tuple(bytes((size,)) for size in range(128))


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
