"""`[health]`: from where on a figure is bad. None: it is shown and not judged."""

from pydantic import Field

from redis_dr.tasks.model.settings.base import Section


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
