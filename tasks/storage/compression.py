"""zstd as a stage of a pull stream. The frame carries a checksum; any zstd tool opens it."""

from typing import BinaryIO

import zstandard

from tasks.model.errors import Damaged
from tasks.storage.streams import CHUNK, stream


def compressed(source: BinaryIO, level: int) -> BinaryIO:
    """The source as one zstd frame. Level 3 is the default for a reason: facts/s3.md 4."""
    compressor = zstandard.ZstdCompressor(level=level, write_checksum=True)
    reader = compressor.stream_reader(source, read_size=CHUNK, closefd=False)
    return stream(reader.read, source.close)


def decompressed(source: BinaryIO, name: str) -> BinaryIO:
    """The plain bytes. Raises Damaged for what is no zstd; a cut-off frame just ends early."""
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
