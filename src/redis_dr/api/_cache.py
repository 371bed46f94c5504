"""Warm-up, invalidation, epochs, flush and key audit as functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from redis_dr.api._target import ALL_KEYS, chosen_instance
from redis_dr.tasks.model.progress import Progress, quiet

if TYPE_CHECKING:
    from redis_dr.api._target import Target
    from redis_dr.tasks.model.cache.epochs import EpochReport
    from redis_dr.tasks.model.cache.flush import FlushReport, FlushRequest
    from redis_dr.tasks.model.cache.invalidation import InvalidateReport
    from redis_dr.tasks.model.cache.key_audit import KeyAuditReport
    from redis_dr.tasks.model.cache.warm_report import WarmReport
    from redis_dr.tasks.model.report import Report
    from redis_dr.tasks.model.settings.instance import Instance


def warm(
    target: Target = None, backup: str | None = None, progress: Progress = quiet
) -> WarmReport:
    """Ask the common queries until the cache is warm; `backup` adds the hot keys of that backup.

    Without a configured list and endpoint `report.configured` is False and `reason` says why.
    """
    from redis_dr.flows.runbook.restore.warm import warm as run
    from redis_dr.tasks.catalog.catalog import choose
    from redis_dr.tasks.catalog.judged import open_catalog

    chosen, manifest = chosen_instance(target), None
    if backup is not None:
        manifest = choose(open_catalog(chosen), backup)
    return run(chosen, manifest, progress)


def invalidate(
    target: Target, doc: str | None = None, chunks: Sequence[str] = (), *, dry_run: bool = False
) -> InvalidateReport:
    """Remove the cached keys of a document or of some of its chunks; `dry_run` only counts."""
    from redis_dr.flows.runbook.cache.invalidate import invalidate as run

    return run(chosen_instance(target), doc, chunks, dry_run=dry_run)


def epoch(
    target: Target = None,
    docs: Sequence[str] = (),
    chunks: Sequence[str] = (),
    *,
    everything: bool = False,
    bump: bool = False,
) -> EpochReport:
    """Show the epochs of documents and chunks, or raise them by one with `bump`.

    `everything` means the global epoch, which is also shown when nothing is named.
    """
    from redis_dr.flows.runbook.cache.epoch import epoch as run
    from redis_dr.flows.runbook.cache.epoch import wanted_of

    named = everything or not (bump or docs or chunks)
    return run(chosen_instance(target), wanted_of(docs, chunks, everything=named), bump=bump)


def flush(target: Target, request: FlushRequest, progress: Progress = quiet) -> FlushReport:
    """Empty a database, the keys of a pattern, or everything, as the policy allows.

    Where the policy is "after-backup", a fresh proven backup must exist or is made first. Raises
    Refused where the policy or a missing confirmation forbids it.
    """
    from redis_dr.flows.runbook.cache.flush import flush as run

    def prove(instance: Instance, backup_id: str, progress: Progress) -> Report:
        from redis_dr.flows.runbook.drill.drill import DrillOptions, drill

        return drill(instance, DrillOptions(backup=backup_id), progress)

    return run(chosen_instance(target), request, prove, progress)


def audit_keys(target: Target = None, sample: int = 20_000) -> KeyAuditReport:
    """Compare `sample` keys of each database with the configured patterns; 0 means all keys."""
    from redis_dr.flows.runbook.cache.audit import audit_keys as run

    return run(chosen_instance(target), sample if sample > 0 else ALL_KEYS)
