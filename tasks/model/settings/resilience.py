"""`[resilience]`: one rule for retries, one for the breaker, one for the pool."""

from pydantic import Field

from redis_dr.tasks.model.settings.base import Section


class ResilienceSettings(Section):
    """The runbook's integration notes, as numbers."""

    max_connections: int = Field(50, ge=1)
    max_retries: int = Field(3, ge=0, description="after the first try")
    backoff_seconds: float = Field(
        0.2, gt=0, description="before the first retry; doubles, with jitter"
    )
    backoff_cap_seconds: float = Field(5, gt=0)
    breaker_failures: int = Field(5, ge=1, description="in a row; then it opens")
    breaker_reset_seconds: float = Field(30, gt=0, description="then it lets one try pass")
    timeout_seconds: float = Field(5, gt=0, description="for one answer, and for a free connection")
