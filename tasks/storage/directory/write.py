"""How a file gets into a directory store so that a crash at any line leaves all or nothing."""

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from redis_dr.tasks.model.errors import Refused, StoreError
from redis_dr.tasks.storage.base.streams import CHUNK
from redis_dr.tasks.storage.directory.errors import store_errors

_PART = ".part"
_CLAIM = ".claim"
_TRIES = 20  # a concurrent delete may remove the empty folder that was just created
# how shares without hard links refuse one; a fault of the disk shows again in the rename
_NO_LINKS = {
    *(errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS),
    *(errno.EMLINK, errno.EINVAL, errno.ENOENT, errno.EIO, errno.EXDEV),
}
# how shares refuse to flush a directory. EIO is none of them: there a name may really be lost
_NO_DIRECTORY_FLUSH = {
    *(errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS),
    *(errno.EINVAL, errno.ENOENT, errno.EBADF, errno.EISDIR),
}


class Incoming:
    """A file that is being written. A lock on it tells sweepers that its writer lives."""

    def __init__(self, folder: Path, place: str) -> None:
        self._place = place
        self.path = folder / f"{secrets.token_hex(12)}{_PART}"

    def __enter__(self) -> Self:
        with store_errors(self._place):
            ensure_directory(self.path.parent)
            self._file = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            # a share may have no locks: then only its age protects the file from sweepers
            with contextlib.suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_EX)
        return self

    def fill(self, source: BinaryIO) -> int:
        """Write the source to its end, and to the disk; gives its length."""
        size = 0
        while data := source.read(CHUNK):
            self.write(data)
            size += len(data)
        self.flush()
        return size

    def write(self, data: bytes) -> None:
        """Write all of it: a raw write may be short."""
        rest = memoryview(data)
        with store_errors(self._place):
            while rest:
                rest = rest[os.write(self._file, rest) :]

    def flush(self) -> None:
        """Onto the disk. A full disk may show only here."""
        with store_errors(self._place):
            os.fsync(self._file)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with store_errors(self._place):
            self.path.unlink(missing_ok=True)
            os.close(self._file)


def publish_over(part: Path, path: Path) -> None:
    """Give the finished file its name, in place of what has it."""
    for _ in range(_TRIES):
        ensure_directory(path.parent)
        try:
            part.replace(path)
        except FileNotFoundError:
            continue
        return _onto_the_disk(path)
    raise _vanishing(path)


def publish_new(part: Path, path: Path) -> None:
    """Give the finished file its name unless it is taken. Raises Refused."""
    for _ in range(_TRIES):
        ensure_directory(path.parent)
        try:
            _link(part, path)
        except FileNotFoundError:
            continue
        return _onto_the_disk(path)
    raise _vanishing(path)


def ensure_directory(folder: Path) -> None:
    """Make the folder and its parents, for the owner alone; each new name is put on the disk."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        if folder == folder.parent:
            break
        folder = folder.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True, mode=0o700)
        flush_directory(folder.parent)


def sweep_incoming(
    folder: Path, before: datetime, *, apply: bool
) -> Iterator[tuple[Path, int, datetime]]:
    """Unfinished files older than `before` whose writer is gone: path, bytes, last written."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        try:
            status = path.stat()
            modified = datetime.fromtimestamp(status.st_mtime, UTC)
            if modified >= before or _held(path):
                continue
            if apply:
                path.unlink()
        except FileNotFoundError:
            continue  # its writer was quicker
        yield path, status.st_size, modified


def _held(path: Path) -> bool:
    """Whether a writer that lives holds the file."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False  # no locks on this share: age has to do
    return False


def _link(part: Path, path: Path) -> None:
    try:
        os.link(part, path)
    except FileExistsError as error:
        # on NFS the answer to a link that succeeded may have been lost (facts/s3.md 6)
        if not path.samefile(part):
            raise taken(path.name) from error
    except OSError as error:
        # ENOENT also says that a delete took the empty folder: then it is made again
        vanished = error.errno == errno.ENOENT and not (part.exists() and path.parent.is_dir())
        if vanished or error.errno not in _NO_LINKS:
            raise
        _claim(part, path)


def _claim(part: Path, path: Path) -> None:
    """Without hard links: the process that creates the claim file may publish."""
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:32] + _CLAIM
    claim = part.parent / name
    try:
        os.close(os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError as error:
        raise taken(path.name) from error
    try:
        if path.exists():
            raise taken(path.name)
        part.replace(path)
    finally:
        claim.unlink()


def _vanishing(path: Path) -> StoreError:
    return StoreError(
        f"the folder of {path} keeps vanishing", "let no other program clean the store"
    )


def taken(name: str) -> Refused:
    """Somebody else has the name."""
    return Refused(
        f"{name} is in the store already", "another operation wrote it; look with `redis-dr list`"
    )


def _onto_the_disk(path: Path) -> None:
    """The new name as well. One that a power cut may take away again is not given at all."""
    try:
        flush_directory(path.parent)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def flush_directory(folder: Path) -> bool:
    """Put the names in a folder on the disk; False on a share that has no such call."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno in _NO_DIRECTORY_FLUSH:
            return False
        raise
    return True
