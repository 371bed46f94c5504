"""Bytes in and out of a container, streamed: the engine speaks tar, one file at a time."""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from tasks.engine.client import engine
from tasks.engine.errors import engine_errors
from tasks.model.errors import Damaged, Unreachable

_CHUNK = 2**20  # bytes; 32 KiB and 2 MiB were equally fast (facts/redis.md 9)
_BLOCK = 512  # of tar


@dataclass(frozen=True, slots=True)
class Owner:
    """Who a file belongs to, as numbers: names differ between images."""

    uid: int
    gid: int
    mode: int = 0o600


class EngineFile(io.RawIOBase):
    """The first `size` bytes of one file in a container, or an error; never silently less."""

    def __init__(self, container: str, path: str, size: int) -> None:
        super().__init__()
        self._doing = f"reading {path} from {container}"
        with engine_errors(self._doing):
            self._chunks, _ = engine().api.get_archive(container, path, chunk_size=_CHUNK)
            self._tar = tarfile.open(fileobj=_Stream(self._chunks), mode="r|", bufsize=_CHUNK)  # noqa: SIM115 closed in close()
            self._member = self._first_file()
        self._left = size

    def _first_file(self) -> BinaryIO:
        try:
            member = self._tar.next()
        except tarfile.TarError as error:
            raise self._short() from error
        file = self._tar.extractfile(member) if member else None
        if file is None:
            raise Damaged(f"{self._doing}: it is not a regular file", "check what replaced it")
        return file  # type: ignore[return-value] # an ExFileObject reads bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override] # typeshed asks for any Buffer
        if not self._left:
            return 0
        try:
            with engine_errors(self._doing):
                data = self._member.read(min(len(buffer), self._left))
        except tarfile.TarError as error:
            raise self._short() from error
        if not data:
            raise self._short()
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)

    def _short(self) -> Unreachable:
        return Unreachable(
            f"{self._doing}: the engine's stream ended early", "run it again; nothing was committed"
        )

    def close(self) -> None:
        if not self.closed:
            self._chunks.close()  # the connection too: what is left of the file is not read
        super().close()


def open_in_container(container: str, path: str, size: int) -> BinaryIO:
    """Stream the first `size` bytes of a file. Raises NoSuchContainer, Unreachable."""
    return io.BufferedReader(EngineFile(container, path, size), _CHUNK)  # type: ignore[type-var] # readinto, see there


def write_to_container(
    container: str, path: str, source: BinaryIO, size: int, owner: Owner
) -> None:
    """Stream a file of known size into a container; a failure leaves part of it (facts/redis.md 9).

    So write under a name that nobody reads, check it there, then rename.
    """
    target = PurePosixPath(path)
    with engine_errors(f"writing {path} to {container}"):
        done = engine().api.put_archive(
            container, str(target.parent), _tar_of(target.name, source, size, owner)
        )
    if not done:
        raise Unreachable(f"the engine did not take {path}", "see the engine's log")


def _tar_of(name: str, source: BinaryIO, size: int, owner: Owner) -> Iterator[bytes]:
    header = tarfile.TarInfo(name)
    header.size, header.mode, header.uid, header.gid = size, owner.mode, owner.uid, owner.gid
    yield header.tobuf(tarfile.PAX_FORMAT)
    left = size
    while left:
        data = source.read(min(_CHUNK, left))
        if not data:
            raise Damaged(f"{name} is {left} bytes shorter than it should be", "fetch it again")
        left -= len(data)
        yield data
    yield b"\0" * (-size % _BLOCK + 2 * _BLOCK)


class _Stream(io.RawIOBase):
    """The engine's chunks as a file that tarfile can read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks, self._rest = chunks, b""

    def read(self, size: int = -1) -> bytes:
        if not self._rest:
            self._rest = next(self._chunks, b"")
        data, self._rest = self._rest[:size], self._rest[size:]
        return data
