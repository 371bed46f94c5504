"""Read a backup back and check all that can be checked without a server."""

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from redis_dr.tasks.model.backup.manifest import Manifest, StoredFile
from redis_dr.tasks.model.backup.store_layout import backup_prefix
from redis_dr.tasks.model.errors import Damaged
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.agreement import agrees
from redis_dr.tasks.rdb import InventoryOptions, take_inventory
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.base.protocol import ObjectStore
from redis_dr.tasks.storage.base.streams import CHUNK
from redis_dr.tasks.storage.pipeline.files import check_stored, open_file


@dataclass(frozen=True, slots=True)
class Share:
    """One of `of` shares of all backups, so that a week of runs reads everything once."""

    number: int  # from 1
    of: int

    def holds(self, backup_id: str) -> bool:
        """The same backup is always in the same share, however many others come and go."""
        return crc32(backup_id.encode()) % self.of == self.number - 1


@step
def verify_backup(store: ObjectStore, manifest: Manifest) -> tuple[Finding, ...]:
    """Every stored and plain hash, the RDB's own checksum, its inventory against the manifest.

    Damage is a finding. Raises StoreError when the store does not answer, and UsageError when the
    backup is encrypted and no identity is there: what could not be checked is not sound.
    """
    return tuple(
        finding for file in manifest.files for finding in _verify_file(store, manifest, file)
    )


@step
def verify_stored(store: ObjectStore, manifest: Manifest) -> tuple[Finding, ...]:
    """Only what lies in the store, without opening it: for a machine without the identity."""
    prefix = backup_prefix(manifest.instance, manifest.backup_id)
    findings = []
    for file in manifest.files:
        try:
            check_stored(store, prefix, file)
        except Damaged as error:
            findings.append(_bad(manifest, file, error))
        else:
            findings.append(_good(manifest, file, f"{file.stored_size} stored bytes"))
    return tuple(findings)


def _verify_file(store: ObjectStore, manifest: Manifest, file: StoredFile) -> Iterator[Finding]:
    prefix = backup_prefix(manifest.instance, manifest.backup_id)
    try:
        with open_file(store, prefix, file) as source:
            if file.role == "rdb" and manifest.inventory_missing is None:
                # nothing of the inventory counts unless the whole file proves right as well
                options = InventoryOptions(digest=True)
                inside = agrees(manifest, take_inventory(source, options))
            else:
                inside = ()
            while source.read(CHUNK):
                pass
    except Damaged as error:
        yield _bad(manifest, file, error)
    else:
        yield _good(manifest, file, f"{file.size} bytes")
        for finding in inside:
            yield finding.model_copy(update={"check": f"{_named(manifest, file)}: {finding.check}"})


def _good(manifest: Manifest, file: StoredFile, seen: str) -> Finding:
    return Finding(
        check=f"{_named(manifest, file)} is what was written",
        ok=True,
        expected=file.sha256,
        actual=f"same, {seen}",
    )


def _bad(manifest: Manifest, file: StoredFile, error: Damaged) -> Finding:
    return Finding(
        check=f"{_named(manifest, file)} is what was written",
        ok=False,
        expected=file.sha256,
        actual="damaged",
        detail=error.problem,
    )


def _named(manifest: Manifest, file: StoredFile) -> str:
    return f"{manifest.backup_id} {file.stored_name}"
