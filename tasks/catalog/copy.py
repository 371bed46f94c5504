"""Carry a backup into another store, byte for byte: what is encrypted stays so."""

import contextlib
from typing import BinaryIO

from redis_dr.tasks.catalog.documents import read_bytes
from redis_dr.tasks.model.backup.manifest import Manifest, StoredFile
from redis_dr.tasks.model.backup.store_layout import backup_prefix, manifest_key
from redis_dr.tasks.model.document import MANIFEST_BOUNDS
from redis_dr.tasks.model.errors import Damaged, Refused, StoreError
from redis_dr.tasks.model.settings.limits import ResilienceSettings
from redis_dr.tasks.resilience.retry import with_retries
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.base.protocol import ObjectStore
from redis_dr.tasks.storage.base.streams import StreamHash, hashed, stream
from redis_dr.tasks.storage.pipeline.files import check_stored


@step
def copy_file(
    source: ObjectStore,
    target: ObjectStore,
    manifest: Manifest,
    file: StoredFile,
    patience: ResilienceSettings,
) -> None:
    """Copy one stored file, then read the copy back. Raises Damaged unless both are right."""
    prefix = backup_prefix(manifest.instance, manifest.backup_id)
    if _is_there(target, prefix, file):
        return
    # the source can be read again, so a whole upload may be restarted (facts/s3.md 2, InvalidPart)
    with_retries(patience, lambda: _carry(source, target, prefix + file.stored_name, file))
    with_retries(patience, lambda: check_stored(target, prefix, file))


@step
def commit_copy(source: ObjectStore, target: ObjectStore, manifest: Manifest) -> None:
    """Copy the manifest, last. Raises Refused when the target has another one of this name."""
    key = manifest_key(manifest.instance, manifest.backup_id)
    body = _read(source, key)
    if target.stat(key) is None:
        target.create(key, body)
    if _read(target, key) != body:
        raise Refused(
            f"{target.address} has another backup of the name {manifest.backup_id}",
            "look at both with `redis-dr show`; remove the wrong one by hand",
        )


def discard_copy(target: ObjectStore, manifest: Manifest) -> None:
    """Take away what an unfinished copy stored."""
    prefix = backup_prefix(manifest.instance, manifest.backup_id)
    with contextlib.suppress(StoreError):  # the error that brought us here is the one to tell
        if target.stat(manifest_key(manifest.instance, manifest.backup_id)) is None:
            for file in manifest.files:
                target.delete(prefix + file.stored_name)


def _is_there(target: ObjectStore, prefix: str, file: StoredFile) -> bool:
    """Whether an earlier copy left the file whole; a damaged one is written again."""
    if target.stat(prefix + file.stored_name) is None:
        return False
    try:
        check_stored(target, prefix, file)
    except Damaged:
        return False
    return True


def _carry(source: ObjectStore, target: ObjectStore, key: str, file: StoredFile) -> None:
    passed = StreamHash()
    with source.open(key) as stored:
        target.put(key, _checked(stored, passed, file))


def _checked(stored: BinaryIO, passed: StreamHash, file: StoredFile) -> BinaryIO:
    """The stored bytes. If they are wrong their end raises Damaged, so nothing is stored."""
    taken = hashed(stored, passed)

    def pull(size: int) -> bytes:
        data = taken.read(size)
        if not data and (passed.size, passed.sha256) != (file.stored_size, file.stored_sha256):
            raise Damaged(
                f"{file.stored_name} is not what was written, so it was not copied",
                "copy another backup; `redis-dr verify --all` names the sound ones",
            )
        return data

    return stream(pull, taken.close)


def _read(store: ObjectStore, key: str) -> bytes:
    return read_bytes(store, key, MANIFEST_BOUNDS)
