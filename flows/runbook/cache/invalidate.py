"""Remove the cached answers that a changed document or chunk made stale."""

from collections.abc import Sequence

from redis_dr.flows.runbook.observe.silence import explained
from redis_dr.tasks.cache.invalidate import remove_targets
from redis_dr.tasks.model.cache.invalidation import InvalidateReport, Removal, targets
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.server.rights_gates import require_rights
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.rights import ask_rights


def invalidate(
    instance: Instance, doc: str | None, chunks: Sequence[str], *, dry_run: bool = False
) -> InvalidateReport:
    """Remove the keys that hold what came from `doc` and `chunks`, or only count them.

    Query and fusion caches are keyed by a query's hash: `epoch bump` makes those stale. Raises
    UsageError, Unreachable.
    """
    timings = Timings()
    found = targets(instance.invalidate.patterns, doc, chunks)
    with explained(instance), ServerConnection(instance) as server:
        require_rights(ask_rights(server, "invalidate"))
        client = server.client(instance.invalidate.db)
        removals = remove_targets(client, found, instance, dry_run=dry_run)
        # counting again is the proof: the answer of a repeated UNLINK says nothing
        left = remove_targets(client, found, instance, dry_run=True) if not dry_run else removals
    finding = _finding(removals, left, dry_run=dry_run)
    return InvalidateReport(
        **heading("invalidate", instance.name, timings, [finding]),
        doc=doc,
        chunks=tuple(chunks),
        dry_run=dry_run,
        matched=sum(removal.matched for removal in removals),
        removed=sum(removal.removed for removal in removals),
        patterns=removals,
    )


def _finding(removals: Sequence[Removal], left: Sequence[Removal], *, dry_run: bool) -> Finding:
    if dry_run:
        return Finding(
            check="nothing was removed",
            ok=not any(removal.removed for removal in removals),
            expected=0,
            actual=sum(removal.removed for removal in removals),
            detail="a dry run",
        )
    count = sum(removal.matched for removal in left)
    detail = "they were written again meanwhile: by a service that has not seen the change yet?"
    return Finding(
        check="no matching key is left",
        ok=count == 0,
        expected=0,
        actual=count,
        detail=detail if count else "",
    )
