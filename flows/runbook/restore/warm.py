"""Warm the cache with the common queries: the last step of a recovery, or a job of its own."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import redis

from redis_dr.flows.runbook.observe.silence import explained
from redis_dr.tasks.cache.query_lists import read_lists
from redis_dr.tasks.cache.state import CachedAnswers, CacheState, Lookups, hit_ratio, look_at_cache
from redis_dr.tasks.cache.warm import Service, ask_all
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.cache.queries import Query, plan_queries
from redis_dr.tasks.model.cache.warm_report import Outcome, WarmReport, judge
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import heading
from redis_dr.tasks.model.server.rights_gates import require_rights
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.warm import WarmSettings
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.info import wait_until_ready
from redis_dr.tasks.server.rights import ask_rights


def warm(
    instance: Instance, manifest: Manifest | None = None, progress: Progress = quiet
) -> WarmReport:
    """Ask the common queries of an instance whose DB 0 stands; `manifest` is the backup's, if any.

    A service that fails is told by the report. Raises UsageError for a bad list, Unreachable for an
    instance that does not answer.
    """
    timings = Timings()
    if not instance.warm.configured:
        return WarmReport.not_configured(instance.name, missing(instance.warm), timings)
    queries = _queries(instance, manifest)
    progress(f"warming the cache: {len(queries)} queries")
    with explained(instance), ServerConnection(instance) as server:
        client = server.client(instance.warm.cache_db)
        # data first, queries second: none before the server serves (runbook, Recovery Priority)
        wait_until_ready(server, instance.resilience.timeout_seconds, lambda _info: None)
        require_rights(ask_rights(server, "warm"))
        with closing(open_service(instance.warm)) as service:
            measured = _measured(queries, service, instance, client, progress)
    findings = judge(measured.outcome, target=instance.warm.target_hit_ratio)
    return WarmReport(
        **heading("warm", instance.name, timings, findings),
        outcome=measured.outcome,
        keys_before=measured.before.keys,
        keys_after=measured.after.keys,
        server_hit_ratio=hit_ratio(measured.before, measured.after, measured.own),
        replay_hit_ratio=measured.replay,
        backup_hit_ratio=_recorded(manifest),
    )


@dataclass(frozen=True, slots=True)
class _Measured:
    outcome: Outcome
    before: CacheState
    after: CacheState
    own: Lookups  # of the warm-up itself
    replay: float | None


def _measured(
    queries: Sequence[Query],
    service: Service,
    instance: Instance,
    client: redis.Redis,
    progress: Progress,
) -> _Measured:
    template = instance.warm.cache_key
    cached = CachedAnswers(client, instance.name, template) if template else None
    before = look_at_cache(client, instance)
    outcome = ask_all(queries, service, instance, cached, progress)
    after = look_at_cache(client, instance)
    own = Lookups(cached.hits, cached.misses) if cached else Lookups()
    replay = None
    if instance.warm.replay:
        ask_all(queries, service, instance, None)
        replay = hit_ratio(after, look_at_cache(client, instance))
    return _Measured(outcome, before, after, own, replay)


def _queries(instance: Instance, manifest: Manifest | None) -> tuple[Query, ...]:
    settings = instance.warm
    inventory = manifest.inventory if manifest else None
    return plan_queries(read_lists(settings.lists), inventory, settings)


def open_service(settings: WarmSettings) -> Service:
    """Whoever answers: the endpoint, or the function."""
    if settings.function is not None:
        from redis_dr.tasks.cache.query_function import FunctionService  # noqa: PLC0415 see below

        return FunctionService(settings.function)
    from redis_dr.tasks.http.query_service import HttpService  # noqa: PLC0415 httpx costs 0.2 s that other verbs need not pay

    return HttpService(settings)


def missing(settings: WarmSettings) -> str:
    """What the configuration lacks for a warm-up."""
    lacks = []
    if settings.endpoint is None and settings.function is None:
        lacks.append("no [warm] endpoint or function")
    if not settings.lists and settings.learn_from is None:
        lacks.append("no [warm] lists")
    return "not configured: " + " and ".join(lacks)


def _recorded(manifest: Manifest | None) -> float | None:
    if manifest is None or not manifest.keyspace_hits + manifest.keyspace_misses:
        return None
    lookups = manifest.keyspace_hits + manifest.keyspace_misses
    return round(manifest.keyspace_hits / lookups, 4)
