"""What the directory store promises beyond the contract: crashes, races, debris."""

import errno
import io
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Self

import pytest

from redis_dr.flows.runbook.catalog.doctor import doctor
from redis_dr.tasks.model.errors import Damaged, Refused, StoreError
from redis_dr.tasks.storage.directory.store import DirectoryStore, root_of
from redis_dr.tasks.storage.directory.write import Incoming, _claim, publish_new
from tests.support.backups import instance
from tests.support.lesser_stores import broken_calls
from tests.support.stores import directory_settings
from tests.support.waiting import wait_until

LATER = datetime.now(UTC) + timedelta(days=1)
WRITER = """
import sys
from pathlib import Path
from typing import Self
from redis_dr.tasks.storage.directory.store import DirectoryStore
DirectoryStore(Path(sys.argv[1])).put("a/dump", sys.stdin.buffer)
"""


def _create(root: Path, body: bytes) -> bool:
    try:
        DirectoryStore(root).create("the-manifest", body)
    except Refused:
        return False
    return True


def _claimed(root: Path, body: bytes) -> bool:
    part = root / f"{body.decode()}.part"
    part.write_bytes(body)
    try:
        _claim(part, root / "the-manifest")
    except Refused:
        return False
    return True


@pytest.mark.parametrize("make", [_create, _claimed])
def test_one_of_many_processes_wins(make: Callable[[Path, bytes], bool], tmp_path: Path) -> None:
    """Four processes create the same key, ten times over: one wins, with hard links or without."""
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        for race in range(10):
            root = tmp_path / str(race)
            root.mkdir()
            bodies = [f"writer{number}".encode() for number in range(4)]
            won = list(pool.map(make, [root] * 4, bodies))

            assert won.count(True) == 1
            winner = bodies[won.index(True)]
            assert [p.read_bytes() for p in root.rglob("the-manifest")] == [winner]


def test_a_killed_writer_leaves_nothing_that_counts(tmp_path: Path) -> None:
    """kill -9 in the middle: the key is absent, the debris is swept, a live writer's is not."""
    store = DirectoryStore(tmp_path / "store")
    incoming = tmp_path / "store" / ".incoming"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "store")], stdin=subprocess.PIPE
    )
    assert writer.stdin is not None
    writer.stdin.write(bytes(2**20))
    writer.stdin.flush()
    wait_until(lambda: incoming.is_dir() and [p for p in incoming.iterdir() if p.stat().st_size])

    assert store.sweep(LATER, apply=True) == (), "its writer lives"
    writer.send_signal(signal.SIGKILL)
    writer.wait()

    assert store.stat("a/dump") is None
    assert list(store.list("")) == []
    assert store.sweep(datetime.now(UTC) - timedelta(hours=1), apply=True) == (), "too young"
    assert len(store.sweep(LATER, apply=False)) == 1
    assert len(store.sweep(LATER, apply=True)) == 1
    assert list(incoming.iterdir()) == []


def test_a_concurrent_delete_of_the_folder_does_no_harm(tmp_path: Path) -> None:
    """Empty folders vanish after deletes; a put into one of them makes it again."""
    store = DirectoryStore(tmp_path)
    store.put("i/backups/one", io.BytesIO(b"1"))
    store.delete("i/backups/one")

    assert not (tmp_path / "i").exists()
    store.put("i/backups/two", io.BytesIO(b"2"))
    assert [found.key for found in store.list("")] == ["i/backups/two"]


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    """Backups hold everything that Redis held: files 0600, folders 0700."""
    store = DirectoryStore(tmp_path / "s")
    store.put("a/b", io.BytesIO(b"x"))
    store.create("a/c", b"x")

    modes = {
        p.relative_to(tmp_path).as_posix(): p.stat().st_mode & 0o777 for p in tmp_path.rglob("*")
    }
    assert modes == {"s": 0o700, "s/.incoming": 0o700, "s/a": 0o700, "s/a/b": 0o600, "s/a/c": 0o600}


def test_foreign_things_are_stepped_over(tmp_path: Path) -> None:
    """A symbolic link to a folder, a dangling one and a socket end no listing."""
    store = DirectoryStore(tmp_path)
    store.put("a/b", io.BytesIO(b"x"))
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "a" / "pipe")

    assert [found.key for found in store.list("")] == ["a/b"]


def test_the_stores_own_folder_is_no_key(tmp_path: Path) -> None:
    """Nobody can address a file that is being written."""
    with pytest.raises(Damaged):
        DirectoryStore(tmp_path).put(".incoming/x", io.BytesIO(b""))


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:backups", "backups"),
        ("file:./a/b", "a/b"),
        ("file:/var/backups", "/var/backups"),
        ("file:///var/backups", "/var/backups"),
    ],
)
def test_the_forms_of_the_url(url: str, path: str) -> None:
    """Relative to where the command runs, or absolute with one slash or three."""
    assert root_of(url) == Path(path)


def test_a_file_in_the_way_is_an_error_of_the_store(tmp_path: Path) -> None:
    """What the file system refuses becomes a StoreError that says what to do."""
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError, match=r"correct store\.url") as caught:
        DirectoryStore(tmp_path / "store").put("k", io.BytesIO(b"x"))
    assert caught.value.exit_code == 5


def test_a_full_disk_is_an_error_of_the_store() -> None:
    """/dev/full takes no byte: the sentence says that there is no room, and nothing is stored."""

    class Full(Incoming):
        def __enter__(self) -> Self:
            self._file = os.open("/dev/full", os.O_WRONLY)
            return self

    with pytest.raises(StoreError, match="make room"), Full(Path("/nonexistent"), "file:x") as part:
        part.write(b"x")


def test_publishing_over_a_taken_name_is_refused(tmp_path: Path) -> None:
    """A link to the very same file counts as our own: on NFS its first answer may be lost."""
    part = tmp_path / "x.part"
    part.write_bytes(b"mine")
    publish_new(part, tmp_path / "final")
    publish_new(part, tmp_path / "final")
    other = tmp_path / "y.part"
    other.write_bytes(b"other")
    with pytest.raises(Refused):
        publish_new(other, tmp_path / "final")


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOENT, errno.EIO])
def test_a_share_without_links(tmp_path: Path, number: int) -> None:
    """However it refuses a hard link, an object is stored whole, once, and nothing is left over."""
    store = DirectoryStore(tmp_path / "share")
    with broken_calls(tmp_path / "share", number, ("link",)):
        store.create("i/one", b"first")
        store.put("i/two", io.BytesIO(b"second"))
        with pytest.raises(Refused):
            store.create("i/one", b"other")

    assert [(one.key, one.size) for one in store.list("")] == [("i/one", 5), ("i/two", 6)]
    assert (tmp_path / "share/i/one").read_bytes() == b"first"
    assert list((tmp_path / "share/.incoming").iterdir()) == []


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOENT])
def test_a_share_that_flushes_no_directory(tmp_path: Path, number: int) -> None:
    """However it refuses the call, objects are stored; the doctor tells that it did."""
    store = DirectoryStore(tmp_path / "share")
    with _no_flush_of_directories(number):
        store.create("i/one", b"first")
        store.put("i/two", io.BytesIO(b"second"))
        report = doctor(instance(directory_settings(tmp_path / "share")))

    assert [one.key for one in store.list("i/")] == ["i/one", "i/two"]
    assert report.ok, [one for one in report.findings if not one.ok]
    assert {one.name: one.has for one in report.capabilities}["flush of directories"] is False


def test_a_directory_that_cannot_be_flushed_is_refused(tmp_path: Path) -> None:
    """EIO may mean a lost name: nothing is stored, and the doctor says so in one sentence."""
    store = DirectoryStore(tmp_path / "share")
    store.put("i/before", io.BytesIO(b"x"))
    with _no_flush_of_directories(errno.EIO):
        with pytest.raises(StoreError, match="Input/output error"):
            store.create("i/one", b"first")
        with pytest.raises(StoreError, match="Input/output error"):
            store.put("i/two", io.BytesIO(b"second"))
        report = doctor(instance(directory_settings(tmp_path / "share")))

    assert [one.key for one in store.list("i/")] == ["i/before"]
    first = next(one for one in report.findings if not one.ok)
    assert (first.check, "disk reports a fault" in first.detail) == ("write a small object", True)


@contextmanager
def _no_flush_of_directories(number: int) -> Iterator[None]:
    flush = os.fsync

    def stand_in(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))
        flush(handle)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", stand_in)
        yield
