"""RDB bytes made from the description of the format, for what no living server writes."""

import struct
from collections.abc import Iterable, Sequence

from redis_dr.tasks.rdb.base.reader import crc64


def length(number: int) -> bytes:
    """A length in its shortest form."""
    if number < 64:
        return bytes((number,))
    if number < 16384:
        return struct.pack(">H", 0x4000 | number)
    return (
        b"\x80" + struct.pack(">I", number)
        if number < 1 << 32
        else b"\x81" + struct.pack(">Q", number)
    )


def string(text: bytes) -> bytes:
    """A string without encoding."""
    return length(len(text)) + text


def strings(texts: Iterable[bytes]) -> bytes:
    """Strings, one after the other."""
    return b"".join(map(string, texts))


def file(body: bytes, version: int = 11, checksum: bool = True) -> bytes:
    """A whole file around keys, AUX and the like."""
    data = b"REDIS%04d" % version + body + b"\xff"
    if version < 5:
        return data
    return data + (crc64(data) if checksum else 0).to_bytes(8, "little")


def database(records: Iterable[bytes], number: int = 0) -> bytes:
    """A database with the records; no sizes, as before version 7."""
    return b"\xfe" + length(number) + b"".join(records)


def record(kind: int, key: bytes, value: bytes) -> bytes:
    """One key."""
    return bytes((kind,)) + string(key) + value


def dump(kind: int, value: bytes, version: int = 9) -> bytes:
    """What DUMP would answer, for RESTORE."""
    data = bytes((kind,)) + value + struct.pack("<H", version)
    return data + crc64(data).to_bytes(8, "little")


def ziplist(items: Sequence[bytes | int]) -> bytes:
    """A ziplist; ints in the smallest integer form, bytes as strings."""
    body, before, tail = b"", 0, 10
    for item in items:
        previous = bytes((before,)) if before < 254 else b"\xfe" + struct.pack("<I", before)
        entry = previous + (_zip_int(item) if isinstance(item, int) else _zip_string(item))
        tail = 10 + len(body)
        body += entry
        before = len(entry)
    return struct.pack("<IIH", 11 + len(body), tail, min(len(items), 65535)) + body + b"\xff"


def _zip_string(text: bytes) -> bytes:
    if len(text) < 64:
        return bytes((len(text),)) + text
    if len(text) < 16384:
        return struct.pack(">H", 0x4000 | len(text)) + text
    return b"\x80" + struct.pack(">I", len(text)) + text


def _zip_int(number: int) -> bytes:
    if 0 <= number <= 12:
        return bytes((0xF1 + number,))
    for head, width in ((0xFE, 1), (0xC0, 2), (0xF0, 3), (0xD0, 4), (0xE0, 8)):
        if -(1 << 8 * width - 1) <= number < 1 << 8 * width - 1:
            return bytes((head,)) + number.to_bytes(width, "little", signed=True)
    raise ValueError(number)


def listpack(items: Sequence[bytes | int]) -> bytes:
    """A listpack; ints in the smallest integer form, bytes as strings."""
    body = b""
    for item in items:
        entry = _pack_int(item) if isinstance(item, int) else _pack_string(item)
        body += entry + _back(len(entry))
    return struct.pack("<IH", 7 + len(body), min(len(items), 65535)) + body + b"\xff"


def _back(size: int) -> bytes:
    width = 1 if size < 128 else 2 if size < 16383 else 3 if size < 2097151 else 4
    return bytes(
        size >> 7 * at & 127 | (128 if at < width - 1 else 0) for at in range(width - 1, -1, -1)
    )


def _pack_string(text: bytes) -> bytes:
    if len(text) < 64:
        return bytes((0x80 | len(text),)) + text
    if len(text) < 4096:
        return struct.pack(">H", 0xE000 | len(text)) + text
    return b"\xf0" + struct.pack("<I", len(text)) + text


def _pack_int(number: int) -> bytes:
    if 0 <= number < 128:
        return bytes((number,))
    if -4096 <= number < 4096:
        return struct.pack(">H", 0xC000 | number % 8192)
    for head, width in ((0xF1, 2), (0xF2, 3), (0xF3, 4), (0xF4, 8)):
        if -(1 << 8 * width - 1) <= number < 1 << 8 * width - 1:
            return bytes((head,)) + number.to_bytes(width, "little", signed=True)
    raise ValueError(number)


def intset(numbers: Sequence[int], width: int) -> bytes:
    """An intset of integers of `width` bytes."""
    body = b"".join(n.to_bytes(width, "little", signed=True) for n in sorted(numbers))
    return struct.pack("<II", width, len(numbers)) + body


def zipmap(pairs: dict[bytes, bytes], free: int = 0) -> bytes:
    """A zipmap; `free` unused bytes behind each value."""
    body = bytes((min(len(pairs), 254),))
    for field, value in pairs.items():
        body += (
            _map_length(field) + field + _map_length(value) + bytes((free,)) + value + b"?" * free
        )
    return body + b"\xff"


def _map_length(text: bytes) -> bytes:
    return bytes((len(text),)) if len(text) < 254 else b"\xfe" + struct.pack("<I", len(text))


def lzf_string(text: bytes) -> bytes:
    """A compressed string whose LZF is literal runs, then one long back reference."""
    run = text[:32]
    packed = bytes((len(run) - 1,)) + run
    rest = len(text) - len(run)
    assert text == (run * (len(text) // len(run) + 1))[: len(text)], "text must repeat its first 32"
    while rest:
        step = min(rest, 264)
        if step < 3:
            packed += bytes((step - 1,)) + text[len(text) - step :]
        else:
            back = len(run) - 1
            code = step - 2
            packed += bytes((code << 5,)) if code < 7 else bytes((7 << 5, code - 7))
            packed += bytes((back,))
        rest -= step
    return b"\xc3" + length(len(packed)) + length(len(text)) + packed
