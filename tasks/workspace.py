"""The private folder of an operation on this machine, for files that it downloads and prepares.

Plain dumps lie in it, also those of an encrypted store. So it is closed to other users, and what a
killed operation left there is removed by the next one.
"""

import errno
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from redis_dr.tasks.model.errors import Refused, UsageError
from redis_dr.tasks.model.units import size

_LOCK = ".lock"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_MARGIN = 16 * 2**20  # bytes, for the small files beside the dumps


def private_folder() -> Path:
    """This user's own folder in the temporary directory; it is created when it is missing.

    Raises UsageError when another user owns it or may look into it, or it cannot be created.
    """
    folder = Path(tempfile.gettempdir()) / f"redis-dr-{os.geteuid()}"
    try:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        state = folder.lstat()
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be used for temporary files: {error.strerror}",
            "set TMPDIR to a folder that this user may write to",
        ) from error
    mine = stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid()
    if not mine or state.st_mode & 0o077:
        raise UsageError(
            f"{folder} is not a folder that only this user can open",
            "remove it, or set TMPDIR to a folder of this user",
        )
    return folder


@contextmanager
def workspace(needed: int) -> Iterator[Path]:
    """A new folder with room for `needed` bytes; it is removed with its files at the end.

    Raises Refused when there is too little space, before the block or in it.
    """
    base = private_folder()
    _sweep(base)
    free = shutil.disk_usage(base).free
    if free < needed + _MARGIN:
        raise Refused(
            f"{base.parent} has {size(free)} free, and this needs {size(needed + _MARGIN)} there",
            "set TMPDIR to a folder with that much space; nothing was changed",
        )
    folder = Path(tempfile.mkdtemp(prefix="new-", dir=base))
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # under its last name only when it is locked: another operation would remove it
        folder = folder.rename(base / folder.name.replace("new-", "work-", 1))
        try:
            with refused_when_full(base.parent, "set TMPDIR to a folder with more space"):
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def open_private(path: Path) -> BinaryIO:
    """Open a file for writing that only this user may read, also where it was there before."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "wb")


@contextmanager
def refused_when_full(folder: Path, remedy: str) -> Iterator[None]:
    """Raise Refused with this remedy when a write of the block finds no space in the folder."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise Refused(f"{folder} takes no more data: {error.strerror}", remedy) from error


def _sweep(base: Path) -> None:
    """Remove what operations left that were killed: the lock of a dead process is free."""
    for folder in base.glob("work-*"):
        with suppress(OSError), (folder / _LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
