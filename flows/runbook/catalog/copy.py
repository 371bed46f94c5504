"""Carry a backup into other stores: the 3-2-1 rule in one command, and the end of a backup flow."""

from collections.abc import Sequence
from datetime import timedelta

from redis_dr.flows.runbook.operation.read_lease import reading
from redis_dr.tasks.catalog.catalog import choose
from redis_dr.tasks.catalog.copy import commit_copy, copy_file, discard_copy
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.store_reports import CopyReport
from redis_dr.tasks.model.errors import RedisDrError, UsageError
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, all_ok, heading
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.storage.base.protocol import ObjectStore
from redis_dr.tasks.storage.opening import open_store

_LEASE = timedelta(hours=24)  # a copy that takes longer than this has died


def copy(
    instance: Instance,
    which: str,
    targets: Sequence[StoreSettings] = (),
    progress: Progress = quiet,
) -> CopyReport:
    """Copy one backup to the targets, or to the configured `store.copies`.

    Raises UsageError without a target, Damaged for a bad backup; then the target lists nothing.
    """
    timings = Timings()
    targets = targets or instance.store.copies
    if not targets:
        raise UsageError("no store to copy to", "add --to URL, or [[store.copies]] to the file")
    source = open_store(instance.store)
    manifest = choose(open_catalog(instance, source), which)
    with reading(instance, manifest, _LEASE, progress) as lease:
        findings = [
            _copied(source, open_store(target), manifest, instance, progress) for target in targets
        ]
    return CopyReport(
        **heading("copy", instance.name, timings, (*findings, *lease), ok=all_ok(findings)),
        backup_id=manifest.backup_id,
        store=source.address,
        targets=tuple(open_store(target).address for target in targets),
        files=len(manifest.files),
        stored_bytes=manifest.stored_size,
    )


def copy_everywhere(
    instance: Instance, backup_id: str, progress: Progress = quiet
) -> tuple[Finding, ...]:
    """Copy a fresh backup to each of `store.copies`; one that fails is a finding, not an error.

    The backup itself is stored by then, and the other copies are still worth having.
    """
    findings: list[Finding] = []
    for target in instance.store.copies:
        try:
            findings += copy(instance, backup_id, (target,), progress).findings
        except RedisDrError as error:
            findings.append(
                Finding(
                    check=f"copy in {target.url}",
                    ok=False,
                    actual=error.problem,
                    detail=f"{error.remedy}; then `redis-dr copy {backup_id}`",
                )
            )
    return tuple(findings)


def _copied(
    source: ObjectStore,
    target: ObjectStore,
    manifest: Manifest,
    instance: Instance,
    progress: Progress,
) -> Finding:
    progress(f"copying {manifest.backup_id} to {target.address}")
    try:
        for file in manifest.files:
            copy_file(source, target, manifest, file, instance.resilience)
        commit_copy(source, target, manifest)
    except BaseException:
        discard_copy(target, manifest)
        raise
    return Finding(
        check=f"copy in {target.address}",
        ok=True,
        expected=f"{len(manifest.files)} files",
        actual=f"{len(manifest.files)} files, hashes read back",
    )
