"""Is this server well? Findings from what it says about itself, against thresholds. Pure."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from redis_dr.tasks.model.report import Finding, Report
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.model.settings.observe import HealthSettings


class Latency(BaseModel):
    """Round trips of pings, milliseconds."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    pings: int  # how many were sent
    median_ms: float  # milliseconds
    p99_ms: float  # milliseconds, 99th percentile
    max_ms: float  # milliseconds


class HealthReport(Report):
    """The report of `health`."""

    info: ServerInfo  # INFO of the server
    latency: Latency | None = None  # None while it loads


def judge_health(
    info: ServerInfo, latency: Latency | None, settings: HealthSettings, now: datetime
) -> tuple[Finding, ...]:
    """Every check, good or bad. A server that loads gets one finding: nothing else is true yet."""
    if info.loading or latency is None:
        return (
            Finding(
                check="ready",
                ok=False,
                expected="serving",
                actual=f"loading, {info.loading_loaded_perc:g} %",
                detail=f"about {info.loading_eta_seconds} s left",
            ),
        )
    return (
        Finding(check="ready", ok=True, expected="serving", actual="serving"),
        _latency(latency, settings),
        _memory(info, settings),
        _fragmentation(info, settings),
        *_persistence(info, settings, now),
        *_replication(info, settings),
        *_clients(info, settings),
        *_cache(info, settings),
    )


def _latency(latency: Latency, settings: HealthSettings) -> Finding:
    return Finding(
        check="latency",
        ok=latency.p99_ms <= settings.latency_ms,
        expected=f"p99 of pings at most {settings.latency_ms:g} ms",
        actual=latency.p99_ms,
        detail=f"median {latency.median_ms} ms, longest {latency.max_ms} ms",
    )


def _memory(info: ServerInfo, settings: HealthSettings) -> Finding:
    if not info.maxmemory:
        return Finding(
            check="memory",
            ok=True,
            expected="no limit is set",
            actual=info.used_memory,
            detail="without maxmemory only the container's limit ends its growth",
        )
    noeviction = info.maxmemory_policy == "noeviction"
    limit = settings.memory_share_noeviction if noeviction else settings.memory_share
    share = info.used_memory / info.maxmemory
    # eviction works in steps: a full cache stands a little above its limit now and then
    return Finding(
        check="memory",
        ok=share <= limit + (0 if noeviction else 0.05),
        expected=f"at most {limit:.0%} of maxmemory ({info.maxmemory} bytes)",
        actual=f"{share:.1%}",
        detail=f"{info.used_memory} bytes, policy {info.maxmemory_policy}",
    )


def _fragmentation(info: ServerInfo, settings: HealthSettings) -> Finding:
    wasted = max(0, info.mem_fragmentation_bytes)
    small = wasted < settings.fragmentation_bytes
    return Finding(
        check="fragmentation",
        ok=small or info.mem_fragmentation_ratio <= settings.fragmentation_ratio,
        expected=f"at most {settings.fragmentation_ratio:g}",
        actual=info.mem_fragmentation_ratio,
        detail=f"{wasted} bytes" + (", too few to matter" if small else ""),
    )


def _persistence(info: ServerInfo, settings: HealthSettings, now: datetime) -> list[Finding]:
    age = max(0.0, now.timestamp() - info.rdb_last_save_time) / 3600
    changes = info.rdb_changes_since_last_save
    findings = [
        Finding(
            check="last save",
            ok=info.rdb_last_bgsave_status == "ok",
            expected="ok",
            actual=info.rdb_last_bgsave_status,
            detail="with save points, writes are refused until one succeeds"
            if info.rdb_last_bgsave_status != "ok"
            else "",
        ),
        Finding(
            check="age of the last save",
            ok=age <= settings.unsaved_hours or not changes or info.aof_enabled,
            expected=f"at most {settings.unsaved_hours:g} h while there are changes",
            actual=f"{age:.1f} h",
            detail=f"{changes} changes since" + (", the AOF has them" if info.aof_enabled else ""),
        ),
    ]
    if info.aof_enabled:
        for check, status in (
            ("AOF write", info.aof_last_write_status),
            ("AOF rewrite", info.aof_last_bgrewrite_status),
        ):
            findings.append(Finding(check=check, ok=status == "ok", expected="ok", actual=status))
    return findings


def _replication(info: ServerInfo, settings: HealthSettings) -> list[Finding]:
    if info.role == "slave":
        return [
            Finding(
                check="replication",
                ok=info.master_link_status == "up",
                expected="link up",
                actual=info.master_link_status,
                detail="this is a replica",
            )
        ]
    if not info.replicas:
        return [Finding(check="replication", ok=True, actual="master without replicas")]
    return [
        Finding(
            check=f"replica {replica.address}",
            ok=replica.state == "online" and replica.lag_seconds <= settings.replica_lag_seconds,
            expected=f"online, lag at most {settings.replica_lag_seconds} s",
            actual=f"{replica.state}, lag {replica.lag_seconds} s",
        )
        for replica in info.replicas
    ]


def _clients(info: ServerInfo, settings: HealthSettings) -> list[Finding]:
    share = info.connected_clients / info.maxclients if info.maxclients else 0.0
    return [
        Finding(
            check="clients",
            ok=share <= settings.clients_share,
            expected=f"at most {settings.clients_share:.0%} of {info.maxclients}",
            actual=info.connected_clients,
            detail=f"{info.blocked_clients} blocked",
        ),
        _limit("rejected connections", info.rejected_connections, settings.rejected_connections),
    ]


def _cache(info: ServerInfo, settings: HealthSettings) -> list[Finding]:
    ratio = info.hit_ratio
    wanted = settings.min_hit_ratio
    return [
        _limit("evicted keys", info.evicted_keys, settings.evicted_keys),
        Finding(
            check="hit ratio",
            ok=wanted is None or (ratio is not None and ratio >= wanted),
            expected="not judged" if wanted is None else f"at least {wanted:.0%}",
            actual=None if ratio is None else round(ratio, 4),
        ),
    ]


def _limit(check: str, value: int, limit: int | None) -> Finding:
    return Finding(
        check=check,
        ok=limit is None or value <= limit,
        expected="not judged" if limit is None else f"at most {limit} since the start",
        actual=value,
    )


def latency_of(milliseconds: Sequence[float]) -> Latency:
    """Percentiles by rank. At least one value."""
    ordered = sorted(milliseconds)
    rank = min(len(ordered) - 1, int(len(ordered) * 0.99))
    return Latency(
        pings=len(ordered),
        median_ms=round(ordered[len(ordered) // 2], 3),
        p99_ms=round(ordered[rank], 3),
        max_ms=round(ordered[-1], 3),
    )
