"""Read backups back, check them, and keep the outcome beside each one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from redis_dr.tasks.catalog.catalog import add_proof, choose
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.catalog.verify import Share, verify_backup, verify_stored
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import proof_name
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.store_reports import VerifiedBackup, VerifyReport
from redis_dr.tasks.model.catalog.unwritten import no_proof
from redis_dr.tasks.model.errors import StoreError, UsageError
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, all_ok, heading
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.storage.base.protocol import ObjectStore
from redis_dr.tasks.storage.opening import open_store

ALL = Share(1, 1)


def verify(
    instance: Instance, which: str | Share, *, stored_only: bool = False, progress: Progress = quiet
) -> VerifyReport:
    """Check one backup, or a share of all. Damage is a finding, not an error.

    Raises StoreError when the store does not answer, UsageError when there is nothing to check.
    """
    timings = Timings()
    store = open_store(instance.store)
    catalog = open_catalog(instance, store)
    chosen, findings = _chosen(catalog, which)
    read: list[_Read] = []
    for manifest in chosen:
        progress(f"reading back {manifest.backup_id}, {manifest.stored_size:,} bytes")
        try:
            read.append(_verify_one(store, manifest, stored_only=stored_only))
        except UsageError as error:
            if isinstance(which, str):
                raise
            # one that this identity does not open keeps no other from being read
            read.append(_unopened(manifest, error))
    seen = findings + [finding for one in read if one.line.opened for finding in one.findings]
    findings += [finding for one in read for finding in one.findings]
    return VerifyReport(
        **heading(
            "verify",
            instance.name,
            timings,
            (*findings, *(note for one in read for note in one.notes)),
            ok=all_ok(findings),
        ),
        store=store.address,
        share=f"{which.number}/{which.of}" if isinstance(which, Share) else None,
        stored_only=stored_only,
        damaged=any(not finding.ok for finding in seen),
        backups=tuple(one.line for one in read),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What became of one backup."""

    findings: tuple[Finding, ...]
    line: VerifiedBackup
    notes: tuple[Finding, ...] = ()  # they do not change the verdict


def _unopened(manifest: Manifest, error: UsageError) -> _Read:
    """It was not read, so nothing is known of it, and no proof says anything."""
    finding = Finding(
        check=f"{manifest.backup_id} can be opened",
        ok=False,
        expected="an identity that opens it",
        actual=error.problem,
        detail=f"{error.remedy}, or read only its stored bytes with --stored-only",
    )
    line = VerifiedBackup(
        backup_id=manifest.backup_id, ok=False, opened=False, files=0, stored_bytes=0, seconds=0
    )
    return _Read((finding,), line)


def _chosen(catalog: Catalog, which: str | Share) -> tuple[list[Manifest], list[Finding]]:
    """The backups to read, and findings about those that not even have a readable manifest."""
    if isinstance(which, str):
        return [choose(catalog, which)], []
    if not catalog.manifests and not catalog.unreadable:
        choose(catalog, "latest")  # says that there are none
    chosen = [manifest for manifest in catalog.manifests if which.holds(manifest.backup_id)]
    return chosen, list(_looked_over(catalog, which, len(chosen)))


def _looked_over(catalog: Catalog, share: Share, chosen: int) -> Iterator[Finding]:
    for backup_id, error in sorted(catalog.unreadable.items()):
        if share.holds(backup_id):
            yield Finding(
                check=f"{backup_id} is whole", ok=False, actual="damaged", detail=error.problem
            )
    yield Finding(
        check=f"backups in share {share.number}/{share.of}",
        ok=True,
        actual=f"{chosen} of {len(catalog.manifests)}",
    )


def _verify_one(store: ObjectStore, manifest: Manifest, *, stored_only: bool) -> _Read:
    timings = Timings()
    findings = (verify_stored if stored_only else verify_backup)(store, manifest)
    line = VerifiedBackup(
        backup_id=manifest.backup_id,
        ok=all_ok(findings),
        files=len(manifest.files),
        stored_bytes=manifest.stored_size,
        seconds=timings.seconds,
    )
    proof = VerifyReport(
        **heading("verify", manifest.instance, timings, findings, ok=line.ok),
        store=store.address,
        share=None,
        stored_only=stored_only,
        damaged=not line.ok,
        backups=(line,),
    )
    kind = "verify-stored" if stored_only else "verify"
    name = proof_name(kind, datetime.now(UTC), ok=line.ok)
    body = proof.model_dump_json(indent=1).encode()
    try:
        add_proof(store, manifest.instance, manifest.backup_id, name, body)
    except StoreError as error:
        return _Read(findings, line, (no_proof(error, f"verification of {manifest.backup_id}"),))
    return _Read(findings, line)
