"""The file that comes out: written once from front to back, with its size and checksums."""

from hashlib import sha256
from typing import BinaryIO, Final

from tasks.rdb import format as rdb
from tasks.rdb.damage import broken
from tasks.rdb.reader import crc64

_CHUNK: Final = 1 << 20


class Files:
    """What is spliced: 0 the backup, 1 the live set."""

    def __init__(self, backup: BinaryIO, live: BinaryIO | None) -> None:
        self._backup = backup
        self._live = live

    def __getitem__(self, file: int) -> BinaryIO:
        if file == 0 or self._live is None:
            return self._backup
        return self._live


class Output:
    """Counts and hashes what it writes."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._checksum = 0
        self._sha = sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Write bytes."""
        self._checksum = crc64(data, self._checksum)
        self._sha.update(data)
        self.size += len(data)
        self._target.write(data)

    def copy(self, source: BinaryIO, start: int, end: int) -> None:
        """Write a range of a seekable file. Raises RdbError if it has become shorter."""
        source.seek(start)
        while start < end:
            data = source.read(min(_CHUNK, end - start))
            if not data:
                raise broken(start, None, "the file became shorter while it was read")
            start += len(data)
            self.write(data)

    def close(self) -> str:
        """Write the end mark and the checksum; the SHA-256 of all, hex."""
        self.write(bytes((rdb.EOF,)))
        self.write(self._checksum.to_bytes(8, "little"))
        self._target.flush()
        return self._sha.hexdigest()
