"""`[check]`, `[health]`, `[drift]`: from which figure on a finding is bad."""

from pydantic import Field

from redis_dr.tasks.model.settings.sections import Section


class CheckSettings(Section):
    """Thresholds of `redis-dr check`."""

    backup_age_hours: float | None = Field(26, gt=0, description="of the newest backup")
    proven_age_hours: float | None = Field(
        50, gt=0, description="of the newest backup that a drill or verification proved"
    )
    size_change: float = Field(
        0.5, gt=0, description="share by which the newest may differ from the median of the last"
    )
    clock_skew_seconds: float = Field(
        5, gt=0, description="between this machine, the server and the store"
    )
    set_aside_bytes: int | None = Field(
        None, ge=0, description="replaced data on the volume; None: only its age is judged"
    )
    prefect_api_url: str | None = Field(
        None, description="asked whether a schedule is paused; PREFECT_API_URL also"
    )


class HealthSettings(Section):
    """Thresholds of `redis-dr health`."""

    memory_share: float = Field(
        1.0, gt=0, description="used_memory of maxmemory; a cache with eviction fills it by design"
    )
    memory_share_noeviction: float = Field(
        0.9, gt=0, description="the same where the policy is noeviction: at 1 writes fail"
    )
    fragmentation_ratio: float = Field(1.5, gt=1)
    fragmentation_bytes: int = Field(
        64 * 2**20, ge=0, description="wasted less than this, the ratio is not judged"
    )
    latency_ms: float = Field(100, gt=0, description="99th percentile of 200 pings")
    unsaved_hours: float = Field(24, gt=0, description="age of the last save, if there are changes")
    rejected_connections: int | None = Field(0, ge=0, description="since the start")
    clients_share: float = Field(0.8, gt=0, le=1, description="of maxclients")
    evicted_keys: int | None = Field(None, ge=0, description="since the start")
    min_hit_ratio: float | None = Field(
        None, ge=0, le=1, description="of all lookups since the start"
    )
    replica_lag_seconds: int = Field(30, ge=0)


class DriftSettings(Section):
    """A fall of the keys of a database or a pattern, against the median of the last backups."""

    max_fall: float = Field(0.5, gt=0, le=1, description="share of the median that may be missing")
    of_last: int = Field(7, ge=1, description="backups that the median is taken of")
    at_least: int = Field(100, ge=1, description="keys; a smaller median is noise")
