"""The order of a backup of a held instance; the safety backup of a restore is one as well."""

import contextlib

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.flows.runbook.operation.save import (
    ProvenSave,
    persistence_of,
    proven_save,
    save_gates,
)
from redis_dr.tasks.backup.link import link_aof, remove_links
from redis_dr.tasks.backup.upload import UploadResult, discard, read_back, upload_aof, upload_rdb
from redis_dr.tasks.catalog.catalog import commit
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.backup.backup_report import ManifestParts, StoredBackup, build_manifest
from redis_dr.tasks.model.backup.drift import Content, content_drift
from redis_dr.tasks.model.backup.manifest import Manifest, StoredFile
from redis_dr.tasks.model.backup.snapshot import LinkedFile
from redis_dr.tasks.model.catalog.usual import usual_backups
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.report import require
from redis_dr.tasks.observe.survey import require_answer
from redis_dr.tasks.storage.opening import load_ahead, open_store


def capture(operation: Operation) -> StoredBackup:
    """Save, link, store, read back, commit. On any failure nothing of it stays in the store."""
    require_answer(operation.survey, operation.instance)
    load_ahead(operation.instance.store)
    gates = require(save_gates(operation), "backup")
    try:
        save = proven_save(operation, lambda link: _to_store(operation, link))
        aof = _append_only(operation)
        remove_links(operation.helper, operation.layout)
        manifest = _commit(operation, save, aof)
        return StoredBackup(manifest, (*gates, *save.findings))
    except BaseException:
        discard(operation.instance, operation.prefix)
        with contextlib.suppress(RedisDrError):  # the next operation sweeps what stays
            remove_links(operation.helper, operation.layout)
        raise


def _to_store(operation: Operation, link: LinkedFile) -> UploadResult:
    return upload_rdb(operation.helper, link, operation.instance, operation.prefix)


def _append_only(operation: Operation) -> tuple[StoredFile, ...]:
    with operation.timings.measure("aof"):
        links = link_aof(operation.helper, operation.layout, persistence_of(operation))
        if links.missing:
            operation.progress(f"no append-only files: {links.missing}")
        return upload_aof(operation.helper, links, operation.instance, operation.prefix)


def _commit(operation: Operation, save: ProvenSave, aof: tuple[StoredFile, ...]) -> Manifest:
    rdb = save.upload.file
    assert rdb is not None  # noqa: S101 it was uploaded to the store
    files = (rdb, *aof)
    operation.progress("reading back what was stored")
    with operation.timings.measure("read_back"):
        read_back(operation.instance, operation.prefix, files)
    manifest = build_manifest(
        operation.helper.holder,
        operation.survey,
        save.snapshot,
        ManifestParts(
            files=files,
            inventory=save.upload.inventory,
            inventory_missing=save.upload.missing,
            timings=operation.timings.as_dict(),
            suspicious=_drift(operation, save),
        ),
    )
    commit(open_store(operation.instance.store), manifest)
    return manifest


def _drift(operation: Operation, save: ProvenSave) -> tuple[str, ...]:
    """Why the content looks wrong against the usual; a flushed database is stored all the same.

    A safety backup holds what a restore replaces. It is never the latest, so it is not judged.
    """
    inventory = save.upload.inventory
    if inventory is None or operation.helper.holder.operation != "backup":
        return ()
    content = Content(save.snapshot.forked_at, inventory.databases, inventory.patterns)
    usual = usual_backups(open_catalog(operation.instance), content.made_at)
    reasons = content_drift(content, usual, operation.instance)
    for reason in reasons:
        operation.progress(f"SUSPICIOUS, so not the latest for a restore: {reason}")
    return reasons
