"""What the file system under a directory store can be trusted with, found out by trying."""

import fcntl
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from redis_dr.tasks.model.catalog.store_reports import Capability
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.storage.directory.errors import store_errors
from redis_dr.tasks.storage.directory.store import DirectoryStore
from redis_dr.tasks.storage.directory.write import flush_directory

_RACERS = 8


def probe_directory(store: DirectoryStore, folder: str) -> tuple[Capability, ...]:
    """Links, locks, races. Raises StoreError."""
    place = store.root
    with store_errors(store.address):
        links, locks, flushes = _links(place), _locks(place), flush_directory(place)
        free = shutil.disk_usage(place).free
    return (
        Capability(
            name="conditional create under a race",
            has=_one_winner(store, folder + "race"),
            means=f"exactly one of {_RACERS} writers at once wins",
        ),
        Capability(
            name="hard links",
            has=links,
            means="a new object gets its name in one step; if not, a claim file stands in",
        ),
        Capability(
            name="flush of directories",
            has=flushes,
            means="a new name survives a power cut at once; if not, only when the server wrote it",
        ),
        Capability(
            name="file locks",
            has=locks,
            means="a sweep sees that a writer lives; if not, only the age of its file protects it",
        ),
        Capability(
            name="versioning", has=False, means="a deleted file is gone; keep copies elsewhere"
        ),
        Capability(name="object lock", has=False, means="every user with write access can delete"),
        Capability(name="free space", has=free > 0, means=f"{free:,} bytes"),
    )


def _one_winner(store: DirectoryStore, key: str) -> bool:
    def created(number: int) -> bool:
        try:
            store.create(key, f"racer {number}".encode())
        except Refused:
            return False
        return True

    try:
        with ThreadPoolExecutor(_RACERS) as racers:
            return sum(racers.map(created, range(_RACERS))) == 1
    finally:
        store.delete(key)


def _links(place: Path) -> bool:
    one, two = place / ".incoming" / "probe-a.part", place / ".incoming" / "probe-b.part"
    one.write_bytes(b"x")
    try:
        os.link(one, two)
    except OSError:
        return False
    finally:
        one.unlink()
        two.unlink(missing_ok=True)
    return True


def _locks(place: Path) -> bool:
    path = place / ".incoming" / "probe-lock.part"
    try:
        with path.open("wb") as first, path.open("rb") as second:
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        path.unlink(missing_ok=True)
    return False
