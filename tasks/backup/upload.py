"""Carry pinned files into the store, taking the inventory of the RDB in the same pass."""

import contextlib
import io
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, cast

from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.backup.manifest import StoredFile
from redis_dr.tasks.model.backup.snapshot import LinkedAof, LinkedFile
from redis_dr.tasks.model.backup.store_layout import MANIFEST
from redis_dr.tasks.model.backup.stored_name import AOF_MANIFEST
from redis_dr.tasks.model.errors import Damaged, StoreError, UnknownRdb
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.rdb import InventoryOptions, take_inventory
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.pipeline.files import StoreFolder, check_stored, store_file
from redis_dr.tasks.storage.pipeline.tee import Tee


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
    folder = StoreFolder(open_store(instance.store), key_prefix, instance.store)
    options = InventoryOptions(rules=instance.keys, digest=True)
    with helper.open(pinned.path, pinned.size) as source:
        tee = Tee(source, partial(_inventory, options=options))
        try:
            file = store_file(folder, pinned.name, pinned.role, cast("BinaryIO", tee))
        finally:
            tee.finish()
    if file.size != pinned.size:
        raise Damaged(
            f"{file.size} bytes of {pinned.name} arrived, {pinned.size} were pinned", "run it again"
        )
    inventory = tee.result()
    if isinstance(inventory, UnknownRdb):
        return UploadResult(file, None, inventory.problem)
    return UploadResult(file, inventory, None)


@step
def upload_aof(
    helper: Helper, pinned: LinkedAof, instance: Instance, key_prefix: str
) -> tuple[StoredFile, ...]:
    """Stream the append directory's files into the store, each cut at its pinned size."""
    folder = StoreFolder(open_store(instance.store), key_prefix, instance.store)
    stored = []
    for file in pinned.files:
        with helper.open(file.path, file.size) as source:
            stored.append(store_file(folder, file.name, file.role, source))
    if pinned.files:
        text = io.BytesIO(pinned.manifest.encode())
        stored.append(store_file(folder, AOF_MANIFEST, "aof-manifest", text))
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


def _inventory(file: BinaryIO, options: InventoryOptions) -> Inventory | UnknownRdb:
    # the copy is what matters: a manifest says why it is blind
    try:
        return take_inventory(file, options)
    except UnknownRdb as error:
        return error
