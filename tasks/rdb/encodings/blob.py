"""The bytes of one packed value (listpack, ziplist, ...): whole, or a window sliding over them.

Redis 6 and 7.0 put a list element of hundreds of megabytes into one packed node, so even these
cannot be held whole. Whatever they claim, what they yield was there.
"""

from collections.abc import Iterator
from typing import Final

from redis_dr.tasks.model.errors import RdbError, UnknownRdb
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.base.text import Pieces, Text

_PAD: Final = bytes(16)  # lets an element's header be read at the very end without a check
_AHEAD: Final = 1 << 16


class Blob:
    """`buf[:limit]` are real bytes, zeros follow. `slide` moves on; `size` is the whole length."""

    __slots__ = ("_parts", "_reader", "buf", "limit", "offset", "size", "slid")

    def __init__(self, reader: Reader) -> None:
        self.offset = reader.offset  # of the string in the file, for error texts
        self._reader = reader
        text = reader.text()
        self.slid = 0  # bytes of the value before buf
        self._parts: Iterator[bytes] | None = None
        if isinstance(text, Pieces):
            self._parts, self.size, self.limit, self.buf = text.parts, text.length, 0, b""
            self.slide(0)
        else:
            self.size = self.limit = len(text)
            self.buf = text + _PAD

    def broken(self, what: str) -> RdbError:
        """The error for a value that does not keep its own rules."""
        return self._reader.broken(what, self.offset)

    def unknown(self, what: str) -> UnknownRdb:
        """The error for a value that may be sound, and is not for this program."""
        return self._reader.unknown(what, self.offset)

    def slide(self, pos: int) -> None:
        """Let go of buf[:pos], and read on until enough lies ahead for any element's header."""
        ahead = self.buf[pos : self.limit]
        self.slid += pos
        while self._parts is not None and len(ahead) < _AHEAD:
            part = next(self._parts, None)
            if part is None:
                self._parts = None
            else:
                ahead += part
        self.limit = len(ahead)
        self.buf = ahead + _PAD

    @property
    def whole(self) -> bool:
        """Nothing comes after buf."""
        return self._parts is None

    def large(self, pos: int, length: int) -> Text:
        """An element that begins at buf[pos] and goes on beyond buf. Slide to 0 afterwards."""
        if self.slid + pos + length > self.size:
            raise self.broken(f"an element of {length} bytes goes beyond the value's end")
        return Pieces(length, self._rest(pos, length), self.offset, self._reader.db)

    def _rest(self, pos: int, length: int) -> Iterator[bytes]:
        while length:
            part = self.buf[pos : min(pos + length, self.limit)]
            length -= len(part)
            self.slide(pos + len(part))
            pos = 0
            yield part
