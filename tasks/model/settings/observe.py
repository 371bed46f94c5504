"""`[check]` and `[health]`: the values from which a finding is reported."""

from pydantic import Field

from redis_dr.tasks.model.settings.section import Section


class CheckSettings(Section):
    """Thresholds of `redis-dr check`. Unset means: reported, but not judged."""

    backup_age_hours: float | None = Field(
        26,
        gt=0,
        description="Allowed age of the newest backup in hours. The default allows a daily "
        "backup to be two hours late.",
    )
    proven_age_hours: float | None = Field(
        50,
        gt=0,
        description="Allowed age in hours of the newest backup that a drill or a verification "
        "proved. The default allows one missed night.",
    )
    size_change: float = Field(
        0.5,
        gt=0,
        description="Share by which the size of the newest backup may differ from the median of "
        "the backups before it.",
    )
    clock_skew_seconds: float = Field(
        5,
        gt=0,
        description="Allowed difference in seconds between the clocks of this machine, the Redis "
        "server and the store.",
    )
    set_aside_bytes: int | None = Field(
        None,
        ge=0,
        description="Allowed size in bytes of replaced data on the volume. Unset: only its age "
        "is judged, by `restore.set_aside_hours`.",
    )
    prefect_api_url: str | None = Field(
        None,
        description="Prefect API that is asked whether a schedule is paused. The environment "
        "variable PREFECT_API_URL is read as well.",
    )


class HealthSettings(Section):
    """Thresholds of `redis-dr health`. Unset means: reported, but not judged."""

    memory_share: float = Field(
        1.0,
        gt=0,
        description="Allowed share of `maxmemory` in use. The default allows all of it: a cache "
        "with eviction fills it by design.",
    )
    memory_share_noeviction: float = Field(
        0.9,
        gt=0,
        description="The same where `maxmemory-policy` is noeviction. There, writes fail at 1.",
    )
    fragmentation_ratio: float = Field(
        1.5, gt=1, description="Allowed `mem_fragmentation_ratio`: resident memory per used byte."
    )
    fragmentation_bytes: int = Field(
        64 * 2**20,
        ge=0,
        description="Wasted bytes below which the fragmentation ratio is not judged. On a small "
        "server the ratio is high without harm.",
    )
    latency_ms: float = Field(
        100, gt=0, description="Allowed 99th percentile of the time of 200 pings, in milliseconds."
    )
    unsaved_hours: float = Field(
        24,
        gt=0,
        description="Allowed age in hours of the server's last save when changes are not saved.",
    )
    rejected_connections: int | None = Field(
        0, ge=0, description="Allowed number of rejected connections since the server started."
    )
    clients_share: float = Field(
        0.8, gt=0, le=1, description="Allowed share of `maxclients` that is connected."
    )
    evicted_keys: int | None = Field(
        None, ge=0, description="Allowed number of evicted keys since the server started."
    )
    min_hit_ratio: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Smallest allowed share of lookups that found a key, since the server started.",
    )
    replica_lag_seconds: int = Field(
        30, ge=0, description="Allowed lag of a replica behind its master, in seconds."
    )
