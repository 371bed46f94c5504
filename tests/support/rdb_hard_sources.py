"""Files that are too large to be stored in a test: made while they are read."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from redis_dr.tasks.rdb.base.reader import crc64
from tests.support import raw_rdb

_MB = 1 << 20
_ZEROS = bytes(_MB)


class Made:
    """A file object over bytes as they are made, framed as a file. Its reads are short."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = self._framed(parts)
        self._rest = b""

    @staticmethod
    def _framed(parts: Iterable[bytes]) -> Iterator[bytes]:
        checksum = 0
        for part in chain((b"REDIS0011\xfe\x00",), parts, (b"\xff",)):
            checksum = crc64(part, checksum)
            yield part
        yield checksum.to_bytes(8, "little")

    def read(self, count: int) -> bytes:
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._rest = part
        data, self._rest = self._rest[:count], self._rest[count:]
        return data


def _large(megabytes: int) -> Iterator[bytes]:
    for _ in range(megabytes):
        yield _ZEROS


def _string() -> Iterator[bytes]:
    yield b"\x00\x01k" + raw_rdb.length(512 * _MB)
    yield from _large(512)


def _ziplist() -> Iterator[bytes]:
    size = 300 * _MB
    entry = 1 + 5 + size
    yield b"\x0e\x01k\x01" + raw_rdb.length(11 + entry)
    yield (11 + entry).to_bytes(4, "little") + (10).to_bytes(4, "little") + b"\x01\x00"
    yield b"\x00\x80" + size.to_bytes(4, "big")
    yield from _large(300)
    yield b"\xff"


def _listpack() -> Iterator[bytes]:
    size = 300 * _MB
    entry = 5 + size
    back = bytes(entry >> 7 * at & 127 | (128 if at < 4 else 0) for at in range(4, -1, -1))
    yield b"\x12\x01k\x01\x02" + raw_rdb.length(7 + entry + 5)
    yield (7 + entry + 5).to_bytes(4, "little") + b"\x01\x00"
    yield b"\xf0" + size.to_bytes(4, "little")
    yield from _large(300)
    yield back + b"\xff"


def _set() -> Iterator[bytes]:
    yield b"\x02\x01k" + raw_rdb.length(1_000_000)
    for number in range(0, 1_000_000, 1000):
        yield raw_rdb.strings(b"%d" % each for each in range(number, number + 1000))


def _lzf() -> Iterator[bytes]:
    # one literal byte, then runs of 264 that repeat it
    runs = 700_000
    yield (
        b"\x00\x01k\xc3" + raw_rdb.length(2 + 3 * runs) + raw_rdb.length(1 + 264 * runs) + b"\x00a"
    )
    for _ in range(0, runs, 1000):
        yield b"\xe0\xff\x00" * 1000


def _key() -> Iterator[bytes]:
    yield b"\x00" + raw_rdb.length(300 * _MB)
    yield from _large(300)
    yield b"\x01v"


def _stream() -> Iterator[bytes]:
    # a node that promises a hundred million field names
    size = 300 * _MB
    yield b"\x15\x01k\x01" + raw_rdb.string(bytes(16)) + raw_rdb.length(size)
    yield size.to_bytes(4, "little") + b"\xff\xff" + b"\x01\x01\x00\x01"
    yield b"\xf4" + (100_000_000).to_bytes(8, "little") + b"\x09"
    for _ in range(300):
        yield b"\x00\x01" * (_MB // 2)


def _field() -> Iterator[bytes]:
    yield b"\x18\x01k" + bytes(8) + b"\x01\x01\x01f" + raw_rdb.length(300 * _MB)
    yield from _large(300)


def _aux() -> Iterator[bytes]:
    for number in range(1_000_000):
        yield b"\xfa" + raw_rdb.strings([b"%d" % number, b"v" * 1000])


def _long_keys() -> Iterator[bytes]:
    for number in range(2000):
        yield b"\x00" + raw_rdb.string(b"%8d" % number + b"k" * 65_000) + b"\x01v"


SOURCES: dict[str, Callable[[], Made]] = {
    "string of 512 MB": lambda: Made(_string()),
    "list of one 300 MB ziplist element": lambda: Made(_ziplist()),
    "list of one 300 MB listpack element": lambda: Made(_listpack()),
    "set of a million": lambda: Made(_set()),
    "lzf string of 176 MB": lambda: Made(_lzf()),
    "key of 300 MB": lambda: Made(_key()),
    "stream node of 300 MB": lambda: Made(_stream()),
    "hash field of 300 MB with expiry": lambda: Made(_field()),
    "a million aux": lambda: Made(_aux()),
    "long keys": lambda: Made(_long_keys()),
}
