"""`[resilience]` and `[fleet]`: how hard the program may load the servers it works on."""

from pydantic import Field

from redis_dr.tasks.model.settings.section import Section


class FleetSettings(Section):
    """Limits of commands that work on several instances, such as `redis-dr fleet`."""

    at_once: int = Field(
        4,
        ge=1,
        le=64,
        description="Number of instances worked on at the same time. "
        "Each one needs a helper container and up to `store.workers` uploads.",
    )


class ResilienceSettings(Section):
    """Retries, timeouts and the circuit breaker of Redis and of the query service."""

    max_connections: int = Field(
        50,
        ge=1,
        description="Largest number of connections in the Redis connection pool of one operation.",
    )
    max_retries: int = Field(
        3, ge=0, description="Retries of one call after its first attempt; 0 means no retry."
    )
    backoff_seconds: float = Field(
        0.2,
        gt=0,
        description="Seconds before the first retry. Each further retry waits twice as long, "
        "with jitter.",
    )
    backoff_cap_seconds: float = Field(
        5, gt=0, description="Longest wait between two attempts, in seconds."
    )
    breaker_failures: int = Field(
        5, ge=1, description="Failed calls in a row after which the circuit breaker opens."
    )
    breaker_reset_seconds: float = Field(
        30,
        gt=0,
        description="Seconds that the breaker stays open before it lets one trial call pass.",
    )
    timeout_seconds: float = Field(
        5,
        gt=0,
        description="Seconds to wait for one answer of Redis, and for a free connection of the "
        "pool.",
    )
    connect_timeout_seconds: float | None = Field(
        None,
        gt=0,
        description="Seconds to wait for a connection to Redis. Unset: `timeout_seconds`.",
    )
