"""Carry pinned files into the store, taking the inventory of the RDB in the same pass."""

import contextlib
import io
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, cast

from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.backup.manifest import StoredFile
from redis_dr.tasks.model.backup.snapshot import LinkedAof, LinkedFile
from redis_dr.tasks.model.backup.store_layout import MANIFEST
from redis_dr.tasks.model.errors import Damaged, StoreError, UnknownRdb
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.rdb import InventoryOptions, take_inventory
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.pipeline.files import check_stored, store_file

_CHUNK = 2**20  # bytes handed to the inventory at a time
_AHEAD = 8  # chunks that the store may be ahead of the inventory: bounds the memory


@dataclass(frozen=True, slots=True)
class UploadResult:
    """The RDB that was carried away and what is inside."""

    file: StoredFile | None  # None: it went to this machine, not to the store
    inventory: Inventory | None
    missing: str | None  # why there is no inventory


@step
def upload_rdb(
    helper: Helper, pinned: LinkedFile, instance: Instance, key_prefix: str
) -> UploadResult:
    """Stream dump.rdb out of the container into the store, counting and digesting on the way.

    Raises RdbError when the file breaks its own format, StoreError, Unreachable, Fenced; then
    nothing of it is left in the store.
    """
    store = open_store(instance.store)
    options = InventoryOptions(rules=instance.keys, digest=True)
    with helper.open(pinned.path, pinned.size) as source:
        side = _Side(lambda file: take_inventory(file, options))
        try:
            tee = _Tee(source, side)
            file = store_file(
                store, key_prefix, pinned.name, pinned.role, cast("BinaryIO", tee), instance.store
            )
        finally:
            side.end()
    if file.size != pinned.size:
        raise Damaged(
            f"{file.size} bytes of {pinned.name} arrived, {pinned.size} were pinned", "run it again"
        )
    inventory = side.result()
    return UploadResult(file, inventory, None if inventory else side.unknown)


@step
def upload_aof(
    helper: Helper, pinned: LinkedAof, instance: Instance, key_prefix: str
) -> tuple[StoredFile, ...]:
    """Stream the append directory's files into the store, each cut at its pinned size."""
    store = open_store(instance.store)
    stored = []
    for file in pinned.files:
        with helper.open(file.path, file.size) as source:
            stored.append(
                store_file(store, key_prefix, file.name, file.role, source, instance.store)
            )
    if pinned.files:
        text = io.BytesIO(pinned.manifest.encode())
        name = "appendonly/manifest"
        stored.append(store_file(store, key_prefix, name, "aof-manifest", text, instance.store))
    return tuple(stored)


@step
def read_back(instance: Instance, key_prefix: str, files: tuple[StoredFile, ...]) -> None:
    """Read what was stored once more, and compare its hashes. Raises Damaged, StoreError."""
    store = open_store(instance.store)
    for file in files:
        check_stored(store, key_prefix, file)


def discard(instance: Instance, key_prefix: str) -> None:
    """Take away what an unfinished backup stored; what stays is swept by prune as an orphan."""
    with contextlib.suppress(StoreError):  # the error that brought us here is the one to tell
        store = open_store(instance.store)
        keys = [found.key for found in store.list(key_prefix)]
        # the manifest first: whatever it names must be there as long as it is
        for key in sorted(keys, key=lambda one: not one.endswith(f"/{MANIFEST}")):
            store.delete(key)


class _Tee(io.RawIOBase):
    """Gives what it reads to its reader and to the side, in the same order."""

    def __init__(self, source: BinaryIO, side: "_Side") -> None:
        super().__init__()
        self._source, self._side = source, side

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._side.give(data)
        return data


class _Side:
    """Runs a reader of the same bytes in a thread of its own, behind a bounded queue."""

    def __init__(self, read: Callable[[BinaryIO], Inventory]) -> None:
        self._queue: queue.Queue[bytes] = queue.Queue(_AHEAD)
        self._read = read
        self._inventory: Inventory | None = None
        self._error: BaseException | None = None
        self._ended = False
        self.unknown = ""
        self._thread = threading.Thread(target=self._run, name="redis-dr-inventory", daemon=True)
        self._thread.start()

    def give(self, data: bytes) -> None:
        """The next bytes; b"" is the end. Raises what the reader raised, except for the unknown."""
        if self._error is not None:
            raise self._error
        self._queue.put(data)
        self._ended = self._ended or not data

    def end(self) -> None:
        """Let the reader come to its end, also when the source broke."""
        if not self._ended:
            self.unknown = self.unknown or "the source ended early"
            self._queue.put(b"")
        self._thread.join()

    def result(self) -> Inventory | None:
        """What the reader found; None for a file it does not know. Raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._inventory

    def _run(self) -> None:
        fed = _Fed(self._queue)
        try:
            self._inventory = self._read(cast("BinaryIO", fed))
        except UnknownRdb as error:  # the copy is what matters; the manifest says why it is blind
            self.unknown = error.problem
        except BaseException as error:  # noqa: BLE001 carried over to the thread that waits
            self._error = error
        finally:
            fed.drain()


class _Fed(io.RawIOBase):
    """The queue as a file."""

    def __init__(self, chunks: "queue.Queue[bytes]") -> None:
        super().__init__()
        self._chunks, self._rest, self._over = chunks, b"", False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self._rest and not self._over:
            self._rest = self._chunks.get()
            self._over = not self._rest
        if size < 0 or size >= len(self._rest):
            data, self._rest = self._rest, b""
        else:
            data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def drain(self) -> None:
        """Read to the end, so that the other side never waits for a reader that is gone."""
        while not self._over:
            self._over = not self._chunks.get()
