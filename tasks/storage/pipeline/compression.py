"""zstd as a stage of a pull stream: frames of a fixed length, one after the other.

Frames do not depend on each other, so several are made at the same time. Each carries a checksum,
and any zstd tool opens the file.
"""

import threading
from collections.abc import Iterator
from typing import BinaryIO

import zstandard

from redis_dr.tasks.model.errors import Damaged
from redis_dr.tasks.storage.base.streams import CHUNK, StreamHash, fill, from_blocks, stream
from redis_dr.tasks.storage.pipeline.parallel import InOrder

_FRAME = 2**20  # plain bytes; docs/store.md says what other lengths cost


def compressed(source: BinaryIO, level: int, plain: StreamHash) -> BinaryIO:
    """The source as zstd frames. Level 3 is the default for a reason: facts/s3.md 4.

    `plain` takes note of the source's bytes, in the thread that reads them.
    """
    frames = InOrder(_blocks(source, plain), _Compress(level))

    def close() -> None:
        frames.close()
        source.close()

    return from_blocks(frames.results(), close)


def _blocks(source: BinaryIO, plain: StreamHash) -> Iterator[bytearray]:
    block = fill(source, _FRAME)
    yield plain.add(block)  # nothing at all is a frame as well: an empty file of zstd
    while block and (block := fill(source, _FRAME)):
        yield plain.add(block)


class _Compress:
    """A compressor for each thread: they are not made for use by two at once."""

    def __init__(self, level: int) -> None:
        self._level = level
        self._mine = threading.local()

    def __call__(self, block: bytearray) -> bytes:
        if not hasattr(self._mine, "zstd"):
            self._mine.zstd = zstandard.ZstdCompressor(level=self._level, write_checksum=True)
        frame: bytes = self._mine.zstd.compress(block)
        return frame


def decompressed(source: BinaryIO, name: str) -> BinaryIO:
    """The plain bytes. Raises Damaged for data that is not zstd; a truncated frame ends early."""
    reader = zstandard.ZstdDecompressor().stream_reader(
        source, read_size=CHUNK, read_across_frames=True, closefd=False
    )

    def pull(size: int) -> bytes:
        try:
            return reader.read(size)
        except zstandard.ZstdError as error:
            raise Damaged(
                f"{name} does not decompress: {error}", "restore another backup"
            ) from error

    return stream(pull, source.close)
