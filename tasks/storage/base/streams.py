"""Pull streams: a chain of readers, each pulling from the one before, in bounded memory."""

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar, cast

CHUNK = 256 * 1024  # bytes; smaller ones cost calls, larger ones the processor's cache


_Data = TypeVar("_Data", bytes, bytearray)


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


class _Blocks(io.RawIOBase):
    """A raw stream over blocks, each copied only once: to where its reader wants it."""

    def __init__(self, blocks: Iterator[bytes | bytearray], close: Callable[[], None]) -> None:
        self._blocks = blocks
        self._close = close
        self._rest = memoryview(b"")
        self._error: BaseException | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override] # typeshed wants any buffer; io gives a memoryview
        while not self._rest:
            try:
                self._rest = memoryview(self._next())
            except StopIteration:
                return 0
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _next(self) -> bytes | bytearray:
        if self._error is not None:  # a generator that raised would just end: a cut-off file
            raise self._error
        try:
            return next(self._blocks)
        except StopIteration:
            raise
        except BaseException as error:
            self._error = error
            raise

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._rest = memoryview(b"")
            self._close()


def from_blocks(blocks: Iterator[bytes | bytearray], close: Callable[[], None]) -> BinaryIO:
    """The blocks as one file object, like `stream`. What the iterator raises passes."""
    return io.BufferedReader(_Blocks(blocks, close), CHUNK)


def fill(source: BinaryIO, size: int) -> bytearray:
    """Exactly `size` bytes, fewer only at the source's end: pipes give short reads."""
    block = bytearray(size)
    filled = 0
    while filled < size and (data := source.read(min(CHUNK, size - filled))):
        block[filled : filled + len(data)] = data
        filled += len(data)
    if filled < size:
        del block[filled:]
    return block


class StreamHash:
    """Counts and hashes what passes."""

    def __init__(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()

    def add(self, data: _Data) -> _Data:
        """Take note of the data; gives it back."""
        self.size += len(data)
        self._sha256.update(data)
        return data

    @property
    def sha256(self) -> str:
        """Of everything so far, hex."""
        return self._sha256.hexdigest()


class _Hashed(io.RawIOBase):
    """Not buffered, so nothing is copied: each read goes to the source as it is."""

    def __init__(self, source: BinaryIO, passed: StreamHash) -> None:
        self._source, self._passed = source, passed

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._passed.add(self._source.read(size))

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._source.close()


def hashed(source: BinaryIO, passed: StreamHash) -> BinaryIO:
    """The same bytes, counted and hashed on the way. Closing it closes the source."""
    return cast("BinaryIO", _Hashed(source, passed))
