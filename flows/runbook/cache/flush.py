"""A guarded flush: what the policy of a database demands comes first, and the count proves it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

import redis

from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.observe.silence import explained
from redis_dr.flows.runbook.operation.operation import Operation, begin_operation
from redis_dr.tasks.cache.flush import (
    ACCEPT_NOTE,
    FLUSHALL_NOTE,
    flush_database,
    flush_everything,
    flush_pattern,
    look_at_pattern,
    look_at_server,
)
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.model.backup.store_layout import new_backup_id
from redis_dr.tasks.model.cache.flush import (
    FlushPlan,
    FlushReport,
    FlushRequest,
    counts_of,
    is_fresh,
    plan_flush,
    require_confirmation,
)
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.choosing import choose
from redis_dr.tasks.model.catalog.origins import own_backups
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, Report, heading
from redis_dr.tasks.model.server.rights_gates import require_rights
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.observe.origin import origin_of
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.rights import ask_rights

Prove = Callable[[Instance, str, Progress], Report]  # instance, backup id -> a drill's report


def flush(
    instance: Instance, request: FlushRequest, prove: Prove, progress: Progress = quiet
) -> FlushReport:
    """Flush what was asked for, once everything that its policy demands is there.

    Raises Refused (nothing was removed), UsageError, Unreachable, StoreError.
    """
    timings = Timings()
    with explained(instance), ServerConnection(instance) as server:
        require_rights(ask_rights(server, _verb(request)))
        client = server.client(request.db)
        info = look_at_server(client, instance)
        plan = plan_flush(request, instance, info.keyspace)
        facts, sample = _facts(client, request, instance, info)
        progress(facts)
        require_confirmation(request, plan, instance, facts)
        behind = _backup_behind(instance, plan, prove, progress)
        with _alone(instance, plan, progress) as operation:
            recovered = operation.recovery_findings if operation else ()
            done = _flush(client, request, instance)
    findings = (*behind.recovered, *recovered, done.finding)
    return FlushReport(
        **heading("flush", instance.name, timings, findings),
        what=request.what,
        **done.counts(),
        sample=sample,
        policy=plan.reason,
        backup_id=behind.backup_id,
        backup_taken=behind.backup_taken,
        notes=(
            *((FLUSHALL_NOTE,) if request.everything else ()),
            *((ACCEPT_NOTE,) if plan.backup else ()),
        ),
    )


def _verb(request: FlushRequest) -> str:
    if request.pattern is not None:
        return "flush --pattern"
    return "flush --all" if request.everything else "flush --db"


def _alone(
    instance: Instance, plan: FlushPlan, progress: Progress
) -> AbstractContextManager[Operation | None]:
    """What deserves a backup deserves that no other operation runs: FLUSHALL kills a BGSAVE."""
    if not plan.backup:
        return nullcontext()
    return begin_operation(instance, "flush", new_backup_id(datetime.now(UTC)), progress)


@dataclass(frozen=True, slots=True)
class _Behind:
    backup_id: str | None = None
    backup_taken: bool = False
    recovered: tuple[Finding, ...] = ()  # what a dead operation had left, found by that backup


@dataclass(frozen=True, slots=True)
class _Done:
    before: int
    after: int
    removed: int
    finding: Finding

    def counts(self) -> dict[str, int]:
        """As the report names them."""
        return {
            "keys_before": self.before,
            "keys_after": self.after,
            "removed": self.removed,
        }


def _facts(
    client: redis.Redis, request: FlushRequest, instance: Instance, info: ServerInfo
) -> tuple[str, tuple[str, ...]]:
    if request.pattern is not None:
        found = look_at_pattern(client, request.pattern, instance)
        return counts_of(found), found.sample
    if request.everything:
        return f"{info.keys:,} keys in all databases would be gone", ()
    return f"{info.keys_in(request.db):,} keys in DB {request.db} would be gone", ()


def _backup_behind(
    instance: Instance, plan: FlushPlan, prove: Prove, progress: Progress
) -> _Behind:
    """The proven backup that the policy demands: the newest one when it is fresh, else a new one.

    An older proven one does not count while a newer backup is there: it would lose what is newer.
    """
    if not plan.backup:
        return _Behind()
    catalog = own_backups(open_catalog(instance), origin_of(inspect(instance.container)))
    newest = next(iter(catalog.sound), None)
    if newest is not None and is_fresh(catalog.moment(newest), datetime.now(UTC), instance):
        if newest.backup_id not in _proven(instance):
            progress(f"backup {newest.backup_id} is fresh and not proven: proving it first")
            prove(instance, newest.backup_id, progress)
        if newest.backup_id in _proven(instance):
            progress(f"backup {newest.backup_id} is fresh and proven")
            return _Behind(newest.backup_id)
    progress("no fresh proven backup: making one and proving it first")
    taken = backup(instance, progress)
    prove(instance, taken.backup_id, progress)
    _require_proven(open_catalog(instance), taken.backup_id)
    recovered = tuple(finding for finding in taken.findings if not finding.ok)
    return _Behind(taken.backup_id, backup_taken=True, recovered=recovered)


def _proven(instance: Instance) -> set[str]:
    return {manifest.backup_id for manifest in open_catalog(instance).proven}


def _require_proven(catalog: Catalog, backup_id: str) -> None:
    """The same decision as for a backup that was there: sound, and proven by what lies beside it.

    Raises Refused.
    """
    if backup_id in {manifest.backup_id for manifest in catalog.proven}:
        return
    state = catalog.proof_state(backup_id)
    if state.word != "proven":
        raise Refused(
            f"backup {backup_id} was made for this flush and its proof failed: {state.why}; "
            "nothing was flushed",
            f"see `redis-dr drill {backup_id}`",
        )
    reasons = ", ".join(catalog.suspicious(choose(catalog, backup_id)))
    raise Refused(
        f"backup {backup_id} was made for this flush and looks suspicious: {reasons}; nothing was "
        "flushed",
        f"when the fall was meant, `redis-dr accept {backup_id} --reason TEXT`, then flush",
    )


def _flush(client: redis.Redis, request: FlushRequest, instance: Instance) -> _Done:
    if request.pattern is not None:
        gone = flush_pattern(client, request.pattern, instance)
        left = look_at_pattern(client, request.pattern, instance).matched
        return _Done(gone.matched, left, gone.removed, _finding(left, "no matching key is left"))
    act = flush_everything if request.everything else flush_database
    before, after = act(client, instance)
    return _Done(before, after, before - after, _finding(after, "it was empty when flushed"))


def _finding(left: int, check: str) -> Finding:
    detail = "written again meanwhile" if left else ""
    return Finding(check=check, ok=left == 0, expected=0, actual=left, detail=detail)
