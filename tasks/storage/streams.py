"""Pull streams: a chain of readers, each pulling from the one before, in bounded memory."""

import hashlib
import io
from collections.abc import Callable
from typing import BinaryIO

CHUNK = 256 * 1024  # bytes; smaller ones cost calls, larger ones the processor's cache


class _Pull(io.RawIOBase):
    """A raw stream from a function that gives up to n more bytes, and b"" at the end."""

    def __init__(self, pull: Callable[[int], bytes], close: Callable[[], None]) -> None:
        self._pull = pull
        self._close = close

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override] # typeshed wants any buffer; io gives a memoryview
        data = self._pull(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._close()


def stream(pull: Callable[[int], bytes], close: Callable[[], None]) -> BinaryIO:
    """A file object whose read(n) gives n bytes until the end. What `pull` raises passes."""
    return io.BufferedReader(_Pull(pull, close), CHUNK)


class Tally:
    """Counts and hashes what passes."""

    def __init__(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()

    def add(self, data: bytes) -> bytes:
        """Take note of the data; gives it back."""
        self.size += len(data)
        self._sha256.update(data)
        return data

    @property
    def sha256(self) -> str:
        """Of everything so far, hex."""
        return self._sha256.hexdigest()


def tallied(source: BinaryIO, tally: Tally) -> BinaryIO:
    """The same bytes, counted and hashed on the way. Closing it closes the source."""
    return stream(lambda size: tally.add(source.read(size)), source.close)
