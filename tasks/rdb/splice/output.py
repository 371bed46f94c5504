"""The file that comes out: written once from front to back, with its size and checksums."""

import struct
from bisect import bisect_left
from collections.abc import Sequence
from hashlib import sha256
from typing import BinaryIO, Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.format import broken, unknown
from redis_dr.tasks.rdb.base.reader import crc64
from redis_dr.tasks.rdb.splice.script import Ranges

_CHUNK: Final = 1 << 20
_MS: Final = struct.Struct("<q")


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
    """Counts and hashes what it writes; small pieces are gathered."""

    def __init__(self, target: BinaryIO, files: Files, shift_ms: int) -> None:
        self._target = target
        self._files = files
        self._shift = shift_ms
        self._pieces: list[bytes] = []
        self._held = 0  # bytes of pieces
        self._checksum = 0
        self._sha = sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Write bytes, soon."""
        self._pieces.append(data)
        self._held += len(data)
        if self._held >= _CHUNK:
            self._flush()

    def _flush(self) -> None:
        data = b"".join(self._pieces)
        self._checksum = crc64(data, self._checksum)
        self._sha.update(data)
        self.size += len(data)
        self._target.write(data)
        self._pieces.clear()
        self._held = 0

    def copy(self, ranges: Ranges) -> None:
        """Write ranges of a seekable file. Raises RdbError if it has become shorter.

        What lies between them is read too when it is little: one read a megabyte, not one a range.
        """
        bounds = ranges.bounds
        source = self._files[ranges.file]
        block, first, last = b"", 0, 0  # what `block` holds of the file
        for start, end in zip(bounds[0::2], bounds[1::2], strict=True):
            at = start
            while at < end:
                if not first <= at < last:
                    source.seek(at)
                    block = self._moved(source.read(min(_CHUNK, bounds[-1] - at)), at, ranges)
                    first, last = at, at + len(block)
                    if not block:
                        raise broken(at, None, "the file became shorter while it was read")
                upto = min(end, last)
                self.write(block[at - first : upto - first])
                at = upto

    def _moved(self, block: bytes, at: int, ranges: Ranges) -> bytes:
        """The block with its expiries moved; it ends early rather than inside one of them."""
        if not ranges.expiries:
            return block
        moved = bytearray(block)
        shift = self._shift
        for place in _between(ranges.expiries, at, at + len(block)):
            here = place - at
            if here + 9 > len(moved):
                return bytes(moved[:here])
            if moved[here] != rdb.EXPIRE_MS:
                raise unknown(place, None, "an expiry that is not the first part of its record")
            expire = _MS.unpack_from(moved, here + 1)[0] + shift
            _MS.pack_into(moved, here + 1, max(expire, 1))
        return bytes(moved)

    def close(self) -> str:
        """Write the end mark and the checksum; the SHA-256 of all, hex."""
        self.write(bytes((rdb.EOF,)))
        self._flush()
        self.write(self._checksum.to_bytes(8, "little"))
        self._flush()
        self._target.flush()
        return self._sha.hexdigest()


def _between(places: Sequence[int], start: int, end: int) -> Sequence[int]:
    """Those of the rising `places` that lie from `start` to before `end`."""
    return places[bisect_left(places, start) : bisect_left(places, end)]
