"""Read documents from a store, bounded before they are read: its other objects stay usable."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final, TypeVar

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import manifest_key
from redis_dr.tasks.model.document import MANIFEST_BOUNDS, NOTE_BOUNDS, Bounds, require_size
from redis_dr.tasks.model.errors import Damaged, RedisDrError, StoreError
from redis_dr.tasks.storage.base.protocol import ObjectStore, StoredObject

READERS: Final = 8  # documents read at once; keeps 10,000 backups listable over a slow link
_ALL_MANIFESTS = 128 * 2**20  # bytes of all manifests of one instance; 10,000 of ours have 80 MB
_LARGE = 2**18  # bytes; larger documents are read one at a time
_one_large = Lock()
_Note = TypeVar("_Note")


def read_bytes(store: ObjectStore, key: str, bounds: Bounds) -> bytes:
    """The object's bytes. Raises Damaged for one that is missing or longer than the bounds."""
    with store.open(key) as source:
        data = source.read(bounds.size + 1)
    require_size(len(data), key, bounds)
    return data


def read_note(
    store: ObjectStore, found: StoredObject, parse: Callable[[bytes, str], _Note]
) -> _Note | Damaged | None:
    """A lease or an acceptance, why it is none, or None when it was removed since the listing."""
    try:
        require_size(found.size, found.key, NOTE_BOUNDS)
        return parse(read_bytes(store, found.key, NOTE_BOUNDS), found.key)
    except Damaged as error:
        return error if _is_there(store, found.key) else None


def read_manifests(
    store: ObjectStore, instance: str, listed: Iterable[tuple[str, StoredObject]]
) -> Iterator[tuple[str, Manifest | RedisDrError]]:
    """Each backup of the listing with its manifest, or why it cannot be used. Raises StoreError.

    One that was removed since the listing is left out. When all of them are too much for memory,
    the smallest are read.
    """
    readable: list[str] = []
    total = 0
    for backup_id, found in sorted(listed, key=lambda one: one[1].size):
        total += found.size
        try:
            require_size(found.size, found.key, MANIFEST_BOUNDS)
            require_size(total, "all manifests together", Bounds(_ALL_MANIFESTS, 0))
        except Damaged as error:
            yield backup_id, error
        else:
            readable.append(backup_id)
    with ThreadPoolExecutor(READERS) as readers:
        results = readers.map(lambda one: _manifest(store, instance, one), readable)
        for backup_id, result in zip(readable, results, strict=True):
            if result is not None:
                yield backup_id, result


def _manifest(store: ObjectStore, instance: str, backup_id: str) -> Manifest | RedisDrError | None:
    key = manifest_key(instance, backup_id)
    try:
        data = read_bytes(store, key, MANIFEST_BOUNDS)
        if len(data) > _LARGE:
            with _one_large:
                manifest = Manifest.from_json(data, key)
        else:
            manifest = Manifest.from_json(data, key)
        if (manifest.instance, manifest.backup_id) != (instance, backup_id):
            return Damaged(f"{key} describes another backup", "somebody moved it; put it back")
    except StoreError:
        raise  # the store failed, not the manifest: a catalog with holes would be a lie
    except RedisDrError as error:
        return error if store.stat(key) else None
    return manifest


def _is_there(store: ObjectStore, key: str) -> bool:
    try:
        return store.stat(key) is not None
    except Damaged:
        return True  # under a name that the store's door refuses
