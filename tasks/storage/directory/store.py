"""A store in a directory: crash-safe writes, for a disk of its own or a mounted share.

A write goes to `.incoming/` under a name of its own, is flushed to the disk, and only then gets
the object's name (facts/s3.md 6).
"""

import builtins
import errno
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from redis_dr.tasks.model.errors import Damaged
from redis_dr.tasks.storage.base.protocol import StoredObject, checked_key
from redis_dr.tasks.storage.base.streams import stream
from redis_dr.tasks.storage.directory.errors import store_error, store_errors
from redis_dr.tasks.storage.directory.write import (
    Incoming,
    publish_new,
    publish_over,
    sweep_incoming,
)

INCOMING = ".incoming"
_DEEPEST = 64  # folders in a key; deeper ones are not ours, and are not looked into


class DirectoryStore:
    """Objects are plain files below `root`; their keys are the paths."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._incoming = self._root / INCOMING

    @property
    def root(self) -> Path:
        """The directory; for doctor, which asks what no other verb needs."""
        return self._root

    @property
    def address(self) -> str:
        """What people call this store."""
        return f"file:{self._root}"

    def put(self, key: str, source: BinaryIO) -> int:
        """All or nothing: the name appears when everything is on the disk."""
        path = self._path(key)
        with Incoming(self._incoming, self.address) as incoming:
            size = incoming.fill(source)  # what the source raises passes through as it is
            with store_errors(self.address):
                publish_over(incoming.path, path)
        return size

    def create(self, key: str, data: bytes) -> None:
        """Only one of several writers at once succeeds; the others get Refused."""
        path = self._path(key)
        with Incoming(self._incoming, self.address) as incoming:
            incoming.write(data)
            incoming.flush()
            with store_errors(self.address):
                publish_new(incoming.path, path)

    def open(self, key: str, offset: int = 0) -> BinaryIO:
        """A file is never half there, so a plain read is enough."""
        try:
            file = self._path(key).open("rb", buffering=0)
        except (FileNotFoundError, IsADirectoryError) as error:
            raise _missing(key, self.address) from error
        except OSError as error:
            raise store_error(error, self.address) from error

        def pull(size: int) -> bytes:
            with store_errors(self.address):
                return file.read(size) or b""

        with store_errors(self.address):
            file.seek(offset)
        return stream(pull, file.close)

    def stat(self, key: str) -> StoredObject | None:
        """None for what is not there, and for what is a directory."""
        return self._seen(key, self._path(key))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Walks only the directory that the prefix names."""
        folder, _, _ = prefix.rpartition("/")
        with store_errors(self.address):
            self._require_directory()
            for key in self._walk(folder + "/" if folder else ""):
                # any name that lies there is listed, also one that no other verb takes
                if key.startswith(prefix) and (found := self._seen(key, self._root / key)):
                    yield found

    def delete(self, key: str) -> None:
        """Removes the folders that become empty, too."""
        path = self._path(key)
        with store_errors(self.address):
            path.unlink(missing_ok=True)
            for parent in path.parents:
                if parent == self._root or not _removed_empty(parent):
                    break

    def clock_ahead(self) -> timedelta | None:
        """A file system notes times, and shows its clock to nobody who only reads."""
        return None

    def sweep(self, before: datetime, *, apply: bool) -> tuple[StoredObject, ...]:
        """Debris of writers that died; a file that a live writer holds is left alone."""
        with store_errors(self.address):
            return tuple(
                StoredObject(f"{INCOMING}/{path.name}", size, modified)
                for path, size, modified in sweep_incoming(self._incoming, before, apply=apply)
            )

    def _path(self, key: str) -> Path:
        if checked_key(key).startswith(INCOMING):
            raise Damaged(f"{key!r} is a name that a directory store keeps", "rename the instance")
        with store_errors(self.address):
            self._require_directory()
        return self._root / key

    def _require_directory(self) -> None:
        """A store that is not there yet is empty; a file in its place is a mistake."""
        if self._root.exists() and not self._root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "Not a directory", str(self._root))

    def _walk(self, folder: str) -> Iterator[str]:
        """Keys below a folder ("" or "a/b/") in the order of their bytes."""
        ahead = [folder]  # the next one last
        while ahead:
            name = ahead.pop()
            if not (name == folder or name.endswith("/")):
                yield name
            elif name.count("/") <= _DEEPEST and name != f"{INCOMING}/":
                ahead += reversed(self._entries(name))

    def _entries(self, folder: str) -> builtins.list[str]:
        """Keys of files and, with a slash behind, of folders in this folder."""
        try:
            with os.scandir(self._root / folder) as entries:
                names = [
                    entry.name + "/" * entry.is_dir(follow_symlinks=False) for entry in entries
                ]
        except (FileNotFoundError, NotADirectoryError):
            return []  # no such folder: nothing below it
        return [folder + name for name in sorted(names, key=os.fsencode)]

    def _seen(self, key: str, path: Path) -> StoredObject | None:
        try:
            return self._described(key, path) if path.is_file() else None
        except Damaged:
            return None  # deleted between the two calls

    def _described(self, key: str, path: Path) -> StoredObject:
        try:
            status = path.stat()
        except FileNotFoundError as error:
            raise _missing(key, self.address) from error
        except OSError as error:
            raise store_error(error, self.address) from error
        return StoredObject(key, status.st_size, _moment(status.st_mtime))


def _moment(seconds: float) -> datetime:
    """A file's time; the epoch for one that is no date: anybody can set the times of a file."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def root_of(url: str) -> Path:
    """The directory that `file:DIRECTORY`, `file:/DIRECTORY` or `file:///DIRECTORY` names."""
    path = url.removeprefix("file:")
    return Path(path.removeprefix("//") if path.startswith("///") else path)


def _removed_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False  # not empty, or somebody was quicker: either is fine
    return True


def _missing(key: str, place: str) -> Damaged:
    return Damaged(
        f"{key} is missing from the store {place}",
        "restore another backup; `redis-dr verify --all` names the sound ones",
    )
