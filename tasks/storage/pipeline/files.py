"""A file of a backup on its way into the store and back: hash, zstd, age, hash, store.

Everything streams; what a fault in any part of the chain means is decided here, once.
"""

from dataclasses import dataclass
from typing import BinaryIO, Literal

from redis_dr.tasks.model.backup.manifest import StoredFile
from redis_dr.tasks.model.backup.stored_name import Role, packed_name
from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.base.protocol import ObjectStore, checked_key
from redis_dr.tasks.storage.base.streams import CHUNK, StreamHash, hashed, stream
from redis_dr.tasks.storage.pipeline.compression import compressed, decompressed


@dataclass(frozen=True, slots=True)
class StoreFolder:
    """Where the files of one backup go, and how they are packed."""

    store: ObjectStore
    prefix: str  # of the keys, with its slash
    settings: StoreSettings


def store_file(folder: StoreFolder, name: str, role: Role, source: BinaryIO) -> StoredFile:
    """Store the source up to its end as `<prefix><name>.zst` (`.age` when encrypted).

    What the source raises passes through, and nothing is left in the store.
    """
    settings = folder.settings
    plain, stored = StreamHash(), StreamHash()
    encryption: Literal["age", "none"] = "age" if settings.age_recipients else "none"
    stored_name = packed_name(checked_key(name), "zstd", encryption)
    with _packed(source, plain, settings) as packed:
        written = folder.store.put(folder.prefix + stored_name, hashed(packed, stored))
    file = StoredFile(
        name=name,
        role=role,
        size=plain.size,
        sha256=plain.sha256,
        stored_name=stored_name,
        stored_size=stored.size,
        stored_sha256=stored.sha256,
        codec="zstd",
        encryption=encryption,
    )
    _compare(file, "stored size", stored.size, written)
    return file


def _packed(source: BinaryIO, plain: StreamHash, settings: StoreSettings) -> BinaryIO:
    packed = compressed(source, settings.zstd_level, plain)
    if not settings.age_recipients:
        return packed
    from redis_dr.tasks.storage.pipeline.encryption import encrypted  # noqa: PLC0415 not every store needs it

    return encrypted(packed, settings.age_recipients)


def open_file(store: ObjectStore, key_prefix: str, file: StoredFile) -> BinaryIO:
    """The file's plain bytes. Reading its last byte raises Damaged unless every hash is right."""
    plain, stored = StreamHash(), StreamHash()
    raw = hashed(store.open(key_prefix + checked_key(file.stored_name)), stored)
    opened = _unpacked(raw, file)

    def pull(size: int) -> bytes:
        try:
            data = plain.add(opened.read(size))
        except UsageError:
            # a damaged age header looks like a file for another recipient
            _drain(raw)
            _check_stored(file, stored)
            raise
        if not data or plain.size >= file.size:
            # the last byte is not given away before the whole is known to be right
            plain.add(opened.read(1))
            _drain(raw)
            _check(file, stored, plain)
        return data

    return stream(pull, opened.close)


def check_stored(store: ObjectStore, key_prefix: str, file: StoredFile) -> None:
    """Read back what was stored and compare its hash and size. Raises Damaged."""
    stored = StreamHash()
    with hashed(store.open(key_prefix + checked_key(file.stored_name)), stored) as raw:
        _drain(raw)
    _check_stored(file, stored)


def _unpacked(raw: BinaryIO, file: StoredFile) -> BinaryIO:
    if file.encryption == "age":
        from redis_dr.tasks.storage.pipeline.encryption import decrypted  # noqa: PLC0415 not every store needs it

        raw = decrypted(raw, file.stored_name)
    return decompressed(raw, file.stored_name) if file.codec == "zstd" else raw


def _check_stored(file: StoredFile, stored: StreamHash) -> None:
    _compare(file, "stored size", file.stored_size, stored.size)
    _compare(file, "stored SHA-256", file.stored_sha256, stored.sha256)


def _check(file: StoredFile, stored: StreamHash, plain: StreamHash) -> None:
    _check_stored(file, stored)
    _compare(file, "size", file.size, plain.size)
    _compare(file, "SHA-256", file.sha256, plain.sha256)


def _compare(file: StoredFile, what: str, expected: object, actual: object) -> None:
    if expected != actual:
        raise Damaged(
            f"{file.stored_name} is not what was written: {what} is {actual}, expected {expected}",
            "restore another backup; `redis-dr verify --all` names the sound ones",
        )


def _drain(source: BinaryIO) -> None:
    while source.read(CHUNK):
        pass
