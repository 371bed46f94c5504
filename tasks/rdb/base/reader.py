"""A forward window over a file object, with the checksum of what went by. Never seeks."""

from collections.abc import Iterator
from typing import BinaryIO, Final

import anycrc

from redis_dr.tasks.model.errors import RdbError, UnknownRdb
from redis_dr.tasks.rdb.base import lzf
from redis_dr.tasks.rdb.base.format import LARGE, broken, unknown
from redis_dr.tasks.rdb.base.text import Pieces, Text, whole

WINDOW: Final = 1 << 20
_CRC: Final = anycrc.Model("CRC64-REDIS")
_INTS: Final = {0: 1, 1: 2, 2: 4}  # special encodings 0 to 2: integers of so many bytes
_LZF: Final = 3


def crc64(data: bytes, before: int = 0) -> int:
    """The checksum of an RDB, continued from `before`."""
    checksum: int = _CRC.calc(data, before)
    return checksum


class Reader:
    """Primitives of the format. `buf[pos:]` is what lies ahead; `base` the offset of buf[0]."""

    __slots__ = ("_checksum", "_source", "base", "buf", "db", "ended", "pos")

    def __init__(self, source: BinaryIO, base: int = 0) -> None:
        self._source = source
        self._checksum = 0
        self.base = base  # offset in the file of buf[0]
        self.buf = b""
        self.pos = 0
        self.ended = False  # nothing comes after buf
        self.db: int | None = None  # for error texts

    @property
    def offset(self) -> int:
        """Where in the file the next byte stands."""
        return self.base + self.pos

    def checksum(self) -> int:
        """CRC-64 of all bytes before the position."""
        return crc64(self.buf[: self.pos], self._checksum)

    def broken(self, what: str, offset: int | None = None) -> RdbError:
        """The error for damage, here or at `offset`."""
        return broken(self.offset if offset is None else offset, self.db, what)

    def unknown(self, what: str, offset: int | None = None) -> UnknownRdb:
        """The error for what this program does not know."""
        return unknown(self.offset if offset is None else offset, self.db, what)

    def refill(self, window: int = WINDOW) -> None:
        """Drop the bytes before the position and read up to a window ahead; gather short reads."""
        passed = self.buf[: self.pos]
        self._checksum = crc64(passed, self._checksum)
        self.base += self.pos
        parts = [self.buf[self.pos :]]
        ahead = len(parts[0])
        while ahead < window and not self.ended:
            part = self._source.read(window - ahead)
            self.ended = not part
            parts.append(part)
            ahead += len(part)
        self.buf = b"".join(parts)
        self.pos = 0

    def need(self, count: int) -> None:
        """Have `count` bytes (at most a window) ahead. Raises RdbError where the file ends."""
        if len(self.buf) - self.pos < count:
            self.refill()
            if len(self.buf) < count:
                raise self.broken("the file ends here", self.base + len(self.buf))

    def byte(self) -> int:
        """One byte."""
        if self.pos >= len(self.buf):
            self.need(1)
        self.pos += 1
        return self.buf[self.pos - 1]

    def take(self, count: int) -> bytes:
        """`count` bytes in memory; grows only as far as the file really goes."""
        end = self.pos + count
        if end <= len(self.buf):
            data = self.buf[self.pos : end]
            self.pos = end
            return data
        return b"".join(self.pieces(count))

    def pieces(self, count: int) -> Iterator[bytes]:
        """`count` bytes, a window at a time."""
        while count:
            self.need(1)
            part = self.buf[self.pos : self.pos + count]
            self.pos += len(part)
            count -= len(part)
            yield part

    def skip(self, count: int) -> None:
        """Pass over `count` bytes; they still count for the checksum."""
        end = self.pos + count
        if end <= len(self.buf):
            self.pos = end
            return
        for _ in self.pieces(count):
            pass

    def header(self) -> tuple[int, bool]:
        """A length, or a special encoding's number and True."""
        first = self.byte()
        kind = first >> 6
        if kind == 0:
            return first, False
        if kind == 1:
            return (first & 63) << 8 | self.byte(), False
        if kind == 3:
            return first & 63, True
        if first == 0x80:
            return int.from_bytes(self.take(4), "big"), False
        if first == 0x81:
            return int.from_bytes(self.take(8), "big"), False
        raise self.broken(f"{first:#04x} does not begin a length", self.offset - 1)

    def length(self) -> int:
        """A plain length. Raises RdbError when a special encoding stands there."""
        value, special = self.header()
        if special:
            raise self.broken("an encoded string where a length belongs", self.offset - 1)
        return value

    def text(self) -> Text:
        """A string in any encoding; large ones come in pieces and must be used up at once."""
        start = self.offset
        value, special = self.header()
        if not special:
            if value <= LARGE:
                return self.take(value)
            return Pieces(value, self.pieces(value), start, self.db)
        if value in _INTS:
            number = int.from_bytes(self.take(_INTS[value]), "little", signed=True)
            return b"%d" % number
        if value == _LZF:
            return self._compressed(start)
        raise self.unknown(f"string encoding {value}", start)

    def string(self) -> bytes:
        """A string that is held in memory: a key, a name."""
        return whole(self.text())

    def skip_string(self) -> None:
        """Pass over a string without unpacking it."""
        start = self.offset
        value, special = self.header()
        if not special:
            self.skip(value)
        elif value in _INTS:
            self.skip(_INTS[value])
        elif value == _LZF:
            packed, _ = self.packed_lengths(start)
            self.skip(packed)
        else:
            raise self.unknown(f"string encoding {value}", start)

    def packed_lengths(self, start: int) -> tuple[int, int]:
        """Compressed and plain length of an LZF string; refuses what LZF cannot reach."""
        packed, plain = self.length(), self.length()
        if not 0 < packed <= plain <= packed * lzf.GREATEST_RATIO:
            # Redis compresses only where it helps, so packed is the smaller one
            raise self.broken(f"{packed} bytes of LZF cannot hold {plain}", start)
        return packed, plain

    def _compressed(self, start: int) -> Text:
        packed, plain = self.packed_lengths(start)
        if plain > LARGE:
            return Pieces(plain, self._unpack(packed, plain, start), start, self.db)
        try:
            return lzf.decompress(self.take(packed), plain)
        except lzf.LzfError as error:
            raise self.broken(str(error), start) from error

    def _unpack(self, packed: int, plain: int, start: int) -> Iterator[bytes]:
        try:
            yield from lzf.stream(self.pieces(packed), plain)
        except lzf.LzfError as error:
            raise self.broken(str(error), start) from error
