"""The order of a backup of a held instance; the safety backup of a restore is one as well."""

import contextlib
from dataclasses import dataclass

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.flows.runbook.operation.save import (
    ProvenSave,
    persistence_of,
    proven_save,
    save_gates,
)
from redis_dr.tasks.backup.clocks import read_clocks
from redis_dr.tasks.backup.link import link_aof, remove_links
from redis_dr.tasks.backup.upload import UploadResult, discard, read_back, upload_aof, upload_rdb
from redis_dr.tasks.catalog.catalog import commit
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.backup.backup_report import ManifestParts, StoredBackup, build_manifest
from redis_dr.tasks.model.backup.clocks import Clocks, judge_clocks
from redis_dr.tasks.model.backup.drift import Content, content_drift
from redis_dr.tasks.model.backup.manifest import Manifest, StoredFile
from redis_dr.tasks.model.backup.origin import Origin, lineage
from redis_dr.tasks.model.backup.snapshot import LinkedFile
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.usual import usual_backups
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.report import Finding, require
from redis_dr.tasks.model.restore.instance_gates import same_server
from redis_dr.tasks.observe.next_start import running_settings
from redis_dr.tasks.observe.origin import origin_of
from redis_dr.tasks.observe.server_inside import server_inside
from redis_dr.tasks.observe.survey import require_answer
from redis_dr.tasks.storage.opening import load_ahead, open_store


def capture(operation: Operation) -> StoredBackup:
    """Save, link, store, read back, commit. On any failure nothing of it stays in the store."""
    require_answer(operation.survey, operation.instance)
    load_ahead(operation.instance.store)
    gates = require((*save_gates(operation), *_one_server(operation)), "backup")
    try:
        save = proven_save(operation, lambda link: _to_store(operation, link))
        aof = _append_only(operation)
        remove_links(operation.helper, operation.layout)
        manifest = _commit(operation, save, aof)
        limit = operation.instance.check.clock_skew_seconds
        clocks = judge_clocks(manifest.clocks, limit) if manifest.clocks else ()
        return StoredBackup(manifest, (*gates, *save.findings, *clocks))
    except BaseException:
        discard(operation.instance, operation.prefix)
        with contextlib.suppress(RedisDrError):  # the next operation sweeps what stays
            remove_links(operation.helper, operation.layout)
        raise


def _one_server(operation: Operation) -> tuple[Finding, ...]:
    """A url that leads to another server would store its data under this instance's name.

    The safety backup of a restore is made behind the restore's own gates.
    """
    if operation.helper.holder.operation != "backup":
        return ()
    seen = operation.survey
    running = running_settings(operation.server) if seen.persistence else {}
    inside = server_inside(operation.instance, seen, running)
    return (same_server(seen, inside, must_know=False),)


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
    store = open_store(operation.instance.store)
    stored = operation.prefix + files[-1].stored_name
    clocks = read_clocks(operation.server, store, stored, operation.timings.started_at)
    for finding in judge_clocks(clocks, operation.instance.check.clock_skew_seconds):
        if not finding.ok:
            operation.progress(f"{finding.check}: {finding.actual}; {finding.detail}")
    history = _history(operation)
    origin = _origin(operation, history)
    manifest = build_manifest(
        operation.helper.holder,
        operation.survey,
        save.snapshot,
        ManifestParts(
            files=files,
            inventory=save.upload.inventory,
            inventory_missing=save.upload.missing,
            timings=operation.timings.as_dict(),
            suspicious=_drift(operation, save, history, MadeAt(origin, clocks)),
            origin=origin,
            clocks=clocks,
        ),
    )
    commit(store, manifest)
    return manifest


@dataclass(frozen=True, slots=True)
class MadeAt:
    """Where and by which clocks the new backup is made."""

    origin: Origin
    clocks: Clocks


def _history(operation: Operation) -> Catalog | None:
    """The backups so far; a safety backup of what a restore replaces is compared with none."""
    if operation.helper.holder.operation != "backup":
        return None
    return open_catalog(operation.instance)


def _origin(operation: Operation, history: Catalog | None) -> Origin:
    """This container on this engine, with the run ids of its backups so far."""
    origin, info = origin_of(operation.survey.container), operation.survey.info
    own = history.of_origins({origin.id}).regular if history else ()
    before = own[0].origin.run_ids if own and own[0].origin else ()
    run_ids = lineage(info.run_id if info else "", before)
    return origin.model_copy(update={"run_ids": run_ids})


def _drift(
    operation: Operation, save: ProvenSave, history: Catalog | None, made: MadeAt
) -> tuple[str, ...]:
    """Why the content looks wrong against the usual; a flushed database is stored all the same.

    A safety backup holds what a restore replaces. It is never the latest, so it is not judged.
    """
    inventory = save.upload.inventory
    if inventory is None or history is None:
        return ()
    made_at = made.clocks.by_the_store(save.snapshot.forked_at)
    content = Content(made_at, inventory.databases, inventory.patterns)
    usual = usual_backups(history, made_at, made.origin)
    reasons = content_drift(content, usual, operation.instance)
    for reason in reasons:
        operation.progress(f"SUSPICIOUS, so not the latest for a restore: {reason}")
    return reasons
