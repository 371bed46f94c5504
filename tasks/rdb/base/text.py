"""A string of the file: bytes while it is small, pieces in order when it is large."""

from collections.abc import Iterator
from typing import Final, Protocol

from redis_dr.tasks.rdb.base.format import LONGEST_HELD, unknown


class Hasher(Protocol):
    """What hashlib gives."""

    def update(self, data: bytes, /) -> None:
        """Add bytes."""

    def digest(self) -> bytes:
        """The digest so far."""


class Pieces:
    """A string too large to hold: known length, content to be taken once, in order."""

    __slots__ = ("_db", "_offset", "length", "parts")

    def __init__(self, length: int, parts: Iterator[bytes], offset: int, db: int | None) -> None:
        self.length = length  # in bytes
        self.parts = parts
        self._offset = offset  # this and the database are for error texts
        self._db = db

    def whole(self) -> bytes:
        """All of it in memory. Raises UnknownRdb for what is too long to be held."""
        if self.length > LONGEST_HELD:
            raise unknown(
                self._offset,
                self._db,
                f"a part of {self.length} bytes where {LONGEST_HELD} are the most to be held",
            )
        return b"".join(self.parts)


Text = bytes | Pieces

_SHORT: Final = tuple(bytes((length,)) for length in range(64))


def length_prefix(length: int) -> bytes:
    """A length in the shortest form that Redis writes (rdb.c, rdbSaveLen)."""
    if length < 64:
        return _SHORT[length]
    if length < 16384:
        return bytes((0x40 | length >> 8, length & 255))
    if length < 1 << 32:
        return b"\x80" + length.to_bytes(4, "big")
    return b"\x81" + length.to_bytes(8, "big")


def canonical(text: bytes) -> bytes:
    """A string as the file holds it without any encoding: its length, then its bytes."""
    return length_prefix(len(text)) + text


def feed(hasher: Hasher, text: Text) -> None:
    """Hash the canonical form of a string of any size."""
    if isinstance(text, Pieces):
        hasher.update(length_prefix(text.length))
        for part in text.parts:
            hasher.update(part)
    else:
        hasher.update(length_prefix(len(text)) + text)


def whole(text: Text) -> bytes:
    """The string in memory."""
    return text.whole() if isinstance(text, Pieces) else text
